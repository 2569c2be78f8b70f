"""Resampling, all draws at once: which models are drawn, and bootstraps of the critical scale.

A resample is a row of counts (how often each model was drawn), so every estimator is a few weighted sums.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from capelib.coupling.critical import (
    LOG10_RANGE,
    OK,
    CriticalScale,
    critical_scales,
    drawn_steps,
    first_crossings,
    line_scale,
    line_zeros,
    quadratic_scale,
    quadratic_vertices,
    sign_change_scale,
    vertex_scale,
)
from capelib.coupling.local import family_sizes, local_coupling
from capelib.errors import InputError, unknown
from capelib.estimate import Estimate, percentile_estimate
from capelib.frames import need_columns

SCHEMES = ("pooled", "stratified", "clustered")
MIN_FAMILIES = 5  # drawn whole, fewer give no interval worth drawing: two can be drawn in three ways
ESTIMATORS = ("quadratic", "shared quadratic", "line", "sign change")

_FLAT = 1e-12  # share of a variance below which it is rounding

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CriticalBootstrap:
    """Bootstrap of N_c: `estimate` (parameters; percentile interval and share discarded) and how it was come by.

    `point` is the estimator on the data themselves, `median` that of the kept draws, `draws` all of them in parameters
    (NaN where discarded). Where the data themselves give no N_c the estimate's value is NaN, whatever the resamples do.
    """

    estimate: Estimate
    median: float
    point: CriticalScale
    scheme: str
    draws: Floats = field(repr=False)

    def summary(self) -> str:
        """Value, interval, median and the share of resamples without an N_c, as plain text."""
        return (
            f"N_c by {self.point.estimator}, {self.scheme} bootstrap: {self.estimate:.3g} parameters, "
            f"median {self.median:.3g}; {self.estimate.discarded:.1%} of {self.draws.size} resamples gave none"
        )


def draw_counts(families: ArrayLike, scheme: str, n_boot: int, seed: int) -> NDArray[np.int64]:
    """How often each model is drawn in each resample: array of shape (n_boot, n_models).

    "pooled": n models from all of them together; "stratified": as many from each family as it has; "clustered": as
    many whole families as there are. Drawn with replacement from numpy's Generator seeded with `seed`.

    Raises InputError for another scheme, no models, n_boot below 1, or "clustered" with one family only.
    """
    families = np.asarray(families)
    if scheme not in SCHEMES:
        raise unknown("resampling scheme", scheme, SCHEMES)
    if not families.size or n_boot < 1:
        raise InputError(
            f"a bootstrap needs models and n_boot of at least 1, got {families.size} models, n_boot={n_boot}"
        )
    rng = np.random.default_rng(seed)
    names, code = np.unique(families, return_inverse=True)
    if scheme == "clustered" and names.size < 2:
        raise InputError("drawing whole families needs two or more of them, got one; draw models instead: 'pooled'")
    if scheme == "pooled":
        return _tally(rng.integers(0, families.size, (n_boot, families.size)), families.size)
    if scheme == "clustered":
        return _tally(rng.integers(0, names.size, (n_boot, names.size)), names.size)[:, code]
    # every model's place goes to one of its own family: its members stand together once sorted
    members, size = np.argsort(code, kind="stable"), np.bincount(code)
    first = np.cumsum(size) - size
    chosen = (rng.random((n_boot, families.size)) * size[code]).astype(np.int64) + first[code]
    return _tally(members[chosen], families.size)


def scatter_matrices(values: ArrayLike, counts: ArrayLike, groups: ArrayLike | None = None) -> Floats:
    """Sums of squares and products about the (group) means, for every resample: array of shape (n_boot, k, k).

    `values` has shape (n_models, k), `counts` (n_boot, n_models); with `groups` (n_models,) every group has its own
    mean in every resample, so what is left varies within groups only.
    """
    values, counts = np.asarray(values, float), np.asarray(counts, float)
    codes = np.zeros(len(values), int) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    k = values.shape[1]
    total = np.zeros((len(counts), k * k))
    for group in range(codes.max(initial=-1) + 1):
        own = codes == group
        near = values[own] - values[own].mean(axis=0)  # about the group's mean first: nothing large is subtracted
        weight = counts[:, own]
        size = np.maximum(weight.sum(axis=1), 1.0)
        mean = weight @ near / size[:, None]
        products = (near[:, :, None] * near[:, None, :]).reshape(-1, k * k)
        total += weight @ products - size[:, None] * (mean[:, :, None] * mean[:, None, :]).reshape(-1, k * k)
    return total.reshape(-1, k, k)


def correlations(scatter: Floats) -> Floats:
    """Correlation matrices of scatter matrices, shape (n_boot, k, k); NaN where a score does not vary in a resample."""
    variance = np.einsum("bii->bi", scatter)
    variance = np.where(variance > _FLAT * variance.max(axis=0, initial=0.0), variance, np.nan)
    sd = np.sqrt(variance)
    return np.clip(scatter / (sd[:, :, None] * sd[:, None, :]), -1.0, 1.0)


def partials(r: Floats, x: int, y: int, given: int) -> Floats:
    """Correlation of columns x and y with column `given` held fixed, for every correlation matrix; NaN if undefined."""
    left = (1 - r[:, x, given] ** 2) * (1 - r[:, y, given] ** 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        partial = (r[:, x, y] - r[:, x, given] * r[:, y, given]) / np.sqrt(left)
    return np.where(left > _FLAT, np.clip(partial, -1.0, 1.0), np.nan)


def bootstrap_critical_scale(
    frame: pd.DataFrame,
    estimator: str = "quadratic",
    scheme: str = "stratified",
    x: str = "hellaswag",
    y: str = "truthfulqa",
    n_boot: int = 10_000,
    seed: int = 42,
    level: float = 0.95,
) -> CriticalBootstrap:
    """Percentile interval of N_c in parameters, by resampling models. Amin (2026), App. A.2.

    `frame` needs model, family, n_params and both scores in percent. "quadratic" fits y against log₁₀ N over all models
    drawn. "shared quadratic" does so with a level of its own for every family, so that N_c cannot come from families of
    different levels standing at different sizes (a check that the paper does not make). "line" and "sign change" take
    γ₁₂ between consecutive different sizes drawn of a family: models of equal size averaged first; a model drawn twice
    adds no step, a family drawn twice counts twice in the line. The sign change is read along one family, so it takes
    a frame with one family only. The interval covers which models were drawn, not the noise of their scores; resamples
    without an N_c are left out and their share is `discarded`.

    Raises InputError for an unknown estimator or scheme, a missing column, or several families with "sign change".
    """
    if estimator not in ESTIMATORS:
        raise unknown("estimator", estimator, ESTIMATORS)
    need_columns(frame, ["model", "family", "n_params", x, y])
    if estimator in ("quadratic", "shared quadratic"):
        kept = frame[frame[y].notna()]
        counts = draw_counts(kept["family"], scheme, n_boot, seed)
        log_n, scores = np.log10(kept["n_params"].to_numpy(float)), kept[y].to_numpy(float)
        if estimator == "quadratic":
            point = quadratic_scale(kept["n_params"], scores)
            curvature, vertex = quadratic_vertices(log_n, scores, counts)
        else:
            families = kept["family"].to_numpy()
            at = shared_vertices(log_n, scores, families, np.ones((1, len(kept))))
            point = vertex_scale(*(float(part[0]) for part in at), estimator, len(kept))
            curvature, vertex = shared_vertices(log_n, scores, families, counts)
        draws = _accepted(vertex, curvature)
    else:
        kept = family_sizes(frame, x, y)[0]
        counts = draw_counts(kept["family"], scheme, n_boot, seed)
        steps = local_coupling(frame, x, y).frame
        log_n = np.log10(kept["n_params"].to_numpy(float))
        at, gamma = drawn_steps(kept["family"].to_numpy(), log_n, kept[x].to_numpy(), kept[y].to_numpy(), counts > 0)
        if estimator == "line":
            point = line_scale(steps["n_mid"], steps["gamma"])
            times = counts if scheme == "clustered" else 1.0
            slope, zero = line_zeros(at, gamma, np.where(np.isfinite(gamma), times, 0.0))
            draws = _accepted(zero, slope)
        else:
            if kept["family"].nunique() > 1:
                raise InputError(
                    "the sign change is read along one family, got several; filter the frame to one family"
                )
            point = sign_change_scale(steps["n_mid"], steps["gamma"])
            draws = 10 ** first_crossings(at, gamma)
    method = f"{scheme} bootstrap of models, {n_boot:,} resamples"
    return _result(point.value, draws, method, len(kept), level, point, scheme)


def critical_table(
    frame: pd.DataFrame,
    x: str = "hellaswag",
    y: str = "truthfulqa",
    n_boot: int = 10_000,
    seed: int = 42,
    level: float = 0.95,
) -> pd.DataFrame:
    """`critical_scales` with an interval for every N_c: models of the family drawn with replacement.

    Adds low, high (parameters) and discarded, the share of resamples without an N_c. Low and high are NaN where the
    data give no N_c or more than half of the resamples give none, as happens with three sizes: what is kept then
    repeats the data. With five to eight models the interval is rough.
    """
    table = critical_scales(frame, x, y)
    rows = []
    for found in table.itertuples():
        if found.status != OK:
            rows.append((np.nan, np.nan, np.nan))
            continue
        own = frame[frame["family"] == found.family]
        drawn = bootstrap_critical_scale(own, found.estimator, "pooled", x, y, n_boot, seed, level).estimate
        ends = (drawn.low, drawn.high) if drawn.discarded <= 0.5 else (np.nan, np.nan)
        rows.append((*ends, drawn.discarded))
    return table.join(pd.DataFrame(rows, columns=["low", "high", "discarded"], dtype=float))


def authors_bootstrap(frame: pd.DataFrame, n_boot: int = 10_000, seed: int = 42) -> CriticalBootstrap:
    """The released bootstrap of N_c (scripts/bootstrap_Nc.py), draw for draw; with its data it is one call.

    `frame` holds the 14 points of Pythia, Llama-1 and Llama-2 (table panel_bootstrap_nc: n_params, truthfulqa in
    percent). All points are drawn together with numpy's legacy generator; the quadratic is kept if it opens upwards
    with its minimum strictly between 10⁷ and 10¹² parameters. The value is the median of the kept minima, as there.
    The paper (abstract, App. A.2) calls the interval stratified, with 1,000 resamples.
    """
    need_columns(frame, ["n_params", "truthfulqa"])
    log_n, scores = np.log10(frame["n_params"].to_numpy(float)), frame["truthfulqa"].to_numpy(float)
    n = len(scores)
    # one call gives the stream of n_boot successive choice(n, n); tested
    picked = np.random.RandomState(seed).choice(n, (n_boot, n), replace=True)
    # of fewer than three sizes polyfit makes a quadratic too, but never one that is kept; here they give NaN
    curvature, vertex = quadratic_vertices(log_n, scores, _tally(picked, n))
    draws = _accepted(vertex, curvature)
    method = f"pooled bootstrap of {n} points, {n_boot:,} resamples, released script"
    return _result(_median(draws), draws, method, n, 0.95, quadratic_scale(frame["n_params"], scores), "pooled")


def authors_zero_crossing(frame: pd.DataFrame, n_boot: int = 10_000, seed: int = 42) -> CriticalBootstrap:
    """The released script's second estimate: bootstrap of the zero of a line through γ₁₂ of the 14 points.

    The points are sorted by size regardless of family, so most steps join models of different families; steps with
    |ΔHellaSwag| ≤ 0.5 are dropped, the others drawn with replacement; zeros between 10⁷ and 10¹² parameters are kept
    whatever the slope. The draws continue the stream of `authors_bootstrap`. The paper prints no number from it.
    """
    need_columns(frame, ["n_params", "hellaswag", "truthfulqa"])
    order = np.argsort(frame["n_params"].to_numpy(float), kind="stable")  # equal sizes stay as the table has them
    log_n = np.log10(frame["n_params"].to_numpy(float))[order]
    dx, dy = (np.diff(frame[name].to_numpy(float)[order]) for name in ("hellaswag", "truthfulqa"))
    kept = np.abs(dx) > 0.5
    gamma, at = dy[kept] / dx[kept], ((log_n[:-1] + log_n[1:]) / 2)[kept]
    stream = np.random.RandomState(seed)
    stream.choice(len(log_n), (n_boot, len(log_n)), replace=True)
    counts = _tally(stream.choice(len(gamma), (n_boot, len(gamma)), replace=True), len(gamma))
    draws = _accepted(line_zeros(at, gamma, counts)[1])
    method = f"pooled bootstrap of {len(gamma)} steps across families, {n_boot:,} resamples, released script"
    return _result(_median(draws), draws, method, len(gamma), 0.95, line_scale(10**at, gamma), "pooled")


def shared_vertices(log_n: ArrayLike, y: ArrayLike, families: ArrayLike, counts: ArrayLike) -> tuple[Floats, Floats]:
    """Curvature and vertex (log₁₀ N) of y = α_family + b·ℓ + a·ℓ², ℓ = log₁₀ N, per resample; NaN if undefined."""
    log_n = np.asarray(log_n, float)
    u = log_n - log_n.mean()
    s = scatter_matrices(np.column_stack([u, u * u, y]), counts, families)
    uu, uq, qq, uy, qy = s[:, 0, 0], s[:, 0, 1], s[:, 1, 1], s[:, 0, 2], s[:, 1, 2]
    left = uu * qq - uq**2
    with np.errstate(divide="ignore", invalid="ignore"):
        curvature = np.where(left > _FLAT * uu * qq, (uu * qy - uq * uy) / left, np.nan)
        vertex = log_n.mean() - (qq * uy - uq * qy) / left / (2 * curvature)
    return curvature, vertex


def _accepted(log_nc: Floats, rising: Floats | None = None) -> Floats:
    """N_c in parameters where log₁₀ N_c lies in the range (and `rising` is positive), else NaN."""
    low, high = LOG10_RANGE
    with np.errstate(invalid="ignore", over="ignore"):
        keep = (log_nc > low) & (log_nc < high)
        keep &= True if rising is None else rising > 0
        return np.where(keep, 10.0 ** np.where(keep, log_nc, 0.0), np.nan)


def _result(
    value: float, draws: Floats, method: str, n: int, level: float, point: CriticalScale, scheme: str
) -> CriticalBootstrap:
    return CriticalBootstrap(percentile_estimate(value, draws, method, n, level), _median(draws), point, scheme, draws)


def _median(draws: Floats) -> float:
    kept = draws[np.isfinite(draws)]
    return float(np.median(kept)) if kept.size else float("nan")


def _tally(picked: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Counts of each of n items in every row of drawn indices."""
    rows = len(picked)
    flat = (picked + n * np.arange(rows)[:, None]).ravel()
    return np.bincount(flat, minlength=rows * n).reshape(rows, n)
