"""Open-weight language models: found, checked, loaded, and read block by block. The only rooms that may load torch.

Importing this package loads neither torch nor transformers; `load` does.
"""

from capelib.models.activations import residuals
from capelib.models.batches import Batch, batches
from capelib.models.blocks import blocks
from capelib.models.builtin import BUILTINS
from capelib.models.loader import LanguageModel, load

__all__ = ["BUILTINS", "Batch", "LanguageModel", "batches", "blocks", "load", "residuals"]
