"""The data package: the one place that says what each table holds."""

import json
from functools import lru_cache
from pathlib import Path

from capelib import paths
from capelib.errors import unknown


def descriptor() -> dict:
    """The whole of data/datapackage.json (Frictionless Data Package 2.0)."""
    path = paths.data_dir() / "datapackage.json"
    return _load(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _load(path: Path, _changed: int) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def resources() -> dict[str, dict]:
    """The bundled tables by name, each with its title, sources, licences and schema."""
    return {each["name"]: each for each in descriptor()["resources"]}


def resource(name: str) -> dict:
    """One bundled table's entry. Raises InputError, with the nearest name, if there is none."""
    found = resources()
    if name not in found:
        raise unknown("table", name, sorted(found))
    return found[name]


def table_schema(name: str) -> dict:
    """The Table Schema of a bundled table, or of a kind of user table ("panel").

    Raises InputError, with the nearest name, if there is none.
    """
    of_users = descriptor()["userSchemas"]
    if name in of_users:
        return of_users[name]
    found = resources()
    if name not in found:
        raise unknown("schema", name, [*of_users, *sorted(found)])
    return found[name]["schema"]
