"""Written answers to yes-or-no questions: what is asked, what is judged, and what counts as corrected."""

import pandas as pd
import pytest
from test_steer import direction
from tiny import language_model

from capelib.errors import InputError
from capelib.steering.answers import answers, changed, closed, table
from capelib.steering.questions import Questions, read_questions
from capelib.steering.writing import write


def questions(*rows: tuple[str, str, list[str], list[str]]) -> Questions:
    """Of rows: name, question, true answers, the best one first, and false ones."""
    asked = pd.DataFrame([(name, question, "", "") for name, question, _, _ in rows])
    asked.columns = ["question_id", "question", "topic", "split"]
    choices = [
        (name, text, is_true, is_true and i == 0)
        for name, _, true, false in rows
        for is_true, texts in ((True, true), (False, false))
        for i, text in enumerate(texts)
    ]
    return Questions(asked, pd.DataFrame(choices, columns=["question_id", "text", "is_true", "is_best"]), "made")


MADE = questions(
    ("a", "is the sky blue", ["Yes, the sky is blue."], ["No, it is green."]),
    ("b", "is grass on the mat", ["No, it is not."], ["Yes, it is."]),
    ("c", "sky is", ["blue"], ["green"]),
)


def judged(**texts: tuple[str, str]) -> pd.DataFrame:
    rows = [(name, s, kind) for name, kinds in texts.items() for s, kind in zip((0.0, 1.0), kinds, strict=True)]
    return pd.DataFrame(rows, columns=["question_id", "strength", "judged"])


def test_only_questions_with_a_yes_or_no_are_asked() -> None:
    assert closed(MADE)["question_id"].tolist() == ["a", "b"]
    own = read_questions()
    best = own.choices[own.choices["is_best"]].set_index("question_id")["text"]
    expected = [name for name in own.questions["question_id"] if best[name].startswith(("Yes", "No,"))]
    assert closed(own)["question_id"].tolist() == expected


def test_answers_are_the_models_texts_and_judged_one_by_one() -> None:
    model = language_model("llama")
    v = direction(model)
    found = answers(model, MADE, v, (0.0, 3.0), prompt="the {question}")
    expected = write(model, ["the is the sky blue", "the is grass on the mat"], v, (0.0, 3.0), 6)
    assert found["text"].tolist() == expected["text"].tolist()
    assert found["question_id"].tolist() == ["a", "a", "b", "b"]
    assert found["strength"].tolist() == [0.0, 3.0, 0.0, 3.0]


def test_an_answer_that_says_yes_or_no_is_true_or_false(monkeypatch: pytest.MonkeyPatch) -> None:
    written = pd.DataFrame({"strength": [0.0, 1.0] * 2, "text": [" Yes, it is", " No", " No.", " green mat"]})
    monkeypatch.setattr("capelib.steering.answers.write", lambda *_: written)
    found = answers(None, MADE, None, (0.0, 1.0))
    assert found["judged"].tolist() == ["true", "false", "true", "unclear"]


def test_corrected_and_broken_are_counted_by_question() -> None:
    frame = judged(
        a=("false", "true"), b=("true", "unclear"), c=("unclear", "true"), d=("true", "true"), e=("false", "unclear")
    )
    shuffled = frame.sample(frac=1, random_state=3)
    found = changed(shuffled, 1.0)
    assert (found.corrected, found.broken, found.stayed_right, found.stayed_wrong) == (2, 1, 1, 1)
    rows = table({"truth": shuffled, "other": shuffled}, 1.0)
    assert rows["push"].tolist() == ["none", "truth", "other"]
    assert rows[["true", "false", "unclear"]].to_numpy().tolist() == [[2, 2, 1], [3, 0, 2], [3, 0, 2]]
    assert rows[["corrected", "broken", "p"]].iloc[1].tolist() == [2, 1, pytest.approx(1.0)]
    assert rows[["corrected", "broken", "p"]].iloc[0].isna().all()


def test_without_such_questions_one_line_says_so() -> None:
    with pytest.raises(InputError, match="none of the questions is answered by yes or no"):
        answers(None, questions(("c", "sky is", ["blue"], ["green"])), None, (0.0, 1.0))
