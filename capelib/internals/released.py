"""What was released of the inside of models: counts of heads, and how often the same number stands for many."""

import pandas as pd
from scipy.stats import binomtest

from capelib.estimate import Estimate
from capelib.frames import need_columns

HEAD_FILES = {
    "head_level_nc2": "heads, large models",
    "head_level_generation": "heads, Qwen generations",
    "attention_pattern_tl": "attention patterns",
    "internal_summary": "summary",
}


def heads(internals: pd.DataFrame) -> pd.DataFrame:
    """Models whose competing heads a released file counts: model, family, n_params, measure, n_competing, n_units,
    pct_cooperative, source_file. A file that gives only the share of competing heads counts by it.

    `internals` is the table internals_reported. Raises InputError for a missing column.
    """
    need_columns(internals, ["model", "family", "n_params", "quantity", "value", "measure_id", "source_file"])
    rows = internals[internals["measure_id"].isin(HEAD_FILES)]
    wide = rows.pivot_table(
        index=["model", "family", "n_params", "measure_id", "source_file"], columns="quantity", values="value"
    ).reset_index()
    columns = ["n_competing", "n_units", "pct_cooperative_heads", "pct_competing_heads"]
    wide = wide.reindex(columns=["model", "family", "n_params", "measure_id", "source_file", *columns])
    counted = wide["n_competing"].fillna(wide["pct_competing_heads"] / 100 * wide["n_units"])
    found = wide.assign(n_competing=counted, measure=[HEAD_FILES[name] for name in wide["measure_id"]]).rename(
        columns={"pct_cooperative_heads": "pct_cooperative"}
    )
    kept = found[found["n_competing"].notna()].sort_values(["measure", "family", "n_params"], ignore_index=True)
    return kept[["model", "family", "n_params", "measure", "n_competing", "n_units", "pct_cooperative", "source_file"]]


def without_competing(counts: pd.DataFrame) -> tuple[int, int]:
    """Models with no competing head in any released file, and all models counted; each model once."""
    most = counts.groupby("model")["n_competing"].max()
    return int((most == 0).sum()), len(most)


def share(n: int, of: int) -> Estimate:
    """n/of in percent with Wilson's 95 % interval."""
    interval = binomtest(n, of).proportion_ci(method="wilson")
    return Estimate(100 * n / of, 100 * interval.low, 100 * interval.high, n=of, method="Wilson")


def bars(internals: pd.DataFrame) -> pd.DataFrame:
    """The bars of Fig. 5 as labelled: family, models, share (percent of heads called cooperative)."""
    rows = internals[internals["measure_id"] == "figure_bar"]
    models = rows["detail"].str.extract(r"n_models=(\d+)")[0].astype(int)
    return pd.DataFrame({"family": rows["family"], "models": models, "share": rows["value"]}).reset_index(drop=True)


def maps(internals: pd.DataFrame) -> pd.DataFrame:
    """Fig. 6: model, n_params, hidden, output, wide (cosines) and their differences from hidden."""
    rows = internals[(internals["measure_id"] == "projection_width") & (internals["detail"] == "stat=cosine")]
    wide = rows.pivot_table(index=["model", "n_params"], columns="quantity", values="value").reset_index()
    named = wide.rename(columns={f"{name}_coupling": name for name in ("hidden", "output", "wide")})
    named = named.sort_values("n_params", ignore_index=True)
    return named.assign(output_gain=named["output"] - named["hidden"], wide_gain=named["wide"] - named["hidden"])
