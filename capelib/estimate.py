"""A number with its uncertainty: what every analysis hands to charts, claims and prose."""

from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike


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
    """Percentile interval of resampled values; draws that are not finite are discarded and counted."""
    draws = np.asarray(draws, float)
    kept = draws[np.isfinite(draws)]
    discarded = 1 - kept.size / draws.size if draws.size else None
    if not kept.size:
        return Estimate(float(value), None, None, level, n, method, discarded)
    tail = 50 * (1 - level)
    low, high = np.percentile(kept, [tail, 100 - tail])
    return Estimate(float(value), float(low), float(high), level, n, method, discarded)
