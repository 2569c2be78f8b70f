"""How prompts are read: each by itself, or common beginnings once where that saves work and changes nothing."""

import inspect
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from capelib.models.batches import Batch, batched, need_size
from capelib.models.blocks import blocks
from capelib.models.loader import LanguageModel
from capelib.models.reading import reading
from capelib.models.trees import Forest, Row, forest, forests, planted, row_width

if TYPE_CHECKING:
    import torch

LONGEST = 512  # tokens of a prompt; the mask of a row has four times the square of that
SHORT = 8  # tokens of the shortest prompt that is tried
CLOSE = 1e-4  # relative change of a state that rounding explains: some 1e-5 in SmolLM2, a wrong mask changes far more

# What a model did with trees: by its settings, the length of the longest prompt and the highest block that was read.
_TRIED: "WeakKeyDictionary[torch.nn.Module, dict[tuple[str, int, int], bool]]" = WeakKeyDictionary()


def arranged(
    model: LanguageModel, encoded: Sequence[Sequence[int]], layer: int, batch_size: int = 32
) -> Iterator[Batch | Forest]:
    """Token ids of prompts, arranged for forward passes that end after block `layer`.

    In trees, if that saves work and the model gives the same states as for prompts alone, which is tried once for every
    length and block. Never in half precision, where rounding hides what else may differ, nor while anyone watches or
    changes the blocks, who counts on a prompt per row.
    """
    need_size(batch_size)
    longest = max(map(len, encoded))
    if longest <= LONGEST:
        rows = planted(encoded, row_width(model, longest))
        if _worth(model, encoded, rows, batch_size) and _allowed(model, longest, layer):
            return forests(model, rows, batch_size * longest)
    return batched(model, encoded, batch_size)


def _worth(model: LanguageModel, encoded: Sequence[Sequence[int]], rows: Sequence[Row], size: int) -> bool:
    """Whether two readings save more work than the trial costs."""
    lengths = sorted(map(len, encoded))
    longest, width = lengths[-1], max(len(row.ids) for row in rows)

    def work(n: int, tokens: int) -> float:
        # a block multiplies by some 12 d² weights for each token, and its attention by d numbers of every token seen
        return n * tokens * (1 + tokens / (6 * model.d_model))

    batches = [lengths[start : start + size] for start in range(0, len(lengths), size)]
    plain = sum(work(len(batch), batch[-1]) for batch in batches)
    trial = work(1, row_width(model, longest)) + work(2, longest) + work(1, SHORT)
    return 2 * (plain - work(len(rows), width)) > trial


def _allowed(model: LanguageModel, longest: int, layer: int) -> bool:
    import torch

    given = inspect.signature(model.model.forward).parameters
    if model.model.dtype != torch.float32 or "position_ids" not in given or _watched(model.model):
        return False
    lower = torch.is_autocast_enabled(model.device.type)
    settings = f"{model.config.to_json_string()} {model.config._attn_implementation} {lower}"
    known = _TRIED.setdefault(model.model, {})
    key = settings, longest, layer
    if key not in known:
        known[key] = _agrees(model, longest, layer)
    return known[key]


def _watched(model: "torch.nn.Module") -> bool:
    """Whether there are hooks other than those that transformers leaves behind once it has given out hidden states."""
    hooks = (
        hook
        for module in model.modules()
        for hook in (*module._forward_hooks.values(), *module._forward_pre_hooks.values())
    )
    return any(not str(getattr(hook, "__module__", "")).startswith("transformers.") for hook in hooks)


def _agrees(model: LanguageModel, longest: int, layer: int) -> bool:
    """Whether three prompts in one row have the states that they have alone: of all tokens, after every block up to
    `layer`.

    The tokens are drawn at random. One prompt is as long as the longest; another leaves it halfway and goes on at the
    end of the row, with strangers between, so that windows, convolutions and whatever else goes along a row tell; a
    short one beside them tells whether places are rescaled for all by the longest.
    """
    import torch

    vocabulary, rng = model.model.get_input_embeddings().num_embeddings, np.random.default_rng(0)
    half, short, width = longest // 2, min(SHORT, longest), row_width(model, longest)

    def drawn(n: int) -> list[int]:
        return rng.integers(vocabulary, size=n).tolist()

    first, last = drawn(longest), drawn(short)
    other = [*first[:half], *drawn(longest - half)]
    row = Row()
    paths = [row.add(first), row.add(last)]
    between = width - len(row.ids) - (longest - half)
    if between < 0:
        return False  # the longest prompt nearly fills the context, and no other fits beside it
    for start in range(0, between, longest):
        row.add(drawn(min(longest, between - start)))
    paths.append(row.add(other, paths[0][:half]))

    def states(one: Batch | Forest) -> "torch.Tensor":
        kept: list[torch.Tensor] = []
        with reading(blocks(model.model), range(layer + 1), lambda _, output: kept.append(output)):
            model.model(**one.inputs, use_cache=False)
        return torch.stack(kept)

    try:
        with torch.inference_mode():
            together = states(forest(model, [row]))[:, 0]
            alone = [states(next(batched(model, [prompt])))[:, 0] for prompt in (first, last, other)]
    except Exception:  # whatever an architecture raises where it is asked for what its own passes never ask
        return False
    apart = [(together[:, path] - own).norm(dim=-1) / own.norm(dim=-1) for path, own in zip(paths, alone, strict=True)]
    return all(bool((each < CLOSE).all()) for each in apart)  # also false where a state is no number
