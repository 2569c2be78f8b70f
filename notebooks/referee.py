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
# (sec-referee)=
# # Referee: what would a careful reader object?
#
# **Overview.** Nine objections to the coupling and its critical scale, each answered by a computation. The first four
# ask whether there is more than a summary of scores: does $N_c$ say anything of families and sizes that it was not
# fitted to, what is left when common causes are held, is the turn there where the test cannot have been in the training
# text, and how often would the whole diagnosis find a transition where none was put in? The others ask how sharp the
# turn is, how much it depends on choices, which models stand behind each number, and whether knowledge explains what
# size does not. The last asks what it would take to know.
#
# **You need** {doc}`coupling </notebooks/coupling>`, which defines the quantities, and the idea of a permutation test.
# **~40 min.**

# %% tags=["parameters", "hide-input"]
panel: str = "measured"  # panel for objections 1, 2, 4 and 5: measured, released, or a CSV of yours
break_at_b: float = 0.0  # size that divides small from large models, billions; 0 takes the paper's critical scale
exponent: float = 0.3  # median exponent of the simulated falling and rising laws of TruthfulQA
scale_spread: float = 1.0  # spread between families of the scale at which their two laws balance, decades
n_panels: int = 1000  # simulated panels of every world in which the diagnosis is tried
n_perm: int = 1000  # shuffles of every permutation test
curated: list = ["Phi", "SmolLM"]  # families trained on curated or synthetic text, left out in one of the checks
chance_margin: float = 2.0  # points above chance up to which an MMLU score counts as chance
mmlu_edges: list = [27, 40, 55, 70]  # edges of the groups of like MMLU, percent
coupling_sizes: list = [0.1, 0.2, 0.4]  # couplings to be seen, points of truthfulness per point of reasoning
family_counts: list = [5, 10, 20, 40, 80, 160]  # numbers of families in the power analysis
sizes_each: int = 5  # sizes per family in the power analysis
question_factor: int = 10  # how many times as many TruthfulQA questions in the alternative of the power analysis
shared_noise: float = 0.5  # part of the item noise that all models share, because they answer the same questions
n_boot: int = 1000  # resamples of every bootstrap
n_draws: int = 200  # simulated panels behind every share of the power analysis
seed: int = 0  # seed of every random draw

# %% tags=["hide-input"]
from dataclasses import replace

import numpy as np
import pandas as pd

from capelib import claims, coupling, parameters, present, selection, tables
from capelib.charts import families as compare
from capelib.charts import referee as draw
from capelib.charts import referee_scale as draw_scale
from capelib.coupling.critical import LOG10_RANGE
from capelib.errors import InputError
from capelib.estimate import Estimate
from capelib.frames import shown
from capelib.present import glue
from capelib.referee import (
    confounding,
    crossing,
    diagnosis,
    halves,
    holdout,
    knowledge,
    knowledge_checks,
    overlap,
    own_slopes,
    partners,
    power,
    profile,
    sensitivity,
    shapes,
    sharpness,
    worlds,
)
from capelib.referee import models as behind
from capelib.scaling.selection import stated_losses

present.setup()
parameters.check("referee", globals())

# %% [markdown]
# ## What the referee asked
#
# An automatic review of the paper {cite:p}`pith2026` has three major points. $N_c$ is estimated from the same scores
# that define the coupling, which risks a circle. Overlap of the benchmarks and contamination of the training data are
# not controlled. And two scores that follow power laws of their own, with nothing between them, might show the same
# picture if the laws cross near $N_c$. Two minor points concern the width of the interval and the list of models. The
# reply published with it is simulated as well; it promises robustness checks and a paragraph on limitations. The other
# objections below are those that a statistician would add.

# %% tags=["hide-input"]
claims.quote("nc.pythia", "coupling.n_standard_families", "coupling.r_pythia", "coupling.r_large")

# %% tags=["hide-input"]
BILLION = 1e9
pair = ["hellaswag", "truthfulqa"]
items = tables.read("benchmarks").set_index("benchmark")["n_items"].to_dict()
author = tables.panel("released")
everyone = tables.panel("measured")
leaderboard = selection.base_models(everyone)
models = selection.one_row_per_model(selection.base_models(tables.panel(panel)))
nc_paper = claims.claim("nc.pythia").value * BILLION
split = break_at_b * BILLION or nc_paper
in_paper = {*author["family"], "Llama", "GPT-Neo/J"}  # the last two are the leaderboard's labels for families in it


def estimate(row: pd.Series, names: tuple[str, str, str] = ("value", "low", "high"), unit: float = 1.0) -> Estimate:
    """Value and interval from a row of a table of results, in `unit`; no interval where the row has none."""
    value, low, high = (row[name] / unit for name in names)
    return Estimate(value, low, high) if np.isfinite([low, high]).all() else Estimate(value)


# %% tags=["remove-cell"]
source = {"measured": "leaderboard's", "released": "released"}.get(panel, "given")
table = {"measured": "panel_leaderboard", "released": "panel_released"}.get(panel, "panel")
glue("referee_panel", source)
glue("referee_split", f"{split / BILLION:.2g}")


# %% [markdown]
# ## 1. Is the critical scale fixed by the data that define the coupling?
#
# *The objection.* $\gamma_{12}$ and $N_c$ come from the same scores, so their agreement shows nothing.
#
# First, what the sign of a coupling is made of. $\gamma_{12} = \Delta B_2 / \Delta B_1$, and the denominator hardly
# ever falls:

# %%
partners.rises(models, pair[:1])

# %% tags=["remove-cell"]
row = partners.rises(models, pair[:1]).iloc[0]
glue("referee_rise_steps", row["steps"])
glue("referee_rise_rising", row["rising"])
glue("referee_rise_same", f"{row['same_sign']:.0%}")

# %% [markdown]
# HellaSwag rises in {glue:text}`referee_rise_rising` of {glue:text}`referee_rise_steps` steps, so in
# {glue:text}`referee_rise_same` of them the sign of $\gamma_{12}$ is the sign of TruthfulQA's own change. $N_c$ says at
# which size TruthfulQA stops falling. Whether it is reasoning that makes it fall, and then rise, is not in the sign.
#
# ### Families held out
#
# A scale that means something says of a family it was not fitted to which steps are negative (those below it) and which
# positive (those above). Three estimators fix it on the other families: the best split of their signs, the minimum of
# one parabola shared by all families, the zero of the running line. The paper's own $N_c$ needs no fit. The competitors
# know no size: one sign for all steps, or the sign that is commoner in the families held in.

# %% tags=["hide-input"]
stated = {"the paper's N_c": nc_paper}
arguments = {"stated": stated, "n_boot": n_boot, "n_perm": n_perm, "seed": seed}
tests = {}
with present.if_possible():
    tests["each family in turn"] = holdout.hold_out_families(models, items, **arguments)
    display(tests["each family in turn"])
with present.if_possible():
    tests["paper's → others"] = holdout.predict_others(models, in_paper, items, **arguments)
    tests["others → paper's"] = holdout.predict_others(models, {*models["family"]} - in_paper, items, **arguments)

# %% tags=["hide-input"]
if tests:
    rows = pd.concat(found.frame.assign(test=name) for name, found in tests.items())
    display(
        draw.shares(
            rows[["rule", "test", "value", "low", "high"]],
            "rule",
            "test",
            "Signs right",
            "Share of held-out steps whose sign each rule gets right, with 95 % intervals from resampling families: "
            "with each family held out in turn, fitted to the paper's families and tested on the others, and the "
            "reverse. The upper four rules are a critical scale, the lower three know no size.",
            [table],
        )
    )

# %% tags=["remove-cell"]
PARTS = {"each family in turn": "out", "paper's → others": "others", "others → paper's": "back"}
RULES = {holdout.SPLIT: "split", holdout.TURN: "turn", holdout.ZERO: "zero", "the paper's N_c": "paper",
         holdout.COMMONER: "commoner", holdout.NEGATIVE: "negative", holdout.POSITIVE: "positive"}  # fmt: skip
for name, found in tests.items():
    part, first = PARTS[name], found.row(holdout.SPLIT)
    glue(f"referee_{part}_steps", found.n_steps)
    glue(f"referee_{part}_split_fitted", f"{first['fitted']:.0%}")
    glue(f"referee_{part}_split_less", estimate(first, ("less", "less_low", "less_high"), 0.01), "+.0f")
    glue(f"referee_{part}_split_chance", f"{first['chance']:.0%}")
    for rule, key in RULES.items():
        row = found.row(rule)
        glue(f"referee_{part}_{key}", f"{row['value']:.0%}")
        if np.isfinite(row["p"]):
            glue(f"referee_{part}_{key}_p", f"{row['p']:.2f}")
    for rule in holdout.FITTED:
        scales = found.scales.loc[found.scales["rule"] == rule, "n_params"] / BILLION
        low, high = f"{scales.min():.2g}", f"{scales.max():.2g}"
        glue(f"referee_{part}_{RULES[rule]}_scale", low if low == high else f"{low} to {high}")

# %% [markdown]
# *Each family in turn.* The best split of the other families' signs lies at {glue:text}`referee_out_split_scale`
# billion parameters. It is right in {glue:text}`referee_out_split_fitted` of the steps it was fitted to and in
# {glue:text}`referee_out_split` of the {glue:text}`referee_out_steps` held-out ones: what circularity there is, is the
# gap between the two. The commoner sign of the other families is right in {glue:text}`referee_out_commoner` of them, a
# difference of {glue:text}`referee_out_split_less` percentage points; the paper's $N_c$ in
# {glue:text}`referee_out_paper`.
#
# Is it the size of a step that tells its sign, or the family? Let the increments of TruthfulQA be shuffled among the
# steps of the same family, as a pack of cards is dealt anew: each family falls or rises as much as before, at sizes
# that chance decides. The median deal still lets the split get {glue:text}`referee_out_split_chance` of the held-out
# signs right, and at least as many as observed come with $p$ = {glue:text}`referee_out_split_p` (for the shared
# parabola {glue:text}`referee_out_turn_p`, for the line {glue:text}`referee_out_zero_p`, for the paper's $N_c$
# {glue:text}`referee_out_paper_p`). That much of the score is owed to which families have small models and which have
# large ones, not to where a family turns.
#
# *From the paper's families to others.* Fixed on the families of the paper's panel, the split
# ({glue:text}`referee_others_split_scale` billion) gets {glue:text}`referee_others_split_fitted` of their own signs and
# {glue:text}`referee_others_split` of the {glue:text}`referee_others_steps` in families that the paper never saw; the
# parabola ({glue:text}`referee_others_turn_scale`) gets {glue:text}`referee_others_turn` of these, the line
# ({glue:text}`referee_others_zero_scale`) {glue:text}`referee_others_zero`, the paper's own number
# {glue:text}`referee_others_paper`. Calling every step positive gets {glue:text}`referee_others_positive`. In the other
# direction the split gets {glue:text}`referee_back_split`, and calling every step negative
# {glue:text}`referee_back_negative`.
#
# ### Sizes held out
#
# The paper's $N_c$ belongs to a family, so the fairest test stays in it. The first, third, fifth … size of a family
# share no model with the second, fourth …: each half fixes the family's $N_c$, the other half tests it. The competitor
# without a critical scale says that the family goes on as it went from its smallest to its largest model.

# %%
half = None
with present.if_possible():
    half = halves.hold_out_sizes(models, items, n_boot=n_boot, seed=seed)
    display(half)

# %% tags=["remove-cell"]
if half:
    glue("referee_half_steps", half.n_steps)
    glue("referee_half_families", len(half.families))
    for rule, key in ((halves.OWN, "own"), (halves.COMMON, "common"), (halves.SAME, "same")):
        glue(f"referee_half_{key}", f"{half.row(rule)['value']:.0%}")
    less = estimate(half.row(halves.OWN), ("less", "less_low", "less_high"), 0.01)
    glue("referee_half_own_less", less, "+.0f")
    better = half.families[half.families[halves.OWN] > half.families[halves.SAME]]["family"]
    glue("referee_half_better", ", ".join(better) or "none")

