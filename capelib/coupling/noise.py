"""Item noise: a score is a mean over finitely many questions, so every step between two scores has an error."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from capelib.coupling.local import LocalCoupling
from capelib.coupling.running import fieller
from capelib.errors import InputError, unknown
from capelib.frames import frame_html


@dataclass(frozen=True)
class CouplingNoise:
    """Local couplings with the error that the finite number of questions gives them.

    `frame` is the frame of the steps with dx_se, dy_se (percentage points), gamma_se (delta method), gamma_se_sim (half
    the central 68.27 % of simulated couplings; a ratio of normals has no standard deviation), gamma_low, gamma_high
    (Fieller; infinite where Δx may be zero), p_negative (share of simulated couplings below zero) and sign_resolved.
    """

    frame: pd.DataFrame
    x: str
    y: str
    rho_models: float
    rho_scores: float
    level: float
    n_draws: int
    seed: int

    @property
    def n_steps(self) -> int:
        """Number of steps, those with an undefined coupling included."""
        return len(self.frame)

    @property
    def n_resolved(self) -> int:
        """Number of steps whose sign is resolved."""
        return int(self.frame["sign_resolved"].sum())

    @property
    def share_resolved(self) -> float:
        """Share of all steps whose sign is resolved, 0-1."""
        return self.n_resolved / self.n_steps if self.n_steps else float("nan")

    def summary(self) -> str:
        """How many signs are resolved, as plain text."""
        return (
            f"{self.n_resolved} of {self.n_steps} steps have a resolved sign at {self.level:.0%} "
            f"(correlation of the models' item noise {self.rho_models:g}, of the scores' {self.rho_scores:g})"
        )

    def _repr_html_(self) -> str:
        columns = ["family", "model_small", "model_large", "gamma", "gamma_se", "gamma_low", "gamma_high"]
        return frame_html(self.frame[[*columns, "sign_resolved"]], self.summary())


def score_sd(score_pct: ArrayLike, n_items: int, item_sd: float | None = None) -> NDArray[np.float64]:
    """Standard deviation of a score from the finite number of questions, in percentage points.

    Right-or-wrong questions: 100·√(p(1 − p)/n), p = score/100. A score that is a mean of probabilities (TruthfulQA MC2)
    varies less per question than right-or-wrong ones of the same mean, so there the formula is an upper bound;
    `item_sd`, the standard deviation between questions in percentage points (0-50), replaces √(p(1 − p)) where known.

    >>> float(score_sd(50.0, 2500))
    1.0

    Raises InputError for n_items below 1, scores outside 0-100 or item_sd outside 0-50.
    """
    p = np.asarray(score_pct, float) / 100
    if not n_items >= 1:
        raise InputError(f"a benchmark must have at least one question, got {n_items}; see the table of benchmarks")
    if np.any((p < 0) | (p > 1)):
        raise InputError(f"scores must be percentages from 0 to 100, got {100 * p.min():g} to {100 * p.max():g}")
    if item_sd is None:
        return 100 * np.sqrt(p * (1 - p) / n_items)
    if not 0 <= item_sd <= 50:
        raise InputError(
            f"item_sd must be from 0 to 50 percentage points, got {item_sd}; a proportion cannot vary more"
        )
    return np.full_like(p, item_sd / np.sqrt(n_items))


def item_sd_of(standard_errors: ArrayLike, n_items: int) -> float:
    """Standard deviation between questions, in percentage points, from published standard errors of a score: se·√n.

    The root mean square over the models they are published for. Raises InputError if there is none.

    >>> item_sd_of([1.0], 400)
    20.0
    """
    errors = np.asarray(standard_errors, float)
    if not errors.size or not np.all(errors >= 0):
        raise InputError(f"item_sd_of needs standard errors of 0 or more, in points; got {errors.tolist()}")
    return float(np.sqrt(np.mean(errors**2) * n_items))


def check_noise(x: str, y: str, n_items: Mapping[str, int], rho_models: float, rho_scores: float) -> None:
    """Raise InputError unless both scores have a number of questions and the correlations are possible."""
    for name in (x, y):
        if name not in n_items:
            raise unknown("benchmark in n_items", name, map(str, n_items), "pass its number of questions")
    if not 0 <= rho_models < 1:
        raise InputError(f"rho_models must be from 0 up to (not including) 1, got {rho_models}; 0 is no shared noise")
    if not -1 <= rho_scores <= 1:
        raise InputError(f"rho_scores must be from -1 to 1, got {rho_scores}; 0 is no shared noise")


def coupling_noise(
    local: LocalCoupling,
    n_items: Mapping[str, int],
    rho_models: float = 0.0,
    rho_scores: float = 0.0,
    item_sd: Mapping[str, float] | None = None,
    level: float = 0.95,
    n_draws: int = 20_000,
    seed: int = 0,
) -> CouplingNoise:
    """Standard error, interval and resolved sign of every local coupling, from item noise alone.

    With σ the noise of the four scores of a step, ρ_m the correlation between two models' noise on one benchmark (they
    answer the same questions, so hard draws lower both) and ρ_s that between one model's noise on the two benchmarks:
    var Δx = σ²_small + σ²_large − 2ρ_m σ_small σ_large, and the delta method gives
    var γ = (var Δy − 2γ cov(Δx, Δy) + γ² var Δx)/Δx².

    `sign_resolved` means that the interval is bounded and leaves out zero, which is so exactly when Δx and Δy both
    differ from zero at `level`. A step whose coupling is undefined counts as unresolved. ρ_m = 0, the default, is the
    cautious end. Scores averaged over models of one size are treated as one model's, cautious too. Not included: noise
    between training seeds, prompts or harness versions. `n_items` and `item_sd` map a benchmark to its number of
    questions and to its `score_sd` override. The paper gives no errors for γ₁₂ (Amin (2026), App. A.1).

    Raises InputError for a benchmark without n_items or correlations out of range.
    """
    x, y = local.x, local.y
    check_noise(x, y, n_items, rho_models, rho_scores)
    steps, override = local.frame.copy(), dict(item_sd or {})
    ends = ("small", "large")
    sx = np.stack([score_sd(steps[f"x_{end}"], n_items[x], override.get(x)) for end in ends])
    sy = np.stack([score_sd(steps[f"y_{end}"], n_items[y], override.get(y)) for end in ends])
    var_x, var_y, cov = _step_moments(sx, sy, rho_models, rho_scores)
    dx, dy, gamma = (steps[name].to_numpy(float) for name in ("dx", "dy", "gamma"))
    defined = np.isfinite(gamma)
    var_gamma = np.divide(
        var_y - 2 * gamma * cov + gamma**2 * var_x, dx**2, out=np.full(len(steps), np.nan), where=defined
    )
    low, high = fieller(dy, dx, var_y, var_x, cov, float(stats.norm.ppf(0.5 + level / 2)))
    draws = _simulate(dx, dy, var_x, var_y, cov, n_draws, np.random.default_rng(seed))
    half = 50 * (stats.norm.cdf(1) - stats.norm.cdf(-1))
    spread = np.percentile(draws, [50 - half, 50 + half], axis=0) if len(steps) else np.zeros((2, 0))
    steps["dx_se"], steps["dy_se"] = np.sqrt(var_x), np.sqrt(var_y)
    steps["gamma_se"] = np.sqrt(np.clip(var_gamma, 0, None))
    steps["gamma_se_sim"] = np.where(defined, (spread[1] - spread[0]) / 2, np.nan)
    steps["gamma_low"], steps["gamma_high"] = low, high
    steps["p_negative"] = np.mean(draws < 0, axis=0)
    steps["sign_resolved"] = defined & np.isfinite(low) & np.isfinite(high) & ((low > 0) | (high < 0))
    return CouplingNoise(steps, x, y, rho_models, rho_scores, level, n_draws, seed)


def _step_moments(sx: NDArray, sy: NDArray, rho_models: float, rho_scores: float) -> tuple[NDArray, NDArray, NDArray]:
    # rows of sx, sy: the small and the large end of each step
    var_x, var_y = (s[0] ** 2 + s[1] ** 2 - 2 * rho_models * s[0] * s[1] for s in (sx, sy))
    same, crossed = sx[0] * sy[0] + sx[1] * sy[1], sx[0] * sy[1] + sx[1] * sy[0]
    return var_x, var_y, rho_scores * (same - rho_models * crossed)


def _simulate(
    dx: NDArray, dy: NDArray, var_x: NDArray, var_y: NDArray, cov: NDArray, n_draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    # Δx, then Δy given Δx; shape (n_draws, steps)
    first, second = rng.standard_normal((2, n_draws, len(dx)))
    sd_x = np.sqrt(var_x)
    slope = np.divide(cov, sd_x, out=np.zeros_like(cov), where=sd_x > 0)
    new_x = dx + sd_x * first
    new_y = dy + slope * first + np.sqrt(np.clip(var_y - slope**2, 0, None)) * second
    return np.divide(new_y, new_x, out=np.full_like(new_x, np.nan), where=new_x != 0)


def correlated_noise(
    sd_x: ArrayLike,
    sd_y: ArrayLike,
    n_draws: int,
    rho_models: float = 0.0,
    rho_scores: float = 0.0,
    rng: np.random.Generator | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Normal item noise for the two scores of several models, each of shape (n_draws, n_models), percentage points.

    `rho_models` is the correlation between any two models' noise on one benchmark (a part common to all of them),
    `rho_scores` that between one model's noise on the two benchmarks; noise of different models on different benchmarks
    correlates by their product. `sd_x`, `sd_y` of shape (n_models,).
    """
    rng = np.random.default_rng(0) if rng is None else rng
    sd_x, sd_y = np.asarray(sd_x, float), np.asarray(sd_y, float)
    common, own = rng.standard_normal((2, n_draws, 1)), rng.standard_normal((2, n_draws, len(sd_x)))
    x, y = np.sqrt(rho_models) * common + np.sqrt(1 - rho_models) * own
    return sd_x * x, sd_y * (rho_scores * x + np.sqrt(1 - rho_scores**2) * y)
