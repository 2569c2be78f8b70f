"""How results are printed: a table on a terminal, tab-separated lines or JSON for everything else."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from math import isfinite


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], narrow: Sequence[str] = ()) -> None:
    """Print rows: drawn on a terminal, otherwise one per line with tabs between the cells.

    A terminal shows the columns `narrow`, if given, the first two of them never broken.
    """
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            print("\t".join(str(cell) for cell in row))
        return
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    shown = [columns.index(column) for column in narrow] if narrow else range(len(columns))  # heads may be alike
    heads = [Column(columns[index], no_wrap=place < 2) for place, index in enumerate(shown)]
    drawn = Table(*heads, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        drawn.add_row(*(Text(str(row[index])) for index in shown))
    Console().print(drawn)


def as_json(value: object) -> None:
    """Print a value as JSON, and nothing else."""
    print(json.dumps(value, ensure_ascii=False, indent=1))


def plain(value: object) -> object:
    """A value as JSON has it: results as objects, frames as lists of rows; what is not finite as null."""
    import numpy as np
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        return plain(value.to_dict("records"))
    if is_dataclass(value):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(each) for each in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not isfinite(value) else value


def how_to_build() -> str:
    """The command that builds the book, for an advice; an installed wheel can only point to a clone."""
    from capelib import paths

    return "cape build" if paths.in_clone() else "make book, in a clone of the edition"


def note(line: str) -> None:
    """Print a line that is no result: to stderr, so that stdout stays clean."""
    print(line, file=sys.stderr, flush=True)
