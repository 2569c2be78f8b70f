"""The representational dimension: how many directions the hidden states of a set of prompts fill."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from capelib.errors import InputError


def dimension(vectors: ArrayLike, share: float = 0.9) -> tuple[float, int]:
    """d_rep of vectors of shape (n, d): the participation ratio (Σλ)² / Σλ² of their principal components' variances,
    and the number of components that hold `share` of the variance.

    Amin (2026), Sec. 7.3, calls d_rep "from PCA of hidden states" without saying which of the two it is. Neither can
    exceed n - 1. Raises InputError for fewer than three vectors.
    """
    x = np.asarray(vectors, dtype=np.float64)
    if x.ndim != 2 or len(x) < 3:
        raise InputError(f"a dimension needs three vectors; got an array of shape {x.shape}")
    x = x - x.mean(axis=0)
    smaller = x @ x.T if len(x) < x.shape[1] else x.T @ x  # both have the same eigenvalues above zero
    variances = np.clip(np.linalg.eigvalsh(smaller)[::-1], 0, None)
    total = variances.sum()
    held = np.cumsum(variances) / total
    return float(total**2 / (variances**2).sum()), int(np.searchsorted(held, share) + 1)


def by_number(vectors: ArrayLike, sizes: list[int], n_draws: int = 50, seed: int = 0) -> pd.DataFrame:
    """d_rep of random samples of the prompts: n, mean, low and high (95 % of the samples) of the participation ratio.

    Samples of more than half of the prompts share most of them, so that their spread says little: low and high are then
    empty.

    Beside it its null, `independent`: the mean for the same samples with every coordinate shuffled over the prompts by
    itself, so that coordinates keep their variances and lose what they have in common. A dimension that grows with
    the number of prompts is a property of the sample, not of the model.
    """
    x, rng, rows = np.asarray(vectors, dtype=np.float64), np.random.default_rng(seed), []
    for size in sizes:
        drawn, apart = [], []
        for _ in range(n_draws):
            sample = x[rng.choice(len(x), size, replace=False)]
            drawn.append(dimension(sample)[0])
            apart.append(dimension(rng.permuted(sample, axis=0))[0])
        ends = np.percentile(drawn, [2.5, 97.5]) if 2 * size <= len(x) else (np.nan, np.nan)
        rows.append((size, float(np.mean(drawn)), *ends, float(np.mean(apart))))
    return pd.DataFrame(rows, columns=["n", "d_rep", "low", "high", "independent"])
