"""A number with its uncertainty: what every analysis hands to charts, claims and prose."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

MOST_DISCARDED = 0.5  # share of resamples without a value beyond which what is left is no sample of them


@dataclass(frozen=True)
class Estimate:
    """A value, its interval and how it was come by.

    Parameters
    ----------
    value : float
        Point estimate, in the unit that the maker's docstring names.
    low, high : float or None
        Ends of the interval, None where there is none.
    level : float
        Coverage the interval is meant to have.
    n : int or None
        How many observations went in.
    method : str
        What was resampled or assumed, in a few words: "pooled bootstrap, 10,000 resamples".
    discarded : float or None
        Share of resamples that gave no value and were left out, 0-1.
    """

    value: float
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    n: int | None = None
    method: str = ""
    discarded: float | None = None

    @property
    def has_interval(self) -> bool:
        """Whether both ends are known and finite."""
        return self.low is not None and self.high is not None and isfinite(self.low) and isfinite(self.high)

    def covers(self, value: float) -> bool:
        """Whether `value` lies in the closed interval; without an interval it never does."""
        return self.has_interval and self.low <= value <= self.high

    def __format__(self, spec: str) -> str:
        """Format value and interval alike; where a number of digits is asked for, zeros at the end are digits too.

        >>> f"{Estimate(0.5, 0.25, 0.75):.2f}", f"{Estimate(0.95, 0.91, 0.997):.3g}"
        ('0.50 [0.25, 0.75]', '0.950 [0.910, 0.997]')
        """
        if not self.has_interval:
            return format(self.value, spec)
        alike = f"#{spec}" if spec.endswith("g") and "#" not in spec else spec
        value, low, high = (format(each, alike).rstrip(".") for each in (self.value, self.low, self.high))
        return f"{value} [{low}, {high}]"

    def __str__(self) -> str:
        return format(self, ".3g")


def percentile_estimate(
    value: float, draws: ArrayLike, method: str, n: int | None = None, level: float = 0.95
) -> Estimate:
    """Percentile interval of resampled values; draws that are not finite are discarded and counted.

    There is no interval where more than half of the draws (`MOST_DISCARDED`) are discarded: the quantiles of the rest
    would be those of the resamples that happened to give a value.
    """
    tail = (1 - level) / 2
    return _from_draws(value, draws, method, n, level, lambda _: (tail, 1 - tail))


def bca_estimate(
    value: float,
    draws: ArrayLike,
    left_out: ArrayLike,
    method: str,
    n: int | None = None,
    level: float = 0.95,
) -> Estimate:
    """Bias-corrected and accelerated bootstrap interval (Efron, 1987), for statistics whose resamples lie off centre.

    The quantiles taken are Φ(z₀ + (z₀ + z)/(1 − a(z₀ + z))), where z₀ = Φ⁻¹(share of draws below `value`, ties half)
    and a is the acceleration Σd³/(6(Σd²)^1.5), d the mean of `left_out` less `left_out`: the statistic without each
    resampled unit (model or family) in turn. Draws that are not finite are discarded, as in `percentile_estimate`.
    """
    left_out = np.asarray(left_out, float)
    left_out = left_out[np.isfinite(left_out)]
    away = left_out.mean() - left_out if left_out.size else np.zeros(1)
    spread = float(np.sum(away**2))
    acceleration = float(np.sum(away**3) / (6 * spread**1.5)) if spread > 0 else 0.0

    def quantiles(kept: np.ndarray) -> tuple[float, float]:
        below = float(np.mean(kept < value) + np.mean(kept == value) / 2)
        shift = stats.norm.ppf(np.clip(below, 1 / (2 * kept.size), 1 - 1 / (2 * kept.size)))
        z = shift + stats.norm.ppf([(1 - level) / 2, (1 + level) / 2])
        return tuple(stats.norm.cdf(shift + z / (1 - acceleration * z)).tolist())

    return _from_draws(value, draws, method, n, level, quantiles)


def _from_draws(
    value: float,
    draws: ArrayLike,
    method: str,
    n: int | None,
    level: float,
    quantiles: Callable[[np.ndarray], tuple[float, float]],
) -> Estimate:
    draws = np.asarray(draws, float)
    kept = draws[np.isfinite(draws)]
    discarded = 1 - kept.size / draws.size if draws.size else None
    if not kept.size or discarded > MOST_DISCARDED:
        return Estimate(float(value), None, None, level, n, method, discarded)
    low, high = np.quantile(kept, quantiles(kept))
    return Estimate(float(value), float(low), float(high), level, n, method, discarded)
