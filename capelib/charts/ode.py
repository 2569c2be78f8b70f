"""Charts of the dynamics: trajectories with bands, the errors of a search, and predictors side by side."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from capelib.charts.coupling import benchmark_name
from capelib.charts.theme import BLUE, GREEN, GREY, VERMILION, finish, size_axis

CURVES = {"ODE": (VERMILION, [1, 0]), "straight line": (BLUE, [6, 3])}


def trajectories(
    points: pd.DataFrame, curves: pd.DataFrame, description: str, tables: Sequence[str]
) -> alt.TopLevelMixin:
    """Scores by size, one row of the chart per benchmark, with fitted curves and their bands.

    `points` has benchmark, n_params, score (percent); `curves` benchmark, curve ("ODE" or "straight line"), n_params,
    score, low, high. Rows have scales of their own: a benchmark's shape is what is compared.
    """
    names = [name for name in CURVES if name in set(curves["curve"])]
    # a stroke shows the dashes; without an opacity of its own it would be as faint as the band
    legend = alt.Legend(symbolOpacity=1, symbolType="stroke", symbolSize=400, symbolStrokeWidth=2.5)
    colour = alt.Color("curve:N", legend=legend).scale(domain=names, range=[CURVES[name][0] for name in names])
    dash = alt.StrokeDash("curve:N", legend=legend).scale(domain=names, range=[CURVES[name][1] for name in names])
    rows = []
    order = list(dict.fromkeys(points["benchmark"]))
    for benchmark in order:
        title = f"{benchmark_name(benchmark)} (%)"
        y = alt.Y("score:Q", title=title).scale(zero=False, padding=8).axis(tickCount=4)
        x = size_axis(title="Parameters" if benchmark == order[-1] else "")
        drawn = alt.Chart(curves[curves["benchmark"] == benchmark])
        band = drawn.mark_area(opacity=0.15).encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q", color=colour)
        line = drawn.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour, strokeDash=dash)
        marks = alt.Chart(points[points["benchmark"] == benchmark]).mark_point(filled=True, size=60, color=GREY)
        tooltip = [alt.Tooltip("n_params:Q", title="parameters", format=".3s"), alt.Tooltip("score:Q", format=".1f")]
        rows.append(
            alt.layer(band, line, marks.encode(x=x, y=y, tooltip=tooltip)).properties(width="container", height=130)
        )
    facts = {"cape": {"tables": list(tables)}}
    return alt.vconcat(*rows, spacing=8).properties(description=description, usermeta=facts)


def error_histogram(
    errors: Sequence[float], marked: dict[str, float], title: str, description: str, tables: Sequence[str]
) -> alt.TopLevelMixin:
    """A distribution of errors (percent) on a logarithmic axis, with named values as uprights."""
    values = np.asarray(errors, float)
    values = values[np.isfinite(values) & (values > 0)]
    low, high = min([values.min(), *marked.values()]), max([values.max(), *marked.values()])
    edges = np.geomspace(low * 0.9, high * 1.1, 45)
    count, _ = np.histogram(values, edges)
    frame = pd.DataFrame({"low": edges[:-1], "high": edges[1:], "settings": count})
    scale = alt.Scale(type="log", nice=False, domain=[float(edges[0]), float(edges[-1])])
    bars = (
        alt.Chart(frame[frame["settings"] > 0])
        .mark_bar(color=GREY, opacity=0.7)
        .encode(
            x=alt.X("low:Q", title=title, scale=scale).axis(values=[1, 2, 5, 10, 20, 50, 100, 500, 2000], format="~s"),
            x2="high:Q",
            y=alt.Y("settings:Q", title="Settings"),
            y2=alt.datum(0),
            tooltip=[alt.Tooltip("low:Q", format=".1f"), alt.Tooltip("high:Q", format=".1f"), "settings:Q"],
        )
    )
    lines = pd.DataFrame({"value": list(marked.values()), "what": list(marked)})
    colour = alt.Color("what:N").scale(domain=list(marked), range=[VERMILION, BLUE, GREEN][: len(marked)])
    rules = alt.Chart(lines).mark_rule(strokeWidth=2.5).encode(
        x=alt.X("value:Q", scale=scale), color=colour, tooltip=["what:N", alt.Tooltip("value:Q", format=".2f")]
    )  # fmt: skip
    return finish(bars + rules, description, tables, height=240)


def predictors(table: pd.DataFrame, title: str, description: str, tables: Sequence[str]) -> alt.TopLevelMixin:
    """Errors of predictors side by side, with and without the given first model.

    `table` has predictor, given_first and relative (percent); an error that does not exist leaves its place empty.
    """
    names = {False: "nothing of the family given", True: "its smallest model given"}
    rows = table.assign(known=table["given_first"].map(names)).dropna(subset=["relative"])
    order = list(dict.fromkeys(table["predictor"]))
    marks = alt.Chart(rows).mark_point(filled=True, size=80)
    chart = marks.encode(
        x=alt.X("relative:Q", title=title).scale(type="log", nice=False, padding=14).axis(
            values=[1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100, 200], format="~s", labelOverlap="greedy"),
        y=alt.Y("predictor:N", title=None, sort=order).axis(labelLimit=220),
        color=alt.Color("known:N").scale(domain=list(names.values()), range=[BLUE, VERMILION]),
        shape=alt.Shape("known:N").scale(domain=list(names.values()), range=["circle", "square"]),
        tooltip=["predictor:N", "known:N", alt.Tooltip("relative:Q", title="error (%)", format=".2f")],
    )  # fmt: skip
    return finish(chart, description, tables, height=24 * len(order) + 50)
