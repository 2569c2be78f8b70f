"""What is inside a model: couplings of hidden states, heads and the output map, each with its null (Sec. 6, A.5)."""

from capelib.internals.coupling import CENTRED, RAW, STANDARDISED, Controlled, controlled, coupling
from capelib.internals.measure import Heads, Internals, measure, need_attention, need_heads, summary
from capelib.internals.prompts import PromptSets, choose
from capelib.internals.results import by_depth, short

__all__ = [
    "CENTRED",
    "RAW",
    "STANDARDISED",
    "Controlled",
    "Heads",
    "Internals",
    "PromptSets",
    "by_depth",
    "choose",
    "controlled",
    "coupling",
    "measure",
    "need_attention",
    "need_heads",
    "short",
    "summary",
]
