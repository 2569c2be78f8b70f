"""The notebook beside every section's source: generated, but never at the cost of what somebody did in it."""

from collections.abc import Callable
from pathlib import Path

from capelib import paths
from capelib.errors import InputError
from capelib.files import write_text
from capelib.sections import fingerprint
from capelib.sections.source import Section

Say = Callable[[str], None]


def keep_changed(section: Section, say: Say) -> None:
    """Put a notebook that somebody changed by hand aside before it is written anew."""
    if section.notebook.is_file() and not fingerprint.record(section.notebook):
        aside = paths.build_dir() / "kept" / section.notebook.name
        write_text(aside, section.notebook.read_text(encoding="utf-8"))
        say(f"{section.name} was changed since it was written; that notebook is kept as {aside}")


def write_pairs(sections: dict[str, Section], root: Path, say: Say) -> None:
    """Write every section's notebook, without outputs, beside its source; executed ones that are up to date stay.

    Raises InputError outside a clone, where sources and notebooks do not belong to the user.
    """
    if not paths.in_clone():
        raise InputError("cape notebooks works in a clone of the edition; elsewhere use: cape run SECTION --out DIR")
    for section in sections.values():
        if fingerprint.record(section.notebook).get("fingerprint") == fingerprint.fingerprint(section.path, root):
            say(f"{section.notebook} (executed, up to date)")
            continue
        keep_changed(section, say)
        fingerprint.write_sealed(section.notebook, section.node, {})
        say(f"{section.notebook}")
