"""From sources to book: execute what changed, collect the claims' verdicts, build the site."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from capelib import paths
from capelib.errors import InputError
from capelib.files import write_text
from capelib.sections import fingerprint
from capelib.sections.execute import Job, OnCell, WorkError, execute
from capelib.sections.pair import Say, keep_changed
from capelib.sections.source import Section, discover

# by this interpreter, which has no -m for it; on Linux the page builder ends when its parent does, however that ends
JUPYTER_BOOK = """
import sys
if sys.platform == "linux":
    import ctypes, signal
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
from jupyter_book.cli.main import main
main()
"""


def build(
    say: Say, force: bool = False, at_once: int = 2, site: bool = True, on_cell: OnCell | None = None
) -> Path | None:
    """Bring executed sections, ledger and site up to date; the path of the site's index page.

    A section is executed again if its source, the code, the data or the lock changed, by content
    (`fingerprint`), or with `force`. Raises WorkError if a section fails, a verdict is not the pinned one, or
    the site has a warning; InputError outside a clone or while another build is running.
    """
    if not paths.in_clone():
        raise InputError("cape build works in a clone of the edition; this capelib is installed without one")
    root = paths.CLONE
    with _only_build(root) as lock:
        sections = discover()
        changed = bring_up_to_date(sections, root, say, force, at_once, on_cell)
        _ledger(sections, say)
        return _site(root, changed, lock, say) if site else None


def bring_up_to_date(
    sections: dict[str, Section],
    root: Path,
    say: Say,
    force: bool = False,
    at_once: int = 2,
    on_cell: OnCell | None = None,
) -> bool:
    """Execute the sections that are out of date, each into the notebook beside its source; whether any was.

    Raises WorkError, after all have been tried, if one failed; its notebook stays as it was.
    """
    jobs = []
    width = max(map(len, sections), default=0)
    for name, section in sections.items():
        stamp, last = fingerprint.fingerprint(section.path, root), fingerprint.record(section.notebook)
        if not force and last.get("fingerprint") == stamp:
            say(f"{name:{width}}  up to date ({last['seconds']:.1f} s when it was executed)")
        else:
            keep_changed(section, say)
            jobs.append(Job(section, section.notebook, stamp={"fingerprint": stamp}))
    errors = []
    for done in execute(jobs, at_once, on_cell) if jobs else ():
        say(f"{done.job.section.name:{width}}  {'FAILED after ' if done.error else ''}{done.seconds:.1f} s")
        if done.error and not isinstance(done.error, InputError | WorkError):
            raise done.error
        if isinstance(done.error, InputError):
            errors.append(f"section {done.job.section.name}: {done.error}")
        elif done.error:
            errors.append(str(done.error))
    if errors:
        raise WorkError("\n".join(errors))
    return bool(jobs)


def _ledger(sections: dict[str, Section], say: Say) -> None:
    from capelib.claims import ledger

    rows = ledger.assemble({name: section.notebook for name, section in sections.items()})
    ledger.save(rows)
    say("claims: " + ", ".join(f"{number} {verdict}" for verdict, number in ledger.counts(rows).items() if number))
    if broken := ledger.broken_pins(rows):
        advice = "a pin in data/claim_rules.csv holds what was found; see: cape claims"
        raise WorkError("\n".join(["a verdict is not the pinned one", *broken, advice]))


def _site(root: Path, changed: bool, lock: IO[str], say: Say) -> Path:
    out, state = root / "_build", root / "_build" / "cape" / "site"
    stamp = fingerprint.site_fingerprint(root)
    if changed or not state.is_file() or state.read_text(encoding="utf-8") != stamp:
        # Sphinx sees neither changed code nor a page that a killed build left half-written
        shutil.rmtree(out / "html", ignore_errors=True)
        shutil.rmtree(out / ".doctrees", ignore_errors=True)
    state.unlink(missing_ok=True)
    from capelib.sections.kernel import OFFLINE

    start, log = time.perf_counter(), out / "cape" / "book.log"
    command = [sys.executable, "-c", JUPYTER_BOOK, "build", "-W", "-n", "--keep-going", str(root)]
    # the child holds the lock too: where it outlives a killed parent, no other build starts before it has ended
    shared = {"cwd": root, "env": {**os.environ, **OFFLINE}, "pass_fds": [lock.fileno()]}
    with log.open("w", encoding="utf-8") as file:
        ended = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=False, **shared)
    if ended.returncode:
        raise WorkError("\n".join(["the site has warnings or errors", *_complaints(log), f"in full: {log}"]))
    write_text(state, stamp)
    say(f"book: {time.perf_counter() - start:.1f} s")
    return out / "html" / "index.html"


def _complaints(log: Path) -> list[str]:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    named = [line for line in lines if "WARNING" in line or "ERROR" in line]
    return (named or lines)[-20:]


@contextmanager
def _only_build(root: Path) -> Iterator[IO[str]]:
    import fcntl

    path = root / "_build" / "cape" / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            raise InputError(
                f"another cape build is at work here (process {owner}, or the page builder it started); "
                "wait for it to end"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield lock
