"""Simulated panels with a coupling of a given size: what one would see if the claim were true, or were not.

Two couplings can be put in. "running": γ₁₂ rises with size by so much per decade, as the paper says. "beyond trends":
where a model reasons better than its family's smooth trend, it tells the truth more often by γ points per point. The
first is the paper's picture; only the second tells a coupling from two scores that each follow size.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from capelib.errors import unknown
from capelib.referee.worlds import Floats, Layout, Scatter

KINDS = ("running", "beyond trends")
GROUPS = 8  # classes of equally hard questions
EDGE = 2.0  # simulated scores stay this many points off 0 and 100


def simulate(
    families: Layout,
    world: Scatter,
    kind: str,
    effects: Sequence[float],
    items: tuple[int, int],
    shared: float,
    n_draws: int,
    seed: int = 0,
    zero: float = 9.5,
) -> tuple[Floats, list[Floats]]:
    """Observed scores x of `n_draws` panels, and y for every effect; percent, each of shape (n_draws, n_sizes).

    True x = trend + deviation. "beyond trends": true y = its own trend + (effect + family's part)·deviation of x +
    deviation of y. "running": y starts at its trend and moves by γ·Δx from size to size, γ = effect·(log10 of the
    mid-size − `zero`) + family's part, plus deviation. Observed are counts of right answers, `observe`; deviations and
    questions are the same for every effect, so that effects are compared on the same panels.
    Raises InputError for another kind.
    """
    if kind not in KINDS:
        raise unknown("kind of coupling", kind, KINDS)
    rng, n = np.random.default_rng(seed), len(families.time)
    x = np.clip(families.trend_x + world.x * rng.standard_normal((n_draws, n)), EDGE, 100 - EDGE)
    own = world.spread * rng.standard_normal((n_draws, families.n_families))[:, families.codes]
    scattered = world.y * rng.standard_normal((n_draws, n))
    seen, scores = observe(x, items[0], shared, rng), []
    for effect in effects:
        if kind == "beyond trends":
            y = families.trend_y + (effect + own) * (x - families.trend_x)
        else:
            middle = families.time - np.diff(families.time, prepend=families.time[0]) / 2
            moved = (effect * (middle - zero) + own) * np.diff(x, axis=1, prepend=x[:, :1])
            starts = np.flatnonzero(np.diff(families.codes, prepend=-1))[families.codes]
            total = np.cumsum(moved, axis=1)  # counted from each family's smallest model on
            y = families.trend_y[starts] + total - total[:, starts]
        true = np.clip(y + scattered, EDGE, 100 - EDGE)
        scores.append(observe(true, items[1], shared, np.random.default_rng([seed, 1])))
    return seen, scores


def observe(true_pct: Floats, n_items: int, shared: float, rng: np.random.Generator) -> Floats:
    """Scores on a test of `n_items` questions that all models of a panel answer; percent, shape (n_draws, n_models).

    A question of difficulty z is answered rightly with probability Φ((μ + √ρ z)/√(1 − ρ)), μ = Φ⁻¹(true score), ρ =
    `shared`, z normal and the same for all models. So hard questions lower all models together, which a difference of
    two models does not see; what is left is binomial.
    """
    # a normal variable in few values: sums over these are exact for polynomials up to a high degree
    difficulty, share = np.polynomial.hermite_e.hermegauss(GROUPS)
    drawn = rng.multinomial(n_items, share / share.sum(), len(true_pct))
    mu = ndtri(true_pct / 100)
    right = np.zeros_like(true_pct)
    for group, z in enumerate(difficulty):
        p = ndtr((mu + np.sqrt(shared) * z) / np.sqrt(1 - shared))
        right += rng.binomial(drawn[:, group, None], p)
    return 100 * right / n_items
