"""An effect beside those of directions that mean nothing: permuted labels, Gaussian directions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from capelib.errors import InputError, unknown

SIDES = {"larger": "as large", "smaller": "as small", "two-sided": "as far from zero"}


@dataclass(frozen=True)
class Ranked:
    """An effect ranked among null effects, all in the same unit.

    `p` is (1 + n_as_extreme)/(1 + n_null): exact if effect and nulls are exchangeable, never below 1/(1 + n_null).
    `mean`, `low` and `high` are the nulls' mean and the range of their middle 95 %.
    """

    effect: float
    p: float
    n_as_extreme: int
    n_null: int
    mean: float
    low: float
    high: float
    side: str


def rank(effect: float, nulls: ArrayLike, side: str = "larger") -> Ranked:
    """Rank an effect among the effects of null directions of shape (n_null,).

    `side` says what counts as extreme: "larger", "smaller", or "two-sided" for a larger absolute value. A null effect
    equal to the effect counts as extreme. Raises InputError for another side, no nulls or values that are not finite.
    """
    if side not in SIDES:
        raise unknown("side", side, SIDES)
    null = np.asarray(nulls, float)
    if null.ndim != 1 or not null.size:
        raise InputError(f"at least one null direction is needed, in one row; got an array of shape {null.shape}")
    if not (np.isfinite(null).all() and np.isfinite(effect)):
        raise InputError("an effect or null effect is not finite; it can be neither ranked nor left out")
    sign = -1 if side == "smaller" else 1
    key = np.abs if side == "two-sided" else lambda value: sign * value
    extreme = int((key(null) >= key(effect)).sum())
    low, high = np.percentile(null, [2.5, 97.5])
    return Ranked(
        effect=float(effect),
        p=(1 + extreme) / (1 + null.size),
        n_as_extreme=extreme,
        n_null=null.size,
        mean=float(null.mean()),
        low=float(low),
        high=float(high),
        side=side,
    )
