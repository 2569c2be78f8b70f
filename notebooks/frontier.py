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
# (sec-frontier)=
# # Frontier: does the cooperation reach the largest models?
#
# **Overview.** Above the critical scale, the paper says, capabilities rise together, and they still do so at the
# frontier: over 34 models of ten laboratories, coding (SWE-bench Verified) and scientific reasoning (GPQA Diamond)
# correlate. This section recomputes that line with intervals that know of laboratories, sets its scores beside an
# independent evaluator's and beside the makers' own pages, and asks what common progress over time would give. Then it
# turns to the pair that the paper's title is about, factual truthfulness and reasoning, measured by one evaluator. The
# companion paper's seven dated predictions close the section; they evaluate themselves.
#
# **You need** linear regression and partial correlation; {doc}`coupling </notebooks/coupling>` says what the claim is
# at smaller sizes. **~25 min.**

# %% tags=["parameters", "hide-input"]
today: str = ""  # day on which the predictions are judged, such as 2027-01-01; empty: the table's newest release date
floors: list = [0, 40, 60, 70]  # least scores (percent) for the table of narrowed ranges
n_windows: int = 6  # windows of release dates within which scores are shuffled
n_boot: int = 2000  # resamples of every bootstrap, draws of every simulation
seed: int = 0  # seed of every random draw

# %% tags=["hide-input"]
import numpy as np
import pandas as pd
from scipy import stats

from capelib import claims, coupling, frontier, parameters, present, selection, tables
from capelib.charts import coupling as draw_null
from capelib.charts import families as compare
from capelib.charts import frontier as draw
from capelib.definitions import frontier as definitions
from capelib.estimate import Estimate
from capelib.frames import shown
from capelib.present import glue

present.setup()
parameters.check("frontier", globals())
SWE, GPQA, SIMPLE = "swe_bench_verified", "gpqa_diamond", "simpleqa_verified"


# %% tags=["hide-input"]
def first(readings: dict) -> dict:
    """The first reading as the paper's own definition, all others as alternatives."""
    (name, value), *others = readings.items()
    stated = value if isinstance(value, Estimate) else Estimate(float(value), method=name)
    return {"released": stated, "alternatives": dict(others)}


def through(line: frontier.Line, rows: pd.DataFrame, x: str) -> pd.DataFrame:
    """The line and its band on a grid over the scores, for a chart."""
    grid = np.linspace(rows[x].min(), rows[x].max(), 40)
    low, high = line.band(grid)
    return pd.DataFrame({"x": grid, "y": line.predict(grid), "low": low, "high": high})


# %% [markdown]
# ## What the paper says

# %% tags=["hide-input"]
claims.quote("frontier.r", "frontier.slope", "frontier.intercept", "frontier.p", "frontier.loo_mae", "companion.r_39")

# %% [markdown]
# **Population coupling** is the Pearson correlation of two scores over a set of models; the line is $\text{GPQA} =
# \beta_1 \cdot \text{SWE} + \beta_0$, and a model's {term}`h-field` is its residual, $h = \text{GPQA} - (\beta_1 \cdot
# \text{SWE} + \beta_0)$ (Amin 2026, Sec. 7.2 and App. A.6). The companion paper {cite:p}`amin2026b` adds a line per
# laboratory, a smaller *core* of models, five later models, and the predictions.
#
# ### What this pair can say about the claim
#
# Two things are worth holding apart before any number. The sizes of most of these models are not public, and none is in
# the released table. So there is no $N$ here, no critical scale to be above or below, and no local coupling
# $\gamma_{12}$; what is left is a correlation over models that differ in maker, date, size and recipe at once. And
# neither benchmark measures truthfulness: SWE-bench asks for working code {cite:p}`jimenez2023`, GPQA for answers to
# hard science questions {cite:p}`rein2023`. Below the paper's critical scale it is TruthfulQA alone that goes the other
# way; pairs without it correlate positively ({ref}`coupling <sec-coupling>`):

# %% tags=["hide-input"]
base = selection.base_models(tables.panel("measured"))
small = base[base["n_params"] < claims.value("nc.pythia") * 1e9]
others = {
    f"{draw_null.benchmark_name(a)} × {draw_null.benchmark_name(b)}": coupling.pearson(rows[a], rows[b])
    for a, b in (("hellaswag", "arc_challenge"), ("hellaswag", "winogrande"), ("hellaswag", "truthfulqa"))
    for rows in [small.dropna(subset=[a, b])]
}
shown(
    pd.DataFrame({"pair": list(others), "r": [f"{r:.2f}" for r in others.values()]}),
    "Base models below the paper's critical scale, on the leaderboard",
)

# %% [markdown]
# So a positive correlation of coding and science questions is what one would expect on either side of a transition. It
# cannot confirm that cooperation sets in above $N_c$; a negative one would have been a surprise for everybody. The pair
# that can speak to the title comes further down.
#
# ## The data
#
# The released panel holds 34 models up to March 2026 and five later ones, with scores that the author collected from
# the makers. A table of Epoch AI {cite:p}`epochhub` holds that evaluator's own runs, with standard errors and days of
# release. Both panels are selections: a model is in the released one only if both its scores were published, in the
# other only if Epoch ran it. Choosing models for success on either of two tests lowers a correlation; choosing, with
# every model, the better of several runs raises scores and may do either to it. The panels do not tell which happened,
# only how far they agree.

# %% tags=["hide-input"]
panel = tables.read("frontier").assign(year=lambda t: frontier.decimal_year(t["release_date"]))
frozen, later = (panel[panel["subset"].eq("post_cutoff") == after] for after in (False, True))
core = panel[panel["subset"] == "core"]
runs, names, makers = (tables.read(name) for name in ("frontier_epoch", "frontier_names", "frontier_makers"))
three = {"34 models": frozen, "39 models": panel, "core": core}
frozen.groupby("lab").agg(models=("model", "size"), first=("release_date", "min"), last=("release_date", "max"))

# %% tags=["hide-input"]
sizes = frozen["lab"].value_counts()
claims.check(
    "frontier.n_models",
    released=len(frozen),
    reason="The paper does not list them; the companion and the released table do.",
)
claims.check(
    "frontier.n_labs",
    released=frozen["lab"].nunique(),
    reason=f"{int(sizes.ge(3).sum())} of them have three models or more.",
)

# %% [markdown]
# ## One line through 34 models

# %%
line = frontier.fit_line(frozen)
line

# %% tags=["hide-input"]
words = {"core": "core", "extended": "extended", "post_cutoff": "later, not fitted"}
draw.scores(
    panel.assign(subset=panel["subset"].map(words)),
    SWE,
    GPQA,
    through(line, panel, SWE),
    "GPQA Diamond against SWE-bench Verified as the released panel has them, with the least-squares line through the "
    "34 frozen models and the 95 % band of the line. Colour is the laboratory, shape the author's subset.",
    ["frontier"],
)

