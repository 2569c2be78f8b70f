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
# (sec-levers)=
# # Levers: can a new generation, better data or more width stand in for size?
#
# **Overview.** The paper calls the alignment tax a design choice: a newer generation, curated data or another
# architecture is said to remove it at a size where other models still pay it. The evidence is of two kinds. One is
# couplings measured inside models, released as numbers; the other is benchmark scores. This section asks of every
# released coupling whether it can tell two models apart, and of the scores whether they show what the couplings are
# said to show, with the uncertainty that a comparison of a few models has.
#
# **You need** linear regression; {doc}`coupling </notebooks/coupling>` says what the local coupling is, and divides by
# width with the control that this takes. **~20 min.**

# %% tags=["parameters", "hide-input"]
panel: str = "measured"  # scores to compare models in: measured (leaderboard), released, or a CSV of yours
matched: str = "microsoft/phi-1_5"  # model to match by web-trained ones, by its repository or its name in the panel
web_trained: str = "documented"  # web-trained families drawn: documented (published web text), or all but curated ones
curve_degree: int = 2  # degree of the curve of a score in log10 of parameters
n_boot: int = 2000  # resamples of every bootstrap, draws of every simulation
seed: int = 0  # seed of every random draw

# %% tags=["hide-input"]
import numpy as np
import pandas as pd

from capelib import claims, coupling, levers, parameters, present, selection, tables
from capelib.charts import coupling as draw_coupling
from capelib.charts import families as compare
from capelib.charts import levers as draw
from capelib.estimate import Estimate
from capelib.frames import shown
from capelib.levers import covariate, matching, measures
from capelib.present import glue

present.setup()
parameters.check("levers", globals())


# %% tags=["hide-input"]
def counted(number: int) -> str:
    """A count as prose has it."""
    return str(int(number)) if number else "none"


def power(number: float) -> str:
    """A tiny number by its size: 3e-07 becomes 3·10⁻⁷."""
    digit, exponent = f"{number:.0e}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{digit}·10{raised}"


# %% [markdown]
# ## What the paper says

# %% tags=["hide-input"]
claims.quote(
    "qwen.net_25_1p5b", "qwen.net_3", "gemma.coupling_3", "gemma.coupling_4e4b", "gemma.coupling_4it", "phi.scale_gain"
)

# %% [markdown]
# The {term}`internal coupling` of a model is a cosine, or a mean of cosines, between what reasoning prompts and what
# truthfulness prompts leave inside it (Amin 2026, Sec. 6). Between the generations Qwen2.5 and Qwen3 it is said to
# change through the training data alone (Sec. 5.2); in Gemma-4, {term}`per-layer embeddings` are said to trade coupling
# for dimensions, and tuning to restore it (Sec. 7.3). Phi is the case for {term}`curation`: one model of 1B, set beside
# web-trained ones of ten times its size (abstract).
#
# ## The data
#
# The released numbers from inside models, with the files they stand in; the released panel of scores; and the
# leaderboard's scores, which are independent of the author. No internal coupling has been measured by anybody else, so
# for those claims the question is whether the released data give the printed number.

# %%
internals = tables.read("internals_reported")
layers = tables.read("layer_profiles_reported")
released = selection.one_row_per_model(selection.base_models(tables.panel("released")))
measured = selection.base_models(tables.panel("measured"))
n_items = tables.read("benchmarks").set_index("benchmark")["n_items"].to_dict()
ten = claims.value("phi.scale_gain") * 1e9

# %% [markdown]
# ## Measurement or constant?
#
# The released couplings come from several measures. Each takes its cosines of something else, so numbers of two
# measures cannot be compared. Within a measure, a number that says something about a model must be able to differ
# between models. The table counts whether it does: how many values differ at all, what share of models have the
# commonest one, and how far values lie apart within a family, between families, and between the layers of one model.

# %%
audit = levers.audit(internals, layers)
audit

# %% tags=["hide-input"]
by_file = internals.drop_duplicates("source_file").set_index("source_file")["measure_id"]
drawn = layers[layers["quantity"] == "coupling"]
drawn = drawn.assign(
    measure=drawn["source_file"].map(by_file).map(measures.NAMES),
    depth=drawn["layer"] / (drawn["n_layers"] - 1),
).sort_values(["measure", "model", "layer"])
draw.profiles(
    drawn[["model", "measure", "depth", "value"]].round(4),
    "Every released profile of the coupling by layer. The couplings of attention patterns are straight lines, one on "
    "top of the other within a family; those of heads in large models go up and down. The only Qwen among them "
    "has 72B parameters.",
    ["layer_profiles_reported"],
)

# %% tags=["remove-cell"]
row = audit.frame.set_index("measure")
flat, heads, qwens = (row.loc[measures.NAMES[name]] for name in (
    "attention_pattern_tl", "head_level_nc2", "head_level_generation"))  # fmt: skip
glue("levers_flat_models", int(flat["models"]))
glue("levers_flat_distinct", int(flat["distinct"]))
glue("levers_flat_within", power(flat["within_family"]))
glue("levers_flat_layers", power(flat["across_layers"]))
glue("levers_heads_models", int(heads["models"]))
glue("levers_heads_distinct", int(heads["distinct"]))
glue("levers_heads_layers", f"{heads['across_layers']:.2f}")
glue("levers_heads_mean", power(heads["off_mean"]))
rounding = internals[internals["flags"].str.contains("decided_at_float_rounding")]
glue("levers_labels", len(rounding))
glue("levers_labels_yes", int(rounding["value"].sum()))
typed = measures.couplings(internals)
dashboard = typed[typed["measure"] == "dashboard_constant"].set_index("model")["value"]
large = typed[typed["measure"] == "head_level_nc2"].set_index("model")
shared = dashboard.index.intersection(large.index)
glue("levers_dashboard_same", int(np.isclose(dashboard[shared], large.loc[shared, "value"], atol=5.1e-4).sum()))
glue("levers_dashboard_n", len(dashboard))
glue("levers_large_smallest", f"{large['n_params'].min() / 1e9:.0f}B")

