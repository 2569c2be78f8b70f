"""Coupling of two benchmark scores: local, over a population, its critical scale, and the nulls beside them."""

from capelib.coupling.correlation import (
    PopulationCorrelation,
    bootstrap_pearson,
    correlate,
    pearson,
    population_correlation,
)
from capelib.coupling.critical import (
    CriticalScale,
    critical_scales,
    line_scale,
    quadratic_scale,
    sign_change_scale,
)
from capelib.coupling.curvature import own_lines, shared_curvature
from capelib.coupling.dimension import (
    SubsampleNull,
    dimension_by_group,
    dimension_difference,
    dimension_estimate,
    effective_dimension,
    subsample_null,
)
from capelib.coupling.fixed_size import fixed_size_correlation, fixed_size_difference
from capelib.coupling.local import LocalCoupling, family_sizes, local_coupling, model_phases, phase_of
from capelib.coupling.noise import CouplingNoise, coupling_noise, item_sd_of, score_sd
from capelib.coupling.partial import (
    PartialCorrelation,
    SizePartials,
    partial_correlation,
    partial_given_size,
    partials_by_family,
)
from capelib.coupling.permutation import PermutationTest, permutation_test
from capelib.coupling.resample import (
    CriticalBootstrap,
    authors_bootstrap,
    authors_zero_crossing,
    bootstrap_critical_scale,
    critical_table,
)
from capelib.coupling.running import RunningFit, running_coupling, running_coupling_clustered
from capelib.coupling.trends import (
    IndependentTrends,
    TrendNull,
    fit_trend,
    independent_trends,
    path_statistics,
    trend_null,
)
from capelib.coupling.turns import Turns, sign_change_null
from capelib.coupling.width import (
    ShuffledWidth,
    WidthTable,
    normalised_correlation,
    shuffled_correlation,
    width_table,
)
from capelib.coupling.within import within_family

__all__ = [
    "CouplingNoise",
    "CriticalBootstrap",
    "CriticalScale",
    "IndependentTrends",
    "LocalCoupling",
    "PartialCorrelation",
    "PermutationTest",
    "PopulationCorrelation",
    "RunningFit",
    "ShuffledWidth",
    "SizePartials",
    "SubsampleNull",
    "TrendNull",
    "Turns",
    "WidthTable",
    "authors_bootstrap",
    "authors_zero_crossing",
    "bootstrap_critical_scale",
    "bootstrap_pearson",
    "correlate",
    "coupling_noise",
    "critical_scales",
    "critical_table",
    "dimension_by_group",
    "dimension_difference",
    "dimension_estimate",
    "effective_dimension",
    "family_sizes",
    "fit_trend",
    "fixed_size_correlation",
    "fixed_size_difference",
    "independent_trends",
    "item_sd_of",
    "line_scale",
    "local_coupling",
    "model_phases",
    "normalised_correlation",
    "own_lines",
    "partial_correlation",
    "partial_given_size",
    "partials_by_family",
    "path_statistics",
    "pearson",
    "permutation_test",
    "phase_of",
    "population_correlation",
    "quadratic_scale",
    "running_coupling",
    "running_coupling_clustered",
    "score_sd",
    "shared_curvature",
    "shuffled_correlation",
    "sign_change_null",
    "sign_change_scale",
    "subsample_null",
    "trend_null",
    "width_table",
    "within_family",
]
