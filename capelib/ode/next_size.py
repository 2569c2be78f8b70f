"""The job worth having: a family's largest model from its smaller ones and from other families."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from capelib.coupling.resample import MIN_FAMILIES
from capelib.errors import InputError
from capelib.estimate import Estimate, percentile_estimate
from capelib.frames import frame_html
from capelib.ode.fit import Settings, fit
from capelib.ode.hierarchical import fit_hierarchical
from capelib.ode.path import solve
from capelib.ode.trajectory import Trajectory

POOLED = Settings(degree=1, bias=True, threshold=0.1, unit="standardised", differentiation="midpoint")
Forecast = Callable[[Trajectory, Sequence[Trajectory], float], np.ndarray]


def carry_forward(known: Trajectory, _: Sequence[Trajectory], __: float) -> np.ndarray:
    """The scores of the family's largest known model."""
    return known.scores[-1]


def own_line(known: Trajectory, _: Sequence[Trajectory], time: float) -> np.ndarray:
    """A line in log10 N through the family's known models."""
    return np.polynomial.polynomial.polyval(time, np.polynomial.polynomial.polyfit(known.time, known.scores, 1))


def common_step(known: Trajectory, others: Sequence[Trajectory], time: float) -> np.ndarray:
    """The largest known model's scores plus the mean slope of the other families' steps at such sizes.

    Steps count the less the further their middle is from the step asked about (a Gaussian of half a decade).
    """
    middle = (known.time[-1] + time) / 2
    at = np.concatenate([(path.time[1:] + path.time[:-1]) / 2 for path in others])
    slopes = np.concatenate([np.diff(path.scores, axis=0) / np.diff(path.time)[:, None] for path in others])
    # never all zero, however far the others are
    weight = np.exp(-0.5 * ((at - middle) / 0.5) ** 2) + 1e-9
    return known.scores[-1] + (time - known.time[-1]) * (weight @ slopes) / weight.sum()


def hierarchical(known: Trajectory, others: Sequence[Trajectory], time: float) -> np.ndarray:
    """`fit_hierarchical` to the other families and the known models, one benchmark at a time."""
    paths = [known, *others]
    at = np.concatenate([path.time for path in paths])
    names = np.concatenate([[path.family] * len(path) for path in paths])
    scores = np.concatenate([path.scores for path in paths])
    return np.array([fit_hierarchical(at, names, column).predict([time], known.family)[0] for column in scores.T])


def pooled_ode(known: Trajectory, others: Sequence[Trajectory], time: float) -> np.ndarray:
    """The linear ODE fitted to the steps of the other families, started from the largest known model."""
    return solve(fit(others, POOLED), np.array([time]), known.scores[-1], known.time[-1]).scores[0]


FORECASTS: Mapping[str, Forecast] = {
    "carry forward": carry_forward,
    "own line": own_line,
    "others' mean step": common_step,
    "ODE of the others": pooled_ode,
    "hierarchical": hierarchical,
}


@dataclass(frozen=True)
class Contest:
    """Errors of every forecast for the largest model of every family, the family left out of what is learned.

    `errors` has one row per family and forecast: family, forecast, n_known, step (decades), points (mean absolute error
    over benchmarks) and the error of each benchmark.
    """

    errors: pd.DataFrame

    def table(self, n_boot: int = 2000, seed: int = 0) -> pd.DataFrame:
        """Mean error per forecast and its difference to carrying forward, points; intervals from five families on."""
        wide = self.errors.pivot(index="family", columns="forecast", values="points")[
            list(dict.fromkeys(self.errors["forecast"]))
        ]
        rng = np.random.default_rng(seed)
        rows = rng.integers(0, len(wide), (n_boot, len(wide)))
        found = []
        for name in wide:
            own, gain = wide[name].to_numpy(), (wide[name] - wide["carry forward"]).to_numpy()
            mean, less = (_mean(values, rows) for values in (own, gain))
            found.append({
                "forecast": name,
                "families": int(np.isfinite(own).sum()),
                "value": mean.value,
                "low": mean.low,
                "high": mean.high,
                "less": less.value,
                "less_low": less.low,
                "less_high": less.high,
            })  # fmt: skip
        return pd.DataFrame(found)

    def _repr_html_(self) -> str:
        return frame_html(self.table(), "Mean error for a family's largest model, points; families resampled")


def next_size(paths: Sequence[Trajectory], forecasts: Mapping[str, Forecast] | None = None) -> Contest:
    """Predict the largest model of every family from its smaller ones and from the other families.

    `forecasts` are all of this module's unless given. Families need three sizes. A forecast that diverges counts as
    the error of a score off by 100 points, the largest there is, so that it cannot win by leaving out.

    Raises InputError for fewer than three families.
    """
    if len(paths) < 3:
        raise InputError(f"learning from other families needs three of them; got {len(paths)}")
    rows = []
    for path in paths:
        known, others = path.without(len(path) - 1), [other for other in paths if other.family != path.family]
        for name, forecast in (forecasts or FORECASTS).items():
            off = np.abs(forecast(known, others, float(path.time[-1])) - path.scores[-1])
            off = np.where(np.isfinite(off), np.minimum(off, 100.0), 100.0)
            rows.append({
                "family": path.family,
                "forecast": name,
                "n_known": len(known),
                "step": path.time[-1] - known.time[-1],
                "points": off.mean(),
                **dict(zip(path.names, off, strict=True)),
            })  # fmt: skip
    return Contest(pd.DataFrame(rows))


def _mean(values: np.ndarray, rows: np.ndarray) -> Estimate:
    found = percentile_estimate(values.mean(), values[rows].mean(axis=1), "bootstrap of families", len(values))
    return found if len(values) >= MIN_FAMILIES else replace(found, low=None, high=None, method="too few families")
