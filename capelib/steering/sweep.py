"""Log-probabilities of continuations, plain and under many pushes: what does not change is computed once.

The continuations of a prompt share its encoding. Under a push after block L, blocks 0 to L are not computed again:
they are stood in for by what they gave when nothing was pushed, and the model's own forward pass does the rest.
"""

import inspect
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from capelib.errors import InputError
from capelib.models import LanguageModel, blocks
from capelib.models.batches import pad_id
from capelib.steering.items import MOST_TOKENS, Items
from capelib.steering.passes import last_only, remembers_plainly, summed
from capelib.steering.stand_in import Returned, added, outputs, stand_ins

if TYPE_CHECKING:
    import torch

PLAIN_LAYERS = ("DynamicLayer", "DynamicSlidingWindowLayer")  # caches of keys and values, nothing else
ROWS = 16  # continuations read at once, sorted by length: more of them need more padding
# What a model allows, by whether blocks are to be skipped: tried once, since it is the architecture's.
_KNOWN: "WeakKeyDictionary[torch.nn.Module, dict[bool, tuple[bool, bool, bool]]]" = WeakKeyDictionary()
TRIED = 4  # continuations of a prompt on which short cuts are tried
CLOSE, CLOSE_IN_HALF = 1e-3, 0.5  # nats by which a short cut may change a score
STRETCH = 1.5  # longest to shortest prompt read at once: few prompts are slow, and so is padding


@dataclass
class _Part:
    """Continuations of similar length, with the places of their prompts in the group, on the model's device."""

    places: np.ndarray
    owner: "torch.Tensor"
    ids: "torch.Tensor"
    mask: "torch.Tensor"
    kept: dict[int, Returned] = field(default_factory=dict)


@dataclass
class _Group:
    """Prompts, padded on the left, and their continuations, with what the plain pass left behind."""

    prompts: "torch.Tensor"
    mask: "torch.Tensor"
    parts: list[_Part]
    kept: dict[int, Returned] = field(default_factory=dict)
    memory: list = field(default_factory=list)


