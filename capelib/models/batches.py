"""Prompts in batches: sorted by length, padded on the right, with the place of every last real token."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from capelib.errors import InputError
from capelib.models.loader import LanguageModel

if TYPE_CHECKING:
    import torch


RESCALED = ("dynamic", "longrope")
POSITIONS = ("last", "mean", "mean_without_first")


@dataclass(frozen=True)
class Batch:
    """Prompts of similar length: `prompts` are their places in the caller's list; `ids` and `mask` have the shape
    (prompts, tokens), `length` (prompts,) counts the real tokens of each."""

    prompts: np.ndarray
    ids: "torch.Tensor"
    mask: "torch.Tensor"
    length: "torch.Tensor"

    @property
    def inputs(self) -> dict[str, "torch.Tensor"]:
        """What a model's forward pass is given."""
        return {"input_ids": self.ids, "attention_mask": self.mask}

    def pooled(self, output: "torch.Tensor", position: str) -> "torch.Tensor":
        """One vector per prompt, float32 of shape (prompts, d), from (prompts, tokens, d)."""
        import torch

        if position == "last":
            return output[torch.arange(len(self.prompts), device=output.device), self.length - 1].float()
        mask = self.mask.clone()
        if position == "mean_without_first":
            mask[:, 0] = mask[:, 0] * (self.length == 1)  # a prompt of one token has nothing else
        weight = mask[..., None].float()  # a sum of many float16 numbers may be too large for float16
        return (output.float() * weight).sum(dim=1) / weight.sum(dim=1)


def tokenize(model: LanguageModel, prompts: Sequence[str], room: int = 0) -> list[list[int]]:
    """Token ids of every prompt, with the special tokens that the tokenizer itself adds.

    Raises InputError for a prompt that is empty or longer than the model's context, less `room` for what it writes.
    """
    if not prompts:
        raise InputError("no prompts given")
    encoded = model.tokenizer(list(prompts))["input_ids"]
    limit = getattr(model.config, "max_position_embeddings", None)
    for prompt, ids in zip(prompts, encoded, strict=True):
        if not prompt.strip() or not ids:
            raise InputError("a prompt is empty; every prompt needs at least one word")
        if limit and len(ids) + room > limit:
            more = f" and {room:,} are to be written" if room else ""
            raise InputError(f"a prompt has {len(ids):,} tokens{more}, the model reads {limit:,}: {prompt[:40]!r}…")
    highest = max(max(ids) for ids in encoded)
    if highest >= model.model.get_input_embeddings().num_embeddings:
        raise InputError(
            f"{model.name}: its tokenizer gives token {highest:,}, the model knows fewer; they do not belong"
        )
    return encoded


def batches(model: LanguageModel, prompts: Sequence[str], size: int = 32) -> Iterator[Batch]:
    """The prompts, shortest first, `size` in a batch. Raises InputError as `tokenize` does."""
    yield from batched(model, tokenize(model, prompts), size)


def batched(model: LanguageModel, encoded: Sequence[Sequence[int]], size: int = 32) -> Iterator[Batch]:
    """Token ids, shortest first. Padding on the right cannot reach a real token of a causal model, so that results
    are those of single prompts, and positions need no correction.

    Prompts beyond the length from which a model rescales its positions, by the longest of a pass, are read with others
    of their own length alone.
    """
    need_size(size)
    end = rescaled_beyond(model)
    order = sorted(range(len(encoded)), key=lambda prompt: len(encoded[prompt]))
    for _, alike in groupby(order, lambda prompt: max(len(encoded[prompt]) - end, 0)):
        together = list(alike)
        for start in range(0, len(together), size):
            yield _batch(model, encoded, np.array(together[start : start + size]))


def rescaled_beyond(model: LanguageModel) -> float:
    """The number of tokens from which on rotary positions depend on the longest prompt of a pass; infinite for most."""
    config = model.config.get_text_config(decoder=True)
    own = getattr(config, "rope_parameters", None) or {}
    scaled = [each for each in (own, *own.values()) if isinstance(each, dict) and each.get("rope_type") in RESCALED]
    return min(
        (each.get("original_max_position_embeddings") or config.max_position_embeddings for each in scaled),
        default=np.inf,
    )


def _batch(model: LanguageModel, encoded: Sequence[Sequence[int]], prompts: np.ndarray) -> Batch:
    import torch

    lengths = torch.tensor([len(encoded[prompt]) for prompt in prompts])
    ids = torch.full((len(prompts), int(lengths.max())), pad_id(model), dtype=torch.long)
    for place, prompt in enumerate(prompts):
        ids[place, : len(encoded[prompt])] = torch.tensor(encoded[prompt])
    mask = (torch.arange(ids.shape[1])[None] < lengths[:, None]).long()
    return Batch(prompts, ids.to(model.device), mask.to(model.device), lengths.to(model.device))


def need_size(size: int) -> None:
    """Raise InputError for a batch of no prompts."""
    if size < 1:
        raise InputError(f"a batch holds one prompt or more; got {size}")


def pad_id(model: LanguageModel) -> int:
    """The token to fill up with; any will do, since no real token sees it."""
    for token in (model.tokenizer.pad_token_id, model.tokenizer.eos_token_id):
        if token is not None:
            return int(token)
    return 0
