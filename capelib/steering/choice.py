"""The layer of an experiment, from states that have been read already."""

import pandas as pd
from numpy.typing import NDArray

from capelib.models import LanguageModel
from capelib.steering.direction import groups
from capelib.steering.estimators import estimator
from capelib.steering.layers import AUTO, resolve
from capelib.steering.readable import best_layer


def choose_layer(
    layer: int | float | str,
    model: LanguageModel,
    fitted: tuple[NDArray, NDArray],
    pairs: pd.DataFrame,
    seed: int = 0,
    method: str = "mean",
) -> int:
    """The index of a layer; "auto" is chosen as in `TruthDirection.fit`, from `fitted`, the states of `pairs` at every
    layer, which are not read again. Raises InputError for a layer that is not there."""
    if layer == AUTO:
        return best_layer(*fitted, groups(pairs), estimator(method), seed)[0]
    return resolve(layer, model.n_layers)
