"""The decoder blocks of a model, found by what they are and not by what they are called."""

from typing import TYPE_CHECKING

from capelib.errors import InputError

if TYPE_CHECKING:
    import torch


def blocks(model: "torch.nn.Module") -> "torch.nn.ModuleList":
    """The blocks of a decoder in order: the outermost list of modules as long as the model has layers.

    "Outermost" leaves out lists inside a block, such as experts. Where several fit, it is the text decoder's. Where a
    block holds several layers, as in LongCat, the configuration counts blocks as num_layers, and that length decides.
    Raises InputError if none or several are left: a model whose blocks are run in cycles, or are no modules of their
    own, has no residual stream to read block by block.
    """
    config = model.config.get_text_config(decoder=True)
    counts = [getattr(config, name, None) for name in ("num_hidden_layers", "num_layers")]
    for count in filter(None, counts):
        found = _outermost(model, count)
        if len(found) > 1:
            found = _outermost(model.get_decoder(), count)
        if len(found) == 1:
            return found[0]
    kind, length = type(model).__name__, next(filter(None, counts), "an unknown number of")
    raise InputError(f"{kind}: no single list of {length} modules, so the decoder blocks cannot be told")


def _outermost(model: "torch.nn.Module", count: int) -> list["torch.nn.ModuleList"]:
    import torch

    found: dict[str, torch.nn.ModuleList] = {}
    for name, module in model.named_modules():  # parents come before their children
        inside = any(name.startswith(f"{outer}.") for outer in found)
        if isinstance(module, torch.nn.ModuleList) and len(module) == count and not inside:
            found[name] = module
    return list(found.values())


def block_output(returned: object) -> "torch.Tensor":
    """The residual stream that a block returns: bare in most architectures, first of a tuple or list in some."""
    return returned[0] if isinstance(returned, tuple | list) else returned


def with_output(returned: object, stream: "torch.Tensor") -> object:
    """What a block returned, with another residual stream in it."""
    return type(returned)((stream, *returned[1:])) if isinstance(returned, tuple | list) else stream
