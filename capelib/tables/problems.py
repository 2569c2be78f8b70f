"""What is wrong with a table: every problem at once, one line each."""

from collections.abc import Iterable
from dataclasses import dataclass

from capelib.errors import InputError

LINES_SHOWN = 200  # a longer list helps nobody; the rest is counted, and stays in .problems
LONGEST_CELL = 60


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where.

    Parameters
    ----------
    file : str
        The file as the user named it.
    row : int or None
        Line in the file, the header being line 1; None where the whole file or column is meant.
    column : str or None
        Name of the column, None where no single one is meant.
    what, allowed, got : str
        What is wrong, what would be right, what stands there.
    hint : str
        What to do next, may be empty.
    """

    file: str
    row: int | None
    column: str | None
    what: str
    allowed: str
    got: str
    hint: str = ""

    def __str__(self) -> str:
        place = [self.file]
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.column is not None:
            place.append(f"column {self.column}")
        parts = [f"{', '.join(place)}: {self.what}", f"allowed: {self.allowed}", f"got {self.got}"]
        return "; ".join([*parts, self.hint] if self.hint else parts)


class TableError(InputError):
    """A table that cannot be used; ``problems`` holds all of them, the message one per line."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = sorted(problems, key=lambda each: (each.row or 0, each.row is None))
        super().__init__(self._message())

    def _message(self) -> str:
        count = len(self.problems)
        lines = [f"{self.file}: {count} problem{'s' if count > 1 else ''}, so nothing was read"]
        lines += [str(problem) for problem in self.problems[:LINES_SHOWN]]
        if count > LINES_SHOWN:
            lines.append(f"... and {count - LINES_SHOWN} more; repair these first, then read the file again")
        return "\n".join(lines)


def shown(cell: str) -> str:
    """A cell as an error message shows it: quoted, on one line, cut if long.

    >>> shown("a\\nb")
    "'a\\\\nb'"
    """
    return repr(cell if len(cell) <= LONGEST_CELL else cell[: LONGEST_CELL - 3] + "...")
