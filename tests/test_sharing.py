"""Prompts that begin alike are read once: against prompts alone, and against trees by brute force."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import ARCHITECTURES, COMMON, LETTERS, PROMPTS, language_model

from capelib.models import LanguageModel, residuals, sharing, trees
from capelib.models.activations import residuals_at
from capelib.models.batches import POSITIONS
from capelib.models.blocks import blocks
from capelib.steering.direction import TruthDirection
from capelib.steering.steer import steer

# no places of tokens can be told; or a memory that runs along the row, or masks or places of their own
APART = ("bloom", "mpt", "mamba", "mamba2", "rwkv", "lfm2", "gpt_neo", "openai-gpt")


pytestmark = pytest.mark.usefixtures("one_thread")


def alike(n: int = 6, words: int = 4, seed: int = 0) -> list[str]:
    """Beginnings with four ends each, one of which is the beginning of another, and some prompts twice."""
    rng, ends = np.random.default_rng(seed), ("is blue .", "is green grass .", "is blue", "the cat")
    texts = [" ".join(rng.choice(list(LETTERS), words + place % 3)) for place in range(n)]
    whole = [f"{text} {end}" for text in texts for end in ends]
    return [*whole, "a", "a b", "a", whole[0]]


def alone(model: LanguageModel, prompts: list[str], position: str = "last") -> np.ndarray:
    return np.concatenate([residuals(model, [prompt], position=position) for prompt in prompts], axis=1)


def apart(found: np.ndarray, expected: np.ndarray) -> float:
    return float((np.linalg.norm(found - expected, axis=-1) / np.linalg.norm(expected, axis=-1)).max())


@contextmanager
def given(model: LanguageModel) -> Iterator[list[dict]]:
    """What the model's passes are given, noted without hooks."""
    seen, own = [], model.model.forward

    def forward(**named: object) -> object:
        seen.append(named)
        return own(**named)

    forward.__signature__ = sharing.inspect.signature(own)
    model.model.forward = forward
    try:
        yield seen
    finally:
        del model.model.forward


def branches(seen: list[dict]) -> bool:
    """Whether the last of the passes read trees."""
    return seen[-1]["attention_mask"].ndim == 4


def beginnings(encoded: list[list[int]]) -> set[tuple[int, ...]]:
    return {tuple(ids[: end + 1]) for ids in encoded for end in range(len(ids))}


# the states of prompts


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_states_are_those_of_prompts_alone_in_every_architecture(kind: str) -> None:
    model, prompts = language_model(kind), alike()
    expected = {position: alone(model, prompts, position) for position in POSITIONS}
    with given(model) as seen:
        found = residuals_at(model, prompts, POSITIONS)
    assert branches(seen) == (kind not in APART)
    for position in POSITIONS:
        assert apart(found[position], expected[position]) < 1e-5, position


def test_fewer_tokens_are_read_than_prompts_have() -> None:
    model, prompts = language_model("llama"), alike()
    residuals(model, prompts)  # tried by now
    with given(model) as seen:
        residuals(model, prompts)
    encoded = model.tokenizer(prompts)["input_ids"]
    read = sum(named["input_ids"].numel() for named in seen)
    assert len(beginnings(encoded)) <= read < 0.8 * sum(map(len, encoded))


def test_passes_hold_no_more_tokens_than_batches_or_one_row() -> None:
    model, prompts = language_model("llama"), alike(40)
    longest = max(map(len, model.tokenizer(prompts)["input_ids"]))
    with given(model) as seen:
        small, large = residuals(model, prompts, batch_size=1), residuals(model, prompts, batch_size=24)
    sizes = [named["input_ids"].shape for named in seen if named["attention_mask"].ndim == 4]
    assert len(sizes) > 3
    assert all(rows == 1 or rows * tokens <= 24 * longest for rows, tokens in sizes)
    np.testing.assert_allclose(small, large, rtol=1e-4, atol=1e-5)


def test_prompts_that_share_nothing_are_read_in_batches() -> None:
    model = language_model("llama")
    with given(model) as seen:
        residuals(model, [f"{letter} is blue ." for letter in LETTERS])
    assert not branches(seen)
    assert len(seen) == 1  # and nothing was tried


