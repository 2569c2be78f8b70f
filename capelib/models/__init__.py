"""Open-weight language models: found, checked, loaded, and read block by block. The only rooms that may load torch.

Importing this package loads neither torch nor transformers; `load` does.
"""

from capelib.models.activations import residuals
from capelib.models.batches import Batch, batches
from capelib.models.blocks import blocks
from capelib.models.builtin import BUILTINS
from capelib.models.heads import HeadOutputs, head_outputs, patterns
from capelib.models.loader import LanguageModel, check_settings, load

__all__ = [
    "BUILTINS",
    "Batch",
    "HeadOutputs",
    "LanguageModel",
    "batches",
    "blocks",
    "check_settings",
    "head_outputs",
    "load",
    "patterns",
    "residuals",
]
