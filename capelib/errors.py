"""What the user got wrong, in one line: what, what is allowed, what was got, what to do next."""

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(ValueError):
    """A mistake of the user, never of the program; the command line prints it bare and exits with 2."""

    def _render_traceback_(self) -> list[str]:
        """What IPython, and so JupyterLab and papermill, show instead of a traceback: the line itself."""
        return [f"{type(self).__name__}: {self}"]


def together(errors: Iterable[InputError], of: str) -> InputError:
    """Several mistakes as one error: a single one as it is, more with a first line that counts them.

    >>> print(together([InputError("a is wrong"), InputError("b is missing")], "the parameters"))
    2 problems with the parameters:
    a is wrong
    b is missing
    """
    errors = list(errors)
    if len(errors) == 1:
        return errors[0]
    return InputError("\n".join([f"{len(errors)} problems with {of}:", *map(str, errors)]))


def closest(got: str, allowed: Iterable[str]) -> str | None:
    """The allowed word nearest to what was typed, or None if nothing is near."""
    words = {word.casefold(): word for word in allowed}
    found = get_close_matches(got.casefold(), words, n=1, cutoff=0.6)
    return words[found[0]] if found else None


def unknown(what: str, got: str, allowed: Iterable[str], next_step: str = "") -> InputError:
    """The one line for a word that is none of the allowed ones.

    >>> print(unknown("family", "OPX", ["BLOOM", "OPT"], "list them with: cape families"))
    unknown family 'OPX' (closest: 'OPT'); allowed: BLOOM, OPT; list them with: cape families
    """
    allowed = list(allowed)
    near = closest(got, allowed)
    hint = f" (closest: {near!r})" if near else ""
    step = f"; {next_step}" if next_step else ""
    return InputError(f"unknown {what} {got!r}{hint}; allowed: {', '.join(allowed)}{step}")
