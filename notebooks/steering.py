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
# (sec-steering)=
# # Steering: does one direction make a model more truthful?
#
# **Overview.** The paper takes the difference between the hidden states of true and false statements, adds it while a
# model writes, and reports how many outputs change. Whether the new ones are truer was not scored. This section follows
# the protocol to the letter, asks how often an output changes by itself, and then measures what the paper's claim is
# about: questions with true and false answers, the same questions with and without the push, beside directions that
# mean nothing.
#
# **You need** {doc}`Internals </notebooks/internals>` for hidden states and layers. **~25 min.**

# %% tags=["parameters", "hide-input"]
model: str = "smollm2-135m"  # model to steer: built-in name, folder, GGUF file or hub id
layer: str = "0.25"  # block after which is steered, fixed beforehand: an index, a fraction of the depth, or auto
strength: float = 1.0  # how far, fixed beforehand, in spreads of the layer
questions: str = ""  # questions of your own, a CSV in TruthfulQA's columns or a JSONL; empty for the edition's
n_questions: int = 12  # questions asked, of all there are
n_permuted: int = 20  # directions fitted on permuted labels, the main null
n_gaussian: int = 2  # Gaussian directions of the same length
n_beside: int = 1  # directions on permuted labels beside every dose
sweep_layers: list[float] = [0.25, 0.5, 0.75]  # layers of the dose-response
sweep_strengths: list[float] = [-1.0, 0.5, 1.0]  # its strengths
n_elsewhere: int = 12  # everyday completions and half as many texts, for what steering costs elsewhere
n_texts: int = 10  # prompts of the paper's protocol
new_tokens: int = 20  # tokens written for each
seed: int = 0  # seed of every random draw

# %% tags=["hide-input"]
import pandas as pd

from capelib import claims, models, parameters, present, steering, tables
from capelib.charts import families as compare
from capelib.charts import steering as draw
from capelib.frames import shown
from capelib.frames import written as numeral
from capelib.internals import short
from capelib.present import glue
from capelib.steering import answers as judged
from capelib.steering import measured as recorded
from capelib.steering import readable, released
from capelib.steering.choices import baselines
from capelib.steering.experiment import PERMUTED

N_DRAWN = 3  # directions on permuted labels with which answers are written

present.setup()
parameters.check("steering", globals())

# %% [markdown]
# ## What the paper says

# %% tags=["hide-input"]
claims.quote("steering.depth", "steering.rate_410m", "steering.rate_1b", "steering.rate_2p8b")

# %% [markdown]
# The {term}`truth direction` is the normalised difference of the mean last-token activations of true and of false
# statements, at the layer a quarter of the way up. It is added to the hidden state while the model writes, with a
# strength by {term}`phase`: the cosine of the prompt's state with the direction, below −0.1: 3, below 0.1: 1.5, below
# 0.3: 0.5, else nothing. An output counts as *corrected* if it differs from the unsteered one (Amin 2026, Sec. 7.4).
# The released tool draws words at temperature 0.7 from the likeliest 90 %, without a seed.
#
# ## What was released
#
# Counts of changed outputs, without the outputs:

# %% tags=["hide-input"]
reported = tables.read("steering_reported")
runs = released.runs(reported)
shown(
    runs[["model", "n_changed", "n_prompts", "share", "wilson_low", "wilson_high", "in_paper", "doubt"]],
    "Changed outputs in every released run; the share in percent with Wilson's 95 % interval",
    0,
    {"n_changed": "changed", "n_prompts": "prompts", "wilson_low": "low", "wilson_high": "high", "in_paper": "printed"},
)

# %% tags=["hide-input"]
printed = released.printed(reported).set_index("model")
others = released.beside(reported)
trend = released.printed_trend(reported)
for claim, name in {
    "steering.rate_410m": "Pythia-410M", "steering.rate_1b": "Pythia-1B", "steering.rate_2p8b": "Pythia-2.8B",
}.items():  # fmt: skip
    row = printed.loc[name]
    claims.check(
        claim,
        released=released.share(int(row["n_changed"]), int(row["n_prompts"])),
        searched={
            f"another released run, {each.counts.split(' against ')[1]}": each.other
            for each in others[others["model"] == name].itertuples()
        },
        reason="Outputs that differ from the unsteered one. Whether they are truer was not scored, so this is a rate "
        "of change. No single output was released.",
    )
