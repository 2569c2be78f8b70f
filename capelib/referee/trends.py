"""Panels without a coupling, as like the real one as possible: each family's own trend in each score, and scatter."""

import numpy as np
from numpy.typing import NDArray

from capelib.referee.many import Places

Floats = NDArray[np.float64]


def trend_and_scatter(at: Places, column: str, degree: int = 2) -> tuple[Floats, Floats]:
    """Each family's own trend of one score in log₁₀ N, and what it leaves, each (n_sizes,), percent.

    A polynomial of `degree`, lower where a family of n sizes does not allow n − 2. What is left is scaled by
    1/√(1 − h), h the leverage, for the freedom that the fit took.
    """
    score = at.sizes[column].to_numpy(float)
    trend, left = np.empty_like(score), np.empty_like(score)
    for family in range(len(at.names)):
        own = at.code == family
        powers = np.vander(at.log_n[own] - at.log_n[own].mean(), min(degree, int(own.sum()) - 2) + 1)
        hat = powers @ np.linalg.pinv(powers)
        trend[own] = hat @ score[own]
        left[own] = (score[own] - trend[own]) / np.sqrt(np.clip(1 - np.diag(hat), 1e-6, None))
    return trend, left


def scattered(trend: Floats, left: Floats, n_draws: int, rng: np.random.Generator) -> Floats:
    """A trend with every model's own residual put on it with a random sign, (n_draws, n_sizes), percent.

    A wild bootstrap: the scatter of each model keeps its size and forgets its direction, so that the scatter of two
    scores drawn one after the other is unrelated. `trend` has shape (n_sizes,) or (n_draws, n_sizes). Scores stay
    within 0-100.
    """
    return np.clip(trend + left * rng.choice([-1.0, 1.0], (n_draws, len(left))), 0.0, 100.0)


def separate_trends(at: Places, column: str, n_draws: int, rng: np.random.Generator) -> Floats:
    """Each family's own trend of one score with unrelated scatter, (n_draws, n_sizes), percent."""
    return scattered(*trend_and_scatter(at, column), n_draws, rng)
