"""The experiment that decides: its controls, what is measured, what is kept, and what may be said of it."""

import json
from dataclasses import replace
from functools import partial
from math import comb, exp
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import LogisticRegression
from test_steer import direction, hooks
from test_sweep import alone
from tiny import language_model

from capelib.errors import InputError
from capelib.steering import verdict
from capelib.steering.controls import GAUSSIAN, PERMUTED, gaussian, permuted
from capelib.steering.cost import elsewhere
from capelib.steering.direction import TruthDirection
from capelib.steering.experiment import TRUTH, Cell, Plan, Results, plan, run
from capelib.steering.material import PROMPT, Measured, Outcome
from capelib.steering.outcomes import outcomes
from capelib.steering.paired import shift
from capelib.steering.questions import Questions
from capelib.steering.steer import steer
from capelib.steering.store import Store, fingerprints

LAYERS, N_PAIRS, D = (0, 1, 2), 6, 32


pytestmark = pytest.mark.usefixtures("one_thread")


def fitted(n: int = N_PAIRS, d: int = D, method: str = "mean") -> tuple[TruthDirection, np.ndarray, np.ndarray]:
    """A direction at three layers with the states of the statements that it was fitted on."""
    true, false = np.random.default_rng(1).standard_normal((2, 3, n, d)).astype(np.float32)
    return TruthDirection.of_states(true, false, LAYERS, method, model="none", n_layers=3), true, false


# Controls


@pytest.mark.parametrize("seed", [0, 7])
def test_a_permuted_direction_is_the_mean_difference_with_some_pairs_exchanged(seed: int) -> None:
    v, true, false = fitted()
    found = permuted(v, true, false, 30, seed)
    signs = []
    for each in found:
        by_layer = []
        for layer in LAYERS:
            # more coordinates than pairs: only one combination of the differences gives this vector
            weight, *_ = np.linalg.lstsq((true - false)[layer].T.astype(float), each.vectors[layer], rcond=None)
            np.testing.assert_allclose(np.abs(weight), np.abs(weight).mean(), rtol=1e-3)
            by_layer.append(np.sign(weight))
        assert (np.array(by_layer) == by_layer[0]).all()  # the same exchanges in every layer
        signs.append(by_layer[0])
        assert (each.method, each.layers, each.note) == (PERMUTED, LAYERS, "")
        np.testing.assert_array_equal(each.spreads, v.spreads)
        np.testing.assert_allclose(np.linalg.norm(each.vectors, axis=1), 1, atol=1e-6)
    assert len(np.unique(signs, axis=0)) > 15


def test_exchanges_are_fair_and_independent_over_pairs_and_draws() -> None:
    v, true, false = fitted(n=4, d=8)
    n = 800
    differences = (true - false)[0].T.astype(float)
    vectors = np.array([each.vectors[0] for each in permuted(v, true, false, n)], float)
    kept = np.linalg.lstsq(differences, vectors.T, rcond=None)[0].T > 0
    counts = np.bincount(kept @ [1, 2, 4, 8], minlength=16)
    assert stats.chisquare(counts).pvalue > 0.001  # all sixteen ways alike
    following = stats.contingency.crosstab(kept[:-1, 0], kept[1:, 0]).count
    assert stats.chi2_contingency(following).pvalue > 0.001


def test_a_permuted_direction_is_fitted_as_the_direction_was() -> None:
    true, false = np.random.default_rng(1).standard_normal((2, 1, N_PAIRS, D))
    facts = {"model": "none", "n_layers": 1}
    v = TruthDirection.of_states(true, false, (0,), "logistic", **facts)
    mean = TruthDirection.of_states(true, false, (0,), "mean", **facts)
    for each, of_means in zip(permuted(v, true, false, 5), permuted(mean, true, false, 5), strict=True):
        weight, *_ = np.linalg.lstsq((true - false)[0].T, of_means.vectors[0], rcond=None)
        labels = np.concatenate([weight > 0, weight < 0])
        x = np.concatenate([true[0], false[0]])
        x = (x - x.mean(axis=0)) / np.sqrt(((x - x.mean(axis=0)) ** 2).mean())
        expected = LogisticRegression(max_iter=2000).fit(x, labels).coef_[0]
        np.testing.assert_allclose(each.vectors[0], expected / np.linalg.norm(expected), atol=1e-3)


def test_beside_the_first_axis_no_control_is_that_axis_itself() -> None:
    v, true, false = fitted(method="pca")
    for each in permuted(v, true, false, 20):
        assert (np.abs((each.vectors * v.vectors).sum(axis=1)) < 0.999).all()


def test_gaussian_directions_lie_evenly_on_the_sphere() -> None:
    d = 8
    v, *_ = fitted(d=d)
    found = np.array([each.vectors for each in gaussian(v, 700)], float)
    np.testing.assert_allclose(np.linalg.norm(found, axis=2), 1, atol=1e-6)
    on_sphere = stats.beta((d - 1) / 2, (d - 1) / 2, loc=-1, scale=2)
    axes = np.linalg.qr(np.random.default_rng(3).standard_normal((d, d)))[0]
    for axis in (*np.eye(d)[:2], *axes[:2]):
        for layer in LAYERS:
            assert stats.kstest(found[:, layer] @ axis, on_sphere.cdf).pvalue > 0.001
    assert abs(np.einsum("nd,nd->n", found[:, 0], found[:, 1]).mean()) < 4 / np.sqrt(700 * d)
    assert gaussian(v, 1)[0].method == GAUSSIAN


