"""Pearson correlation over models, with the intervals that different ways of resampling give."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from capelib.coupling.resample import MIN_FAMILIES
from capelib.errors import InputError
from capelib.estimate import Estimate, percentile_estimate
from capelib.frames import frame_html, need_columns, words

_CONSTANT = 1e-12  # spread relative to magnitude below which scores count as all equal
_CHUNK = 4_000_000  # entries held at once while resampling


@dataclass(frozen=True)
class PopulationCorrelation:
    """Pearson r of two scores over a set of models, with three intervals.

    `fisher` assumes independent, normally scattered models; `pooled` resamples models, `clustered` whole families
    (None below five of them). `p` is the two-sided t-test of r = 0, which makes Fisher's assumption too.
    """

    x: str
    y: str
    fisher: Estimate
    pooled: Estimate
    clustered: Estimate | None
    p: float
    n_models: int
    n_families: int
    notes: tuple[str, ...] = ()

    @property
    def r(self) -> float:
        """The correlation itself, −1 to 1."""
        return self.fisher.value

    def to_frame(self) -> pd.DataFrame:
        """One row per interval: method, r, low, high, discarded."""
        rows = [part for part in (self.fisher, self.pooled, self.clustered) if part is not None]
        return pd.DataFrame(
            [{"method": e.method, "r": e.value, "low": e.low, "high": e.high, "discarded": e.discarded} for e in rows]
        ).astype({"low": float, "high": float, "discarded": float})

    def summary(self) -> str:
        """r, its intervals and what went in, as plain text."""
        rows = [part for part in (self.fisher, self.pooled, self.clustered) if part is not None]
        families = "1 family" if self.n_families == 1 else f"{self.n_families} families"
        title = f"r({words(self.x)}, {words(self.y)}) over {self.n_models} models of {families}"
        return "\n".join([title, *(f"{e:.3f}  {e.method}" for e in rows), *self.notes])

    def _repr_html_(self) -> str:
        return frame_html(self.to_frame(), self.summary().split("\n", 1)[0], self.notes)


def correlate(x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
    """Pearson r along the last axis, any leading shape; NaN where either side is constant."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    dx, dy = x - x.mean(axis=-1, keepdims=True), y - y.mean(axis=-1, keepdims=True)
    norms = []
    for raw, centred in ((x, dx), (y, dy)):
        norm = np.linalg.norm(centred, axis=-1)
        norms.append(np.where(norm > _CONSTANT * np.linalg.norm(raw, axis=-1), norm, np.nan))
    return np.clip(np.sum(dx * dy, axis=-1) / (norms[0] * norms[1]), -1, 1)