# %% tags=["hide-input"]
drawn = {
    scheme: frontier.resampled(frozen, scheme=scheme, n_boot=n_boot, seed=seed) for scheme in ("pooled", "clustered")
}
kinds = {
    "models independent": vars(line),
    "models resampled": drawn["pooled"],
    "whole laboratories resampled": drawn["clustered"],
}
shown(
    pd.DataFrame({
        "interval": list(kinds),
        "r": [f"{kind['r']:.2f}" for kind in kinds.values()],
        "slope": [f"{kind['slope']:.2f}" for kind in kinds.values()],
        "intercept": [f"{kind['intercept']:.0f}" for kind in kinds.values()],
    }),
    "One line, three ideas of what could have been otherwise; 95 % intervals",
)  # fmt: skip

# %% tags=["remove-cell"]
alone = frontier.leave_one_out(frozen)
glue("frontier_without", f"{alone.low:.2f} to {alone.high:.2f}")
errors = definitions.standard_errors(frozen)["standard error"]
glue("frontier_r", line.r, ".2f")
glue("frontier_r_clustered", drawn["clustered"]["r"], ".2f")
glue("frontier_slope_clustered", drawn["clustered"]["slope"], ".2f")
glue("frontier_p", f"{line.p:.1e}")
glue("frontier_slope_half", f"{(line.slope.high - line.slope.low) / 2:.2f}")
glue("frontier_intercept_half", f"{(line.intercept.high - line.intercept.low) / 2:.0f}")
glue("frontier_slope_se", f"{errors['slope']:.3f}")
glue("frontier_intercept_se", f"{errors['intercept']:.1f}")
glue("frontier_paper_slope_half", claims.claim("companion.slope_ci").paper)
glue("frontier_paper_intercept_half", claims.claim("companion.intercept_ci").paper)

# %% [markdown]
# The line is the paper's to its printed digits, and no single model makes it: with one left out $r$ is
# {glue:text}`frontier_without`. Its printed intervals are another matter. The companion prints ±
# {glue:text}`frontier_paper_slope_half` and ± {glue:text}`frontier_paper_intercept_half` and calls them 95 % confidence
# intervals of least squares; these are ± {glue:text}`frontier_slope_half` and ± {glue:text}`frontier_intercept_half`.
# The printed numbers are close to one standard error ({glue:text}`frontier_slope_se` and
# {glue:text}`frontier_intercept_se`). And models of one laboratory share data, recipe and people: with whole
# laboratories resampled the slope is {glue:text}`frontier_slope_clustered`, and ten laboratories, most of them with one
# or two models, still make such an interval too narrow.

# %% tags=["hide-input"]
epoch = frontier.once(frontier.pairs(runs, SWE, GPQA))
again = frontier.fit_line(epoch)
claims.check(
    "frontier.r",
    released=line.r,
    independent=again.r,
    alternatives={"39 models": frontier.r_of(panel), "core": frontier.r_of(core)},
    reason="Independent are Epoch's own runs of both benchmarks. What the correlation means once the date is held is "
    "said further down.",
)
stated = frontier.fit_line(frontier.with_makers_scores(frozen, makers, [SWE, GPQA]))
for claim, part in {"frontier.slope": "slope", "frontier.intercept": "intercept"}.items():
    theirs = getattr(stated, part)
    holds = "contains" if theirs.covers(claims.value(claim)) else "does not contain"
    claims.check(
        claim,
        released=getattr(line, part),
        independent=getattr(again, part),
        reason="With the makers' own scores in the rows that were looked up (see below) it is "
        f"{theirs:{'.2f' if part == 'slope' else '.0f'}}, an interval that {holds} the paper's number.",
    )
claims.check(
    "frontier.p",
    independent=Estimate(again.p, n=again.n, method="t test, two-sided"),
    **first(definitions.p_values(three)),
    reason=f"Which test is not stated. The usual two-sided t test, models taken as independent, gives {line.p:.1e}, "
    "just above the printed bound; a one-sided one or Fisher's approximation is below it.",
)
claims.check(
    "companion.core_r",
    released=frontier.fit_line(core).r,
    reason="The subset is the author's, so there is no independent one.",
)
claims.check(
    "companion.r_39",
    released=frontier.fit_line(panel).r,
    reason="One of the five added models, GLM-5.1, has the two scores of GLM-5.",
)
readings = definitions.half_widths(three, n_boot=10_000, seed=42)
for claim, part in {"companion.slope_ci": "slope", "companion.intercept_ci": "intercept"}.items():
    claims.check(
        claim,
        **first({name: widths[part] for name, widths in readings.items()}),
        reason=f"The printed half-width is near one standard error, {errors[part]:.2g}; a 95 % interval of any kind "
        "tried is about twice as wide or wider.",
    )

# %% [markdown]
# ### Five later models
#
# The companion counts it as a confirmation that the correlation rises when the five models of April are added. A
# sharper question: does the line predict their GPQA better than simpler guesses do?

# %% tags=["hide-input"]
ahead = None
with present.if_possible():
    ahead = frontier.later_models(frozen, later)
    display(
        shown(
            ahead,
            "Error in GPQA Diamond (points): of the frozen line, of the laboratory's last model carried forward, and "
            "of the mean of the five models nearest in SWE-bench",
            1,
        )
    )

# %% tags=["remove-cell"]
if ahead is not None:
    for column in ("line", "carried", "neighbours"):
        glue(f"frontier_later_{column}", f"{ahead[column].abs().mean():.1f}")
    glue("frontier_later_n", len(ahead))
    glue("frontier_sd", f"{line.sd:.1f}")

# %% [markdown]
# On average the line errs by {glue:text}`frontier_later_line` points on the {glue:text}`frontier_later_n` models, the
# laboratory's last model by {glue:text}`frontier_later_carried`, and the nearest neighbours, which know no line, by
# {glue:text}`frontier_later_neighbours`; the frozen models scatter about the line with a standard deviation of
# {glue:text}`frontier_sd`. All recent models lie close together at the upper end, so this tests where the line ends,
# not its slope.
#
# ## How good are the scores?
#
# The released panel collects what laboratories report, each with prompts, tools and attempts of its own choosing. For
# many of its models Epoch has run GPQA Diamond itself, some at several efforts. The comparison below takes the run
# *nearest* to the released score, which is as kind to the report as can be.

# %% tags=["hide-input"]
beside = {name: frontier.beside_reports(panel, runs, names, name) for name in (GPQA, SWE)}
found = beside[GPQA].merge(makers[["model", GPQA]].rename(columns={GPQA: "stated"}), how="left")
far = found[(found["reported"] < found["lowest"] - 10) | (found["reported"] > found["highest"] + 10)]
outside = {name: int((table["z"].abs() > 1.96).sum()) for name, table in beside.items()}

