"""Log-probabilities of continuations, plain and under many pushes: what does not change is computed once.

The continuations of a prompt share its encoding. Under a push after block L, blocks 0 to L are not computed again:
they are stood in for by what they gave when nothing was pushed, and the model's own forward pass does the rest.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from capelib.errors import InputError
from capelib.models import LanguageModel, blocks
from capelib.models.batches import pad_id
from capelib.steering.items import MOST_TOKENS, Items
from capelib.steering.stand_in import Returned, outputs, stand_ins

if TYPE_CHECKING:
    import torch

PLAIN_LAYERS = ("DynamicLayer", "DynamicSlidingWindowLayer")  # caches of keys and values, nothing else


@dataclass
class _Group:
    """Prompts of one length and their continuations, on the model's device, with what the plain pass left behind."""

    places: np.ndarray
    prompts: "torch.Tensor"
    owner: "torch.Tensor"
    ids: "torch.Tensor"
    mask: "torch.Tensor"
    of_prompts: dict[int, Returned] = field(default_factory=dict)
    of_ids: dict[int, Returned] = field(default_factory=dict)
    lower: list = field(default_factory=list)


class Sweep:
    """Continuations of prompts, scored as often as wanted.

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
            self._groups = [self._group(*each) for each in items.groups(most_tokens)]
            for group in self._groups:
                self.plain[group.places] = self._first(group)

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
                found[group.places] = self._again(group, layer, push)
        return found

    def _group(self, prompts: np.ndarray, places: np.ndarray) -> _Group:
        import torch

        device, fill = self.model.device, pad_id(self.model)
        followed = [self.items.continuations[place] for place in places]
        ids = torch.full((len(places), max(map(len, followed))), fill, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, each in enumerate(followed):
            ids[row, : len(each)], mask[row, : len(each)] = torch.tensor(each), 1
        own = torch.tensor([self.items.prompts[prompt] for prompt in prompts])
        owner = torch.from_numpy(np.searchsorted(prompts, self.items.owner[places]))
        return _Group(places, *(each.to(device) for each in (own, owner, ids, mask)))

    def _first(self, group: _Group) -> np.ndarray:
        if self._shares:
            with outputs(self._blocks, self.layers) as group.of_prompts:
                first, cache = self._prompts(group)
            # the blocks below a push keep what they remember of the prompts; later passes only read it
            cache.batch_select_indices(group.owner)
            group.lower = [copy(layer) for layer in cache.layers]
            with outputs(self._blocks, self.layers) as group.of_ids:
                return self._continuations(group, first, cache)
        with outputs(self._blocks, self.layers) as group.of_ids:
            return self._whole(group)

    def _again(self, group: _Group, layer: int, push: "torch.Tensor") -> np.ndarray:
        if not self._shares:
            with stand_ins(self._blocks, layer, group.of_ids[layer], push):
                return self._whole(group)
        with stand_ins(self._blocks, layer, group.of_prompts[layer], push):
            first, cache = self._prompts(group)
        for place, above in enumerate(cache.layers):
            if place > layer:
                above.batch_select_indices(group.owner)
        cache.layers[: layer + 1] = [copy(each) for each in group.lower[: layer + 1]]
        kept = group.of_ids.get(layer)  # nothing is, if every continuation is one token
        with stand_ins(self._blocks, layer, kept, push) if kept else nullcontext():
            return self._continuations(group, first, cache)

    def _prompts(self, group: _Group) -> tuple["torch.Tensor", object]:
        """Log-probabilities (prompts, vocabulary) of the first token after each prompt, and the memory of them."""
        with last_only(self.model):
            returned = self.model.model(input_ids=group.prompts, use_cache=True)
        return returned.logits[:, -1].float().log_softmax(dim=-1), returned.past_key_values

    def _continuations(self, group: _Group, first: "torch.Tensor", cache: object) -> np.ndarray:
        import torch

        total = first[group.owner].gather(1, group.ids[:, :1])[:, 0]
        if group.ids.shape[1] > 1:
            seen = torch.ones((len(group.ids), group.prompts.shape[1]), dtype=torch.long, device=group.ids.device)
            logits = self.model.model(
                input_ids=group.ids[:, :-1],
                attention_mask=torch.cat([seen, group.mask[:, :-1]], dim=1),
                past_key_values=cache,
                use_cache=True,
            ).logits
            total = total + summed(logits, group.ids[:, 1:], group.mask[:, 1:])
        return total.double().cpu().numpy()

    def _whole(self, group: _Group) -> np.ndarray:
        """Prompt and continuation in one row each: for architectures whose memory cannot be given to several rows."""
        import torch

        length = group.prompts.shape[1]
        ids = torch.cat([group.prompts[group.owner], group.ids], dim=1)
        mask = torch.cat([torch.ones_like(ids[:, :length]), group.mask], dim=1)
        logits = self.model.model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        return summed(logits[:, length - 1 : -1], group.ids, group.mask).double().cpu().numpy()

    @property
    def _shares(self) -> bool:
        if not hasattr(self, "_known_to_share"):
            import torch

            returned = self.model.model(input_ids=torch.zeros((1, 2), dtype=torch.long, device=self.model.device))
            layers = getattr(getattr(returned, "past_key_values", None), "layers", [])
            plain = len(layers) == len(self._blocks) and all(type(each).__name__ in PLAIN_LAYERS for each in layers)
            self._known_to_share = plain
        return self._known_to_share


def summed(logits: "torch.Tensor", ids: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
    """Σ log softmax(logits)[id] over the tokens that the mask keeps: (rows, tokens, vocabulary) to (rows,), float32."""
    found = logits.gather(2, ids[..., None])[..., 0].float() - logits.float().logsumexp(dim=-1)
    return (found * mask).sum(dim=1)


def last_only(model: LanguageModel) -> "_Removed":
    """Inside the block, only the last token of every row goes through the output map."""
    module = model.model.get_output_embeddings()
    return _Removed(module.register_forward_pre_hook(lambda _module, given: (given[0][:, -1:], *given[1:])))


class _Removed:
    def __init__(self, handle: object) -> None:
        self._remove: Callable = handle.remove

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._remove()