def finite_pairs(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both sides as float arrays of one length; InputError if the lengths differ or a value is missing."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    if x.ndim != 1 or x.shape != y.shape:
        raise InputError(f"x and y must be two columns of one length, got shapes {x.shape} and {y.shape}")
    bad = int((~(np.isfinite(x) & np.isfinite(y))).sum())
    if bad:
        raise InputError(f"x and y must be finite, got {bad} missing or infinite pairs; leave those models out first")
    return x, y


def pearson(x: ArrayLike, y: ArrayLike, level: float = 0.95) -> Estimate:
    """Pearson r with Fisher's interval tanh(atanh r ± z/√(n − 3)).

    Fewer than three pairs, or a constant side, give NaN with the reason in `method`; three pairs give no interval.

    >>> print(format(pearson([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]), ".2f"))
    0.80 [-0.28, 0.99]
    """
    x, y = finite_pairs(x, y)
    n = len(x)
    r = float(correlate(x, y)) if n >= 3 else float("nan")
    if np.isnan(r):
        why = "fewer than three models" if n < 3 else "a score is the same for every model"
        return Estimate(r, None, None, level, n, f"undefined: {why}")
    if n == 3:
        return Estimate(r, None, None, level, n, "no interval from three models")
    low, high = stats.pearsonr(x, y).confidence_interval(level)
    return Estimate(r, float(low), float(high), level, n, "Fisher")


def bootstrap_pearson(
    x: ArrayLike,
    y: ArrayLike,
    groups: ArrayLike | None = None,
    n_draws: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """Pearson r with a percentile bootstrap interval.

    Without `groups` models are drawn with replacement; with them whole groups (families), keeping every model of a
    group together, since models of one family share data, recipe and tokeniser and are not independent. A draw in
    which one side is constant has no r; `discarded` gives the share of such draws.
    """
    x, y = finite_pairs(x, y)
    r = pearson(x, y, level)
    if np.isnan(r.value):
        return r
    labels = np.arange(len(x)) if groups is None else pd.factorize(np.asarray(groups), sort=True)[0]
    n_groups = int(labels.max()) + 1
    what = "models" if groups is None else f"whole families ({n_groups})"
    method = f"bootstrap of {what}, {n_draws:,} resamples"
    if n_groups < 2:
        return Estimate(r.value, None, None, level, len(x), "no interval: one family cannot be resampled")
    draws = _resampled_r(x, y, labels, n_groups, n_draws, np.random.default_rng(seed))
    return percentile_estimate(r.value, draws, method, len(x), level)


def _resampled_r(
    x: NDArray, y: NDArray, labels: NDArray, n_groups: int, n_draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    # r depends on a resample only through six sums, each a sum over groups: counts @ sums does all draws at once
    dx, dy = x - x.mean(), y - y.mean()
    parts = np.column_stack([np.ones_like(dx), dx, dy, dx * dx, dy * dy, dx * dy])
    sums = np.zeros((n_groups, 6))
    np.add.at(sums, labels, parts)
    draws = []
    for start in range(0, n_draws, rows := max(1, _CHUNK // n_groups)):
        size = min(rows, n_draws - start)
        chosen = rng.integers(0, n_groups, (size, n_groups)) + n_groups * np.arange(size)[:, None]
        counts = np.bincount(chosen.ravel(), minlength=size * n_groups).reshape(size, n_groups)
        n, sx, sy, sxx, syy, sxy = (counts @ sums).T
        vx, vy = sxx / n - (sx / n) ** 2, syy / n - (sy / n) ** 2
        flat = (vx <= _CONSTANT * np.mean(dx**2)) | (vy <= _CONSTANT * np.mean(dy**2))
        spread = np.where(flat, np.nan, np.sqrt(np.clip(vx, 0, None) * np.clip(vy, 0, None)))
        draws.append(np.clip((sxy / n - sx * sy / n**2) / spread, -1, 1))
    return np.concatenate(draws)


def population_correlation(
    frame: pd.DataFrame,
    x: str = "hellaswag",
    y: str = "truthfulqa",
    n_draws: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> PopulationCorrelation:
    """Population coupling: Pearson correlation of two scores over a set of models. Amin (2026), Sec. 2.

    `frame` has family, model and the two score columns in percent. Models without one of the scores are left out, and
    a note names them. The sign of r over models of many sizes does not say what happens within a family: a positive
    local coupling in most families implies a positive r, not the other way round.

    Raises InputError for a column that is not there.
    """
    need_columns(frame, ["model", "family", x, y])
    missing = frame[[x, y]].isna().any(axis=1)
    notes = tuple(f"{model}: no {x} or {y}; left out" for model in sorted(frame.loc[missing, "model"]))
    kept = frame.loc[~missing]
    a, b = kept[x].to_numpy(float), kept[y].to_numpy(float)
    n_families = int(kept["family"].nunique())
    fisher = pearson(a, b, level)
    pooled = bootstrap_pearson(a, b, None, n_draws, seed, level)
    clustered = None
    if n_families >= MIN_FAMILIES:
        clustered = bootstrap_pearson(a, b, kept["family"], n_draws, seed, level)
    p = float("nan") if np.isnan(fisher.value) else float(stats.pearsonr(a, b).pvalue)
    return PopulationCorrelation(x, y, fisher, pooled, clustered, p, len(kept), n_families, notes)