# %% tags=["hide-input"]
draw.reports(
    found.sort_values("difference", ascending=False),
    "GPQA Diamond (%)",
    "GPQA Diamond of the models that both tables hold: the released score, the nearest of Epoch's runs with 1.96 "
    "standard errors, and, where it was looked up, what the maker's own page states. Sorted by the difference.",
    ["frontier", "frontier_epoch", "frontier_names", "frontier_makers"],
)

# %% tags=["hide-input"]
looked_up = makers.merge(panel[["model", GPQA]], on="model", suffixes=("_stated", ""))
looked_up = looked_up.merge(found[["model", "nearest"]], how="left")
shown(
    looked_up[["model", GPQA, f"{GPQA}_stated", "mmlu_pro", "nearest"]],
    "GPQA Diamond of the rows looked up, and the makers' MMLU-Pro (percent); sources are in the table frontier_makers",
    1,
    {GPQA: "released", f"{GPQA}_stated": "maker", "mmlu_pro": "maker, MMLU-Pro", "nearest": "Epoch, nearest run"},
)

# %% tags=["remove-cell"]
one = found.set_index("model")
glue("frontier_compared", len(found))
glue("frontier_compared_swe", len(beside[SWE]))
glue("frontier_far", len(far))
glue("frontier_median", f"{found['difference'].abs().median():.1f}")
glue("frontier_outside", outside[GPQA])
glue("frontier_swe_mean", f"{beside[SWE]['difference'].mean():+.1f}")
glue("frontier_swe_positive", int((beside[SWE]["difference"] > 0).sum()))
glue("frontier_gpqa_mean", f"{found['difference'].mean():+.1f}")
for key, model in {
    "v3": "DeepSeek-V3",
    "maverick": "Llama 4 Maverick",
    "sonnet": "Claude Sonnet 4.6",
    "o1": "o1-preview",
}.items():
    glue(f"frontier_{key}", f"{one.loc[model, 'reported']:.1f}")
    glue(f"frontier_{key}_stated", f"{one.loc[model, 'stated']:.1f}")
    glue(f"frontier_{key}_run", f"{one.loc[model, 'nearest']:.1f}")

# %% [markdown]
# For {glue:text}`frontier_compared` models the median distance to the nearest run is {glue:text}`frontier_median`
# points, about what the standard errors lead one to expect, and {glue:text}`frontier_outside` lie outside 1.96 of them.
# On SWE-bench the released score is the higher one in {glue:text}`frontier_swe_positive` of
# {glue:text}`frontier_compared_swe` models, by {glue:text}`frontier_swe_mean` points on average; a maker's own scaffold
# against a common one would do that.
#
# {glue:text}`frontier_far` models lie more than ten points from every run. Their makers' pages were looked up, and with
# DeepSeek-V3 the other DeepSeek model in the same table of its maker:
#
# - *DeepSeek-V3* and *DeepSeek-V2.5*: the released GPQA Diamond is, to the digit, what the maker states for another
#   benchmark, MMLU-Pro. For GPQA Diamond of V3 it states {glue:text}`frontier_v3_stated`, not
#   {glue:text}`frontier_v3` {cite:p}`deepseek2024`.
# - *Llama 4 Maverick*: the model card states {glue:text}`frontier_maverick_stated`, the panel has
#   {glue:text}`frontier_maverick`.
# - *Claude Sonnet 4.6*: the maker states {glue:text}`frontier_sonnet_stated` (here by a summary of its system card) and
#   Epoch measured {glue:text}`frontier_sonnet_run`; where the panel's {glue:text}`frontier_sonnet` comes from is not
#   said.
# - *o1-preview*: the panel's {glue:text}`frontier_o1` is what the maker states. Here it is Epoch's run
#   ({glue:text}`frontier_o1_run`) that stands apart.
#
# No other row was looked up, so others may be wrong too, and these were found because they differ from Epoch. In what
# follows "makers' scores" is the released panel with these rows as their makers state them.

# %%
dated = frontier.with_runs_dates(frozen, runs, names)
corrected = frontier.with_makers_scores(dated, makers, [SWE, GPQA])
corrected_line = frontier.fit_line(corrected)
corrected_line

# %% tags=["remove-cell"]
glue("frontier_corrected_r", corrected_line.r, ".2f")
glue("frontier_corrected_slope", corrected_line.slope, ".2f")
glue("frontier_corrected_intercept", corrected_line.intercept, ".0f")
covered = [
    part for part in ("slope", "intercept") if getattr(corrected_line, part).covers(claims.value(f"frontier.{part}"))
]
glue(
    "frontier_corrected_covers",
    "neither interval contains the paper's number"
    if not covered
    else "both intervals contain the paper's numbers"
    if len(covered) == 2
    else f"of the two intervals only that of the {covered[0]} contains the paper's number",
)
glue("frontier_rises", "rises" if corrected_line.r.value > line.r.value else "falls")

# %% [markdown]
# With the makers' scores the correlation {glue:text}`frontier_rises` to {glue:text}`frontier_corrected_r` and the slope
# is {glue:text}`frontier_corrected_slope`. Wrong rows can blur a relation as well as make one.
#
# ## Everything rises with time
#
# The models span two years in which every benchmark rose. Two scores that both rise correlate, whatever ties them.
# Three ways to ask for more: hold the release date by regression; hold the laboratory; hand GPQA scores to other models
# *of the same time* and look at the correlation again. The released panel knows the date of some models only to the
# year and has one that its own flags call doubtful; "days from Epoch" means that Epoch's date is used where Epoch has
# the model.

# %% tags=["hide-input"]
sets = {
    "released": frozen,
    "released, days from Epoch": dated,
    "makers' scores, released dates": frontier.with_makers_scores(frozen, makers, [SWE, GPQA]),
    "makers' scores, days from Epoch": corrected,
    "Epoch's own runs": epoch,
}
given = pd.concat([frontier.held(rows).assign(scores=name) for name, rows in sets.items()])
in_chart = {what: "as it is" if what == "nothing" else f"{what} held" for what in given["held"].unique()}

# %% tags=["hide-input"]
compare.intervals(
    given.rename(columns={"r": "value"}).assign(held=given["held"].map(in_chart)),
    "held",
    "scores",
    "r of SWE-bench and GPQA",
    "Correlation of SWE-bench Verified and GPQA Diamond, plain and with release date, its square, the laboratory, or "
    "laboratory and date held by regression, with Fisher's 95 % intervals: three sets of scores, two of "
    "them with the released dates and with days from Epoch.",
    ["frontier", "frontier_epoch", "frontier_makers"],
    domain=(-1, 1),
)

