"""Numbers as a paper prints them, every reading of a printed pair, and the measurement they are held against."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from capelib.errors import InputError
from capelib.estimate import Estimate


def plus_minus(value: float, half_width: float, decimals: int, method: str, n: int | None = None) -> Estimate:
    """A value with the interval that "value ± half-width" means once both are rounded for print.

    The ends are rounded value ± rounded half-width, because that is all a reader of the printed pair can reconstruct.
    The point estimate keeps its digits.

    >>> f"{plus_minus(0.4011, 0.0846, 2, 'one standard error'):.2f}"
    '0.40 [0.32, 0.48]'
    """
    centre, half = round(value, decimals), round(half_width, decimals)
    return Estimate(float(value), centre - half, centre + half, n=n, method=method)


def readings(
    value: float, half_widths: Mapping[str, float], decimals: int, n: int | None = None, where: str = ""
) -> dict[str, Estimate]:
    """Every reading of a printed "±" whose meaning is not stated, by name; `where` is put before each name.

    `half_widths` holds the half-width under each reading. None is singled out: where some print as the paper's pair
    and others do not, the pair is ill-defined.

    >>> {name: f"{e:.1f}" for name, e in readings(2.0, {"sd": 0.31, "2 sd": 0.62}, 1).items()}
    {'± sd': '2.0 [1.7, 2.3]', '± 2 sd': '2.0 [1.4, 2.6]'}
    """
    prefix = f"{where}, " if where else ""
    return {
        f"{prefix}± {name}": plus_minus(value, half, decimals, f"± {name}", n) for name, half in half_widths.items()
    }


def of_mean(values: ArrayLike) -> dict[str, float]:
    """What the "±" of a printed mean can be, by name: half-widths in the unit of `values`."""
    x = np.asarray(values, float)
    sd = float(np.std(x, ddof=1))
    error = sd / np.sqrt(x.size)
    return {
        "half the range": float(np.ptp(x) / 2),
        "sample standard deviation": sd,
        "population standard deviation": float(np.std(x)),
        "two standard deviations": 2 * sd,
        "standard error of the mean": float(error),
        "95 % t interval of the mean": float(stats.t.ppf(0.975, x.size - 1) * error),
    }


def of_fit(standard_error: float, dof: int) -> dict[str, float]:
    """What the "±" of a fitted number can be, by name: half-widths in its unit."""
    return {
        "one standard error": standard_error,
        "two standard errors": 2 * standard_error,
        "95 % normal interval": float(stats.norm.ppf(0.975) * standard_error),
        "95 % t interval": float(stats.t.ppf(0.975, dof) * standard_error),
    }


def least_favourable(paper: float, measurements: Mapping[str, Estimate]) -> Estimate:
    """Of several equally independent measurements the one that agrees least with `paper`; its method says so.

    One whose interval leaves `paper` out comes before any that contains it; then the farther value counts. So
    agreement by coverage is found only where every measurement agrees. Raises InputError if there is none.
    """
    if not measurements:
        raise InputError("least_favourable needs at least one measurement; got none")
    name, worst = max(measurements.items(), key=lambda item: (not item[1].covers(paper), abs(item[1].value - paper)))
    return replace(worst, method=f"{name}, the least favourable of {len(measurements)}; {worst.method}")
