"""What a cell may hold: one predicate per thing that can be wrong with it, in the order they are looked for.

A cell is reported under the first rule it breaks; later rules may rely on the earlier ones. Nothing is coerced: a cell
that would need interpretation is refused.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import isfinite

NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
LEFT_BY_TOOLS = frozenset({"nan", "null", "<na>", "#n/a", "#na", "#ref!", "#value!", "#div/0!", "#name?", "#num!"})
MEANT_AS_MISSING = frozenset({"na", "n/a", "none", "-", "--", "?", "missing"})
EMPTY_IF_MISSING = "leave the cell empty if the value is missing"
WORDS = {"string": "text", "boolean": "true or false", "integer": "a whole number", "number": "a number"}
TRUE = ("true", "True", "TRUE", "1")  # the defaults of Table Schema
FALSE = ("false", "False", "FALSE", "0")


@dataclass(frozen=True)
class Rule:
    """One thing that must hold for a cell: the predicate, what to say if it fails, what would be right."""

    name: str
    holds: Callable[[str], bool]
    what: str
    allowed: str
    hint: str = ""


def rules(field: dict) -> list[Rule]:
    """The rules for a column, from its field in the Table Schema; the first that fails names the problem."""
    allowed, hint = describe(field), field.get("hint", "")
    found = [
        Rule("empty", lambda cell: may_be_empty(field) or cell.strip() != "", "an empty cell", allowed, hint),
        Rule("formula", lambda cell: not is_formula(cell), "a spreadsheet formula", allowed, "store its value instead"),
        Rule("blanks", lambda cell: cell == cell.strip(), "blank space around the value", allowed, "delete the blanks"),
    ]
    return found + {"string": _text, "boolean": _boolean}.get(field["type"], _number)(field, allowed, hint)


def _text(field: dict, allowed: str, hint: str) -> list[Rule]:
    limits = field.get("constraints", {})
    found = [Rule("left", lambda cell: cell.casefold() not in LEFT_BY_TOOLS, "no value", allowed, EMPTY_IF_MISSING)]
    if "enum" in limits:
        found.append(Rule("enum", lambda cell: cell in limits["enum"], "unknown value", allowed, hint))
    if "pattern" in limits:
        found.append(Rule("pattern", re.compile(limits["pattern"]).fullmatch, "wrong form", allowed, hint))
    return found


def _boolean(_field: dict, allowed: str, hint: str) -> list[Rule]:
    return [Rule("boolean", lambda cell: cell in TRUE + FALSE, "neither true nor false", allowed, hint)]


def _number(field: dict, allowed: str, hint: str) -> list[Rule]:
    limits = field.get("constraints", {})
    low, high = limits.get("minimum", float("-inf")), limits.get("maximum", float("inf"))
    plain = "" if field.get("fractionSuspect") else hint  # advice about fractions belongs to fractions
    found = [
        Rule("missing_word", lambda cell: not _is_word_for_missing(cell), "not a number", allowed, EMPTY_IF_MISSING),
        Rule("infinite", lambda cell: not _is_infinite(cell), "infinite", allowed, EMPTY_IF_MISSING),
        Rule("comma", lambda cell: "," not in cell, "a comma in a number", allowed, "write 1234.5, no comma"),
        Rule("sign", lambda cell: not cell.endswith("%"), "a percent sign", allowed, "write 45.3, not 45.3%"),
        Rule("number", lambda cell: NUMBER.fullmatch(cell) is not None, "not a number", allowed, plain),
    ]
    if low >= 0:
        found.append(Rule("negative", lambda cell: float(cell) >= 0, "a negative number", allowed, plain))
    if field["type"] == "integer":
        found.append(Rule("integer", is_integral, "not a whole number", allowed, hint))
    found.append(Rule("range", lambda cell: low <= float(cell) <= high, "out of range", allowed, plain))
    if field.get("fractionSuspect"):
        found.append(Rule("fraction", lambda cell: not 0 < float(cell) <= 1, "a fraction, it seems", allowed, hint))
    return found


def judge(found: list[Rule], cell: str) -> Rule | None:
    """The first rule that a cell breaks, None if it breaks none; an empty cell can only break "empty"."""
    for rule in found:
        if not rule.holds(cell):
            return rule
        if cell == "":
            return None
    return None


def describe(field: dict) -> str:
    """What a column allows, in words.

    >>> describe({"name": "mmlu", "type": "number", "unit": "percent", "constraints": {"minimum": 0, "maximum": 100}})
    'a number, 0 to 100 percent, or empty'
    """
    limits = field.get("constraints", {})
    if "enum" in limits:
        words = f"one of {', '.join(limits['enum'])}"
    elif "pattern" in limits:
        words = f"text of the form {limits['pattern']}"
    else:
        words = WORDS[field["type"]]
    low, high = limits.get("minimum"), limits.get("maximum")
    if low is not None:
        words += f", {_plain(low)} to {_plain(high)}" if high is not None else f", {_plain(low)} or more"
    if "unit" in field:
        words += f" {field['unit']}"
    return f"{words}, or empty" if may_be_empty(field) else words


def may_be_empty(field: dict) -> bool:
    """Whether a cell of the column may be missing: neither ``required`` nor, for a column of choice, ``neverEmpty``."""
    return not (field.get("constraints", {}).get("required") or field.get("neverEmpty"))


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would run the cell: it starts with = or @, or with a sign and is no number."""
    signed = cell[0] in "+-" and cell.strip("+-") != ""  # a bare dash is how some write a missing value
    return cell[0] in "=@\t\r" or (signed and not NUMBER.fullmatch(cell) and not _is_infinite(cell))


def is_integral(cell: str) -> bool:
    """Whether a number's text stands for a whole number, exactly: 70000000, 7e7, 1.4e9.

    >>> [is_integral("1.4e9"), is_integral("1.4")]
    [True, False]
    """
    try:
        return Decimal(cell) % 1 == 0
    except InvalidOperation:  # more digits than a Decimal keeps: then it is no count of anything
        return False


def _plain(limit: float) -> str:
    return f"{limit:,}" if abs(limit) < 1e9 else f"{limit:g}"


def _is_word_for_missing(cell: str) -> bool:
    return cell.casefold() in LEFT_BY_TOOLS | MEANT_AS_MISSING


def _is_infinite(cell: str) -> bool:
    word = cell.casefold().lstrip("+-")
    return word in {"inf", "infinity"} or (NUMBER.fullmatch(cell) is not None and not isfinite(float(cell)))