# %% tags=["hide-input"]
nulls = {
    name: frontier.shuffled_within(rows[SWE], rows[GPQA], frontier.windows(rows["year"], n_windows), n_boot, seed)
    for name, rows in (("released", dated), ("makers", corrected))
}
by_lab = frontier.shuffled_within(dated[SWE], dated[GPQA], dated["lab"], n_boot, seed)
several = [
    frontier.over_windows(rows, sorted({2, 3, 4, 6, 8, n_windows}), n_draws=n_boot, seed=seed).assign(scores=name)
    for name, rows in (("released, days from Epoch", dated), ("makers' scores, days from Epoch", corrected))
]
shown(
    pd.concat(several)[["scores", "windows", "median", "r", "p"]],
    "Shuffled within windows of time, by days from Epoch: median r of the shuffles, the real r, and the share of "
    "shuffles that reach it. The fewer the windows, the more progress is left inside them",
)

# %% tags=["hide-input"]
draw_null.null_histogram(
    nulls["released"].draws,
    nulls["released"].observed,
    "r of SWE-bench and GPQA",
    f"Correlations of the 34 released models when GPQA scores are handed to other models of the same time, {n_windows} "
    "windows of release dates (days from Epoch), with the observed one marked.",
    ["frontier", "frontier_epoch"],
)

# %% tags=["remove-cell"]
held = given.set_index(["scores", "held"])


def part(scores: str, what: str) -> Estimate:
    """One row of the table above, as an estimate."""
    row = held.loc[(scores, what)]
    return Estimate(row["r"], row["low"], row["high"])


for key, name in {
    "released": "released",
    "dated": "released, days from Epoch",
    "stated": "makers' scores, released dates",
    "makers": "makers' scores, days from Epoch",
    "epoch": "Epoch's own runs",
}.items():
    glue(f"frontier_date_{key}", part(name, "date"), ".2f")
    glue(f"frontier_lab_{key}", part(name, "lab"), ".2f")
    glue(f"frontier_lab_date_{key}", part(name, "lab and date"), ".2f")
for key, tried in zip(nulls, several, strict=True):
    glue(f"frontier_null_p_{key}", f"{tried['p'].min():.1g} to {tried['p'].max():.2g}")
    glue(f"frontier_null_medians_{key}", f"{tried['median'].min():.2f} to {tried['median'].max():.2f}")
glue("frontier_null_windows", f"{several[0]['windows'].min()} to {several[0]['windows'].max()}")
glue("frontier_null_r", f"{nulls['released'].observed:.2f}")
glue("frontier_null_r_makers", f"{nulls['makers'].observed:.2f}")
glue("frontier_null_lab", f"{by_lab.median:.2f}")
glue("frontier_null_lab_p", f"{by_lab.p:.1g}")

# %% [markdown]
# With the date held the released correlation is {glue:text}`frontier_date_released`, with days from Epoch
# {glue:text}`frontier_date_dated`. With the makers' scores it is {glue:text}`frontier_date_stated` by the released
# dates and {glue:text}`frontier_date_makers` by days from Epoch; in Epoch's own runs it is
# {glue:text}`frontier_date_epoch`. Shuffled within windows of time (days from Epoch), scores that belong to other
# models correlate with {glue:text}`frontier_null_medians_released` (medians, over {glue:text}`frontier_null_windows`
# windows; the real ones with {glue:text}`frontier_null_r`, one-sided $p$ from {glue:text}`frontier_null_p_released`);
# with the makers' scores the medians are {glue:text}`frontier_null_medians_makers` against
# {glue:text}`frontier_null_r_makers` ($p$ from {glue:text}`frontier_null_p_makers`). So the answer depends on the
# number of windows, and the table has them all. Most of the correlation says that newer models are better at both.
# Whether a model of its time that codes better also reasons better is a smaller question, and its answer turns on a
# handful of rows of the table.
#
# The laboratory is another matter. Within laboratories the correlation is {glue:text}`frontier_lab_released` (shuffled
# within laboratories {glue:text}`frontier_null_lab`, $p$ = {glue:text}`frontier_null_lab_p`), higher than over all
# models, as the companion says, though the intervals overlap. With the date held as well it is
# {glue:text}`frontier_lab_date_released` in the released scores, {glue:text}`frontier_lab_date_dated` with days from
# Epoch, {glue:text}`frontier_lab_date_makers` with days from Epoch and the makers' scores,
# {glue:text}`frontier_lab_date_stated` with the makers' scores and the released dates, and
# {glue:text}`frontier_lab_date_epoch` in Epoch's own runs.
#
# ## The range of the scores
#
# A correlation depends on how far the scores are spread. The companion takes it that earlier models span too little of
# the scale for a coupling to show. The table asks the reverse: among models above a floor, is $r$ what the one line
# leads one to expect from the spread that is left?

# %% tags=["hide-input"]
narrowed = {
    name: frontier.by_floor(rows, floors) for name, rows in (("released", frozen), ("makers' scores", corrected))
}
shown(
    pd.concat([table.assign(scores=name) for name, table in narrowed.items()])[
        ["scores", "floor", "n", "sd_x", "slope", "r", "low", "high", "expected"]
    ],
    "Models with at least that SWE-bench score; expected is r if slope and scatter were those of the whole panel",
    2,
    {"sd_x": "sd of SWE-bench", "expected": "r expected"},
)

# %% [markdown]
# Where $r$ stays above its expectation, the relation is steeper or tighter among recent models than over the whole
# panel: one straight line is a summary of the panel, not a law that holds along it.

# %% tags=["hide-input"]
dates = frozen["release_date"]
before = int((dates < "2025").sum())
december = frozen[dates.str.startswith("2024") & ~dates.str.startswith("2024-12")]
claims.check(
    "companion.n_pre2025",
    released=before,
    alternatives={
        "days from Epoch where it has the model": int((dated["year"] < 2025).sum()),
        "core only": int((core["release_date"] < "2025").sum()),
    },
    reason=f"{len(december)} models are dated before December 2024, and their SWE-bench scores span the range printed "
    f"beside the count ({december[SWE].min():.1f} to {december[SWE].max():.1f}); December's are counted with 2025.",
)
best_runs = runs[runs["benchmark"] == SWE].nlargest(5, "score")
for claim, score in {"companion.top5_swe_spread": SWE, "companion.top5_gpqa_spread": GPQA}.items():
    claims.check(
        claim,
        **first(definitions.spreads(three, score)),
        independent=frontier.top_spread(epoch, score, SWE),
        reason="The two printed spreads are of different models: that of SWE-bench is the core's, that of GPQA the "
        f"whole panel's. A run of SWE-bench by Epoch has a standard error of {best_runs['stderr'].mean():.1f} points.",
    )

# %% [markdown]
# ## Laboratory by laboratory

# %% tags=["hide-input"]
slopes = {name: frontier.per_lab(rows) for name, rows in (("released", frozen), ("makers' scores", corrected))}
shared = {
    name: frontier.common_slope(rows, n_draws=n_boot, seed=seed)
    for name, rows in (("released", frozen), ("makers' scores", corrected))
}
shared["released"]

