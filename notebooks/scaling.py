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
# (sec-scaling)=
# # Scaling: does the loss see anything at the critical scale?
#
# **Overview.** The paper says that the loss of the Pythia models follows one power law without a trace of the
# {term}`critical scale` at which reasoning and truthfulness change from rivals to allies, and that the gradients
# show parameters acting together. This section refits the law on the paper's losses and on losses measured by
# others, tests for a kink at the critical scale, asks how large a kink would have to be to be seen, and takes the
# "boosting chain" of Fig. 2 apart.
#
# **You need** logarithms and least squares; {doc}`the data </notebooks/data>` says where the numbers come from.
# **~20 min.**

# %% tags=["parameters", "hide-input"]
panel: str = "measured"  # second scores for the hold-out: measured, released, or a CSV with Pythia and Llama-2 in it
n_boot: int = 2000  # resamples of every bootstrap, draws of every simulation
seed: int = 0  # seed of every random draw
break_at_b: float = 0.0  # size of the tested break in billions; 0 takes the paper's critical scale

# %% tags=["hide-input"]
import numpy as np
import pandas as pd

from capelib import claims, parameters, present, scaling, selection, tables
from capelib.charts import families as compare
from capelib.charts import scaling as draw
from capelib.errors import InputError
from capelib.estimate import Estimate
from capelib.frames import shown
from capelib.present import glue

present.setup()
parameters.check("scaling", globals())

# %% [markdown]
# ## What the paper says

# %% tags=["hide-input"]
claims.quote("scaling.r2", "scaling.alpha", "scaling.offset", "scaling.amplitude", "scaling.prefactor", "scaling.cv")

# %% [markdown]
# The {term}`loss law` is
#
# $$L(N) = E + A\,N^{-\alpha},$$
#
# with the number of parameters $N$, an irreducible loss $E$, an amplitude $A$ and an exponent $\alpha$
# (Amin 2026, Sec. 3; the form is that of {cite:t}`kaplan2020` and {cite:t}`hoffmann2022`). If it holds,
# $N^\alpha (L - E)$ is the same for every size. The paper finds it constant and concludes that the transition is
# invisible to the loss.
#
# ## The data
#
# *Stated* are the eight losses behind the paper's figure, constants of its plotting script without a stated origin.
# *Text* is the loss on WikiText {cite:p}`merity2016` that the makers of Pythia published with their checkpoints
# {cite:p}`biderman2023`: an average over every token, as a validation loss is. *Last word* is their loss on the
# last word of LAMBADA passages {cite:p}`paperno2016`, chosen so that the word needs the whole passage. The last two
# are independent of the paper.

# %% tags=["hide-input"]
stated = scaling.stated_losses(tables.read("pythia_loss"))
text = scaling.text_losses(tables.read("pythia_checkpoints"))
last_word = scaling.last_word_losses(tables.read("pythia_checkpoints"))
measured_run = scaling.gradients(tables.read("pythia_loss"), "beta_final_6model")
figure_run = scaling.gradients(tables.read("pythia_loss"), "figures_script_gradient")
points = tables.read("panel_bootstrap_nc")
models = selection.base_models(tables.panel(panel))
panel_name = parameters.panel_name(panel)

# %% tags=["remove-cell"]
critical = claims.claim("nc.pythia_table")
interval = (critical.low * 1e9, critical.high * 1e9)
break_at = break_at_b * 1e9 or claims.value("nc.pythia") * 1e9
size = scaling.size_name
gap = (measured_run["loss"] - figure_run["loss"]).round(2)
glue("scaling_break", size(break_at))
glue("scaling_k_paper", claims.claim("grad.loss_exponent").paper)
glue("scaling_gap_low", gap.min(), ".2f")
glue("scaling_gap_high", gap.max(), ".2f")
glue("scaling_n_text", text["n_params"].nunique())
glue("scaling_n_last", last_word["n_params"].nunique())
glue("scaling_above", int((stated["n_params"] > break_at).sum()))

# %% [markdown]
# Text losses exist for {glue:text}`scaling_n_text` sizes, last-word losses for {glue:text}`scaling_n_last`, each
# for two sets of models: trained on the standard and on the deduplicated corpus. They are in bits per byte and in
# nats per word, so their $E$ and $A$ cannot be compared with the paper's; the exponent and the quality of the fit
# can.
#
# For six sizes the author also measured a loss himself, on wikitext, when he measured gradients. Those losses lie
# {glue:text}`scaling_gap_low` to {glue:text}`scaling_gap_high` nats above the stated ones. Both cannot be the loss
# on the same text; this matters below, where gradients are set against losses.
#
# ## The loss law

# %%
law = scaling.fit_loss(stated["n_params"], stated["loss"])
law

# %% [markdown]
# Standard and deduplicated models of one size are near-copies and share whatever the law misses. As evidence each
# size counts once, with the mean loss of its two models, at the sizes that have both. (The curves in the charts
# are fitted to both sets with a common exponent.)

# %% tags=["hide-input"]
text_law = scaling.fit_loss(text["n_params"], text["loss"], text["variant"])  # the curves of the charts
text_means, last_means = scaling.average_twins(text), scaling.average_twins(last_word)
text_mean_law = scaling.fit_loss(text_means["n_params"], text_means["loss"])
text_mean_law

# %%
last_mean_law = scaling.fit_loss(last_means["n_params"], last_means["loss"])
last_mean_law

# %% tags=["hide-input"]
curve = pd.DataFrame({"n_params": np.geomspace(6e7, 1.5e10, 80)})
drawn = pd.concat(
    [curve.assign(series="stated (nats)", loss=law.predict(curve["n_params"]))]
    + [
        curve.assign(series=f"text, {v} (bits per byte)", loss=text_law.predict(curve["n_params"], v))
        for v in text_law.offset
    ]
)
draw.against_size(
    pd.concat(
        [stated.assign(series="stated (nats)"), text.assign(series="text, " + text["variant"] + " (bits per byte)")]
    ),
    "loss",
    "Loss",
    f"Loss of the Pythia models against size with the fitted law, stated and on wikitext; the critical scale's "
    f"interval ({critical.low:g}B to {critical.high:g}B) is shaded. The drawn law has no kink.",
    ["pythia_loss", "pythia_checkpoints"],
    interval,
    lines=drawn,
    log=True,
)

