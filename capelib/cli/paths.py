"""Whether a file can be written, asked before any work is done for it."""

import os
from pathlib import Path

from capelib.errors import InputError


def can_write(option: str, path: Path, ending: str) -> None:
    """Raise InputError unless `path` has the ending and is a file, or could be one, in a folder that can be written."""
    if path.suffix != ending:
        raise InputError(f"{option} must end in {ending}; got {path}")
    if path.is_dir():
        raise InputError(f"{option} must be a file; {path} is a folder")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise InputError(f"{option}: there is no folder {folder}; make it first")
    if not os.access(folder, os.W_OK) or str(folder).startswith("/proc"):
        raise InputError(f"{option}: nothing can be written to {folder}; choose another place")
