"""The ledger: every claim of the paper, with what the executed sections found."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from capelib import paths
from capelib.claims.display import RECORD_MIME, Verdict
from capelib.claims.rules import UNCHECKED, VERDICTS, Claim, Evidence
from capelib.claims.table import claims
from capelib.errors import InputError
from capelib.files import write_text


def ledger_path(build: Path | None = None) -> Path:
    """Where the ledger of the last build lies."""
    return (build or paths.build_dir()) / "cape" / "ledger.json"


def records_in(notebook: Path) -> list[dict]:
    """The verdicts that an executed notebook published, in order.

    Raises InputError if the file is no executed notebook.
    """
    try:
        cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{notebook}: not an executed notebook ({error}); run: cape build") from None
    outputs = (output for cell in cells for output in cell.get("outputs", []))
    return [output["data"][RECORD_MIME] for output in outputs if RECORD_MIME in output.get("data", {})]


def assemble(executed: Mapping[str, Path], table: Iterable[Claim] | None = None) -> list[dict]:
    """One row for every claim, in the order of the table; those that no section checked say *unchecked*.

    Raises InputError if a section checks a claim that belongs to another one, or checks one twice.
    """
    found: dict[str, dict] = {}
    for section, notebook in executed.items():
        for record in records_in(notebook):
            if record["section"] != section:
                raise InputError(
                    f"section {section} checks {record['id']}, which claim_rules gives to {record['section']}; "
                    "check it there, or change its section in data/claim_rules.csv"
                )
            if record["id"] in found:
                raise InputError(f"section {section} checks {record['id']} twice; a claim has one verdict")
            found[record["id"]] = record
    rows = claims() if table is None else table
    return [found.get(claim.id) or Verdict(claim, Evidence(), UNCHECKED).record() | {"anchor": ""} for claim in rows]


def broken_pins(rows: Iterable[dict], table: Iterable[Claim] | None = None) -> list[str]:
    """One line for every claim whose verdict is not the one pinned in ``claim_rules``."""
    got = {row["id"]: row["verdict"] for row in rows}
    return [
        f"{claim.id}: pinned as {claim.pinned!r}, got {got[claim.id]!r}"
        for claim in (claims() if table is None else table)
        if claim.pinned and got[claim.id] != claim.pinned
    ]


def save(rows: list[dict], path: Path | None = None) -> Path:
    """Write the ledger, whole or not at all."""
    return write_text(path or ledger_path(), json.dumps(rows, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def load(path: Path | None = None) -> list[dict]:
    """The ledger of the last build; before the first one, every claim as *unchecked*."""
    path = path or ledger_path()
    if not path.is_file():
        return assemble({})
    return json.loads(path.read_text(encoding="utf-8"))


def counts(rows: Iterable[dict], section: str | None = None) -> dict[str, int]:
    """How many claims have each verdict, of all sections or one."""
    tally = Counter(row["verdict"] for row in rows if section in (None, row["section"]))
    return {verdict: tally[verdict] for verdict in VERDICTS}