# %% tags=["hide-input"]
stated_pct = 100 * (law.frame["residual"] / law.frame["loss"]).abs()
within = law.frame["n_params"].between(*interval)
inside_pct = f"{stated_pct[within].max():.1f} percent" if within.any() else "not known, no size lies there"
residuals = pd.concat(
    [
        law.frame.assign(series="stated", model=stated["model"]),
        text_law.frame.assign(series="text, " + text_law.frame["group"], model=text["model"]),
    ]
)
draw.against_size(
    residuals.assign(residual_pct=100 * residuals["residual"] / residuals["loss"]),
    "residual_pct",
    "Loss less the fitted law (%)",
    f"Residuals of the loss law in percent of the loss, with the critical scale's interval shaded. The largest of the "
    f"stated losses is {stated_pct.max():.1f} percent, at {size(law.frame['n_params'][stated_pct.idxmax()])}; inside "
    f"the interval the largest is {inside_pct}.",
    ["pythia_loss", "pythia_checkpoints"],
    interval,
    level=0.0,
    digits="+.2f",
)

# %% [markdown]
# ### The law's numbers
#
# The draft prints $\alpha$ with a "±" and does not say what it is. Every usual reading is computed, and none is
# chosen by its fit to the printed number. Text and last words are equally independent of the paper. Where they
# differ, the one that agrees less with the paper is the independent value, so that agreement is claimed only
# where both agree.

# %% tags=["hide-input"]
drawn_law = scaling.resample(law, n_boot, seed)
drawn_text = scaling.resample(text_mean_law, n_boot, seed)
drawn_last = scaling.resample(last_mean_law, n_boot, seed)


def from_both(on_text: Estimate, on_words: Estimate, claim_id: str, form: str) -> tuple[Estimate, str]:
    """The less favourable of the two independent values, and a sentence that gives both."""
    both = {"wikitext": on_text, "LAMBADA's last word": on_words}
    said = f"Independent, one value per size: wikitext {on_text:{form}}, LAMBADA's last word {on_words:{form}}"
    return scaling.least_favourable(claims.value(claim_id), both), f"{said}; the less favourable counts."


# %% tags=["hide-input"]
independent_alpha, both_alpha = from_both(text_mean_law.alpha, last_mean_law.alpha, "scaling.alpha", ".3f")
checked = claims.check(
    "scaling.alpha",
    independent=independent_alpha,
    alternatives=scaling.readings(
        law.alpha.value, scaling.of_fit(law.standard_error["alpha"], law.dof), 3, law.alpha.n, "least squares"
    )
    | {"residual bootstrap, 95 % interval": drawn_law.alpha},
    reason=f"What the printed ± means is not stated. The standard error is {law.standard_error['alpha']:.3f}, the "
    f"95 % t interval {law.alpha:.3f}. {both_alpha}",
)

# %% tags=["hide-input"]
checked = claims.check("scaling.offset", released=law.offset[""])

# %% tags=["hide-input"]
checked = claims.check("scaling.amplitude", released=law.amplitude[""])

# %% tags=["hide-input"]
independent_r2, both_r2 = from_both(drawn_text.r2, drawn_last.r2, "scaling.r2", ".4f")
checked = claims.check(
    "scaling.r2",
    released=law.r2,
    independent=independent_r2,
    reason=f"R² says little here: any smooth falling curve over two decades of size comes close to one. {both_r2}",
)

# %% tags=["remove-cell"]
paper_alpha = claims.value("scaling.alpha")
glue("scaling_alpha_text", text_mean_law.alpha, ".3f")
glue("scaling_alpha_last", last_mean_law.alpha, ".2f")
glue("scaling_alpha_text_says", "contains" if text_mean_law.alpha.covers(paper_alpha) else "does not contain")
glue("scaling_alpha_last_says", "contains" if last_mean_law.alpha.covers(paper_alpha) else "does not contain")
glue("scaling_r2_text", text_mean_law.r2, ".4f")
glue("scaling_r2_last", last_mean_law.r2, ".4f")

# %% [markdown]
# The paper's $E$, $A$, $\alpha$ and $R^2$ follow from its losses, to every printed digit; the ± of $\alpha$ does so
# under some readings. On independent text losses the exponent is {glue:text}`scaling_alpha_text`, which
# {glue:text}`scaling_alpha_text_says` the paper's; on last words it is {glue:text}`scaling_alpha_last`, which
# {glue:text}`scaling_alpha_last_says` it. The form fits in both cases ($R^2$ = {glue:text}`scaling_r2_text` and
# {glue:text}`scaling_r2_last`); the exponent is a property of the text as much as of the models.
#
# ## Is the scaled loss constant? (Fig. 2a)

# %% tags=["hide-input"]
stated_band = drawn_law.ratio
outside = ~stated_band["ratio_pct"].between(stated_band["low"], stated_band["high"])
ratios = pd.concat(
    [
        law.frame.assign(series="stated", model=stated["model"]),
        text_law.frame.assign(series="text, " + text_law.frame["group"], model=text["model"]),
    ]
)
draw.against_size(
    ratios,
    "ratio_pct",
    "N^α(L − E), % of its mean",
    f"Scaled loss relative to its mean against size; the band is what refitted noise of the size seen would give in "
    f"95 percent of cases. All stated points lie between {law.frame['ratio_pct'].min():.1f} and "
    f"{law.frame['ratio_pct'].max():.1f} percent; {int(outside.sum())} of {len(outside)} lie outside the band, "
    f"{int(outside[within].sum())} of these inside the shaded interval of the critical scale.",
    ["pythia_loss", "pythia_checkpoints"],
    interval,
    band=drawn_law.ratio,
    level=100.0,
    digits=".1f",
)

# %% tags=["hide-input"]
at_print = scaling.scaled_loss(
    stated["n_params"], stated["loss"], claims.value("scaling.offset"), claims.value("scaling.alpha")
)
products = {"at the printed E and α": at_print, "at the fitted E and α": law.frame["scaled"].to_numpy()}
readings = {}
for where, scaled in products.items():
    readings |= scaling.readings(float(scaled.mean()), scaling.of_mean(scaled), 0, scaled.size, where)
checked = claims.check(
    "scaling.prefactor",
    alternatives=readings,
    reason=f"What the printed ± means is not stated. At the printed E and α the mean is {at_print.mean():.1f}; the "
    f"eight values run from {at_print.min():.1f} to {at_print.max():.1f} (half the range "
    f"{np.ptp(at_print) / 2:.1f}), with a standard deviation of {at_print.std(ddof=1):.1f}. At the fitted digits of "
    f"E and α the mean is {law.frame['scaled'].mean():.1f}.",
)

