"""How a claim and its verdict look in a notebook: readable HTML, plain text, and a record for the ledger."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite

from capelib.claims.rules import INDEPENDENT_RULES, RULES, Claim, Evidence, digits, passes, verdict
from capelib.estimate import Estimate

READINGS = "other reading tried", "other readings tried"
SEARCHED = (
    "computation that the statement does not admit was searched too",
    "computations that the statement does not admit were searched too",
)
SAME_NUMBERS = "the released scores again: stored in both tables, measured once"
RECORD_MIME = "application/vnd.cape.claim+json"
MARK = {
    "reproduced": "✓",
    "only on released data": "◐",
    "not reproduced": "✗",
    "ill-defined": "≈",
    "not testable here": "–",
    "unchecked": "?",
}


@dataclass(frozen=True)
class Quote:
    """Statements of the paper, shown as they stand in the table of claims."""

    claims: Sequence[Claim]

    def __repr__(self) -> str:
        return "\n".join(f"The paper ({c.place}): {c.statement}: {c.paper} {c.unit}" for c in self.claims)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<li><span class='cape-quote-text'>{escape(c.statement)}</span> "
            f"<b>{escape(c.paper)}</b> <span class='cape-unit'>{escape(c.unit)}</span> "
            f"<cite>{escape(c.place)}</cite></li>"
            for c in self.claims
        )
        return f"<div class='cape-quote'><p class='cape-quote-head'>The paper says</p><ul>{rows}</ul></div>"


@dataclass(frozen=True)
class Verdict:
    """A decided claim, as `check` returns it. It has shown itself already."""

    claim: Claim
    evidence: Evidence
    outcome: str
    reason: str = ""

    def __str__(self) -> str:
        return self.outcome

    def _ipython_display_(self) -> None:
        """Nothing: `check` has published the verdict, and a cell's last line would show it twice."""

    def record(self) -> dict:
        """The row of the ledger: text as shown, numbers as computed."""
        claim, evidence = self.claim, self.evidence
        return {
            "id": claim.id,
            "section": claim.section,
            "place": claim.place,
            "statement": claim.statement,
            "quantity": claim.quantity,
            "unit": claim.unit,
            "paper": claim.paper,
            "paper_value": claim.value,
            "released": claim.text(evidence.released, extra=1),
            "independent": claim.text(evidence.independent, extra=1),
            "released_value": _numbers(evidence.released),
            "independent_value": _numbers(evidence.independent),
            "alternatives": _listed(claim, evidence.alternatives),
            "searched": _listed(claim, evidence.searched),
            "same_numbers": evidence.same_numbers,
            "off_by": _off_by(claim, evidence),
            "first_rule": _first_rule(claim, evidence),
            "n_tried": evidence.tried,
            "verdict": self.outcome,
            "reason": self.reason or claim.needs or claim.why,
            "rule": rule_in_words(claim),
            "anchor": claim.anchor,
        }

    def publish(self) -> None:
        """Show the verdict in the running notebook, if there is one."""
        if "IPython" not in sys.modules:
            return
        from IPython.core.interactiveshell import InteractiveShell
        from IPython.display import publish_display_data

        if InteractiveShell.initialized():
            publish_display_data({"text/html": self.html(), "text/plain": self.text(), RECORD_MIME: self.record()})

    def text(self) -> str:
        """One paragraph of plain text."""
        row = self.record()
        ours = [f"{name} {row[name]}" for name in ("released", "independent") if row[name]]
        tried = f"; {row['n_tried']} computations tried" if row["n_tried"] > 1 else ""
        return (
            f"{MARK[self.outcome]} {self.outcome}: {row['statement']}: paper {row['paper']}; "
            f"{', '.join(ours) or 'nothing computed'}{tried}. {row['reason']}"
        )

    def html(self) -> str:
        """The verdict's card, with the anchor that the ledger links to."""
        row = self.record()
        cells = [("The paper", row["paper"], self.claim.place)]
        for name, estimate in (("Released data", self.evidence.released), ("Independent", self.evidence.independent)):
            if estimate is not None:
                text = self.claim.text(estimate, extra=1)
                note = SAME_NUMBERS if name == "Independent" and row["same_numbers"] else _how(estimate)
                cells.append((name, text, note))
        values = "".join(
            f"<div><dt>{escape(name)}</dt><dd><b>{escape(text)}</b><small>{escape(note)}</small></dd></div>"
            for name, text, note in cells
        )
        told = [row["reason"], row["off_by"], row["first_rule"]]
        reason = "".join(f"<p class='cape-reason'>{escape(part)}</p>" for part in told if part)
        return (
            f"<div class='cape-verdict' id='{self.claim.anchor}' data-verdict='{self.outcome}'>"
            f"<p class='cape-verdict-head'><span class='cape-badge'>"
            f"<span aria-hidden='true'>{MARK[self.outcome]}</span> {self.outcome}</span> "
            f"{escape(self.claim.statement)} <code>{self.claim.id}</code></p>"
            f"<dl>{values}</dl>{reason}{self._tried()}"
            f"<p class='cape-rule'>Rule: {escape(row['rule'])}.</p></div>"
        )

    def _tried(self) -> str:
        row, parts = self.record(), []
        for rows, words in ((row["alternatives"], READINGS), (row["searched"], SEARCHED)):
            if rows:
                items = "".join(
                    f"<li>{escape(each['name'])}: <b>{escape(each['text'])}</b>{_note(each)}</li>" for each in rows
                )
                parts.append(f"<details><summary>{counted(rows, words)}</summary><ul>{items}</ul></details>")
        return "".join(parts)


