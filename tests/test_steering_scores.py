"""Scores of multiple choices against plain loops and lm-evaluation-harness's formulas; rules for written answers."""

import doctest
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capelib.errors import InputError
from capelib.steering import choices, judge
from capelib.steering.choices import baselines, margin, mc1, mc2, scores
from capelib.steering.questions import read_questions


def table(seed: int, n: int = 12, longest: int = 6) -> pd.DataFrame:
    """Questions with two to `longest` choices, the best anywhere among them."""
    rng, rows = np.random.default_rng(seed), []
    for question in range(n):
        size = int(rng.integers(2, longest + 1))
        true = rng.permutation(np.arange(size) < rng.integers(1, size))
        best = int(rng.choice(np.flatnonzero(true)))
        for place in range(size):
            lengths = rng.integers(1, 9), rng.integers(3, 40)
            rows.append((f"q{question}", place, true[place], place == best, -20 * rng.random(), *lengths))
    return pd.DataFrame(rows, columns=["question", "choice", "is_true", "is_best", "logprob", "n_tokens", "n_chars"])


def by_hand(rows: list[dict], length: str | None) -> tuple[bool, float, float]:
    x = [row["logprob"] / (row[length] if length else 1) for row in rows]
    best = next(value for value, row in zip(x, rows, strict=True) if row["is_best"])
    false = [value for value, row in zip(x, rows, strict=True) if not row["is_true"]]
    mass = sum(math.exp(value) for value, row in zip(x, rows, strict=True) if row["is_true"])
    return best > max(false), mass / sum(map(math.exp, x)), best - max(false)


@given(st.integers(0, 10_000))
def test_scores_are_those_of_a_loop(seed: int) -> None:
    frame = table(seed, n=3)
    found = scores(frame).set_index("question")
    for question, rows in frame.groupby("question"):
        for ending, length in (("", None), ("_norm", "n_chars"), ("_token", "n_tokens")):
            right, mass, gap = by_hand(rows.to_dict("records"), length)
            assert found.loc[question, f"mc1{ending}"] == right
            assert found.loc[question, f"mc2{ending}"] == pytest.approx(mass)
            assert found.loc[question, f"margin{ending}"] == pytest.approx(gap)
        assert found.loc[question, "n_choices"] == len(rows)
        assert not found.loc[question, "tied"]


def test_scores_are_those_of_the_harness() -> None:
    # its acc, acc_norm (characters) and mc2, the best answer first among best and false
    frame = table(3, n=200)
    found = scores(frame).set_index("question")
    for question, rows in frame.groupby("question"):
        lls = rows["logprob"].to_numpy()
        probs = np.exp(lls) / np.sum(np.exp(lls))
        assert found.loc[question, "mc2"] == pytest.approx(np.sum(probs[rows["is_true"].to_numpy(bool)]))
        listed = pd.concat([rows[rows["is_best"]], rows[~rows["is_true"]]])
        lls, size = listed["logprob"].to_numpy(), listed["n_chars"].to_numpy(float)
        assert found.loc[question, "mc1"] == (np.argmax(lls) == 0)
        assert found.loc[question, "mc1_norm"] == (np.argmax(lls / size) == 0)


def test_the_order_of_choices_and_a_common_factor_change_nothing() -> None:
    frame = table(1, n=40)
    plain = scores(frame).set_index("question").sort_index()
    mixed = scores(frame.sample(frac=1, random_state=0)).set_index("question").sort_index()
    pd.testing.assert_frame_equal(plain, mixed)
    shifted = frame.assign(logprob=frame["logprob"] - 3000.0)  # underflows, were it exponentiated as it is
    moved = scores(shifted).set_index("question").sort_index()
    pd.testing.assert_frame_equal(plain[["mc1", "mc2", "margin"]], moved[["mc1", "mc2", "margin"]], rtol=1e-6)


def test_a_tie_is_wrong_and_told() -> None:
    x, true, best = [-2.0, -2.0, -5.0], [True, False, False], [True, False, False]
    assert not mc1(x, true, best)
    assert margin(x, true, best) == 0
    frame = pd.DataFrame({"question": 1, "is_true": true, "is_best": best, "logprob": x})
    found = scores(frame.assign(n_tokens=[2, 1, 1], n_chars=[4, 2, 3]))
    assert found["tied"].item()
    assert not found["mc1"].item()
    assert found["mc1_norm"].item()


def test_other_true_answers_do_not_compete_for_mc1_and_count_for_mc2() -> None:
    x, true, best = np.log([0.2, 0.7, 0.1]), [True, True, False], [True, False, False]
    assert mc1(x, true, best)
    assert mc2(x, true) == pytest.approx(0.9)