# %%
slopes["released"]

# %% tags=["hide-input"]
compare.intervals(
    pd.concat([table.assign(scores=name) for name, table in slopes.items()]).rename(columns={"slope": "value"}),
    "lab",
    "scores",
    "slope (points per point)",
    "Slope within each laboratory of three models or more, with 95 % t intervals, on the released scores and with the "
    "makers' scores in the rows that were looked up.",
    ["frontier", "frontier_makers"],
)

# %% tags=["remove-cell"]
google = slopes["released"].set_index("lab").loc["Google"]
for key, name in {"released": "released", "makers": "makers' scores"}.items():
    deep = slopes[name].set_index("lab").loc["DeepSeek"]
    glue(f"frontier_deepseek_{key}", Estimate(deep["slope"], deep["low"], deep["high"]), ".2f")
    glue(f"frontier_shared_{key}", shared[name].slope, ".2f")
    glue(f"frontier_shared_p_{key}", f"{shared[name].p:.2g}")
    glue(f"frontier_ratio_{key}", f"{shared[name].ratio:.1f}")
    glue(f"frontier_ratio_p_{key}", f"{shared[name].ratio_p:.2g}")
glue("frontier_google", Estimate(google["slope"], google["low"], google["high"]), ".2f")
glue("frontier_google_without", f"{google['without_low']:.2f} to {google['without_high']:.2f}")

# %% [markdown]
# Google's slope is {glue:text}`frontier_google`; leaving out one of its models moves it from
# {glue:text}`frontier_google_without`. DeepSeek's is {glue:text}`frontier_deepseek_released`, and with the maker's own
# GPQA scores {glue:text}`frontier_deepseek_makers`: the companion's smallest slope rests on the two rows that hold
# another benchmark. Its range of slopes, a factor of {glue:text}`frontier_ratio_released` (were there one slope for
# all, chance would give such a factor with $p$ = {glue:text}`frontier_ratio_p_released`), becomes
# {glue:text}`frontier_ratio_makers` ($p$ = {glue:text}`frontier_ratio_p_makers`). A test of one slope in all four
# laboratories gives $p$ = {glue:text}`frontier_shared_p_released` and, with the makers' scores,
# {glue:text}`frontier_shared_p_makers`; the shared slope is then {glue:text}`frontier_shared_makers`.

# %% tags=["hide-input"]
by_lab_of = {name: frontier.per_lab(rows).set_index("lab") for name, rows in three.items()}
four = {name: table[table["n"] >= 4]["r"] for name, table in by_lab_of.items()}
epoch_labs = frontier.per_lab(epoch, least=4)
claims.check(
    "companion.lab_r_floor",
    independent=float(epoch_labs["r"].min()),
    **first({f"smallest r, {name}": float(r.min()) for name, r in four.items()}),
    reason=f"The smallest is {four['34 models'].idxmin()}'s; it prints as the bound and lies below it.",
)
corrected_labs = slopes["makers' scores"].set_index("lab")
for claim, lab in {"companion.slope_google": "Google", "companion.slope_deepseek": "DeepSeek"}.items():
    ways = {
        name: Estimate(row["slope"], row["low"], row["high"], n=int(row["n"]), method="t interval")
        for name, row in (
            (name, table.loc[lab]) for name, table in (by_lab_of | {"makers' scores": corrected_labs}).items()
        )
    }
    claims.check(
        claim,
        **first(ways),
        reason="Epoch has too few models of this laboratory with both scores for a slope."
        + (" Two of the four scores are of another benchmark; see above." if lab == "DeepSeek" else ""),
    )

# %% [markdown]
# ### Leaving out a laboratory
#
# The paper's error for a laboratory that took no part in the fit comes with an interval whose kind the paper does not
# name; the companion prints the same numbers as a mean and a standard deviation over four laboratories.

# %%
left_out = frontier.leave_one_lab_out(frozen)
shown(left_out, "Errors of the line through all other laboratories (points)", 1)

# %% tags=["hide-input"]
ways = definitions.holdout(three)
claims.check(
    "frontier.loo_mae",
    **first(ways),
    independent=frontier.of_labs(frontier.leave_one_lab_out(epoch, least=3)["mae"])[
        "mean ± SD over labs (divided by n)"
    ],
    reason="The interval is the mean ± one standard deviation over four laboratories, not a confidence interval; that "
    f"would be {ways['mean, 95 % t interval over labs, 34 models']:.1f}.",
)

# %% tags=["remove-cell"]
biased = left_out.set_index("lab")["bias"]
glue("frontier_loo_t", ways["mean, 95 % t interval over labs, 34 models"], ".1f")
glue("frontier_anthropic_bias", f"{biased['Anthropic']:+.1f}")
glue("frontier_deepseek_bias", f"{biased['DeepSeek']:+.1f}")

# %% [markdown]
# As a confidence interval for the mean of such laboratories it is {glue:text}`frontier_loo_t`. Most of the error is
# one-sided: Anthropic's models lie {glue:text}`frontier_anthropic_bias` points off the others' line, DeepSeek's
# {glue:text}`frontier_deepseek_bias`. A new laboratory's level is what the line does not know.
#
# ## The h-field, with its uncertainty
#
# A residual is not yet a finding. The chart shows $h$ about the line of all *other* models, which the model itself
# cannot pull. The bar holds what is unknown about that line and the noise of one run of each benchmark (the median of
# Epoch's standard errors); the scatter of the other models is not in the bar but in the shape. Among 34 models some
# will stand out at 5 %, so each $p$ is adjusted for all of them (Holm's method).

# %% tags=["hide-input"]
noise = {name: float(runs.loc[runs["benchmark"] == name, "stderr"].median()) for name in (SWE, GPQA)}
h = frontier.h_field(frozen, x_se=noise[SWE], y_se=noise[GPQA])
h_makers = frontier.h_field(corrected, x_se=noise[SWE], y_se=noise[GPQA])
several = {
    name: table[table.groupby("lab")["lab"].transform("size") >= 3]
    for name, table in (("released", h), ("makers", h_makers))
}
effect = {name: frontier.lab_effect(table["h"], table["lab"], n_boot, seed) for name, table in several.items()}
when = corrected.set_index("model")["year"]
same_time = {
    name: frontier.lab_effect(frontier.detrended(table["h"], table["model"].map(when)), table["lab"], n_boot, seed)
    for name, table in several.items()
}

# %% tags=["hide-input"]
draw.residuals(
    h,
    "h of every frozen model about the line of all others, released scores. Bars: uncertainty of that line and noise "
    "of one run; a bar that misses zero is not the test, which compares h with the scatter of the models: the "
    "grey band holds 95 % of it. Diamonds stand out from it even when all models are counted as tests.",
    ["frontier"],
    scatter=float(stats.t.ppf(0.975, line.n - 2)) * line.sd,
)

