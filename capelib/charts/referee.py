"""Charts of the referee's first objections: estimates against their null, groups side by side, simulated worlds."""

from collections.abc import Sequence
from textwrap import wrap

import altair as alt
import pandas as pd

from capelib.charts.theme import BLUE, GREY, SIZE_LABEL, VERMILION, finish, size_axis

SIDES = {"below": VERMILION, "above": BLUE}
SHAPES = {"below": "triangle-down", "above": "triangle-up"}
LINE = 21  # characters of a label on one line: on a narrow screen the plot needs the rest


def _lines(text: str) -> str:
    return "\n".join(wrap(text, LINE))


def _label(field: str, order: Sequence[str]) -> alt.Y:
    """A nominal axis whose long labels run over several lines, so that a narrow screen keeps room for the plot."""
    axis = alt.Axis(labelLimit=210, labelExpr="split(datum.label, '\\n')", labelLineHeight=13)
    return alt.Y(f"{field}:N", title=None, sort=[_lines(name) for name in order], axis=axis)


def sides(
    rows: pd.DataFrame,
    label: str,
    title: str,
    description: str,
    tables: Sequence[str],
    domain: tuple[float, float] | None = None,
) -> alt.TopLevelMixin:
    """Estimates below and above a size, a line each, with intervals; where a null is given, its range as a grey band.

    `rows` has `label`, side ("below" or "above"), value, low, high and optionally n, null_low and null_high; rows keep
    their order, other sides are left out. Colour and shape say the side.
    """
    order = list(dict.fromkeys(rows[label]))
    drawn = rows[rows["side"].isin(SIDES)].assign(**{label: lambda frame: frame[label].map(_lines)})
    names = [side for side in SIDES if side in set(drawn["side"])]
    scale = alt.Scale(domain=[*domain], nice=False) if domain else alt.Scale(zero=False, padding=15)
    y, offset = _label(label, order), alt.YOffset("side:N", sort=names)
    colour = alt.Color("side:N", sort=names).scale(domain=names, range=[SIDES[name] for name in names])
    shape = alt.Shape("side:N", sort=names).scale(domain=names, range=[SHAPES[name] for name in names])
    base = alt.Chart(drawn)
    null = {"null_low", "null_high"} <= set(drawn)
    tooltip = [alt.Tooltip(f"{label}:N"), alt.Tooltip("side:N")]
    tooltip += [alt.Tooltip(f"{name}:Q", format=".2f") for name in ("value", "low", "high")]
    tooltip += [alt.Tooltip(f"{name}:Q", format=".2f") for name in ("null_low", "null_high") if null]
    tooltip += [alt.Tooltip("n:Q")] if "n" in drawn else []
    zero = alt.Chart(pd.DataFrame({"value": [0.0]})).mark_rule(color=GREY, strokeDash=[3, 3])
    layers = [zero.encode(x=alt.X("value:Q", scale=scale))]
    if null:
        band = base.transform_filter("isValid(datum.null_low)").mark_rule(strokeWidth=11, opacity=0.35, color=GREY)
        layers.append(
            band.encode(x=alt.X("null_low:Q", title=title, scale=scale), x2="null_high:Q", y=y, yOffset=offset)
        )
    layers += [
        base.mark_rule(strokeWidth=2, opacity=0.7, clip=True).encode(
            x=alt.X("low:Q", title=title, scale=scale), x2="high:Q", y=y, yOffset=offset, color=colour
        ),
        base.mark_point(filled=True, size=75).encode(
            x=alt.X("value:Q", title=title, scale=scale), y=y, yOffset=offset, color=colour, shape=shape,
            tooltip=tooltip,
        ),
    ]  # fmt: skip
    return finish(alt.layer(*layers), description, tables, height=42 * len(order) + 40)


