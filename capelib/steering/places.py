"""Which tokens of a pass are steered: counted without padding, with and without a cache, in every batch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from capelib.errors import InputError

if TYPE_CHECKING:
    import torch

NEW = "new"
CACHES = ("past_key_values", "cache_params", "state")  # what architectures call their memory of earlier tokens


class Places:
    """Where the tokens of the pass under way stand in their rows, as far as steering must know."""

    def __init__(self, start: int | Sequence[int] | str) -> None:
        if isinstance(start, str) and start != NEW:
            raise InputError(f"start must be a number of tokens, one per row, or {NEW!r}; got {start!r}")
        self.start = None if start == NEW else np.atleast_1d(np.asarray(start))
        if self.start is not None and (self.start.dtype.kind not in "iu" or (self.start < 0).any()):
            raise InputError(f"start must be a number of tokens, 0 or more, or {NEW!r}; got {start!r}")
        self.positions: torch.Tensor | None = None
        self.real: torch.Tensor | None = None
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

    def note(self, ids: "torch.Tensor", mask: "torch.Tensor | None", memory: object) -> None:
        """Count the tokens of a pass: `ids` (rows, tokens), the mask of all tokens so far if one is given."""
        import torch

        rows, length = ids.shape[:2]
        if mask is not None and mask.ndim == 2 and mask.shape[1] >= length:
            self.positions = (mask.long().cumsum(dim=1) - 1)[:, -length:]
            self.real = mask[:, -length:].bool()
        else:
            before = self._before(memory, rows, ids.device)
            self.positions = before[:, None] + torch.arange(length, device=ids.device)[None]
            self.real = torch.ones_like(self.positions, dtype=torch.bool)
        self._end = self.positions[:, -1] + 1

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
    """Count the tokens of every pass of `model`; for "new", note how long the prompts are that generate is given."""
    places = Places(start)

    def before(_module: object, given: tuple, named: dict) -> None:
        ids = named.get("input_ids")
        ids = ids if ids is not None else named.get("inputs_embeds", given[0] if given else None)
        memory = next((named[name] for name in CACHES if named.get(name) is not None), None)
        places.note(ids, named.get("attention_mask"), memory)

    handle = model.register_forward_pre_hook(before, with_kwargs=True)
    undo = _notice_prompts(model, places) if start == NEW else None
    try:
        yield places
    finally:
        handle.remove()
        if undo:
            undo()


def _notice_prompts(model: "torch.nn.Module", places: Places) -> object:
    own = model.__dict__.get("generate")  # of an outer steering that does the same
    generate = model.generate

    def noticed(inputs: object = None, **named: object) -> object:
        ids = inputs if inputs is not None else named.get("input_ids", named.get("inputs_embeds"))
        mask = named.get("attention_mask")
        lengths = mask.sum(dim=1) if mask is not None else ids.new_full((ids.shape[0],), ids.shape[1])
        places.start = lengths.cpu().numpy()
        try:
            return generate(inputs, **named)
        finally:
            places.start = None

    model.generate = noticed

    def undo() -> None:
        if own is None:
            del model.generate
        else:
            model.generate = own

    return undo
