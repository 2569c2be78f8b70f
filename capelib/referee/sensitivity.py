"""N_c under every choice that leads to it: pair of benchmarks, panel, estimator and what is resampled."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from capelib.coupling import coupling_noise, local_coupling
from capelib.coupling.critical import LOG10_RANGE, drawn_steps, first_crossings, line_zeros
from capelib.coupling.local import family_sizes
from capelib.coupling.resample import SCHEMES, bootstrap_critical_scale, draw_counts
from capelib.errors import InputError, unknown
from capelib.estimate import Estimate, percentile_estimate

ESTIMATORS = {
    "quadratic": "parabola, pooled",
    "shared quadratic": "parabola, own levels",
    "line": "line through γ₁₂",
    "weighted line": "weighted line",
    "sign change": "first sign change",
}
FEWEST_CROSSINGS = 3  # families whose coupling changes sign, below which their median has no interval


def pairs_of(benchmarks: Sequence[str], target: str = "truthfulqa") -> list[tuple[str, str]]:
    """All pairs of benchmarks, the target second where it is one of the two, its pairs first."""
    pairs = [(y, x) if x == target else (x, y) for x, y in combinations(benchmarks, 2)]
    return sorted(pairs, key=lambda pair: pair[1] != target)


def sensitivity(
    panels: Mapping[str, pd.DataFrame],
    pairs: Sequence[tuple[str, str]],
    n_items: Mapping[str, int],
    estimators: Sequence[str] = tuple(ESTIMATORS),
    schemes: Sequence[str] = SCHEMES,
    n_boot: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """N_c of every pair, panel, estimator and resampling: one row each, nothing left out.

    Columns x, y, panel, estimator, resampling, n_params (N_c, NaN if the data give none), low, high (parameters; NaN
    where more than half of the resamples give none), discarded (share of resamples without an N_c), n_families,
    n_models and decades, the width of the interval. Estimators are those of `capelib.coupling` and two more: the line
    through γ₁₂ weighted by item noise, and the median over families of the first change of sign, families without one
    left out. Panels are frames with model, family, n_params and the scores in percent.

    Raises InputError for an unknown estimator, no panel or no pair.
    """
    if not panels or not pairs:
        raise InputError("a table of critical scales needs a panel and a pair of benchmarks; give one of each")
    rows = []
    for panel, frame in panels.items():
        for x, y in pairs:
            scored = frame[frame[[x, y]].notna().all(axis=1)]
            for estimator in estimators:
                for scheme in schemes:
                    found = one(scored, estimator, scheme, x, y, n_items, n_boot, seed)
                    low, high = (found.low, found.high) if found.has_interval else (np.nan, np.nan)
                    rows.append({
                        "x": x, "y": y, "panel": panel, "estimator": estimator, "resampling": scheme,
                        "n_params": found.value, "low": low, "high": high, "discarded": found.discarded,
                        "decades": np.log10(high / low), "n_families": scored["family"].nunique(),
                        "n_models": len(scored),
                    })  # fmt: skip
    return pd.DataFrame(rows)


def one(
    frame: pd.DataFrame,
    estimator: str,
    scheme: str,
    x: str,
    y: str,
    n_items: Mapping[str, int],
    n_boot: int = 1000,
    seed: int = 0,
) -> Estimate:
    """N_c in parameters by one estimator and one way of resampling, over all families of a frame.

    Raises InputError for an unknown estimator or scheme.
    """
    if estimator not in ESTIMATORS:
        raise unknown("estimator", estimator, ESTIMATORS)
    if estimator == "weighted line":
        return _weighted_line(frame, scheme, x, y, n_items, n_boot, seed)
    if estimator == "sign change":
        return _median_crossing(frame, scheme, x, y, n_boot, seed)
    return bootstrap_critical_scale(frame, estimator, scheme, x, y, n_boot, seed).estimate


def spread(table: pd.DataFrame) -> pd.Series:
    """Smallest, middle and largest N_c of a table (parameters), how many rows have one, and the decades between."""
    found = table.drop_duplicates(["x", "y", "panel", "estimator"])["n_params"]
    kept = found.dropna()
    low, middle, high = (float(f(kept)) if len(kept) else np.nan for f in (np.min, np.median, np.max))
    return pd.Series({
        "rows": len(found), "found": len(kept), "low": low, "middle": middle, "high": high,
        "decades": np.log10(high / low),
    })  # fmt: skip


def _weighted_line(
    frame: pd.DataFrame, scheme: str, x: str, y: str, n_items: Mapping[str, int], n_boot: int, seed: int
) -> Estimate:
    # steps are drawn, not models: a step's noise is known, a step between models that are not neighbours is another
    steps = coupling_noise(local_coupling(frame, x, y), n_items, n_draws=100).frame
    steps = steps[np.isfinite(steps["gamma"]) & (steps["gamma_se"] > 0)]
    at, gamma = np.log10(steps["n_mid"].to_numpy(float)), steps["gamma"].to_numpy(float)
    weight = 1 / steps["gamma_se"].to_numpy(float) ** 2
    counts = draw_counts(steps["family"].to_numpy(), scheme, n_boot, seed)
    drawn = np.vstack([np.ones((1, len(steps))), counts]) * weight
    slope, zero = line_zeros(at, gamma, drawn)
    low, high = LOG10_RANGE
    with np.errstate(invalid="ignore"):
        kept = (slope > 0) & (zero > low) & (zero < high)
    zero = np.where(kept, 10.0 ** np.where(kept, zero, 0.0), np.nan)
    return percentile_estimate(zero[0], zero[1:], f"{scheme} bootstrap of steps, {n_boot:,} resamples", len(steps))


def _median_crossing(frame: pd.DataFrame, scheme: str, x: str, y: str, n_boot: int, seed: int) -> Estimate:
    sizes = family_sizes(frame, x, y)[0]
    families = sizes["family"].to_numpy()
    log_n = np.log10(sizes["n_params"].to_numpy(float))
    counts = np.vstack([np.ones((1, len(sizes)), np.int64), draw_counts(families, scheme, n_boot, seed)])
    drawn, times = counts > 0, []
    at, gamma = drawn_steps(families, log_n, sizes[x].to_numpy(), sizes[y].to_numpy(), drawn)
    crossings = []
    for family in np.unique(families):
        own = families == family
        crossings.append(first_crossings(at[:, own], gamma[:, own]))
        # a family drawn twice counts twice, but only where families are what is drawn
        times.append(counts[:, own].max(axis=1) if scheme == "clustered" else drawn[:, own].any(axis=1).astype(int))
    value = 10.0 ** _weighted_median(np.array(crossings).T, np.array(times).T)
    method = f"{scheme} bootstrap of models, {n_boot:,} resamples, median of families"
    found = percentile_estimate(value[0], value[1:], method, len(sizes))
    # of one or two crossings the resamples repeat the same number: no interval
    few = sum(np.isfinite(crossing[0]) for crossing in crossings) < FEWEST_CROSSINGS
    return replace(found, low=None, high=None) if few else found


def _weighted_median(values: np.ndarray, times: np.ndarray) -> np.ndarray:
    # the middle of each row's values, each counted `times`; NaN where a row has none
    times = np.where(np.isfinite(values), times, 0)
    order = np.argsort(np.where(np.isfinite(values), values, np.inf), axis=1)
    sorted_values, cumulated = np.take_along_axis(values, order, 1), np.take_along_axis(times, order, 1).cumsum(axis=1)
    half = cumulated[:, -1:] / 2
    lower = np.argmax(cumulated >= half, axis=1)
    upper = np.argmax(cumulated > half, axis=1)
    rows = np.arange(len(values))
    middle = (sorted_values[rows, lower] + sorted_values[rows, upper]) / 2
    return np.where(cumulated[:, -1] > 0, middle, np.nan)
