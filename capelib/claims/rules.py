"""What the paper states, and the rule that decides each statement before its number is seen.

The statements are rows of ``paper_claims``, the rules rows of ``claim_rules``. Evaluating a rule needs no
knowledge of the claim: two tables, one function.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isclose, isfinite, isnan

from capelib.errors import InputError
from capelib.estimate import Estimate

REPRODUCED = "reproduced"
RELEASED_ONLY = "only on released data"
NOT_REPRODUCED = "not reproduced"
ILL_DEFINED = "ill-defined"
NOT_TESTABLE = "not testable here"
UNCHECKED = "unchecked"
VERDICTS = (REPRODUCED, RELEASED_ONLY, NOT_REPRODUCED, ILL_DEFINED, NOT_TESTABLE, UNCHECKED)

RULES = {
    "printed": "ours, rounded to the printed digits, is the paper's value",
    "printed_interval": "ours and both ends of its interval, rounded to the printed digits, are the paper's",
    "at_least": "ours is at least the paper's bound",
    "at_most": "ours is at most the paper's bound",
    "convention": "a choice the paper makes, not a result",
}
INDEPENDENT_RULES = {
    "covers": "the independent interval contains the paper's value",
    "same": "the independent value passes the same rule",
    "sign": "the independent interval lies on the paper's side of zero",
    "none": "no independent measurement is available",
}


@dataclass(frozen=True)
class Claim:
    """One number the paper asserts, with the rule that decides it.

    `value`, `low`, `high` are in `unit`; `decimals` is how many the paper prints (None for a bound).
    """

    id: str
    section: str
    place: str
    statement: str
    quantity: str
    value: float
    low: float | None
    high: float | None
    n: int | None
    unit: str
    source: str
    rule: str
    decimals: int | None
    independent_rule: str
    needs: str
    pinned: str
    why: str
    first_decimals: int | None = None
    first_independent_rule: str = ""

    @property
    def first(self) -> "Claim | None":
        """The claim under the rule first declared, where that rule was changed later; else None."""
        if self.first_decimals is None and not self.first_independent_rule:
            return None
        decimals = self.decimals if self.first_decimals is None else self.first_decimals
        independent = self.first_independent_rule or self.independent_rule
        return replace(
            self, decimals=decimals, independent_rule=independent, first_decimals=None, first_independent_rule=""
        )

    @property
    def is_sharp(self) -> bool:
        """Whether a change of the computed value by 5 % always shows: not for bounds and coarsely printed numbers."""
        return self.rule.startswith("printed") and 10.0**-self.decimals < 0.05 * abs(self.value)

    @property
    def anchor(self) -> str:
        """The HTML id of the claim's verdict in the section that checks it."""
        return "claim-" + self.id.replace(".", "-").replace("_", "-")

    def text(self, value: float | Estimate | None, extra: int = 0) -> str:
        """A number to the claim's printed digits (`extra` more on request), with its interval if it has one."""
        if value is None:
            return ""
        estimate = value if isinstance(value, Estimate) else Estimate(float(value))
        if float(estimate.value).is_integer() and not self.decimals and not estimate.has_interval:
            extra = 0  # a count stays a count
        number = digits(estimate.value, self.decimals, extra)
        if not estimate.has_interval:
            return number
        return f"{number} [{digits(estimate.low, self.decimals, extra)}, {digits(estimate.high, self.decimals, extra)}]"

    @property
    def paper(self) -> str:
        """The paper's number as it prints it, bounds with their sign."""
        sign = {"at_least": "≥ ", "at_most": "≤ "}.get(self.rule, "")
        return sign + self.text(Estimate(self.value, self.low, self.high))


def digits(value: float, decimals: int | None, extra: int = 0) -> str:
    """A number to `decimals` (+ `extra`) places; very small ones, and those without a stated place, to two digits.

    >>> digits(0.12345, 2), digits(0.00001234, 2), digits(3.2e-5, None)
    ('0.12', '1.2e-05', '3.2e-05')
    """
    if isnan(value):
        return "undefined"
    if decimals is None:
        return f"{value:.2g}"
    places = max(decimals + extra, 0)
    if value and abs(value) < 0.5 * 10**-places:
        return f"{value:.1e}"
    return f"{value:.{places}f}"


