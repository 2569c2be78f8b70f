"""Partial correlation: what is left of a correlation once size is taken out of both scores."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from capelib.coupling.correlation import correlate, finite_pairs
from capelib.errors import InputError
from capelib.estimate import Estimate
from capelib.frames import frame_html, need_columns, words

_NOTHING_LEFT = 1e-9  # residual spread, relative to the scores', that is rounding


@dataclass(frozen=True)
class PartialCorrelation:
    """Correlation of x and y given k other variables.

    `r` with Fisher's interval at n − k − 3; `p` two-sided from t with `df` = n − k − 2; `given` names what was held.
    """

    r: Estimate
    p: float
    df: int
    n: int
    k: int
    given: str = ""

    def summary(self) -> str:
        """r, interval and p as plain text."""
        return f"r = {self.r:.3f} given {self.given or 'nothing'}, p = {self.p:.3g}, {self.df} degrees of freedom"


@dataclass(frozen=True)
class SizePartials:
    """Correlation of two scores, plain and given powers of log₁₀ N.

    `frame` has one row per degree: given, r, low, high, p, df, n; `results` the same as objects.
    """

    frame: pd.DataFrame
    results: tuple[PartialCorrelation, ...]
    x: str
    y: str
    notes: tuple[str, ...] = ()

    def summary(self) -> str:
        """One line per degree."""
        return "\n".join([f"{self.x} and {self.y}", *(part.summary() for part in self.results), *self.notes])

    def _repr_html_(self) -> str:
        return frame_html(self.frame, f"Correlation of {words(self.x)} and {words(self.y)}, given size", self.notes)


def partial_correlation(
    x: ArrayLike, y: ArrayLike, given: ArrayLike | None = None, level: float = 0.95, label: str = ""
) -> PartialCorrelation:
    """Partial correlation: Pearson r of what linear regressions on `given` leave of x and of y.

    `x`, `y` of shape (n,), `given` of shape (n,) or (n, k); None gives the plain correlation. The interval is
    tanh(atanh r ± z/√(n − k − 3)), p that of t = r·√(df/(1 − r²)) with df = n − k − 2: every variable held costs a
    degree of freedom. Where a regression leaves nothing of a score, r is NaN.

    Raises InputError for missing values, or when n − k − 2 < 1.
    """
    x, y = finite_pairs(x, y)
    n = len(x)
    held = np.zeros((n, 0)) if given is None else np.asarray(given, float).reshape(n, -1)
    if not np.isfinite(held).all():
        raise InputError("the variables held must be finite, got missing values; leave those models out first")
    design = np.column_stack([np.ones(n), held - held.mean(axis=0)])
    k = int(np.linalg.matrix_rank(design)) - 1  # a variable that repeats another one costs nothing
    df = n - k - 2
    if df < 1:
        raise InputError(
            f"a partial correlation given {k} variables needs at least {k + 3} models, got {n}; hold fewer"
        )
    left = [_residual(design, side) for side in (x, y)]
    if any(part is None for part in left):
        undefined = Estimate(float("nan"), None, None, level, n, "undefined: the regression leaves nothing of a score")
        return PartialCorrelation(undefined, float("nan"), df, n, k, label)
    r = float(correlate(*left))
    with np.errstate(divide="ignore"):  # r = ±1: an interval of no width, and t infinite
        centre, t = np.arctanh(r), np.sqrt(df) * np.abs(r) / np.sqrt(np.float64(1 - r**2))
    low = high = None
    if df > 1:
        half = stats.norm.ppf(0.5 + level / 2) / np.sqrt(df - 1)
        low, high = float(np.tanh(centre - half)), float(np.tanh(centre + half))
    p = float(2 * stats.t.sf(t, df))
    return PartialCorrelation(Estimate(r, low, high, level, n, "Fisher"), p, df, n, k, label)


def _residual(design: NDArray[np.float64], score: NDArray[np.float64]) -> NDArray[np.float64] | None:
    left = score - design @ np.linalg.lstsq(design, score, rcond=None)[0]
    return left if np.linalg.norm(left) > _NOTHING_LEFT * np.linalg.norm(score - score.mean()) else None


def partial_given_size(
    frame: pd.DataFrame,
    x: str = "hellaswag",
    y: str = "truthfulqa",
    degrees: tuple[int, ...] = (0, 1, 2),
    level: float = 0.95,
) -> SizePartials:
    """Correlation of two scores given log₁₀ N, (log₁₀ N)², … up to each of `degrees`; degree 0 is the plain one.

    `frame` has model, log10_params and the scores in percent. If two scores correlate only because both change with
    size, the correlation goes away once size is held; the paper's control is width normalisation (Amin (2026),
    Sec. 5.1), this is the usual one. Degrees that leave no degree of freedom are left out and noted, as are models
    without one of the scores.
    """
    need_columns(frame, ["model", "log10_params", x, y])
    missing = frame[[x, y]].isna().any(axis=1)
    notes = [f"{model}: no {x} or {y}; left out" for model in sorted(frame.loc[missing, "model"])]
    kept = frame.loc[~missing]
    size = kept["log10_params"].to_numpy(float)
    size = size - size.mean() if len(size) else size
    results = []
    for degree in degrees:
        if len(kept) < degree + 3:
            what = "(log N)²" if degree == 2 else "log N" if degree == 1 else f"log N to degree {degree}"
            notes.append(f"{what} is not held: {len(kept)} models leave no degree of freedom")
            continue
        powers = np.column_stack([size**power for power in range(1, degree + 1)]) if degree else None
        given = ["nothing held", "log N", "log N, (log N)²"][degree] if degree < 3 else f"log N to degree {degree}"
        results.append(partial_correlation(kept[x], kept[y], powers, level, given))
    rows = [
        {"given": q.given, "r": q.r.value, "low": q.r.low, "high": q.r.high, "p": q.p, "df": q.df, "n": q.n}
        for q in results
    ]
    table = pd.DataFrame(rows, columns=["given", "r", "low", "high", "p", "df", "n"])
    return SizePartials(table.astype({"low": float, "high": float}), tuple(results), x, y, tuple(notes))


def partials_by_family(
    frame: pd.DataFrame, x: str = "hellaswag", y: str = "truthfulqa", sizes: int = 5, level: float = 0.95
) -> pd.DataFrame:
    """Correlation of two scores within every family of at least `sizes` sizes, plain and given log₁₀ N.

    One row per family: family, n, r, r_given_size, low, high (of r_given_size) and p_given_size, by r_given_size.
    Each p is that of one test; with many families some are small by chance. `frame` as for `partial_given_size`.
    Raises InputError for a column that is not there, or if no family is long enough.
    """
    need_columns(frame, ["model", "family", "n_params", "log10_params", x, y])
    scored = frame[frame[[x, y]].notna().all(axis=1)]
    rows = []
    for family, models in scored.groupby("family", sort=True):
        if models["n_params"].nunique() < sizes:
            continue
        plain, held = partial_given_size(models, x, y, degrees=(0, 1), level=level).results
        rows.append((family, len(models), plain.r.value, held.r.value, held.r.low, held.r.high, held.p))
    if not rows:
        raise InputError(f"no family has {x} and {y} at {sizes} sizes or more; lower `sizes` or add models")
    columns = ["family", "n", "r", "r_given_size", "low", "high", "p_given_size"]
    return pd.DataFrame(rows, columns=columns).sort_values("r_given_size", ignore_index=True)
