"""Do families turn, or do falling ones stand beside rising ones? A shared curvature with a line of its own for each.

A parabola that shares its slope between families (the "shared quadratic") has a minimum wherever small families fall
and large ones rise, although every single one may be straight. Two checks: `own_lines` replaces every family by its own
straight line, so that whatever the shared quadratic still finds is not a turn; `shared_curvature` gives every family a
level and a slope of its own, so that only bending within families is left.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from capelib.coupling.resample import draw_counts, scatter_matrices
from capelib.errors import InputError
from capelib.estimate import Estimate, percentile_estimate
from capelib.frames import need_columns

FEWEST = 3  # different sizes; two lie on a line whatever they are
_FLAT = 1e-12  # share of the spread of (log N)² left by a family's own line, below which it is rounding


def own_lines(frame: pd.DataFrame, y: str = "truthfulqa") -> pd.DataFrame:
    """The frame with every family's y replaced by the family's own least-squares line in log₁₀ N; no family turns.

    `frame` needs family, n_params and y in percent; rows without y are left out. A family of one size keeps its mean.
    """
    kept = _kept(frame, y)
    log_n, lines = np.log10(kept["n_params"].to_numpy(float)), np.empty(len(kept))
    for own in _members(kept["family"]):
        at = log_n[own] - log_n[own].mean()
        scores = kept[y].to_numpy(float)[own]
        spread = at @ at
        lines[own] = scores.mean() + at * (at @ scores / spread if spread > _FLAT else 0.0)
    return kept.assign(**{y: lines})


def shared_curvature(
    frame: pd.DataFrame,
    y: str = "truthfulqa",
    scheme: str = "clustered",
    n_boot: int = 10_000,
    seed: int = 42,
    level: float = 0.95,
) -> Estimate:
    """Curvature a of y = α_family + b_family·ℓ + a·ℓ², ℓ = log₁₀ N, in points per decade²; positive opens upwards.

    Level and slope belong to each family, so families that fall and families that rise leave a at zero unless they
    bend; there is then no common minimum, since each family's would lie at −b_family/2a. Families of fewer than three
    sizes say nothing and are left out. The interval resamples by `scheme`: whole families ("clustered") by default.

    `frame` needs family, n_params and y in percent. Raises InputError for a missing column or scheme, or if fewer than
    two families have three sizes.
    """
    kept = _kept(frame, y)
    kept = kept[kept.groupby("family")["n_params"].transform("nunique") >= FEWEST]
    names = kept["family"].unique()
    if len(names) < 2:
        raise InputError(f"a shared curvature needs two families of {FEWEST} sizes or more, got {len(names)}")
    counts = draw_counts(kept["family"], scheme, n_boot, seed)
    log_n, scores = np.log10(kept["n_params"].to_numpy(float)), kept[y].to_numpy(float)
    point, draws = (curvatures(log_n, scores, kept["family"], each) for each in (np.ones((1, len(kept))), counts))
    what = f"whole families ({len(names)})" if scheme == "clustered" else f"models, {scheme}"
    return percentile_estimate(point[0], draws, f"bootstrap of {what}, {n_boot:,} resamples", len(kept), level)


def curvatures(log_n: ArrayLike, y: ArrayLike, families: ArrayLike, counts: ArrayLike) -> NDArray[np.float64]:
    """`shared_curvature` of every row of `counts`, shape (n_boot, n_models); NaN where no family drawn can bend.

    By partialling out (Frisch and Waugh): in every family what its own line leaves of ℓ² and of y; a is the regression
    of the one on the other over all families.
    """
    log_n, y, counts = np.asarray(log_n, float), np.asarray(y, float), np.asarray(counts, float)
    top = bottom = np.zeros(len(counts))
    for own in _members(families):
        u = log_n[own] - log_n[own].mean()
        s = scatter_matrices(np.column_stack([u, u * u, y[own]]), counts[:, own])
        uu, uq, qq, uy, qy = s[:, 0, 0], s[:, 0, 1], s[:, 1, 1], s[:, 0, 2], s[:, 1, 2]
        slope = np.divide(uq, uu, out=np.zeros_like(uu), where=uu > _FLAT)
        left = qq - slope * uq
        bends = left > 1e-9 * np.maximum(qq, _FLAT)
        top = top + np.where(bends, qy - slope * uy, 0.0)
        bottom = bottom + np.where(bends, left, 0.0)
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)


def _kept(frame: pd.DataFrame, y: str) -> pd.DataFrame:
    need_columns(frame, ["family", "n_params", y])
    return frame[frame[y].notna()]


def _members(families: ArrayLike) -> list[NDArray[np.int64]]:
    families = np.asarray(families)
    return [np.flatnonzero(families == name) for name in pd.unique(families)]
