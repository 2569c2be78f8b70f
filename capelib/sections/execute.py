"""Executing sections with papermill: whole or not at all, several at a time, one line or bar for each."""

import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from capelib import paths
from capelib.errors import InputError
from capelib.files import write_text
from capelib.sections import fingerprint
from capelib.sections.source import Section

OnCell = Callable[[str, int, int], None]  # section, cells done, cells in all; 0 of 0: it has ended


class WorkError(RuntimeError):
    """Work that was asked for rightly failed; the message says where, and what to look at."""


@dataclass(frozen=True)
class Job:
    """A section to execute and where to (absolute); `stamp` goes into the notebook's metadata."""

    section: Section
    out: Path
    values: Mapping[str, object] = field(default_factory=dict)
    stamp: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """How a job ended: after how many seconds, with which error."""

    job: Job
    seconds: float
    error: Exception | None = None


def execute(jobs: Iterable[Job], at_once: int = 1, on_cell: OnCell | None = None) -> Iterator[Done]:
    """Execute sections, `at_once` of them at a time, and yield each as it ends.

    An interrupt ends the running kernels and leaves every `out` as it was.
    """
    from capelib.sections import kernel

    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    stopped = threading.Event()
    # one change of folder for all: papermill's own would be undone by whichever section ends first
    with _workshop() as folder, chdir(working_folder()), ThreadPoolExecutor(at_once) as pool:
        kernel.prepare(folder, at_once)
        pending: set[Future[Done]] = {pool.submit(_timed, job, folder, on_cell, stopped) for job in jobs}
        try:
            while pending:
                ended, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield future.result()
        except BaseException:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            kernel.stop_all()
            raise


def _timed(job: Job, folder: Path, on_cell: OnCell | None, stopped: threading.Event) -> Done:
    start, error = time.perf_counter(), None
    try:
        _execute(job, folder, on_cell, stopped)
    except Exception as raised:
        error = raised
    if on_cell:
        on_cell(job.section.name, 0, 0)
    return Done(job, time.perf_counter() - start, error)


def _execute(job: Job, folder: Path, on_cell: OnCell | None, stopped: threading.Event) -> None:
    import nbformat
    import papermill
    from nbclient.exceptions import DeadKernelError

    from capelib.sections.kernel import OwnKernel

    name = job.section.name
    source, draft = folder / f"{name}.ipynb", folder / f"{name}.out.ipynb"
    nbformat.write(job.section.named(), source)
    total = len(job.section.node.cells) + bool(job.values)  # papermill adds a cell for values that were given

    def begun(cell: object, cell_index: int) -> None:
        if stopped.is_set():
            raise DeadKernelError("stopped")
        if on_cell:
            on_cell(name, cell_index, total)

    try:
        notebook = papermill.execute_notebook(
            _literal(source),
            _literal(draft),
            dict(job.values),
            kernel_name="python3",
            progress_bar=False,
            kernel_manager_class=OwnKernel,
            on_cell_start=begun,
        )
    except papermill.PapermillExecutionError as error:
        raise _failure(name, draft, error) from None
    except DeadKernelError:
        raise WorkError(f"section {name}: its kernel died (out of memory, or killed); run it again") from None
    notebook.metadata["papermill"].update(input_path=job.section.path.name, output_path="")
    stamp = {**job.stamp, "seconds": notebook.metadata["papermill"]["duration"]}
    fingerprint.write_sealed(job.out, notebook, stamp)


def _failure(name: str, draft: Path, error: Exception) -> Exception:
    # what the section itself refused is the user's mistake; the rest is the section's, kept to be looked at
    if error.ename == InputError.__name__ or error.ename.endswith("TableError"):
        return InputError(error.evalue)
    kept = paths.build_dir() / "failed" / f"{name}.failed.ipynb"
    write_text(kept, draft.read_text(encoding="utf-8"))
    what = " ".join(f"{error.ename}: {error.evalue}".split())
    return WorkError(f"section {name}, cell [{error.exec_count}]: {what}; see {kept}")


def working_folder() -> Path:
    """Where sections run: the clone's root, or the user's folder when capelib was installed from a wheel."""
    return paths.CLONE if paths.in_clone() else Path.cwd()


@contextmanager
def _workshop() -> Iterator[Path]:
    # drafts lie in the build folder, named after their process: what a killed run left, the next one removes
    drafts = paths.build_dir() / "cape" / "drafts"
    drafts.mkdir(parents=True, exist_ok=True)
    for folder in drafts.iterdir():
        if not _alive(folder.name.partition("-")[0]):
            shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{os.getpid()}-", dir=drafts) as folder:
        yield Path(folder)


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (ValueError, ProcessLookupError):
        return False
    return True


def _literal(path: Path) -> str:
    # papermill formats paths; braces in a folder's name must survive that
    return str(path).replace("{", "{{").replace("}", "}}")
