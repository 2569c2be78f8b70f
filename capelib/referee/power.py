"""What would settle it? The share of simulated panels in which this edition's own estimators see a coupling."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from capelib.errors import InputError, unknown
from capelib.estimate import Estimate
from capelib.referee.simulate import KINDS, simulate
from capelib.referee.worlds import Floats, Layout, Scatter, long_enough, residual_maker

TARGET = 0.8  # share of panels in which a study should see what is there
LEVEL = 0.05  # share in which it may see what is not there


@dataclass(frozen=True)
class Power:
    """Shares of simulated panels in which an effect is found.

    `table` has one row per cell: kind, families, items (questions of the second benchmark), effect, power, and of the
    panels without an effect: false_alarms, the share in which the plain t test with families as clusters finds one,
    threshold, which abs(t) exceeds in 5 % of them, and spread, the standard deviation of the estimate. Power itself is
    at that threshold.
    """

    table: pd.DataFrame
    kind: str
    n_draws: int

    def detectable(self, families: int, items: int) -> float:
        """The effect found in 80 % of the panels, interpolated; infinite if the largest one tried is found less."""
        rows = self.table.query("families == @families and items == @items").sort_values("effect")
        return _reach(rows["effect"], rows["power"])

    def families_needed(self, effect: float, items: int) -> float:
        """Families after which 80 % find the effect, interpolated; infinite if the most tried do not suffice."""
        rows = self.table.query("effect == @effect and items == @items").sort_values("families")
        return _reach(rows["families"], rows["power"])


def estimate(
    x: Floats, y: Floats, families: Layout, kind: str, items: tuple[int, int], degree: int = 2
) -> tuple[Floats, Floats]:
    """Coupling and its t value with families as clusters, for every panel: two arrays of shape (n_draws,).

    "running": slope of the line through γ₁₂ against log10 of the mid-size, weighted by item noise, as in
    `capelib.coupling.running_coupling`. "beyond trends": Σ_f S_xy,f / Σ_f S_xx,f after each family's own polynomial in
    log10 N is taken out of both scores, the slope that belongs to the correlation `r_own_trend` of
    `capelib.coupling.within_family`. The standard error adds up scores by family, times √(k/(k − 1)).
    Raises InputError for another kind.
    """
    if kind not in KINDS:
        raise unknown("kind of coupling", kind, KINDS)
    codes = families.codes
    if kind == "running":
        last = np.flatnonzero(codes[1:] == codes[:-1]) + 1
        dx, dy = (score[:, last] - score[:, last - 1] for score in (x, y))
        gamma = np.divide(dy, dx, out=np.full(dx.shape, np.nan), where=dx != 0)
        var_x, var_y = (
            (s * (100 - s))[:, last] / n + (s * (100 - s))[:, last - 1] / n for s, n in zip((x, y), items, strict=True)
        )
        weight = np.where(dx != 0, dx**2 / (var_y + np.nan_to_num(gamma) ** 2 * var_x), 0.0)
        at = np.broadcast_to((families.time[last] + families.time[last - 1]) / 2, dx.shape)
        total = weight.sum(axis=1, keepdims=True)
        u = at - (weight * at).sum(axis=1, keepdims=True) / total
        v = np.nan_to_num(gamma)
        v = v - (weight * v).sum(axis=1, keepdims=True) / total
        codes = codes[last]
    else:
        u, v = np.empty_like(x), np.empty_like(y)
        for code in range(codes.max() + 1):
            own = codes == code
            off = residual_maker(families.time[own], degree)
            u[:, own], v[:, own] = x[:, own] @ off, y[:, own] @ off
        weight = np.ones_like(u)
    bottom = (weight * u * u).sum(axis=1)
    slope = (weight * u * v).sum(axis=1) / bottom
    score = weight * u * (v - slope[:, None] * u)
    by_family = score @ (codes[:, None] == np.unique(codes)).astype(float)
    k = by_family.shape[1]
    error = np.sqrt(k / (k - 1) * (by_family**2).sum(axis=1)) / bottom
    return slope, slope / error


def observed(
    frame: pd.DataFrame, families: Layout, kind: str, items: tuple[int, int], sizes: int, degree: int = 2,
    critical: float | None = None,
) -> Estimate:  # fmt: skip
    """The same estimator on the scores themselves, with its interval, families as clusters.

    The interval is `critical` standard errors to either side, by default those of t with k − 1 degrees. `families` is
    the `layout` of `frame` with the same `sizes`.
    """
    rows = long_enough(frame, "hellaswag", "truthfulqa", sizes)
    scores = (rows[name].to_numpy(float)[None, :] for name in ("hellaswag", "truthfulqa"))
    slope, t = (float(part[0]) for part in estimate(*scores, families, kind, items, degree))
    how = "t interval, families as clusters" if critical is None else "simulated threshold of t, families as clusters"
    times = float(stats.t.ppf(1 - LEVEL / 2, families.n_families - 1)) if critical is None else critical
    half = times * abs(slope / t)
    return Estimate(slope, slope - half, slope + half, n=len(rows), method=how)


def power(
    families: Layout,
    world: Scatter,
    kind: str,
    effects: Sequence[float],
    counts: Sequence[int],
    items: Sequence[tuple[int, int]],
    shared: float = 0.5,
    degree: int = 2,
    zero: float = 9.5,
    n_draws: int = 200,
    seed: int = 0,
) -> Power:
    """Power for every effect, number of families (the first so many of `families`) and pair of item counts.

    The same random numbers serve every effect, so that curves are smooth. The threshold is the 95th percentile of
    abs(t) in panels without the effect, which has its own Monte Carlo error: about √(0.05·0.95/n_draws) in the level.

    Raises InputError for a number of families that `families` does not have or fewer than three.
    """
    if min(counts) < 3 or max(counts) > families.n_families:
        raise InputError(f"numbers of families must be from 3 to {families.n_families}, got {list(counts)}")
    rows = []
    for pair in items:
        found, spread = {}, {}
        x, scores = simulate(families, world, kind, (0.0, *effects), pair, shared, n_draws, seed, zero)
        for effect, y in zip((0.0, *effects), scores, strict=True):
            for count in counts:
                own, part = families.first(count), families.part(count)
                slope, t = estimate(x[:, own], y[:, own], part, kind, pair, degree)
                found[effect, count], spread[effect, count] = np.abs(t), float(np.std(slope))
        for count in counts:
            threshold = np.quantile(found[0.0, count], 1 - LEVEL)
            plain = float(np.mean(found[0.0, count] > stats.t.ppf(1 - LEVEL / 2, count - 1)))
            rows += [
                {"kind": kind, "families": count, "items": pair[1], "effect": effect,
                 "power": float(np.mean(found[effect, count] > threshold)), "false_alarms": plain,
                 "threshold": float(threshold), "spread": spread[0.0, count]}
                for effect in effects
            ]  # fmt: skip
    return Power(pd.DataFrame(rows), kind, n_draws)


def _reach(at: pd.Series, share: pd.Series) -> float:
    at, share = at.to_numpy(float), np.maximum.accumulate(share.to_numpy(float))
    if share[-1] < TARGET:
        return float("inf")
    if share[0] >= TARGET:
        return float(at[0])
    k = int(np.argmax(share >= TARGET))
    return float(at[k - 1] + (at[k] - at[k - 1]) * (TARGET - share[k - 1]) / (share[k] - share[k - 1]))
