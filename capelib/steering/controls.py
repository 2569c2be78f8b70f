"""Directions that mean nothing, made as the truth direction is: what an effect must be told from."""

import numpy as np
from numpy.typing import NDArray

from capelib.steering.direction import TruthDirection
from capelib.steering.estimators import METHODS, mean_difference
from capelib.steering.readable import swapped

PERMUTED, GAUSSIAN = "permuted labels", "Gaussian"


def permuted(
    direction: TruthDirection,
    true: NDArray,
    false: NDArray,
    n: int = 20,
    seed: int = 0,
    groups: NDArray | None = None,
) -> list[TruthDirection]:
    """`n` directions fitted like `direction`, on the same statements with the labels of each pair exchanged at random.

    The main null: such a direction lies where differences of real statements lie, and says nothing about truth. States
    of shape (layers, pairs, d), at the layers of `direction`; the same exchanges in every layer.
    Pairs of one of `groups` (pairs,), as `direction.groups` gives them, are exchanged together. Where a pair and its
    mirror have the same words in the other roles, any true labelling cancels the words; one of the two exchanged alone
    would leave their difference, which no true labelling has.

    Beside a direction of method "pca", and one that this edition did not fit, they are differences of means: exchanged
    labels turn the first axis of the differences around at most, so that each would be the direction itself.
    """
    rng = np.random.default_rng(seed)
    estimate = mean_difference if direction.method == "pca" else METHODS.get(direction.method, mean_difference)
    found = []
    names, place = np.unique(np.arange(true.shape[1]) if groups is None else groups, return_inverse=True)
    for flip in rng.choice([-1.0, 1.0], (n, len(names)))[:, place]:
        vectors = [
            estimate(*swapped(np.asarray(t, float), np.asarray(f, float), flip))
            for t, f in zip(true, false, strict=True)
        ]
        found.append(direction.along(vectors, PERMUTED))
    return found


def gaussian(direction: TruthDirection, n: int = 5, seed: int = 0) -> list[TruthDirection]:
    """`n` directions with independent normal coordinates, of the same length.

    They leave the region where states lie and do more damage than any difference of real statements, so that beside
    them alone every direction looks good.
    """
    rng = np.random.default_rng(seed)
    return [direction.along(rng.standard_normal(direction.vectors.shape), GAUSSIAN) for _ in range(n)]
