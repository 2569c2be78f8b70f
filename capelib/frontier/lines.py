"""A line through the frontier: its intervals, and what they become once models of one lab are not independent."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from capelib.coupling import partial_correlation
from capelib.coupling.correlation import correlate, pearson
from capelib.coupling.resample import draw_counts
from capelib.errors import InputError
from capelib.estimate import Estimate, percentile_estimate
from capelib.frames import frame_html, need_columns

X, Y = "swe_bench_verified", "gpqa_diamond"


@dataclass(frozen=True)
class Line:
    """y = slope · x + intercept by least squares.

    slope in points per point, intercept in points, both with 95 % t intervals; r with Fisher's interval; p of r = 0 (t
    test); sd the residual standard deviation (n - 2), points. All take models as independent.
    """

    slope: Estimate
    intercept: Estimate
    r: Estimate
    p: float
    sd: float
    n: int

    def predict(self, x: NDArray) -> NDArray:
        """The line's value at x."""
        return self.slope.value * np.asarray(x, float) + self.intercept.value

    def _repr_html_(self) -> str:
        rows = pd.DataFrame({
            "models": [self.n], "r": [f"{self.r:.2f}"], "slope": [f"{self.slope:.3f}"],
            "intercept": [f"{self.intercept:.1f}"], "residual sd": [f"{self.sd:.1f}"]})  # fmt: skip
        return frame_html(rows, "Least squares, models taken as independent, 95 % intervals")


def fit_line(frame: pd.DataFrame, x: str = X, y: str = Y) -> Line:
    """Least squares of y on x over the models that have both. Amin (2026), App. A.6; companion Eq. 2.

    Raises InputError for fewer than three models or an x without spread.
    """
    rows = _both(frame, x, y)
    fitted = stats.linregress(rows[x], rows[y])
    n = len(rows)
    t = stats.t.ppf(0.975, n - 2)
    how = "least squares, t interval"
    slope = Estimate(fitted.slope, fitted.slope - t * fitted.stderr, fitted.slope + t * fitted.stderr, n=n, method=how)
    half = t * fitted.intercept_stderr
    intercept = Estimate(fitted.intercept, fitted.intercept - half, fitted.intercept + half, n=n, method=how)
    residual = rows[y] - fitted.intercept - fitted.slope * rows[x]
    sd = float(np.sqrt((residual**2).sum() / (n - 2)))
    return Line(slope, intercept, pearson(rows[x], rows[y]), float(fitted.pvalue), sd, n)


def clustered(
    frame: pd.DataFrame, x: str = X, y: str = Y, n_boot: int = 10_000, seed: int = 42
) -> dict[str, Estimate]:
    """slope, intercept and r with intervals from resampling whole labs; column `lab`.

    Resamples with fewer than three different models are discarded. With ten labs such intervals are still too narrow.
    """
    rows = _both(frame, x, y)
    a, b = rows[x].to_numpy(float), rows[y].to_numpy(float)
    counts = draw_counts(rows["lab"].to_numpy(), "clustered", n_boot, seed).astype(float)
    total = counts.sum(axis=1)
    mx, my = counts @ a / total, counts @ b / total
    cxx, cyy = counts @ a**2 / total - mx**2, counts @ b**2 / total - my**2
    cxy = counts @ (a * b) / total - mx * my
    enough = (counts > 0).sum(axis=1) >= 3
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(enough, cxy / cxx, np.nan)
        r = np.where(enough, cxy / np.sqrt(cxx * cyy), np.nan)
    line, how = fit_line(rows, x, y), f"bootstrap of whole labs ({rows['lab'].nunique()}), {n_boot:,} resamples"
    return {
        "slope": percentile_estimate(line.slope.value, slope, how, line.n),
        "intercept": percentile_estimate(line.intercept.value, my - slope * mx, how, line.n),
        "r": percentile_estimate(line.r.value, r, how, line.n),
    }


def per_lab(frame: pd.DataFrame, x: str = X, y: str = Y, least: int = 3) -> pd.DataFrame:
    """A line within every lab that has `least` models: lab, n, slope, slope_low, slope_high, r (t intervals)."""
    rows = _both(frame, x, y)
    found = []
    for lab, own in rows.groupby("lab", sort=True):
        if len(own) >= least:
            line = fit_line(own, x, y)
            ends = line.slope.low, line.slope.high
            found.append((lab, len(own), line.slope.value, *ends, line.r.value))
    return pd.DataFrame(found, columns=["lab", "n", "slope", "slope_low", "slope_high", "r"])


def leave_one_lab_out(frame: pd.DataFrame, x: str = X, y: str = Y, least: int = 1) -> pd.DataFrame:
    """Errors on each lab's models of the line through all other labs: lab, n, mae (points), bias (points).

    `least` models make a lab one that is left out; all labs are learned from. Amin (2026), App. A.6, leaves out labs
    with at least three models.
    """
    rows = _both(frame, x, y)
    found = []
    for lab, own in rows.groupby("lab", sort=True):
        if len(own) >= least:
            off = own[y] - fit_line(rows[rows["lab"] != lab], x, y).predict(own[x])
            found.append((lab, len(own), float(off.abs().mean()), float(off.mean())))
    return pd.DataFrame(found, columns=["lab", "n", "mae", "bias"])


def given_date(frame: pd.DataFrame, x: str = X, y: str = Y) -> Estimate:
    """Correlation of x and y with the release date held: later models score higher on everything."""
    rows = _both(frame, x, y).dropna(subset=["year"])
    return partial_correlation(rows[x], rows[y], rows["year"]).r


def decimal_year(dates: pd.Series) -> pd.Series:
    """Dates of year, month or day precision as a year with decimals, taken at the middle of what is known.

    >>> decimal_year(pd.Series(["2025", "2025-07", "2025-07-01"])).round(2).tolist()
    [2025.5, 2025.54, 2025.5]
    """
    parts = dates.astype("string").str.split("-", expand=True).reindex(columns=range(3)).astype("Float64")
    year, month, day = (parts[column] for column in range(3))
    inside = ((month - 1) + ((day - 1) / 30.4).fillna(0.5)) / 12
    return (year + inside.fillna(0.5)).astype(float)


def r_of(frame: pd.DataFrame, x: str = X, y: str = Y) -> float:
    """Pearson r over the models that have both scores."""
    rows = _both(frame, x, y)
    return float(correlate(rows[x], rows[y]))


def _both(frame: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    need_columns(frame, (x, y))
    rows = frame.dropna(subset=[x, y])
    if len(rows) < 3 or rows[x].nunique() < 2:
        raise InputError(f"a line needs three models with {x} and {y} and some spread of {x}; got {len(rows)}")
    return rows
