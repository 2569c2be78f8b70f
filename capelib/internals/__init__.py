"""What is inside a model: couplings of hidden states, heads and the output map, each with its null (Sec. 6, A.5)."""

from capelib.internals.competing import half_strength
from capelib.internals.coupling import CENTRED, RAW, STANDARDISED, Controlled, controlled, coupling
from capelib.internals.measure import Heads, Internals, measure, need_attention, need_heads, summary
from capelib.internals.prompts import PromptSets, choose
from capelib.internals.redraw import redraw
from capelib.internals.results import by_depth, comparable, short
from capelib.internals.results import read as read_results

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
    "comparable",
    "controlled",
    "coupling",
    "half_strength",
    "measure",
    "need_attention",
    "need_heads",
    "read_results",
    "redraw",
    "short",
    "summary",
]
