"""The commands together, and how they end: 0 done, 1 the work failed, 2 the user's input is wrong, 130 interrupted."""

import sys
import traceback
from typing import Annotated

import typer

from capelib import __version__
from capelib.cli import book, facts, models, rerun, steer
from capelib.errors import InputError, unknown

INTERRUPTED = 130  # what shells give for Ctrl-C, and Typer with them


class Commands(typer.core.TyperGroup):
    """The commands by name; an unknown one is told in the manner of all other errors."""

    def resolve_command(self, context: typer.Context, arguments: list[str]) -> tuple:
        """Look a command up."""
        if arguments and not arguments[0].startswith("-") and arguments[0] not in self.commands:
            raise unknown("command", arguments[0], self.commands, "explained by: cape --help")
        return super().resolve_command(context, arguments)


app = typer.Typer(
    name="cape",
    cls=Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (rerun.sections, rerun.run, rerun.notebooks, facts.claims, facts.families, facts.check):
    app.command()(command)
for command in (models.internals, steer.steer, book.build, book.serve):
    app.command()(command)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"cape {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Executable edition of the paper "Lying Is Just a Phase": re-run sections, look up claims, build the book."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; print an error as one line on stderr, and return the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"] or ["--help"]
    try:
        code = app(arguments, prog_name="cape", standalone_mode=False) or 0
        if code == INTERRUPTED:
            print("cape: interrupted; nothing half-written is left", file=sys.stderr)
        return code
    except Exception as error:
        if debug:
            traceback.print_exc()
        message, code = explain(error)
        print(f"cape: {message}", file=sys.stderr)
        return code


def explain(error: Exception) -> tuple[str, int]:
    """What an error means to the user, and the exit code."""
    from capelib.sections.execute import WorkError

    if isinstance(error, InputError):
        problems = getattr(error, "problems", ())  # a table with one problem needs no heading
        return str(problems[0] if len(problems) == 1 else error), 2
    if isinstance(error, typer.TyperException):
        return _usage(error), 2
    if isinstance(error, WorkError):
        return str(error), 1
    if isinstance(error, ModuleNotFoundError):
        return f"the package {error.name} is missing; install what this needs with: pip install 'capelib[book]'", 1
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"{what}; the traceback is shown by: cape --debug", 1


def _usage(error: typer.TyperException) -> str:
    # Typer's own message takes four lines; its errors know the command they belong to
    context = getattr(error, "ctx", None)
    where = f"explained by: {context.command_path if context else 'cape'} --help"
    if getattr(getattr(error, "param", None), "name", None) == "section":
        from capelib.sections import discover

        return f"which section? allowed: {', '.join(discover())}; explained by: cape sections"
    got = getattr(error, "option_name", None)
    if got and context and error.message.startswith("No such option"):
        options = {name for each in context.command.params for name in (*each.opts, *each.secondary_opts)}
        named = sorted(name for name in options if name.startswith("--"))
        return str(unknown("option", got, [*named, "--help"], where))
    return f"{' '.join(error.format_message().split()).rstrip('.')}; {where}"