# %% [markdown]
# *Attention patterns.* The {glue:text}`levers_flat_models` models have {glue:text}`levers_flat_distinct` values, one
# for each family. Within a family they differ by at most {glue:text}`levers_flat_within`, between the layers of a model
# by {glue:text}`levers_flat_layers`, which is the rounding of single precision. A number that is the same in every
# layer and at every size cannot depend on the weights. What is left for it to depend on is what the sizes of a family
# share before any weight is used, such as the tokens of the prompts. The labels "bottleneck: yes" or "no" in the same
# files compare early with late layers at that rounding; {glue:text}`levers_labels_yes` of {glue:text}`levers_labels`
# say yes.
#
# *Heads, large.* Here {glue:text}`levers_heads_models` models have {glue:text}`levers_heads_distinct` values, the
# layers of one model lie up to {glue:text}`levers_heads_layers` apart, and the coupling of a model is the mean of its
# layers to within {glue:text}`levers_heads_mean`. So these vary as measurements do, and agree with each other. The
# smallest model among them has {glue:text}`levers_large_smallest` parameters: they say nothing about the range in which
# the tax is said to lie.
#
# *Typed values.* The dashboard types {glue:text}`levers_dashboard_n` couplings of OPT. The
# {glue:text}`levers_dashboard_same` largest models have the numbers of the measure just named, rounded; the smaller
# ones have no file. The fall of the coupling between 13B and 30B in that list is where the measure changes.
#
# ## One model, several measures
#
# Some models have a coupling by two measures. If the number belonged to the model, both would agree.

# %%
several = levers.same_model(internals)
changes_within = levers.within_measure(internals)

# %% tags=["hide-input"]
draw.same_model(
    several,
    "Couplings of the models that have them by two measures. Colour is the measure; the shape says where the number "
    "stands: in a released file, quoted from a run that was not released, or typed.",
    ["internals_reported"],
)

# %% tags=["hide-input"]
shown(
    changes_within.assign(measure=changes_within["measure"].map(measures.NAMES))[
        ["older", "newer", "measure", "difference", "origin"]
    ],
    "Change of the coupling from one generation to the next at about one size, within one measure",
    digits=3,
)

# %% tags=["remove-cell"]
spread = several.drop_duplicates("model")["spread"]
step = changes_within["difference"].abs()
glue("levers_several_n", len(spread))
glue("levers_several_median", f"{spread.median():.2f}")
glue("levers_several_max", f"{spread.max():.2f}")
glue("levers_step_n", len(step))
glue("levers_step_median", f"{step.median():.3f}")
glue("levers_step_small", int((step < spread.median()).sum()))

# %% [markdown]
# For {glue:text}`levers_several_n` models the two couplings differ by {glue:text}`levers_several_median` in the median
# and by up to {glue:text}`levers_several_max`. Within one measure, the change from one generation to the next at about
# one size is {glue:text}`levers_step_median` in the median of {glue:text}`levers_step_n` pairs, and smaller than the
# median difference of two measures in {glue:text}`levers_step_small` of them. The exception is Qwen2.5-1.5B, on which
# the claim rests.
#
# ## Two generations of Qwen

# %% tags=["hide-input"]
qwen = typed[typed["family"].isin(["Qwen2.5", "Qwen3"]) & typed["measure"].isin(
    ["head_level_generation", "hidden_state_pair"])]  # fmt: skip
draw.by_size(
    qwen,
    "Released couplings of two generations of Qwen by size: above by heads, below by hidden states. Squares were "
    "written with two decimals; the triangle is quoted in the other model's file. No value has an error.",
    ["internals_reported"],
)

# %% tags=["hide-input"]
table = internals[internals["measure_id"] == "head_level_generation"].pivot(
    index="model", columns="quantity", values="value"
)
share, net = table["pct_cooperative_heads"] / 100, table["net_coupling"]
as_printed = levers.constant_times_share(share, net, share_half=5e-3, net_half=5e-3)
to_three = levers.constant_times_share(share, net, share_half=5e-4, net_half=5e-4)
shown(
    table[["pct_cooperative_heads", "pct_competing_heads", "net_coupling"]].reset_index(),
    "Qwen generations, as released",
    digits=3,
    names={
        "pct_cooperative_heads": "cooperative heads, %",
        "pct_competing_heads": "competing heads, %",
        "net_coupling": "net coupling",
    },
)

