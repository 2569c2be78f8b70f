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
# (sec-internals)=
# # Internals: do reasoning and truthfulness meet inside a model?
#
# **Overview.** The paper looks for the cause of the coupling inside models: attention heads that cooperate almost
# everywhere, layers whose coupling turns over at the critical size, and an output projection that squeezes the two
# together. What was released of this are summary numbers. This section audits them, and then measures the same
# quantities in a model that runs on this machine, each beside what it would be for prompts without any contrast.
#
# **You need** vectors and the cosine between them. {doc}`Levers </notebooks/levers>` asks which released couplings can
# tell two models apart. **~25 min.**

# %% tags=["parameters", "hide-input"]
model: str = "smollm2-135m"  # model to look into: built-in name, folder, GGUF file or hub id
first: str = "reasoning"  # one set of prompts
second: str = "truthfulness"  # the other: truthfulness or misconception
prompts: str = ""  # a CSV of prompts of your own, columns set and text; empty for the edition's
n_prompts: int = 16  # prompts of each set (the paper's number)
n_sets: int = 10  # other draws of the prompts, to see what depends on the draw
n_draws: int = 500  # resamples of every spread and null
results: str = ""  # a CSV written by `cape internals MODEL --results`, to be drawn below; empty for none
seed: int = 0  # seed of every random draw

# %% tags=["hide-input"]
import numpy as np
import pandas as pd

from capelib import claims, internals, levers, models, parameters, present, selection, tables
from capelib.charts import families as compare
from capelib.charts import internals as draw
from capelib.coupling import local_coupling
from capelib.frames import shown
from capelib.internals import released
from capelib.present import glue

present.setup()
parameters.check("internals", globals())

# %% [markdown]
# ## What the paper says

# %% tags=["hide-input"]
claims.quote(
    "internals.competing_models", "internals.fraction", "internals.median_cos", "internals.early_70m",
    "internals.late_70m", "internals.early_1b", "internals.late_1b", "bottleneck.hidden_1b", "bottleneck.output_1b",
    "bottleneck.wide_1b",
)  # fmt: skip

# %% [markdown]
# The {term}`internal coupling` of a layer is the cosine between two mean vectors: that of the hidden states of sixteen
# reasoning prompts, and that of sixteen truthfulness prompts (Amin 2026, Sec. 6 and App. A.5). A head is *competing* if
# the pairwise cosines of its outputs lie below −0.5 on more than half of the 256 pairs. The *bottleneck* is a fall of
# the coupling from the last hidden states to what follows the unembedding; a "wider" map, the identity into twice the
# width followed by a GELU, is said to recover it. Three things are not stated: which token's state is taken, the
# prompts themselves, and what a coupling would be between prompts that have no contrast at all.
#
# ## The model and the prompts
#
# What was released are summary numbers. Below, each stands beside the same quantity measured live, in a model that is
# opened on this machine; for the built-in one nothing is downloaded. The prompts are this edition's own, unless a file
# was given. Those of the two sets come in pairs that share a frame, so that they differ in what they say and not in
# their form; a contrast that lives in form, such as questions beside statements, is not among them. A third set,
# neutral, has no contrast to offer. Further prompts, as many of every kind and from frames that were not drawn, serve
# as reference for centring.

# %% tags=["hide-input"]
opened = models.load(model)
listed = tables.read_csv(prompts, "prompts_own") if prompts else tables.read("prompts")
sets = internals.choose(listed, n_prompts, seed, first, second)
found = internals.measure(opened, sets, n_draws, seed)
frames = zip(sets.first[:3], sets.second[:3], strict=True)
examples = [(name, text) for frame in frames for name, text in zip((first, second), frame, strict=True)]
examples += [("neutral", text) for text in sets.neutral[:3]]
shown(
    pd.DataFrame(examples, columns=["set", "prompt"]),
    f"Three prompts of each set, of {n_prompts}. Model: {internals.short(model)}, {found.facts['n_layers']} layers, "
    f"{opened.n_params:,} parameters. {opened.facts}",
)

# %% [markdown]
# ## Layers
#
# The coupling as the paper defines it, and the same after the mean of the reference prompts is taken away. The bands
# hold 95 % of what the same computation gives for two samples of neutral prompts, and for the two sets with their
# labels shuffled.

