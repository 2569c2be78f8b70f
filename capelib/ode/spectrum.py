"""The typed spectrum of Pythia's correlation matrices: what follows from the numbers, and what they are numbers of."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from capelib.errors import InputError
from capelib.estimate import Estimate

BENCHMARKS = 5  # the trace of a correlation matrix of five benchmarks


@dataclass(frozen=True)
class PowerLaw:
    """λ ∝ N^exponent by least squares on logarithms."""

    exponent: Estimate
    r2: float
    n: int


def spectrum(reported: pd.DataFrame, table: str) -> pd.DataFrame:
    """One typed table, a row per size, its quantities as columns."""
    rows = reported[reported["table_id"] == table]
    if rows.empty:
        raise InputError(f"no typed spectrum {table!r}; allowed: {', '.join(sorted(set(reported['table_id'])))}")
    return rows.pivot(index="n_params", columns="quantity", values="value").reset_index().rename_axis(columns=None)


def power_law(n_params: np.ndarray, values: np.ndarray) -> PowerLaw:
    """Exponent with its 95 % t interval, and R² on logarithms. Amin (2026), App. A.9: λ₂ ∝ N^-0.72."""
    x, y = np.log10(np.asarray(n_params, float)), np.log10(np.asarray(values, float))
    line = stats.linregress(x, y)
    half = stats.t.ppf(0.975, len(x) - 2) * line.stderr
    exponent = Estimate(line.slope, line.slope - half, line.slope + half, n=len(x), method="line through logarithms")
    return PowerLaw(exponent, float(line.rvalue**2), len(x))


def remaining_trace(table: pd.DataFrame) -> pd.Series:
    """What the two typed eigenvalues leave of the trace, 5 - λ₁ - λ₂: room for three eigenvalues of 0 or more."""
    return (BENCHMARKS - table["lambda1"] - table["lambda2"]).set_axis(table["n_params"])


def zero_of_line(n_params: np.ndarray, values: np.ndarray) -> Estimate:
    """The size at which a line through `values` against log₁₀ N reaches zero, parameters, with a Fieller interval."""
    x, y = np.log10(np.asarray(n_params, float)), np.asarray(values, float)
    n, centre = len(x), x.mean()
    line = stats.linregress(x, y)
    spread = ((x - centre) ** 2).sum()
    variance = ((y - line.intercept - line.slope * x) ** 2).sum() / (n - 2)
    t2 = stats.t.ppf(0.975, n - 2) ** 2
    square = line.slope**2 - t2 * variance / spread
    linear, rest = 2 * line.slope * y.mean(), y.mean() ** 2 - t2 * variance / n
    zero = 10.0 ** (-line.intercept / line.slope)
    how = "zero of a line in log N"
    if square <= 0:
        return Estimate(zero, n=n, method=how)
    root = np.sqrt(max(linear**2 - 4 * square * rest, 0.0))
    ends = sorted(10.0 ** (centre + (-linear + sign * root) / (2 * square)) for sign in (-1, 1))
    return Estimate(zero, *ends, n=n, method=how)


def riccati_fixed_points(n_params: np.ndarray, loading: np.ndarray) -> dict[str, float]:
    """Fixed points of dθ/dlog₁₀N = p + qθ + rθ² fitted to the differences of a loading, two ways of placing θ.

    Complex roots mean that the fitted flow has no fixed point; they are given as NaN.
    """
    time, theta = np.log10(np.asarray(n_params, float)), np.asarray(loading, float)
    slopes = np.diff(theta) / np.diff(time)
    places = {"mid-step": (theta[1:] + theta[:-1]) / 2, "smaller size": theta[:-1]}
    found = {}
    for degree, law in ((1, "linear flow"), (2, "Riccati flow")):
        for place, at in places.items():
            roots = np.roots(np.polyfit(at, slopes, degree))
            for order, root in enumerate(sorted(roots, key=lambda r: r.real), start=1):
                name = f"{law}, θ at the {place}" + (f", root {order}" if degree > 1 else "")
                found[name] = float(root.real) if abs(root.imag) < 1e-9 else np.nan
    return found


def five_score_spectrum(panel: pd.DataFrame, benchmarks: list[str]) -> np.ndarray:
    """Eigenvalues of the correlation matrix over the sizes of one family, largest first: one matrix for all sizes.

    A correlation needs several observations; one size gives one score per benchmark, hence no matrix of its own.
    """
    return np.sort(np.linalg.eigvalsh(np.corrcoef(panel[benchmarks].dropna().to_numpy(float).T)))[::-1]


def participation(scores: pd.DataFrame, correlation: bool = False) -> float:
    """(Σλ)²/Σλ² of the covariance (or correlation) matrix of scores (n, k)."""
    values = np.linalg.eigvalsh(np.corrcoef(scores.T) if correlation else np.cov(scores.T))
    return float(values.sum() ** 2 / (values**2).sum())