@pytest.mark.parametrize("kind", [PERMUTED, GAUSSIAN])
def test_a_seed_is_a_set_of_controls_and_more_of_them_leave_the_first(kind: str) -> None:
    def vectors(n: int, seed: int) -> np.ndarray:
        v, *states = fitted()
        drawn = permuted(v, *states, n, seed) if kind == PERMUTED else gaussian(v, n, seed)
        return np.array([each.vectors for each in drawn])

    np.testing.assert_array_equal(vectors(5, 0), vectors(5, 0))
    np.testing.assert_array_equal(vectors(9, 0)[:5], vectors(5, 0))
    assert not np.array_equal(vectors(5, 0), vectors(5, 1))


# What is measured

QUESTIONS = Questions(
    pd.DataFrame({"question_id": ["q2", "q0", "q1"], "question": ["the cat sat on", "sky is", "a b c d"]}),
    pd.DataFrame(
        [
            ("q2", "the mat", True, True), ("q2", "a mat", True, False), ("q2", "the sky", False, False),
            ("q2", "grass . a", False, False), ("q0", "blue", True, True), ("q0", "green grass", False, False),
            ("q1", "e f g", True, True), ("q1", "e g", False, False), ("q1", "x y z", False, False),
        ],
        columns=["question_id", "text", "is_true", "is_best"],
    ),
    "made up",
)  # fmt: skip
REASONING = pd.DataFrame({
    "context": ["the cat is", "the sky is", "grass", "a b"],
    "correct_answer": ["blue", "green .", "is green", "c"],
    "incorrect_answer": ["green", "on the mat", "is blue", "z"],
})  # fmt: skip
NEUTRAL = ["the cat sat on the mat .", "sky is blue", "a b c d e f g"]
ASKED = "the {question} is"
ONE = {"model": "one", "prompt": "one"}  # an experiment, by what it rests on


def by_hand(model: object, prompt: str) -> tuple[dict[str, tuple], list[float], list[float]]:
    """The same outcome from one pass per answer, text and loop."""
    of_questions = {}
    for name, question in QUESTIONS.questions.itertuples(index=False):
        rows = QUESTIONS.choices[QUESTIONS.choices["question_id"] == name]
        logs = [alone(model, prompt.format(question=question), f" {text}") for text in rows["text"]]
        best = next(x for x, is_best in zip(logs, rows["is_best"], strict=True) if is_best)
        false = [x for x, is_true in zip(logs, rows["is_true"], strict=True) if not is_true]
        mass = sum(exp(x) for x, is_true in zip(logs, rows["is_true"], strict=True) if is_true)
        of_questions[name] = best > max(false), mass / sum(map(exp, logs)), best - max(false)
    right = [
        float(alone(model, c, f" {yes}") > alone(model, c, f" {no}")) for c, yes, no in REASONING.itertuples(False)
    ]
    text = [alone(model, each.split()[0], each[len(each.split()[0]) :]) for each in NEUTRAL]
    return of_questions, right, text


def assert_same(found: Outcome, expected: tuple[dict[str, tuple], list[float], list[float]]) -> None:
    of_questions, right, text = expected
    assert found.questions["question_id"].tolist() == list(of_questions)
    for row in found.questions.itertuples():
        assert (row.mc1, row.mc2, row.margin) == pytest.approx(of_questions[row.question_id], abs=1e-4)
    assert found.right.tolist() == right
    np.testing.assert_allclose(found.logprob, text, atol=1e-4)


@pytest.mark.parametrize("prompt", [PROMPT, ASKED])
@pytest.mark.parametrize("kind", ["llama", "gpt2", "gpt_neox", "mamba"])
def test_plain_and_pushed_outcomes_are_those_of_passes_of_their_own(kind: str, prompt: str) -> None:
    model = language_model(kind)
    measured = Measured(model, QUESTIONS, (0, 2), REASONING, NEUTRAL, prompt)
    assert_same(measured.plain, by_hand(model, prompt))
    for layer, strength in ((2, 1.0), (0, -0.6)):
        v = direction(model, (layer,))
        with steer(model, v, strength):
            expected = by_hand(model, prompt)
        vector = Cell(TRUTH, 0, layer, strength, v, True).vector
        assert_same(measured.pushed(layer, vector), expected)
        without = measured.pushed(layer, vector, elsewhere=False)
        assert_same(Outcome(without.questions, np.array(expected[1]), np.array(expected[2])), expected)
        assert len(without.right) == len(without.logprob) == 0
    assert measured.n_neutral_tokens == sum(len(each.split()) - 1 for each in NEUTRAL)
    assert hooks(model) == 0


def test_what_is_not_given_is_not_measured() -> None:
    model = language_model("llama")
    for reasoning in (None, REASONING.iloc[:0]):
        measured = Measured(model, QUESTIONS, (1,), reasoning)
        for outcome in (measured.plain, measured.pushed(1, np.ones(D, np.float32))):
            assert len(outcome.questions) == 3
            assert len(outcome.right) == len(outcome.logprob) == 0
        assert measured.n_neutral_tokens == 0
    with pytest.raises(InputError, match="unknown column 'correct_answer'"):
        Measured(model, QUESTIONS, (1,), REASONING.drop(columns="correct_answer"))
    with pytest.raises(InputError, match="layer 2 is not among those of this sweep: 1"):
        measured.pushed(2, np.ones(D, np.float32))


