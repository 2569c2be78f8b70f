"""What a section's parameters may be: one vocabulary for all sections, one check for terminal and notebook.

A name means the same in every section. `check` is the first thing a section does, so that plain papermill and
JupyterLab are held to the same rules as ``cape run``, which calls `validate` before anything runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from math import inf, isfinite
from pathlib import Path
from typing import Protocol

from capelib.errors import InputError, unknown
from capelib.sections.source import Section, find

BENCHMARKS = ("hellaswag", "truthfulqa", "arc_challenge", "winogrande", "mmlu")  # tables.BENCHMARKS, which costs pandas
PANELS = ("measured", "released")
ALL = "all"
CHECKED = "_cape_checked"  # left in a kernel's namespace by the first check


class Rule(Protocol):
    """The values that one name may have."""

    def allowed(self) -> str:
        """The values in words, for listings and error lines."""

    def check(self, name: str, value: object) -> None:
        """Raise InputError if the value is none of them."""


@dataclass(frozen=True)
class Number:
    """A number from `low` to `high`, both included; `whole` admits no fraction."""

    low: float = -inf
    high: float = inf
    whole: bool = False

    def allowed(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        if isfinite(self.low) and isfinite(self.high):
            return f"{kind} from {_plain(self.low)} to {_plain(self.high)}"
        return f"{kind}, at least {_plain(self.low)}" if isfinite(self.low) else kind

    def check(self, name: str, value: object) -> None:
        kinds = (int,) if self.whole else (int, float)
        number = isinstance(value, kinds) and not isinstance(value, bool) and isfinite(value)
        if not number or not self.low <= value <= self.high:
            raise InputError(f"parameter {name} must be {self.allowed()}; got {value!r}")


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    options: tuple[str, ...]

    def allowed(self) -> str:
        return ", ".join(self.options)

    def check(self, name: str, value: object) -> None:
        if value not in self.options:
            raise unknown(f"value of parameter {name}:", str(value), self.options)


@dataclass(frozen=True)
class Flag:
    """Yes or no."""

    def allowed(self) -> str:
        return "true, false"

    def check(self, name: str, value: object) -> None:
        if not isinstance(value, bool):
            raise InputError(f"parameter {name} must be true or false; got {value!r}")


@dataclass(frozen=True)
class Panel:
    """A bundled panel, or a CSV file of the user's, whose content the table's own validator checks."""

    def allowed(self) -> str:
        return f"{', '.join(PANELS)}, or the path of a CSV file"

    def check(self, name: str, value: object) -> None:
        if value in PANELS:
            return
        if not is_path(value):
            raise unknown(f"value of parameter {name}:", str(value), PANELS, "or give the path of a CSV file")
        if not Path(value).is_file():
            raise InputError(f"parameter {name}: there is no file {value}; allowed: {self.allowed()}")


@dataclass(frozen=True)
class Family:
    """A family's name; which ones there are depends on the panel, and `_related` looks."""

    def allowed(self) -> str:
        return f"{ALL}, or a family of the panel (cape families)"

    def check(self, name: str, value: object) -> None:
        if not isinstance(value, str):
            raise InputError(f"parameter {name} must be {self.allowed()}; got {value!r}")


@dataclass(frozen=True)
class Increasing:
    """Two numbers or more, each larger than the one before."""

    low: float = -inf

    def allowed(self) -> str:
        floor = f" from {_plain(self.low)} up" if isfinite(self.low) else ""
        return f"two or more increasing numbers{floor}"

    def check(self, name: str, value: object) -> None:
        numbers = list(value) if isinstance(value, list | tuple) else []
        plain = all(isinstance(n, int | float) and not isinstance(n, bool) and isfinite(n) for n in numbers)
        rising = plain and all(a < b for a, b in pairwise(numbers))
        if len(numbers) < 2 or not rising or numbers[0] < self.low:
            raise InputError(f"parameter {name} must be {self.allowed()}; got {value!r}")


