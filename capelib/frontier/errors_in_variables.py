"""A line where both scores have known errors: the slope that least squares flattens."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from capelib.coupling.resample import draw_counts
from capelib.errors import InputError
from capelib.estimate import Estimate, percentile_estimate
from capelib.frames import frame_html


@dataclass(frozen=True)
class NoisyLine:
    """y = slope · ξ + intercept + scatter, x = ξ + error, with ξ normal and the errors of x and y known.

    slope, intercept (points) and r, the correlation of the scores without their errors; `scatter` is the standard
    deviation of y about the line that its error does not explain, points. Intervals resample whole labs.
    """

    slope: Estimate
    intercept: Estimate
    r: Estimate
    scatter: float
    n: int

    def _repr_html_(self) -> str:
        rows = pd.DataFrame({
            "models": [self.n], "r without errors": [f"{self.r:.2f}"], "slope": [f"{self.slope:.2f}"],
            "intercept": [f"{self.intercept:.1f}"], "scatter": [f"{self.scatter:.1f}"]})  # fmt: skip
        return frame_html(rows, "Line with errors in both scores; intervals from resampling whole labs")


def noisy_line(
    x: ArrayLike, y: ArrayLike, x_se: ArrayLike, y_se: ArrayLike, labs: ArrayLike, n_boot: int = 300, seed: int = 0
) -> NoisyLine:
    """Maximum likelihood for the structural errors-in-variables model.

    Each pair is normal with mean (μ, α + βμ) and covariance [[τ² + sₓ², βτ²], [βτ², β²τ² + σ² + s_y²]]; α, β, μ, τ, σ
    are fitted, the standard errors sₓ, s_y are given (points, shape (n,)). Resamples in which the fit does not settle
    are discarded.

    Raises InputError for fewer than five models or a standard error that is not positive.
    """
    data = np.column_stack([np.asarray(part, float) for part in (x, y, x_se, y_se)])
    if len(data) < 5 or not np.isfinite(data).all() or not (data[:, 2:] > 0).all():
        raise InputError("a line with errors in both scores needs five models with positive standard errors")
    best = _fit(data, np.ones(len(data)))
    counts = draw_counts(np.asarray(labs), "clustered", n_boot, seed)
    draws = np.array([_fit(data, row) if (row > 0).sum() >= 4 else np.full(4, np.nan) for row in counts])
    how = f"maximum likelihood; bootstrap of whole labs ({len(np.unique(labs))}), {n_boot:,} resamples"
    slope, intercept, r = (percentile_estimate(best[i], draws[:, i], how, len(data)) for i in range(3))
    return NoisyLine(slope, intercept, r, float(best[3]), len(data))


def _fit(data: NDArray, weight: NDArray) -> NDArray:
    # (slope, intercept, r, scatter); starts from least squares
    x, y, sx, sy = data.T
    total = weight.sum()
    mx, my = weight @ x / total, weight @ y / total
    vx, cxy = weight @ (x - mx) ** 2 / total, weight @ ((x - mx) * (y - my)) / total
    if vx < 1e-9:
        return np.full(4, np.nan)
    slope = cxy / vx
    left = max(weight @ (y - my - slope * (x - mx)) ** 2 / total, 0.25)

    def cost(p: NDArray) -> float:
        beta, level, mu, log_tau, log_sigma = p
        tau2, sigma2 = np.exp(2 * log_tau), np.exp(2 * log_sigma)
        a, c, b = tau2 + sx**2, beta * tau2, beta**2 * tau2 + sigma2 + sy**2
        det = a * b - c**2
        dx, dy = x - mu, y - level - beta * (mu - mx)
        return float(weight @ (np.log(det) + (b * dx**2 - 2 * c * dx * dy + a * dy**2) / det))

    start = np.array([slope, my, mx, 0.5 * np.log(vx), 0.5 * np.log(left)])
    bounds = [(None, None)] * 3 + [(-3, 6)] * 2
    found = minimize(cost, start, method="L-BFGS-B", bounds=bounds)
    beta, level, _, log_tau, log_sigma = found.x
    tau2, sigma2 = np.exp(2 * log_tau), np.exp(2 * log_sigma)
    r = beta * np.sqrt(tau2) / np.sqrt(beta**2 * tau2 + sigma2)
    return np.array([beta, level - beta * mx, r, np.sqrt(sigma2)])
