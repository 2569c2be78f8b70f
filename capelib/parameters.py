"""What a section's parameters may be: one vocabulary for all sections, one check for terminal and notebook.

A name means the same in every section. `check` is the first thing a section does, so that plain papermill and
JupyterLab are held to the same rules as ``cape run``, which calls `validate` before anything runs.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from itertools import pairwise
from math import inf, isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from capelib.errors import InputError, closest, together, unknown
from capelib.sections.source import Section, find

if TYPE_CHECKING:
    import pandas as pd

# the names that capelib.tables gives them; importing it here would cost every command a second
BENCHMARKS = ("hellaswag", "truthfulqa", "arc_challenge", "winogrande", "mmlu")
PANELS = ("measured", "released")
FEWEST = 3  # different sizes of a family: with two there is one step, and no correlation
CHECKED = "_cape_checked"  # left in a kernel's namespace by the first check
TYPES = {"str": str, "int": int, "float": (float, int), "bool": bool, "list": (list, tuple), "tuple": (list, tuple)}


@dataclass(frozen=True)
class Rule:
    """The values that one name may have: in words, as a test, and as a list where they are few."""

    allowed: str
    accepts: Callable[[object], bool]
    options: tuple[str, ...] = ()

    def check(self, name: str, value: object) -> None:
        """Raise InputError, with the closest option, if the value is not allowed."""
        if self.accepts(value):
            return
        near = closest(value, self.options) if isinstance(value, str) else None
        hint = f" (closest: {near!r})" if near else ""
        raise InputError(f"parameter {name} must be {self.allowed}; got {value!r}{hint}")


def number(low: float = -inf, high: float = inf, whole: bool = False) -> Rule:
    """A number from `low` to `high`, both included; `whole` admits no fraction."""
    kind = "a whole number" if whole else "a number"
    ends = f" from {_plain(low)} to {_plain(high)}" if isfinite(high) else f", at least {_plain(low)}"

    def accepts(value: object) -> bool:
        return _is_number(value) and (isinstance(value, int) or not whole) and low <= value <= high

    return Rule(kind + (ends if isfinite(low) else ""), accepts)


def increasing(low: float) -> Rule:
    """Two numbers or more from `low` up, each larger than the one before."""

    def accepts(value: object) -> bool:
        several = isinstance(value, list | tuple) and len(value) > 1 and all(map(_is_number, value))
        return several and low <= value[0] and all(a < b for a, b in pairwise(value))

    return Rule(f"two or more increasing numbers from {_plain(low)} up", accepts)


def one_of(*options: str) -> Rule:
    """One of a few words."""
    return Rule(f"one of {', '.join(options)}", lambda value: value in options, options)


def is_path(panel: object) -> bool:
    """Whether a panel means a file and not, misspelt or not, a bundled one."""
    if not isinstance(panel, str) or not panel:
        return False
    return Path(panel).suffix != "" or len(Path(panel).parts) > 1 or Path(panel).exists()


def panel_name(panel: str) -> str:
    """How a page names a panel: the word for a bundled one, a file's name without the folders it lies in.

    >>> panel_name("measured"), panel_name("/data/mine.csv")
    ('measured', 'mine.csv')
    """
    return panel if panel in PANELS else Path(panel).name


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -inf < value < inf


def _are_words(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _zero_or(low: float, high: float) -> Callable[[object], bool]:
    return lambda value: _is_number(value) and (value == 0 or low <= value <= high)


RESAMPLES = number(100, 1_000_000, whole=True)
# Which families there are depends on the panel, and whether a file is a panel on its content: see `_on_panel`.
VOCABULARY = {
    "panel": Rule(f"{', '.join(PANELS)}, or the path of a CSV file", lambda v: v in PANELS or is_path(v), PANELS),
    "family": Rule("a family with three sizes or more in the panel (cape families)", lambda v: isinstance(v, str)),
    "x": one_of(*BENCHMARKS),
    "y": one_of(*BENCHMARKS),
    "threshold": number(0, 10),
    "tolerance_*": number(0),
    "break_at_b": Rule("0 (the paper's critical scale) or billions from 0.1 to 10", _zero_or(0.1, 10)),
    "bins": increasing(0),
    "degree": number(1, 3, whole=True),
    "constant": Rule("true or false", lambda value: isinstance(value, bool)),
    "sparsity": number(0, 100),
    "sparsities": increasing(0),
    "matched": Rule("a model of the panel, by its name or the repository of its weights", lambda v: isinstance(v, str)),
    "model": Rule("a built-in model, a folder, a GGUF file or a hub id", lambda v: isinstance(v, str) and v != ""),
    "first": one_of("reasoning", "truthfulness", "misconception"),
    "second": one_of("truthfulness", "misconception", "reasoning"),
    "n_prompts": number(4, 32, whole=True),
    "results": Rule("empty, or the path of a CSV file", lambda v: v == "" or is_path(v)),
    "web_trained": one_of("documented", "all"),
    "curve_degree": number(1, 3, whole=True),
    "floors": increasing(0),
    "n_windows": number(2, 12, whole=True),
    "today": Rule("empty (the newest date of the table) or a day such as 2027-01-01", lambda v: v == "" or _is_day(v)),
    "unit": one_of("percent", "fraction", "standardised"),
    "differentiation": one_of("midpoint", "finite", "spline"),
    "n_boot": RESAMPLES,
    "n_draws": number(20, 1_000_000, whole=True),
    "n_perm": RESAMPLES,
    "n_panels": number(20, 100_000, whole=True),
    "exponent": number(0.01, 2),
    "scale_spread": number(0, 3),
    "curated": Rule("a list of families, which may be empty (cape families)", _are_words),
    "chance_margin": number(0, 20),
    "mmlu_edges": increasing(0),
    "coupling_sizes": increasing(0.01),
    "family_counts": increasing(3),
    "sizes_each": number(4, 20, whole=True),
    "question_factor": number(1, 1000, whole=True),
    "shared_noise": number(0, 0.8),
    "seed": number(0, 2**32 - 1, whole=True),
}


def rule(name: str) -> Rule:
    """What a parameter of that name may be. Raises InputError if the vocabulary has no such name."""
    for pattern, found in VOCABULARY.items():
        if fnmatchcase(name, pattern):
            return found
    raise unknown("parameter", name, VOCABULARY, "give it a rule in capelib.parameters.VOCABULARY")


def validate(section: Section, values: Mapping[str, object]) -> None:
    """Check a section's parameters, defaults filled in for those not given.

    Raises InputError, a line for each mistake: an unknown name, a wrong type, a value that is not allowed, two values
    that do not go together. A panel of the user's is read and validated too.
    """
    errors = problems(section, values)
    if errors:
        raise together(errors, "the parameters")


def problems(section: Section, values: Mapping[str, object], leave: Iterable[str] = ()) -> list[InputError]:
    """Everything that `validate` has to say, in the order of the section; nothing about the names in `leave`."""
    errors = [unknown_parameter(section, name) for name in values if name not in section.parameters]
    full = {name: values.get(name, declared.default) for name, declared in section.parameters.items()}
    full = {name: value for name, value in full.items() if name not in leave}
    right = {}
    for name, value in full.items():
        try:
            _typed(name, section.parameters[name].type, value)
            rule(name).check(name, value)
            right[name] = value
        except InputError as error:
            errors.append(error)
    # what cannot be read is told once: no family is looked for in a panel that is not there
    known = "panel" in right or "panel" not in section.parameters
    for fits in (_pairs, *([_on_panel] if known else [])):
        try:
            fits(right)
        except InputError as error:
            errors.append(error)
    return errors


def unknown_parameter(section: Section, name: str) -> InputError:
    """The one line for a name that the section does not declare."""
    return unknown(f"parameter of {section.name}:", name, section.parameters, "explained by: cape sections")


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
        raise InputError(f"parameter {name} must be of type {declared}: {rule(name).allowed}; got {value!r}")


def _pairs(values: Mapping[str, object]) -> None:
    if "x" in values and values["x"] == values.get("y"):
        raise InputError(f"parameters x and y must differ; both are {values['x']!r}")
    if "first" in values and values["first"] == values.get("second"):
        raise InputError(f"parameters first and second must differ; both are {values['first']!r}")
    small, large = values.get("tolerance_small", 0), values.get("tolerance_large", inf)
    if small > large:
        raise InputError(f"parameter tolerance_small must not exceed tolerance_large; got {small:g} and {large:g}")


def _on_panel(values: Mapping[str, object]) -> None:
    which = values.get("panel", PANELS[0])
    if which not in PANELS and not Path(which).is_file():
        raise InputError(f"parameter panel: there is no file {which}; allowed: {rule('panel').allowed}")
    if "matched" in values and which in PANELS:
        from capelib import levers, tables

        levers.find_model(tables.panel(which), values["matched"])
    if "family" not in values and which in PANELS:
        return
    from capelib import tables

    panel = tables.panel(which)  # reading a user's table validates it
    if "family" in values:
        _family_is_there(panel, which, values["family"], [values[name] for name in ("x", "y") if name in values])


def _family_is_there(panel: "pd.DataFrame", which: str, family: str, scores: list[str]) -> None:
    from capelib.selection import base_models

    listed = f"list them with: cape families --panel {which}"
    scored = base_models(panel)
    scored = scored[scored[scores].notna().all(axis=1)]
    sizes = scored.groupby("family")["n_params"].nunique()
    usable = sorted(sizes.index[sizes >= FEWEST])
    if family in usable:
        return
    if family not in set(panel["family"]):
        raise unknown("family", family, usable or sorted(set(panel["family"])), listed)
    had = int(sizes.get(family, 0))
    allowed = f"allowed: {', '.join(usable)}" if usable else "no family of the panel has as many; add models of it"
    raise InputError(
        f"family {family!r} has {' and '.join(scores)} for base models of {had} different "
        f"size{'' if had == 1 else 's'}; a section needs {FEWEST} or more; {allowed}; {listed}"
    )
