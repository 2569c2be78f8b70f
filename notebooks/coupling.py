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
