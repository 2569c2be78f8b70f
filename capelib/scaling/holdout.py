"""TruthfulQA of a held-out family, predicted by a polynomial in log₁₀ N fitted to other families."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from capelib.errors import InputError, unknown
from capelib.scaling.fitting import FloatArray


@dataclass(frozen=True)
class Holdout:
    """A polynomial in log₁₀ N and what it says about one family.

    `coefficients` highest power first, in points per decade^k; `trained_on` the families fitted; `frame` one row per
    model of the family predicted: model, n_params, measured, predicted (percent), error_pct (signed, in percent of the
    measured score). `mape_pct` is the mean size of error_pct, `mae_pp` the mean absolute error in percentage points,
    `saw_it` whether the family was among those fitted, in which case nothing was held out.
    """

    coefficients: FloatArray
    degree: int
    trained_on: tuple[str, ...]
    n_train: int
    frame: pd.DataFrame
    mape_pct: float
    mae_pp: float
    saw_it: bool

    def curve(self, n_params: ArrayLike) -> FloatArray:
        """The polynomial at other sizes, in percent."""
        return np.polyval(self.coefficients, np.log10(np.asarray(n_params, float)))


def predict_family(
    panel: pd.DataFrame, family: str, train: Sequence[str], degree: int = 2, score: str = "truthfulqa"
) -> Holdout:
    """Fit `score` = polynomial in log₁₀ N on the families in `train`, and predict `family`.

    Amin (2026), Fig. 2c; the draft's section on hold-out predictions trains on Pythia and Llama-1. Models without
    the score are skipped. Raises InputError for a family that the panel does not have, or too few models.
    """
    known = sorted(set(panel["family"]))
    for name in (family, *train):
        if name not in known:
            raise unknown("family", name, known, "list them with: cape families")
    rows = panel.dropna(subset=[score])
    fitted, target = rows[rows["family"].isin(train)], rows[rows["family"] == family]
    if len(fitted) <= degree + 1 or target.empty:
        raise InputError(f"degree {degree} needs more than {degree + 1} models to fit; got {len(fitted)}; add families")
    coefficients = np.polyfit(np.log10(fitted["n_params"].astype(float)), fitted[score], degree)
    predicted = np.polyval(coefficients, np.log10(target["n_params"].astype(float)))
    measured = target[score].to_numpy(float)
    frame = pd.DataFrame(
        {
            "model": target["model"].to_numpy(),
            "n_params": target["n_params"].to_numpy(),
            "measured": measured,
            "predicted": predicted,
            "error_pct": 100 * (predicted / measured - 1),
        }
    )
    return Holdout(
        coefficients=coefficients,
        degree=degree,
        trained_on=tuple(train),
        n_train=len(fitted),
        frame=frame,
        mape_pct=float(frame["error_pct"].abs().mean()),
        mae_pp=float(np.abs(predicted - measured).mean()),
        saw_it=family in train,
    )


def search_holdouts(
    panel: pd.DataFrame, family: str, trainings: dict[str, Sequence[str]], degrees: Sequence[int] = (1, 2, 3)
) -> pd.DataFrame:
    """Every training set with every degree: columns training, degree, n_train, saw_it, mape_pct, mae_pp, mae_rel_pct.

    `mae_rel_pct` is the mean absolute error over the mean measured score.
    """
    rows = []
    for name, train in trainings.items():
        for degree in degrees:
            fit = predict_family(panel, family, train, degree)
            relative = 100 * fit.mae_pp / fit.frame["measured"].mean()
            rows.append((name, degree, fit.n_train, fit.saw_it, fit.mape_pct, fit.mae_pp, relative))
    columns = ["training", "degree", "n_train", "saw_it", "mape_pct", "mae_pp", "mae_rel_pct"]
    return pd.DataFrame(rows, columns=columns)
