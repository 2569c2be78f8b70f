"""Dated predictions that evaluate themselves: each from its row in the table and the scores there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from capelib.frontier.hfield import h_field
from capelib.frontier.lines import r_of

OPEN, MET, FAILED, UNDECIDABLE = "open", "met", "failed", "not decidable"
COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": lambda value, limit: value < limit,
    ">": lambda value, limit: value > limit,
}


@dataclass(frozen=True)
class Finding:
    """One condition as it stands: its value (None without data), how many models it rests on, and why."""

    value: float | None
    n: int
    note: str


def evaluate(predictions: pd.DataFrame, frontier: pd.DataFrame, today: date) -> pd.DataFrame:
    """The state of every prediction: number, statement, value, n, met_if, failed_if, deadline, state, note.

    A prediction is *open* before its deadline; after it *met* or *failed* by its own criteria, and *not decidable* where
    the scores it needs are not in the tables, too few, or between its two criteria. A prediction that needs a score
    nobody released is not decidable at any date. A prediction of several conditions is met if all are, failed if any is.
    """
    rows = []
    for number, conditions in predictions.groupby("number", sort=True):
        deadline = date.fromisoformat(conditions["deadline"].iloc[0])
        found = [(row, _finding(row, frontier)) for row in conditions.itertuples()]
        states = [_state(row, finding) for row, finding in found]
        if any(finding.value is None and finding.n < 0 for _, finding in found):
            state = UNDECIDABLE
        elif today <= deadline:
            state = OPEN
        elif FAILED in states:
            state = FAILED
        else:
            state = MET if all(each == MET for each in states) else UNDECIDABLE
        rows.append({
            "number": int(number),
            "statement": conditions["statement"].iloc[0],
            "deadline": conditions["deadline"].iloc[0],
            "met_if": " and ".join(f"{r.met_op} {r.met_value:g}" for r, _ in found),
            "failed_if": " or ".join(f"{r.failed_op} {r.failed_value:g}" for r, _ in found if isinstance(r.failed_op, str)),
            "now": "; ".join("no data" if f.value is None else f"{f.value:.2f} (n = {f.n})" for _, f in found),
            "as_if_due": " / ".join(states),
            "state": state,
            "note": "; ".join(f.note for _, f in found if f.note),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _state(row: object, finding: Finding) -> str:
    if finding.value is None or finding.n < row.n_min:
        return UNDECIDABLE
    if COMPARE[row.met_op](finding.value, row.met_value):
        return MET
    if isinstance(row.failed_op, str) and COMPARE[row.failed_op](finding.value, row.failed_value):
        return FAILED
    return UNDECIDABLE


def _finding(row: object, frontier: pd.DataFrame) -> Finding:
    subjects = row.subject.split(";")
    missing = [name for name in subjects if "_" in name and name not in frontier] + [
        name for name in subjects if name in ("hle",) and name not in frontier
    ]
    if missing:
        return Finding(None, -1, f"{', '.join(missing)} is in no table")
    match row.quantity:
        case "spread of the top five":
            top = frontier[subjects[0]].dropna().nlargest(5)
            return Finding(float(top.max() - top.min()) if len(top) == 5 else None, len(top), "")
        case "correlation":
            rows = frontier.dropna(subset=subjects)
            value = r_of(rows, *subjects) if len(rows) >= 3 else None
            short = f"{len(rows)} models, {int(row.n_min)} needed" if len(rows) < row.n_min else ""
            return Finding(value, len(rows), short)
        case "largest h of the next releases" | "smallest h of the next releases":
            # the line of the frozen models; the releases after them, in order of date
            h = h_field(frontier).set_index("model")["h_frozen"] if "h_frozen" in frontier else _h_of(frontier)
            later = frontier[(frontier["lab"] == subjects[0]) & frontier["subset"].eq("post_cutoff")]
            next_two = h[later.sort_values("year")["model"]].head(int(row.n_min))
            if next_two.empty:
                return Finding(None, 0, f"no release of {subjects[0]} after the cutoff")
            value = next_two.max() if row.quantity.startswith("largest") else next_two.min()
            note = "" if len(next_two) >= row.n_min else f"{len(next_two)} of {int(row.n_min)} releases"
            return Finding(float(value), len(next_two), note)
    raise ValueError(f"unknown quantity {row.quantity!r} in the table of predictions")


def _h_of(frontier: pd.DataFrame) -> pd.Series:
    from capelib.frontier.lines import X, Y, fit_line

    line = fit_line(frontier[frontier["subset"] != "post_cutoff"])
    return (frontier[Y] - line.predict(frontier[X])).set_axis(frontier["model"])
