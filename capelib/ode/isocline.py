"""The isocline TQA_c = √((a/b)·HS): does the side a model lies on tell the sign of its coupling?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from capelib.coupling.local import local_coupling
from capelib.errors import unknown
from capelib.estimate import Estimate

PLACES = {"the smaller model": "small", "the larger model": "large", "the middle of the step": "mid"}


def ratio(hellaswag: float, truthfulqa: float) -> float:
    """a/b = TQA²/HS of a model that lies on the isocline; scores as fractions. Amin (2026), App. A.7 (OLMo)."""
    return truthfulqa**2 / hellaswag


def critical_truthfulness(hellaswag: np.ndarray, a_over_b: float) -> np.ndarray:
    """TQA_c = √((a/b)·HS), scores as fractions. Amin (2026), App. A.7."""
    return np.sqrt(a_over_b * np.asarray(hellaswag, float))


def classify(panel: pd.DataFrame, a_over_b: float, place: str = "the smaller model") -> pd.DataFrame:
    """Every step with the sign that the isocline predicts: + above the curve, - below it (the stated rule).

    Returns family, model_small, model_large, gamma, above (bool), stated, reverse and negative: whether the stated
    rule, its reverse and "always negative" get the sign right. Steps without a coupling are left out.
    """
    if place not in PLACES:
        raise unknown("place", place, PLACES)
    steps = local_coupling(panel).frame.dropna(subset=["gamma"])
    if PLACES[place] == "mid":
        x, y = (steps["x_small"] + steps["x_large"]) / 2, (steps["y_small"] + steps["y_large"]) / 2
    else:
        x, y = steps[f"x_{PLACES[place]}"], steps[f"y_{PLACES[place]}"]
    above = y.to_numpy(float) / 100 > critical_truthfulness(x.to_numpy(float) / 100, a_over_b)
    positive = steps["gamma"].to_numpy() > 0
    kept = steps[["family", "model_small", "model_large", "gamma"]].reset_index(drop=True)
    return kept.assign(above=above, stated=above == positive, reverse=above != positive, negative=~positive)


def scoreboard(steps: pd.DataFrame) -> pd.DataFrame:
    """Steps and right answers of the three rules per family, and in all, from `classify`."""
    counted = steps.groupby("family")[["stated", "reverse", "negative"]].sum().astype(int)
    counted.insert(0, "steps", steps.groupby("family").size())
    total = counted.sum().rename("all families")
    return pd.concat([counted, total.to_frame().T])


def share_right(steps: pd.DataFrame, rule: str = "stated") -> Estimate:
    """Share of steps that a rule gets right, with the exact (Clopper-Pearson) interval; steps as independent."""
    right, n = int(steps[rule].sum()), len(steps)
    ends = stats.binomtest(right, n).proportion_ci()
    return Estimate(right / n, ends.low, ends.high, n=n, method="exact binomial")


def readings(panels: Mapping[str, pd.DataFrame], family: str, ratios: Mapping[str, float]) -> dict[str, float]:
    """Right answers for one family under every panel, ratio, place of a model in its step, and the rule reversed."""
    found = {}
    for name, panel in panels.items():
        own = panel[panel["family"] == family]
        for label, a_over_b in ratios.items():
            for place in PLACES:
                steps = classify(own, a_over_b, place)
                found[f"{name}, a/b {label}, {place}, stated rule"] = float(steps["stated"].sum())
                found[f"{name}, a/b {label}, {place}, reversed"] = float(steps["reverse"].sum())
        found[f"{name}, always negative"] = float(classify(own, next(iter(ratios.values())))["negative"].sum())
    return found
