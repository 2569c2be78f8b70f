"""Every measure of a model, once by the package and once from what TransformerLens reads of the same weights."""

import itertools
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import torch
from tiny import LETTERS, language_model, save, tiny

from capelib.internals import CENTRED, RAW, STANDARDISED, Internals, PromptSets, choose, measure
from capelib.internals.anisotropy import anisotropy
from capelib.internals.competing import competition, opposed
from capelib.internals.coupling import coupling
from capelib.internals.dimension import dimension
from capelib.internals.measure import STRENGTHS
from capelib.internals.projection import gelu
from capelib.models import load

RELATIVE = 1e-5


@dataclass(frozen=True)
class Reading:
    """What TransformerLens caches of every prompt: streams (layers, prompts, d), means over all tokens and all but one,
    z (layers, heads, prompts, d_head), patterns (layers, heads, prompts, T·T), the states that enter the unembedding
    (prompts, d), logits (prompts, vocabulary), and the heads' output map (layers, heads, d_head, d)."""

    streams: np.ndarray
    all_tokens: np.ndarray
    means: np.ndarray
    z: np.ndarray
    patterns: np.ndarray
    states: np.ndarray
    logits: np.ndarray
    output: np.ndarray


@pytest.fixture(scope="module", params=["gpt2", "llama"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple:
    kind = request.param
    words = load(str(save(tmp_path_factory.mktemp(kind)))).tokenizer
    texts = [" ".join(each) for each in itertools.islice(itertools.permutations(LETTERS, 5), 0, 40_000, 997)]
    table = pd.DataFrame(
        {"set": list(itertools.islice(itertools.cycle(("a", "b", "neutral")), len(texts))), "text": texts}
    )
    sets = choose(table, 5, 0, "a", "b")
    return measure(language_model(kind), sets, n_draws=20), read(kind, words, sets), sets


def read(kind: str, words: object, sets: PromptSets) -> Reading:
    from transformer_lens.model_bridge import TransformerBridge

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bridge = TransformerBridge.boot_transformers("tiny", hf_model=tiny(kind), tokenizer=words, device="cpu")
    found = []
    for text in sets.all:
        ids = torch.tensor([words(text)["input_ids"]])
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")
            logits, kept = bridge.run_with_cache(ids)
        layers = [{name: kept[f"blocks.{i}.{name}"][0] for name in
                   ("hook_out", "attn.hook_z", "attn.hook_pattern")} for i in range(3)]  # fmt: skip
        found.append((
            np.stack([each["hook_out"][-1].numpy() for each in layers]),
            np.stack([each["hook_out"].mean(dim=0).numpy() for each in layers]),
            np.stack([each["hook_out"][1:].mean(dim=0).numpy() for each in layers]),
            np.stack([each["attn.hook_z"][-1].reshape(4, -1).numpy() for each in layers]),
            np.stack([each["attn.hook_pattern"].flatten(1).numpy() for each in layers]),
            kept["unembed.hook_in"][0, -1].numpy(),
            logits[0, -1].numpy(),
        ))  # fmt: skip
    streams, all_tokens, means, z, patterns, states, logits = zip(*found, strict=True)
    return Reading(
        np.stack(streams, axis=1), np.stack(all_tokens, axis=1), np.stack(means, axis=1), np.stack(z, axis=2),
        np.stack(patterns, axis=2), np.stack(states), np.stack(logits),
        np.stack([bridge.blocks[i].attn.W_O.detach().numpy() for i in range(3)]),
    )  # fmt: skip


def split(array: np.ndarray, sets: PromptSets, axis: int) -> list[np.ndarray]:
    return [np.take(array, range(*place.indices(len(sets.all))), axis=axis) for place in sets.places()]


def same(ours: object, theirs: object) -> None:
    np.testing.assert_allclose(np.asarray(ours, float), np.asarray(theirs, float), rtol=RELATIVE, atol=RELATIVE)


def table_of(controlled: object, first: np.ndarray, second: np.ndarray, reference: np.ndarray, ways: tuple) -> None:
    mean, sd = reference.mean(axis=-2, keepdims=True), reference.std(axis=-2, ddof=1, keepdims=True)
    change = {RAW: lambda x: x, CENTRED: lambda x: x - mean, STANDARDISED: lambda x: (x - mean) / sd}
    for way in ways:
        same(controlled.measure(way)["value"], coupling(change[way](first), change[way](second)).ravel())


def test_hidden_states(both: tuple) -> None:
    found, theirs, sets = both
    for name, array in zip(found.readings, (theirs.streams, theirs.all_tokens, theirs.means), strict=True):
        ours = found.readings[name]
        first, second, _, reference = split(array, sets, 1)
        table_of(ours, first, second, reference, (RAW, CENTRED, STANDARDISED))
    for column, values in anisotropy(theirs.streams).items():
        same(found.anisotropy[column], values)


def test_heads_and_what_they_add_to_the_stream(both: tuple) -> None:
    found, theirs, sets = both
    first, second, neutral, reference = split(theirs.z, sets, 2)
    table_of(found.heads.coupling, first, second, reference, (RAW, CENTRED, STANDARDISED))
    images = split(theirs.z @ theirs.output, sets, 2)
    table_of(found.heads.images, images[0], images[1], images[3], (RAW, CENTRED))
    rule = competition(first, second)
    same(found.heads.rule.share, rule.share)
    same(found.heads.rule.cosines, rule.cosines)
    half = neutral.shape[2] // 2
    same(found.heads.rule_neutral.share, competition(neutral[:, :, :half], neutral[:, :, half:]).share)
    same(found.heads.positive["as_defined"], opposed(neutral, STRENGTHS))
    centre = reference.mean(axis=2, keepdims=True)
    same(found.heads.positive["centred"], opposed(neutral, STRENGTHS, centre=centre))


def test_attention_patterns(both: tuple) -> None:
    found, theirs, sets = both
    first, second, _, reference = split(theirs.patterns, sets, 2)
    table_of(found.attention, first, second, reference, (RAW, CENTRED))


def test_the_output_map_and_the_maps_beside_it(both: tuple) -> None:
    found, theirs, sets = both
    table = found.projection.table.set_index("map")["value"]
    first, second, _, _ = split(theirs.logits, sets, 0)
    same(table["logits"], coupling(first, second))
    plain = [each - each.mean(axis=1, keepdims=True) for each in (first, second)]
    same(table["logits, mean removed"], coupling(*plain))
    first, second, _, _ = split(theirs.states, sets, 0)
    same(table["before the output map"], coupling(first, second))
    for name in ("the paper's wider map", "the same map, not widened", "its nonlinearity alone"):
        same(table[name], coupling(gelu(first), gelu(second)))


def test_dimension(both: tuple) -> None:
    found, theirs, _ = both
    same(found.d_rep["d_rep"], [dimension(layer)[0] for layer in theirs.streams])
    assert isinstance(found, Internals)
