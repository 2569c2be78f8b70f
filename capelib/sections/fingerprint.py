"""Whether an executed notebook still says what its source, the code, the data and the environment would say.

What can change a section's numbers is hashed by content: its own source, every module of `capelib` except the
rooms that only run and show, the tables, the lock and the Python version. The hash travels inside the executed
notebook, together with a seal over its cells, so that a notebook changed by hand is executed again too.
"""

import json
import platform
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from capelib.files import write_text

if TYPE_CHECKING:
    from nbformat import NotebookNode

KEY = "cape"
# Rooms that start sections, print, or dress pages, and cannot change a number.
PLUMBING = ("cli", "sections", "book")


def fingerprint(source: Path, root: Path) -> str:
    """Hash of everything that decides what the section of that source shows."""
    return digest([source, *_code(root), *_data(root), root / "requirements.lock"], root)


def site_fingerprint(root: Path) -> str:
    """Hash of what all pages share: code, data, ledger, style, configuration. Prose and sections not included."""
    dress = [path for path in _below(root / "book") if path.suffix != ".md"]
    shared = [*(root / "capelib").rglob("*.py"), *_data(root), *dress]
    single = [root / name for name in ("_config.yml", "_toc.yml", "requirements.lock")]
    return digest([*shared, *single, root / "_build" / "cape" / "ledger.json"], root)


def digest(files: Iterable[Path], root: Path) -> str:
    """Hash of the files' paths and contents, in an order of its own, with the version of Python."""
    total = sha256(platform.python_version().encode())
    for path in sorted(file for file in files if file.is_file()):
        total.update(f"\0{path.relative_to(root).as_posix()}\0".encode() + sha256(path.read_bytes()).digest())
    return total.hexdigest()[:32]


def seal(cells: list[dict]) -> str:
    """Hash of a notebook's cells, with their outputs."""
    return sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()[:32]


def write_sealed(path: Path, notebook: "NotebookNode", stamp: dict) -> None:
    """Write a notebook with `stamp` and a seal in its metadata, whole or not at all."""
    import nbformat

    content = json.loads(nbformat.writes(notebook))  # cells as they will be read, which is what the seal is of
    content["metadata"][KEY] = {**stamp, "seal": seal(content["cells"])}
    write_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def record(notebook: Path) -> dict:
    """What the build wrote into an executed notebook, or nothing if it is none, or was changed since."""
    try:
        content = json.loads(notebook.read_text(encoding="utf-8"))
        found = content["metadata"][KEY]
        return found if found["seal"] == seal(content["cells"]) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _code(root: Path) -> Iterator[Path]:
    package = root / "capelib"
    return (path for path in package.rglob("*.py") if path.relative_to(package).parts[0] not in PLUMBING)


def _data(root: Path) -> Iterator[Path]:
    return (path for path in _below(root / "data") if path.suffix in (".csv", ".json"))


def _below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
