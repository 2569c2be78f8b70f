"""How prompts are read: each by itself, or common beginnings once where that saves work and changes nothing."""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from capelib.models.batches import Batch, batched, need_size
from capelib.models.blocks import blocks
from capelib.models.loader import LanguageModel
from capelib.models.reading import reading
from capelib.models.trees import Forest, Row, forest, forests, planted, row_width

if TYPE_CHECKING:
    import torch

WORTH = 0.9  # share of the tokens of plain batches below which trees are read
CLOSE = 1e-5  # relative change of a state that rounding explains
REFUSED = (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True)
class _Tried:
    """What a model did with trees of prompts of up to `length` tokens, read up to a block."""

    agrees: bool
    length: int
    layer: int


_TRIED: "WeakKeyDictionary[torch.nn.Module, _Tried]" = WeakKeyDictionary()


def passes(
    model: LanguageModel, encoded: Sequence[Sequence[int]], layer: int, batch_size: int = 32
) -> Iterator[Batch | Forest]:
    """Token ids of prompts, arranged for forward passes that end after block `layer`.

    As trees, if those have fewer tokens than batches, padding included, and the model gives the same states for them;
    that is tried on one row, once for a model. Never in half precision, where rounding hides what
    else may differ, nor while anyone watches or changes the blocks, who counts on a prompt per row.
    """
    need_size(batch_size)
    rows = planted(encoded, row_width(model, max(map(len, encoded))))
    if _worth(encoded, rows, batch_size) and _allowed(model, encoded, layer):
        return forests(model, rows, batch_size * max(map(len, encoded)))
    return batched(model, encoded, batch_size)


def _worth(encoded: Sequence[Sequence[int]], rows: Sequence[Row], size: int) -> bool:
    lengths = sorted(map(len, encoded))
    batches = [lengths[start : start + size] for start in range(0, len(lengths), size)]
    plain = sum(len(batch) * batch[-1] for batch in batches)
    return len(rows) * max(len(row.ids) for row in rows) < WORTH * plain


def _allowed(model: LanguageModel, encoded: Sequence[Sequence[int]], layer: int) -> bool:
    import torch

    given = inspect.signature(model.model.forward).parameters
    if model.model.dtype != torch.float32 or "position_ids" not in given or _watched(model.model):
        return False
    longest, known = max(encoded, key=len), _TRIED.get(model.model)
    if known is None or (known.agrees and (len(longest) > known.length or layer > known.layer)):
        known = _TRIED[model.model] = _Tried(_agrees(model, longest, layer), len(longest), layer)
    return known.agrees


def _watched(model: "torch.nn.Module") -> bool:
    """Whether there are hooks other than those that transformers leaves behind once it has given out hidden states."""
    hooks = (
        hook
        for module in model.modules()
        for hook in (*module._forward_hooks.values(), *module._forward_pre_hooks.values())
    )
    return any(not str(getattr(hook, "__module__", "")).startswith("transformers.") for hook in hooks)


def _agrees(model: LanguageModel, longest: Sequence[int], layer: int) -> bool:
    """Whether a tree of two prompts gives the states of all their tokens, after block `layer`, as two rows do.

    The hardest tree that there can be: of the longest prompt and of another one that leaves it halfway and goes on at
    the end of the row, with strangers between. So windows and rescaled positions tell, and whatever counts along a row.
    """
    import torch

    half, width = len(longest) // 2, row_width(model, len(longest))
    other, own = [*longest[:half], *longest[: len(longest) - half][::-1]], len(longest) - half
    if len(longest) + own > width:
        return False  # the longest prompt fills the model's context, and nothing else fits beside it
    row = Row()
    paths = [row.add(longest)]
    while room := width - len(row.ids) - own:
        row.add(longest[:room])
    paths.append(row.add(other, paths[0][:half]))

    def states(one: Batch | Forest) -> "torch.Tensor":
        kept: list[torch.Tensor] = []
        with reading(blocks(model.model), [layer], lambda _, output: kept.append(output)):
            model.model(**one.inputs, use_cache=False)
        return kept[0]

    try:
        with torch.inference_mode():
            expected, found = states(next(batched(model, [longest, other]))), states(forest(model, [row]))[0, paths]
            apart = (found - expected).norm(dim=-1) / expected.norm(dim=-1)
    except REFUSED:
        return False  # as an architecture refuses what its own passes never ask of it
    return bool((apart < CLOSE).all())  # also false where a state is no number