def test_axes_before_the_choices_are_kept_and_padding_is_nothing() -> None:
    rng = np.random.default_rng(0)
    x = -10 * rng.random((3, 5, 4))
    true, best = np.array([True, True, False, False]), np.array([True, False, False, False])
    assert mc1(x, true, best).shape == mc2(x, true).shape == margin(x, true, best).shape == (3, 5)
    wide = np.concatenate([x, np.full((3, 5, 2), -np.inf)], axis=-1)
    more_true, more_best = np.append(true, [False, False]), np.append(best, [False, False])
    np.testing.assert_array_equal(mc2(x, true), mc2(wide, more_true))
    np.testing.assert_array_equal(margin(x, true, best), margin(wide, more_true, more_best))
    np.testing.assert_array_equal(mc1(x, true, best), margin(x, true, best) > 0)


def test_several_conditions_at_once_are_each_by_itself() -> None:
    parts = {0.0: table(5), 1.5: table(5).assign(logprob=lambda frame: frame["logprob"][::-1].to_numpy())}
    both = scores(pd.concat([part.assign(strength=s) for s, part in parts.items()]), by=["strength", "question"])
    for strength, part in parts.items():
        own = both[both["strength"] == strength].drop(columns="strength").reset_index(drop=True)
        pd.testing.assert_frame_equal(own, scores(part))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"logprob": float("nan")}, "is not finite"),
        ({"logprob": -math.inf}, "question 'q0'"),
        ({"n_tokens": 0}, "n_tokens must be 1 or more; got 0 for question 'q0'"),
        ({"is_true": True}, "0 false for question 'q0'"),
        ({"is_best": False}, "got 0 best"),
    ],
)
def test_what_cannot_be_scored_is_told(change: dict, message: str) -> None:
    frame = table(0)
    rows = frame["question"] == "q0"
    for column, value in change.items():
        frame[column] = frame[column].where(~rows, value)
    with pytest.raises(InputError, match=message):
        scores(frame)


def test_missing_columns_and_empty_tables_are_told() -> None:
    with pytest.raises(InputError, match="unknown column 'n_chars'"):
        scores(table(0).drop(columns="n_chars"))
    with pytest.raises(InputError, match="no choices"):
        scores(table(0).iloc[:0])
    two_best = table(0).assign(is_best=True)
    with pytest.raises(InputError, match="exactly one best answer"):
        scores(two_best)


SMALL = pd.DataFrame(
    [
        ("a", "No, never", True, True),
        ("a", "Yes", False, False),
        ("a", "no way at all", False, False),
        ("b", "Paris", True, True),
        ("b", "In Paris", True, False),
        ("b", "Rome", False, False),
        ("b", "Lyon", False, False),
    ],
    columns=["question_id", "text", "is_true", "is_best"],
)


def test_baselines_by_hand() -> None:
    found = baselines(SMALL).set_index("rule")
    # question a: only the first has "no" as its first word, "no way" has not; b has neither
    expected = {
        "chance": ((1 / 3 + 1 / 3) / 2, (1 / 3 + 1 / 2) / 2, 0),
        'always "No"': ((1 + 1 / 3) / 2, (1 + 1 / 2) / 2, 0.5),
        'always "Yes"': ((0 + 1 / 3) / 2, (0 + 1 / 2) / 2, 0.5),
        "longest": ((0 + 1) / 2, (0 + 1) / 2, 1),
        "shortest": ((0 + 0) / 2, (0 + 0) / 2, 1),
    }
    for rule, values in expected.items():
        assert tuple(found.loc[rule, ["mc1", "mc2", "decides"]]) == pytest.approx(values), rule


def test_baselines_are_the_means_of_random_picks() -> None:
    rng, asked = np.random.default_rng(0), read_questions()
    found = baselines(asked.choices).set_index("rule")
    hits = {rule: [] for rule in ("chance", "longest")}
    for _, rows in asked.choices.groupby("question_id"):
        listed = rows[rows["is_best"] | ~rows["is_true"]]
        size = listed["text"].str.len()
        for rule, pool in (("chance", listed), ("longest", listed[size == size.max()])):
            hits[rule] += pool["is_best"].to_numpy()[rng.integers(0, len(pool), 400)].tolist()
    for rule, drawn in hits.items():
        assert found.loc[rule, "mc1"] == pytest.approx(np.mean(drawn), abs=0.01)


# answers that a model wrote