# %% [markdown]
# Of {glue:text}`referee_half_steps` steps in {glue:text}`referee_half_families` families, a family's own $N_c$ gets
# {glue:text}`referee_half_own` right, one $N_c$ for all {glue:text}`referee_half_common`, and the family's overall
# direction {glue:text}`referee_half_same`. The family's $N_c$ differs from its direction by
# {glue:text}`referee_half_own_less` percentage points; families in which it does better:
# {glue:text}`referee_half_better`.
#
# *Answer:* fitting explains the gap between fitted and held-out shares, and no more: for the best split
# {glue:text}`referee_out_split_fitted` and {glue:text}`referee_out_split`. What a critical scale is worth is another
# question. Within a family it has to beat one word, "falls" or "rises", and on sizes held out the difference is
# {glue:text}`referee_half_own_less` percentage points.

# %% [markdown]
# ## 2. Are both scores driven by something else?
#
# *The objection.* Along a family everything grows with size; across families newer recipes are better at everything.
# Both make scores correlate that have no hold on each other.
#
# Along families each correlation is set beside its null: every family keeps its own smooth trend in each score, fitted
# without a look at the other, and the scatter about the trends is unrelated. Across families the models compared have
# one size, and what their recipes share, the year and the number of training tokens, is held by regression. One set of
# models serves all rows of a kind, so that what changes is what is held.

# %% tags=["hide-input"]
edges = coupling.fixed_size.EDGES
along = across = None
with present.if_possible():
    along = confounding.along_families(models, items, split, n_boot=n_boot, seed=seed)
held = {
    "across families of one size": [],
    "… release year held too": ["release_year"],
    "… training tokens held too": ["log10_tokens"],
    "… both held": ["release_year", "log10_tokens"],
}
with present.if_possible():
    known = confounding.with_covariates(leaderboard, tables.read("architectures"))
    across = confounding.across_families(known, held, split, n_boot=n_boot, seed=seed)

# %% tags=["hide-input"]
with present.if_possible():
    display(
        draw.sides(
            pd.concat([along, across]),
            "measure",
            "Correlation",
            f"Correlation of HellaSwag and TruthfulQA below and above {split / BILLION:.2g} billion parameters, with "
            "95 % intervals from resampling whole families. Grey bands: 95 % of what separate trends give. The upper "
            "three rows look along families, the lower four across families of one size.",
            list(dict.fromkeys([table, "panel_leaderboard", "architectures"])),
            domain=(-1, 1),
        )
    )

# %% tags=["hide-input"]
with present.if_possible():
    display(
        shown(
            along,
            "Along families: correlations below and above, and what separate trends with unrelated scatter give",
            names={"null": "separate trends", "null_low": "from", "null_high": "to"},
        )
    )

# %% tags=["remove-cell"]
if along is not None:
    words = {confounding.AS_IS: "as_is", confounding.SIZE: "size", confounding.OWN_LINE: "line"}
    for row in along.dropna(subset=["value"]).itertuples():
        key = f"referee_{words[row.measure]}_{row.side}"
        glue(key, Estimate(row.value, row.low, row.high), ".2f")
        glue(f"{key}_null", f"{row.null_low:.2f} to {row.null_high:.2f}")
    inside = int(along["p"].gt(0.05).sum())
    glue("referee_along_inside", inside)
    glue("referee_along_rows", len(along))
if across is not None:
    words = dict(zip(held, ("plain", "year", "tokens", "both"), strict=True))
    sides = {confounding.BELOW: "below", confounding.ABOVE: "above", confounding.DIFFERENCE: "difference"}
    for row in across.itertuples():
        glue(f"referee_across_{words[row.measure]}_{sides[row.side]}", Estimate(row.value, row.low, row.high), ".2f")
    glue("referee_across_n", int(across["n"].max()))
    glue("referee_across_all", len(leaderboard))

# %% [markdown]
# *Along families* the correlation is {glue:text}`referee_as_is_below` below the split of {glue:text}`referee_split`
# billion and {glue:text}`referee_as_is_above` above it. Separate trends give {glue:text}`referee_as_is_below_null` and
# {glue:text}`referee_as_is_above_null`. With size held it is {glue:text}`referee_size_below` and
# {glue:text}`referee_size_above`, with each family's own line taken out {glue:text}`referee_line_below` and
# {glue:text}`referee_line_above`. Of {glue:text}`referee_along_rows` correlations {glue:text}`referee_along_inside` are
# ordinary members of what separate trends give (two-sided $p$ above 0.05).
#
# *Across families of one size* no trend along a family plays a part. There the correlation is
# {glue:text}`referee_across_plain_below` below and {glue:text}`referee_across_plain_above` above, a difference of
# {glue:text}`referee_across_plain_difference`, on the {glue:text}`referee_across_n` of {glue:text}`referee_across_all`
# leaderboard models whose year and training tokens are known. With the release year held the difference is
# {glue:text}`referee_across_year_difference`, with the tokens held {glue:text}`referee_across_tokens_difference`, with
# both {glue:text}`referee_across_both_difference`. Above the split $r$ goes from
# {glue:text}`referee_across_plain_above` to {glue:text}`referee_across_year_above`,
# {glue:text}`referee_across_tokens_above` and {glue:text}`referee_across_both_above`.
#
# *Answer:* along families, {glue:text}`referee_along_inside` of {glue:text}`referee_along_rows` correlations ask for no
# more than two trends. Across families of one size the two sides differ by
# {glue:text}`referee_across_plain_difference`, and by {glue:text}`referee_across_both_difference` once the year and the
# length of training are held. Holding a cause also holds whatever works through it: if longer training made models
# reason better, and reasoning made them truthful, the table would look the same.

# %% [markdown]
# ## 3. Was the test in the training text?
#
# *The objection.* Later and larger models may have read the questions, and the two benchmarks may overlap.
#
# ### Text that cannot hold the questions
#
# A model's own date does not settle it: Pythia came out in 2023 and was trained on the Pile {cite:p}`gao2020`, a corpus
# of
# 2020. What counts is when the text ends. For {glue:text}`referee_text_n` families their own documents say so.

# %% tags=["hide-input"]
benchmarks, text = tables.read("benchmarks"), tables.read("training_text")
architectures = tables.read("architectures")
dates = overlap.dates(benchmarks, leaderboard, text, architectures)
shown(
    dates,
    "Benchmarks; models of the leaderboard released in an earlier year, models whose training text ends before the "
    "month of publication, and families of the latter",
)

# %%
shown(text, "Families whose training text is known to end by some month")

# %% tags=["remove-cell"]
counts = dates.set_index("benchmark")["families"]
glue("referee_text_n", len(text))
glue("referee_text_truthfulqa", int(counts["TruthfulQA"]))
glue("referee_text_hellaswag", int(counts["HellaSwag"]))
glue("referee_text_pile", int((text["corpus"] == "the Pile").sum()))

# %% [markdown]
# Before HellaSwag was published the text of {glue:text}`referee_text_hellaswag` family ends, before TruthfulQA that of
# {glue:text}`referee_text_truthfulqa`: only there is something to compare. These families cannot have read its
# questions, nor pages that discuss it. A family that is not listed is not known to be later; its documents were not
# found to bound its text. Models trained on program code, which are left out everywhere else, form a third group. What
# is compared is TruthfulQA's change per decade of size, which has the sign of $\gamma_{12}$ without its small
# denominator.

# %% tags=["hide-input"]
published = benchmarks.set_index("benchmark")["published"]["truthfulqa"]
before = overlap.text_ends_before(leaderboard, text, published)
code = everyone[everyone["is_base"] & everyone["is_code_model"]]
groups = {
    "text ends before TruthfulQA": leaderboard[before],
    "text not known to end before": leaderboard[~before],
    "code models": code,
}
changes = overlap.slopes_by_side(groups, split, n_boot=n_boot, seed=seed)
shown(changes, "TruthfulQA's change with size, points per decade", names={"negative": "share negative"})

# %% tags=["hide-input"]
draw.sides(
    changes,
    "group",
    "Points per decade",
    f"How TruthfulQA changes with size below and above {split / BILLION:.2g} billion parameters in three groups of "
    "families, with 95 % intervals from resampling whole families. A turn would show as an orange mark left of zero "
    "and a blue one right of it in the same row.",
    ["panel_leaderboard", "training_text"],
)

# %% tags=["hide-input"]
largest = overlap.family_changes(groups["text ends before TruthfulQA"], *pair)["n_mid"].max()
corpus = dict(zip(text["family"], text["corpus"], strict=True))
first, second, _ = groups.values()
ranges = {"below": (0.0, split), "above": (split, largest)}
apart, by_corpus = {}, {}
for side, (low, high) in ranges.items():
    for compared, unit in ((apart, None), (by_corpus, corpus)):
        with present.if_possible():
            compared[side] = overlap.compare(first, second, low, high, unit=unit, n_perm=10 * n_perm, seed=seed)
listed = leaderboard["family"].isin(text["family"])
wider = overlap.slopes_by_side({"listed": leaderboard[listed]}, split, n_boot=n_boot, seed=seed).set_index("side")

# %% tags=["remove-cell"]
SIDES = {overlap.BELOW: "below", overlap.ABOVE: "above", overlap.DIFFERENCE: "difference"}
for (group, side), row in changes.dropna(subset=["value"]).set_index(["group", "side"]).iterrows():
    key = {"text ends before TruthfulQA": "before", "code models": "code"}.get(group, "later")
    glue(f"referee_{key}_{SIDES[side]}", estimate(row), "+.1f")
    if key == "code":
        glue(f"referee_code_{SIDES[side]}_n", int(row["families"]))
for side, found in apart.items():
    glue(f"referee_apart_{side}", f"{found.difference:+.1f}")
    glue(f"referee_apart_{side}_p", f"{found.p:.2g}")
    glue(f"referee_listed_{side}", estimate(wider.loc[side]), "+.1f")
for side, found in by_corpus.items():
    glue(f"referee_corpus_{side}_p", f"{found.p:.2g}")
glue("referee_before_largest", f"{largest / BILLION:.0f}")
long = selection.families_with(leaderboard, 3, pair)
steps = coupling.local_coupling(long).frame.dropna(subset=["gamma"])
old = overlap.text_ends_before(steps, text, published)
glue("referee_rule_text", f"{((steps['gamma'] < 0) == old).mean():.0%}")
glue("referee_rule_n", len(steps))
reference = holdout.hold_out_families(leaderboard, items, n_boot=n_boot, n_perm=n_perm, seed=seed)
elsewhere = holdout.predict_others(leaderboard, in_paper, items, n_boot=n_boot, n_perm=n_perm, seed=seed)
by_scale = reference.row(holdout.SPLIT)
glue("referee_rule_scale", f"{by_scale['value']:.0%}")
glue("referee_rule_chance", f"{by_scale['chance']:.0%}")
glue("referee_rule_p", f"{by_scale['p']:.2f}")
glue("referee_rule_others", f"{elsewhere.row(holdout.SPLIT)['value']:.0%}")
glue("referee_rule_positive", f"{elsewhere.row(holdout.POSITIVE)['value']:.0%}")

