"""N_c of many panels at once: scores redrawn or shuffled, families weighted, one array operation for all of them.

The estimators are those of `capelib.coupling` (tested against them). Here the models stay where they are and the scores
change: arrays of scores have shape (n_draws, n_sizes), weights of families (n_weightings, n_families), results
(n_draws, n_weightings). A weight of 0 leaves a family out, 2 counts it twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from capelib.coupling.local import family_sizes
from capelib.coupling.noise import check_noise, score_sd
from capelib.errors import InputError

_FLAT = 1e-12  # share of a spread below which it is rounding
_ALIKE = 1e-9  # points of HellaSwag below which two scores are the same

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Places:
    """Where the models of a panel stand, and the scores they have.

    `sizes` has one row per family and size, sorted (family, n_params, model and the two scores, percent); `code` the
    number of each row's family in `names`, `log_n` its log₁₀ N. A step joins rows `small` and `small` + 1; `step_code`
    is its family, `log_mid` the log₁₀ of its geometric mid-size. `n_items` are the questions of x and of y.
    """

    sizes: pd.DataFrame
    names: tuple[str, ...]
    code: NDArray[np.int64]
    log_n: Floats
    small: NDArray[np.int64]
    step_code: NDArray[np.int64]
    log_mid: Floats
    n_items: tuple[int, int]
    scores: tuple[str, str]

    @property
    def x(self) -> Floats:
        """The first score, shape (1, n_sizes), percent."""
        return self.sizes[self.scores[0]].to_numpy(float)[None]

    @property
    def y(self) -> Floats:
        """The second score, shape (1, n_sizes), percent."""
        return self.sizes[self.scores[1]].to_numpy(float)[None]


def places(
    panel: pd.DataFrame,
    n_items: Mapping[str, int],
    x: str = "hellaswag",
    y: str = "truthfulqa",
    sizes: int = 3,
) -> Places:
    """The families of a panel with at least `sizes` sizes, models of one size averaged.

    `panel` needs model, family, n_params and both scores in percent. Raises InputError for a column that is not there,
    a benchmark without a number of questions, or if no family is long enough.
    """
    check_noise(x, y, n_items, 0.0, 0.0)
    rows, _ = family_sizes(panel, x, y)
    rows = rows[rows.groupby("family")["n_params"].transform("size") >= sizes].reset_index(drop=True)
    if rows.empty:
        raise InputError(f"no family has {x} and {y} at {sizes} sizes or more; lower the number or add models")
    names, code = np.unique(rows["family"].to_numpy(str), return_inverse=True)
    log_n = np.log10(rows["n_params"].to_numpy(float))
    small = np.flatnonzero(code[1:] == code[:-1])
    mid = (log_n[small] + log_n[small + 1]) / 2
    return Places(rows, tuple(map(str, names)), code, log_n, small, code[small], mid, (n_items[x], n_items[y]), (x, y))


def couplings(at: Places, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """γ₁₂ = Δy/Δx of every step and its weight 1/σ² by item noise (delta method), each (n_draws, n_steps).

    As `capelib.coupling.coupling_noise` with unshared noise. A step with Δx = 0 has γ NaN and weight 0.
    """
    x, y = np.broadcast_arrays(np.atleast_2d(np.asarray(x, float)), np.atleast_2d(np.asarray(y, float)))
    dx, dy = (score[:, at.small + 1] - score[:, at.small] for score in (x, y))
    variance = [score_sd(np.clip(score, 0, 100), n) ** 2 for score, n in zip((x, y), at.n_items, strict=True)]
    var_x, var_y = (part[:, at.small] + part[:, at.small + 1] for part in variance)
    defined = np.abs(dx) > _ALIKE
    gamma = np.divide(dy, dx, out=np.full_like(dx, np.nan), where=defined)
    noise = np.divide(var_y + gamma**2 * var_x, dx**2, out=np.full_like(dx, np.inf), where=defined)
    return gamma, np.divide(1.0, noise, out=np.zeros_like(noise), where=noise > 0)


def turns(at: Places, y: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
    """Curvature and minimum (log₁₀ N) of one parabola in log₁₀ N with a level of its own for every family.

    As the shared quadratic of the coupling section. NaN where fewer than three different sizes are weighted.
    """
    y, weights = np.atleast_2d(np.asarray(y, float)), np.atleast_2d(np.asarray(weights, float))
    centre = at.log_n.mean()
    u = at.log_n - centre
    basis = np.stack([u, u * u])
    member = (at.code == np.arange(len(at.names))[:, None]).astype(float)
    mean = member / member.sum(axis=1, keepdims=True)
    own = basis - (basis @ mean.T)[:, at.code]
    # sums within every family, (k, n_families); products with y, (k, n_draws, n_families)
    uu, uq, qq = (weights @ (member @ (own[i] * own[j])) for i, j in ((0, 0), (0, 1), (1, 1)))
    uy, qy = (((y * side) @ member.T) @ weights.T for side in own)
    left = uu * qq - uq**2
    with np.errstate(divide="ignore", invalid="ignore"):
        curvature = np.where(left > _FLAT * uu * qq, (uu * qy - uq * uy) / left, np.nan)
        minimum = centre - (qq * uy - uq * qy) / left / (2 * curvature)
    return curvature, minimum


def zeros(at: Places, gamma: ArrayLike, step_weights: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
    """Slope (γ₁₂ per decade) and zero (log₁₀ N) of the weighted line through γ₁₂ against log₁₀ of the mid-size.

    As `capelib.coupling.running_coupling`. Steps weigh `step_weights` times their family's weight; NaN where fewer than
    two different mid-sizes are left.
    """
    gamma, own = np.atleast_2d(np.asarray(gamma, float)), np.atleast_2d(np.asarray(step_weights, float))
    weights = np.atleast_2d(np.asarray(weights, float))
    member = (at.step_code[:, None] == np.arange(len(at.names))).astype(float)
    centre = at.log_mid.mean()
    u, slopes = at.log_mid - centre, np.where(own > 0, gamma, 0.0)
    total, su, sg, suu, sug = (((own * part) @ member) @ weights.T for part in (1.0, u, slopes, u * u, u * slopes))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = suu - su**2 / total
        slope = np.where(spread > _FLAT * total, (sug - su * sg / total) / spread, np.nan)
        return slope, centre + su / total - sg / total / slope


def splits(at: Places, gamma: ArrayLike, weights: ArrayLike) -> Floats:
    """The log₁₀ N that best divides negative steps (below it) from positive ones (above), by the number of steps.

    Candidates lie midway between neighbouring mid-sizes; −∞ and ∞ say that one sign for all does best. Where several
    do equally well, the middle one of them counts.
    """
    gamma = np.atleast_2d(np.asarray(gamma, float))
    weights = np.atleast_2d(np.asarray(weights, float))
    mids = np.unique(at.log_mid)
    candidates = np.r_[-np.inf, (mids[1:] + mids[:-1]) / 2, np.inf]
    below = at.log_mid[:, None] < candidates
    member = (at.step_code == np.arange(len(at.names))[:, None]).astype(float)
    signs = np.where(gamma < 0, 1.0, -1.0) * np.isfinite(gamma)
    # right below minus wrong below; what lies above adds a constant
    gain = np.einsum("bf,fs,ds,sc->dbc", weights, member, signs, below.astype(float), optimize=True)
    best = gain >= gain.max(axis=2, keepdims=True) - 1e-9
    rank = np.cumsum(best, axis=2)
    middle = (rank >= (rank[:, :, -1:] + 1) // 2).argmax(axis=2)
    return candidates[middle]
