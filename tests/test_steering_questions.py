"""Questions read from every form into the same frames; every fault of a file is one line."""

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest

from capelib import tables
from capelib.errors import InputError
from capelib.steering.choices import baselines
from capelib.steering.questions import read_questions

HEADER = "Type,Category,Question,Best Answer,Correct Answers,Incorrect Answers,Source\n"
BATS = "Adversarial,Animals,Can bats see?,Yes they can,Yes they can; They see,No; They are blind,https://example.org\n"


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def as_csv(header: list[str], rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([header, *rows])
    return out.getvalue()


def texts(choices: pd.DataFrame, true: bool) -> list[str]:
    return choices.loc[choices["is_true"] == true, "text"].tolist()


def test_the_editions_questions_are_those_of_the_table() -> None:
    found, table = read_questions(), tables.read("questions")
    assert found.questions["question_id"].tolist() == table["id"].tolist()
    for column in ("question", "topic", "split"):
        assert found.questions[column].tolist() == table[column].tolist()
    for row in table.itertuples():
        own = found.choices[found.choices["question_id"] == row.id]
        assert texts(own, True) == row.correct_answers.split("; ")
        assert texts(own, False) == row.incorrect_answers.split("; ")
        assert own.loc[own["is_best"], "text"].tolist() == [row.best_answer]
    assert not read_questions("questions").questions.empty


def test_every_form_gives_the_same_frames(tmp_path: Path) -> None:
    table = tables.read("questions")
    header = ["Type", "Category", "Question", "Best Answer", "Correct Answers", "Incorrect Answers", "Source"]
    names = ["question", "best_answer", "correct_answers", "incorrect_answers", "source"]
    rows = [["Adversarial", row["topic"], *(row[name] for name in names)] for _, row in table.iterrows()]
    theirs = as_csv(header, rows)
    own = table.to_csv(index=False)
    objects = [
        {name: row[name] for name in ("id", "topic", "split", "question", "best_answer")}
        | {name: row[name].split("; ") for name in ("correct_answers", "incorrect_answers")}
        for _, row in table.iterrows()
    ]
    lines = "\n".join(map(json.dumps, objects))
    expected = read_questions()
    for name, text in (("own.csv", own), ("own.jsonl", lines), ("mark.csv", "\ufeff" + own)):
        found = read_questions(written(tmp_path / name, text))
        pd.testing.assert_frame_equal(found.questions, expected.questions)
        pd.testing.assert_frame_equal(found.choices, expected.choices)
        assert found.source.endswith(name)
    found = read_questions(written(tmp_path / "theirs.csv", theirs))
    assert found.questions["question_id"].tolist() == [str(number) for number in range(1, len(table) + 1)]
    assert (found.questions["split"] == "").all()
    for column in ("question", "topic"):
        assert found.questions[column].tolist() == expected.questions[column].tolist()
    pd.testing.assert_frame_equal(
        found.choices.drop(columns="question_id"), expected.choices.drop(columns="question_id")
    )
    baselines(found.choices)  # takes the frame as it is


def test_names_of_columns_in_any_case_and_order(tmp_path: Path) -> None:
    text = "INCORRECT ANSWERS,question,best_answer,Correct  answers\nNo,Can bats see?,Yes,Yes\n"
    found = read_questions(written(tmp_path / "q.csv", text))
    assert found.choices["text"].tolist() == ["Yes", "No"]
    assert found.questions.iloc[0].tolist() == ["1", "Can bats see?", "", ""]


def test_the_best_answers_are_among_their_kind_and_come_first(tmp_path: Path) -> None:
    text = (
        "Question,Best Answer,Best Incorrect Answer,Correct Answers,Incorrect Answers\n"
        "One?,Best,Worst,Other; Another,Bad;Worse\n"
        "Two?,Best,Bad,Other; best.;Best ,Worse; bad.; ;.\n"
    )
    choices = read_questions(written(tmp_path / "q.csv", text)).choices
    one, two = (choices[choices["question_id"] == name] for name in "12")
    assert texts(one, True) == ["Best", "Other", "Another"]
    assert texts(one, False) == ["Worst", "Bad", "Worse"]
    assert texts(two, True) == ["Best", "Other"]
    assert texts(two, False) == ["Bad", "Worse"]
    assert one["is_best"].tolist() == [True, False, False, False, False, False]
    assert two["is_best"].sum() == 1


def test_choices_with_a_label(tmp_path: Path) -> None:
    lines = [
        {"question": "Two  and two?", "choices": ["3", "4", "5", "3"], "label": 1, "id": 7, "split": None},
        {"question": "A; b?", "choices": ["x; y", "z"], "label": 0},
    ]
    text = "\n" + "\r\n\r\n".join(map(json.dumps, lines)) + "\n\n"
    found = read_questions(written(tmp_path / "q.jsonl", text))
    assert found.questions.iloc[0].tolist() == ["7", "Two and two?", "", ""]
    assert found.choices["text"].tolist() == ["4", "3", "5", "x; y", "z"]
    assert found.choices["is_true"].tolist() == found.choices["is_best"].tolist() == [True, False, False, True, False]


def test_halves() -> None:
    found = read_questions()
    halves = [found.of_split(name) for name in ("fit", "held_out")]
    assert sum(map(len, halves)) == len(found)
    assert sum(len(half.choices) for half in halves) == len(found.choices)
    assert not set(halves[0].questions["question_id"]) & set(halves[1].choices["question_id"])
    with pytest.raises(InputError, match="no questions of the split 'test'"):
        found.of_split("test")


def line(*cells: str) -> str:
    return "A,B," + ",".join(cells) + ",S\n"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (HEADER.replace("Best Answer", "Best Anwser") + BATS, "row 1", "no column 'Best Answer'; allowed: the columns"),
        (
            "a,b\n1,2\n",
            "row 1",
            "no column 'Question' or 'Best Answer' or 'Correct Answers' or 'Incorrect Answers'; allowed",
        ),
        (HEADER.replace("Best Answer", "Best Anwser") + BATS, "row 1", "rename 'Best Anwser', it seems"),
        (HEADER.replace("Source", "question") + BATS, "row 1", "a column twice"),
        (HEADER + BATS + line(" ", "y", "y", "n"), "row 3", "an empty question"),
        (HEADER + BATS + line("Q?", "", "y", "n"), "row 3", "no best answer"),
        (HEADER + BATS + line("Q?", ".", "y", "n"), "row 3", "no best answer"),
        (HEADER + BATS + line("Q?", "y", "y", " ; "), "row 3", "no false answer"),
        (
            HEADER + BATS + line("Q?", "y", "y;z", "n;z"),
            "row 3",
            "both true and false; allowed: true or false",
        ),
        (HEADER + BATS + line('"Can\nbats  SEE?"', "y", "y", "n"), "row 3", "the question of row 2 again"),
        (HEADER + BATS + "a,b\n", "row 3", "ragged row; allowed: 7 cells; got 2 cells"),
        (HEADER + BATS + '"a,b\n', "row 3", "not a CSV row"),
        (HEADER, "q.csv: no rows", "no rows; allowed: at least one row"),
        (HEADER.replace(",", ";") + BATS, "row 1", "wrong separator; allowed: a comma; got ';'"),
        ("", "q.csv: the file is empty", "columns Question, Best Answer, Correct Answers, Incorrect Answers"),
        ((HEADER + BATS).encode() + b"\xff\xfe", "row 3", "not UTF-8"),
        ((HEADER + BATS).encode("utf-16"), "q.csv: this is UTF-16 text", "save it again as UTF-8 text"),
        (b"PK\x03\x04rest", "q.csv: this is a spreadsheet", "save it again as UTF-8 text"),
    ],
)
def test_faults_of_a_csv(tmp_path: Path, text: str | bytes, place: str, message: str) -> None:
    said = fault(written(tmp_path / "q.csv", text))
    assert place in said
    assert message in said


