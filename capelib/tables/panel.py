"""Panels of models: the released one, the measured one, a user's own, as one frame with the same columns."""

from pathlib import Path

import numpy as np
import pandas as pd

from capelib.errors import unknown
from capelib.tables.reader import read, read_csv

BENCHMARKS = ("hellaswag", "truthfulqa", "arc_challenge", "winogrande", "mmlu")
MORE_SCORES = ("gsm8k", "xwinograd", "humaneval")
PANELS = ("measured", "released")


def panel(which: str | Path = "measured") -> pd.DataFrame:
    """One row per model: "measured" (the leaderboard's harness), "released" (the authors'), or the path of a CSV.

    Columns: model, family, lab, n_params (int), log10_params, the five BENCHMARKS in percent, hf_repo, flags (text,
    "" where nothing is said), d_model (NaN where unknown), is_base, is_code_model (bool); then what only some panels
    have: gsm8k, xwinograd, humaneval, n_tokens, gamma12_stored, upstream_source, leaderboard_repo. A score that was
    not measured is NaN. In the measured panel TruthfulQA is MC2. A user's file without is_base or is_code_model holds
    base models that are no code models: whoever made the file chose its rows. Sorted by family, n_params and model.

    No row is left out: which rows to use is the caller's visible choice. Raises InputError for an unknown word,
    TableError for a file with problems.
    """
    if which == "measured":
        return _arranged(_with_width(read("panel_leaderboard").rename(columns={"truthfulqa_mc2": "truthfulqa"})))
    if which == "released":
        return _arranged(_with_width(_released()))
    if Path(which).exists() or Path(which).suffix or len(Path(which).parts) > 1:
        return _arranged(read_csv(which, "panel"))
    raise unknown("panel", str(which), PANELS, "or give the path of a CSV file")


def _released() -> pd.DataFrame:
    frame = read("panel_released")
    return frame.assign(is_base=~frame["flags"].str.contains("arch_not_base"), is_code_model=False)


def _with_width(frame: pd.DataFrame) -> pd.DataFrame:
    width = read("architectures").set_index("hf_repo")["d_model"]
    return frame.assign(d_model=frame["hf_repo"].map(width).astype(float))


def _arranged(frame: pd.DataFrame) -> pd.DataFrame:
    wanted = {
        "model": frame["model"],
        "family": frame["family"],
        "lab": _text(frame, "lab"),
        "n_params": frame["n_params"],
        "log10_params": np.log10(frame["n_params"]),
        **{name: _number(frame, name) for name in BENCHMARKS},
        "hf_repo": _text(frame, "hf_repo"),
        "flags": _text(frame, "flags"),
        "d_model": _number(frame, "d_model"),
        "is_base": _truth(frame, "is_base", True),
        "is_code_model": _truth(frame, "is_code_model", False),
    }
    kept = (*MORE_SCORES, "n_tokens", "gamma12_stored", "upstream_source", "leaderboard_repo")
    wanted |= {name: frame[name] for name in kept if name in frame}
    return pd.DataFrame(wanted).sort_values(["family", "n_params", "model"], ignore_index=True)


def _text(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name] if name in frame else pd.Series("", index=frame.index, dtype=str)


def _number(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name] if name in frame else pd.Series(np.nan, index=frame.index)


def _truth(frame: pd.DataFrame, name: str, unsaid: bool) -> pd.Series:
    return frame[name].astype(bool) if name in frame else pd.Series(unsaid, index=frame.index)
