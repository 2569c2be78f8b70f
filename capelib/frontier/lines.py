"""A line through the frontier: its intervals, and what they become once models of one lab are not independent."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from capelib.coupling.correlation import correlate, pearson
from capelib.coupling.resample import MIN_FAMILIES, correlations, draw_counts, scatter_matrices
from capelib.errors import InputError
from capelib.estimate import Estimate, percentile_estimate
from capelib.frames import frame_html, need_columns

X, Y = "swe_bench_verified", "gpqa_diamond"


@dataclass(frozen=True)
class Line:
    """y = slope · x + intercept by least squares, models taken as independent.

    slope in points per point and intercept in points, both with 95 % t intervals; r with Fisher's interval; p of r = 0
    (two-sided t test); sd the residual standard deviation (n − 2 degrees of freedom), points. `x_mean` and `x_spread`
    (the sum of squares of x about its mean) are what the line's own uncertainty at a point needs.
    """

    slope: Estimate
    intercept: Estimate
    r: Estimate
    p: float
    sd: float
    n: int
    x_mean: float
    x_spread: float

    def predict(self, x: ArrayLike) -> NDArray[np.float64]:
        """The line's value at x, points."""
        return self.slope.value * np.asarray(x, float) + self.intercept.value

    def leverage(self, x: ArrayLike) -> NDArray[np.float64]:
        """1/n + (x − x̄)²/Σ(x − x̄)²: the variance of the line's value at x in units of sd²."""
        return 1 / self.n + (np.asarray(x, float) - self.x_mean) ** 2 / self.x_spread

    def band(self, x: ArrayLike, level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper end of the interval for the line's value at x (not for a new model), points."""
        half = stats.t.ppf(0.5 + level / 2, self.n - 2) * self.sd * np.sqrt(self.leverage(x))
        return self.predict(x) - half, self.predict(x) + half

    def _repr_html_(self) -> str:
        rows = pd.DataFrame({
            "models": [self.n], "r": [f"{self.r:.2f}"], "slope": [f"{self.slope:.3f}"],
            "intercept": [f"{self.intercept:.1f}"], "residual sd": [f"{self.sd:.1f}"]})  # fmt: skip
        return frame_html(rows, "Least squares, models taken as independent, 95 % intervals")


def fit_line(frame: pd.DataFrame, x: str = X, y: str = Y) -> Line:
    """Least squares of y on x over the models that have both. Amin (2026), App. A.6; companion, Sec. 3.

    Raises InputError for an unknown column, fewer than three models or an x without spread.
    """
    rows = both(frame, x, y)
    fitted = stats.linregress(rows[x], rows[y])
    n = len(rows)
    t = stats.t.ppf(0.975, n - 2)
    slope, intercept = (
        Estimate(float(value), float(value - t * error), float(value + t * error), n=n, method="t interval")
        for value, error in ((fitted.slope, fitted.stderr), (fitted.intercept, fitted.intercept_stderr))
    )
    residual = rows[y] - fitted.intercept - fitted.slope * rows[x]
    return Line(
        slope,
        intercept,
        pearson(rows[x], rows[y]),
        p=float(fitted.pvalue),
        sd=float(np.sqrt((residual**2).sum() / (n - 2))),
        n=n,
        x_mean=float(rows[x].mean()),
        x_spread=float(((rows[x] - rows[x].mean()) ** 2).sum()),
    )


def resampled(
    frame: pd.DataFrame, x: str = X, y: str = Y, scheme: str = "clustered", n_boot: int = 10_000, seed: int = 42
) -> dict[str, Estimate]:
    """slope, intercept and r of the line with percentile intervals from resampling; column `lab`.

    "clustered" draws whole labs, since models of one lab share data and recipe; "pooled" draws models. Resamples with
    fewer than three different models are discarded. With ten labs or fewer clustered intervals are still too narrow.

    Raises InputError as `fit_line`, for an unknown scheme, or for "clustered" with fewer than five labs.
    """
    rows = both(frame, x, y, "lab")
    n_labs = rows["lab"].nunique()
    if scheme == "clustered" and n_labs < MIN_FAMILIES:
        raise InputError(f"drawing whole labs needs {MIN_FAMILIES} of them, got {n_labs}; draw models: 'pooled'")
    line = fit_line(rows, x, y)
    values = rows[[x, y]].to_numpy(float)
    counts = draw_counts(rows["lab"].to_numpy(), scheme, n_boot, seed)
    scatter = scatter_matrices(values, counts)
    usable = ((counts > 0).sum(axis=1) >= 3) & (scatter[:, 0, 0] > 1e-9 * line.x_spread)
    mean = counts @ values / counts.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(usable, scatter[:, 0, 1] / scatter[:, 0, 0], np.nan)
    draws = {
        "slope": slope,
        "intercept": mean[:, 1] - slope * mean[:, 0],
        "r": np.where(usable, correlations(scatter)[:, 0, 1], np.nan),
    }
    unit = f"whole labs ({n_labs})" if scheme == "clustered" else "models"
    how = f"bootstrap of {unit}, {n_boot:,} resamples"
    return {name: percentile_estimate(getattr(line, name).value, found, how, line.n) for name, found in draws.items()}


def r_of(frame: pd.DataFrame, x: str = X, y: str = Y) -> float:
    """Pearson r over the models that have both scores. Raises InputError as `fit_line`."""
    rows = both(frame, x, y)
    return float(correlate(rows[x], rows[y]))


def both(frame: pd.DataFrame, x: str, y: str, *more: str) -> pd.DataFrame:
    """The rows that have x and y (and the columns `more`), at least three of them, with some spread of x."""
    need_columns(frame, (x, y, *more))
    rows = frame.dropna(subset=[x, y, *more])
    if len(rows) < 3 or rows[x].nunique() < 2:
        raise InputError(
            f"a line needs three models with {x} and {y}, and two values of {x}; got {len(rows)} models; add rows"
        )
    return rows
