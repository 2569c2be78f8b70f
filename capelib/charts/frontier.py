"""Charts of the frontier: two scores against each other, reports beside measurements, and models off the line."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from capelib.charts.theme import BLUE, GREEN, GREY, OLIVE, PURPLE, VERMILION, finish

LAB_COLOUR = {"Anthropic": VERMILION, "Google": BLUE, "OpenAI": GREEN, "DeepSeek": PURPLE}
OTHER = "other labs"
NAMES = {
    "swe_bench_verified": "SWE-bench Verified",
    "gpqa_diamond": "GPQA Diamond",
    "simpleqa_verified": "SimpleQA Verified",
    "frontiermath": "FrontierMath",
    "otis_mock_aime": "OTIS Mock AIME",
    "ifeval": "IFEval",
    "hle": "HLE",
}


SHORT = {
    "swe_bench_verified": "SWE-bench",
    "gpqa_diamond": "GPQA",
    "simpleqa_verified": "SimpleQA",
    "otis_mock_aime": "AIME",
}


def short_name(column: str) -> str:
    """A benchmark's name where there is little room."""
    return SHORT.get(column, score_name(column))


def score_name(column: str) -> str:
    """A benchmark's written name; a column nobody has named stays as it is."""
    return NAMES.get(column, column)


def lab_group(labs: pd.Series) -> pd.Series:
    """The four labs with most models by name, all others together: four colours can be told apart, ten cannot."""
    named = {name: name for name in LAB_COLOUR} | {"Google DeepMind": "Google"}
    return labs.map(named).fillna(OTHER)


def scores(
    models: pd.DataFrame,
    x: str,
    y: str,
    line: pd.DataFrame,
    description: str,
    tables: Sequence[str],
    shape: str = "subset",
) -> alt.TopLevelMixin:
    """Two scores (percent) of every model with the fitted line and its band.

    `models` has model, lab, x, y, the column `shape`, and optionally x_se, y_se (points), drawn as bars of 1.96
    standard errors; `line` has x, y, low, high on a grid.
    """
    rows = models.assign(group=lab_group(models["lab"]))
    axis = {name: alt.Axis(title=f"{score_name(name)} (%)") for name in (x, y)}
    scale = {name: alt.Scale(domain=_domain(rows, name), nice=False) for name in (x, y)}
    horizontal = alt.X(f"{x}:Q", axis=axis[x], scale=scale[x])
    vertical = alt.Y(f"{y}:Q", axis=axis[y], scale=scale[y])
    fit = alt.Chart(line)
    layers = [
        fit.mark_area(opacity=0.15, color=GREY, clip=True).encode(
            x=alt.X("x:Q", axis=axis[x], scale=scale[x]), y=alt.Y("low:Q", axis=axis[y], scale=scale[y]), y2="high:Q"
        ),
        fit.mark_line(color=GREY, strokeDash=[6, 3], clip=True).encode(
            x=alt.X("x:Q", axis=axis[x], scale=scale[x]), y=alt.Y("y:Q", axis=axis[y], scale=scale[y])
        ),
    ]
    base, colour = alt.Chart(rows), _lab_colour(rows)
    if f"{x}_se" in rows:
        ends = {f"{name}_{end}": rows[name] + sign * rows[f"{name}_se"]
                for name in (x, y) for end, sign in (("low", -1.96), ("high", 1.96))}  # fmt: skip
        bars = alt.Chart(rows.assign(**ends)).mark_rule(opacity=0.45, strokeWidth=1.3, clip=True)
        layers += [
            bars.encode(
                x=alt.X(f"{x}_low:Q", axis=axis[x], scale=scale[x]), x2=f"{x}_high:Q", y=vertical, color=colour
            ),
            bars.encode(
                y=alt.Y(f"{y}_low:Q", axis=axis[y], scale=scale[y]), y2=f"{y}_high:Q", x=horizontal, color=colour
            ),
        ]
    names = sorted(rows[shape].unique())
    points = base.mark_point(filled=True, size=70).encode(
        x=horizontal,
        y=vertical,
        color=colour,
        shape=_shape(shape, names, ["circle", "square", "diamond"][: len(names)]),
        tooltip=["model:N", "lab:N", f"{shape}:N", *_percent((x, y))],
    )
    return finish(alt.layer(*layers, points), description, tables, height=380)


