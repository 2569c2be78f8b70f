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
    wanted = _wanted(layers, model.n_layers)
    shape = len(wanted), len(prompts), model.d_model
    out = {position: np.empty(shape, dtype=np.float32) for position in positions}
    place = {layer: i for i, layer in enumerate(wanted)}
    listed = blocks(model.model)
    for batch in batches(model, prompts, batch_size):

        def keep(layer: int, output: "torch.Tensor", batch: Batch = batch) -> None:
            _is_one_stream(model, output, batch)
            for position, vectors in out.items():
                vectors[place[layer], batch.rows] = pooled(output, batch, position).cpu().numpy()

        with torch.inference_mode(), reading(listed, wanted, keep):
            forward(model, batch)
    for vectors in out.values():
        need_finite(vectors, model)
    return out


def _wanted(layers: Sequence[int] | None, n_layers: int) -> list[int]:
    wanted = list(range(n_layers) if layers is None else layers)
    outside = [layer for layer in wanted if not 0 <= layer < n_layers]
    if outside or not wanted or len(set(wanted)) < len(wanted):
        got = outside[0] if outside else wanted
        raise InputError(f"layers must be different ones from 0 to {n_layers - 1}, at least one; got {got}")
    return wanted


def _is_one_stream(model: LanguageModel, output: "torch.Tensor", batch: Batch) -> None:
    if output.ndim != 3 or output.shape[:2] != batch.ids.shape:
        shape = tuple(output.shape)
        raise InputError(
            f"{model.name}: its blocks return an array of shape {shape}, not one residual stream per token"
        )


def need_finite(vectors: np.ndarray, model: LanguageModel) -> None:
    """Raise InputError if a state of shape (layers, prompts, d) is infinite or not a number."""
    finite = np.isfinite(vectors).all(axis=tuple(range(1, vectors.ndim)))
    if not finite.all():
        kind = str(model.model.dtype).removeprefix("torch.")
        advice = "use --dtype float32 or bfloat16" if kind == "float16" else "its weights may be damaged"
        raise InputError(f"{model.name}: states of layer {int(np.argmin(finite))} are no numbers in {kind}; {advice}")


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
    """One vector per prompt, float32 of shape (prompts, d), from (prompts, tokens, d)."""
    import torch

    if position == "last":
        return output[torch.arange(len(batch.rows), device=output.device), batch.length - 1].float()
    mask = batch.mask.clone()
    if position == "mean_without_first":
        mask[:, 0] = mask[:, 0] * (batch.length == 1)  # a prompt of one token has nothing else
    weight = mask[..., None].float()  # a sum of many float16 numbers may be too large for float16
    return (output.float() * weight).sum(dim=1) / weight.sum(dim=1)
