"""Frames: the columns they must have, and how a reader sees them."""

from collections.abc import Iterable
from html import escape

import pandas as pd

from capelib.errors import unknown


def need_columns(frame: pd.DataFrame, columns: Iterable[str]) -> None:
    """Raise InputError for the first of `columns` that `frame` does not have."""
    for column in columns:
        if column not in frame.columns:
            raise unknown("column", column, map(str, frame.columns), "choose one of the table's columns")


def frame_html(frame: pd.DataFrame, caption: str, notes: Iterable[str] = ()) -> str:
    """A frame as an HTML table: a caption, three decimals (small numbers two digits), and its notes as a list below."""
    rows = frame.to_html(index=False, border=0, float_format=_three_places, na_rep="–", justify="left")
    head, body = rows.split("\n", 1)
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"{head}\n<caption>{escape(caption)}</caption>\n{body}" + (f"\n<ul>{items}</ul>" if items else "")


def _three_places(value: float) -> str:
    # a p of 0.00001 must not print as 0.000
    return f"{value:.3f}" if value == 0 or abs(value) >= 0.0005 else f"{value:.1e}"
