"""The transfer matrix between the phases, and what is left of it once its inputs are known to two decimals only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capelib.errors import InputError
from capelib.estimate import Estimate, percentile_estimate


@dataclass(frozen=True)
class Transfer:
    """T = Q(V_bonus) Q(V_tax)⁻¹ and its smallest diagonal entry.

    Attributes
    ----------
    matrix : DataFrame (k, k)
        T, benchmarks as rows and columns.
    smallest : Estimate
        Smallest diagonal entry; interval over inputs that round to the typed ones.
    alone : Estimate
        The same entry of Q(V_tax + e) Q(V_tax)⁻¹, a phase against its own rounding: how far the entry falls
        where nothing was transferred.
    share_above : float
        Share of the roundings for which the smallest entry of T passes the bound given.
    condition : tuple of float
        Condition numbers of V_tax and V_bonus.
    """

    matrix: pd.DataFrame
    smallest: Estimate
    alone: Estimate
    share_above: float
    condition: tuple[float, float]


def matrices(released: pd.DataFrame, benchmarks: Sequence[str]) -> dict[str, np.ndarray]:
    """The four matrices of ``transfer_released`` as arrays (k, k), benchmarks in the order given."""
    found = {}
    for name, rows in released.groupby("matrix"):
        wide = rows.pivot(index="row", columns="column", values="value").loc[list(benchmarks)]
        columns = list(benchmarks) if str(name).startswith("A") else sorted(wide.columns)
        found[str(name)] = wide[columns].to_numpy(float)
    return found


def orthonormal(vectors: np.ndarray) -> np.ndarray:
    """Q of the QR decomposition of (..., k, k); the first column keeps its direction, the others make room."""
    return np.linalg.qr(vectors)[0]


def transfer_matrix(tax: np.ndarray, bonus: np.ndarray) -> np.ndarray:
    """T = Q(V_bonus) Q(V_tax)⁻¹, shapes (..., k, k). Amin (2026), Sec. 4: the diagonal is above 0.99."""
    return orthonormal(bonus) @ np.swapaxes(orthonormal(tax), -1, -2)


def transfer(
    tax: np.ndarray,
    bonus: np.ndarray,
    names: Sequence[str],
    bound: float,
    decimals: int = 2,
    n_draws: int = 2000,
    seed: int = 0,
) -> Transfer:
    """The transfer matrix of two sets of eigenvectors that were written down with `decimals` places.

    Raises InputError if the matrices are not square and alike.
    """
    if tax.shape != bonus.shape or tax.shape != (len(names), len(names)):
        raise InputError(f"eigenvectors must be two {len(names)}×{len(names)} matrices; got {tax.shape}, {bonus.shape}")
    rng = np.random.default_rng(seed)
    half = 0.5 * 10.0**-decimals
    first, second = rng.uniform(-half, half, (2, n_draws, *tax.shape))
    moved = _smallest(transfer_matrix(tax + first, bonus + second))
    still = _smallest(transfer_matrix(tax, tax + second))
    matrix = transfer_matrix(tax, bonus)
    how = f"inputs that round to the typed {decimals} decimals, {n_draws:,} draws"
    return Transfer(
        pd.DataFrame(matrix, list(names), list(names)),
        percentile_estimate(float(_smallest(matrix)), moved, how),
        percentile_estimate(1.0, still, how),
        float(np.mean(moved >= bound)),
        (float(np.linalg.cond(tax)), float(np.linalg.cond(bonus))),
    )


def eigen_residuals(matrix: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """How far each column v is from an eigenvector of A: ‖Av - λv‖/‖Av‖ with the best λ (0: is one; 1: not at all)."""
    image = matrix @ vectors
    best = (vectors * image).sum(axis=0) / (vectors**2).sum(axis=0)
    return np.linalg.norm(image - best * vectors, axis=0) / np.linalg.norm(image, axis=0)


def _smallest(matrix: np.ndarray) -> np.ndarray:
    return np.diagonal(matrix, axis1=-2, axis2=-1).min(axis=-1)
