"""Which models belong to which phase: the assignments that the released rows allow, and what each counts.

A coupling belongs to a step between two models; the paper (Amin, 2026, Sec. 2.3 and App. A.1) speaks of models in a
phase without saying how a step becomes a model's. Claims deff.n_transition, and the groups behind deff.tax, deff.bonus.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.coupling.local import THRESHOLD, UNDEFINED, local_coupling, model_phases, phase_of
from capelib.definitions.points import LABELLED, X, Y, without
from capelib.frames import need_columns

STEPS_AT = (0.05, 0.2)  # thresholds beside the paper's own


def assignments(
    panel: pd.DataFrame, critical_scale: float, table: Mapping[str, float], threshold: float = THRESHOLD
) -> dict[str, pd.Series]:
    """A phase for every row of `panel` (tax, transition, bonus or undefined), by every assignment tried.

    `critical_scale` is the paper's headline N_c and `table` its N_c by family (Table 1), both in parameters; the
    assignments by size know no transition. Raises InputError for a missing column.
    """
    need_columns(panel, ["model", "family", "n_params", "flags", "gamma12_stored", X, Y])
    ordered = panel.sort_values(["family", "n_params", "model"])
    arriving = panel["gamma12_stored"].astype(float)
    leaving = ordered.groupby("family")["gamma12_stored"].shift(-1).reindex(panel.index).astype(float)
    gammas = {
        "stored γ₁₂ (the step that ends at the model)": arriving,
        "stored γ₁₂ of the next model (the step that starts at the model)": leaving,
        "stored γ₁₂, the smallest of a family takes its next step": arriving.fillna(leaving),
        "stored γ₁₂ of the next model, the largest takes its last step": leaving.fillna(arriving),
        "mean of both stored γ₁₂": pd.concat([arriving, leaving], axis=1).mean(axis=1),
    }
    found = {name: _series(panel, phase_of(gamma, threshold)) for name, gamma in gammas.items()}
    first = next(iter(found.values()))
    for rest in ("bonus", "tax"):
        found[f"stored γ₁₂, models without one counted as {rest}"] = first.where(first != UNDEFINED, rest)
    proper = without(panel, LABELLED, "duplicate_of", "arch_not_base")
    for name, rows, assign in (
        ("recomputed, step that ends at the model", panel, "incoming"),
        ("recomputed, step that starts at the model", panel, "outgoing"),
        ("recomputed, each base model once in its own family", proper, "incoming"),
    ):
        phase = model_phases(rows, threshold=threshold, assign=assign)["phase"]
        found[name] = phase.reindex(panel.index, fill_value=UNDEFINED)
    size = panel["n_params"].to_numpy(float)
    own = panel["family"].map(dict(table)).to_numpy(float)
    found["size below or above the headline N_c"] = _series(panel, np.where(size < critical_scale, "tax", "bonus"))
    found["size below or above the family's N_c of Table 1"] = _series(panel, _sides(size, own))
    return found


def phase_counts(panel: pd.DataFrame, phases: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Models and families per phase for every assignment: one row each, columns tax_models, tax_families, …"""
    rows = {}
    for name, phase in phases.items():
        rows[name] = {
            f"{word}_{what}": int(count)
            for word in ("tax", "transition", "bonus", UNDEFINED)
            for what, count in _counts(panel, phase == word)
        }
    return pd.DataFrame(rows).T


def transition_models(panel: pd.DataFrame, phases: Mapping[str, pd.Series]) -> dict[str, float]:
    """Number of models in the transition phase by every assignment that knows one.

    Claim deff.n_transition, Amin (2026), Sec. 2.3. `phases` as `assignments` gives them.
    """
    counts = phase_counts(panel, phases)["transition_models"]
    sized = [name for name in counts.index if str(name).startswith("size ")]
    return {str(name): float(count) for name, count in counts.drop(sized).items()}


def threshold_counts(panel: pd.DataFrame, thresholds: Iterable[float] = (THRESHOLD, *STEPS_AT)) -> pd.DataFrame:
    """Stored and recomputed steps per phase at several thresholds, and how far the two disagree.

    One row per threshold: stored_tax, stored_transition, stored_bonus, the same recomputed_*. Recomputed steps average
    models of one size, so there are fewer of them. Claim coupling.threshold, a convention of App. A.1.
    """
    stored = panel["gamma12_stored"].dropna().to_numpy(float)
    again = local_coupling(panel).frame["gamma"].dropna().to_numpy(float)
    rows = {}
    for threshold in thresholds:
        rows[threshold] = {
            f"{name}_{word}": int(np.sum(phase_of(gamma, threshold) == word))
            for name, gamma in (("stored", stored), ("recomputed", again))
            for word in ("tax", "transition", "bonus")
        }
    return pd.DataFrame(rows).T.rename_axis("threshold")


def _series(panel: pd.DataFrame, phase: NDArray) -> pd.Series:
    return pd.Series(phase, index=panel.index, dtype=object)


def _sides(size: NDArray[np.float64], critical: NDArray[np.float64]) -> NDArray:
    # a family without an N_c in Table 1 has no side
    return np.select([np.isnan(critical), size < critical], [UNDEFINED, "tax"], "bonus")


def _counts(panel: pd.DataFrame, chosen: pd.Series) -> list[tuple[str, int]]:
    rows = panel[chosen]
    return [("models", len(rows)), ("families", rows["family"].nunique())]
