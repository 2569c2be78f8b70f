"""Solving a fitted ODE: the path it predicts, and how it ends."""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from capelib.errors import InputError
from capelib.ode.fit import OdeFit

INSIDE, LEFT, DIVERGED = "stays within 0–100", "leaves 0–100", "diverges"
FAR = 1e3  # percent; a score beyond this is a divergence, not a prediction


@dataclass(frozen=True)
class Path:
    """What the ODE says about a family.

    Attributes
    ----------
    time : array (n,)
        log10 of size, as asked for.
    scores : array (n, k)
        Percent; NaN from where the path diverged.
    outcome : str
        "stays within 0–100", "leaves 0–100" or "diverges", on the way from the first to the last size.
    where : float
        log10 of the size at which it left or diverged first; NaN if it did not.
    """

    time: np.ndarray
    scores: np.ndarray
    outcome: str
    where: float


def solve(fitted: OdeFit, time: np.ndarray, start: np.ndarray, start_time: float | None = None) -> Path:
    """Integrate dB/dlog10 N from `start` (k, percent) and read the path at `time`.

    `start_time` (log10 N) defaults to the first of `time`, which must increase and not lie before it. A path that
    leaves 0–100 is followed on and reported; one that diverges is cut there. Neither is an error: it is a finding
    about the equation.

    Raises InputError if `time` is not increasing or begins before `start_time`.
    """
    time = np.asarray(time, float)
    begin = float(time[0] if start_time is None else start_time)
    if np.any(np.diff(time) <= 0) or time[0] < begin:
        raise InputError("sizes to predict must increase, and none may be smaller than the one the path starts from")
    scale = fitted.unit

    def slope(_: float, x: np.ndarray) -> np.ndarray:
        return fitted.slope(x)

    def far(_: float, x: np.ndarray) -> float:
        return FAR - np.abs(scale.to_percent(x)).max()

    far.terminal = True

    def outside(_: float, x: np.ndarray) -> float:
        score = scale.to_percent(x)
        return min(score.min(), 100 - score.max())

    x0 = scale.from_percent(np.asarray(start, float))
    if time[-1] == begin:
        return Path(time, np.atleast_2d(np.asarray(start, float)), INSIDE, np.nan)
    with np.errstate(over="ignore", invalid="ignore"):
        found = solve_ivp(
            slope, (begin, time[-1]), x0, method="LSODA", t_eval=time, events=(far, outside), rtol=1e-5, atol=1e-6
        )
    scores = np.full((len(time), len(x0)), np.nan)
    reached = np.size(found.t)
    if reached:
        scores[:reached] = scale.to_percent(found.y.T)
    scores[np.abs(scores) > FAR] = np.nan
    if found.t_events[0].size or found.status < 0:
        stopped = found.t_events[0] if found.t_events[0].size else found.t if reached else [begin]
        return Path(time, scores, DIVERGED, float(stopped[-1]))
    if found.t_events[1].size:
        return Path(time, scores, LEFT, float(found.t_events[1][0]))
    return Path(time, scores, INSIDE, np.nan)
