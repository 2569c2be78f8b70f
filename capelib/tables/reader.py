"""The one reader and the one validator, for bundled tables and for a user's file alike."""

from functools import lru_cache
from pathlib import Path

import pandas as pd

from capelib import paths
from capelib.tables import package, rows
from capelib.tables.cells import describe
from capelib.tables.problems import TableError
from capelib.tables.schema import must_be_there, typed
from capelib.tables.text import read_text
from capelib.tables.validator import violations


def read(name: str) -> pd.DataFrame:
    """A bundled table by name ("panel_released", "paper_claims", ...), checked against the data package.

    Text keeps an empty cell as "", a missing number is NaN; units as in data/datapackage.json, scores in percent.
    The frame is the caller's own. Raises InputError for an unknown name, TableError for a damaged table.
    """
    path = paths.data_dir() / package.resource(name)["path"]
    stamp = path.stat() if path.is_file() else None
    return _bundled(name, path, stamp and (stamp.st_mtime_ns, stamp.st_size)).copy()


@lru_cache(maxsize=64)
def _bundled(name: str, path: Path, _stamp: tuple[int, int] | None) -> pd.DataFrame:
    # the stamp makes a table that was changed on disk a new one
    return read_csv(path, name)


def read_csv(path: str | Path, schema: str = "panel") -> pd.DataFrame:
    """A CSV file, checked whole: nothing is dropped, filled or coerced.

    `schema` is "panel" for a panel of the user's own, or the name of a bundled table whose form the file has.
    Columns as in the file, index counted from 0. Raises TableError, which lists every problem with its line in the
    file, and InputError for an unknown schema.
    """
    table, file = package.table_schema(schema), str(path)
    cells, problems = rows.parse(file, read_text(path))
    problems += violations(file, cells, table)
    if problems:
        raise TableError(file, problems)
    return typed(cells, table)


def form(schema: str = "panel") -> pd.DataFrame:
    """What a table may hold: one row per column with its name, whether it is needed, what is allowed, its meaning.

    Raises InputError for an unknown schema.
    """
    table = package.table_schema(schema)
    described = [(f["name"], must_be_there(table, f), describe(f), f["description"]) for f in table["fields"]]
    return pd.DataFrame(described, columns=["column", "needed", "allowed", "meaning"])


def catalogue() -> pd.DataFrame:
    """The bundled tables: name, what each is, how many rows, where from, under which licence."""
    entries = package.resources().values()
    return pd.DataFrame(
        {
            "table": [each["name"] for each in entries],
            "holds": [each["title"] for each in entries],
            "rows": [len(read(each["name"])) for each in entries],
            "source": ["; ".join(source["title"] for source in each["sources"]) for each in entries],
            "licence": ["; ".join(found.get("title", found["name"]) for found in each["licenses"]) for each in entries],
        }
    )
