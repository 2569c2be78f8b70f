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
ROUNDING = 1e-12  # a shuffle that comes back to the observed labels is no lower than they are


@dataclass(frozen=True)
class Controlled:
    """Couplings with their spread and nulls.

    `table` has one row per unit (a layer, a head) and measure, `overall` one per measure for the mean over all units:

    - `value`; `low`, `high`: 95 % spread of the coupling of as many prompts, drawn with replacement, about the value.
      It says what other prompts of the kind would give at this number of prompts; with more prompts any coupling is
      higher, since noise in a mean lowers a cosine;
    - `shuffled_low`, `shuffled_mid`, `shuffled_high`: the same prompts with shuffled labels; `p`, the share of
      shuffles whose coupling is as low as the observed one or lower: is there any contrast between the sets?
    - `neutral_low`, `neutral_mid`, `neutral_high`: two disjoint samples of the neutral prompts, of the sets' sizes.

    `paired`: whether the sets' prompts come in pairs, which were then drawn together, and whose labels were exchanged
    within pairs. Samples of neutral prompts share no frames, which can only lower their coupling beside a paired one.
    """

    table: pd.DataFrame
    overall: pd.DataFrame
    n_prompts: tuple[int, int, int, int]
    n_draws: int
    paired: bool

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
    paired: bool = False,
) -> Controlled:
    """Coupling of two sets of vectors in every unit, with its nulls, as defined, centred and standardised.

    All four sets have the shape (units..., prompts, d). `neutral` prompts belong to neither set; `reference` prompts,
    different from all others, give the mean that *centred* takes away and the standard deviations that *standardised*
    divides by: the mean of two equal sets themselves would give exactly -1. With a `metric` (units..., d, d) scalar
    products are x·M·y, and *standardised* is left out. `paired`: the sets' prompts come in pairs, in the same order.

    Raises InputError for fewer than four prompts of a kind, vectors that do not fit, or pairs of unequal sets.
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
    found, overall = [], []
    for name, change in ways.items():
        ours = gram.gram(change(np.concatenate([a, b], axis=-2)), metric)
        drawn = draws(ours, gram.gram(change(other), metric), sizes[:2], n_draws, seed, paired)
        index = pd.MultiIndex.from_tuples(list(np.ndindex(ours.shape[:-2])), names=UNITS[: ours.ndim - 2])
        frame = pd.DataFrame({key: np.ravel(column) for key, column in columns(*drawn).items()}, index=index)
        found.append(frame.reset_index().assign(measure=name))
        units = tuple(range(ours.ndim - 2))
        together = columns(*(each.mean(axis=units) for each in drawn))
        overall.append(pd.DataFrame({key: [float(each)] for key, each in together.items()}).assign(measure=name))
    tables = (pd.concat(each, ignore_index=True) for each in (found, overall))
    return Controlled(*tables, sizes, n_draws, paired)


def draws(
    ours: NDArray, neutral: NDArray, sizes: tuple[int, int], n_draws: int = 1000, seed: int = 0, paired: bool = False
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """The coupling (units...) and its bootstrap, its shuffled labels and its neutral samples (units..., draws each).

    From scalar products alone: `ours` (units..., n, n) of the two sets one after the other, of `sizes` prompts;
    `neutral` (units..., m, m). The same draws for every unit. Raises InputError for pairs of unequal sets.
    """
    if paired and sizes[0] != sizes[1]:
        raise InputError(f"pairs need two sets of one size; got {sizes[0]} and {sizes[1]} prompts")
    rng = np.random.default_rng(seed)
    value = gram.cosine_of_means(ours, *gram.sets(*sizes))[..., 0]
    drawn = gram.cosine_of_means(ours, *gram.bootstrapped(*sizes, n_draws, rng, paired))
    mixed = gram.cosine_of_means(ours, *gram.shuffled(*sizes, n_draws, rng, paired))
    half = min(*sizes, neutral.shape[-1] // 2)
    split = gram.cosine_of_means(neutral, *gram.halves(neutral.shape[-1], half, n_draws, rng))
    return value, drawn, mixed, split


def columns(value: NDArray, drawn: NDArray, mixed: NDArray, split: NDArray) -> dict[str, NDArray]:
    """The columns of `Controlled.table` from what `draws` gives."""
    return {
        "value": value,
        **_around(value, drawn),
        **_interval("shuffled_", mixed),
        **_interval("neutral_", split),
        "p": (1 + (mixed <= value[..., None] + ROUNDING).sum(axis=-1)) / (mixed.shape[-1] + 1),
    }


def _interval(prefix: str, drawn: NDArray) -> dict[str, NDArray]:
    low, mid, high = np.nanpercentile(drawn, [2.5, 50, 97.5], axis=-1)
    return {f"{prefix}low": low, f"{prefix}mid": mid, f"{prefix}high": high}


def _around(value: NDArray, drawn: NDArray) -> dict[str, NDArray]:
    # Means of fewer different prompts are noisier, and noise lowers a cosine, so that the draws lie below the value
    # they belong to. Their spread is taken, on Fisher's scale, and not their place.
    low, mid, high = np.arctanh(np.clip(np.nanpercentile(drawn, [2.5, 50, 97.5], axis=-1), -BELOW_ONE, BELOW_ONE))
    centre = np.arctanh(np.clip(value, -BELOW_ONE, BELOW_ONE))
    return {"low": np.tanh(centre + low - mid), "high": np.tanh(centre + high - mid)}
