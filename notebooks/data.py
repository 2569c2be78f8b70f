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
# (sec-data)=
# # Data: what the numbers are, and what is wrong with them
#
# **Overview.** Every result of this edition rests on the tables shown here. This section lists them, then audits the
# paper's own panel of models in front of you: which scores another source does not bear out, which models are counted
# twice, filed under another family, or not base models, which scores look estimated, how many tables of the same
# Pythia models there are, and which variant of TruthfulQA the numbers belong to.
#
# **You need** nothing beyond percentages. **~10 min.**

# %% tags=["parameters", "hide-input"]
tolerance_small: float = 1.0  # points up to which two scores of one model count as the same measurement
tolerance_large: float = 3.0  # points beyond which they plainly are not

# %% tags=["hide-input"]
from capelib import agreement, audit, claims, parameters, present, tables
from capelib.charts import data as draw
from capelib.charts import families as compare
from capelib.present import glue

present.setup()
parameters.check("data", globals())

# %% [markdown]
# ## What the paper says

# %%
claims.quote("panel.n_models", "panel.n_families", "coupling.mc_variant")

# %% [markdown]
# ## The tables
#
# Numbers and identifiers were taken from the sources named here, nothing else. `data/datapackage.json` says for every
# column its type, unit, range and meaning; the same description checks these tables and any file you bring yourself.

# %%
tables.catalogue().set_index("table")

# %% [markdown]
# Two panels carry the argument. The **released** panel is the author's. The **leaderboard** panel holds scores that
# one harness measured for all models under the settings of the Open LLM Leaderboard, as collected by
# {cite:t}`ruan2024`. A released row is compared with the leaderboard's row of the same weights, where there is one.

# %%
released = tables.panel("released")
leaderboard = tables.panel("measured")
found = agreement.differences(released, leaderboard)
by_score = found.counts(tolerance_small, tolerance_large)
by_score.round(3)

# %% tags=["remove-cell"]
cells = found.cells
n_cells = len(cells)
beyond_small, beyond_large = found.above(tolerance_small), found.above(tolerance_large)
glue("data_n_compared_models", cells["model"].nunique())
glue("data_n_rows", len(released))
glue("data_n_cells", n_cells)
glue("data_tolerance_small", tolerance_small, "g")
glue("data_tolerance_large", tolerance_large, "g")
glue("data_n_beyond_small", len(beyond_small))
glue("data_n_beyond_large", len(beyond_large))
glue("data_share_beyond_small", len(beyond_small) / n_cells, ".0%")
glue("data_n_same", int(found.same_number.sum()))
glue("data_share_same", found.same_number.mean(), ".0%")
glue("data_most_score", draw.NAMES[by_score[f"above_{tolerance_small:g}"].idxmax()])
glue("data_largest", found.above(-1)["difference"].iloc[0], "+.1f")
glue("data_largest_model", found.above(-1)["model"].iloc[0])
glue("data_largest_score", draw.NAMES[found.above(-1)["score"].iloc[0]])

# %% [markdown]
# ## Do the released scores agree with the leaderboard's?
#
# {glue:text}`data_n_compared_models` of the {glue:text}`data_n_rows` released rows have a counterpart, which makes
# {glue:text}`data_n_cells` pairs of scores. {glue:text}`data_n_beyond_small` of them
# ({glue:text}`data_share_beyond_small`) differ by more than {glue:text}`data_tolerance_small` points,
# {glue:text}`data_n_beyond_large` by more than {glue:text}`data_tolerance_large`; the most cells beyond the smaller
# tolerance are {glue:text}`data_most_score`'s. The largest difference is {glue:text}`data_largest` points, of
# {glue:text}`data_largest_model` in {glue:text}`data_largest_score`.

# %% tags=["hide-input"]
draw.difference_strip(
    cells,
    tolerance_small,
    tolerance_large,
    "Released minus leaderboard score, one mark per model and benchmark. Most marks lie on zero; the others spread to "
    "both sides, furthest in MMLU and TruthfulQA. Hover to see the model and the source the author names for it.",
)

