# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (sec-coupling)=
# # Coupling: do reasoning and truthfulness pull against each other?
#
# **Overview.** The paper's central claim: in small models a gain in reasoning (HellaSwag) comes with a loss in
# truthfulness (TruthfulQA); above a critical size $N_c$ both rise together. This section recomputes the claim on
# the author's released scores and on an independent set of measurements, puts the error bars on every step that
# the number of benchmark questions implies, and asks what two unrelated trends would have shown.
#
# **You need** Pearson correlation and logarithms; {doc}`the data </notebooks/data>` says where the scores come
# from. **~25 min.**

# %% tags=["parameters", "hide-input"]
panel: str = "measured"  # scores to draw and test: measured (leaderboard), released (the author's), or a CSV of yours
family: str = "Pythia"  # family looked at closely
x: str = "hellaswag"  # benchmark on the horizontal axis (the paper's reasoning)
y: str = "truthfulqa"  # benchmark on the vertical axis (the paper's truthfulness)
threshold: float = 0.1  # |coupling| up to which a step counts as transition
bins: list = [7.5, 8.5, 9.0, 9.5, 10.0, 10.5, 11.0, 12.0]  # edges of the size bins, log10 of parameters
n_boot: int = 2000  # resamples of every bootstrap, draws of every simulation
seed: int = 0  # seed of every random draw

# %% tags=["hide-input"]
import numpy as np
import pandas as pd

from capelib import claims, coupling, definitions, parameters, present, selection, tables
from capelib.charts import coupling as draw
from capelib.charts import families as compare
from capelib.estimate import Estimate
from capelib.present import glue

present.setup()
parameters.check("coupling", globals())

# %% [markdown]
# ## What the paper says

# %%
claims.quote("coupling.r_pythia", "coupling.r_large", "coupling.n_standard_families", "nc.pythia")

# %% [markdown]
# **Local coupling** is the slope between consecutive sizes of one family, in points of truthfulness per point of
# reasoning:
#
# $$\gamma_{12}(N) = \frac{\Delta B_2}{\Delta B_1}, \qquad
# \text{tax: } \gamma_{12} < -0.1,\quad \text{transition: } |\gamma_{12}| \le 0.1,\quad
# \text{bonus: } \gamma_{12} > 0.1 .$$
#
# **Population coupling** is the Pearson correlation $r$ of $B_1$ and $B_2$ over a set of models. The **critical
# scale** $N_c$ is where the local coupling crosses zero (Amin 2026, Sec. 2, App. A.1).
#
# ## The data
#
# Two panels hold the same benchmarks. *Released* are the scores the paper rests on. *Measured* are the scores of
# the Open LLM Leaderboard, taken by one harness for all models and independent of the author. Only base models go
# in: models trained on code or tuned for instructions are left out, as the paper intends.

# %%
released = selection.base_models(tables.panel("released"))
measured = selection.base_models(tables.panel("measured"))
models = selection.base_models(tables.panel(panel))
series = selection.families_with(models, sizes=3, scores=[x, y])
n_items = tables.read("benchmarks").set_index("benchmark")["n_items"].to_dict()
table = {"measured": "panel_leaderboard", "released": "panel_released"}.get(panel, "panel")

# %% tags=["remove-cell"]
names = draw.benchmark_name
glue("coupling_panel", panel)
glue("coupling_family", family)
glue("coupling_n_models", len(models))
glue("coupling_n_series", series["family"].nunique())
glue("coupling_n_series_models", len(series))
glue("coupling_x", names(x))
glue("coupling_y", names(y))

# %% [markdown]
# The {glue:text}`coupling_panel` panel has {glue:text}`coupling_n_models` base models;
# {glue:text}`coupling_n_series` families have three sizes or more, {glue:text}`coupling_n_series_models` models
# in all. A family with three sizes is the least in which a coupling can change its sign.

# %% tags=["hide-input"]
phases = coupling.model_phases(series, x, y, threshold)
draw.phase_diagram(
    series.assign(phase=phases["phase"]),
    x,
    y,
    f"Phase diagram: {names(y)} against {names(x)} for families of three sizes or more, each joined from small to "
    "large. Some families fall, some rise, some do both: there is no single U. Click a family in the legend to "
    "bring it forward.",
    table,
)

# %% [markdown]
# This is Fig. 1a of the paper. A model's shape is the phase of the step that leads to it.
#
# ## One family closely: is the anticorrelation there?

# %%
one = selection.one_family(models, family)
population = coupling.population_correlation(one, x, y, n_boot, seed)
test = coupling.permutation_test(one[x].dropna(), one[y][one[x].notna()], seed=seed)
population