# %% tags=["remove-cell"]
glue("frontier_h_n", len(h))
glue("frontier_h_single", int((h["p"] < 0.05).sum()))
glue("frontier_h_stand", "stands" if (h["p"] < 0.05).sum() == 1 else "stand")
glue("frontier_h_expected", f"{0.05 * len(h):.1f}")
glue("frontier_h_holm", int((h["p_holm"] < 0.05).sum()))
glue("frontier_h_holm_makers", int((h_makers["p_holm"] < 0.05).sum()))
glue("frontier_h_named", ", ".join(h.loc[h["p_holm"] < 0.05, "model"]) or "none")
for key, found_effect in effect.items():
    glue(f"frontier_lab_share_{key}", f"{found_effect.share:.0%}")
    glue(f"frontier_lab_typical_{key}", f"{found_effect.typical:.0%}")
    glue(f"frontier_lab_p_{key}", f"{found_effect.p:.2g}")
    glue(f"frontier_lab_p_{key}_dated", f"{same_time[key].p:.2g}")
printed = panel.set_index("model")["h_reported"]
as_stated = corrected.set_index("model")
as_stated = as_stated[GPQA] - line.predict(as_stated[SWE])
for key, model in {"v25": "DeepSeek-V2.5", "v3": "DeepSeek-V3", "sonnet": "Claude Sonnet 4.6"}.items():
    glue(f"frontier_h_{key}", f"{printed[model]:+.1f}")
    glue(f"frontier_h_{key}_stated", f"{as_stated[model]:+.1f}")
glue("frontier_h_v32", f"{printed['DeepSeek V3.2']:+.1f}")

# %% [markdown]
# Each tested by itself, {glue:text}`frontier_h_single` of {glue:text}`frontier_h_n` models
# {glue:text}`frontier_h_stand` out at 5 %, where chance gives {glue:text}`frontier_h_expected`; with all tests counted
# it is {glue:text}`frontier_h_holm`
# ({glue:text}`frontier_h_named`), and with the makers' scores {glue:text}`frontier_h_holm_makers`. The $h$ of a single
# model says little beyond the scatter. That of a laboratory says more: among those with three models or more,
# {glue:text}`frontier_lab_share_released` of the variance of $h$ lies between laboratories (shuffled labels:
# {glue:text}`frontier_lab_typical_released`; $p$ = {glue:text}`frontier_lab_p_released`), and with the makers' scores
# {glue:text}`frontier_lab_share_makers` ($p$ = {glue:text}`frontier_lab_p_makers`). With a line in the release date
# taken out of $h$ first, $p$ is {glue:text}`frontier_lab_p_released_dated` and
# {glue:text}`frontier_lab_p_makers_dated`. The companion's idea that a laboratory has a level of its own holds on these
# scores.
#
# Two stories of the companion do not survive the look at the makers' pages. The *DeepSeek reversal* from
# {glue:text}`frontier_h_v25` (V2.5) and {glue:text}`frontier_h_v3` (V3) to {glue:text}`frontier_h_v32` (V3.2) starts,
# with the maker's GPQA scores and the paper's line, at {glue:text}`frontier_h_v25_stated` and
# {glue:text}`frontier_h_v3_stated`. The *coding excursion* of Claude Sonnet 4.6, printed as
# {glue:text}`frontier_h_sonnet`, is {glue:text}`frontier_h_sonnet_stated`.
#
# ## Epoch's runs: the same pair, measured
#
# One evaluator, one scaffold, standard errors. Errors in both scores flatten a least-squares slope and a correlation
# {cite:p}`spearman1904`; with known standard errors both can be corrected {cite:p}`akritas1996`. A model that Epoch ran
# at several efforts counts once, at its highest.

# %%
noisy = frontier.noisy_line(epoch, n_boot=n_boot, seed=seed)
noisy

# %% tags=["hide-input"]
draw.scores(
    epoch.assign(size=np.where(epoch["small"], "smaller by name", "not named as smaller")),
    SWE,
    GPQA,
    through(again, epoch, SWE),
    "GPQA Diamond against SWE-bench Verified in Epoch's own runs, each model once, with bars of 1.96 standard errors, "
    "the least-squares line and its 95 % band. Squares: models whose name says that their maker has a larger one.",
    ["frontier_epoch"],
    shape="size",
)

# %% tags=["remove-cell"]
glue("frontier_epoch_n", len(epoch))
glue("frontier_epoch_labs", epoch["lab"].nunique())
glue("frontier_epoch_all", len(frontier.pairs(runs, SWE, GPQA)))
glue("frontier_epoch_r", again.r, ".2f")
glue("frontier_epoch_slope", again.slope, ".2f")
glue("frontier_epoch_unit", noisy.unit)
glue("frontier_epoch_noisy_r", noisy.r, ".2f")
glue("frontier_epoch_noisy_slope", noisy.slope, ".2f")
single = frontier.leave_one_out(epoch)
glue("frontier_epoch_without", f"{single.low:.2f} to {single.high:.2f}")
glue("frontier_epoch_lowest", single.low_without)
glue("frontier_epoch_any", f"{frontier.at_any_effort(runs, SWE, GPQA):.2f}")

# %% [markdown]
# {glue:text}`frontier_epoch_n` models of {glue:text}`frontier_epoch_labs` laboratories
# ({glue:text}`frontier_epoch_all` rows with efforts counted separately) have both scores at one effort:
# $r$ = {glue:text}`frontier_epoch_r`, slope {glue:text}`frontier_epoch_slope`; without errors
# {glue:text}`frontier_epoch_noisy_r` and {glue:text}`frontier_epoch_noisy_slope`, these with
# {glue:text}`frontier_epoch_unit` resampled, since four laboratories are too few to be drawn whole. With the highest
# effort on either benchmark, whether or not the two are the same, $r$ is {glue:text}`frontier_epoch_any`; with one
# model left out it is {glue:text}`frontier_epoch_without`, lowest without {glue:text}`frontier_epoch_lowest`. So an
# independent evaluator confirms the paper's correlation, and with it the doubt about its meaning: with the date held,
# these runs leave {glue:text}`frontier_date_epoch`.
#
# ## Factual truthfulness and reasoning
#
# This is the pair nearest to the paper's title. SimpleQA Verified {cite:p}`haas2025` asks a thousand short questions of
# fact, without tools; its parent was made to measure whether models state what is so {cite:p}`wei2024`. What the score
# here is follows from its standard errors: they are those of a share of right answers among about
# {glue:text}`frontier_items` questions. So an answer withheld counts like a wrong one, and a model that says it does
# not know gains nothing. The score measures what a model knows, and only with that caution its truthfulness. It is not
# TruthfulQA, which asks what people believe wrongly {cite:p}`lin2022`.

