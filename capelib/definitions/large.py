"""The correlation of "large models": which families, from which size on, and once or twice per model.

Amin (2026), Sec. 1: large models (Llama, Falcon, OPT above 7B) have r above a bound. Claim coupling.r_large.
"""

import pandas as pd

from capelib.coupling.correlation import correlate
from capelib.definitions.points import X, Y, pearson_r, scored, spearman_r, without
from capelib.frames import need_columns

LINES = ("Llama", "Falcon", "OPT")
FROM = {"above 7B": 7.0e9 + 1, "from 7B on": 7.0e9, "from 6.5B on": 6.5e9}  # 6.5B takes in OPT-6.7B and Llama-6.7B


def large_model_r(panel: pd.DataFrame, bootstrap: pd.DataFrame) -> dict[str, float]:
    """r of HellaSwag and TruthfulQA over large models, for every reading tried; NaN below three models.

    `panel` is the released panel, `bootstrap` the 14 points panel_bootstrap_nc, which hold other Llama scores. The
    first entry takes the sentence at its word. Raises InputError for a missing column.
    """
    need_columns(panel, ["family", "n_params", "flags", X, Y])
    lines = panel[[str(family).startswith(LINES) for family in panel["family"]]]
    found: dict[str, float] = {}
    for since, size in FROM.items():
        rows = scored(lines[lines["n_params"] >= size], X, Y)
        once = without(rows, "duplicate_of")
        found[f"Llama, Falcon and OPT {since}, {len(rows)} models"] = pearson_r(rows)
        found[f"Llama, Falcon and OPT {since}, duplicates dropped, {len(once)} models"] = pearson_r(once)
        found[f"Llama, Falcon and OPT {since}, family-demeaned"] = _demeaned(once)
        found[f"every family {since}"] = pearson_r(panel[panel["n_params"] >= size])
    rows = scored(lines[lines["n_params"] >= FROM["above 7B"]], X, Y)
    found["Llama, Falcon and OPT above 7B, Spearman"] = spearman_r(rows)
    since_7b = scored(lines[lines["n_params"] >= FROM["from 7B on"]], X, Y)
    for family, own in since_7b.groupby("family", sort=True):
        if len(own) > 2:
            found[f"{family} alone, from 7B on, {len(own)} models"] = pearson_r(own)
    for family, own in bootstrap[bootstrap["family"].isin(panel["family"])].groupby("family", sort=True):
        if str(family).startswith(LINES):
            found[f"{family} alone, the released script's points"] = pearson_r(own)
    return found


def _demeaned(rows: pd.DataFrame) -> float:
    centred = rows[[X, Y]] - rows.groupby("family")[[X, Y]].transform("mean")
    return float(correlate(centred[X], centred[Y]))
