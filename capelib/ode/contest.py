"""Held-out prediction: the errors of every predictor on families it has not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from capelib.errors import InputError
from capelib.ode.fit import Settings, fit_states, states
from capelib.ode.path import DIVERGED, solve
from capelib.ode.predictors import Predictor, Question
from capelib.ode.trajectory import Trajectory


@dataclass(frozen=True)
class Errors:
    """Errors of one prediction.

    Attributes
    ----------
    relative : array (k,)
        Mean absolute error over models, percent of the true score, per benchmark.
    points : array (k,)
        The same in points.
    """

    names: tuple[str, ...]
    relative: np.ndarray
    points: np.ndarray

    @property
    def mean_relative(self) -> float:
        """Mean over benchmarks, percent of the score; NaN where the prediction diverged."""
        return float(self.relative.mean())

    @property
    def mean_points(self) -> float:
        """Mean over benchmarks, points."""
        return float(self.points.mean())


def errors(predicted: np.ndarray, target: Trajectory, given_first: bool = False) -> Errors:
    """Compare predicted scores (n, k) with a family's; its given first model does not count."""
    begin = int(given_first)
    off = np.abs(predicted - target.scores)[begin:]
    return Errors(target.names, 100 * (off / target.scores[begin:]).mean(axis=0), off.mean(axis=0))


def held_out(
    training: Sequence[Trajectory], targets: Sequence[Trajectory], predictors: Mapping[str, Predictor]
) -> pd.DataFrame:
    """Every predictor on every target family, with and without its first model given.

    Returns one row per family, predictor and `given_first`: `n` models predicted, `relative` and `points` (means over
    benchmarks), and the relative error of every benchmark under its name. A predictor that cannot answer (an ODE that
    starts above the target's first size) has NaN.
    """
    rows = []
    for target, (name, predictor), given in product(targets, predictors.items(), (False, True)):
        question = Question(tuple(training), target.time, target.scores[0] if given else None)
        try:
            found = errors(predictor(question), target, given)
        except InputError:
            found = Errors(target.names, *np.full((2, len(target.names)), np.nan))
        rows.append({
            "family": target.family,
            "predictor": name,
            "given_first": given,
            "n": len(target) - given,
            "relative": found.mean_relative,
            "points": found.mean_points,
            **dict(zip(target.names, found.relative, strict=True)),
        })  # fmt: skip
    return pd.DataFrame(rows)


def grid(
    degrees: Sequence[int] = (1, 2, 3),
    thresholds: Sequence[float] = (0.01, 0.1, 1.0),
    units: Sequence[str] = ("percent", "fraction", "standardised"),
    differentiations: Sequence[str] = ("midpoint", "finite", "spline"),
) -> list[Settings]:
    """All settings that the paper's description leaves open, with and without a constant."""
    choices = product(degrees, (False, True), thresholds, units, differentiations)
    return [Settings(degree, bias, threshold, unit, way) for degree, bias, threshold, unit, way in choices]


def search(
    tables: Mapping[str, Trajectory | Sequence[Trajectory]], target: Trajectory, settings: Sequence[Settings]
) -> pd.DataFrame:
    """Fit the ODE with every setting on every Pythia table and predict the target: the whole distribution.

    A table may be one family or several that share the equation; the first is the one whose path is followed where
    nothing of the target is given, and the one that `in_sample` is about.

    Returns one row per table and setting: the setting's parts, `active` terms per equation (mean), `unknowns`,
    `samples`, `in_sample`, `held_out`, `held_out_given_first` (mean relative errors, percent, NaN where the path
    diverged) and `outcome` of the held-out path.
    """
    rows, prepared = [], {}
    for (name, training), each in product(tables.items(), settings):
        paths = [training] if isinstance(training, Trajectory) else list(training)
        path, key = paths[0], (name, each.unit, each.differentiation)
        if key not in prepared:
            prepared[key] = states(paths, each)
        fitted = fit_states(prepared[key], each, allow_underdetermined=True)
        own = solve(fitted, path.time, path.scores[0])
        far = solve(fitted, target.time, path.scores[0], path.time[0])
        near = solve(fitted, target.time, target.scores[0])
        rows.append({
            "table": name,
            "setting": str(each),
            "degree": each.degree,
            "bias": each.bias,
            "threshold": each.threshold,
            "unit": each.unit,
            "differentiation": each.differentiation,
            "active": float(fitted.active.sum(axis=1).mean()),
            "unknowns": fitted.n_terms,
            "samples": fitted.n_samples,
            "in_sample": errors(own.scores, path).mean_relative,
            "held_out": errors(far.scores, target).mean_relative,
            "held_out_given_first": errors(near.scores, target, given_first=True).mean_relative,
            "outcome": DIVERGED if np.isnan(far.scores).any() else far.outcome,
        })  # fmt: skip
    return pd.DataFrame(rows)