def shares(
    rows: pd.DataFrame, label: str, series: str, title: str, description: str, tables: Sequence[str]
) -> alt.TopLevelMixin:
    """Shares with intervals, one line per `label`, one colour and shape per `series`; the axis in percent.

    `rows` has `label`, `series`, value, low and high (0-1) and keeps its order.
    """
    order, names = list(dict.fromkeys(rows[label])), list(dict.fromkeys(rows[series]))
    drawn = rows.assign(**{label: rows[label].map(_lines)})
    scale = alt.Scale(domain=[0, 1], nice=False)
    y, offset = _label(label, order), alt.YOffset(f"{series}:N", sort=names)
    colour = alt.Color(f"{series}:N", sort=names, legend=alt.Legend(columns=1, labelLimit=320)).scale(
        domain=names, range=[BLUE, VERMILION, GREY][: len(names)]
    )
    base = alt.Chart(drawn)
    x = alt.X("value:Q", title=title, scale=scale).axis(format="%", tickCount=5)
    bars = base.mark_rule(strokeWidth=2, opacity=0.6).encode(
        x=alt.X("low:Q", title=title, scale=scale).axis(format="%", tickCount=5), x2="high:Q", y=y, yOffset=offset,
        color=colour,
    )  # fmt: skip
    points = base.mark_point(filled=True, size=70).encode(
        x=x, y=y, yOffset=offset, color=colour, shape=alt.Shape(f"{series}:N", sort=names).scale(domain=names),
        tooltip=[alt.Tooltip(f"{label}:N"), alt.Tooltip(f"{series}:N"),
                 *[alt.Tooltip(f"{name}:Q", format=".0%") for name in ("value", "low", "high")]],
    )  # fmt: skip
    return finish(bars + points, description, tables, height=(14 + 13 * len(names)) * len(order) + 40)


def worlds(
    rows: pd.DataFrame, whole: str, coupled: str, title: str, description: str, tables: Sequence[str]
) -> alt.TopLevelMixin:
    """How often simulated panels show each sign: a bar for the `whole` diagnosis, a tick for every single sign.

    `rows` has world, sign and share (0-1); the world named `coupled`, the only one with a coupling, has its own colour.
    """
    order = list(dict.fromkeys(rows["world"]))
    drawn = rows.assign(
        name=rows["world"].map(_lines),
        words=[f"{share:.0%}" for share in rows["share"]],  # rounded as tables and prose are
        kind=(rows["world"] == coupled).map({True: "coupled", False: "independent"}),
    )
    y = _label("name", order)
    x = alt.X("share:Q", title=title, scale=alt.Scale(domain=[0, 1], nice=False)).axis(format="%", tickCount=5)
    colour = alt.Color("kind:N").scale(domain=["independent", "coupled"], range=[VERMILION, BLUE])
    tooltip = [alt.Tooltip("world:N"), alt.Tooltip("sign:N"), alt.Tooltip("share:Q", format=".1%")]
    bars = alt.Chart(drawn[drawn["sign"] == whole]).mark_bar(height=14, opacity=0.85)
    ticks = alt.Chart(drawn[drawn["sign"] != whole]).mark_tick(thickness=2, size=13, color=GREY)
    text = alt.Chart(drawn[drawn["sign"] == whole]).mark_text(align="left", dx=2, dy=-15, fontSize=11)
    chart = (
        ticks.encode(x=x, y=y, tooltip=tooltip)
        + bars.encode(x=x, x2=alt.datum(0), y=y, color=colour, tooltip=tooltip)
        + text.encode(x=alt.datum(0), y=y, text="words:N")
    )
    return finish(chart, description, tables, height=52 * len(order) + 30)


def minima(rows: pd.DataFrame, observed: float, description: str, tables: Sequence[str]) -> alt.TopLevelMixin:
    """Where simulated panels have the minimum of TruthfulQA: median and 95 % of them by world, the panel's as a line.

    `rows` has world, value, low and high (parameters).
    """
    order = list(dict.fromkeys(rows["world"]))
    drawn = rows.assign(name=rows["world"].map(_lines))
    base, y = alt.Chart(drawn), _label("name", order)
    tooltip = [alt.Tooltip("world:N"), *[alt.Tooltip(f"{name}:Q", format=".3s") for name in ("value", "low", "high")]]
    ends = [0.6 * min(drawn["low"].min(), observed), max(drawn["high"].max(), observed) / 0.6]
    line = alt.Chart(pd.DataFrame({"value": [observed]})).mark_rule(color=GREY, strokeDash=[4, 3], strokeWidth=2)

    def size(field: str) -> alt.X:
        x = size_axis(field, "Minimum, parameters", domain=ends)
        return x.axis(values=[1e7, 1e8, 1e9, 1e10, 1e11, 1e12], labelExpr=SIZE_LABEL, labelOverlap="parity")

    chart = (
        line.encode(x=size("value"))
        + base.mark_rule(strokeWidth=2, color=VERMILION, opacity=0.6).encode(
            x=size("low"), x2="high:Q", y=y)
        + base.mark_point(filled=True, size=75, color=VERMILION).encode(
            x=size("value"), y=y, tooltip=tooltip)
    )  # fmt: skip
    return finish(chart, description, tables, height=40 * len(order) + 40)
