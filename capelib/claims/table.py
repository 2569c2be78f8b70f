"""Reading the paper's claims and their rules."""

from functools import lru_cache

from capelib.claims.rules import INDEPENDENT_RULES, RULES, VERDICTS, Claim
from capelib.errors import InputError, unknown


@lru_cache(maxsize=1)
def claims() -> tuple[Claim, ...]:
    """Every claim with its rule, in the order of ``paper_claims``.

    Raises InputError if a claim has no rule, a rule no claim, or a rule a word that nothing knows.
    """
    from capelib import tables

    stated, ruled = tables.read("paper_claims"), tables.read("claim_rules")
    if missing := set(stated["id"]) ^ set(ruled["id"]):
        raise InputError(f"paper_claims and claim_rules differ in: {', '.join(sorted(missing))}; give each both rows")
    frame = stated.rename(columns={"section": "place"}).merge(ruled, on="id", validate="one_to_one")
    return tuple(_claim(row) for row in frame.to_dict("records"))


def claim(claim_id: str) -> Claim:
    """The claim of that id. Raises InputError, with the nearest id, if there is none."""
    by_id = {each.id: each for each in claims()}
    if claim_id not in by_id:
        raise unknown("claim", claim_id, by_id, "they stand in data/paper_claims.csv")
    return by_id[claim_id]


def _claim(row: dict) -> Claim:
    known = {
        "rule": RULES,
        "independent_rule": INDEPENDENT_RULES,
        "first_independent_rule": ("", *INDEPENDENT_RULES),
        "pinned": ("", *VERDICTS),
    }
    for column, allowed in known.items():
        if _text(row[column]) not in allowed:
            raise unknown(f"{column} of claim {row['id']}", _text(row[column]), allowed)
    return Claim(
        **{name: _text(row[name]) for name in ("id", "section", "statement", "quantity", "unit", "source")},
        place=_place(_text(row["place"])),
        **{name: _text(row[name]) for name in ("rule", "independent_rule", "needs", "pinned", "why")},
        value=float(row["value"]),
        low=_number(row["ci_low"]),
        high=_number(row["ci_high"]),
        n=_whole(row["n"]),
        decimals=_whole(row["decimals"]),
        first_decimals=_whole(row["first_decimals"]),
        first_independent_rule=_text(row["first_independent_rule"]),
    )


def _place(text: str) -> str:
    # rows of the earlier draft and of the companion paper stand among those of the paper
    return "earlier draft" if text == "draft" else text.replace(" (3B)", ", companion paper")


def _text(cell: object) -> str:
    return cell if isinstance(cell, str) else ""


def _number(cell: object) -> float | None:
    return None if cell is None or cell != cell else float(cell)


def _whole(cell: object) -> int | None:
    return None if _number(cell) is None else int(cell)
