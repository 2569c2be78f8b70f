"""A turn, or families of different slopes? A shape shared by all families, beside a straight line of each family's own.

A parabola with a level per family opens upwards wherever families of small models fall and families of large ones rise,
whether or not any of them bends. Giving every family its own slope takes that away: what a shared shape then explains
happens inside families.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from capelib import selection
from capelib.coupling.curvature import FEWEST, shared_curvature
from capelib.coupling.resample import MIN_FAMILIES
from capelib.errors import InputError
from capelib.estimate import Estimate
from capelib.frames import frame_html, need_columns
from capelib.referee.least_squares import codes_of
from capelib.referee.sharpness import criteria

SHARED, OWN = "one slope for all", "a slope per family"
LINE, PARABOLA, BROKEN = "straight line", "parabola", "broken line"
STEP, TRIM = 0.02, 0.1  # decades between the places tried for a break; share of models it leaves on either side

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OwnSlopes:
    """Shapes of y with shared and with own slopes, and the bend that is left.

    `table` has one row per slopes and shape: slopes, shape, k (numbers fitted, the noise included), aicc and bic
    relative to straight lines of one slope, bend (curvature in points per decade², or the change of slope at the break
    in points per decade) and place (parameters; of the parabola's minimum or of the break, NaN if none). `curvature` is
    that of the parabola shared beside own slopes (`capelib.coupling.shared_curvature`), points per decade², positive
    for a U; its interval draws whole families, five or more. `p` is that of the F test of this curvature, models taken
    as independent.
    """

    table: pd.DataFrame
    curvature: Estimate
    p: float
    n_models: int
    n_families: int

    def value(self, slopes: str, shape: str, column: str) -> float:
        """One number of the table."""
        return float(self.table.set_index(["slopes", "shape"]).loc[(slopes, shape), column])

    def _repr_html_(self) -> str:
        caption = (
            f"Shapes over {self.n_models} models of {self.n_families} families, a level for each family throughout"
        )
        return frame_html(self.table, caption, digits=1)


def own_slopes(
    panel: pd.DataFrame,
    x: str = "hellaswag",
    y: str = "truthfulqa",
    n_boot: int = 2000,
    seed: int = 0,
) -> OwnSlopes:
    """Fit y = α_f + (β or β_f)·ℓ + shape(ℓ), ℓ = log₁₀ N, by least squares over families of three sizes or more.

    The shape is nothing, a parabola or a broken line whose place is searched and counted. AICc and BIC as in
    `capelib.referee.sharpness.criteria`. `panel` needs family, n_params and both scores in percent; x only decides
    which models have both. Every model counts as itself, as in the coupling section, also where two have one size.

    Raises InputError for a missing column, fewer than three families, or too few models for the numbers fitted.
    """
    need_columns(panel, ["family", "n_params", x, y])
    kept = selection.families_with(panel, FEWEST, [x, y])
    names, code = codes_of(kept["family"])
    log_n = np.log10(kept["n_params"].to_numpy(float))
    families, n = len(names), len(kept)
    if families < 3 or n < 2 * families + 4:
        raise InputError(
            f"slopes of their own need three families and {2 * families + 4} models, got {families} and {n}; add sizes"
        )
    score, u = kept[y].to_numpy(float), log_n - log_n.mean()
    member = (code[:, None] == np.arange(families)).astype(float)
    tried = np.arange(*np.quantile(u, [TRIM, 1 - TRIM]), STEP)
    rows, rss = [], {}
    for slopes, line in ((SHARED, u[:, None]), (OWN, member * u[:, None])):
        base = np.column_stack([member, line])
        left = [_left(base, column) for column in (score, u * u, *np.maximum(u - tried[:, None], 0))]
        breaks = np.array([_rss(left[0], column) for column in left[2:]])
        best = int(breaks.argmin())
        # with own slopes every family has a minimum of its own
        vertex = _minimum(score, np.column_stack([base, u * u])) if slopes == SHARED else np.nan
        fits = {
            LINE: (_rss(left[0]), 0, np.nan, np.nan),
            PARABOLA: (_rss(left[0], left[1]), 1, _coefficient(left[0], left[1]), log_n.mean() + vertex),
            BROKEN: (breaks[best], 2, _coefficient(left[0], left[2 + best]), log_n.mean() + tried[best]),
        }
        for shape, (found, more, bend, place) in fits.items():
            rss[slopes, shape] = found
            k = base.shape[1] + more + 1
            aicc, bic, _ = criteria(found, n, k)
            rows.append({"slopes": slopes, "shape": shape, "k": k, "aicc": aicc, "bic": bic, "bend": bend,
                         "place": 10**place})  # fmt: skip
    table = pd.DataFrame(rows)
    table[["aicc", "bic"]] -= table.loc[0, ["aicc", "bic"]].astype(float)
    spare = n - 2 * families - 1
    f = (rss[OWN, LINE] - rss[OWN, PARABOLA]) / (rss[OWN, PARABOLA] / spare)
    curvature = shared_curvature(kept, y, n_boot=n_boot, seed=seed)
    if families < MIN_FAMILIES:
        curvature = replace(curvature, low=None, high=None)
    return OwnSlopes(table, curvature, float(stats.f.sf(f, 1, spare)), n, families)


def _left(base: Floats, column: Floats) -> Floats:
    return column - base @ np.linalg.lstsq(base, column, rcond=None)[0]


def _rss(score: Floats, column: Floats | None = None) -> float:
    # of the score alone, or with one more column; both with what comes before taken out
    explained = 0.0 if column is None or column @ column < 1e-9 else (score @ column) ** 2 / (column @ column)
    return float(score @ score - explained)


def _coefficient(score: Floats, column: Floats) -> float:
    return float(score @ column / (column @ column)) if column @ column > 1e-9 else np.nan


def _minimum(score: Floats, design: Floats) -> float:
    """Where the parabola of the design's last two columns (ℓ and its square) has its minimum; NaN if it has none."""
    *_, slope, bend = np.linalg.lstsq(design, score, rcond=None)[0]
    return float(-slope / (2 * bend)) if bend > 0 else np.nan
