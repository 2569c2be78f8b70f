"""Families said to go from negative to positive coupling: what would count as such, family by family.

Amin (2026), Sec. 2.1, gives a number of families and no rule. A family with fewer than three sizes has at most one
step and can show no change of sign. Claims coupling.n_standard_families, nc.n_phi, nc.n_qwen3.
"""

import numpy as np
import pandas as pd

from capelib.coupling.critical import line_scale, quadratic_scale
from capelib.coupling.local import THRESHOLD, local_coupling
from capelib.definitions.points import LABELLED, X, Y, scored, without
from capelib.frames import need_columns
from capelib.tables import BENCHMARKS

STEPS = 2  # a change of sign needs two steps


def sign_changes(panel: pd.DataFrame, threshold: float = THRESHOLD) -> pd.DataFrame:
    """One row per family with two steps or more, one column of yes and no per rule for "from negative to positive".

    Works on any panel. Steps between consecutive sizes, models of one size averaged, as in
    `capelib.coupling.local_coupling`; `threshold` bounds the transition band. Raises InputError for a missing column.
    """
    need_columns(panel, ["model", "family", "n_params", X, Y])
    steps = local_coupling(panel, threshold=threshold).frame.dropna(subset=["gamma"])
    return pd.DataFrame(
        {
            str(family): _rules(own, scored(panel[panel["family"] == family], X, Y), threshold)
            for family, own in steps.groupby("family", sort=True)
            if len(own) >= STEPS
        }
    ).T.astype(bool)


def families_that_flip(panel: pd.DataFrame, threshold: float = THRESHOLD) -> dict[str, float]:
    """How many families go from negative to positive coupling, by every rule of `sign_changes`.

    Claim coupling.n_standard_families, Amin (2026), Sec. 2.1. Where the panel has flags, the first rule is also
    counted without the rows filed under a family of other models, and without duplicates; where it has the authors'
    stored γ₁₂, also on those. No count can exceed the number of rows of `sign_changes`. Raises InputError for a missing
    column.
    """
    table = sign_changes(panel, threshold)
    found = {name: float(table[name].sum()) for name in table}
    first = table.columns[0]
    if "flags" in panel:
        proper = sign_changes(without(panel, LABELLED, "duplicate_of"), threshold)
        found[f"{first}, only the family's own models, each once"] = float(proper[first].sum())
    if "gamma12_stored" in panel:
        stored = panel.dropna(subset=["gamma12_stored"]).sort_values("n_params", kind="stable")
        groups = stored.groupby("family", sort=True)["gamma12_stored"]
        found[f"{first}, γ₁₂ as stored"] = float(sum(_turns(own.to_numpy(float)) for _, own in groups))
    return found


def families_by_name(panel: pd.DataFrame, cooperative: tuple[str, ...] = ("Phi", "Gemma")) -> float:
    """Labels in the panel other than the two families the paper calls cooperative throughout.

    A count of names, not of changes of sign: it uses no score, so it is no reading of the claim, only a clue to it.
    """
    need_columns(panel, ["family"])
    return float(len(set(panel["family"]) - set(cooperative)))


def models_of_label(panel: pd.DataFrame, internals: pd.DataFrame, label: str) -> dict[str, float]:
    """How many models of one label the released tables hold. Claims nc.n_phi, nc.n_qwen3: Amin (2026), Table 1.

    `internals` is the table internals_reported. Raises InputError for a missing column.
    """
    need_columns(panel, ["model", "family", "is_base", *BENCHMARKS])
    need_columns(internals, ["model", "family"])
    rows = panel[panel["family"] == label]
    inside = internals.loc[internals["family"] == label, "model"]
    named = {str(model) for model in inside if not str(model).startswith("(")}  # "(family mean)" is no model
    return {
        "rows of the released panel": float(len(rows)),
        "base models of the released panel": float(rows["is_base"].sum()),
        "rows of the released panel with all five scores": float(rows[list(BENCHMARKS)].notna().all(axis=1).sum()),
        "different models in the released internals": float(len(named)),
        "different models in panel and internals together": float(len(named | set(rows["model"]))),
    }


def _rules(steps: pd.DataFrame, models: pd.DataFrame, threshold: float) -> dict[str, bool]:
    gamma = steps["gamma"].to_numpy(float)
    score = models.groupby("n_params")[Y].mean().to_numpy(float)
    low, high = models["n_params"].min(), models["n_params"].max()
    quadratic = quadratic_scale(models["n_params"], models[Y])
    line = line_scale(steps["n_mid"], gamma)
    signs = np.sign(gamma[gamma != 0])
    return {
        "a negative step and later a positive one": _turns(gamma),
        "first step negative, last step positive": bool(gamma[0] < 0 < gamma[-1]),
        "one change only, from negative to positive": bool(_turns(gamma) and np.sum(signs[1:] != signs[:-1]) == 1),
        "a tax step and later a bonus step (beyond the threshold)": bool(
            _turns(np.where(np.abs(gamma) > threshold, gamma, 0.0))
        ),
        "lowest TruthfulQA neither at the smallest nor at the largest size": 0 < score.argmin() < len(score) - 1,
        "a parabola in log N has its minimum within the sizes": bool(quadratic.ok and low < quadratic.value < high),
        "a rising line through γ₁₂ has its zero within the sizes": bool(line.ok and low < line.value < high),
    }


def _turns(gamma: np.ndarray) -> bool:
    negative = np.flatnonzero(gamma < 0)
    return bool(len(negative) and (gamma[negative[0] :] > 0).any())