# %% tags=["hide-input"]
raw, centred = found.hidden.measure(internals.RAW), found.hidden.measure(internals.CENTRED)
draw.by_layer(
    {"as defined": raw, "centred": centred},
    "Coupling of the hidden states of two sets of prompts by layer (last token), with the spread over prompts, beside "
    "two samples of neutral prompts and the same prompts with shuffled labels.",
    ["prompts"],
)

# %% tags=["hide-input"]
columns = ["value", "low", "high", "neutral_mid", "shuffled_mid", "p"]
shown(
    pd.concat([part.overall.assign(position=name) for name, part in found.readings.items()])[
        ["position", "measure", *columns]
    ],
    "The coupling averaged over the layers, with the spread of that average. The definition leaves the position open",
    3,
    {"neutral_mid": "neutral prompts", "shuffled_mid": "labels shuffled"},
)

# %% tags=["remove-cell"]
inside = raw["value"].between(raw["neutral_low"], raw["neutral_high"])
below, above = (raw["value"] < raw["neutral_low"]).sum(), (raw["value"] > raw["neutral_high"]).sum()
middle = found.anisotropy.iloc[len(raw) // 2]
power = found.anisotropy
name_of_model = internals.short(model)
glue("internals_model", name_of_model)
glue("internals_raw_low", f"{raw['value'].min():.3f}")
glue("internals_raw_high", f"{raw['value'].max():.3f}")
glue("internals_neutral_low", f"{raw['neutral_mid'].min():.3f}")
glue("internals_neutral_high", f"{raw['neutral_mid'].max():.3f}")
glue("internals_inside", int(inside.sum()))
glue("internals_layers", len(raw))
glue("internals_below", int(below))
glue("internals_above", int(above))
glue("internals_contrast", int((raw["p"] < 0.05).sum()))
glue("internals_contrast_expected", f"{0.05 * len(raw):.1f}")
glue("internals_way", "within pairs" if found.hidden.paired else "over both sets")
glue("internals_common_low", f"{power['common'].min():.0%}")
glue("internals_common_high", f"{power['common'].max():.0%}")
glue("internals_top", f"{middle['top_dimensions']:.0%}")

# %% [markdown]
# In {glue:text}`internals_model` the coupling as defined lies between {glue:text}`internals_raw_low` and
# {glue:text}`internals_raw_high`; two samples of neutral prompts have {glue:text}`internals_neutral_low` to
# {glue:text}`internals_neutral_high`. Of {glue:text}`internals_layers` layers, the two sets lie inside the neutral band
# in {glue:text}`internals_inside`, below it in {glue:text}`internals_below`, above it in {glue:text}`internals_above`.
# How large a cosine is depends first on how much of a hidden state is the same for all prompts:
# {glue:text}`internals_common_low` to {glue:text}`internals_common_high` of its power lies in the common mean, and five
# coordinates hold {glue:text}`internals_top` of it in the middle layer. Is there any contrast between the sets? With
# labels exchanged at random ({glue:text}`internals_way`), fewer than 5 % of the exchanges give a coupling as low as the
# observed one in {glue:text}`internals_contrast` layers, where {glue:text}`internals_contrast_expected` would without
# any contrast; layers are not independent of each other. The samples of neutral prompts share no frames, the two sets
# may; that can only lower the neutral band.
#
# ### What is taken away, and which prompts are drawn
#
# A centred coupling depends on the mean that is taken away. The same two sets, and the same neutral prompts, with one
# reference after another:

# %% tags=["hide-input"]
references = found.references
shown(
    references[["reference", "prompts", "value", "low", "high", "neutral_mid", "neutral_low", "neutral_high", "p"]],
    "Centred coupling averaged over the layers, by the prompts whose mean is taken away",
    2,
    {"value": "the two sets", "neutral_mid": "neutral prompts"},
)

# %% tags=["remove-cell"]
over = references["value"] > references["neutral_mid"]
glue("internals_references", len(references))
glue("internals_over", int(over.sum()))
glue("internals_centred_lowest", f"{references['value'].min():.2f}")
glue("internals_centred_highest", f"{references['value'].max():.2f}")

# %% [markdown]
# Over the {glue:text}`internals_references` references the centred coupling of the two sets goes from
# {glue:text}`internals_centred_lowest` to {glue:text}`internals_centred_highest`, and lies above that of the neutral
# prompts in {glue:text}`internals_over` of them. Prompts look alike to a reference that is unlike them. So a centred
# coupling is no number of a model, and the distance between the sets and the neutral prompts is one only as far as
# every reference agrees on its side.
#
# And a coupling is one of the prompts that were drawn. With {glue:text}`internals_sets` other draws from the same
# table:

# %% tags=["hide-input"]
redrawn = internals.redraw(opened, listed, n_sets, n_prompts, first, second, seed)
shown(
    redrawn.rename(columns={"below_neutral": "layers below neutral", "contrast": "layers with p < 0.05"}),
    "The coupling as defined for other draws of the prompts, averaged over the layers",
    4,
    {"value": "the two sets", "neutral_mid": "neutral prompts"},
)

# %% tags=["remove-cell"]
glue("internals_sets", n_sets)
glue("internals_below_fewest", int(redrawn["below_neutral"].min()))
glue("internals_below_most", int(redrawn["below_neutral"].max()))
glue("internals_contrast_fewest", int(redrawn["contrast"].min()))
glue("internals_contrast_most", int(redrawn["contrast"].max()))

# %% [markdown]
# The layers in which the two sets lie below the neutral band number {glue:text}`internals_below_fewest` to
# {glue:text}`internals_below_most`, those with a contrast {glue:text}`internals_contrast_fewest` to
# {glue:text}`internals_contrast_most`.
#
# ### The released profiles
#
# Profiles by layer were released for several models. Beside them the one measured here:

# %% tags=["hide-input"]
profiles = tables.read("layer_profiles_reported").query("quantity == 'coupling'")
profiles = profiles.assign(
    depth=profiles["layer"] / (profiles["n_layers"] - 1),
    line=profiles["model"] + profiles["source_file"],
    family=profiles["model"].str.replace(r"-[\d.]+x?\d*B$", "", regex=True),
    measure=profiles["source_file"].str.rsplit("/", n=1).str[-1],
).rename(columns={"value": "coupling"})
flat = profiles.groupby("line")["coupling"].agg(np.ptp).lt(1e-5)
live = raw.assign(depth=raw["layer"] / max(1, len(raw) - 1)).rename(columns={"value": "coupling"})
draw.profiles(
    profiles[["model", "family", "line", "depth", "coupling", "measure"]],
    live,
    model,
    f"Couplings by relative depth: released profiles (thin lines; {int(flat.sum())} of {len(flat)} do not change from "
    f"the first layer to the last) and {model} as measured here (thick), with the spread over prompts and, shaded, "
    "neutral prompts against neutral prompts.",
    ["layer_profiles_reported", "prompts"],
)

# %% tags=["hide-input"]
for size in ("70m", "410m", "1b"):
    for depth in ("early", "late"):
        claims.check(f"internals.{depth}_{size}")
for claim in ("internals.opt_125m", "internals.opt_13b", "internals.head_low", "internals.head_high"):
    claims.check(claim)
claims.check("internals.n_contrast")
claims.check("internals.n_prompts")

# %% tags=["remove-cell"]
glue("internals_profiles", len(flat))
glue("internals_flat", int(flat.sum()))
one_b = profiles[profiles["model"] == "Pythia-1B"]
glue("internals_pythia_1b", f"{np.ptp(one_b['coupling']):.0e}")

# %% [markdown]
# Of {glue:text}`internals_profiles` released profiles, {glue:text}`internals_flat` do not change from the first layer
# to the last, Pythia-1B's among them: its layers differ by {glue:text}`internals_pythia_1b`. The early and late
# couplings of Pythia that the text prints, rising at 70M and 410M and falling at 1B, are in no released file; nor are
# those of OPT, except as numbers typed into a page. The ledger gives for each the command that would measure it.
#
# ## Heads
#
# Every released file that counts competing heads:

# %% tags=["hide-input"]
reported = tables.read("internals_reported")
counts = released.heads(reported)
bars = released.bars(reported)
shown(
    counts.drop(columns="source_file"),
    "Competing heads in the released files. A model can stand in two files",
    1,
    {"n_competing": "competing heads", "n_units": "heads", "pct_cooperative": "cooperative heads, %"},
)

# %% [markdown]
# The model measured here, head by head, by the paper's rule, and the same rule on two halves of the neutral prompts:

# %% tags=["hide-input"]
with present.if_possible():
    heads = internals.need_heads(found)
    places = heads.coupling.measure(internals.RAW)[["layer", "head"]]
    table = pd.concat([
        places.assign(prompts=kind, cosine=rule.cosines.ravel(), competing=rule.fires.ravel())
        for kind, rule in (("the two sets", heads.rule), ("neutral", heads.rule_neutral))
    ])  # fmt: skip
    display(
        draw.heads(
            table,
            "Mean cosine between the outputs of a head for the two sets, each head a point at its layer; grey squares, "
            "a little to the right, the same heads for two halves of the neutral prompts.",
            ["prompts"],
        )
    )
    counted_heads = [
        (
            what,
            len(rows),
            int((rows["p"] < 0.05).sum()),
            int((rows["value"] < rows["neutral_low"]).sum()),
            int((rows["value"] > rows["neutral_high"]).sum()),
        )
        for what, part in (("head outputs", heads.coupling), ("their images in the stream", heads.images))
        for rows in [part.measure(internals.RAW)]
    ]
    display(
        shown(
            pd.DataFrame(counted_heads, columns=["coupling of", "heads", "p < 0.05", "below neutral", "above neutral"]),
            "Heads by the coupling of their mean outputs, which asks for a contrast and not for opposition",
        )
    )
    of_outputs = counted_heads[0]
    splits = heads.neutral_counts
    glue(
        "internals_heads_told",
        f"The rule calls {int(heads.rule.fires.sum())} of {heads.rule.fires.size} heads competing, and in "
        f"{len(splits)} random halvings of the neutral prompts {splits.min()} to {splits.max()}. That is no absence of "
        f"contrast: in {of_outputs[2]} heads shuffled labels seldom give a coupling as low ({0.05 * of_outputs[1]:.0f} "
        "expected without any).",
    )

# %% [markdown]
# {glue:text}`internals_heads_told`
#
# Fig. 5 again. A head counts as cooperative here if its mean cosine is above zero:

# %% tags=["hide-input"]
beside = [counts]
if found.heads is not None:
    for kind, rule in (("the two sets", found.heads.rule), ("neutral prompts", found.heads.rule_neutral)):
        beside.append(
            pd.DataFrame({
                "model": [model], "family": [internals.short(model)], "measure": [f"measured here, {kind}"],
                "pct_cooperative": [100 * (rule.cosines > 0).mean()], "n_competing": [int(rule.fires.sum())],
            })
        )  # fmt: skip
draw.cooperative(
    pd.concat(beside, ignore_index=True),
    bars,
    "Share of heads called cooperative, by family: the labels of the bars in Fig. 5 (grey ticks), the released files "
    f"(shapes by file), and below them {model} as measured here, for the two sets and for neutral prompts. The files "
    "of large models, under a rule that counts heads, differ from the bars.",
    ["internals_reported", "prompts"],
)

# %% tags=["hide-input"]
clean, counted = released.without_competing(counts)
by_file = counts.assign(clean=counts["n_competing"].eq(0)).groupby("measure")["clean"].agg(["sum", "size"])
claims.check(
    "internals.competing_models",
    released=float(clean),
    alternatives={
        f"{name}: {row['sum']} of {row['size']} models": float(row["sum"]) for name, row in by_file.iterrows()
    },
    reason=f"The released files count heads for {counted} different models; {clean} of them have no competing head in "
    "any file.",
)
claims.check(
    "internals.fraction",
    released=released.share(clean, counted),
    searched={"38 of 40, as printed": released.share(
        int(claims.value("internals.competing_models")), int(claims.value("internals.n_models_fig")))},
    reason="The printed interval is Wilson's for the printed counts.",
)  # fmt: skip
claims.check(
    "internals.n_models_fig",
    released=float(bars["models"].sum()),
    reason="The numbers of models on the bars' labels, added up.",
)
of_qwen = counts[counts["family"].eq("Qwen2.5") & counts["measure"].eq(released.HEAD_FILES["head_level_generation"])]
claims.check(
    "internals.qwen25_mean",
    released=float(of_qwen["pct_cooperative"].mean()),
    searched={"the bar's own label": float(bars.set_index("family")["share"]["Qwen2.5"])},
    alternatives={
        "median of the five": float(of_qwen["pct_cooperative"].median()),
        "weighted by heads": float(np.average(of_qwen["pct_cooperative"], weights=of_qwen["n_units"])),
    },
    reason="The file of the Qwen generations gives a share for each of five models.",
)
net = reported[reported["quantity"].isin(["net_coupling"])]
claims.check(
    "internals.median_cos",
    alternatives={
        f"median over {len(rows)} models, {name.replace('_', ' ')}": float(rows["value"].median())
        for name, rows in net.groupby("measure_id")
    },
    reason="No file holds the cosine of a single head; these are medians of the models' means.",
)
patterns = net[net["measure_id"] == "attention_pattern_tl"]
claims.check(
    "internals.tl_value",
    released=float(patterns["value"].mean()),
    reason=f"{len(patterns)} models have {patterns['value'].round(6).nunique()} different values, one for each family.",
)

# %% tags=["remove-cell"]
glue("internals_clean", clean)
glue("internals_counted", counted)
glue("internals_bars", int(bars["models"].sum()))
large = counts[counts["measure"] == released.HEAD_FILES["head_level_nc2"]]
exception = of_qwen.set_index("model").loc["Qwen2.5-1.5B"]
glue("internals_exception", f"{exception['pct_cooperative']:.0f}")
glue("internals_large", len(large))
glue("internals_large_low", f"{large['pct_cooperative'].min():.0f}")
glue("internals_large_high", f"{large['pct_cooperative'].max():.0f}")

# %% [markdown]
# The files count heads for {glue:text}`internals_counted` models, {glue:text}`internals_clean` of them without a
# competing head; the labels of the bars add up to {glue:text}`internals_bars`. All {glue:text}`internals_large` models
# whose heads were compared one by one have competing heads, and {glue:text}`internals_large_low` to
# {glue:text}`internals_large_high` % cooperative ones. The models without are those of the other files: attention
# patterns, a summary, and the two generations of Qwen, whose file gives a share and no head. Among them is
# Qwen2.5-1.5B, one of the paper's own two exceptions, with no competing head and {glue:text}`internals_exception` %
# cooperative ones: most of its heads are called neither.
#
# ### Can the rule speak?
#
# A rule that never fires says nothing by its silence. Neutral prompts are pushed apart on purpose:

# %% tags=["hide-input"]
with present.if_possible():
    positive = internals.need_heads(found).positive
    display(
        draw.positive_control(
            positive.rename(columns={"as_defined": "as defined"}).melt("strength", var_name="way", value_name="share"),
            "Positive control: neutral prompts pushed apart on purpose, and the share of heads in which the rule "
            "fires.",
            ["prompts"],
        )
    )
    half_way = {way: internals.half_strength(positive["strength"], positive[way]) for way in ("as_defined", "centred")}
    glue("internals_heads", heads.rule.fires.size)
    glue("internals_cooperative", f"{(heads.rule.cosines > 0).mean():.0%}")
    glue("internals_cooperative_neutral", f"{(heads.rule_neutral.cosines > 0).mean():.0%}")
    glue("internals_head_median", f"{np.median(heads.rule.cosines):.2f}")
    glue("internals_head_median_neutral", f"{np.median(heads.rule_neutral.cosines):.2f}")
    glue("internals_half_defined", f"{half_way['as_defined']:.1f}")
    glue("internals_half_centred", f"{half_way['centred']:.1f}")

# %% [markdown]
# The mean cosine is above zero in {glue:text}`internals_cooperative` of the heads
# ({glue:text}`internals_cooperative_neutral` for neutral prompts), its median {glue:text}`internals_head_median`
# ({glue:text}`internals_head_median_neutral`). The neutral prompts are moved apart, half of them one way and half the
# other, along one direction per head; the unit is the width of their cloud, the root mean square distance from its
# middle. As defined, half of the heads are called competing at {glue:text}`internals_half_defined` widths; with the
# mean of the reference prompts taken away, at {glue:text}`internals_half_centred`, where a cosine of −0.5 is what two
# clouds one width either side of the middle have. So the rule can speak, but only of sets that lie further apart than
# their own spread and, as defined, further than the common mean. Its silence on real prompts is evidence for no more.
#
# ### Attention patterns
#
# The paper's second count compares where heads look.

# %% tags=["hide-input"]
with present.if_possible():
    attention = internals.need_attention(found)
    seen = attention.measure(internals.RAW)
    display(
        shown(
            seen.groupby("layer")[["value", "neutral_mid", "shuffled_mid"]]
            .mean()
            .reset_index()
            .iloc[:: max(1, len(raw) // 8)],
            f"Coupling of the attention patterns of the first tokens, mean over heads, of every "
            f"{max(1, len(raw) // 8)}th layer",
            3,
            {"value": "the two sets", "neutral_mid": "neutral prompts", "shuffled_mid": "labels shuffled"},
        )
    )
    over_heads = attention.overall.set_index("measure").loc[internals.RAW]
    glue("internals_attention", f"{over_heads['value']:.3f}")
    glue("internals_attention_neutral", f"{over_heads['neutral_mid']:.3f}")
    glue("internals_attention_shuffled", f"{over_heads['shuffled_mid']:.3f}")

# %% [markdown]
# On average over heads it is {glue:text}`internals_attention`, with shuffled labels
# {glue:text}`internals_attention_shuffled`, and for neutral prompts, which share no frames,
# {glue:text}`internals_attention_neutral`. A value near the paper's is what sentences of one form have, whatever they
# say.
#
# ## The output projection
#
# Released, for three models: the coupling of the last hidden states, after the unembedding, and through the paper's
# wider map. Measured here: the same, and what stands beside them, the logits without their mean, which softmax ignores;
# the wider map without its widening; its nonlinearity alone.

# %% tags=["hide-input"]
maps = released.maps(reported)
shown(
    maps,
    "Couplings around the output projection, as released: the last hidden states, after the unembedding, and through "
    "the wider map",
    3,
    {"output_gain": "output − hidden", "wide_gain": "wide − hidden"},
)

# %% tags=["hide-input"]
through = found.projection.table
steps = {"hidden": "before the output map", "output": "logits", "wide": "the paper's wider map"}
long = maps.melt("model", list(steps), "map").replace({"map": steps}).rename(columns={"model": "series"})
drawn = pd.concat([
    through[["map", "value", "low", "high"]].assign(series=f"{internals.short(model)}, the two sets"),
    through[["map"]].assign(
        value=through["neutral_mid"], low=through["neutral_low"], high=through["neutral_high"],
        series="neutral prompts",
    ),
    through[["map"]].assign(
        value=through["shuffled_mid"], low=through["shuffled_low"], high=through["shuffled_high"],
        series="labels shuffled",
    ),
    long.assign(low=long["value"], high=long["value"], series=long["series"] + ", released"),
])  # fmt: skip
compare.intervals(
    drawn,
    "map",
    "series",
    "coupling",
    f"Fig. 6: coupling before and after the output map and through other maps. {model} as measured here, with the "
    "spread over prompts, beside neutral prompts and shuffled labels (95 %); the three released models have no errors.",
    ["prompts", "internals_reported"],
    colours=draw.MAPS,
    zero=False,
)

# %% tags=["hide-input"]
by_model = maps.set_index("model")
one = by_model.loc["Pythia-1B"]
claims.check("bottleneck.hidden_1b", released=float(one["hidden"]))
claims.check("bottleneck.output_1b", released=float(one["output"]))
claims.check("bottleneck.wide_1b", released=float(one["wide"]))
claims.check(
    "bottleneck.loss_1b", released=100 * float(-one["output_gain"] / one["hidden"]), reason="Relative to the hidden."
)
for claim, name in {"bottleneck.gain_410m": "Pythia-410M", "bottleneck.gain_2p8b": "Pythia-2.8B"}.items():
    claims.check(claim, released=float(by_model.loc[name, "output_gain"]))

# %% tags=["hide-input"]
author = selection.base_models(tables.panel("released"))
steps = local_coupling(author, "hellaswag", "truthfulqa").frame
near = steps[(steps["n_small"] <= 1e9) & (steps["n_large"] >= 1e9)]
named = {f"{row.family}, {row.model_small} to {row.model_large}": float(row.gamma) for row in near.itertuples()}
of_pythia = {
    f"Pythia, table {name}, {row.model_small} to {row.model_large}": float(row.gamma)
    for name, rows in tables.read("panel_pythia_variants").groupby("table_id")
    if rows["n_params"].nunique() > 1
    for row in local_coupling(rows.assign(family="Pythia"), "hellaswag", "truthfulqa").frame.itertuples()
    if row.n_small <= 1e9 <= row.n_large
}
claims.check(
    "internals.probe_max",
    alternatives={name: value for name, value in named.items() if "Pythia" not in name},
    reason="Which three families, and which models near 1B, is not stated.",
)
claims.check(
    "internals.probe_pythia",
    alternatives={**{name: value for name, value in named.items() if "Pythia" in name}, **of_pythia},
    reason="The local coupling of the steps that end or begin at 1B.",
)

# %% tags=["remove-cell"]
glue("internals_wide_low", f"{maps['wide_gain'].min():.3f}")
glue("internals_wide_high", f"{maps['wide_gain'].max():.3f}")

# %% [markdown]
# The printed couplings of Pythia-1B are in the file. The wider map adds between {glue:text}`internals_wide_low` and
# {glue:text}`internals_wide_high` in every one of the three models, below, at and above the critical size: it does not
# recover something that is lost at 1B only. No file has a null. Does any of it depend on width?

# %% tags=["hide-input"]
shown(
    found.projection.linear,
    "Through random linear maps of many widths: mean and 95 % of the maps, labels shuffled, 95 % of neutral prompts",
    3,
    {"width": "outputs", "neutral_mid": "neutral prompts", "shuffled_mid": "labels shuffled"},
)

# %% tags=["remove-cell"]
at = through.set_index("map")
linear = found.projection.linear
glue("internals_before", f"{at.loc['before the output map', 'value']:.3f}")
glue("internals_logits", f"{at.loc['logits', 'value']:.3f}")
glue("internals_plain", f"{at.loc['logits, mean removed', 'value']:.3f}")
glue("internals_plain_neutral", f"{at.loc['logits, mean removed', 'neutral_mid']:.3f}")
same = np.ptp(at.loc[["the paper's wider map", "the same map, not widened", "its nonlinearity alone"], "value"])
wider = at.loc["the paper's wider map"]
glue("internals_wider", f"{wider['value']:.3f}")
glue("internals_wider_neutral", f"{wider['neutral_mid']:.3f}")
glue("internals_same", f"{same:.0e}" if same else "0")
glue("internals_linear_range", f"{np.ptp(linear['mean']):.3f}")
glue("internals_linear_spread", f"{(linear['high'] - linear['low']).max():.3f}")

# %% [markdown]
# In {glue:text}`internals_model` the coupling is {glue:text}`internals_before` before the output map and
# {glue:text}`internals_logits` after it; with their mean over the vocabulary taken away, which changes no probability,
# it is {glue:text}`internals_plain`, for neutral prompts {glue:text}`internals_plain_neutral`. Through the wider map it
# is {glue:text}`internals_wider` ({glue:text}`internals_wider_neutral`). The wider map, the same map without widening
# and the bare nonlinearity differ by {glue:text}`internals_same`: zeros pass a GELU as zeros, so that the width of this
# map cannot matter. A random linear map keeps the coupling at any width: over all widths its mean moves by
# {glue:text}`internals_linear_range`, while the maps of one width differ by up to {glue:text}`internals_linear_spread`.
#
# ## Dimension
#
# {term}`d_rep` is a participation ratio of the principal components of hidden states. It cannot exceed the number of
# prompts less one. Beside it, what the same coordinates would give if each were shuffled over the prompts by itself:

# %% tags=["hide-input"]
shown(
    found.dimension,
    "d_rep of the last layer's hidden states by number of prompts; mean and 95 % of random samples",
    1,
    {"n": "prompts", "independent": "coordinates shuffled"},
)

# %% tags=["hide-input"]
paths = []
for words, part in found.readings.items():
    at_end = part.measure(internals.RAW).iloc[-1]
    sizes = found.dimension[found.dimension["tokens"] == words].rename(columns={"low": "d_low", "high": "d_high"})
    kinds = {"the two sets": ("value", "low", "high")}
    if words == "last token":
        kinds["neutral prompts"] = ("neutral_mid", "neutral_low", "neutral_high")
    for kind, (value, low, high) in kinds.items():
        own = {"coupling": at_end[value], "low": at_end[low], "high": at_end[high]}
        paths.append(sizes.assign(what=f"{internals.short(model)}, {kind}, {words}", **own))
draw.plane(
    levers.dimensions(reported),
    pd.concat(paths, ignore_index=True),
    f"Fig. 7a: coupling against the dimension of the representation, released models by name, without errors, and the "
    f"last layer of {model} as measured here, for {', '.join(map(str, sizes['n']))} prompts from left to right.",
    ["internals_reported", "prompts"],
)

# %% tags=["remove-cell"]
last = found.dimension[found.dimension["tokens"] == "last token"].sort_values("n")
glue("internals_d_few", f"{last['d_rep'].iloc[0]:.1f}")
glue("internals_d_many", f"{last['d_rep'].iloc[-1]:.1f}")
glue("internals_n_few", int(last["n"].iloc[0]))
glue("internals_n_many", int(last["n"].iloc[-1]))

# %% [markdown]
# From {glue:text}`internals_n_few` to {glue:text}`internals_n_many` prompts d_rep goes from
# {glue:text}`internals_d_few` to {glue:text}`internals_d_many`, in one model. Two models can be compared by it only
# with the same prompts and the same number of them; how many the released ones rest on, their files do not say. What
# Fig. 7a shows of the Gemmas is discussed under {doc}`Levers </notebooks/levers>`.
#
# ## Several models
#
# One model has one size. Runs of `cape internals MODEL --results table.csv` on any machine add a row per model to a
# table; given to this section by `-p results=table.csv`, it is drawn here by family and size, the two sets beside
# neutral prompts. On a machine with a network, the models behind the paper's statements take
#
# ```bash
# cape internals EleutherAI/pythia-70m EleutherAI/pythia-410m --results table.csv
# cape internals EleutherAI/pythia-1b EleutherAI/pythia-2.8b --results table.csv
# cape internals facebook/opt-125m facebook/opt-13b --results table.csv
# cape internals Qwen/Qwen2.5-1.5B Qwen/Qwen2.5-7B Qwen/Qwen3-1.7B Qwen/Qwen3-8B --results table.csv
# cape internals google/gemma-3-4b-pt google/gemma-4-E4B google/gemma-4-E4B-it --results table.csv
# cape run internals -p results=table.csv --out runs/table
# ```
#
# The largest wants about 60 GB of memory in float32, half of that with `--dtype bfloat16`. None of them was run here.

# %% tags=["hide-input"]
if results:
    alike, others = internals.comparable(internals.read_results(results))
    display(
        draw.by_size(
            internals.by_depth(alike),
            "Couplings by size, in the early, middle and late third of the layers, the two sets (filled) and neutral "
            f"prompts (hollow); {len(alike)} models read with the same prompts, {others} rows of others left out.",
        )
    )

# %% [markdown]
# ## What holds, and what does not
#
# *Of the released numbers.* The couplings around Pythia-1B's output projection are in the file as printed. The count of
# models without competing heads is not: {glue:text}`internals_clean` of {glue:text}`internals_counted` in the files.
# {glue:text}`internals_flat` of {glue:text}`internals_profiles` profiles are constants, and the turnover at 1B is in
# none.
#
# *Of the measures.* One model can show what a measure measures. As defined, the coupling of hidden states says first
# how much of a state is common to all prompts: in {glue:text}`internals_model`, two samples of neutral prompts have
# {glue:text}`internals_neutral_low` or more in every layer. Beside them the two sets lie below in
# {glue:text}`internals_below` of {glue:text}`internals_layers` layers and above in {glue:text}`internals_above`. What a
# centred coupling says depends on the reference, and both on the prompts drawn. The competing rule speaks only of sets
# that lie further apart than their own spread, and the wider map has no width. None of this says what Pythia's layers
# do; that takes Pythia, with these nulls.
#
# *Not done here.* The models behind the paper's statements were not opened on this machine: it has no hub. The commands
# stand above and in the ledger.
#
# ## What next
#
# - {doc}`The ledger </book/ledger>`: all claims of the paper.
# - {doc}`Levers </notebooks/levers>`: the same released couplings, compared between models.
