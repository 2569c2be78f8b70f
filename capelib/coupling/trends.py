"""The null of a correlation between two trends: two curves that know nothing of each other, plus item noise."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from capelib.coupling.correlation import correlate
from capelib.coupling.local import family_sizes
from capelib.coupling.noise import check_noise, correlated_noise, score_sd
from capelib.errors import InputError, unknown
from capelib.frames import frame_html

TRENDS = ("polynomial", "monotone")
STATISTICS = ("r", "min_gamma", "negative_share", "transition")


@dataclass(frozen=True)
class TrendNull:
    """What two separately fitted trends with item noise give, against what was observed.

    `draws` has one row per simulated family: r, min_gamma (smallest local coupling), negative_share (of the steps, 0-1)
    and transition (1 if a negative step is followed by a positive one); `observed` the same of the scores themselves.
    `trends` has one row per size: log10_params, the scores, the fitted trends (_trend) and the noise (_sd), percent.
    `misfit` gives per score √(Σ(score − trend)²/(n − degree − 1)) over the noise that differs between models,
    σ√(1 − rho_models). Far above 1, item noise does not explain what the trend leaves and the null is too narrow; far
    below 1, the noise is overstated (rho_models too low, or a smaller item_sd) and the null is too wide.
    """

    draws: pd.DataFrame
    observed: pd.Series
    trends: pd.DataFrame
    misfit: pd.Series
    x: str
    y: str
    trend: str
    degree: int
    rho_models: float
    rho_scores: float
    seed: int
    notes: tuple[str, ...] = ()

    def quantile(self, statistic: str = "r") -> float:
        """Where the observed value lies in the null, 0-1 (ties count half); near 0 or 1 it is unlike the null."""
        draws, observed = self._of(statistic)
        return float(np.mean(draws < observed) + np.mean(draws == observed) / 2)

    def p(self, statistic: str = "r") -> float:
        """Two-sided Monte Carlo p: twice the smaller tail, (b + 1)/(m + 1) each, at most 1."""
        draws, observed = self._of(statistic)
        tail = min(np.count_nonzero(draws <= observed), np.count_nonzero(draws >= observed))
        return min(1.0, 2 * (tail + 1) / (draws.size + 1))

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """One row per statistic: observed, the null's mean, median, low and high, quantile and p."""
        tail = 50 * (1 - level)
        rows = []
        for name in STATISTICS:
            draws, observed = self._of(name)
            low, middle, high = np.percentile(draws, [tail, 50, 100 - tail]) if draws.size else (np.nan,) * 3
            row = {"statistic": name, "observed": observed, "mean": draws.mean(), "median": middle}
            rows.append(row | {"low": low, "high": high, "quantile": self.quantile(name), "p": self.p(name)})
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """The observed r beside its null, as plain text."""
        row = self.to_frame().iloc[0]
        return (
            f"r({self.x}, {self.y}) = {row.observed:.3f}; two separate {self.trend} trends, degree {self.degree}, with "
            f"item noise give {row['median']:.3f} [{row.low:.3f}, {row.high:.3f}], p = {row.p:.2g}"
        )

    def _of(self, statistic: str) -> tuple[NDArray[np.float64], float]:
        if statistic not in STATISTICS:
            raise unknown("statistic", statistic, STATISTICS)
        draws = self.draws[statistic].to_numpy(float)
        return draws[np.isfinite(draws)], float(self.observed[statistic])

    def _repr_html_(self) -> str:
        caption = f"{self.x} and {self.y}: observed, and two separate {self.trend} trends with item noise"
        return frame_html(self.to_frame(), caption, self.notes)


@dataclass(frozen=True)
class IndependentTrends:
    """Correlation of two scores that both change monotonically with size and have nothing to do with each other.

    `draws` of shape (n_draws,) are the r of such pairs, `share` the part of them with |r| at least the observed one and
    `standard_error` its Monte Carlo error; n is the number of sizes.
    """

    draws: NDArray[np.float64]
    observed: float
    share: float
    standard_error: float
    n: int
    seed: int

    def summary(self) -> str:
        """How common the observed |r| is among unrelated trends, as plain text."""
        return (
            f"|r| of {abs(self.observed):.3f} or more in {self.share:.1%} of pairs of unrelated monotone trends "
            f"over {self.n} sizes (median |r| {np.median(np.abs(self.draws)):.3f})"
        )