# %% tags=["hide-input"]
independent_cv, both_cv = from_both(drawn_text.cv_pct, drawn_last.cv_pct, "scaling.cv", ".1f")
checked = claims.check(
    "scaling.cv",
    independent=independent_cv,
    alternatives={
        f"{kind} standard deviation, {where}": float(scaling.coefficient_of_variation(scaled, ddof=ddof))
        for where, scaled in products.items()
        for kind, ddof in (("population", 0), ("sample", 1))
    },
    reason=f"Which standard deviation is meant is not stated, nor whether E and α are rounded. {both_cv} "
    "See the control below for what this number can tell.",
)

# %% [markdown]
# ### Control: what other laws would give
#
# The product is taken at the $E$ and $\alpha$ that were chosen to make it constant, so it is nearly constant
# whenever three parameters can follow eight points. Each law in the chart is a different smooth curve, laid as
# near to the stated losses as it goes; noise of the size seen is added, $E + A N^{-\alpha}$ is fitted, and the
# spread of $N^\alpha(L-E)$ is computed in the same way (population standard deviation).

# %% tags=["hide-input"]
rivals = scaling.cv_under_rivals(stated["n_params"], stated["loss"], law.sd, break_at, n_boot, seed)

# %% tags=["hide-input"]
own, others_than_own = rivals.iloc[0], rivals.iloc[1:]
overlap = (others_than_own["low"] <= own["high"]) & (others_than_own["high"] >= own["low"])
compare.intervals(
    rivals.rename(columns={"cv_pct": "value"}).assign(series="median and 95 % of simulated losses"),
    "law",
    "series",
    "CV of N^α(L − E) (%)",
    "Spread of the scaled loss that eight losses following another law would show once a power law is fitted to them: "
    f"laws that are no power law, and laws with a kink at {size(break_at)}. The intervals of {int(overlap.sum())} of "
    f"{len(overlap)} such laws overlap that of the power law itself; those without overlap: "
    f"{', '.join(others_than_own['law'][~overlap]) or 'none'}.",
    ["pythia_loss"],
    zero=False,
)

# %%
offsets = scaling.by_offset(stated["n_params"], stated["loss"], np.linspace(0, 2.0, 81))

# %% tags=["hide-input"]
fitted_mark = pd.DataFrame({"label": ["fitted E"], "offset": [law.offset[""].value], "cv_pct": [law.cv_pct]})
draw.cv_by_offset(
    offsets,
    fitted_mark,
    f"Spread of the scaled loss against the irreducible loss E assumed, the exponent refitted each time. "
    f"Without any irreducible loss (E = 0) it is {offsets['cv_pct'].iloc[0]:.1f} percent.",
    ["pythia_loss"],
)

# %% tags=["remove-cell"]
by_law = rivals.set_index("law")
kinked = by_law[by_law.index.str.startswith("kink")]
glue("scaling_cv_paper", claims.claim("scaling.cv").paper)
glue("scaling_cv_own", f"{by_law['low'].iloc[0]:.2f} to {by_law['high'].iloc[0]:.2f}")
glue("scaling_cv_kink_20", kinked["cv_exact_pct"].loc[kinked.index.str.contains("20%")].max(), ".2f")
glue("scaling_cv_kink_50", kinked["cv_exact_pct"].loc[kinked.index.str.contains("50%")].max(), ".2f")
glue("scaling_cv_two", by_law.loc["two power laws", "cv_exact_pct"], ".2f")

# %% [markdown]
# With the noise seen, an exact power law would show a CV of {glue:text}`scaling_cv_own` %. A sum of two power laws
# shows {glue:text}`scaling_cv_two` % without any noise; an exponent that changes by a fifth beyond
# {glue:text}`scaling_break` shows at most {glue:text}`scaling_cv_kink_20` %, one that changes by half
# {glue:text}`scaling_cv_kink_50` %. A straight line in $\log N$ is a limit of the law itself ($\alpha \to 0$ with
# $E \to -\infty$), where the product becomes constant for any data. So a spread as small as the paper's
# {glue:text}`scaling_cv_paper` % says that the fit is good; it does not say that there is no transition. That needs
# a test against a law that has one.
#
# ## Is there a kink at the critical scale?
#
# The test gives the law one more parameter: beyond $N_c$ the exponent is $\alpha + \delta$,
#
# $$L(N) = E + A\,N^{-\alpha}\,\max(N/N_c,\,1)^{-\delta},$$
#
# continuous at $N_c$, with $E$, $A$, $\alpha$ free in both laws. The $F$ test asks whether $\delta$ is worth
# having; AIC and BIC ask the same with other prices (negative favours the kink); the errors of predicting each
# model from the others show whether it helps to predict.

# %% tags=["hide-input"]
v0_means = scaling.average_twins(scaling.last_word_losses(tables.read("pythia_checkpoints"), "v0"))
curves = {
    "stated": stated,
    "text": text_means,
    "last word, v1": last_means,
    "last word, v0": v0_means,
}  # one loss per size, so that no size counts twice and none helps to predict its twin
tests = {
    "stated, E held": scaling.kink_test_given_offset(
        stated["n_params"], stated["loss"], break_at, law.offset[""].value
    ),
    **{name: scaling.kink_test(curve["n_params"], curve["loss"], break_at) for name, curve in curves.items()},
}
scaling.kink_table(tests, f"A kink at {size(break_at)}")

# %% tags=["remove-cell"]
by_p = sorted(tests.items(), key=lambda item: item[1].p)
alone = {v: scaling.kink_test(c["n_params"], c["loss"], break_at) for v, c in text.groupby("variant")}
glue("scaling_kink_p", f"{tests['stated'].p:.2f}")
glue("scaling_kink_v1", f"{tests['last word, v1'].p:.2f}")
glue("scaling_kink_text", f"{tests['text'].p:.2f}")
twice = scaling.kink_test(text["n_params"], text["loss"], break_at, text["variant"])
glue("scaling_kink_twice", f"{twice.p:.3f}")
glue("scaling_kink_text_n", tests["text"].n)
glue("scaling_kink_text_dof", tests["text"].dof)
glue("scaling_kink_n", len(tests))
glue("scaling_kink_small", sum(test.p < 0.05 for test in tests.values()))
glue("scaling_kink_least", by_p[0][0])
glue("scaling_kink_least_p", f"{by_p[0][1].p:.3f}")
glue("scaling_kink_alone", " and ".join(f"{test.p:.2f} ({v})" for v, test in alone.items()))
glue("scaling_loo", f"{tests['stated'].loo_smooth:.3f}")
glue("scaling_loo_kink", f"{tests['stated'].loo_kink:.3f}")

