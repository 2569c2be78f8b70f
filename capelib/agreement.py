"""How far two measurements of the same scores agree, and which TruthfulQA variant a score is."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd

from capelib.errors import InputError
from capelib.estimate import Estimate
from capelib.frames import need_columns
from capelib.tables import BENCHMARKS

SAME_NUMBER = 0.005 + 1e-9  # points; what rounding to the two decimals of the released panel can change


@dataclass(frozen=True)
class Differences:
    """Cells that two panels share.

    Parameters
    ----------
    cells : DataFrame
        One row per model and score with model, family, n_params, source, score (column name), released_pct,
        measured_pct, difference (released minus measured, points), and listed (the difference the flags of the
        released panel state, NaN where they state none).
    """

    cells: pd.DataFrame

    def above(self, tolerance: float) -> pd.DataFrame:
        """Cells that differ by more than `tolerance` points, largest first."""
        apart = self.cells[self.cells["difference"].abs() > tolerance]
        return apart.sort_values("difference", key=abs, ascending=False, ignore_index=True)

    @property
    def same_number(self) -> pd.Series:
        """Whether a cell's two values are one number up to the rounding of the released one: a copy, most likely."""
        return self.cells["difference"].abs() <= SAME_NUMBER

    def counts(self, *tolerances: float, by: str = "score") -> pd.DataFrame:
        """Per score, or per any other column: cells compared, how many hold the same number up to rounding, the
        median absolute difference in points, how many differ by more than each tolerance."""
        group, size = self.cells[by], self.cells["difference"].abs()
        columns = {
            "cells": size.groupby(group, sort=False).size(),
            "same_number": self.same_number.groupby(group, sort=False).sum(),
            "median_difference": size.groupby(group, sort=False).median(),
        }
        for tolerance in tolerances:
            columns[f"above_{tolerance:g}"] = (size > tolerance).groupby(group, sort=False).sum()
        return pd.DataFrame(columns)

    def unlisted(self, tolerance: float = 1.0) -> pd.DataFrame:
        """Cells whose flags and differences disagree: one beyond `tolerance` unlisted, or a listed one not found."""
        beyond = self.cells["difference"].abs() > tolerance
        wrong = (self.cells["listed"] - self.cells["difference"]).abs() > 0.05 + 1e-9  # flags print one decimal
        return self.cells[(beyond != self.cells["listed"].notna()) | wrong]


def differences(released: pd.DataFrame, measured: pd.DataFrame) -> Differences:
    """Every score that both panels hold for the same model, joined by the released row's ``leaderboard_repo``."""
    scores = measured.set_index("hf_repo")[list(BENCHMARKS)]
    rows = released[released["leaderboard_repo"] != ""]
    parts = [
        pd.DataFrame(
            {
                "model": rows["model"],
                "family": rows["family"],
                "n_params": rows["n_params"],
                "source": rows["upstream_source"],
                "score": score,
                "released_pct": rows[score],
                "measured_pct": rows["leaderboard_repo"].map(scores[score]),
                "listed": [_listed(flags, score) for flags in rows["flags"]],
            }
        )
        for score in BENCHMARKS
    ]
    cells = pd.concat(parts, ignore_index=True).dropna(subset=["released_pct", "measured_pct"])
    return Differences(cells.assign(difference=cells["released_pct"] - cells["measured_pct"]).reset_index(drop=True))


def copies(rows: pd.DataFrame, released: pd.DataFrame, scores: Sequence[str]) -> pd.Series:
    """Which measured `rows` hold, in every one of `scores`, the number that a released row of the model holds too.

    `rows` are rows of a measured panel, `released` the released panel; joined by ``leaderboard_repo`` and compared up
    to the rounding of the released number, as `Differences.same_number`. A value computed from such rows is no second
    measurement. Returns bool, index as `rows`. Raises InputError for a column that is not there.
    """
    need_columns(rows, ["hf_repo", *scores])
    need_columns(released, ["leaderboard_repo", *scores])
    twins = released.loc[released["leaderboard_repo"] != "", ["leaderboard_repo", *scores]]
    joined = rows[["hf_repo", *scores]].reset_index(names="_row").merge(
        twins, left_on="hf_repo", right_on="leaderboard_repo", suffixes=("", "_released")
    )  # fmt: skip
    apart = np.column_stack([joined[score] - joined[f"{score}_released"] for score in scores])
    same = (np.abs(apart) <= SAME_NUMBER).all(axis=1)
    return pd.Series(rows.index.isin(joined.loc[same, "_row"]), index=rows.index)


