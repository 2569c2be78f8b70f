"""What a model writes: base and steered side by side, greedy or sampled, in one call for all prompts and strengths."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from capelib.errors import InputError
from capelib.models import LanguageModel
from capelib.models.batches import pad_id, tokenize
from capelib.steering.direction import TruthDirection
from capelib.steering.passes import remembers_plainly
from capelib.steering.steer import steer

if TYPE_CHECKING:
    import torch

PAPER = {"temperature": 0.7, "top_p": 0.9}  # of the released tool
LAST = "last"
ROWS = 64  # written at once


def write(
    model: LanguageModel,
    prompts: Sequence[str],
    direction: TruthDirection | None = None,
    strengths: Sequence[float] = (0.0,),
    new_tokens: int = 40,
    temperature: float = 0.0,
    top_p: float = 1.0,
    seeds: Sequence[int] = (0,),
    unit: str = "spread",
    start: int | str = 0,
) -> pd.DataFrame:
    """Continuations of every prompt at every strength and with every seed: prompt, strength, seed, text.

    `temperature` 0 takes the likeliest token; above it, tokens are drawn from the likeliest ones that together have the
    probability `top_p`. A row's draws depend on its prompt, its seed and the token's number alone, so that a text is
    the same in a batch and by itself, and two strengths with one seed differ by the push and not by luck. Settings for
    writing that come with a model (penalties, beams) are left out. `unit` and `start` as in `steer`; `start` "last"
    steers from the last token of the prompt on, as the released tool does.

    Raises InputError for an empty prompt, a prompt with too many tokens, a temperature below zero, a top_p that is not
    a probability, no tokens to write, no strengths or seeds, a seed below zero, a strength without a direction.
    """
    rows = [(place, s, seed) for place in range(len(prompts)) for s in strengths for seed in seeds]
    return write_rows(model, prompts, rows, direction, new_tokens, temperature, top_p, unit, start)


def write_rows(
    model: LanguageModel,
    prompts: Sequence[str],
    rows: Sequence[tuple[int, float, int]],
    direction: TruthDirection | None = None,
    new_tokens: int = 40,
    temperature: float = 0.0,
    top_p: float = 1.0,
    unit: str = "spread",
    start: int | str = 0,
) -> pd.DataFrame:
    """As `write`, for `rows` of one's own: the place of a prompt, a strength and a seed each."""
    import torch

    if not (np.isfinite(temperature) and temperature >= 0):
        raise InputError(f"temperature must be 0 or more; got {temperature:g}")
    if not 0 < top_p <= 1:
        raise InputError(f"top-p must be above 0 and at most 1; got {top_p:g}")
    if new_tokens < 1:
        raise InputError(f"one new token or more must be asked for; got {new_tokens}")
    _check_rows(rows, direction)
    encoded = tokenize(model, prompts, room=new_tokens)
    options = {"max_new_tokens": new_tokens, "do_sample": False, "pad_token_id": pad_id(model)}
    texts = [""] * len(rows)
    for chosen in _batches(model, [len(encoded[place]) for place, _, _ in rows]):
        batch = [rows[i] for i in chosen]
        ids, mask = _left_padded(model, [encoded[place] for place, _, _ in batch])
        begins = [len(encoded[place]) - 1 for place, _, _ in batch] if start == LAST else start
        if temperature > 0:
            told = [(prompts[place], seed) for place, _, seed in batch]
            options["logits_processor"] = [Drawn(told, temperature, top_p)]
        pushed = steer(model, direction, [s for _, s, _ in batch], unit, begins) if direction else nullcontext()
        with torch.inference_mode(), _no_settings(model), pushed:
            written = model.model.generate(ids, attention_mask=mask, **options)
        decoded = model.tokenizer.batch_decode(written[:, ids.shape[1] :], skip_special_tokens=True)
        for i, text in zip(chosen, decoded, strict=True):
            texts[i] = text
    found = [(prompts[place], s, seed, text) for (place, s, seed), text in zip(rows, texts, strict=True)]
    return pd.DataFrame(found, columns=["prompt", "strength", "seed", "text"])


