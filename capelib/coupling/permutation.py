"""Permutation test of a correlation: exact for few models, seeded Monte Carlo with its own error for more."""

from dataclasses import dataclass
from functools import lru_cache
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from capelib.coupling.correlation import correlate, finite_pairs
from capelib.errors import InputError
from capelib.frames import frame_html

MAX_EXACT = 9  # 9! = 362,880 arrangements take a fraction of a second, 10! ten times that
_TIE = 1e-10  # two arrangements whose r differ by less are the same value, computed in another order
_CHUNK = 1_000_000  # entries held at once


@dataclass(frozen=True)
class PermutationTest:
    """Two-sided permutation test of Pearson r.

    `p` is the share of arrangements with |r| at least the observed one, `p_doubled` twice the smaller one-sided share
    (the other common convention, at most 1). Exact: p is a number without error, `standard_error` 0 and
    p_low = p = p_high. Monte Carlo: p = (b + 1)/(m + 1) for b of m draws, with its binomial standard error and
    Clopper-Pearson interval. `smallest_p` is the smallest p that these scores could give in any order: no test of this
    kind on them can report less.
    """

    r: float
    p: float
    p_doubled: float
    p_low: float
    p_high: float
    standard_error: float
    smallest_p: float
    n: int
    n_permutations: int
    exact: bool

    def to_frame(self) -> pd.DataFrame:
        """One row with every field."""
        return pd.DataFrame([vars(self)])

    def summary(self) -> str:
        """r, p and how p was come by, as plain text."""
        how = (
            f"exact, all {self.n_permutations:,} arrangements; smallest attainable p {self.smallest_p:.2g}"
            if self.exact
            else f"{self.n_permutations:,} random arrangements, standard error {self.standard_error:.1g}"
        )
        return f"r = {self.r:.3f}, two-sided permutation p = {self.p:.3g} ({how}), n = {self.n}"

    def _repr_html_(self) -> str:
        rows = self.to_frame().T.reset_index().set_axis(["field", "value"], axis=1)
        rows["value"] = [f"{value:.4g}" if isinstance(value, float) else str(value) for value in rows["value"]]
        return frame_html(rows, "Permutation test of Pearson r")


def permutation_test(
    x: ArrayLike, y: ArrayLike, max_exact: int = MAX_EXACT, n_draws: int = 100_000, seed: int = 0, level: float = 0.95
) -> PermutationTest:
    """Two-sided permutation test of r = 0: how often does |r| of x with reordered y reach the observed |r|?

    Up to `max_exact` models every one of the n! arrangements is counted; beyond, `n_draws` random ones. Arrangements
    that give the same r (ties in x or y) each count. The null is that any score could have gone with any model; two
    scores that both follow size are far from it whether or not they act on one another, so a small p rules out
    chance, not separate trends (see `trend_null`). Amin (2026), Sec. 1, reports such a p for Pythia.

    >>> permutation_test([1, 2, 3, 4], [1, 2, 3, 4]).p == 2 / 24
    True

    Raises InputError for missing values, fewer than three models, constant scores or max_exact above 10.
    """
    x, y = finite_pairs(x, y)
    n = len(x)
    if n < 3:
        raise InputError(f"a permutation test needs at least three models, got {n}; choose a longer family")
    if max_exact > 10:
        raise InputError(f"max_exact must be at most 10 ({factorial(10):,} arrangements), got {max_exact}; lower it")
    r = float(correlate(x, y))
    if np.isnan(r):
        raise InputError("a score is the same for every model, so r is undefined; choose other scores or models")
    ux, uy = _unit(x), _unit(y)
    if n <= max_exact:
        draws = _exact_draws(ux, uy)
        at_least = int(np.count_nonzero(np.abs(draws) >= abs(r) - _TIE))
        tail = min(np.count_nonzero(draws >= r - _TIE), np.count_nonzero(draws <= r + _TIE))
        largest = int(np.count_nonzero(np.abs(draws) >= np.abs(draws).max() - _TIE))
        p, total = at_least / draws.size, draws.size
        return PermutationTest(r, p, min(1.0, 2 * tail / total), p, p, 0.0, largest / total, n, total, True)
    draws = _random_draws(ux, uy, n_draws, np.random.default_rng(seed))
    at_least = int(np.count_nonzero(np.abs(draws) >= abs(r) - _TIE))
    tail = min(np.count_nonzero(draws >= r - _TIE), np.count_nonzero(draws <= r + _TIE))
    p = (at_least + 1) / (n_draws + 1)
    interval = stats.binomtest(at_least, n_draws).proportion_ci(level, method="exact")
    error = float(np.sqrt(p * (1 - p) / n_draws))
    doubled = min(1.0, 2 * (tail + 1) / (n_draws + 1))
    return PermutationTest(
        r, p, doubled, float(interval.low), float(interval.high), error, 1 / (n_draws + 1), n, n_draws, False
    )


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = values - values.mean()
    return centred / np.linalg.norm(centred)


@lru_cache(maxsize=2)
def _orders(n: int) -> NDArray[np.int8]:
    # all orders of n: put item n − 1 at each place of all orders of the others
    if n == 1:
        return np.zeros((1, 1), np.int8)
    rest = _orders(n - 1)
    return np.concatenate([np.insert(rest, place, n - 1, axis=1) for place in range(n)])


def _exact_draws(ux: NDArray[np.float64], uy: NDArray[np.float64]) -> NDArray[np.float64]:
    orders = _orders(len(ux))
    rows = max(1, _CHUNK // len(ux))
    return np.concatenate([uy[orders[start : start + rows]] @ ux for start in range(0, len(orders), rows)])


def _random_draws(
    ux: NDArray[np.float64], uy: NDArray[np.float64], n_draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    rows = max(1, _CHUNK // len(ux))
    sizes = [min(rows, n_draws - start) for start in range(0, n_draws, rows)]
    return np.concatenate([rng.permuted(np.tile(uy, (size, 1)), axis=1) @ ux for size in sizes])
