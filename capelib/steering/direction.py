"""A truth direction: where the hidden states of true statements lie from those of false ones, layer by layer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from capelib.errors import InputError
from capelib.frames import need_columns
from capelib.models import LanguageModel, residuals
from capelib.steering import readable
from capelib.steering.estimators import estimator
from capelib.steering.layers import ALL, AUTO, resolve


@dataclass(frozen=True, eq=False)
class TruthDirection:
    """A direction of the residual stream after one or several blocks, from false to true.

    Parameters
    ----------
    layers : tuple of int
        Blocks, counted from 0, whose output is steered.
    vectors : ndarray of shape (n_layers_steered, d_model), float32
        Unit vectors.
    spreads : ndarray of shape (n_layers_steered,)
        Unit of strength: the median distance ‖h − mean h‖ of the last-token states from their mean, over the statements
        fitted on. A raw length means different things in different layers: norms grow by an order of magnitude.
    method : str
        How it was estimated: mean, logistic or pca; or what kind of control it is.
    model, n_layers, d_model : str, int, int
        What it was fitted on.
    n_pairs : int
        Pairs of statements that went in.
    note : str
        What a reader should know, such as how the layer was chosen.
    """

    layers: tuple[int, ...]
    vectors: NDArray
    spreads: NDArray
    method: str
    model: str
    n_layers: int
    d_model: int
    n_pairs: int
    note: str = ""

    @classmethod
    def fit(
        cls,
        model: LanguageModel,
        pairs: pd.DataFrame,
        layer: int | float | str = 0.25,
        method: str = "mean",
        seed: int = 0,
        batch_size: int = 32,
    ) -> "TruthDirection":
        """The direction between the last-token states of true and false statements, at one layer or all.

        `method` "mean": the normalised difference of the two means, the paper's (Amin 2026, Sec. 7.4); "logistic": the
        weights of a logistic probe; "pca": the first principal axis of the differences within pairs, pointing to true.
        `pairs` has the columns true_text and false_text, one pair per row.

        `layer` "auto" is chosen on half of the pairs, where the direction of the other half tells best which statement
        of a pair is true; pairs that mirror each other stay together. The direction itself is then fitted on all pairs.
        "all" gives a direction for each layer.

        Blocks above the highest layer asked for are not computed. Raises InputError for an unknown method or layer, or
        fewer than two pairs (eight for "auto").
        """
        n = model.n_layers
        several = layer in (AUTO, ALL)
        layers = tuple(range(n)) if several else (resolve(layer, n),)
        true, false = states(model, pairs, layers, batch_size)
        found = cls.of_states(true, false, layers, method, model=model.name, n_layers=n)
        if layer != AUTO:
            return found
        best, accuracy = readable.best_layer(true, false, groups(pairs), estimator(method), seed)
        note = (
            f"layer {best} of {n} chosen among all on half of the pairs, where the direction of the other half told "
            f"{100 * accuracy:.0f} % of the pairs right (chance tells 50 %, and the best of {n} layers is flattered)"
        )
        return replace(found.at(best), note=note)

    @classmethod
    def of_states(
        cls, true: ArrayLike, false: ArrayLike, layers: Sequence[int], method: str = "mean", **facts: object
    ) -> "TruthDirection":
        """The direction from states of shape (layers, pairs, d); `facts` are the fields that the states cannot tell."""
        true, false = np.asarray(true, dtype=np.float64), np.asarray(false, dtype=np.float64)
        estimate = estimator(method)
        vectors = np.stack([_unit(estimate(t, f), layer) for layer, t, f in zip(layers, true, false, strict=True)])
        spreads = np.array([spread(np.concatenate([t, f])) for t, f in zip(true, false, strict=True)])
        counted = {"n_pairs": true.shape[1], "d_model": true.shape[2]}
        return cls(tuple(layers), vectors.astype(np.float32), spreads, method, **counted, **facts)

    @property
    def raw(self) -> NDArray:
        """What strength 1 adds, of shape (layers, d_model): the unit vector times the spread."""
        return self.vectors * self.spreads[:, None].astype(np.float32)

    def at(self, layer: int) -> "TruthDirection":
        """The same direction at one of its layers alone. Raises InputError if it has none there."""
        if layer not in self.layers:
            raise InputError(f"the direction has no layer {layer}; it has {', '.join(map(str, self.layers))}")
        place = self.layers.index(layer)
        return replace(
            self, layers=(layer,), vectors=self.vectors[place : place + 1], spreads=self.spreads[place : place + 1]
        )

    def along(self, vectors: ArrayLike, method: str) -> "TruthDirection":
        """Other vectors, normalised, in place of these: a control at the same layers and in the same units."""
        vectors = np.asarray(vectors, dtype=np.float64)
        unit = np.stack([_unit(vector, layer) for layer, vector in zip(self.layers, vectors, strict=True)])
        return replace(self, vectors=unit.astype(np.float32), method=method, note="")

    def fits(self, model: LanguageModel) -> None:
        """Raise InputError unless `model` has the width and the layers of this direction."""
        if self.d_model != model.d_model or max(self.layers) >= model.n_layers:
            raise InputError(
                f"the direction is of {self.model} ({self.n_layers} layers of width {self.d_model}), the model "
                f"{model.name} has {model.n_layers} of width {model.d_model}; fit one on it"
            )

    def summary(self) -> str:
        """One line for people."""
        where = f"layer {self.layers[0]}" if len(self.layers) == 1 else f"{len(self.layers)} layers"
        return f"{self.method} direction of {self.model}, {where} of {self.n_layers}, from {self.n_pairs} pairs"


def states(
    model: LanguageModel, pairs: pd.DataFrame, layers: Sequence[int], batch_size: int = 32
) -> tuple[NDArray, NDArray]:
    """Last-token states of the true and of the false statements, each of shape (layers, pairs, d_model), float32.

    Raises InputError for fewer than two pairs or missing columns.
    """
    need_columns(pairs, ["true_text", "false_text"])
    if len(pairs) < 2:
        raise InputError(f"a direction needs two pairs of statements or more; got {len(pairs)}")
    read = residuals(model, [*pairs["true_text"], *pairs["false_text"]], layers, batch_size=batch_size)
    return read[:, : len(pairs)], read[:, len(pairs) :]


def spread(vectors: ArrayLike) -> float:
    """Median distance of vectors of shape (n, d) from their mean: the unit of strength."""
    vectors = np.asarray(vectors, dtype=np.float64)
    return float(np.median(np.linalg.norm(vectors - vectors.mean(axis=0), axis=1)))


def groups(pairs: pd.DataFrame) -> NDArray:
    """A number for each pair, the same for pairs that mirror each other: together they are one piece of evidence."""
    if not {"pair", "mirror"} <= set(pairs):
        return np.arange(len(pairs))
    names = [min(pair, mirror or pair) for pair, mirror in zip(pairs["pair"], pairs["mirror"], strict=True)]
    return pd.factorize(pd.Series(names))[0]


def _unit(vector: NDArray, layer: int) -> NDArray:
    norm = np.linalg.norm(vector)
    if not np.isfinite(norm) or norm == 0:
        raise InputError(f"layer {layer}: true and false statements have the same states there, so none is a direction")
    return vector / norm
