"""The last step of a model: the states that enter the output map, and the map itself."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from capelib.models.batches import Batch, batches
from capelib.models.loader import LanguageModel
from capelib.models.reading import Enough

if TYPE_CHECKING:
    import torch


def output_states(
    model: LanguageModel, prompts: Sequence[str], position: str = "last", batch_size: int = 32
) -> np.ndarray:
    """What the output map receives, after the final norm: float32 of shape (prompts, d).

    `position` as in `residuals`.
    """
    import torch

    found: list[np.ndarray | None] = [None] * len(prompts)
    for batch in batches(model, prompts, batch_size):

        def keep(_module: object, given: tuple, batch: Batch = batch) -> None:
            for row, vector in zip(batch.prompts, batch.pooled(given[0], position), strict=True):
                found[row] = vector.cpu().numpy()
            raise Enough  # before the output map, whose logits are many and not needed

        handle = model.model.get_output_embeddings().register_forward_pre_hook(keep)
        try:
            with torch.inference_mode():
                model.model(**batch.inputs, use_cache=False)
        except Enough:
            pass
        finally:
            handle.remove()
    return np.stack(found)


def output_map(model: LanguageModel) -> tuple["torch.Tensor", "torch.Tensor | None"]:
    """The unembedding: weights of shape (vocabulary, d) and, in some architectures, a bias (vocabulary,)."""
    module = model.model.get_output_embeddings()
    return module.weight.detach(), None if module.bias is None else module.bias.detach()


def output_metrics(model: LanguageModel) -> dict[str, np.ndarray]:
    """Scalar products of logits from the states: ⟨logits of x, logits of y⟩ = (x, 1)·M·(y, 1), M of shape (d+1, d+1).

    `logits` with all of them; `logits, mean removed`, each state's logits minus their mean over the vocabulary, the
    part that softmax ignores.
    """
    import torch

    weight, bias = output_map(model)
    weight = weight.to(torch.float32)
    shift = torch.zeros(len(weight), device=weight.device) if bias is None else bias.float()
    full = torch.cat([weight, shift[:, None]], dim=1)
    centred = full - full.mean(dim=0)
    return {
        "logits": (full.T @ full).double().cpu().numpy(),
        "logits, mean removed": (centred.T @ centred).double().cpu().numpy(),
    }
