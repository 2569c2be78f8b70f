"""The paper's bottleneck: coupling before and after the output map, and through other maps of other widths."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import erf

from capelib.internals import gram
from capelib.internals.coupling import columns, draws

BEFORE = "before the output map"


@dataclass(frozen=True)
class Projection:
    """`table`: one row per map, with `width` (its number of outputs) and the columns of `Controlled.table`.

    `linear`: random linear maps of many widths: width, mean, low, high (95 % of the maps), and the mean over the maps
    for the same prompts with shuffled labels (`shuffled_mid`) and for two samples of neutral prompts (`neutral_low`,
    `neutral_mid`, `neutral_high`: 95 % of the maps, each with samples of its own).
    """

    table: pd.DataFrame
    linear: pd.DataFrame


def projection(
    first: ArrayLike,
    second: ArrayLike,
    neutral: ArrayLike,
    metrics: Mapping[str, NDArray],
    vocabulary: int,
    widths: tuple[float, ...] = (0.25, 0.5, 1, 2, 4, 8),
    n_maps: int = 20,
    n_draws: int = 1000,
    seed: int = 0,
    paired: bool = False,
) -> Projection:
    """Couplings of the states that enter the output map, of shapes (n, d), (m, d) and (k, d), through every map.

    `metrics` (name: (d+1, d+1)) are those of `capelib.models.output_metrics`; `widths` are multiples of d.
    Amin (2026), Sec. 6 and Fig. 6: coupling before W_U, after it, and through a "wider" map.
    """
    x = np.concatenate([np.asarray(first, float), np.asarray(second, float)])
    other, sizes, d = np.asarray(neutral, float), (len(first), len(second)), np.shape(first)[1]
    products = {BEFORE: (d, gram.gram(x), gram.gram(other))}
    for name, metric in metrics.items():
        products[name] = (vocabulary, gram.gram(_one(x), metric), gram.gram(_one(other), metric))
    for name, (width, change) in MAPS.items():
        products[name] = (int(width * d), gram.gram(change(x)), gram.gram(change(other)))
    ours, null = (np.stack([each[i] for each in products.values()]) for i in (1, 2))
    found = columns(*draws(ours, null, sizes, n_draws, seed, paired))
    table = pd.DataFrame({"map": list(products), "width": [each[0] for each in products.values()], **found})
    return Projection(table, _linear(x, other, sizes, widths, n_maps, seed, paired))


def gelu(x: ArrayLike) -> NDArray:
    """x·Φ(x), Φ the normal distribution function, element by element."""
    x = np.asarray(x, float)
    return x * 0.5 * (1 + erf(x / np.sqrt(2)))


def widened(x: ArrayLike, factor: int = 2) -> NDArray:
    """The paper's "wider" map: identity into `factor` times the width, zeros elsewhere, GELU, the first d back.

    Amin (2026), App. A.5. Since GELU(0) = 0 and GELU acts on each coordinate by itself, this is GELU(x) for any factor.
    """
    x = np.asarray(x, float)
    d = x.shape[-1]
    into = np.hstack([np.eye(d), np.zeros((d, (factor - 1) * d))])
    return gelu(x @ into) @ into.T


MAPS: dict[str, tuple[float, Callable[[NDArray], NDArray]]] = {
    "the paper's wider map": (2, widened),
    "the same map, not widened": (1, lambda x: widened(x, 1)),
    "its nonlinearity alone": (1, gelu),
}


def _linear(
    x: NDArray,
    other: NDArray,
    sizes: tuple[int, int],
    widths: tuple[float, ...],
    n_maps: int,
    seed: int,
    paired: bool,
) -> pd.DataFrame:
    rng, rows, d = np.random.default_rng(seed), [], x.shape[1]
    half = min(*sizes, len(other) // 2)
    for factor in widths:
        width = max(1, round(factor * d))
        found, mixed, null = [], [], []
        for _ in range(n_maps):
            random = rng.standard_normal((d, width)) / np.sqrt(width)
            ours, neutral = gram.gram(x @ random), gram.gram(other @ random)
            found.append(gram.cosine_of_means(ours, *gram.sets(*sizes))[0])
            mixed.append(gram.cosine_of_means(ours, *gram.shuffled(*sizes, 1, rng, paired))[0])
            null.append(gram.cosine_of_means(neutral, *gram.halves(len(other), half, 1, rng))[0])
        neutral_low, neutral_mid, neutral_high = np.percentile(null, [2.5, 50, 97.5])
        rows.append({
            "width": width,
            "mean": np.mean(found),
            "low": np.percentile(found, 2.5),
            "high": np.percentile(found, 97.5),
            "shuffled_mid": np.median(mixed),
            "neutral_low": neutral_low,
            "neutral_mid": neutral_mid,
            "neutral_high": neutral_high,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _one(x: NDArray) -> NDArray:
    return np.hstack([x, np.ones((len(x), 1))])  # for the bias of the output map
