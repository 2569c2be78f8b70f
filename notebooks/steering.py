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
from capelib.internals import short
from capelib.present import glue
from capelib.steering import readable, released

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
# Counts of changed outputs, without the outputs. Ten prompts leave room:

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
glue("steering_falling", f"{trend.p_falling:.2f}")
glue("steering_two_sided", f"{trend.p_two_sided:.2f}")
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
# The same protocol in a model that runs here: direction, layer, strengths by phase, sampling, ten prompts. Then the
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
    f"{quarter.layers[0]} of {opened.n_layers}",
    0,
)

# %% tags=["hide-input"]
LABELS = {
    ("by phase", "drawn afresh"): "the paper's push, drawn afresh",
    ("none", "drawn afresh"): "no push, drawn afresh",
    ("by phase", "same draws"): "the paper's push, same draws",
    ("by phase", "greedy"): "the paper's push, greedy",
    ("Gaussian", "greedy"): "random direction, greedy",
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
    "layer, with its spread over pairs and mirrors (95 %); grey, directions fitted on labels exchanged within pairs.",
    ["statements"],
)

# %% tags=["remove-cell"]
everywhere = steering.TruthDirection.of_states(*fitted, layers, model=opened.name, n_layers=opened.n_layers)
at = steering.choose_layer(layer, opened, fitted, fit_on, seed)
own = reading.set_index("layer").loc[at]
best = reading.loc[reading["paired"].idxmax()]
glue("steering_layer", at)
glue("steering_layers", opened.n_layers)
glue("steering_read", f"{own['paired']:.0%}")
glue("steering_read_low", f"{own['low']:.0%}")
glue("steering_read_high", f"{own['high']:.0%}")
glue("steering_read_null", f"{own['null_high']:.0%}")
glue("steering_read_p", f"{own['p']:.2f}")
glue("steering_best_layer", int(best["layer"]))
glue("steering_best", f"{best['paired']:.0%}")
glue("steering_pairs", len(held_out))

# %% [markdown]
# At layer {glue:text}`steering_layer` of {glue:text}`steering_layers` the direction tells {glue:text}`steering_read`
# [{glue:text}`steering_read_low`, {glue:text}`steering_read_high`] of {glue:text}`steering_pairs` pairs right; of
# directions on exchanged labels 97.5 % stay below {glue:text}`steering_read_null` (rank p
# {glue:text}`steering_read_p`). The best of all layers, {glue:text}`steering_best_layer`, has
# {glue:text}`steering_best`; a best of many is flattered.
#
# ## The measurement
#
# Layer and strength are those of the parameters, fixed before any question was asked: the paper's layer, and one
# spread. Every question has one best answer, other true ones and false ones; {term}`MC1` is the share of questions
# whose best answer is likelier than every false one, {term}`MC2` the probability of the true ones among all (Lin et al.
# 2022). The rule that decides: steering helps if MC1 rises, with at most 5 % both by McNemar's exact test of corrected
# against broken answers and in the rank among directions fitted on permuted labels. The other outcomes are shown and
# decide nothing.