# %% [markdown]
# The released rows name their sources. Split by source, the picture is simple:

# %%
by_source = found.counts(tolerance_small, tolerance_large, by="source")
by_source.round(3)

# %% tags=["remove-cell"]
worst, best = by_source[f"above_{tolerance_small:g}"].idxmax(), by_source["same_number"].idxmax()
glue("data_worst_source", worst)
glue("data_worst_n", int(by_source.loc[worst, f"above_{tolerance_small:g}"]))
glue("data_best_source", best)
glue("data_best_same", int(by_source.loc[best, "same_number"]))
glue("data_best_cells", int(by_source.loc[best, "cells"]))

# %% [markdown]
# {glue:text}`data_worst_n` of the {glue:text}`data_n_beyond_small` cells beyond
# {glue:text}`data_tolerance_small` points are in rows that name *{glue:text}`data_worst_source`* as their source. In
# rows that name *{glue:text}`data_best_source`*, {glue:text}`data_best_same` of {glue:text}`data_best_cells` cells
# hold the leaderboard's very number, up to the rounding of the released one.
#
# ```{admonition} What "independent" means here
# :class: note
# Those equal cells are one measurement stored twice, not two that agree: {glue:text}`data_n_same` cells,
# {glue:text}`data_share_same` of all compared. For these models the leaderboard confirms that its numbers were taken
# over faithfully, and nothing more. It is an independent check where the released row comes from elsewhere, and for
# the families that the paper's panel does not hold.
# ```
#
# The models with a cell beyond {glue:text}`data_tolerance_small` points, the largest difference first:

# %% tags=["hide-input"]
draw.difference_map(
    cells[cells["model"].isin(beyond_small["model"])],
    tolerance_large,
    "Differences, released minus leaderboard, by model and benchmark, for the models with a difference beyond the "
    "smaller tolerance, the largest on top. Blue cells are released below the leaderboard, orange ones above; most "
    "WinoGrande cells are blue. An empty cell has no leaderboard score.",
)

# %% [markdown]
# All cells beyond {glue:text}`data_tolerance_large` points:

# %%
shown = ["model", "score", "released_pct", "measured_pct", "difference", "source"]
beyond_large[shown].round(2).set_index("model")

# %% [markdown]
# The flags of the released table list the cells that differ by more than one point. Recomputed here, list and
# differences disagree in {glue:text}`data_n_unlisted` cells. For Pythia the leaderboard measured the runs on
# deduplicated text, while the panel's labels name the standard runs, so there part of a difference may be the run.

# %% tags=["remove-cell"]
glue("data_n_unlisted", len(found.unlisted(1.0)))

# %% [markdown]
# ## The same model twice
#
# Rows with the same repository of weights are one model:

# %% tags=["hide-input"]
twice = audit.repeated_models(released)
stored = released.set_index("model")["gamma12_stored"]
twice.rows.assign(gamma12_stored=twice.rows["model"].map(stored)).round(2).set_index("model")

# %% tags=["remove-cell"]
glue("data_n_twice", len(twice.models))
widest = twice.rows.loc[twice.rows["largest_gap"].idxmax()]
glue("data_twice_gap", widest["largest_gap"], ".1f")
steepest = stored[list(twice.models)].abs().idxmax()
glue("data_twice_gamma", stored[steepest], ".2f")
glue("data_twice_gamma_model", steepest)
glue("data_twice_gamma_same", twice.rows.set_index("model").loc[steepest, "same_as"])

# %% [markdown]
# {glue:text}`data_n_twice` models are listed under two names, with scores up to {glue:text}`data_twice_gap` points
# apart. The released `gamma12_stored` treats the two rows as a step from one size to the next: between
# {glue:text}`data_twice_gamma_same` and {glue:text}`data_twice_gamma_model`, which are the same weights, it stores a
# local coupling of {glue:text}`data_twice_gamma`.
#
# ## Filed under another family
#
# A family is models trained alike at several sizes. Here the label of each row is compared with the family of its
# weights in our table of architectures; a row is singled out if it belongs elsewhere than most rows under its label.

