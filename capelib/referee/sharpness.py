"""A change-point or a smooth bend? Shapes against size, compared by information criteria and by cross-validation."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.coupling.resample import draw_counts
from capelib.errors import InputError
from capelib.estimate import percentile_estimate
from capelib.frames import frame_html
from capelib.referee.least_squares import family_sums, solve
from capelib.referee.shapes import LINE, SHAPES, Curves, Floats, Shape

FOLDS = ("family", "size")
IRREGULAR = 3  # what the place of a jump costs in AIC, in parameters (Ninomiya, 2015); a place usually counts as one


@dataclass(frozen=True)
class Comparison:
    """Shapes side by side for one quantity.

    `table` has one row per shape: shape, k (all free numbers: levels, coefficients, place, width, noise), place (log10
    of parameters, NaN without one), width (decades from 10 to 90 % of the change), aicc, bic, and aicc_strict, in which
    the place of a jump counts three times; all three less the straight line's, so that negative is better than a line.
    For every fold ("family", "size"): error, the root mean square error of prediction, and less, less_low, less_high,
    its difference from the straight line's with an interval from resampling families.
    """

    table: pd.DataFrame
    what: str
    n: int
    n_families: int

    def best(self, criterion: str) -> str:
        """The shape with the smallest value in a column."""
        return str(self.table.loc[self.table[criterion].idxmin(), "shape"])

    def row(self, shape: str) -> pd.Series:
        """One shape's row."""
        return self.table.set_index("shape").loc[shape]

    def _repr_html_(self) -> str:
        columns = ["shape", "k", "aicc", "aicc_strict", "bic", "family_error", "size_error"]
        caption = f"Shapes of {self.what}: {self.n} points, {self.n_families} families"
        return frame_html(self.table[columns], caption, digits=2)


def best_fit(curves: Curves, shape: Shape) -> tuple[float, float, float]:
    """Residual sum of squares, place (log10 of parameters) and width of the best fit of a shape; NaN where none."""
    c, w = curves.grid(shape)
    sums = family_sums(curves.design(shape, c, w), curves.codes, curves.weight, curves.own_levels).sum(axis=-3)
    rss = solve(sums)[1]
    at = int(rss.argmin())
    place = float(c[at, 0]) if shape.has_place else np.nan
    return float(rss[at]), place, float(w[at, 0]) if shape.has_width else np.nan


def criteria(rss: float, n: int, k: int, extra: int = 0) -> tuple[float, float, float]:
    """AICc, BIC, and AICc with `extra` more parameters in its penalty: n ln(RSS/n) + penalty.

    AICc = AIC + 2k(k + 1)/(n − k − 1), NaN where n ≤ k + 1. `k` counts the noise.
    """
    fit = n * np.log(rss / n)

    def aicc(q: int) -> float:
        return fit + 2 * q + 2 * q * (q + 1) / (n - q - 1) if n - q - 1 > 0 else np.nan

    return aicc(k), fit + k * np.log(n), aicc(k) + 2 * extra


def compare(curves: Curves, n_boot: int = 2000, seed: int = 0) -> Comparison:
    """Every shape, fitted to all families together, by information criteria and by prediction.

    Leaving a family out predicts its shape: with own levels, its deviations from its mean over the sizes it has.
    Leaving a size out predicts that model from the rest of its family and from all others. The place and the width are
    fitted anew in every fold.

    Raises InputError for fewer than three families.
    """
    if curves.n_families < 3:
        raise InputError(f"a comparison of shapes needs three families, got {curves.n_families}; take more")
    counts = draw_counts(np.unique(curves.family), "pooled", n_boot, seed)
    errors = {name: {fold: held_out(curves, shape, fold) for fold in FOLDS} for name, shape in SHAPES.items()}
    line = criteria(best_fit(curves, LINE)[0], curves.n, LINE.free + curves.n_levels + 1)
    rows = []
    for name, shape in SHAPES.items():
        k = shape.free + curves.n_levels + 1
        rss, place, width = best_fit(curves, shape)
        found = criteria(rss, curves.n, k, IRREGULAR - 1 if shape.jump else 0)
        row = {"shape": name, "k": k, "place": place, "width": width}
        row |= dict(zip(("aicc", "bic", "aicc_strict"), np.subtract(found, (line[0], line[1], line[0])), strict=True))
        for fold in FOLDS:
            row |= _errors(curves, errors[name][fold], errors[LINE.name][fold], counts, fold)
        rows.append(row)
    return Comparison(pd.DataFrame(rows), curves.what, curves.n, curves.n_families)


