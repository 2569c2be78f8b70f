"""The paper's rule for a competing unit, and how far two sets must be apart before it fires at all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from capelib.errors import InputError
from capelib.internals import gram

LIMIT, SHARE = -0.5, 0.5


@dataclass(frozen=True)
class Competition:
    """`share`, the part of the pairs with a cosine below the limit, of shape (units...); `fires`, whether it exceeds
    the share that makes a unit competing; `cosines`, the mean over pairs."""

    share: NDArray
    fires: NDArray
    cosines: NDArray


def competition(
    first: ArrayLike, second: ArrayLike, metric: NDArray | None = None, limit: float = LIMIT, share: float = SHARE
) -> Competition:
    """The rule: cosine below `limit` on more than `share` of all pairs of a prompt of one set and one of the other.

    Shapes (units..., n, d) and (units..., m, d). Amin (2026), Sec. 6: below -0.5 on more than half of 256 pairs.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    products = gram.gram(np.concatenate([a, b], axis=-2), metric)
    places = np.arange(a.shape[-2] + b.shape[-2])
    cosines = gram.pairwise(products, places[: a.shape[-2]], places[a.shape[-2] :])
    below = (cosines < limit).mean(axis=(-2, -1))
    return Competition(below, below > share, cosines.mean(axis=(-2, -1)))


def by_split(neutral: ArrayLike, n_splits: int = 50, seed: int = 0) -> NDArray:
    """The rule's null: how many units it calls competing for random halves of the neutral prompts, one number a split.

    `neutral` (units..., n, d).
    """
    x = np.asarray(neutral, dtype=np.float64)
    products, n, rng = gram.gram(x), x.shape[-2], np.random.default_rng(seed)
    below = gram.pairwise(products, np.arange(n), np.arange(n)) < LIMIT
    counts = []
    for _ in range(n_splits):
        order = rng.permutation(n)
        first, second = order[: n // 2], order[n // 2 :]
        counts.append(int((below[..., first[:, None], second[None, :]].mean(axis=(-2, -1)) > SHARE).sum()))
    return np.array(counts)


def opposed(
    vectors: ArrayLike,
    strengths: ArrayLike,
    metric: NDArray | None = None,
    centre: ArrayLike | None = None,
    seed: int = 0,
) -> NDArray:
    """Positive control: the share of units in which the rule fires for sets pushed apart, one value per strength.

    `vectors` (units..., n, d) of one kind of prompt are split at random into two halves. One half is moved by +s, the
    other by -s, along one random direction per unit; s is in units of the root mean square distance of the vectors
    from their mean. Where the rule is silent although the sets lie many of their own widths apart, its silence on
    real prompts says nothing about them. `centre` (units..., 1, d), the mean of other prompts, is subtracted first.

    With all power in the push and none in the centre, a pair's cosine is about -s²/(1 + s²): below the limit of -0.5
    from s = 1 on. A common mean of k widths that is not taken away moves that to about s = √(1 + k²) and beyond.

    Raises InputError for fewer than eight prompts.
    """
    x = np.asarray(vectors, dtype=np.float64)
    n = x.shape[-2]
    if n < 8:
        raise InputError(f"two halves of four prompts are needed; got {n} prompts")
    rng = np.random.default_rng(seed)
    x = x[..., rng.permutation(n), :]
    width = np.sqrt(((x - x.mean(axis=-2, keepdims=True)) ** 2).sum(axis=-1).mean(axis=-1))[..., None, None]
    direction = rng.standard_normal((*x.shape[:-2], 1, x.shape[-1]))
    direction *= width / np.linalg.norm(direction, axis=-1, keepdims=True)
    sign = np.where(np.arange(n) < n // 2, 1.0, -1.0)
    moved_from = x if centre is None else x - np.asarray(centre, dtype=np.float64)
    both = gram.gram(np.concatenate([moved_from, direction], axis=-2), metric)
    # with x + sign·s·u, the products are those of x, plus s and s² times parts that do not change
    still, along, length = both[..., :n, :n], both[..., :n, n], both[..., n:, n:]
    mixed, fired = sign[:, None] * along[..., None, :], []
    for s in np.asarray(strengths, dtype=float):
        moved = still + s * (mixed + np.swapaxes(mixed, -1, -2)) + s**2 * length * np.outer(sign, sign)
        cosines = gram.pairwise(moved, np.arange(n // 2), np.arange(n // 2, n))
        fired.append(((cosines < LIMIT).mean(axis=(-2, -1)) > SHARE).mean())
    return np.array(fired)


def half_strength(strengths: ArrayLike, shares: ArrayLike) -> float:
    """The strength at which half of the units fire, between two strengths by straight line; infinite if they never do.

    >>> half_strength([1, 2, 4], [0.0, 0.25, 0.75])
    3.0
    """
    strengths, shares = np.asarray(strengths, float), np.asarray(shares, float)
    above = np.flatnonzero(shares >= 0.5)
    if not len(above):
        return float("inf")
    first = above[0]
    if first == 0:
        return float(strengths[0])
    return float(np.interp(0.5, shares[first - 1 : first + 1], strengths[first - 1 : first + 1]))