claims.check("steering.depth")

# %% tags=["remove-cell"]
glue("steering_falling", numeral(trend.p_falling))
glue("steering_two_sided", numeral(trend.p_two_sided))
glue("steering_given", int(printed["agrees"].sum()))
glue("steering_printed", len(printed))
glue("steering_prompts", " or ".join(map(str, sorted(set(printed["n_prompts"])))))
glue("steering_others", len(others))
glue("steering_others_low", f"{others['other'].min():.0f}")
glue("steering_others_high", f"{others['other'].max():.0f}")
small = others[others["model"] == "Pythia-410M"]
glue("steering_small_low", f"{small['other'].min():.0f}")
glue("steering_small_high", f"{small['other'].max():.0f}")
large = others[others["model"] == "Pythia-2.8B"]
glue("steering_large", f"{large['other'].max():.0f}")

# %% [markdown]
# The printed rates fall with size. If all three models changed equally often, a fall at least as steep would come about
# by chance with probability {glue:text}`steering_falling` (exact trend test, one-sided; {glue:text}`steering_two_sided`
# two-sided). Of the printed models {glue:text}`steering_others` more runs were released: for Pythia-410M they give
# {glue:text}`steering_small_low` and {glue:text}`steering_small_high` %, for Pythia-2.8B {glue:text}`steering_large` %.
#
# ## The protocol, and what changes by itself
#
# The same protocol in a model that runs here: direction, layer, strengths by phase, sampling. Then the
# same prompts without any push, drawn once more, as an unseeded tool does. And both once more with the same random
# numbers, and greedy; last, a random direction of the same length.

# %% tags=["hide-input"]
opened = models.load(model)
statements = tables.read("statements")
fit_on = statements[statements["split"] == "fit"]
everything = steering.read_questions(questions or None)
asked = everything.sample(n_questions, seed)
prompts = [steering.PROMPT.format(question=text) for text in everything.sample(n_texts, seed).questions["question"]]
quarter = steering.TruthDirection.fit(opened, fit_on, claims.value("steering.depth"), seed=seed)
rates, texts = steering.change_rates(opened, prompts, quarter, new_tokens, seed)
shown(
    rates.assign(rate=rates["rate"].round(), low=rates["low"].round(), high=rates["high"].round()),
    f"Outputs that differ from the unpushed one, percent with Wilson's 95 % interval. {short(model)}, layer "
    f"{quarter.layers[0]} of {opened.n_layers}; {(texts.drop_duplicates('prompt')['strength'] > 0).sum()} of "
    f"{len(prompts)} prompts have a phase in which the paper pushes",
    0,
)

# %% tags=["hide-input"]
LABELS = {
    ("by phase", "drawn afresh"): "push, drawn afresh",
    ("none", "drawn afresh"): "none, drawn afresh",
    ("by phase", "same draws"): "push, same draws",
    ("by phase", "greedy"): "push, greedy",
    ("Gaussian", "greedy"): "random, greedy",
}
bars = rates.assign(
    comparison=[LABELS[pair] for pair in zip(rates["push"], rates["draws"], strict=True)],
    value=rates["rate"],
    series=["no push" if push == "none" else "pushed" for push in rates["push"]],
)
compare.intervals(
    bars,
    "comparison",
    "series",
    "outputs that change, %",
    "How often an output changes, under the paper's push and without any: with fresh random numbers, the same ones, "
    "and greedily (Wilson's 95 % intervals).",
    ["questions", "statements"],
    domain=(0, 100),
    zero=False,
)

# %% tags=["remove-cell"]
by = rates.set_index(["push", "draws"])
pushes = texts.drop_duplicates("prompt")
glue("steering_model", short(model))
glue("steering_pushed", f"{by.loc[('by phase', 'drawn afresh'), 'rate']:.0f}")
glue("steering_null", f"{by.loc[('none', 'drawn afresh'), 'rate']:.0f}")
glue("steering_same", f"{by.loc[('by phase', 'same draws'), 'rate']:.0f}")
glue("steering_greedy", f"{by.loc[('by phase', 'greedy'), 'rate']:.0f}")
glue("steering_noise", f"{by.loc[('Gaussian', 'greedy'), 'rate']:.0f}")
glue("steering_spread", f"{quarter.spreads[0]:.1f}")
glue("steering_most", f"{pushes['strength'].max():g}")
glue("steering_most_spreads", f"{pushes['strength'].max() / quarter.spreads[0]:.2f}")
glue("steering_n_texts", n_texts)

