"""Epoch AI's own runs side by side: two benchmarks of one model version, with their standard errors."""

import re

import pandas as pd

from capelib.errors import unknown
from capelib.frontier.lines import decimal_year

EFFORTS = ("xhigh", "high", "medium", "low", "minimal", "none")  # most first
SUFFIX = re.compile(rf"_({'|'.join(EFFORTS)}|\d+K)$")


def pairs(runs: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """Model versions that have both benchmarks: model, lab, year, x, y, x_se, y_se (percent and points), base.

    `runs` is the table frontier_epoch. `base` is the model without the suffix that names its effort or thinking budget.
    A lab that the source does not name stays "not stated". Raises InputError for an unknown benchmark.
    """
    known = sorted(set(runs["benchmark"]))
    for name in (x, y):
        if name not in known:
            raise unknown("benchmark", name, known)
    sides = [runs[runs["benchmark"] == name].set_index("model") for name in (x, y)]
    both = sides[0].join(sides[1][["score", "stderr"]], how="inner", rsuffix="_y")
    return pd.DataFrame({
        "model": both.index,
        "base": [SUFFIX.sub("", name) for name in both.index],
        "lab": both["lab"].fillna("not stated").replace("", "not stated").to_numpy(),
        "year": decimal_year(both["release_date"]).to_numpy(),
        x: both["score"].to_numpy(),
        y: both["score_y"].to_numpy(),
        f"{x}_se": both["stderr"].to_numpy(),
        f"{y}_se": both["stderr_y"].to_numpy(),
    }).reset_index(drop=True)  # fmt: skip


def once(rows: pd.DataFrame) -> pd.DataFrame:
    """Each model once, at its highest effort or largest budget: efforts of one model are not different models."""

    def rank(name: str) -> tuple[int, int]:
        suffix = SUFFIX.search(name)
        if suffix is None:
            return len(EFFORTS), 0
        word = suffix[1]
        return (EFFORTS.index(word), 0) if word in EFFORTS else (0, -int(word[:-1]))

    order = rows.assign(_rank=[rank(name) for name in rows["model"]]).sort_values("_rank")
    return order.drop_duplicates("base").drop(columns="_rank").sort_values("model").reset_index(drop=True)