# %% tags=["remove-cell"]
glue("coupling_one_r", population.fisher, ".3f")
glue("coupling_one_p", f"{test.p:.2g}")
glue("coupling_one_n", population.n_models)
glue("coupling_one_smallest", f"{test.smallest_p:.2g}")
glue("coupling_one_exact", "exact" if test.exact else "Monte Carlo")

# %% [markdown]
# For {glue:text}`coupling_family` ({glue:text}`coupling_one_n` models) $r$ = {glue:text}`coupling_one_r`,
# {glue:text}`coupling_one_exact` two-sided permutation $p$ = {glue:text}`coupling_one_p`; the smallest $p$ that
# any order of these scores could give is {glue:text}`coupling_one_smallest`.
#
# The correlation is not in doubt. What it means is. Both scores follow size, and any two quantities that follow
# the same third one correlate. Two questions separate a coupling from two trends: what is left once size is
# held, and what would two trends without any tie have given?

# %%
held = coupling.partial_given_size(one, x, y)
held

# %%
null = coupling.trend_null(one, n_items, x, y, n_draws=n_boot, seed=seed)
unrelated = coupling.independent_trends(one, x, y, n_draws=n_boot, seed=seed)

# %% tags=["hide-input"]
draw.null_histogram(
    null.draws["r"],
    null.observed["r"],
    f"r of {names(x)} and {names(y)}",
    f"Correlations that two separately fitted smooth trends plus item noise give for {family}, with the observed one "
    "marked. The null lies where the observation lies: nearly all of the correlation is what separate trends imply.",
    [table, "benchmarks"],
)

# %% tags=["remove-cell"]
glue("coupling_held_one", held.results[1].r, ".2f")
glue("coupling_null_median", f"{null.draws['r'].median():.3f}")
glue("coupling_null_p", f"{null.p('r'):.2f}")
glue("coupling_unrelated", f"{unrelated.share:.0%}")
glue("coupling_null_transition", f"{null.draws['transition'].mean():.0%}")

# %% [markdown]
# With $\log N$ held the correlation is {glue:text}`coupling_held_one`. Two trends, each fitted without a look at
# the other, give a median $r$ of {glue:text}`coupling_null_median` (two-sided $p$ of the observed one:
# {glue:text}`coupling_null_p`), and {glue:text}`coupling_unrelated` of pairs of unrelated monotone curves over
# the same sizes correlate at least as strongly. So the anticorrelation says that HellaSwag rises and TruthfulQA
# falls with size, as {cite:t}`mckenzie2023` and {cite:t}`lin2022` had found for such models. It does not say that
# the one pushes the other; nor does it say the opposite.
#
# ### The paper's numbers for Pythia
#
# Eight sizes, 70M to 12B. The released panel also files GPT-J and GPT-NeoX under Pythia; they are left out here.

# %%
pythia = released[(released["family"] == "Pythia") & ~released["flags"].str.contains("family_suspect")]
pythia_measured = selection.one_family(measured, "Pythia")

# %% [markdown]
# ## The running coupling, step by step
#
# A score is a mean over finitely many questions: {glue:text}`coupling_items_y` for {glue:text}`coupling_y`,
# {glue:text}`coupling_items_x` for {glue:text}`coupling_x`. That alone gives every $\gamma_{12}$ an error, which
# the paper does not state. A sign is *resolved* if the 95 % interval leaves out zero.

# %%
steps = coupling.local_coupling(series, x, y, threshold)
noise = coupling.coupling_noise(steps, n_items, seed=seed)
line = coupling.running_coupling(steps)

# %% tags=["hide-input"]
sizes = np.linspace(np.log10(series["n_params"].min()), np.log10(series["n_params"].max()), 60)
band = line.band(sizes).assign(n_params=10**sizes)
draw.running_coupling(
    noise.frame,
    threshold,
    f"Local coupling of every step of the {panel} panel against the geometric mid-size, with its 95 % interval from "
    "item noise. Filled circles have a resolved sign, strokes do not. Grey: a line through all steps with its 95 % "
    "band. Most intervals cross zero, at every size.",
    table,
    band,
)

# %% tags=["remove-cell"]
glue("coupling_items_x", f"{n_items[x]:,}")
glue("coupling_items_y", f"{n_items[y]:,}")
glue("coupling_n_steps", noise.n_steps)
glue("coupling_n_resolved", noise.n_resolved)
glue("coupling_share_resolved", f"{noise.share_resolved:.0%}")
glue("coupling_line_slope", line.slope, ".2f")
glue("coupling_line_r2", f"{line.r2:.2f}")

