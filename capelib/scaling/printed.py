"""Numbers as a paper prints them."""

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