class Sweep:
    """Continuations of prompts, scored as often as wanted.

    It keeps the states of all tokens at each of `layers`, and the keys and values of the prompts. Both short cuts,
    sharing prompts and skipping blocks, are tried on one prompt first; where they do not give what each continuation
    gives by itself, or the architecture refuses them, everything is computed.

    `plain` (n_continuations,): the sum of log p(token | what is before it) over each continuation's tokens, in nats,
    of the model as it is. `pushed` gives the same with a vector added to the output of one of `layers`.
    """

    def __init__(
        self, model: LanguageModel, items: Items, layers: Sequence[int] = (), most_tokens: int = MOST_TOKENS
    ) -> None:
        import torch

        self.model, self.items, self.layers = model, items, tuple(layers)
        self._blocks = blocks(model.model)
        self.plain = np.empty(len(items.continuations))
        with torch.inference_mode():
            self._shares = self._counts = self._skips = False
            if len(items.prompts):
                self._take_short_cuts()
            stretch = STRETCH if self._counts else 1.0
            self._groups = [self._group(*each, most_tokens) for each in items.groups(most_tokens, stretch)]
            for group in self._groups:
                self._first(group, self.plain)

    def _take_short_cuts(self) -> None:
        """Those that were found for this model before, or are found now."""
        known = _KNOWN.setdefault(self.model.model, {})
        skipping = bool(self.layers)
        if skipping not in known:
            self._try_short_cuts()
            known[skipping] = self._shares, self._counts, self._skips
        self._shares, self._counts, self._skips = known[skipping]

    def _try_short_cuts(self) -> None:
        """Set what this architecture allows, by a few scores: of two prompts, of different length if there are."""
        import torch

        lengths = np.array([len(ids) for ids in self.items.prompts])
        few = [int(np.argmin(lengths)), *np.flatnonzero(lengths > lengths.min())[:1]]
        alone = [(np.array([each]), np.flatnonzero(self.items.owner == each)[:TRIED]) for each in few]
        together = (np.sort(few), np.concatenate([places for _, places in alone]))
        expected, found = (np.full(len(self.items.continuations), np.nan) for _ in range(2))
        for part in alone:
            self._first(self._group(*part), expected)
        close = CLOSE if self.model.model.dtype == torch.float32 else CLOSE_IN_HALF
        nothing = torch.zeros(self.model.d_model, device=self.model.device)

        def agree(parts: list, skip: bool = False) -> bool:
            try:
                for part in parts:
                    group = self._group(*part)
                    self._first(group, found)
                    if skip:
                        self._again(group, max(self.layers), nothing, found)
            except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError):
                return False  # as an architecture refuses what its own passes never ask of it
            return bool(np.nanmax(np.abs(found - expected)) < close)

        self._shares = remembers_plainly(self.model)
        self._shares = self._shares and agree(alone)
        self._counts = self._shares and "position_ids" in inspect.signature(self.model.model.forward).parameters
        self._counts = self._counts and agree([together])
        self._skips = bool(self.layers)
        self._skips = self._skips and agree([together] if self._counts else alone, skip=True)

    def pushed(self, layer: int, vector: np.ndarray) -> np.ndarray:
        """Log-probabilities (n_continuations,) with `vector` (d_model,) added after block `layer`, at every token.

        Raises InputError for a layer that was not named when the sweep began.
        """
        import torch

        if layer not in self.layers:
            raise InputError(f"layer {layer} is not among those of this sweep: {', '.join(map(str, self.layers))}")
        found = np.empty_like(self.plain)
        with torch.inference_mode():
            push = torch.as_tensor(np.asarray(vector), device=self.model.device)
            for group in self._groups:
                self._again(group, layer, push, found)
        return found

    def _group(self, prompts: np.ndarray, places: np.ndarray, most_tokens: int = MOST_TOKENS) -> _Group:
        import torch

        asked = [self.items.prompts[prompt] for prompt in prompts]
        ids = torch.full((len(asked), max(map(len, asked))), pad_id(self.model), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, each in enumerate(asked):
            ids[row, -len(each) :], mask[row, -len(each) :] = torch.tensor(each), 1
        ids, mask = ids.to(self.model.device), mask.to(self.model.device)
        places = places[np.argsort(self.items.n_tokens[places], kind="stable")]
        longest = self.items.n_tokens[places].max() + (0 if self._shares else ids.shape[1])
        rows = int(np.clip(most_tokens // longest, 1, ROWS))
        return _Group(ids, mask, [self._part(prompts, places[i : i + rows]) for i in range(0, len(places), rows)])

    def _part(self, prompts: np.ndarray, places: np.ndarray) -> _Part:
        import torch

        followed = [self.items.continuations[place] for place in places]
        ids = torch.full((len(places), max(map(len, followed))), pad_id(self.model), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, each in enumerate(followed):
            ids[row, : len(each)], mask[row, : len(each)] = torch.tensor(each), 1
        owner = torch.from_numpy(np.searchsorted(prompts, self.items.owner[places]))
        return _Part(places, *(each.to(self.model.device) for each in (owner, ids, mask)))

    def _first(self, group: _Group, scores: np.ndarray) -> None:
        """The plain pass into `scores`; it keeps what later passes need: block outputs, and the memory of prompts."""
        first = None
        if self._shares:
            with outputs(self._blocks, self.layers) as group.kept:
                first, cache = self._prompts(group)
            group.memory = list(cache.layers)
        for part in group.parts:
            with outputs(self._blocks, self.layers) as part.kept:
                scores[part.places] = self._read(group, part, first, group.memory)

    def _again(self, group: _Group, layer: int, push: "torch.Tensor", found: np.ndarray) -> None:
        first, memory = None, []
        if self._shares:
            with self._pushing(layer, group.kept[layer], push):
                first, cache = self._prompts(group)
            # blocks stood in for remember the prompts as they did, and are only asked how many tokens those had
            own = layer + 1 if self._skips else 0
            memory = [*group.memory[:own], *cache.layers[own:]]
        for part in group.parts:
            kept = part.kept.get(layer)  # nothing is, if every continuation is one token
            with self._pushing(layer, kept, push) if kept else nullcontext():
                found[part.places] = self._read(group, part, first, memory)

    def _pushing(self, layer: int, kept: Returned, push: "torch.Tensor") -> AbstractContextManager:
        if self._skips:
            return stand_ins(self._blocks, layer, kept, push)
        return added(self._blocks[layer], push)

    def _read(self, group: _Group, part: _Part, first: "torch.Tensor | None", memory: list) -> np.ndarray:
        summed = self._whole(group, part) if first is None else self._continued(group, part, first, memory)
        return summed.double().cpu().numpy()

    def _prompts(self, group: _Group) -> tuple["torch.Tensor", object]:
        """Log-probabilities (prompts, vocabulary) of the first token after each prompt, and the memory of them."""
        with last_only(self.model):
            returned = self.model.model(
                input_ids=group.prompts, attention_mask=group.mask, use_cache=True, **self._positions(group.mask)
            )
        return returned.logits[:, -1].float().log_softmax(dim=-1), returned.past_key_values

    def _continued(self, group: _Group, part: _Part, first: "torch.Tensor", memory: list) -> "torch.Tensor":
        import torch
        from transformers import DynamicCache

        total = first[part.owner].gather(1, part.ids[:, :1])[:, 0]
        if part.ids.shape[1] == 1:
            return total
        cache = DynamicCache()
        cache.layers = [copy(layer) for layer in memory]
        cache.batch_select_indices(part.owner)
        read = part.ids.shape[1] - 1
        mask = torch.cat([group.mask[part.owner], part.mask[:, :-1]], dim=1)
        logits = self.model.model(
            input_ids=part.ids[:, :-1],
            attention_mask=mask,
            past_key_values=cache,
            use_cache=True,
            **self._positions(mask, read),
        ).logits
        return total + summed(logits, part.ids[:, 1:], part.mask[:, 1:])

    def _positions(self, mask: "torch.Tensor", last: int = 0) -> dict[str, "torch.Tensor"]:
        """The places of the `last` tokens, all if 0, counted from a row's first real token on."""
        if not self._counts:
            return {}  # prompts of one length: the model's own count is right
        return {"position_ids": (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -last:]}

    def _whole(self, group: _Group, part: _Part) -> "torch.Tensor":
        """Prompt and continuation in one row each: for architectures whose memory cannot be given to several rows."""
        import torch

        length = group.prompts.shape[1]
        ids = torch.cat([group.prompts[part.owner], part.ids], dim=1)
        mask = torch.cat([torch.ones_like(ids[:, :length]), part.mask], dim=1)
        logits = self.model.model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        return summed(logits[:, length - 1 : -1], part.ids, part.mask)
