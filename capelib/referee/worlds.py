"""What a simulated panel takes from the real one: its families' sizes and trends, and how scores scatter about them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.coupling import coupling_noise, family_sizes, local_coupling, running_coupling, score_sd
from capelib.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Layout:
    """Families of a panel and their smooth trends: time (log10 of parameters), codes, trend_x, trend_y (percent).

    One entry per size, sorted by family and size. `ranges` and `curves` hold each family's sizes' ends and the
    coefficients of its two trends, from which other families like it can be made.
    """

    time: Floats
    codes: NDArray[np.int64]
    trend_x: Floats
    trend_y: Floats
    ranges: Floats
    curves: tuple[tuple[Floats, Floats], ...]

    @property
    def n_families(self) -> int:
        """How many families."""
        return len(self.ranges)

    def alike(self, families: int, sizes: int, rng: np.random.Generator) -> "Layout":
        """New families: each takes a real one's range of sizes and trends, with `sizes` equally spaced sizes."""
        donors = rng.integers(0, self.n_families, families)
        times = [np.linspace(*self.ranges[donor], sizes) for donor in donors]
        x, y = (
            np.concatenate([np.polyval(self.curves[donor][axis], time - self.ranges[donor].mean())
                            for donor, time in zip(donors, times, strict=True)])
            for axis in (0, 1)
        )  # fmt: skip
        codes = np.repeat(np.arange(families), sizes)
        curves = tuple(self.curves[donor] for donor in donors)
        return Layout(np.concatenate(times), codes, x, y, self.ranges[donors], curves)

    def first(self, families: int) -> NDArray[np.bool_]:
        """Which entries belong to the first so many families."""
        return self.codes < families

    def part(self, families: int) -> "Layout":
        """The first so many families alone."""
        own = self.first(families)
        parts = (self.time[own], self.codes[own], self.trend_x[own], self.trend_y[own])
        return Layout(*parts, self.ranges[:families], self.curves[:families])


@dataclass(frozen=True)
class Scatter:
    """What moves scores beside size and item noise: standard deviations.

    x, y : deviation of a model from its family's trend, points, that its item noise does not explain; `spread`: of the
    coupling from family to family, points per point; `coupling` the mean coupling beyond trends, as estimated.
    """

    x: float
    y: float
    spread: float
    coupling: float
    n_families: int


def layout(frame: pd.DataFrame, x: str = "hellaswag", y: str = "truthfulqa", degree: int = 2, sizes: int = 4) -> Layout:
    """The families of a panel with `sizes` sizes or more, their trends polynomials in log10 N of `degree`.

    A family with too few sizes for the degree gets a lower one. Raises InputError for fewer than three families.
    """
    rows = long_enough(frame, x, y, sizes)
    time, codes = np.log10(rows["n_params"].to_numpy(float)), rows["code"].to_numpy()
    ranges, curves, trends = [], [], np.zeros((2, len(rows)))
    for code in range(codes.max() + 1):
        own = codes == code
        ends = time[own].min(), time[own].max()
        at = time[own] - np.mean(ends)
        fits = tuple(np.polyfit(at, rows[name].to_numpy(float)[own], min(degree, own.sum() - 2)) for name in (x, y))
        trends[:, own] = [np.polyval(fit, at) for fit in fits]
        ranges.append(ends)
        curves.append(fits)
    return Layout(time, codes, trends[0], trends[1], np.array(ranges), tuple(curves))


