"""Blocks and the residual stream, over the architectures that transformers ships."""

import warnings

import numpy as np
import pytest
import torch
from tiny import ARCHITECTURES, PROMPTS, language_model, tiny

from capelib.errors import InputError
from capelib.models import blocks, residuals
from capelib.models.activations import POSITIONS
from capelib.models.quiet import quiet

RESCALED = ("rwkv",)  # divides the stream between blocks in evaluation, so its hidden states are not block outputs
WITHOUT_EMBEDDING = ("mamba", "mamba2")  # whose hidden states begin after the first block


def test_there_are_many_architectures() -> None:
    assert len(ARCHITECTURES) >= 30


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_residuals_are_the_hidden_states_up_to_the_last_blocks_final_norm(kind: str) -> None:
    model = language_model(kind)
    assert len(blocks(model.model)) == 3
    got = residuals(model, PROMPTS)
    assert got.shape == (3, len(PROMPTS), 32)
    for row, prompt in enumerate(PROMPTS):
        ids = torch.tensor([model.tokenizer(prompt)["input_ids"]])
        with torch.inference_mode():
            states = model.model(ids, output_hidden_states=True, use_cache=False).hidden_states
        raw = torch.stack([state[0, -1] for state in states]).numpy()
        assert len(raw) == 4
        if kind in WITHOUT_EMBEDDING:
            np.testing.assert_allclose(got[:, row], raw[:-1], rtol=2e-4, atol=2e-5)
        elif kind not in RESCALED:
            np.testing.assert_allclose(got[:-1, row], raw[1:-1], rtol=2e-4, atol=2e-5)
        final = _normed(model.model, got[-1, row])
        np.testing.assert_allclose(final, raw[-1], rtol=2e-4, atol=2e-4)


def _normed(model: torch.nn.Module, vector: np.ndarray) -> np.ndarray:
    # the module behind the last block and before the output map: the last norm outside the blocks
    listed = blocks(model)
    inside = {id(module) for module in listed.modules()}
    norms = [
        module
        for name, module in model.named_modules()
        if id(module) not in inside and "norm" in type(module).__name__.lower() and "word_embed" not in name
    ]
    norms = [each for each in norms if all(len(weight) == len(vector) for weight in each.parameters())]
    with torch.inference_mode():  # the first GPT has none
        return norms[-1](torch.tensor(vector)[None, None])[0, 0].numpy() if norms else vector


@pytest.mark.parametrize("position", POSITIONS)
def test_batches_do_not_change_results(position: str) -> None:
    model = language_model("llama")
    single = np.concatenate([residuals(model, [prompt], position=position) for prompt in PROMPTS], axis=1)
    for size in (1, 2, 32):
        together = residuals(model, PROMPTS, position=position, batch_size=size)
        np.testing.assert_allclose(together, single, rtol=1e-4, atol=1e-6)


def test_order_of_prompts_is_kept() -> None:
    model, order = language_model("gpt2"), [3, 0, 4, 2, 1]
    there = residuals(model, PROMPTS)
    np.testing.assert_allclose(residuals(model, [PROMPTS[i] for i in order]), there[:, order], rtol=1e-4, atol=1e-6)


def test_positions_against_their_definition() -> None:
    model = language_model("gpt_neox")
    ids = torch.tensor([model.tokenizer(PROMPTS[0])["input_ids"]])
    with torch.inference_mode():
        states = model.model(ids, output_hidden_states=True).hidden_states[2][0].numpy()
    expected = {"last": states[-1], "mean": states.mean(axis=0), "mean_without_first": states[1:].mean(axis=0)}
    for position, vector in expected.items():
        got = residuals(model, PROMPTS[:1], [1], position)[0, 0]
        np.testing.assert_allclose(got, vector, rtol=1e-4, atol=1e-6)


def test_blocks_above_the_highest_layer_are_not_computed() -> None:
    model, called = language_model("llama"), []
    for place, block in enumerate(blocks(model.model)):
        block.register_forward_hook(lambda *_, place=place: called.append(place))
    residuals(model, PROMPTS[:1], [0])
    assert called == [0]


def test_hooks_are_gone_afterwards_also_after_an_error() -> None:
    model = language_model("llama")
    residuals(model, PROMPTS)
    listed = blocks(model.model)
    assert not any(block._forward_hooks for block in listed)

    def fail(*_: object) -> None:
        raise RuntimeError

    handle = listed[1].register_forward_hook(fail)
    with pytest.raises(RuntimeError):
        residuals(model, PROMPTS)
    handle.remove()
    assert not any(block._forward_hooks for block in listed)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"layers": [3]}, "from 0 to 2, at least one; got 3"),
        ({"layers": [1, 1]}, r"different ones.*got \[1, 1\]"),
        ({"layers": []}, r"at least one; got \[\]"),
        ({"batch_size": 0}, "a batch holds one prompt or more; got 0"),
        ({"layers": [-1]}, "got -1"),
        ({"position": "lats"}, "closest: 'last'"),
    ],
)
def test_wrong_arguments_are_told(arguments: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        residuals(language_model("llama"), PROMPTS, **arguments)


def test_prompts_that_cannot_be_read_are_told() -> None:
    model = language_model("llama")
    for prompts, words in (([], "no prompts"), (["  "], "empty"), (["a " * 70], "70 tokens, the model reads 64")):
        with pytest.raises(InputError, match=words):
            residuals(model, prompts)


# models of the library's list that are no stack of decoder blocks: an encoder's partner, bytes in two resolutions,
# blocks run in cycles, blocks that are no modules of their own
NO_STACK = ("blenderbot", "blt", "hrm_text", "xlm")
NAMES = ("layers", "h", "blocks", "block")


@pytest.mark.slow
def test_one_rule_finds_the_blocks_of_every_architecture_that_transformers_ships() -> None:
    """By shape alone, without weights; where the library names the list, it is the same one."""
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    built, named, refused = [], [], []
    for kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        with warnings.catch_warnings(), torch.device("meta"), quiet():
            warnings.simplefilter("ignore")
            try:
                model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind))
            except Exception:  # some defaults build no model
                continue
        try:
            found = blocks(model)
        except InputError:
            refused.append(kind)
            continue
        built.append(kind)
        decoder = model.get_decoder()
        lists = [
            getattr(decoder, name) for name in NAMES if isinstance(getattr(decoder, name, None), torch.nn.ModuleList)
        ]
        if lists:
            assert found is lists[0], kind
            named.append(kind)
    assert set(refused) == set(NO_STACK)
    assert len(built) >= 160
    assert len(named) >= 140


def test_a_model_without_telling_blocks_is_refused() -> None:
    model = tiny("llama")
    model.config.num_hidden_layers = 5
    with pytest.raises(InputError, match="no single list of 5 modules"):
        blocks(model)