# %%
facts = frontier.once(frontier.pairs(runs, SIMPLE, GPQA))
facts_line = frontier.fit_line(facts, SIMPLE, GPQA)
facts_noisy = frontier.noisy_line(facts, SIMPLE, GPQA, n_boot, seed)
facts_noisy

# %% tags=["hide-input"]
draw.scores(
    facts.assign(size=np.where(facts["small"], "smaller by name", "not named as smaller")),
    SIMPLE,
    GPQA,
    through(facts_line, facts, SIMPLE),
    "GPQA Diamond against SimpleQA Verified in Epoch's own runs, each model once, with bars of 1.96 standard errors, "
    "the least-squares line and its 95 % band. Squares: models whose name says that their maker has a larger one.",
    ["frontier_epoch"],
    shape="size",
)

# %% tags=["hide-input"]
large = facts[~facts["small"]]
facts_held = {
    name: frontier.held(rows, SIMPLE, GPQA) for name, rows in (("all models", facts), ("without the smaller", large))
}
facts_null = {
    "time": frontier.shuffled_within(
        facts[SIMPLE], facts[GPQA], frontier.windows(facts["year"], n_windows), n_boot, seed
    ),
    "lab": frontier.shuffled_within(facts[SIMPLE], facts[GPQA], facts["lab"], n_boot, seed),
}

# %% tags=["hide-input"]
compare.intervals(
    pd.concat([table.assign(models=name) for name, table in facts_held.items()])
    .rename(columns={"r": "value"})
    .assign(held=lambda table: table["held"].map(in_chart)),
    "held",
    "models",
    "r of SimpleQA and GPQA",
    "Correlation of SimpleQA Verified and GPQA Diamond, plain and with release date, its square, the laboratory, or "
    "laboratory and date held, with Fisher's 95 % intervals, for all models and without each maker's smaller ones.",
    ["frontier_epoch"],
    domain=(-1, 1),
)

# %% tags=["hide-input"]
draw_null.null_histogram(
    facts_null["time"].draws,
    facts_null["time"].observed,
    "r of SimpleQA and GPQA",
    f"Correlations when GPQA scores are handed to other models of the same time, {n_windows} windows of release dates, "
    "with the observed one marked.",
    ["frontier_epoch"],
)

# %% tags=["remove-cell"]
lone = frontier.leave_one_out(facts, SIMPLE, GPQA)
glue("frontier_facts_without", f"{lone.low:.2f} to {lone.high:.2f}")
glue("frontier_facts_spearman", f"{lone.spearman:.2f}")
glue("frontier_items", f"{frontier.implied_items(runs, SIMPLE):,.0f}")
glue("frontier_facts_n", len(facts))
glue("frontier_facts_all", len(frontier.pairs(runs, SIMPLE, GPQA)))
glue("frontier_facts_labs", facts["lab"].nunique())
glue("frontier_facts_unnamed", int(facts["lab"].eq("not stated").sum()))
glue("frontier_facts_r", facts_line.r, ".2f")
glue("frontier_facts_noisy", facts_noisy.r, ".2f")
glue("frontier_facts_large_n", len(large))
for key, name in {"all": "all models", "large": "without the smaller"}.items():
    rows = facts_held[name].set_index("held")
    for short, what in {"plain": "nothing", "date": "date", "lab_date": "lab and date"}.items():
        if what in rows.index:
            glue(f"frontier_facts_{short}_{key}", Estimate(*rows.loc[what, ["r", "low", "high"]]), ".2f")
for key, null in facts_null.items():
    glue(f"frontier_facts_null_{key}", f"{null.median:.2f}")
    glue(f"frontier_facts_null_{key}_p", f"{null.p:.1g}")
spread = frontier.by_floor(large, [0], SIMPLE, GPQA)
signal = facts_line.slope.value * large[SIMPLE].std()
glue("frontier_facts_large_expected", f"{signal / np.hypot(signal, facts_line.sd):.2f}")

# %% [markdown]
# {glue:text}`frontier_facts_n` models ({glue:text}`frontier_facts_all` rows with efforts counted separately;
# {glue:text}`frontier_facts_unnamed` whose laboratory the source does not name) give $r$ =
# {glue:text}`frontier_facts_r`; without errors, whole laboratories resampled, {glue:text}`frontier_facts_noisy`; by
# ranks {glue:text}`frontier_facts_spearman`; with one model left out {glue:text}`frontier_facts_without`. Here time
# does not explain it: with the date held $r$ is {glue:text}`frontier_facts_date_all`, with laboratory and date
# {glue:text}`frontier_facts_lab_date_all`; shuffled within windows of time the median is
# {glue:text}`frontier_facts_null_time` ($p$ = {glue:text}`frontier_facts_null_time_p`), within laboratories
# {glue:text}`frontier_facts_null_lab` ($p$ = {glue:text}`frontier_facts_null_lab_p`).
#
# What may explain it is visible in the chart. Makers offer models of several sizes at a time, and the small ones know
# less and reason less well. Without the models whose names say that they are the smaller ones,
# {glue:text}`frontier_facts_large_n` are left, with $r$ = {glue:text}`frontier_facts_plain_large` (the whole line and
# the spread that is left lead one to expect {glue:text}`frontier_facts_large_expected`), and with laboratory and date
# held {glue:text}`frontier_facts_lab_date_large`. Names are a crude measure of size, but the only one there is for all
# of them.
#
# *Interpretation.* Read with the paper, this is what its claim asks for: at the frontier, the larger models of one time
# and maker are better at facts and at reasoning, and no trade-off between them shows. Read against it, it is what any
# theory expects, since larger models remember more; and among the largest models of each maker the intervals admit
# anything from a moderate trade-off to a strong tie.
#
# ### Any two benchmarks
#
# Is the pair special? All pairs of Epoch's benchmarks, each model once:

# %% tags=["hide-input"]
pairs = frontier.all_pairs(runs)
rows = pairs.assign(pair=[f"{draw.short_name(p.x)} · {draw.short_name(p.y)}" for p in pairs.itertuples()])
rows = rows.sort_values("r_given_date", ascending=False)
measures = {"r": "as it is", "r_given_date": "date held"}
long = pd.concat(
    rows[["pair", "n", name, f"{name}_low", f"{name}_high"]]
    .set_axis(["pair", "n", "value", "low", "high"], axis=1)
    .assign(measure=words)
    for name, words in measures.items()
)
compare.intervals(
    long,
    "pair",
    "measure",
    "r",
    "Correlation of every pair of Epoch's benchmarks that five models or more have, plain and with the release date "
    "held, with Fisher's 95 % intervals. Pairs have different models.",
    ["frontier_epoch"],
    domain=(-1, 1),
)

