"""How much of a correlation is the range of the scores, and how much a single model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from capelib.errors import InputError
from capelib.frames import need_columns
from capelib.frontier.lines import X, Y, both, fit_line, r_of


def by_floor(frame: pd.DataFrame, floors: Sequence[float], x: str = X, y: str = Y) -> pd.DataFrame:
    """r among the models with x of at least each floor (percent), beside the r that the whole line leads one to expect.

    Expected: β s / √(β² s² + σ²), with s the standard deviation of x left and β, σ slope and residual sd of the line
    through all models. Where slope and residual sd are the same everywhere, choosing on x leaves them as they are and
    takes r towards zero (Thorndike, 1949, case 2). One row per floor: floor, n, sd_x (points), slope, r, low, high
    (Fisher), expected. Floors that leave fewer than four models are left out.

    Raises InputError as `fit_line`.
    """
    rows, line, found = both(frame, x, y), fit_line(frame, x, y), []
    for floor in floors:
        kept = rows[rows[x] >= floor]
        if len(kept) < 4 or kept[x].nunique() < 2:
            continue
        s, own = float(kept[x].std()), fit_line(kept, x, y)
        signal = line.slope.value * s
        found.append({
            "floor": floor,
            "n": len(kept),
            "sd_x": s,
            "slope": own.slope.value,
            "r": own.r.value,
            "low": own.r.low,
            "high": own.r.high,
            "expected": signal / np.hypot(signal, line.sd),
        })  # fmt: skip
    return pd.DataFrame(found, columns=["floor", "n", "sd_x", "slope", "r", "low", "high", "expected"])


def top_spread(frame: pd.DataFrame, score: str, ranked_by: str, k: int = 5) -> float:
    """Largest less smallest `score` (points) among the k models highest in `ranked_by`; NaN with fewer than k."""
    need_columns(frame, (score, ranked_by))
    top = frame.dropna(subset=[score, ranked_by]).nlargest(k, ranked_by)[score]
    return float(top.max() - top.min()) if len(top) == k else float("nan")


@dataclass(frozen=True)
class Influence:
    """What single models do to a correlation: smallest and largest r with one left out, and the rank correlation."""

    low: float
    low_without: str
    high: float
    high_without: str
    spearman: float


def leave_one_out(frame: pd.DataFrame, x: str = X, y: str = Y) -> Influence:
    """r of x and y with each model left out in turn (column `model`), and Spearman's rho over all of them.

    Raises InputError for fewer than four models with both scores.
    """
    rows = both(frame, x, y, "model")
    if len(rows) < 4:
        raise InputError(f"leaving models out needs four with {x} and {y}; got {len(rows)}")
    r = pd.Series({row.model: r_of(rows.drop(row.Index), x, y) for row in rows.itertuples()})
    return Influence(r.min(), str(r.idxmin()), r.max(), str(r.idxmax()), float(stats.spearmanr(rows[x], rows[y])[0]))
