"""The frontier: scores of the largest models against each other, lab by lab, with errors and dates (Sec. 7.2, A.6)."""

from capelib.frontier.epoch import once, pairs
from capelib.frontier.errors_in_variables import NoisyLine, noisy_line
from capelib.frontier.hfield import h_field
from capelib.frontier.lines import (
    Line,
    clustered,
    decimal_year,
    fit_line,
    given_date,
    leave_one_lab_out,
    per_lab,
    r_of,
)
from capelib.frontier.predictions import FAILED, MET, OPEN, UNDECIDABLE, evaluate

__all__ = [
    "FAILED",
    "MET",
    "OPEN",
    "UNDECIDABLE",
    "Line",
    "NoisyLine",
    "clustered",
    "decimal_year",
    "evaluate",
    "fit_line",
    "given_date",
    "h_field",
    "leave_one_lab_out",
    "noisy_line",
    "once",
    "pairs",
    "per_lab",
    "r_of",
]
