"""How far long work has come: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from capelib.cli.output import note

LINES = 8  # about as many for each section off a terminal


class Bars:
    """A bar for each section that is being executed."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("cells")
        self.progress = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
        self.tasks: dict[str, int] = {}

    def on_cell(self, section: str, done: int, total: int) -> None:
        """Move a section's bar, or take it away at the end."""
        if not total:
            if section in self.tasks:
                self.progress.remove_task(self.tasks.pop(section))
            return
        if section not in self.tasks:
            self.tasks[section] = self.progress.add_task(section, total=total)
        self.progress.update(self.tasks[section], completed=done)


@contextmanager
def progress(every_cell: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """Give the function that reports a cell; off a terminal it prints lines if `every_cell`, else there is none."""
    if sys.stderr.isatty():
        bars = Bars()
        with bars.progress:
            yield bars.on_cell
    else:
        yield _line if every_cell else None


def _line(section: str, done: int, total: int) -> None:
    # a log wants to know that something moves, not every step of it
    if total and (done == 0 or done * LINES // total > (done - 1) * LINES // total):
        note(f"{section}: cell {done + 1} of {total}")


@contextmanager
def steps(total: int) -> Iterator[Callable[[str], None]]:
    """Give the function that names the step that begins, of `total`: a bar on a terminal, elsewhere a line for each."""
    if not sys.stderr.isatty():
        yield note
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}")
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task, begun = bar.add_task("", total=total), 0

        def begin(step: str) -> None:
            nonlocal begun
            bar.update(task, description=step, completed=begun)
            begun += 1

        yield begin


@contextmanager
def timed(what: str, total: int, done: int = 0) -> Iterator[Callable[[], None]]:
    """Give the function that is called before each of the `total` - `done` things that are left to do.

    A bar with the time left on a terminal, elsewhere a line now and then: "push 3 of 27: about 2 min left".
    """
    if not sys.stderr.isatty():
        yield Told(what, total, done).begin
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, TextColumn("left"), console=Console(stderr=True), transient=True) as bar:
        task, begun = bar.add_task(what, total=total, completed=done), done

        def begin() -> None:
            nonlocal begun
            bar.update(task, completed=begun)
            begun += 1

        yield begin


class Told:
    """Lines about how far repeated work has come, and how long the rest takes if it takes as long as what is done."""

    def __init__(self, what: str, total: int, done: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.what, self.total, self.first, self.begun, self.clock = what, total, done, done, clock
        self.since = clock()

    def begin(self) -> None:
        """One more begins."""
        measured, self.begun = self.begun - self.first, self.begun + 1
        every = max(1, (self.total - self.first) // LINES)
        if measured > 1 and measured % every:
            return
        left = ""
        if measured:
            seconds = (self.clock() - self.since) / measured * (self.total - self.begun + 1)
            left = f": {f'about {round(seconds / 60)}' if seconds >= 45 else 'less than 1'} min left"
        note(f"{self.what} {self.begun} of {self.total}{left}")
