"""The coefficient of HellaSwag in the equation of TruthfulQA, in the tax and in the bonus phase."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capelib.coupling.noise import score_sd
from capelib.errors import InputError
from capelib.estimate import Estimate, percentile_estimate

TAX = (0.0, 1e9)  # parameters; Amin (2026), Sec. 4: 70M-1B and 2.8B-12B
BONUS = (2.7e9, np.inf)


@dataclass(frozen=True)
class PhaseCoefficients:
    """Slope of dB₂/dlog₁₀N on B₁ in two ranges of size.

    Attributes
    ----------
    tax, bonus : Estimate
        Per decade; intervals from item noise.
    jump : Estimate
        bonus / tax.
    share_positive : float
        Share of the draws in which both coefficients are positive, as the paper reads them.
    sign_bonus : Estimate
        Local coupling over the bonus range, ΔB₂/ΔB₁ between its ends; its sign is what the coefficient is not.
    """

    tax: Estimate
    bonus: Estimate
    jump: Estimate
    share_positive: float
    sign_bonus: Estimate


def coefficient(time: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Least-squares slope of Δy/Δt on the mid-step x, along the last axis.

    With three sizes there are two steps and the slope is (s₂ - s₁)/(x̄₂ - x̄₁): no residual is left to judge it by.
    Shapes (..., n) give (...). Amin (2026), Sec. 4, as the released ``pysindy_per_phase`` data allow.
    """
    slopes = np.diff(y) / np.diff(time)
    mid = (x[..., 1:] + x[..., :-1]) / 2
    centred = mid - mid.mean(axis=-1, keepdims=True)
    return (centred * slopes).sum(axis=-1) / (centred**2).sum(axis=-1)


def phase_coefficients(
    pythia: pd.DataFrame,
    items: Mapping[str, int],
    x: str = "hellaswag",
    y: str = "truthfulqa",
    rho_models: float = 0.0,
    item_sd: Mapping[str, float] | None = None,
    n_draws: int = 2000,
    seed: int = 0,
) -> PhaseCoefficients:
    """The coefficients of both phases with the intervals that the number of questions implies.

    `items` gives the questions of each benchmark; a score of p % has a variance of p(100 - p)/n_items, or that of
    `item_sd`, the spread between questions in points, where it is known (`capelib.coupling.score_sd`). The noise of two
    models is correlated by `rho_models`, because they answer the same questions.

    Raises InputError if a phase has fewer than three sizes.
    """
    rows = pythia.dropna(subset=[x, y]).sort_values("n_params")
    time, xs, ys = np.log10(rows["n_params"].to_numpy(float)), rows[x].to_numpy(float), rows[y].to_numpy(float)
    rng = np.random.default_rng(seed)
    known = dict(item_sd or {})
    noisy = {
        name: _noisy(scores, score_sd(scores, items[name], known.get(name)), rho_models, n_draws, rng)
        for name, scores in ((x, xs), (y, ys))
    }
    found = {}
    for name, (low, high) in {"tax": TAX, "bonus": BONUS}.items():
        inside = rows["n_params"].between(low, high).to_numpy()
        if inside.sum() < 3:
            raise InputError(f"the {name} phase needs three sizes for a coefficient; got {inside.sum()}")
        value = float(coefficient(time[inside], xs[inside], ys[inside]))
        found[name] = value, coefficient(time[inside], noisy[x][:, inside], noisy[y][:, inside]), int(inside.sum())
    (tax, tax_draws, n_tax), (bonus, bonus_draws, n_bonus) = found["tax"], found["bonus"]
    high = np.flatnonzero(rows["n_params"].between(*BONUS).to_numpy())[[0, -1]]
    gamma = np.diff(ys[high])[0] / np.diff(xs[high])[0]
    gammas = np.diff(noisy[y][:, high])[:, 0] / np.diff(noisy[x][:, high])[:, 0]
    how = "item noise"
    return PhaseCoefficients(
        percentile_estimate(tax, tax_draws, how, n_tax),
        percentile_estimate(bonus, bonus_draws, how, n_bonus),
        percentile_estimate(bonus / tax, bonus_draws / tax_draws, how, n_tax + n_bonus),
        float(np.mean((tax_draws > 0) & (bonus_draws > 0))),
        percentile_estimate(gamma, gammas, how, 2),
    )


def _noisy(scores: np.ndarray, sd: np.ndarray, rho: float, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    shared = rng.standard_normal((n_draws, 1))
    own = rng.standard_normal((n_draws, len(scores)))
    return scores + sd * (np.sqrt(rho) * shared + np.sqrt(1 - rho) * own)
