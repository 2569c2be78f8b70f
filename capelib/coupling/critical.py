"""Critical scale N_c: three readings of "where the coupling crosses zero", each with what it assumes.

Every estimator exists twice: for many resamples at once (arrays of log₁₀ N in and out, NaN where there is none) and for
one data set, with the reason in words where there is no N_c.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from capelib.coupling.local import local_coupling
from capelib.errors import InputError

LOG10_RANGE = (7.0, 12.0)  # where the authors' script accepts a minimum, ends excluded
OK = "ok"
NO_SIGN_CHANGE = "no sign change"
OPENS_DOWNWARD = "opens downward"
SLOPE_NOT_POSITIVE = "slope not positive"
OUTSIDE_RANGE = "outside range"
TOO_FEW = "too few sizes"
NO_CURVATURE = "no curvature"
_CLOSE = 1e-4  # mean squares, sizes scaled to reach 1, below which moments about the overall mean lose digits
_DEGENERATE = 1e-12  # share of curvature left after constant and slope; below it there are not three different sizes

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CriticalScale:
    """N_c by one estimator: `value` in parameters, NaN unless `status` is "ok"; `note` says more.

    `coefficients` are those of the fitted curve in log₁₀ N, highest power first (none for the sign change).
    """

    value: float
    status: str
    estimator: str
    n: int
    note: str = ""
    coefficients: tuple[float, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is an N_c."""
        return self.status == OK

    def __str__(self) -> str:
        found = f"{self.value:.3g} parameters" if self.ok else f"none, {self.status}"
        return f"N_c by {self.estimator}: {found}" + (f" ({self.note})" if self.note else "")


def sign_change_scale(n_mid: ArrayLike, gamma: ArrayLike) -> CriticalScale:
    """First change of γ₁₂ from negative to positive along one family, interpolated linearly in log₁₀ N.

    Assumes that the sign of every step is known: no smoothing, so item noise moves it. `n_mid` (parameters) and
    `gamma` (slope) hold the family's steps; steps without a coupling (NaN) are stepped over. A step with γ₁₂ = 0 counts
    as the crossing if the next coupling that is not zero is positive. Amin (2026), Sec. 2.1: "scale where coupling
    crosses zero"; the paper does not say how it was read off.
    """
    mid, slopes = _sorted_pairs(n_mid, gamma)
    if not len(slopes):
        return CriticalScale(np.nan, TOO_FEW, "sign change", 0, "no step with a coupling")
    crossing = float(first_crossings(mid, slopes)[0])
    signs = np.sign(slopes[slopes != 0])
    changes = int(np.sum(signs[1:] != signs[:-1]))
    if np.isfinite(crossing):
        note = "" if changes == 1 else f"the sign changes {changes} times; this is the first from negative to positive"
        return CriticalScale(10**crossing, OK, "sign change", len(slopes), note)
    if not len(signs):
        note = "zero at every step"
    elif changes:
        note = "positive at first, negative at the end"
    else:
        note = "already positive at the first step" if signs[0] > 0 else "never positive"
    return CriticalScale(np.nan, NO_SIGN_CHANGE, "sign change", len(slopes), note)


def quadratic_scale(n_params: ArrayLike, y: ArrayLike) -> CriticalScale:
    """Minimum of y = a·ℓ² + b·ℓ + c with ℓ = log₁₀ N: N_c = 10^(−b / 2a), fitted by least squares.

    Assumes a U-shape symmetric in log₁₀ N over all sizes and that the reasoning score grows with N, so that the turn of
    y is the zero of γ₁₂; it does not look at the reasoning score. y in percent. Valid if a > 0 and 10⁷ < N_c < 10¹².
    This is what the authors' released bootstrap fits; the paper, App. A.2, calls it fitting the zero-crossing.
    """
    log_n, scores = _sorted_pairs(n_params, y)
    n = len(scores)
    if len(np.unique(log_n)) < 3:
        return vertex_scale(np.nan, np.nan, "quadratic", n)
    curvature, vertex = (float(part[0]) for part in quadratic_vertices(log_n, scores, np.ones((1, n))))
    if curvature == 0:
        return CriticalScale(np.nan, NO_CURVATURE, "quadratic", n, "the scores lie on a straight line in log N")
    constant = float(np.mean(scores - curvature * (log_n**2 - 2 * vertex * log_n)))
    return vertex_scale(curvature, vertex, "quadratic", n, constant)


def vertex_scale(
    curvature: float, vertex: float, estimator: str, n: int, constant: float = float("nan")
) -> CriticalScale:
    """N_c from the curvature and vertex (log₁₀ N) of a quadratic: why there is one, or why not."""
    coefficients = (curvature, -2 * curvature * vertex, constant)
    if np.isnan(curvature):
        return CriticalScale(np.nan, TOO_FEW, estimator, n, "a quadratic needs three different sizes")
    if not curvature > 0:
        return CriticalScale(np.nan, OPENS_DOWNWARD, estimator, n, "", coefficients)
    return _within_range(vertex, estimator, n, coefficients)


