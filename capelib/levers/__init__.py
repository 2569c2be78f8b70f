"""The design levers: generations, curated data, architecture and width, as released and as measured (Sec. 5, 7.3)."""

from capelib.levers.compared import DOCUMENTED, WEB, find_model, known_size, next_larger, others
from capelib.levers.constants import Audit, audit, constant_times_share, same_model, within_measure
from capelib.levers.covariate import WidthCovariate, width_covariate
from capelib.levers.equivalent import Equivalent, crossings, curve, size_equivalent
from capelib.levers.generations import SUCCESSORS, Generations, generations
from capelib.levers.matching import readings
from capelib.levers.measures import couplings, dimensions, reported

__all__ = [
    "DOCUMENTED",
    "SUCCESSORS",
    "WEB",
    "Audit",
    "Equivalent",
    "Generations",
    "WidthCovariate",
    "audit",
    "constant_times_share",
    "couplings",
    "crossings",
    "curve",
    "dimensions",
    "find_model",
    "generations",
    "known_size",
    "next_larger",
    "others",
    "readings",
    "reported",
    "same_model",
    "size_equivalent",
    "width_covariate",
    "within_measure",
]