def test_few_prompts_are_not_worth_a_trial() -> None:
    model = language_model("llama")
    with given(model) as seen:
        residuals(model, alike(1)[:3])
    assert [named["attention_mask"].ndim for named in seen] == [2]


@pytest.mark.parametrize("kind", ["llama", "lfm2"])
def test_the_same_prompt_many_times_is_read_once_where_trees_are(kind: str) -> None:
    model = language_model(kind)
    with given(model) as seen:
        found = residuals(model, [PROMPTS[0]] * 40)
    assert branches(seen) == (kind == "llama")
    assert apart(found[:, :1], alone(model, PROMPTS[:1])) < 1e-5
    assert apart(found, found[:, :1]) < 1e-5


def test_prompts_as_long_as_the_context_are_read_whole() -> None:
    model, prompts = language_model("llama"), [*alike(), f"{'a ' * 63}b"]
    with given(model) as seen:
        found = residuals(model, prompts)
    assert not branches(seen)
    assert apart(found, alone(model, prompts)) < 1e-5


# where trees would be wrong


def test_windows_shorter_than_a_prompt_are_noticed_although_short_prompts_agreed() -> None:
    model, short, long = language_model("mistral"), alike(), alike(words=22)  # its window has 16 tokens
    with given(model) as seen:
        residuals(model, short)
        assert branches(seen)
        found = residuals(model, long)
        assert not branches(seen)
        assert apart(found, alone(model, long)) < 1e-5


def test_without_the_trial_windows_would_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    model, long = language_model("mistral"), alike(words=22)
    monkeypatch.setattr(sharing, "_agrees", lambda *_: True)
    assert apart(residuals(model, long), alone(model, long)) > 1e-4


@pytest.mark.parametrize("words", [3, 8, 12, 16, 20, 24])
def test_convolutions_are_noticed_whatever_the_length(words: int) -> None:
    """They see the tokens before in the row; where lengths divide the width, those may be the same by chance."""
    model, prompts = language_model("lfm2"), alike(words=words)
    with given(model) as seen:
        found = residuals(model, prompts, [0])
    assert not branches(seen)
    assert apart(found, alone(model, prompts)[:1]) < 1e-5


def test_windows_are_noticed_where_the_longest_prompt_repeats_one_word() -> None:
    model, prompts = language_model("mistral"), [*alike(words=22), "a " * 34]
    with given(model) as seen:
        found = residuals(model, prompts)
    assert not branches(seen)
    assert apart(found, alone(model, prompts)) < 1e-5


def test_places_that_are_rescaled_by_the_longest_prompt_are_noticed() -> None:
    from transformers import AutoConfig, AutoModelForCausalLM

    rope = {"rope_type": "longrope", "rope_theta": 1e4, "short_factor": [1.0] * 4, "long_factor": [40.0] * 4}
    torch.manual_seed(0)
    config = AutoConfig.for_model("phi3", **COMMON, rope_parameters=rope, original_max_position_embeddings=16)
    model = replace(language_model("phi3"), model=AutoModelForCausalLM.from_config(config).eval())
    for weight in model.model.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    prompts = [*alike(4, 4), *alike(4, 15, seed=1)]
    with given(model) as seen:
        found = residuals(model, prompts)
    assert not branches(seen)
    assert apart(found, alone(model, prompts)) < 1e-5


def test_each_layer_is_compared_also_below_a_loud_one() -> None:
    model, long = language_model("mistral"), alike(words=22)
    loud = blocks(model.model)[2].mlp.down_proj
    loud.bias = torch.nn.Parameter(torch.full((32,), 1e6))
    with given(model) as seen:
        residuals(model, long)
    assert not branches(seen)


def test_higher_layers_are_tried_anew() -> None:
    """Attention below, a convolution above: what holds for the first says nothing of the second."""
    model, prompts = language_model("lfm2"), alike()
    listed = blocks(model.model)
    listed[0], listed[1] = listed[1], listed[0]
    model.model.config.layer_types = ["full_attention", "conv", "conv"]
    with given(model) as seen:
        residuals(model, prompts, [0])
        assert branches(seen)
        found = residuals(model, prompts)
        assert not branches(seen)
    assert apart(found, alone(model, prompts)) < 1e-5


