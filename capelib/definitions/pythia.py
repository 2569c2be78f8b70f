"""Pythia's correlations: the released score tables do not agree, so each is a definition of its own.

The paper (Amin, 2026, Sec. 1 and 2.1) prints one r per pair of benchmarks and does not say from which table.
"""

from collections.abc import Sequence

import pandas as pd
from scipy import stats

from capelib.coupling.permutation import permutation_test
from capelib.definitions.points import PYTHIA, X, Y, distinct, pearson_r, pythia_rows, spearman_r, without
from capelib.frames import need_columns

FEWEST = 4  # a table with fewer sizes says nothing about a correlation
EXACT = 9  # full enumeration up to nine models: capelib.coupling.permutation_test


def score_tables(
    variants: pd.DataFrame, x: str = X, y: str = Y, kinds: Sequence[str] = ("released",)
) -> dict[str, pd.DataFrame]:
    """Every Pythia table of these kinds with both scores at four sizes or more; equal ones once, names joined.

    `variants` is the table panel_pythia_variants. Typed curves (kind "ode_prediction") are left out by default: they
    are no measurements. Raises InputError for a column that is not there.
    """
    return distinct(_of_kind(variants, x, y, kinds), x, y)


def samples(variants: pd.DataFrame, panel: pd.DataFrame, x: str = X, y: str = Y) -> dict[str, pd.DataFrame]:
    """Every set of Pythia rows a reader could mean: the released tables, and readings of the released panel.

    Sets with the same scores stand once, under all their names. Raises InputError for a column that is not there.
    """
    need_columns(panel, ["family", "flags", x, y])
    eight = pythia_rows(panel)
    readings = {
        f"panel, {len(eight)} Pythia models": eight,
        "panel, all rows labelled Pythia (with GPT-J and GPT-NeoX)": panel[panel["family"] == PYTHIA],
        "panel, without the rows marked estimated": without(eight, "estimated"),
        "panel, without the largest model": eight.iloc[:-1],
        "panel, without the smallest model": eight.iloc[1:],
    }
    tables = {f"table {name}": rows for name, rows in _of_kind(variants, x, y, ("released",)).items()}
    return distinct(tables | readings, x, y)


def correlations(variants: pd.DataFrame, panel: pd.DataFrame, x: str = X, y: str = Y) -> dict[str, float]:
    """r of two benchmarks over Pythia, for every released table and reading of the panel, Pearson and Spearman.

    Claims coupling.r_pythia, coupling.r_pythia_wg (x="winogrande"), coupling.r_pythia_mmlu (x="mmlu"): Amin (2026),
    Sec. 1 and 2.1. `variants` is panel_pythia_variants, `panel` the released panel. Raises InputError for a column
    that is not there.
    """
    sets = samples(variants, panel, x, y)
    pearson = {name: pearson_r(rows, x, y) for name, rows in sets.items()}
    return pearson | {f"{name}, Spearman": spearman_r(sets[name], x, y) for name in sets}


def p_values(variants: pd.DataFrame, panel: pd.DataFrame, x: str = X, y: str = Y) -> dict[str, float]:
    """p of r = 0 over Pythia: exact permutation (two-sided, twice one-sided), t test of r.

    Claim coupling.p_pythia: the abstract calls its p a nonparametric permutation test, Sec. 1 gives a smaller bound.
    n models have n! arrangements, so a permutation test of eight cannot report less than 1/8!. Sets too large for full
    enumeration have no permutation p here. Raises InputError for a column that is not there.
    """
    found: dict[str, float] = {}
    for name, rows in samples(variants, panel, x, y).items():
        if len(rows) <= EXACT:
            test = permutation_test(rows[x], rows[y], max_exact=EXACT)
            found[f"{name}, exact permutation, two-sided"] = float(test.p)
            found[f"{name}, exact permutation, twice the one-sided p"] = float(test.p_doubled)
        found[f"{name}, t test of Pearson r"] = float(stats.pearsonr(rows[x], rows[y]).pvalue)
    return found


def _of_kind(variants: pd.DataFrame, x: str, y: str, kinds: Sequence[str]) -> dict[str, pd.DataFrame]:
    need_columns(variants, ["table_id", "kind", x, y])
    chosen = variants[variants["kind"].isin(list(kinds))].dropna(subset=[x, y])
    return {str(name): rows for name, rows in chosen.groupby("table_id", sort=True) if len(rows) >= FEWEST}
