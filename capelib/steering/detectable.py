"""The smallest effect that an experiment could have found, so that finding none says how large one may have been."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom, nct, t

from capelib.errors import InputError


@dataclass(frozen=True)
class Detectable:
    """The smallest true effect that a two-sided test at `alpha` finds with probability `power`.

    `smallest` is in the outcome's unit, a share 0-1 for right and wrong; None where no effect would have been found,
    however large. `n` is the number of questions, `spread` what was assumed of them (share that changes sides, or
    standard deviation of the changes), `test` the test.
    """

    smallest: float | None
    n: int
    spread: float
    power: float
    alpha: float
    test: str

    def summary(self) -> str:
        """What could have been found, in one line."""
        found = f"with power {100 * self.power:.0f} % ({self.test}, two-sided {100 * self.alpha:g} %, n = {self.n})"
        if self.smallest is None:
            return f"no effect could have been found {found}: there are too few questions"
        size = f"{100 * self.smallest:.1f} points" if self.test == MCNEMAR else f"{self.smallest:.3g}"
        return f"the smallest effect that would have been found {found} is {size}"


MCNEMAR, PAIRED_T = "McNemar exact", "paired t"


def mcnemar_power(n: int, discordance: float, difference: float, alpha: float = 0.05) -> float:
    """The chance that McNemar's exact test of `n` questions is significant.

    Of the n, a binomial number m with probability `discordance` changes sides, and of these a binomial number with
    probability (1 + difference/discordance)/2 is corrected; both numbers are summed over, nothing is approximated.

    Raises InputError for a difference beyond the discordance, or a discordance beyond 1.
    """
    if not abs(difference) <= discordance <= 1:
        raise InputError(f"|difference| <= discordance <= 1 is needed; got {difference:g} and {discordance:g}")
    if discordance == 0:
        return 0.0
    m = np.arange(1, n + 1)
    corrected = (1 + difference / discordance) / 2
    most = binom.ppf(alpha / 2, m, 0.5)  # the largest minority that is still significant
    most -= binom.cdf(most, m, 0.5) > alpha / 2
    found = binom.cdf(most, m, corrected) + binom.sf(m - most - 1, m, corrected)
    return float(binom.pmf(m, n, discordance) @ found)


def smallest_share(n: int, discordance: float, power: float = 0.8, alpha: float = 0.05) -> Detectable:
    """The smallest |difference| of paired shares that McNemar's exact test finds, given the share that changes sides.

    A larger difference than that share means that more change sides: then all of them to one side. Raises InputError
    for n below one or a discordance outside 0-1.
    """
    _check(n, power, alpha, least=1)
    if not 0 <= discordance <= 1:
        raise InputError(f"a discordance is a share from 0 to 1; got {discordance:g}; divide the count by n")

    def short(difference: float) -> float:
        return mcnemar_power(n, max(discordance, difference), difference, alpha) - power

    smallest = float(brentq(short, 0.0, 1.0)) if short(1.0) >= 0 else None
    return Detectable(smallest, n, float(discordance), power, alpha, MCNEMAR)


def smallest_mean(n: int, sd: float, power: float = 0.8, alpha: float = 0.05) -> Detectable:
    """The smallest |mean change| that a paired t test finds, given the standard deviation of the changes.

    With noncentrality δ√n/sd and n - 1 degrees of freedom. Raises InputError for n below two or a negative sd.
    """
    _check(n, power, alpha, least=2)
    if not (np.isfinite(sd) and sd >= 0):
        raise InputError(f"a standard deviation is zero or more; got {sd:g}; take that of the paired changes")
    limit = t.ppf(1 - alpha / 2, n - 1)

    def short(away: float) -> float:
        # scipy gives NaN for the other tail where it holds nothing any more
        return nct.sf(limit, n - 1, away) + np.nan_to_num(nct.cdf(-limit, n - 1, away)) - power

    far = 1.0
    while short(far) < 0:
        far *= 2
    return Detectable(float(brentq(short, 0.0, far) * sd / np.sqrt(n)), n, float(sd), power, alpha, PAIRED_T)


def _check(n: int, power: float, alpha: float, least: int) -> None:
    if n < least:
        raise InputError(f"{least} question{'s' if least > 1 else ''} or more are needed; got {n}; give more questions")
    if not 0 < alpha < power < 1:
        raise InputError(f"0 < alpha < power < 1 is needed; got alpha {alpha:g} and power {power:g}")
