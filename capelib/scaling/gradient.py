"""How the gradient norm falls with size and with loss, and how far one model lies below that trend."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from capelib.errors import InputError
from capelib.estimate import Estimate
from capelib.scaling.fitting import FloatArray


@dataclass(frozen=True)
class PowerFit:
    """A straight line through two logarithms: y = c·x^exponent.

    `exponent` with its t interval, `standard_error` of it, `r` the correlation of the logarithms with Fisher's
    interval, `log_c` the natural logarithm of c.
    """

    exponent: Estimate
    standard_error: float
    r: Estimate
    log_c: float
    n: int

    def predict(self, x: ArrayLike) -> FloatArray:
        """c·x^exponent."""
        return np.exp(self.log_c + self.exponent.value * np.log(np.asarray(x, float)))


def fit_power(x: ArrayLike, y: ArrayLike, keep: ArrayLike | None = None, level: float = 0.95) -> PowerFit:
    """Fit y = c·x^k by regression of ln y on ln x; `keep` (bool per model) leaves models out.

    Gradient norm against loss: ‖∇L‖ ∝ L^k, Amin (2026), App. A.8. Against size: ‖∇L‖ ∝ N^(−β), so β = −k.
    Raises InputError for values that are not positive, or fewer than three models.
    """
    x, y = _positive(x, y)
    if keep is not None:
        x, y = x[np.asarray(keep, bool)], y[np.asarray(keep, bool)]
    if x.size < 3:
        raise InputError(f"a trend needs at least 3 models; got {x.size}; keep more of them")
    line = stats.linregress(np.log(x), np.log(y))
    half = float(stats.t.ppf(0.5 + level / 2, x.size - 2) * line.stderr)
    how = f"log-log regression, t interval, {x.size - 2} degrees of freedom"
    return PowerFit(
        exponent=Estimate(float(line.slope), line.slope - half, line.slope + half, level, x.size, how),
        standard_error=float(line.stderr),
        r=_fisher(float(line.rvalue), x.size, level),
        log_c=float(line.intercept),
        n=x.size,
    )


def dips(n_params: ArrayLike, loss: ArrayLike, grad_norm: ArrayLike, at: float) -> pd.DataFrame:
    """How far the model of `at` parameters lies below a trend, by every definition of trend that is at hand.

    Percent below = 100·(1 − measured/trend). Trends: power law in N and in L, exponential in 1/L, each fitted with and
    without the model in question; and its two neighbours in size, interpolated in ln N or averaged.
    Columns: trend, includes_model (bool), below_pct. Raises InputError if the model has no neighbour on one side.
    """
    (n, g), (loss, _) = _positive(n_params, grad_norm), _positive(loss, grad_norm)
    order = np.argsort(n)
    n, g, loss = n[order], g[order], loss[order]
    found = np.flatnonzero(np.isclose(n, at))
    if found.size != 1 or found[0] in (0, n.size - 1):
        raise InputError(
            f"a dip needs one model of {at:.3g} parameters with neighbours on both sides; got {n.tolist()}"
        )
    i = int(found[0])
    rows = []
    for name, x in (("power law in N", np.log(n)), ("power law in L", np.log(loss)), ("exponential in 1/L", 1 / loss)):
        for includes in (True, False):
            keep = np.ones(n.size, bool) if includes else np.arange(n.size) != i
            trend = np.exp(np.polyval(np.polyfit(x[keep], np.log(g[keep]), 1), x[i]))
            rows.append((name, includes, trend))
    line = np.interp(np.log(n[i]), np.log(n[[i - 1, i + 1]]), np.log(g[[i - 1, i + 1]]))
    rows.append(("between its neighbours, interpolated in log N", False, np.exp(line)))
    rows.append(("geometric mean of its neighbours", False, np.sqrt(g[i - 1] * g[i + 1])))
    rows.append(("the next larger model alone", False, g[i + 1]))
    frame = pd.DataFrame(rows, columns=["trend", "includes_model", "expected"])
    return frame.assign(below_pct=100 * (1 - g[i] / frame["expected"])).drop(columns="expected")


def arrhenius(loss: ArrayLike, grad_norm: ArrayLike, level: float = 0.95) -> Estimate:
    """C of ‖∇L‖ = c·exp(−C/L), by regression of ln‖∇L‖ on 1/L, in the unit of the loss. Amin (2026), App. A.8.

    Two models determine C exactly: the result then has no interval, and says so. A negative C means that the gradient
    grows while the loss falls. Raises InputError for fewer than two models.
    """
    x, y = _positive(loss, grad_norm)
    if x.size < 2:
        raise InputError(f"an activation constant needs at least 2 models; got {x.size}; add models to the phase")
    line = stats.linregress(1 / x, np.log(y))
    c = -float(line.slope)
    if x.size == 2:
        return Estimate(c, None, None, level, 2, "two models: exactly determined, no error left to estimate")
    half = float(stats.t.ppf(0.5 + level / 2, x.size - 2) * line.stderr)
    return Estimate(c, c - half, c + half, level, x.size, f"regression on 1/L, t interval, {x.size - 2} d.o.f.")


def arrhenius_runs(n_params: ArrayLike, loss: ArrayLike, grad_norm: ArrayLike) -> pd.DataFrame:
    """C of every run of consecutive sizes: columns n_first, n_last, n, c, low, high.

    Which models make up a phase is not stated for these constants; this is every choice without a gap.
    """
    n = np.asarray(n_params, float)
    order = np.argsort(n)
    n, loss, g = n[order], np.asarray(loss, float)[order], np.asarray(grad_norm, float)[order]
    rows = []
    for first in range(n.size - 1):
        for last in range(first + 1, n.size):
            run = slice(first, last + 1)
            c = arrhenius(loss[run], g[run])
            rows.append((n[first], n[last], last - first + 1, c.value, c.low, c.high))
    frame = pd.DataFrame(rows, columns=["n_first", "n_last", "n", "c", "low", "high"])
    return frame.astype({"low": float, "high": float})


def _fisher(r: float, n: int, level: float) -> Estimate:
    if n < 4 or abs(r) >= 1:
        return Estimate(r, None, None, level, n, "log-log correlation, too few models for an interval")
    half = stats.norm.ppf(0.5 + level / 2) / np.sqrt(n - 3)
    low, high = np.tanh(np.arctanh(r) + np.array([-half, half]))
    return Estimate(r, float(low), float(high), level, n, "log-log correlation, Fisher interval")


def _positive(x: ArrayLike, y: ArrayLike) -> tuple[FloatArray, NDArray[np.float64]]:
    x, y = np.asarray(x, float), np.asarray(y, float)
    if x.shape != y.shape or x.ndim != 1 or not np.all(np.isfinite(x) & np.isfinite(y) & (x > 0) & (y > 0)):
        raise InputError("sizes, losses and gradient norms must be positive numbers, one each per model")
    return x, y
