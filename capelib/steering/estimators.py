"""Three ways to draw a direction from states of true and false statements."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from capelib.errors import unknown

Estimator = Callable[[NDArray, NDArray], NDArray]


def mean_difference(true: NDArray, false: NDArray) -> NDArray:
    """Mean of the true states minus mean of the false ones, both of shape (pairs, d). Amin (2026), Sec. 7.4."""
    return true.mean(axis=0) - false.mean(axis=0)


def logistic_weights(true: NDArray, false: NDArray) -> NDArray:
    """Weights of a logistic regression that tells true from false, with a ridge penalty of scikit-learn's strength 1.

    States are centred and divided by one number, their root mean square distance from the mean over √d, so that the
    penalty means the same in every layer.
    """
    from sklearn.linear_model import LogisticRegression

    x = np.concatenate([true, false])
    x = x - x.mean(axis=0)
    if not x.any():  # states that are all the same have no direction
        return x[0]
    x = x / np.sqrt((x**2).mean())
    y = np.repeat([1, 0], [len(true), len(false)])
    return LogisticRegression(max_iter=2000).fit(x, y).coef_[0]


def first_axis(true: NDArray, false: NDArray) -> NDArray:
    """First right singular vector of the differences within pairs, turned so that it points to true.

    Not centred: with the members of each pair in random order, as in representation engineering (Zou et al. 2023), the
    mean difference is zero and this is their first principal axis.
    """
    difference = true - false
    if not difference.any():  # of nothing, any axis would do
        return difference[0]
    axis = np.linalg.svd(difference, full_matrices=False)[2][0]
    return axis if (difference @ axis).mean() >= 0 else -axis


METHODS: dict[str, Estimator] = {"mean": mean_difference, "logistic": logistic_weights, "pca": first_axis}


def estimator(method: str) -> Estimator:
    """The way by its name. Raises InputError for an unknown one."""
    if method not in METHODS:
        raise unknown("method", method, METHODS)
    return METHODS[method]
