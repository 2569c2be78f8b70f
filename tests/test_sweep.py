"""Scores of continuations: shared prompts and skipped blocks change nothing, in any architecture."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from test_steer import direction, hooks
from tiny import ARCHITECTURES, language_model

from capelib.errors import InputError
from capelib.models import LanguageModel, blocks
from capelib.steering.items import encode, encode_texts
from capelib.steering.stand_in import added
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
    assert read[-2:] == [torch.Size([1, 6]), torch.Size([4, 2])]  # before them, short cuts are tried


def test_continuations_of_similar_length_are_read_together() -> None:
    model, read = language_model("llama"), []
    answers = [" a" * (1 + i % 9) for i in range(40)]
    items = encode(model, ["the cat"], [answers])
    handle = model.model.model.layers[0].register_forward_hook(lambda _m, given, _o: read.append(given[0].shape[:2]))
    found = Sweep(model, items).plain
    handle.remove()
    assert [tuple(each) for each in read[-3:]] == [(16, 3), (16, 6), (8, 8)]
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


def test_blocks_that_use_keys_of_those_below_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = {**ARCHITECTURES["gemma4_text"], "num_kv_shared_layers": 1, "num_hidden_layers": 4}
    shared["layer_types"] = ["full_attention"] * 4
    monkeypatch.setitem(ARCHITECTURES, "gemma4_text", shared)
    model = language_model("gemma4_text")
    sweep = Sweep(model, encode(model, QUESTIONS, ANSWERS), layers=(0, 1, 2))
    np.testing.assert_allclose(sweep.plain, each_alone(model), atol=1e-4)
    for layer in (0, 1, 2):
        v = direction(model, (layer,))
        with steer(model, v, 0.8):
            expected = each_alone(model)
        np.testing.assert_allclose(sweep.pushed(layer, 0.8 * v.raw[0]), expected, atol=1e-4)


@pytest.mark.parametrize("fails", [KeyError, None])
def test_where_a_short_cut_fails_or_misleads_everything_is_computed(
    monkeypatch: pytest.MonkeyPatch, fails: type[Exception] | None
) -> None:
    model = language_model("llama")

    @contextmanager
    def wrong(listed: object, layer: int, _kept: object, push: torch.Tensor) -> Iterator[None]:
        if fails:
            raise fails("full_attention")
        with added(listed[layer], push + 1):
            yield

    monkeypatch.setattr("capelib.steering.sweep.stand_ins", wrong)
    sweep, v = Sweep(model, encode(model, QUESTIONS, ANSWERS), (1,)), direction(model)
    with steer(model, v, 0.8):
        expected = each_alone(model)
    np.testing.assert_allclose(sweep.pushed(1, 0.8 * v.raw[0]), expected, atol=1e-4)


def test_windows_shorter_than_the_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ARCHITECTURES, "mistral", {**ARCHITECTURES.get("mistral", {}), "sliding_window": 3})
    model = language_model("mistral")
    assert model.config.sliding_window == 3
    sweep, v = Sweep(model, encode(model, QUESTIONS, ANSWERS), (1,)), direction(model)
    np.testing.assert_allclose(sweep.plain, each_alone(model), atol=1e-4)
    with steer(model, v, 0.8):
        expected = each_alone(model)
    np.testing.assert_allclose(sweep.pushed(1, 0.8 * v.raw[0]), expected, atol=1e-4)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_in_half_precision_it_pushes_what_steering_pushes(kind: str, dtype: str) -> None:
    model = language_model(kind)
    model.model.to(getattr(torch, dtype))
    v, items = direction(model), encode(model, QUESTIONS, ANSWERS)
    with steer(model, v, 0.8):
        expected = Sweep(model, items).plain
    np.testing.assert_allclose(Sweep(model, items, (1,)).pushed(1, 0.8 * v.raw[0]), expected, atol=2e-5)


def test_no_pass_reads_more_tokens_than_allowed_padding_included() -> None:
    model, read = language_model("llama"), []
    answers = [" a" * (1 + i % 9) for i in range(30)]
    items = encode(model, [*QUESTIONS, "the cat"], [*ANSWERS, answers])
    with torch.inference_mode():
        expected = Sweep(model, items).plain
    sweep = Sweep(model, items, (1,), most_tokens=24)
    model.model.model.layers[-1].register_forward_pre_hook(lambda _m, given: read.append(given[0].shape[:2].numel()))
    np.testing.assert_allclose(sweep.pushed(1, np.zeros(32, np.float32)), expected, atol=1e-4)
    assert max(read) <= 24


class Marking:
    """A tokenizer that sets a mark of its own after every text, or joins words over the border."""

    def __init__(self, tokenizer: object, joins: bool = False) -> None:
        self.own, self.joins = tokenizer, joins

    def __call__(self, text: str) -> dict[str, list[int]]:
        ids = self.own(text.replace("sky is", "sky") if self.joins else text)["input_ids"]
        return {"input_ids": ids if self.joins else [*ids, 2]}

    def __getattr__(self, name: str) -> object:
        return getattr(self.own, name)


def test_a_mark_after_every_text_is_left_out() -> None:
    model = language_model("llama")
    expected = encode(model, QUESTIONS, ANSWERS)
    found = encode(replace(model, tokenizer=Marking(model.tokenizer)), QUESTIONS, ANSWERS)
    assert (found.prompts, found.continuations) == (expected.prompts, expected.continuations)


def test_a_prompt_that_is_read_otherwise_when_something_follows_is_told() -> None:
    model = language_model("llama")
    joining = replace(model, tokenizer=Marking(model.tokenizer, joins=True))
    with pytest.raises(InputError, match="reads the end of 'the sky' otherwise when ' is' follows"):
        encode(joining, ["the sky"], [[" is"]])
