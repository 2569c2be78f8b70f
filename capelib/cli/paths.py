"""Whether a file or a folder can be written, asked before any work is done for it."""

import os
from pathlib import Path

from capelib.errors import InputError


def can_write(option: str, path: Path, ending: str, made: Path | None = None) -> None:
    """Raise InputError unless `path` has the ending and is a file, or could be one, in a folder that can be written.

    `made` is a folder that will be made if it is not there.
    """
    if path.suffix != ending:
        raise InputError(f"{option} must end in {ending}; got {path}")
    if path.is_dir():
        raise InputError(f"{option} must be a file; {path} is a folder")
    folder = path.absolute().parent
    if made and folder == made.absolute():
        can_fill(option, folder)
        return
    if not folder.is_dir():
        raise InputError(f"{option}: there is no folder {folder}; make it first")
    if not os.access(folder, os.W_OK) or str(folder).startswith("/proc"):
        raise InputError(f"{option}: nothing can be written to {folder}; choose another place")


def can_fill(option: str, path: Path) -> None:
    """Raise InputError unless `path` is a folder that can be written to, or could be made."""
    if path.exists() and not path.is_dir():
        raise InputError(f"{option} must be a folder; {path} is a file")
    there = path.absolute()
    while not there.exists():
        there = there.parent
    if not (there.is_dir() and os.access(there, os.W_OK)) or str(there).startswith("/proc"):
        raise InputError(f"{option}: nothing can be written to {there}; choose another place")