# %% tags=["hide-input"]
reasoning = tables.read("reasoning_items").head(n_elsewhere)
neutral = tables.read("neutral_text")["text"].head(max(2, n_elsewhere // 2))
sweep_at = sorted({steering.resolve(each, opened.n_layers) for each in sweep_layers})
planned = steering.plan(
    everywhere, *fitted, at, strength, sweep_at, sweep_strengths, n_permuted, n_gaussian, seed,
    steering.groups(fit_on),
)  # fmt: skip
measured = steering.Measured(opened, asked, sorted({*sweep_at, at}), reasoning, list(neutral))
results = steering.run(measured, planned)
effect = steering.effect(results, seed=seed)
changes = effect.changes
outcomes = pd.DataFrame(
    [
        ("MC1, % right", 100 * changes.base.value, 100 * changes.steered.value, 100 * changes.difference.value,
         100 * changes.difference.low, 100 * changes.difference.high, *[100 * getattr(effect.ranked["mc1"], name)
         for name in ("low", "high")], effect.ranked["mc1"].p),
        *[(title, scale * results.plain.questions[name].mean(),
           scale * (results.plain.questions[name].mean() + moved.mean.value), scale * moved.mean.value,
           scale * moved.mean.low, scale * moved.mean.high,
           *[scale * getattr(effect.ranked[name], end) for end in ("low", "high")], effect.ranked[name].p)
          for name, title, scale, moved in (
              ("mc2", "MC2, %", 100, effect.mc2), ("margin", "margin of the best answer, nats", 1, effect.margin))],
    ],
    columns=["outcome", "base", "steered", "change", "low", "high", "permuted low", "permuted high", "rank p"],
)  # fmt: skip
shown(
    outcomes,
    f"The same {changes.n} questions with and without the push at layer {at}, strength {strength:g}: the change with "
    f"its 95 % interval, and the middle 95 % of the changes by {n_permuted} directions on permuted labels",
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
    "perplexity of neutral text as a ratio to the plain model's. Grey marks: directions on permuted labels and "
    "Gaussian ones, at the layer and strength fixed beforehand; dashed, the plain model.",
    ["questions", "statements", "reasoning_items", "neutral_text"],
)

# %% tags=["remove-cell"]
ranked = effect.ranked["mc1"]
glue("steering_n", changes.n)
glue("steering_strength", f"{strength:g}")
glue("steering_corrected", changes.corrected)
glue("steering_broken", changes.broken)
glue("steering_p", f"{changes.p:.2f}")
glue("steering_rank", f"{ranked.p:.2f}")
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
    "no change of MC1 could have been told from chance, because too few of them change sides"
    if found.smallest is None
    else f"only a change of MC1 of {100 * found.smallest:.0f} points or more would be found in four cases of five",
)
glue("steering_could_mc2", f"{100 * effect.could_find['mc2'].smallest:.1f}")
glue(
    "steering_decides",
    "By the rule, the push helps"
    if effect.helps
    else "By the rule, the push harms"
    if effect.harms
    else "By the rule, the push neither helps nor harms",
)
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
glue("steering_right", f"{100 * truth['right_change']:+.0f}")
glue("steering_right_low", f"{100 * truth['low']:+.0f}")
glue("steering_right_high", f"{100 * truth['high']:+.0f}")

# %% [markdown]
# {glue:text}`steering_decides`: of {glue:text}`steering_n` questions {glue:text}`steering_corrected` were corrected and
# {glue:text}`steering_broken` broken (McNemar's exact p {glue:text}`steering_p`), MC1 went from
# {glue:text}`steering_mc1_base` to {glue:text}`steering_mc1` %, and the change ranks with p {glue:text}`steering_rank`
# among the directions on permuted labels. MC2 changed by {glue:text}`steering_mc2_change`
# [{glue:text}`steering_mc2_low`, {glue:text}`steering_mc2_high`] points, where permuted labels give
# {glue:text}`steering_mc2_null_low` to {glue:text}`steering_mc2_null_high`. What could have been missed: with these
# questions {glue:text}`steering_could`; of MC2, a mean change of {glue:text}`steering_could_mc2` points would be found
# as often. More questions find less: `-p n_questions=128` asks all, in about ten times the time.
#
# Elsewhere the push multiplies the perplexity of neutral text by {glue:text}`steering_perplexity` and changes the share
# of everyday completions that are right by {glue:text}`steering_right` [{glue:text}`steering_right_low`,
# {glue:text}`steering_right_high`] points.
#
# The chart shows {glue:text}`steering_doses` doses of the direction. The best of them on MC1, layer
# {glue:text}`steering_top_layer` at strength {glue:text}`steering_top_strength`, has {glue:text}`steering_top` % right
# and multiplies perplexity by {glue:text}`steering_top_perplexity`. It was picked from {glue:text}`steering_doses` on
# the same questions and beside no nulls of its own, so it is a suggestion for other questions and no result.

# %% tags=["hide-input"]
shown(
    cost[["kind", "strength", "draws", "right", "right_change", "low", "high", "perplexity"]],
    "What steering costs elsewhere, at the layer fixed beforehand: share of everyday completions right, its change "
    "with 95 % interval, and perplexity of neutral text as a ratio to the plain model's",
    2,
    {"kind": "direction", "right": "completions right", "right_change": "change"},
)

# %% [markdown]
# ## What it writes
#
# Texts for the reader, chosen beforehand: the first question of every topic among those asked, greedy, without and with
# the push.

# %% tags=["hide-input"]
first = asked.questions.drop_duplicates("topic")
main = everywhere.at(at)
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
# *Of the paper's numbers.* The released counts give the printed rates. They are rates of change of ten outputs each;
# the fall with size is one that chance gives now and then, and other released runs of the same models lie elsewhere.
#
# *Of the measure.* A text that is drawn afresh changes without any push: here {glue:text}`steering_null` % do. To say
# that an output was corrected it must be scored.
#
# *Of the claim, in {glue:text}`steering_model`.* {glue:text}`steering_decides`, at layer {glue:text}`steering_layer`
# and strength {glue:text}`steering_strength`. This is one small model, instruction-tuned and read from 4-bit weights
# where it is the built-in one; Pythia was not steered here. On a machine with a network:
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