def by_family(curves: Curves, sizes: int = 5) -> pd.DataFrame:
    """Every family with `sizes` points or more alone: AICc of each shape less the straight line's.

    One row per family and shape: family, n, shape, k, aicc (NaN where the points are too few for the criterion).
    Raises InputError if no family is long enough.
    """
    rows = []
    for family in np.unique(curves.family):
        own = curves.of(family)
        if own.n < sizes:
            continue
        line = criteria(best_fit(own, LINE)[0], own.n, LINE.free + 2)[0]
        for name, shape in SHAPES.items():
            k = shape.free + 2
            aicc = criteria(best_fit(own, shape)[0], own.n, k)[0] if own.n > k + 1 else np.nan
            rows.append({"family": family, "n": own.n, "shape": name, "k": k, "aicc": aicc - line})
    if not rows:
        raise InputError(f"no family has {sizes} points; lower the number or take longer families")
    return pd.DataFrame(rows)


def chosen(curves: Curves, n_draws: int = 200, seed: int = 0) -> pd.Series:
    """Share of resamples of whole families in which each shape has the smallest AICc.

    A difference in AICc says nothing about other families; this does. A family drawn twice counts as two with a level
    each, and the place of a jump as three parameters. Repeated points favour the more flexible shapes a little.
    """
    names = np.unique(curves.family)
    counts = draw_counts(names, "pooled", n_draws, seed)
    n = counts @ np.bincount(curves.codes)
    levels = counts.sum(axis=1) if curves.own_levels else np.ones(n_draws)
    found = {}
    for name, shape in SHAPES.items():
        sums = family_sums(curves.design(shape, *curves.grid(shape)), curves.codes, curves.weight, curves.own_levels)
        rss = np.array([solve(np.einsum("f,gfij->gij", row, sums))[1].min() for row in counts.astype(float)])
        k = shape.free + levels + 1
        extra = IRREGULAR - 1 if shape.jump else 0
        found[name] = n * np.log(rss / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1) + 2 * extra
    best = pd.DataFrame(found).idxmin(axis=1)
    return best.value_counts(normalize=True).reindex(list(SHAPES), fill_value=0.0)


def held_out(curves: Curves, shape: Shape, fold: str) -> Floats:
    """Error of prediction for every point, left out with its family ("family") or alone ("size"); shape (n,)."""
    c, w = curves.grid(shape)
    design = curves.design(shape, c, w)
    per_family = family_sums(design, curves.codes, curves.weight, curves.own_levels)
    total, error = per_family.sum(axis=-3), np.full(curves.n, np.nan)
    for family in range(curves.n_families):
        own = np.flatnonzero(curves.codes == family)
        for left in [own] if fold == "family" else own[:, None]:
            train = total - per_family[..., family, :, :]
            rest = np.setdiff1d(own, left)
            if len(rest):
                zero = np.zeros(len(rest), int)
                train = train + family_sums(design[:, rest], zero, curves.weight[rest], curves.own_levels)[..., 0, :, :]
            beta, rss = solve(train)
            at = int(rss.argmin())
            off = curves.value[left] - design[at][left, :-1] @ beta[at]
            if curves.own_levels:
                known = rest if len(rest) else left
                off = off - _mean(curves.value[known] - design[at][known, :-1] @ beta[at], curves.weight[known])
            error[left] = off
    return error


def _mean(values: Floats, weight: Floats) -> float:
    return float(np.average(values, weights=weight))


def _errors(curves: Curves, own: Floats, line: Floats, counts: NDArray, fold: str) -> dict[str, float]:
    member = (curves.codes == np.arange(curves.n_families)[:, None]) * curves.weight
    drawn, one = counts @ member, member.sum(axis=0)

    def rmse(error: Floats, weight: Floats) -> Floats:
        return np.sqrt(weight @ error**2 / weight.sum(axis=-1))

    less = percentile_estimate(rmse(own, one) - rmse(line, one), rmse(own, drawn) - rmse(line, drawn), "families")
    return {
        f"{fold}_error": float(rmse(own, one)),
        f"{fold}_less": less.value,
        f"{fold}_low": less.low,
        f"{fold}_high": less.high,
    }