@dataclass(frozen=True)
class Evidence:
    """What was computed for a claim, in the claim's unit.

    `released` is the paper's own definition on the released data, `independent` the same on the independent
    measurements. `alternatives` are the computations that a loose statement admits, all those tried, by name;
    `searched` are those that it does not admit, tried to find out where a number comes from.
    """

    released: Estimate | None = None
    independent: Estimate | None = None
    alternatives: Mapping[str, Estimate] = field(default_factory=dict)
    searched: Mapping[str, Estimate] = field(default_factory=dict)

    @property
    def tried(self) -> int:
        """How many computations on the released data were tried in all."""
        return len(self.alternatives) + len(self.searched) + (self.released is not None)

    @property
    def same_numbers(self) -> bool:
        """Whether the independent value is the released one again: scores that are stored twice, not measured twice."""
        if self.released is None or self.independent is None or float(self.released.value).is_integer():
            return False
        return isclose(self.released.value, self.independent.value, rel_tol=1e-6)


def passes(claim: Claim, ours: Estimate) -> bool:
    """Whether a computed number passes the claim's rule."""
    if not isfinite(ours.value):
        return False
    match claim.rule:
        case "at_least":
            return ours.value >= claim.value
        case "at_most":
            return ours.value <= claim.value
        case "printed":
            return _prints_as(claim.value, ours.value, claim.decimals)
        case "printed_interval":
            ends = ours.has_interval and all(
                _prints_as(paper, end, claim.decimals)
                for paper, end in ((claim.low, ours.low), (claim.high, ours.high))
            )
            return ends and _prints_as(claim.value, ours.value, claim.decimals)
    raise InputError(f"claim {claim.id}: rule {claim.rule!r} decides no number; allowed: {', '.join(RULES)}")


def agrees(claim: Claim, independent: Estimate) -> bool:
    """Whether the independent measurement agrees, by the rule declared for it."""
    match claim.independent_rule:
        case "covers":
            return independent.covers(claim.value)
        case "same":
            return passes(claim, independent)
        case "sign":
            return independent.has_interval and min(independent.low * claim.value, independent.high * claim.value) > 0
    return False


def verdict(claim: Claim, evidence: Evidence) -> str:
    """Decide a claim by what was computed for it.

    ====================== ======================= ==========================================================
    paper's definition     independent measurement verdict
    ====================== ======================= ==========================================================
    passes                 agrees                  reproduced
    passes                 disagrees or is missing only on released data
    fails or is not stated —                       ill-defined if another computation that the statement
                                                   admits passes and not all do; else not reproduced
    ====================== ======================= ==========================================================

    Where no definition is stated, the claim counts as passed only if every computation admitted passes; and without an
    independent measurement nothing can be reproduced. What was only searched decides nothing. A claim without any
    number is *not testable here*, provided that `claim_rules` says what it needs.
    """
    found = [passes(claim, other) for other in evidence.alternatives.values()]
    stated = evidence.released is not None
    passed = passes(claim, evidence.released) if stated else bool(found) and all(found)
    if not passed:
        if any(found):
            return ILL_DEFINED
        if evidence.tried:
            return NOT_REPRODUCED
        if claim.needs:
            return NOT_TESTABLE
        raise InputError(
            f"claim {claim.id}: nothing computed and no need declared; give released=, alternatives=, "
            "or fill `needs` in data/claim_rules.csv"
        )
    if evidence.independent is not None and agrees(claim, evidence.independent):
        return REPRODUCED
    return RELEASED_ONLY


def _prints_as(paper: float, ours: float, decimals: int) -> bool:
    # a hair of slack, so that a computed 0.125 is not lost to its binary form
    return bool(abs(ours - paper) <= 0.5 * 10**-decimals * (1 + 1e-9))
