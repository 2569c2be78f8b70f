"""Sizes held out: N_c of a family from every other size, tested on the steps between the sizes in between.

The paper's N_c belongs to a family, so the fair test of circularity stays within families. The two halves of a family,
first, third, fifth … size and second, fourth …, share no model, hence no item noise of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capelib.coupling.resample import MIN_FAMILIES, draw_counts
from capelib.errors import InputError
from capelib.estimate import percentile_estimate
from capelib.frames import frame_html
from capelib.referee.many import couplings, places, splits

OWN = "the family's N_c from its other half"
COMMON = "one N_c for all, from the other halves"
SAME = "the family's overall direction in its other half"
NEGATIVE, POSITIVE = "always negative", "always positive"
FEWEST = 4  # sizes: each half then has a step


@dataclass(frozen=True)
class Halves:
    """How often each rule gets the sign of a step of the other half right.

    `frame` has one row per rule: rule, value (share right) with low and high, less (value minus that of the family's
    overall direction) with less_low and less_high; intervals draw whole families, NaN below five. `families` has one
    row per family: family, steps, and the steps each rule got right.
    """

    frame: pd.DataFrame
    families: pd.DataFrame

    @property
    def n_steps(self) -> int:
        """Steps predicted, both halves together."""
        return int(self.families["steps"].sum())

    def row(self, rule: str) -> pd.Series:
        """The row of one rule."""
        return self.frame.set_index("rule").loc[rule]

    def _repr_html_(self) -> str:
        caption = f"Steps of the other half whose sign is right: {self.n_steps} of {len(self.families)} families"
        words = {"value": "right", "low": "from", "high": "to", "less": "less the direction"}
        return frame_html(self.frame[["rule", *words]].rename(columns=words), caption, digits=2)


def hold_out_sizes(
    panel: pd.DataFrame,
    n_items: Mapping[str, int],
    x: str = "hellaswag",
    y: str = "truthfulqa",
    sizes: int = FEWEST,
    n_boot: int = 2000,
    seed: int = 0,
) -> Halves:
    """Each half of every family's sizes predicts the signs of the other half's steps.

    N_c is the best split of the half's signs (`capelib.referee.many.splits`), which may lie beyond its ends; the
    competitor without an N_c says that a family goes on in the direction of the y of its smallest to that of its
    largest model in the half. `panel` needs model, family, n_params and both scores in percent.

    Raises InputError for fewer than four sizes asked for, or if fewer than two families have as many.
    """
    if sizes < FEWEST:
        raise InputError(f"each half needs two sizes, so `sizes` must be at least {FEWEST}, got {sizes}")
    at = places(panel, n_items, x, y, sizes)
    if len(at.names) < 2:
        raise InputError(f"comparing halves needs two families of {sizes} sizes or more, got {len(at.names)}")
    rank = at.sizes.groupby("family").cumcount()
    halves = [places(at.sizes[rank % 2 == parity], n_items, x, y, 2) for parity in (0, 1)]
    right = {rule: np.zeros(len(at.names)) for rule in (OWN, COMMON, SAME, NEGATIVE, POSITIVE)}
    steps = np.zeros(len(at.names))
    for learned, tested in (halves, halves[::-1]):
        gamma, _ = couplings(learned, learned.x, learned.y)
        own = splits(learned, gamma, np.eye(len(at.names)))[0]
        common = splits(learned, gamma, np.ones((1, len(at.names))))[0, 0]
        ends = learned.sizes.groupby("family")[[x, y]].agg(["first", "last"])
        falls = ((ends[y]["last"] - ends[y]["first"]) * (ends[x]["last"] - ends[x]["first"]) < 0).to_numpy()
        found = couplings(tested, tested.x, tested.y)[0][0]
        known = np.isfinite(found)
        member = tested.step_code
        guesses = {
            OWN: tested.log_mid < own[member],
            COMMON: tested.log_mid < common,
            SAME: falls[member],
            NEGATIVE: np.ones(len(found), bool),
            POSITIVE: np.zeros(len(found), bool),
        }
        for rule, guess in guesses.items():
            right[rule] += np.bincount(member, (guess == (found < 0)) & known, len(at.names))
        steps += np.bincount(member, known, len(at.names))
    drawn = draw_counts(np.array(at.names), "pooled", n_boot, seed)
    many, rows = len(at.names) >= MIN_FAMILIES, []
    for rule, own in right.items():
        value, less = (
            percentile_estimate(part.sum() / steps.sum(), drawn @ part / (drawn @ steps) if many else [], "")
            for part in (own, own - right[SAME])
        )
        rows.append({
            "rule": rule, "value": value.value, "low": value.low, "high": value.high,
            "less": less.value, "less_low": less.low, "less_high": less.high,
        })  # fmt: skip
    families = pd.DataFrame({"family": at.names, "steps": steps} | right).astype(
        {"steps": int} | dict.fromkeys(right, int)
    )
    frame = pd.DataFrame(rows).astype(dict.fromkeys(["low", "high", "less_low", "less_high"], float))
    return Halves(frame, families)