@pytest.mark.parametrize(("kind", "layers"), [("llama", (2, 1, 0)), ("lfm2", (0, 1, 2))])
def test_what_a_layer_tells_is_known_of_those_below_or_above(kind: str, layers: tuple[int, ...]) -> None:
    model, prompts, tried = language_model(kind), alike(), []
    for layer in layers:
        with given(model) as seen:
            residuals(model, prompts, [layer])
        tried.append(any(len(named["input_ids"]) == 1 and named["attention_mask"].ndim == 2 for named in seen))
    assert tried == [True, False, False]


def test_what_was_tried_is_not_tried_again_unless_settings_change() -> None:
    model, prompts = language_model("mistral"), alike()
    with given(model) as seen:
        residuals(model, prompts)
        first = len(seen)
        residuals(model, prompts)
        assert first == len(seen) - first + 4  # the trial: one forest, three prompts alone
        model.model.config.sliding_window = 4
        found = residuals(model, prompts)
        assert not branches(seen)
    assert apart(found, alone(model, prompts)) < 1e-5


def test_autocast_is_half_precision() -> None:
    model, prompts = language_model("llama"), alike()
    residuals(model, prompts)
    with given(model) as seen, torch.autocast("cpu", torch.bfloat16):
        residuals(model, prompts)
    assert not branches(seen)


def test_short_prompts_are_shared_after_long_ones_were_not() -> None:
    model = language_model("mistral")
    with given(model) as seen:
        residuals(model, alike(words=22))
        assert not branches(seen)
        residuals(model, alike())
    assert branches(seen)


def test_long_prompts_are_read_whole_for_their_masks_would_be_large(monkeypatch: pytest.MonkeyPatch) -> None:
    model, prompts = language_model("llama"), alike()
    monkeypatch.setattr(sharing, "LONGEST", 9)
    with given(model) as seen:
        residuals(model, prompts)
    assert [named["attention_mask"].ndim for named in seen] == [2]


def test_half_precision_is_read_whole() -> None:
    model = language_model("llama")
    model.model.to(torch.bfloat16)
    with given(model) as seen:
        residuals(model, alike())
    assert [named["attention_mask"].ndim for named in seen] == [2]  # nothing was tried


@pytest.mark.parametrize("start", [0, 3])
def test_steered_models_are_read_whole(start: int) -> None:
    model, prompts = language_model("llama"), alike()
    vectors = np.eye(32, dtype=np.float32)[:1]
    direction = TruthDirection((1,), vectors, np.ones(1), "mean", model.name, 3, 32, 9)
    residuals(model, prompts)
    with steer(model, direction, 5.0, start=start):
        with given(model) as seen:
            found = residuals(model, prompts)
        assert not branches(seen)
        expected = alone(model, prompts)
    assert apart(found, expected) < 1e-5
    assert apart(residuals(model, prompts)[1:], expected[1:]) > 1e-2


def test_what_transformers_leaves_behind_changes_nothing() -> None:
    model, prompts = language_model("llama"), alike()
    model.model(torch.tensor([[5, 6]]), output_hidden_states=True)
    assert any(module._forward_hooks for module in model.model.modules())
    with given(model) as seen:
        residuals(model, prompts)
    assert branches(seen)


@pytest.mark.parametrize("error", [ValueError, AssertionError, NotImplementedError])
def test_an_architecture_that_refuses_is_read_whole(error: type, monkeypatch: pytest.MonkeyPatch) -> None:
    model, prompts = language_model("llama"), alike()
    expected = alone(model, prompts)
    inner = model.model.model.forward

    def forward(**named: object) -> object:
        if named["attention_mask"].ndim != 2:
            raise error("a mask has two dimensions")
        return inner(**named)

    monkeypatch.setattr(model.model.model, "forward", forward)
    assert apart(residuals(model, prompts), expected) < 1e-5


