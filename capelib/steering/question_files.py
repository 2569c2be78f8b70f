"""What a user's file of questions says, row by row, and what is wrong with it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from capelib.errors import closest
from capelib.tables import rows as cells_of
from capelib.tables.problems import Problem, shown

NEEDED = ("Question", "Best Answer", "Correct Answers", "Incorrect Answers")
USED = ("Best Incorrect Answer", "id", "topic", "Category", "split")
AS_TABLE = f"a CSV file in UTF-8 with the columns {', '.join(NEEDED)}"
AS_LINES = (
    'a UTF-8 file with one JSON object a line: {"question", "choices", "label"} or '
    '{"question", "best_answer", "correct_answers", "incorrect_answers"}'
)


@dataclass(frozen=True)
class Row:
    """A question as a file gives it; `line` is where it starts in the file."""

    line: int
    question: str
    best: str
    true: tuple[str, ...]
    false: tuple[str, ...]
    id: str = ""
    topic: str = ""
    split: str = ""

    def folded(self, number: int) -> "Row":
        """White space folded, the best answer among the true ones, answers alike once; `number` if there is no id."""
        best = next(iter(_once((self.best,))), "")
        true, false = _once((best, *self.true)), _once(self.false)
        named = " ".join(self.id.split()) or str(number)
        question = " ".join(self.question.split())
        return replace(self, question=question, best=best, true=true, false=false, id=named)

    def problems(self, file: str) -> list[Problem]:
        """What is wrong with a folded row."""
        found = []
        if not self.question:
            found.append(
                problem(file, self.line, "an empty question", "text", "nothing", "write it, or delete the row")
            )
        if not self.best:
            found.append(problem(file, self.line, "no best answer", "one true answer", "nothing", "write one"))
        if not self.false:
            what, hint = "no false answer", "write one, or delete the row"
            found.append(problem(file, self.line, what, "at least one false answer", "none", hint))
        for both in (text for text in self.false if text in self.true):
            what, hint = "an answer is both true and false", "delete it from one of the two"
            found.append(problem(file, self.line, what, "true or false", shown(both), hint))
        return found


def problem(file: str, line: int, what: str, allowed: str, got: str, hint: str) -> Problem:
    """Something wrong with a row of a file of questions."""
    return Problem(file, line, None, what, allowed, got, hint)


def from_csv(file: str, text: str) -> tuple[list[Row], list[Problem]]:
    """The rows of a CSV in TruthfulQA's columns. Raises TableError where there is no table at all."""
    cells, problems = cells_of.parse(file, text)
    columns = {_name(column): column for column in cells.columns}
    got = ", ".join(cells.columns).replace("\n", " ")
    missing = [needed for needed in NEEDED if _name(needed) not in columns]
    if missing:  # one line, however many: a file of another kind lacks them all
        near = closest(missing[0], cells.columns) if len(missing) == 1 else None
        hint = f"rename {near!r}, it seems" if near else "add what is missing"
        allowed = f"the columns {', '.join(NEEDED)}; used if there: {', '.join(USED)}"
        problems.append(problem(file, 1, f"no column {' or '.join(map(repr, missing))}", allowed, got, hint))
    if len(columns) < cells.shape[1]:
        problems.append(problem(file, 1, "a column twice", "each name once, in any case", got, "delete or rename one"))
    if any(each.row == 1 for each in problems):
        return [], problems
    found = []
    for line, row in cells.iterrows():
        cell = {name: row[column] for name, column in columns.items()}
        wrong = cell.get("best incorrect answer", "")
        found.append(
            Row(
                line=int(line),
                question=cell["question"],
                best=cell["best answer"],
                true=tuple(cell["correct answers"].split(";")),
                false=(wrong, *cell["incorrect answers"].split(";")),
                id=cell.get("id", ""),
                topic=(cell.get("topic") or cell.get("category", "")).strip(),
                split=cell.get("split", "").strip(),
            )
        )
    return found, problems


def from_json_lines(file: str, text: str) -> tuple[list[Row], list[Problem]]:
    """The rows of a file with one JSON object a line, blank lines left out."""
    found, problems = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            hint = "put each question on one line of its own"
            problems.append(problem(file, number, "not JSON", "one JSON object a line", str(error), hint))
            continue
        wrong = _wrong(value)
        if wrong:
            problems.append(problem(file, number, *wrong))
        else:
            found.append(_row(number, value))
    return found, problems


def _row(line: int, value: dict) -> Row:
    said = {name: str(value[name]).strip() for name in ("id", "topic", "split") if value.get(name) is not None}
    if "choices" in value:
        best = value["choices"][value["label"]]
        others = [text for place, text in enumerate(value["choices"]) if place != value["label"]]
        return Row(line, value["question"], best, (), tuple(others), **said)
    true, false = tuple(value["correct_answers"]), tuple(value["incorrect_answers"])
    return Row(line, value["question"], value["best_answer"], true, false, **said)


def _wrong(value: object) -> tuple[str, str, str, str] | None:
    """The first thing that is wrong with an object's fields: what, allowed, got, hint."""
    if not isinstance(value, dict):
        return "not a JSON object", AS_LINES, type(value).__name__, "put each question on one line of its own"
    many = "choices" in value
    texts, lists = ("question",), ("choices",)
    if not many:
        texts, lists = ("question", "best_answer"), ("correct_answers", "incorrect_answers")
    checks: list[tuple[str, Callable[[object], bool], str]] = [
        *((name, _is_text, "text") for name in texts),
        *((name, _are_texts, "a list of texts") for name in lists),
    ]
    if many:
        count = len(value["choices"]) if isinstance(value["choices"], list) else 0
        allowed = f"the number of the true choice, 0 to {max(count - 1, 0)}"
        checks.append(("label", lambda given: type(given) is int and 0 <= given < count, allowed))
    for name, holds, allowed in checks:
        if name not in value:
            return f"no field {name!r}", AS_LINES, shown(", ".join(value)), "add it"
        if not holds(value[name]):
            return f"field {name!r} is wrong", allowed, shown(json.dumps(value[name])), "correct it"
    return None


def _is_text(given: object) -> bool:
    # half of a surrogate pair is a valid JSON escape and no character
    return isinstance(given, str) and not any("\ud800" <= letter <= "\udfff" for letter in given)


def _are_texts(given: object) -> bool:
    return isinstance(given, list) and all(map(_is_text, given))


def _name(column: object) -> str:
    return " ".join(str(column).replace("_", " ").split()).casefold()


def _once(answers: tuple[str, ...]) -> tuple[str, ...]:
    kept = {}
    for answer in (" ".join(each.split()) for each in answers):
        if answer.strip(" ."):
            kept.setdefault(answer.casefold().rstrip(" ."), answer)
    return tuple(kept.values())
