"""The boosting chain L0 to L4 of Fig. 2b: what each bar can be an error of, and every value that follows.

The paper gives five bars of "MAE %" and says for each level which law is used, not which quantity is predicted, over
which models, or how the law is pinned to them. Each function here computes one level under every reading tried.
Amin (2026), Sec. 3 and Fig. 2b.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capelib.coupling.local import local_coupling
from capelib.errors import InputError
from capelib.scaling.fitting import FloatArray
from capelib.scaling.holdout import search_holdouts
from capelib.scaling.loss import LossLaw


@dataclass(frozen=True)
class Level:
    """One bar: the law it applies, the quantity it is an error of, and the values by reading, in percent."""

    name: str
    law: str
    quantity: str
    models: str
    values: dict[str, float]


def loss_level(law: LossLaw) -> Level:
    """L0: mean size of the residual relative to the loss, over the models of the law, in percent."""
    value = {"mean over the models": law.mae_pct}
    return Level("L0", "loss law", "validation loss", f"Pythia, {len(law.frame)} sizes", value)


def gradient_level(
    name: str,
    law: str,
    tables: Mapping[str, pd.DataFrame],
    predictor: str,
    exponents: Mapping[str, float],
    without: float,
) -> Level:
    """L1 and L2: error of a gradient norm that goes as a power of `predictor`, in percent.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Gradient tables by name, with columns n_params, loss, grad_norm.
    predictor : str
        "n_params" for ‖∇L‖ ∝ N^k (L1, k = −(α + 1)), "loss" for ‖∇L‖ ∝ L^k (L2).
    exponents : mapping of str to float
        The exponents k tried, by name.
    without : float
        Size, in parameters, of the model that some readings leave out of the average.

    The readings: pinned through the smallest model, by least squares, or by least squares of the logarithms; averaged
    over all models or all but one; mean or median. Raises InputError for a predictor that is neither.
    """
    if predictor not in ("n_params", "loss"):
        raise InputError(f"predictor must be n_params or loss; got {predictor!r}")
    values = {}
    for table, frame in tables.items():
        frame = frame.sort_values("n_params")
        g, keep = frame["grad_norm"].to_numpy(float), ~np.isclose(frame["n_params"].astype(float), without)
        for label, exponent in exponents.items():
            for pin, predicted in _pinned(frame[predictor].to_numpy(float) ** exponent, g).items():
                error = 100 * np.abs(predicted / g - 1)
                for models, shown in (("all", error), (f"without {size_name(without)}", error[keep])):
                    reading = ", ".join(part for part in (table, label, pin, models) if part)
                    values[f"{reading}, mean"] = float(np.mean(shown))
                    values[f"{reading}, median"] = float(np.median(shown))
    sizes = max(len(frame) for frame in tables.values())
    return Level(name, law, "gradient norm", f"Pythia, {sizes} sizes", values)


def coupling_level(
    panel: pd.DataFrame, printed: tuple[float, float], others: Mapping[str, float] | None = None
) -> Level:
    """L3: error of TruthfulQA carried from size to size by a running coupling γ₁₂ = slope·log₁₀ N + intercept.

    TQA(next) = TQA + γ₁₂(N_mid)·ΔHellaSwag, one step at a time or summed up from the smallest model; over each family
    of `panel` and over all. Lines: the paper's printed one (slope, intercept), and one through the panel's own steps.
    `others` are values of other computations to be listed with these.
    """
    steps = local_coupling(panel, "hellaswag", "truthfulqa").frame
    steps = steps[np.isfinite(steps["gamma"])]
    own = np.polyfit(np.log10(steps["n_mid"]), steps["gamma"], 1)
    families = list(dict.fromkeys(steps["family"]))
    values = {}
    for label, line in (("printed line", np.asarray(printed)), ("line through the panel's steps", own)):
        single, summed = _carried(steps, line)
        for where, keep in [(f, (steps["family"] == f).to_numpy()) for f in families] + [
            ("all", np.ones(len(steps), bool))
        ]:
            values[f"{label}, {where}, step by step"] = float(single[keep].mean())
            values[f"{label}, {where}, summed from the smallest"] = float(summed[keep].mean())
    models = f"{', '.join(families)}, {len(steps)} steps"
    return Level("L3", "running coupling", "TruthfulQA", models, values | dict(others or {}))


def field_level(panel: pd.DataFrame, family: str, trainings: Mapping[str, Sequence[str]]) -> Level:
    """L4: error of `family`'s TruthfulQA from polynomials in log₁₀ N; no released computation contains a data field."""
    found = search_holdouts(panel, family, dict(trainings))
    kind = {1: "line", 2: "quadratic", 3: "cubic"}
    values = {
        f"{kind[row.degree]} on {row.training}{' (not held out)' if row.saw_it else ''}": row.mape_pct
        for row in found.itertuples()
    }
    return Level(
        "L4", "training-data field", "TruthfulQA", f"{family}, {int((panel['family'] == family).sum())} sizes", values
    )


def ratios(upper: Level, lower: Level) -> dict[str, float]:
    """Every value of one level over every value of another: the "times worse" of the caption."""
    many = len(lower.values) > 1
    return {
        f"{name}{f' over {base}' if many else ''}": value / below
        for name, value in upper.values.items()
        for base, below in lower.values.items()
    }


def to_frame(levels: Sequence[Level]) -> pd.DataFrame:
    """One row per value: level, law, quantity, models, reading, value_pct."""
    rows = [
        (lv.name, lv.law, lv.quantity, lv.models, name, value) for lv in levels for name, value in lv.values.items()
    ]
    return pd.DataFrame(rows, columns=["level", "law", "quantity", "models", "reading", "value_pct"])


def size_name(n_params: float) -> str:
    """A size as models are named: 70M, 1B, 6.9B."""
    return f"{n_params / 1e9:.3g}B" if n_params >= 1e9 else f"{n_params / 1e6:.3g}M"


def _pinned(shape: FloatArray, g: FloatArray) -> dict[str, FloatArray]:
    return {
        "through the smallest": shape * g[0] / shape[0],
        "least squares": shape * (shape @ g) / (shape @ shape),
        "least squares of logs": shape * np.exp(np.mean(np.log(g / shape))),
    }


def _carried(steps: pd.DataFrame, line: FloatArray) -> tuple[FloatArray, FloatArray]:
    # errors in percent of the measured score, for single steps and for steps summed up within the family
    gain = np.polyval(line, np.log10(steps["n_mid"])) * steps["dx"]
    single = steps["y_small"] + gain
    start = steps.groupby("family", sort=False)["y_small"].transform("first")
    summed = start + gain.groupby(steps["family"], sort=False).cumsum()
    return tuple(100 * np.abs(v / steps["y_large"] - 1).to_numpy(float) for v in (single, summed))