def fit_trend(log10_params: ArrayLike, score: ArrayLike, trend: str = "polynomial", degree: int = 2) -> NDArray:
    """A smooth trend of one score in log₁₀ N by least squares, at the same sizes; shape (n,), percent.

    "polynomial": of `degree`. "monotone": polynomial of `degree` that only rises or only falls over the sizes given, in
    Bernstein form with increments of one sign; the better of the two directions.

    Raises InputError for another trend, or unless 1 ≤ degree ≤ n − 2 (more would pass through every score).
    """
    at, score = np.asarray(log10_params, float), np.asarray(score, float)
    if trend not in TRENDS:
        raise unknown("trend", trend, TRENDS)
    if not 1 <= degree <= len(at) - 2:
        raise InputError(
            f"a trend of degree {degree} with something left to judge it by needs {max(degree, 1) + 2} sizes or more, "
            f"got {len(at)}; take a longer family"
        )
    unit = (at - at.min()) / np.ptp(at)
    if trend == "polynomial":
        return np.polynomial.Polynomial.fit(unit, score, degree)(unit)
    bernstein = stats.binom.pmf(np.arange(degree + 1), degree, unit[:, None])
    rising = np.cumsum(bernstein[:, ::-1], axis=1)[:, ::-1]  # first column is 1, the others rise from 0 to 1
    bounds = (np.r_[-np.inf, np.zeros(degree)], np.inf)  # any level, increments of one sign
    designs = [np.column_stack([rising[:, 0], sign * rising[:, 1:]]) for sign in (1, -1)]
    fits = [design @ optimize.lsq_linear(design, score, bounds, method="bvls").x for design in designs]
    return min(fits, key=lambda fitted: float(np.sum((score - fitted) ** 2)))


def path_statistics(x: ArrayLike, y: ArrayLike, threshold: float = 0.0) -> pd.DataFrame:
    """r, min_gamma, negative_share and transition of scores ordered by size; x, y of shape (n_draws, n_sizes), percent.

    A step is negative if γ < −threshold and positive if γ > threshold; a transition is declared if some negative step
    is followed, at once or later, by a positive one.
    """
    x, y = np.atleast_2d(np.asarray(x, float)), np.atleast_2d(np.asarray(y, float))
    dx, dy = np.diff(x), np.diff(y)
    gamma = np.divide(dy, dx, out=np.full_like(dx, np.nan), where=dx != 0)
    negative, positive = gamma < -threshold, gamma > threshold
    turned = (np.logical_or.accumulate(negative, axis=1)[:, :-1] & positive[:, 1:]).any(axis=1)
    smallest = np.where(np.isnan(gamma).all(axis=1), np.nan, np.fmin.reduce(gamma, axis=1))
    return pd.DataFrame(
        {
            "r": correlate(x, y),
            "min_gamma": smallest,
            "negative_share": negative.mean(axis=1),
            "transition": turned.astype(float),
        }
    )


