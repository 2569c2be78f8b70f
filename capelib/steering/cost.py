"""What a push costs elsewhere: everyday completions and the perplexity of neutral text."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.steering.controls import GAUSSIAN, PERMUTED
from capelib.steering.experiment import TRUTH, Results
from capelib.steering.material import Outcome
from capelib.steering.paired import shift


def elsewhere(results: Results) -> pd.DataFrame:
    """What the push fixed beforehand costs elsewhere: a row for it, its opposite, and each kind of control.

    Columns: kind, strength, draws (directions measured), right (share of everyday completions; those that mirror each
    other count as one, by their mean), right_change, perplexity (ratio to the plain model's; of several draws the
    geometric mean), each with low and high. Of one direction, low and high of right_change are the 95 % bootstrap
    interval over such couples, and perplexity has none; of several, both are the range of the middle 95 % of the draws.
    """
    rows = []
    for kind, strength in ((TRUTH, results.plan.strength), (TRUTH, -results.plan.strength), (PERMUTED, None),
                           (GAUSSIAN, None)):  # fmt: skip
        outcomes = [each for each in results.of(kind, None, strength) if len(each.right) or len(each.logprob)]
        if not outcomes:
            continue
        named = {"kind": kind, "strength": strength or results.plan.strength, "draws": len(outcomes)}
        rows.append(named | _completions(results, outcomes) | _perplexity(results, outcomes))
    return pd.DataFrame(rows)


def _completions(results: Results, outcomes: list[Outcome]) -> dict[str, float]:
    names = ("right", "right_change", "low", "high")
    if not len(results.plain.right):
        return dict.fromkeys(names, np.nan)
    base, *after = (_by_couple(each.right, results.couples) for each in (results.plain, *outcomes))
    share = float(np.mean(after))
    if len(after) == 1 and len(base) > 1:
        mean = shift(base, after[0]).mean
        return dict(zip(names, (share, mean.value, mean.low, mean.high), strict=True))
    changes = [(each - base).mean() for each in after]
    ends = np.percentile(changes, [2.5, 97.5]) if len(changes) > 1 else (np.nan, np.nan)
    return dict(zip(names, (share, float(np.mean(changes)), *map(float, ends)), strict=True))


def _perplexity(results: Results, outcomes: list[Outcome]) -> dict[str, float]:
    names = ("perplexity", "perplexity_low", "perplexity_high")
    if not results.n_neutral_tokens:
        return dict.fromkeys(names, np.nan)
    nats = np.array([(results.plain.logprob - each.logprob).sum() for each in outcomes]) / results.n_neutral_tokens
    ends = np.percentile(nats, [2.5, 97.5]) if len(nats) > 1 else (np.nan, np.nan)
    return dict(zip(names, map(float, np.exp([nats.mean(), *ends])), strict=True))


def _by_couple(right: NDArray, couples: NDArray) -> NDArray:
    return np.bincount(couples, right) / np.bincount(couples)