def test_an_architecture_that_counts_places_itself_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where places are relative, two prompts in a row agree all the same; two that branch do not."""
    model, prompts = language_model("llama"), alike()
    inner = model.model.model.forward
    monkeypatch.setattr(model.model.model, "forward", lambda **named: inner(**{**named, "position_ids": None}))
    with given(model) as seen:
        found = residuals(model, prompts)
    assert not branches(seen)
    assert apart(found, alone(model, prompts)) < 1e-5


def test_blocks_above_the_highest_layer_are_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    model, called = language_model("llama"), set()
    kind = type(blocks(model.model)[0])
    own = kind.forward

    def forward(block: torch.nn.Module, *values: object, **named: object) -> object:
        called.add(list(blocks(model.model)).index(block))
        return own(block, *values, **named)

    monkeypatch.setattr(kind, "forward", forward)
    with given(model) as seen:
        residuals(model, alike(), [1])
    assert branches(seen)
    assert called == {0, 1}


def test_blocks_that_someone_changed_are_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    model, prompts = language_model("llama"), alike()
    residuals(model, prompts)
    part = blocks(model.model)[1].mlp

    def forward(values: torch.Tensor, own: object = part.forward) -> torch.Tensor:
        return own(values) + torch.nn.functional.one_hot(torch.tensor(0), values.shape[1])[None, :, None]

    monkeypatch.setattr(part, "forward", forward)
    with given(model) as seen:
        found = residuals(model, prompts)
    assert not branches(seen)
    assert apart(found, alone(model, prompts)) < 1e-5


def test_hooks_on_all_modules_are_noticed() -> None:
    from torch.nn.modules.module import register_module_forward_hook

    model, prompts = language_model("llama"), alike()
    residuals(model, prompts)
    handle = register_module_forward_hook(lambda *_: None)
    with given(model) as seen:
        residuals(model, prompts)
    handle.remove()
    assert not branches(seen)


# trees


@pytest.mark.parametrize("seed", range(20))
def test_a_token_sees_itself_and_what_is_before_it_in_its_prompts(seed: int) -> None:
    """Which tokens are seen, by brute force: a token is the beginning of a prompt that ends with it."""
    rng = np.random.default_rng(seed)
    encoded = [list(rng.integers(3, 6, rng.integers(1, 9))) for _ in range(40)]
    rows = trees.planted(encoded, 96)
    forest = trees.forest(language_model("llama"), rows)
    assert sorted(forest.prompts) == list(range(40))
    ids, depth, sees = forest.ids.numpy(), forest.depth.numpy(), forest.sees.numpy()
    for prompt, row, end in zip(forest.prompts, forest.in_row.numpy(), forest.end.numpy(), strict=True):
        seen = np.flatnonzero(sees[row, end])
        assert list(ids[row, seen]) == encoded[prompt]
        assert list(depth[row, seen]) == list(range(len(encoded[prompt])))
        for place in seen:
            assert set(np.flatnonzero(sees[row, place])) == {each for each in seen if each <= place}
    for row in rows:
        assert len(row.ids) == len(beginnings([encoded[prompt] for prompt in row.ends]))
    filled = sum(len(row.ids) for row in rows)
    assert sees.sum() == (depth + 1)[_real(rows, ids.shape)].sum() + ids.size - filled


def _real(rows: list[trees.Row], shape: tuple[int, int]) -> np.ndarray:
    return np.arange(shape[1]) < np.array([len(row.ids) for row in rows])[:, None]


def test_rows_are_as_full_as_may_be() -> None:
    rng = np.random.default_rng(0)
    encoded = [list(rng.integers(3, 90_000, rng.integers(1, 20))) for _ in range(600)]
    rows = trees.planted(encoded, 96)
    assert max(len(row.ids) for row in rows) == 96
    assert all(len(row.ids) + 19 > 96 for row in rows[:-1])


def test_rows_hold_96_tokens_or_two_long_prompts_or_what_the_model_reads() -> None:
    model = language_model("llama")
    widths = {}
    for limit in (64, 4096):
        model.config.max_position_embeddings = limit
        widths[limit] = [trees.row_width(model, longest) for longest in (20, 60, 80)]
    assert widths == {64: [64, 64, 64], 4096: [96, 120, 160]}


@pytest.mark.parametrize(
    ("first", "second", "expected"), [([], [1], 0), ([1, 2], [1, 2], 2), ([1, 2, 3], [1, 2], 2), ([1, 2], [3, 2], 0)]
)
def test_common_beginnings(first: list[int], second: list[int], expected: int) -> None:
    assert trees.common(first, second) == expected