# %% [markdown]
# For the stated losses $p$ = {glue:text}`scaling_kink_p`; with a kink at {glue:text}`scaling_break` a left-out model
# is predicted with an error of {glue:text}`scaling_loo_kink` nats, without it {glue:text}`scaling_loo`. Tests with
# $p < 0.05$: {glue:text}`scaling_kink_small` of {glue:text}`scaling_kink_n`; the smallest $p$,
# {glue:text}`scaling_kink_least_p`, is that of *{glue:text}`scaling_kink_least`*.
#
# Each size counts once here too, with the mean loss of its two models. On the text losses three cautions are due.
# {glue:text}`scaling_kink_text_n` sizes were evaluated, which leaves {glue:text}`scaling_kink_text_dof` degree of
# freedom; counted as two models each, as if twins did not share what the law misses, they would give $p$ =
# {glue:text}`scaling_kink_twice`, and either set alone gives {glue:text}`scaling_kink_alone`. Sizes between 1.4B and
# 6.9B were not evaluated, so any break in that gap fits as well. And in this first release of Pythia the sizes up to
# 1.4B in the table were trained with twice the batch and half the steps of the two above: the recipe changes in the
# same gap {cite:p}`biderman2023`. The later release, with one batch size for all, has no such text losses in the table;
# its last-word losses give $p$ = {glue:text}`scaling_kink_v1`.

# %% tags=["hide-input"]
breaks = np.geomspace(3e8, 9e9, 13)
searched = ("stated", "text", "last word, v1")
scans = pd.concat(
    scaling.scan_breaks(curves[name]["n_params"], curves[name]["loss"], breaks, n_draws=n_boot // 2, seed=seed).assign(
        series=name
    )
    for name in searched
)

# %% tags=["hide-input"]
nearest = scans.sort_values("p").drop_duplicates("series")
lowest = "; ".join(
    f"{row.series} {size(float(f'{row.break_at:.2g}'))} (p = {row.p:.2g}, allowing for the search {row.p_best:.2g})"
    for row in nearest.itertuples()
)
draw.kink_scan(
    scans,
    f"p of a kink at every size from {size(breaks[0])} to {size(breaks[-1])}, small p upwards, with the critical "
    f"scale's interval shaded and p = 0.05 dashed. Smallest p among the sizes tried: {lowest}.",
    ["pythia_loss", "pythia_checkpoints"],
    interval,
)

# %% tags=["remove-cell"]
for key, name in {"": "stated", "_text": "text", "_last": "last word, v1"}.items():
    best = scans[scans["series"] == name].nsmallest(1, "p").iloc[0]
    glue(f"scaling_best{key}", size(float(f"{best['break_at']:.2g}")))
    glue(f"scaling_best{key}_p", f"{best['p']:.2f}")
    glue(f"scaling_best{key}_any", f"{best['p_best']:.2f}")

# %% [markdown]
# Looking for the best break anywhere, the stated losses prefer {glue:text}`scaling_best` ($p$ =
# {glue:text}`scaling_best_p` there), but unbroken curves with this noise have a break as good somewhere in
# {glue:text}`scaling_best_any` of simulations. The text losses prefer {glue:text}`scaling_best_text` ($p$ =
# {glue:text}`scaling_best_text_p`, as good somewhere in {glue:text}`scaling_best_text_any`), the last-word losses
# {glue:text}`scaling_best_last` ({glue:text}`scaling_best_last_p`, {glue:text}`scaling_best_last_any`).
#
# ### Control: what could have been seen?
#
# A test that finds nothing is worth what it could have found. Kinked curves with the noise seen, at the sizes
# there are, are tested in the same way.

