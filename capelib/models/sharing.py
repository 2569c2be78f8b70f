"""How prompts are read: each by itself, or as trees where they begin alike, the model allows it, and it saves work."""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from capelib.models.batches import Batch, batched, need_size
from capelib.models.blocks import blocks
from capelib.models.loader import LanguageModel
from capelib.models.reading import reading
from capelib.models.trees import WIDTH, Forest, Row, forest, forests, planted, row_width

if TYPE_CHECKING:
    import torch

LONGEST = 256  # tokens of a prompt; the mask of a row has four times the square of that
SHORT = 8  # tokens of the shortest prompt that is tried
CLOSE = 1e-4  # relative change of a state that rounding explains: some 1e-5 in SmolLM2, a wrong mask changes far more


@dataclass
class _Tried:
    """What a model did with trees: the highest block up to which they agreed, the lowest in which they did not."""

    agreed: int = -1
    failed: float = inf


# By the settings of a model and the length of the longest prompt.
_TRIED: "WeakKeyDictionary[torch.nn.Module, dict[tuple[str, int], _Tried]]" = WeakKeyDictionary()


def arranged(
    model: LanguageModel, encoded: Sequence[Sequence[int]], layer: int, batch_size: int = 32
) -> Iterator[Batch | Forest]:
    """Token ids of prompts, arranged for forward passes that end after block `layer`.

    In trees, if that saves work and the model, tried once for every length, gives the states of prompts alone to a
    relative 1e-4 of each token. Never in half precision, where rounding hides what else may differ, nor while anyone
    watches or changes the blocks, who counts on a prompt per row.
    """
    need_size(batch_size)
    longest = max(map(len, encoded))
    width = row_width(model, longest)
    if longest <= LONGEST and width <= max(WIDTH, batch_size * longest) and _may_share(model):
        rows = planted(encoded, width)
        saved = _work_alone(model, encoded, batch_size) - _work(model, len(rows), max(len(row.ids) for row in rows))
        if saved > 0 and _allowed(model, longest, layer, saved):
            return forests(model, rows, batch_size * longest)
    return batched(model, encoded, batch_size)


def _work(model: LanguageModel, n_rows: int, tokens: int) -> float:
    """Of a block, in units of its weights: some 12 d² numbers by each token, and d by every pair of tokens, twice."""
    return n_rows * tokens * (1 + tokens / (6 * model.d_model))


def _work_alone(model: LanguageModel, encoded: Sequence[Sequence[int]], size: int) -> float:
    lengths = sorted(map(len, encoded))
    parts = [lengths[start : start + size] for start in range(0, len(lengths), size)]
    return sum(_work(model, len(part), part[-1]) for part in parts)


def _may_share(model: LanguageModel) -> bool:
    import torch

    full = model.model.dtype == torch.float32 and not torch.is_autocast_enabled(model.device.type)
    return full and "position_ids" in inspect.signature(model.model.forward).parameters and not _watched(model.model)


def _watched(model: "torch.nn.Module") -> bool:
    """Whether anyone else looks into a pass: by hooks, other than those that transformers leaves behind once it has
    given out hidden states, or by another forward of a block or of a part of one."""
    from torch.nn.modules import module as every

    hooks = [*every._global_forward_hooks.values(), *every._global_forward_pre_hooks.values()]
    for module in model.modules():
        hooks += [*module._forward_hooks.values(), *module._forward_pre_hooks.values()]
    foreign = any(not str(getattr(hook, "__module__", "")).startswith("transformers.") for hook in hooks)
    return foreign or any("forward" in vars(part) for block in blocks(model) for part in block.modules())


def _allowed(model: LanguageModel, longest: int, layer: int, saved: float) -> bool:
    """Whether the model agrees, as known or tried now; not tried if two readings would save less than that costs."""
    key = f"{model.config.to_json_string()} {model.config._attn_implementation}", longest
    tried = _TRIED.setdefault(model.model, {}).setdefault(key, _Tried())
    if tried.agreed < layer < tried.failed:
        trial = [(1, row_width(model, longest)), (2, longest), (1, min(SHORT, longest))]
        if 2 * saved < sum(_work(model, *shape) for shape in trial):
            return False
        if _agrees(model, longest, layer):
            tried.agreed = layer
        else:
            tried.failed = layer
    return layer <= tried.agreed


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

    def states(one: Batch | Forest) -> list["torch.Tensor"]:
        kept: list[torch.Tensor] = []
        with reading(blocks(model.model), range(layer + 1), lambda _, output: kept.append(output[0])):
            model.model(**one.inputs, use_cache=False)
        return kept

    def alike(prompt: Sequence[int], path: Sequence[int]) -> bool:
        alone = states(next(batched(model, [prompt])))
        apart = [(one[path] - own).norm(dim=-1) / own.norm(dim=-1) for one, own in zip(together, alone, strict=True)]
        return all(bool((each < CLOSE).all()) for each in apart)  # false also where a state is no number

    try:
        with torch.inference_mode():
            together = states(forest(model, [row]))
            return all(alike(*each) for each in zip((first, last, other), paths, strict=True))
    except Exception:  # whatever an architecture raises where it is asked for what its own passes never ask
        return False
