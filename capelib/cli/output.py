"""How results are printed: a table on a terminal, tab-separated lines or JSON for everything else."""

import json
import sys
from collections.abc import Sequence


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

    shown = [columns.index(column) for column in narrow or columns]
    heads = [Column(columns[index], no_wrap=place < 2) for place, index in enumerate(shown)]
    drawn = Table(*heads, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        drawn.add_row(*(Text(str(row[index])) for index in shown))
    Console().print(drawn)


def as_json(value: object) -> None:
    """Print a value as JSON, and nothing else."""
    print(json.dumps(value, ensure_ascii=False, indent=1))


def how_to_build() -> str:
    """The command that builds the book, for an advice; an installed wheel can only point to a clone."""
    from capelib import paths

    return "cape build" if paths.in_clone() else "make book, in a clone of the edition"


def note(line: str) -> None:
    """Print a line that is no result: to stderr, so that stdout stays clean."""
    print(line, file=sys.stderr, flush=True)