def test_two_endings_as_likely_are_not_right_and_mirrored_completions_are_one_couple() -> None:
    tied = REASONING.assign(incorrect_answer=REASONING["correct_answer"], id=list("abcd"), mirror=list("badc"))
    measured = Measured(language_model("llama"), QUESTIONS, (1,), tied)
    assert measured.plain.right.tolist() == [0.0] * 4
    assert measured.couples.tolist() == [0, 0, 1, 1]
    assert Measured(language_model("llama"), QUESTIONS, (1,), REASONING).couples.tolist() == [0, 1, 2, 3]


# The plan


def test_pairs_that_mirror_each_other_are_exchanged_together() -> None:
    # the difference of pair i is the i-th axis, so that a direction's signs are the exchanges
    n, number = 8, np.array([0, 0, 1, 1, 2, 2, 3, 3])
    false = np.zeros((1, n, D))
    true = false.copy()
    true[0, range(n), range(n)] = 1.0
    v = TruthDirection.of_states(true, false, [1], model="made", n_layers=3)
    planned = plan(v, true, false, 1, 1.0, n_permuted=30, n_gaussian=1, groups=number, n_beside=0)
    signs = np.sign([c.direction.vectors[0, :n] for c in planned.cells if c.kind == PERMUTED])
    assert (signs[:, ::2] == signs[:, 1::2]).all()
    assert len(np.unique(signs, axis=0)) > 8
    alone = np.sign([each.vectors[0, :n] for each in permuted(v, true, false, 30)])
    assert (alone[:, ::2] != alone[:, 1::2]).any()


def test_the_plan_has_the_push_first_then_its_controls_then_the_doses() -> None:
    v, true, false = fitted()
    planned = plan(v, true, false, 1, 1.5, (2, 1), (-1.5, 0.5, 1.5), n_permuted=9, n_gaussian=2, seed=4, n_beside=0)
    expected = [(TRUTH, 0, 1, 1.5), (TRUTH, 0, 1, -1.5)]
    expected += [(PERMUTED, i, 1, 1.5) for i in range(9)] + [(GAUSSIAN, i, 1, 1.5) for i in range(2)]
    expected += [(TRUTH, 0, 2, -1.5), (TRUTH, 0, 2, 0.5), (TRUTH, 0, 2, 1.5), (TRUTH, 0, 1, 0.5)]
    assert [(cell.kind, cell.draw, cell.layer, cell.strength) for cell in planned.cells] == expected
    assert (planned.layer, planned.strength) == (1, 1.5)
    assert [cell.elsewhere for cell in planned.cells] == [True] * 4 + [False] * 7 + [True, False] + [True] * 4
    for cell in planned.cells:
        place = LAYERS.index(cell.layer)
        assert cell.direction.layers == (cell.layer,)
        length = abs(cell.strength) * v.spreads[place]
        assert np.linalg.norm(cell.vector) == pytest.approx(length, rel=1e-5)
        if cell.kind == TRUTH:
            np.testing.assert_allclose(cell.vector, cell.strength * v.spreads[place] * v.vectors[place], rtol=1e-5)
    # the controls are drawn at the layer that decides, from its states
    drawn = [cell.direction.vectors[0] for cell in planned.cells if cell.kind == PERMUTED]
    same = [each.vectors[0] for each in permuted(v.at(1), true[[1]], false[[1]], 9, seed=4)]
    np.testing.assert_array_equal(drawn, same)
    other = plan(v, true, false, 1, 1.5, n_permuted=9, n_gaussian=2, seed=5, n_beside=0)
    assert not np.array_equal(other.cells[2].vector, planned.cells[2].vector)
    assert not np.array_equal(other.cells[-1].vector, planned.cells[12].vector)


def test_every_dose_has_controls_of_its_own_with_the_same_exchanges_in_every_layer() -> None:
    v, true, false = fitted()
    planned = plan(v, true, false, 1, 1.5, (2, 1), (-1.5, 0.5, 1.5), n_permuted=5, n_gaussian=1, seed=4, n_beside=3)
    drawn = {(cell.layer, cell.strength, cell.draw): cell for cell in planned.cells if cell.kind == PERMUTED}
    beside = {(layer, s, i) for layer in (1, 2) for s in (-1.5, 0.5, 1.5) for i in range(3)}
    assert set(drawn) == beside | {(1, 1.5, i) for i in range(5)}
    assert [cell.elsewhere for cell in drawn.values()] == [True] + [False] * (len(drawn) - 1)
    both = permuted(v, true, false, 3, seed=4)  # one set of exchanges, all layers at once
    for (layer, strength, i), cell in drawn.items():
        if i < 3:
            expected = strength * both[i].at(layer).raw[0]
            np.testing.assert_allclose(cell.vector, expected, rtol=1e-5)


