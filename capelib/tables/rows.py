"""From text to cells: a rectangle of text whose index is the line in the file."""

import csv
import io

import pandas as pd

from capelib.tables.problems import Problem, TableError, shown


def parse(file: str, text: str) -> tuple[pd.DataFrame, list[Problem]]:
    """Cells as they stand in the file, and what is wrong with its shape.

    The frame holds text only, one row per record; its index is the line of the file on which the record starts. Rows
    named in a problem are not in it, so that their shifted cells raise no further ones: the file is refused anyway.
    Raises TableError where no rectangle can be made: no header, wrong separator, open quote.
    """
    (line, header), *body = _records(file, text)
    if not any(header):
        raise TableError(file, [Problem(file, line, None, "no header", "the names of the columns", "an empty line")])
    if len(header) == 1 and (other := next((mark for mark in ";\t|" if mark in header[0]), None)):
        raise TableError(file, [Problem(file, line, None, "wrong separator", "a comma", shown(other))])
    problems = _header_problems(file, line, header)
    if not body:
        problems.append(Problem(file, None, None, "no rows", "at least one row", "the header only"))
    kept = {}
    for line, cells in body:
        if not any(cell.strip() for cell in cells):
            problems.append(Problem(file, line, None, "an empty row", "a row of values", "nothing", "delete the line"))
        elif len(cells) != len(header):
            got, hint = f"{len(cells)} cells", "a comma inside a cell needs quotes around the cell"
            problems.append(Problem(file, line, None, "ragged row", f"{len(header)} cells", got, hint))
        else:
            kept[line] = cells
    frame = pd.DataFrame.from_dict(kept, orient="index", columns=header, dtype=object)
    return frame.loc[:, [name != "" for name in header] & ~frame.columns.duplicated()], problems


def _records(file: str, text: str) -> list[tuple[int, list[str]]]:
    # Line ends of any system; blank lines at the end of the file are no records.
    reader = csv.reader(io.StringIO(text.rstrip("\r\n"), newline=""), strict=True)
    records, start = [], 1
    try:
        for cells in reader:
            records.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        hint = "look for a quotation mark that is not closed"
        problem = Problem(file, start, None, "not a CSV row", "comma-separated cells", str(error), hint)
        raise TableError(file, [problem]) from None
    return records


def _header_problems(file: str, line: int, header: list[str]) -> list[Problem]:
    problems = []
    for number, name in enumerate(header, start=1):
        if not name:
            what, hint = f"column {number} has no name", "name it or delete it"
            problems.append(Problem(file, line, None, what, "a name for every column", "nothing", hint))
        elif name in header[: number - 1]:
            problems.append(Problem(file, line, name, "duplicated column", "each name once", shown(name)))
    return problems
