"""Blocks that are not computed again: their outputs are kept from one pass and given back in later ones."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from capelib.models.blocks import block_output, with_output

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Returned:
    """What a block returned: the stream (rows, tokens, d), and the number of things it returned, 0 for a bare one."""

    stream: "torch.Tensor"
    kind: type | None
    length: int

    def like(self, stream: "torch.Tensor") -> object:
        """Another stream, returned in the same way."""
        return stream if self.kind is None else self.kind([stream, *[None] * (self.length - 1)])


@contextmanager
def outputs(listed: "torch.nn.ModuleList", layers: Sequence[int]) -> Iterator[dict[int, Returned]]:
    """Keep what the blocks `layers` return in the passes inside the block: a dictionary by layer."""
    kept: dict[int, Returned] = {}

    def keep(layer: int, returned: object) -> None:
        several = isinstance(returned, tuple | list)
        kept[layer] = Returned(
            block_output(returned), type(returned) if several else None, len(returned) if several else 0
        )

    handles = [
        listed[layer].register_forward_hook(lambda _m, _i, out, layer=layer: keep(layer, out)) for layer in layers
    ]
    try:
        yield kept
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def added(block: "torch.nn.Module", push: "torch.Tensor") -> Iterator[None]:
    """Inside the block, `push` (d,) is added to what a transformer block returns, and everything is computed."""

    def add(_module: object, _given: object, returned: object) -> object:
        stream = block_output(returned)
        stream = stream + push.to(stream.dtype)
        return with_output(returned, stream)

    handle = block.register_forward_hook(add)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def stand_ins(listed: "torch.nn.ModuleList", layer: int, kept: Returned, push: "torch.Tensor") -> Iterator[None]:
    """Inside the block, blocks below `layer` hand on what they are given, and block `layer` returns what is kept of it
    plus `push`. Masks, positions and whatever else a model prepares are its own."""

    def hand_on(*given: object, **named: object) -> object:
        return kept.like(given[0] if given else named["hidden_states"])

    def give_back(*_given: object, **_named: object) -> object:
        return kept.like(kept.stream + push.to(kept.stream.dtype))  # rounded first, as `steer` rounds

    changed = [*listed[:layer], listed[layer]]
    before = [block.__dict__.get("forward") for block in changed]
    for block in changed[:-1]:
        block.forward = hand_on
    changed[-1].forward = give_back
    try:
        yield
    finally:
        for block, own in zip(changed, before, strict=True):
            if own is None:
                del block.forward
            else:
                block.forward = own