def line_scale(n_mid: ArrayLike, gamma: ArrayLike) -> CriticalScale:
    """Zero of the line γ₁₂ = γ₀·(ℓ − ℓ_c), ℓ = log₁₀ of the mid-size, by least squares: N_c = 10^ℓ_c.

    Assumes that γ₁₂ is linear in log₁₀ N (the paper's running coupling, Sec. 2 and App. A.1) and that every step is
    equally certain, although steps with a small ΔHellaSwag are far noisier. Valid if γ₀ > 0 and 10⁷ < N_c < 10¹².
    """
    mid, slopes = _sorted_pairs(n_mid, gamma)
    n = len(slopes)
    if len(np.unique(mid)) < 2:
        return CriticalScale(np.nan, TOO_FEW, "line", n, "a line needs two different mid-sizes")
    slope, zero = (float(part[0]) for part in line_zeros(mid, slopes, np.ones((1, n))))
    if not slope > 0:
        return CriticalScale(np.nan, SLOPE_NOT_POSITIVE, "line", n, "", (slope, -slope * zero))
    return _within_range(zero, "line", n, (slope, -slope * zero))


def critical_scales(frame: pd.DataFrame, x: str = "hellaswag", y: str = "truthfulqa") -> pd.DataFrame:
    """N_c of every family by all three estimators; one row per family and estimator.

    Columns family, estimator, n_params (N_c, NaN if none), status, note, n (sizes or steps used), n_models. The frame
    needs model, family, n_params and both scores in percent. Amin (2026), Table 1, does not name its estimator.
    """
    steps = local_coupling(frame, x, y).frame
    rows = []
    for family, models in frame.groupby("family", sort=True):
        own = steps[steps["family"] == family]
        for found in (
            sign_change_scale(own["n_mid"], own["gamma"]),
            quadratic_scale(models["n_params"], models[y]),
            line_scale(own["n_mid"], own["gamma"]),
        ):
            rows.append((family, found.estimator, found.value, found.status, found.note, found.n, len(models)))
    return pd.DataFrame(rows, columns=["family", "estimator", "n_params", "status", "note", "n", "n_models"])


