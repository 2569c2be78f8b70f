"""Effective dimension by phase: for every assignment of models to phases, and for every one that is left open.

Amin (2026), Sec. 2.3, gives d_eff of the tax models, of the bonus models and of three frontier models, says how many of
each there are, and does not list them. Claims deff.tax, deff.bonus, deff.frontier.
"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.coupling.dimension import effective_dimension
from capelib.coupling.local import UNDEFINED
from capelib.coupling.resample import scatter_matrices
from capelib.definitions.points import X, Y, scored, without
from capelib.errors import InputError
from capelib.frames import need_columns
from capelib.tables import BENCHMARKS

NEWEST = ("Gemma-3-4B", "Gemma-4-E4B", "Qwen3-8B")  # the rows of the released panel with two scores only
FEWEST = 3


def dimensions(panel: pd.DataFrame, phases: Mapping[str, pd.Series], phase: str) -> dict[str, float]:
    """d_eff of the five scores over the models of one phase, by every assignment tried; NaN below three models.

    Covariance as in the paper for every assignment; the first also with the correlation matrix, with each model once,
    and with scores divided by d_model. `phases` as `capelib.definitions.phases.assignments` gives them, `phase` "tax"
    or "bonus". Models without all five scores are left out. Raises InputError for a missing column.
    """
    need_columns(panel, ["flags", "d_model", *BENCHMARKS])
    found = {name: _d_eff(panel[chosen == phase]) for name, chosen in phases.items()}
    name, chosen = next(iter(phases.items()))
    rows = panel[chosen == phase]
    found[f"{name}; correlation matrix"] = _d_eff(rows, "correlation")
    found[f"{name}; duplicates dropped"] = _d_eff(without(rows, "duplicate_of"))
    wide = rows.dropna(subset=["d_model"])
    found[f"{name}; scores divided by d_model"] = _d_eff(
        wide.assign(**{score: wide[score] / wide["d_model"] for score in BENCHMARKS})
    )
    return found


def frontier_dimensions(panel: pd.DataFrame) -> dict[str, float]:
    """d_eff of three "frontier" models of a panel, for every choice of the three that was tried.

    Claim deff.frontier. Three models have at most two dimensions, so d_eff lies between 1 and 2 whatever they are.
    Raises InputError for a missing column.
    """
    need_columns(panel, ["model", "family", "n_params", *BENCHMARKS])
    rows = panel.dropna(subset=list(BENCHMARKS))
    by_size = rows.sort_values(["n_params", "model"], ascending=[False, True])
    top = rows.sort_values(X).drop_duplicates("family", keep="last")
    found = {
        "the three highest in HellaSwag": _d_eff(rows.nlargest(3, X)),
        "the highest in HellaSwag of three families": _d_eff(top.nlargest(3, X)),
        "the three highest in MMLU": _d_eff(rows.nlargest(3, "mmlu")),
        "the three highest in TruthfulQA": _d_eff(rows.nlargest(3, Y)),
        "the three largest, ties in the order of their names": _d_eff(by_size.head(3)),
    }
    newest = panel[panel["model"].isin(NEWEST)]
    if len(newest) == len(NEWEST):
        found["the three rows with two scores only, on those two"] = _d_eff(newest, scores=(X, Y))
    return found


def split_search(panel: pd.DataFrame, phase: pd.Series, n_tax: int, n_bonus: int, n_frontier: int = 3) -> pd.DataFrame:
    """Every way of sharing out the models that have no phase so that tax, bonus and frontier have the numbers given.

    `phase` is one assignment (with "undefined" models); the phases it gives are kept. One row per way: tax, bonus,
    frontier (d_eff, covariance, five scores), tax_families, bonus_families. It shows whether any list of models behind
    the paper's counts can give its numbers. Raises InputError if the numbers cannot be met.
    """
    open_rows = np.flatnonzero(phase == UNDEFINED)
    need_tax, need_bonus = n_tax - int((phase == "tax").sum()), n_bonus - int((phase == "bonus").sum())
    if min(need_tax, need_bonus) < 0 or need_tax + need_bonus + n_frontier != len(open_rows):
        raise InputError(
            f"{len(open_rows)} models without a phase must make up for {need_tax} tax, {need_bonus} bonus and "
            f"{n_frontier} frontier models; give numbers that add up"
        )
    member = {"tax": [], "bonus": [], "frontier": []}
    for to_tax in combinations(open_rows, need_tax):
        left = [row for row in open_rows if row not in to_tax]
        for to_frontier in combinations(left, n_frontier):
            member["tax"].append(to_tax)
            member["frontier"].append(to_frontier)
            member["bonus"].append([row for row in left if row not in to_frontier])
    kept = panel[list(BENCHMARKS)].notna().all(axis=1).to_numpy()
    scores = panel[list(BENCHMARKS)].fillna(0.0).to_numpy(float)
    families = pd.get_dummies(panel["family"]).to_numpy(float)
    table = {}
    for word, added in member.items():
        chosen = np.zeros((len(added), len(panel)), bool)
        np.put_along_axis(chosen, np.array(added, int).reshape(len(added), -1), True, axis=1)
        chosen |= (phase == word).to_numpy()
        table[word] = _ratio(scores, chosen & kept)
        if word != "frontier":
            table[f"{word}_families"] = ((chosen @ families) > 0).sum(axis=1)
    return pd.DataFrame(table)


def _d_eff(rows: pd.DataFrame, kind: str = "covariance", scores: tuple[str, ...] = BENCHMARKS) -> float:
    kept = scored(rows, *scores)
    return effective_dimension(kept[list(scores)], kind) if len(kept) >= FEWEST else float("nan")


def _ratio(scores: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    matrix = scatter_matrices(scores, chosen.astype(float))
    trace, squares = np.einsum("bii->b", matrix), np.einsum("bij,bij->b", matrix, matrix)
    enough = chosen.sum(axis=1) >= FEWEST
    return np.divide(trace**2, squares, out=np.full(len(trace), np.nan), where=enough & (squares > 0))
