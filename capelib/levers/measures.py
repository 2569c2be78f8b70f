"""Released internals: the coupling of a model under each measure, and where each number comes from."""

import pandas as pd

from capelib.errors import InputError
from capelib.estimate import Estimate
from capelib.frames import need_columns

# Which row is the coupling of a model under a measure: quantity and detail. Everywhere else it is the net coupling.
COUPLING = {
    "hidden_state_pair": ("pair_coupling", "pair=HS_TQA"),
    "projection_width": ("hidden_coupling", "stat=cosine"),
}
NET = ("net_coupling", "")
NAMES = {
    "attention_pattern_tl": "attention patterns",
    "internal_summary": "summary",
    "head_level_generation": "heads, Qwen",
    "head_level_nc2": "heads, large",
    "hidden_state_pair": "hidden states",
    "projection_width": "hidden, last",
    "dashboard_constant": "typed, dashboard",
    "paper_text": "typed, paper",
}
RUN, ROUNDED, QUOTED, TYPED = "released file", "file, two decimals", "quoted, no run", "typed"


def couplings(internals: pd.DataFrame) -> pd.DataFrame:
    """The coupling of every model under every measure that gives one.

    `internals` is the table internals_reported. Returns model, hf_repo, family, n_params, measure (identifier), value
    (a cosine or a mean of cosines) and origin: "released file", "file, two decimals", "quoted, no run" or
    "typed". Which cosines are averaged differs by measure, so values of two measures cannot be compared.

    Raises InputError for a missing column.
    """
    need_columns(internals, ["model", "hf_repo", "family", "n_params", "quantity", "detail", "value", "measure_id"])
    found = zip(internals["quantity"], internals["detail"], strict=True)
    wanted = [key == COUPLING.get(measure, NET) for key, measure in zip(found, internals["measure_id"], strict=True)]
    rows = internals[wanted].rename(columns={"measure_id": "measure"})
    told = [origin(flags, measure) for flags, measure in zip(rows["flags"], rows["measure"], strict=True)]
    rows = rows.assign(origin=told).sort_values(["measure", "family", "n_params", "model"], ignore_index=True)
    return rows[["model", "hf_repo", "family", "n_params", "measure", "value", "origin", "source_file"]]


def origin(flags: str, measure: str) -> str:
    """Where a released value comes from, by the flags of its row and its measure."""
    if "no_data_file" in flags or measure in ("dashboard_constant", "paper_text"):
        return TYPED
    if "run_not_released" in flags:
        return QUOTED
    return ROUNDED if "rounded" in flags else RUN


def dimensions(internals: pd.DataFrame) -> pd.DataFrame:
    """Models with both a coupling of hidden states and a representational dimension, as Fig. 7a sets them.

    Returns model, family, coupling (cosine), d_rep (dimensions) and origin, the less well documented of the two's.
    """
    pair = couplings(internals)
    pair = pair[pair["measure"] == "hidden_state_pair"].rename(columns={"value": "coupling"})
    d_rep = internals[internals["quantity"] == "d_rep"]
    told = [origin(flags, measure) for flags, measure in zip(d_rep["flags"], d_rep["measure_id"], strict=True)]
    d_rep = d_rep.assign(d_origin=told)[["model", "value", "d_origin"]].rename(columns={"value": "d_rep"})
    both = pair.merge(d_rep, on="model")
    both["origin"] = [worse(a, b) for a, b in zip(both["origin"], both["d_origin"], strict=True)]
    return both[["model", "family", "coupling", "d_rep", "origin"]]


def reported(internals: pd.DataFrame, model: str, quantity: str, measure: str, detail: str = "") -> Estimate:
    """One released value, its origin as the method. Raises InputError if there is not exactly one."""
    at = internals["model"].eq(model) & internals["quantity"].eq(quantity) & internals["measure_id"].eq(measure)
    rows = internals[at & internals["detail"].eq(detail)]
    if len(rows) != 1:
        raise InputError(
            f"{len(rows)} released values of {quantity} for {model!r} by {measure!r}; exactly one is needed"
        )
    row = rows.iloc[0]
    return Estimate(float(row["value"]), method=origin(row["flags"], measure))


def worse(one: str, other: str) -> str:
    """The less well documented of two origins."""
    return max(one, other, key=(RUN, ROUNDED, QUOTED, TYPED).index)