# %% tags=["remove-cell"]
cards = tables.read("architectures").set_index("hf_repo")["flags"]
repositories = internals[internals["measure_id"] == "head_level_generation"].drop_duplicates("model")
tuned = repositories["hf_repo"].map(cards).fillna("").str.contains("post_trained")
sizes = repositories.set_index("model")["n_params"]
glue("levers_qwen_models", len(table))
glue("levers_qwen_distinct", int(qwens["distinct"]))
glue("levers_qwen_common", round(qwens["commonest"] * len(table)))
glue("levers_qwen_low", f"{as_printed[0]:.3f}")
glue("levers_qwen_high", f"{as_printed[1]:.3f}")
glue("levers_qwen_fits", "does" if as_printed[0] <= as_printed[1] else "does not")
glue("levers_qwen_fits_three", "does" if to_three[0] <= to_three[1] else "does not")
glue("levers_qwen_full", int((share < 1).sum()))
bar = internals[internals["measure_id"].eq("figure_bar") & internals["family"].eq("Qwen2.5")]["value"].item()
glue("levers_bar", f"{bar:.0f}")
glue("levers_bar_mean", f"{100 * share[share.index.str.startswith('Qwen2.5')].mean():.1f}")
glue("levers_qwen_tuned", int((tuned & repositories["family"].eq("Qwen3")).sum()))
glue("levers_qwen_tuned_old", counted((tuned & repositories["family"].eq("Qwen2.5")).sum()))
glue("levers_qwen_size_ratio", f"{sizes['Qwen3-1.7B'] / sizes['Qwen2.5-1.5B']:.1f}")

# %% [markdown]
# Fig. 7b shows the upper panel. Its {glue:text}`levers_qwen_models` models have {glue:text}`levers_qwen_distinct`
# different net couplings, and {glue:text}`levers_qwen_common` of them the same. One constant between
# {glue:text}`levers_qwen_low` and {glue:text}`levers_qwen_high`, times the share of cooperative heads,
# {glue:text}`levers_qwen_fits` give every net coupling to the printed digits (and {glue:text}`levers_qwen_fits_three`
# if all were right to three decimals). So the net coupling may hold nothing that the share does not, and in all but
# {glue:text}`levers_qwen_full` models every head counts as cooperative. The paper prints three decimals of the
# constant, the released file two. And the bar of Fig. 5 for Qwen2.5 is labelled {glue:text}`levers_bar` % cooperative,
# where the mean of the five released shares is {glue:text}`levers_bar_mean` %.
#
# Fig. 4a of the paper draws the couplings of two small Qwens by layer. The only released profile of a Qwen is the one
# of 72B in the first chart, so Fig. 4a cannot be drawn again.
#
# What else changes between the two? Under the names that the file gives, {glue:text}`levers_qwen_tuned` of the
# repositories of Qwen3 hold post-trained models (the base models have other names), and
# {glue:text}`levers_qwen_tuned_old` of those of Qwen2.5. The model called 1.7B has {glue:text}`levers_qwen_size_ratio`
# times the parameters of the one called 1.5B. That the change came "through training curation alone" is not something
# that this pair can show.
#
# *Interpretation.* Both generations split text by the same tokenizer. One constant for all their sizes is what the
# attention patterns show within a family, and could have the same cause. Two decimals do not decide it.

# %% tags=["hide-input"]
heads_of = {
    "qwen.net_25_1p5b": ("Qwen2.5-1.5B", "net_coupling", ""),
    "qwen.coop_25_1p5b": ("Qwen2.5-1.5B", "pct_cooperative_heads", ""),
    "qwen.coop_25_7b": ("Qwen2.5-7B", "pct_cooperative_heads", ""),
    "qwen.last_layer_25_7b": ("Qwen2.5-7B", "last_layer_coupling", "No other layer of this model is released."),
}
for claim, (name, quantity, why) in heads_of.items():
    claims.check(
        claim,
        released=levers.reported(internals, name, quantity, "head_level_generation"),
        reason=why or "The released file holds the printed number; the run behind it, and its prompts, are not there.",
    )
three = net[net.index.str.startswith("Qwen3")]
claims.check(
    "qwen.net_3",
    released=Estimate(three.mean(), n=len(three), method=f"{three.nunique()} value for all sizes, two decimals"),
    reason="All sizes have the same released number, which is also the commonest of Qwen2.5. By hidden states Qwen3-8B "
    f"has {levers.reported(internals, 'Qwen3-8B', 'pair_coupling', 'hidden_state_pair', 'pair=HS_TQA').value:.2f}.",
)
rest = 100 - levers.reported(internals, "Qwen2.5-1.5B", "pct_cooperative_heads", "head_level_generation").value
claims.check(
    "qwen.comp_25_1p5b",
    released=levers.reported(internals, "Qwen2.5-1.5B", "pct_competing_heads", "head_level_generation"),
    searched={"heads that are not cooperative": rest},
    reason="The released count of competing heads is zero. The printed number is the share of heads that are not "
    "cooperative; by the paper's definition a head competes only if most pairs of prompts have a cosine below −0.5.",
)
pair = {
    name: levers.reported(internals, name, "pair_coupling", "hidden_state_pair", "pair=HS_TQA")
    for name in ("Qwen2.5-7B", "Qwen3-8B", "Gemma-3-4B", "Gemma-4-E4B", "Gemma-4-E4B-it")
}
by_heads = levers.reported(internals, "Qwen2.5-7B", "net_coupling", "head_level_generation").value
claims.check("qwen.coupling_3_8b", released=pair["Qwen3-8B"], reason="The repository holds the post-trained model.")
claims.check(
    "qwen.coupling_25_7b",
    released=pair["Qwen2.5-7B"],
    reason=f"Quoted in the file of Qwen3-8B. By heads the same model has {by_heads:.2f}.",
)
claims.check(
    "qwen.delta_curation",
    released=Estimate(pair["Qwen3-8B"].value - pair["Qwen2.5-7B"].value, n=2, method="difference of the two values"),
    searched={"by heads": net["Qwen3-8B"] - net["Qwen2.5-7B"]},
    reason="A difference of two models, one of a generation, without an error; they differ in size and in "
    "post-training too.",
)

