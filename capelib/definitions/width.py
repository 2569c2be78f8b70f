"""Raw and width-normalised correlations of a family, for every reading of "the family" and of the normalisation.

Amin (2026), Sec. 5.1 and App. A.3, divides both scores by d_model/512 and prints r before and after for five families.
The claims: width.opt_raw, width.opt_norm, and the same for bloom, cerebras, gptneo, pythia.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from capelib.coupling.correlation import correlate
from capelib.coupling.local import local_coupling
from capelib.coupling.partial import partial_given_size
from capelib.definitions.points import LABELLED, PYTHIA, X, Y, distinct, pearson_r, pythia_rows, scored, spearman_r
from capelib.definitions.pythia import score_tables
from capelib.errors import InputError
from capelib.frames import need_columns
from capelib.selection import one_family

COUSINS = {"GPT-Neo": ("GPT-J-6B", "GPT-NeoX-20B")}  # models of the same lab and line that the panel files elsewhere
FEWEST = 3


def raw_correlations(panel: pd.DataFrame, variants: pd.DataFrame, family: str) -> dict[str, float]:
    """r of HellaSwag and TruthfulQA in one family, in every reading tried.

    `panel` is the released panel, `variants` panel_pythia_variants (used for Pythia only). Raises InputError for an
    unknown family or a missing column.
    """
    sets = _samples(panel, variants, family)
    found = {name: pearson_r(rows) for name, rows in sets.items()}
    first = next(iter(sets.values()))
    found["whole family, Spearman"] = spearman_r(first)
    steps = local_coupling(first.assign(family=family)).frame
    if len(steps) >= FEWEST:
        found["whole family, changes from size to size"] = float(correlate(steps["dx"], steps["dy"]))
    if len(first) > FEWEST:
        given = first.assign(log10_params=np.log10(first["n_params"]))
        found["whole family, given log N"] = partial_given_size(given, X, Y, degrees=(1,)).results[0].r.value
    return found


def normalised_correlations(panel: pd.DataFrame, variants: pd.DataFrame, family: str) -> dict[str, float]:
    """r of the same two scores, both divided by a power of the width or of the size, in every reading tried.

    The paper's own normalisation is d_model/512, where 512 cancels in r; the other powers show what r owes to the
    denominator alone. Raises InputError for an unknown family, a missing column or a missing width.
    """
    sets = _samples(panel, variants, family)
    found = {f"over d_model; {name}": _normalised(rows, _width) for name, rows in sets.items()}
    first = next(iter(sets.values()))
    for name, scale in (
        ("√d_model", lambda rows: np.sqrt(_width(rows))),
        ("d_model²", lambda rows: _width(rows) ** 2),
        ("N", lambda rows: rows["n_params"].to_numpy(float)),
    ):
        found[f"over {name}; whole family"] = _normalised(first, scale)
    found["over d_model, Spearman; whole family"] = spearman_r(_divided(first, _width(first)))
    return found


def _samples(panel: pd.DataFrame, variants: pd.DataFrame, family: str) -> dict[str, pd.DataFrame]:
    need_columns(panel, ["model", "family", "n_params", "flags", "d_model", X, Y])
    if family == PYTHIA:
        return _pythia_samples(panel, variants)
    rows = scored(one_family(panel, family), X, Y)
    sets = {f"panel, all {len(rows)} models of the label": rows}
    related = panel[panel["model"].isin(COUSINS.get(family, ()))].sort_values("n_params")
    for model in related["model"]:
        sets[f"panel, with {model}"] = pd.concat([rows, related[related["model"] == model]])
    if len(related) > 1:
        sets["panel, with " + " and ".join(related["model"])] = pd.concat([rows, related])
    for name, part in (
        ("largest", rows.iloc[:-1]),
        ("two largest", rows.iloc[:-2]),
        ("three largest", rows.iloc[:-3]),
        ("smallest", rows.iloc[1:]),
        ("two smallest", rows.iloc[2:]),
    ):
        if len(part) > FEWEST:
            sets[f"panel, without the {name}"] = part
    return {name: scored(part, X, Y) for name, part in sets.items()}


def _pythia_samples(panel: pd.DataFrame, variants: pd.DataFrame) -> dict[str, pd.DataFrame]:
    eight = pythia_rows(panel)
    widths = eight.set_index("n_params")["d_model"]
    tables = {f"table {name}": rows for name, rows in score_tables(variants).items()}
    with_width = {name: rows.assign(d_model=rows["n_params"].map(widths)) for name, rows in tables.items()}
    labelled = {"panel, all rows labelled Pythia": panel[panel["family"] == PYTHIA]}
    if not panel["flags"].fillna("").astype(object).map(lambda text: LABELLED in text).any():
        labelled = {}
    return distinct({f"panel, {len(eight)} Pythia models": eight} | with_width | labelled, X, Y)


def _width(rows: pd.DataFrame) -> np.ndarray:
    width = rows["d_model"].to_numpy(float)
    if not np.isfinite(width).all():
        raise InputError(
            f"{int(np.isnan(width).sum())} models have no d_model; fill it in the table or leave those models out first"
        )
    return width


def _normalised(rows: pd.DataFrame, scale: Callable[[pd.DataFrame], np.ndarray]) -> float:
    return pearson_r(_divided(rows, scale(rows)))


def _divided(rows: pd.DataFrame, scale: np.ndarray) -> pd.DataFrame:
    return rows.assign(**{X: rows[X] / scale, Y: rows[Y] / scale})


def is_reading(way: str) -> bool:
    """Whether the text admits a computation: Pearson's r of the family's scores, over its width or not.

    Leaving models out by size, other coefficients and other powers of the width are searched, to see where a number is
    from.
    """
    other = ("without the", "Spearman", "changes from size", "given log N", "over √", "over d_model²", "over N;")
    return not any(part in way for part in other)