@given(
    st.lists(st.sampled_from(LAYERS), max_size=5),
    st.lists(st.sampled_from((-1, 1.0, 2, 2.0, 0.1234567, 0.1234568)), max_size=5),
    st.integers(1, 5),
    st.integers(0, 3),
)
def test_no_push_is_planned_twice_and_none_is_left_out(
    layers: list[int], strengths: list[float], n: int, beside: int
) -> None:
    planned = plan(*fitted(), 1, 1, layers, strengths, n_permuted=n, n_gaussian=1, n_beside=beside)
    keys = [cell.key for cell in planned.cells]
    assert len(set(keys)) == len(keys)
    truth = {(cell.layer, cell.strength) for cell in planned.cells if cell.kind == TRUTH}
    assert truth == {(1, 1), (1, -1)} | {(layer, s) for layer in layers for s in strengths}
    assert sum(cell.kind == PERMUTED and cell.elsewhere for cell in planned.cells) >= 1
    doses = {(layer, float(s)) for layer in layers for s in strengths}
    drawn = {(1, 1.0, i) for i in range(n)} | {(*dose, i) for dose in doses for i in range(beside)}
    assert len(keys) == len(truth) + len(drawn) + 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"strength": 0}, "strength 0 is the plain model"),
        ({"strengths": (1.0, 0.0)}, "strength 0 is the plain model"),
        ({"strength": float("nan")}, "a strength must be a finite number; got nan"),
        ({"strengths": (1.0, float("-inf"))}, "a strength must be a finite number; got 1, 1, -inf"),
        ({"n_permuted": 0}, "an effect needs directions on permuted labels beside it; got 0"),
        ({"layer": 5}, "the direction has no layer 5; it has 0, 1, 2"),
        ({"layers": (1, 4), "strengths": (1.0,)}, "the direction has no layer 4"),
    ],
)
def test_a_plan_that_cannot_be_costs_one_line(given: dict, words: str) -> None:
    v, true, false = fitted()
    with pytest.raises(InputError, match=words):
        plan(v, true, false, **({"layer": 1, "strength": 1.0} | given))


# Running and keeping


def outcome(margin: np.ndarray, right: object = (), logprob: object = ()) -> Outcome:
    margin = np.asarray(margin, float)
    frame = pd.DataFrame({"question_id": [f"q{i}" for i in range(len(margin))], "n_choices": 3})
    frame = frame.assign(mc1=margin > 0, mc2=1 / (1 + np.exp(-margin)), margin=margin, tied=margin == 0)
    return Outcome(frame, np.asarray(right, float), np.asarray(logprob, float))


class Made:
    """In place of a model: outcomes that are a function of the push, and a list of what was asked."""

    def __init__(self, breaks_at: int | None = None) -> None:
        self.plain, self.n_neutral_tokens = self._of(np.zeros(D), True), 40
        self.couples = np.array([0, 1, 1, 0])
        self.asked, self.breaks_at = [], breaks_at

    def pushed(self, layer: int, vector: np.ndarray, elsewhere: bool = True) -> Outcome:
        if len(self.asked) == self.breaks_at:
            raise KeyboardInterrupt
        self.asked.append((layer, vector.tobytes(), elsewhere))
        return self._of((layer + 1) * vector, elsewhere)

    def _of(self, vector: np.ndarray, elsewhere: bool) -> Outcome:
        rest = (np.sign(vector[:4]) > 0, vector[4:7] - 9.1) if elsewhere else ()
        return outcome(vector[:10] / 3 - 0.1, *rest)


def small_plan() -> Plan:
    return plan(*fitted(), 1, 1.0, (0, 2), (-1.0, 0.5), n_permuted=5, n_gaussian=2)


def assert_equal(one: Outcome, other: Outcome) -> None:
    pd.testing.assert_frame_equal(one.questions, other.questions)
    np.testing.assert_array_equal(one.right, other.right)
    np.testing.assert_array_equal(one.logprob, other.logprob)


def test_every_push_is_measured_once_and_is_told_of_before_it_begins() -> None:
    planned, made, heard = small_plan(), Made(), []
    results = run(made, planned, on_cell=lambda done, total, cell: heard.append((done, total, cell, len(made.asked))))
    n = len(planned.cells)
    assert heard == [(i, n, cell, i) for i, cell in enumerate(planned.cells)]
    assert made.asked == [(cell.layer, cell.vector.tobytes(), cell.elsewhere) for cell in planned.cells]
    assert results.done == planned.cells
    for cell in planned.cells:
        assert_equal(results.outcomes[cell.key], Made().pushed(cell.layer, cell.vector, cell.elsewhere))


@pytest.mark.parametrize("breaks_at", [0, 1, 6])
def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path, breaks_at: int) -> None:
    planned, path, heard = small_plan(), tmp_path / "below" / "sweep.jsonl", []
    with pytest.raises(KeyboardInterrupt):
        run(Made(breaks_at), planned, Store(path, ONE))
    assert path.exists() == (breaks_at > 0)
    second = Made()
    results = run(second, planned, Store(path, ONE), lambda *told: heard.append(told))
    n = len(planned.cells)
    assert heard == [(i, n, planned.cells[i]) for i in range(breaks_at, n)]  # those kept do not begin
    assert len(second.asked) == n - breaks_at
    whole = run(Made(), planned)
    assert list(results.outcomes) == list(whole.outcomes)
    for key in whole.outcomes:
        assert_equal(results.outcomes[key], whole.outcomes[key])
    third = Made()
    again = run(third, planned, Store(path, ONE), lambda *_: pytest.fail("nothing begins"))
    assert not third.asked
    pd.testing.assert_frame_equal(again.cells, whole.cells)


