"""Within-family correlation of every pair of benchmarks: is the tax specific to truthfulness?"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.coupling.resample import MIN_FAMILIES, correlations, draw_counts, partials, scatter_matrices
from capelib.errors import InputError
from capelib.estimate import percentile_estimate
from capelib.frames import frame_html, need_columns, words
from capelib.tables import BENCHMARKS

MEASURES = ("r", "r_given_size", "r_own_trend")


@dataclass(frozen=True)
class WithinFamily:
    """Within-family correlations of all pairs of scores.

    `pairs` has one row per pair: x, y, with_target, and for each measure its value, *_low, *_high and *_discarded.
    Measures: "r" of the scores minus their family's mean; "r_given_size" the same with log₁₀ N held fixed (one trend
    per score, shared by the families); "r_own_trend" of what is left when every family has its own straight line in
    log₁₀ N. `contrast` has one row per measure: the mean over pairs with the target, the mean over pairs without it,
    and their difference, each with an interval from the same `n_boot` resamples of whole families. `n_with_residual`
    families have three models or more: of two models their own line leaves nothing, so "r_own_trend" rests on these.
    """

    pairs: pd.DataFrame
    contrast: pd.DataFrame
    target: str
    n_models: int
    n_families: int
    n_with_residual: int
    notes: tuple[str, ...] = ()

    def summary(self) -> str:
        """The contrast as plain text."""
        lines = [
            f"{row.measure}: {row.with_target:.3f} with {self.target}, {row.without_target:.3f} without, "
            f"difference {row.difference:.3f} [{row.difference_low:.3f}, {row.difference_high:.3f}]"
            for row in self.contrast.itertuples()
        ]
        title = f"Within-family correlations, {self.n_models} models of {self.n_families} families"
        return "\n".join([title, *lines, *self.notes])

    def _repr_html_(self) -> str:
        caption = f"Within-family correlations, {self.n_models} models of {self.n_families} families"
        return frame_html(self.pairs[["x", "y", *MEASURES]], caption, self.notes)


def within_family(
    frame: pd.DataFrame,
    scores: Sequence[str] = BENCHMARKS,
    target: str = "truthfulqa",
    n_boot: int = 10_000,
    seed: int = 42,
    level: float = 0.95,
) -> WithinFamily:
    """Correlations of all pairs of `scores` (percent) after removing each family's means, given size or not.

    r = Σ_f S_xy,f / √(Σ_f S_xx,f · Σ_f S_yy,f) with S_f the sums of squares and products about family f's means; for
    the own trend S_f is first reduced by S_·z,f S_z·,f / S_zz,f, z = log₁₀ N, so families with two sizes add nothing.
    Intervals draw whole families; there is none from fewer than five. `frame` needs model, family and n_params; models
    without one of the scores are left out of every pair and noted, so that all pairs rest on the same models, and
    families of one model add nothing.
    Amin (2026), Sec. 2.1, holds that pairs with truthfulness anticorrelate below N_c and others do not.

    Raises InputError for a missing column, a target that is none of the scores, or fewer than two usable families.
    """
    scores = list(scores)
    need_columns(frame, ["model", "family", "n_params", *scores])
    if len(set(scores)) < 3 or len(set(scores)) < len(scores) or target not in scores:
        raise InputError(
            f"pairs with {words(target)} and pairs without it take three different scores or more, {words(target)} "
            f"among them; got {', '.join(map(words, scores)) or 'none'}; add columns to the table"
        )
    kept, notes = _complete(frame, scores)
    if kept["family"].nunique() < MIN_FAMILIES:
        notes += (f"no interval: drawing whole families needs {MIN_FAMILIES} of them or more",)
    families = kept["family"].to_numpy()
    values = np.column_stack([kept[scores].to_numpy(float), np.log10(kept["n_params"].to_numpy(float))])
    names, code = np.unique(families, return_inverse=True)
    membership = (code == np.arange(names.size)[:, None]).astype(float)
    per_family = scatter_matrices(values, membership)
    drawn = draw_counts(names, "pooled", n_boot, seed)  # the families are what is drawn
    point = _measures(per_family, np.ones((1, names.size)), len(scores))
    draws = _measures(per_family, drawn, len(scores))
    pairs = list(combinations(scores, 2))
    involved = np.array([target in pair for pair in pairs])

    def columns(name: str, at: NDArray, of: NDArray) -> dict[str, float]:
        found = percentile_estimate(at[0], of, "", len(kept), level)
        some = found.has_interval and names.size >= MIN_FAMILIES
        low, high = (found.low, found.high) if some else (np.nan, np.nan)
        return {name: found.value, f"{name}_low": low, f"{name}_high": high, f"{name}_discarded": found.discarded}

    table = pd.DataFrame(
        [
            {"x": x, "y": y, "with_target": bool(involved[k])}
            | {name: v for m in MEASURES for name, v in columns(m, point[m][:, k], draws[m][:, k]).items()}
            for k, (x, y) in enumerate(pairs)
        ]
    )
    contrast = []
    for measure in MEASURES:
        (on, off), (on_draws, off_draws) = (
            (mine[measure][:, involved].mean(axis=1), mine[measure][:, ~involved].mean(axis=1))
            for mine in (point, draws)
        )
        contrast.append(
            {"measure": measure}
            | columns("with_target", on, on_draws)
            | columns("without_target", off, off_draws)
            | columns("difference", on - off, on_draws - off_draws)
        )
    with_residual = int((np.bincount(code) > 2).sum())
    return WithinFamily(table, pd.DataFrame(contrast), target, len(kept), int(names.size), with_residual, notes)


def _complete(frame: pd.DataFrame, scores: list[str]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    missing = frame[scores].isna().any(axis=1)
    notes = [f"{model}: a score is missing; left out" for model in sorted(frame.loc[missing, "model"])]
    kept = frame.loc[~missing]
    sizes = kept.groupby("family")["n_params"].transform("nunique")
    alone = sorted(kept.loc[sizes < 2, "family"].unique())
    notes += [f"{', '.join(alone)}: one size, nothing within the family to correlate"] if alone else []
    kept = kept[sizes >= 2]
    if kept["family"].nunique() < 2:
        raise InputError("within-family correlations need two or more families with two or more sizes; add families")
    return kept, tuple(notes)


def _measures(per_family: NDArray, drawn: NDArray, n_scores: int) -> dict[str, NDArray]:
    """Every measure for every resample of families: arrays of shape (n_boot, n_pairs)."""
    pairs = list(combinations(range(n_scores), 2))
    cross, spread = per_family[:, :, -1], per_family[:, -1, -1]
    detrended = (per_family - cross[:, :, None] * cross[:, None, :] / spread[:, None, None])[:, :-1, :-1]
    plain = correlations(np.einsum("bf,fij->bij", drawn, per_family))
    own = correlations(np.einsum("bf,fij->bij", drawn, detrended))
    return {
        "r": np.stack([plain[:, i, j] for i, j in pairs], axis=1),
        "r_given_size": np.stack([partials(plain, i, j, n_scores) for i, j in pairs], axis=1),
        "r_own_trend": np.stack([own[:, i, j] for i, j in pairs], axis=1),
    }
