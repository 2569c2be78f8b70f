"""Dated predictions that evaluate themselves: each from its rows in the table and the scores there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from capelib.errors import InputError
from capelib.frontier.dates import released_by
from capelib.frontier.lines import X, Y, fit_line, r_of
from capelib.frontier.ranges import top_spread

OPEN, MET, FAILED, UNDECIDABLE = "open", "met", "failed", "not decidable"
REACH = timedelta(days=31)  # a table that ends longer before a deadline does not show how things stood on that day
COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": lambda value, limit: value < limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}


@dataclass(frozen=True)
class Finding:
    """One condition as it stands: its value (None without data), how many models it rests on, and what is lacking."""

    value: float | None
    n: int
    lacking: str = ""


def newest(frontier: pd.DataFrame) -> str:
    """The newest release date of the table that is known to the day, as ISO text."""
    return max(day for day in frontier["release_date"] if len(day) == 10)


def evaluate(predictions: pd.DataFrame, frontier: pd.DataFrame, today: str) -> pd.DataFrame:
    """The state of every prediction on the day `today` (ISO), from the models released by then.

    A prediction of several conditions is met if all are, failed if any is. *Open*: its deadline has not passed, or,
    where it waits for the next releases of a lab, these are not out. *Met*, *failed*: by its own criteria, with the
    models released by its deadline. The line under h goes through the frozen models released by `since`, so that later
    rows do not move it, and a release without both scores counts neither way. *Not decidable*: a score it needs is in
    no table, or the deadline has passed and the table ends more than a month before it, has too few models, or gives a
    value between the two criteria.

    One row each: number, statement, deadline, met_if, failed_if, now (the values as they stand), if_due_now (what the
    criteria say of them), state, lacking. Amin (2026), companion, Sec. 6.1.

    Raises InputError for a quantity that the table of predictions must not have.
    """
    rows = []
    for number, parts in predictions.groupby("number", sort=True):
        deadline = parts["deadline"].dropna().max()
        dated = isinstance(deadline, str) and deadline != ""
        known = frontier[released_by(frontier["release_date"], min(today, deadline) if dated else today)]
        found = [(row, _finding(row, known)) for row in parts.itertuples()]
        states = [_state(row, finding) for row, finding in found]
        verdict = FAILED if FAILED in states else MET if set(states) == {MET} else UNDECIDABLE
        lacking = "; ".join(dict.fromkeys(finding.lacking for _, finding in found if finding.lacking))
        no_table = any(finding.n < 0 for _, finding in found)
        due = today > deadline if dated else verdict == FAILED or not lacking
        if due and dated and not _reaches(known, deadline):
            verdict, lacking = UNDECIDABLE, "; ".join(filter(None, ["the table ends too early", lacking]))
        state = verdict if due else UNDECIDABLE if no_table else OPEN
        rows.append({
            "number": int(number),
            "statement": parts["statement"].iloc[0],
            "deadline": deadline if dated else "next releases",
            "met_if": " and ".join(f"{_words(row)} {row.met_op} {row.met_value:g}" for row, _ in found),
            "failed_if": " or ".join(
                f"{_words(row)} {row.failed_op} {row.failed_value:g}" for row, _ in found if _has(row.failed_op)
            ),
            "now": "; ".join("–" if f.value is None else f"{f.value:.2g} (n = {f.n})" for _, f in found),
            "if_due_now": verdict,
            "state": state,
            "lacking": lacking,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _reaches(known: pd.DataFrame, deadline: str) -> bool:
    near = (date.fromisoformat(deadline) - REACH).isoformat()
    return any(day >= near[: len(day)] for day in known["release_date"])


def _state(row: object, finding: Finding) -> str:
    if finding.value is None:
        return UNDECIDABLE
    # "either release" fails with the first; everything else needs its number of models
    early = row.quantity.endswith("h of the next releases")
    enough = finding.n >= row.n_min
    if _has(row.failed_op) and (early or enough) and COMPARE[row.failed_op](finding.value, row.failed_value):
        return FAILED
    met = enough and COMPARE[row.met_op](finding.value, row.met_value)
    return MET if met else UNDECIDABLE


def _finding(row: object, frontier: pd.DataFrame) -> Finding:
    subject = row.subject.split(";")
    is_lab = row.quantity.endswith("h of the next releases")
    missing = [] if is_lab else [name for name in subject if name not in frontier]
    if missing:
        return Finding(None, -1, f"no table has {', '.join(missing)}")
    least = int(row.n_min)
    if is_lab:
        later = frontier[(frontier["lab"] == subject[0]) & ~released_by(frontier["release_date"], row.since)]
        first = later.sort_values("release_date", kind="stable").head(least)
        if first.empty:
            return Finding(None, 0, f"no release of {subject[0]} after {row.since}")
        frozen = frontier["subset"].ne("post_cutoff") & released_by(frontier["release_date"], row.since)
        h = (first[Y] - fit_line(frontier[frozen]).predict(first[X])).dropna()
        # the next releases are what the prediction speaks of: one without a score is waited for, not passed over
        without = first.loc[first.index.difference(h.index), "model"]
        few = f"{len(first)} of {least} releases" if len(first) < least else ""
        lacking = "; ".join(filter(None, [few, *(f"no score of {name}" for name in without)]))
        if h.empty:
            return Finding(None, 0, lacking)
        value = h.max() if row.quantity.startswith("largest") else h.min()
        return Finding(float(value), len(h), lacking)
    rows = frontier.dropna(subset=subject)
    n, few = len(rows), f"{len(rows)} models, {least} needed" if len(rows) < least else ""
    match row.quantity:
        case "spread":  # of the last subject, among the `n_min` models highest in the first
            value = top_spread(rows, subject[-1], subject[0], least)
            return Finding(None if few else value, min(n, least), few)
        case "r":
            return Finding(r_of(rows, *subject) if n >= 3 else None, n, few)
        case "models":
            return Finding(float(n), n, "")
    raise InputError(f"unknown quantity {row.quantity!r} in the table of predictions; allowed: spread, r, models")


def _words(row: object) -> str:
    subject = row.subject.split(";")
    match row.quantity:
        case "spread":
            return f"spread of {subject[-1]}"
        case "r":
            return f"r of {' and '.join(subject)}"
        case "models":
            return f"number of models with {' and '.join(subject)}"
    return row.quantity


def _has(cell: object) -> bool:
    return isinstance(cell, str) and cell != ""
