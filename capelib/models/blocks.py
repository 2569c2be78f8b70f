"""The decoder blocks of a model, found by what they are and not by what they are called."""

from typing import TYPE_CHECKING

from capelib.errors import InputError

if TYPE_CHECKING:
    import torch


def blocks(model: "torch.nn.Module") -> "torch.nn.ModuleList":
    """The blocks of a decoder in order: the outermost list of modules as long as the model has layers.

    "Outermost" leaves out lists inside a block, such as experts. Where several fit, it is the text decoder's.
    Raises InputError if none or several are left.
    """
    import torch

    count = model.config.get_text_config(decoder=True).num_hidden_layers
    found = _outermost(model, count)
    if len(found) > 1:
        found = _outermost(model.get_decoder(), count)
    if len(found) != 1 or not isinstance(found[0], torch.nn.ModuleList):
        kind = type(model).__name__
        raise InputError(f"{kind}: {len(found)} lists of {count} modules, so the decoder blocks cannot be told")
    return found[0]


def _outermost(model: "torch.nn.Module", count: int) -> list["torch.nn.ModuleList"]:
    import torch

    found: dict[str, torch.nn.ModuleList] = {}
    for name, module in model.named_modules():  # parents come before their children
        inside = any(name.startswith(f"{outer}.") for outer in found)
        if isinstance(module, torch.nn.ModuleList) and len(module) == count and not inside:
            found[name] = module
    return list(found.values())


def block_output(returned: object) -> "torch.Tensor":
    """The residual stream that a block returns: bare in most architectures, first of a tuple in some."""
    return returned[0] if isinstance(returned, tuple) else returned
