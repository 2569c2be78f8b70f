"""The paper's claims: quoted, checked where their number is made, and collected in the ledger."""

from collections.abc import Mapping

from capelib.claims.display import Quote, Verdict
from capelib.claims.rules import VERDICTS, Claim, Evidence, passes, verdict
from capelib.claims.table import claim, claims
from capelib.estimate import Estimate

__all__ = ["VERDICTS", "Claim", "Evidence", "Quote", "Verdict", "check", "claim", "claims", "passes", "quote", "value"]


def quote(*ids: str) -> Quote:
    """Statements of the paper, to be shown before anything is computed."""
    return Quote([claim(claim_id) for claim_id in ids])


def value(claim_id: str) -> float:
    """The paper's number: the one way for it to enter a chart or a sentence."""
    return claim(claim_id).value


def check(
    claim_id: str,
    released: Estimate | float | None = None,
    independent: Estimate | float | None = None,
    alternatives: Mapping[str, Estimate | float] | None = None,
    searched: Mapping[str, Estimate | float] | None = None,
    reason: str = "",
) -> Verdict:
    """Decide a claim by its declared rule, show the verdict, and leave its record in the notebook.

    Parameters
    ----------
    claim_id : str
        Row of ``paper_claims``.
    released : Estimate or float, optional
        The paper's own definition, on the released data, in the claim's unit. Leave it out where the paper
        states no definition.
    independent : Estimate or float, optional
        The same on measurements that the author did not make.
    alternatives : mapping, optional
        Every other computation that a reader could take the statement to mean, by name; none may be left out because it
        fails.
    searched : mapping, optional
        Computations that the statement does not admit, tried to find where its number comes from. They are listed and
        decide nothing.
    reason : str
        What the reader should know beside the numbers, in a sentence.
    """
    stated = claim(claim_id)
    tried, looked = ({name: _estimate(n) for name, n in (each or {}).items()} for each in (alternatives, searched))
    evidence = Evidence(_estimate(released), _estimate(independent), tried, looked)
    decided = Verdict(stated, evidence, verdict(stated, evidence), reason)
    decided.publish()
    return decided


def _estimate(number: Estimate | float | None) -> Estimate | None:
    return number if number is None or isinstance(number, Estimate) else Estimate(float(number))
