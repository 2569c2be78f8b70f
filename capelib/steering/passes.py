"""What scores take from one pass: log-probabilities of tokens, the last token alone, how a model remembers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from capelib.models import LanguageModel

if TYPE_CHECKING:
    import torch

PLAIN_LAYERS = ("DynamicLayer", "DynamicSlidingWindowLayer")  # caches of keys and values, nothing else


def summed(logits: "torch.Tensor", ids: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
    """Σ log softmax(logits)[id] over the tokens that the mask keeps: (rows, tokens, vocabulary) to (rows,), float32."""
    import torch

    whole = torch.stack([row.float().logsumexp(dim=-1) for row in logits])  # row by row, so that copies stay small
    return ((logits.gather(2, ids[..., None])[..., 0].float() - whole) * mask).sum(dim=1)


@contextmanager
def last_only(model: LanguageModel) -> Iterator[None]:
    """Inside the block, only the last token of every row goes through the output map."""
    module = model.model.get_output_embeddings()
    handle = module.register_forward_pre_hook(lambda _module, given: (given[0][:, -1:], *given[1:]))
    try:
        yield
    finally:
        handle.remove()


def remembers_plainly(model: LanguageModel) -> bool:
    """Whether the memory of a prompt is keys and values alone, which can be given to several rows."""
    import torch

    ids = torch.ones((1, 2), dtype=torch.long, device=model.device)
    with torch.inference_mode():
        returned = model.model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=True)
    layers = getattr(getattr(returned, "past_key_values", None), "layers", [])
    return len(layers) == model.n_layers and all(type(each).__name__ in PLAIN_LAYERS for each in layers)
