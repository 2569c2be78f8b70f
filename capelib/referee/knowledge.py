"""Does acquired knowledge account for truthfulness better than size does? Nested regressions, tested on new families.

Exploratory: the question was put after the scores had been seen, and any variable that grew over the years competes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from capelib.coupling.resample import draw_counts
from capelib.errors import InputError, unknown
from capelib.estimate import Estimate, percentile_estimate
from capelib.frames import frame_html, need_columns
from capelib.referee.least_squares import Floats, codes_of, family_sums, solve

X, SIZE, BENT, KNOWLEDGE = "hellaswag", "log10_params", ("size_squared", "hellaswag_by_size"), "mmlu"
NESTED: Mapping[str, tuple[str, ...]] = {
    "no regressor": (),
    "HellaSwag": (X,),
    "HellaSwag, size": (X, SIZE),
    "HellaSwag, size, running": (X, SIZE, *BENT),
    "HellaSwag, MMLU": (X, KNOWLEDGE),
    "HellaSwag, size, MMLU": (X, SIZE, KNOWLEDGE),
    "HellaSwag, size, running, MMLU": (X, SIZE, *BENT, KNOWLEDGE),
}
BASE, OURS, RIVALS = "HellaSwag", "HellaSwag, MMLU", ("HellaSwag, size", "HellaSwag, size, running")
EFFECTS = ("none", "random", "fixed")
_RATIOS = np.concatenate([[0.0], np.geomspace(0.01, 100, 40)])  # variance between families over variance within


@dataclass(frozen=True)
class Design:
    """Regressors and response of one set of models: columns (n, p) with the response last, names, families as codes."""

    columns: Floats
    names: tuple[str, ...]
    codes: NDArray[np.int64]

    @property
    def n(self) -> int:
        """How many models."""
        return len(self.codes)

    @property
    def n_families(self) -> int:
        """How many families."""
        return int(self.codes.max()) + 1

    def sums(self, effects: str) -> tuple[Floats, Floats]:
        """Ratios of variances, between families over within, shape (r,), and sums per family for each, (r, F, p, p).

        "none" has the ratio 0, "fixed" an infinite one, "random" all those from which `chosen` picks one.
        """
        if effects == "fixed":
            return np.array([np.inf]), family_sums(self.columns, self.codes, np.ones(self.n), True)[None]
        columns = np.hstack([np.ones((self.n, 1)), self.columns])
        plain = family_sums(columns, self.codes, np.ones(self.n), False)
        ratios = _RATIOS if effects == "random" else np.zeros(1)
        # Z'V⁻¹Z for V = I + ratio·11': the rank-one part is taken off; the first column holds the ones
        first, shrink = plain[:, 0, :], ratios[:, None] / (1 + ratios[:, None] * plain[:, 0, 0])
        return ratios, plain - shrink[..., None, None] * first[:, :, None] * first[:, None, :]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many models each family has."""
        return np.bincount(self.codes)


