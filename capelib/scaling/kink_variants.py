"""The kink test in other forms: with a known offset, at every break, and for every one of many curves."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from capelib.errors import InputError
from capelib.estimate import Estimate
from capelib.scaling.fitting import FloatArray, codes_of, fit_many, kink_terms, power_terms
from capelib.scaling.kink import KinkTest, check_break, compare, f_statistic, kink_test


def kink_test_given_offset(
    n_params: ArrayLike, loss: ArrayLike, break_at: float, offset: float, level: float = 0.95
) -> KinkTest:
    """Test for a kink in ln(L − E) against ln N with E taken as known: two straight lines against one.

    An ordinary regression, and sharper than `kink_test`, because it trusts E. Where E was fitted to the same losses
    that trust is not earned, so read it beside the other test. Leave-one-out errors are in units of ln(L − E).

    Raises InputError if a loss does not exceed `offset`, or as `kink_test` does.
    """
    y = np.asarray(loss, float)
    n_above, dof = check_break(n_params, y, break_at, 3)
    if not np.all(y > offset):
        raise InputError(f"every loss must exceed the offset {offset:g}; the smallest is {y.min():g}; lower the offset")
    smooth = np.column_stack([np.ones_like(y), power_terms(n_params)])
    kinked = np.column_stack([np.ones_like(y), kink_terms(n_params, break_at)])
    target = np.log(y - offset)
    coefficients, rss = _regress(kinked, target)
    spread = np.sqrt(rss / dof * np.linalg.inv(kinked.T @ kinked)[-1, -1])
    delta, half = float(coefficients[2]), float(stats.t.ppf(0.5 + level / 2, dof) * spread)
    top = int(np.argmax(np.asarray(n_params, float)))
    plain = np.exp(kinked[top, :2] @ coefficients[:2])
    return KinkTest(
        break_at=float(break_at),
        delta=Estimate(delta, delta - half, delta + half, level, y.size, f"E = {offset:.4g} known, t interval"),
        change_pct=float(100 * plain * np.expm1(kinked[top, 2] * delta) / (offset + plain)),
        **compare(_regress(smooth, target)[1], rss, y.size, 3),
        loo_smooth=_press(smooth, target),
        loo_kink=_press(kinked, target),
        n=y.size,
        n_above=n_above,
    )


def scan_breaks(
    n_params: ArrayLike,
    loss: ArrayLike,
    breaks: ArrayLike,
    groups: ArrayLike | None = None,
    n_draws: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """The kink test at many breaks: columns break_at, delta, f, p, p_best.

    Each `p` is for that break chosen beforehand. `p_best` is the share of simulated unbroken curves, with the noise
    seen, whose best break anywhere on the list has an F as large: what a break found by looking must be held against.
    """
    y, codes = np.asarray(loss, float), codes_of(groups, len(n_params))
    k = 2 * (int(codes.max()) + 1) + 2
    breaks = np.asarray(breaks, float)
    dof = next(iter({check_break(n_params, y, at, k)[1] for at in breaks}))
    smooth = fit_many(y, power_terms(n_params), codes)
    noise = np.random.default_rng(seed).normal(0.0, np.sqrt(smooth.rss[0] / (dof + 1)), (n_draws, y.size))
    draws = np.vstack([y, smooth.fitted + noise])  # the first row is what was seen
    without = fit_many(draws, power_terms(n_params), codes).rss
    fits = [fit_many(draws, kink_terms(n_params, at), codes) for at in breaks]
    f = np.array([f_statistic(without, fit.rss, dof) for fit in fits])
    largest = f[:, 1:].max(axis=0)
    return pd.DataFrame(
        {
            "break_at": breaks,
            "delta": [fit.shape[0, 1] for fit in fits],
            "f": f[:, 0],
            "p": stats.f.sf(f[:, 0], 1, dof),
            "p_best": [float(np.mean(largest >= seen)) for seen in f[:, 0]],
        }
    )


def kink_tests(curves: pd.DataFrame, by: str, break_at: float) -> pd.DataFrame:
    """The kink test of every curve in a frame with columns n_params and loss, one curve per value of `by`.

    Columns: `by`, n (models), n_above, delta, low, high, p. Curves with too few models are left out.
    """
    rows = []
    for value, curve in curves.groupby(by, sort=True):
        sizes = curve["n_params"].to_numpy(float)
        if sizes.size < 5 or not sizes.min() < break_at < sizes.max():
            continue
        test = kink_test(sizes, curve["loss"], break_at)
        rows.append((value, test.n, test.n_above, test.delta.value, test.delta.low, test.delta.high, test.p))
    return pd.DataFrame(rows, columns=[by, "n", "n_above", "delta", "low", "high", "p"])


def _regress(design: FloatArray, target: FloatArray) -> tuple[FloatArray, float]:
    coefficients = np.linalg.lstsq(design, target, rcond=None)[0]
    return coefficients, float(((target - design @ coefficients) ** 2).sum())


def _press(design: FloatArray, target: FloatArray) -> float:
    # leave-one-out errors of a regression follow from its leverages
    hat = design @ np.linalg.pinv(design)
    return float(np.sqrt(np.mean(((target - hat @ target) / (1 - np.diag(hat))) ** 2)))
