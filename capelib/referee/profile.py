"""How well is a place known? The profile of the likelihood over it, and what other families would have said."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from capelib.coupling.critical import LOG10_RANGE
from capelib.coupling.resample import draw_counts
from capelib.estimate import Estimate, percentile_estimate
from capelib.frames import frame_html
from capelib.referee.least_squares import family_sums, solve
from capelib.referee.shapes import BEND, STEP, TEN_TO_NINETY, VERTEX, ZERO, Curves, Floats, Shape

BENDS = np.geomspace(0.02, 4, 24)  # widths tried for a bend, decades: from a corner to a parabola
PIECES = 50  # resamples solved at once, to keep the arrays small


@dataclass(frozen=True)
class Profile:
    """A place (log10 of parameters) or a width (decades) with the evidence for and against every other one.

    `curve` has at and p, the p-value of that place against the best one. `profiled` is the best place with the places
    that p > 0.05 admits, an end being None where the data leave it open; `resampled` has the interval from drawing
    whole families. `slopes` are those on either side of the best place, for a broken line.
    """

    shape: str
    curve: pd.DataFrame
    profiled: Estimate
    resampled: Estimate | None
    slopes: tuple[float, float] | None = None

    @property
    def decades(self) -> float:
        """Width of the profile's interval in decades, infinite where an end is open."""
        ends = (self.profiled.low, self.profiled.high)
        return float("inf") if None in ends else ends[1] - ends[0]

    def in_parameters(self, which: str = "profiled") -> Estimate:
        """The place in parameters instead of their logarithm."""
        found: Estimate = getattr(self, which)
        ends = [None if end is None else 10.0**end for end in (found.low, found.high)]
        return Estimate(10.0**found.value, *ends, found.level, found.n, found.method, found.discarded)

    def _repr_html_(self) -> str:
        return frame_html(self.curve, f"Profile of the place: {self.shape}")


def place_profile(curves: Curves, shape: Shape, n_boot: int = 2000, seed: int = 0, level: float = 0.95) -> Profile:
    """Profile of the place of a break, of a parabola's turn, or of a line's zero, with intervals.

    For every place c the rest of the shape is fitted anew; with RSS the weighted residual sum of squares, F = (RSS(c) −
    RSS_min)/(RSS_min/dof) is compared with F(1, dof). That takes points as independent with equal scatter. The
    second interval draws whole families and takes the best place of each resample. A parabola's turn counts only where
    it is a minimum, a line's zero only where the line rises; resamples without one are discarded.
    """
    smooth = shape in (VERTEX, ZERO)  # these exist beyond the sizes measured
    at = np.arange(*LOG10_RANGE, STEP) if smooth else curves.places()
    c = at.reshape(-1, 1)
    sums = family_sums(curves.design(shape, c, np.ones_like(c)), curves.codes, curves.weight, curves.own_levels)
    beta, rss = solve(sums.sum(axis=-3))
    found = _admitted(rss, beta, smooth)
    dof = curves.n - curves.n_levels - shape.free + (0 if shape.level else 1)
    curve, profiled = _profile(at, rss, found, dof, curves.n, level)
    names = np.unique(curves.family)
    counts = draw_counts(names, "pooled", n_boot, seed)
    draws = []
    for piece in np.array_split(counts, max(1, n_boot // PIECES)):
        drawn = np.einsum("bf,gfij->bgij", piece, sums, optimize=True)
        betas, each = solve(drawn)
        best = [_admitted(r, b, smooth) for b, r in zip(betas, each, strict=True)]
        draws += [np.nan if k is None else at[k] for k in best]
    method = f"bootstrap of whole families ({len(names)}), {n_boot:,} resamples"
    value = np.nan if found is None else at[found]
    slopes = None
    if found is not None and not smooth and beta.shape[-1] > 1:
        first, change = beta[found, -2:]
        slopes = (float(first), float(first + change))
    return Profile(shape.name, curve, profiled, percentile_estimate(value, draws, method, curves.n, level), slopes)


def width_profile(curves: Curves, level: float = 0.95) -> Profile:
    """Profile of how wide a bend is: decades over which 10 to 90 % of the change of slope happen.

    y = b·t + d·w·ln(1 + e^((t−c)/w)): a straight line that turns into another. It becomes a broken line as w goes to
    zero and a parabola as w grows beyond the sizes measured, so that one number says how sharp the turn is. An end is
    None where the broken line or the parabola is admitted.
    """
    places = curves.places()[::2]
    c, w = (part.reshape(-1, 1) for part in np.meshgrid(places, BENDS, indexing="ij"))
    sums = family_sums(curves.design(BEND, c, w), curves.codes, curves.weight, curves.own_levels).sum(axis=-3)
    rss = solve(sums)[1].reshape(len(places), len(BENDS)).min(axis=0)
    dof = curves.n - curves.n_levels - BEND.free
    curve, profiled = _profile(TEN_TO_NINETY * BENDS, rss, int(rss.argmin()), dof, curves.n, level)
    return Profile("width of the bend", curve, profiled, None)


def _admitted(rss: Floats, beta: Floats, smooth: bool) -> int | None:
    # the best place, unless what lies there is a maximum or a falling line
    k = int(rss.argmin())
    if smooth and (beta[k, -1] <= 0 or k in (0, len(rss) - 1)):
        return None
    return k


def _profile(
    at: Floats, rss: Floats, best: int | None, dof: int, n: int, level: float
) -> tuple[pd.DataFrame, Estimate]:
    p = stats.f.sf((rss - rss.min()) / (rss.min() / dof), 1, dof)
    inside = np.flatnonzero(p > 1 - level)
    low = None if inside[0] == 0 else float(at[inside[0]])
    high = None if inside[-1] == len(at) - 1 else float(at[inside[-1]])
    value = float("nan") if best is None else float(at[best])
    return pd.DataFrame({"at": at, "p": p}), Estimate(value, low, high, level, n, f"profile, {dof} degrees of freedom")
