"""Re-running one section with other parameters: the executed notebook, and a page of it that needs no network."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from capelib import paths
from capelib.errors import InputError
from capelib.files import whole, write_text
from capelib.sections.execute import Job, OnCell, execute
from capelib.sections.source import Section


def run(
    section: Section, values: Mapping[str, object], out: Path | None = None, on_cell: OnCell | None = None
) -> tuple[Path, Path]:
    """Execute a section with `values` (checked before: `given`) and write NAME.ipynb and NAME.html into `out`.

    Both files appear together, or neither, and no folder that was made for them. Raises InputError for what the
    section refuses, WorkError if one of its cells fails.
    """
    from capelib.sections.page import page

    folder = (out or paths.build_dir() / "runs").absolute()
    notebook, html = folder / f"{section.name}.ipynb", folder / f"{section.name}.html"
    with _writable(folder), whole(notebook) as draft:
        for done in execute([Job(section, draft, values, {"parameters": dict(values)})], on_cell=on_cell):
            if done.error:
                raise done.error
        write_text(html, page(section, json.loads(draft.read_text(encoding="utf-8")), dict(values)))
    return notebook, html


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    # before any work: minutes of computing must not end at a folder that takes no file
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = (error.strerror or "an error").lower()
        raise InputError(f"--out: nothing can be written into {folder} ({reason}); give another folder") from None
    try:
        yield
    except BaseException:
        with suppress(OSError):  # somebody else has put something there meanwhile
            for each in made:
                each.rmdir()
        raise
