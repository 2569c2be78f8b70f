"""One reader for questions: the edition's own, a CSV in TruthfulQA's columns, a JSONL; all into the same two frames."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from capelib import tables
from capelib.errors import InputError, together
from capelib.steering.question_files import AS_LINES, AS_TABLE, Row, from_csv, from_json_lines, problem
from capelib.tables.problems import Problem, TableError, shown
from capelib.tables.text import read_text

BUNDLED = "questions"
LINES_SHOWN = 20


@dataclass(frozen=True, eq=False)
class Questions:
    """Questions and their answers.

    `questions` has one row per question: question_id, question, topic and split ("fit", "held_out"), both "" where the
    file says nothing. `choices` has one row per answer: question_id, text, is_true, is_best; the best answer first,
    then the other true ones, then the false ones. `source` is the path, or "questions" for the edition's own.
    """

    questions: pd.DataFrame
    choices: pd.DataFrame
    source: str

    def __len__(self) -> int:
        return len(self.questions)

    def sample(self, n: int, seed: int = 0) -> "Questions":
        """`n` questions at random, as even over topics as can be, in the table's order; all if there are no more."""
        order = self.questions.sample(frac=1, random_state=seed)
        turn = order.groupby("topic").cumcount()
        kept = self.questions.loc[sorted(turn.sort_values(kind="stable").index[:n])]
        choices = self.choices[self.choices["question_id"].isin(kept["question_id"])]
        return Questions(kept.reset_index(drop=True), choices.reset_index(drop=True), self.source)

    def of_split(self, split: str) -> "Questions":
        """The questions of one half. Raises InputError if there are none."""
        kept = self.questions[self.questions["split"] == split]
        if kept.empty:
            raise InputError(f"{self.source} has no questions of the split {split!r}; add a column split, or use all")
        choices = self.choices[self.choices["question_id"].isin(kept["question_id"])]
        return Questions(kept.reset_index(drop=True), choices.reset_index(drop=True), self.source)


def read_questions(path: str | Path | None = None) -> Questions:
    """The edition's questions, or a user's: a CSV in the columns of TruthfulQA (Lin et al. 2022), or a JSONL.

    CSV: Question, Best Answer, Correct Answers, Incorrect Answers, answers separated by ";"; used if there: Best
    Incorrect Answer, id, topic or Category, split; the case of names does not matter and other columns are ignored.
    JSONL (.jsonl, .json or .ndjson), one object a line: {"question", "choices": [...], "label": number of the true
    one, from 0}, or {"question", "best_answer", "correct_answers": [...], "incorrect_answers": [...]}; id, topic and
    split if there. Without an id a question is named by its number. The best answer is always among the true ones;
    answers of a kind that differ only in case, white space or a final period are folded.

    Raises InputError with a line for everything that is wrong, naming file and row.
    """
    if path is None or str(path) == BUNDLED:
        return _questions(BUNDLED, list(_bundled()), [])
    file = str(path)
    lines = Path(path).suffix.casefold() in {".jsonl", ".json", ".ndjson"}
    try:
        text = read_text(path)
        rows, problems = from_json_lines(file, text) if lines else from_csv(file, text)
    except TableError as error:
        raise _refused(file, [_reworded(each, lines) for each in error.problems]) from None
    return _questions(file, rows, problems)


def _bundled() -> Iterator[Row]:
    table = tables.read(BUNDLED)
    for number, row in enumerate(table.to_dict("records"), start=2):
        lists = (tuple(row[name].split(";")) for name in ("correct_answers", "incorrect_answers"))
        yield Row(number, row["question"], row["best_answer"], *lists, row["id"], row["topic"], row["split"])


def _questions(file: str, rows: list[Row], problems: list[Problem]) -> Questions:
    questions, choices, asked, named = [], [], {}, {}
    for number, given in enumerate(rows, start=1):
        row = given.folded(number)
        problems += row.problems(file)
        key = row.question.casefold()
        if key and key in asked:
            what = f"the question of row {asked[key]} again"
            problems.append(problem(file, row.line, what, "every question once", shown(row.question), "delete one row"))
        elif row.id in named:
            what = f"the id of row {named[row.id]} again"
            problems.append(problem(file, row.line, what, "every id once", shown(row.id), "give it another id"))
        asked.setdefault(key, row.line)
        named.setdefault(row.id, row.line)
        questions.append((row.id, row.question, row.topic, row.split))
        choices += [(row.id, text, True, text == row.best) for text in row.true]
        choices += [(row.id, text, False, False) for text in row.false]
    if problems:
        raise _refused(file, problems)
    return Questions(
        pd.DataFrame(questions, columns=["question_id", "question", "topic", "split"]),
        pd.DataFrame(choices, columns=["question_id", "text", "is_true", "is_best"]),
        file,
    )


def _reworded(found: Problem, lines: bool) -> Problem:
    # the reader of tables speaks of tables in general
    general = "CSV" in found.allowed or "header" in found.allowed
    allowed = (AS_LINES if lines else AS_TABLE) if general else found.allowed
    hint = "save it again as UTF-8 text" if "CSV" in found.hint else found.hint
    return replace(found, allowed=allowed, hint=hint or "without a file the edition's own questions are used")


def _refused(file: str, problems: list[Problem]) -> InputError:
    ordered = sorted(problems, key=lambda each: each.row or 0)
    errors = [InputError(str(each)) for each in ordered[:LINES_SHOWN]]
    more = len(ordered) - LINES_SHOWN
    if more > 0:
        errors.append(InputError(f"{file}: {more} more; repair these first, then read the file again"))
    return together(errors, file)
