"""Models converted once, kept whole: a folder per source, locked while it is made, checked when it is used."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from capelib.errors import InputError
from capelib.files import whole

SEAL = "cape.json"
LAYOUT = 1  # of a converted folder; another number makes everybody convert again


def cache_dir() -> Path:
    """The user's cache of converted models; the environment variable CAPE_CACHE names another folder."""
    from platformdirs import user_cache_path

    given = os.environ.get("CAPE_CACHE")
    return Path(given).expanduser() if given else user_cache_path("capelib", appauthor=False) / "models"


def converted(
    name: str, source: Path, convert: Callable[[Path, Path], None], tell: Callable[[str], None] | None = None
) -> Path:
    """The folder that `convert(source, folder)` made of `source`, made now if it is not there or not whole.

    The folder's name holds the SHA-256 of the source. Two processes that ask at once get one conversion: the second
    waits for the first. A folder appears under its name only when all its files are written. `tell` hears of a
    conversion before it begins.
    """
    from filelock import FileLock

    digest = checksum(source)
    root = cache_dir()
    root.mkdir(parents=True, exist_ok=True)
    folder = root / f"{name}-{digest[:16]}-{LAYOUT}"
    if is_whole(folder):
        return folder
    with FileLock(root / f".{folder.name}.lock"):
        if is_whole(folder):
            return folder
        if tell:
            tell(f"converting {name} once, which takes about half a minute; later it loads in a second")
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=root))
        try:
            convert(source, draft)
            _seal(draft, digest)
            shutil.rmtree(folder, ignore_errors=True)  # what a broken disk or an editor left
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return folder


def made_once(path: Path, sha256_: str, make: Callable[[Path], object]) -> Path:
    """`path`, made by `make(draft)` unless it is there with that SHA-256: whole or not at all, one process at a time.

    Raises InputError if what was made has another SHA-256.
    """
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.parent / f".{path.name}.lock"):
        if not path.is_file() or checksum(path) != sha256_:
            with whole(path) as draft:
                make(draft)
                if checksum(draft) != sha256_:
                    raise InputError(f"{path.name}: the package that ships it is damaged; install it again")
    return path


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = sha256()
    with Path(path).open("rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
    return digest.hexdigest()


def is_whole(folder: Path) -> bool:
    """Whether a converted folder has every file as it was written.

    A file of the size and time noted is taken as unchanged; any other is read and compared by its SHA-256.
    """
    try:
        files = json.loads((folder / SEAL).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError):
        return False
    for name, noted in files.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != noted["size"]:
            return False
        if path.stat().st_mtime_ns != noted["mtime_ns"] and checksum(path) != noted["sha256"]:
            return False
    return True


def sealed(folder: Path) -> dict | None:
    """What is noted of a converted folder: source_sha256 and files; None for any other folder."""
    path = folder / SEAL
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _seal(folder: Path, source: str) -> None:
    files = {}
    for path in sorted(folder.iterdir()):
        path.chmod(0o644)
        stat = path.stat()
        files[path.name] = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": checksum(path)}
    text = json.dumps({"source_sha256": source, "layout": LAYOUT, "files": files}, indent=1)
    (folder / SEAL).write_text(text + "\n", encoding="utf-8")
