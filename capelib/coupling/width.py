"""Width normalisation, and what it does to scores that carry no information."""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from capelib.coupling.correlation import correlate
from capelib.coupling.partial import partial_correlation
from capelib.errors import InputError, unknown
from capelib.estimate import Estimate
from capelib.frames import frame_html, need_columns

REFERENCE = 512  # d_model of the smallest Pythia, Amin (2026), App. A.3
MAX_EXACT = 8  # 8! = 40,320 orders
SHUFFLES = ("y", "both")
_TIE = 1e-12


@dataclass(frozen=True)
class ShuffledWidth:
    """r of width-normalised shuffled scores: the control for `observed`, r of the normalised scores as they are.

    `median`, `low`, `high` describe the shuffles (`level` of them lie between the ends); `share` is the share with
    r at least the observed one; `exact` says that all orders were counted, `n_shuffles` how many.
    """

    observed: float
    median: float
    low: float
    high: float
    share: float
    n_shuffles: int
    exact: bool


@dataclass(frozen=True)
class WidthTable:
    """Width normalisation by family: `frame` has one row per family.

    Columns family, n_models, n_widths, r_raw, r_normalised; the control shuffled_median, shuffled_low, shuffled_high,
    share_at_least, n_shuffles, exact; r_constant (two constant scores over the widths) and r_given_width (partial
    correlation with log d_model held fixed) with r_given_width_low, r_given_width_high.
    """

    frame: pd.DataFrame
    x: str
    y: str
    reference: float
    notes: tuple[str, ...] = ()

    def summary(self) -> str:
        """One line per family, as plain text."""
        lines = [
            f"{row.family}: r = {row.r_raw:.3f} raw, {row.r_normalised:.3f} over width; shuffled scores over the same "
            f"widths {row.shuffled_median:.3f} [{row.shuffled_low:.3f}, {row.shuffled_high:.3f}], "
            f"{row.share_at_least:.1%} at least as high; {row.r_given_width:.3f} given log d_model"
            for row in self.frame.itertuples()
        ]
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        columns = ["family", "n_models", "r_raw", "r_normalised", "shuffled_median", "share_at_least", "r_given_width"]
        return frame_html(self.frame[columns], f"{self.x} and {self.y} over d_model/{self.reference:g}", self.notes)


def normalised_correlation(x: ArrayLike, y: ArrayLike, width: ArrayLike, reference: float = REFERENCE) -> float:
    """Pearson r of x/(d/d_ref) and y/(d/d_ref), d = d_model. Amin (2026), Sec. 5.1 and App. A.3.

    Arrays of shape (n_models,), scores in percent. d_ref cancels in r. Two ratios with a common, growing denominator
    correlate whatever their numerators are, as the paper itself remarks; `shuffled_correlation` shows by how much.
    NaN where a normalised score does not vary.
    """
    x, y, scale = _columns(x, y, width, reference)
    return float(correlate(x / scale, y / scale))


def shuffled_correlation(
    x: ArrayLike,
    y: ArrayLike,
    width: ArrayLike,
    reference: float = REFERENCE,
    shuffle: str = "y",
    n_shuffles: int = 10_000,
    seed: int = 42,
    level: float = 0.95,
) -> ShuffledWidth:
    """Width-normalised r after the scores were handed to the wrong models: the same widths, no relation left.

    "y": y is permuted, x stays (all n! orders up to n = 8, the true one among them; else `n_shuffles` seeded draws);
    "both": x and y are permuted independently (seeded draws). If shuffled scores give an r as high as the real ones,
    the real r is the widths' doing. Raises InputError for another `shuffle` or n_shuffles below 1.
    """
    if shuffle not in SHUFFLES:
        raise unknown("shuffle", shuffle, SHUFFLES)
    if n_shuffles < 1:
        raise InputError(f"n_shuffles must be at least 1, got {n_shuffles}")
    x, y, scale = _columns(x, y, width, reference)
    n, rng = len(x), np.random.default_rng(seed)
    exact = shuffle == "y" and n <= MAX_EXACT

    def orders() -> NDArray[np.int64]:
        return rng.random((n_shuffles, n)).argsort(axis=1)

    order = np.array(list(permutations(range(n)))) if exact else orders()
    other = x if shuffle == "y" else x[orders()]
    observed = float(correlate(x / scale, y / scale))
    draws = np.asarray(correlate(np.broadcast_to(other / scale, order.shape), y[order] / scale))
    draws = draws[np.isfinite(draws)]
    if not draws.size or np.isnan(observed):
        return ShuffledWidth(observed, np.nan, np.nan, np.nan, np.nan, len(order), exact)
    tail = 50 * (1 - level)
    low, median, high = (float(q) for q in np.percentile(draws, [tail, 50, 100 - tail]))
    share = float(np.mean(draws >= observed - _TIE))
    return ShuffledWidth(observed, median, low, high, share, len(order), exact)


