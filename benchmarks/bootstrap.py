"""Bootstrap of the critical scale: all resamples at once, against a loop over them with numpy.polyfit.

The plain side is what a reader would write: draw, fit, keep the minimum if it is one, percentiles at the end. Both
sides draw for themselves, with the same generator and seed, so both times contain the drawing.
"""

import warnings

import numpy as np
import pandas as pd

from benchmarks import Comparison, timed
from capelib.coupling import resample
from capelib.estimate import Estimate
from capelib.tables import panel, read

N_BOOT = 10_000
SEED = 42
FLOOR = 50.0  # promised for the released bootstrap


def run() -> list[Comparison]:
    """The released bootstrap, then each scheme on the same 14 points, then the whole released panel."""
    points, released = read("panel_bootstrap_nc"), panel("released")
    return [
        _compare(f"released bootstrap of N_c, 14 points, {N_BOOT:,} resamples", points, None, FLOOR),
        *(_compare(f"{scheme} bootstrap of N_c, 14 points", points, scheme) for scheme in resample.SCHEMES),
        _compare(f"stratified bootstrap of N_c, {len(released)} models", released, "stratified"),
    ]


def plain_bootstrap(frame: pd.DataFrame, scheme: str | None) -> np.ndarray:
    """Percentiles 2.5, 50 and 97.5 of N_c (parameters) by one polyfit per resample; None draws as the authors did."""
    log_n, scores = np.log10(frame["n_params"].to_numpy(float)), frame["truthfulqa"].to_numpy(float)
    n, kept = len(scores), []
    stream = np.random.RandomState(SEED)
    counts = None if scheme is None else resample.draw_counts(frame["family"], scheme, N_BOOT, SEED)
    for i in range(N_BOOT):
        pick = stream.choice(n, size=n, replace=True) if counts is None else np.repeat(np.arange(n), counts[i])
        a, b, _ = np.polyfit(log_n[pick], scores[pick], 2)
        vertex = -b / (2 * a)
        if a > 0 and 7 < vertex < 12:
            kept.append(10**vertex)
    return np.percentile(kept, [2.5, 50, 97.5])


def _compare(name: str, frame: pd.DataFrame, scheme: str | None, floor: float = 1.0) -> Comparison:
    def ours() -> np.ndarray:
        found = (
            resample.authors_bootstrap(frame, N_BOOT, SEED)
            if scheme is None
            else resample.bootstrap_critical_scale(frame, "quadratic", scheme, n_boot=N_BOOT, seed=SEED)
        )
        return _ends(found.estimate, found.median)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", np.exceptions.RankWarning)
        plain_s, expected = timed(lambda: plain_bootstrap(frame, scheme))
    ours_s, got = timed(ours)
    return Comparison(name, plain_s, ours_s, float(np.max(np.abs(got / expected - 1))), floor)


def _ends(estimate: Estimate, median: float) -> np.ndarray:
    return np.array([estimate.low, median, estimate.high])