def fault(path: Path) -> str:
    """The one line that a file costs: which file, what is wrong, what to do next."""
    with pytest.raises(InputError) as caught:
        read_questions(path)
    (said,) = str(caught.value).splitlines()
    name, wrong = said[: len(str(path))], said[len(str(path)) :]
    assert name == str(path)
    assert len(said.rsplit("; ", 1)[1]) > 3  # what to do next
    return path.name + wrong


GOOD = {"question": "Q?", "choices": ["a", "b"], "label": 0}
ANSWERS = {"question": "Q?", "best_answer": "a", "correct_answers": ["a"], "incorrect_answers": ["b"]}


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ('{"question": ', "not JSON; allowed: one JSON object a line; got Expecting value"),
        ("[1]", "not a JSON object"),
        ("[" * 100_000, "not JSON"),
        ({}, "no field 'question'"),
        ({"question": "R?"}, "no field 'best_answer'"),
        (ANSWERS | {"question": "q?"}, "the question of row 1 again"),
        (ANSWERS | {"question": "R?", "id": "1"}, "the id of row 1 again"),
        (ANSWERS | {"question": ""}, "an empty question"),
        (ANSWERS | {"question": 5}, "field 'question' is wrong; allowed: text; got '5'"),
        (ANSWERS | {"question": "\ud800"}, "field 'question' is wrong"),
        (ANSWERS | {"incorrect_answers": "b"}, "field 'incorrect_answers' is wrong; allowed: a list of texts"),
        (ANSWERS | {"question": "R?", "incorrect_answers": []}, "no false answer"),
        (ANSWERS | {"correct_answers": [None]}, "field 'correct_answers' is wrong"),
        (GOOD | {"label": 2}, "allowed: the number of the true choice, 0 to 1; got '2'"),
        (GOOD | {"label": True}, "field 'label' is wrong"),
        (GOOD | {"label": "0"}, "field 'label' is wrong"),
        (GOOD | {"choices": ["a"], "question": "R?"}, "no false answer"),
        (GOOD | {"choices": "ab"}, "field 'choices' is wrong"),
        (GOOD | {"choices": ["a", "b", "a"], "question": "R?"}, "both true and false"),
        ({"question": "R?", "choices": ["a", "b"]}, "no field 'label'"),
    ],
)
def test_faults_of_a_jsonl(tmp_path: Path, second: object, message: str) -> None:
    text = json.dumps(GOOD) + "\n\n" + (second if isinstance(second, str) else json.dumps(second)) + "\n"
    said = fault(written(tmp_path / "q.jsonl", text))
    assert "row 3" in said
    assert message in said


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    written(tmp_path / "empty.jsonl", " \n")
    written(tmp_path / "bytes.jsonl", b'{"a": "\xff"}')
    expected = {
        "missing.csv": ("there is no file to read", "no such file"),
        "missing.jsonl": ("there is no file to read", "one JSON object a line"),
        "empty.jsonl": ("the file is empty", '{"question", "choices", "label"}'),
        "bytes.jsonl": ("row 1", "not UTF-8"),
        "folder.csv": ("this is a folder", "a CSV file in UTF-8 with the columns"),
    }
    for name, (place, message) in expected.items():
        said = fault(tmp_path / name)
        assert place in said
        assert message in said


def test_several_faults_are_a_line_each_and_a_great_many_are_counted(tmp_path: Path) -> None:
    rows = "".join(line(f"Q{n}?", "", "y", "") for n in range(40))
    with pytest.raises(InputError) as caught:
        read_questions(written(tmp_path / "q.csv", HEADER + rows))
    lines = str(caught.value).splitlines()
    assert lines[0].endswith("q.csv:")
    assert all("q.csv, row " in each for each in lines[1:-1])
    assert lines[-1].endswith("60 more; repair these first, then read the file again")


def test_a_sample_is_even_over_topics_and_seeded() -> None:
    everything = read_questions()
    some = everything.sample(20, seed=1)
    counts = some.questions["topic"].value_counts()
    assert len(some) == 20
    assert counts.max() - counts.min() <= 1
    assert set(some.choices["question_id"]) == set(some.questions["question_id"])
    assert some.questions.equals(everything.sample(20, seed=1).questions)
    assert not some.questions.equals(everything.sample(20, seed=2).questions)
    assert len(everything.sample(10_000)) == len(everything)
