"""What "matches a web-trained model of another size" can mean: every reading as a size with an interval (Phi)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from capelib.coupling import coupling_noise, local_coupling
from capelib.coupling.noise import score_sd
from capelib.errors import InputError
from capelib.levers.equivalent import Equivalent, size_equivalent
from capelib.tables import BENCHMARKS

MEAN = "mean_of_five"
X, Y = "hellaswag", "truthfulqa"
NAMES = {
    "truthfulqa, rising": "TruthfulQA, rising",
    "truthfulqa, falling": "TruthfulQA, falling",
    X: "HellaSwag",
    "arc_challenge": "ARC-Challenge",
    "winogrande": "WinoGrande",
    "mmlu": "MMLU",
    MEAN: "mean of five",
    "h": "h-field",
    "gamma": "local coupling",
}


def readings(
    others: pd.DataFrame,
    model: pd.Series,
    n_items: Mapping[str, int],
    larger: pd.Series | None = None,
    degree: int = 2,
    n_boot: int = 2000,
    seed: int = 0,
) -> dict[str, Equivalent]:
    """The sizes at which the families of `others` reach what `model` has, one for each thing that can be matched.

    Each of the five scores, TruthfulQA on the rising and on the falling side of its curve; their mean; TruthfulQA given
    HellaSwag (the paper's h-field, App. A.6, here between these two scores); and, if `larger` is given, the local
    coupling γ₁₂ of the step from `model` to it, matched at the geometric mid-size against a line in log₁₀ N through the
    others' couplings. `n_items` gives the number of questions of each benchmark: the model's own scores are redrawn
    with that error. Amin (2026), abstract: "Phi at 1B matches web-trained coupling at 10B"; it is not said in what.

    A reading that the rows cannot carry is left out. Raises InputError if none is left.
    """
    five = list(BENCHMARKS)
    rows = others.assign(**{MEAN: others[five].mean(axis=1, skipna=False)})
    sd = {name: float(score_sd(model[name], n_items[name])) for name in five if pd.notna(model[name])}
    asked = {"truthfulqa, rising": (Y, "rising"), "truthfulqa, falling": (Y, "falling")}
    asked |= {name: (name, "rising") for name in five if name != Y}
    found: dict[str, Equivalent] = {}
    for key, (score, branch) in asked.items():
        if score in sd:
            _add(found, key, rows, score, model[score], sd[score], degree, branch, n_boot=n_boot, seed=seed)
    if len(sd) == len(five):
        error = float(np.sqrt(sum(each**2 for each in sd.values()))) / len(five)
        _add(found, MEAN, rows, MEAN, model[five].mean(), error, degree, n_boot=n_boot, seed=seed)
    if X in sd and Y in sd:
        _add(found, "h", rows, Y, model[Y], sd[Y], degree, given=(X, model[X]), n_boot=n_boot, seed=seed)
    if larger is not None:
        own = coupling_noise(local_coupling(pd.DataFrame([model, larger])), n_items, n_draws=1000, seed=seed).frame
        steps = local_coupling(others).frame.rename(columns={"n_mid": "n_params"}).dropna(subset=["gamma"])
        if len(own) and np.isfinite(own["gamma"].iloc[0]):
            gamma, error = own["gamma"].iloc[0], own["gamma_se"].iloc[0]
            _add(found, "gamma", steps, "gamma", gamma, error, 1, n_boot=n_boot, seed=seed)
    if not found:
        raise InputError("nothing of the model can be matched: too few families, or no score; choose another model")
    return found


def table(found: Mapping[str, Equivalent]) -> pd.DataFrame:
    """Readings as rows: reading (in words), target, value, low, high (parameters), at_ends, discarded, extrapolated."""
    return pd.DataFrame([
        {
            "reading": NAMES.get(key, key),
            "target": each.target,
            "value": each.size.value,
            "low": each.size.low,
            "high": each.size.high,
            "at_ends": each.at_ends,
            "discarded": each.size.discarded,
            "extrapolated": each.extrapolated,
        }
        for key, each in found.items()
    ])  # fmt: skip


def side_by_side(found: Mapping[str, Mapping[str, Equivalent]]) -> pd.DataFrame:
    """Readings as rows, one column for each set of web-trained models: sizes in billions with their intervals, as text.

    `found` maps the name of a set to its `readings`.
    """
    keys = list(dict.fromkeys(key for each in found.values() for key in each))
    rows = [
        {"matched": NAMES.get(key, key)}
        | {name: text(each[key]) if key in each else "–" for name, each in found.items()}
        for key in keys
    ]
    return pd.DataFrame(rows)


def text(each: Equivalent) -> str:
    """A size in billions with its interval, to two digits; what lies at 10⁷ or 10¹² parameters, the ends of the search,
    says so, and "none" is a score that the curve does not reach in the asked direction.
    """
    value, low, high = (_billions(size) for size in (each.size.value, each.size.low, each.size.high))
    return f"{value} [{low}, {high}]"


def _billions(size: float | None) -> str:
    if size is None or np.isnan(size):
        return "none"
    if not 1.001e7 < size < 0.999e12:
        return "under 0.01" if size < 1e9 else "over 1,000"
    return f"{size / 1e9:.0f}" if size >= 9.95e9 else f"{size / 1e9:.2g}"


def _add(found: dict, key: str, rows: pd.DataFrame, score: str, target: float, sd: float, *how, **more) -> None:
    try:
        found[key] = size_equivalent(rows, score, float(target), sd, *how, **more)
    except InputError:  # too few families have this score
        return
