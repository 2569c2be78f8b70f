"""Charts of the coupling: phase diagram, running coupling, critical scales, and the null beside a correlation."""

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from capelib.charts.theme import (
    BLUE,
    GREEN,
    GREY,
    PHASE_COLOUR,
    VERMILION,
    family_colour,
    finish,
    phase_shape,
    size_axis,
)

NAMES = {
    "hellaswag": "HellaSwag",
    "truthfulqa": "TruthfulQA",
    "arc_challenge": "ARC-Challenge",
    "winogrande": "WinoGrande",
    "mmlu": "MMLU",
    "gsm8k": "GSM8K",
}


def benchmark_name(column: str) -> str:
    """A benchmark's written name; a column nobody has named stays as it is."""
    return NAMES.get(column, column)


def phase_diagram(
    models: pd.DataFrame, x: str, y: str, description: str, table: str, title: str = ""
) -> alt.TopLevelMixin:
    """Two scores against each other, one line per family from small to large, phases as shapes.

    `models` has model, family, n_params, phase and the two score columns (percent). A click on the legend
    brings one family forward.
    """
    chosen = alt.selection_point(fields=["family"], bind="legend")
    dim = {"condition": {"param": chosen.name, "value": 0.95}, "value": 0.12}
    axes = {
        "x": alt.X(f"{x}:Q", title=f"{benchmark_name(x)} (%)", scale=alt.Scale(zero=False, padding=12)),
        "y": alt.Y(f"{y}:Q", title=f"{benchmark_name(y)} (%)", scale=alt.Scale(zero=False, padding=12)),
    }
    colour = family_colour(models["family"], columns=4)
    base = alt.Chart(models, title=title)
    lines = base.mark_line(strokeWidth=1.6).encode(**axes, color=colour, order="n_params:Q", opacity=alt.Opacity(**dim))
    points = base.mark_point(filled=True, size=70).encode(
        **axes,
        color=colour,
        shape=phase_shape().legend(title="phase", columns=4),
        opacity=alt.Opacity(**dim),
        tooltip=[
            alt.Tooltip("model:N"),
            alt.Tooltip("family:N"),
            alt.Tooltip("n_params:Q", title="parameters", format=".3s"),
            alt.Tooltip(f"{x}:Q", title=f"{benchmark_name(x)} (%)", format=".1f"),
            alt.Tooltip(f"{y}:Q", title=f"{benchmark_name(y)} (%)", format=".1f"),
            alt.Tooltip("phase:N"),
        ],
    )
    return finish((lines + points).add_params(chosen), description, [table], height=420)


def running_coupling(
    steps: pd.DataFrame,
    threshold: float,
    description: str,
    table: str,
    band: pd.DataFrame | None = None,
    critical: pd.DataFrame | None = None,
    limit: float = 2.5,
    x: str = "hellaswag",
    y: str = "truthfulqa",
) -> alt.TopLevelMixin:
    """γ₁₂ of every step at its geometric mid-size, with the interval that item noise alone gives it.

    `x` and `y` are the benchmarks: γ₁₂ is in points of y per point of x.
    `steps` has family, model_small, model_large, n_mid, gamma, gamma_low, gamma_high, sign_resolved; `band`
    columns n_params, gamma, gamma_low, gamma_high of a fitted line; `critical` columns family, n_params, low,
    high of an N_c. Values beyond ±`limit` are drawn at the edge, with their true value in the tooltip.
    """
    drawn = steps.assign(
        at=steps["gamma"].clip(-limit, limit),
        at_low=steps["gamma_low"].clip(-limit, limit),
        at_high=steps["gamma_high"].clip(-limit, limit),
        sign=np.select(
            [steps["gamma"].abs() > limit, steps["sign_resolved"]],
            ["beyond the axis", "sign resolved"],
            "sign within noise",
        ),
        interval=[f"[{a:.2f}, {b:.2f}]" for a, b in zip(steps["gamma_low"], steps["gamma_high"], strict=True)],
    )
    if beyond := int((steps["gamma"].abs() > limit).sum()):
        description += f" Diamonds: {beyond} of {len(steps)} steps lie beyond ±{limit:g} and are drawn at the edge."
    up = alt.Y("at:Q", title=f"γ₁₂, points of {benchmark_name(y)} per point of {benchmark_name(x)}")
    up = up.scale(domain=[-limit, limit])
    planes = [
        alt.Chart(pd.DataFrame({"low": [low], "high": [high]}))
        .mark_rect(opacity=0.09, color=PHASE_COLOUR[phase])
        .encode(y=alt.Y("low:Q"), y2="high:Q")
        for phase, low, high in (("tax", -limit, -threshold), ("bonus", threshold, limit))
    ]
    base = alt.Chart(drawn)
    colour = family_colour(drawn["family"], columns=4)
    bars = base.mark_rule(strokeWidth=1.2, opacity=0.4).encode(
        x=size_axis("n_mid", "Geometric mid-size of the step"), y=alt.Y("at_low:Q"), y2="at_high:Q", color=colour
    )
    points = base.mark_point(filled=True, size=75).encode(
        x=size_axis("n_mid", "Geometric mid-size of the step"),
        y=up,
        color=colour,
        shape=alt.Shape("sign:N")
        .scale(domain=["sign resolved", "sign within noise", "beyond the axis"], range=["circle", "cross", "diamond"])
        .legend(title=None),
        tooltip=[
            alt.Tooltip("family:N"),
            alt.Tooltip("model_small:N", title="from"),
            alt.Tooltip("model_large:N", title="to"),
            alt.Tooltip("gamma:Q", title="γ₁₂", format="+.3f"),
            alt.Tooltip("interval:N", title="95 % from item noise"),
            alt.Tooltip("sign:N"),
        ],
    )
    layers = [*planes, bars, points]
    if band is not None:
        inside = band.assign(
            at=band["gamma"].clip(-limit, limit),
            at_low=band["gamma_low"].clip(-limit, limit),
            at_high=band["gamma_high"].clip(-limit, limit),
        )
        fit = alt.Chart(inside)
        layers.insert(2, fit.mark_area(opacity=0.15, color=GREY).encode(
            x=size_axis("n_params", ""), y=alt.Y("at_low:Q"), y2="at_high:Q"))  # fmt: skip
        layers.insert(2, fit.mark_line(color=GREY, strokeDash=[5, 3]).encode(x=size_axis("n_params", ""), y="at:Q"))
    if critical is not None:
        layers.insert(2, alt.Chart(critical).mark_rule(strokeDash=[2, 3], strokeWidth=1.6).encode(
            x=size_axis("n_params", ""), color=family_colour(drawn["family"], columns=4),
            tooltip=[alt.Tooltip("family:N"), alt.Tooltip("n_params:Q", title="N_c", format=".3s")]))  # fmt: skip
    return finish(alt.layer(*layers), description, [table], height=400)


