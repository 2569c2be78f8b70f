"""Is N_c more than a summary of the steps it was fitted to? Fix it on some families, test the signs of others.

The referee of Amin (2026) asks whether N_c and the coupling are fixed by the same data. A scale that means something
says of a family that it has not seen which steps are negative (below it) and which positive (above it), and says it
better than one sign for all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.coupling.resample import MIN_FAMILIES, draw_counts
from capelib.errors import InputError, unknown
from capelib.estimate import percentile_estimate
from capelib.frames import frame_html
from capelib.referee.many import Places, couplings, places, splits, turns, zeros

SPLIT, TURN, ZERO = "best split of the signs", "minimum of the shared parabola", "zero of the running line"
FITTED = (SPLIT, TURN, ZERO)
COMMONER = "the commoner sign"
NEGATIVE, POSITIVE = "always negative", "always positive"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HeldOut:
    """How often each rule gets the sign of a step of a held-out family right.

    `frame` has one row per rule: rule, fitted (share right on the steps that the rule was fitted to; NaN where nothing
    is fitted), value (share right on held-out steps) with low and high, less (value minus that of the commoner sign of
    the held-in families) with less_low and less_high, chance (median value when the increments of y are dealt anew
    within each family), chance_high (its 97.5 % quantile) and p (one-sided). Intervals draw whole families and are NaN
    below five. `scales` has the N_c behind it: held_out, rule, n_params (0 or infinite where one sign for all fits
    best; NaN if none).
    """

    frame: pd.DataFrame
    scales: pd.DataFrame
    n_steps: int
    n_families: int
    n_perm: int

    def row(self, rule: str) -> pd.Series:
        """The row of one rule. Raises InputError for another name."""
        rows = self.frame.set_index("rule")
        if rule not in rows.index:
            raise unknown("rule", rule, map(str, rows.index))
        return rows.loc[rule]

    def _repr_html_(self) -> str:
        caption = f"Share of held-out steps whose sign is right: {self.n_steps} steps of {self.n_families} families"
        words = {
            "rule": "rule", "fitted": "right where fitted", "value": "right where held out", "low": "from",
            "high": "to", "less": "less the commoner sign", "chance": "right if increments are dealt anew", "p": "p",
        }  # fmt: skip
        return frame_html(self.frame[list(words)].rename(columns=words), caption, digits=2)


def hold_out_families(
    panel: pd.DataFrame,
    n_items: Mapping[str, int],
    x: str = "hellaswag",
    y: str = "truthfulqa",
    stated: Mapping[str, float] | None = None,
    n_boot: int = 2000,
    n_perm: int = 500,
    seed: int = 0,
) -> HeldOut:
    """Every family in turn held out; N_c from all others, by three estimators.

    A step is predicted negative if its geometric mid-size lies below N_c, else positive; where the estimator finds no
    N_c, the commoner sign of the held-in families is predicted. `stated` names scales (parameters) fitted to
    nothing here, such as the paper's. `panel` needs model, family, n_params and both scores in percent; families with
    three sizes or more take part.

    The null keeps every family's own increments of y and deals them anew among its steps: whether a family rises or
    falls stays, at which size it does so is chance. Intervals resample families but not the fit, so they are
    somewhat too narrow.

    Raises InputError for fewer than three such families.
    """
    at = places(panel, n_items, x, y)
    apart = np.eye(len(at.names))
    return _held_out(at, 1 - apart, apart, at.names, stated or {}, n_boot, n_perm, seed)


def predict_others(
    panel: pd.DataFrame,
    fitted_on: Sequence[str],
    n_items: Mapping[str, int],
    x: str = "hellaswag",
    y: str = "truthfulqa",
    stated: Mapping[str, float] | None = None,
    n_boot: int = 2000,
    n_perm: int = 500,
    seed: int = 0,
) -> HeldOut:
    """As `hold_out_families`, but N_c is fixed once, on the families `fitted_on`, and tested on all others.

    Raises InputError if fewer than two families are on one of the sides.
    """
    at = places(panel, n_items, x, y)
    held_in = np.isin(at.names, list(fitted_on))
    if held_in.sum() < 2 or (~held_in).sum() < 2:
        raise InputError(
            f"two families or more must be on either side, got {held_in.sum()} to fit on and {(~held_in).sum()} to test"
        )
    return _held_out(at, held_in[None] * 1.0, ~held_in[None] * 1.0, ("the others",), stated or {}, n_boot, n_perm, seed)


def predicted_negative(
    at: Places, x: Floats, y: Floats, held_in: Floats, stated: Mapping[str, float]
) -> tuple[dict[str, NDArray[np.bool_]], dict[str, Floats]]:
    """Every rule's prediction for every step, (n_draws, n_splits, n_steps), and its scales (log₁₀ N)."""
    gamma, weight = couplings(at, x, y)
    curvature, turn = turns(at, y, held_in)
    slope, zero = zeros(at, gamma, weight, held_in)
    scales = {SPLIT: splits(at, gamma, held_in)}
    with np.errstate(invalid="ignore"):
        scales[TURN] = np.where(curvature > 0, turn, np.nan)
        scales[ZERO] = np.where(slope > 0, zero, np.nan)
    for name, n_params in stated.items():
        scales[name] = np.full_like(scales[SPLIT], np.log10(n_params))
    mostly = (_balance(at, gamma) @ held_in.T >= 0)[:, :, None] & np.ones(len(at.small), bool)
    guesses = {
        rule: np.where(np.isnan(scale)[:, :, None], mostly, at.log_mid < scale[:, :, None])
        for rule, scale in scales.items()
    }
    everywhere = np.ones_like(mostly)
    return guesses | {COMMONER: mostly, NEGATIVE: everywhere, POSITIVE: ~everywhere}, scales


