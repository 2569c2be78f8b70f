"""What a steering needs before it begins: a direction, fitted or given, and the states its controls are drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.models import LanguageModel
from capelib.steering.direction import TruthDirection, groups, states
from capelib.steering.layers import AUTO, resolve
from capelib.steering.readable import by_layer


@dataclass(frozen=True, eq=False)
class Prepared:
    """A direction at one or several layers, with the states of the statements at these layers.

    `true` and `false` have the shape (layers, pairs, d_model); pairs of one of `groups` (pairs,) mirror each other.
    `layer` is the one that decides; where a direction of several layers is given and none chosen, the lowest.
    """

    direction: TruthDirection
    true: NDArray
    false: NDArray
    groups: NDArray
    layer: int

    def in_raw_units(self) -> "Prepared":
        """The same with strength 1 adding the unit vector: the spread of every layer is taken as 1."""
        return replace(self, direction=replace(self.direction, spreads=np.ones(len(self.direction.layers))))


def fit(
    model: LanguageModel,
    pairs: pd.DataFrame,
    layer: int | float | str = 0.25,
    method: str = "mean",
    also: Sequence[int] = (),
    seed: int = 0,
) -> Prepared:
    """A direction fitted at `layer`, "auto" included, and at the layers `also`, with one reading of the statements.

    "auto" reads them once more. Raises InputError as `TruthDirection.fit` does.
    """
    note = ""
    if layer == AUTO:
        chosen = TruthDirection.fit(model, pairs, AUTO, method, seed)
        main, note = chosen.layers[0], chosen.note
    else:
        main = resolve(layer, model.n_layers)
    layers = sorted({main, *also})
    true, false = states(model, pairs, layers)
    direction = TruthDirection.of_states(true, false, layers, method, model=model.name, n_layers=model.n_layers)
    return Prepared(replace(direction, note=note), true, false, groups(pairs), main)


def given(
    model: LanguageModel,
    pairs: pd.DataFrame,
    direction: TruthDirection,
    layer: int | None = None,
    also: Sequence[int] = (),
) -> Prepared:
    """A direction that was fitted before: at all of its layers, or at `layer` and `also` alone.

    Raises InputError if it is of another model or has no such layer.
    """
    direction.fits(model)
    if layer is not None:
        direction = _at(direction, sorted({layer, *also}))
    true, false = states(model, pairs, direction.layers)
    return Prepared(direction, true, false, groups(pairs), direction.layers[0] if layer is None else layer)


def readable(model: LanguageModel, held_out: pd.DataFrame, prepared: Prepared, seed: int = 0) -> pd.DataFrame:
    """The frame of `readable.by_layer` for a fitted direction: how well it tells pairs that it was not fitted on."""
    layers, fitted_on = list(prepared.direction.layers), (prepared.true, prepared.false)
    fresh, method = states(model, held_out, layers), prepared.direction.method
    return by_layer(fitted_on, fresh, groups(held_out), layers, method, seed=seed, fit_groups=prepared.groups)


def _at(direction: TruthDirection, layers: Sequence[int]) -> TruthDirection:
    parts = [direction.at(layer) for layer in layers]
    vectors, spreads = (np.concatenate([getattr(part, name) for part in parts]) for name in ("vectors", "spreads"))
    return replace(direction, layers=tuple(layers), vectors=vectors, spreads=spreads)
