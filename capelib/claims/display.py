"""How a claim and its verdict look in a notebook: readable HTML, plain text, and a record for the ledger."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite

from capelib.claims.rules import INDEPENDENT_RULES, RULES, Claim, Evidence, passes
from capelib.estimate import Estimate

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
            "alternatives": [
                {"name": name, "text": claim.text(other, extra=1), "passes": passes(claim, other)}
                for name, other in evidence.alternatives.items()
            ],
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
                cells.append((name, text, _how(estimate)))
        values = "".join(
            f"<div><dt>{escape(name)}</dt><dd><b>{escape(text)}</b><small>{escape(note)}</small></dd></div>"
            for name, text, note in cells
        )
        reason = f"<p class='cape-reason'>{escape(row['reason'])}</p>" if row["reason"] else ""
        return (
            f"<div class='cape-verdict' id='{self.claim.anchor}' data-verdict='{self.outcome}'>"
            f"<p class='cape-verdict-head'><span class='cape-badge'>"
            f"<span aria-hidden='true'>{MARK[self.outcome]}</span> {self.outcome}</span> "
            f"{escape(self.claim.statement)} <code>{self.claim.id}</code></p>"
            f"<dl>{values}</dl>{reason}{self._tried()}"
            f"<p class='cape-rule'>Rule: {escape(row['rule'])}.</p></div>"
        )

    def _tried(self) -> str:
        rows = self.record()["alternatives"]
        if not rows:
            return ""
        items = "".join(
            f"<li>{escape(row['name'])}: <b>{escape(row['text'])}</b>{' (passes)' if row['passes'] else ''}</li>"
            for row in rows
        )
        n_pass = sum(row["passes"] for row in rows)
        return (
            f"<details><summary>{len(rows)} other computations tried; {n_pass} of them pass</summary>"
            f"<ul>{items}</ul></details>"
        )


def rule_in_words(claim: Claim) -> str:
    """The rule that decides a claim, as a sentence without its full stop."""
    rule = RULES[claim.rule]
    if claim.rule == "convention":
        return rule
    coarse = "" if claim.is_sharp else " (so coarse that a change of 5 % may not show)"
    return f"{rule}{coarse}; {INDEPENDENT_RULES[claim.independent_rule]}"


def _how(estimate: Estimate) -> str:
    parts = [estimate.method] if estimate.method else []
    if estimate.n is not None:
        parts.append(f"n = {estimate.n}")
    if estimate.discarded:
        parts.append(f"{estimate.discarded:.0%} of draws discarded")
    return ", ".join(parts)


def _numbers(estimate: Estimate | None) -> dict | None:
    if estimate is None:
        return None
    numbers = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    # JSON knows no NaN
    plain = {name: float(x) if x is not None and isfinite(x) else None for name, x in numbers.items()}
    return {**plain, "method": estimate.method}
