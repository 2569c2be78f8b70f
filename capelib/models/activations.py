"""The residual stream after every block, for many prompts at once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from capelib.errors import InputError, unknown
from capelib.models.batches import Batch, batches
from capelib.models.blocks import block_output, blocks
from capelib.models.loader import LanguageModel

if TYPE_CHECKING:
    import torch

POSITIONS = ("last", "mean", "mean_without_first")


class _Enough(Exception):
    """Raised by the hook on the last block that is asked for: nothing above it needs to be computed."""


def residuals(
    model: LanguageModel,
    prompts: Sequence[str],
    layers: Sequence[int] | None = None,
    position: str = "last",
    batch_size: int = 32,
) -> np.ndarray:
    """Output of decoder blocks (before the final norm), float32 of shape (layers, prompts, d_model).

    `layers` count from 0, all by default; blocks above the highest are not computed. `position`: the last token, the
    mean over tokens, or the mean without the first, whose norm dwarfs the others in many models.

    Raises InputError for an unknown position, a layer that is not there, an empty or too long prompt.
    """
    return residuals_at(model, prompts, (position,), layers, batch_size)[position]


def residuals_at(
    model: LanguageModel,
    prompts: Sequence[str],
    positions: Sequence[str],
    layers: Sequence[int] | None = None,
    batch_size: int = 32,
) -> dict[str, np.ndarray]:
    """`residuals` for several positions from one reading of the prompts."""
    import torch

    for position in positions:
        if position not in POSITIONS:
            raise unknown("position", position, POSITIONS)
    wanted = range(model.n_layers) if layers is None else list(layers)
    outside = [layer for layer in wanted if not 0 <= layer < model.n_layers]
    if outside:
        raise InputError(f"layer must be from 0 to {model.n_layers - 1}; got {outside[0]}")
    shape = len(wanted), len(prompts), model.d_model
    out = {position: np.empty(shape, dtype=np.float32) for position in positions}
    place = {layer: i for i, layer in enumerate(wanted)}
    listed = blocks(model.model)
    for batch in batches(model, prompts, batch_size):

        def keep(layer: int, output: "torch.Tensor", batch: Batch = batch) -> None:
            for position, vectors in out.items():
                vectors[place[layer], batch.rows] = pooled(output, batch, position).float().cpu().numpy()

        with torch.inference_mode(), reading(listed, wanted, keep):
            forward(model, batch)
    return out


@contextmanager
def reading(
    listed: "torch.nn.ModuleList", layers: Sequence[int], keep: Callable[[int, "torch.Tensor"], None]
) -> Iterator[None]:
    """Call `keep(layer, output)` for the blocks asked for, and end the forward pass after the highest of them.

    The hooks are removed however the block ends.
    """
    last = max(layers)

    def hook(layer: int) -> Callable:
        def read(_module: object, _inputs: object, returned: object) -> None:
            keep(layer, block_output(returned))
            if layer == last:
                raise _Enough

        return read

    handles = [listed[layer].register_forward_hook(hook(layer)) for layer in sorted(set(layers))]
    try:
        yield
    except _Enough:
        pass
    finally:
        for handle in handles:
            handle.remove()


def forward(model: LanguageModel, batch: Batch) -> "torch.Tensor":
    """One pass; logits of shape (prompts, tokens, vocabulary)."""
    return model.model(input_ids=batch.ids, attention_mask=batch.mask, use_cache=False).logits


def pooled(output: "torch.Tensor", batch: Batch, position: str) -> "torch.Tensor":
    """One vector per prompt, of shape (prompts, d), from (prompts, tokens, d)."""
    import torch

    if position == "last":
        return output[torch.arange(len(batch.rows), device=output.device), batch.length - 1]
    mask = batch.mask.clone()
    if position == "mean_without_first":
        mask[:, 0] = mask[:, 0] * (batch.length == 1)  # a prompt of one token has nothing else
    weight = mask[..., None].to(output.dtype)
    return (output * weight).sum(dim=1) / weight.sum(dim=1)