def copies_told(
    rows: pd.DataFrame,
    released: pd.DataFrame,
    scores: Sequence[str],
    compute: Callable[[pd.DataFrame], Estimate | float],
    form: str = ".2f",
) -> str:
    """A sentence on how many of `rows` are `copies`, with `compute` of those that are not; empty if none is."""
    rows = rows.dropna(subset=list(scores))
    same = copies(rows, released, scores)
    k, n = int(same.sum()), len(rows)
    if not k:
        return ""
    verb, what = ("is a copy", "score") if k == 1 else ("are copies", "scores")
    told = f"{k} of the {n} leaderboard models {verb}: the released {what} again"
    if k == n:
        return f"{told}; no model is left that was measured twice."
    try:
        left = compute(rows[~same])
    except InputError:
        left = nan
    value = left.value if isinstance(left, Estimate) else left
    others = "the other model" if n - k == 1 else f"the other {n - k}"
    said = f"{left:{form}}" if np.isfinite(value) else "no value"
    return f"{told}; {others} {'gives' if n - k == 1 else 'give'} {said}."


@dataclass(frozen=True)
class Variant:
    """Which TruthfulQA variant a panel holds.

    ``index`` is 1 or 2 for MC1 or MC2, NaN where nothing tells. ``share_within`` of ``n_compared`` scores lie within
    ``within`` points of the measured MC2, the median absolute distance being ``median_difference`` points.
    ``by_source`` gives the same per source the released rows name; ``anchors`` are the models for which both variants
    are published, with the distance of the released score from each, in points and in standard errors.
    """

    index: float
    n_compared: int
    within: float
    share_within: float
    median_difference: float
    by_source: pd.DataFrame
    anchors: pd.DataFrame


def truthfulqa_variant(
    found: Differences, released: pd.DataFrame, published: pd.DataFrame, within: float = 0.1
) -> Variant:
    """Tell MC1 from MC2: how near the released scores lie to the measured MC2, and to either where both are known.

    The index follows the published anchors (`published`: model, mc1, mc1_stderr, mc2, mc2_stderr), whichever is
    nearer to most of them; agreement with the measured column supports it, but that column has no MC1 beside it.
    """
    cells = found.cells[found.cells["score"] == "truthfulqa"]
    size = cells["difference"].abs()
    grouped = size.groupby(cells["source"])
    by_source = pd.DataFrame(
        {
            "scores": grouped.size(),
            "share_within": grouped.apply(lambda each: (each <= within).mean()),
            "median_difference": grouped.median(),
        }
    )
    anchors = published.merge(released[["model", "truthfulqa"]], on="model")
    for name in ("mc1", "mc2"):
        anchors[f"from_{name}"] = anchors["truthfulqa"] - anchors[name]
        anchors[f"from_{name}_se"] = anchors[f"from_{name}"] / anchors[f"{name}_stderr"]
    nearer = np.sign(anchors["from_mc1"].abs() - anchors["from_mc2"].abs()).sum()
    index = {-1: 1.0, 1: 2.0}.get(int(np.sign(nearer)), nan)
    share = float((size <= within).mean())
    return Variant(index, len(size), within, share, float(size.median()), by_source, anchors)


def same_tables(tables: pd.DataFrame, scores: Sequence[str] = ("hellaswag", "truthfulqa")) -> pd.Series:
    """For every row, the names of all tables that hold the same `scores` for the same models, joined by commas."""
    held = {
        table: tuple(rows.sort_values("n_params")[["model", *scores]].itertuples(index=False, name=None))
        for table, rows in tables.groupby("table_id", sort=False)
    }
    joined = {table: ", ".join(other for other in held if held[other] == held[table]) for table in held}
    return tables["table_id"].map(joined).rename("table")


def table_correlations(tables: pd.DataFrame, x: str = "hellaswag", y: str = "truthfulqa") -> pd.DataFrame:
    """Pearson correlation of two scores within every table of `tables` (column ``table_id``) of four models or more.

    Index table_id; columns n, r (an Estimate with Fisher's 95 % interval), value, low, high. The interval takes the
    models for independent draws, which sizes of one family are not; it is here to compare tables, not to test.
    """
    from scipy.stats import pearsonr

    made = {}
    for table, rows in tables.groupby("table_id", sort=False):
        if len(rows) < 4:
            continue  # Fisher's interval needs four
        result = pearsonr(rows[x], rows[y])
        low, high = result.confidence_interval(0.95)
        made[table] = Estimate(float(result.statistic), float(low), float(high), 0.95, len(rows), "Fisher interval")
    return pd.DataFrame(
        {
            "n": {table: r.n for table, r in made.items()},
            "r": made,
            "value": {table: r.value for table, r in made.items()},
            "low": {table: r.low for table, r in made.items()},
            "high": {table: r.high for table, r in made.items()},
        }
    )


def _listed(flags: str, score: str) -> float:
    found = re.search(rf"(?:^|;)obs_diff_{score}:([+-][0-9.]+)", flags)
    return float(found.group(1)) if found else nan
