"""The validator: pandera finds what a table's schema forbids, this module says it in the words of a message."""

import pandas as pd

from capelib.errors import closest
from capelib.tables.cells import NUMBER, Rule, judge, rules
from capelib.tables.problems import Problem, shown
from capelib.tables.schema import AT_LEAST, KEY, filled, must_be_there, pandera_schema


def violations(file: str, cells: pd.DataFrame, table: dict) -> list[Problem]:
    """Everything in a rectangle of text cells that its Table Schema forbids; `file` is how the messages name it."""
    from pandera.errors import SchemaErrors

    try:
        pandera_schema(table).validate(cells, lazy=True)
    except SchemaErrors as errors:
        return _translated(file, cells, table, errors.failure_cases)
    return []


def _translated(file: str, cells: pd.DataFrame, table: dict, failures: pd.DataFrame) -> list[Problem]:
    # pandera's table of failures, in our words
    problems, names = [], [field["name"] for field in table["fields"]]
    for check, group in failures.groupby("check", sort=False):
        if check == "column_in_schema":
            unknown = list(group["failure_case"])
            # the list of names once, with the first of them
            problems += [_unknown_column(file, name, names, name == unknown[0]) for name in unknown]
        elif check == "column_in_dataframe":
            problems += [_missing_column(file, name, table, cells) for name in group["failure_case"]]
        elif check == KEY:
            problems += _key_problems(file, cells, table["primaryKey"])
        elif check == AT_LEAST:
            problems.append(_too_few(file, cells, table))
    for field in table["fields"]:
        if field["name"] in cells and field["name"] in set(failures["column"]):
            problems += _column_problems(file, cells[field["name"]], field)
    return problems


def _column_problems(file: str, column: pd.Series, field: dict) -> list[Problem]:
    found = rules(field)
    broken = {row: rule for row, cell in column.items() if (rule := judge(found, cell))}
    fractions = [row for row, rule in broken.items() if rule.name == "fraction"]
    problems = []
    if len(fractions) > 1 and all(float(cell) <= 1 for cell in column if NUMBER.fullmatch(cell)):
        # one line for the column says more than one for each of its cells
        rule = broken[fractions[0]]
        got = f"{len(fractions)} values from {min(column[fractions], key=float)} to {max(column[fractions], key=float)}"
        what = "percent given as a fraction: no value is above 1"
        problems.append(Problem(file, None, field["name"], what, rule.allowed, got, rule.hint))
        broken = {row: rule for row, rule in broken.items() if rule.name != "fraction"}
    return problems + [_cell_problem(file, row, field["name"], column[row], rule) for row, rule in broken.items()]


def _cell_problem(file: str, row: int, column: str, cell: str, rule: Rule) -> Problem:
    return Problem(file, int(row), column, rule.what, rule.allowed, shown(cell), rule.hint)


def _unknown_column(file: str, name: str, names: list[str], in_full: bool) -> Problem:
    near = closest(name, names)
    hint = f"did you mean {near!r}? its cells are checked under the right name only" if near else "delete the column"
    return Problem(file, 1, name, "unknown column", ", ".join(names) if in_full else "as above", shown(name), hint)


def _missing_column(file: str, name: str, table: dict, cells: pd.DataFrame) -> Problem:
    required = [field["name"] for field in table["fields"] if must_be_there(table, field)]
    return Problem(file, 1, name, "missing column", f"needed are {', '.join(required)}", ", ".join(cells.columns))


def _key_problems(file: str, cells: pd.DataFrame, key: list[str]) -> list[Problem]:
    column = key[0] if len(key) == 1 else None
    what, line_of, problems = f"the same {', '.join(key)} again", {}, []
    for row, values in zip(cells.index, cells[key].itertuples(index=False, name=None), strict=True):
        if values == ("",):
            continue  # the empty cell is a problem of its own
        if (first := line_of.setdefault(values, row)) != row:
            got = f"{', '.join(shown(value) for value in values)}, as in row {first}"
            problems.append(Problem(file, int(row), column, what, "each only once", got))
    return problems


def _too_few(file: str, cells: pd.DataFrame, table: dict) -> Problem:
    least, there = table["atLeast"], filled(cells, table)
    allowed = f"at least {least['count']} columns with values among {', '.join(least['of'])}"
    return Problem(file, None, None, "too few score columns", allowed, ", ".join(there) or "none")