def scatter(
    frame: pd.DataFrame, n_items: Mapping[str, int], shared: float, x: str = "hellaswag", y: str = "truthfulqa",
    degree: int = 2,
) -> Scatter:  # fmt: skip
    """Scatter beyond trends and item noise, by moments, over families with degree + 2 sizes or more.

    Variances of residuals about each family's own trend, less (1 − `shared`) of the item noise. The spread of the
    couplings is DerSimonian and Laird's: of the family slopes S_xy/S_xx, what exceeds their errors.
    """
    rows = long_enough(frame, x, y, degree + 2)
    time = np.log10(rows["n_params"].to_numpy(float))
    sxx, sxy, syy, free, noise = [], [], [], [], np.zeros(2)
    for code in range(rows["code"].max() + 1):
        own = (rows["code"] == code).to_numpy()
        off = residual_maker(time[own], degree)
        a, b = (off @ rows[name].to_numpy(float)[own] for name in (x, y))
        sxx, sxy, syy, free = [*sxx, a @ a], [*sxy, a @ b], [*syy, b @ b], [*free, own.sum() - degree - 1]
        noise += [np.diag(off) @ score_sd(rows[name][own], n_items[name]) ** 2 for name in (x, y)]
    sxx, sxy, syy, free = (np.array(part, float) for part in (sxx, sxy, syy, free))
    coupling = sxy.sum() / sxx.sum()
    # about each family's own slope: about the common one it would hold the spread of the slopes too
    left = (syy - sxy**2 / sxx).sum() / (free - 1).sum()
    own_noise = (1 - shared) * noise / free.sum()
    weight = sxx / left
    mean = weight @ (sxy / sxx) / weight.sum()
    excess = weight @ (sxy / sxx - mean) ** 2 - (len(sxx) - 1)
    spread = np.sqrt(max(excess / (weight.sum() - weight @ weight / weight.sum()), 0.0))
    if spread == 0:  # then all families' slopes are one, and the residuals about it are the better estimate
        left = (syy - 2 * coupling * sxy + coupling**2 * sxx).sum() / (free.sum() - 1)
    sd_x, sd_y = (float(np.sqrt(max(v, 0.0))) for v in (sxx.sum() / free.sum() - own_noise[0], left - own_noise[1]))
    return Scatter(sd_x, sd_y, float(spread), float(coupling), len(sxx))


def running_spread(
    frame: pd.DataFrame, n_items: Mapping[str, int], x: str = "hellaswag", y: str = "truthfulqa"
) -> float:
    """Spread from family to family of γ₁₂ about the weighted running line, points per point, by moments.

    Of the families' weighted mean residuals, what exceeds the error that the scatter of their steps gives them.
    """
    steps = coupling_noise(local_coupling(frame, x, y), n_items, n_draws=100).frame
    steps = steps[np.isfinite(steps["gamma"]) & (steps["gamma_se"] > 0)]
    weight = 1 / steps["gamma_se"].to_numpy(float) ** 2
    line = running_coupling(steps, weights=weight)
    off = steps["gamma"].to_numpy(float) - line.band(np.log10(steps["n_mid"]))["gamma"].to_numpy()
    codes = np.unique(steps["family"], return_inverse=True)[1]
    total = np.bincount(codes, weight)
    mean = np.bincount(codes, weight * off) / total
    within = weight @ (off - mean[codes]) ** 2 / max(len(off) - len(total), 1)
    precision = total / max(within, 1.0)  # item noise alone is the least that a step scatters by
    excess = precision @ mean**2 - (len(total) - 2)
    return float(np.sqrt(max(excess / (precision.sum() - precision @ precision / precision.sum()), 0.0)))


def residual_maker(time: Floats, degree: int) -> Floats:
    """The matrix that takes a polynomial of `degree` in `time` out of a column of numbers."""
    powers = np.vander(time - time.mean(), degree + 1)
    return np.eye(len(time)) - powers @ np.linalg.pinv(powers)


def long_enough(frame: pd.DataFrame, x: str, y: str, sizes: int) -> pd.DataFrame:
    """One row per family and size of the families with `sizes` sizes or more, with the family's number as `code`.

    Raises InputError for fewer than three such families.
    """
    rows = family_sizes(frame, x, y)[0]
    rows = rows[rows.groupby("family")["family"].transform("size") >= sizes]
    if rows["family"].nunique() < 3:
        got = rows["family"].nunique()
        raise InputError(f"three families of {sizes} sizes are needed, got {got}; take more models")
    return rows.assign(code=np.unique(rows["family"], return_inverse=True)[1]).reset_index(drop=True)
