"""How large a kink would have to be to be seen: power of the kink test, by simulation."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from capelib.scaling.fitting import FloatArray, codes_of, fit_many, kink_terms, power_terms
from capelib.scaling.kink import change_at_largest, check_break, f_statistic
from capelib.scaling.loss import LossLaw

SHARES = (-0.95, -0.8, -0.65, -0.5, -0.35, -0.2, -0.1, 0.0, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 4.0)


@dataclass(frozen=True)
class KinkPower:
    """Share of simulated curves in which a kink is found.

    `frame` has the columns share (change of the exponent beyond the break, as a share of the exponent), delta,
    change_pct (what it does to the loss of the largest model, in percent), power and power_error (its binomial standard
    error). `size` is the share found where there is none. `steeper`, `flatter` are the smallest changes that are found
    with probability `target`: rows of `frame`, interpolated; None where no change tried is. `sd` is the noise assumed.
    """

    break_at: float
    frame: pd.DataFrame
    size: float
    steeper: dict[str, float] | None
    flatter: dict[str, float] | None
    target: float
    sd: float


def kink_power(
    law: LossLaw,
    break_at: float,
    shares: ArrayLike = SHARES,
    n_draws: int = 2000,
    seed: int = 0,
    level: float = 0.05,
    target: float = 0.8,
) -> KinkPower:
    """Simulate kinked curves with the residual noise of `law`, at its own sizes, and test each of them.

    Data: E + A·N^(−α)·max(N/N_c, 1)^(−δ) plus normal noise of standard deviation `law.sd`. Every draw is fitted anew
    with and without a kink; the kink counts as found if the F test's p is below `level`.
    """
    n, codes = law.frame["n_params"].to_numpy(), codes_of(law.frame["group"], len(law.frame))
    check_break(n, law.frame["loss"].to_numpy(), break_at, 2 * len(law.offset) + 2)
    terms, alpha = kink_terms(n, break_at), law.alpha.value
    noise = np.random.default_rng(seed).normal(0.0, law.sd, (n_draws, n.size))
    rows = []
    for share in (0.0, *(share for share in np.asarray(shares, float) if share)):
        theta = np.array([alpha, share * alpha])
        exact = law.fits.offset[0, codes] + law.fits.amplitude[0, codes] * np.exp(terms @ theta)
        power = float(np.mean(kink_p_values(n, exact + noise, break_at, codes) < level))
        change = change_at_largest(n, replace(law.fits, shape=theta[None]), break_at)
        rows.append((share, theta[1], change, power, np.sqrt(power * (1 - power) / n_draws)))
    frame = pd.DataFrame(rows, columns=["share", "delta", "change_pct", "power", "power_error"]).sort_values("share")
    return KinkPower(
        break_at=float(break_at),
        frame=frame.reset_index(drop=True),
        size=rows[0][3],
        steeper=_first_found(frame[frame["share"] >= 0], target),
        flatter=_first_found(frame[frame["share"] <= 0].iloc[::-1], target),
        target=target,
        sd=law.sd,
    )


def kink_p_values(n_params: ArrayLike, losses: FloatArray, break_at: float, codes: NDArray[np.int64]) -> FloatArray:
    """p of the kink test for many curves, shape (n_draws,)."""
    dof = len(codes) - 2 * (int(codes.max()) + 1) - 2
    smooth = fit_many(losses, power_terms(n_params), codes)
    kinked = fit_many(losses, kink_terms(n_params, break_at), codes)
    return stats.f.sf(f_statistic(smooth.rss, kinked.rss, dof), 1, dof)


def _first_found(side: pd.DataFrame, target: float) -> dict[str, float] | None:
    # rows run from no change to the largest one; interpolate where the power first passes the target
    power = side["power"].to_numpy()
    reached = np.flatnonzero(power >= target)
    if not reached.size:
        return None
    last, first = max(reached[0] - 1, 0), reached[0]
    span = power[first] - power[last]
    weight = (target - power[last]) / span if span > 0 else 1.0
    columns = ["share", "delta", "change_pct"]
    return {c: float(side[c].iloc[last] * (1 - weight) + side[c].iloc[first] * weight) for c in columns}
