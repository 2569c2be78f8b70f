"""What blocks return in a forward pass that ends as soon as nothing more is asked for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from capelib.models.blocks import block_output

if TYPE_CHECKING:
    import torch


class Enough(Exception):
    """Raised by a hook when all that is asked for has been computed."""


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
                raise Enough

        return read

    handles = [listed[layer].register_forward_hook(hook(layer)) for layer in sorted(set(layers))]
    try:
        yield
    except Enough:
        pass
    finally:
        for handle in handles:
            handle.remove()