def width_table(
    frame: pd.DataFrame,
    x: str = "hellaswag",
    y: str = "truthfulqa",
    reference: float = REFERENCE,
    shuffle: str = "y",
    n_shuffles: int = 10_000,
    seed: int = 42,
    level: float = 0.95,
) -> WidthTable:
    """Raw and width-normalised r of every family, beside its controls. Amin (2026), Sec. 5.1 and Fig. 4b.

    `frame` needs model, family, d_model and both scores in percent; models without one of them are left out and noted,
    and so are families with fewer than three models left. r_given_width holds log d_model fixed by regression, the
    usual way to take width out; its interval (Fisher's) needs five models. r_constant is 1 by construction.
    """
    need_columns(frame, ["model", "family", "d_model", x, y])
    missing = frame[["d_model", x, y]].isna().any(axis=1)
    notes = [f"{model}: no d_model or no score; left out" for model in sorted(frame.loc[missing, "model"])]
    rows = []
    for family, models in frame[~missing].groupby("family", sort=True):
        n = len(models)
        if n < 3:
            notes.append(f"{family}: {n} models, no correlation")
            continue
        a, b, d = (models[name].to_numpy(float) for name in (x, y, "d_model"))
        control = shuffled_correlation(a, b, d, reference, shuffle, n_shuffles, seed, level)
        n_widths = len(np.unique(d))
        given = partial_correlation(a, b, np.log10(d), level).r if n > 3 and n_widths > 1 else Estimate(np.nan)
        rows.append(
            {
                "family": family,
                "n_models": n,
                "n_widths": n_widths,
                "r_raw": float(correlate(a, b)),
                "r_normalised": control.observed,
                "shuffled_median": control.median,
                "shuffled_low": control.low,
                "shuffled_high": control.high,
                "share_at_least": control.share,
                "n_shuffles": control.n_shuffles,
                "exact": control.exact,
                "r_constant": float(correlate(1 / d, 1 / d)),
                "r_given_width": given.value,
                "r_given_width_low": np.nan if given.low is None else given.low,
                "r_given_width_high": np.nan if given.high is None else given.high,
            }
        )
    if not rows:
        raise InputError("no family has three models with d_model and both scores; add sizes or widths")
    return WidthTable(pd.DataFrame(rows), x, y, reference, tuple(notes))


def _columns(x: ArrayLike, y: ArrayLike, width: ArrayLike, reference: float) -> tuple[NDArray, NDArray, NDArray]:
    x, y, width = (np.asarray(part, float) for part in (x, y, width))
    if not (x.ndim == 1 and x.shape == y.shape == width.shape):
        raise InputError(
            f"x, y and width must be columns of one length, got shapes {x.shape}, {y.shape}, {width.shape}"
        )
    if not (np.isfinite(x) & np.isfinite(y) & np.isfinite(width)).all():
        raise InputError("x, y and width must be complete, got missing values; leave those models out first")
    if not (reference > 0 and (width > 0).all()):
        raise InputError(f"widths and the reference width must be positive, got {width.tolist()} and {reference}")
    return x, y, width / reference