# %% [markdown]
# In families whose text ends before TruthfulQA was published, it changes by {glue:text}`referee_before_below` points
# per decade below the split and by {glue:text}`referee_before_above` above; the difference of the sides, which is what
# a turn would be, is {glue:text}`referee_before_difference`. In the others it changes by
# {glue:text}`referee_later_below` and {glue:text}`referee_later_above`, a difference of
# {glue:text}`referee_later_difference`.
#
# Now the same table read down a column. The early families' change less the others' is {glue:text}`referee_apart_below`
# points per decade below the split (permutation of families, $p$ = {glue:text}`referee_apart_below_p`) and
# {glue:text}`referee_apart_above` above it, up to {glue:text}`referee_before_largest` billion, the early group's
# largest step ($p$ = {glue:text}`referee_apart_above_p`). The {glue:text}`referee_text_pile` families that share the
# Pile are one case rather than as many; with corpora dealt instead of families $p$ is
# {glue:text}`referee_corpus_below_p` and {glue:text}`referee_corpus_above_p`. If OPT and BLOOM count as early too,
# whose text can hold the questions for half a year at most, the early group changes by
# {glue:text}`referee_listed_below` and {glue:text}`referee_listed_above`.
#
# The date of the text is thus a rival of size. The rule "negative if the text ends before TruthfulQA", which knows no
# size, gets {glue:text}`referee_rule_text` of the signs right in the {glue:text}`referee_rule_n` steps of families with
# three sizes or more, where the best scale, held out, gets {glue:text}`referee_rule_scale`. The grouping was thought of
# after the scores had been seen, so this is a lead to follow, not a test passed.
#
# Nor does it show contamination. Later corpora are also larger, better filtered and read for longer; and code models,
# whose text is later as well, change by {glue:text}`referee_code_below` and {glue:text}`referee_code_above`, in
# {glue:text}`referee_code_below_n` and {glue:text}`referee_code_above_n` families. What it shows is that these data
# cannot tell size from date: the early families have no step beyond {glue:text}`referee_before_largest` billion.
#
# ### Partners that share nothing with it
#
# If questions shared by the two benchmarks, or a common answer format, made the coupling, partners without either would
# not show it. HumanEval is answered in programs and GSM8K in numbers.

# %%
X = ["hellaswag", "arc_challenge", "winogrande", "mmlu", "gsm8k", "humaneval"]
mates = partners.partners(leaderboard, X, split, n_boot=n_boot, seed=seed)

# %% tags=["hide-input"]
names = benchmarks.set_index("benchmark")["name"].map(lambda name: name.split(":")[0])
short = {**names, "mmlu": "MMLU", "arc_challenge": "ARC-Challenge", "gsm8k": "GSM8K"}
draw.sides(
    mates.assign(benchmark=mates["benchmark"].map(short)),
    "benchmark",
    "Correlation with TruthfulQA",
    "Correlation of TruthfulQA with each benchmark among models of one size, below and above "
    f"{split / BILLION:.2g} billion parameters, with 95 % intervals from resampling whole families.",
    ["panel_leaderboard", "benchmarks"],
    domain=(-1, 1),
)

# %% tags=["hide-input"]
makers = partners.other_evaluator(tables.read("pythia_checkpoints"), leaderboard[leaderboard["family"] == "Pythia"])
shown(makers, "Pythia: r of TruthfulQA (leaderboard) with what its makers measured themselves, eight sizes")

# %% tags=["remove-cell"]
wide = mates.set_index(["benchmark", "side"])
for x in ("mmlu", "gsm8k"):
    if (x, "below") in wide.index:
        glue(f"referee_mate_{x}", estimate(wide.loc[(x, "below")]), ".2f")
rising = mates[(mates["side"] == partners.DIFFERENCE) & (mates["low"] > 0)]
tax = mates[(mates["side"] == "below") & (mates["value"] < 0)]
glue("referee_mates_n", mates["benchmark"].nunique())
glue("referee_mates_change", len(rising))
glue("referee_mates_tax", ", ".join(tax["benchmark"].map(short)) or "none")
glue("referee_makers_n", len(makers))
glue("referee_makers_negative", int((makers["high"] < 0).sum()))

# %% [markdown]
# The correlation is larger above the split than below it, with an interval that leaves out zero, for
# {glue:text}`referee_mates_change` of {glue:text}`referee_mates_n` partners, those in another format among them. So
# shared questions do not make the change. The *tax* is another matter: partners with a negative correlation below the
# split are {glue:text}`referee_mates_tax`; with MMLU it is {glue:text}`referee_mate_mmlu`, with GSM8K
# {glue:text}`referee_mate_gsm8k`. Small models score near chance on these, so their correlation there says little.
#
# Scores that another evaluator measured, with other code, fall with TruthfulQA just as well: in Pythia
# {glue:text}`referee_makers_negative` of {glue:text}`referee_makers_n` tasks have a correlation whose interval lies
# below zero. Whatever grows along that family anticorrelates with TruthfulQA.
#
# *Answer:* no questions need be shared for the change. Contamination is neither shown nor excluded; among families that
# cannot have read the test, TruthfulQA's slope changes from below to above the split by
# {glue:text}`referee_before_difference`, and none of them is large enough to settle it.

# %% [markdown]
# ## 4. Would independent laws look the same?
#
# *The objection.* Two power laws that have nothing to do with each other, and cross near $N_c$, would be called a
# transition.
#
# So worlds are made in which TruthfulQA knows nothing of HellaSwag, and the whole diagnosis is run on them. Families,
# sizes, HellaSwag's curves, the slopes that TruthfulQA has in families and the scatter about both are those of the
# {glue:text}`referee_panel` panel; only the law of TruthfulQA is put in:
#
# - *straight lines*: every family has a slope of its own in $\log N$ and none turns, with the slopes of the panel's
#   families either shuffled among them (dealt) or left where they are;
# - *they meet*: in every family HellaSwag rises and TruthfulQA falls as a power of $N$, and they meet at the split;
# - *two laws*: TruthfulQA is a falling plus a rising power of $N$, balanced at the split for all families, or at a
#   scale of each family's own;
# - *coupled*: each step of TruthfulQA is the paper's running coupling times the step of HellaSwag.
#
# A transition is diagnosed if five signs come together: at least as many families as in the panel itself have a
# negative step and later a positive one; a parabola shared by all families has a minimum; at most one resample of
# families in twenty has none; HellaSwag and TruthfulQA correlate negatively below that minimum and positively above it;
# and the running coupling rises with size.

# %% tags=["hide-input"]
laws = crossing.Laws(split, scale_spread, exponent)
by_world = None
with present.if_possible():
    by_world = crossing.crossing(models, items, laws, n_draws=n_panels, n_boot=n_boot, seed=seed)
    display(by_world)

# %% tags=["hide-input"]
if by_world:
    display(
        draw.worlds(
            by_world.frame,
            diagnosis.ALL,
            crossing.COUPLED,
            "Share of panels",
            "Share of simulated panels in which the whole diagnosis says transition (bars), and of those that show "
            "each of its five signs (grey ticks). Only the last world has a coupling.",
            [table],
        )
    )

# %% tags=["hide-input"]
minima = []
if by_world:
    for name, found in by_world.simulated.items():
        at = found.frame["n_params"].dropna()
        low, middle, high = np.percentile(at, [2.5, 50, 97.5])
        minima.append({"world": name, "value": middle, "low": low, "high": high})
    display(
        draw.minima(
            pd.DataFrame(minima),
            float(by_world.observed.frame["n_params"].iloc[0]),
            "Where the simulated panels have the minimum of TruthfulQA, median and 95 % of those that have one; "
            "dashed: the panel itself. A minimum counts between "
            f"{compare.size_text(10 ** LOG10_RANGE[0])} and {compare.size_text(10 ** LOG10_RANGE[1])}, as in the "
            "released script.",
            [table],
        )
    )

# %% tags=["remove-cell"]
if by_world:
    words = {crossing.DEALT: "dealt", crossing.OWN: "own", crossing.MEET: "meet", crossing.BALANCED: "balanced",
             crossing.APART: "apart", crossing.COUPLED: "coupled"}  # fmt: skip
    for name, key in words.items():
        glue(f"referee_world_{key}", f"{by_world.share(name):.0%}")
    glue("referee_world_own_beside", f"{by_world.beside_turning(crossing.OWN):.0%}")
    glue("referee_world_own_minimum", f"{by_world.share(crossing.OWN, diagnosis.SIGNS[1]):.0%}")
    glue("referee_world_own_signs", f"{by_world.share(crossing.OWN, diagnosis.SIGNS[3]):.0%}")
    row = next(row for row in minima if row["world"] == crossing.OWN)
    glue("referee_world_own_place", estimate(pd.Series(row), unit=BILLION), ".2g")
    own = by_world.observed.frame.iloc[0]
    glue("referee_world_turning", by_world.turning)
    glue("referee_world_families", by_world.observed.n_families)
    glue("referee_world_place", estimate(own, ("n_params", "low", "high"), BILLION), ".2g")
    glue("referee_world_n", by_world.n_draws)
    glue("referee_world_error", f"{100 * by_world.frame['error'].max():.1f}")
    shows = by_world.observed.signs(by_world.turning).iloc[0]
    glue("referee_world_observed", int(shows.drop(diagnosis.ALL).sum()))

# %% [markdown]
# The panel itself shows {glue:text}`referee_world_observed` of the five signs; {glue:text}`referee_world_turning` of
# its {glue:text}`referee_world_families` families turn and the minimum lies at {glue:text}`referee_world_place` billion
# parameters (whole families resampled). Simulated families have one model of each size, so two models of one size in a
# family are averaged here; {doc}`coupling </notebooks/coupling>` keeps them apart, and its minima and intervals differ
# a little for it. Each share is one of {glue:text}`referee_world_n` simulated panels, uncertain by up to
# {glue:text}`referee_world_error` percentage points (one standard error).
#
# *Laws that meet* pass in {glue:text}`referee_world_meet` of the panels, slopes dealt at random in
# {glue:text}`referee_world_dealt`: so far the objection reaches in its literal form.
#
# *Straight lines where they are* pass in {glue:text}`referee_world_own`. That share leans on the first sign. The paper
# does not say how many families have to turn, so the count that the panel shows is asked for, and the share is the
# chance that such a world shows as much as the panel does, not the false alarms of a test fixed beforehand. The other
# four signs ask for no count; together they are there in {glue:text}`referee_world_own_beside` of these panels. A
# shared minimum is there in {glue:text}`referee_world_own_minimum` of the panels, at
# {glue:text}`referee_world_own_place` billion parameters, with a correlation below zero on its left and above zero on
# its right in {glue:text}`referee_world_own_signs`. How can there be a minimum if every family goes straight? The
# families that fall have the smaller models. A level of its own for each family, as in {doc}`coupling
# </notebooks/coupling>`, takes out differences of level, not of slope, and one parabola through small families that
# fall and large ones that rise opens upwards. The place of the minimum is then no property of any family. Of the five
# signs only the first, how many families turn, is about what happens inside them. So that count is worth a closer look:

# %% tags=["hide-input"]
misfiled = author["flags"].str.contains("family_suspect")
released = selection.one_row_per_model(selection.base_models(author[~misfiled]))
known = leaderboard["family"].isin(in_paper)
sets = {
    "leaderboard, all families": leaderboard,
    "leaderboard, families of the paper's panel": leaderboard[known],
    "leaderboard, other families": leaderboard[~known],
    "released, without models filed under another family": released,
}
rows = []
for name, frame in sets.items():
    straight = crossing.crossing(frame, items, laws, n_draws=n_panels, n_boot=n_boot, seed=seed, worlds=[crossing.OWN])
    drawn = straight.simulated[crossing.OWN].frame
    rows.append({
        "families": name,
        "number": straight.observed.n_families,
        "turn": straight.turning,
        "if straight": drawn["turning"].mean(),
        "chance": straight.share(crossing.OWN, diagnosis.SIGNS[0]),
        "minimum (B)": straight.observed.frame["n_params"].iloc[0] / BILLION,
        "if straight (B)": drawn["n_params"].median() / BILLION,
    })  # fmt: skip
straights = pd.DataFrame(rows)
shown(
    straights,
    "Families with a negative step and later a positive one, how many there would be if all went straight, and the "
    "chance of as many; then the shared minimum in billions of parameters, models of one size averaged, and its median "
    "if all went straight",
)

