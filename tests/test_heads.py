"""Heads and the output map: against the modules of the model itself and against TransformerLens."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import ARCHITECTURES, PROMPTS, WITHOUT_ATTENTION, language_model, save, tiny

from capelib.errors import InputError
from capelib.models import LanguageModel, blocks, head_outputs, load, patterns, residuals
from capelib.models.heads import output_map
from capelib.models.output import output_metrics, output_states

WITH_HEADS = [kind for kind in ARCHITECTURES if kind not in (*WITHOUT_ATTENTION, "lfm2", "gemma4_text")]
CHANGED_AFTER = ("cohere", "gemma2", "gemma4_text", "granite")  # scale or bend the logits after the output map


@pytest.mark.parametrize("kind", WITH_HEADS)
def test_the_heads_images_add_up_to_what_attention_returns(kind: str) -> None:
    model = language_model(kind)
    prompt = PROMPTS[:1]
    z = head_outputs(model, prompt).z[:, :, 0]
    for layer, block in enumerate(blocks(model.model)):
        returned = []
        mapped = output_map(block, model)
        handle = mapped.register_forward_hook(lambda _m, _i, out, returned=returned: returned.append(out[0, -1]))
        with torch.inference_mode():
            model.model(torch.tensor([model.tokenizer(prompt[0])["input_ids"]]))
        handle.remove()
        weight = mapped.weight.T if isinstance(mapped, torch.nn.Linear) else mapped.weight
        images = np.einsum("hd,hdm->hm", z[layer], weight.detach().numpy().reshape(4, -1, 32))
        bias = 0 if mapped.bias is None else mapped.bias.detach().numpy()
        np.testing.assert_allclose(images.sum(axis=0) + bias, returned[0].numpy(), rtol=1e-3, atol=1e-5)


def test_the_metric_gives_products_of_images() -> None:
    model = language_model("llama")
    found = head_outputs(model, PROMPTS)
    weight = output_map(blocks(model.model)[1], model).weight.detach().T.numpy().reshape(4, 8, 32)
    images = found.z[1] @ weight
    direct = images @ images.transpose(0, 2, 1)
    np.testing.assert_allclose(
        found.z[1] @ found.metric[1] @ found.z[1].transpose(0, 2, 1), direct, rtol=1e-3, atol=1e-6
    )


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_transformer_lens_reads_the_same(kind: str, tmp_path: Path) -> None:
    from transformer_lens.model_bridge import TransformerBridge

    model, words = language_model(kind), load(str(save(tmp_path))).tokenizer  # which it loads again from its folder
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bridge = TransformerBridge.boot_transformers("tiny", hf_model=tiny(kind), tokenizer=words, device="cpu")
    streams, heads = residuals(model, PROMPTS), head_outputs(model, PROMPTS).z
    long_enough = [prompt for prompt in PROMPTS if len(prompt.split()) > 2]
    seen = patterns(model, long_enough)
    for row, prompt in enumerate(PROMPTS):
        ids = torch.tensor([model.tokenizer(prompt)["input_ids"]])
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")
            _, kept = bridge.run_with_cache(ids)
        for layer in range(3):
            assert apart(streams[layer, row], kept[f"blocks.{layer}.hook_out"][0, -1]) <= 1e-5
            assert apart(heads[layer, :, row], kept[f"blocks.{layer}.attn.hook_z"][0, -1].reshape(4, -1)) <= 1e-5
            size = seen.shape[-1]
            if prompt in long_enough:
                at = long_enough.index(prompt)
                theirs = kept[f"blocks.{layer}.attn.hook_pattern"][0][:, :size, :size]
                assert apart(seen[layer, :, at], theirs) <= 1e-5


def apart(ours: np.ndarray, theirs: torch.Tensor) -> float:
    """The largest difference, of the largest value."""
    theirs = theirs.detach().float().numpy()
    assert ours.shape == theirs.shape
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def test_patterns_are_attention() -> None:
    seen = patterns(language_model("llama"), PROMPTS[:3])
    assert seen.shape == (3, 4, 3, 3, 3)
    np.testing.assert_allclose(seen.sum(axis=-1), 1, atol=1e-5)
    assert (np.triu(np.ones((3, 3)), 1) * seen == 0).all()


def test_reading_patterns_leaves_the_model_as_it_was() -> None:
    model = language_model("llama")
    before = model.model.config._attn_implementation
    patterns(model, PROMPTS[:3])
    with pytest.raises(InputError, match="three tokens or more; one has 1"):
        patterns(model, PROMPTS)
    assert model.model.config._attn_implementation == before


def test_attention_sinks_leave_rows_below_one() -> None:
    model = language_model("gpt_oss")
    seen = patterns(model, PROMPTS[:3])
    assert (seen.sum(axis=-1) < 0.999).any()
    assert (np.triu(np.ones((3, 3)), 1) * seen == 0).all()


def test_heads_of_several_widths_are_told() -> None:
    model = language_model("gemma4_text")
    with pytest.raises(InputError, match="heads of 2 widths"):
        head_outputs(model, PROMPTS)
    assert np.isfinite(residuals(model, PROMPTS)).all()


@pytest.mark.parametrize("kind", ["mamba", "lfm2"])
def test_models_without_heads_are_told(kind: str) -> None:
    with pytest.raises(InputError, match="no attention heads"):
        head_outputs(language_model(kind), PROMPTS)


@pytest.mark.parametrize("kind", [kind for kind in ARCHITECTURES if kind not in CHANGED_AFTER])
def test_states_before_the_output_map_give_the_logits(kind: str) -> None:
    model = language_model(kind)
    states, metric = output_states(model, PROMPTS), output_metrics(model)["logits"]
    logits = logits_of(model)
    ones = np.hstack([states, np.ones((len(states), 1))])
    np.testing.assert_allclose(ones @ metric @ ones.T, logits @ logits.T, rtol=2e-3, atol=1e-3)


def test_the_part_that_softmax_ignores_is_what_changes_no_probability() -> None:
    model = language_model("gptj")  # its output map has a bias
    states, logits = output_states(model, PROMPTS), logits_of(model)
    plain = logits - logits.mean(axis=1, keepdims=True)
    ones = np.hstack([states, np.ones((len(states), 1))])
    metric = output_metrics(model)["logits, mean removed"]
    np.testing.assert_allclose(ones @ metric @ ones.T, plain @ plain.T, rtol=1e-3, atol=1e-4)


def logits_of(model: LanguageModel) -> np.ndarray:
    found = []
    for prompt in PROMPTS:
        with torch.inference_mode():
            found.append(model.model(torch.tensor([model.tokenizer(prompt)["input_ids"]])).logits[0, -1].numpy())
    return np.stack(found)
