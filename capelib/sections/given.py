"""Parameter values as a user writes them, at a terminal or in a YAML file, turned into the declared types."""

import ast
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from capelib.errors import InputError, together
from capelib.parameters import problems, unknown_parameter
from capelib.sections.source import Section
from capelib.vocabulary import PANELS, is_path, rule

TRUTH = {"true": True, "yes": True, "false": False, "no": False}


def given(section: Section, pairs: Iterable[str] = (), file: Path | None = None) -> dict[str, object]:
    """Typed and checked values from ``NAME=VALUE`` pairs and a YAML file; a pair outdoes the file.

    Raises InputError, a line for each thing that the section would not accept.
    """
    texts: dict[str, object] = _from_yaml(file) if file else {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise InputError(f"parameters are given as NAME=VALUE; got {pair!r}; {section.name} has: {_names(section)}")
        texts[name.strip()] = text.strip()
    values, errors = {}, []
    for name, text in texts.items():
        try:
            if name not in section.parameters:
                raise unknown_parameter(section, name)
            values[name] = typed(name, section.parameters[name].type, text)
        except InputError as error:
            errors.append(error)
    values = {name: _absolute(name, value) if name in FILES else value for name, value in values.items()}
    errors += problems(section, values, leave=set(texts) - set(values))
    if errors:
        raise together(errors, "the parameters")
    return values


def typed(name: str, declared: str, value: object) -> object:
    """A value in its declared type; whatever would lose information is an error.

    >>> typed("n_boot", "int", "1e3"), typed("threshold", "float", "1"), typed("bins", "list[float]", "1e9,3e9")
    (1000, 1.0, [1000000000.0, 3000000000.0])
    """
    kind, _, item = declared.partition("[")
    try:
        if kind not in ("list", "tuple"):
            return SCALARS[kind](value)
        of = SCALARS.get(item.rstrip("]").split(",")[0].strip(), lambda one: one)
        converted = [of(one) for one in _items(value)]
        return tuple(converted) if kind == "tuple" else converted
    except (ValueError, KeyError, OverflowError):
        allowed = rule(name).allowed
        raise InputError(f"parameter {name} must be of type {declared}: {allowed}; got {value!r}") from None


def _str(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _bool(value: object) -> bool:
    return value if isinstance(value, bool) else TRUTH[str(value).casefold()]


def _float(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError
    return float(value)


def _int(value: object) -> int:
    if isinstance(value, str):
        with suppress(ValueError):
            return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    number = _float(value)
    if not number.is_integer():  # 1e3 is a thousand, 1.5 is no whole number
        raise ValueError
    return int(number)


FILES = ("panel", "prompts", "results", "questions", "model")  # what may be a path
SCALARS = {"str": _str, "bool": _bool, "float": _float, "int": _int}


def _items(value: object) -> list[object]:
    if isinstance(value, list | tuple):
        return list(value)
    if not isinstance(value, str):
        raise ValueError
    try:
        parsed = ast.literal_eval(value if value[:1] in "[(" else f"[{value}]")
    except SyntaxError:
        raise ValueError from None
    return list(parsed)


def _absolute(name: str, value: object) -> object:
    # a section runs in the root of the clone; the user's path is meant from where the user stands
    if value in PANELS or not is_path(value):
        return value
    path = Path(value).expanduser().absolute()
    return value if name == "model" and not path.exists() else str(path)  # owner/name is a model of the hub


def _from_yaml(file: Path) -> dict[str, object]:
    import yaml

    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); -f takes a YAML file of NAME: VALUE") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{file}: no YAML ({reason}); -f takes a file of NAME: VALUE lines") from None
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise InputError(f"{file}: must be NAME: VALUE lines; got {type(content).__name__}")
    return content


def _names(section: Section) -> str:
    return ", ".join(section.parameters)
