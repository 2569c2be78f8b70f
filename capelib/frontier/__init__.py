"""The frontier: scores of the largest models against each other, lab by lab, with errors and dates (Sec. 7.2, A.6)."""

from capelib.frontier.dates import decimal_year, released_by
from capelib.frontier.epoch import all_pairs, at_any_effort, implied_items, once, pairs
from capelib.frontier.errors_in_variables import NoisyLine, noisy_line
from capelib.frontier.hfield import LabEffect, detrended, h_field, lab_effect
from capelib.frontier.labs import CommonSlope, common_slope, leave_one_lab_out, of_labs, per_lab
from capelib.frontier.later import later_models
from capelib.frontier.lines import Line, fit_line, r_of, resampled
from capelib.frontier.predictions import FAILED, MET, OPEN, UNDECIDABLE, evaluate, newest
from capelib.frontier.ranges import Influence, by_floor, leave_one_out, top_spread
from capelib.frontier.reports import beside_reports, with_makers_scores, with_runs_dates
from capelib.frontier.trends import ShuffleNull, held, over_windows, shuffled_within, windows

__all__ = [
    "FAILED",
    "MET",
    "OPEN",
    "UNDECIDABLE",
    "CommonSlope",
    "Influence",
    "LabEffect",
    "Line",
    "NoisyLine",
    "ShuffleNull",
    "all_pairs",
    "at_any_effort",
    "beside_reports",
    "by_floor",
    "common_slope",
    "decimal_year",
    "detrended",
    "evaluate",
    "fit_line",
    "h_field",
    "held",
    "implied_items",
    "lab_effect",
    "later_models",
    "leave_one_lab_out",
    "leave_one_out",
    "newest",
    "noisy_line",
    "of_labs",
    "once",
    "over_windows",
    "pairs",
    "per_lab",
    "r_of",
    "released_by",
    "resampled",
    "shuffled_within",
    "top_spread",
    "windows",
    "with_makers_scores",
    "with_runs_dates",
]
