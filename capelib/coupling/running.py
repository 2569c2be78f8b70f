"""Running coupling: a line through local couplings against log₁₀ N, and where it crosses zero."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from capelib.coupling.local import LocalCoupling
from capelib.coupling.resample import MIN_FAMILIES, draw_counts
from capelib.errors import InputError
from capelib.estimate import Estimate, percentile_estimate
from capelib.frames import need_columns

_DECADES = 100  # a zero of the running coupling beyond 10^±100 parameters is no scale at all


@dataclass(frozen=True)
class RunningFit:
    """Line through local couplings against log₁₀ N, with its zero.

    slope in γ₁₂ per decade, intercept in γ₁₂ at N = 1, nc in parameters; r2 the share of variance explained, n the
    number of steps; `covariance` of (slope, intercept), shape (2, 2).
    """

    slope: Estimate
    intercept: Estimate
    nc: Estimate
    r2: float
    n: int
    covariance: NDArray[np.float64]
    notes: tuple[str, ...] = ()

    def band(self, log10_params: ArrayLike) -> pd.DataFrame:
        """The line and its confidence band: columns log10_params, gamma, gamma_low, gamma_high."""
        at = np.asarray(log10_params, float)
        gamma = self.slope.value * at + self.intercept.value
        design = np.column_stack([at, np.ones_like(at)])
        spread = np.sqrt(np.einsum("ij,jk,ik->i", design, self.covariance, design))
        half = stats.t.ppf(0.5 + self.slope.level / 2, self.n - 2) * spread
        return pd.DataFrame({"log10_params": at, "gamma": gamma, "gamma_low": gamma - half, "gamma_high": gamma + half})

    def summary(self) -> str:
        """Slope, intercept, zero and R² as plain text."""
        return (
            f"gamma = {self.slope:.3f} * log10(N) + {self.intercept:.3f}; R2 = {self.r2:.3f}; "
            f"N_c = {self.nc:.3g} parameters; {self.n} steps"
        )


def running_coupling(
    steps: LocalCoupling | pd.DataFrame, weights: ArrayLike | None = None, level: float = 0.95
) -> RunningFit:
    """Running coupling γ₁₂(N) = slope · log₁₀ N + intercept, fitted by (weighted) least squares to local couplings.

    N is the geometric mean of the two sizes of a step; N_c = 10^(−intercept / slope). This is the same line as the
    paper's γ₀ · log₁₀(N / N_c), Amin (2026), Sec. 2, with γ₀ the slope. `weights`: one per step, for instance 1/σ².
    Intervals assume independent normal scatter about the line (t with n − 2 degrees of freedom); that of N_c is
    Fieller's and is absent where the slope cannot be told from zero. Neighbouring steps share a model, so their errors
    are not independent: read the intervals as a lower bound. Steps without a coupling are left out and noted.

    Raises InputError if fewer than three steps have a coupling, or if they all have the same size.
    """
    frame = steps.frame if isinstance(steps, LocalCoupling) else steps
    need_columns(frame, ["n_mid", "gamma"])
    gamma, at = frame["gamma"].to_numpy(float), np.log10(frame["n_mid"].to_numpy(float))
    weight = np.ones(len(gamma)) if weights is None else np.asarray(weights, float)
    if weight.shape != gamma.shape:
        raise InputError(f"weights must have one entry per step ({len(gamma)}), got {weight.size}; pass one per row")
    use = np.isfinite(gamma)
    if not (np.isfinite(weight[use]).all() and (weight[use] > 0).all()):
        raise InputError("weights must be positive and finite, got others; drop those steps first")
    gamma, at, weight = gamma[use], at[use], weight[use]
    n = len(gamma)
    if n < 3 or np.ptp(at) == 0:
        raise InputError(f"a line needs at least three steps of different size, got {n}; add sizes or families")
    line, covariance = np.polyfit(at, gamma, 1, w=np.sqrt(weight), cov=True)
    left = np.sum(weight * (gamma - np.polyval(line, at)) ** 2)
    total = np.sum(weight * (gamma - np.average(gamma, weights=weight)) ** 2)
    t = float(stats.t.ppf(0.5 + level / 2, n - 2))
    slope, intercept = (
        Estimate(float(value), float(value - half), float(value + half), level, n, "least squares, t interval")
        for value, half in zip(line, t * np.sqrt(np.diag(covariance)), strict=True)
    )
    ends = np.sort(fieller(-line[1], line[0], covariance[1, 1], covariance[0, 0], -covariance[0, 1], t))
    bounded = bool(np.abs(ends).max() < _DECADES)
    zero = -line[1] / line[0] if abs(line[1]) < _DECADES * abs(line[0]) else np.nan
    low, high = (10.0**ends).tolist() if bounded else (None, None)
    how = "zero of the line, " + ("Fieller interval" if bounded else "no interval: the slope cannot be told from zero")
    notes = () if use.all() else (f"{int((~use).sum())} steps without a coupling left out",)
    r2 = float(1 - left / total) if total > 0 else float("nan")
    return RunningFit(slope, intercept, Estimate(float(10**zero), low, high, level, n, how), r2, n, covariance, notes)


def running_coupling_clustered(
    steps: LocalCoupling | pd.DataFrame,
    weights: ArrayLike | None = None,
    n_boot: int = 10_000,
    seed: int = 42,
    level: float = 0.95,
) -> tuple[Estimate, Estimate]:
    """Slope and zero of `running_coupling` with intervals from drawing whole families, not steps.

    Steps of a family share models, data and recipe; this is the interval that admits it. Resamples whose line does not
    rise have no critical scale and are discarded for the zero.

    Raises InputError as `running_coupling`, and for fewer than five families: drawn whole, they would give an interval
    that is narrower the less is known.
    """
    frame = steps.frame if isinstance(steps, LocalCoupling) else steps
    line = running_coupling(frame, weights, level)
    gamma, at = frame["gamma"].to_numpy(float), np.log10(frame["n_mid"].to_numpy(float))
    weight = np.ones(len(gamma)) if weights is None else np.asarray(weights, float)
    use = np.isfinite(gamma)
    gamma, at, weight = gamma[use], at[use], weight[use]
    n_families = frame["family"][use].nunique()
    if n_families < MIN_FAMILIES:
        raise InputError(
            f"an interval from drawing whole families needs {MIN_FAMILIES} of them or more, got {n_families}; "
            "add families"
        )
    centre = np.average(at, weights=weight)
    at = at - centre
    drawn = draw_counts(frame["family"].to_numpy()[use], "clustered", n_boot, seed) * weight
    total, sx, sy = drawn.sum(axis=1), drawn @ at, drawn @ gamma
    spread = drawn @ at**2 - sx**2 / total
    slope = np.divide(drawn @ (at * gamma) - sx * sy / total, spread, out=np.full(n_boot, np.nan), where=spread > 1e-12)
    intercept = (sy - slope * sx) / total
    with np.errstate(divide="ignore", invalid="ignore"):
        zero = centre - intercept / slope
    zero = np.where((slope > 0) & (np.abs(zero) < _DECADES), zero, np.nan)
    how = f"bootstrap of whole families ({n_families}), {n_boot:,} resamples"
    nc = percentile_estimate(np.log10(line.nc.value) if line.nc.value > 0 else np.nan, zero, how, line.n, level)
    ends = (None, None) if nc.low is None else (10.0**nc.low, 10.0**nc.high)
    return (
        percentile_estimate(line.slope.value, slope, how, line.n, level),
        Estimate(line.nc.value, *ends, level, line.n, how, nc.discarded),
    )


def fieller(
    top: ArrayLike, bottom: ArrayLike, var_top: ArrayLike, var_bottom: ArrayLike, covariance: ArrayLike, quantile: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fieller's interval for the ratio of two normal estimates: all q with |top − q·bottom| ≤ z·sd(top − q·bottom).

    Where the denominator is within `quantile` standard errors of zero the set of such q is unbounded: (−inf, inf).
    """
    top, bottom, var_top, var_bottom, covariance = np.broadcast_arrays(
        *(np.asarray(part, float) for part in (top, bottom, var_top, var_bottom, covariance))
    )
    z2 = quantile**2
    a = bottom**2 - z2 * var_bottom
    b = top * bottom - z2 * covariance
    c = top**2 - z2 * var_top
    bounded = a > 0
    safe = np.where(bounded, a, 1.0)
    root = np.sqrt(np.clip(b**2 - a * c, 0, None))
    return np.where(bounded, (b - root) / safe, -np.inf), np.where(bounded, (b + root) / safe, np.inf)
