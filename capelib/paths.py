"""Where things are: in a clone beside the package, in a wheel inside it."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
CLONE = PACKAGE.parent


def in_clone() -> bool:
    """Whether capelib runs from a clone of the edition (and not from an installed wheel)."""
    return (CLONE / "_toc.yml").is_file()


def data_dir() -> Path:
    """Folder of the bundled tables."""
    return CLONE / "data" if in_clone() else PACKAGE / "data"


def notebooks_dir() -> Path:
    """Folder of the sections' sources."""
    return CLONE / "notebooks" if in_clone() else PACKAGE / "notebooks"


def build_dir() -> Path:
    """The one folder for everything generated; ignored by git."""
    return CLONE / "_build" if in_clone() else Path.cwd() / "_build"
