"""The residual stream after every block, for many prompts at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from capelib.errors import InputError, unknown
from capelib.models.batches import POSITIONS, Batch, tokenize
from capelib.models.blocks import blocks
from capelib.models.loader import LanguageModel
from capelib.models.reading import reading
from capelib.models.sharing import arranged
from capelib.models.trees import Forest

if TYPE_CHECKING:
    import torch


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

    `batch_size` prompts are read at once. Where it saves work and the architecture allows it, prompts that begin alike
    share the tokens of their beginning (`sharing`): in rows of 96 tokens or of two long prompts, as many at once as
    have no more tokens than `batch_size` of the longest prompt. Their states then differ by rounding from those of
    prompts alone.

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
    for one in arranged(model, tokenize(model, prompts), max(wanted), batch_size):

        def keep(layer: int, output: "torch.Tensor", one: Batch | Forest = one) -> None:
            _is_one_stream(model, output, one)
            for position, vectors in out.items():
                vectors[place[layer], one.prompts] = one.pooled(output, position).cpu().numpy()

        with torch.inference_mode(), reading(listed, wanted, keep):
            model.model(**one.inputs, use_cache=False)
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


def _is_one_stream(model: LanguageModel, output: "torch.Tensor", one: Batch | Forest) -> None:
    if output.ndim != 3 or output.shape[:2] != one.ids.shape:
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
