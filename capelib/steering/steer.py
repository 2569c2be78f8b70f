"""Adding a direction to the residual stream while a model runs: all tokens or some, each row with its own strength."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from math import isfinite
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from capelib.errors import InputError, unknown
from capelib.models import LanguageModel, blocks
from capelib.models.blocks import block_output, with_output
from capelib.steering.direction import TruthDirection
from capelib.steering.places import Places, watch

if TYPE_CHECKING:
    import torch
    from torch.utils.hooks import RemovableHandle

UNITS = ("spread", "raw")

# The pushes at work on every block, and its one hook, which adds their sum, so that +v and −v cancel to the bit.
_AT_WORK: "WeakKeyDictionary[torch.nn.Module, list[Callable]]" = WeakKeyDictionary()
_HOOKS: "WeakKeyDictionary[torch.nn.Module, RemovableHandle]" = WeakKeyDictionary()


@contextmanager
def steer(
    model: LanguageModel,
    direction: TruthDirection,
    strength: float | Sequence[float],
    unit: str = "spread",
    start: int | Sequence[int] | str = 0,
) -> Iterator[None]:
    """Inside the block, every pass of `model` adds strength · direction to the output of the direction's layers.

    `strength`: one number, or one per row of the batch; a batch of a multiple of rows (beams, several returned
    sequences) takes each number for so many rows in turn. Negative pushes towards false. `unit` "spread": in units of
    `TruthDirection.spreads`; "raw": the length of what is added.

    `start`: the first token that is steered, counted from 0 without padding, one number or one per row; 0 steers every
    token. "new" steers only what `model.model.generate` writes; outside of it nothing is new, and a pass raises
    InputError. Tokens are counted the same with and without a cache, and with padding on either side.

    Blocks may be nested, also over the same layer, and end in any order: what is added adds up. Everything is taken
    back at the end, also after an exception. Raises InputError for a direction of another model, a strength that is no
    number, another number of rows, an unknown unit.
    """
    direction.fits(model)
    strengths = _numbers(strength)
    if unit not in UNITS:
        raise unknown("unit", unit, UNITS)
    vectors = direction.raw if unit == "spread" else direction.vectors
    listed = blocks(model.model)
    with ExitStack() as stack:
        places = stack.enter_context(watch(model.model, start)) if _counts(start) else None
        for layer, vector in zip(direction.layers, vectors, strict=True):
            stack.enter_context(_pushed(listed[layer], _push(vector, strengths, places)))
        yield


def _push(vector: np.ndarray, strengths: np.ndarray, places: Places | None) -> Callable:
    """What is added to an output of shape (rows, tokens, d): a tensor that broadcasts to it, or None for nothing."""
    if not strengths.any():
        return lambda _output: None
    ready: dict[tuple, torch.Tensor] = {}

    def push(output: "torch.Tensor") -> "torch.Tensor":
        import torch

        key = output.shape[0], output.device
        if key not in ready:
            rows = torch.from_numpy(_by_row(strengths, output.shape[0])).to(output.device)
            ready[key] = rows[:, None, None] * torch.from_numpy(vector).to(output.device)
        added = ready[key]
        return added if places is None else added * places.steered(output)[..., None]

    return push


@contextmanager
def _pushed(block: "torch.nn.Module", push: Callable) -> Iterator[None]:
    at_work = _AT_WORK.setdefault(block, [])
    if not at_work:
        _HOOKS[block] = block.register_forward_hook(_add)
    at_work.append(push)
    try:
        yield
    finally:
        at_work.remove(push)
        if not at_work:  # whichever ends last, which need not be the first that began
            _HOOKS.pop(block).remove()


def _add(block: "torch.nn.Module", _given: object, returned: object) -> object:
    output, total = block_output(returned), None
    for push in _AT_WORK.get(block, ()):  # none for a copy of the model made meanwhile
        added = push(output)
        if added is not None:
            total = added if total is None else total + added
    if total is None:
        return None
    steered = output + total.to(output.dtype)  # never in place: a cache or autograd may hold the output
    return with_output(returned, steered)


def _numbers(strength: float | Sequence[float]) -> np.ndarray:
    try:
        found = np.atleast_1d(np.asarray(strength, dtype=np.float32))
    except (TypeError, ValueError):
        raise InputError(f"strength must be a number, or one per row; got {strength!r}") from None
    if found.ndim != 1 or not len(found) or not all(map(isfinite, found)):
        raise InputError(f"strength must be a finite number, or one per row; got {strength!r}")
    return found


def _by_row(strengths: np.ndarray, rows: int) -> np.ndarray:
    if rows % len(strengths):
        raise InputError(f"{len(strengths)} strengths for a batch of {rows} rows; give one, or one per row")
    return np.repeat(strengths, rows // len(strengths))


def _counts(start: int | Sequence[int] | str) -> bool:
    """Whether tokens must be counted: not if all are steered."""
    return isinstance(start, str) or bool(np.any(np.asarray(start) != 0))
