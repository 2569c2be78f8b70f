"""How large a model of other families is that has the same score: a size, with the families resampled."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from capelib.coupling.critical import LOG10_RANGE
from capelib.coupling.resample import draw_counts, scatter_matrices
from capelib.errors import InputError, unknown
from capelib.estimate import Estimate, percentile_estimate
from capelib.frames import need_columns

BRANCHES = ("rising", "falling")
_STEP = 0.02  # decades between the points at which a curve is read; between them it is taken as straight

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Equivalent:
    """The size at which a curve through other families has a given score.

    `size` is in parameters, its interval from whole families drawn with replacement and, where given, the score redrawn
    with its own error; `at_ends` is the share of resamples whose size lies beyond 10⁷ or 10¹² parameters, where they
    are counted as lying at the end; `extrapolated` says that `size` lies beyond the sizes of the models; `n_families`
    how many were drawn. `size.value` is NaN where the curve crosses the score in the other direction only.
    """

    target: float
    branch: str
    size: Estimate
    at_ends: float
    extrapolated: bool
    n_families: int

    def billions(self) -> Estimate:
        """The size in billions of parameters."""
        low, high = (None if end is None else end / 1e9 for end in (self.size.low, self.size.high))
        s = self.size
        return Estimate(s.value / 1e9, low, high, s.level, s.n, s.method, s.discarded)


def size_equivalent(
    frame: pd.DataFrame,
    score: str,
    target: float,
    target_sd: float = 0.0,
    degree: int = 2,
    branch: str = "rising",
    given: tuple[str, float] | None = None,
    n_boot: int = 2000,
    seed: int = 0,
) -> Equivalent:
    """The size N at which f(log₁₀ N) = target, f a polynomial of `degree` through the models of `frame`.

    `frame` needs family, n_params and the column `score`; models without it are left out. `target` has the unit of the
    score, and `target_sd` is the standard deviation of its error. "rising" takes the last crossing from below to above,
    "falling" the last from above to below: a U-shaped score has two sizes. A curve that stays on one side of the target
    between 10⁷ and 10¹² parameters has its size beyond the end towards which it would cross.

    With `given`, another column and its target, what is matched is the residual of `score` from the line on that column
    through the same models (the paper's h), the line drawn anew in every resample.

    Raises InputError for another branch, no target, or fewer than three families.
    """
    if branch not in BRANCHES:
        raise unknown("branch", branch, BRANCHES)
    rows = _scored(frame, score, *(given or ())[:1])
    if not np.isfinite([target, *(given or ())[1:]]).all():
        raise InputError(f"the model asked about has no {score}; choose another model or score")
    grid = np.linspace(*LOG10_RANGE, round((LOG10_RANGE[1] - LOG10_RANGE[0]) / _STEP) + 1)
    log_n = np.log10(rows["n_params"].to_numpy(float))
    counts = _counts(rows, n_boot, seed)
    y = rows[score].to_numpy(float)
    asked = target + target_sd * np.random.default_rng([seed, 1]).standard_normal(len(counts))
    asked[0] = target
    above = _curves(log_n, y, counts, degree, grid) - asked[:, None]
    if given:
        # a residual's curve is the score's less the slope times the other's; the line's intercept cancels
        x = rows[given[0]].to_numpy(float)
        scatter = scatter_matrices(np.column_stack([x, y]), counts)
        slope = scatter[:, 0, 1] / scatter[:, 0, 0]
        above -= slope[:, None] * (_curves(log_n, x, counts, degree, grid) - given[1])
    sizes = crossings(grid, above, branch)
    ends = np.isclose(sizes[1:], grid[0]) | np.isclose(sizes[1:], grid[-1])
    families = rows["family"].nunique()
    method = f"bootstrap of whole families ({families}), {n_boot:,} resamples"
    beyond = bool(sizes[0] < log_n.min() or sizes[0] > log_n.max())
    size = percentile_estimate(10 ** sizes[0], 10 ** sizes[1:], method, len(rows))
    return Equivalent(float(target), branch, size, float(ends.mean()), beyond, families)


def curve(
    frame: pd.DataFrame, score: str, degree: int = 2, n_boot: int = 2000, seed: int = 0, points: int = 60
) -> pd.DataFrame:
    """The curve itself over the sizes of the models: n_params, score, and low and high from resampled families."""
    rows = _scored(frame, score)
    log_n = np.log10(rows["n_params"].to_numpy(float))
    grid = np.linspace(log_n.min(), log_n.max(), points)
    curves = _curves(log_n, rows[score].to_numpy(float), _counts(rows, n_boot, seed), degree, grid)
    low, high = np.nanpercentile(curves[1:], [2.5, 97.5], axis=0)
    return pd.DataFrame({"n_params": 10**grid, "score": curves[0], "low": low, "high": high})


def crossings(grid: ArrayLike, above: ArrayLike, branch: str) -> Floats:
    """Where each row of `above` (curve less target, shape (n, len(grid))) last crosses zero in the given direction.

    A row on one side throughout gives the end of `grid` towards which a curve of that direction would cross; one that
    crosses in the other direction only gives NaN.
    """
    grid, above = np.asarray(grid, float), np.asarray(above, float)
    side = above if branch == "rising" else -above
    change = (side[:, :-1] < 0) & (side[:, 1:] >= 0)
    last = change.shape[1] - 1 - change[:, ::-1].argmax(axis=1)
    row = np.arange(len(side))
    left, right = side[row, last], side[row, last + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        at = grid[last] - left / (right - left) * (grid[last + 1] - grid[last])
    at = np.where(change.any(axis=1), at, np.nan)
    at = np.where((side < 0).all(axis=1), grid[-1], at)
    return np.where((side >= 0).all(axis=1), grid[0], at)


def _scored(frame: pd.DataFrame, *scores: str) -> pd.DataFrame:
    need_columns(frame, ["family", "n_params", *scores])
    rows = frame.dropna(subset=list(scores))
    families = rows["family"].nunique()
    if families < 3:
        raise InputError(
            f"a curve through other families needs three with {' and '.join(scores)}, got {families}; add families"
        )
    return rows


def _counts(rows: pd.DataFrame, n_boot: int, seed: int) -> NDArray:
    drawn = draw_counts(rows["family"].to_numpy(), "clustered", n_boot, seed)
    return np.vstack([np.ones((1, len(rows)), drawn.dtype), drawn])  # the models themselves first


def _curves(log_n: Floats, score: Floats, counts: NDArray, degree: int, grid: Floats) -> Floats:
    # least squares for every row of counts: normal equations in powers about the mean size, so that they scale well
    centre = log_n.mean()
    powers = np.vander(log_n - centre, degree + 1)
    left = np.einsum("bn,ni,nj->bij", counts, powers, powers, optimize=True)
    right = np.einsum("bn,ni,n->bi", counts, powers, score, optimize=True)
    # a resample of too few different sizes determines no curve
    determined = np.linalg.cond(left) < 1e12
    found = np.full((len(counts), degree + 1), np.nan)
    found[determined] = np.linalg.solve(left[determined], right[determined][..., None])[..., 0]
    return found @ np.vander(grid - centre, degree + 1).T
