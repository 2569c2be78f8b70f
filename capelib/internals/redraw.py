"""The same coupling for other draws of the prompts: what is said of a model must survive them."""

import numpy as np
import pandas as pd

from capelib.internals.gram import gram
from capelib.internals.prompts import choose
from capelib.internals.references import by_draw
from capelib.models import LanguageModel, residuals


def redraw(
    model: LanguageModel,
    table: pd.DataFrame,
    n_sets: int = 10,
    n: int = 16,
    first: str = "reasoning",
    second: str = "truthfulness",
    seed: int = 0,
    n_draws: int = 300,
) -> pd.DataFrame:
    """`by_draw` for `n_sets` draws of `choose`, with the seeds after `seed`. Every prompt is read once for all of them.

    Raises InputError as `choose` and `residuals` do.
    """
    chosen = [choose(table, n, seed + 1 + number, first, second) for number in range(n_sets)]
    texts = list(dict.fromkeys(text for sets in chosen for text in (*sets.first, *sets.second, *sets.neutral)))
    products = np.stack([gram(layer) for layer in residuals(model, texts)])
    return by_draw(products, texts, chosen, n_draws)
