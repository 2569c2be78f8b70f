"""From a Table Schema to a pandera schema over the text of the cells.

The schema speaks of text, not of parsed numbers, so that what stands in the file is what an error shows, and nothing
is coerced on the way; numbers are made (`typed`) only when every cell has passed.
"""

from decimal import Decimal
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from capelib.tables.cells import TRUE, Rule, judge, may_be_empty, rules

if TYPE_CHECKING:
    import pandera.pandas as pa

KEY, AT_LEAST = "key", "at_least"  # names of the two checks that look at whole rows


def pandera_schema(table: dict) -> "pa.DataFrameSchema":
    """The pandera schema of a table: its columns, what their cells may hold, its key.

    A column must be there unless the table says ``fieldsMatch: superset`` and does not require it; a column the
    table does not know is refused either way. Every check is named after the rule it stands for.
    """
    import pandera.pandas as pa

    columns = {
        field["name"]: pa.Column(checks=_checks(rules(field)), required=must_be_there(table, field))
        for field in table["fields"]
    }
    across = [pa.Check(lambda frame: ~repeated(frame, table["primaryKey"]), error=KEY, n_failure_cases=1)]
    if "atLeast" in table:
        across.append(pa.Check(lambda frame: len(filled(frame, table)) >= table["atLeast"]["count"], error=AT_LEAST))
    return pa.DataFrameSchema(columns, checks=across, strict=True)


def _checks(found: list[Rule]) -> list["pa.Check"]:
    import pandera.pandas as pa

    @cache
    def broken(cell: str) -> str:
        rule = judge(found, cell)
        return rule.name if rule else ""

    def keeps(cells: pd.Series, name: str) -> pd.Series:
        # a long column repeats few texts: each is judged once
        codes, texts = pd.factorize(cells)
        return pd.Series(np.array([broken(text) != name for text in texts], dtype=bool)[codes], index=cells.index)

    return [pa.Check(partial(keeps, name=rule.name), error=rule.name, n_failure_cases=1) for rule in found]


def must_be_there(table: dict, field: dict) -> bool:
    """Whether a file of this table may not do without the column."""
    return table.get("fieldsMatch") != "superset" or field.get("constraints", {}).get("required", False)


def repeated(frame: pd.DataFrame, key: list[str]) -> pd.Series:
    """Rows whose key stands in an earlier row; none if a column of the key is missing."""
    if not set(key) <= set(frame.columns):
        return pd.Series(False, index=frame.index)
    return frame.duplicated(key)


def filled(frame: pd.DataFrame, table: dict) -> list[str]:
    """Which of the columns that ``atLeast`` speaks of hold any value."""
    return [name for name in table["atLeast"]["of"] if name in frame and (frame.empty or (frame[name] != "").any())]


def typed(cells: pd.DataFrame, table: dict) -> pd.DataFrame:
    """Cells that have passed, as numbers, booleans and text; index counted from 0.

    Text keeps an empty cell as "". A number is float64, NaN if missing. A whole number is int64 where no cell may be
    empty, else float64. A boolean is bool where no cell may be empty, else pandas' boolean with NA.
    """
    by_name = {field["name"]: field for field in table["fields"]}
    made = {name: _typed_column(cells[name].tolist(), by_name[name]) for name in cells.columns}
    return pd.DataFrame(made)


def _typed_column(cells: list[str], field: dict) -> pd.Series:
    required = not may_be_empty(field)
    if field["type"] == "string":
        return pd.Series(cells, dtype=str)
    if field["type"] == "boolean":
        values = [None if cell == "" else cell in TRUE for cell in cells]
        return pd.Series(values, dtype=bool if required else "boolean")
    if field["type"] == "integer" and required:
        return pd.Series([int(Decimal(cell)) for cell in cells], dtype="int64")
    return pd.Series([float(cell) if cell else float("nan") for cell in cells], dtype=float)