# %% [markdown]
# ### What the scores of the same families say
#
# The {term}`tax` is defined on scores: a negative local coupling γ₁₂. The released panel has Qwen2.5 in six sizes, as
# its makers report them; the leaderboard's copy ends with Qwen2 and holds three generations before Qwen2.5.

# %% tags=["hide-input"]
older = measured[measured["family"].isin(["Qwen", "Qwen1.5", "Qwen2"])]
qwens = pd.concat([older, released[released["family"] == "Qwen2.5"]])
steps = coupling.local_coupling(levers.known_size(qwens))
steps = coupling.coupling_noise(steps, n_items, n_draws=n_boot, seed=seed).frame.sort_values("n_mid")
at_small = steps[steps["n_large"] < 2e10]
step_names = at_small["model_small"] + " to " + at_small["n_large"].map(compare.size_text)
shown_to = 2.5
longer = step_names[(at_small["gamma_low"] < -shown_to) | (at_small["gamma_high"] > shown_to)]
cut = f" The axis ends at ±{shown_to:g}; cut there: the interval of {', '.join(longer)}." if len(longer) else ""
compare.intervals(
    pd.DataFrame({
        "step": step_names,
        "panel": at_small["family"].eq("Qwen2.5").map({True: "released", False: "leaderboard"}),
        "value": at_small["gamma"], "low": at_small["gamma_low"], "high": at_small["gamma_high"],
    }),
    "step",
    "panel",
    "local coupling γ₁₂",
    "Local coupling of every step up to 14B within four generations of Qwen, from small to large, with 95 % intervals "
    f"from the number of questions. The tax would lie left of zero.{cut}",
    ["panel_leaderboard", "panel_released"],
    domain=(-shown_to, shown_to),
)  # fmt: skip

# %% tags=["remove-cell"]
known = steps.set_index(["model_small", "model_large"])
for name, key in (("into", ("Qwen2.5-0.5B", "Qwen2.5-1.5B")), ("out", ("Qwen2.5-1.5B", "Qwen2.5-3B"))):
    found = known.loc[key]
    glue(f"levers_dip_{name}", Estimate(found["gamma"], found["gamma_low"], found["gamma_high"]), ".2f")
old = steps[steps["family"].isin(["Qwen", "Qwen1.5", "Qwen2"])]
glue("levers_qwen_steps", len(old))
tax = old["gamma"] < -coupling.local.THRESHOLD
glue("levers_qwen_tax_small", counted((tax & (old["n_large"] < 1e10)).sum()))
glue("levers_qwen_tax_large", counted((tax & (old["n_large"] >= 1e10)).sum()))

# %% [markdown]
# Qwen2.5-1.5B is the model with the dip. The steps that lead to it and from it have γ₁₂ = {glue:text}`levers_dip_into`
# and {glue:text}`levers_dip_out`: neither is in the tax phase, though the second could be within its noise. Of the
# {glue:text}`levers_qwen_steps` steps of the three generations before it, {glue:text}`levers_qwen_tax_small` below 10B
# and {glue:text}`levers_qwen_tax_large` above are in that phase. So the scores show no tax at these sizes that Qwen3
# could have removed: the low coupling measured inside Qwen2.5-1.5B has no counterpart in how its scores change.
#
# ### Every change of generation that was measured
#
# Two models of two generations make one difference. Item noise gives it an error, but not the one that counts: how much
# two models differ that were trained to the same recipe twice. What would give one is the same change made many times.
# The leaderboard holds {glue:text}`levers_changes` families with their successors; each such change is one draw of what
# a new generation does at a given size.

# %%
successions = levers.generations(levers.known_size(measured), n_items)
successions

# %% tags=["hide-input"]
benchmark = draw_coupling.benchmark_name
compare.intervals(
    successions.changes.assign(
        newer=successions.changes["change"].str.rpartition(" to ")[2],
        benchmark=successions.changes["score"].map(benchmark),
        n=successions.changes["sizes"],
    ),
    "newer",
    "benchmark",
    "newer less older generation, points",
    "Mean change of two scores from one generation to the next, named by the newer one, over models of one size, with "
    "95 % intervals from the number of questions alone.",
    ["panel_leaderboard"],
)

# %% tags=["remove-cell"]
glue("levers_changes", successions.changes["change"].nunique())
glue("levers_labs", successions.changes["lab"].nunique())
for score in ("hellaswag", "truthfulqa"):
    for unit in ("change", "lab"):
        glue(f"levers_{unit}_{score}", successions.mean(score, unit), ".1f")
d = successions.pairs["d_truthfulqa"]
glue("levers_pairs", len(d))
glue("levers_pairs_up", int((d > 0).sum()))
author_pairs = levers.generations(
    selection.one_row_per_model(tables.panel("released")), n_items, successors=[("Qwen2.5", "Qwen3")]
).pairs.iloc[0]
for score in ("hellaswag", "truthfulqa"):
    half = 1.96 * author_pairs[f"se_{score}"]
    value = author_pairs[f"d_{score}"]
    glue(f"levers_author_{score}", Estimate(value, value - half, value + half), "+.1f")