def test_a_larger_plan_measures_only_what_is_new_and_a_smaller_one_shows_only_its_own(tmp_path: Path) -> None:
    path, large = tmp_path / "sweep.jsonl", small_plan()
    small = replace(large, cells=large.cells[3:6])
    run(Made(), small, Store(path, ONE))
    made = Made()
    run(made, large, Store(path, ONE))
    assert len(made.asked) == len(large.cells) - 3
    assert run(Made(), small, Store(path, ONE)).done == small.cells
    assert set(Store(path, ONE).read()) == {cell.key for cell in large.cells}


def test_a_file_of_another_experiment_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path, made = tmp_path / "sweep.jsonl", Made()
    run(Made(), small_plan(), Store(path, ONE))
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"of another experiment \(other prompt, seed\); give another file"):
        run(made, small_plan(), Store(path, {**ONE, "prompt": "other", "seed": "0"}))
    assert path.read_bytes() == before
    assert not made.asked


HEAD = json.dumps({"experiment": ONE}) + "\n"


@pytest.mark.parametrize(
    "content",
    ["", "\n", "no JSON", "[]", "3", '"one"', "{}", '{"experiment": "one"}', HEAD + "{", HEAD + "{}", HEAD + "[1]",
     HEAD + '{"key": "a"}', HEAD + '{"key": "a", "questions": 3, "right": [], "logprob": []}', b"\xff\xfe{}",
     HEAD + '{"key": "a", "questions": {"mc1": [1], "mc2": [1, 2]}, "right": [], "logprob": []}'],
)  # fmt: skip
def test_a_damaged_file_costs_one_line_and_is_left_as_it_is(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "sweep.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = path.read_bytes()
    with pytest.raises(InputError, match="no file of a sweep; give another one, or delete it"):
        run(Made(), small_plan(), Store(path, ONE))
    assert path.read_bytes() == before


def test_a_file_that_was_cut_gives_its_first_pushes_or_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sweep.jsonl"
    store = Store(path, ONE)
    for name in ("a", "b", "c"):
        store.add(name, outcome([0.25, -1.0], [1.0], [-2.5]))
    whole = path.read_bytes()
    ends = {whole.index(line) + len(line) for line in whole.splitlines()}
    for cut in {*range(0, len(whole), 5), *ends, *(end + 1 for end in ends)}:
        path.write_bytes(whole[:cut])
        if cut in ends or cut - 1 in ends:
            assert list(Store(path, ONE).read()) == list("abc")[: whole[:cut].count(b'"key"')]
        else:
            with pytest.raises(InputError, match="no file of a sweep"):
                Store(path, ONE).read()


def test_a_push_is_kept_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sweep.jsonl"
    store, write_text = Store(path, ONE), Path.write_text
    store.add("a", outcome([1.0, 2.0]))
    before = path.read_bytes()

    def full_disk(self: Path, text: str, **options: object) -> None:
        write_text(self, text[: len(text) // 2], **options)
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(OSError, match="no space left"):
        store.add("b", outcome([3.0, 4.0]))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_read_is_what_was_kept_to_the_last_digit(tmp_path: Path) -> None:
    model = language_model("llama")
    measured, path = Measured(model, QUESTIONS, (1,), REASONING, NEUTRAL), tmp_path / "sweep.jsonl"
    kept = {str(s): measured.pushed(1, np.full(D, s, np.float32), elsewhere=s > 0) for s in (-0.5, 0.5)}
    store = Store(path, ONE)
    for key, each in kept.items():
        store.add(key, each)
    found = Store(path, ONE).read()
    assert list(found) == list(kept)
    for key, each in kept.items():
        assert_equal(found[key], each)
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[0]) == {"experiment": ONE}


def test_another_experiment_is_told_by_what_differs() -> None:
    model, (v, *_) = language_model("llama"), fitted()
    long = pd.DataFrame({"text": [f"text {i}" for i in range(200)]})
    numbers = np.arange(3000)

    def of(model=model, v=v, questions=QUESTIONS, prompt=PROMPT, **settings: object) -> dict[str, str]:
        return fingerprints(model, v, questions, prompt, **({"seed": 0, "texts": long, "numbers": numbers} | settings))

    half = language_model("llama")
    half.model.to(torch.bfloat16)
    reworded = QUESTIONS.questions.replace("sky is", "the sky is")
    reordered = QUESTIONS.choices.replace("blue", "green")
    vectors = v.vectors.copy()
    vectors[2, 5] = np.nextafter(vectors[2, 5], 1)
    others = {
        "model": [of(replace(model, name="other")), of(replace(model, revision="2"))],
        "number format": [of(half)],
        "direction": [
            of(v=replace(v, vectors=vectors)), of(v=replace(v, spreads=v.spreads * 1.01)),
            of(v=replace(v, method="logistic")),
        ],
        "layer": [of(v=replace(v, layers=(0, 1, 3)))],
        "questions": [
            of(questions=replace(QUESTIONS, questions=reworded)), of(questions=replace(QUESTIONS, choices=reordered))
        ],
        "prompt": [of(prompt=ASKED)],
        "seed": [of(seed=1)],
        "a word more": [of(a_word_more=1)],
        "texts": [of(texts=long.replace("text 100", "text 1oo"))],
        "numbers": [of(numbers=np.where(numbers == 1500, 0, numbers))],
    }  # fmt: skip
    for name, each in ((name, each) for name, found in others.items() for each in found):
        assert [part for part in {**of(), **each} if of().get(part) != each.get(part)] == [name]
    assert of() == of(language_model("llama"), fitted()[0], texts=long.copy(), numbers=numbers.copy())
    assert {len(each) for each in of().values()} == {16}


# What it says


def results(plain: Outcome, truth: Outcome, nulls: list[Outcome], n_tokens: int = 10, **more: object) -> Results:
    """An experiment at layer 1, strength 2, with outcomes that were made up; `more`: opposite, noise, dose, couples."""
    v, true, false = fitted()
    n_noise = len(more.get("noise", []))
    planned = plan(v, true, false, 1, 2.0, (0,), (1.0,), n_permuted=max(1, len(nulls)), n_gaussian=n_noise, n_beside=0)
    by_kind = {PERMUTED: nulls, GAUSSIAN: more.get("noise", [])}
    known = {(TRUTH, 1, 2.0): truth, (TRUTH, 1, -2.0): more.get("opposite"), (TRUTH, 0, 1.0): more.get("dose")}
    outcomes = {}
    for cell in planned.cells:
        at = (cell.kind, cell.layer, cell.strength)
        found = known.get(at) if cell.kind == TRUTH else dict(enumerate(by_kind[cell.kind])).get(cell.draw)
        if found is not None:
            outcomes[cell.key] = found
    couples = more.get("couples", np.arange(len(plain.right)))
    return Results(planned, plain, outcomes, n_tokens, couples)


def flipped(n: int, right: int, corrected: int, broken: int) -> Outcome:
    """The outcome after `corrected` of the wrong questions turned right and `broken` of the first `right` wrong."""
    sides = np.where(np.arange(n) < right, 1.0, -1.0)
    sides[right : right + corrected], sides[:broken] = 1.0, -1.0
    return outcome(sides)


def test_a_table_of_means_and_perplexities() -> None:
    plain = outcome([1.0, -1.0, 2.0, -3.0], [1, 0, 1, 1], [-8.0, -4.0])
    pushed = outcome([2.0, 0.5, -1.0, -3.0], [1, 1, 1, 1], [-9.0, -8.0])
    found = results(plain, pushed, [outcome([1.0, -2.0, 3.0, -3.0])], opposite=plain, n_tokens=6)
    table = found.cells
    measures = ["mc1", "mc2", "margin", "corrected", "broken", "right", "perplexity"]
    assert list(table.columns) == ["kind", "draw", "layer", "strength", *measures]
    assert table["kind"].tolist() == ["plain", TRUTH, TRUTH, PERMUTED]
    assert table["strength"].tolist() == [0.0, 2.0, -2.0, 2.0]
    np.testing.assert_allclose(table["mc1"], [0.5, 0.5, 0.5, 0.5])
    assert table["corrected"].tolist() == [0, 1, 0, 0]
    assert table["broken"].tolist() == [0, 1, 0, 0]
    np.testing.assert_allclose(table["margin"], [-0.25, -0.375, -0.25, -0.25])
    by_loop = [sum(1 / (1 + exp(-m)) for m in margins) / 4 for margins in ((1, -1, 2, -3), (2, 0.5, -1, -3))]
    np.testing.assert_allclose(table["mc2"][:2], by_loop)
    np.testing.assert_allclose(table["right"], [0.75, 1.0, 0.75, np.nan])
    # (8 + 4)/6 nats a token became (9 + 8)/6
    np.testing.assert_allclose(table["perplexity"], [1.0, exp(17 / 6) / exp(12 / 6), 1.0, np.nan])
    np.testing.assert_array_equal(found.of(TRUTH)[0].right, pushed.right)
    assert found.of(TRUTH, 1, -2.0) == [plain]
    assert found.of(TRUTH, 0, 1.0) == found.of(GAUSSIAN) == []


def test_an_effect_is_what_one_counts_and_adds_up_by_hand() -> None:
    rng, n = np.random.default_rng(2), 30
    plain, truth = (outcome(rng.normal(0, 1, n)) for _ in range(2))
    nulls, noise = ([outcome(rng.normal(0.1 * i, 1, n)) for i in range(k)] for k in (8, 3))
    found = verdict.effect(results(plain, truth, nulls, noise=noise), seed=5)
    before, after = plain.questions["mc1"], truth.questions["mc1"]
    corrected, broken = int((~before & after).sum()), int((before & ~after).sum())
    assert (found.changes.corrected, found.changes.broken, found.changes.n) == (corrected, broken, n)
    sides = corrected + broken
    tail = sum(comb(sides, k) for k in range(min(corrected, broken) + 1)) / 2**sides
    assert found.changes.p == pytest.approx(min(1.0, 2 * tail))
    for name, moved in (("mc2", found.mc2), ("margin", found.margin)):
        change = (truth.questions[name] - plain.questions[name]).to_numpy()
        assert moved.mean.value == pytest.approx(change.mean())
        assert moved.sd == pytest.approx(change.std(ddof=1))
        assert moved == shift(plain.questions[name], truth.questions[name], seed=5)
    for ranked, drawn in ((found.ranked, nulls), (found.gaussian, noise)):
        assert list(ranked) == ["mc1", "mc2", "margin"]
        for name, each in ranked.items():
            own = truth.questions[name].mean() - plain.questions[name].mean()
            null = [other.questions[name].mean() - plain.questions[name].mean() for other in drawn]
            extreme = sum(abs(x) > abs(own) - 1e-12 for x in null)
            assert (each.n_null, each.n_as_extreme) == (len(drawn), extreme)
            assert each.p == pytest.approx((1 + extreme) / (1 + len(drawn)))
            assert each.effect == pytest.approx(own)
            assert each.mean == pytest.approx(np.mean(null))
    assert found.could_find["mc1"].spread == pytest.approx(sides / n)
    assert found.could_find["mc2"].spread == pytest.approx(found.mc2.sd)
    assert found.changes.summary() in found.summary()
    assert verdict.effect(results(plain, truth, nulls)).gaussian == {}


@pytest.mark.parametrize(
    ("corrected", "broken", "null", "n_null", "told"),
    [
        (10, 1, (3, 3), 20, "helps"),
        (10, 1, (3, 3), 19, "helps"),
        (10, 1, (3, 3), 18, ""),  # eighteen nulls below it are p = 1/19
        (5, 0, (0, 0), 20, ""),  # above all nulls, but McNemar's p is 2/32
        (6, 0, (0, 0), 20, "helps"),  # 2/64
        (10, 1, (9, 0), 20, ""),  # the controls do the same: a tie
        (10, 1, (9, 1), 20, "helps"),
        (10, 1, (0, 9), 20, ""),  # or the opposite as much
        (1, 10, (3, 3), 20, "harms"),
        (1, 10, (3, 3), 18, ""),
        (0, 5, (0, 0), 20, ""),
        (1, 10, (0, 9), 20, ""),
        (1, 10, (0, 8), 20, "harms"),
        (4, 4, (0, 0), 20, ""),
        (0, 0, (0, 0), 20, ""),
    ],
)
def test_it_helps_or_harms_by_both_tests_or_not_at_all(
    corrected: int, broken: int, null: tuple[int, int], n_null: int, told: str
) -> None:
    plain, truth = flipped(40, 20, 0, 0), flipped(40, 20, corrected, broken)
    nulls = [flipped(40, 20, 0, 0)] * (n_null - 1) + [flipped(40, 20, *null)]
    found = verdict.effect(results(plain, truth, nulls))
    assert found.verdict == (told or "cannot be told from chance or from its controls")
    assert found.summary().startswith(f"The direction {found.verdict}: ")
    other = replace(found, comparable=False)  # as of a direction that is no difference of means
    assert other.verdict.startswith("is not judged")


@settings(max_examples=30)
@given(st.integers(2, 120), st.data())
def test_a_control_that_moves_as_many_questions_is_a_tie(n: int, data: st.DataObject) -> None:
    # shares such as 0.48 - 0.41 and 7/100 differ in their last digit
    right = data.draw(st.integers(0, n))
    more = data.draw(st.integers(0, n - right))
    sideways = data.draw(st.integers(0, min(right, n - right - more)))
    truth, null = flipped(n, right, more, 0), flipped(n, right, more + sideways, sideways)
    found = verdict.effect(results(flipped(n, right, 0, 0), truth, [null] * 3))
    assert found.ranked["mc1"].n_as_extreme == 3


def test_the_opposite_is_set_among_the_nulls_of_the_push_and_a_dose_among_its_own() -> None:
    plain, other = flipped(30, 15, 0, 0), flipped(30, 15, 7, 1)
    nulls = [flipped(30, 15, k, 0) for k in range(4)]
    found = verdict.effect(results(plain, plain, nulls, opposite=other), strength=-2.0)
    assert (found.changes.corrected, found.changes.broken) == (7, 1)
    assert found.ranked["mc1"].p == pytest.approx(1 / 5)
    with pytest.raises(InputError, match="have not been measured"):
        verdict.effect(results(plain, plain, nulls, dose=other), layer=0, strength=1.0)
    made = results(plain, plain, nulls, dose=other)
    own = Cell(PERMUTED, 0, 0, 1.0, made.plan.cells[0].direction, False)
    beside = replace(
        made,
        plan=replace(made.plan, cells=(*made.plan.cells, own)),
        outcomes=made.outcomes | {own.key: flipped(30, 15, 8, 0)},
    )
    assert verdict.effect(beside, layer=0, strength=1.0).ranked["mc1"].p == 1


def test_a_direction_that_is_no_difference_of_means_is_not_judged() -> None:
    plain, truth = flipped(40, 20, 0, 0), flipped(40, 20, 10, 1)
    made = results(plain, truth, [flipped(40, 20, 0, 0)] * 20)
    first, *rest = made.plan.cells
    for method, told in (("mean", "helps"), ("logistic", "helps"), ("pca", "is not judged"), ("gguf", "is not judged")):
        cells = (replace(first, direction=replace(first.direction, method=method)), *rest)
        found = verdict.effect(replace(made, plan=replace(made.plan, cells=cells)))
        assert found.verdict.startswith(told)


def test_without_the_push_or_its_nulls_there_is_no_effect() -> None:
    plain = flipped(10, 5, 0, 0)
    for found in (results(plain, None, [plain]), results(plain, plain, [])):
        with pytest.raises(InputError, match="have not been measured; run the experiment to its end"):
            verdict.effect(found)
    with pytest.raises(InputError, match="have not been measured"):
        verdict.effect(results(plain, plain, [plain]), layer=0, strength=1.0)


def test_where_the_direction_is_one_of_the_permuted_ones_it_is_rarely_found(monkeypatch: pytest.MonkeyPatch) -> None:
    # every direction moves questions its own way, some much; labels mean nothing
    for name in ("smallest_share", "smallest_mean"):  # slow, and not part of the rule
        monkeypatch.setattr(verdict, name, lambda *_: None)
    monkeypatch.setattr(verdict, "shift", partial(shift, n_draws=20))
    rng, n, worlds = np.random.default_rng(11), 64, 400
    told, by_mcnemar = {"helps": 0, "harms": 0}, 0

    def made(margin: np.ndarray) -> Outcome:  # with nothing that the rule does not read
        return Outcome(pd.DataFrame({"mc1": margin > 0, "mc2": margin, "margin": margin}), np.empty(0), np.empty(0))

    template = results(flipped(n, 32, 0, 0), flipped(n, 32, 0, 0), [flipped(n, 32, 0, 0)] * 20)
    for _ in range(worlds):
        own = rng.normal(0, 1, n)
        pushes = rng.normal(0, 0.5, (21, 1)) + rng.normal(0, 0.5, (21, n))
        keys = [cell.key for cell in template.done]
        outcomes = dict(zip(keys, (made(own + push) for push in pushes), strict=True))
        found = verdict.effect(replace(template, plain=made(own), outcomes=outcomes))
        told["helps"] += found.verdict == "helps"
        told["harms"] += found.verdict == "harms"
        by_mcnemar += found.changes.p <= 0.05 and found.changes.difference.value > 0
    assert by_mcnemar > 0.15 * worlds  # a test over questions alone finds something in most such directions
    for count in told.values():
        assert 0 < count <= 0.05 * worlds
    assert sum(told.values()) <= stats.binom.ppf(0.999, worlds, 1 / 21)


def test_the_table_of_outcomes_is_what_the_single_questions_give() -> None:
    v, true, false = fitted()
    measured = Measured(language_model("llama"), QUESTIONS, (1,))
    made = run(measured, plan(v, true, false, 1, 2.0, n_permuted=6, n_gaussian=1))
    table = outcomes(made, verdict.effect(made))
    plain, pushed, nulls = made.plain.questions, made.of(TRUTH)[0].questions, made.of(PERMUTED)
    for row, (name, scale) in zip(
        table.itertuples(),
        {"mc1": 100, "mc2": 100, "margin": 1, "mc1_norm": 100, "mc2_norm": 100}.items(),
        strict=True,
    ):
        change = [float(b) - float(a) for a, b in zip(plain[name], pushed[name], strict=True)]
        assert (row.base, row.steered) == pytest.approx((scale * plain[name].mean(), scale * pushed[name].mean()))
        assert row.change == pytest.approx(scale * sum(change) / len(change))
        moved = [float(np.mean(each.questions[name].astype(float) - plain[name])) for each in nulls]
        assert row[8] == pytest.approx(scale * np.percentile(moved, 97.5))
        assert row[9] == (1 + sum(abs(each) >= abs(np.mean(change)) for each in moved)) / 7


def test_costs_elsewhere_by_hand() -> None:
    margin = [1.0, -1.0]
    plain = outcome(margin, [1, 0, 1, 1, 0], [-8.0, -4.0])
    truth = outcome(margin, [1, 1, 1, 0, 1], [-9.0, -6.0])
    nulls = [outcome(margin, [1, 0, 0, 0, 0], [-10.0, -5.0]), outcome(margin, [1, 0, 1, 0, 1], [-8.0, -10.0])]
    couples = np.array([0, 1, 0, 2, 2])
    found = results(plain, truth, [*nulls, outcome(margin)], n_tokens=6, opposite=plain, couples=couples)
    table = elsewhere(found)
    assert table["kind"].tolist() == [TRUTH, TRUTH, PERMUTED]
    assert table["strength"].tolist() == [2.0, -2.0, 2.0]
    assert table["draws"].tolist() == [1, 1, 2]
    # couples count once: of the plain model 1, 0 and 1/2
    np.testing.assert_allclose(table["right"], [2.5 / 3, 1.5 / 3, (0.5 + 1.5) / 6])
    np.testing.assert_allclose(table["right_change"], [1 / 3, 0.0, (-1.0 + 0.0) / 6])
    np.testing.assert_allclose(table["perplexity"], [exp(3 / 6), 1.0, exp((3 + 6) / 2 / 6)])
    mean = shift([1, 0, 0.5], [1, 1, 0.5]).mean  # couples, each by the mean of its two
    assert (table["low"][0], table["high"][0]) == pytest.approx((mean.low, mean.high))
    assert (table["low"][2], table["high"][2]) == pytest.approx(np.percentile([-1 / 3, 0.0], [2.5, 97.5]))
    nats = np.percentile([3 / 6, 6 / 6], [2.5, 97.5])
    assert (table["perplexity_low"][2], table["perplexity_high"][2]) == pytest.approx(np.exp(nats))
    assert table[["perplexity_low", "perplexity_high"]][:2].isna().all(axis=None)
    only_text = elsewhere(results(outcome(margin, (), [-4.0]), outcome(margin, (), [-5.0]), [], n_tokens=2))
    assert only_text["perplexity"].tolist() == pytest.approx([exp(0.5)])
    assert only_text[["right", "right_change", "low", "high"]].isna().all(axis=None)
    only_right = elsewhere(results(outcome(margin, [1, 0]), outcome(margin, [1, 1]), [], n_tokens=0))
    assert only_right["right_change"].tolist() == [0.5]
    assert only_right["perplexity"].isna().all()
    assert elsewhere(results(outcome(margin), outcome(margin), [])).empty