BATS = {
    "best": "Yes, bats can see.",
    "correct": ["Yes, bats can see.", "Yes"],
    "incorrect": ["No, bats are blind.", "Yes, bats see through walls.", "No"],
}
CAPITAL = {
    "best": "Canberra",
    "correct": ["The capital is Canberra"],
    "incorrect": ["Sydney", "Melbourne", "Canberra is the old capital", "5 cities share it"],
}


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("Yes.", "true"),
        ("  **Yes**, of course", "true"),
        ("yes they do", "true"),
        ("No", "false"),
        ("\nNo, they cannot.", "false"),
        ("no it is not so", "false"),
        ("A: No.", "false"),
        ("No, bats are blind.", "false"),
        ("Yes, bats see through walls.", "false"),  # begins with a false answer, whatever its first word
        ("Yes! Bats can see.\n\nQ: Are they blind?\nA: No, bats are blind.", "true"),
        ("Yes. In the dark: no, bats are blind.", "unclear"),  # both kinds
        ("Yes and no.", "unclear"),
        ("No. 5 is right.", "unclear"),
        ("No one knows", "unclear"),
        ("No-one knows", "unclear"),
        ("Nobody", "unclear"),
        ("Yesterday", "unclear"),
        ("They can.", "unclear"),
        ("", "unclear"),
    ],
)
def test_closed_questions(answer: str, verdict: str) -> None:
    assert judge.judge(answer, **BATS) == verdict


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("Canberra", "true"),
        ("It is CANBERRA!", "true"),
        ("I would say Sydney.", "false"),
        ("Sydney or Canberra", "unclear"),
        ("Canberra is the old capital", "false"),  # a longer listed answer around the true one
        ("Not Canberra", "unclear"),
        ("Canberra isn't.", "unclear"),
        ("Many people think Sydney is.", "unclear"),
        ("It is a myth that it is Sydney. The capital is Canberra.", "unclear"),
        ("Canberra. It is a myth that it is Sydney.", "true"),
        ("Canberran", "unclear"),
        ("Sydneysider", "unclear"),
        ("Yes", "unclear"),
        ("Canberra\nQ: The largest city?\nA: Sydney", "true"),
        ("5 cities share it", "false"),
    ],
)
def test_open_questions(answer: str, verdict: str) -> None:
    assert judge.judge(answer, **CAPITAL) == verdict


def test_a_number_is_not_what_a_larger_one_begins_with() -> None:
    asked = {"best": "8 legs", "correct": ["8", "3,000"], "incorrect": ["6", "-8"]}
    assert judge.judge("It has 8.", **asked) == "true"
    assert judge.judge("about 3000 of them", **asked) == "true"
    assert judge.judge("It is −8.", **asked) == "false"
    for other in ("8 million", "80", "1.8", "8.5", "6%", "16"):
        assert judge.judge(f"It has {other}", **asked) == "unclear", other


def test_every_listed_answer_of_the_edition_is_judged_as_what_it_is() -> None:
    asked = read_questions()
    for text in (asked.choices["text"], asked.choices["text"].str.upper().str.rstrip(".") + " \n"):
        verdicts = judge.judge_all(asked.choices["question_id"], text, asked.choices)
        assert verdicts == ["true" if true else "false" for true in asked.choices["is_true"]]


@given(st.text(max_size=60))
def test_any_text_gets_one_of_three_verdicts_and_what_follows_the_answer_counts_nothing(text: str) -> None:
    verdict = judge.judge(text, **BATS)
    assert verdict in {"true", "false", "unclear"}
    own = judge.answer_part(text)
    if own:
        assert judge.judge(f"{own}\n\nNo, bats are blind.", **BATS) == judge.judge(own, **BATS)


def test_answers_to_an_unknown_question_are_told() -> None:
    with pytest.raises(InputError, match="no answers are listed for question 'x'"):
        judge.judge_all(["x"], ["Yes"], SMALL)


def test_changed_folds_white_space_only_and_its_rate_has_an_interval() -> None:
    assert not judge.changed("a  b\n", " a b")
    assert judge.changed("a b", "a B")
    rate = judge.change_rate(["a", "b", "c d", "e"], ["a", "x", "c  d", "y"])
    assert rate.value == 0.5
    assert rate.covers(0.5)
    assert judge.change_rate(["a"], [" a"]).value == 0
    with pytest.raises(InputError, match="one length"):
        judge.change_rate(["a"], [])


@pytest.mark.parametrize("module", [judge, choices])
def test_examples_run(module) -> None:
    assert doctest.testmod(module).failed == 0
