"""A line where both scores have known errors: the slope and the correlation that noise flattens."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.coupling.resample import MIN_FAMILIES, draw_counts, scatter_matrices
from capelib.errors import InputError
from capelib.estimate import Estimate, percentile_estimate
from capelib.frames import frame_html
from capelib.frontier.lines import X, Y, both


@dataclass(frozen=True)
class NoisyLine:
    """y = slope · ξ + intercept + scatter, x = ξ + error of known size, y likewise.

    slope (points per point), intercept (points) and r, the correlation of the scores without their errors; `scatter`,
    the standard deviation of y about the line that its error does not explain, points. `unit` is what the intervals
    resample: whole labs or, below five of them, models.
    """

    slope: Estimate
    intercept: Estimate
    r: Estimate
    scatter: float
    n: int
    unit: str

    def _repr_html_(self) -> str:
        rows = pd.DataFrame({
            "models": [self.n], "r without errors": [f"{self.r:.2f}"], "slope": [f"{self.slope:.2f}"],
            "intercept": [f"{self.intercept:.1f}"], "scatter": [f"{self.scatter:.1f}"]})  # fmt: skip
        return frame_html(rows, f"Line with errors in both scores; intervals from resampling {self.unit}")


def noisy_line(frame: pd.DataFrame, x: str = X, y: str = Y, n_boot: int = 2000, seed: int = 0) -> NoisyLine:
    """Moments without their errors: slope = s_xy/(s_xx − mean σ²_x), r = s_xy/√((s_xx − mean σ²_x)(s_yy − mean σ²_y)).

    s are sample variances and covariance, σ the standard errors in the columns named x and y with the ending "_se"
    (points); errors of the two scores are taken as independent (different questions). The regression of Akritas and
    Bershady (1996), and Spearman's (1904) correction of r. Resamples in which the errors exceed the spread of a score,
    or with fewer than four different models, are discarded.

    Raises InputError for fewer than five models, a missing column or a standard error below zero.
    """
    rows = both(frame, x, y, f"{x}_se", f"{y}_se", "lab")
    errors = rows[[f"{x}_se", f"{y}_se"]].to_numpy(float)
    if len(rows) < 5 or (errors < 0).any():
        raise InputError(
            f"a line with errors in both scores needs five models and standard errors from 0; got {len(rows)} models"
        )
    values, labs = rows[[x, y]].to_numpy(float), rows["lab"].to_numpy()
    best = _moments(values, errors, np.ones((1, len(rows)), np.int64))[0]
    many = len(np.unique(labs)) >= MIN_FAMILIES
    draws = _moments(values, errors, draw_counts(labs, "clustered" if many else "pooled", n_boot, seed))
    unit = "whole labs" if many else "models"
    how = f"moments less errors; bootstrap of {unit}, {n_boot:,} resamples"
    slope, intercept, r = (percentile_estimate(best[i], draws[:, i], how, len(rows)) for i in range(3))
    return NoisyLine(slope, intercept, r, float(best[3]), len(rows), unit)


def _moments(values: NDArray, errors: NDArray, counts: NDArray) -> NDArray[np.float64]:
    # slope, intercept, r, scatter per resample
    total = counts.sum(axis=1)
    covariance = scatter_matrices(values, counts) / (total - 1)[:, None, None]
    noise = counts @ errors**2 / total[:, None]
    mean = counts @ values / total[:, None]
    vx, vy, c = covariance[:, 0, 0] - noise[:, 0], covariance[:, 1, 1] - noise[:, 1], covariance[:, 0, 1]
    usable = (vx > 0) & (vy > 0) & ((counts > 0).sum(axis=1) >= 4)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(usable, c / vx, np.nan)
        r = np.where(usable, np.clip(c / np.sqrt(vx * vy), -1, 1), np.nan)
        scatter = np.sqrt(np.clip(vy - slope * c, 0, None))
    return np.column_stack([slope, mean[:, 1] - slope * mean[:, 0], r, scatter])
