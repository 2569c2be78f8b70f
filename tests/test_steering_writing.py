"""What a model writes: against passes of its own for every token, exact distributions, and arithmetic by hand."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from test_steer import direction, hooks
from tiny import ARCHITECTURES, PROMPTS, language_model

from capelib.errors import InputError
from capelib.models import LanguageModel
from capelib.steering.direction import TruthDirection
from capelib.steering.steer import steer
from capelib.steering.writing import Drawn, moved_mass, moved_tokens, write, write_rows

KINDS = ("llama", "gpt2", "bloom", "gemma3_text")
SAMPLED = {"temperature": 1.3, "top_p": 0.95}


pytestmark = pytest.mark.usefixtures("one_thread")


def next_logits(model: LanguageModel, ids: list[int]) -> np.ndarray:
    with torch.inference_mode():
        return model.model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1].double().numpy()


def softmax(logits: np.ndarray) -> np.ndarray:
    found = np.exp(logits - logits.max())
    return found / found.sum()


def greedy(model: LanguageModel, prompt: str, v: TruthDirection, strength: float, n: int, **options: object) -> str:
    """The likeliest token, one full pass after another, until the end of the text."""
    ids = model.tokenizer(prompt)["input_ids"]
    own = len(ids)
    for _ in range(n):
        with steer(model, v, strength, **options):
            ids = [*ids, int(next_logits(model, ids).argmax())]
        if ids[-1] == model.tokenizer.eos_token_id:
            break
    return model.tokenizer.decode(ids[own:], skip_special_tokens=True)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_texts_are_those_of_each_prompt_alone_in_any_memory(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("capelib.steering.writing.ROWS", 4)  # more than one batch
    model = language_model(kind)
    v, strengths = direction(model), (0.0, 4.0)
    together = write(model, PROMPTS, v, strengths, new_tokens=8)
    alone = [write(model, [prompt], v, strengths, new_tokens=8) for prompt in PROMPTS]
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True))


@pytest.mark.parametrize("kind", KINDS)
def test_greedy_text_is_that_of_one_full_pass_per_token(kind: str) -> None:
    model = language_model(kind)
    v = direction(model)
    found = write(model, PROMPTS, v, (0.0, 1.5, -2.0), new_tokens=6)
    assert list(found.columns) == ["prompt", "strength", "seed", "text"]
    assert list(zip(found["prompt"], found["strength"], strict=True)) == list(product(PROMPTS, (0.0, 1.5, -2.0)))
    for row in found.itertuples():
        assert row.text == greedy(model, row.prompt, v, row.strength, 6)
    assert found.groupby("prompt")["text"].nunique().max() > 1
    assert hooks(model) == 0


@pytest.mark.parametrize("sampling", [{}, SAMPLED])
@pytest.mark.parametrize("kind", KINDS)
def test_a_text_is_the_same_in_a_batch_and_by_itself(kind: str, sampling: dict) -> None:
    model = language_model(kind)
    v, seeds = direction(model), (3, 4)
    together = write(model, PROMPTS, v, (0.0, 1.5), 6, seeds=seeds, **sampling)
    turned = write(model, PROMPTS[::-1], v, (1.5, 0.0), 6, seeds=seeds[::-1], **sampling)
    keys = ["prompt", "strength", "seed"]
    pd.testing.assert_frame_equal(
        together.sort_values(keys, ignore_index=True), turned.sort_values(keys, ignore_index=True)
    )
    for row in together.itertuples():
        alone = write(model, [row.prompt], v, (row.strength,), 6, seeds=(row.seed,), **sampling)
        assert alone["text"].tolist() == [row.text]


@pytest.mark.parametrize("sampling", [{}, SAMPLED])
def test_strength_zero_is_no_direction_and_a_seed_is_a_text(sampling: dict) -> None:
    model = language_model("llama")
    options = {"new_tokens": 8, "seeds": (0, 1, 2), **sampling}
    plain = write(model, PROMPTS, **options)
    pushed = write(model, PROMPTS, direction(model), (0.0, 5.0), **options)
    pd.testing.assert_frame_equal(pushed[pushed["strength"] == 0].reset_index(drop=True), plain)
    pd.testing.assert_frame_equal(write(model, PROMPTS, **options), plain)
    different = plain.groupby("prompt")["text"].nunique()
    assert (different == (3 if sampling else 1)).all()


def test_rows_of_ones_own_are_those_of_the_full_table() -> None:
    model = language_model("gpt2")
    v = direction(model)
    full = write(model, PROMPTS[:3], v, (0.0, 2.0), 5, seeds=(0, 1), **SAMPLED).set_index(
        ["prompt", "strength", "seed"]
    )
    rows = [(2, 2.0, 1), (0, 0.0, 0), (2, 2.0, 0), (1, 2.0, 1)]
    found = write_rows(model, PROMPTS[:3], rows, v, 5, **SAMPLED)
    assert [(r.prompt, r.strength, r.seed) for r in found.itertuples()] == [(PROMPTS[p], s, k) for p, s, k in rows]
    for row in found.itertuples():
        assert row.text == full.loc[(row.prompt, row.strength, row.seed), "text"]


def kept(p: np.ndarray, top_p: float) -> np.ndarray:
    """The likeliest tokens until they have `top_p` together, and their shares."""
    order = np.argsort(-p)
    n = int(np.searchsorted(np.cumsum(p[order]), top_p)) + 1
    found = np.zeros_like(p)
    found[order[:n]] = p[order[:n]]
    return found / found.sum()


@pytest.mark.parametrize(
    ("temperature", "top_p", "strength"), [(1.0, 1.0, 0.0), (0.7, 0.9, 0.0), (2.0, 0.6, 0.0), (0.7, 0.9, 1.0)]
)
def test_draws_follow_the_softmax_after_temperature_and_top_p(
    temperature: float, top_p: float, strength: float
) -> None:
    model, n = language_model("llama"), 4000
    v = direction(model)
    with steer(model, v, strength):
        p = softmax(next_logits(model, model.tokenizer(PROMPTS[1])["input_ids"]) / temperature)
    p = kept(p, top_p) if top_p < 1 else p
    by_text: dict[str, float] = {}
    for token, share in enumerate(p):
        text = model.tokenizer.decode([token], skip_special_tokens=True)
        by_text[text] = by_text.get(text, 0.0) + share
    options = {"temperature": temperature, "top_p": top_p, "seeds": range(n)}
    drawn = write(model, PROMPTS[1:2], v, (strength,), 1, **options)["text"].value_counts()
    assert {text for text, share in by_text.items() if share > 0} >= set(drawn.index)
    expected = pd.Series(by_text) * n
    often = expected[expected >= 5]
    counts = np.append(drawn.reindex(often.index, fill_value=0), n - drawn.reindex(often.index, fill_value=0).sum())
    shares = np.append(often, n - often.sum())
    used = shares > 1e-6
    assert len(often) > 3
    assert stats.chisquare(counts[used], shares[used]).pvalue > 0.001
    wrong = softmax(np.log(often.to_numpy()) * 1.15)  # a temperature 15 % off would be seen
    assert stats.chisquare(counts[:-1], wrong * counts[:-1].sum()).pvalue < 0.001


def test_tokens_of_one_text_are_drawn_independently() -> None:
    # flat logits: which token is drawn second says nothing about the first, another prompt or another seed
    seeds, size = range(1500), 4
    draw = Drawn([(prompt, seed) for prompt in ("a", "b") for seed in seeds], 1.0, 1.0)
    flat, ids = torch.zeros(2 * len(seeds), size), torch.zeros(2 * len(seeds), 1, dtype=torch.long)
    first, second = (draw(ids, flat).argmax(dim=1).numpy() for _ in range(2))
    half = len(seeds)
    for one, other in (
        (first, second),
        (first[:half], first[half:]),
        (first[:half], second[half:]),
        (first[: half - 1], first[1:half]),
    ):
        table = np.histogram2d(one, other, bins=size)[0]
        assert stats.chi2_contingency(table).pvalue > 0.001
        assert stats.chisquare(table.sum(axis=1)).pvalue > 0.001


def test_no_two_streams_of_noise_are_the_same() -> None:
    prompts, seeds = ("", "a", "0 a", "1"), (0, 1, 2, 5, 10, 11, 2**32, 2**32 + 5, 2**33 + 5)
    keys = list(product(prompts, seeds))
    draw, flat = Drawn(keys, 1.0, 1.0), torch.zeros(len(keys), 3)
    noise = np.concatenate([draw(None, flat).numpy() for _ in range(12)])
    assert len(np.unique(noise, axis=0)) == len(noise)


@pytest.mark.parametrize("options", [{"temperature": 1e-4}, {"temperature": 1.0, "top_p": 1e-6}])
def test_at_the_limits_sampling_is_greedy(options: dict) -> None:
    model = language_model("gpt2")
    v = direction(model)
    expected = write(model, PROMPTS, v, (0.0, 1.0), 6)
    pd.testing.assert_frame_equal(write(model, PROMPTS, v, (0.0, 1.0), 6, **options), expected)


@pytest.mark.parametrize(
    ("unit", "start", "first"),
    [
        ("raw", 0, lambda n: 0),
        ("spread", 2, lambda n: 2),
        ("spread", "new", lambda n: n),
        ("raw", "last", lambda n: n - 1),
    ],
)
def test_unit_and_start_are_those_of_steer(unit: str, start: int | str, first: object) -> None:
    model = language_model("llama")
    v, strength = direction(model), 6.0 if unit == "raw" else 2.0
    found = write(model, PROMPTS[:3], v, (strength,), 6, unit=unit, start=start)
    for row in found.itertuples():
        begins = first(len(model.tokenizer(row.prompt)["input_ids"]))
        assert row.text == greedy(model, row.prompt, v, strength, 6, unit=unit, start=begins)
    everywhere = write(model, PROMPTS[:3], v, (strength,), 6)
    assert found["text"].tolist() != everywhere["text"].tolist()  # neither is ignored


def test_settings_that_come_with_a_model_do_not_count_and_are_left_as_they_are() -> None:
    model = language_model("llama")
    own = model.model.generation_config
    expected = write(model, PROMPTS, new_tokens=6)
    own.repetition_penalty, own.num_beams, own.do_sample, own.temperature = 50.0, 3, True, 0.3
    own.suppress_tokens = list(range(20))
    pd.testing.assert_frame_equal(write(model, PROMPTS, new_tokens=6), expected)
    with pytest.raises(InputError, match="unknown unit"):
        write(model, PROMPTS, direction(model), (1.0,), unit="metres")
    assert model.model.generation_config is own
    assert (own.repetition_penalty, own.num_beams) == (50.0, 3)


@pytest.mark.parametrize(("strength", "unit"), [(1.2, "spread"), (-2.0, "raw")])
def test_moved_tokens_are_the_largest_differences_of_two_passes(strength: float, unit: str) -> None:
    model = language_model("llama")
    v, ids = direction(model), model.tokenizer(PROMPTS[1])["input_ids"]
    base = softmax(next_logits(model, ids))
    with steer(model, v, strength, unit):
        steered = softmax(next_logits(model, ids))
    order = sorted(range(len(base)), key=lambda token: -abs(steered[token] - base[token]))[:5]
    found = moved_tokens(model, PROMPTS[1], v, strength, n=5, unit=unit)
    assert found["token"].tolist() == [model.tokenizer.decode([token]) for token in order]
    np.testing.assert_allclose(found["base"], base[order], atol=1e-6)
    np.testing.assert_allclose(found["steered"], steered[order], atol=1e-6)
    np.testing.assert_allclose(found["change"], (steered - base)[order], atol=1e-6)


def test_moved_mass_is_what_must_be_carried_from_some_tokens_to_others() -> None:
    model = language_model("gpt2")
    ids = model.tokenizer(PROMPTS[0])["input_ids"]
    base, expected = softmax(next_logits(model, ids)), []
    several = [direction(model, seed=seed) for seed in range(3)] + [direction(model, (0, 2))]
    for v in several:
        with steer(model, v, 0.7):
            expected.append(np.clip(softmax(next_logits(model, ids)) - base, 0, None).sum())
    np.testing.assert_allclose(moved_mass(model, PROMPTS[0], several, 0.7), expected, atol=1e-6)
    assert min(expected) > 0.01
    np.testing.assert_array_equal(moved_mass(model, PROMPTS[0], several, 0.0), 0)
    assert hooks(model) == 0


NAN = float("nan")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"temperature": -0.1}, "temperature must be 0 or more; got -0.1"),
        ({"temperature": NAN}, "temperature must be 0 or more; got nan"),
        ({"temperature": float("inf")}, "temperature must be 0 or more; got inf"),
        ({"top_p": 0}, "top-p must be above 0 and at most 1; got 0"),
        ({"top_p": 1.01}, "top-p must be above 0 and at most 1; got 1.01"),
        ({"top_p": NAN}, "top-p must be above 0 and at most 1; got nan"),
        ({"new_tokens": 0}, "one new token or more must be asked for; got 0"),
        ({"prompts": ["the cat", " "]}, "a prompt is empty"),
        ({"prompts": []}, "nothing to write; give at least one prompt"),
        ({"prompts": [" a" * 60], "new_tokens": 5}, "60 tokens and 5 are to be written, the model reads 64"),
        ({"strengths": ()}, "nothing to write; give at least one prompt, one strength and one seed"),
        ({"seeds": ()}, "nothing to write; give at least one prompt, one strength and one seed"),
        ({"seeds": (0, -1)}, "a seed must be a whole number, 0 or more; got -1"),
        ({"seeds": (0.5,)}, "a seed must be a whole number, 0 or more; got 0.5"),
        ({"strengths": (0.0, 2.0), "direction": None}, "strength 2 needs a direction to push along"),
        ({"strengths": (NAN,)}, "strength must be a finite number"),
        ({"unit": "metres"}, "unknown unit 'metres'"),
        ({"start": -1}, "start must be a number of tokens, 0 or more"),
        ({"start": "lost"}, "start must be a number of tokens, one per row, or 'new'"),
    ],
)
def test_wrong_input_costs_one_line(given: dict, words: str) -> None:
    model = language_model("llama")
    options = {"prompts": PROMPTS[:2], "direction": direction(model), "strengths": (0.0, 1.0)} | given
    with pytest.raises(InputError, match=words) as error:
        write(model, **options)
    assert "\n" not in str(error.value)
    assert hooks(model) == 0


def test_wrong_prompts_and_directions_cost_one_line_where_probabilities_are_asked_for() -> None:
    model, other = language_model("llama"), direction(language_model("llama"))
    object.__setattr__(other, "d_model", 64)
    for call in (moved_tokens, lambda *given: moved_mass(given[0], given[1], [given[2]], given[3])):
        for prompt, v, strength, words in (
            (" ", direction(model), 1.0, "a prompt is empty"),
            (" a" * 64, direction(model), 1.0, "64 tokens and 1 are to be written, the model reads 64"),
            ("a", direction(model), NAN, "strength must be a finite number"),
            ("a", other, 1.0, "fit one on it"),
        ):
            with pytest.raises(InputError, match=words):
                call(model, prompt, v, strength)
