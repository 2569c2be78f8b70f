"""Which tokens of a pass are steered: counted without padding, with and without a cache, in every batch."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from capelib.errors import InputError

if TYPE_CHECKING:
    import torch

NEW = "new"
# Who counts the tokens of a model, and how its own `generate` is put back.
_WATCHING: "WeakKeyDictionary[torch.nn.Module, list[Places]]" = WeakKeyDictionary()
_UNDO: "WeakKeyDictionary[torch.nn.Module, Callable[[], None]]" = WeakKeyDictionary()
CACHES = ("past_key_values", "cache_params", "state")  # what architectures call their memory of earlier tokens


class Places:
    """Where the tokens of the pass under way stand in their rows, as far as steering must know."""

    def __init__(self, start: int | Sequence[int] | str) -> None:
        if isinstance(start, str) and start != NEW:
            raise InputError(f"start must be a number of tokens, one per row, or {NEW!r}; got {start!r}")
        self.only_new = isinstance(start, str)
        self.start = None if self.only_new else np.atleast_1d(np.asarray(start))
        if self.start is not None and (self.start.dtype.kind not in "iu" or (self.start < 0).any()):
            raise InputError(f"start must be a number of tokens, 0 or more, or {NEW!r}; got {start!r}")
        self.positions: torch.Tensor | None = None
        self.real: torch.Tensor | None = None
        self.padding: torch.Tensor | None = None
        self._end: torch.Tensor | None = None

    def steered(self, output: "torch.Tensor") -> "torch.Tensor":
        """1 for the tokens that are steered, 0 for the others; of shape (rows, tokens)."""
        import torch

        if self.start is None:
            raise InputError(f"start={NEW!r} steers what generate writes; give a number of tokens for a single pass")
        if self.positions is None or self.positions.shape != output.shape[:2]:
            raise InputError("the model hands its blocks other tokens than it was given; use start=0 with it")
        rows = output.shape[0]
        if rows % len(self.start):
            raise InputError(f"{len(self.start)} starts for a batch of {rows} rows; give one, or one per row")
        start = torch.from_numpy(np.repeat(self.start, rows // len(self.start))).to(output.device)
        return ((self.positions >= start[:, None]) & self.real).to(torch.float32)

    def begin(self, width: int, lengths: "torch.Tensor") -> None:
        """Generate is given prompts of `lengths` (rows,) tokens, padded to `width`."""
        self.padding = width - lengths
        if self.only_new:
            self.start = lengths.cpu().numpy()

    def end(self) -> None:
        """Generate has ended."""
        self.padding = None
        if self.only_new:
            self.start = None

    def note(self, ids: "torch.Tensor", mask: "torch.Tensor | None", memory: object) -> None:
        """Count the tokens of a pass: `ids` (rows, tokens), the mask of all tokens so far if one is given.

        A mask that generate made for itself, such as one for a cache of fixed size, does not tell: then rows begin
        after the padding of the prompts that generate was given.
        """
        import torch

        rows, length = ids.shape[:2]
        flat = getattr(mask, "ndim", None) == 2 and mask.shape[1] >= length
        if flat:
            self.positions = (mask.long().cumsum(dim=1) - 1)[:, -length:]
            self.real = mask[:, -length:].bool()
        else:
            if mask is not None and self.padding is None:
                raise InputError("tokens are counted by a mask of shape (rows, tokens); use start=0 with any other")
            before = self._before(memory, rows, ids.device)
            self.positions = before[:, None] + torch.arange(length, device=ids.device)[None]
            self.real = torch.ones_like(self.positions, dtype=torch.bool)
        self._end = self.positions[:, -1] + 1
        if mask is not None and not flat:
            self.positions = self.positions - self.padding.repeat_interleave(rows // len(self.padding))[:, None]
            self.real = self.positions >= 0

    def _before(self, memory: object, rows: int, device: "torch.device") -> "torch.Tensor":
        import torch

        known = 0 if memory is None else _remembered(memory)
        if known is None and self._end is not None and len(self._end) == rows:
            return self._end  # a memory that does not tell how much it holds goes on where the last pass ended
        return torch.full((rows,), known or 0, device=device)


def _remembered(memory: object) -> int | None:
    try:
        return int(memory.get_seq_length())
    except (AttributeError, ValueError):  # a state that is updated in place, without a length
        return None


@contextmanager
def watch(model: "torch.nn.Module", start: int | Sequence[int] | str) -> Iterator[Places]:
    """Count the tokens of every pass of `model`, and note how long the prompts are that generate is given."""
    places = Places(start)

    def before(module: "torch.nn.Module", given: tuple, named: dict) -> None:
        named = dict(zip(inspect.signature(module.forward).parameters, given, strict=False)) | named
        ids = named.get("input_ids")
        ids = ids if ids is not None else named["inputs_embeds"]
        memory = next((named[name] for name in CACHES if named.get(name) is not None), None)
        places.note(ids, named.get("attention_mask"), memory)

    handle = model.register_forward_pre_hook(before, with_kwargs=True)
    watching = _WATCHING.setdefault(model, [])
    if not watching:
        _notice_prompts(model, watching)
    watching.append(places)
    try:
        yield places
    finally:
        handle.remove()
        watching.remove(places)
        if not watching:  # whichever ends last, which need not be the first that began
            _UNDO.pop(model)()


def _notice_prompts(model: "torch.nn.Module", watching: list[Places]) -> None:
    own, generate = model.__dict__.get("generate"), model.generate

    def noticed(*given: object, **named: object) -> object:
        ids = given[0] if given else named.get("inputs", named.get("input_ids", named.get("inputs_embeds")))
        told = list(watching) if ids is not None else []
        if told:
            mask = named.get("attention_mask")
            lengths = (_real(model, ids, named) if mask is None else mask).sum(dim=1)
        for places in told:
            places.begin(ids.shape[1], lengths)
        try:
            return generate(*given, **named)
        finally:
            for places in told:
                places.end()

    def undo() -> None:
        if own is None:
            del model.generate
        else:
            model.generate = own

    model.generate, _UNDO[model] = noticed, undo


def _real(model: "torch.nn.Module", ids: "torch.Tensor", named: dict) -> "torch.Tensor":
    """1 for tokens of the prompts, 0 for padding, as generate takes it where no mask is given: padding is told by its
    token, unless that also ends texts."""
    import torch

    settings = named.get("generation_config") or model.generation_config
    pad, end = (named.get(name, getattr(settings, name, None)) for name in ("pad_token_id", "eos_token_id"))
    if ids.is_floating_point() or pad is None or pad in np.atleast_1d([] if end is None else end):
        return torch.ones(ids.shape[:2], dtype=torch.long, device=ids.device)
    return (ids != pad).long()