# %% tags=["hide-input"]
elsewhere = audit.filed_elsewhere(released, tables.read("architectures").set_index("hf_repo")["family"])
elsewhere.rows.set_index("model")

# %%
elsewhere.to_frame().set_index("model")

# %% tags=["remove-cell"]
glue("data_elsewhere", ", ".join(elsewhere.models))
glue("data_elsewhere_label", ", ".join(elsewhere.rows["family"].unique()))
glue("data_elsewhere_flagged", ", ".join(elsewhere.only_flagged))

# %% [markdown]
# {glue:text}`data_elsewhere` stand under the label {glue:text}`data_elsewhere_label`, whose suite of models
# {cite:p}`biderman2023` they are not part of: same laboratory, other training runs. Other rows carry a flag for
# what this rule cannot see ({glue:text}`data_elsewhere_flagged`): the smallest Falcon row is of the RefinedWeb
# series, which shares the name, and the Gemma label joins two generations.
#
# ## Tuned models among the base models
#
# The paper speaks of base models. A repository whose name ends in *it* or *instruct*, or whose model card says that
# the weights are post-trained, is not one.

# %% tags=["hide-input"]
tuned = audit.not_base(released, tables.read("architectures").set_index("hf_repo")["flags"])
tuned.rows.set_index("model")

# %% tags=["remove-cell"]
glue("data_n_tuned", len(tuned.models))

# %% [markdown]
# That makes {glue:text}`data_n_tuned` tuned models. The repositories were identified from model cards by this
# edition, not stated by the author, so a row may have been measured on other weights than its label suggests.
#
# ## Scores that look estimated
#
# A score over hundreds of questions is rarely a whole percent. A row of whole percents is how a guess or a value read
# off a figure looks; alone it proves nothing. The released files mark some rows as estimates. Which rows hold four or
# more whole percents?

# %%
guessed = audit.rounded(released)
guessed.rows.set_index("model")

# %%
guessed.to_frame().set_index("model")

# %% tags=["remove-cell"]
glue("data_n_guessed", len(guessed.models))
glue("data_guessed_chance", audit.rounded_by_chance(len(released)), ".2f")
glue("data_guessed_flagged", ", ".join(guessed.flagged))
glue("data_guessed_unflagged", ", ".join(guessed.unflagged) or "none")

# %% [markdown]
# {glue:text}`data_n_guessed` rows do; if the last of one decimal were a fair digit,
# {glue:text}`data_guessed_chance` would be expected among all rows. Marked as estimated in the released files:
# {glue:text}`data_guessed_flagged`. Found but not marked: {glue:text}`data_guessed_unflagged`.
#
# ## How many models is that?

# %%
count = audit.census(released)
base = released[released["is_base"]].drop_duplicates("hf_repo")
measured_base = base["leaderboard_repo"].isin(leaderboard["hf_repo"])
count.to_frame()

# %% tags=["remove-cell"]
glue("data_rows", count.rows)
glue("data_models", count.models)
glue("data_base_models", count.base_models)
glue("data_labels", count.labels)
glue("data_base_families", count.base_families)
glue("data_series_two", count.series[2])
glue("data_series_three", count.series[3])
glue("data_measured_base", int(measured_base.sum()))

# %% [markdown]
# {glue:text}`data_rows` rows are {glue:text}`data_models` different models, of which {glue:text}`data_base_models`
# are base models; the leaderboard measured {glue:text}`data_measured_base` of these. There are
# {glue:text}`data_labels` family labels, {glue:text}`data_base_families` with a base model. A coupling needs two
# sizes of a family, which {glue:text}`data_series_two` labels have; a change of its sign needs three, which
# {glue:text}`data_series_three` have.
#
# ## The several Pythia tables
#
# Pythia {cite:p}`biderman2023` is the paper's central family. The released material holds its scores in several
# tables; one of them is typed points of a predicted curve, and `obs_deduped` is the leaderboard's.