# %% tags=["hide-input"]
powers = {
    "stated": scaling.kink_power(law, break_at, n_draws=n_boot // 2, seed=seed),
    "text": scaling.kink_power(text_mean_law, break_at, n_draws=n_boot // 2, seed=seed),
    "last word, v1": scaling.kink_power(last_mean_law, break_at, n_draws=n_boot // 2, seed=seed),
}

# %% tags=["hide-input"]
ends = {
    name: [f"{end['change_pct']:+.1f}".replace("-", "−") for end in (power.flatter, power.steeper) if end]
    for name, power in powers.items()
}
found = "; ".join(f"{name} {' and '.join(changes) or 'none of those tried'}" for name, changes in ends.items())
draw.kink_power(
    pd.concat(power.frame.assign(series=name) for name, power in powers.items()),
    f"Share of simulated curves with a kink at {size(break_at)} in which the test finds it, against what the kink "
    f"does to the loss of the 12B model. Smallest change of the 12B loss, in percent, that is found in "
    f"{powers['stated'].target:.0%} of cases (dashed): {found}.",
    ["pythia_loss", "pythia_checkpoints"],
    target=powers["stated"].target,
)

# %% tags=["remove-cell"]
steeper, flatter = powers["stated"].steeper, powers["stated"].flatter
none = "none of those tried"
glue("scaling_power_up", f"{steeper['share']:.0%}" if steeper else none)
glue("scaling_power_down", f"{-flatter['share']:.0%}" if flatter else none)
glue("scaling_power_up_pct", f"{-steeper['change_pct']:.1f}" if steeper else none)
glue("scaling_power_down_pct", f"{flatter['change_pct']:.1f}" if flatter else none)
half_again = powers["stated"].frame.set_index("share")["power"].loc[0.5]
glue("scaling_missed", f"{1 - half_again:.0%}")
glue("scaling_power_size", f"{powers['stated'].size:.1%}")
deduped = scaling.last_word_losses(tables.read("pythia_checkpoints"), final=False).query("variant == 'deduped'")
learned = scaling.kink_tests(deduped[deduped["step"] >= 10_000], "step", break_at)
glue("scaling_steps", len(learned))
glue("scaling_steps_small", int((learned["p"] < 0.05).sum()))
glue("scaling_steps_least", f"{learned['p'].min():.2f}")
glue("scaling_steps_first", f"{learned['step'].min():,}")

# %% [markdown]
# With {glue:text}`scaling_above` of eight sizes above {glue:text}`scaling_break`, four times out of five the stated
# losses would show a kink only if the exponent grew by {glue:text}`scaling_power_up` or shrank by
# {glue:text}`scaling_power_down`: the 12B model's loss lower by {glue:text}`scaling_power_up_pct` % or higher by
# {glue:text}`scaling_power_down_pct` % than without it. (Where there is none, the test finds one in
# {glue:text}`scaling_power_size` of simulations, as it should.) "No kink of that size" is what the losses say.
#
# Does one appear on the way? Of {glue:text}`scaling_steps` checkpoints of the deduplicated v1 models from step
# {glue:text}`scaling_steps_first` on, {glue:text}`scaling_steps_small` show a kink in the last-word loss with
# $p < 0.05$ (smallest $p$: {glue:text}`scaling_steps_least`). Neighbouring checkpoints are not independent.
#
# ## Gradients

# %% tags=["hide-input"]
claims.quote("grad.loss_exponent", "grad.r_loss", "grad.beta", "grad.dip_1b", "grad.layers_1b")

# %% [markdown]
# Six Pythia models, L2 norm of the gradient on ten batches of wikitext (App. A.8). Two tables exist: the *measured
# run*, with the losses of the same batches, and the *figure's constants*, in which similar gradient norms stand
# beside the stated losses of Fig. 2a. As the two sets of losses differ by {glue:text}`scaling_gap_low` nats and more,
# the figure sets gradients on one text against losses that are not those of this text.

# %% tags=["hide-input"]
runs = {"measured run": measured_run, "figure's constants": figure_run}
on_loss = {name: scaling.fit_power(run["loss"], run["grad_norm"]) for name, run in runs.items()}
on_size = {name: scaling.fit_power(run["n_params"], run["grad_norm"]) for name, run in runs.items()}
others = {name: run["n_params"] != 1e9 for name, run in runs.items()}
on_size_without = {
    name: scaling.fit_power(run["n_params"], run["grad_norm"], others[name]) for name, run in runs.items()
}
mixed = scaling.fit_power(measured_run["loss"], figure_run["grad_norm"])

# %% tags=["hide-input"]
grid = np.geomspace(6e7, 3.4e9, 40)
trends = pd.concat(
    pd.DataFrame({"n_params": grid, "grad_norm": fit.predict(grid), "series": name, "fit": label})
    for label, fits in (("all", on_size), ("without 1B", on_size_without))
    for name, fit in fits.items()
)
fifth = {name: abs(run["grad_norm"] / on_size_without[name].predict(run["n_params"]) - 1) for name, run in runs.items()}
at_1b = [100 * float(off[~others[name]].iloc[0]) for name, off in fifth.items()]
at_others = [100 * float(off[others[name]].max()) for name, off in fifth.items()]
draw.against_size(
    pd.concat(run.assign(series=name) for name, run in runs.items()),
    "grad_norm",
    "Gradient norm (L2)",
    "Gradient norm against size for two tables of six models, each with a power law through all models and one "
    f"through all but the 1B model. From the line without it the 1B model is {at_1b[0]:.0f} and {at_1b[1]:.0f} percent "
    f"away, none of the other five more than {max(at_others):.0f} percent.",
    ["pythia_loss"],
    lines=trends,
    log=True,
    digits=".1f",
)

# %% tags=["hide-input"]
grid = np.geomspace(2.3, 4.7, 40)
norm_gap = 100 * (figure_run["grad_norm"] / measured_run["grad_norm"] - 1).abs().max()
draw.against_loss(
    pd.concat(run.assign(series=name) for name, run in runs.items()),
    pd.concat(
        pd.DataFrame({"loss": grid, "grad_norm": fit.predict(grid), "series": name}) for name, fit in on_loss.items()
    ),
    "Gradient norm against loss, both logarithmic, with the fitted power laws. The gradient norms of the two tables "
    f"differ by at most {norm_gap:.0f} percent, their losses by {gap.min():.2f} to {gap.max():.2f} nats; the "
    f"slopes are {' and '.join(f'{fit.exponent.value:.1f}' for fit in on_loss.values())}.",
    ["pythia_loss"],
    named="pythia-1b",
)

# %% tags=["hide-input"]
checked = claims.check(
    "grad.loss_exponent",
    released=on_loss["measured run"].exponent,
    alternatives={
        "figure's constants": on_loss["figure's constants"].exponent.value,
        "figure's gradients against measured losses": mixed.exponent.value,
        "measured run without 1B": scaling.fit_power(
            measured_run["loss"], measured_run["grad_norm"], others["measured run"]
        ).exponent.value,
    },
    reason=f"The standard error is {on_loss['measured run'].standard_error:.2f}, so six models do not determine the "
    "printed digits.",
)

# %% tags=["hide-input"]
checked = claims.check(
    "grad.r_loss",
    released=on_loss["measured run"].r,
    alternatives={
        "figure's constants": on_loss["figure's constants"].r.value,
        "measured run, without logarithms": float(np.corrcoef(measured_run["loss"], measured_run["grad_norm"])[0, 1]),
    },
    reason="Loss and gradient norm both fall with size, so they correlate whatever ties them. We know of no "
    "independent gradient norms of these models.",
)

# %% tags=["hide-input"]
betas = {}
for where, fits in (("all models", on_size), ("without 1B", on_size_without)):
    for name, fit in fits.items():
        half_widths = scaling.of_fit(fit.standard_error, fit.n - 2)
        betas |= scaling.readings(-fit.exponent.value, half_widths, 2, fit.n, f"{name}, {where}")
checked = claims.check(
    "grad.beta",
    alternatives=betas,
    reason=f"What the printed ± means is not stated. The standard error is "
    f"{on_size['measured run'].standard_error:.3f}; without the 1B model the exponent is "
    f"{-on_size_without['measured run'].exponent.value:.2f} ± {on_size_without['measured run'].standard_error:.2f}.",
)

# %% [markdown]
# ### The dip at 1B

# %% tags=["hide-input"]
dips = pd.concat(
    scaling.dips(run["n_params"], run["loss"], run["grad_norm"], 1e9).assign(table=name) for name, run in runs.items()
)
shown(
    dips.pivot(index=["trend", "includes_model"], columns="table", values="below_pct").reset_index(),
    "How far the 1B model's gradient norm lies below a trend, in percent",
    1,
    {"includes_model": "1B in the trend"},
)

# %% tags=["hide-input"]
first = dips[(dips["trend"] == "power law in N") & dips["includes_model"]].set_index("table")["below_pct"]
checked = claims.check(
    "grad.dip_1b",
    released=float(first["measured run"]),
    alternatives={
        f"{row.table}: {row.trend}, {'with' if row.includes_model else 'without'} 1B in the trend": row.below_pct
        for row in dips.itertuples()
        if not (row.table == "measured run" and row.trend == "power law in N" and row.includes_model)
    },
    reason="The paper's own law is fitted to all six models, so the 1B model pulls down the "
    f"trend that it is compared with. Left out of the trend it lies "
    f"{dips[~dips['includes_model']]['below_pct'].min():.0f} to "
    f"{dips[~dips['includes_model']]['below_pct'].max():.0f} % below, depending on the trend.",
)

# %% tags=["hide-input"]
layers = tables.read("layer_profiles_reported").query("model == 'Pythia-1B'")["n_layers"].iloc[0]
cards = tables.read("architectures").set_index("hf_repo")["n_layers"]
neighbours = {name: int(cards[f"EleutherAI/pythia-{name}"]) for name in ("410m", "1b", "1.4b")}
checked = claims.check(
    "grad.layers_1b",
    released=float(layers),
    independent=Estimate(neighbours["1b"], neighbours["1b"], neighbours["1b"], method="model card"),
    reason=f"Its neighbours have {neighbours['410m']} (410M) and {neighbours['1.4b']} (1.4B), so depth and width "
    f"change at 1B together with size. One family cannot separate a dip in size from a dip in shape.",
)

# %% tags=["remove-cell"]
one = measured_run[measured_run["n_params"] == 1e9].iloc[0]
glue("scaling_beta_without", -on_size_without["measured run"].exponent.value, ".2f")
glue("scaling_r_without", abs(on_size_without["measured run"].r.value), ".3f")
glue("scaling_dip_n", len(dips))
glue("scaling_dip_low", dips["below_pct"].min(), ".0f")
glue("scaling_dip_high", dips["below_pct"].max(), ".0f")
glue("scaling_layers", int(layers))
glue("scaling_layers_next", neighbours["410m"])

# %% [markdown]
# The 1B model does lie far below its neighbours: by {glue:text}`scaling_dip_low` to {glue:text}`scaling_dip_high` %
# in {glue:text}`scaling_dip_n` computations. It is also the model with {glue:text}`scaling_layers` layers where its
# neighbours have {glue:text}`scaling_layers_next`, as the paper says, and the only one in the released file that
# names no text. Without it the five others follow $\|\nabla L\| \propto N^{-\beta}$ with
# $\beta$ = {glue:text}`scaling_beta_without` ($|r|$ = {glue:text}`scaling_r_without`): one model carries the
# anomaly and most of the uncertainty.
#
# ### The Arrhenius form
#
# $\|\nabla L\| = c\,e^{-C/L}$, with a constant $C$ for each phase (App. A.8). Which models form a phase is not
# stated, and the six models end at 2.8B. Every run of consecutive sizes is tried.

# %%
claims.quote("grad.arrhenius_tax", "grad.arrhenius_transition", "grad.arrhenius_bonus")

# %% tags=["hide-input"]
constants = pd.concat(
    scaling.arrhenius_runs(run["n_params"], run["loss"], run["grad_norm"]).assign(table=name)
    for name, run in runs.items()
)
constants["models"] = [
    f"{size(a)} to {size(b)}" for a, b in zip(constants["n_first"], constants["n_last"], strict=True)
]
shown(
    constants.pivot(index=["n_first", "n_last", "models", "n"], columns="table", values="c").reset_index().iloc[:, 2:],
    "C of every run of consecutive sizes, in nats; runs of two models are exactly determined",
    1,
)


# %% tags=["hide-input"]
def runs_within(low: float, high: float) -> dict[str, float]:
    inside = constants[(constants["n_first"] >= low) & (constants["n_last"] <= high)]
    return {f"{row.table}, {row.models}": row.c for row in inside.itertuples()}


widest = constants.nlargest(1, "c").iloc[0]
tax_all = constants[(constants["n_first"] == 7e7) & (constants["n_last"] == 1e9)].set_index("table")["c"]
step_up = constants[(constants["n_first"] == 1e9) & (constants["n_last"] == 1.4e9)].set_index("table")["c"]
checked = claims.check(
    "grad.arrhenius_tax",
    alternatives=runs_within(0, 1e9),
    reason="Which models form the phase is not stated; a run of two is a line through two points. All four models up "
    f"to 1B give {' and '.join(f'{c:.1f} ({name})' for name, c in tax_all.items())}.",
)

# %% tags=["hide-input"]
checked = claims.check(
    "grad.arrhenius_transition",
    alternatives=runs_within(1e9, 2.8e9),
    reason=f"From 1B to 1.4B alone C is {', '.join(f'{c:.0f} ({name})' for name, c in step_up.items())}. "
    f"No run in either table gives a C above {widest['c']:.0f}.",
)

# %% tags=["hide-input"]
checked = claims.check(
    "grad.arrhenius_bonus",
    alternatives=runs_within(1.4e9, 2.8e9),
    reason="The paper's bonus phase begins at 2.8B, where the six models end; two models at most can stand for it. "
    "A test would need gradient norms at 6.9B and 12B.",
)

# %% tags=["remove-cell"]
glue("scaling_arrhenius_max", widest["c"], ".1f")
glue("scaling_arrhenius_n", len(constants))
glue("scaling_arrhenius_two", int((constants["n"] == 2).sum()))
glue("scaling_arrhenius_tax", " and ".join(f"{c:.0f} ({name})" for name, c in tax_all.items()))

# %% [markdown]
# Of {glue:text}`scaling_arrhenius_n` runs in two tables, {glue:text}`scaling_arrhenius_two` have two models and no
# error left to estimate. The largest constant is {glue:text}`scaling_arrhenius_max`; the four models up to 1B give
# {glue:text}`scaling_arrhenius_tax`. The constants printed for transition and bonus are an order of magnitude
# larger than anything these gradients contain: the data or the form behind them are not released.
#
# ## The boosting chain (Fig. 2b)

# %% tags=["hide-input"]
claims.quote("chain.l0_mae", "chain.l1_mae", "chain.l1_ratio", "chain.l2_mae", "chain.l3_mae", "chain.l4_mae")

# %% [markdown]
# Each level of the {term}`boosting chain` adds a law to the one before:
#
# | level | the paper's law | so an error of |
# |---|---|---|
# | L0 | $L = E + A N^{-\alpha}$ | the loss |
# | L1 | independent parameters, $\lVert\nabla L\rVert \sim N^{-(\alpha+1)}$ | the gradient norm |
# | L2 | collective, $\lVert\nabla L\rVert \propto L^k$, $k$ = {glue:text}`scaling_k_paper` | the gradient norm |
# | L3 | running coupling $\gamma_{12}(N)$ | TruthfulQA |
# | L4 | field of the training data | TruthfulQA |
#
# The third column is our reading: the paper does not say which quantity is predicted, over which models the error
# is averaged, or how a proportionality is pinned to the data. In the draft's table L4 has no number ("holdout,
# Phi"). So each bar is computed in every way we could think of: gradients from two tables; the law pinned through
# the smallest model, by least squares, or by least squares of logarithms; over all models or all but 1B; mean or
# median. For L1 the exponent $\alpha + \tfrac12$ is tried, too: a norm over $N$ independent components grows with
# $\sqrt N$.

# %% tags=["hide-input"]
alpha, collective = law.alpha.value, claims.value("grad.loss_exponent")
independent_laws = {"N^−(α+1)": -(alpha + 1), "N^−(α+½)": -(alpha + 0.5)}
l0 = scaling.loss_level(law)
l1 = scaling.gradient_level("L1", "independent gradient", runs, "n_params", independent_laws, without=1e9)
l2 = scaling.gradient_level("L2", "collective gradient", runs, "loss", {"": collective}, without=1e9)

# %% tags=["hide-input"]
trainings = {
    "Pythia": ["Pythia"],
    "Pythia and Llama-1": ["Pythia", "Llama-1"],
    "all three families": ["Pythia", "Llama-1", "Llama-2"],
}
printed_line = (claims.value("coupling.slope"), claims.value("coupling.intercept"))
pythia_alone = scaling.predict_family(points, "Llama-2", ["Pythia"])
no_coupling = {"quadratic in log N on Pythia alone, Llama-2 held out (no coupling in it)": pythia_alone.mape_pct}
l3 = scaling.coupling_level(points, printed_line, no_coupling)
l4 = scaling.field_level(points, "Llama-2", trainings)

# %% tags=["hide-input"]
levels = (l0, l1, l2, l3, l4)
bars = pd.DataFrame(
    [(lv.name, lv.law, lv.quantity, claims.value(f"chain.{lv.name.lower()}_mae")) for lv in levels],
    columns=["level", "law", "quantity", "paper_pct"],
)
computed = scaling.to_frame(levels)
draw.chain(
    computed,
    bars,
    "The five bars of Fig. 2b, coloured by the quantity they are an error of: loss (L0), gradient norm (L1, L2), "
    "TruthfulQA (L3, L4). Ticks are all values computed for a level; values off the scale stand at its edge. Bars of "
    "different colour measure different things.",
    ["pythia_loss", "panel_bootstrap_nc"],
)

# %% tags=["hide-input"]
spread = computed.groupby("level")["value_pct"].agg(["count", "min", "median", "max"]).reset_index()
shown(
    bars.merge(spread, on="level").drop(columns="law"),
    "The paper's bars and the values computed for them, in percent",
    1,
    {"paper_pct": "paper", "count": "computed"},
)

# %% tags=["hide-input"]
checked = claims.check(
    "chain.l0_mae",
    released=law.mae_pct,
    reason="Mean of |fitted − stated|/stated loss over the eight models to which the law was fitted: an error in "
    "sample.",
)

# %% tags=["hide-input"]
stated_form = {name: value for name, value in l1.values.items() if "(α+1)" in name}
checked = claims.check(
    "chain.l1_mae",
    alternatives=stated_form,
    searched={name: value for name, value in l1.values.items() if name not in stated_form},
    reason=f"With the exponent the paper states, {len(stated_form)} computations give "
    f"{min(stated_form.values()):.0f} to {max(stated_form.values()):.0f} %, never the printed bar. With α + ½ "
    f"several come near it, as so many tries will. This is an error of gradient norms, not of losses.",
)

# %% tags=["hide-input"]
times = scaling.ratios(l1, l0)
printed = {
    "printed L1 bar over printed L0 bar": claims.value("chain.l1_mae") / claims.value("chain.l0_mae"),
    "printed L1 bar over computed L0": claims.value("chain.l1_mae") / law.mae_pct,
    "printed L1 bar over computed L0, rounded to two digits": claims.value("chain.l1_mae") / round(law.mae_pct, 2),
}
checked = claims.check(
    "chain.l1_ratio",
    alternatives={name: value for name, value in times.items() if "(α+1)" in name},
    searched={name: value for name, value in times.items() if "(α+1)" not in name} | printed,
    reason="The ratio of an error of gradient norms to an error of losses: two quantities, two sets of models (six "
    "and eight), one fitted to the data and one only pinned to it. The number follows from the printed L1 bar and an "
    "L0 error rounded to two digits.",
)

# %% tags=["hide-input"]
passing = [name for name, value in l2.values.items() if claims.passes(claims.claim("chain.l2_mae"), Estimate(value))]
checked = claims.check(
    "chain.l2_mae",
    alternatives=l2.values,
    reason=f"{len(passing)} of {len(l2.values)} computations print as the bar ({'; '.join(passing) or 'none'}); over "
    f"all six models the mean error is {min(v for k, v in l2.values.items() if 'all, mean' in k):.0f} to "
    f"{max(v for k, v in l2.values.items() if 'all, mean' in k):.0f} %.",
)

# %% tags=["hide-input"]
coupled = {name: value for name, value in l3.values.items() if name not in no_coupling}
checked = claims.check(
    "chain.l3_mae",
    alternatives=coupled,
    searched=no_coupling,
    reason=f"TruthfulQA carried along by a running coupling errs by {min(coupled.values()):.0f} to "
    f"{max(coupled.values()):.0f} % in {len(coupled)} computations, and the draft's own table gives "
    f"a number of that size. The bar equals the error of a curve fitted to Pythia alone on Llama-2, in which no "
    f"coupling occurs; that may be a coincidence.",
)

# %% tags=["remove-cell"]
glue("scaling_l1_low", min(stated_form.values()), ".0f")
glue("scaling_l1_paper", claims.claim("chain.l1_mae").paper)
glue("scaling_l0", law.mae_pct, ".2f")
glue("scaling_ratio_paper", claims.claim("chain.l1_ratio").paper)
glue("scaling_chain_n", len(computed))

# %% [markdown]
# {glue:text}`scaling_chain_n` values were computed for five bars. What holds: the loss law errs by
# {glue:text}`scaling_l0` %; a gradient norm falling as $N^{-(\alpha+1)}$ errs by {glue:text}`scaling_l1_low` % or
# more, so this law is indeed far off, further than the paper's {glue:text}`scaling_l1_paper` %; and a power of the
# loss does much better. What does not hold: the chain is no prediction corrected step by step. Its bars are errors
# of three quantities over three sets of models, so "{glue:text}`scaling_ratio_paper` times worse" compares a
# gradient with a loss. As we read it, $N^{-(\alpha+1)}$ is the derivative $\partial L/\partial N$ of the loss with
# respect to the *number* of parameters, whereas $\lVert\nabla L\rVert$ is the length of its derivative with respect
# to their *values* at the end of training; that the first fails to predict the second says little about how
# parameters act together.
#
# ## Held-out Llama-2 (Fig. 2c)
#
# The last bar has the same number as the held-out error quoted in the abstract. The draft says how that number was
# made: a quadratic in $\log_{10} N$, fitted to the TruthfulQA scores of Pythia and Llama-1 and read off at the
# sizes of Llama-2. The figure's script draws another curve, fitted to all three families.

# %% tags=["hide-input"]
held_out = scaling.predict_family(points, "Llama-2", trainings["Pythia and Llama-1"])
drawn_in_figure = scaling.predict_family(points, "Llama-2", trainings["all three families"])
shown(
    scaling.search_holdouts(points, "Llama-2", trainings),
    "Errors on Llama-2 of polynomials in log N, on the paper's 14 points",
    2,
    {
        "n_train": "models",
        "saw_it": "Llama-2 among them",
        "mape_pct": "mean error (%)",
        "mae_pp": "mean error (points)",
        "mae_rel_pct": "of the mean score (%)",
    },
)

# %% tags=["hide-input"]
fits = {"Pythia and Llama-1 (draft)": held_out, "all three (figure's script)": drawn_in_figure}
sizes = np.geomspace(6e7, 8e10, 80)
draw.holdout(
    points,
    pd.concat(fit.frame.assign(curve=name) for name, fit in fits.items()),
    pd.concat(
        pd.DataFrame({"n_params": sizes, "truthfulqa": fit.curve(sizes), "curve": name}) for name, fit in fits.items()
    ),
    "TruthfulQA against size for Pythia, Llama-1 and Llama-2 with two quadratics in log N; open diamonds are what "
    "each curve says for Llama-2, joined to the measured scores. Mean error on Llama-2: "
    f"{'; '.join(f'{name} {fit.mape_pct:.1f} percent' for name, fit in fits.items())}.",
    ["panel_bootstrap_nc"],
    interval,
)

# %% tags=["hide-input"]
checked = claims.check(
    "chain.l4_mae",
    alternatives=l4.values,
    reason="The bar is the held-out error of a quadratic in log N, in which no field of the training data occurs: "
    "the law that L4 is named after has no released number. A computation of the abstract's held-out error credited "
    "to the ODE is checked in its own section.",
)

# %% tags=["hide-input"]
llama_1 = [name for name in ("Llama-1", "Llama") if name in set(models["family"])]
again = {
    "Pythia and Llama-1": ["Pythia", *llama_1],
    "all three families": ["Pythia", *llama_1, "Llama-2"],
}
second = None
with present.if_possible():
    missing = [name for name in ("Pythia", "Llama-2") if name not in set(models["family"])]
    if missing:
        raise InputError(
            f"this part predicts Llama-2 from Pythia, and {panel_name} has no family named {' or '.join(missing)}; "
            "all else on this page rests on losses and gradients and uses no panel"
        )
    second = scaling.search_holdouts(models, "Llama-2", again, degrees=(1, 2, 3))
    display(
        shown(
            second.drop(columns="mae_rel_pct"),
            f"The same on the {panel_name} panel",
            2,
            {
                "n_train": "models",
                "saw_it": "Llama-2 among them",
                "mape_pct": "mean error (%)",
                "mae_pp": "mean error (points)",
            },
        )
    )

# %% tags=["remove-cell"]
line = scaling.predict_family(points, "Llama-2", trainings["Pythia and Llama-1"], degree=1)
constant = (
    100 * (points[points["family"] == "Llama-1"]["truthfulqa"].mean() / held_out.frame["measured"] - 1).abs().mean()
)
glue("scaling_held", held_out.mape_pct, ".2f")
glue("scaling_held_line", line.mape_pct, ".1f")
glue("scaling_held_constant", constant, ".1f")
glue("scaling_held_each", ", ".join(f"{e:+.1f}".replace("-", "−") for e in held_out.frame["error_pct"]))
glue("scaling_held_figure", drawn_in_figure.mape_pct, ".1f")
glue("scaling_poly_paper", claims.claim("ode.poly_baseline").paper)
if second is not None:
    glue("scaling_held_panel", second[(second["degree"] == 2) & ~second["saw_it"]]["mape_pct"].iloc[0], ".1f")
    glue("scaling_panel", panel_name)

# %% [markdown]
# The number holds: {glue:text}`scaling_held` % (errors {glue:text}`scaling_held_each` % at 7B, 13B and 70B).
#
# On the {glue:text}`scaling_panel` panel the same curve errs by {glue:text}`scaling_held_panel` %.
#
# But it is the error of a degree-2 polynomial, and the paper credits it to the ODE, giving "degree 2" as a baseline
# with {glue:text}`scaling_poly_paper` %; here a straight line has {glue:text}`scaling_held_line` %, and the mean
# score of Llama-1, with no curve at all, {glue:text}`scaling_held_constant` %. The predicted points drawn in the
# figure come from a curve that had seen them; its error is {glue:text}`scaling_held_figure` %. Three models of one
# family, whose sister family is in the fit, cannot carry much.
#
# ## Does the loss see anything at the critical scale?
#
# At {glue:text}`scaling_break` the paper's losses give $p$ = {glue:text}`scaling_kink_p` for a kink, the last-word
# losses of the same models {glue:text}`scaling_kink_v1` and the text losses {glue:text}`scaling_kink_text`, these from
# {glue:text}`scaling_kink_text_n` sizes only. Where $p$ is large, the paper's statement stands: the loss does not show
# the transition. It is weaker than it sounds: with {glue:text}`scaling_above` sizes above it, an exponent half as large
# again beyond it would have gone unnoticed in {glue:text}`scaling_missed` of cases, and the small spread of
# $N^\alpha(L-E)$ would look the same with it. A single power law is a good description; "exact" is more than eight
# losses can say.
#
# :::{admonition} What next
# {doc}`/notebooks/coupling` looks where the paper says the transition lives: in the relation of two scores.
# {doc}`/book/ledger` collects every verdict.
# :::
