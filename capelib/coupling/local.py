"""Local coupling: how much truthfulness changes per point of reasoning, from one size of a family to the next."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from capelib.errors import InputError, unknown
from capelib.frames import frame_html, need_columns

THRESHOLD = 0.1  # |γ₁₂| up to which a step counts as transition, Amin (2026), App. A.1
UNDEFINED = "undefined"
ASSIGNMENTS = ("incoming", "outgoing")
_ROUNDING = 1e-9  # tables carry three decimals; anything nearer than this to the threshold lies on it


@dataclass(frozen=True)
class LocalCoupling:
    """Every step of every family, with its coupling and phase.

    `frame` has one row per step: family, model_small, model_large, n_small, n_large, n_mid (geometric mean), dx, dy
    (percentage points), gamma (slope), phase, and the scores at both ends x_small, x_large, y_small, y_large (percent).
    `notes` says what was averaged, stepped over or left undefined.
    """

    frame: pd.DataFrame
    x: str
    y: str
    threshold: float
    notes: tuple[str, ...] = ()

    def phases(self) -> pd.DataFrame:
        """Number of steps per family (rows) and phase (columns)."""
        names = ["tax", "transition", "bonus", UNDEFINED]
        return pd.crosstab(self.frame["family"], self.frame["phase"]).reindex(columns=names, fill_value=0)

    def summary(self) -> str:
        """The steps as plain text, one per line, and the notes."""
        lines = [
            f"{row.model_small} -> {row.model_large}: gamma = {row.gamma:+.3f} ({row.phase})"
            for row in self.frame.itertuples()
        ]
        title = f"Local coupling d({self.y})/d({self.x}), {len(lines)} steps, threshold {self.threshold:g}"
        return "\n".join([title, *lines, *self.notes])

    def _repr_html_(self) -> str:
        columns = ["family", "model_small", "model_large", "dx", "dy", "gamma", "phase"]
        return frame_html(self.frame[columns], f"Local coupling Δ{self.y} / Δ{self.x}", self.notes)


def phase_of(gamma: ArrayLike, threshold: float = THRESHOLD) -> str | NDArray[np.str_]:
    """Phase of a coupling: tax γ < −t, transition |γ| ≤ t, bonus γ > t, undefined where γ is NaN.

    A number gives a word, an array gives an array of words. Values within 10⁻⁹ of ±t count as lying on it, so that
    rounding in the subtraction of scores decides nothing. Amin (2026), App. A.1.

    >>> phase_of(-0.3), phase_of(0.1), phase_of(0.3)
    ('tax', 'transition', 'bonus')

    Raises InputError if the threshold is negative or not finite.
    """
    if not (np.isfinite(threshold) and threshold >= 0):
        raise InputError(
            f"threshold must be a finite number of at least 0, got {threshold}; the paper uses {THRESHOLD}"
        )
    gamma = np.asarray(gamma, float)
    limit = threshold + _ROUNDING
    names = np.select([np.isnan(gamma), gamma < -limit, gamma > limit], [UNDEFINED, "tax", "bonus"], "transition")
    return names if names.ndim else names.item()


def local_coupling(
    frame: pd.DataFrame, x: str = "hellaswag", y: str = "truthfulqa", threshold: float = THRESHOLD
) -> LocalCoupling:
    """Local coupling γ₁₂ = Δy / Δx between consecutive sizes of every family. Amin (2026), Sec. 2 and App. A.1.

    `frame` needs model, family, n_params and the score columns `x`, `y` in percent. Three rules, each leaving a note:
    models of a family with the same n_params become one size with their mean scores; a model without one of the scores
    is stepped over, so that its neighbours form the step; where Δx = 0, γ is NaN and the phase "undefined".

    >>> panel = pd.DataFrame({"model": ["s", "m"], "family": "F", "n_params": [10**8, 10**9],
    ...                       "hellaswag": [30.0, 50.0], "truthfulqa": [45.0, 40.0]})
    >>> local_coupling(panel).frame[["gamma", "phase"]].values.tolist()
    [[-0.25, 'tax']]

    Raises InputError for a column that is not there.
    """
    sizes, notes = family_sizes(frame, x, y)
    families = sizes["family"].to_numpy()
    at = np.flatnonzero(families[1:] == families[:-1])
    small, large = sizes.iloc[at], sizes.iloc[at + 1]
    n_small, n_large = small["n_params"].to_numpy(), large["n_params"].to_numpy()
    x_small, x_large = small[x].to_numpy(float), large[x].to_numpy(float)
    y_small, y_large = small[y].to_numpy(float), large[y].to_numpy(float)
    dx = np.where(np.isclose(x_small, x_large, rtol=1e-12, atol=0), 0.0, x_large - x_small)
    dy = y_large - y_small
    gamma = np.divide(dy, dx, out=np.full(len(at), np.nan), where=dx != 0)
    steps = pd.DataFrame(
        {
            "family": families[at],
            "model_small": small["model"].to_numpy(),
            "model_large": large["model"].to_numpy(),
            "n_small": n_small,
            "n_large": n_large,
            "n_mid": np.sqrt(n_small.astype(float) * n_large.astype(float)),
            "dx": dx,
            "dy": dy,
            "gamma": gamma,
            "phase": phase_of(gamma, threshold),
            "x_small": x_small,
            "x_large": x_large,
            "y_small": y_small,
            "y_large": y_large,
        }
    )
    flat = steps[steps["gamma"].isna()]
    notes += tuple(
        f"{row.family}: {row.model_small} and {row.model_large} have the same {x}; their coupling is undefined"
        for row in flat.itertuples()
    )
    return LocalCoupling(steps, x, y, threshold, notes)


def family_sizes(frame: pd.DataFrame, x: str, y: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """One row per family and size, sorted: family, n_params, model, x, y, n_models; and what was done to get there.

    Models without one of the two scores are left out; models of equal size are averaged. Each leaves a note, and so
    does a family with one size, which has no step.
    """
    need_columns(frame, ["model", "family", "n_params", x, y])
    if x == y:
        raise InputError(f"x and y must be two different scores, got {x!r} twice; choose another y")
    missing = frame[[x, y]].isna().any(axis=1)
    notes = [f"{model}: no {x} or {y}; stepped over" for model in sorted(frame.loc[missing, "model"])]
    kept = frame.loc[~missing].sort_values(["family", "n_params", "model"])
    groups = kept.groupby(["family", "n_params"], sort=True)
    sizes = groups[[x, y]].mean()
    sizes.insert(0, "model", groups["model"].agg(" / ".join))
    sizes["n_models"] = groups.size()
    sizes = sizes.reset_index()
    merged = sizes[sizes["n_models"] > 1]
    notes += [f"{row.family}: mean of {row.model}, which have the same size" for row in merged.itertuples()]
    per_family = sizes.groupby("family").size()
    notes += [f"{family}: one size, no step" for family in per_family.index[per_family == 1]]
    return sizes, tuple(notes)


def model_phases(
    frame: pd.DataFrame,
    x: str = "hellaswag",
    y: str = "truthfulqa",
    threshold: float = THRESHOLD,
    assign: str = "incoming",
) -> pd.DataFrame:
    """A phase for every model: columns model, family, n_params, gamma, phase; rows and index as in `frame`.

    A coupling belongs to a step between two sizes, so giving it to a model is a choice, which Amin (2026) does not
    state. "incoming": the step that ends at the model, and for the smallest of a family the step that starts there;
    "outgoing": the step that starts at the model, and for the largest the one that ends there. A model without a step
    (only size of its family, score missing) is "undefined".

    Raises InputError for another `assign` or a column that is not there.
    """
    if assign not in ASSIGNMENTS:
        raise unknown("assignment", assign, ASSIGNMENTS)
    steps = local_coupling(frame, x, y, threshold).frame
    ends = ["n_large", "n_small"] if assign == "incoming" else ["n_small", "n_large"]
    keyed = [steps[["family", end, "gamma"]].rename(columns={end: "n_params"}) for end in ends]
    chosen = pd.concat(keyed).drop_duplicates(["family", "n_params"])  # the second end only where the first has none
    result = frame[["model", "family", "n_params"]].copy()
    gamma = result.merge(chosen, on=["family", "n_params"], how="left")["gamma"].to_numpy()
    result["gamma"] = np.where(frame[[x, y]].isna().any(axis=1), np.nan, gamma)
    result["phase"] = phase_of(result["gamma"], threshold)
    return result