# %% tags=["hide-input"]
variants = tables.read("panel_pythia_variants")
draw.pythia_paths(
    variants.assign(table=agreement.same_tables(variants)),
    "TruthfulQA against HellaSwag from the smallest Pythia to the largest, one line per different table; tables with "
    "the same scores share a line. All fall, but they put the same model at different places, up to several points "
    "apart. Click a table in the legend to bring it forward.",
)

# %%
correlations = agreement.table_correlations(variants)
correlations[["n", "r"]]

# %% tags=["hide-input"]
compare.intervals(
    correlations.drop(columns="r").reset_index(names="table").assign(kind="Pearson r with Fisher interval"),
    label="table",
    series="kind",
    title="correlation of HellaSwag and TruthfulQA",
    description="Correlation of HellaSwag and TruthfulQA within each table of Pythia scores of four sizes or more, "
    "with Fisher's 95 % interval. All are strongly negative; the intervals overlap.",
    tables=["panel_pythia_variants"],
    domain=(-1.0, correlations["high"].max() + 0.02),
    zero=False,
)

# %% tags=["remove-cell"]
by_model = variants[variants["kind"] == "released"].groupby("model")[["hellaswag", "truthfulqa"]]
spread = by_model.max() - by_model.min()
glue("data_n_tables_released", variants.loc[variants["kind"] == "released", "table_id"].nunique())
glue("data_n_tables_different", agreement.same_tables(variants)[variants["kind"] == "released"].nunique())
glue("data_r_low", correlations["value"].min(), ".3f")
glue("data_r_high", correlations["value"].max(), ".3f")
glue("data_spread_hellaswag", spread["hellaswag"].max(), ".1f")
glue("data_spread_hellaswag_model", spread["hellaswag"].idxmax())
glue("data_spread_truthfulqa", spread["truthfulqa"].max(), ".1f")
glue("data_spread_truthfulqa_model", spread["truthfulqa"].idxmax())

# %% [markdown]
# The {glue:text}`data_n_tables_released` released tables hold {glue:text}`data_n_tables_different` different sets of
# these two scores. They put the same model up to {glue:text}`data_spread_hellaswag` points of HellaSwag apart
# ({glue:text}`data_spread_hellaswag_model`), and {glue:text}`data_spread_truthfulqa` points of TruthfulQA
# ({glue:text}`data_spread_truthfulqa_model`). What does hold in every one of them: TruthfulQA falls as
# HellaSwag rises, with $r$ from {glue:text}`data_r_low` to {glue:text}`data_r_high`. A correlation quoted to three
# decimals depends on the table; its sign does not. The intervals treat sizes of a family as independent draws, which
# they are not; they serve to compare the tables. What such a correlation means is the subject of
# {ref}`the coupling section <sec-coupling>`.
#
# (sec-data-variant)=
# ## Which TruthfulQA: MC1 or MC2?
#
# TruthfulQA {cite:p}`lin2022` has two multiple-choice scores over the same questions. MC1 is an accuracy: one true
# answer among several. MC2 is the share of probability that a model gives to all true answers. The paper's appendix
# says MC1 throughout. The leaderboard reports MC2 {cite:p}`beeching2023`.

# %%
published = tables.read("truthfulqa_variants")
variant = agreement.truthfulqa_variant(found, released, published)
variant.by_source.round(3)

# %% tags=["hide-input"]
compared = ["truthfulqa", "mc1", "from_mc1", "from_mc1_se", "mc2", "from_mc2", "from_mc2_se"]
variant.anchors.set_index("model")[compared].round(2)

# %% tags=["hide-input"]
draw.variant_plane(
    cells[cells["score"] == "truthfulqa"],
    variant.anchors,
    "Released TruthfulQA score against the leaderboard's MC2. Most points lie on the dashed diagonal; the MC1 score of "
    "the model for which both variants are published lies far below it.",
)