def trend_null(
    frame: pd.DataFrame,
    n_items: Mapping[str, int],
    x: str = "hellaswag",
    y: str = "truthfulqa",
    trend: str = "polynomial",
    degree: int = 2,
    rho_models: float = 0.0,
    rho_scores: float = 0.0,
    item_sd: Mapping[str, float] | None = None,
    threshold: float = 0.0,
    n_draws: int = 10_000,
    seed: int = 0,
) -> TrendNull:
    """Null of one family's coupling: x and y follow their own trends in log₁₀ N, and only item noise is added.

    Each score is fitted alone, without a look at the other (`fit_trend`); new scores are trend + normal noise of
    `score_sd`, taken at the trend. Questions are shared between models, not between benchmarks, so there are two
    correlations: `rho_models` between the noise of any two models on one benchmark, `rho_scores` between the two
    benchmarks' noise of one model (0 unless something else is shared, say the random numbers of a checkpoint).
    If the observed r is an ordinary member of the null, the scores hold no more than two curves and noise: r is then
    no evidence that one capability acts on the other, nor that it does not. The trends are fitted to the scores they
    are compared with, so p is cautious: under the null it falls below 0.05 in fewer than 5 % of cases.
    The referee of Amin (2026) asked for this distinction; the paper tests its correlation by permutation (Sec. 1).

    `frame` has one family: model, family, n_params and scores in percent. Raises InputError for several families, a
    benchmark without n_items, or a degree that the number of sizes does not allow.
    """
    check_noise(x, y, n_items, rho_models, rho_scores)
    sizes, notes = family_sizes(frame, x, y)
    families = sizes["family"].unique()
    if len(families) != 1:
        raise InputError(f"trend_null takes one family, got {len(families)}: {', '.join(families)}; choose one")
    at, override = np.log10(sizes["n_params"].to_numpy(float)), dict(item_sd or {})
    trends = pd.DataFrame({"model": sizes["model"], "log10_params": at})
    misfit = {}
    for name in (x, y):
        fitted = fit_trend(at, sizes[name], trend, degree)
        sd = score_sd(np.clip(fitted, 0, 100), n_items[name], override.get(name))
        trends[name], trends[f"{name}_trend"], trends[f"{name}_sd"] = sizes[name], fitted, sd
        left = np.sum((sizes[name] - fitted) ** 2) / (len(sizes) - degree - 1)
        noise = (1 - rho_models) * np.mean(sd**2)
        misfit[name] = float(np.sqrt(left / noise)) if noise > 0 else float("nan")
    rng = np.random.default_rng(seed)
    noise_x, noise_y = correlated_noise(trends[f"{x}_sd"], trends[f"{y}_sd"], n_draws, rho_models, rho_scores, rng)
    new_x = trends[f"{x}_trend"].to_numpy() + noise_x
    new_y = trends[f"{y}_trend"].to_numpy() + noise_y
    draws = path_statistics(new_x, new_y, threshold)
    observed = path_statistics(sizes[x], sizes[y], threshold).iloc[0]
    return TrendNull(
        draws, observed, trends, pd.Series(misfit), x, y, trend, degree, rho_models, rho_scores, seed, notes
    )


def independent_trends(
    frame: pd.DataFrame, x: str = "hellaswag", y: str = "truthfulqa", n_draws: int = 20_000, seed: int = 0
) -> IndependentTrends:
    """How often do two unrelated monotone curves over the same sizes correlate as strongly as the observed scores?

    Both curves are logistic in log₁₀ N, f = 1/(1 + exp(−(u − c)/w)) with u from 0 to 1 over the sizes, c uniform on
    [0, 1] and w uniform on [0.1, 1], drawn separately for x and y; each rises or falls with equal chance. r does not
    depend on their level or amplitude, and no noise is added, so the answer rests on shapes alone: it is large because
    any two monotone curves correlate. The family of shapes is this edition's choice, not the paper's.

    `frame` has one family, columns as for `trend_null`. Raises InputError for fewer than three sizes.
    """
    sizes, _ = family_sizes(frame, x, y)
    families = sizes["family"].unique()
    if len(families) != 1 or len(sizes) < 3:
        got = f"{len(families)} families, {len(sizes)} sizes"
        raise InputError(f"independent_trends takes one family of at least three sizes, got {got}; choose one")
    at = np.log10(sizes["n_params"].to_numpy(float))
    unit = (at - at.min()) / np.ptp(at)
    rng = np.random.default_rng(seed)
    centre, width = rng.uniform(0, 1, (2, n_draws, 1)), rng.uniform(0.1, 1, (2, n_draws, 1))
    sign = rng.choice([-1.0, 1.0], (2, n_draws, 1))
    curves = sign / (1 + np.exp(-(unit - centre) / width))
    draws = correlate(curves[0], curves[1])
    observed = float(correlate(sizes[x], sizes[y]))
    share = float(np.mean(np.abs(draws) >= abs(observed)))
    return IndependentTrends(draws, observed, share, float(np.sqrt(share * (1 - share) / n_draws)), len(sizes), seed)
