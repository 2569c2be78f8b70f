"""Labs: a line in each, one line for the others, and whether the slopes differ by more than their scatter."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from capelib.errors import InputError
from capelib.estimate import Estimate
from capelib.frames import frame_html
from capelib.frontier.lines import X, Y, both, fit_line


def per_lab(frame: pd.DataFrame, x: str = X, y: str = Y, least: int = 3) -> pd.DataFrame:
    """A line within every lab that has `least` models: lab, n, slope, low, high (t interval), r.

    without_low, without_high are the smallest and the largest slope when one model of the lab is left out (four models
    or more). Amin (2026), companion, Sec. 4.2.
    """
    rows, found = both(frame, x, y, "lab"), []
    for lab, own in rows.groupby("lab", sort=True):
        if len(own) < least or own[x].nunique() < 2:
            continue
        line = fit_line(own, x, y)
        # two models are always on a line, so a lab of three has no slope without one
        without = [_slope(own.drop(place), x, y) for place in own.index] if len(own) > 3 else [float("nan")]
        found.append({
            "lab": lab, "n": len(own), "slope": line.slope.value, "low": line.slope.low, "high": line.slope.high,
            "r": line.r.value, "without_low": min(without), "without_high": max(without)})  # fmt: skip
    return pd.DataFrame(found, columns=["lab", "n", "slope", "low", "high", "r", "without_low", "without_high"])


def leave_one_lab_out(frame: pd.DataFrame, x: str = X, y: str = Y, least: int = 1) -> pd.DataFrame:
    """Errors on each lab's models of the line through all other labs: lab, n, mae and bias (points).

    `least` models make a lab one that is left out; all labs are learned from. Amin (2026), App. A.6, leaves out labs
    with at least three models.
    """
    rows, found = both(frame, x, y, "lab"), []
    for lab, own in rows.groupby("lab", sort=True):
        if len(own) >= least:
            off = own[y] - fit_line(rows[rows["lab"] != lab], x, y).predict(own[x])
            found.append((lab, len(own), float(off.abs().mean()), float(off.mean())))
    return pd.DataFrame(found, columns=["lab", "n", "mae", "bias"])


def of_labs(errors: ArrayLike) -> dict[str, Estimate]:
    """Every interval that may stand behind a printed "mean error over labs": mean ± SD (both kinds), t, bootstrap free.

    `errors` (points) has one entry per lab.
    """
    e = np.asarray(errors, float)
    mean, n = float(e.mean()), len(e)
    halves = {
        "mean ± SD over labs (divided by n)": e.std(),
        "mean ± SD over labs (divided by n − 1)": e.std(ddof=1),
        "mean ± standard error": e.std(ddof=1) / np.sqrt(n),
        "mean, 95 % t interval over labs": stats.t.ppf(0.975, n - 1) * e.std(ddof=1) / np.sqrt(n),
    }
    found = {name: Estimate(mean, mean - half, mean + half, n=n, method=name) for name, half in halves.items()}
    return found | {"mean, smallest to largest lab": Estimate(mean, e.min(), e.max(), n=n, method="range over labs")}


@dataclass(frozen=True)
class CommonSlope:
    """Whether labs share one slope: y = level of the lab + slope · x against a slope for each lab.

    `slope` is the shared one with its t interval; `f`, `p` the F test of a slope for each, on `df` degrees of freedom.
    `ratio` is the largest slope over the smallest, infinite if the smallest is not positive; `ratio_p` the share of
    simulated panels in which labs with one slope and the same residual sd show at least that ratio.
    """

    slope: Estimate
    f: float
    p: float
    df: tuple[int, int]
    ratio: float
    ratio_p: float
    n: int
    labs: tuple[str, ...]

    def _repr_html_(self) -> str:
        rows = pd.DataFrame({
            "labs": [len(self.labs)], "models": [self.n], "shared slope": [f"{self.slope:.2f}"],
            "F": [f"{self.f:.1f} on {self.df[0]} and {self.df[1]}"], "p": [f"{self.p:.2g}"],
            "largest / smallest": [f"{self.ratio:.1f}"], "p of the ratio": [f"{self.ratio_p:.2g}"]})  # fmt: skip
        return frame_html(rows, "One slope for all labs, or one for each")


def common_slope(
    frame: pd.DataFrame, x: str = X, y: str = Y, least: int = 3, n_draws: int = 2000, seed: int = 0
) -> CommonSlope:
    """Test of one slope in all labs of at least `least` models, each with a level of its own.

    Residuals are taken as normal with one sd in all labs. Raises InputError for fewer than two such labs, or fewer than
    two degrees of freedom.
    """
    rows = both(frame, x, y, "lab")
    sizes = rows.groupby("lab")[x].agg(["size", "nunique"])
    labs = sizes.index[(sizes["size"] >= least) & (sizes["nunique"] > 1)]
    rows = rows[rows["lab"].isin(labs)]
    n, k = len(rows), len(labs)
    if k < 2 or n - 2 * k < 2:
        raise InputError(f"comparing slopes needs two labs of {least} models; got {k} labs, {n} models; lower `least`")
    centred = rows[[x, y]] - rows.groupby("lab")[[x, y]].transform("mean")
    sxx = (centred[x] ** 2).groupby(rows["lab"]).sum()
    sxy = (centred[x] * centred[y]).groupby(rows["lab"]).sum()
    syy = float((centred[y] ** 2).sum())
    shared = float(sxy.sum() / sxx.sum())
    rss_shared, rss_own = syy - shared * sxy.sum(), syy - float((sxy**2 / sxx).sum())
    df = (k - 1, n - 2 * k)
    f = ((rss_shared - rss_own) / df[0]) / (rss_own / df[1])
    half = stats.t.ppf(0.975, n - k - 1) * np.sqrt(rss_shared / (n - k - 1) / sxx.sum())
    slopes = (sxy / sxx).to_numpy()
    noise = np.random.default_rng(seed).standard_normal((n_draws, k)) * np.sqrt(rss_own / df[1] / sxx.to_numpy())
    ratio = _ratio(slopes)
    as_large = int((_ratio(shared + noise) >= ratio).sum())
    return CommonSlope(
        Estimate(shared, shared - half, shared + half, n=n, method="t interval, a level for each lab"),
        float(f),
        float(stats.f.sf(f, *df)),
        df,
        float(ratio),
        (as_large + 1) / (n_draws + 1),
        n,
        tuple(labs),
    )


def _slope(own: pd.DataFrame, x: str, y: str) -> float:
    dx = own[x] - own[x].mean()
    return float(dx @ own[y]) / float(dx @ dx)


def _ratio(slopes: np.ndarray) -> np.ndarray:
    low, high = slopes.min(axis=-1), slopes.max(axis=-1)
    return np.where(low > 0, high / np.where(low > 0, low, 1), np.inf)
