"""The h-field: how far a model lies above or below the population's line, with what is known of it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from capelib.errors import InputError
from capelib.frontier.lines import X, Y, both, fit_line


def h_field(frame: pd.DataFrame, x: str = X, y: str = Y, x_se: float = 0.0, y_se: float = 0.0) -> pd.DataFrame:
    """h = y − (slope · x + intercept) of every model, about the line of all and about the line of the others.

    Amin (2026), companion, Sec. 2.2. Returns model, lab, `h` (points); `h_alone`, about the line through all other
    models, which the model cannot pull; `low`, `high`, its 95 % interval from that line's own uncertainty and from
    standard errors of the model's scores (x_se, y_se, points); `p`, the t test whether h_alone is more than the
    scatter of the others admits (a studentised deleted residual); and `p_holm`, that p for as many tests as models.

    Raises InputError for fewer than four models.
    """
    rows = both(frame, x, y, "model", "lab").reset_index(drop=True)
    if len(rows) < 4:
        raise InputError(f"a residual about the line of the others needs four models; got {len(rows)}")
    line, n = fit_line(rows, x, y), len(rows)
    # leaving a model out needs no second fit: its leverage and residual about the line of all say what would change
    leverage, h = line.leverage(rows[x]), (rows[y] - line.predict(rows[x])).to_numpy()
    h_alone, about_others = h / (1 - leverage), leverage / (1 - leverage)
    sd = np.sqrt(np.clip(line.sd**2 * (n - 2) - h * h_alone, 0, None) / (n - 3))
    half = stats.t.ppf(0.975, n - 3) * np.sqrt(sd**2 * about_others + y_se**2 + (line.slope.value * x_se) ** 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(h_alone) / (sd * np.sqrt(1 + about_others))
    table = pd.DataFrame({
        "model": rows["model"],
        "lab": rows["lab"],
        "h": h,
        "h_alone": h_alone,
        "low": h_alone - half,
        "high": h_alone + half,
        "p": 2 * stats.t.sf(t, n - 3),
    })  # fmt: skip
    return table.assign(p_holm=holm(table["p"]))


def holm(p: ArrayLike) -> np.ndarray:
    """p-values of several tests, each adjusted so that all together err in 5 % at most (Holm's step-down)."""
    p = np.asarray(p, float)
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


@dataclass(frozen=True)
class LabEffect:
    """Whether labs differ in h: `share` of the variance of h that lies between labs, `typical` share when labels are
    shuffled (median), `p` of a share at least as large."""

    share: float
    typical: float
    p: float
    n: int
    n_labs: int


def lab_effect(h: ArrayLike, labs: ArrayLike, n_draws: int = 2000, seed: int = 0) -> LabEffect:
    """Permutation test of lab labels on h (points): η² = between-lab sum of squares over the total.

    Labels are exchangeable only if models of a lab are no more alike in time than others, which they are not quite.
    Raises InputError for fewer than two labs.
    """
    h, codes = np.asarray(h, float), pd.factorize(np.asarray(labs))[0]
    sizes = np.bincount(codes)
    if len(sizes) < 2:
        raise InputError("comparing labs needs two of them; got one")
    h = h - h.mean()
    order = np.argsort(np.random.default_rng(seed).random((n_draws, len(h))), axis=1)
    draws = np.vstack([h, h[order]])
    between = sum(draws[:, codes == lab].sum(axis=1) ** 2 / size for lab, size in enumerate(sizes)) / (h**2).sum()
    p = (int((between[1:] >= between[0] - 1e-12).sum()) + 1) / (n_draws + 1)
    return LabEffect(float(between[0]), float(np.median(between[1:])), p, len(h), len(sizes))


def detrended(h: ArrayLike, year: ArrayLike) -> np.ndarray:
    """h (points) less a straight line in time (years), its mean kept at zero."""
    h, t = np.asarray(h, float), np.asarray(year, float)
    t = t - t.mean()
    return h - h.mean() - (h @ t / (t @ t)) * t