# %% [markdown]
# Over {glue:text}`levers_changes` changes the mean difference in TruthfulQA is {glue:text}`levers_change_truthfulqa`
# points at the same size, and {glue:text}`levers_change_hellaswag` in HellaSwag, if the changes are taken as
# independent. Several of them are one lab's. With each of the {glue:text}`levers_labs` labs as one draw the differences
# are {glue:text}`levers_lab_truthfulqa` and {glue:text}`levers_lab_hellaswag`. Of {glue:text}`levers_pairs` pairs of
# models {glue:text}`levers_pairs_up` have more TruthfulQA in the newer generation. And a generation changes data,
# amount of data, recipe and architecture together: which of them does it, these scores cannot say.
#
# Qwen3 itself: the released panel has one size. From Qwen2.5-7B to Qwen3-8B HellaSwag changes by
# {glue:text}`levers_author_hellaswag` points and TruthfulQA by {glue:text}`levers_author_truthfulqa` (item noise only),
# against the direction of the internal coupling. But no source is named for that row, and its repository holds the
# post-trained model, so this decides as little.
#
# ## Gemma-3 and Gemma-4

# %% tags=["hide-input"]
draw.plane(
    levers.dimensions(internals),
    "Coupling of hidden states against the dimension of the representation, for all models that have both (Fig. 7a "
    "shows the three Gemmas). The cross has neither number from a released run. No value has an error.",
    ["internals_reported"],
)

# %% tags=["remove-cell"]
pairs = internals[internals["measure_id"].eq("hidden_state_pair") & internals["quantity"].eq("pair_coupling")]
wide = pairs.pivot(index="detail", columns="model", values="value")[["Gemma-3-4B", "Gemma-4-E4B-it"]].dropna()
shift = wide["Gemma-4-E4B-it"] - wide["Gemma-3-4B"]
glue("levers_gemma_pairs", len(wide))
glue("levers_gemma_low", f"{wide['Gemma-3-4B'].min():.2f}")
glue("levers_gemma_high", f"{wide['Gemma-3-4B'].max():.2f}")
glue("levers_gemma_shift", f"{shift.median():+.3f}")
glue("levers_gemma_down", int((shift < 0).sum()))
glue("levers_gemma_base", f"{pair['Gemma-4-E4B'].value - pair['Gemma-3-4B'].value:+.3f}")
big = typed[(typed["n_params"] >= 1.3e10) & ~typed["measure"].isin(["paper_text"])]
glue("levers_big_n", len(big))
glue("levers_big_low", f"{big['value'].min():.2f}")
glue("levers_big_high", f"{big['value'].max():.2f}")
glue("levers_big_same", counted((big["measure"] == "hidden_state_pair").sum()))
gemmas = tables.panel("released").query("family == 'Gemma'").set_index("model")
for score in ("hellaswag", "truthfulqa"):
    glue(f"levers_gemma_{score}", f"{gemmas.loc['Gemma-4-E4B', score] - gemmas.loc['Gemma-3-4B', score]:+.1f}")
google = successions.changes.set_index(["change", "score"])
found = google.loc[("Gemma to Gemma-2", "truthfulqa")]
glue("levers_gemma_measured", Estimate(found["value"], found["low"], found["high"]), "+.1f")

# %% [markdown]
# The story of Fig. 7a has three points: down in coupling and up in {term}`d_rep` from Gemma-3 to the base model of
# Gemma-4 ({glue:text}`levers_gemma_base` in coupling), and up in coupling again by tuning. The point in the middle is
# the one whose run is not released: its coupling is quoted in the tuned model's file, its dimension typed. Between the
# two that were released, the coupling of {glue:text}`levers_gemma_pairs` pairs of prompt sets changes by
# {glue:text}`levers_gemma_shift` in the median and falls in {glue:text}`levers_gemma_down` of them, while the pairs of
# Gemma-3 alone lie between {glue:text}`levers_gemma_low` and {glue:text}`levers_gemma_high`.
#
# The abstract calls the coupling of Gemma-4 "characteristic of 13B+ standard-trained models". Of
# {glue:text}`levers_big_n` released couplings of models from 13B up, {glue:text}`levers_big_same` are by the measure
# that Gemma's is; they lie between {glue:text}`levers_big_low` and {glue:text}`levers_big_high`, depending on the
# measure. And the older Gemma-3-4B has the higher value, so a higher coupling is not what the new architecture brought.
#
# On scores, the released panel has HellaSwag {glue:text}`levers_gemma_hellaswag` and TruthfulQA
# {glue:text}`levers_gemma_truthfulqa` points from Gemma-3-4B to Gemma-4-E4B, without a source and from the tuned
# model's repository. The leaderboard knows the change before it, from Gemma to Gemma-2: TruthfulQA
# {glue:text}`levers_gemma_measured` points.

# %% tags=["hide-input"]
claims.check(
    "gemma.coupling_3", released=pair["Gemma-3-4B"], reason="The coupling of one pair of prompt sets out of six."
)
claims.check(
    "gemma.coupling_4e4b",
    released=pair["Gemma-4-E4B"],
    reason="Quoted in the file of the tuned model for comparison; the run on the base model is not released.",
)
claims.check("gemma.coupling_4it", released=pair["Gemma-4-E4B-it"], reason="The tuned model, from the file of its run.")
claims.check(
    "gemma.d_rep_3",
    released=levers.reported(internals, "Gemma-3-4B", "d_rep", "hidden_state_pair"),
    reason="From the file of the run; how many components or how much variance the dimension counts is not stated.",
)
tuned_dimension = levers.reported(internals, "Gemma-4-E4B-it", "d_rep", "hidden_state_pair").value
claims.check(
    "gemma.d_rep_4e4b",
    reason=f"It would need {claims.claim('gemma.d_rep_4e4b').needs}. The tuned model's released dimension is "
    f"{tuned_dimension:.1f}.",
)
claims.check("gemma.gamma_4e2b", reason=f"It would need {claims.claim('gemma.gamma_4e2b').needs}.")