def counted(rows: Sequence[dict], words: tuple[str, str]) -> str:
    """How many computations of a kind were tried and how many pass, for the line above their list.

    >>> counted([{"passes": True}], READINGS)
    '1 other reading tried; it passes'
    """
    passing, word = sum(row["passes"] for row in rows), words[len(rows) != 1]
    if len(rows) == 1:
        return f"1 {word}; it {'passes' if passing else 'fails'}"
    return f"{len(rows)} {word}; {passing or 'none'} of them {'passes' if passing == 1 else 'pass'}"


def rule_in_words(claim: Claim) -> str:
    """The rule that decides a claim, as a sentence without its full stop."""
    rule = RULES[claim.rule]
    if claim.rule == "convention":
        return rule
    coarse = (
        "" if claim.is_sharp else " (printed so coarsely that a change of ours by 5 % may leave the verdict as it is)"
    )
    return f"{rule}{coarse}; {INDEPENDENT_RULES[claim.independent_rule]}"


def _listed(claim: Claim, others: Mapping[str, Estimate]) -> list[dict]:
    return [
        {"name": name, "text": claim.text(other, extra=1), "passes": passes(claim, other), "how": _how(other)}
        for name, other in others.items()
    ]


def _note(row: dict) -> str:
    parts = [part for part in (row["how"], "passes" if row["passes"] else "") if part]
    return f" ({escape(', '.join(parts))})" if parts else ""


def _off_by(claim: Claim, evidence: Evidence) -> str:
    # a number missed by its last digit is another thing than one missed by half its size
    if claim.rule != "printed" or evidence.released is None or passes(claim, evidence.released):
        return ""
    off = abs(evidence.released.value - claim.value)
    if not isfinite(off) or off > min(10.0**-claim.decimals, 0.1 * abs(claim.value)):
        return ""
    return f"The released data miss the printed number by {digits(off, claim.decimals, 2)}, less than its last digit."


def _first_rule(claim: Claim, evidence: Evidence) -> str:
    first = claim.first
    if first is None or not evidence.tried:
        return ""
    return (
        f"This rule was changed after the computation was written: {claim.why}. "
        f"Under the one first declared ({_in_words(first, claim)}) the verdict would be: {verdict(first, evidence)}."
    )


def _in_words(first: Claim, now: Claim) -> str:
    parts = []
    if first.decimals != now.decimals:
        parts.append(f"{first.decimals} decimals")
    if first.independent_rule != now.independent_rule:
        parts.append(INDEPENDENT_RULES[first.independent_rule])
    return ", ".join(parts)


def _discarded(estimate: Estimate) -> str:
    if not estimate.discarded:
        return ""
    share = "<1 %" if estimate.discarded < 0.005 else f"{estimate.discarded:.0%}"
    if not estimate.has_interval:
        return f"no interval, since {share} of draws give no value"
    return f"{share} of draws discarded"


def _how(estimate: Estimate) -> str:
    parts = [estimate.method] if estimate.method else []
    if estimate.n is not None:
        parts.append(f"n = {estimate.n}")
    if estimate.discarded:
        parts.append(_discarded(estimate))
    return ", ".join(parts)


def _numbers(estimate: Estimate | None) -> dict | None:
    if estimate is None:
        return None
    numbers = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    # JSON knows no NaN
    plain = {name: float(x) if x is not None and isfinite(x) else None for name, x in numbers.items()}
    return {**plain, "method": estimate.method}
