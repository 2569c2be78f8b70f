"""Scores of continuations: shared prompts and skipped blocks change nothing, in any architecture."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from test_steer import direction, hooks
from tiny import ARCHITECTURES, language_model

from capelib.errors import InputError
from capelib.models import LanguageModel, blocks
from capelib.steering.items import encode, encode_texts
from capelib.steering.steer import steer
from capelib.steering.sweep import Sweep

QUESTIONS = ["the cat sat on", "sky is", "a b c d e f", "grass is green . sky", "Paris"]
ANSWERS = [
    [" the mat", " blue"],
    [" blue green grass", " the", " a b c d"],
    [" g"],
    [" is blue", " is green ."],
    [" is"],
]
FIXTURE = Path(__file__).parent / "fixtures" / "lm_eval" / "samples_own_truth_mc1.jsonl"


def alone(model: LanguageModel, prompt: str, answer: str) -> float:
    """Σ log p of one answer in a pass of its own, as written in any textbook."""
    own = len(model.tokenizer(prompt)["input_ids"])
    ids = model.tokenizer(prompt + answer)["input_ids"]
    with torch.inference_mode():
        logits = model.model(input_ids=torch.tensor([ids]), use_cache=False).logits[0].double()
    picked = logits.log_softmax(dim=-1)[range(len(ids) - 1), ids[1:]]
    return float(picked[own - 1 :].sum())


def each_alone(model: LanguageModel) -> list[float]:
    return [alone(model, q, answer) for q, answers in zip(QUESTIONS, ANSWERS, strict=True) for answer in answers]


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_plain_and_pushed_scores_are_those_of_each_answer_alone(kind: str) -> None:
    model = language_model(kind)
    sweep = Sweep(model, encode(model, QUESTIONS, ANSWERS), layers=(0, 1, 2))
    np.testing.assert_allclose(sweep.plain, each_alone(model), atol=1e-4)
    for layer, strength in ((1, 0.8), (0, -0.5), (2, 0.3), (1, 0.8)):
        v = direction(model, (layer,))
        with steer(model, v, strength):
            expected = each_alone(model)
        np.testing.assert_allclose(sweep.pushed(layer, strength * v.raw[0]), expected, atol=1e-4)
    np.testing.assert_allclose(sweep.pushed(1, np.zeros(32, np.float32)), sweep.plain, atol=1e-4)
    assert hooks(model) == 0
    assert not any("forward" in vars(block) for block in blocks(model.model))


@pytest.mark.parametrize("kind", ["gpt2", "llama", "mamba"])
def test_small_passes_give_the_same(kind: str) -> None:
    model = language_model(kind)
    items = encode(model, QUESTIONS, ANSWERS)
    many = Sweep(model, items, (1,), most_tokens=1)
    np.testing.assert_allclose(many.plain, Sweep(model, items).plain, atol=1e-5)


def test_blocks_below_the_push_are_not_computed_again() -> None:
    model, called = language_model("llama"), []
    sweep = Sweep(model, encode(model, QUESTIONS, ANSWERS), (1,))
    for place, block in enumerate(blocks(model.model)):
        block.mlp.register_forward_hook(lambda *_, place=place: called.append(place))
    sweep.pushed(1, np.ones(32, np.float32))
    assert set(called) == {2}


def test_a_prompt_is_read_once_for_all_its_answers() -> None:
    model, read = language_model("llama"), []
    items = encode(model, ["the cat sat on the mat"], [[" a", " b c", " d e f", " g"]])
    handle = model.model.model.layers[0].register_forward_hook(lambda _m, given, _o: read.append(given[0].shape[:2]))
    Sweep(model, items)
    handle.remove()
    assert read[1:] == [torch.Size([1, 6]), torch.Size([4, 2])]  # the first pass asks how the model remembers


def test_continuations_of_similar_length_are_read_together() -> None:
    model, read = language_model("llama"), []
    answers = [" a" * (1 + i % 9) for i in range(40)]
    items = encode(model, ["the cat"], [answers])
    handle = model.model.model.layers[0].register_forward_hook(lambda _m, given, _o: read.append(given[0].shape[:2]))
    found = Sweep(model, items).plain
    handle.remove()
    assert [tuple(each) for each in read[2:]] == [(16, 3), (16, 6), (8, 8)]
    np.testing.assert_allclose(found, [alone(model, "the cat", answer) for answer in answers], atol=1e-4)


def test_an_error_inside_leaves_the_model_as_it_was() -> None:
    model = language_model("llama")
    sweep = Sweep(model, encode(model, QUESTIONS, ANSWERS), (1,))
    with pytest.raises(RuntimeError):
        sweep.pushed(1, np.ones(5, np.float32))
    assert hooks(model) == 0
    np.testing.assert_allclose(Sweep(model, encode(model, QUESTIONS, ANSWERS)).plain, sweep.plain)


def test_running_text_is_scored_from_its_second_token_on() -> None:
    model, texts = language_model("gpt_neox"), ["the cat sat on the mat", "sky is blue ."]
    found = Sweep(model, encode_texts(model, texts)).plain
    expected = [alone(model, text.split()[0], text[len(text.split()[0]) :]) for text in texts]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_wrong_input_costs_one_line() -> None:
    model = language_model("llama")
    for prompts, answers, words in (
        (["  "], [[" a"]], "a prompt is empty"),
        (["a"], [[""]], "a continuation is empty"),
        (["a"], [[" b" * 70]], "71 tokens with what follows, the model reads 64"),
    ):
        with pytest.raises(InputError, match=words):
            encode(model, prompts, answers)
    with pytest.raises(InputError, match="two tokens or more"):
        encode_texts(model, ["a"])
    sweep = Sweep(model, encode(model, ["a"], [[" b"]]), (1,))
    with pytest.raises(InputError, match="layer 2 is not among those of this sweep: 1"):
        sweep.pushed(2, np.zeros(32))


@pytest.mark.slow
def test_scores_equal_those_of_the_evaluation_harness() -> None:
    from capelib.models import load

    model = load("smollm2-135m")
    rows = [json.loads(line) for line in FIXTURE.read_text(encoding="utf-8").splitlines()]
    asked = [[each[name] for each in row["arguments"].values()] for row in rows for name in ("arg_0", "arg_1")]
    prompts, answers = [each[0] for each in asked[::2]], asked[1::2]
    expected = [float(each[0][0]) for row in rows for each in row["resps"]]
    found = Sweep(model, encode(model, prompts, answers)).plain
    np.testing.assert_allclose(found, expected, atol=2e-4)
