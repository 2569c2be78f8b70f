"""Measurement or constant? What the released couplings of each measure can tell apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capelib.frames import frame_html
from capelib.levers.generations import SUCCESSORS, matched
from capelib.levers.measures import NAMES, TYPED, couplings, worse

SAME = 1e-6  # couplings nearer than this are one number: single precision keeps about seven digits


@dataclass(frozen=True)
class Audit:
    """What the couplings of each measure can tell apart; `frame` has one row per measure.

    Columns: measure (in words), models; distinct, how many couplings differ by more than 10⁻⁶; commonest, the share of
    models that have the commonest one; within_family, the largest difference of two models of one family, and
    between_families, of the means of two families (NaN where there is nothing to compare); across_layers, the largest
    range over the layers, or early, middle and late thirds, of one model; off_mean, the largest distance of a coupling
    from the mean of its model's layers (NaN without layers).
    """

    frame: pd.DataFrame

    def _repr_html_(self) -> str:
        shown = self.frame.assign(commonest=[f"{share:.0%}" for share in self.frame["commonest"]])
        return frame_html(shown.drop(columns="off_mean"), "Couplings as released, by measure", digits=3)


def audit(internals: pd.DataFrame, profiles: pd.DataFrame) -> Audit:
    """For every measure: how many couplings differ, inside families, between them, and across layers.

    `internals` and `profiles` are the tables internals_reported and layer_profiles_reported. A coupling that is the
    same in every layer and in every size of a family cannot depend on the weights.
    """
    rows = couplings(internals).merge(_layers(internals, profiles), on=["model", "source_file"], how="left")
    found = []
    for measure, own in rows.groupby("measure", sort=False):
        value = own["value"].to_numpy(float)
        levels = _levels(value)
        families = own.groupby("family")["value"]
        several = families.size() > 1
        means = families.mean()
        inside = (families.max() - families.min())[several]
        found.append({
            "measure": NAMES.get(measure, measure),
            "models": len(own),
            "distinct": int(levels.max()) + 1,
            "commonest": float(np.bincount(levels).max() / len(own)),
            "within_family": float(inside.max()) if several.any() else np.nan,
            "between_families": float(means.max() - means.min()) if len(means) > 1 else np.nan,
            "across_layers": float(own["layer_range"].max()),
            "off_mean": float((own["value"] - own["layer_mean"]).abs().max()),
        })  # fmt: skip
    return Audit(pd.DataFrame(found))


def same_model(internals: pd.DataFrame) -> pd.DataFrame:
    """Models whose coupling was released under two measures or more, joined by the repository of the weights.

    Returns model, family, n_params, measure, value, origin and spread, the largest difference of the model's couplings.
    A typed value that is another measure's, rounded to three decimals, is that number again and left out; so is a
    value typed twice.
    """
    rows = couplings(internals)
    rows = rows[rows["hf_repo"].ne("")]
    order = rows["origin"].eq(TYPED)  # files first, so that it is the typed one that goes
    rows = rows.assign(near=rows["value"].round(3)).sort_values("value").loc[order.sort_values(kind="stable").index]
    rows = rows.drop_duplicates(["hf_repo", "near"]).drop(columns="near")
    groups = rows.groupby("hf_repo")
    rows = rows.assign(
        model=groups["model"].transform("first"),
        n_params=groups["n_params"].transform("min"),
        spread=groups["value"].transform("max") - groups["value"].transform("min"),
    )
    kept = rows[groups["measure"].transform("nunique") > 1]
    return kept.sort_values(["family", "n_params", "measure"], ignore_index=True)


def within_measure(internals: pd.DataFrame, successors: Sequence[tuple[str, str]] = SUCCESSORS) -> pd.DataFrame:
    """Change of the coupling from one generation to the next at about one size, within one measure.

    Sizes may differ by a factor of 1.6, as they do in the paper's own pairs: Qwen3-1.7B has a third more parameters
    than Qwen2.5-1.5B. Models named as tuned are left out. Returns change, older, newer, measure, difference (newer less
    older) and origin, that of the less well documented of the two values.
    """
    rows = couplings(internals)
    rows = rows[~rows["model"].str.endswith("-it")]
    found = [
        (f"{old} to {new}", a["model"], b["model"], measure, b["value"] - a["value"], worse(a["origin"], b["origin"]))
        for measure, own in rows.groupby("measure")
        for old, new in (*successors, ("Llama-2", "Llama-3.1"))  # no Llama-3 of the 70B has a value
        for a, b in matched(own[own["family"] == old], own[own["family"] == new], 1.6)
    ]
    return pd.DataFrame(found, columns=["change", "older", "newer", "measure", "difference", "origin"])


def constant_times_share(share: pd.Series, net: pd.Series, share_half: float, net_half: float) -> tuple[float, float]:
    """Constants c for which net = c · share in every row up to rounding: the lowest and the highest.

    `share` (0-1) and `net` are printed numbers, right to ± `share_half` and ± `net_half`. Where the lowest exceeds the
    highest, no constant does; where not, `net` may hold nothing that `share` does not.
    """
    share, net = np.asarray(share, float), np.asarray(net, float)
    low = (net - net_half) / np.minimum(share + share_half, 1)
    high = (net + net_half) / np.maximum(share - share_half, np.finfo(float).tiny)
    return float(low.max()), float(high.min())


def _layers(internals: pd.DataFrame, profiles: pd.DataFrame) -> pd.DataFrame:
    # by file: the range over the layers, from the profile or else from the thirds, and the mean of a profile
    whole = profiles[profiles["quantity"] == "coupling"].groupby(["model", "source_file"])["value"]
    thirds = internals[internals["quantity"].isin(["early_coupling", "mid_coupling", "late_coupling"])]
    thirds = thirds.groupby(["model", "source_file"])["value"]
    spread = (whole.max() - whole.min()).combine_first(thirds.max() - thirds.min())
    return pd.DataFrame({"layer_range": spread, "layer_mean": whole.mean()}).reset_index()


def _levels(values: np.ndarray) -> np.ndarray:
    # one number for all values that follow each other within SAME
    order = np.argsort(values, kind="stable")
    levels = np.empty(len(values), int)
    levels[order] = np.concatenate([[0], np.cumsum(np.diff(values[order]) > SAME)])
    return levels
