"""Local coupling: how much truthfulness changes per point of reasoning, from one size of a family to the next."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from capelib.errors import InputError, unknown
from capelib.estimate import Estimate

THRESHOLD = 0.1  # |γ₁₂| up to which a step counts as transition, Amin (2026), App. A.1
UNDEFINED = "undefined"
ASSIGNMENTS = ("incoming", "outgoing")
_ROUNDING = 1e-9  # tables carry three decimals; anything nearer than this to the threshold lies on it
_DECADES = 100  # a zero of the running coupling beyond 10^±100 parameters is no scale at all


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


@dataclass(frozen=True)
class RunningFit:
    """Line through local couplings against log₁₀ N, with its zero.

    slope in γ₁₂ per decade, intercept in γ₁₂ at N = 1, nc in parameters; r2 the share of variance explained, n the
    number of steps; `covariance` of (slope, intercept), shape (2, 2).
    """

    slope: Estimate
    intercept: Estimate
    nc: Estimate
    r2: float
    n: int
    covariance: NDArray[np.float64]
    notes: tuple[str, ...] = ()

    def band(self, log10_params: ArrayLike) -> pd.DataFrame:
        """The line and its confidence band: columns log10_params, gamma, gamma_low, gamma_high."""
        at = np.asarray(log10_params, float)
        gamma = self.slope.value * at + self.intercept.value
        design = np.column_stack([at, np.ones_like(at)])
        spread = np.sqrt(np.einsum("ij,jk,ik->i", design, self.covariance, design))
        half = stats.t.ppf(0.5 + self.slope.level / 2, self.n - 2) * spread
        return pd.DataFrame({"log10_params": at, "gamma": gamma, "gamma_low": gamma - half, "gamma_high": gamma + half})

    def summary(self) -> str:
        """Slope, intercept, zero and R² as plain text."""
        return (
            f"gamma = {self.slope:.3f} * log10(N) + {self.intercept:.3f}; R2 = {self.r2:.3f}; "
            f"N_c = {self.nc:.3g} parameters; {self.n} steps"
        )


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


def running_coupling(
    steps: LocalCoupling | pd.DataFrame, weights: ArrayLike | None = None, level: float = 0.95
) -> RunningFit:
    """Running coupling γ₁₂(N) = slope · log₁₀ N + intercept, fitted by (weighted) least squares to local couplings.

    N is the geometric mean of the two sizes of a step; N_c = 10^(−intercept / slope). This is the same line as the
    paper's γ₀ · log₁₀(N / N_c), Amin (2026), Sec. 2, with γ₀ the slope. `weights`: one per step, for instance 1/σ².
    Intervals assume independent normal scatter about the line (t with n − 2 degrees of freedom); that of N_c is
    Fieller's and is absent where the slope cannot be told from zero. Neighbouring steps share a model, so their errors
    are not independent: read the intervals as a lower bound. Steps without a coupling are left out and noted.

    Raises InputError if fewer than three steps have a coupling, or if they all have the same size.
    """
    frame = steps.frame if isinstance(steps, LocalCoupling) else steps
    need_columns(frame, ["n_mid", "gamma"])
    gamma, at = frame["gamma"].to_numpy(float), np.log10(frame["n_mid"].to_numpy(float))
    weight = np.ones(len(gamma)) if weights is None else np.asarray(weights, float)
    if weight.shape != gamma.shape:
        raise InputError(f"weights must have one entry per step ({len(gamma)}), got {weight.size}; pass one per row")
    use = np.isfinite(gamma)
    if not (np.isfinite(weight[use]).all() and (weight[use] > 0).all()):
        raise InputError("weights must be positive and finite, got others; drop those steps first")
    gamma, at, weight = gamma[use], at[use], weight[use]
    n = len(gamma)
    if n < 3 or np.ptp(at) == 0:
        raise InputError(f"a line needs at least three steps of different size, got {n}; choose a longer family")
    line, covariance = np.polyfit(at, gamma, 1, w=np.sqrt(weight), cov=True)
    left = np.sum(weight * (gamma - np.polyval(line, at)) ** 2)
    total = np.sum(weight * (gamma - np.average(gamma, weights=weight)) ** 2)
    t = float(stats.t.ppf(0.5 + level / 2, n - 2))
    slope, intercept = (
        Estimate(float(value), float(value - half), float(value + half), level, n, "least squares, t interval")
        for value, half in zip(line, t * np.sqrt(np.diag(covariance)), strict=True)
    )
    ends = np.sort(fieller(-line[1], line[0], covariance[1, 1], covariance[0, 0], -covariance[0, 1], t))
    bounded = bool(np.abs(ends).max() < _DECADES)
    zero = -line[1] / line[0] if abs(line[1]) < _DECADES * abs(line[0]) else np.nan
    low, high = (10.0**ends).tolist() if bounded else (None, None)
    how = "zero of the line, " + ("Fieller interval" if bounded else "no interval: the slope cannot be told from zero")
    notes = () if use.all() else (f"{int((~use).sum())} steps without a coupling left out",)
    r2 = float(1 - left / total) if total > 0 else float("nan")
    return RunningFit(slope, intercept, Estimate(float(10**zero), low, high, level, n, how), r2, n, covariance, notes)


def fieller(
    top: ArrayLike, bottom: ArrayLike, var_top: ArrayLike, var_bottom: ArrayLike, covariance: ArrayLike, quantile: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fieller's interval for the ratio of two normal estimates: all q with |top − q·bottom| ≤ z·sd(top − q·bottom).

    Where the denominator is within `quantile` standard errors of zero the set of such q is unbounded: (−inf, inf).
    """
    top, bottom, var_top, var_bottom, covariance = np.broadcast_arrays(
        *(np.asarray(part, float) for part in (top, bottom, var_top, var_bottom, covariance))
    )
    z2 = quantile**2
    a = bottom**2 - z2 * var_bottom
    b = top * bottom - z2 * covariance
    c = top**2 - z2 * var_top
    bounded = a > 0
    safe = np.where(bounded, a, 1.0)
    root = np.sqrt(np.clip(b**2 - a * c, 0, None))
    return np.where(bounded, (b - root) / safe, -np.inf), np.where(bounded, (b + root) / safe, np.inf)


def need_columns(frame: pd.DataFrame, columns: Iterable[str]) -> None:
    """Raise InputError for the first of `columns` that `frame` does not have."""
    for column in columns:
        if column not in frame.columns:
            raise unknown("column", column, map(str, frame.columns), "choose one of the table's columns")


def frame_html(frame: pd.DataFrame, caption: str, notes: Iterable[str] = ()) -> str:
    """A frame as an HTML table with a caption, three decimals, and its notes as a list below."""
    rows = frame.to_html(index=False, border=0, float_format="{:.3f}".format, na_rep="–", justify="left")
    head, body = rows.split("\n", 1)
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"{head}\n<caption>{escape(caption)}</caption>\n{body}" + (f"\n<ul>{items}</ul>" if items else "")