def _balance(at: Places, gamma: Floats) -> Floats:
    # negative less positive steps of every family, (n_draws, n_families)
    member = at.step_code[:, None] == np.arange(len(at.names))
    return (np.where(gamma < 0, 1.0, -1.0) * np.isfinite(gamma)) @ member


def _right(at: Places, guess: NDArray[np.bool_], gamma: Floats) -> Floats:
    # steps whose sign is right, (n_draws, n_splits, n_families)
    member = (at.step_code[:, None] == np.arange(len(at.names))).astype(float)
    return ((guess == (gamma < 0)[:, None]) & np.isfinite(gamma)[:, None]) @ member


def deal_increments(at: Places, n_draws: int, rng: np.random.Generator) -> Floats:
    """Scores y whose increments are dealt anew among each family's steps, shape (n_draws, n_sizes), percent."""
    steps = np.diff(at.y[0])[at.small]
    order = np.argsort(at.step_code + rng.random((n_draws, len(steps))), axis=1)  # a shuffle within each family
    first = np.searchsorted(at.code, np.arange(len(at.names)))
    path = np.zeros((n_draws, len(at.log_n)))
    path[:, at.small + 1] = steps[order]
    total = np.cumsum(path, axis=1)
    return total - total[:, first][:, at.code] + at.y[0, first][at.code]


def _held_out(
    at: Places,
    held_in: Floats,
    tested: Floats,
    labels: Sequence[str],
    stated: Mapping[str, float],
    n_boot: int,
    n_perm: int,
    seed: int,
) -> HeldOut:
    if len(at.names) < 3:
        raise InputError(f"holding out families needs three or more of three sizes, got {len(at.names)}; add families")
    rng = np.random.default_rng(seed)
    gamma, _ = couplings(at, at.x, at.y)
    guesses, scales = predicted_negative(at, at.x, at.y, held_in, stated)
    dealt = deal_increments(at, n_perm, rng)
    null, _ = predicted_negative(at, at.x, dealt, held_in, stated)
    null_gamma, _ = couplings(at, at.x, dealt)
    n_in = np.bincount(at.step_code[np.isfinite(gamma[0])], minlength=len(at.names)).astype(float)

    def share(guess: NDArray[np.bool_], of: Floats, where: Floats) -> Floats:
        return (_right(at, guess, of) * where).sum(axis=(1, 2)) / (n_in * where).sum()

    per_family = {rule: (_right(at, guess, gamma)[0] * tested).sum(axis=0) for rule, guess in guesses.items()}
    out = tested.any(axis=0)
    drawn = draw_counts(np.array(at.names)[out], "pooled", n_boot, seed)
    sizes = drawn @ (n_in * tested.sum(axis=0))[out]
    rows = []
    for rule, guess in guesses.items():
        own, gain = per_family[rule][out], (per_family[rule] - per_family[COMMONER])[out]
        total = (n_in * tested).sum()
        value, less = (
            percentile_estimate(part.sum() / total, drawn @ part / sizes if out.sum() >= MIN_FAMILIES else [], "")
            for part in (own, gain)
        )
        chance = share(null[rule], null_gamma, tested)
        more = np.count_nonzero(chance >= value.value - 1e-12)
        rows.append({
            "rule": rule,
            "fitted": share(guess, gamma, held_in)[0] if rule not in (NEGATIVE, POSITIVE, *stated) else np.nan,
            "value": value.value, "low": value.low, "high": value.high,
            "less": less.value, "less_low": less.low, "less_high": less.high,
            "chance": float(np.median(chance)), "chance_high": float(np.percentile(chance, 97.5)),
            "p": (more + 1) / (n_perm + 1) if rule in (*FITTED, *stated) else np.nan,
        })  # fmt: skip
    found = [
        {"held_out": label, "rule": rule, "n_params": 10**scale}
        for rule in FITTED
        for label, scale in zip(labels, scales[rule][0], strict=True)
    ]
    frame = pd.DataFrame(rows).astype(dict.fromkeys(["low", "high", "less_low", "less_high"], float))
    return HeldOut(frame, pd.DataFrame(found), int(total), int(out.sum()), n_perm)
