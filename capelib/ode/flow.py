"""The flow of the coupling, dγ/dlog₁₀N = aγ + b, and its fixed point γ* = -b/a."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from capelib.coupling.local import local_coupling
from capelib.errors import InputError
from capelib.estimate import Estimate

WHERE = {"at the smaller step": 0.0, "at the middle": 0.5, "at the larger step": 1.0}


@dataclass(frozen=True)
class Flow:
    """A line through the changes of γ.

    Attributes
    ----------
    a, b : float
        Slope and intercept, per decade.
    fixed_point : Estimate
        γ* = -b/a; its Fieller interval, without ends where the slope is not significantly different from zero.
    p_slope : float
        Of a = 0 (t test): a flow whose slope may be zero has no fixed point.
    is_attracting : bool
        a < 0: the coupling moves towards γ*.
    n : int
        Changes of γ.
    """

    a: float
    b: float
    fixed_point: Estimate
    p_slope: float
    is_attracting: bool
    n: int


def changes(panel: pd.DataFrame, where: str = "at the smaller step") -> pd.DataFrame:
    """Consecutive couplings of one family: gamma (where the derivative is taken) and slope dγ/dlog₁₀N."""
    steps = local_coupling(panel).frame.dropna(subset=["gamma"])
    gamma, time = steps["gamma"].to_numpy(), np.log10(steps["n_mid"].to_numpy())
    weight = WHERE[where]
    return pd.DataFrame({
        "gamma": (1 - weight) * gamma[:-1] + weight * gamma[1:],
        "slope": np.diff(gamma) / np.diff(time),
    })  # fmt: skip


def flow(panel: pd.DataFrame, where: str = "at the smaller step", level: float = 0.95) -> Flow:
    """Fit dγ/dlog₁₀N = aγ + b to one family by least squares. Amin (2026), Sec. 4 (OPT).

    The interval of -b/a is Fieller's: the values at which the line's mean is not significantly different from zero.
    It has no ends where every value or an outer range qualifies. Taken at the smaller step a falling line is also what
    noise in γ gives by itself (a high value is followed by a fall), so compare the three places.

    Raises InputError with fewer than three changes.
    """
    points = changes(panel, where)
    n = len(points)
    if n < 3:
        raise InputError(f"a flow needs three changes of the coupling, that is five sizes; got {n} changes")
    g, s = points["gamma"].to_numpy(), points["slope"].to_numpy()
    line = stats.linregress(g, s)
    star = -line.intercept / line.slope
    low, high = _fieller(g, s, line, level)
    estimate = Estimate(float(star), low, high, level, n, "Fieller interval of the line's zero")
    return Flow(float(line.slope), float(line.intercept), estimate, float(line.pvalue), line.slope < 0, n)


def _fieller(g: np.ndarray, s: np.ndarray, line: object, level: float) -> tuple[float | None, float | None]:
    # the line's mean at z is m + a(z - ḡ), its variance σ²(1/n + (z - ḡ)²/S); solve mean² = t²·variance
    n, centre = len(g), g.mean()
    spread = ((g - centre) ** 2).sum()
    residual = s - line.intercept - line.slope * g
    variance = (residual**2).sum() / (n - 2)
    t2 = stats.t.ppf(0.5 + level / 2, n - 2) ** 2
    m, a = s.mean(), line.slope
    square, linear, rest = a**2 - t2 * variance / spread, 2 * a * m, m**2 - t2 * variance / n
    if square <= 0:
        return None, None
    root = np.sqrt(max(linear**2 - 4 * square * rest, 0.0))
    return float(centre + (-linear - root) / (2 * square)), float(centre + (-linear + root) / (2 * square))


def random_walk_null(panel: pd.DataFrame, where: str, n_draws: int = 2000, seed: int = 0) -> np.ndarray:
    """Slopes a that the same couplings give in shuffled order: no flow, the same values and sizes. Shape (n_draws,)."""
    steps = local_coupling(panel).frame.dropna(subset=["gamma"])
    gamma, time = steps["gamma"].to_numpy(), np.log10(steps["n_mid"].to_numpy())
    rng = np.random.default_rng(seed)
    drawn = rng.permuted(np.tile(gamma, (n_draws, 1)), axis=1)
    weight = WHERE[where]
    at = (1 - weight) * drawn[:, :-1] + weight * drawn[:, 1:]
    slope = np.diff(drawn) / np.diff(time)
    at = at - at.mean(axis=1, keepdims=True)
    return (at * slope).sum(axis=1) / (at**2).sum(axis=1)
