"""Epoch AI's own runs: two benchmarks of one model version side by side, with their standard errors."""

import re
from itertools import combinations

import numpy as np
import pandas as pd

from capelib.errors import unknown
from capelib.frontier.dates import decimal_year
from capelib.frontier.lines import r_of
from capelib.frontier.trends import held

EFFORTS = ("max", "xhigh", "high", "medium", "low", "minimal", "none")  # most first
SUFFIX = re.compile(rf"_({'|'.join(EFFORTS)}|\d+K)$")
# what makers call the smaller models of a generation
SMALL = frozenset({"mini", "nano", "haiku", "flash", "lite", "small", "oss", "gemma"})


def pairs(runs: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """Model versions that have both benchmarks at the same effort.

    `runs` is the table frontier_epoch. Columns: model; base, the model without the suffix that names its effort or
    thinking budget; lab; year; small, whether its name is one of a smaller model; x, y (percent); x_se, y_se (points).
    Of several laboratories the first is taken; one that the source does not name is "not stated".

    Raises InputError for an unknown benchmark.
    """
    other = of_benchmark(runs, y)[["score", "stderr"]].add_suffix("_y")
    both = of_benchmark(runs, x).join(other, how="inner")
    return pd.DataFrame({
        "model": both.index,
        "base": [base(name) for name in both.index],
        "lab": both["lab"].fillna("").str.split(",").str[0].replace("", "not stated").to_numpy(),
        "year": decimal_year(both["release_date"]).to_numpy(),
        "small": [is_small(name) for name in both.index],
        x: both["score"].to_numpy(),
        y: both["score_y"].to_numpy(),
        f"{x}_se": both["stderr"].to_numpy(),
        f"{y}_se": both["stderr_y"].to_numpy(),
    }).reset_index(drop=True)  # fmt: skip


def base(name: str) -> str:
    """A model version without its effort.

    >>> base("gpt-5.2-2025-12-11_xhigh"), base("claude-opus-4-6_32K"), base("glm-5")
    ('gpt-5.2-2025-12-11', 'claude-opus-4-6', 'glm-5')
    """
    return SUFFIX.sub("", name)


def is_small(name: str) -> bool:
    """Whether a model's name says that its maker has a larger one of the same generation.

    >>> is_small("o4-mini-2025-04-16_high"), is_small("gemini-2.5-pro")
    (True, False)
    """
    return not SMALL.isdisjoint(re.split(r"[-_/]", name))


def once(rows: pd.DataFrame) -> pd.DataFrame:
    """Each model once, at its highest effort or largest budget: efforts of one model are not different models."""
    order = rows.assign(_rank=[_rank(name) for name in rows["model"]]).sort_values("_rank", kind="stable")
    return order.drop_duplicates("base").drop(columns="_rank").sort_values("model").reset_index(drop=True)


def all_pairs(runs: pd.DataFrame, among: pd.Series | None = None, least: int = 5) -> pd.DataFrame:
    """r of every pair of Epoch's benchmarks, plain and with the release date held, each model once.

    `among` limits the models to those names (bases). One row per pair that `least` models have: x, y, n, r, r_low,
    r_high, r_given_date, r_given_date_low, r_given_date_high (Fisher).
    """
    found = []
    for x, y in combinations(sorted(set(runs["benchmark"])), 2):
        rows = once(pairs(runs, x, y))
        rows = rows if among is None else rows[rows["base"].isin(set(among))]
        if len(rows) < least:
            continue
        table = held(rows, x, y).set_index("held")
        plain, dated = (table.loc[name, ["r", "low", "high"]].tolist() for name in ("nothing", "date"))
        found.append((x, y, len(rows), *plain, *dated))
    ends = [f"{name}{end}" for name in ("r", "r_given_date") for end in ("", "_low", "_high")]
    return pd.DataFrame(found, columns=["x", "y", "n", *ends])


def implied_items(runs: pd.DataFrame, benchmark: str) -> float:
    """How many answers stand behind a score if it is the share of right ones: the median of p(1 − p)/se²."""
    own = of_benchmark(runs, benchmark)
    share, se = own["score"] / 100, own["stderr"] / 100
    return float(np.median((share * (1 - share) / se**2)[se > 0]))


def at_any_effort(runs: pd.DataFrame, x: str, y: str) -> float:
    """r of two benchmarks with each model's highest effort on either, whether or not the two efforts are the same."""
    sides = []
    for name in (x, y):
        own = of_benchmark(runs, name).reset_index()[["model", "score"]]
        sides.append(once(own.assign(base=own["model"].map(base))).set_index("base")["score"].rename(name))
    return r_of(pd.concat(sides, axis=1, join="inner"), x, y)


def of_benchmark(runs: pd.DataFrame, name: str) -> pd.DataFrame:
    """The runs of one benchmark, by model. Raises InputError for an unknown one."""
    known = sorted(set(runs["benchmark"]))
    if name not in known:
        raise unknown("benchmark", name, known)
    return runs[runs["benchmark"] == name].set_index("model")


def _rank(name: str) -> tuple[int, int]:
    suffix = SUFFIX.search(name)
    if suffix is None:
        return len(EFFORTS), 0
    word = suffix[1]
    return (EFFORTS.index(word), 0) if word in EFFORTS else (0, -int(word[:-1]))