# %% tags=["remove-cell"]
glue("referee_straight_sets", len(straights))
glue("referee_straight_rare", int((straights["chance"] < 0.05).sum()))
glue("referee_straight_low", f"{straights['chance'].min():.0%}")
glue("referee_straight_high", f"{straights['chance'].max():.0%}")

# %% [markdown]
# Scatter about straight lines makes families turn as well. As many as observed, or more, come with a chance of
# {glue:text}`referee_straight_low` to {glue:text}`referee_straight_high` in these {glue:text}`referee_straight_sets`
# sets, below 5 % in {glue:text}`referee_straight_rare` of them. The scatter is what straight lines leave, so a true
# bend counts as scatter here, and the test is cautious: it finds a turn less often than it could. A regression asks
# more directly: give every family a slope of its own, and see what a bend that all share still explains. The bend is a
# parabola, or a broken line, which is two straight lines that meet at a place that the fit may choose. They are judged
# by AICc, Akaike's information criterion corrected for small samples {cite:p}`burnham2002`: it charges a fit for every
# number that it adjusts, and less is better.

# %% tags=["hide-input"]
# twice the resamples: as many as the coupling section draws for the same curvature, so that the numbers are the same
bends = {name: own_slopes.own_slopes(frame, n_boot=2 * n_boot, seed=seed) for name, frame in sets.items()}
OWN, SHARED = own_slopes.OWN, own_slopes.SHARED
shown(
    pd.DataFrame([
        {
            "families": name,
            "parabola": found.value(SHARED, own_slopes.PARABOLA, "aicc"),
            "broken line": found.value(SHARED, own_slopes.BROKEN, "aicc"),
            "own lines": found.value(OWN, own_slopes.LINE, "aicc"),
            "and parabola": found.value(OWN, own_slopes.PARABOLA, "aicc"),
            "and break": found.value(OWN, own_slopes.BROKEN, "aicc"),
            "curvature": f"{found.curvature:+.2f}",
            "p": found.p,
        }
        for name, found in bends.items()
    ]),
    "AICc relative to straight lines of one slope, less is better: a parabola and a broken line shared by all "
    "families; a line of each family's own, and with it a shared parabola or break. Curvature of that parabola in "
    "points per decade², with its interval from drawing whole families, and p of an F test, which takes models as "
    "independent",
    2,
)  # fmt: skip

# %% tags=["remove-cell"]
for key, name in zip(("all", "seen", "unseen", "released"), bends, strict=True):
    found = bends[name]
    lines, bend = found.value(OWN, own_slopes.LINE, "aicc"), found.value(SHARED, own_slopes.PARABOLA, "aicc")
    glue(f"referee_bend_{key}", found.curvature, "+.2f")
    glue(f"referee_bend_{key}_lines", f"{lines - bend:+.0f}")
for key, name in zip(("seen", "unseen"), list(bends)[1:3], strict=True):
    found = bends[name]
    less = found.value(OWN, own_slopes.BROKEN, "aicc") - found.value(OWN, own_slopes.LINE, "aicc")
    glue(f"referee_bend_{key}_break", f"{less:+.0f}")
    glue(f"referee_bend_{key}_change", f"{found.value(OWN, own_slopes.BROKEN, 'bend'):+.0f}")
    glue(f"referee_bend_{key}_place", f"{found.value(OWN, own_slopes.BROKEN, 'place') / BILLION:.2g}")

# %% [markdown]
# Straight lines with slopes of their own differ from a shared parabola by {glue:text}`referee_bend_all_lines` in AICc
# over all families of the leaderboard, by {glue:text}`referee_bend_seen_lines` in those of the paper's panel and by
# {glue:text}`referee_bend_released_lines` on the released scores (negative: the lines do better, their many slopes paid
# for). The curvature left beside own slopes is {glue:text}`referee_bend_all` points per decade² over all families,
# {glue:text}`referee_bend_seen` in the paper's, {glue:text}`referee_bend_unseen` in the others and
# {glue:text}`referee_bend_released` on the released scores; a U has a positive one. In the paper's families a shared
# break adds {glue:text}`referee_bend_seen_break` in AICc, with slopes that change by
# {glue:text}`referee_bend_seen_change` points per decade at {glue:text}`referee_bend_seen_place` billion parameters; in
# the others {glue:text}`referee_bend_unseen_break`, with {glue:text}`referee_bend_unseen_change` at
# {glue:text}`referee_bend_unseen_place`.
#
# AICc and $p$ take models as independent, the intervals take families as the draws. These are two models of error, so a
# small $p$ may stand beside an interval that holds zero. Models of one family are not independent; a few units of AICc,
# or a $p$ near 0.05, decide nothing, and the intervals do not have that fault.
#
# *Two independent laws, balanced at one scale,* pass in {glue:text}`referee_world_balanced` of the panels, each family
# at a scale of its own in {glue:text}`referee_world_apart`, *coupled* ones in {glue:text}`referee_world_coupled`. All
# five signs follow from the course of each score with size, and in a world with the paper's coupling and in one where
# TruthfulQA has a minimum of its own these courses can be the same.
#
# *Answer:* laws that merely cross are not taken for a transition more often than said. Families that keep going, some
# down and some up, are told apart only by what happens inside families, and the curvature there is what is given above.
# And a turn that TruthfulQA takes by itself is not told apart from a coupling by any of this; for that, scores are
# needed that differ at one size. Objection 9 says how many.

# %% tags=["hide-input"]
printed = claims.claim("nc.pythia")
nc_interval = (printed.low * BILLION, printed.high * BILLION)
for each in curated:
    selection.one_family(leaderboard, each)  # a misspelt name would leave out nobody


def in_billions(found: Estimate) -> Estimate:
    ends = [None if end is None else end / BILLION for end in (found.low, found.high)]
    return Estimate(found.value / BILLION, *ends, found.level, found.n, found.method, found.discarded)


def with_open_ends(found: Estimate, spec: str = ".2g") -> str:
    """An estimate with its interval, where an end may be open."""
    if found.discarded and not found.has_interval:
        return f"{found.value:{spec}} (no interval: {found.discarded:.0%} of the resamples have none)"
    low, high = ("open" if end is None else format(end, spec) for end in (found.low, found.high))
    return f"{found.value:{spec}} [{low}, {high}]"


