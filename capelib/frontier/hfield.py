"""The h-field: how far a model lies above or below the population's line, with what is known of it."""

import numpy as np
import pandas as pd
from scipy import stats

from capelib.frontier.lines import X, Y, fit_line


def h_field(frame: pd.DataFrame, x: str = X, y: str = Y, score_sd: float = 0.0) -> pd.DataFrame:
    """h = y - (slope · x + intercept) of every model, and of the same model about the line without it.

    Amin (2026), App. A.6: h = B₂ - (β₁B₁ + β₀). Returns model, lab, `h`; `h_alone`, the residual about the line
    through all others, which the model cannot pull; `low`, `high`, 95 % for h_alone from that line's own uncertainty and,
    where given, the standard deviation `score_sd` (points) of the model's y; and `surprising`, whether h_alone lies
    outside what the scatter of the others admits (95 %, one model at a time).
    """
    rows = frame.dropna(subset=[x, y]).reset_index(drop=True)
    line, found = fit_line(rows, x, y), []
    for place, row in rows.iterrows():
        rest = rows.drop(index=place)
        alone = fit_line(rest, x, y)
        centre, spread = rest[x].mean(), ((rest[x] - rest[x].mean()) ** 2).sum()
        leverage = 1 / len(rest) + (row[x] - centre) ** 2 / spread
        h = row[y] - alone.predict(row[x])
        t = stats.t.ppf(0.975, len(rest) - 2)
        half = t * np.sqrt(alone.sd**2 * leverage + score_sd**2)
        found.append({
            "model": row["model"],
            "lab": row["lab"],
            "h": float(row[y] - line.predict(row[x])),
            "h_alone": float(h),
            "low": float(h - half),
            "high": float(h + half),
            "surprising": bool(abs(h) > t * alone.sd * np.sqrt(1 + leverage)),
        })  # fmt: skip
    return pd.DataFrame(found)
