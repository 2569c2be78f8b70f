"""Frames: the columns they must have, and how a reader sees them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from capelib.errors import unknown

LONGEST = 60  # rows of a table on a page; the rest is said to be there
# Column names that words stand for; in all others an underscore becomes a space.
WORDS = {
    "hellaswag": "HellaSwag",
    "truthfulqa": "TruthfulQA",
    "arc_challenge": "ARC-Challenge",
    "winogrande": "WinoGrande",
    "mmlu": "MMLU",
    "n_params": "parameters",
    "n_small": "smaller size",
    "n_large": "larger size",
    "n_mid": "mid-size",
    "model_small": "smaller model",
    "model_large": "larger model",
    "gamma": "γ₁₂",
    "gamma12_stored": "stored γ₁₂",
    "d_eff": "effective dimension",
    "d_model": "width",
    "released_pct": "released, %",
    "measured_pct": "leaderboard, %",
    "hf_repo": "repository",
}
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
TYPED = "column"  # a column of this name holds names to be typed, and shows them as they are
SIZES = ("n_params", "n_small", "n_large", "n_mid")


def words(name: object) -> str:
    """A column's name as a reader knows it; where there are no words for it, an underscore becomes a space.

    >>> words("truthfulqa"), words("n_models")
    ('TruthfulQA', 'n models')
    """
    if isinstance(name, tuple):
        return ", ".join(words(part) for part in name)
    return "" if name is None else WORDS.get(str(name), str(name).replace("_", " "))


def written(value: float, digits: int = 2) -> str:
    """A number with that many digits that count; a very small one as a reader writes it, not as a computer does.

    >>> written(0.0423), written(2.48e-05), written(-0.0003, 1)
    ('0.042', '2.5·10⁻⁵', '−3·10⁻⁴')
    """
    if not 0 < abs(value) < 0.001:
        return f"{value:.{digits}g}".replace("-", "−")
    number, _, power = f"{value:.{digits - 1}e}".partition("e")
    return f"{number}·10{str(int(power)).translate(RAISED)}".replace("-", "−")


def need_columns(frame: pd.DataFrame, columns: Iterable[str]) -> None:
    """Raise InputError for the first of `columns` that `frame` does not have."""
    for column in columns:
        if column not in frame.columns:
            raise unknown("column", column, map(str, frame.columns), "choose one of the table's columns")


@dataclass(frozen=True)
class Shown:
    """A frame with its caption and notes; shows itself as a table in a notebook and as text at a prompt."""

    frame: pd.DataFrame
    caption: str
    digits: int = 3
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        text = self.frame.to_string(index=False, float_format=lambda value: _number(value, self.digits))
        return "\n".join([self.caption, text, *self.notes])

    def _repr_html_(self) -> str:
        return frame_html(self.frame, self.caption, self.notes, self.digits)


def shown(
    frame: pd.DataFrame,
    caption: str,
    digits: int = 2,
    names: Mapping[str, str] | None = None,
    notes: Iterable[str] = (),
) -> Shown:
    """A table for the reader; `names` replaces column names by words."""
    return Shown(frame.rename(columns=dict(names or {})), caption, digits, tuple(notes))


def frame_html(
    frame: pd.DataFrame, caption: str = "", notes: Iterable[str] = (), digits: int = 3, longest: int = LONGEST
) -> str:
    """A frame as an HTML table: words for heads, numbers to the right, its index as row heads, notes as a list below.

    A plain range as index is left out. Numbers have at most `digits` decimals (very small ones two digits), sizes of
    models are written as 410M or 2.8B. Rows beyond the first `longest` are counted, not shown.
    """
    table = frame.iloc[:longest]
    heads = [] if _is_plain(table.index) else [words(name) for name in table.index.names]
    keys = [key if isinstance(key, tuple) else (key,) for key in table.index] if heads else []
    columns = [_cells(table.iloc[:, place], digits) for place in range(table.shape[1])]
    numeric = [_is_numeric(table.iloc[:, place]) for place in range(table.shape[1])]
    # a head without words is no head to a screen reader
    head = [f'<th scope="col">{escape(name)}</th>' if name else "<td></td>" for name in heads]
    head += [f'<th scope="col"{_kind(n)}>{escape(words(c))}</th>' for c, n in zip(table.columns, numeric, strict=True)]
    rows = []
    for place in range(len(table)):
        row = zip(keys[place], table.index.names, strict=True) if heads else ()
        first = [f'<th scope="row">{escape(_cell(part, digits, name))}</th>' for part, name in row]
        rest = [f"<td{_kind(n)}>{escape(column[place])}</td>" for column, n in zip(columns, numeric, strict=True)]
        rows.append(f"<tr>{''.join(first + rest)}</tr>")
    notes = [*notes, *([f"{len(frame) - longest} more rows"] if len(frame) > longest else [])]
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return (
        '<table class="dataframe">\n'
        + (f"<caption><span>{escape(caption)}</span></caption>\n" if caption else "")
        + f"<thead><tr>{''.join(head)}</tr></thead>\n<tbody>\n"
        + "\n".join(rows)
        + "\n</tbody></table>"
        + (f"\n<ul>{items}</ul>" if items else "")
    )


def _is_plain(index: pd.Index) -> bool:
    return isinstance(index, pd.RangeIndex) or (index.name is None and pd.api.types.is_integer_dtype(index))


def _is_numeric(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _kind(numeric: bool) -> str:
    return ' class="number"' if numeric else ""


def _cells(column: pd.Series, digits: int) -> list[str]:
    if column.name in SIZES:
        return [_size(value) for value in column]
    if pd.api.types.is_float_dtype(column):
        finite = column[np.isfinite(column)]
        # as many decimals as the column's values have: what was rounded to one place gets no zeros behind it
        digits = next((d for d in range(digits) if np.allclose(finite, finite.round(d), rtol=0, atol=1e-9)), digits)
    return [_cell(value, digits, column.name) for value in column]


def _cell(value: object, digits: int, column: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return "–"
    if isinstance(value, int | np.integer):
        return f"{value:,}".replace("-", "−") if abs(value) >= 100_000 else str(value).replace("-", "−")
    if isinstance(value, float | np.floating):
        return _number(float(value), digits)
    return str(value) if column == TYPED else WORDS.get(str(value), str(value))


def _number(value: float, digits: int) -> str:
    if digits and value != 0 and abs(value) < 0.5 * 10.0**-digits:
        return written(value)  # a p of 0.00001 must not print as 0.000
    text = f"{value:,.{digits}f}" if abs(value) >= 1e5 else f"{value:.{digits}f}"
    return text.replace("-", "−")


def _size(n_params: object) -> str:
    if n_params is None or pd.isna(n_params):
        return "–"
    return f"{n_params / 1e9:.3g}B" if n_params >= 1e9 else f"{n_params / 1e6:.3g}M"