def reports(rows: pd.DataFrame, title: str, description: str, tables: Sequence[str]) -> alt.TopLevelMixin:
    """One line per model: the released score, Epoch's runs with the error of the nearest, and the maker's own page.

    `rows` has model, reported, lowest, highest, nearest (percent), stderr (points) and stated (percent, may be
    missing); they keep their order.
    """
    kinds = {"released panel": VERMILION, "Epoch's nearest run": BLUE, "maker's page": OLIVE}
    long = rows.rename(columns=dict(zip(("reported", "nearest", "stated"), kinds, strict=True)))
    long = long.melt(["model", "difference"], list(kinds), "source", "score").dropna(subset=["score"])
    ends = rows.assign(low=rows["nearest"] - 1.96 * rows["stderr"], high=rows["nearest"] + 1.96 * rows["stderr"])
    y = alt.Y("model:N", title=None, sort=list(rows["model"])).axis(labelLimit=150)
    scale = alt.Scale(zero=False, padding=15)
    bars = alt.Chart(ends).mark_rule(strokeWidth=2, opacity=0.5, color=BLUE).encode(
        x=alt.X("low:Q", title=title, scale=scale), x2="high:Q", y=y
    )  # fmt: skip
    shapes = alt.Shape("source:N").scale(domain=list(kinds), range=["circle", "square", "diamond"])
    colour = alt.Color("source:N").scale(domain=list(kinds), range=list(kinds.values()))
    points = alt.Chart(long).mark_point(filled=True, size=65).encode(
        x=alt.X("score:Q", title=title, scale=scale), y=y, color=colour, shape=shapes,
        tooltip=["model:N", "source:N", alt.Tooltip("score:Q", format=".1f"),
                 alt.Tooltip("difference:Q", title="released less nearest run", format="+.1f")],
    )  # fmt: skip
    return finish(bars + points, description, tables, height=17 * len(rows) + 50)


def residuals(
    rows: pd.DataFrame, description: str, tables: Sequence[str], scatter: float | None = None
) -> alt.TopLevelMixin:
    """h of every model about the line of the others, with its interval, sorted; colour is the lab, shape the verdict.

    `rows` as `capelib.frontier.h_field` gives them; `scatter` (points) draws a band that far to both sides of zero.
    """
    rows = rows.sort_values("h_alone", ascending=False).assign(group=lambda t: lab_group(t["lab"]))
    words = {True: "stands out, all models counted", False: "within the scatter"}
    rows = rows.assign(verdict=(rows["p_holm"] < 0.05).map(words))
    y = alt.Y("model:N", title=None, sort=list(rows["model"])).axis(labelLimit=150)
    title = "h about the other models (points)"
    x = alt.X("h_alone:Q", title=title)
    base, colour = alt.Chart(rows), _lab_colour(rows)
    zero = alt.Chart(pd.DataFrame({"h_alone": [0.0]})).mark_rule(color=GREY, strokeDash=[3, 3]).encode(x=x)
    layers = [zero]
    if scatter is not None:
        ends = pd.DataFrame({"h_alone": [-scatter], "high": [scatter]})
        layers.insert(0, alt.Chart(ends).mark_rect(opacity=0.13, color=GREY).encode(x=x, x2="high:Q"))
    bars = base.mark_rule(strokeWidth=2, opacity=0.5).encode(
        x=alt.X("low:Q", title=title), x2="high:Q", y=y, color=colour
    )
    points = base.mark_point(filled=True, size=65).encode(
        x=x,
        y=y,
        color=colour,
        shape=_shape("verdict", list(words.values()), ["diamond", "circle"]),
        tooltip=[
            "model:N",
            "lab:N",
            *[alt.Tooltip(f"{name}:Q", format="+.1f") for name in ("h", "h_alone", "low", "high")],
            alt.Tooltip("p:Q", format=".2g"),
            alt.Tooltip("p_holm:Q", title="p, all models counted", format=".2g"),
        ],
    )
    return finish(alt.layer(*layers, bars, points), description, tables, height=17 * len(rows) + 60)


def _lab_colour(rows: pd.DataFrame) -> alt.Color:
    domain = [name for name in (*LAB_COLOUR, OTHER) if name in set(rows["group"])]
    colour = alt.Color("group:N", legend=alt.Legend(symbolOpacity=1))
    return colour.scale(domain=domain, range=[LAB_COLOUR.get(name, GREY) for name in domain])


def _shape(field: str, names: Sequence[str], shapes: Sequence[str]) -> alt.Shape:
    # below the plot: two legends above it would not stand beside each other on a narrow screen
    legend = alt.Legend(columns=2, orient="bottom", symbolFillColor=GREY, symbolStrokeColor=GREY)
    return alt.Shape(f"{field}:N", legend=legend).scale(domain=list(names), range=list(shapes))


def _domain(rows: pd.DataFrame, score: str) -> list[float]:
    # round numbers around the scores and their bars, inside 0 to 100
    bar = 1.96 * rows.get(f"{score}_se", 0.0)
    low, high = (rows[score] - bar).min() - 2, (rows[score] + bar).max() + 2
    return [max(0.0, 5 * np.floor(low / 5)), min(100.0, 5 * np.ceil(high / 5))]


def _percent(columns: Sequence[str]) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{name}:Q", title=f"{score_name(name)} (%)", format=".1f") for name in columns]