# %% tags=["remove-cell"]
anchor = variant.anchors.iloc[0]
glue("data_variant_n", variant.n_compared)
glue("data_variant_within", variant.within, "g")
glue("data_variant_share", variant.share_within, ".0%")
glue("data_variant_median", variant.median_difference, ".3f")
glue("data_variant_anchor", anchor["model"])
glue("data_variant_anchor_score", anchor["truthfulqa"], ".1f")
glue("data_variant_anchor_mc1", anchor["mc1"], ".1f")
glue("data_variant_anchor_mc2", anchor["mc2"], ".1f")
glue("data_variant_from_mc1", abs(anchor["from_mc1_se"]), ".0f")
glue("data_variant_from_mc2", abs(anchor["from_mc2_se"]), ".1f")

# %% [markdown]
# Two arguments, one answer:
#
# - Of {glue:text}`data_variant_n` released scores, {glue:text}`data_variant_share` lie within
#   {glue:text}`data_variant_within` points of the leaderboard's MC2; the median distance is
#   {glue:text}`data_variant_median` points. Two different scores of the same answers would not coincide like that.
# - For {glue:text}`data_variant_anchor` one run of the evaluation harness {cite:p}`gao2023` was published with both
#   scores: MC1 {glue:text}`data_variant_anchor_mc1`, MC2 {glue:text}`data_variant_anchor_mc2`. The released
#   {glue:text}`data_variant_anchor_score` is {glue:text}`data_variant_from_mc1` standard errors from MC1 and
#   {glue:text}`data_variant_from_mc2` from MC2.
#
# What is missing: MC1 of the other models is not in our tables, so the analyses of this edition cannot be repeated
# with the score that the paper names. The rows that do not agree with the leaderboard could in principle be either.
#
# *Interpretation.* MC2 has no fixed chance level: a model that spreads its probability evenly over all answers gets
# the share of them that is true, and for MC1 one over their number, which is less wherever more than one answer is
# true. The high MC2 of a very small model then need not mean that it is truthful; it could mean that it is undecided,
# and part of the fall of TruthfulQA with size could be indecision going. These tables cannot say whether it is.
#
# ## Verdicts
#
# The definition compared is the plain reading of the words: *base models* are different weights that are not tuned,
# *families* are the panel's labels.

# %% tags=["hide-input"]
claims.check(
    "panel.n_models",
    released=count.base_models,
    independent=int(measured_base.sum()),
    alternatives={"rows of the released table": count.rows, "different repositories of weights": count.models},
    reason="The table has as many rows as the paper says; rows for the same weights and tuned models are among them.",
)

# %% tags=["hide-input"]
claims.check(
    "panel.n_families",
    released=count.labels,
    independent=base.loc[measured_base, "family"].nunique(),
    alternatives={
        "labels with a base model": count.base_families,
        "labels with two sizes of base models": count.series[2],
        "labels with three sizes of base models": count.series[3],
    },
    reason="Labels as they stand; the independent count is of those the leaderboard measured at least once.",
)

# %% tags=["hide-input"]
claims.check(
    "coupling.mc_variant",
    released=variant.index,
    reason="The scores are the leaderboard's MC2 where they agree with it, and the published pair points the same way.",
)

# %% [markdown]
# ## A panel of your own
#
# A CSV file in UTF-8 with one row per model takes a panel's place: `cape run coupling -p panel=mine.csv -p
# family=Mine`. Parts of a section that need families the file does not hold are left out, each with its reason. It
# may hold these columns and no others; `cape check mine.csv` tells everything that is wrong with it at once, with the
# line in the file.

# %%
tables.form("panel").set_index("column")

# %% [markdown]
# ## What next
#
# - {ref}`Scaling <sec-scaling>`: does the loss see anything at the critical size?
# - {ref}`Coupling <sec-coupling>`: the paper's central claim, on both panels.
# - {doc}`The ledger </book/ledger>`: every claim with its verdict.
