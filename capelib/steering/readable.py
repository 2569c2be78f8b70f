"""Before any steering: can truth be read at a layer at all? Held-out statements, layer by layer, with a null."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from capelib.errors import InputError
from capelib.steering.estimators import Estimator, estimator, mean_difference

FEWEST = 8


def by_layer(
    fit: tuple[NDArray, NDArray],
    held_out: tuple[NDArray, NDArray],
    held_out_groups: NDArray,
    layers: list[int],
    method: str = "mean",
    n_draws: int = 500,
    n_null: int = 100,
    seed: int = 0,
    fit_groups: NDArray | None = None,
) -> pd.DataFrame:
    """How well the direction of one half of the pairs tells true from false in the other half.

    `fit` and `held_out` are states of the true and the false statements, each of shape (layers, pairs, d); pairs of one
    group (`fit_groups`, `held_out_groups`, of shape (pairs,)) mirror each other. Per layer:

    - `auc`: the chance that a true statement lies further along the direction than a false one of any pair;
    - `paired`: the share of pairs in which it does, ties counting half, with `low` and `high`, the 95 % spread over
      `held_out_groups` of pairs drawn with replacement (pairs that mirror each other are drawn together);
    - `null_low`, `null_mid`, `null_high`: median and middle 95 % of `paired` for directions fitted on labels that were
      exchanged within pairs at random, those of a group together; and `p`, the share of them that reach the observed
      value. Under method "pca" they are differences of means, since exchanged labels leave an axis where it is.
    """
    rng, ways, rows = np.random.default_rng(seed), estimator(method), []
    n_fit = fit[0].shape[1]
    names, place_of = np.unique(np.arange(n_fit) if fit_groups is None else fit_groups, return_inverse=True)
    flips = rng.choice([-1.0, 1.0], (n_null, len(names)))[:, place_of]
    of_null = mean_difference if method == "pca" else ways
    weights = _drawn(held_out_groups, n_draws, rng)
    for place, layer in enumerate(layers):
        true, false = (np.asarray(each[place], float) for each in fit)
        held_true, held_false = (np.asarray(each[place], float) for each in held_out)
        direction = ways(true, false)
        right = paired_right(held_true, held_false, direction)
        drawn = (weights @ right) / weights.sum(axis=1)
        null = [paired_right(held_true, held_false, of_null(*swapped(true, false, flip))).mean() for flip in flips]
        rows.append({
            "layer": layer,
            "auc": auc(held_true @ direction, held_false @ direction),
            "paired": right.mean(),
            "low": np.percentile(drawn, 2.5),
            "high": np.percentile(drawn, 97.5),
            "null_low": np.percentile(null, 2.5),
            "null_mid": np.median(null),
            "null_high": np.percentile(null, 97.5),
            "p": (1 + np.sum(np.array(null) >= right.mean())) / (1 + n_null),
        })  # fmt: skip
    return pd.DataFrame(rows)


def auc(true: NDArray, false: NDArray) -> float:
    """Area under the ROC curve of scores: the share of couples (one true, one false) in the right order, ties half."""
    ranks = rankdata(np.concatenate([true, false]))[: len(true)].sum()
    return float((ranks - len(true) * (len(true) + 1) / 2) / (len(true) * len(false)))


def paired_right(true: NDArray, false: NDArray, direction: NDArray) -> NDArray:
    """1 for every pair whose true statement lies further along the direction, 0.5 for a tie; shape (pairs,)."""
    ahead = (true - false) @ direction
    return np.where(ahead > 0, 1.0, np.where(ahead == 0, 0.5, 0.0))


def swapped(true: NDArray, false: NDArray, flip: NDArray) -> tuple[NDArray, NDArray]:
    """The pairs with their labels exchanged where `flip` (pairs,) is negative."""
    kept = (flip > 0)[:, None]
    return np.where(kept, true, false), np.where(kept, false, true)


def best_layer(true: NDArray, false: NDArray, groups: NDArray, ways: Estimator, seed: int = 0) -> tuple[int, float]:
    """The layer at which a direction of half of the pairs tells most pairs of the other half, and that share.

    States of shape (layers, pairs, d); pairs of one group stay in one half. Of layers alike the lowest, which is the
    cheapest to read. Raises InputError for fewer than eight pairs or four groups.
    """
    different = np.unique(groups)
    if len(groups) < FEWEST or len(different) < 4:
        raise InputError(
            f"a layer is chosen on half of the pairs, which takes {FEWEST} or more, in four groups or more that do not "
            f"mirror each other; got {len(groups)} in {len(different)}; name a layer, or give more pairs"
        )
    order = np.random.default_rng(seed).permutation(different)
    first = np.isin(groups, order[: len(order) // 2])
    shares = [
        paired_right(t[~first], f[~first], ways(t[first], f[first])).mean()
        for t, f in zip(np.asarray(true, float), np.asarray(false, float), strict=True)
    ]
    return int(np.argmax(shares)), float(np.max(shares))


def _drawn(groups: NDArray, n_draws: int, rng: np.random.Generator) -> NDArray:
    names, place = np.unique(groups, return_inverse=True)
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), n_draws)
    return counts[:, place].astype(float)