def is_path(panel: object) -> bool:
    """Whether a panel means a file and not, misspelt or not, a bundled one."""
    return isinstance(panel, str) and (Path(panel).suffix != "" or len(Path(panel).parts) > 1 or Path(panel).exists())


RESAMPLES = Number(100, 1_000_000, whole=True)
VOCABULARY: dict[str, Rule] = {
    "panel": Panel(),
    "family": Family(),
    "x": Choice(BENCHMARKS),
    "y": Choice(BENCHMARKS),
    "threshold": Number(0, 10),
    "tolerance_*": Number(0),
    "break_at_b": Number(0),
    "bins": Increasing(0),
    "n_boot": RESAMPLES,
    "n_draws": RESAMPLES,
    "n_perm": RESAMPLES,
    "seed": Number(0, 2**32 - 1, whole=True),
}
TYPES = {"str": str, "int": int, "float": (float, int), "bool": bool, "list": (list, tuple), "tuple": (list, tuple)}


def rule(name: str) -> Rule:
    """What a parameter of that name may be. Raises InputError if the vocabulary has no such name."""
    for pattern, found in VOCABULARY.items():
        if fnmatchcase(name, pattern):
            return found
    raise unknown("parameter", name, VOCABULARY, "give it a rule in capelib.parameters.VOCABULARY")


def validate(section: Section, values: Mapping[str, object]) -> None:
    """Check a section's parameters, defaults filled in for those not given.

    Raises InputError, one line: an unknown name, a wrong type, a value that is not allowed, two values that
    do not go together. A panel of the user's is read and validated too.
    """
    for name in values:
        if name not in section.parameters:
            raise unknown(f"parameter of {section.name}:", name, section.parameters, "explained by: cape sections")
    full = {name: values.get(name, declared.default) for name, declared in section.parameters.items()}
    for name, value in full.items():
        _typed(name, section.parameters[name].type, value)
        rule(name).check(name, value)
    _related(full)


def check(section: str, namespace: Mapping[str, object]) -> None:
    """Check the parameters of a running section: call it as ``check("coupling", globals())`` before any work.

    On the first call in a kernel, a plain value under a name that the section does not declare counts as a
    misspelt parameter. Raises InputError like `validate`.
    """
    source = find(section)
    missing = [name for name in source.parameters if name not in namespace]
    if missing:
        raise InputError(f"parameter {missing[0]} of {section} is missing; run the parameters cell first")
    names = set(source.parameters) | (set() if CHECKED in namespace else _plain_names(namespace))
    validate(source, {name: namespace[name] for name in sorted(names)})
    if isinstance(namespace, dict):
        namespace[CHECKED] = section


def _plain_names(namespace: Mapping[str, object]) -> set[str]:
    # imports are modules, functions, classes or constants in capitals; In and Out are IPython's
    literal = (str, int, float, list, tuple, dict, type(None))
    return {
        name
        for name, value in namespace.items()
        if isinstance(value, literal) and name[0] != "_" and not name.isupper() and name not in ("In", "Out")
    }


def _typed(name: str, declared: str, value: object) -> None:
    kinds = TYPES.get(declared.partition("[")[0])
    if kinds is None:
        raise InputError(f"parameter {name} is declared as {declared!r}; allowed types: {', '.join(TYPES)}")
    if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
        raise InputError(f"parameter {name} must be of type {declared}: {rule(name).allowed()}; got {value!r}")


def _related(values: Mapping[str, object]) -> None:
    if "x" in values and values["x"] == values.get("y"):
        raise InputError(f"parameters x and y must differ; both are {values['x']!r}")
    which, family = values.get("panel", PANELS[0]), values.get("family", ALL)
    if which in PANELS and family == ALL:
        return
    from capelib import tables

    families = sorted(set(tables.panel(which)["family"]))
    if family not in (ALL, *families):
        raise unknown("family", family, [ALL, *families], f"list them with: cape families --panel {which}")


def _plain(number: float) -> str:
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:g}"
