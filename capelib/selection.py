"""Which models go into an analysis: each choice has a name, so that a page can say it."""

from collections.abc import Iterable

import pandas as pd

from capelib.errors import InputError, unknown


def base_models(panel: pd.DataFrame) -> pd.DataFrame:
    """Base models only: neither tuned for instructions nor trained for code, by the panel's own columns.

    The paper's panel is meant to hold base models (Amin, 2026, abstract). A user's table without these columns
    is taken to hold nothing else.
    """
    keep = pd.Series(True, index=panel.index)
    if "is_base" in panel:
        keep &= panel["is_base"]
    if "is_code_model" in panel:
        keep &= ~panel["is_code_model"]
    return panel[keep]


def one_row_per_model(panel: pd.DataFrame) -> pd.DataFrame:
    """The first row of every model that a panel lists twice under two names (same repository of weights)."""
    listed = panel["hf_repo"].fillna("").ne("")
    return panel[~(listed & panel.duplicated("hf_repo"))]


def families_with(panel: pd.DataFrame, sizes: int, scores: Iterable[str]) -> pd.DataFrame:
    """The families that have all `scores` for at least `sizes` different sizes; rows without a score left out.

    Raises InputError if no family is left.
    """
    scores = list(scores)
    scored = panel[panel[scores].notna().all(axis=1)]
    kept = scored[scored.groupby("family")["n_params"].transform("nunique") >= sizes]
    if kept.empty:
        raise InputError(
            f"no family has {' and '.join(scores)} at {sizes} sizes or more; add rows to the table or lower the number"
        )
    return kept


def one_family(panel: pd.DataFrame, family: str) -> pd.DataFrame:
    """The rows of one family, by size. Raises InputError, with the nearest name, if there is none of that name."""
    names = sorted(panel["family"].unique())
    if family not in names:
        raise unknown("family", family, names, "list them with: cape families")
    return panel[panel["family"] == family].sort_values("n_params")
