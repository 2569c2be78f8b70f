"""Charts of the referee's later objections: width and sharpness, choices, knowledge against size, and power."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from capelib.charts.coupling import benchmark_name
from capelib.charts.theme import BLUE, GREEN, GREY, PURPLE, TEAL, VERMILION, finish, size_axis

SERIES = [BLUE, VERMILION, GREEN, PURPLE, TEAL]
LONG = 900  # size of a legend's line, 30 px: long enough to see that it is dashed
SHAPES = ["circle", "square", "diamond", "triangle-up", "cross"]


def place_profiles(
    curves: pd.DataFrame,
    interval: tuple[float, float],
    description: str,
    tables: Sequence[str],
    level: float = 0.05,
) -> alt.TopLevelMixin:
    """Evidence for every place of a turn, one row of the chart per group of families.

    `curves` has group, quantity, n_params and p, the p-value of that place against the best one. `interval`
    (parameters) is shaded; the dashed line is `level`, above which a place is admitted.
    """
    names = list(dict.fromkeys(curves["quantity"]))
    colour = alt.Color("quantity:N").scale(domain=names, range=SERIES[: len(names)]).legend(columns=1)
    dash = alt.StrokeDash("quantity:N").scale(domain=names, range=[[1, 0], [6, 3], [2, 2]][: len(names)])
    groups, rows = list(dict.fromkeys(curves["group"])), []
    ends = [float(curves["n_params"].min()), float(curves["n_params"].max())]
    for group in groups:
        x = size_axis(title="Where the turn is placed" if group == groups[-1] else "", domain=ends)
        y = alt.Y("p:Q", title="p of that place").scale(domain=[0, 1]).axis(values=[0, 0.5, 1])
        shade = alt.Chart(pd.DataFrame({"low": [interval[0]], "high": [interval[1]]}))
        band = shade.mark_rect(opacity=0.15, color=GREY).encode(x=size_axis("low", "", domain=ends), x2="high:Q")
        lines = alt.Chart(curves[curves["group"] == group]).mark_line(strokeWidth=2, clip=True)
        tooltip = ["quantity:N", alt.Tooltip("n_params:Q", format=".2s"), alt.Tooltip("p:Q", format=".3f")]
        drawn = lines.encode(x=x, y=y, color=colour, strokeDash=dash, tooltip=tooltip)
        rule = alt.Chart(pd.DataFrame({"p": [level]})).mark_rule(color=GREY, strokeDash=[4, 3]).encode(y="p:Q")
        rows.append(alt.layer(band, rule, drawn).properties(width="container", height=110, title=group))
    facts = {"cape": {"tables": list(tables)}}
    return alt.vconcat(*rows, spacing=8).properties(description=description, usermeta=facts)


def scales_by_choice(
    table: pd.DataFrame,
    words: Mapping[str, str],
    interval: tuple[float, float],
    description: str,
    tables: Sequence[str],
) -> alt.TopLevelMixin:
    """N_c by panel, estimator and resampling in one chart: panels below each other, estimators as lines.

    `table` is a frame of `capelib.referee.sensitivity.sensitivity` for one pair; `words` names its estimators. A mark
    without a bar has no interval; a line without a mark has no N_c. The shaded `interval` is in parameters.
    """
    drawn = table.assign(
        words=table["estimator"].map(words),
        discarded=[f"{share:.0%} of resamples without one" for share in table["discarded"]],
    )
    order = [words[name] for name in dict.fromkeys(table["estimator"])]
    schemes = list(dict.fromkeys(table["resampling"]))
    everything = drawn[["n_params", "low", "high"]].to_numpy(float)
    ends = [float(np.nanmin(everything)) * 0.8, float(np.nanmax(everything)) * 1.25]
    panels, rows = list(dict.fromkeys(drawn["panel"])), []
    tall = (8 + 12 * len(schemes)) * len(order)
    for panel in panels:
        own = drawn[drawn["panel"] == panel]
        title = "N_c, parameters" if panel == panels[-1] else ""
        y = alt.Y("words:N", title=None, sort=order).scale(domain=order).axis(labelLimit=170)
        offset = alt.YOffset("resampling:N", sort=schemes).scale(domain=schemes)
        colour = alt.Color("resampling:N").scale(domain=schemes, range=SERIES[: len(schemes)])
        shape = alt.Shape("resampling:N").scale(domain=schemes, range=SHAPES[: len(schemes)])
        shade = alt.Chart(pd.DataFrame({"low": [interval[0]], "high": [interval[1]]}))
        band = shade.mark_rect(opacity=0.15, color=GREY).encode(x=size_axis("low", title, domain=ends), x2="high:Q")
        bars = alt.Chart(own).mark_rule(strokeWidth=2, opacity=0.6).encode(
            x=size_axis("low", title, domain=ends), x2="high:Q", y=y, yOffset=offset, color=colour)  # fmt: skip
        numbers = [alt.Tooltip(f"{name}:Q", format=".2s") for name in ("n_params", "low", "high")]
        tooltip = ["panel:N", "words:N", "resampling:N", *numbers, "discarded:N"]
        points = (
            alt.Chart(own)
            .mark_point(filled=True, size=45)
            .encode(
                x=size_axis("n_params", title, domain=ends),
                y=y,
                yOffset=offset,
                color=colour,
                shape=shape,
                tooltip=tooltip,
            )
        )
        rows.append(alt.layer(band, bars, points).properties(width="container", height=tall, title=panel))
    facts = {"cape": {"tables": list(tables)}}
    return alt.vconcat(*rows, spacing=6).properties(description=description, usermeta=facts)


def by_group(
    models: pd.DataFrame, lines: pd.DataFrame, group: str, description: str, tables: Sequence[str], x: str = "hellaswag"
) -> alt.TopLevelMixin:
    """TruthfulQA against HellaSwag, models grouped by a third score, with a line per group.

    `models` has model, family, n_params, `group` (words), the scores in percent; `lines` has `group`, x, truthfulqa.
    """
    names = list(dict.fromkeys(lines[group]))
    colour = alt.Color(f"{group}:N").scale(domain=names, range=SERIES[: len(names)]).legend(columns=2)
    shape = alt.Shape(f"{group}:N").scale(domain=names, range=SHAPES[: len(names)])
    across = alt.X(f"{x}:Q", title=f"{benchmark_name(x)} (%)").scale(zero=False, padding=12)
    up = alt.Y("truthfulqa:Q", title="TruthfulQA (%)").scale(zero=False, padding=12)
    drawn = alt.Chart(lines).mark_line(strokeWidth=2.5).encode(x=across, y=up, color=colour)
    scores = [alt.Tooltip(f"{name}:Q", title=benchmark_name(name), format=".1f") for name in (x, "truthfulqa", "mmlu")]
    tooltip = ["model:N", "family:N", alt.Tooltip("n_params:Q", title="parameters", format=".3s"), *scores]
    marks = alt.Chart(models).mark_point(filled=True, size=60, opacity=0.8)
    marks = marks.encode(x=across, y=up, color=colour, shape=shape, tooltip=tooltip)
    return finish(marks + drawn, description, tables)


def power_curves(
    table: pd.DataFrame, description: str, tables: Sequence[str], target: float = 0.8
) -> alt.TopLevelMixin:
    """Share of simulated panels in which a coupling is seen, against the number of families.

    `table` has families, power, coupling (words: its size) and questions (words: how many).
    """
    sizes, counts = list(dict.fromkeys(table["coupling"])), list(dict.fromkeys(table["questions"]))
    colour = alt.Color("coupling:N").scale(domain=sizes, range=SERIES[: len(sizes)]).legend(columns=3)
    dash = alt.StrokeDash("questions:N").scale(domain=counts, range=[[1, 0], [4, 3], [1, 2]][: len(counts)])
    dash = dash.legend(columns=1, symbolSize=LONG, symbolStrokeWidth=2)
    shape = alt.Shape("coupling:N").scale(domain=sizes, range=SHAPES[: len(sizes)])
    tried = sorted(set(table["families"]))
    x = alt.X("families:Q", title="Families").scale(type="log", nice=False, padding=12).axis(values=tried, format="d")
    y = alt.Y("power:Q", title="Share of simulations that see it").scale(domain=[0, 1]).axis(format=".0%")
    base = alt.Chart(table)
    lines = base.mark_line().encode(
        x=x,
        y=y,
        color=colour,
        strokeDash=dash,
        detail=["coupling:N", "questions:N"],
    )
    tooltip = ["coupling:N", "questions:N", "families:Q", alt.Tooltip("power:Q", format=".0%")]
    points = base.mark_point(filled=True, size=55).encode(x=x, y=y, color=colour, shape=shape, tooltip=tooltip)
    rule = alt.Chart(pd.DataFrame({"power": [target]})).mark_rule(color=GREY, strokeDash=[4, 3]).encode(y="power:Q")
    return finish(alt.layer(rule, lines, points), description, tables)
