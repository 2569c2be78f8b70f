"""Effective dimension: over how many independent directions the scores of a group of models spread."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from capelib.coupling.resample import correlations, draw_counts, scatter_matrices
from capelib.errors import InputError, unknown
from capelib.estimate import Estimate, bca_estimate, percentile_estimate
from capelib.frames import need_columns
from capelib.tables import BENCHMARKS

KINDS = ("covariance", "correlation")


@dataclass(frozen=True)
class SubsampleNull:
    """d_eff of random subsamples of `size` models from a larger group, beside an observed value.

    `typical` is the median with the interval that holds `level` of the subsamples; `share_below` the share of them
    with d_eff at most the observed one (NaN if none was given).
    """

    typical: Estimate
    size: int
    observed: float
    share_below: float
    draws: NDArray[np.float64] = field(repr=False)

    def summary(self) -> str:
        """What a group of this size gives by chance, as plain text."""
        tail = f"; {self.share_below:.1%} are at or below {self.observed:.3f}" if np.isfinite(self.observed) else ""
        return f"d_eff of {self.size} of {self.typical.n} models at random: {self.typical:.3f}{tail}"


def effective_dimension(scores: ArrayLike, kind: str = "covariance") -> float:
    """Participation ratio d_eff = (Σλ)² / Σλ² of the eigenvalues of the scores' covariance (or correlation) matrix.

    `scores` has shape (n_models, n_scores), in percent; 1 ≤ d_eff ≤ min(n_scores, n_models − 1). With "covariance",
    as in Amin (2026), Sec. 2.3 and App. A.2, scores with a wide range count more; "correlation" gives each score the
    same weight. NaN where nothing varies (for "correlation", where any score does not).

    >>> round(effective_dimension([[0, 0], [1, 2], [2, 4]]), 6)
    1.0

    Raises InputError for missing values, fewer than two models, or another kind.
    """
    scores = _checked(scores, kind)
    return float(_dimensions(scores, np.ones((1, len(scores))), kind)[0])


def dimension_estimate(
    scores: ArrayLike,
    families: ArrayLike,
    kind: str = "covariance",
    scheme: str = "clustered",
    n_boot: int = 10_000,
    seed: int = 42,
    level: float = 0.95,
) -> Estimate:
    """d_eff with a bootstrap interval over models ("pooled", "stratified") or whole families ("clustered").

    `scores` has shape (n_models, n_scores), `families` (n_models,). The paper's interval resamples models stratified
    by family, 1,000 times (App. A.2). Resamples in which nothing varies are discarded. A resample repeats models, so
    its d_eff lies below that of the data more often than above, and a percentile interval would sit too low: the
    interval is bias-corrected and accelerated (`bca_estimate`), the acceleration from leaving out each model or family.
    """
    scores = _checked(scores, kind)
    counts = draw_counts(families, scheme, n_boot, seed)
    if counts.shape[1] != len(scores):
        raise InputError(f"scores and families must be of one length, got {len(scores)} and {counts.shape[1]}")
    units = np.asarray(families) if scheme == "clustered" else np.arange(len(scores))
    point, draws, left_out = (
        _dimensions(scores, rows, kind) for rows in (np.ones((1, len(scores))), counts, _without_each(units))
    )
    method = f"{scheme} bootstrap, {n_boot:,} resamples, bias-corrected"
    return bca_estimate(point[0], draws, left_out, method, len(scores), level)


def dimension_by_group(
    frame: pd.DataFrame,
    group: str,
    scores: Sequence[str] = BENCHMARKS,
    kind: str = "covariance",
    scheme: str = "clustered",
    n_boot: int = 10_000,
    seed: int = 42,
    level: float = 0.95,
) -> pd.DataFrame:
    """d_eff of every group named in column `group`: one row each, in order of first appearance.

    Columns group, n_models, n_families, d_eff, low, high, discarded, max_possible (min of n_scores and n_models − 1).
    `frame` needs family and the scores in percent; rows with a missing score are left out, groups of one model have no
    d_eff, groups of one family no clustered interval. Amin (2026), Fig. 1d, does not state which models form a phase.
    """
    scores = list(scores)
    need_columns(frame, ["family", group, *scores])
    kept = frame[frame[scores].notna().all(axis=1) & frame[group].notna()]
    rows = []
    for name, models in kept.groupby(group, sort=False):
        n, row = len(models), {"group": name}
        n_families = models["family"].nunique()
        found = Estimate(effective_dimension(models[scores], kind) if n > 1 else np.nan)
        if n > 1 and (n_families > 1 or scheme != "clustered"):
            found = dimension_estimate(models[scores], models["family"], kind, scheme, n_boot, seed, level)
        row |= {"n_models": n, "n_families": n_families, "d_eff": found.value}
        row |= {"low": found.low, "high": found.high, "discarded": found.discarded}
        rows.append(row | {"max_possible": min(len(scores), n - 1)})
    numbers = ["d_eff", "low", "high", "discarded"]
    return pd.DataFrame(rows, columns=["group", "n_models", "n_families", *numbers, "max_possible"]).astype(
        dict.fromkeys(numbers, float)
    )


def dimension_difference(
    first: ArrayLike,
    second: ArrayLike,
    families_first: ArrayLike,
    families_second: ArrayLike,
    kind: str = "covariance",
    n_boot: int = 10_000,
    seed: int = 42,
    level: float = 0.95,
) -> Estimate:
    """d_eff(first) − d_eff(second) with a bias-corrected interval from resampling whole families of both together.

    Arrays as in `dimension_estimate`. A family may have models in both groups (small ones in the one, large ones in the
    other); it is drawn or not for both at once, so that what its models share does not count as independent. Resamples
    that leave a group without spread are discarded. "Dimensional collapse" from first to second needs a difference
    above zero.
    """
    sides = [(_checked(scores, kind), np.asarray(names)) for scores, names in
             ((first, families_first), (second, families_second))]  # fmt: skip
    for scores, names in sides:
        if len(names) != len(scores):
            raise InputError(f"scores and families must be of one length, got {len(scores)} and {len(names)}")
    families = np.concatenate([names for _, names in sides])
    counts = draw_counts(families, "clustered", n_boot, seed)
    rows = np.vstack([np.ones((1, len(families))), _without_each(families), counts])
    n_first, n_units = len(sides[0][0]), len(np.unique(families))
    of_first, of_second = (
        _dimensions(scores, part, kind)
        for (scores, _), part in zip(sides, (rows[:, :n_first], rows[:, n_first:]), strict=True)
    )
    gap = of_first - of_second
    method = f"bootstrap of whole families ({n_units}), {n_boot:,} resamples, bias-corrected"
    return bca_estimate(gap[0], gap[1 + n_units :], gap[1 : 1 + n_units], method, len(families), level)


def subsample_null(
    scores: ArrayLike,
    size: int,
    observed: float = float("nan"),
    kind: str = "covariance",
    n_draws: int = 10_000,
    seed: int = 42,
    level: float = 0.95,
) -> SubsampleNull:
    """What d_eff would `size` models give if drawn without replacement from the larger group `scores`?

    d_eff cannot exceed size − 1, so a group of three looks collapsed whatever its models are: an observed value says
    something only where it lies below what random subsamples of its size give.

    Raises InputError unless 2 ≤ size ≤ n_models.
    """
    scores = _checked(scores, kind)
    n = len(scores)
    if not 2 <= size <= n:
        raise InputError(f"size must be between 2 and the {n} models given, got {size}")
    rng = np.random.default_rng(seed)
    counts = np.zeros((n_draws, n))
    np.put_along_axis(counts, rng.random((n_draws, n)).argsort(axis=1)[:, :size], 1.0, axis=1)
    draws = _dimensions(scores, counts, kind)
    kept = draws[np.isfinite(draws)]
    median = float(np.median(kept)) if kept.size else float("nan")
    typical = percentile_estimate(median, draws, f"{n_draws:,} subsamples of {size} models", n, level)
    share = float(np.mean(kept <= observed)) if np.isfinite(observed) and kept.size else float("nan")
    return SubsampleNull(typical, size, float(observed), share, draws)


def _dimensions(scores: NDArray, counts: ArrayLike, kind: str) -> NDArray[np.float64]:
    """d_eff of every resample. Σλ is the trace and Σλ² the sum of squared entries, so no eigenvalue is computed."""
    matrix = scatter_matrices(scores, counts)
    if kind == "correlation":
        matrix = correlations(matrix)
    trace, squares = np.einsum("bii->b", matrix), np.einsum("bij,bij->b", matrix, matrix)
    varies = trace > 1e-12 * np.max(trace, initial=0.0, where=np.isfinite(trace))
    return np.divide(trace**2, squares, out=np.full(len(trace), np.nan), where=varies)


def _without_each(units: NDArray) -> NDArray[np.float64]:
    """Counts that leave out each unit (model or family) in turn: shape (n_units, n_models)."""
    return (units[None, :] != np.unique(units)[:, None]).astype(float)


def _checked(scores: ArrayLike, kind: str) -> NDArray[np.float64]:
    if kind not in KINDS:
        raise unknown("kind of matrix", kind, KINDS)
    scores = np.asarray(scores, float)
    if scores.ndim != 2 or len(scores) < 2 or not scores.shape[1]:
        raise InputError(f"scores must be a table of two or more models by scores, got shape {scores.shape}")
    if not np.isfinite(scores).all():
        bad = int((~np.isfinite(scores)).any(axis=1).sum())
        raise InputError(
            f"scores must be complete, got {bad} models with a missing score; leave those models out first"
        )
    return scores