def chosen(ratios: Floats, sums: Floats, n: ArrayLike, log_shrunk: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The ratio with the largest restricted likelihood, and the coefficients at every ratio.

    `sums` of shape (r, ..., p, p), already added up over families, `n` models (...), `log_shrunk` Σ ln(1 + ratio·n_f),
    shape (r, ...). The noise variance is profiled out: (n − k) ln RSS + Σ ln(1 + ratio·n_f) + ln det(X'V⁻¹X).
    """
    beta, rss = solve(sums)
    if len(ratios) == 1:
        return np.zeros(rss.shape[1:], int), beta
    determinant = np.linalg.slogdet(sums[..., :-1, :-1])[1]
    k = sums.shape[-1] - 1
    return ((np.asarray(n) - k) * np.log(rss) + log_shrunk + determinant).argmin(axis=0), beta


@dataclass(frozen=True)
class Nested:
    """Regressions of truthfulness side by side.

    `table` has one row per regression: model, k (coefficients), error (root mean square error for families left out,
    points), low, high (families resampled), r2 (share of the held-out variance explained, may be negative), and less,
    less_low, less_high: its error less that of HellaSwag alone. `rivals` maps each regression with size to the error of
    HellaSwag and MMLU less its own; negative favours MMLU.
    """

    table: pd.DataFrame
    rivals: Mapping[str, Estimate]
    effects: str
    n: int
    n_families: int

    def _repr_html_(self) -> str:
        what = f"{self.n} models, {self.n_families} families, family effects: {self.effects}"
        return frame_html(self.table, f"Error for families left out: {what}")


def design(frame: pd.DataFrame, regressors: Sequence[str], target: str = "truthfulqa", sizes: int = 1) -> Design:
    """Regressors and target of the models that have all of them, families with fewer than `sizes` models left out.

    Raises InputError for a column that is not there or fewer than three families.
    """
    need_columns(frame, ["family", target, *regressors])
    rows = frame[frame[[target, *regressors]].notna().all(axis=1)]
    rows = rows[rows.groupby("family")["family"].transform("size") >= sizes]
    if rows["family"].nunique() < 3:
        raise InputError(f"leaving families out needs three of them, got {rows['family'].nunique()}; take more models")
    columns = rows[[*regressors, target]].to_numpy(float)
    return Design(columns - columns.mean(axis=0), (*regressors, target), codes_of(rows["family"])[1])


def with_running(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the paper's own terms: size_squared, (log10 N)², and hellaswag_by_size, HellaSwag times log10 N.

    A coupling that changes with size, γ₁₂ = γ₀ log10(N/N_c), is such a product; a turn of truthfulness such a square.
    Both about the mean size, so that they do not stand in for the plain terms.
    """
    size = frame[SIZE] - frame[SIZE].mean()
    return frame.assign(size_squared=size**2, hellaswag_by_size=(frame[X] - frame[X].mean()) * size)


def above_chance(score: pd.Series, chance: float, margin: float) -> pd.Series:
    """A score's points above chance + margin, zero below: a score near chance says nothing, so it counts as nothing."""
    return (score - chance - margin).clip(lower=0)


def nested(
    frame: pd.DataFrame,
    effects: str = "none",
    models: Mapping[str, Sequence[str]] = NESTED,
    target: str = "truthfulqa",
    n_boot: int = 2000,
    seed: int = 0,
    rivals: Sequence[str] = RIVALS,
) -> Nested:
    """Errors of nested regressions for families that took no part in the fit, all on the same models.

    `effects`: "none", one level for all; "random", levels of families normal about it, their spread by restricted
    likelihood in every fold; "fixed", a level per family. With "fixed" a family left out has its mean given, and what
    is predicted is how its models differ from one another. Resamples draw whole families' errors.

    Raises InputError for other effects, or for fewer than three families with all the columns.
    """
    if effects not in EFFECTS:
        raise unknown("family effects", effects, EFFECTS)
    used = list(dict.fromkeys(name for columns in models.values() for name in columns))
    complete = frame[frame[[target, *used]].notna().all(axis=1)]
    sizes = 2 if effects == "fixed" else 1
    designs = {name: design(complete, columns, target, sizes) for name, columns in models.items()}
    errors = {name: left_out_errors(each, effects) for name, each in designs.items()}
    empty = design(complete, (), target, sizes)
    total = np.sum(left_out_errors(empty, effects) ** 2)
    counts = draw_counts(np.unique(empty.codes), "pooled", n_boot, seed)[:, empty.codes]
    weights = np.vstack([np.ones((1, empty.n)), counts])
    root = {name: np.sqrt(weights @ error**2 / weights.sum(axis=1)) for name, error in errors.items()}
    how = f"bootstrap of whole families ({empty.n_families})"

    def estimate(values: Floats) -> Estimate:
        return percentile_estimate(values[0], values[1:], how, empty.n)

    rows = []
    for name, columns in models.items():
        own, less = estimate(root[name]), estimate(root[name] - root.get(BASE, root[name]))
        rows.append({
            "model": name, "k": len(columns), "error": own.value, "low": own.low, "high": own.high,
            "r2": 1 - float(np.sum(errors[name] ** 2) / total),
            "less": less.value, "less_low": less.low, "less_high": less.high,
        })  # fmt: skip
    gaps = {name: estimate(root[OURS] - root[name]) for name in rivals if {name, OURS} <= set(root)}
    return Nested(pd.DataFrame(rows), gaps, effects, empty.n, empty.n_families)


def left_out_errors(each: Design, effects: str) -> Floats:
    """Error of every model when its family takes no part in the fit, shape (n,); see `nested`."""
    ratios, sums = each.sums(effects)
    log_shrunk = np.log1p(np.where(np.isinf(ratios), 0, ratios)[:, None] * each.sizes)
    total, shrunk = sums.sum(axis=1, keepdims=True), log_shrunk.sum(axis=1, keepdims=True)
    best, beta = chosen(ratios, total - sums, each.n - each.sizes, shrunk - log_shrunk)
    beta = beta[best, np.arange(each.n_families)]  # one row of coefficients per family left out
    x, y = each.columns[:, :-1], each.columns[:, -1]
    x = x if effects == "fixed" else np.hstack([np.ones((each.n, 1)), x])
    off = y - np.einsum("np,np->n", x, beta[each.codes])
    if effects != "fixed":
        return off
    return off - (np.bincount(each.codes, off) / each.sizes)[each.codes]
