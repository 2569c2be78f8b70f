"""Predictors of a family's scores from other families: the ODE and what it has to beat.

All answer the same question: given the paths of the training families, and perhaps the smallest model of the family
asked about, which scores do its models have?
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from capelib.errors import InputError
from capelib.ode.fit import OdeFit
from capelib.ode.path import solve
from capelib.ode.trajectory import Trajectory


@dataclass(frozen=True)
class Question:
    """What is known before predicting.

    Attributes
    ----------
    training : tuple of Trajectory
        The families that may be learned from, the one whose path the ODE follows first.
    time : array (n,)
        log10 of the sizes to predict, increasing.
    first : array (k,) or None
        Scores of the smallest of them, where it is given; it is then not part of the error.
    """

    training: tuple[Trajectory, ...]
    time: np.ndarray
    first: np.ndarray | None = None

    @property
    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """All training models: log10 sizes (m,) and scores (m, k)."""
        return np.concatenate([path.time for path in self.training]), np.concatenate(
            [path.scores for path in self.training]
        )


Predictor = Callable[[Question], np.ndarray]


def anchored(curve: np.ndarray, first: np.ndarray | None) -> np.ndarray:
    """A predicted curve (n, k), moved up or down so that it begins at the given first model."""
    return curve if first is None else curve - curve[0] + first


def constant(question: Question) -> np.ndarray:
    """The mean of the training models; the first model's scores where they are given."""
    level = question.points[1].mean(axis=0) if question.first is None else question.first
    return np.tile(level, (len(question.time), 1))


def carry_forward(question: Question) -> np.ndarray:
    """The largest training model's scores; the first model's where they are given."""
    time, scores = question.points
    level = scores[np.argmax(time)] if question.first is None else question.first
    return np.tile(level, (len(question.time), 1))


def polynomial(degree: int) -> Predictor:
    """A polynomial of the degree in log10 N through all training models, one per benchmark."""

    def predict(question: Question) -> np.ndarray:
        time, scores = question.points
        if len(np.unique(time)) <= degree:
            raise InputError(f"a polynomial of degree {degree} needs {degree + 1} sizes; got {len(np.unique(time))}")
        centre = time.mean()
        fitted = np.polynomial.polynomial.polyfit(time - centre, scores, degree)
        curve = np.polynomial.polynomial.polyval(question.time - centre, fitted).T
        return anchored(np.atleast_2d(curve), question.first)

    return predict


def copy(sister: Trajectory) -> Predictor:
    """The scores of a sister family at the same size, interpolated in log10 N, its ends carried on."""

    def predict(question: Question) -> np.ndarray:
        columns = [np.interp(question.time, sister.time, column) for column in sister.scores.T]
        return anchored(np.stack(columns, axis=1), question.first)

    return predict


def gaussian_process(question: Question) -> np.ndarray:
    """Gaussian-process regression on log10 N: squared-exponential kernel on a line, noise learned (scikit-learn)."""
    import warnings

    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, WhiteKernel

    time, scores = question.points
    centre, spread = scores.mean(axis=0), scores.std(axis=0)
    kernel = ConstantKernel(1.0) * RBF(1.0) + ConstantKernel(1.0) * DotProduct() + WhiteKernel(0.05)
    curves = []
    for column in ((scores - centre) / np.where(spread > 0, spread, 1)).T:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a kernel weight at its bound says only that this part is not needed
            model = GaussianProcessRegressor(kernel, random_state=0).fit((time - time.mean())[:, None], column)
        curves.append(model.predict((question.time - time.mean())[:, None]))
    return anchored(np.stack(curves, axis=1) * spread + centre, question.first)


def ode(fitted: OdeFit) -> Predictor:
    """The fitted ODE, from the smallest training model, or from the first model where it is given."""

    def predict(question: Question) -> np.ndarray:
        path = question.training[0]
        if question.first is not None:
            return solve(fitted, question.time, question.first).scores
        if question.time[0] < path.time[0]:
            raise InputError("the ODE cannot start from a training model that is larger than the first to predict")
        return solve(fitted, question.time, path.scores[0], path.time[0]).scores

    return predict


def usual(degrees: Sequence[int] = (1, 2, 3, 4)) -> dict[str, Predictor]:
    """The predictors that need nothing but the training families, by name."""
    lines = {f"polynomial, degree {degree}": polynomial(degree) for degree in degrees}
    return {"constant": constant, "carry forward": carry_forward, **lines, "Gaussian process": gaussian_process}
