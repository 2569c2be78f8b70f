"""A section's parameters held to the vocabulary: one check for terminal and notebook.

`check` is the first thing a section does, so that plain papermill and JupyterLab are held to the same rules as
``cape run``, which calls `validate` before anything runs.
"""

from collections.abc import Iterable, Mapping
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from capelib.errors import InputError, together, unknown
from capelib.sections.source import Section, find
from capelib.vocabulary import PANELS, rule

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 3  # different sizes of a family: with two there is one step, and no correlation
CHECKED = "_cape_checked"  # left in a kernel's namespace by the first check
TYPES = {"str": str, "int": int, "float": (float, int), "bool": bool, "list": (list, tuple), "tuple": (list, tuple)}


def panel_name(panel: str) -> str:
    """How a page names a panel: the word for a bundled one, a file's name without the folders it lies in.

    >>> panel_name("measured"), panel_name("/data/mine.csv")
    ('measured', 'mine.csv')
    """
    return panel if panel in PANELS else Path(panel).name


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
    for fits in (_pairs, _on_files, *([_on_panel] if known else [])):
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


def _on_files(values: Mapping[str, object]) -> None:
    # a table that cannot be used is told before a model is opened
    from capelib import tables

    if values.get("results"):
        from capelib.internals import read_results

        read_results(values["results"])
    if values.get("questions"):
        from capelib.steering.questions import read_questions

        read_questions(values["questions"])
    asked = {"prompts", "n_prompts", "first", "second"} <= set(values)
    if asked and values["first"] != values["second"]:
        from capelib.internals import choose

        own = values["prompts"]
        listed = tables.read_csv(own, "prompts_own") if own else tables.read("prompts")
        choose(listed, values["n_prompts"], 0, values["first"], values["second"])


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
