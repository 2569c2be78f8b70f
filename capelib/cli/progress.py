"""How far long work has come: a bar on a terminal, plain lines elsewhere."""

import sys
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
