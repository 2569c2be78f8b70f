"""How results are printed: a table on a terminal, tab-separated lines or JSON for everything else."""

import json
import sys
from collections.abc import Sequence


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows: drawn on a terminal, otherwise one per line with tabs between the cells."""
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            print("\t".join(str(cell) for cell in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        drawn.add_row(*(Text(str(cell)) for cell in row))
    Console().print(drawn)


def as_json(value: object) -> None:
    """Print a value as JSON, and nothing else."""
    print(json.dumps(value, ensure_ascii=False, indent=1))


def note(line: str) -> None:
    """Print a line that is no result: to stderr, so that stdout stays clean."""
    print(line, file=sys.stderr, flush=True)