# %% [markdown]
# ## Curated data: what size does Phi stand in for?
#
# "Phi at 1B matches web-trained coupling at 10B." Matched in what? A model can be matched by a web-trained one in any
# score, in their mean, in TruthfulQA given HellaSwag (the paper's {term}`h-field`), or in the local coupling of the
# step to its next size. Each reading is a size: the one at which a curve through web-trained models reaches what Phi
# has. The curve is an average, and the chart shows how far single models lie from it. Whole families are resampled for
# the interval, and Phi's own score is redrawn with its {term}`item noise`.
#
# *Web-trained* is taken in two ways: families whose text is published as web crawls and open collections, and every
# family but those that the paper calls curated. The second holds later families, whose data are curated to an unknown
# degree.

# %% tags=["hide-input"]
models = released if panel == "released" else selection.base_models(tables.panel(panel))
names_of_web = {"documented": "published web text", "all": "all not called curated"}
asked = found = None
with present.if_possible():
    asked = levers.find_model(models, matched)
    how = (n_items, levers.next_larger(models, asked), curve_degree, n_boot, seed)
    found = {web: levers.readings(levers.others(models, asked["family"], web), asked, *how) for web in levers.WEB}
    table = matching.side_by_side({names_of_web[web]: each for web, each in found.items()})
    display(shown(table, f"Size of the web-trained model that matches {asked['model']}, billions of parameters"))

# %% tags=["hide-input"]
table_of = {"measured": "panel_leaderboard", "released": "panel_released"}.get(panel, "panel")
with present.if_possible():
    web = levers.others(models, asked["family"] if asked is not None else "", web_trained)
    curves = {score: levers.curve(web, score, curve_degree, n_boot, seed) for score in ("hellaswag", "truthfulqa")}
    if asked is not None:
        display(
            draw.against_web(
                web,
                curves,
                asked,
                f"Two scores of web-trained models (grey) by size, the curve through them with its 95 % band from "
                f"resampled families, and {asked['model']} (diamond), its score carried across. Where the line "
                "meets the curve lies the size that matches it; a curve that turns is met twice, or not at all.",
                [table_of],
            )
        )

# %% tags=["hide-input"]
if found:
    rows = pd.concat(matching.table(each).assign(series=names_of_web[web]) for web, each in found.items())
    display(
        draw.equivalents(
            rows[["reading", "series", "value", "low", "high"]],
            {"the paper": ten, asked["model"]: float(asked["n_params"])},
            f"Size of the web-trained model that matches {asked['model']}, by what is matched, with 95 % intervals "
            "from resampled families, cut at 10M and at 1,000B. Dashed: the paper's size and "
            f"that of {asked['model']} itself.",
            [table_of],
        )
    )

# %% tags=["remove-cell"]
if found:
    every = pd.concat(matching.table(each) for each in found.values())
    glue("levers_model", asked["model"])
    glue("levers_readings", len(every))
    glue("levers_readings_low", f"{every['value'].min() / 1e9:.2g}")
    glue("levers_readings_high", f"{every['value'].max() / 1e9:,.0f}")
    glue("levers_readings_cover", int(((every["low"] <= ten) & (ten <= every["high"])).sum()))
    glue("levers_readings_paper", claims.claim("phi.scale_gain").paper)
    for name, each in (("tqa", "truthfulqa, rising"), ("tqa_small", "truthfulqa, falling"), ("hs", "hellaswag"),
                       ("gamma", "gamma"), ("mean", "mean_of_five")):  # fmt: skip
        if each in found["documented"]:
            glue(f"levers_{name}", matching.text(found["documented"][each]))

# %% [markdown]
# For {glue:text}`levers_model` the {glue:text}`levers_readings` readings in this panel give sizes from
# {glue:text}`levers_readings_low` to {glue:text}`levers_readings_high` billion; {glue:text}`levers_readings_cover` of
# the intervals hold the paper's {glue:text}`levers_readings_paper` billion.
#
# Among models of published web text, HellaSwag is matched at {glue:text}`levers_hs` billion and the mean of the five
# scores at {glue:text}`levers_mean` billion.
#
# Where TruthfulQA falls and rises again with size there are two answers: {glue:text}`levers_tqa` billion on the rising
# side, and {glue:text}`levers_tqa_small` billion on the falling side, where small web-trained models are.
#
# The reading nearest to the paper's word, the local coupling, gives {glue:text}`levers_gamma` billion. It rests on one
# step with its own error and on a line through couplings that scatter widely.

# A plainer comparison needs no curve. Beside the web-trained models of half to twice the paper's size, how high does
# Phi-1.5 stand?

# %% tags=["hide-input"]
phi = levers.find_model(measured, "microsoft/phi-1_5")
five = list(tables.BENCHMARKS)
near = levers.others(measured, "Phi")
near = near[near["n_params"].between(ten / 2, ten * 2)]
below = near[five].le(phi[five]).sum()
standing = pd.DataFrame({"phi": phi[five].astype(float), "median": near[five].median(), "below": below})
shown(
    standing.rename_axis("score").reset_index(),
    f"Phi-1.5 beside {len(near)} models of published web text, 5B to 20B, leaderboard",
    digits=1,
    names={"phi": "Phi-1.5, %", "median": "their median, %", "below": "of them at or below Phi-1.5"},
)

