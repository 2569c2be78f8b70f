"""Correlation across families at fixed size: do better reasoners tell the truth more often when size is no excuse?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from capelib.coupling.resample import MIN_FAMILIES, correlations, draw_counts, partials, scatter_matrices
from capelib.errors import InputError
from capelib.estimate import Estimate, percentile_estimate
from capelib.frames import frame_html, need_columns

EDGES = (7.5, 8.0, 8.5, 9.0, 9.5, 10.0, 10.5, 11.0, 11.5, 12.0)  # log10 of parameters: half a decade per bin
MIN_MODELS = 3  # two points always correlate perfectly; holding size fixed takes one more


@dataclass(frozen=True)
class FixedSize:
    """Correlation of two scores among models of similar size.

    `bins` has one row per occupied bin: low, high (log₁₀ N), n_models, n_families, and r and r_given_size (log₁₀ N held
    fixed within the bin), each with *_low, *_high (NaN below five families) and *_discarded. `overall` is r over all
    these models, `within_bins` r of the scores minus their bin's mean, `given_size` the same with log₁₀ N (minus its
    bin's mean) held fixed too, for the size differences that a bin still contains.
    """

    bins: pd.DataFrame
    overall: Estimate
    within_bins: Estimate
    given_size: Estimate
    x: str
    y: str
    notes: tuple[str, ...] = ()

    def summary(self) -> str:
        """The three correlations and what was left out, as plain text."""
        lines = [
            f"r({self.x}, {self.y}) over all models: {self.overall:.3f}",
            f"within bins of size: {self.within_bins:.3f}",
            f"within bins, given log N: {self.given_size:.3f}",
        ]
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        return frame_html(self.bins, f"Correlation of {self.x} and {self.y} at fixed size", self.summary().split("\n"))


def fixed_size_correlation(
    frame: pd.DataFrame,
    x: str = "hellaswag",
    y: str = "truthfulqa",
    edges: Sequence[float] = EDGES,
    n_boot: int = 10_000,
    seed: int = 42,
    level: float = 0.95,
) -> FixedSize:
    """Pearson r of x and y within bins of log₁₀ N, and pooled over the bins after removing each bin's means.

    r_pooled = Σ_b S_xy,b / √(Σ_b S_xx,b · Σ_b S_yy,b) with S_b the sums of squares and products about bin b's means.
    `frame` needs model, family, n_params and both scores in percent; bins are [low, high) in log₁₀ of parameters.
    Intervals draw whole families with replacement (models of one family share data and recipe); with fewer than about
    ten families they are too narrow, with fewer than five there is none. A bin's resample with fewer than three
    different models is discarded. The paper compares sizes; this comparison, which it does not make, holds size and
    compares recipes.

    Raises InputError for a missing column, edges that do not increase, or a single family.
    """
    kept, at, edges, notes = _binned(frame, x, y, edges)
    values, families = _values(kept, x, y), kept["family"].to_numpy()
    n_families = len(np.unique(families))
    if n_families < 2:
        raise InputError("recipes are compared between families, and these models are of one; add another family")
    counts = draw_counts(families, "clustered", n_boot, seed)
    whole = np.ones((1, len(kept)), np.int64)
    method = f"bootstrap of whole families ({len(np.unique(families))}), {n_boot:,} resamples"

    def estimate(own: np.ndarray, groups: np.ndarray | None, given: bool = False) -> Estimate:
        found = []
        for weight in (whole[:, own], counts[:, own]):
            r = correlations(scatter_matrices(values[own], weight, groups))
            found.append(partials(r, 0, 1, 2) if given else r[:, 0, 1])
            found[-1] = np.where((weight > 0).sum(axis=1) >= MIN_MODELS + given, found[-1], np.nan)
        drawn = percentile_estimate(found[0][0], found[1], method, len(own), level)
        if n_families < MIN_FAMILIES:
            return replace(drawn, low=None, high=None, method=f"no interval from {n_families} families")
        return drawn

    rows = []
    for b in np.unique(at):
        own = np.flatnonzero(at == b)
        row = {"low": edges[b], "high": edges[b + 1], "n_models": len(own)}
        row["n_families"] = len(np.unique(families[own]))
        for name, r in (("r", estimate(own, None)), ("r_given_size", estimate(own, None, given=True))):
            ends = (r.low, r.high) if row["n_families"] >= MIN_FAMILIES else (None, None)
            row |= {name: r.value, f"{name}_low": ends[0], f"{name}_high": ends[1], f"{name}_discarded": r.discarded}
        rows.append(row)
    bins = pd.DataFrame(rows).astype(
        {f"{name}_{end}": float for name in ("r", "r_given_size") for end in ("low", "high")}
    )
    everyone = np.arange(len(kept))
    return FixedSize(
        bins, estimate(everyone, None), estimate(everyone, at), estimate(everyone, at, given=True), x, y, notes
    )


def fixed_size_difference(
    frame: pd.DataFrame,
    split: float,
    x: str = "hellaswag",
    y: str = "truthfulqa",
    edges: Sequence[float] = EDGES,
    n_boot: int = 10_000,
    seed: int = 42,
    level: float = 0.95,
) -> Estimate:
    """`given_size` of `fixed_size_correlation` among models above `split` parameters, less that among smaller ones.

    Both sides come from the same resample of whole families, so a family with models on both sides counts as one draw.
    Resamples in which a side has fewer than four different models are discarded.

    Raises InputError as `fixed_size_correlation`, or if a side of the split has too few models.
    """
    kept, at, _, _ = _binned(frame, x, y, edges)
    values, families = _values(kept, x, y), kept["family"].to_numpy()
    counts = np.vstack([np.ones((1, len(kept)), np.int64), draw_counts(families, "clustered", n_boot, seed)])
    large = (kept["n_params"] > split).to_numpy()
    sides = []
    for own in (np.flatnonzero(large), np.flatnonzero(~large)):
        if len(own) <= MIN_MODELS:
            raise InputError(
                f"{len(own)} models lie on one side of {split:.3g} parameters; {MIN_MODELS + 1} are needed"
            )
        r = partials(correlations(scatter_matrices(values[own], counts[:, own], at[own])), 0, 1, 2)
        sides.append(np.where((counts[:, own] > 0).sum(axis=1) > MIN_MODELS, r, np.nan))
    difference = sides[0] - sides[1]
    method = f"bootstrap of whole families ({len(np.unique(families))}), {n_boot:,} resamples"
    return percentile_estimate(difference[0], difference[1:], method, len(kept), level)


def _binned(
    frame: pd.DataFrame, x: str, y: str, edges: Sequence[float]
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, tuple[str, ...]]:
    # the models with both scores inside the bins, each one's bin, the edges, and what was left out
    need_columns(frame, ["model", "family", "n_params", x, y])
    edges = np.asarray(edges, float)
    if edges.ndim != 1 or edges.size < 2 or not (np.diff(edges) > 0).all():
        raise InputError(f"edges must be at least two increasing values of log10 N, got {edges.tolist()}")
    at = np.searchsorted(edges, np.log10(frame["n_params"].to_numpy(float)), side="right") - 1
    inside = (at >= 0) & (at < edges.size - 1)
    scored = frame[[x, y]].notna().all(axis=1).to_numpy()
    notes = _left_out(frame, ~scored, f"no {x} or {y}") + _left_out(frame, scored & ~inside, "outside the bins")
    kept = frame[scored & inside]
    if len(kept) < MIN_MODELS:
        raise InputError(f"a correlation needs at least {MIN_MODELS} models with both scores, got {len(kept)}")
    return kept, at[scored & inside], edges, notes


def _values(kept: pd.DataFrame, x: str, y: str) -> np.ndarray:
    return np.column_stack(
        [kept[x].to_numpy(float), kept[y].to_numpy(float), np.log10(kept["n_params"].to_numpy(float))]
    )


def _left_out(frame: pd.DataFrame, where: np.ndarray, why: str) -> tuple[str, ...]:
    return tuple(f"{model}: {why}; left out" for model in sorted(frame.loc[where, "model"]))
