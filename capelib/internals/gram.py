"""Cosines of mean vectors from scalar products alone: every resample of the prompts costs nothing but small matrices.

With K = X·Xᵀ the scalar products of n prompts' vectors and weights a, b over prompts that sum to 1, the means a·X and
b·X have the cosine a·K·b / √(a·K·a · b·K·b). Observed sets, bootstrap samples, shuffled labels and halves of a set
differ in their weights only, and centring or rescaling changes K once.
"""

import numpy as np
from numpy.typing import NDArray

Weights = tuple[NDArray, NDArray]


def gram(x: NDArray, metric: NDArray | None = None) -> NDArray:
    """Scalar products of vectors x of shape (..., n, d): (..., n, n). `metric` (..., d, d) gives x·M·xᵀ."""
    x = np.asarray(x, dtype=np.float64)
    left = x if metric is None else x @ np.asarray(metric, dtype=np.float64)
    return left @ np.swapaxes(x, -1, -2)


def cosine_of_means(products: NDArray, a: NDArray, b: NDArray) -> NDArray:
    """Cosines between weighted means: products (..., n, n), weights a and b (draws, n); result (..., draws)."""
    ka = np.swapaxes(products @ a.T, -1, -2)  # (..., draws, n)
    kb = np.swapaxes(products @ b.T, -1, -2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (kb * a).sum(axis=-1) / np.sqrt((ka * a).sum(axis=-1) * (kb * b).sum(axis=-1))


def pairwise(products: NDArray, first: NDArray, second: NDArray) -> NDArray:
    """Cosines of every prompt of one set with every prompt of another, by their places: (..., n_first, n_second)."""
    norm = np.sqrt(np.diagonal(products, axis1=-2, axis2=-1))
    block = products[..., first[:, None], second[None, :]]
    with np.errstate(divide="ignore", invalid="ignore"):
        return block / (norm[..., first, None] * norm[..., None, second])


def sets(n_first: int, n_second: int) -> Weights:
    """Weights of the observed means of two sets that lie one after the other; each of shape (1, n)."""
    a, b = np.zeros((1, n_first + n_second)), np.zeros((1, n_first + n_second))
    a[0, :n_first], b[0, n_first:] = 1 / n_first, 1 / n_second
    return a, b


def bootstrapped(n_first: int, n_second: int, draws: int, rng: np.random.Generator, paired: bool = False) -> Weights:
    """Weights of bootstrap samples of the prompts, each of shape (draws, n).

    Each set by itself; `paired`, the first prompt of one set with the first of the other and so on.
    """
    a = rng.multinomial(n_first, np.full(n_first, 1 / n_first), draws) / n_first
    b = a if paired else rng.multinomial(n_second, np.full(n_second, 1 / n_second), draws) / n_second
    return np.hstack([a, np.zeros((draws, n_second))]), np.hstack([np.zeros((draws, n_first)), b])


def shuffled(n_first: int, n_second: int, draws: int, rng: np.random.Generator, paired: bool = False) -> Weights:
    """Weights of the same prompts with their labels shuffled, each of shape (draws, n).

    `paired` exchanges the labels within pairs at random, so that what the members of a pair have in common stays on
    both sides, as it is in the observed sets.
    """
    n = n_first + n_second
    if paired:
        swap = rng.random((draws, n_first)) < 0.5
        of_first = np.hstack([~swap, swap])
    else:
        of_first = rng.permuted(np.tile(np.arange(n), (draws, 1)), axis=1) < n_first
    return np.where(of_first, 1 / n_first, 0.0), np.where(of_first, 0.0, 1 / n_second)


def halves(n: int, size: int, draws: int, rng: np.random.Generator) -> Weights:
    """Weights of two disjoint random samples of `size` of n prompts; each of shape (draws, n)."""
    order = rng.permuted(np.tile(np.arange(n), (draws, 1)), axis=1)
    return np.where(order < size, 1 / size, 0.0), np.where((order >= size) & (order < 2 * size), 1 / size, 0.0)
