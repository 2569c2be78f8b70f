"""Critical scales family by family: ways of reading "where the coupling crosses zero" off the released scores.

Amin (2026), Sec. 2.1 and Table 1, lists one N_c per family and no rule. Claims nc.bloom, nc.cerebras, nc.gptneo,
nc.opt, nc.falcon, nc.pythia_table, nc.pythia, nc.spread. All scales here in billions of parameters, NaN where a rule
gives none.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.coupling.critical import first_crossings, line_scale, quadratic_scale, sign_change_scale
from capelib.coupling.local import THRESHOLD, local_coupling
from capelib.coupling.resample import authors_bootstrap, authors_zero_crossing
from capelib.definitions.points import BILLION, PYTHIA, X, Y, distinct, pythia_rows, scored
from capelib.definitions.pythia import score_tables
from capelib.frames import need_columns
from capelib.selection import one_family

ENDS = {"smaller size": "n_small", "mid-size": "n_mid", "larger size": "n_large"}
MAIN = (  # the rules repeated on each Pythia table
    "first change of γ₁₂ from negative to positive, interpolated between mid-sizes",
    "size with the lowest TruthfulQA",
    "minimum of a parabola of TruthfulQA in log N",
    "zero of a rising line through γ₁₂ at the mid-size",
)
_NONE = float("nan")
_PANEL = "the panel"


def critical_scales(
    panel: pd.DataFrame, family: str, variants: pd.DataFrame | None = None, bootstrap: pd.DataFrame | None = None
) -> dict[str, float]:
    """N_c of one family, in billions of parameters, by every rule tried; NaN where the rule finds none.

    For Pythia the panel's eight Pythia models are used, and the main rules are repeated on every other released table
    of all eight sizes (`variants`, panel_pythia_variants) and on the 14 points of the released script (`bootstrap`).
    Raises InputError for an unknown family or a missing column.
    """
    need_columns(panel, ["model", "family", "n_params", X, Y])
    if family != PYTHIA:
        return _by_rule(one_family(panel, family), isocline(panel))
    own = pythia_rows(panel)
    found = _by_rule(own, isocline(panel))
    if variants is not None:
        for name, rows in distinct({_PANEL: own} | score_tables(variants), X, Y).items():
            if len(rows) == len(own) and not name.startswith(_PANEL):  # neither fewer sizes nor the same scores again
                there = _by_rule(rows.assign(family=PYTHIA), _NONE)
                found |= {f"{rule}; table {name}": there[rule] for rule in MAIN}
    if bootstrap is not None:
        found |= _pooled(bootstrap)
    return found


def scales_by_size_alone(panel: pd.DataFrame, family: str) -> dict[str, float]:
    """What comes out without looking at a score: smallest, middle and largest size of a family, in billions.

    A control, not a reading of the claim: a rule is worth no more than one that sees no scores. With an even number of
    sizes both middle ones are given. Raises InputError for an unknown family.
    """
    sizes = np.sort(one_family(panel, family)["n_params"].unique()) / BILLION
    low, high = (len(sizes) - 1) // 2, len(sizes) // 2
    return {
        "smallest size": float(sizes[0]),
        "middle size": float(sizes[low]),
        "upper middle size": float(sizes[high]),
        "largest size": float(sizes[-1]),
        "geometric mean of the sizes": float(np.exp(np.log(sizes).mean())),
    }


def spreads(panel: pd.DataFrame, table: Mapping[str, float]) -> dict[str, float]:
    """Largest over smallest N_c by every rule, over the families of the paper's table; and of the table itself.

    Claim nc.spread, Amin (2026), Sec. 2.1. `table` is the paper's N_c by family (any unit). NaN unless the rule finds
    an N_c for each family. Raises InputError for an unknown family.
    """
    scales = pd.DataFrame({family: critical_scales(panel, family) for family in table})
    ratio = scales.max(axis=1) / scales.min(axis=1)
    found = {"the values printed in Table 1": max(table.values()) / min(table.values())}
    return found | {str(rule): float(ratio[rule]) if scales.loc[rule].notna().all() else _NONE for rule in scales.index}


def isocline(panel: pd.DataFrame, family: str = "OLMo") -> float:
    """The constant a/b of the isocline TQA_c = √((a/b)·HS), scores as fractions, from one family's mean scores.

    Amin (2026), App. A.7, calibrates it on OLMo. NaN if the panel has no such family.
    """
    rows = panel[panel["family"] == family]
    return float((rows[Y].mean() / 100) ** 2 / (rows[X].mean() / 100)) if len(rows) else _NONE


def _by_rule(models: pd.DataFrame, ratio: float) -> dict[str, float]:
    rows = scored(models, X, Y)
    steps = local_coupling(rows).frame.dropna(subset=["gamma"])
    gamma, mid = steps["gamma"].to_numpy(float), steps["n_mid"].to_numpy(float)
    found = {
        MAIN[0]: sign_change_scale(mid, gamma).value,
        "γ₁₂ turns positive for good, interpolated between mid-sizes": _last_change(mid, gamma),
        "model between a negative step and the positive one after it": _between(steps),
        "first positive step, mid-size": _first(steps, gamma > 0, "n_mid"),
        "first positive step, larger size": _first(steps, gamma > 0, "n_large"),
        "first step in the transition band, larger size": _first(steps, np.abs(gamma) <= THRESHOLD, "n_large"),
        MAIN[1]: float(rows["n_params"].iloc[int(rows[Y].argmin())]),
        MAIN[2]: quadratic_scale(rows["n_params"], rows[Y]).value,
        MAIN[3]: line_scale(mid, gamma).value,
        "zero of a rising line through γ₁₂ at the larger size": line_scale(steps["n_large"], gamma).value,
        "TruthfulQA falls below the isocline of App. A.7, interpolated": _below_isocline(rows, ratio),
    }
    for name, pick in (("nearest to zero", np.abs(gamma)), ("most negative", gamma)):
        row = steps.iloc[int(pick.argmin())] if len(steps) else None
        for end, column in ENDS.items():
            found[f"step with γ₁₂ {name}, {end}"] = _NONE if row is None else float(row[column])
    return {name: value / BILLION for name, value in found.items()}


def _pooled(bootstrap: pd.DataFrame) -> dict[str, float]:
    quadratic, line = authors_bootstrap(bootstrap), authors_zero_crossing(bootstrap)
    found = {
        "minimum of a parabola of TruthfulQA in log N; the released script's 14 points": quadratic.point.value,
        "median of the released script's pooled bootstrap of the parabola's minimum": quadratic.median,
        "zero of a line through γ₁₂ across families; the released script's 14 points": line.point.value,
        "median of the released script's pooled bootstrap of the line's zero": line.median,
    }
    return {name: value / BILLION for name, value in found.items()}


def _first(steps: pd.DataFrame, where: NDArray[np.bool_], column: str) -> float:
    return float(steps[column].to_numpy(float)[where.argmax()]) if where.any() else _NONE


def _between(steps: pd.DataFrame) -> float:
    gamma = steps["gamma"].to_numpy(float)
    turned = np.flatnonzero((gamma[:-1] < 0) & (gamma[1:] > 0))
    return float(steps["n_large"].to_numpy(float)[turned[0]]) if len(turned) else _NONE


def _last_change(mid: NDArray[np.float64], gamma: NDArray[np.float64]) -> float:
    negative = np.flatnonzero(gamma < 0)
    if not len(negative) or not (gamma[negative[-1] + 1 :] > 0).any():
        return _NONE
    tail = slice(negative[-1], None)
    return float(10 ** first_crossings(np.log10(mid[tail]), gamma[tail])[0])


def _below_isocline(rows: pd.DataFrame, ratio: float) -> float:
    above = rows[Y].to_numpy(float) - 100 * np.sqrt(ratio * rows[X].to_numpy(float) / 100)
    log_n = np.log10(rows["n_params"].to_numpy(float))
    crossed = np.flatnonzero((above[:-1] > 0) & (above[1:] <= 0))
    if not len(crossed):
        return _NONE
    i = crossed[0]
    return float(10 ** (log_n[i] + (log_n[i + 1] - log_n[i]) * above[i] / (above[i] - above[i + 1])))


def is_reading(rule: str) -> bool:
    """Whether a rule is one the text admits: it finds where the coupling crosses zero, or where TruthfulQA turns.

    The others name a step by its γ₁₂, or divide the numbers that Table 1 prints: searched, to see where a number is
    from.
    """
    return not rule.startswith(("step with γ₁₂", "the values printed"))