def critical_scales(rows: pd.DataFrame, description: str, table: str) -> alt.TopLevelMixin:
    """N_c by family and estimator with its interval, beside the paper's value.

    `rows` has family, estimator, n_params, low, high (parameters) and `source` ("released", "measured", "the paper",
    or the name of another panel).
    """
    base = alt.Chart(rows)
    y = alt.Y("family:N", title=None, sort=list(dict.fromkeys(rows["family"])))
    sources = {"the paper": GREY, "released": VERMILION, "measured": BLUE}
    sources |= {name: GREEN for name in rows["source"].unique() if name not in sources}
    drawn = [name for name in sources if name in set(rows["source"])]
    offset = alt.YOffset("source:N", sort=drawn)
    colour = alt.Color("source:N", legend=alt.Legend(symbolOpacity=1)).scale(
        domain=drawn, range=[sources[name] for name in drawn]
    )
    tooltip = [
        alt.Tooltip("family:N"),
        alt.Tooltip("source:N"),
        alt.Tooltip("estimator:N"),
        alt.Tooltip("n_params:Q", title="N_c", format=".3s"),
        alt.Tooltip("low:Q", format=".3s"),
        alt.Tooltip("high:Q", format=".3s"),
    ]
    bars = base.mark_rule(strokeWidth=2, opacity=0.55).encode(
        x=size_axis("low", "N_c, parameters", padding=26), x2="high:Q", y=y, yOffset=offset, color=colour
    )
    points = base.mark_point(filled=True, size=70).encode(
        x=size_axis("n_params", "N_c, parameters", padding=26),
        y=y,
        yOffset=offset,
        color=colour,
        shape=alt.Shape("estimator:N").legend(title="estimator"),
        tooltip=tooltip,
    )
    return finish(bars + points, description, [table], height=34 * rows["family"].nunique() + 60)


def null_histogram(
    draws: ArrayLike, observed: float, title: str, description: str, tables: list[str], bins: int = 50
) -> alt.TopLevelMixin:
    """What a null gives, as a histogram, with the observed value as a line."""
    draws = np.asarray(draws, float)
    count, edge = np.histogram(draws[np.isfinite(draws)], bins=bins)
    frame = pd.DataFrame({"low": edge[:-1], "high": edge[1:], "share": count / count.sum()})
    bars = (
        alt.Chart(frame)
        .mark_bar(color=GREY, opacity=0.7)
        .encode(
            x=alt.X("low:Q", title=title).scale(zero=False, nice=False),
            x2="high:Q",
            y=alt.Y("share:Q", title="Share of draws").axis(format="%"),
            y2=alt.datum(0),
            tooltip=[alt.Tooltip("low:Q", format=".3f"), alt.Tooltip("high:Q", format=".3f"), "share:Q"],
        )
    )
    mark = pd.DataFrame({"value": [observed], "what": ["observed"]})
    line = alt.Chart(mark).mark_rule(color=VERMILION, strokeWidth=3).encode(x="value:Q", tooltip=["what", "value:Q"])
    name = alt.Chart(mark).mark_text(align="left", dx=6, y=10).encode(x="value:Q", text="what:N")
    return finish(bars + line + name, description, tables, height=240)


def olmo(scores: pd.DataFrame, description: str, tables: list[str]) -> alt.TopLevelMixin:
    """Both scores of every published OLMo model against size; colour is the score, shape the source.

    `scores` has name (starting with its source), n_params, hellaswag, truthfulqa (percent).
    """
    long = scores.melt(["name", "n_params"], ["hellaswag", "truthfulqa"], "benchmark", "score_pct")
    long = long.assign(
        benchmark=long["benchmark"].map(benchmark_name),
        source=[str(name).split()[0] for name in long["name"]],
    )
    chart = (
        alt.Chart(long)
        .mark_point(filled=True, size=90)
        .encode(
            x=size_axis(domain=[7e8, 1e10]),
            y=alt.Y("score_pct:Q", title="Score (%)").scale(zero=False, padding=15),
            color=alt.Color("benchmark:N").scale(range=[BLUE, VERMILION]),
            shape=alt.Shape("source:N"),
            tooltip=["name:N", "benchmark:N", alt.Tooltip("score_pct:Q", format=".2f")],
        )
    )
    return finish(chart, description, tables, height=280)