# %% tags=["remove-cell"]
glue("levers_near_n", len(near))
glue("levers_near_size", f"{phi['n_params'] / near['n_params'].median():.2f}")
glue("levers_near_hs", int(below["hellaswag"]))
glue("levers_near_tqa", int(below["truthfulqa"]))
glue("levers_near_high", int((standing["phi"] > standing["median"]).sum()))

# %% [markdown]
# In TruthfulQA Phi-1.5 stands at or above {glue:text}`levers_near_tqa` of these {glue:text}`levers_near_n` models, in
# HellaSwag at or above {glue:text}`levers_near_hs`. In {glue:text}`levers_near_high` of the five scores it is above
# their median, at {glue:text}`levers_near_size` of their median size: remarkable, whatever the reason.
#
# The verdict is on Phi-1.5 in both panels: the readings of the leaderboard and the same ones of the released panel,
# which has other web-trained models. All {glue:text}`levers_all_n` together give {glue:text}`levers_all_low` to
# {glue:text}`levers_all_high` billion, and {glue:text}`levers_all_cover` of their intervals hold the paper's size.

# %% tags=["hide-input"]
alternatives = {}
for name, frame in (("leaderboard", measured), ("released", released)):
    own = levers.find_model(frame, "microsoft/phi-1_5")
    for web_name in levers.WEB:
        every = levers.readings(
            levers.others(frame, own["family"], web_name), own, n_items, levers.next_larger(frame, own),
            n_boot=n_boot, seed=seed,
        )  # fmt: skip
        alternatives |= {
            f"{matching.NAMES[k]}; {name}, {names_of_web[web_name]}": e.billions() for k, e in every.items()
        }
holding = sum(each.covers(claims.value("phi.scale_gain")) for each in alternatives.values())
values = [each.value for each in alternatives.values()]
spans = [each.high / each.low for each in alternatives.values()]
claims.check(
    "phi.scale_gain",
    alternatives=alternatives,
    reason=f"Matched in what is not stated. The readings give {min(values):.2g} to {max(values):.0f} billion; "
    f"{holding} of {len(values)} intervals hold the printed size, and in the median an interval spans a factor of "
    f"{np.median(spans):.0f}.",
)

# %% tags=["remove-cell"]
glue("levers_all_n", len(values))
glue("levers_all_cover", holding)
glue("levers_all_low", f"{min(values):.2g}")
glue("levers_all_high", f"{max(values):.0f}")

# %% [markdown]
# *Interpretation.* Phi's makers wrote much of its training text with other models, in the manner of textbooks
# {cite:p}`li2023`. That this helps a small model more with exam questions than with the endings of everyday scenes is
# what one would expect of such text; so is some {term}`contamination`, since text written like exam questions resembles
# exam questions. Scores cannot tell the two apart, and one family is one draw of "curation". The comparison that could
# is of models alike but for their text. Phi's report has one, with a model of the same size trained on filtered web
# text alone; no score of that model is in the tables used here.
#
# ## Width as a covariate
#
# Dividing scores by width makes almost any two of them correlate positively ({ref}`coupling <sec-coupling>`, with Fig.
# 4b). The question behind it is a fair one: "at fixed parameter count, wider architectures reduce or eliminate the tax"
# (Sec. 5.1). Regression asks it directly: among models of one size and one HellaSwag score, do wider ones have more
# TruthfulQA?
#
# $$B_2 = a + b\,B_1 + c\,\log_{10} N + d\,\log_2 w$$
#
# with $B_1$ HellaSwag, $B_2$ TruthfulQA, $w$ the width $d_\text{model}$, one level $a$ for all families or one for
# each, and once with a curve in $\log N$, because TruthfulQA is not straight in size. Mixtures of experts are left out:
# what their size is depends on who counts.

# %%
dense = levers.known_size(models)
width = None
with present.if_possible():
    width = levers.width_covariate(dense, n_boot=n_boot, seed=seed)
    display(width)

# %% tags=["hide-input"]
split = claims.value("nc.pythia") * 1e9
sides = {
    "all sizes": dense,
    "below N_c": dense.query("n_params < @split"),
    "above N_c": dense.query("n_params > @split"),
}
forms = {"straight": "x, size, width", "curved": "x, size curved, width"}
levels = {"one level": "one for all", "family levels": "one per family"}
rows = []
for side, part in sides.items():
    with present.if_possible():
        fitted = levers.width_covariate(part, n_boot=n_boot, seed=seed)
        rows += [
            {"models": f"{side}, {form}", "fit": level} | vars(fitted.of_width(forms[form], levels[level]))
            for form in forms
            for level in levels
        ]

# %% tags=["hide-input"]
if rows:
    display(
        compare.intervals(
            pd.DataFrame(rows),
            "models",
            "fit",
            "points per doubling of width",
            "What a doubling of width goes with in TruthfulQA, at fixed size and HellaSwag, with size straight or "
            "curved, and one level for all or one for each family; 95 % intervals from resampled families. The paper "
            "expects positive values, most of all below its critical scale.",
            [table_of, "architectures"],
        )
    )