# %% [markdown]
# In {glue:text}`steering_model` {glue:text}`steering_pushed` % of the outputs change under the paper's push, and
# {glue:text}`steering_null` % without any. With the same random numbers the push changes {glue:text}`steering_same` %,
# greedily {glue:text}`steering_greedy` %, and a random direction as long {glue:text}`steering_noise` %. A rate of
# change says how texts are drawn before it says anything of a direction, and nothing of truth. The strongest push used
# here is {glue:text}`steering_most` long; the states of statements lie {glue:text}`steering_spread` from their mean, so
# that it is {glue:text}`steering_most_spreads` of that distance. Below, strengths are in this unit, the *spread* of the
# layer, because a length means different things in different layers.
#
# ## Can truth be read at that layer?
#
# Before any push: does the direction of one half of the statements tell true from false in the other? The statements of
# a pair differ in one place, and every pair has a mirror in which the same words are true and false the other way
# round, so that words alone tell nothing.

# %% tags=["hide-input"]
layers = range(opened.n_layers)
held_out = statements[statements["split"] == "held_out"]
fitted = steering.states(opened, fit_on, layers)
left_out = steering.states(opened, held_out, layers)
reading = readable.by_layer(
    fitted, left_out, steering.groups(held_out), list(layers), seed=seed, fit_groups=steering.groups(fit_on)
)
draw.readable(
    reading,
    "Share of held-out pairs in which the true statement lies further along the direction than the false one, by "
    "layer, with its spread over pairs and mirrors (95 %); grey, directions fitted on permuted labels, which are "
    "exchanged within pairs.",
    ["statements"],
)

# %% tags=["remove-cell"]
everywhere = steering.TruthDirection.of_states(*fitted, layers, model=opened.name, n_layers=opened.n_layers)
at = steering.choose_layer(layer, opened, fitted, fit_on, seed)
own = reading.set_index("layer").loc[at]
best = reading.loc[reading["paired"].idxmax()]
glue("steering_layer", at)
glue("steering_layers", opened.n_layers)
glue("steering_read", f"{100 * own['paired']:.0f} %")
glue("steering_read_low", f"{100 * own['low']:.0f} %")
glue("steering_read_high", f"{100 * own['high']:.0f} %")
glue("steering_read_null", f"{100 * own['null_high']:.0f} %")
glue("steering_read_p", numeral(own["p"]))
glue("steering_best_layer", int(best["layer"]))
glue("steering_best", f"{100 * best['paired']:.0f} %")
glue("steering_pairs", len(held_out))
glue("steering_strength", f"{strength:g}")
glue(
    "steering_how",
    f"layer {at}, chosen among all where directions of one half of the statements tell the other half best"
    if layer == "auto"
    else f"layer {at}" + (", the paper's quarter of the depth" if at == quarter.layers[0] else ""),
)

# %% [markdown]
# At layer {glue:text}`steering_layer` of {glue:text}`steering_layers` the direction tells {glue:text}`steering_read`
# [{glue:text}`steering_read_low`, {glue:text}`steering_read_high`] of {glue:text}`steering_pairs` pairs right; of
# directions on permuted labels 97.5 % stay below {glue:text}`steering_read_null` (rank p
# {glue:text}`steering_read_p`). The best of all layers, {glue:text}`steering_best_layer`, has
# {glue:text}`steering_best`; a best of many is flattered.
#
# ## The measurement
#
# Layer and strength were fixed before any question was asked: {glue:text}`steering_how`, and strength
# {glue:text}`steering_strength`, in spreads. Every question has one best answer, other true ones and false ones;
# {term}`MC1` is the share of questions whose best answer is likelier than every false one, {term}`MC2` the probability
# of the true ones among all (Lin et al. 2022). The rule that decides: steering helps if MC1 rises, with at most 5 %
# both by McNemar's exact test of corrected against broken answers and in the rank among directions fitted on permuted
# labels. The other outcomes are shown and decide nothing.