# %% [markdown]
# {glue:text}`coupling_n_resolved` of {glue:text}`coupling_n_steps` steps
# ({glue:text}`coupling_share_resolved`) have a resolved sign. The interval takes the noise of the two models as
# independent; they answer the same questions, so it is an upper bound, and TruthfulQA's MC2 score varies less per
# question than a right-or-wrong one. The line through all steps rises by {glue:text}`coupling_line_slope` per
# decade of size ($R^2$ = {glue:text}`coupling_line_r2`).

# %% [markdown]
# ## Where is the critical scale?
#
# The paper reads $N_c$ off each family without naming the estimator. Three are reasonable, and each assumes
# something: the first change of sign from negative to positive (assumes that the sign of each step is known); the
# minimum of a quadratic in $\log_{10} N$ (assumes a symmetric U); the zero of a line through $\gamma_{12}$
# (assumes that $\gamma_{12}$ is linear in $\log_{10} N$).

# %%
found = coupling.critical_scales(series, x, y)
found.pivot(index="family", columns="estimator", values="n_params").map(lambda n: f"{n / 1e9:.2g}B", na_action="ignore")

# %% tags=["remove-cell"]
per_family = found.assign(ok=found["n_params"].notna()).groupby("family")["ok"].sum()
glue("coupling_nc_all_three", int((per_family == 3).sum()))
glue("coupling_nc_none", int((per_family == 0).sum()))
glue("coupling_nc_families", len(per_family))

# %% [markdown]
# All three estimators find an $N_c$ in {glue:text}`coupling_nc_all_three` of {glue:text}`coupling_nc_families`
# families and none does in {glue:text}`coupling_nc_none`. The estimators need not agree where they exist: that is
# how well "the" critical scale is defined.

# %% [markdown]
# ## Is it specific to truthfulness?
#
# The paper notes that other pairs with TruthfulQA anticorrelate too, and pairs without it do not. Within families
# (each family's means removed) all pairs of benchmarks can be compared at once; the interval draws whole families.

# %%
benchmarks = [name for name in tables.BENCHMARKS if name in models and models[name].notna().any()]
within = coupling.within_family(models, benchmarks, n_boot=n_boot, seed=seed)

# %% tags=["hide-input"]
measures = {"r": "within families", "r_given_size": "size held", "r_own_trend": "each family's own trend removed"}
rows = pd.concat(
    [
        within.pairs.assign(
            pair=[f"{names(a)} · {names(b)}" for a, b in zip(within.pairs["x"], within.pairs["y"], strict=True)],
            measure=label,
            value=within.pairs[key],
            low=within.pairs[f"{key}_low"],
            high=within.pairs[f"{key}_high"],
        )
        for key, label in measures.items()
    ]
).sort_values("with_target", ascending=False, kind="stable")
compare.intervals(
    rows[["pair", "measure", "value", "low", "high"]],
    "pair",
    "measure",
    "Correlation within families",
    "Correlation of every pair of benchmarks within families, as they are, with size held, and with each family's own "
    "line in log size removed. Pairs without TruthfulQA correlate strongly through size; once trends are removed the "
    "pairs come much closer to each other.",
    [table],
    domain=(-1, 1),
)

# %% tags=["remove-cell"]
contrast = within.contrast.set_index("measure")
for key in measures:
    row = contrast.loc[key]
    glue(f"coupling_with_{key}", f"{row['with_target']:.2f}")
    glue(f"coupling_without_{key}", f"{row['without_target']:.2f}")
    difference = Estimate(row["difference"], row["difference_low"], row["difference_high"])
    glue(f"coupling_difference_{key}", difference, ".2f")

# %% [markdown]
# Mean correlation of the pairs with and without TruthfulQA: {glue:text}`coupling_with_r` and
# {glue:text}`coupling_without_r` within families (difference {glue:text}`coupling_difference_r`);
# {glue:text}`coupling_with_r_own_trend` and {glue:text}`coupling_without_r_own_trend` once every family's own
# trend is taken out (difference {glue:text}`coupling_difference_r_own_trend`). The first difference says that
# TruthfulQA moves differently with size. The second is what is left for a tie between the scores themselves.
#
# ## Models of one size, many recipes
#
# Comparing families at a fixed size turns the question round: among models of about the same size, do those that
# reason better tell the truth less often? No trend in size can answer for the recipes.

# %%
fixed = coupling.fixed_size_correlation(models, x, y, bins, n_boot, seed)

# %% tags=["hide-input"]
edges = [f"{10**a / 1e6:,.0f}M–{10**b / 1e6:,.0f}M" if b <= 9 else f"{10**a / 1e9:,.2g}B–{10**b / 1e9:,.2g}B"
         for a, b in zip(fixed.bins["low"], fixed.bins["high"], strict=True)]  # fmt: skip
