"""The words and numbers that a parameter may be: one vocabulary, in which a name means the same in every section."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from itertools import pairwise
from math import inf, isfinite
from pathlib import Path

from capelib.errors import InputError, closest, unknown

# the names that capelib.tables gives them; importing it here would cost every command a second
BENCHMARKS = ("hellaswag", "truthfulqa", "arc_challenge", "winogrande", "mmlu")
PANELS = ("measured", "released")


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


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -inf < value < inf


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value != ""


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
    "model": Rule("a built-in model, a folder, a GGUF file or a hub id", _is_word),
    "first": Rule("a set of the prompts: reasoning, truthfulness, misconception, or one of your own file", _is_word),
    "second": Rule("a set of the prompts: reasoning, truthfulness, misconception, or one of your own file", _is_word),
    "prompts": Rule("empty, or the path of a CSV file", lambda v: v == "" or is_path(v)),
    "questions": Rule("empty (the edition's), or the path of a CSV or JSONL file", lambda v: v == "" or is_path(v)),
    "layer": Rule("an index such as 7, a fraction of the depth such as 0.25, or auto", _is_word),
    "strength": Rule("a number other than 0, in spreads of the layer", lambda v: _is_number(v) and v != 0),
    "sweep_layers": Rule(
        "a list of indices or fractions of the depth", lambda v: isinstance(v, list | tuple) and all(map(_is_number, v))
    ),
    "sweep_strengths": Rule(
        "a list of numbers other than 0",
        lambda v: isinstance(v, list | tuple) and all(_is_number(each) and each != 0 for each in v),
    ),
    "n_questions": number(8, 100_000, whole=True),
    "n_texts": number(2, 1000, whole=True),
    "n_permuted": number(20, 10_000, whole=True),
    "n_gaussian": number(1, 10_000, whole=True),
    "n_beside": number(0, 10_000, whole=True),
    "n_elsewhere": number(4, 1000, whole=True),
    "new_tokens": number(1, 1000, whole=True),
    "n_sets": number(2, 1000, whole=True),
    "n_prompts": number(4, 10_000, whole=True),
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
    raise unknown("parameter", name, VOCABULARY, "give it a rule in capelib.vocabulary.VOCABULARY")
