"""Steering while a model runs: what is added, to which tokens of which rows, and that nothing stays behind."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import ARCHITECTURES, PROMPTS, language_model
from transformers import GenerationConfig

from capelib.errors import InputError
from capelib.models import LanguageModel, blocks
from capelib.models.blocks import block_output
from capelib.steering.direction import TruthDirection
from capelib.steering.steer import steer

BATCHED = [kind for kind in ARCHITECTURES if kind != "rwkv"]  # whose own batches with a cache come out wrong
PLAIN_ADD = {"llama": "mlp.down_proj", "gpt_neox": "mlp.dense_4h_to_h", "qwen3": "mlp.down_proj", "opt": "fc2"}
STRENGTHS = (2.0, -1.0, 0.0)


def direction(model: LanguageModel, layers: tuple[int, ...] = (1,), seed: int = 0, spread: float = 3.0):
    vectors = np.random.default_rng(seed).standard_normal((len(layers), model.d_model))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    facts = {"model": model.name, "n_layers": model.n_layers, "d_model": model.d_model, "n_pairs": 4}
    return TruthDirection(layers, vectors.astype(np.float32), np.full(len(layers), spread), "mean", **facts)


def ids_of(model: LanguageModel, prompts: Sequence[str], left: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
    encoded = [model.tokenizer(prompt)["input_ids"] for prompt in prompts]
    longest = max(map(len, encoded))
    rows, masks = [], []
    for each in encoded:
        fill = [0] * (longest - len(each))
        rows.append(fill + each if left else each + fill)
        masks.append(fill + [1] * len(each) if left else [1] * len(each) + fill)
    return torch.tensor(rows), torch.tensor(masks)


def logits(model: LanguageModel, ids: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    with torch.inference_mode():
        return model.model(input_ids=ids, attention_mask=mask, use_cache=False).logits


def written(model: LanguageModel, ids: torch.Tensor, mask: torch.Tensor, **options: object) -> list[list[int]]:
    settings = {"max_new_tokens": 8, "do_sample": False, "pad_token_id": 0, "eos_token_id": None}
    found = model.model.generate(ids, attention_mask=mask, **(settings | options))
    return found[:, ids.shape[1] :].tolist()


def hooks(model: LanguageModel) -> int:
    modules = list(model.model.modules())
    return sum(len(each._forward_hooks) + len(each._forward_pre_hooks) for each in modules)


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_strength_zero_and_opposite_strengths_leave_the_logits_to_the_bit(kind: str) -> None:
    model, ids = language_model(kind), torch.tensor([[5, 6, 7, 8, 9]])
    base, v = logits(model, ids), direction(model)
    with steer(model, v, 0.0):
        assert torch.equal(logits(model, ids), base)
    with steer(model, v, 0.7):
        moved = logits(model, ids)
        with steer(model, v, -0.7):
            assert torch.equal(logits(model, ids), base)
        assert torch.equal(logits(model, ids), moved)
    assert not torch.allclose(moved, base, atol=1e-4)
    assert torch.equal(logits(model, ids), base)
    assert hooks(model) == 0


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_what_is_added_is_strength_times_spread_times_the_unit_vector(kind: str, dtype: str) -> None:
    model, seen = language_model(kind), {}
    model.model.to(getattr(torch, dtype))
    v, ids = direction(model, spread=2.0), torch.tensor([[5, 6, 7]])
    block = blocks(model.model)[1]
    given = []
    # the plain output, from a hook that runs before the steering's, and the steered one, from a hook that runs after
    first = block.register_forward_hook(lambda *a: given.append(block_output(a[2]).clone()))
    with steer(model, v, 1.5):
        last = block.register_forward_hook(lambda *a: seen.update(out=block_output(a[2]).clone()))
        with torch.inference_mode():
            model.model(input_ids=ids, use_cache=False)
        last.remove()
    first.remove()
    added = (seen["out"].float() - given[0].float()).numpy()
    tolerance = {"float32": 1e-5, "bfloat16": 0.06, "float16": 0.01}[dtype] * max(1.0, float(given[0].abs().max()))
    np.testing.assert_allclose(added, np.broadcast_to(3.0 * v.vectors[0], added.shape), atol=tolerance)
    assert seen["out"].dtype == given[0].dtype


@pytest.mark.slow
@pytest.mark.parametrize("start", [0, 3, "new"])
@pytest.mark.parametrize("kind", BATCHED)
def test_cached_uncached_single_and_batched_generation_agree(kind: str, start: int | str) -> None:
    model = language_model(kind)
    v, prompts = direction(model), PROMPTS[:3]
    alone = []
    for prompt, strength in zip(prompts, STRENGTHS, strict=True):
        ids, mask = ids_of(model, [prompt])
        with steer(model, v, strength, start=start):
            cached = written(model, ids, mask)
            assert written(model, ids, mask, use_cache=False) == cached
        alone += cached
    ids, mask = ids_of(model, prompts)
    with steer(model, v, STRENGTHS, start=start):
        assert written(model, ids, mask) == alone
    assert written(model, ids, mask)[2] == alone[2]  # the row of strength 0 is the plain one
    assert hooks(model) == 0


@pytest.mark.parametrize("start", [0, 2, "rows"])
@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("kind", ["gpt2", "llama", "gpt_neox", "bloom", "mpt", "gemma3_text", "mixtral"])
def test_padding_on_either_side_changes_nothing(kind: str, left: bool, start: int | str) -> None:
    model = language_model(kind)
    v, starts = direction(model), [1, 2, 0] if start == "rows" else [start] * 3
    ids, mask = ids_of(model, PROMPTS[:3], left)
    with torch.inference_mode(), steer(model, v, STRENGTHS, start=starts):
        places = (mask.cumsum(dim=1) - 1).clamp(min=0)
        named = {"position_ids": places} if left and kind not in ("bloom", "mpt") else {}
        together = model.model(input_ids=ids, attention_mask=mask, use_cache=False, **named).logits
    for row, (prompt, strength) in enumerate(zip(PROMPTS[:3], STRENGTHS, strict=True)):
        with steer(model, v, strength, start=starts[row]):
            alone = logits(model, ids_of(model, [prompt])[0])[0]
        np.testing.assert_allclose(together[row][mask[row].bool()], alone, rtol=1e-3, atol=1e-4)


def test_tokens_before_the_start_are_left_and_those_after_are_moved() -> None:
    model, ids = language_model("llama"), torch.tensor([[5, 6, 7, 8, 9, 10]])
    base = logits(model, ids)
    with steer(model, direction(model), 2.0, start=4):
        moved = logits(model, ids)
    assert torch.equal(moved[:, :4], base[:, :4])
    assert ((moved[:, 4:] - base[:, 4:]).abs().amax(dim=2) > 1e-3).all()
    with steer(model, direction(model), 2.0, start=6):
        assert torch.equal(logits(model, ids), base)


def test_new_tokens_only_leaves_the_first_new_token_as_it_was() -> None:
    model = language_model("gpt2")
    ids, mask = ids_of(model, PROMPTS[:2])
    plain = written(model, ids, mask)
    with steer(model, direction(model), 30.0, start="new"):
        steered = written(model, ids, mask)
        again = written(model, ids[:, 1:], mask[:, 1:])
    assert [row[0] for row in steered] == [row[0] for row in plain]
    assert steered != plain
    assert len(again[0]) == 8
    assert "generate" not in vars(model.model)


def test_new_outside_of_generate_is_told_and_not_silent() -> None:
    model = language_model("llama")
    with (
        pytest.raises(InputError, match="start='new' steers what generate writes"),
        steer(model, direction(model), 1.0, start="new"),
    ):
        logits(model, torch.tensor([[5, 6]]))
    assert hooks(model) == 0


@pytest.mark.parametrize("kind", PLAIN_ADD)
def test_it_is_the_model_with_the_bias_baked_in(kind: str) -> None:
    model, baked = language_model(kind), language_model(kind)
    v = direction(model)
    module = blocks(baked.model)[1].get_submodule(PLAIN_ADD[kind])
    old = torch.zeros(model.d_model) if module.bias is None else module.bias.detach()
    module.bias = torch.nn.Parameter(old + 1.2 * torch.from_numpy(v.raw[0]))
    ids, mask = ids_of(model, PROMPTS[:3])
    with steer(model, v, 1.2):
        np.testing.assert_allclose(logits(model, ids[:1]), logits(baked, ids[:1]), rtol=1e-3, atol=1e-4)
        assert written(model, ids, mask) == written(baked, ids, mask)


def test_several_layers_and_raw_lengths() -> None:
    model, ids = language_model("llama"), torch.tensor([[5, 6, 7]])
    both = direction(model, (0, 2), spread=5.0)
    with steer(model, both, 0.3):
        together = logits(model, ids)
    with steer(model, both.at(0), 1.5, unit="raw"), steer(model, both.at(2), 1.5, unit="raw"):
        np.testing.assert_allclose(logits(model, ids), together, rtol=1e-5, atol=1e-6)


def test_beams_and_returned_sequences_take_their_prompts_strength() -> None:
    model = language_model("llama")
    v, (ids, mask) = direction(model), ids_of(model, PROMPTS[:2])
    with steer(model, v, [3.0, 0.0]):
        beams = written(model, ids, mask, num_beams=3, num_return_sequences=1)
        greedy = written(model, ids, mask, num_beams=1)
    with steer(model, v, 3.0):
        assert written(model, ids, mask, num_beams=3)[0] == beams[0]
    assert written(model, ids, mask)[1] == greedy[1]


def test_hooks_are_gone_after_an_exception_and_outer_steering_stays() -> None:
    model, ids = language_model("llama"), torch.tensor([[5, 6, 7]])
    base, v = logits(model, ids), direction(model)
    with steer(model, v, 1.0):
        moved = logits(model, ids)
        with pytest.raises(RuntimeError), steer(model, v, 9.0, start="new"):
            raise RuntimeError
        assert torch.equal(logits(model, ids), moved)
    assert torch.equal(logits(model, ids), base)
    assert hooks(model) == 0
    assert "generate" not in vars(model.model)


@pytest.mark.parametrize("start", [0, "new"])
def test_steerings_may_end_in_any_order(start: int | str) -> None:
    model, (ids, mask) = language_model("llama"), ids_of(language_model("llama"), PROMPTS[:2])
    first, second = direction(model), direction(model, seed=1)
    plain = written(model, ids, mask)
    with steer(model, second, 9.0, start=start):
        expected = written(model, ids, mask)
    a, b = steer(model, first, 9.0, start=start), steer(model, second, 9.0, start=start)
    a.__enter__()
    b.__enter__()
    a.__exit__(None, None, None)
    assert written(model, ids, mask) == expected != plain
    b.__exit__(None, None, None)
    assert written(model, ids, mask) == plain
    assert hooks(model) == 0
    assert "generate" not in vars(model.model)


def test_a_copy_made_meanwhile_is_not_steered() -> None:
    model, ids = language_model("llama"), torch.tensor([[5, 6, 7]])
    base = logits(model, ids)
    with steer(model, direction(model), 2.0):
        copied = replace(model, model=deepcopy(model.model))
        assert torch.equal(logits(copied, ids), base)


@pytest.mark.parametrize("start", [0, 3, "new"])
@pytest.mark.parametrize("kind", ["llama", "gpt2", "qwen3"])
def test_prompts_without_a_mask_a_cache_of_fixed_size_and_settings_by_position(kind: str, start: int | str) -> None:
    model = language_model(kind)
    v, (ids, mask) = direction(model), ids_of(model, PROMPTS[:3])
    model.model.generation_config.pad_token_id, model.model.generation_config.eos_token_id = 0, None
    with steer(model, v, [9.0, -9.0, 6.0], start=start):
        expected = written(model, ids, mask)
        settings = GenerationConfig(max_new_tokens=8, do_sample=False, pad_token_id=0)
        ways = {
            "no mask": model.model.generate(ids, max_new_tokens=8, do_sample=False),
            "fixed size": model.model.generate(
                ids, attention_mask=mask, max_new_tokens=8, do_sample=False, cache_implementation="static"
            ),
            "by position": model.model.generate(ids, settings, attention_mask=mask),
        }
    assert expected != written(model, ids, mask)
    assert {name: found[:, ids.shape[1] :].tolist() for name, found in ways.items()} == dict.fromkeys(ways, expected)


def test_a_mask_by_position_counts_and_one_of_four_axes_is_refused() -> None:
    model = language_model("llama")
    v, (ids, mask) = direction(model), ids_of(model, PROMPTS[:3])
    with torch.inference_mode(), steer(model, v, 2.0, start=2):
        expected = model.model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        assert torch.equal(model.model(ids, mask, use_cache=False).logits, expected)
        seen = torch.ones(3, 1, ids.shape[1], ids.shape[1], dtype=torch.bool).tril()
        with pytest.raises(InputError, match="counted by a mask of shape"):
            model.model(input_ids=ids, attention_mask=seen, use_cache=False)


@pytest.mark.parametrize(
    ("strength", "options", "words"),
    [
        (float("nan"), {}, "strength must be a finite number"),
        (float("inf"), {}, "strength must be a finite number"),
        ("strong", {}, "strength must be a number"),
        ([], {}, "strength must be a finite number"),
        (1.0, {"unit": "spreads"}, "unknown unit 'spreads' \\(closest: 'spread'\\)"),
        (1.0, {"start": -1}, "start must be a number of tokens, 0 or more"),
        (1.0, {"start": "newer"}, "start must be a number of tokens, one per row, or 'new'"),
        ([1.0, 2.0], {}, "2 strengths for a batch of 1 rows"),
        (1.0, {"start": [1, 2]}, "2 starts for a batch of 1 rows"),
    ],
)
def test_wrong_arguments_cost_one_line(strength: object, options: dict, words: str) -> None:
    model = language_model("llama")
    with pytest.raises(InputError, match=words), steer(model, direction(model), strength, **options):
        logits(model, torch.tensor([[5, 6, 7]]))
    assert hooks(model) == 0


def test_a_direction_of_another_model_is_refused() -> None:
    model = language_model("llama")
    v = direction(model)
    object.__setattr__(v, "d_model", 64)
    with pytest.raises(InputError, match=r"3 layers of width 64.*has 3 of width 32"), steer(model, v, 1.0):
        pass
