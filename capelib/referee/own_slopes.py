"""A turn, or families of different slopes? A shape shared by all families, beside a straight line of each family's own.

A parabola with a level per family opens upwards wherever families of small models fall and families of large ones rise,
whether or not any of them bends. Giving every family its own slope takes that away: what a shared shape then explains
happens inside families.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from capelib.coupling.resample import MIN_FAMILIES, draw_counts
from capelib.errors import InputError
from capelib.estimate import Estimate, percentile_estimate
from capelib.frames import frame_html
from capelib.referee.many import Places, places
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
    that of the parabola shared beside own slopes, points per decade², positive for a U; its interval draws whole
    families, five or more. `p` is that of the F test of this curvature, models taken as independent.
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
    n_items: Mapping[str, int],
    x: str = "hellaswag",
    y: str = "truthfulqa",
    n_boot: int = 2000,
    seed: int = 0,
) -> OwnSlopes:
    """Fit y = α_f + (β or β_f)·ℓ + shape(ℓ), ℓ = log₁₀ N, by least squares over families of three sizes or more.

    The shape is nothing, a parabola or a broken line whose place is searched and counted. AICc and BIC as in
    `capelib.referee.sharpness.criteria`. `panel` as for `capelib.referee.many.places`; x only decides which models have
    both scores.

    Raises InputError for fewer than three families, or too few models for the numbers fitted.
    """
    at = places(panel, n_items, x, y)
    families, n = len(at.names), len(at.log_n)
    if families < 3 or n < 2 * families + 4:
        raise InputError(
            f"slopes of their own need three families and {2 * families + 4} models, got {families} and {n}; add sizes"
        )
    score, u = at.y[0], at.log_n - at.log_n.mean()
    member = (at.code[:, None] == np.arange(families)).astype(float)
    tried = np.arange(*np.quantile(u, [TRIM, 1 - TRIM]), STEP)
    rows, rss = [], {}
    for slopes, line in ((SHARED, u[:, None]), (OWN, member * u[:, None])):
        base = np.column_stack([member, line])
        left = [_left(base, column) for column in (score, u * u, *np.maximum(u - tried[:, None], 0))]
        breaks = np.array([_rss(left[0], column) for column in left[2:]])
        best = int(breaks.argmin())
        fits = {
            LINE: (_rss(left[0]), 0, np.nan, np.nan),
            PARABOLA: (_rss(left[0], left[1]), 1, _coefficient(left[0], left[1]), _minimum(at, base)),
            BROKEN: (breaks[best], 2, _coefficient(left[0], left[2 + best]), at.log_n.mean() + tried[best]),
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
    return OwnSlopes(table, _curvature(at, n_boot, seed), float(stats.f.sf(f, 1, spare)), n, families)


def _left(base: Floats, column: Floats) -> Floats:
    return column - base @ np.linalg.lstsq(base, column, rcond=None)[0]


def _rss(score: Floats, column: Floats | None = None) -> float:
    # of the score alone, or with one more column; both with what comes before taken out
    explained = 0.0 if column is None or column @ column < 1e-9 else (score @ column) ** 2 / (column @ column)
    return float(score @ score - explained)


def _coefficient(score: Floats, column: Floats) -> float:
    return float(score @ column / (column @ column)) if column @ column > 1e-9 else np.nan


def _minimum(at: Places, base: Floats) -> float:
    """log₁₀ N of the shared parabola's minimum where all families have one slope; NaN if there is none."""
    if base.shape[1] > len(at.names) + 1:
        return np.nan  # with own slopes every family has a minimum of its own
    u = at.log_n - at.log_n.mean()
    *_, slope, bend = np.linalg.lstsq(np.column_stack([base, u * u]), at.y[0], rcond=None)[0]
    return float(at.log_n.mean() - slope / (2 * bend)) if bend > 0 else np.nan


def _curvature(at: Places, n_boot: int, seed: int) -> Estimate:
    top, bottom = np.zeros((2, len(at.names)))
    for family in range(len(at.names)):
        own = at.code == family
        base = np.vander(at.log_n[own] - at.log_n[own].mean(), 2)
        bow, score = (_left(base, column) for column in ((base[:, 0]) ** 2, at.y[0, own]))
        top[family], bottom[family] = bow @ score, bow @ bow
    drawn = draw_counts(np.array(at.names), "pooled", n_boot, seed)
    method = f"bootstrap of whole families, {n_boot:,} resamples"
    draws = drawn @ top / (drawn @ bottom) if len(at.names) >= MIN_FAMILIES else []
    return percentile_estimate(top.sum() / bottom.sum(), draws, method, len(at.log_n))