def by_origin(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The families of three sizes or more: all of them, those of the paper's panel, and those that are not in it."""
    long = selection.families_with(frame, 3, pair)
    known = long["family"].isin(in_paper)
    parts = {"all families": long, "in the paper's panel": long[known], "not in it": long[~known]}
    enough = {name: rows for name, rows in parts.items() if rows["family"].nunique() >= 3}
    if not enough:
        raise InputError("shapes are compared over three families or more; add families to the table")
    return enough


# %% [markdown]
# ## 5. How wide is the interval, and how sharp is the turn?
#
# *The objection.* The interval of $N_c$ is wide for something called a transition.

# %%
claims.quote("nc.pythia")

# %% [markdown]
# Two questions are mixed in it. How well is the place of the turn known? And is it a break at all, or a bend such as
# any smooth curve may have? To tell them apart, shapes of different sharpness are fitted to TruthfulQA against
# $\log_{10} N$, over all families of three sizes or more, each with a level of its own: no change, a straight line, a
# parabola, a broken line, a smooth bend (a broken line with rounded corner, its width free), a step, and a smooth step.
# Place and width of a break count as parameters.
#
# There are three judges. AICc and BIC {cite:p}`burnham2002` (BIC, the Bayesian criterion, charges by the logarithm of
# the number of models) are given as differences from the straight line, negative being better. Where the shape jumps,
# the place of the jump should cost three parameters rather than one {cite:p}`ninomiya2015`; the column "jump as three"
# counts it so. Then, how often a shape wins when whole families are drawn anew, with replacement. And last, how well it
# predicts a family that took no part in the fit, given the family's mean, with place and width fitted without it.

# %% tags=["hide-input"]
scores_by, couplings_by, compared, couplings_compared, wins = {}, {}, {}, {}, {}
with present.if_possible():
    for name, rows in by_origin(models).items():
        scores_by[name], couplings_by[name] = shapes.score_curves(rows), shapes.coupling_curves(rows, items)
        compared[name] = sharpness.compare(scores_by[name], n_boot, seed)
        couplings_compared[name] = sharpness.compare(couplings_by[name], n_boot, seed)
        wins[name] = sharpness.chosen(scores_by[name], max(100, n_boot // 5), seed)
    side_by_side = pd.concat(
        found.table.assign(families=name, wins=[f"{share:.0%}" for share in wins[name]])
        for name, found in compared.items()
    )
    display(
        shown(
            side_by_side[
                ["families", "shape", "k", "aicc", "aicc_strict", "bic", "wins", "family_error", "size_error"]
            ],
            "Shapes of TruthfulQA against size. Errors are those of prediction, in points, for a family left out and "
            "for one model left out",
            2,
            {"aicc": "ΔAICc", "aicc_strict": "ΔAICc, jump as three", "bic": "ΔBIC", "k": "parameters",
             "family_error": "error, family out", "size_error": "error, model out"},
        )
    )  # fmt: skip

# %% tags=["hide-input"]
with present.if_possible():
    if not compared:
        raise InputError("no shapes were compared for this panel")
    names = {"family_less": "value", "family_low": "low", "family_high": "high"}
    bars = side_by_side[side_by_side["shape"] != "straight line"].rename(columns=names)
    display(
        compare.intervals(
            bars[["shape", "families", "value", "low", "high"]],
            "shape",
            "families",
            "Error for families left out, less the straight line's (points)",
            "How much better (left of zero) or worse each shape predicts TruthfulQA in a family that took no part in "
            "the fit than a straight line in log N does, with 95 % intervals from resampling families.",
            ["panel_leaderboard"],
        )
    )

# %% tags=["remove-cell"]
released_long = selection.families_with(selection.one_row_per_model(selection.base_models(author)), 3, pair)
released_shapes = sharpness.compare(shapes.score_curves(released_long), n_boot, seed)
released_bend = profile.width_profile(shapes.score_curves(released_long))
released_wins = sharpness.chosen(shapes.score_curves(released_long), max(100, n_boot // 5), seed)
stick, parabola = (released_shapes.row(shape)["aicc"] for shape in ("broken line", "parabola"))
glue("referee_released_n", released_shapes.n_families)
glue("referee_released_stick_line", f"{stick:+.1f}")
glue("referee_released_stick_parabola", f"{stick - parabola:+.1f}")
glue("referee_released_winner", released_wins.idxmax())
glue("referee_released_wins", f"{released_wins.max():.0%}")
glue("referee_released_bend", f"{released_bend.curve['p'].iloc[-1]:.2g}")
KEYS = {"all families": "all", "in the paper's panel": "seen", "not in it": "unseen"}
for name, found in compared.items():
    key, rows = KEYS[name], found.table.set_index("shape")
    glue(f"referee_shape_n_{key}", found.n_families)
    glue(f"referee_shape_winner_{key}", wins[name].idxmax())
    glue(f"referee_shape_wins_{key}", f"{wins[name].max():.0%}")
    glue(f"referee_stick_line_{key}", f"{rows.loc['broken line', 'aicc']:+.1f}")
    glue(f"referee_stick_parabola_{key}", f"{rows.loc['broken line', 'aicc'] - rows.loc['parabola', 'aicc']:+.1f}")
    for shape, word in (("broken line", "stick"), ("parabola", "parabola")):
        row = rows.loc[shape]
        glue(f"referee_{word}_less_{key}", Estimate(row["family_less"], row["family_low"], row["family_high"]), "+.1f")
    steps = couplings_compared[name].table.set_index("shape")
    row = steps.loc["step"]
    glue(f"referee_gamma_best_{key}", steps["aicc_strict"].idxmin())
    glue(f"referee_gamma_step_{key}", f"{row['aicc']:+.1f}")
    glue(f"referee_gamma_strict_{key}", f"{row['aicc_strict']:+.1f}")
    glue(f"referee_gamma_less_{key}", Estimate(row["family_less"], row["family_low"], row["family_high"]), "+.2f")

# %% [markdown]
# *The families of the paper's panel* ({glue:text}`referee_shape_n_seen` here). The broken line's AICc is
# {glue:text}`referee_stick_line_seen` against the straight line's and {glue:text}`referee_stick_parabola_seen` against
# the parabola's; negative favours the break. Among resampled families the most frequent winner is the
# {glue:text}`referee_shape_winner_seen`, with {glue:text}`referee_shape_wins_seen`. For a family left out the broken
# line changes the straight line's error by {glue:text}`referee_stick_less_seen` points, the parabola by
# {glue:text}`referee_parabola_less_seen`.
#
# *The author's own scores* ({glue:text}`referee_released_n` families of the released panel). The two differences are
# {glue:text}`referee_released_stick_line` and {glue:text}`referee_released_stick_parabola`, and the most frequent
# winner is the {glue:text}`referee_released_winner`, with {glue:text}`referee_released_wins`.
#
# *Families that are not in it* ({glue:text}`referee_shape_n_unseen`). The same two differences are
# {glue:text}`referee_stick_line_unseen` and {glue:text}`referee_stick_parabola_unseen`; the most frequent winner is the
# {glue:text}`referee_shape_winner_unseen`, with {glue:text}`referee_shape_wins_unseen`; the errors change by
# {glue:text}`referee_stick_less_unseen` and {glue:text}`referee_parabola_less_unseen`. Where such an interval holds
# zero, a turn learned from some families is not known to help with another.
#
# All these shapes have one slope for all families, so part of their advantage is that families of different sizes go in
# different directions (objection 4). Beside a slope of each family's own, a break that the paper's families share
# changes AICc by {glue:text}`referee_bend_seen_break`; in families that are not in it, by
# {glue:text}`referee_bend_unseen_break`.
#
# Two phases would be a step in the coupling itself. For $\gamma_{12}$ of every step between sizes, weighted by item
# noise, a step has a ΔAICc of {glue:text}`referee_gamma_step_all` against a straight line over all families, and
# {glue:text}`referee_gamma_strict_all` with its jump counted as three. For a family left out it changes the error by
# {glue:text}`referee_gamma_less_all`. By the stricter count the best shape is the {glue:text}`referee_gamma_best_all`.
#
# The criteria take models as independent, which models of one family are not. A difference of a few units decides
# nothing; the resampled families say how much of it other families would repeat. One family alone says less still:

# %%
alone = None
with present.if_possible():
    if not scores_by:
        raise InputError("no shapes were compared for this panel")
    alone = sharpness.by_family(scores_by["all families"])
    display(alone.pivot(index=["family", "n"], columns="shape", values="aicc").round(1))

# %% tags=["remove-cell"]
if alone is not None:
    longest = int(alone["n"].max())
    stick, straight = (sharpness.criteria(1.0, longest, shape.free + 2)[0] for shape in (shapes.STICK, shapes.LINE))
    finite = alone.dropna(subset=["aicc"])
    first = finite.loc[finite.groupby("family")["aicc"].idxmin(), "shape"]
    breaks = [name for name, shape in shapes.SHAPES.items() if shape.has_place]
    glue("referee_alone_n", alone["family"].nunique())
    glue("referee_alone_longest", longest)
    glue("referee_alone_cost", f"{stick - straight:.0f}")
    glue("referee_alone_broken", int(first.isin(breaks).sum()))

# %% [markdown]
# With {glue:text}`referee_alone_longest` sizes, the most that a family has here, AICc charges a broken line
# {glue:text}`referee_alone_cost` units more than a straight one before it looks at the fit; an empty cell has too few
# sizes for the criterion. A break of any kind is the best shape in {glue:text}`referee_alone_broken` of
# {glue:text}`referee_alone_n` families. A critical scale for every family, as in Table 1, asks for more than single
# families hold.
#
# ### Where the turn is, and how wide
#
# For every place that the turn could have, the rest of the shape is fitted again. The curve says how well that place
# still agrees with the data; where it is above the dashed line, the place is inside the 95 % interval.

# %% tags=["hide-input"]
turns = {
    "TruthfulQA, parabola's turn": ("turn", scores_by, shapes.VERTEX),
    "TruthfulQA, broken line": ("break", scores_by, shapes.STICK),
    "γ₁₂, zero of the line": ("zero", couplings_by, shapes.ZERO),
}
profiles, widths = {}, {}
with present.if_possible():
    for name in scores_by:
        widths[name] = profile.width_profile(scores_by[name])
        for kind, (_, curves, shape) in turns.items():
            profiles[name, kind] = profile.place_profile(curves[name], shape, n_boot, seed)

# %% tags=["hide-input"]
with present.if_possible():
    if not profiles:
        raise InputError("no turn was placed for this panel")
    drawn_from = (1e8, 2e11)
    evidence = pd.concat(
        found.curve.assign(group=name, quantity=kind, n_params=10 ** found.curve["at"])
        for (name, kind), found in profiles.items()
    )
    display(
        draw_scale.place_profiles(
            evidence.loc[evidence["n_params"].between(*drawn_from), ["group", "quantity", "n_params", "p"]],
            nc_interval,
            "p-value of every place for the turn, by three definitions of it, for three groups of families. A narrow "
            "peak is a well-known place, a plateau an unknown one. Shaded: the paper's interval. The axis ends at "
            f"{compare.size_text(drawn_from[0])} and {compare.size_text(drawn_from[1])}; beyond it the curves of the "
            "parabola and of the zero go on. That of the broken line begins and ends where a tenth of the models is "
            "left on one side.",
            ["panel_leaderboard"],
        )
    )

# %% tags=["hide-input"]
shown(
    pd.DataFrame([
        {
            "families": name,
            "definition": kind,
            "models independent": with_open_ends(in_billions(found.in_parameters())),
            "width, decades": "open" if np.isinf(found.decades) else f"{found.decades:.2f}",
            "families resampled": with_open_ends(in_billions(found.in_parameters("resampled"))),
            "resamples without one": f"{found.resampled.discarded:.0%}",
        }
        for (name, kind), found in profiles.items()
    ]),
    "Where the turn lies, billions of parameters: by its profile, which takes models as independent, and by drawing "
    "whole families. Places are tried in steps of "
    f"{profile.STEP:g} decades, a break where a tenth of the models or more lie on either side",
)  # fmt: skip

# %% tags=["remove-cell"]
glue("referee_paper_decades", f"{np.log10(printed.high / printed.low):.2f}")
for name, found in widths.items():
    key, width = KEYS[name], found.profiled
    glue(f"referee_width_low_{key}", "no width at all" if width.low is None else f"{width.low:.1f} decades")
    glue(f"referee_width_high_{key}", "that of a parabola" if width.high is None else f"{width.high:.1f} decades")
    glue(f"referee_width_parabola_{key}", f"{found.curve['p'].iloc[-1]:.2g}")
for (name, kind), found in profiles.items():
    word, key = turns[kind][0], KEYS[name]
    glue(f"referee_{word}_{key}", with_open_ends(in_billions(found.in_parameters("resampled"))))
    if word == "break" and found.slopes:
        glue(f"referee_slope_below_{key}", f"{found.slopes[0]:+.1f}")
        glue(f"referee_slope_above_{key}", f"{found.slopes[1]:+.1f}")

# %% [markdown]
# The paper's interval spans {glue:text}`referee_paper_decades` decades. Over all families, drawn anew, the break lies
# at {glue:text}`referee_break_all` billion parameters, the parabola's turn at {glue:text}`referee_turn_all`, the zero
# of $\gamma_{12}$ at {glue:text}`referee_zero_all`.
#
# In the families of the paper's panel the three are {glue:text}`referee_break_seen`, {glue:text}`referee_turn_seen` and
# {glue:text}`referee_zero_seen`; the break is from {glue:text}`referee_slope_below_seen` points of TruthfulQA per
# decade to {glue:text}`referee_slope_above_seen`.
#
# In families that are not in it they are {glue:text}`referee_break_unseen`, {glue:text}`referee_turn_unseen` and
# {glue:text}`referee_zero_unseen`.
#
# The smooth bend says how sharp the turn is: over how many decades do 10 to 90 % of the change of slope happen? Over
# all families anything from {glue:text}`referee_width_low_all` to {glue:text}`referee_width_high_all` is admitted.
#
# In the paper's families it is from {glue:text}`referee_width_low_seen` to {glue:text}`referee_width_high_seen`. A bend
# wider than all sizes together, which is a parabola, has $p$ = {glue:text}`referee_width_parabola_seen` there, and
# {glue:text}`referee_released_bend` on the author's own scores, models taken as independent.
#
# *Answer:* how wide $N_c$ is, and how sharp, depends on the families that are asked. The numbers above say how much; no
# single one of them stands for language models as such.

# %% [markdown]
# ## 6. Does $N_c$ survive another pair, panel, estimator, resampling?
#
# *The objection.* A single number hides the choices behind it.
#
# So here are the estimators of {doc}`coupling </notebooks/coupling>`, on the author's points, on the released panel and
# on three sets of the leaderboard's families, resampled in three ways. *Weighted* is by item noise; *first sign change*
# is the median over families of what each family gives.

# %% tags=["hide-input"]
panels = {
    "the author's 14 points": tables.read("panel_bootstrap_nc"),
    "released": released_long,
    **{f"leaderboard, {name}": rows for name, rows in by_origin(leaderboard).items()},
}
with present.if_possible():
    if panel not in ("measured", "released"):
        panels["yours"] = selection.families_with(models, 3, pair)
        if panels["yours"]["family"].nunique() < 2:
            del panels["yours"]
            raise InputError("resampling whole families needs two of them with three sizes; the table has one")
choices = sensitivity.sensitivity(panels, [tuple(pair)], items, n_boot=n_boot, seed=seed)

# %% tags=["hide-input"]
draw_scale.scales_by_choice(
    choices,
    sensitivity.ESTIMATORS,
    nc_interval,
    "N_c of HellaSwag and TruthfulQA by set of models, estimator and resampling. Bars are 95 % intervals, left out "
    "where more than half of the resamples have no N_c; a line without a mark has none. Shaded: the paper's interval.",
    ["panel_leaderboard", "panel_released", "panel_bootstrap_nc"],
)

# %% tags=["hide-input"]
every_pair = sensitivity.sensitivity(
    {name: panels[name] for name in ("released", "leaderboard, all families")},
    sensitivity.pairs_of(tables.BENCHMARKS),
    items,
    schemes=("clustered",),
    n_boot=min(n_boot, 400),
    seed=seed,
)
cells = every_pair.assign(
    pair=[f"{draw_scale.benchmark_name(x)} · {draw_scale.benchmark_name(y)}" for x, y in every_pair[["x", "y"]].values],
    words=every_pair["estimator"].map(sensitivity.ESTIMATORS),
    found=[
        "none" if np.isnan(row.n_params) else f"{compare.size_text(row.n_params)} ({row.discarded:.0%})"
        for row in every_pair.itertuples()
    ],
)
shown(
    cells.pivot(index=["panel", "pair"], columns="words", values="found").reset_index(),
    "N_c of every pair of benchmarks, the second being the score that turns; in brackets the share of resamples of "
    "whole families without one. Parabolas look at the second score only",
)

# %% tags=["remove-cell"]
spread = sensitivity.spread(choices)
each_once = choices.drop_duplicates(["panel", "estimator"])
glue("referee_choice_points", int(spread["rows"]))
glue("referee_choice_found", int(spread["found"]))
glue("referee_choice_low", compare.size_text(spread["low"]))
glue("referee_choice_middle", compare.size_text(spread["middle"]))
glue("referee_choice_high", compare.size_text(spread["high"]))
glue("referee_choice_decades", f"{spread['decades']:.1f}")
glue("referee_choice_inside", int(each_once["n_params"].between(*nc_interval).sum()))
bounded = choices.dropna(subset=["low"])
covers = (bounded["low"] <= nc_paper) & (bounded["high"] >= nc_paper)
glue("referee_choice_covers", int(covers.sum()))
glue("referee_choice_intervals", len(bounded))
glue("referee_choice_width", f"{bounded['decades'].median():.1f}")
by_choice = {}
for choice in ("panel", "estimator"):
    middle = np.log10(each_once["n_params"]).groupby(each_once[choice]).median()
    by_choice[choice] = middle.max() - middle.min()
    glue(f"referee_choice_by_{choice}", f"{by_choice[choice]:.1f}")
glue("referee_choice_larger", "set of models" if by_choice["panel"] > by_choice["estimator"] else "estimator")
without = every_pair[every_pair["y"] != "truthfulqa"]
for key, rows in (
    ("with", every_pair[every_pair["y"] == "truthfulqa"]),
    ("without", without),
    ("changes", without[without["estimator"] == "sign change"]),
    ("mmlu", without[without["y"] == "mmlu"]),
):
    glue(f"referee_pairs_{key}_found", int(rows["n_params"].notna().sum()))
    glue(f"referee_pairs_{key}_rows", len(rows))
expected = without[(without["estimator"] == "sign change") | (without["y"] == "mmlu")]
glue("referee_pairs_expected", int(expected["n_params"].notna().sum()))

# %% [markdown]
# Of {glue:text}`referee_choice_points` combinations of models and estimator {glue:text}`referee_choice_found` have an
# $N_c$. The values run from {glue:text}`referee_choice_low` to {glue:text}`referee_choice_high`
# ({glue:text}`referee_choice_decades` decades), with {glue:text}`referee_choice_middle` in the middle;
# {glue:text}`referee_choice_inside` lie inside the paper's interval. Of {glue:text}`referee_choice_intervals`
# intervals, {glue:text}`referee_choice_width` decades wide in the median, {glue:text}`referee_choice_covers` contain
# the paper's value. The middle value differs by {glue:text}`referee_choice_by_panel` decades between sets of models and
# by {glue:text}`referee_choice_by_estimator` between estimators.
#
# Other pairs are a control. With TruthfulQA as the score that turns, {glue:text}`referee_pairs_with_found` of
# {glue:text}`referee_pairs_with_rows` combinations have an $N_c$; without it, {glue:text}`referee_pairs_without_found`
# of {glue:text}`referee_pairs_without_rows`, though nobody has claimed one there. {glue:text}`referee_pairs_expected`
# of these have a plain reason. The first change of sign exists in {glue:text}`referee_pairs_changes_found` of
# {glue:text}`referee_pairs_changes_rows` cases without TruthfulQA: in some family a step goes against the trend, if
# only by noise. And with MMLU as the score that turns an $N_c$ is found in {glue:text}`referee_pairs_mmlu_found` of
# {glue:text}`referee_pairs_mmlu_rows`, most likely because MMLU stays near chance in small models and leaves it at some
# size. That is a floor, not a tax.
#
# *Answer:* an $N_c$ can be computed under most choices. The choices move it over the
# {glue:text}`referee_choice_decades` decades above, and the larger part of that comes with the
# {glue:text}`referee_choice_larger`.

# %% [markdown]
# ## 7. Which models are behind each number?
#
# *The objection.* The list of models should be given.
#
# First the headline results of this edition with the number of models that each rests on. Then every model of every
# panel, with the results that it enters and what the tables of facts flag about it. Models that enter no result are
# listed too: they were trained on code or tuned, or are a second setting of a model that is in. The column of sections
# says what is covered. Results of {doc}`levers </notebooks/levers>` and {doc}`internals </notebooks/internals>`, and
# the ODE for families other than those named, are not in the list.

# %% tags=["hide-input"]
people = behind.listing(
    {
        "released": author,
        "measured": everyone,
        "points": tables.read("panel_bootstrap_nc"),
        "loss": stated_losses(tables.read("pythia_loss")),
        "frontier": tables.read("frontier"),
        "epoch": tables.read("frontier_epoch"),
    }
)
people.results

# %% tags=["hide-input"]
people

# %% tags=["remove-cell"]
entering = people.models[people.models["results"] > 0]
most = entering[entering["results"] == entering["results"].max()]
glue("referee_people_rows", len(people.models))
glue("referee_people_entering", len(entering))
glue("referee_people_results", len(people.results))
glue("referee_people_unused", len(people.models) - len(entering))
glue("referee_people_flagged", int((entering["notes"] != "").sum()))
glue("referee_people_most", int(most["results"].iloc[0]))
in_r = people.models[people.models["panel"].eq("released") & people.models["which"].str.contains("r of large models")]
big = author[author["model"].isin(set(in_r["model"]))]
again = big["flags"].str.contains("duplicate_of")
glue("referee_people_big_n", len(big))
glue("referee_people_again_n", int(again.sum()))
glue("referee_people_again", " and ".join(big.loc[again, "model"]) or "none")
glue("referee_people_r", f"{coupling.pearson(big['hellaswag'], big['truthfulqa']).value:.2f}")
glue("referee_people_r_once", f"{coupling.pearson(*big.loc[~again, pair].to_numpy().T).value:.2f}")
glue("referee_people_most_families", ", ".join(sorted(set(most["family"]))))

# %% [markdown]
# Of {glue:text}`referee_people_rows` rows {glue:text}`referee_people_entering` stand behind the
# {glue:text}`referee_people_results` results and {glue:text}`referee_people_unused` enter none;
# {glue:text}`referee_people_flagged` of those that enter one carry a flag. The models that enter most,
# {glue:text}`referee_people_most` results each, are of {glue:text}`referee_people_most_families`.
#
# Of the {glue:text}`referee_people_big_n` rows behind *r of large models*, {glue:text}`referee_people_again_n` are a
# second entry of a model that the panel has already ({glue:text}`referee_people_again`). With them $r$ is
# {glue:text}`referee_people_r`, without them {glue:text}`referee_people_r_once`. *Answer:* here is the list; and
# results that look like many are in part the same few models, counted again.

# %% [markdown]
# ## 8. Knowledge or size?
#
# *A competing explanation.* TruthfulQA asks about common misconceptions. A model may do better on it because it is
# larger, or because it has learned more, and MMLU measures what has been learned. Does MMLU account for TruthfulQA at
# given HellaSwag better than size does?
#
# *This part is exploratory.* The question was put after the scores had been seen; MMLU was taken because the
# leaderboard has it; and everything that improved over the years competes with it. The regressions that follow are
# judged by how well they predict families, or labs, that took no part in the fit.
#
# They are nested: HellaSwag; with $\log_{10} N$; with $\log_{10} N$, its square and its product with HellaSwag, which
# is the paper's own picture, a slope on HellaSwag that runs with size; with MMLU; and with all of them. Three kinds of
# comparison: *all models*, where a new family's scores are predicted outright; *families scatter*, the same with random
# levels of families; *within families*, a level for every family, so that only differences inside a family count and a
# new family's mean is given.

# %% tags=["hide-input"]
facts = tables.read("benchmarks").set_index("benchmark")
year = tables.read("architectures").set_index("hf_repo")["release_year"].astype(float)
chance = float(facts.loc["mmlu", "chance_pct"])
base = knowledge.with_running(leaderboard).assign(
    year=leaderboard["hf_repo"].map(year), tokens=np.log10(leaderboard["n_tokens"].astype(float))
)
near = base["mmlu"] <= chance + chance_margin
sets = {
    "base models": base,
    "below the paper's N_c": base[base["n_params"] < nc_paper],
    "above it": base[base["n_params"] > nc_paper],
    "MMLU above chance": base[~near],
    "near chance is chance": base.assign(mmlu=knowledge.above_chance(base["mmlu"], chance, chance_margin)),
    "without curated families": base[~base["family"].isin(curated)],
    "with code families": everyone[everyone["is_base"]],
    "labs left out": base.assign(family=base["lab"]),
}
EFFECTS = {"none": "all models", "random": "families scatter", "fixed": "within families"}
nested = {
    (name, effects): knowledge.nested(knowledge.with_running(rows), effects, n_boot=n_boot, seed=seed)
    for name, rows in sets.items()
    for effects in EFFECTS
}
shown(
    pd.concat(nested["base models", effects].table.assign(compared=words) for effects, words in EFFECTS.items())[
        ["compared", "model", "k", "error", "low", "high", "r2"]
    ],
    "Errors for families left out, points of TruthfulQA, with intervals from resampling families; r2 is the share of "
    "the held-out variance explained",
    2,
    {"model": "regression", "k": "coefficients"},
)

# %% tags=["hide-input"]
RUNNING = "HellaSwag, size, running"
gaps = pd.DataFrame([
    {"models": name, "compared": EFFECTS[effects], "n": found.n, "value": gap.value, "low": gap.low, "high": gap.high}
    for (name, effects), found in nested.items()
    for gap in [found.rivals[RUNNING]]
])  # fmt: skip
compare.intervals(
    gaps,
    "models",
    "compared",
    "Error with MMLU less error with size (points of TruthfulQA)",
    "Error, for families left out, of HellaSwag with MMLU, less that of HellaSwag with size in its most flexible form. "
    "Left of zero MMLU predicts better. Intervals resample families.",
    ["panel_leaderboard"],
)

# %% tags=["hide-input", "hide-output"]
pd.DataFrame({
    (name, EFFECTS[effects]): found.table.set_index("model")["error"] for (name, effects), found in nested.items()
}).T.rename_axis(["models", "compared"]).round(2)  # fmt: skip

# %% tags=["remove-cell"]
SHORT = {"HellaSwag": "x", "HellaSwag, size": "size", RUNNING: "running", "HellaSwag, MMLU": "mmlu"}
for effects in EFFECTS:
    found = nested["base models", effects]
    rows = found.table.set_index("model")
    for model, key in {**SHORT, "HellaSwag, size, running, MMLU": "all"}.items():
        glue(f"referee_{key}_error_{effects}", f"{rows.loc[model, 'error']:.1f}")
        glue(f"referee_{key}_r2_{effects}", f"{rows.loc[model, 'r2']:.2f}")
    glue(f"referee_gap_{effects}", found.rivals[RUNNING], "+.1f")
    clear = gaps[gaps["compared"] == EFFECTS[effects]]["high"] < 0
    glue(f"referee_gaps_clear_{effects}", int(clear.sum()))
glue("referee_gap_below_fixed", nested["below the paper's N_c", "fixed"].rivals[RUNNING], "+.1f")
glue("referee_gap_above_fixed", nested["above it", "fixed"].rivals[RUNNING], "+.1f")
glue("referee_gap_labs", nested["labs left out", "none"].rivals[RUNNING], "+.1f")
glue("referee_gaps_sets", len(sets))
glue("referee_knowledge_n", len(base))
glue("referee_near_chance", int(near.sum()))
glue("referee_near_chance_below", f"{near[base['n_params'] < nc_paper].mean():.0%}")
glue("referee_chance_margin", f"{chance_margin:g}")
glue("referee_curated", " and ".join(curated) or "no family")

# %% [markdown]
# Over all {glue:text}`referee_knowledge_n` base models, HellaSwag alone leaves an error of
# {glue:text}`referee_x_error_none` points for a new family ({glue:text}`referee_x_r2_none` of the variance explained),
# with size {glue:text}`referee_size_error_none`, with a slope that runs with size
# {glue:text}`referee_running_error_none` ({glue:text}`referee_running_r2_none`), with MMLU instead
# {glue:text}`referee_mmlu_error_none` ({glue:text}`referee_mmlu_r2_none`), with all of them
# {glue:text}`referee_all_error_none`. Within families the running slope leaves {glue:text}`referee_running_error_fixed`
# and MMLU {glue:text}`referee_mmlu_error_fixed`.
#
# The error with MMLU, less that with the running slope, is {glue:text}`referee_gap_none` points over all models,
# {glue:text}`referee_gap_labs` when whole labs are left out, and {glue:text}`referee_gap_fixed` within families
# ({glue:text}`referee_gap_below_fixed` below the paper's $N_c$, {glue:text}`referee_gap_above_fixed` above it). The
# interval lies below zero in {glue:text}`referee_gaps_clear_none` of {glue:text}`referee_gaps_sets` sets of models when
# all are compared, and in {glue:text}`referee_gaps_clear_fixed` within families.
#
# Near chance MMLU says nothing. {glue:text}`referee_near_chance` models score within {glue:text}`referee_chance_margin`
# points of it or below, {glue:text}`referee_near_chance_below` of those smaller than the paper's $N_c$. One of the sets
# leaves them out and another counts them all as no knowledge. Curated families are here {glue:text}`referee_curated`.
#
# ### What is left of the change of sign
#
# The paper's finding as two regressions: among models below $N_c$ the slope of TruthfulQA on HellaSwag is negative,
# above it positive. The same slopes, with a third score held:

# %% tags=["hide-input"]
HELD = {
    "nothing": (), "size": ("log10_params",), "release year": ("year",), "MMLU": ("mmlu",),
    "ARC-Challenge": ("arc_challenge",), "GSM8K": ("gsm8k",), "WinoGrande": ("winogrande",),
}  # fmt: skip
slopes = {
    (name, effects): knowledge_checks.sides(base, nc_paper, held, effects, n_boot=n_boot, seed=seed)
    for effects in ("none", "fixed")
    for name, held in HELD.items()
}
shown(
    pd.DataFrame([
        {"compared": EFFECTS[effects], "held": name, "slope below": f"{found.below:+.2f}",
         "slope above": f"{found.above:+.2f}", "change": f"{found.change:+.2f}"}
        for (name, effects), found in slopes.items()
    ]),
    "Points of TruthfulQA per point of HellaSwag among models below and above the paper's N_c, families resampled",
)  # fmt: skip

# %% [markdown]
# A regression holds MMLU by a plane, which need not fit. Groups of models alike in MMLU assume nothing:

# %% tags=["hide-input"]
like = None
with present.if_possible():
    like = knowledge_checks.within_groups(base, "mmlu", mmlu_edges, n_boot=n_boot, seed=seed)
words = [f"MMLU {word}" for word in knowledge_checks.group_words(mmlu_edges)]
grouped = base.assign(group=np.array(words)[np.digitize(base["mmlu"], mmlu_edges, right=True)])
if like is not None:
    ends = pd.concat(
        like.assign(group="MMLU " + like["group"], hellaswag=like[f"x_{end}"], truthfulqa=like[f"y_{end}"])[
            ["group", "hellaswag", "truthfulqa"]
        ]
        for end in ("low", "high")
    ).sort_values("group", key=lambda names: names.map(words.index))
    display(
        draw_scale.by_group(
            grouped[grouped["group"].isin(ends["group"])],
            ends,
            "group",
            "TruthfulQA against HellaSwag for all base models of the leaderboard, in groups of like MMLU, with the "
            "line through each group. Taken together the points turn; whether they turn inside a group is what its "
            "line says.",
            ["panel_leaderboard"],
        )
    )
    display(
        shown(
            like[["group", "n", "n_families", "slope", "low", "high"]],
            "Slope of TruthfulQA on HellaSwag among models alike in MMLU, families resampled",
            2,
            {"group": "MMLU, %", "n": "models", "n_families": "families"},
        )
    )

# %% tags=["remove-cell"]
for name, key in {"nothing": "nothing", "MMLU": "mmlu", "GSM8K": "gsm8k", "ARC-Challenge": "arc",
                  "WinoGrande": "wino", "release year": "year"}.items():  # fmt: skip
    for effects in ("none", "fixed"):
        for part in ("below", "above", "change"):
            glue(f"referee_side_{part}_{key}_{effects}", getattr(slopes[name, effects], part), "+.2f")
if like is not None:
    bottom, others = like.iloc[0], like["slope"].iloc[1:]
    glue("referee_like_groups", len(like))
    glue("referee_like_falling", int((like["high"] < 0).sum()))
    glue("referee_like_rising", int((like["low"] > 0).sum()))
    glue("referee_like_bottom", Estimate(bottom["slope"], bottom["low"], bottom["high"]), "+.2f")
    glue("referee_like_bottom_group", bottom["group"])
    glue("referee_like_others", f"{others.min():+.2f} to {others.max():+.2f}")

# %% [markdown]
# Over all models the slope is {glue:text}`referee_side_below_nothing_none` below and
# {glue:text}`referee_side_above_nothing_none` above: the paper's change of sign, of
# {glue:text}`referee_side_change_nothing_none`. With MMLU held by regression it is
# {glue:text}`referee_side_below_mmlu_none` below and {glue:text}`referee_side_above_mmlu_none` above, a change of
# {glue:text}`referee_side_change_mmlu_none`. Within families the changes are
# {glue:text}`referee_side_change_nothing_fixed` and, with MMLU held, {glue:text}`referee_side_change_mmlu_fixed`.
#
# Among models alike in MMLU, TruthfulQA rises with HellaSwag, interval above zero, in {glue:text}`referee_like_rising`
# of {glue:text}`referee_like_groups` groups and falls in {glue:text}`referee_like_falling`. In the lowest group
# ({glue:text}`referee_like_bottom_group` %) the slope is {glue:text}`referee_like_bottom`; in the others it runs from
# {glue:text}`referee_like_others`, with few models and little spread of HellaSwag in the highest.
#
# *Interpretation:* while MMLU rests at chance TruthfulQA falls with HellaSwag, and once MMLU leaves chance TruthfulQA
# rises with MMLU. Over sizes this looks like a turn, at the size where a family's MMLU leaves chance.
#
# Is it knowledge? Then another third score should do worse. Held in MMLU's place over all models, the change of slope
# is {glue:text}`referee_side_change_gsm8k_none` with GSM8K (arithmetic), {glue:text}`referee_side_change_arc_none` with
# ARC-Challenge (school science), {glue:text}`referee_side_change_wino_none` with WinoGrande, and
# {glue:text}`referee_side_change_year_none` with the year of release. As predictors in its place:

# %% tags=["hide-input"]
named_rivals = {
    "size": "log10_params", "training tokens": "tokens", "release year": "year",
    "ARC-Challenge": "arc_challenge", "WinoGrande": "winogrande", "GSM8K": "gsm8k",
}  # fmt: skip
rivals = {
    effects: knowledge_checks.against_rivals(base, named_rivals, effects, n_boot, seed) for effects in ("none", "fixed")
}
shown(
    pd.concat(table.assign(compared=EFFECTS[effects]) for effects, table in rivals.items())[
        ["compared", "rival", "n", "hellaswag", "with_rival", "with_mmlu", "gap", "low", "high"]
    ],
    "Errors for families left out, points: HellaSwag alone, with a rival, with MMLU on the same models; and MMLU less "
    "rival",
    2,
    {"n": "models", "gap": "MMLU less rival"},
)

# %% tags=["remove-cell"]
for effects, table in rivals.items():
    glue(f"referee_rivals_beaten_{effects}", ", ".join(table[table["high"] < 0]["rival"]) or "none of them")
    glue(f"referee_rivals_tied_{effects}", ", ".join(table[table["high"] >= 0]["rival"]) or "none of them")
noise = knowledge_checks.noise_in_x(base, items, noise=range(1, 16))
item = noise.iloc[0]
glue("referee_noise_item", f"{item['noise']:.1f}")
glue("referee_noise_mmlu", f"{item['mmlu']:+.2f}")
glue("referee_noise_most", f"{noise['noise'].max():.0f}")
glue("referee_noise_range", f"{noise['mmlu'].min():+.2f} to {noise['mmlu'].max():+.2f}")
regressions = len(nested) * len(knowledge.NESTED) + 2 * len(slopes) + 3 * sum(map(len, rivals.values())) + len(noise)
regressions += 0 if like is None else len(like)
glue("referee_knowledge_tried", regressions)

# %% [markdown]
# Over all models MMLU predicts better (interval below zero) than: {glue:text}`referee_rivals_beaten_none`. It is not
# told apart from: {glue:text}`referee_rivals_tied_none`. Within families it is better than:
# {glue:text}`referee_rivals_beaten_fixed`; not told apart from: {glue:text}`referee_rivals_tied_fixed`. Every score
# that ties is a reason not to call it knowledge. A second measure of capability, one that still separates models where
# HellaSwag no longer does, may be all that it takes.
#
# An imperfect control can make another variable look as if it mattered {cite:p}`westfall2016`, and HellaSwag has noise.
# Corrected for its item noise ({glue:text}`referee_noise_item` points), the coefficient of MMLU is
# {glue:text}`referee_noise_mmlu`; for errors of HellaSwag up to {glue:text}`referee_noise_most` points it stays within
# {glue:text}`referee_noise_range`. What is not excluded is a shared form: MMLU and TruthfulQA are both scored by
# multiple choice, and newer models have met more text of that kind.
#
# {glue:text}`referee_knowledge_tried` regressions were run for this part. *Answer:* over all models MMLU predicts
# TruthfulQA at given HellaSwag better than size does in {glue:text}`referee_gaps_clear_none` of
# {glue:text}`referee_gaps_sets` sets of models, within families in {glue:text}`referee_gaps_clear_fixed`; with it held,
# the change of sign over all models is {glue:text}`referee_side_change_mmlu_none`. Whether MMLU stands for knowledge
# there, or for capability of any second kind, this cannot say. It deserves a test on models that nobody has looked at
# yet, with the regression written down first.

# %% [markdown]
# ## 9. What would settle it?
#
# Two claims need to be kept apart. *The coupling runs with size:* $\gamma_{12}$ grows by so much per decade. *There is
# a coupling beyond common trends:* where a model reasons better than its family's smooth trend, it also tells the truth
# more often, or less, by $\gamma$ points per point. Only the second tells a coupling from two scores that each follow
# size, which is what the earlier objections ask for.
#
# Panels are simulated with a coupling put in. Families take sizes and trends (parabolas in $\log N$) from the
# leaderboard's; the scatter about trends, and the spread of couplings from family to family, are estimated there;
# scores are counts of right answers to questions that all models share. The estimators are this edition's: the line
# through $\gamma_{12}$ weighted by item noise, and the pooled slope after each family's own trend is taken out of both
# scores. A coupling counts as seen if its $t$, with families as clusters, exceeds what 95 % of panels without a
# coupling give.

# %% tags=["hide-input"]
long_families = selection.families_with(leaderboard, 3, pair)
own_items = (items["hellaswag"], items["truthfulqa"])
noisy = coupling.coupling_noise(coupling.local_coupling(long_families), items, seed=seed).frame
slope, zero = coupling.running_coupling_clustered(noisy, 1 / noisy["gamma_se"] ** 2, n_boot=n_boot, seed=seed)
world = worlds.scatter(long_families, items, shared_noise)
wider = replace(world, spread=worlds.running_spread(long_families, items))
running_now, beyond_now = worlds.layout(long_families, sizes=3), worlds.layout(long_families, sizes=4)

# %% tags=["hide-input"]
settings = {"shared": shared_noise, "n_draws": n_draws, "seed": seed}
closer = {**settings, "n_draws": 4 * n_draws}  # today's panel is small, so that it costs little to be more precise
grid = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6, 0.8, 1.2]
studies = {
    name: power.power(
        families, each, kind, grid, [families.n_families], [own_items], zero=np.log10(zero.value), **closer
    )
    for name, families, each, kind in (
        ("running", running_now, wider, "running"),
        ("beyond", beyond_now, world, "beyond trends"),
        ("beyond, wider", beyond_now, wider, "beyond trends"),
    )
}
today = {name: study.detectable(study.table["families"].iloc[0], own_items[1]) for name, study in studies.items()}
without = studies["beyond"].table.iloc[0]  # the row's threshold, spread and false alarms are those without a coupling
own_beyond = power.observed(
    long_families, beyond_now, "beyond trends", own_items, sizes=4, critical=without["threshold"]
)
own_error = (own_beyond.high - own_beyond.low) / 2 / without["threshold"]
counts = [int(count) for count in family_counts]
future = beyond_now.alike(max(counts), sizes_each, np.random.default_rng(seed))
more_items = (own_items[0], own_items[1] * question_factor)
curves = power.power(
    future, world, "beyond trends", coupling_sizes, counts, list(dict.fromkeys([own_items, more_items])), **settings
)
on_purpose = power.power(
    future, replace(world, x=2 * world.x), "beyond trends", coupling_sizes, counts, [own_items], **settings
)

# %% tags=["hide-input"]
draw_scale.power_curves(
    curves.table.assign(
        coupling=[f"γ = {effect:g}" for effect in curves.table["effect"]],
        questions=[f"{count:,} questions" for count in curves.table["items"]],
    ),
    "Share of simulated panels in which a coupling beyond common trends is seen, against the number of families with "
    f"{sizes_each} sizes each, for couplings of several sizes and two numbers of questions. The level dashed line in "
    "grey: four in five.",
    ["panel_leaderboard", "benchmarks"],
)

# %% tags=["remove-cell"]


def effect_text(found: float) -> str:
    """A coupling, or that the largest one tried is not seen."""
    return f"more than {max(grid):g}" if np.isinf(found) else f"{found:.2g}"


def count_text(found: float) -> str:
    """A number of families, or that the largest one tried does not suffice."""
    return f"more than {max(counts)}" if np.isinf(found) else f"about {found:.0f}"


for name, found in today.items():
    glue(f"referee_today_{name.replace(', ', '_')}", effect_text(found))
glue("referee_today_within", "within the reach of" if today["running"] <= slope.value else "beyond the reach of")
glue("referee_today_slope", slope, ".2f")
glue("referee_today_running_n", running_now.n_families)
glue("referee_today_beyond_n", beyond_now.n_families)
glue("referee_today_own", own_beyond, "+.2f")
glue("referee_today_critical", f"{without['threshold']:.1f}")
glue("referee_today_alarms", f"{without['false_alarms']:.0%}")
glue("referee_today_error", f"{own_error:.2f}")
glue("referee_today_spread", f"{without['spread']:.2f}")
glue("referee_today_ratio", f"{claims.value('coupling.threshold') / today['beyond']:.0%}")
glue("referee_phase", f"{claims.value('coupling.threshold'):g}")
for key, effect in (("small", float(coupling_sizes[0])), ("large", float(coupling_sizes[-1]))):
    glue(f"referee_effect_{key}", f"{effect:g}")
    glue(f"referee_need_{key}", count_text(curves.families_needed(effect, own_items[1])))
    glue(f"referee_need_{key}_items", count_text(curves.families_needed(effect, more_items[1])))
    glue(f"referee_need_{key}_purpose", count_text(on_purpose.families_needed(effect, own_items[1])))
glue("referee_world_x", f"{world.x:.1f}")
glue("referee_world_y", f"{world.y:.1f}")
glue("referee_world_spread", f"{world.spread:.2f}")
glue("referee_world_wider", f"{wider.spread:.2f}")
glue("referee_sizes_each", sizes_each)
glue("referee_question_factor", question_factor)
glue("referee_shared", f"{shared_noise:.0%}")
glue("referee_power_draws", n_draws)
glue("referee_monte_carlo", f"{1.96 * np.sqrt(0.25 / n_draws):.0%}")
few = curves.table[curves.table["items"] == own_items[1]].groupby("families")["false_alarms"].first()
glue("referee_alarms_few", f"{few.iloc[0]:.0%}")
glue("referee_alarms_many", f"{few.iloc[-1]:.0%}")
glue("referee_few", int(few.index[0]))
glue("referee_many", int(few.index[-1]))

# %% [markdown]
# *With today's leaderboard.* In four of five panels, {glue:text}`referee_today_running_n` families show a running
# coupling if it rises by {glue:text}`referee_today_running` per decade or more; the line through the data rises by
# {glue:text}`referee_today_slope`. So the paper's picture, a coupling that grows with size, is
# {glue:text}`referee_today_within` these data. A coupling beyond common trends can be seen in the
# {glue:text}`referee_today_beyond_n` families of four sizes or more, and would be seen in four panels of five if it
# were {glue:text}`referee_today_beyond` points per point. Their own estimate is {glue:text}`referee_today_own`. Its
# standard error comes from these few clusters and is {glue:text}`referee_today_error`; over the simulated panels
# without a coupling the estimate itself has a standard deviation of {glue:text}`referee_today_spread`. The interval
# takes the threshold of the simulation, {glue:text}`referee_today_critical` standard errors to either side, since a
# plain $t$ with these families gives {glue:text}`referee_today_alarms` false alarms where it promises 5 %. The smallest
# that the paper counts as a coupling, {glue:text}`referee_phase`, is {glue:text}`referee_today_ratio` of that size.
# That limits the paper's reading, and the doubts about it as well.
#
# *What it would take.* With {glue:text}`referee_sizes_each` sizes per family, a coupling of
# {glue:text}`referee_effect_large` needs {glue:text}`referee_need_large` families and one of
# {glue:text}`referee_effect_small` {glue:text}`referee_need_small`. With {glue:text}`referee_question_factor` times as
# many questions of truthfulness it is {glue:text}`referee_need_large_items` and {glue:text}`referee_need_small_items`;
# no number of questions removes the scatter of the models themselves, {glue:text}`referee_world_y` points of TruthfulQA
# about a family's trend beyond item noise. The third lever is the variation of reasoning at a given size,
# {glue:text}`referee_world_x` points of HellaSwag today. If seeds, data mixtures or training lengths were chosen to
# double it, {glue:text}`referee_need_large_purpose` and {glue:text}`referee_need_small_purpose` families would do.
#
# *What the simulation assumes.* Normal scatter; parabolic trends; a share of {glue:text}`referee_shared` of the item
# noise common to all models; TruthfulQA scored right or wrong, which overstates its noise; and a coupling that scatters
# between families by {glue:text}`referee_world_spread`, estimated from few of them. With the scatter of the running
# coupling, {glue:text}`referee_world_wider`, today's panel shows {glue:text}`referee_today_beyond_wider` or more
# instead. Each share in the chart rests on {glue:text}`referee_power_draws` panels and is uncertain by up to
# {glue:text}`referee_monte_carlo`. A plain $t$ test that promises 5 % false alarms raises
# {glue:text}`referee_alarms_few` with {glue:text}`referee_few` families and {glue:text}`referee_alarms_many` with
# {glue:text}`referee_many`; the threshold is therefore set by simulation.
#
# *Answer:* for a coupling of {glue:text}`referee_effect_large`, four times in five: {glue:text}`referee_need_large`
# families of the usual kind, or {glue:text}`referee_need_large_items` measured with
# {glue:text}`referee_question_factor` times the questions, or {glue:text}`referee_need_large_purpose` whose models
# differ in reasoning on purpose. The last is an experiment, which answers the other objections too.

# %% [markdown]
# ## Nine answers in one table

# %% tags=["hide-input"]
answers = []


def answer(objection: str, computed: str, found: str) -> None:
    """Add a row, once what it rests on was computed."""
    answers.append({"objection": objection, "computed": computed, "found": found})


if half and "each family in turn" in tests:
    first = tests["each family in turn"].row(holdout.SPLIT)
    answer("1 circularity", "signs right where N_c was fitted and where families were held out",
           f"{first['fitted']:.0%} and {first['value']:.0%}")  # fmt: skip
    less = estimate(half.row(halves.OWN), ("less", "less_low", "less_high"), 0.01)
    answer("", "own N_c less own direction, sizes held out", f"{less:+.0f} percentage points")
if along is not None:
    answer(
        "2 common causes",
        "correlations along families beyond separate trends",
        f"{len(along) - inside} of {len(along)}",
    )
if across is not None:
    last = across.query("measure == '… both held' and side == @confounding.DIFFERENCE").iloc[0]
    answer("", "above less below across families, year and training length held", f"{estimate(last):.2f}")
row = changes.query("group == 'text ends before TruthfulQA' and side == @overlap.DIFFERENCE").iloc[0]
answer(
    "3 contamination",
    "above less below where the test cannot have been read",
    f"{estimate(row):+.1f} points per decade",
)
if by_world:
    answer(
        "4 independent laws",
        "simulated panels without a turn that pass as a transition",
        f"{by_world.share(crossing.OWN):.0%}; without the count of turns {by_world.beside_turning(crossing.OWN):.0%}",
    )
    answer(
        "",
        "independent laws balanced at one scale that pass, and coupled laws that pass",
        f"{by_world.share(crossing.BALANCED):.0%} and {by_world.share(crossing.COUPLED):.0%}",
    )
answer(
    "", "curvature left beside families' own slopes", f"{next(iter(bends.values())).curvature:+.2f} points per decade²"
)
if profiles:
    place = in_billions(profiles["all families", "TruthfulQA, parabola's turn"].in_parameters("resampled"))
    answer("5 width", "turn over all families, drawn anew", f"{with_open_ends(place)} billion")
answer("6 choices", "range of N_c", f"{compare.size_text(spread['low'])} to {compare.size_text(spread['high'])}")
answer("7 models", "models behind the results", f"{len(entering):,}")
answer("8 knowledge", "change of sign over all models, MMLU held", f"{slopes['MMLU', 'none'].change:+.2f}")
answer("9 power", "coupling beyond trends that today's families would show in four panels of five",
       f"{effect_text(today['beyond'])} points per point")  # fmt: skip
shown(pd.DataFrame(answers), "The objections, what was computed for each, and what was found")

# %% [markdown]
# *What the objections leave.* These sentences rest on the leaderboard. Over all families TruthfulQA falls where models
# are small and rises where they are large. Among models of one size its correlation with
# {glue:text}`referee_mates_change` of {glue:text}`referee_mates_n` other benchmarks is larger above the split than
# below, and a scale found in some families gets {glue:text}`referee_rule_scale` of the signs in others. That is the
# paper's observation. Increments dealt anew within families already give that scale {glue:text}`referee_rule_chance`
# ($p$ = {glue:text}`referee_rule_p`), and one learned from the paper's own families gets
# {glue:text}`referee_rule_others` in the others, where "always positive" gets {glue:text}`referee_rule_positive`. It is
# less plain that families *turn*: as many do as scatter about straight lines gives in {glue:text}`referee_straight_low`
# to {glue:text}`referee_straight_high` of cases, and the curvature that families share beside slopes of their own is
# {glue:text}`referee_bend_all` points per decade², {glue:text}`referee_bend_seen` in the families of the paper's panel.
#
# *What they do not leave* is size as the one thing that matters. The date of the text gets
# {glue:text}`referee_rule_text` of the same signs. With the length of training held, the two sides differ by
# {glue:text}`referee_across_tokens_difference` across families of one size; with MMLU held, the change of sign over all
# models is {glue:text}`referee_side_change_mmlu_none`. The families at hand do not tell such causes apart. Nothing here
# shows that reasoning and truthfulness act on each other, or that they do not.
#
# ## What next
#
# - {doc}`Coupling </notebooks/coupling>`: the claims that these objections are about, and their verdicts.
# - {doc}`The ledger </book/ledger>`: every claim in one table.
# - Try other laws, or a panel of yours: `cape run referee -p exponent=0.6 -p scale_spread=0.5`,
#   `cape run referee -p panel=mine.csv`.