# %% tags=["hide-input"]
reasoning = tables.read("reasoning_items").head(n_elsewhere)
neutral = tables.read("neutral_text")["text"].head(max(2, n_elsewhere // 2))
sweep_at = sorted({steering.resolve(each, opened.n_layers) for each in sweep_layers})
planned = steering.plan(
    everywhere, *fitted, at, strength, sweep_at, sweep_strengths, n_permuted, n_gaussian, seed,
    steering.groups(fit_on), n_beside,
)  # fmt: skip
measured = steering.Measured(opened, asked, sorted({*sweep_at, at}), reasoning, list(neutral))
results = steering.run(measured, planned)
effect = steering.effect(results, seed=seed)
changes = effect.changes
shown(
    steering.outcomes(results, effect, seed),
    f"The same {changes.n} questions with and without the push at layer {at}, strength {strength:g}: the change with "
    f"its 95 % interval, and the middle 95 % of the changes by {n_permuted} directions on permuted labels; margin, the "
    "log-probability of the best answer less that of the likeliest false one",
    2,
)

# %% tags=["hide-input"]
cost = steering.elsewhere(results)
shown(
    pd.DataFrame([
        ("corrected", changes.corrected), ("broken", changes.broken), ("stayed right", changes.stayed_right),
        ("stayed wrong", changes.stayed_wrong),
    ], columns=["on MC1", "questions"]),
    "Questions by what the push did to them",
)  # fmt: skip

# %% tags=["hide-input"]
draw.dose(
    results.cells,
    "What the push does by strength and layer: share of questions right on MC1, MC2, everyday completions right, and "
    "perplexity of neutral text as a ratio to the plain model's. Strokes: directions on permuted labels, at the same "
    "layer and strength; crosses: Gaussian ones at the push fixed beforehand; dashed, the plain model.",
    ["questions", "statements", "reasoning_items", "neutral_text"],
)

# %% tags=["remove-cell"]
ranked = effect.ranked["mc1"]
glue("steering_n", changes.n)
glue("steering_corrected", changes.corrected)
glue("steering_broken", changes.broken)
glue("steering_p", numeral(changes.p))
glue("steering_rank", numeral(ranked.p))
glue("steering_mc1_base", f"{100 * changes.base.value:.0f}")
glue("steering_mc1", f"{100 * changes.steered.value:.0f}")
glue("steering_mc2_change", f"{100 * effect.mc2.mean.value:+.1f}")
glue("steering_mc2_low", f"{100 * effect.mc2.mean.low:+.1f}")
glue("steering_mc2_high", f"{100 * effect.mc2.mean.high:+.1f}")
glue("steering_mc2_null_low", f"{100 * effect.ranked['mc2'].low:+.1f}")
glue("steering_mc2_null_high", f"{100 * effect.ranked['mc2'].high:+.1f}")
found = effect.could_find["mc1"]
glue(
    "steering_could",
    "no change of MC1 would be found in four cases of five"
    if found.smallest is None
    else f"only a change of MC1 of {100 * found.smallest:.0f} points or more would be found in four cases of five",
)
rules = baselines(asked.choices).set_index("rule")
for name, rule in {"chance": "chance", "longest": "longest", "no": 'always "No"'}.items():
    glue(f"steering_{name}", f"{100 * rules.loc[rule, 'mc1']:.0f} and {100 * rules.loc[rule, 'mc2']:.0f} %")
glue("steering_could_mc2", f"{100 * effect.could_find['mc2'].smallest:.1f}")
glue("steering_decides", f"By the rule, the push {effect.verdict}")
cells = results.cells
doses = cells[cells["kind"] == "truth"].sort_values("mc1")
top = doses.iloc[-1]
glue("steering_doses", len(doses))
glue("steering_top", f"{100 * top['mc1']:.0f}")
glue("steering_top_layer", int(top["layer"]))
glue("steering_top_strength", f"{top['strength']:+g}")
glue("steering_top_perplexity", f"{top['perplexity']:.2f}")
truth = cost[cost["kind"] == "truth"].set_index("strength").loc[strength]
glue("steering_perplexity", f"{truth['perplexity']:.2f}")
sides = int((results.of("truth")[0].right != results.plain.right).sum())
glue(
    "steering_right",
    f"no one of {len(reasoning)} everyday completions changes sides, which is too few to tell a small cost"
    if sides == 0
    else f"the share of {len(reasoning)} everyday completions that are right changes by "
    f"{100 * truth['right_change']:+.0f} [{100 * truth['low']:+.0f}, {100 * truth['high']:+.0f}] points",
)

# %% [markdown]
# {glue:text}`steering_decides`: of {glue:text}`steering_n` questions {glue:text}`steering_corrected` were corrected and
# {glue:text}`steering_broken` broken (McNemar's exact p {glue:text}`steering_p`), MC1 went from
# {glue:text}`steering_mc1_base` to {glue:text}`steering_mc1` %, and the change ranks with p {glue:text}`steering_rank`
# among the directions on permuted labels. MC2 changed by {glue:text}`steering_mc2_change`
# [{glue:text}`steering_mc2_low`, {glue:text}`steering_mc2_high`] points, where permuted labels give
# {glue:text}`steering_mc2_null_low` to {glue:text}`steering_mc2_null_high`. What could have been missed: with these
# questions {glue:text}`steering_could`; of MC2, a mean change of {glue:text}`steering_could_mc2` points would be found
# as often; that is of the tests over questions, and the rank among directions asks for more. A pick by chance has MC1
# and MC2 of {glue:text}`steering_chance`, always the longest answer {glue:text}`steering_longest`, always "No"
# {glue:text}`steering_no`.
#
# Elsewhere the push multiplies the perplexity of neutral text by {glue:text}`steering_perplexity`, and
# {glue:text}`steering_right`.
#
# The chart shows {glue:text}`steering_doses` doses of the direction. The best of them on MC1, layer
# {glue:text}`steering_top_layer` at strength {glue:text}`steering_top_strength`, has {glue:text}`steering_top` % right
# and multiplies perplexity by {glue:text}`steering_top_perplexity`. It was picked from {glue:text}`steering_doses` on
# the same questions, so it is a suggestion for other questions and no result.

# %% tags=["hide-input"]
shown(
    cost[["kind", "strength", "draws", "right", "right_change", "low", "high", "perplexity"]],
    "What steering costs elsewhere, at the layer fixed beforehand: share of everyday completions right, its change "
    "with its 95 % interval, or of several directions their range, and perplexity of neutral text as a ratio",
    2,
    {"kind": "direction", "right": "completions right", "right_change": "change"},
)

# %% [markdown]
# ## All questions, all layers
#
# {glue:text}`steering_n` questions are what a reader can wait for. In SmolLM2-135M the same experiment was run once on
# all of them, at every layer, by `scripts/measure_steering.py`; what follows is computed from the table that it left.
# The rule is the one above, at strength {glue:text}`steering_all_strength`. It decides at two layers, both fixed
# without a question: the paper's, and the one at which the direction tells held-out statements apart best.

# %% tags=["hide-input"]
kept = tables.read("steering_measured")
fixed = recorded.fixed(kept)
shown(
    recorded.told(fixed),
    f"SmolLM2-135M, {fixed[0].changes.n} questions, strength {fixed[0].strength:g}: changes in points, with the 95 % "
    f"interval over questions and the middle 95 % of {fixed[0].ranked['mc1'].n_null} directions on permuted labels",
    2,
    {"null_low": "permuted low", "null_high": "permuted high", "p": "McNemar p", "rank_p": "rank p"},
)

# %% tags=["hide-input"]
every = recorded.by_layer(kept)
draw.layers(
    every,
    f"The same push, {fixed[0].strength:g} spread, at every layer of SmolLM2-135M: questions corrected (up) and broken "
    "(down), and the mean change of MC2 with its 95 % interval; strokes, directions fitted on permuted labels.",
    ["steering_measured"],
)

# %% tags=["hide-input"]
shown(
    pd.concat([recorded.ladder(kept, each.layer) for each in fixed]),
    "What the push does at these layers by strength: change of MC2 in points with its 95 % interval, the least and "
    "greatest change by directions on permuted labels at the same strength (null), everyday completions right in "
    "percent, and perplexity of neutral text as a ratio",
    2,
    {"mc2_change": "MC2", "mc2_low": "low", "mc2_high": "high", "null_low": "null low", "null_high": "null high",
     "completions_right_pct": "right", "perplexity_ratio": "perplexity"},
)  # fmt: skip

# %% tags=["remove-cell"]
tops = recorded.best_layer(every).set_index("outcome")
order = every[every["kind"] == "truth"].sort_values("mc2_change", ascending=False)["layer"].tolist()
beyond = recorded.beyond_zero(every)
own, nulls = beyond[beyond["draw"] == -1].iloc[0], beyond[beyond["draw"] >= 0]
glue("steering_all_n", fixed[0].changes.n)
glue("steering_all_strength", f"{fixed[0].strength:g}")
for side in ("above", "below"):
    glue(f"steering_all_{side}", int(own[side]))
    glue(f"steering_null_{side}", f"{nulls[side].min()} to {nulls[side].max()}")
rules = baselines(steering.read_questions().choices).set_index("rule")
for name, rule in {"chance": "chance", "longest": "longest"}.items():
    glue(f"steering_all_{name}", f"{100 * rules.loc[rule, 'mc1']:.0f} and {100 * rules.loc[rule, 'mc2']:.0f} %")
glue("steering_all_base", " and ".join(f"{value:.0f}" for value in fixed[0].base.values()) + " %")
for name, each in {"all": fixed[0], "chosen": fixed[-1]}.items():
    glue(f"steering_{name}_layer", each.layer)
    glue(f"steering_{name}_decides", f"the push {each.verdict}")
    glue(f"steering_{name}_counts", f"{each.changes.corrected} corrected, {each.changes.broken} broken")
    glue(f"steering_{name}_p", numeral(each.changes.p))
    glue(f"steering_{name}_rank", numeral(each.ranked["mc1"].p))
    glue(f"steering_{name}_mc2", f"{each.mc2:+z.2f}")
    glue(f"steering_{name}_null", f"{each.ranked['mc2'].low:+.1f} to {each.ranked['mc2'].high:+.1f}")
    glue(f"steering_{name}_mc2_rank", numeral(each.ranked["mc2"].p))
    could = each.could_find["mc1"].smallest
    glue(
        f"steering_{name}_could",
        "no change of MC1" if could is None else f"a change of MC1 of {100 * could:.1f} points",
    )
    glue(f"steering_{name}_could_mc2", f"{each.could_find['mc2'].smallest:.1f}")
first, last = fixed[0].verdict, fixed[-1].verdict
glue(
    "steering_both",
    f"{first}, at the paper's layer and where truth is told best alike"
    if first == last
    else f"{first} at the paper's layer, and {last} where truth is told best",
)
glue("steering_all_layers", len(order))
glue("steering_all_place", order.index(fixed[0].layer) + 1)
for outcome, word in {"mc1": "MC1", "mc2": "MC2"}.items():
    row = tops.loc[outcome]
    glue(
        f"steering_best_{outcome}",
        f"{word} by {row['change']:+.1f} points at layer {int(row['layer'])} (perplexity times "
        f"{row['perplexity_ratio']:.2f})",
    )
    glue(f"steering_best_{outcome}_null", f"{row['null_low']:+.1f} to {row['null_high']:+.1f}")
    glue(f"steering_best_{outcome}_p", numeral(row["p"]))
n_draws = int(tops["n_null"].iloc[0])
glue("steering_best_draws", n_draws)
glue("steering_best_least", numeral(1 / (n_draws + 1)))
unreached = [word for outcome, word in {"mc1": "MC1", "mc2": "MC2"}.items() if tops["p"][outcome] <= 1 / n_draws]
places = " and ".join(f"{int(row['layer'])} by {row.name.upper()}" for _, row in tops.iterrows())
glue(
    "steering_search_says",
    {
        2: f"No draw reaches either: somewhere in the model the direction does more than directions that mean nothing, "
        f"as far as {n_draws} of them can tell.",
        1: f"No draw reaches that of {' and '.join(unreached)}; some reach the other.",
        0: "Some draws reach as much in either: searching explains it.",
    }[len(unreached)],
)
glue(
    "steering_search",
    f"its best layers of all, {places}, raise them "
    + {2: "more than", 1: f"more (in {' and '.join(unreached)} alone) than", 0: "no more than"}[len(unreached)]
    + f" the best of {n_draws} directions that mean nothing (rank p {numeral(tops['p']['mc1'])} and "
    f"{numeral(tops['p']['mc2'])}), and multiply the perplexity of neutral text by "
    f"{tops['perplexity_ratio']['mc1']:.2f} and {tops['perplexity_ratio']['mc2']:.2f}",
)

# %% [markdown]
# Without a push MC1 and MC2 are {glue:text}`steering_all_base`; a pick by chance has {glue:text}`steering_all_chance`,
# always the longest answer {glue:text}`steering_all_longest`. At the paper's layer, {glue:text}`steering_all_layer`,
# {glue:text}`steering_all_decides`: {glue:text}`steering_all_counts` of {glue:text}`steering_all_n` (McNemar's exact p
# {glue:text}`steering_all_p`, rank p {glue:text}`steering_all_rank`). MC2 changes by {glue:text}`steering_all_mc2`
# points, where permuted labels give {glue:text}`steering_all_null` (rank p {glue:text}`steering_all_mc2_rank`). In four
# cases of five {glue:text}`steering_all_could` would be found, or one of MC2 of {glue:text}`steering_all_could_mc2`
# points; what is smaller could have been missed.
#
# At layer {glue:text}`steering_chosen_layer`, where truth is told best, {glue:text}`steering_chosen_decides`:
# {glue:text}`steering_chosen_counts` (p {glue:text}`steering_chosen_p`, rank p {glue:text}`steering_chosen_rank`); MC2
# changes by {glue:text}`steering_chosen_mc2` points, where permuted labels give {glue:text}`steering_chosen_null` (rank
# p {glue:text}`steering_chosen_mc2_rank`).
#
# By the change of MC2 the paper's layer is number {glue:text}`steering_all_place` of
# {glue:text}`steering_all_layers`; the interval lies above zero in {glue:text}`steering_all_above` layers and below it
# in {glue:text}`steering_all_below`, where directions on permuted labels have {glue:text}`steering_null_above` and
# {glue:text}`steering_null_below`. The best layers raise {glue:text}`steering_best_mc1` and
# {glue:text}`steering_best_mc2`, flattered as the best of many are. Of {glue:text}`steering_best_draws` directions on
# permuted labels, each searched through all layers alike, the best layers reach {glue:text}`steering_best_mc1_null` and
# {glue:text}`steering_best_mc2_null` points (rank p {glue:text}`steering_best_mc1_p` and
# {glue:text}`steering_best_mc2_p`; with so many draws it is never below {glue:text}`steering_best_least`).
# {glue:text}`steering_search_says`
#
# ## What it writes
#
# The paper's claim is about outputs. To every question that yes or no answers the model writes a greedy answer: without
# a push, with that of above, and with the same length of {glue:text}`steering_drawn` directions on permuted labels.
# Exact rules judge them: true, false, or unclear where neither yes nor no is written and no listed answer is found.

# %% tags=["hide-input"]
main, outputs, answered = everywhere.at(at), {}, None
if len(judged.closed(everything)):
    outputs["truth"] = judged.answers(opened, everything, main, (0.0, strength))
    plain = outputs["truth"][outputs["truth"]["strength"] == 0]
    drawn = [cell for cell in planned.cells if cell.kind == PERMUTED and cell.strength == strength and cell.layer == at]
    for cell in drawn[:N_DRAWN]:
        null = judged.answers(opened, everything, cell.direction, (strength,))
        outputs[f"{PERMUTED} {cell.draw + 1}"] = pd.concat([plain, null])
    answered = judged.table(outputs, strength)
shown(
    pd.DataFrame() if answered is None else answered,
    f"Written answers to the questions that yes or no answers, at layer {at} and strength {strength:g}; corrected "
    "became true, broken ceased to be, both against no push; McNemar's exact p",
    2,
)

# %% tags=["remove-cell"]
glue("steering_drawn", N_DRAWN)
if answered is None:
    glue("steering_written", "None of the questions is answered by yes or no, so that nothing could be judged.")
    glue("steering_outputs", "no written answer could be judged")
else:
    none, own, *nulls = answered.to_dict("records")
    clear = [row["true"] / max(1, row["true"] + row["false"]) for row in (none, own)]
    moved = [row["true"] - none["true"] for row in nulls]
    above = sum(row["true"] >= own["true"] for row in nulls)
    glue(
        "steering_outputs",
        f"{own['corrected']} of {len(plain)} written answers become true and {own['broken']} cease to be; directions "
        f"that mean nothing change the number of true ones by {min(moved):+d} to {max(moved):+d}",
    )
    glue(
        "steering_written",
        f"With the push {own['corrected']} of {len(plain)} answers become true and {own['broken']} cease to be "
        f"(McNemar's exact p {numeral(own['p'])}); the number of true ones changes by {own['true'] - none['true']:+d}, "
        f"under directions that mean nothing by {min(moved):+d} to {max(moved):+d}. {above} of {len(nulls)} such "
        f"directions {'has' if above == 1 else 'have'} as many true answers or more. Unclear are {none['unclear']} "
        f"answers without and {own['unclear']} with the push: a push changes whether the model answers at all. Of the "
        f"answers that are clear {100 * clear[0]:.0f} % are true without it and {100 * clear[1]:.0f} % with it.",
    )

# %% [markdown]
# {glue:text}`steering_written`
#
# Texts for the reader, chosen beforehand: the first question of every topic among those asked, greedy, without and with
# the push.

# %% tags=["hide-input"]
first = asked.questions.drop_duplicates("topic")
written = steering.write(
    opened, [steering.PROMPT.format(question=text) for text in first["question"]], main, (0.0, strength), new_tokens
)
side = written.pivot(index="prompt", columns="strength", values="text")
answers = {
    s: steering.judge_all(
        list(first["question_id"]),
        [side.loc[steering.PROMPT.format(question=text), s] for text in first["question"]],
        asked.choices,
    )
    for s in (0.0, strength)
}
shown(
    pd.DataFrame({
        "topic": first["topic"].str.replace("_", " ").tolist(),
        "question": list(first["question"]),
        "plain": [side.loc[steering.PROMPT.format(question=text), 0.0].strip() for text in first["question"]],
        "judged": answers[0.0],
        "steered": [side.loc[steering.PROMPT.format(question=text), strength].strip() for text in first["question"]],
        "judged ": answers[strength],
    }),
    "Greedy answers without and with the push. Judged by exact rules: yes or no where the answer is one, otherwise the "
    "words of a true or false answer; unclear if neither",
)  # fmt: skip

# %% [markdown]
# ## What holds, and what does not
#
# *Of the paper's numbers.* The released counts give {glue:text}`steering_given` of {glue:text}`steering_printed`
# printed rates. They are rates of change, of {glue:text}`steering_prompts` outputs each. A fall as steep with size
# comes by chance with probability {glue:text}`steering_falling`, and other released runs of these models have
# {glue:text}`steering_others_low` to {glue:text}`steering_others_high` %.
#
# *Of the measure.* A text that is drawn afresh changes without any push: here {glue:text}`steering_null` % do. To say
# that an output was corrected it must be scored.
#
# *Of the claim, in {glue:text}`steering_model`.* {glue:text}`steering_decides`, at layer {glue:text}`steering_layer`
# and strength {glue:text}`steering_strength`. In SmolLM2-135M, on all questions, it {glue:text}`steering_both`;
# {glue:text}`steering_search`. Of outputs, which the claim is about: {glue:text}`steering_outputs`. This is one small
# model, instruction-tuned and read from 4-bit weights where it is the built-in one; Pythia was not steered here. On a
# machine with a network:
#
# ```bash
# cape run steering -p model=EleutherAI/pythia-410m -p n_questions=128 --out runs/pythia-410m
# cape steer EleutherAI/pythia-410m --evaluate --sweep --out runs/pythia-410m
# ```
#
# ## What next
#
# - {doc}`The ledger </book/ledger>`: all claims of the paper.
# - {doc}`The command line </book/cli>`: `cape steer` steers any open-weight model.
