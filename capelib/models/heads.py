"""Attention heads one by one: what each head hands to the output map of its block, and where it looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from capelib.errors import InputError
from capelib.models.batches import batches
from capelib.models.blocks import blocks
from capelib.models.loader import LanguageModel

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class HeadOutputs:
    """`z`, the weighted values of every head, of shape (layers, heads, prompts, d_head).

    A head adds z·W to the residual stream, W the head's rows of the output map; `metric` = W·Wᵀ, of shape
    (layers, heads, d_head, d_head), gives the scalar products of these images without the images: ⟨z·W, z'·W⟩ = z·M·z'.
    In architectures that normalise what attention returns (Gemma 2 and 3, OLMo 2) the image is before that norm.
    """

    z: np.ndarray
    metric: np.ndarray


def head_outputs(
    model: LanguageModel, prompts: Sequence[str], position: str = "last", batch_size: int = 32
) -> HeadOutputs:
    """Outputs of all heads for all prompts, float32. `position` as in `residuals`.

    Raises InputError for a model that has blocks without attention heads.
    """
    import torch

    maps, heads = [output_map(block, model) for block in blocks(model.model)], model.config.num_attention_heads
    widths = {_weight(each).shape[0] // heads for each in maps}
    if len(widths) > 1:
        raise InputError(f"{model.name}: its layers have heads of {len(widths)} widths, which one table cannot hold")
    (width,) = widths
    z = np.empty((len(maps), heads, len(prompts), width), dtype=np.float32)
    for batch in batches(model, prompts, batch_size):
        inputs: dict[int, torch.Tensor] = {}

        def keep(layer: int, given: "torch.Tensor", inputs: dict = inputs) -> None:
            inputs[layer] = given

        hooks = [
            each.register_forward_pre_hook(lambda _, given, layer=layer, keep=keep: keep(layer, given[0]))
            for layer, each in enumerate(maps)
        ]
        try:
            with torch.inference_mode():
                model.model.get_decoder()(**batch.inputs, use_cache=False)
        finally:
            for hook in hooks:
                hook.remove()
        for layer, given in inputs.items():
            row = batch.pooled(given.reshape(*batch.ids.shape, -1), position).cpu().numpy()
            z[layer][:, batch.prompts] = row.reshape(len(batch.prompts), heads, width).transpose(1, 0, 2)
    weights = np.stack([_weight(each).detach().float().cpu().numpy().reshape(heads, width, -1) for each in maps])
    return HeadOutputs(z, weights @ weights.transpose(0, 1, 3, 2))


def output_map(block: "torch.nn.Module", model: LanguageModel) -> "torch.nn.Module":
    """The linear map that mixes the heads of a block: the last one registered in its attention that ends in d_model.

    Raises InputError if the block has none, as in a model without attention.
    """
    from torch.nn import Linear
    from transformers.pytorch_utils import Conv1D

    heads, found = getattr(model.config, "num_attention_heads", None), None
    for name, module in block.named_modules():
        inside = any("attention" in type(parent).__name__.lower() for parent in _parents(block, name))
        if heads and inside and isinstance(module, Linear | Conv1D):
            given, returned = _weight(module).shape
            found = module if returned == model.d_model and given % heads == 0 else found
    if found is None:
        raise InputError(f"{model.name}: {type(block).__name__} has no attention heads, so heads cannot be compared")
    return found


def patterns(model: LanguageModel, prompts: Sequence[str], batch_size: int = 32) -> np.ndarray:
    """Attention of the first T tokens to each other, T the length of the shortest prompt.

    Float32 of shape (layers, heads, prompts, T, T); each row sums to 1, or to less where a model has attention sinks.
    Raises InputError for a model that has no such matrices or does not give them out, and for a prompt of one or two
    tokens: there is then hardly a choice where to look.
    """
    import torch

    parts = list(batches(model, prompts, batch_size))
    shortest = min(int(part.length.min()) for part in parts)
    if shortest < 3:
        raise InputError(f"attention patterns need prompts of three tokens or more; one has {shortest}")
    implementation = model.model.config._attn_implementation
    model.model.set_attn_implementation("eager")  # the fast kernels never form the matrix
    found: np.ndarray | None = None
    try:
        for part in parts:
            with torch.inference_mode():
                returned = model.model(**part.inputs, use_cache=False, output_attentions=True)
            if not returned.attentions or returned.attentions[0].ndim != 4:
                raise InputError(f"{model.name}: gives out no attention patterns")
            kept = torch.stack([each[:, :, :shortest, :shortest].float().cpu() for each in returned.attentions])
            if found is None:
                layers, _, heads = kept.shape[:3]
                found = np.empty((layers, heads, len(prompts), shortest, shortest), dtype=np.float32)
            found[:, :, part.prompts] = kept.numpy().transpose(0, 2, 1, 3, 4)
    finally:
        model.model.set_attn_implementation(implementation)
    # some keep to a kernel that returns something else
    sums, ahead = found.sum(axis=-1), np.triu(np.ones((shortest, shortest)), 1) * found
    if not ((found >= -1e-6).all() and (sums <= 1.01).all() and (sums > 0).all() and not ahead.any()):
        raise InputError(f"{model.name}: gives out no attention patterns")
    return found


def _weight(module: "torch.nn.Module") -> "torch.Tensor":
    # (in, out), as Conv1D stores it
    return module.weight.T if type(module).__name__ == "Linear" else module.weight


def _parents(block: "torch.nn.Module", name: str) -> list["torch.nn.Module"]:
    parts = name.split(".")[:-1]
    return [block.get_submodule(".".join(parts[: i + 1])) for i in range(len(parts))]
