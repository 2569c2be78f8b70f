"""Independent laws: how often does the whole diagnosis say "transition" where nothing is coupled?

HellaSwag is every family's own curve. TruthfulQA follows laws of its own, drawn without a look at HellaSwag, but with
the panel's own families, sizes, slopes and scatter. Only the last world has a coupling: the paper's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.coupling.resample import MIN_FAMILIES
from capelib.errors import InputError, unknown
from capelib.frames import frame_html
from capelib.referee.diagnosis import ALL, SIGNS, Diagnosis, diagnose
from capelib.referee.many import Places, couplings, places, zeros
from capelib.referee.trends import scattered, separate_trends, trend_and_scatter

DEALT = "straight lines, slopes dealt among the families"
OWN = "straight lines, each family's own"
MEET = "one score rises, one falls; they meet at one scale"
BALANCED = "a falling and a rising law, balanced at one scale"
APART = "a falling and a rising law, each family its own scale"
COUPLED = "coupled: the paper's running coupling"
WORLDS = (DEALT, OWN, MEET, BALANCED, APART, COUPLED)
STRAIGHT = (DEALT, OWN)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Laws:
    """What the simulated laws are made of.

    `scale` (parameters) is where the laws balance or meet, `scale_sd` the spread of a family's own scale (decades);
    `exponent` the median exponent of the falling and of the rising power law and `exponent_sd` the spread of its
    natural logarithm between families.
    """

    scale: float
    scale_sd: float = 1.0
    exponent: float = 0.3
    exponent_sd: float = 0.3


@dataclass(frozen=True)
class Crossing:
    """How often each world shows each of the five signs.

    `frame` has one row per world and sign: world, sign, share (0-1) and its Monte Carlo error. `observed` is the
    diagnosis of the panel itself, `simulated` that of each world, `turning` the number of families that turn in the
    panel, `n_draws` panels per world.
    """

    frame: pd.DataFrame
    observed: Diagnosis
    simulated: Mapping[str, Diagnosis]
    turning: int
    n_draws: int

    def share(self, world: str, sign: str = ALL) -> float:
        """The share of the world's panels that show the sign."""
        return float(self.frame.set_index(["world", "sign"]).loc[(world, sign), "share"])

    def beside_turning(self, world: str) -> float:
        """The share of the world's panels that show signs two to five together, however many families turn."""
        return float(self.simulated[world].signs(self.turning)[list(SIGNS[1:])].all(axis=1).mean())

    def table(self) -> pd.DataFrame:
        """One row per world, one column per sign, shares in percent; the panel itself first."""
        wide = self.frame.assign(percent=100 * self.frame["share"]).pivot(
            index="world", columns="sign", values="percent"
        )
        wide = wide.loc[list(self.simulated), [*SIGNS, ALL]]
        panel = (100 * self.observed.signs(self.turning).iloc[:1].astype(float)).set_axis(["the panel itself"])
        return pd.concat([panel, wide]).rename_axis(index="world", columns=None)

    def _repr_html_(self) -> str:
        caption = f"Panels of {self.n_draws} that show each sign, percent"
        heads = dict(
            zip([*SIGNS, ALL], ("families turn", "minimum", "interval", "signs of r", "rising", ALL), strict=True)
        )
        return frame_html(self.table().round(0).rename(columns=heads).reset_index(), caption, digits=0)


