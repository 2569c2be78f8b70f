"""What every list of definitions shares: which rows go in, and one number from two columns.

A definition is named after the choices it makes, so that its name can stand on the page. Scores in percent,
sizes in parameters; frames as `capelib.tables.panel` and `capelib.tables.read` give them.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from capelib.coupling.correlation import correlate
from capelib.frames import need_columns

X, Y = "hellaswag", "truthfulqa"
PYTHIA = "Pythia"
BILLION = 1e9
LABELLED = "family_suspect:labelled"  # rows that the authors file under Pythia although they are other models
LEFT_OUT = {
    "one row per model (duplicates dropped)": ("duplicate_of",),
    "base models only": ("arch_not_base",),
    "without scores marked estimated": ("estimated",),
    "without rows whose family is doubtful": ("family_suspect",),
    "without any of these": ("duplicate_of", "arch_not_base", "estimated", "family_suspect"),
}


def without(frame: pd.DataFrame, *tags: str) -> pd.DataFrame:
    """The rows of `frame` with none of `tags` among their flags. Raises InputError if there is no column flags."""
    need_columns(frame, ["flags"])
    flags = frame["flags"].fillna("").astype(object)
    return frame[[not any(tag in text for tag in tags) for text in flags]]


def scored(frame: pd.DataFrame, *scores: str) -> pd.DataFrame:
    """The rows of `frame` that have all of `scores`, sorted by size. Raises InputError for a column not there."""
    need_columns(frame, ["n_params", *scores])
    return frame.dropna(subset=list(scores)).sort_values("n_params", kind="stable")


def pythia_rows(panel: pd.DataFrame) -> pd.DataFrame:
    """The Pythia models proper of a panel, by size; the released panel files GPT-J and GPT-NeoX there too."""
    need_columns(panel, ["family"])
    return without(panel[panel["family"] == PYTHIA], LABELLED).sort_values("n_params")


def pearson_r(frame: pd.DataFrame, x: str = X, y: str = Y) -> float:
    """Pearson r of two scores over the models that have both; NaN below three models."""
    kept = scored(frame, x, y)
    return float(correlate(kept[x], kept[y])) if len(kept) > 2 else float("nan")


def spearman_r(frame: pd.DataFrame, x: str = X, y: str = Y) -> float:
    """Spearman's rank correlation of two scores over the models that have both; NaN below three models."""
    kept = scored(frame, x, y)
    return float(stats.spearmanr(kept[x], kept[y]).statistic) if len(kept) > 2 else float("nan")


def distinct(tables: Mapping[str, pd.DataFrame], *scores: str) -> dict[str, pd.DataFrame]:
    """Tables that differ in size, `scores` or order once, under all the names they go by, joined by " = "."""
    groups: dict[tuple, list[str]] = {}
    for name, table in tables.items():
        kept = scored(table, *scores)
        key = tuple(np.round(kept[["n_params", *scores]].to_numpy(float).ravel(), 6))
        groups.setdefault(key, []).append(name)
    return {" = ".join(names): scored(tables[names[0]], *scores) for names in groups.values()}
