"""The paper's internal coupling, the cosine of two sets' mean vectors, beside what it would be without any contrast."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from capelib.errors import InputError
from capelib.internals import gram

RAW, CENTRED, STANDARDISED = "as defined", "centred", "standardised"
UNITS = ["layer", "head"]
BELOW_ONE = 1 - 1e-12


@dataclass(frozen=True)
class Controlled:
    """Couplings with interval and nulls.

    `table` has one row per unit (a layer, a head) and measure: `value`; `low`, `high`, the 95 % spread over prompts
    drawn with replacement, about the value; `shuffled_low`, `shuffled_mid`, `shuffled_high`, the same prompts with
    shuffled labels; `neutral_low`, `neutral_mid`, `neutral_high`, two samples of the neutral prompts, of the sets'
    sizes; `p`, the share of shuffles whose coupling is as low as the observed one or lower: is there any contrast
    between the sets?
    """

    table: pd.DataFrame
    n_prompts: tuple[int, int, int, int]
    n_draws: int

    def measure(self, name: str) -> pd.DataFrame:
        """The rows of one measure."""
        return self.table[self.table["measure"] == name]


def coupling(first: ArrayLike, second: ArrayLike) -> NDArray:
    """Cosine between the mean vectors of two sets, of shapes (..., n, d) and (..., m, d): shape (...).

    Amin (2026), Sec. 6 and App. A.5: hidden states of 16 reasoning and 16 truthfulness prompts.
    """
    a, b = (np.asarray(each, dtype=np.float64).mean(axis=-2) for each in (first, second))
    return (a * b).sum(axis=-1) / np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))


def controlled(
    first: ArrayLike,
    second: ArrayLike,
    neutral: ArrayLike,
    reference: ArrayLike,
    metric: NDArray | None = None,
    n_draws: int = 1000,
    seed: int = 0,
) -> Controlled:
    """Coupling of two sets of vectors in every unit, with its nulls, as defined, centred and standardised.

    All four sets have the shape (units..., prompts, d). `neutral` prompts belong to neither set; `reference` prompts,
    different from all others, give the mean that *centred* takes away and the standard deviations that *standardised*
    divides by: the mean of two equal sets themselves would give exactly -1. With a `metric` (units..., d, d) scalar
    products are x·M·y, and *standardised* is left out.

    Raises InputError for fewer than four prompts of a kind or vectors that do not fit.
    """
    parts = [np.asarray(each, dtype=np.float64) for each in (first, second, neutral, reference)]
    sizes = tuple(part.shape[-2] for part in parts)
    if min(sizes) < 4 or len({(*part.shape[:-2], part.shape[-1]) for part in parts}) != 1:
        raise InputError(f"four sets of four prompts or more with vectors of one shape are needed; got {sizes}")
    a, b, other, outside = parts
    mean, sd = outside.mean(axis=-2, keepdims=True), outside.std(axis=-2, ddof=1, keepdims=True)
    ways = {RAW: lambda x: x, CENTRED: lambda x: x - mean}
    if metric is None:
        ways[STANDARDISED] = lambda x: (x - mean) / np.where(sd > 0, sd, 1)
    found = []
    for name, change in ways.items():
        ours = gram.gram(change(np.concatenate([a, b], axis=-2)), metric)
        columns = nulls(ours, gram.gram(change(other), metric), sizes[:2], n_draws, seed)
        index = pd.MultiIndex.from_tuples(list(np.ndindex(ours.shape[:-2])), names=UNITS[: ours.ndim - 2])
        frame = pd.DataFrame({name: np.ravel(column) for name, column in columns.items()}, index=index)
        found.append(frame.reset_index().assign(measure=name))
    return Controlled(pd.concat(found, ignore_index=True), sizes, n_draws)


def nulls(
    ours: NDArray, neutral: NDArray, sizes: tuple[int, int], n_draws: int = 1000, seed: int = 0
) -> dict[str, NDArray]:
    """The columns of `Controlled.table` from scalar products alone.

    `ours` (units..., n, n) of the two sets one after the other, of `sizes` prompts; `neutral` (units..., m, m).
    """
    rng = np.random.default_rng(seed)  # the same draws for every measure
    value = gram.cosine_of_means(ours, *gram.sets(*sizes))[..., 0]
    drawn = gram.cosine_of_means(ours, *gram.bootstrapped(*sizes, n_draws, rng))
    mixed = gram.cosine_of_means(ours, *gram.shuffled(*sizes, n_draws, rng))
    half = min(*sizes, neutral.shape[-1] // 2)
    split = gram.cosine_of_means(neutral, *gram.halves(neutral.shape[-1], half, n_draws, rng))
    return {
        "value": value,
        **_around(value, drawn),
        **_interval("shuffled_", mixed),
        **_interval("neutral_", split),
        "p": (1 + (mixed <= value[..., None]).sum(axis=-1)) / (n_draws + 1),
    }


def _interval(prefix: str, draws: NDArray) -> dict[str, NDArray]:
    low, mid, high = np.nanpercentile(draws, [2.5, 50, 97.5], axis=-1)
    return {f"{prefix}low": low, f"{prefix}mid": mid, f"{prefix}high": high}


def _around(value: NDArray, draws: NDArray) -> dict[str, NDArray]:
    # Means of fewer different prompts are noisier, and noise lowers a cosine, so that the draws lie below the value
    # they belong to. Their spread is taken, on Fisher's scale, and not their place.
    low, mid, high = np.arctanh(np.clip(np.nanpercentile(draws, [2.5, 50, 97.5], axis=-1), -BELOW_ONE, BELOW_ONE))
    centre = np.arctanh(np.clip(value, -BELOW_ONE, BELOW_ONE))
    return {"low": np.tanh(centre + low - mid), "high": np.tanh(centre + high - mid)}