# %% tags=["remove-cell"]
glue("levers_split", f"{split / 1e9:.1f}B")
if width:
    glue("levers_width_n", width.n)
    glue("levers_width_families", width.n_families)
    glue("levers_width_sd", f"{width.width_sd:.2f}")
    glue("levers_width_r", f"{width.r_size_width:.2f}")
    glue("levers_width_one", width.of_width(), ".1f")
    glue("levers_width_curved", width.of_width("x, size curved, width"), ".1f")
    glue("levers_width_own", width.of_width("x, size curved, width", "one per family"), ".1f")
    for key, form in (("without", "x, size"), ("with", "x, size, width")):
        glue(f"levers_x_{key}", width.of_width(form, "one per family", covariate.X), "+.2f")
    for key, level in (("one", "one for all"), ("own", "one per family")):
        slope = width.of_width("slope by size and width", level, covariate.X_WIDTH)
        glue(f"levers_slope_{key}", slope, "+.2f")
    glue("levers_width_gain", width.gain["straight"], "+.2f")
    glue("levers_width_gain_curved", width.gain["curved"], "+.2f")
if rows:
    drawn = pd.DataFrame(rows)
    glue("levers_width_intervals", len(drawn))
    glue("levers_width_up", int((drawn["low"] > 0).sum()))
    glue("levers_width_down", int((drawn["high"] < 0).sum()))
    below = drawn[drawn["models"] == "below N_c, straight"]
    if len(below):
        first = below.iloc[0]
        glue("levers_width_below", Estimate(first["value"], first["low"], first["high"]), ".1f")

# %% [markdown]
# Size and width are nearly one variable: over {glue:text}`levers_width_n` models of {glue:text}`levers_width_families`
# families their logarithms correlate with {glue:text}`levers_width_r`, and at one size width has a standard deviation
# of {glue:text}`levers_width_sd` doublings. So a doubling is further than these models go, and the intervals are wide.
#
# The coefficient of width is {glue:text}`levers_width_one` points per doubling with one level for all,
# {glue:text}`levers_width_curved` once size may bend, and {glue:text}`levers_width_own` with a level for each family as
# well. Of {glue:text}`levers_width_intervals` intervals in the chart, {glue:text}`levers_width_up` lie above zero,
# where the paper expects them, and {glue:text}`levers_width_down` below.
#
# Below the paper's critical scale of {glue:text}`levers_split`, where the tax is, the coefficient with straight size
# and one level is {glue:text}`levers_width_below`.
#
# Does the tax go when width is held, as it goes when scores are divided by it? With a level for each family and size
# held, the coefficient of HellaSwag is {glue:text}`levers_x_without` without width and {glue:text}`levers_x_with` with
# it.
#
# The sentence can also be meant for the slope: less tax is a less negative slope of TruthfulQA on HellaSwag. Let the
# slope depend on size and width. At fixed size, a doubling of width changes it by {glue:text}`levers_slope_one` with
# one level and by {glue:text}`levers_slope_own` with a level for each family; the paper expects a rise.
#
# For families left out of the fit, width changes the mean error by {glue:text}`levers_width_gain` points with straight
# size and by {glue:text}`levers_width_gain_curved` with curved size (negative: it helps). A coefficient with one level
# for all compares families that differ in more than width, in year and data above all; with a level for each family,
# only sizes that depart from a family's usual proportions tell width from size.
#
# ## What holds, and what does not
#
# These sentences rest on the released tables and on the leaderboard. Of the parameters above only the number of
# resamples and the seed enter them, and only through intervals.

# %% tags=["remove-cell"]
closing = levers.width_covariate(levers.known_size(measured), n_boot=n_boot, seed=seed)
glue("levers_closing_width", closing.of_width("x, size curved, width"), ".1f")
own = closing.of_width("x, size curved, width", "one per family")
glue("levers_closing_own", own, ".1f")
more = "is shown" if own.low > 0 else "is not shown, and not excluded" if own.high > 0 else "is excluded"
glue("levers_closing_more", more)

# %% [markdown]
# *Holds.* Most of the printed couplings and dimensions of these models stand in a released file, two of them quoted
# there from runs that were not released. At the same size the newer generation has more TruthfulQA in
# {glue:text}`levers_pairs_up` of {glue:text}`levers_pairs` pairs; the mean difference, with labs as the draws, is
# {glue:text}`levers_lab_truthfulqa` points, from too few labs to be settled. Phi-1.5 has at least the TruthfulQA of
# {glue:text}`levers_near_tqa` of the {glue:text}`levers_near_n` models of 5B to 20B that were trained on published web
# text. Size alone does not decide a score.
#
# *Does not hold, or is not shown.* Qwen2.5-1.5B has no competing head in the released file, and its scores are not in
# the tax phase on either side. The couplings of attention patterns cannot depend on the weights; those of the two Qwen
# generations agree, to the printed decimals, with one constant times the share of cooperative heads. Two measures of
# one model differ by {glue:text}`levers_several_median` in the median, so couplings of two models can be set side by
# side only if one measure gave both. The middle of Fig. 7a, the base model of Gemma-4, has no released run. What size
# Phi stands in for lies between {glue:text}`levers_all_low` and {glue:text}`levers_all_high` billion, by what is
# matched, with whom and in which panel; {glue:text}`levers_all_cover` of {glue:text}`levers_all_n` intervals hold the
# paper's size. At fixed size and HellaSwag, a doubling of width goes with {glue:text}`levers_closing_width` points of
# TruthfulQA, or {glue:text}`levers_closing_own` within families, where more of it with more width
# {glue:text}`levers_closing_more`.
#
# *Interpretation.* To say that curation, architecture or width removes a tax takes models that differ in that one
# thing. No pair compared here does.
#
# ## What next
#
# - {doc}`Coupling </notebooks/coupling>`: the same scores within families, and the division by width.
# - {doc}`The ledger </book/ledger>`: every claim and its verdict.
# - Match another model: `cape run levers -p matched=google/gemma-2b`.
