"""What a centred coupling owes to the prompts whose mean was taken away, and to the prompts that were drawn."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from capelib.internals import gram
from capelib.internals.coupling import columns, draws
from capelib.internals.prompts import PromptSets


def by_reference(
    first: ArrayLike,
    second: ArrayLike,
    neutral: ArrayLike,
    references: Mapping[str, ArrayLike],
    paired: bool = False,
    n_draws: int = 300,
    seed: int = 0,
) -> pd.DataFrame:
    """The centred coupling, averaged over the layers, with one reference after another.

    Vectors of shape (layers, prompts, d). Rows: reference, prompts (how many), then value, low, high and both nulls as
    in `Controlled.overall`. An ordering of sets and neutral prompts that another reference reverses is no finding.
    """
    a, b, other = (np.asarray(each, float) for each in (first, second, neutral))
    sizes, rows = (a.shape[1], b.shape[1]), []
    for name, reference in references.items():
        mean = np.asarray(reference, float).mean(axis=1, keepdims=True)
        ours, null = gram.gram(np.concatenate([a, b], axis=1) - mean), gram.gram(other - mean)
        found = columns(*(each.mean(axis=0) for each in draws(ours, null, sizes, n_draws, seed, paired)))
        rows.append({"reference": name, "prompts": np.shape(reference)[1], **{k: float(v) for k, v in found.items()}})
    return pd.DataFrame(rows)


def by_draw(products: NDArray, texts: Sequence[str], chosen: Sequence[PromptSets], n_draws: int = 300) -> pd.DataFrame:
    """The coupling as defined for one draw of the prompts after another.

    `products` (layers, n, n) are the scalar products of the states of all `texts`, one reading for all draws. Rows:
    draw, value (mean over the layers), neutral_mid of it, and the numbers of layers below the neutral band and with
    p < 0.05.
    """
    place, rows = {text: i for i, text in enumerate(texts)}, []
    for number, sets in enumerate(chosen):
        of_sets = [place[text] for text in (*sets.first, *sets.second)]
        of_neutral = [place[text] for text in sets.neutral]
        drawn = draws(
            products[:, of_sets][:, :, of_sets], products[:, of_neutral][:, :, of_neutral],
            (len(sets.first), len(sets.second)), n_draws, number, sets.paired,
        )  # fmt: skip
        found, together = columns(*drawn), columns(*(each.mean(axis=0) for each in drawn))
        rows.append({
            "draw": number,
            "value": float(together["value"]),
            "neutral_mid": float(together["neutral_mid"]),
            "below_neutral": int((found["value"] < found["neutral_low"]).sum()),
            "contrast": int((found["p"] < 0.05).sum()),
        })  # fmt: skip
    return pd.DataFrame(rows)
