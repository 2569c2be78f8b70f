"""Prompts and what may follow them, as tokens: one encoding for multiple choice, completions and running text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from capelib.errors import InputError
from capelib.models import LanguageModel

MOST_TOKENS = 2048  # of one pass, padding included


@dataclass(frozen=True, eq=False)
class Items:
    """Prompts and continuations as token ids.

    `owner` (n_continuations,) is the place of each continuation's prompt in `prompts`.
    """

    prompts: list[list[int]]
    continuations: list[list[int]]
    owner: np.ndarray

    @property
    def n_tokens(self) -> np.ndarray:
        """Number of tokens of every continuation."""
        return np.array([len(ids) for ids in self.continuations])

    def groups(self, most_tokens: int = MOST_TOKENS, stretch: float = 1.0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Prompts read together, shortest first, with the places of their continuations: (prompts, continuations).

        The longest prompt of a group has at most `stretch` times the tokens of its shortest; 1 for prompts of one
        length, which need no padding.
        """
        of_prompt: list[list[int]] = [[] for _ in self.prompts]
        for place, prompt in enumerate(self.owner):
            of_prompt[prompt].append(place)
        lengths = np.array([len(ids) for ids in self.prompts])
        chunk: list[int] = []
        for prompt in np.argsort(lengths, kind="stable"):
            length = int(lengths[prompt])  # the longest so far, to which the others are padded
            if chunk and ((len(chunk) + 1) * length > most_tokens or length > stretch * lengths[chunk[0]]):
                yield _group(chunk, of_prompt)
                chunk = []
            chunk.append(int(prompt))
        if chunk:
            yield _group(chunk, of_prompt)


def _group(chunk: list[int], of_prompt: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    chunk = sorted(chunk)
    return np.array(chunk), np.array([place for prompt in chunk for place in of_prompt[prompt]])


def encode(model: LanguageModel, prompts: Sequence[str], continuations: Sequence[Sequence[str]]) -> Items:
    """Every prompt with its continuations, tokenised as lm-evaluation-harness does.

    Prompt and continuation are tokenised together, and the tokens beyond those of the prompt alone are the
    continuation; blanks at the end of a prompt belong to what follows. Marks that a tokenizer sets after every text are
    left out. Raises InputError for an empty prompt or continuation, more tokens than the model reads, or a tokenizer
    that reads the prompt otherwise when something follows.
    """
    limit = getattr(model.config, "max_position_embeddings", None)
    encoded, followed, owner = [], [], []
    for prompt, options in zip(prompts, continuations, strict=True):
        stem = prompt.rstrip()
        if not stem:
            raise InputError("a prompt is empty; every prompt needs at least one word")
        own = _tokens(model, stem)
        encoded.append(own)
        for option in options:
            if not option.strip():
                raise InputError(f"nothing follows the prompt {prompt[:40]!r}: a continuation is empty")
            ids = _tokens(model, stem + prompt[len(stem) :] + option)
            if ids[: len(own)] != own or len(ids) == len(own):
                raise InputError(
                    f"the tokenizer of {model.name} reads the end of {prompt[-40:]!r} otherwise when {option[:40]!r} "
                    "follows; let every answer begin with a blank or on a new line"
                )
            _fits(len(ids), limit, prompt)
            followed.append(ids[len(own) :])
            owner.append(len(encoded) - 1)
    return Items(encoded, followed, np.array(owner, dtype=int))


def encode_texts(model: LanguageModel, texts: Sequence[str]) -> Items:
    """Running text: after its first token, what a model is asked to predict is all the rest.

    Raises InputError for a text of fewer than two tokens or more than the model reads.
    """
    limit = getattr(model.config, "max_position_embeddings", None)
    ids = model.tokenizer(list(texts))["input_ids"]
    for text, each in zip(texts, ids, strict=True):
        if len(each) < 2:
            raise InputError(f"a text needs two tokens or more; got {text[:40]!r}")
        _fits(len(each), limit, text)
    return Items([each[:1] for each in ids], [each[1:] for each in ids], np.arange(len(ids)))


def _tokens(model: LanguageModel, text: str) -> list[int]:
    ids, marks = list(model.tokenizer(text)["input_ids"]), set(model.tokenizer.all_special_ids)
    while len(ids) > 1 and ids[-1] in marks:
        ids.pop()
    return ids


def _fits(n_tokens: int, limit: int | None, text: str) -> None:
    if limit and n_tokens > limit:
        raise InputError(
            f"a prompt has {n_tokens:,} tokens with what follows, the model reads {limit:,}: {text[:40]!r}…"
        )