def _batches(model: LanguageModel, lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places of rows that are written together, in the order of their length; one by one where a model remembers by
    anything but keys and values, since such memories mix rows or take padding in."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    size = ROWS if remembers_plainly(model) else 1
    for begin in range(0, len(order), size):
        yield order[begin : begin + size]


def moved_tokens(
    model: LanguageModel, prompt: str, direction: TruthDirection, strength: float, n: int = 8, unit: str = "spread"
) -> pd.DataFrame:
    """The next tokens whose probability the push moves most: token, base, steered, change (0-1), largest change first.

    Raises InputError as `write` does.
    """
    import torch

    ids = torch.tensor([tokenize(model, [prompt], room=1)[0]] * 2, device=model.device)
    with torch.inference_mode(), steer(model, direction, [0.0, strength], unit):
        base, steered = model.model(input_ids=ids, use_cache=False).logits[:, -1].float().softmax(dim=-1).cpu().numpy()
    most = np.argsort(-np.abs(steered - base), kind="stable")[:n]
    return pd.DataFrame({
        "token": [model.tokenizer.decode([int(token)]) for token in most],
        "base": base[most],
        "steered": steered[most],
        "change": steered[most] - base[most],
    })  # fmt: skip


def moved_mass(model: LanguageModel, prompt: str, directions: Sequence[TruthDirection], strength: float) -> np.ndarray:
    """How much probability of the next token each direction moves: the total variation distance to the base, 0-1."""
    import torch

    own = tokenize(model, [prompt], room=1)[0]
    ids, found = torch.tensor([own], device=model.device), []
    with torch.inference_mode():
        base = _next(model, ids)
        for direction in directions:
            with steer(model, direction, strength):
                found.append(float((_next(model, ids) - base).abs().sum() / 2))
    return np.array(found)


class Drawn:
    """A processor of logits that makes the likeliest token a draw: temperature, top-p, then Gumbel noise.

    Adding independent Gumbel noise to logits and taking the largest draws from their softmax. The noise of a row comes
    from its own stream, named by its key, a prompt and a seed, and by the number of the token.
    """

    def __init__(self, keys: Sequence[tuple[str, int]], temperature: float, top_p: float) -> None:
        from transformers import TemperatureLogitsWarper, TopPLogitsWarper

        self.keys, self.step = list(keys), 0
        self._warpers: list[Callable] = [TemperatureLogitsWarper(float(temperature))]
        self._warpers += [TopPLogitsWarper(float(top_p))] if top_p < 1 else []

    def __call__(self, ids: "torch.Tensor", logits: "torch.Tensor") -> "torch.Tensor":
        import torch

        logits = logits.float()
        for warp in self._warpers:
            logits = warp(ids, logits)
        streams = [_stream(prompt, seed, self.step) for prompt, seed in self.keys]
        noise = np.stack([stream.gumbel(size=logits.shape[1]) for stream in streams])
        self.step += 1
        return logits + torch.from_numpy(noise).to(logits)


def _check_rows(rows: Sequence[tuple[int, float, int]], direction: TruthDirection | None) -> None:
    if not rows:
        raise InputError("nothing to write; give at least one prompt, one strength and one seed")
    for _, strength, seed in rows:
        if not isinstance(seed, int | np.integer) or seed < 0:
            raise InputError(f"a seed must be a whole number, 0 or more; got {seed!r}")
        if direction is None and strength != 0:
            raise InputError(f"strength {strength:g} needs a direction to push along; give one, or strength 0 alone")


def _stream(prompt: str, seed: int, step: int) -> np.random.Generator:
    # by a digest: default_rng takes [0, 5, 1] and [0, 5 + 2**32, 0] for the same
    return np.random.default_rng(int.from_bytes(sha256(f"{seed} {step} {prompt}".encode()).digest()))


@contextmanager
def _no_settings(model: LanguageModel) -> Iterator[None]:
    """Inside the block, nothing that comes with the model but its end-of-text token tells generate how to write."""
    from transformers import GenerationConfig

    own = model.model.generation_config
    model.model.generation_config = GenerationConfig(bos_token_id=own.bos_token_id, eos_token_id=own.eos_token_id)
    try:
        yield
    finally:
        model.model.generation_config = own


def _left_padded(model: LanguageModel, encoded: list[list[int]]) -> tuple["torch.Tensor", "torch.Tensor"]:
    import torch

    longest = max(map(len, encoded))
    ids = torch.full((len(encoded), longest), pad_id(model), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, each in enumerate(encoded):
        ids[row, longest - len(each) :], mask[row, longest - len(each) :] = torch.tensor(each), 1
    return ids.to(model.device), mask.to(model.device)


def _next(model: LanguageModel, ids: "torch.Tensor") -> "torch.Tensor":
    return model.model(input_ids=ids, use_cache=False).logits[0, -1].float().softmax(dim=-1)