def quadratic_vertices(log_n: ArrayLike, y: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
    """Curvature a and vertex −b/2a of the weighted quadratic for every row of `weights`, shape (n_resamples, n).

    With u the log-size centred on its weighted mean, the part of u² orthogonal to 1 and u is p = u² − s·u − ⟨u²⟩,
    s = ⟨u³⟩/⟨u²⟩; then a = ⟨p·y⟩/⟨p²⟩ and the vertex lies at s/2 − ⟨u·y⟩/(2a⟨u²⟩). All averages follow from eight
    moments about the overall mean, one matrix product for all resamples; the few whose sizes lie close together, where
    that would lose digits, are centred one by one. NaN where a resample holds fewer than three different sizes.
    """
    log_n, y, weights = np.asarray(log_n, float), np.asarray(y, float), np.asarray(weights, float)
    centre, level = log_n.mean(), y.mean()
    reach = np.max(np.abs(log_n - centre), initial=0.0) or 1.0
    z, t = (log_n - centre) / reach, y - level
    z2 = z * z
    columns = np.stack([np.ones_like(z), z, z2, z2 * z, z2 * z2, t, t * z, t * z2], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        # in small pieces: for one large product BLAS wakes its threads, which costs more than it saves
        pieces = np.array_split(weights, 1 + weights.size // 16_384)
        total, *moments = np.concatenate([columns.T @ piece.T for piece in pieces], axis=1)
        m1, m2, m3, m4, t0, t1, t2 = (moment / total for moment in moments)
        q = m1 * m1
        c2, c3, c4 = m2 - q, m3 - m1 * (3 * m2 - 2 * q), m4 - m1 * (4 * m3 - m1 * (6 * m2 - 3 * q))
        d1 = t1 - m1 * t0
        d2 = t2 - 2 * m1 * t1 + q * t0 - c2 * t0
        skew = c3 / c2
        p2 = c4 - skew * c3 - c2 * c2
        curvature = (d2 - skew * d1) / p2
        vertex = centre + reach * (m1 + skew / 2 - d1 / (2 * curvature * c2))
        curvature = curvature / reach**2
        close = np.flatnonzero(~((p2 > _CLOSE) & (c2 > _CLOSE)))
    if close.size:
        curvature[close], vertex[close] = _centred_vertices(log_n, y, weights[close])
    return curvature, vertex


def _centred_vertices(log_n: Floats, y: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """The same, with every resample centred on its own mean before anything is squared."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = weights / weights.sum(axis=1, keepdims=True)
        centre = share @ log_n
        u = log_n - centre[:, None]
        u2, u3 = (share * u**2).sum(axis=1), (share * u**3).sum(axis=1)
        skew = u3 / u2
        p = u * (u - skew[:, None]) - u2[:, None]
        p2 = (share * p * p).sum(axis=1)
        curvature = np.where(p2 > _DEGENERATE * u2**2, (share * p) @ y / p2, np.nan)
        vertex = centre + skew / 2 - (share * u) @ y / (2 * curvature * u2)
    return curvature, vertex


def line_zeros(log_mid: ArrayLike, gamma: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
    """Slope and zero of the weighted line through γ₁₂ for every row of `weights`, shape (n_resamples, n).

    `log_mid` and `gamma` have shape (n,), or (n_resamples, n) where the steps themselves differ between resamples;
    where a weight is 0 they may be NaN. NaN where fewer than two different mid-sizes are left.
    """
    weights = np.asarray(weights, float)
    used = weights > 0
    log_mid, gamma = (np.where(used, np.asarray(part, float), 0.0) for part in (log_mid, gamma))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = weights / weights.sum(axis=1, keepdims=True)
        centre = (share * log_mid).sum(axis=1)
        mean = (share * gamma).sum(axis=1)
        u = np.where(used, log_mid - centre[:, None], 0.0)
        u2 = (share * u * u).sum(axis=1)
        slope = np.where(u2 > _DEGENERATE, (share * u * gamma).sum(axis=1) / u2, np.nan)
        return slope, centre - mean / slope


def first_crossings(log_mid: ArrayLike, gamma: ArrayLike) -> Floats:
    """Where γ₁₂ first goes from negative to positive, as log₁₀ N, for every row; NaN where it never does.

    Shapes (n_steps,) or (n_resamples, n_steps), each row one family's steps sorted by size; NaN steps are skipped.
    """
    gamma = np.atleast_2d(np.asarray(gamma, float))
    log_mid = np.broadcast_to(np.asarray(log_mid, float), gamma.shape)
    n = gamma.shape[1]
    at = np.arange(n)
    decided = np.isfinite(gamma) & (gamma != 0)
    last = np.maximum.accumulate(np.where(decided, at, -1), axis=1)
    before = np.concatenate([np.full((len(gamma), 1), -1), last[:, :-1]], axis=1)
    sign_before = np.where(before >= 0, np.sign(np.take_along_axis(gamma, np.maximum(before, 0), axis=1)), 0)
    up = decided & (gamma > 0) & (sign_before < 0)
    rows = np.flatnonzero(up.any(axis=1))
    low = before[rows, up[rows].argmax(axis=1)]
    follows = np.isfinite(gamma[rows]) & (at > low[:, None])  # a step with γ = 0 ends the interpolation
    high = follows.argmax(axis=1)
    g0, g1 = gamma[rows, low], gamma[rows, high]
    m0, m1 = log_mid[rows, low], log_mid[rows, high]
    result = np.full(len(gamma), np.nan)
    result[rows] = m0 + (m1 - m0) * g0 / (g0 - g1)
    return result


def drawn_steps(
    families: NDArray, log_n: Floats, x: Floats, y: Floats, drawn: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """log₁₀ mid-size and γ₁₂ of the step that ends at each size drawn, both (n_resamples, n_sizes); NaN where none.

    One row of the data per size, sorted by family and size. A step joins a size drawn with the next smaller one drawn
    of its family; where Δx = 0 it has no coupling.
    """
    start = np.searchsorted(families, families)
    last = np.maximum.accumulate(np.where(drawn, np.arange(len(log_n)), -1), axis=1)
    before = np.concatenate([np.full((len(drawn), 1), -1), last[:, :-1]], axis=1)
    valid = drawn & (before >= start)
    before = np.maximum(before, 0)
    dx, dy = x - x[before], y - y[before]
    valid &= ~np.isclose(dx, 0.0, atol=1e-9)
    gamma = np.divide(dy, dx, out=np.full(dx.shape, np.nan), where=valid)
    return np.where(valid, (log_n + log_n[before]) / 2, np.nan), gamma


def _within_range(log_nc: float, estimator: str, n: int, coefficients: tuple[float, ...]) -> CriticalScale:
    low, high = LOG10_RANGE
    if low < log_nc < high:
        return CriticalScale(10**log_nc, OK, estimator, n, "", coefficients)
    return CriticalScale(np.nan, OUTSIDE_RANGE, estimator, n, f"at 10^{log_nc:.1f} parameters", coefficients)


def _sorted_pairs(sizes: ArrayLike, values: ArrayLike) -> tuple[Floats, Floats]:
    sizes, values = np.asarray(sizes, float), np.asarray(values, float)
    if sizes.shape != values.shape or sizes.ndim != 1:
        raise InputError(
            f"sizes and values must be two columns of equal length, got shapes {sizes.shape}, {values.shape}"
        )
    if not (sizes[np.isfinite(values)] > 0).all():
        raise InputError("sizes must be positive numbers of parameters, got others; give n_params, not its logarithm")
    keep = np.isfinite(values)
    order = np.argsort(sizes[keep], kind="stable")
    return np.log10(sizes[keep][order]), values[keep][order]
