"""Both scores rise with time: what is left of a correlation with date or lab held, and what common progress gives."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from capelib.coupling import partial_correlation
from capelib.coupling.correlation import correlate
from capelib.errors import InputError
from capelib.frontier.lines import X, Y, both

HELD = ("nothing", "date", "date, date²", "lab", "lab and date")


def held(frame: pd.DataFrame, x: str = X, y: str = Y) -> pd.DataFrame:
    """Correlation of x and y with the release date, its square, the lab, or lab and date held by regression.

    One row per entry of HELD that leaves a degree of freedom: held, r, low, high (Fisher), p (t test), df, n. `frame`
    has year and lab beside the scores. With the lab held, models of a lab that has one model say nothing and cost their
    degree of freedom. Raises InputError as `fit_line`.
    """
    rows = both(frame, x, y, "year", "lab")
    year = (rows["year"] - rows["year"].mean()).to_numpy()
    lab = pd.get_dummies(rows["lab"], drop_first=True).to_numpy(float)
    designs = (None, year, np.column_stack([year, year**2]), lab, np.column_stack([lab, year]))
    found = []
    for name, design in zip(HELD, designs, strict=True):
        try:
            part = partial_correlation(rows[x], rows[y], design)
        except InputError:  # too few models for so many variables
            continue
        found.append((name, part.r.value, part.r.low, part.r.high, part.p, part.df, part.n))
    return pd.DataFrame(found, columns=["held", "r", "low", "high", "p", "df", "n"])


@dataclass(frozen=True)
class ShuffleNull:
    """Correlations of scores that were handed to other models of the same group.

    `draws` holds r of every shuffle, `observed` the real one, `p` the share of shuffles with r at least the observed
    one, (b + 1)/(m + 1).
    """

    observed: float
    p: float
    n: int
    n_groups: int
    draws: NDArray[np.float64] = field(repr=False)

    @property
    def median(self) -> float:
        """The r that belonging to the same group gives."""
        return float(np.median(self.draws))


def shuffled_within(x: ArrayLike, y: ArrayLike, groups: ArrayLike, n_draws: int = 2000, seed: int = 0) -> ShuffleNull:
    """r of x with y shuffled among the models of the same group (a window of dates, a lab).

    The null: within a group any y could have gone with any x, so whatever r is left comes from differences between
    groups. Scores, groups of shape (n,). Raises InputError if every group holds one model.
    """
    x, y, codes = np.asarray(x, float), np.asarray(y, float), pd.factorize(np.asarray(groups))[0]
    sizes = np.bincount(codes)
    if sizes.max(initial=0) < 2:
        raise InputError("shuffling within groups needs a group of two models; use wider windows")
    keys = np.random.default_rng(seed).random((n_draws, len(y)))
    # places sorted by group, once as they stand and once in random order: the k-th of a group gets another of its own
    home, away = np.argsort(codes, kind="stable"), np.argsort(codes + keys, axis=1)
    handed = np.empty((n_draws, len(y)))
    handed[:, home] = y[away]
    draws = correlate(x, handed)
    observed = float(correlate(x, y))
    at_least = int((draws >= observed - 1e-12).sum())
    return ShuffleNull(observed, (at_least + 1) / (n_draws + 1), len(y), len(sizes), draws)


def over_windows(
    frame: pd.DataFrame, counts: Sequence[int], x: str = X, y: str = Y, n_draws: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """`shuffled_within` windows of release dates for several numbers of windows: windows, median, r, p.

    The fewer the windows, the more progress is left inside them; the more, the fewer models can change places. Raises
    InputError as `fit_line`, or if every window of a count holds one model.
    """
    rows, found = both(frame, x, y, "year"), []
    for n in counts:
        null = shuffled_within(rows[x], rows[y], windows(rows["year"], n), n_draws, seed)
        found.append((n, null.median, null.observed, null.p))
    return pd.DataFrame(found, columns=["windows", "median", "r", "p"])


def windows(year: Sequence[float], n: int) -> NDArray[np.int64]:
    """Which of n windows of time, with about as many models in each, every model falls into; ties stay together."""
    rank = pd.Series(year).rank(method="average").to_numpy()
    return np.minimum((rank - 0.5) * n / len(rank), n - 1).astype(np.int64)
