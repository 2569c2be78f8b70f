"""The symbolic form TQA/w ∝ (HS/w)²/(log N)², w = d_model/512, beside simpler forms with the same width in them."""

import numpy as np
import pandas as pd

from capelib.errors import InputError
from capelib.frames import need_columns

REFERENCE_WIDTH = 512


def forms(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """The right-hand sides tried, each to be multiplied by one constant: name -> array (n,)."""
    need_columns(frame, ("hellaswag", "truthfulqa", "n_params", "d_model"))
    width = frame["d_model"].to_numpy(float) / REFERENCE_WIDTH
    hs, log_n = frame["hellaswag"].to_numpy(float) / width, np.log10(frame["n_params"].to_numpy(float))
    return {
        "the paper's form, HS²/(log N)²": hs**2 / log_n**2,
        "HS² alone": hs**2,
        "HS alone": hs,
        "one score for every model": 1 / width,
        "1/(log N)²": 1 / log_n**2,
    }


def compare(frame: pd.DataFrame) -> pd.DataFrame:
    """Fit every form's one constant to the width-normalised TruthfulQA by least squares.

    Returns form, `r2` (of the normalised scores), `error` (mean absolute error of TruthfulQA itself, in points, after
    the width is multiplied back) and `loo_error`, the same with the constant fitted without the model asked about.
    Rows without one of the columns are left out; raises InputError if fewer than three are left.
    """
    rows = frame.dropna(subset=["hellaswag", "truthfulqa", "n_params", "d_model"])
    if len(rows) < 3:
        raise InputError(f"the symbolic form needs three models with scores and width; got {len(rows)}")
    width = rows["d_model"].to_numpy(float) / REFERENCE_WIDTH
    truth = rows["truthfulqa"].to_numpy(float)
    y = truth / width
    found = []
    for name, x in forms(rows).items():
        constant = (x @ y) / (x @ x)
        left_out = ((x @ y) - x * y) / ((x @ x) - x * x)
        found.append({
            "form": name,
            "r2": 1 - ((y - constant * x) ** 2).sum() / ((y - y.mean()) ** 2).sum(),
            "error": np.abs(constant * x * width - truth).mean(),
            "loo_error": np.abs(left_out * x * width - truth).mean(),
        })  # fmt: skip
    return pd.DataFrame(found)
