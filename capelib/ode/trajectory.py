"""Scores of one family as a path through benchmark space, with log10 of size for time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.interpolate import make_smoothing_spline

from capelib.errors import InputError
from capelib.frames import need_columns

UNITS = ("percent", "fraction", "standardised")
DIFFERENTIATIONS = ("midpoint", "finite", "spline")


@dataclass(frozen=True)
class Trajectory:
    """One family's scores by size.

    Attributes
    ----------
    family : str
    time : array (n,)
        log10 of the parameter count, strictly increasing.
    scores : array (n, k)
        Percent.
    names : tuple of k str
        Benchmarks, in the order of the columns.
    """

    family: str
    time: np.ndarray
    scores: np.ndarray
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.time)

    def without(self, place: int) -> "Trajectory":
        """The path without the model at index `place`."""
        keep = np.arange(len(self)) != place
        return Trajectory(self.family, self.time[keep], self.scores[keep], self.names)


def trajectory(frame: pd.DataFrame, benchmarks: Sequence[str], family: str = "") -> Trajectory:
    """The path of one family's models that have all `benchmarks`; models of one size are averaged.

    Raises InputError if fewer than three sizes are left or a column is missing.
    """
    names = tuple(benchmarks)
    need_columns(frame, ("n_params", *names))
    means = frame.dropna(subset=list(names)).groupby("n_params", sort=True)[list(names)].mean()
    label = family or (str(frame["family"].iloc[0]) if "family" in frame and len(frame) else "this family")
    if len(means) < 3:
        raise InputError(
            f"{label} has all of {', '.join(names)} at {len(means)} sizes; a trajectory needs three or more"
        )
    return Trajectory(label, np.log10(means.index.to_numpy(float)), means.to_numpy(float), names)


@dataclass(frozen=True)
class Unit:
    """The unit in which an equation is written: score = shift + scale · x, per benchmark.

    A threshold on coefficients means a different thing in every unit: with scores in percent a quadratic
    coefficient is 100 times smaller than with fractions.
    """

    name: str
    shift: np.ndarray
    scale: np.ndarray

    def from_percent(self, scores: np.ndarray) -> np.ndarray:
        """Scores in percent, in this unit."""
        return (scores - self.shift) / self.scale

    def to_percent(self, x: np.ndarray) -> np.ndarray:
        """Scores in this unit, in percent."""
        return self.shift + self.scale * x


def unit(name: str, scores: np.ndarray) -> Unit:
    """The unit called `name` for these scores (n, k), which only *standardised* looks at.

    Raises InputError for an unknown name, or for a benchmark without spread that is to be standardised.
    """
    k = scores.shape[1]
    if name == "percent":
        return Unit(name, np.zeros(k), np.ones(k))
    if name == "fraction":
        return Unit(name, np.zeros(k), np.full(k, 100.0))
    if name == "standardised":
        spread = scores.std(axis=0)
        if not (spread > 0).all():
            raise InputError("a benchmark has the same score for every model and cannot be standardised; leave it out")
        return Unit(name, scores.mean(axis=0), spread)
    raise InputError(f"unit must be one of {', '.join(UNITS)}; got {name!r}")


def differentiate(time: np.ndarray, x: np.ndarray, method: str) -> tuple[np.ndarray, np.ndarray]:
    """States and their slopes dx/dt, in one of three ways.

    *midpoint*: slopes of the n - 1 steps at the mean of their ends, as the authors' figure script takes them;
    *finite*: second-order finite differences at the n sizes (PySINDy's default); *spline*: derivative of a cubic
    smoothing spline at the n sizes, its smoothness chosen by generalised cross-validation (SciPy).

    Returns two arrays of equal shape, (n - 1, k) or (n, k). Raises InputError for an unknown method, or for a spline
    through fewer than five sizes.
    """
    if method == "midpoint":
        return (x[1:] + x[:-1]) / 2, np.diff(x, axis=0) / np.diff(time)[:, None]
    if method == "finite":
        import pysindy

        return x, np.asarray(pysindy.FiniteDifference()(x, time))
    if method == "spline":
        if len(time) < 5:
            raise InputError(f"a smoothing spline needs five sizes; got {len(time)}; use midpoint or finite")
        return x, make_smoothing_spline(time, x)(time, 1)
    raise InputError(f"differentiation must be one of {', '.join(DIFFERENTIATIONS)}; got {method!r}")