def crossing(
    panel: pd.DataFrame,
    n_items: Mapping[str, int],
    laws: Laws,
    x: str = "hellaswag",
    y: str = "truthfulqa",
    n_draws: int = 500,
    n_boot: int = 200,
    seed: int = 0,
    worlds: Sequence[str] = WORLDS,
) -> Crossing:
    """Simulate `n_draws` panels of each of `worlds` and put each through `capelib.referee.diagnosis.diagnose`.

    Families, sizes, the curves of x and the scatter about both are the panel's own (`capelib.referee.trends`). What y
    does is the world's:

    - slopes dealt: y = level + b·log₁₀ N in every family, b the families' own slopes in random order; no family turns;
    - each family's own line: the same with its own b; no family turns, but those with small models may fall and
      those with large ones rise;
    - meet: y falls as a power law in every family, as fast as one of the panel moves, and equals x at `laws.scale`;
    - balanced: y = level + c·(N/N₀)^β/β + c·(N/N₀)^(−α)/α, whose minimum is at N₀ = `laws.scale`, α and β of each
      family drawn, c such that a decade below N₀ it falls as fast as a family of the panel moves on average;
    - each its own scale: the same with log₁₀ N₀ spread by `laws.scale_sd`;
    - coupled: Δy = γ₁₂·Δx with the paper's running coupling γ₁₂, slope as fitted to the panel, zero at `laws.scale`.

    `panel` as for `capelib.referee.many.places`. The referee of Amin (2026) asks for this distinction.

    Raises InputError for another world, a scale, exponent or spread that is not positive, or fewer than five families.
    """
    if min(laws.scale, laws.exponent) <= 0 or min(laws.scale_sd, laws.exponent_sd) < 0:
        raise InputError(f"scale and exponent must be positive and spreads not negative, got {laws}")
    for world in worlds:
        if world not in WORLDS:
            raise unknown("world", world, WORLDS)
    at = places(panel, n_items, x, y)
    if len(at.names) < MIN_FAMILIES:
        raise InputError(
            f"the diagnosis draws whole families and needs {MIN_FAMILIES} of three sizes, got {len(at.names)}; "
            "add families"
        )
    observed = diagnose(at, at.x, at.y, n_boot, seed)
    turning = int(observed.frame["turning"].iloc[0])
    rng = np.random.default_rng(seed)
    simulated, rows = {}, []
    # where the law is a line the scatter is what lines leave, else what bends is taken from the null
    scatter = {degree: trend_and_scatter(at, y, degree)[1] for degree in (1, 2)}
    for world in worlds:
        new_x = separate_trends(at, x, n_draws, rng)
        left = scatter[1 if world in STRAIGHT else 2]
        new_y = scattered(law(at, world, laws, new_x, rng), left, n_draws, rng)
        simulated[world] = diagnose(at, new_x, new_y, n_boot, seed)
        for sign, shows in simulated[world].signs(turning).items():
            share = float(shows.mean())
            error = float(np.sqrt(share * (1 - share) / n_draws))
            rows.append({"world": world, "sign": sign, "share": share, "error": error})
    return Crossing(pd.DataFrame(rows), observed, simulated, turning, n_draws)


def law(at: Places, world: str, laws: Laws, x: Floats, rng: np.random.Generator) -> Floats:
    """The course of y without scatter in every simulated panel of a world, shape (n_draws, n_sizes), percent."""
    n, families = len(x), len(at.names)
    line, _ = trend_and_scatter(at, at.scores[1], degree=1)
    first = np.searchsorted(at.code, np.arange(families))
    last = np.r_[first[1:], len(at.code)] - 1
    slope = (line[last] - line[first]) / (at.log_n[last] - at.log_n[first])
    level, centre = (np.bincount(at.code, part) / np.bincount(at.code) for part in (line, at.log_n))
    u = at.log_n - np.log10(laws.scale)
    if world in (DEALT, OWN):
        order = np.argsort(rng.random((n, families)), axis=1) if world == DEALT else np.arange(families)[None]
        return level[at.code] + slope[order][:, at.code] * (at.log_n - centre[at.code])
    if world == COUPLED:
        return _coupled(at, laws, x, level)
    trend, _ = trend_and_scatter(at, at.scores[1])
    moved = np.bincount(at.step_code, np.abs(np.diff(trend)[at.small]))
    fall = rng.choice(moved / (at.log_n[last] - at.log_n[first]), (n, families))
    if world == MEET:
        trend, _ = trend_and_scatter(at, at.scores[0], degree=1)
        steep = (trend[last] - trend[first]) / (at.log_n[last] - at.log_n[first])
        meeting = np.clip(trend[first] + steep * (np.log10(laws.scale) - at.log_n[first]), 20.0, 80.0)
        # a power law with the drawn slope, points per decade, where the two meet
        return meeting[at.code] * np.exp(-(fall / meeting)[:, at.code] * u)
    alpha, beta = laws.exponent * np.exp(laws.exponent_sd * rng.standard_normal((2, n, families)))
    shift = laws.scale_sd * rng.standard_normal((n, families)) if world == APART else np.zeros((n, families))
    c = fall / (np.log(10) * (10**alpha - 10**-beta))
    alpha, beta, c, u = alpha[:, at.code], beta[:, at.code], c[:, at.code], u - shift[:, at.code]
    course = c * (10 ** (beta * u) / beta + 10 ** (-alpha * u) / alpha)
    member = (at.code == np.arange(families)[:, None]) / np.bincount(at.code)[:, None]
    return course + (level - course @ member.T)[:, at.code]


def _coupled(at: Places, laws: Laws, x: Floats, level: Floats) -> Floats:
    gamma, weight = couplings(at, at.x, at.y)
    slope = zeros(at, gamma, weight, np.ones((1, len(at.names))))[0][0, 0]
    rise = np.zeros_like(x)
    running = slope * (at.log_mid - np.log10(laws.scale))
    rise[:, at.small + 1] = running * (x[:, at.small + 1] - x[:, at.small])
    path = np.cumsum(rise, axis=1)
    member = (at.code == np.arange(len(at.names))[:, None]) / np.bincount(at.code)[:, None]
    return path + (level - path @ member.T)[:, at.code]