bars = fixed.bins.assign(size=edges, series="r in the bin", value=fixed.bins["r"], n=fixed.bins["n_models"])
compare.intervals(
    bars.rename(columns={"low": "bin_low", "high": "bin_high", "r_low": "low", "r_high": "high"})[
        ["size", "series", "value", "low", "high", "n"]
    ],
    "size",
    "series",
    f"r of {names(x)} and {names(y)} among models of one size",
    f"Correlation of {names(x)} and {names(y)} across families within bins of size, with intervals from resampling whole "
    "families where a bin holds at least five of them.",
    [table],
    domain=(-1, 1),
)

# %% tags=["remove-cell"]
glue("coupling_fixed", fixed.given_size, ".2f")

# %% [markdown]
# Pooled over the bins, with what is left of size held, $r$ = {glue:text}`coupling_fixed`.
#
# ## Effective dimension
#
# The participation ratio $d_\text{eff} = (\sum\lambda)^2 / \sum\lambda^2$ of the scores' covariance counts how
# many directions the models of a phase spread over. The paper: it falls from tax to bonus to frontier.

# %%
claims.quote("deff.tax", "deff.bonus", "deff.frontier")

# %%
five = list(tables.BENCHMARKS)
dimension = {
    which: coupling.dimension_by_group(
        frame.assign(phase=coupling.model_phases(frame)["phase"]).query("phase in ['tax', 'transition', 'bonus']"),
        "phase",
        five,
        n_boot=n_boot,
        seed=seed,
    ).assign(panel=which)
    for which, frame in (("released", released), ("measured", measured))
}

# %% tags=["hide-input"]
bars = pd.concat(dimension.values()).rename(columns={"group": "phase", "d_eff": "value", "n_models": "n"})
compare.intervals(
    bars[["phase", "panel", "value", "low", "high", "n"]],
    "phase",
    "panel",
    "Effective dimension of five scores (1 to 5)",
    "Effective dimension by phase on both panels, with intervals from resampling whole families. The intervals of tax "
    "and bonus models overlap.",
    ["panel_released", "panel_leaderboard"],
    zero=False,
)

# %% [markdown]
# A group of three models cannot have more than two dimensions, whatever they are. So a small group must be held
# against groups of the same size drawn at random.

# %%
tax_like = released[coupling.model_phases(released)["phase"] == "tax"].dropna(subset=five)
three = coupling.subsample_null(tax_like[five], size=3, n_draws=n_boot, seed=seed)

# %% tags=["remove-cell"]
glue("coupling_three", three.typical, ".2f")
glue("coupling_tax_all", f"{coupling.effective_dimension(tax_like[five]):.2f}")

# %% [markdown]
# Three models drawn at random from the {glue:text}`coupling_n_tax` tax models have $d_\text{eff}$ =
# {glue:text}`coupling_three` (the range of 95 % of the draws), against {glue:text}`coupling_tax_all` for all of
# them: a "frontier" of three looks collapsed because it is three.

# %% [markdown]
# ## Width normalisation and its control
#
# The paper divides both scores by the model's width ($d_\text{model}/512$) and finds that the anticorrelation
# turns positive in every family; it remarks itself that a shared, growing denominator can do that to any two
# numbers. The control: hand the TruthfulQA scores to the wrong models of the family, divide by the same widths, and look
# at the correlation again.

# %%
width = coupling.width_table(released, n_shuffles=n_boot, seed=seed)

# %% tags=["hide-input"]
frame = width.frame
bars = pd.concat(
    [
        frame.assign(series="as measured", value=frame["r_raw"], low=frame["r_raw"], high=frame["r_raw"]),
        frame.assign(series="divided by width", value=frame["r_normalised"], low=frame["r_normalised"], high=frame["r_normalised"]),
        frame.assign(series="shuffled, divided by width", value=frame["shuffled_median"], low=frame["shuffled_low"], high=frame["shuffled_high"]),
        frame.assign(series="width held by regression", value=frame["r_given_width"], low=frame["r_given_width_low"], high=frame["r_given_width_high"]),
    ]
)
compare.intervals(
    bars[["family", "series", "value", "low", "high"]],
    "family",
    "series",
    "r of HellaSwag and TruthfulQA",
    "Correlation by family as measured, after division by width, after the same division of shuffled scores (with the "
    "range of 95 % of the shuffles), and with the logarithm of width held by regression. Shuffled scores "
    "turn positive as well.",
    ["panel_released", "architectures"],
    domain=(-1, 1),
)
