"""The same questions before and after steering: what was corrected, what was broken, and how sure the difference is."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.stats import binom, binomtest, norm

from capelib.errors import InputError
from capelib.estimate import Estimate, bca_estimate
from capelib.frames import written

DUST = 1e-12  # what rounding leaves of a sum that is zero


@dataclass(frozen=True)
class Changes:
    """Right and wrong answers of the same questions, base and steered.

    `corrected` questions went from wrong to right, `broken` ones from right to wrong. `difference` is the share right
    when steered less that of the base, (corrected - broken)/n, with Tango's score interval; `base` and `steered` are
    the shares with Wilson's; all three 0-1. `p` is McNemar's exact test of corrected against broken, two-sided, and
    `p_mid` its mid-p, which is less conservative.
    """

    corrected: int
    broken: int
    stayed_right: int
    stayed_wrong: int
    difference: Estimate
    base: Estimate
    steered: Estimate
    p: float
    p_mid: float

    @property
    def n(self) -> int:
        """Questions compared."""
        return self.corrected + self.broken + self.stayed_right + self.stayed_wrong

    @property
    def discordance(self) -> float:
        """The share of questions that changed sides, 0-1."""
        return (self.corrected + self.broken) / self.n

    def summary(self) -> str:
        """The counts, the difference in points and the test, in one line."""
        ends = (self.difference.value, self.difference.low, self.difference.high)
        value, low, high = (signed(100 * each, ".1f") for each in ends)
        return (
            f"{self.corrected} corrected, {self.broken} broken, {self.stayed_right} stayed right, {self.stayed_wrong} "
            f"stayed wrong of {self.n}; difference {value} points [{low}, {high}]; "
            f"McNemar exact p = {written(self.p)}, mid-p = {written(self.p_mid)}"
        )


@dataclass(frozen=True)
class Shift:
    """A continuous outcome of the same questions, base and steered: how its mean moved.

    `mean` is the mean of steered less base, in the outcome's unit, with the bootstrap interval over questions; `sd` the
    standard deviation of the changes; `rose` and `fell` count questions.
    """

    mean: Estimate
    sd: float
    rose: int
    fell: int


def compare(base: ArrayLike, steered: ArrayLike, level: float = 0.95) -> Changes:
    """Whether each question was right, base and steered, arrays of bool of shape (n,).

    Raises InputError for no questions or arrays of different shapes.
    """
    before, after = (np.asarray(each) for each in (base, steered))
    if before.shape != after.shape or before.ndim != 1 or not before.size:
        raise InputError(f"right or wrong of the same questions twice is needed; got {before.shape} and {after.shape}")
    if not all(np.isin(each, (0, 1)).all() for each in (before, after)):
        raise InputError("right and wrong are 1 and 0 here; compare other values with shift()")
    before, after = before.astype(bool), after.astype(bool)
    return from_counts(
        corrected=int((~before & after).sum()),
        broken=int((before & ~after).sum()),
        stayed_right=int((before & after).sum()),
        stayed_wrong=int((~before & ~after).sum()),
        level=level,
    )


def from_counts(corrected: int, broken: int, stayed_right: int, stayed_wrong: int, level: float = 0.95) -> Changes:
    """`Changes` from its four counts."""
    n = corrected + broken + stayed_right + stayed_wrong
    low, high = tango(corrected, broken, n, level)
    p, p_mid = mcnemar(corrected, broken)
    return Changes(
        corrected=corrected,
        broken=broken,
        stayed_right=stayed_right,
        stayed_wrong=stayed_wrong,
        difference=Estimate((corrected - broken) / n, low, high, level, n, "Tango's score interval"),
        base=_share(stayed_right + broken, n, level),
        steered=_share(stayed_right + corrected, n, level),
        p=p,
        p_mid=p_mid,
    )


def mcnemar(corrected: int, broken: int) -> tuple[float, float]:
    """McNemar's exact two-sided p and its mid-p: of c + b questions that changed sides, half by chance.

    The mid-p counts only half of the probability of what was observed (Fagerland, Lydersen and Laake 2013). Both are 1
    where no question changed sides.
    """
    n, fewer = corrected + broken, min(corrected, broken)
    if n == 0:
        return 1.0, 1.0
    p = binomtest(fewer, n).pvalue
    return float(p), float(min(1.0, 2 * binom.cdf(fewer, n, 0.5) - binom.pmf(fewer, n, 0.5)))


def tango(corrected: int, broken: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Score interval of a difference of paired proportions (Tango 1998), in shares.

    The ends solve (c - b - nΔ)² = z²·n(2q + Δ(1 - Δ)), with c corrected, b broken and q the likeliest share broken if
    the difference were Δ: q = (√(B² - 8nC) - B)/4n, B = (2n - c + b)Δ - c - b, C = -bΔ(1 - Δ). It leaves out zero
    exactly where McNemar's test without correction is below 1 - level.
    """
    z = norm.ppf((1 + level) / 2)

    def score(delta: float) -> float:
        b = (2 * n - corrected + broken) * delta - corrected - broken
        c = -broken * delta * (1 - delta)
        q = (sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
        variance = n * (2 * q + delta * (1 - delta))
        away = corrected - broken - n * delta
        return away - np.copysign(z * sqrt(max(variance, 0.0)), away)

    value = (corrected - broken) / n
    # just beside the estimate the score is inside the interval, at ±1 outside
    low = -1.0 if value == -1 else brentq(score, -1.0, value - 1e-12)
    high = 1.0 if value == 1 else brentq(score, value + 1e-12, 1.0)
    return low, high


def shift(base: ArrayLike, steered: ArrayLike, n_draws: int = 10_000, seed: int = 0, level: float = 0.95) -> Shift:
    """The change of a continuous outcome, arrays of shape (n,); questions are drawn with replacement.

    The interval is the bias-corrected and accelerated one. Raises InputError for fewer than two questions, arrays of
    different shapes or values that are not finite.
    """
    before, after = (np.asarray(each, float) for each in (base, steered))
    if before.shape != after.shape or before.ndim != 1 or before.size < 2:
        raise InputError(f"an outcome of two or more questions twice is needed; got {before.shape} and {after.shape}")
    change = after - before
    if not np.isfinite(change).all():
        raise InputError(f"{np.sum(~np.isfinite(change))} of {change.size} changes are not finite; check the outcome")
    n, rng = change.size, np.random.default_rng(seed)
    draws = _means(change, n_draws, rng)
    left_out = (change.sum() - change) / (n - 1)
    method = f"bootstrap over questions (BCa), {n_draws:,} resamples"
    return Shift(
        mean=bca_estimate(change.mean(), draws, left_out, method, n, level),
        sd=float(change.std(ddof=1)),
        rose=int((change > 0).sum()),
        fell=int((change < 0).sum()),
    )


def signed(value: float, spec: str = ".3g") -> str:
    """A number with its sign, a real minus.

    >>> signed(0.25), signed(-3, ".1f")
    ('+0.25', '−3.0')
    """
    value = 0.0 if abs(value) < DUST else value
    return format(value, f"+z{spec}").replace("-", "−")


def _means(values: NDArray, n_draws: int, rng: np.random.Generator, block: int = 1000) -> NDArray:
    # in blocks: ten thousand resamples of a thousand questions need not lie in memory at once
    sizes = [min(block, n_draws - start) for start in range(0, n_draws, block)]
    return np.concatenate([values[rng.integers(0, values.size, (size, values.size))].mean(axis=1) for size in sizes])


def _share(n: int, of: int, level: float) -> Estimate:
    interval = binomtest(n, of).proportion_ci(level, method="wilson")
    return Estimate(n / of, float(interval.low), float(interval.high), level, of, "Wilson")
