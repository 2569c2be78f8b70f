"""Least squares whose sums add up over families: leaving one out, or drawing them anew, is a sum of other terms.

A regression enters through its sums of squares and products alone. Kept family by family, they give every fold of a
cross-validation and every resample of whole families without going back to the models.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

_RIDGE = 1e-9  # of a column's own sum of squares: decides nothing but columns that are copies of each other

Floats = NDArray[np.float64]


def codes_of(families: ArrayLike) -> tuple[NDArray, NDArray[np.int64]]:
    """The families' names, sorted, and the number of its family for every model."""
    return np.unique(np.asarray(families), return_inverse=True)


def family_sums(columns: ArrayLike, codes: ArrayLike, weight: ArrayLike, own_levels: bool) -> Floats:
    """Weighted sums of squares and products per family: array of shape (..., n_families, p, p).

    Parameters
    ----------
    columns : array of shape (..., n_models, p)
        Regressors and, last, the response.
    codes : array of int of shape (n_models,)
        Number of every model's family, 0 to n_families - 1.
    weight : array of shape (n_models,)
    own_levels : bool
        Take sums about each family's own weighted mean, so that every family has a level of its own and none costs a
        column. Otherwise sums are about zero, and an intercept is a column of ones.
    """
    z, codes, weight = np.asarray(columns, float), np.asarray(codes), np.asarray(weight, float)
    member = (codes == np.arange(codes.max() + 1)[:, None]).astype(float) * weight
    if own_levels:
        mean = (member / member.sum(axis=1, keepdims=True)) @ z
        z = z - mean[..., codes, :]
    return np.einsum("fn,...ni,...nj->...fij", member, z, z, optimize=True)


def solve(sums: ArrayLike) -> tuple[Floats, Floats]:
    """Coefficients (..., p - 1) and residual sum of squares (...) from sums of squares and products (..., p, p).

    Columns are brought to the same length first. One that is zero in a fold gets the coefficient 0; of columns that
    are copies of each other each gets a share.
    """
    sums = np.asarray(sums, float)
    xx, xy, yy = sums[..., :-1, :-1], sums[..., :-1, -1], sums[..., -1, -1]
    length = np.sqrt(np.einsum("...ii->...i", xx))
    length = np.where(length > 0, length, 1.0)
    scaled = xx / (length[..., :, None] * length[..., None, :]) + _RIDGE * np.eye(xx.shape[-1])
    beta = np.linalg.solve(scaled, (xy / length)[..., None])[..., 0] / length
    rss = yy - 2 * np.einsum("...i,...i->...", beta, xy) + np.einsum("...i,...ij,...j->...", beta, xx, beta)
    return beta, np.maximum(rss, 0.0)
