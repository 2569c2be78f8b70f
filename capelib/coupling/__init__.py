"""Coupling of two benchmark scores: local, over a population, its critical scale, and the nulls beside them."""

from capelib.coupling.correlation import bootstrap_pearson, pearson, population_correlation
from capelib.coupling.critical import critical_scales, line_scale, quadratic_scale, sign_change_scale
from capelib.coupling.dimension import (
    dimension_by_group,
    dimension_difference,
    dimension_estimate,
    effective_dimension,
    subsample_null,
)
from capelib.coupling.fixed_size import fixed_size_correlation
from capelib.coupling.local import local_coupling, model_phases, phase_of, running_coupling
from capelib.coupling.noise import coupling_noise
from capelib.coupling.partial import partial_correlation, partial_given_size
from capelib.coupling.permutation import permutation_test
from capelib.coupling.resample import authors_bootstrap, authors_zero_crossing, bootstrap_critical_scale
from capelib.coupling.trends import independent_trends, trend_null
from capelib.coupling.width import normalised_correlation, shuffled_correlation, width_table
from capelib.coupling.within import within_family

__all__ = [
    "authors_bootstrap",
    "authors_zero_crossing",
    "bootstrap_critical_scale",
    "bootstrap_pearson",
    "coupling_noise",
    "critical_scales",
    "dimension_by_group",
    "dimension_difference",
    "dimension_estimate",
    "effective_dimension",
    "fixed_size_correlation",
    "independent_trends",
    "line_scale",
    "local_coupling",
    "model_phases",
    "normalised_correlation",
    "partial_correlation",
    "partial_given_size",
    "pearson",
    "permutation_test",
    "phase_of",
    "population_correlation",
    "quadratic_scale",
    "running_coupling",
    "shuffled_correlation",
    "sign_change_scale",
    "subsample_null",
    "trend_null",
    "width_table",
    "within_family",
]
