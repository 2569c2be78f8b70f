"""The released steering runs: counts with intervals, what speaks against them, and whether they fall with size."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import comb

import numpy as np
import pandas as pd
from scipy.stats import binomtest, fisher_exact

from capelib.errors import InputError
from capelib.estimate import Estimate
from capelib.frames import need_columns, written

COLUMNS = ["model", "hf_repo", "n_params", "n_prompts", "n_changed", "rate", "flags", "source_file"]
PRINTED = "quoted_in_paper"
HALF_UNIT = 0.05  # rates are released to one decimal of a percent
METHODS = {"Wilson": "wilson", "Clopper–Pearson": "exact"}
MOST_TABLES = 1_000_000
EQUAL = "changed_but_stored_prefix_equal"
DOUBTS = {
    "totals_only": lambda _: "totals only, single answers were not released",
    EQUAL: lambda n: f"{n} counted as changed, although the released beginnings of both answers are equal",
    "sampled_decoding_suspect": lambda _: "it seems that answers were sampled, which changes them by itself",
}


@dataclass(frozen=True)
class Trend:
    """Whether shares of changed answers fall over ordered groups, all tests exact and given the total changed.

    `p_falling` and `p_two_sided` are Cochran and Armitage's trend test with `scores`; `p_any` is Fisher, Freeman and
    Halton's test, which knows no order; `p_orderly` is the chance that groups of one rate would fall from each to the
    next; `falls` says whether the observed ones do. `n_tables` tables have the same total.
    """

    changed: tuple[int, ...]
    of: tuple[int, ...]
    scores: tuple[float, ...]
    p_falling: float
    p_two_sided: float
    p_any: float
    p_orderly: float
    falls: bool
    n_tables: int

    def summary(self) -> str:
        """The counts and the four probabilities, in one line."""
        counts = ", ".join(f"{k} of {n}" for k, n in zip(self.changed, self.of, strict=True))
        return (
            f"{counts}: trend test p = {written(self.p_two_sided)} two-sided, {written(self.p_falling)} falling; any "
            f"difference p = {written(self.p_any)}; equal rates fall at every step with probability "
            f"{written(self.p_orderly)}"
        )


def runs(steering: pd.DataFrame) -> pd.DataFrame:
    """Every released run with its intervals, and whether its rate is that of its counts.

    `steering` is the table steering_reported. Columns: model, hf_repo, n_params, n_changed, n_prompts; share, its
    intervals wilson_low, wilson_high, exact_low, exact_high (Clopper–Pearson) and rate (as released), all in percent;
    agrees, whether n_changed/n_prompts rounds to rate; n_certain, n_changed less the answers counted as changed whose
    released beginnings are equal; in_paper; doubt, in words what the flags say; source_file. Sorted by n_params.

    Raises InputError for a missing column.
    """
    need_columns(steering, COLUMNS)
    table = steering.sort_values(["n_params", "model", "source_file"], ignore_index=True)
    counts = list(zip(table["n_changed"].astype(int), table["n_prompts"].astype(int), strict=True))
    wilson, exact = ([share(*count, method) for count in counts] for method in METHODS)
    value = np.array([each.value for each in wilson])
    flags = [_flags(text) for text in table["flags"]]
    return table[["model", "hf_repo", "n_params", "n_changed", "n_prompts"]].assign(
        share=value,
        wilson_low=[each.low for each in wilson],
        wilson_high=[each.high for each in wilson],
        exact_low=[each.low for each in exact],
        exact_high=[each.high for each in exact],
        rate=table["rate"],
        agrees=np.abs(value - table["rate"]) <= HALF_UNIT + 1e-9,
        n_certain=[k - int(f.get(EQUAL, 0)) for (k, _), f in zip(counts, flags, strict=True)],
        in_paper=[PRINTED in found for found in flags],
        doubt=["; ".join(words(found[name]) for name, words in DOUBTS.items() if name in found) for found in flags],
        source_file=table["source_file"],
    )


def share(n_changed: int, n_prompts: int, method: str = "Wilson") -> Estimate:
    """n_changed/n_prompts in percent with its 95 % interval, "Wilson" or "Clopper–Pearson"."""
    interval = binomtest(n_changed, n_prompts).proportion_ci(method=METHODS[method])
    low, high = 100 * float(interval.low), 100 * float(interval.high)
    return Estimate(100 * n_changed / n_prompts, low, high, n=n_prompts, method=method)


def printed(steering: pd.DataFrame) -> pd.DataFrame:
    """The rows of `runs` that the paper prints (Amin 2026, Sec. 7.4), by size."""
    table = runs(steering)
    return table[table["in_paper"]].reset_index(drop=True)


def beside(steering: pd.DataFrame) -> pd.DataFrame:
    """The other released runs of the printed models, each beside the printed one.

    Columns: model; printed, printed_low, printed_high and other, other_low, other_high (percent, Wilson); counts of
    both in words; p, Fisher's exact test of the two; hf_repo, doubt and source_file of the other run.
    """
    table, rows = runs(steering), []
    for _, ours in table[table["in_paper"]].iterrows():
        for _, other in table[(table["model"] == ours["model"]) & ~table["in_paper"]].iterrows():
            pair = [[each["n_changed"], each["n_prompts"] - each["n_changed"]] for each in (ours, other)]
            rows.append({
                "model": ours["model"],
                "printed": ours["share"],
                "printed_low": ours["wilson_low"],
                "printed_high": ours["wilson_high"],
                "other": other["share"],
                "other_low": other["wilson_low"],
                "other_high": other["wilson_high"],
                "counts": " against ".join(f"{each['n_changed']} of {each['n_prompts']}" for each in (ours, other)),
                "p": float(fisher_exact(pair).pvalue),
                "hf_repo": other["hf_repo"],
                "doubt": other["doubt"],
                "source_file": other["source_file"],
            })  # fmt: skip
    return pd.DataFrame(rows)


def trend(changed: Sequence[int], of: Sequence[int], scores: Sequence[float] | None = None) -> Trend:
    """Exact tests of a trend: every table with the observed total is enumerated, Π C(n_i, k_i) times.

    `changed` of `of` prompts in each group, in order; `scores` are the groups' places, 0, 1, 2, … if not given; use
    log10 of the number of parameters for a trend over size. The trend's statistic is Σ score·changed.

    Raises InputError for fewer than two groups, counts that do not fit, scores that do not rise, or too many tables.
    """
    k, n = tuple(map(int, changed)), tuple(map(int, of))
    places = tuple(map(float, scores if scores is not None else range(len(k))))
    if len(k) < 2 or len({len(k), len(n), len(places)}) > 1 or not all(0 <= a <= b for a, b in zip(k, n, strict=True)):
        raise InputError(f"two groups or more with 0 <= changed <= prompts are needed; got {k} of {n} at {places}")
    if min(n) < 1 or not all(a < b for a, b in pairwise(places)):
        raise InputError(f"every group needs a prompt and a place after the one before; got {n} at {places}")
    if np.prod([float(size + 1) for size in n[:-1]]) > MOST_TABLES:
        raise InputError(f"more than {MOST_TABLES:,} tables to enumerate; got groups of {n}; use fewer groups")
    every, weights = _tables(sum(k), n)
    total, weight = sum(weights), np.array([float(each) for each in weights])
    slopes = every @ np.array(places)
    here, middle = float(np.dot(k, places)), sum(k) / sum(n) * float(np.dot(n, places))
    slack = 1e-9 * max(1.0, abs(here))  # sums of the same scores in another order are ties
    rates = every / np.array(n)
    own = next(each for table, each in zip(every, weights, strict=True) if tuple(table) == k)
    return Trend(
        changed=k,
        of=n,
        scores=places,
        p_falling=float(weight[slopes <= here + slack].sum() / total),
        p_two_sided=float(weight[np.abs(slopes - middle) >= abs(here - middle) - slack].sum() / total),
        p_any=sum(each for each in weights if each <= own) / total,
        p_orderly=float(weight[(np.diff(rates, axis=1) < 0).all(axis=1)].sum() / total),
        falls=all(a * m > b * size for (a, size), (b, m) in pairwise(zip(k, n, strict=True))),
        n_tables=len(weights),
    )


def printed_trend(steering: pd.DataFrame) -> Trend:
    """`trend` of the printed runs over log10 of the number of parameters. Raises InputError without two of them."""
    rows = printed(steering)
    return trend(rows["n_changed"], rows["n_prompts"], np.log10(rows["n_params"].astype(float)))


def _tables(total: int, sizes: tuple[int, ...]) -> tuple[np.ndarray, list[int]]:
    # whole numbers, so that tables of the same probability are recognised as such
    every, weights = [], []
    for first in product(*(range(size + 1) for size in sizes[:-1])):
        last = total - sum(first)
        if 0 <= last <= sizes[-1]:
            every.append((*first, last))
            weights.append(int(np.prod([comb(n, k) for n, k in zip(sizes, every[-1], strict=True)], dtype=object)))
    return np.array(every), weights


def _flags(text: str) -> dict[str, str]:
    return {name: detail for name, _, detail in (each.partition(":") for each in text.split(";")) if name}