# %% tags=["remove-cell"]
with_facts = rows[(rows["x"] == SIMPLE) | (rows["y"] == SIMPLE)]
glue("frontier_pairs", len(rows))
glue("frontier_pairs_positive", int((rows["r_low"] > 0).sum()))
glue("frontier_pairs_date", int((rows["r_given_date_low"] > 0).sum()))
glue("frontier_pairs_facts", int((with_facts["r_given_date_low"] > 0).sum()))
glue("frontier_pairs_facts_n", len(with_facts))
fewest = with_facts[(with_facts["x"] == SWE) | (with_facts["y"] == SWE)].iloc[0]
glue("frontier_facts_swe", Estimate(fewest["r"], fewest["r_low"], fewest["r_high"]), ".2f")
glue("frontier_facts_swe_n", int(fewest["n"]))

# %% [markdown]
# The interval of $r$ lies above zero in {glue:text}`frontier_pairs_positive` of {glue:text}`frontier_pairs` pairs, and
# with the date held in {glue:text}`frontier_pairs_date`, among them {glue:text}`frontier_pairs_facts` of the
# {glue:text}`frontier_pairs_facts_n` with SimpleQA. Least is known of facts and coding
# ({glue:text}`frontier_facts_swe_n` models, $r$ = {glue:text}`frontier_facts_swe`). So the pair is not special, which
# cuts both ways: facts are no exception among abilities that come together, and no coupling of two particular abilities
# is needed for it. A common factor behind all benchmarks, known from smaller models {cite:p}`ruan2024`, is the plainest
# account.
#
# ## Seven predictions
#
# The companion states seven predictions with criteria to pass and to fail (its Sec. 6.1), for releases after May
# 2026. The table evaluates them from the released panel on the day that the parameter `today` names; by default the
# newest release date of that panel, so that the page is the same whenever it is built. That day lies before the
# predictions were made, so by default nothing can be due; the column "if judged now" shows how their values stood. A
# deadline that has passed decides only if the panel reaches to within a month of it.

# %% tags=["hide-input"]
day = today or frontier.newest(panel)
states = frontier.evaluate(tables.read("predictions"), panel, day)
for column in ("met_if", "failed_if", "lacking"):
    states[column] = states[column].replace(draw.SHORT | {"ifeval": "IFEval", "hle": "HLE"}, regex=True)
shown(
    states[["number", "statement", "met_if", "failed_if", "deadline", "now", "lacking", "if_due_now", "state"]],
    f"The companion's predictions on {day}. “Now” is the value of each condition and how many models it rests on; “if "
    "judged now” is hypothetical, what the criteria say of these values were the prediction due that day; “state” is "
    "the judgement by its own deadline",
    names={"number": "no.", "statement": "prediction", "deadline": "by", "if_due_now": "if judged now"},
)

# %% tags=["remove-cell"]
counts = states["state"].value_counts()
glue("frontier_day", day)
for state, key in (
    (frontier.OPEN, "open"),
    (frontier.MET, "met"),
    (frontier.FAILED, "failed"),
    (frontier.UNDECIDABLE, "undecidable"),
):
    glue(f"frontier_state_{key}", int(counts.get(state, 0)))
v4 = panel.set_index("model").loc["DeepSeek V4 Pro"]
glue("frontier_h_v4", f"{v4[GPQA] - float(line.predict(v4[SWE])):+.1f}")
swe_now = states.set_index("number").loc[1]
glue("frontier_first", swe_now["if_due_now"])

# %% [markdown]
# On {glue:text}`frontier_day`: {glue:text}`frontier_state_open` open, {glue:text}`frontier_state_met` met,
# {glue:text}`frontier_state_failed` failed, {glue:text}`frontier_state_undecidable` not decidable. The column *lacking*
# says what a prediction waits for: no released table holds Humanity's Last Exam (HLE), and few models have IFEval. Were
# the first due that day, it would count as {glue:text}`frontier_first`. Five best models are a thin measure: one strong
# release, such as Claude Opus 4.7, moves their spread by several points.
#
# Two of the predictions have an easy null. Any panel that spans two years of progress correlates, which helps the
# fifth. And the third and the fourth are about $h$, whose level by laboratory is known beforehand: DeepSeek V4 Pro,
# released after the panel was frozen and before the predictions count, lies at {glue:text}`frontier_h_v4`, where the
# third asks for values below zero.
#
# ## A second fall, inside OPT
#
# The companion's "second transition" is the fall of OPT's net coupling, a cosine inside the model, from 13B to 30B. It
# is not the local coupling $\gamma_{12}$ of this edition, which *rises* between the steps that end at these sizes.

# %% tags=["hide-input"]
claims.check(
    "companion.opt_drop",
    **first(
        definitions.opt_fall(
            tables.read("internals_reported"),
            {"released": tables.panel("released"), "leaderboard": tables.panel("measured")},
        )
    ),
    reason="The two printed numbers give it. That of 30B has a released run; that of 13B stands in a dashboard and in "
    "the text only, and the released run of OPT-13B, by another measure, has the same value in every layer.",
)

# %% [markdown]
# ## What holds, and what does not
#
# *Holds.* The line through the 34 models, to every printed digit; Epoch's own runs agree with it, within wide
# intervals. With the makers' own scores in the rows that were looked up $r$ is {glue:text}`frontier_corrected_r`, the
# slope {glue:text}`frontier_corrected_slope` and the intercept {glue:text}`frontier_corrected_intercept`;
# {glue:text}`frontier_corrected_covers`. Laboratories differ in level, and within them the two scores move together.
# Factual accuracy and reasoning rise together over the models of one evaluator, $r$ = {glue:text}`frontier_facts_r`,
# also with the release date held
# ({glue:text}`frontier_facts_date_all`).
#
# *Does not hold, or is not shown.* The printed intervals of the line are less than half as wide as they should be. Of
# the correlation of coding and reasoning, the release date held leaves {glue:text}`frontier_date_released` in the
# released scores, {glue:text}`frontier_date_dated` with days from Epoch, {glue:text}`frontier_date_stated` in the
# makers' scores, {glue:text}`frontier_date_makers` in these with days from Epoch, and {glue:text}`frontier_date_epoch`
# in Epoch's runs. The fivefold range of slopes, DeepSeek's reversal and the excursion of Claude Sonnet 4.6 rest on
# scores that the makers' pages contradict. The $h$ of a single model says little beyond the scatter. And the pair has
# no truthfulness in it and no size, so it does not test whether cooperation sets in above $N_c$.
#
# *Interpretation.* Newer and larger models are better at nearly everything. That is a form of cooperation, and the
# paper is right that no trade-off shows at the frontier. Whether one capability helps another cannot be read from it.
#
# ## What next
#
# - {doc}`Coupling </notebooks/coupling>`: where the trade-off was seen, and what remains of it with size held.
# - {doc}`The ledger </book/ledger>`: every claim and its verdict.
# - Judge the predictions on another day: `cape run frontier -p today=2027-01-01`.
