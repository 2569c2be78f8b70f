"""Width as a covariate: what log d_model says about a score once size and the other score are known."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.coupling.resample import draw_counts, scatter_matrices
from capelib.errors import InputError
from capelib.estimate import Estimate, percentile_estimate
from capelib.frames import WORDS, frame_html, need_columns

# Columns of the regression, in words and in the order of the table.
X, SIZE, CURVE, WIDTH = "per point of x", "per decade of size", "per squared decade", "per doubling of width"
X_SIZE, X_WIDTH = "slope per decade of size", "slope per doubling of width"
MODELS = {
    "x": (X,),
    "x, size": (X, SIZE),
    "x, size, width": (X, SIZE, WIDTH),
    "x, size curved": (X, SIZE, CURVE),
    "x, size curved, width": (X, SIZE, CURVE, WIDTH),
    "slope by size and width": (X, SIZE, WIDTH, X_SIZE, X_WIDTH),
}
SHOWN = ("x, size", "x, size, width", "x, size curved, width")  # the rest is in the frame
_SINGULAR = 1e10  # condition number beyond which a resample determines no coefficients


@dataclass(frozen=True)
class WidthCovariate:
    """Regressions of y on x, log size and log width, with and without a level for every family.

    `coefficients` has one row per model, level ("one for all", "one per family") and term: value, low, high (points of
    y per unit of the term), discarded. `width_sd` is the standard deviation of log₂ d_model among models of one size
    (residual of a line in log N), in doublings, `r_size_width` the correlation of log N and log d_model. `gain` is the
    mean absolute error for a family left out of the fit, with width less without (points; negative: width helps), for
    straight and curved size.
    """

    coefficients: pd.DataFrame
    width_sd: float
    r_size_width: float
    gain: dict[str, Estimate]
    n: int
    n_families: int
    x: str
    y: str
    notes: tuple[str, ...] = field(default=())

    def of_width(self, model: str = "x, size, width", level: str = "one for all", term: str = WIDTH) -> Estimate:
        """The coefficient of width, points of y per doubling of d_model at fixed size and x; or of another term."""
        found = self.coefficients
        row = found[(found["model"] == model) & (found["level"] == level) & (found["term"] == term)].iloc[0]
        how = f"bootstrap of whole families ({self.n_families})"
        return Estimate(row["value"], row["low"], row["high"], n=self.n, method=how, discarded=row["discarded"])

    def _repr_html_(self) -> str:
        shown = self.coefficients.assign(
            estimate=[f"{row.value:.2f} [{row.low:.2f}, {row.high:.2f}]" for row in self.coefficients.itertuples()]
        ).pivot(index=["level", "model"], columns="term", values="estimate")
        order = [(level, model) for level in ("one for all", "one per family") for model in SHOWN]
        name, other = (WORDS.get(score, score) for score in (self.x, self.y))
        table = shown.loc[order, [X, SIZE, WIDTH]].fillna("–").rename(columns={X: f"per point of {name}"})
        table = table.rename(index=lambda words: words.replace("x,", f"{name},"))
        return frame_html(table, f"Regression coefficients, points of {other}", self.notes)


def width_covariate(
    frame: pd.DataFrame, x: str = "hellaswag", y: str = "truthfulqa", n_boot: int = 2000, seed: int = 0
) -> WidthCovariate:
    """y = a + b·x + c·log₁₀ N (+ c₂·(log₁₀ N)²) + d·log₂ d_model, a common or one per family; or b linear in both logs.

    `frame` needs family, n_params, d_model and both scores in percent; models without one of them are left out.
    Intervals draw whole families. Amin (2026), Sec. 5.1, divides by width and reads that wider models of one size pay
    less tax. Here width is a covariate beside size: d says whether, at fixed size and x, wider models have more of y;
    and where b = b₀ + b₁·log₁₀ N + b₂·log₂ d_model, b₂ whether the slope of y on x rises with width at fixed size.

    Raises InputError for fewer than five families or a width that follows from size.
    """
    need_columns(frame, ["family", "n_params", "d_model", x, y])
    rows = frame.dropna(subset=["d_model", x, y])
    families = rows["family"].to_numpy()
    if len(np.unique(families)) < 5:
        raise InputError(f"a regression across families needs five of them with d_model, {x} and {y}; add families")
    log_n, log_d = np.log10(rows["n_params"].to_numpy(float)), np.log2(rows["d_model"].to_numpy(float))
    log_n, log_d, score = log_n - log_n.mean(), log_d - log_d.mean(), rows[x].to_numpy(float) - rows[x].mean()
    columns = {X: score, SIZE: log_n, CURVE: log_n**2, WIDTH: log_d, X_SIZE: score * log_n, X_WIDTH: score * log_d}
    names, target = list(columns), rows[y].to_numpy(float)
    values = np.column_stack([*columns.values(), target])
    drawn = draw_counts(families, "clustered", n_boot, seed)
    counts = np.vstack([np.ones((1, len(rows)), drawn.dtype), drawn])
    found = []
    for level, groups in (("one for all", None), ("one per family", families)):
        scatter = scatter_matrices(values, counts, groups)
        for model, terms in MODELS.items():
            beta = _solve(scatter, [names.index(term) for term in terms])
            for k, term in enumerate(terms):
                each = percentile_estimate(beta[0, k], beta[1:, k], "")
                found.append((model, level, term, each.value, each.low, each.high, each.discarded))
    slope, level_ = np.polyfit(log_n, log_d, 1)
    left = log_d - slope * log_n - level_
    if left.std() < 1e-6:
        raise InputError("the width of these models follows from their size; width cannot be told from size")
    table = pd.DataFrame(found, columns=["model", "level", "term", "value", "low", "high", "discarded"])
    gain = {
        name: _gain(values, families, drawn, [names.index(t) for t in MODELS[without]], names.index(WIDTH))
        for name, without in (("straight", "x, size"), ("curved", "x, size curved"))
    }
    missing = len(frame) - len(rows)
    notes = (f"{missing} models without a width or a score are left out",) if missing else ()
    r = float(np.corrcoef(log_n, log_d)[0, 1])
    return WidthCovariate(table, float(left.std()), r, gain, len(rows), len(np.unique(families)), x, y, notes)


def _solve(scatter: NDArray, at: list[int]) -> NDArray:
    # coefficients for every resample, from sums of squares and products; y is the last column
    left, right = scatter[:, at][:, :, at], scatter[:, at, -1]
    scale = np.sqrt(np.einsum("bii->bi", left))
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = left / (scale[:, :, None] * scale[:, None, :])
    usable = np.isfinite(unit).all(axis=(1, 2))
    usable[usable] = np.linalg.cond(unit[usable]) < _SINGULAR
    beta = np.full(right.shape, np.nan)
    solved = np.linalg.solve(unit[usable], (right[usable] / scale[usable])[..., None])[..., 0]
    beta[usable] = solved / scale[usable]
    return beta


def _gain(values: NDArray, families: NDArray, drawn: NDArray, at: list[int], width: int) -> Estimate:
    # error for each model from a fit without its family, with width less without it; families resampled
    off = []
    for terms in (at, [*at, width]):
        design = np.column_stack([np.ones(len(values)), values[:, terms]])
        miss = np.empty(len(values))
        for family in np.unique(families):
            own = families == family
            beta = np.linalg.lstsq(design[~own], values[~own, -1], rcond=None)[0]
            miss[own] = np.abs(values[own, -1] - design[own] @ beta)
        off.append(miss)
    less = off[1] - off[0]
    draws = drawn @ less / drawn.sum(axis=1)
    how = f"each family left out in turn; bootstrap of whole families ({len(np.unique(families))})"
    return percentile_estimate(float(less.mean()), draws, how, len(values))
