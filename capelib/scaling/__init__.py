"""Loss and gradients against size: the loss law, a test for a kink in it, gradient laws, and the boosting chain."""

from capelib.scaling.chain import (
    Level,
    coupling_level,
    field_level,
    gradient_level,
    loss_level,
    ratios,
    size_name,
    to_frame,
)
from capelib.scaling.constancy import by_offset, coefficient_of_variation, cv_under_rivals, rival_laws, scaled_loss
from capelib.scaling.gradient import PowerFit, arrhenius, arrhenius_runs, dips, fit_power
from capelib.scaling.holdout import Holdout, predict_family, search_holdouts
from capelib.scaling.kink import KinkTest, kink_test
from capelib.scaling.kink_table import kink_table
from capelib.scaling.kink_variants import kink_test_given_offset, kink_tests, scan_breaks
from capelib.scaling.loss import LossLaw, fit_loss
from capelib.scaling.power import KinkPower, kink_power
from capelib.scaling.printed import least_favourable, of_fit, of_mean, plus_minus, readings
from capelib.scaling.resampling import ResampledLaw, resample
from capelib.scaling.selection import average_twins, gradients, last_word_losses, stated_losses, text_losses

__all__ = [
    "Holdout",
    "KinkPower",
    "KinkTest",
    "Level",
    "LossLaw",
    "PowerFit",
    "ResampledLaw",
    "arrhenius",
    "arrhenius_runs",
    "average_twins",
    "by_offset",
    "coefficient_of_variation",
    "coupling_level",
    "cv_under_rivals",
    "dips",
    "field_level",
    "fit_loss",
    "fit_power",
    "gradient_level",
    "gradients",
    "kink_power",
    "kink_table",
    "kink_test",
    "kink_test_given_offset",
    "kink_tests",
    "last_word_losses",
    "least_favourable",
    "loss_level",
    "of_fit",
    "of_mean",
    "plus_minus",
    "predict_family",
    "ratios",
    "readings",
    "resample",
    "rival_laws",
    "scaled_loss",
    "scan_breaks",
    "search_holdouts",
    "size_name",
    "stated_losses",
    "text_losses",
    "to_frame",
]
