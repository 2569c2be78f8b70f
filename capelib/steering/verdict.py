"""What an experiment says: the effect with its interval, beside its nulls, and the rule that decides."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from capelib.errors import InputError
from capelib.frames import written
from capelib.steering.controls import GAUSSIAN, PERMUTED
from capelib.steering.detectable import Detectable, smallest_mean, smallest_share
from capelib.steering.experiment import TRUTH, Results
from capelib.steering.null import SIDES, Ranked, rank
from capelib.steering.paired import Changes, Shift, compare, shift, signed

LEVEL = 0.05
HELPS, HARMS, OPEN = "helps", "harms", "cannot be told from chance or from its controls"
NO_MATCH = "is not judged, since directions on permuted labels are differences of means and it is none"
COMPARABLE = ("mean", "logistic")


@dataclass(frozen=True, eq=False)
class Effect:
    """The push fixed beforehand, on the same questions as the plain model.

    `changes` counts questions right on MC1; `mc2` and `margin` are mean changes. `ranked` sets the change of MC1 (share
    of questions), of MC2 and of the margin among those of directions on permuted labels, `gaussian` among Gaussian
    ones; both two-sided. `could_find` is the smallest change that would have been found, for each of the three, by
    McNemar's test or the t test alone; the rank asks for more. `comparable` is whether the directions on permuted
    labels are fitted as this one is: not for the method "pca", nor for a direction of unknown origin.
    """

    changes: Changes
    mc2: Shift
    margin: Shift
    ranked: dict[str, Ranked]
    gaussian: dict[str, Ranked]
    could_find: dict[str, Detectable]
    comparable: bool

    @property
    def verdict(self) -> str:
        """What `decided` says; it is left open where the controls are no match."""
        return decided(self.changes, self.ranked["mc1"]) if self.comparable else NO_MATCH

    def summary(self) -> str:
        """One sentence."""
        null = self.ranked["mc1"]
        low, high = (signed(100 * each, ".1f") for each in (null.low, null.high))
        return (
            f"The direction {self.verdict}: {self.changes.summary()}; {null.n_null} directions on permuted labels "
            f"change MC1 by {low} to {high} points (middle 95 %), {null.n_as_extreme} of them {SIDES[null.side]}; "
            f"rank p = {written(null.p)}."
        )


def decided(changes: Changes, ranked: Ranked) -> str:
    """Whether MC1 rises ("helps") or falls ("harms"): by McNemar's exact test and in the rank among directions on
    permuted labels, both p ≤ 5 %. Otherwise it cannot be told from chance or from its controls, which is not to say
    that it does nothing.

    The outcome and the rule are fixed beforehand; the other outcomes are shown and decide nothing.
    """
    if changes.difference.value == 0 or changes.p > LEVEL or ranked.p > LEVEL:
        return OPEN
    return HELPS if changes.difference.value > 0 else HARMS


def effect(results: Results, layer: int | None = None, strength: float | None = None, seed: int = 0) -> Effect:
    """The effect of the truth direction at a layer and strength, by default those fixed beforehand.

    The nulls are those of the same push. The opposite of the push fixed beforehand has its nulls: all labels exchanged
    turn a direction around, so that both are alike. Raises InputError if the push or its nulls were not measured.
    """
    at = results.of(TRUTH, layer, strength)
    opposite = layer in (None, results.plan.layer) and strength == -results.plan.strength
    nulls, noise = (
        results.of(kind) if opposite else results.of(kind, layer, strength) for kind in (PERMUTED, GAUSSIAN)
    )
    if not at or not nulls:
        raise InputError("the push and its controls have not been measured; run the experiment to its end")
    base, steered = results.plain.questions, at[0].questions
    changes = compare(base["mc1"].to_numpy(bool), steered["mc1"].to_numpy(bool))
    shifts = {name: shift(base[name], steered[name], seed=seed) for name in ("mc2", "margin")}
    own = {"mc1": changes.difference.value, **{name: found.mean.value for name, found in shifts.items()}}

    def ranks(outcomes: list) -> dict[str, Ranked]:
        return {
            name: rank(value, [_change(base[name], each.questions[name]) for each in outcomes], "two-sided")
            for name, value in own.items()
        }

    comparable = results.plan.cells[0].direction.method in COMPARABLE
    found = {"mc1": smallest_share(changes.n, changes.discordance)}
    found |= {name: smallest_mean(changes.n, each.sd) for name, each in shifts.items()}
    return Effect(
        changes, shifts["mc2"], shifts["margin"], ranks(nulls), ranks(noise) if noise else {}, found, comparable
    )


def _change(base: pd.Series, steered: pd.Series) -> float:
    # of the differences, not of the means: a change of as many questions must be a tie to the last digit
    return float(np.mean(steered.to_numpy(float) - base.to_numpy(float)))
