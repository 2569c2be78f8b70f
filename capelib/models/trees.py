"""Prompts as trees of tokens: what neighbours in a row have in common at their beginnings is read once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from capelib.models.batches import pad_id
from capelib.models.loader import LanguageModel

if TYPE_CHECKING:
    import torch

WIDTH = 96  # tokens of a row, if prompts are short: attention costs width² and cutting trees apart costs beginnings


@dataclass(frozen=True)
class Forest:
    """Prompts whose tokens stand side by side in rows, as trees: each token sees itself and those before it in its own
    prompts, and stands at its place in them.

    `prompts` are the places in the caller's list, `in_row` and `end` (prompts,) where the last token of each stands.
    `ids` and `depth`, the place of a token in its prompts, have the shape (rows, tokens); `sees` has
    (rows, tokens, tokens) and is true where the first token sees the second. Tokens filled up with see only themselves.
    """

    prompts: np.ndarray
    in_row: "torch.Tensor"
    end: "torch.Tensor"
    ids: "torch.Tensor"
    depth: "torch.Tensor"
    sees: "torch.Tensor"

    @property
    def inputs(self) -> dict[str, "torch.Tensor"]:
        """What a model's forward pass is given: most architectures add a mask of four dimensions to their attention
        as it is."""
        import torch

        hidden = torch.zeros(self.sees.shape, device=self.sees.device)
        hidden = hidden.masked_fill_(~self.sees, torch.finfo(hidden.dtype).min)
        return {"input_ids": self.ids, "attention_mask": hidden[:, None], "position_ids": self.depth}

    def pooled(self, output: "torch.Tensor", position: str) -> "torch.Tensor":
        """One vector per prompt, float32 of shape (prompts, d), from (rows, tokens, d): what the last token of a prompt
        sees are its tokens."""
        if position == "last":
            return output[self.in_row, self.end].float()
        weight, depth = self.sees[self.in_row, self.end].float(), self.depth[self.in_row]
        if position == "mean_without_first":
            alone = weight.sum(dim=1, keepdim=True) == 1  # a prompt of one token has nothing else
            weight = weight * ((depth > 0) | alone)
        means = weight / weight.sum(dim=1, keepdim=True)
        # row by row, since its tokens need no copy for each of its prompts
        vectors = output.new_empty((len(self.prompts), output.shape[2])).float()
        for row in range(len(output)):
            vectors[self.in_row == row] = means[self.in_row == row] @ output[row].float()
        return vectors


@dataclass
class Row:
    """A row under construction: tokens, their places in prompts, the tokens before them, and where prompts end."""

    ids: list[int] = field(default_factory=list)
    depth: list[int] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    ends: dict[int, int] = field(default_factory=dict)

    def add(self, ids: Sequence[int], path: Sequence[int] = ()) -> list[int]:
        """A prompt whose first tokens stand at `path` already; where all of its tokens stand."""
        path = list(path)
        for depth in range(len(path), len(ids)):
            self.before.append(path[-1] if path else -1)
            path.append(len(self.ids))
            self.ids.append(ids[depth])
            self.depth.append(depth)
        return path


def planted(encoded: Sequence[Sequence[int]], width: int) -> list[Row]:
    """Prompts in rows of at most `width` tokens: neighbours in the order of their tokens share the most."""
    rows, last, path = [Row()], [], []
    for prompt in sorted(range(len(encoded)), key=encoded.__getitem__):
        ids = encoded[prompt]
        path = path[: common(last, ids)]
        if len(rows[-1].ids) + len(ids) - len(path) > width:
            rows.append(Row())
            path = []
        path, last = rows[-1].add(ids, path), ids
        rows[-1].ends[prompt] = path[-1]
    return rows


def row_width(model: LanguageModel, longest: int) -> int:
    """Tokens of a row: 96, or two of the longest prompt, but no more than the model reads."""
    limit = getattr(model.config, "max_position_embeddings", None) or np.inf
    return int(min(max(WIDTH, 2 * longest), limit))


def common(first: Sequence[int], second: Sequence[int]) -> int:
    """Number of tokens that both begin with."""
    shorter = min(len(first), len(second))
    return next((place for place in range(shorter) if first[place] != second[place]), shorter)


def forests(model: LanguageModel, rows: Sequence[Row], most_tokens: int) -> Iterator[Forest]:
    """Rows as passes of at most `most_tokens` tokens, or of one row."""
    size = max(1, most_tokens // max(len(row.ids) for row in rows))
    for start in range(0, len(rows), size):
        yield forest(model, rows[start : start + size])


def forest(model: LanguageModel, rows: Sequence[Row]) -> Forest:
    """Rows as one pass."""
    import torch

    shape = len(rows), max(len(row.ids) for row in rows)
    ids, depth = np.full(shape, pad_id(model)), np.zeros(shape, dtype=int)
    sees = np.zeros((*shape, shape[1]), dtype=bool)
    sees[:, range(shape[1]), range(shape[1])] = True
    for place, row in enumerate(rows):
        ids[place, : len(row.ids)], depth[place, : len(row.ids)] = row.ids, row.depth
        for token, before in enumerate(row.before):  # which comes first in its row, so that it is complete
            if before >= 0:
                sees[place, token] |= sees[place, before]
    ends = [(prompt, place, end) for place, row in enumerate(rows) for prompt, end in row.ends.items()]
    prompts, row, end = np.array(ends, dtype=int).reshape(-1, 3).T
    given = (torch.from_numpy(each).to(model.device) for each in (row, end, ids, depth, sees))
    return Forest(prompts, *given)
