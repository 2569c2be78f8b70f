"""The paper's whole diagnosis of a transition, for one panel or for many simulated ones at once.

Five signs are read together: families whose coupling turns from negative to positive, a minimum of TruthfulQA, an
interval of its place, a correlation that is negative below it and positive above, and a rising running coupling.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from capelib.coupling.critical import LOG10_RANGE
from capelib.coupling.resample import draw_counts
from capelib.errors import InputError
from capelib.referee.many import Places, couplings, turns, zeros

SIGNS = (
    "as many families turn",
    "TruthfulQA has a minimum",
    "the minimum has an interval",
    "r < 0 below it, r > 0 above",
    "the running coupling rises",
)
ALL = "all five"
LOST = 0.05  # share of resamples without a minimum up to which there is an interval


@dataclass(frozen=True)
class Diagnosis:
    """What the diagnosis says of each panel; one row per panel.

    `frame` has turning (families with a negative step and later a positive one), n_params (minimum of the shared
    parabola, NaN if none), lost (share of resamples of whole families without a minimum), low and high (parameters),
    r_below and r_above (all models on either side of the minimum), slope and slope_low (running coupling per decade,
    lower end of its 95 % interval from whole families).
    """

    frame: pd.DataFrame
    n_families: int

    def signs(self, turning: int) -> pd.DataFrame:
        """Which of the five signs each panel shows, and all of them; `turning` is how many families must turn."""
        found = self.frame
        table = pd.DataFrame({
            SIGNS[0]: found["turning"] >= turning,
            SIGNS[1]: found["n_params"].notna(),
            SIGNS[2]: found["n_params"].notna() & (found["lost"] <= LOST),
            SIGNS[3]: (found["r_below"] < 0) & (found["r_above"] > 0),
            SIGNS[4]: found["slope_low"] > 0,
        })  # fmt: skip
        return table.assign(**{ALL: table.all(axis=1)})


def diagnose(at: Places, x: ArrayLike, y: ArrayLike, n_boot: int = 200, seed: int = 0) -> Diagnosis:
    """The five signs of panels with scores x and y (percent), shape (n_draws, n_sizes) or (1, n_sizes).

    The minimum is that of one parabola in log₁₀ N with a level per family, accepted between 10⁷ and 10¹² parameters as
    in the released script. The same resamples of whole families serve every panel; the running coupling is weighted by
    item noise. Amin (2026), Sec. 2, App. A.1 and A.2.

    Raises InputError for n_boot below 20.
    """
    if n_boot < 20:
        raise InputError(f"an interval needs n_boot of at least 20, got {n_boot}")
    x, y = np.broadcast_arrays(np.atleast_2d(np.asarray(x, float)), np.atleast_2d(np.asarray(y, float)))
    whole = np.ones((1, len(at.names)))
    weights = np.vstack([whole, draw_counts(np.array(at.names), "pooled", n_boot, seed)])
    curvature, minimum = turns(at, y, weights)
    low, high = LOG10_RANGE
    with np.errstate(invalid="ignore"):
        minimum = np.where((curvature > 0) & (minimum > low) & (minimum < high), minimum, np.nan)
    gamma, step_weights = couplings(at, x, y)
    slope = zeros(at, gamma, step_weights, weights)[0]
    place, others = minimum[:, 0], minimum[:, 1:]
    found = np.isfinite(others).sum(axis=1)
    ordered = np.sort(others, axis=1)  # those without a minimum come last
    ends = [
        np.take_along_axis(ordered, np.rint(share * np.maximum(found - 1, 0)).astype(int)[:, None], axis=1)[:, 0]
        for share in (0.025, 0.975)
    ]
    below = at.log_n < np.where(np.isnan(place), np.inf, place)[:, None]
    frame = pd.DataFrame({
        "turning": _turning(at, gamma),
        "n_params": 10**place,
        "lost": np.isnan(others).mean(axis=1),
        "low": 10 ** ends[0],
        "high": 10 ** ends[1],
        "r_below": _masked_r(x, y, below),
        "r_above": _masked_r(x, y, ~below),
        "slope": slope[:, 0],
        "slope_low": np.percentile(slope[:, 1:], 2.5, axis=1),  # NaN if a resample has no line
    })  # fmt: skip
    return Diagnosis(frame, len(at.names))


def _turning(at: Places, gamma: NDArray[np.float64]) -> NDArray[np.int64]:
    # families in which a negative step is followed, at once or later, by a positive one
    count = np.zeros(len(gamma), int)
    for family in range(len(at.names)):
        own = gamma[:, at.step_code == family]
        fallen = np.logical_or.accumulate(own < 0, axis=1)
        count += (fallen[:, :-1] & (own[:, 1:] > 0)).any(axis=1)
    return count


def _masked_r(x: NDArray, y: NDArray, where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Pearson r over the models marked in each row; NaN where fewer than three are."""
    n = where.sum(axis=1)
    size = np.maximum(n, 1)[:, None]
    dx, dy = (np.where(where, part - (part * where).sum(axis=1, keepdims=True) / size, 0.0) for part in (x, y))
    spread = np.sqrt((dx**2).sum(axis=1) * (dy**2).sum(axis=1))
    return np.divide((dx * dy).sum(axis=1), spread, out=np.full(len(n), np.nan), where=(n >= 3) & (spread > 0))
