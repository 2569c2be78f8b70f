"""Charts of the levers: released couplings with honest marks, and sizes at which other models have the same score."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from capelib.charts.coupling import benchmark_name
from capelib.charts.theme import BLUE, GREEN, GREY, PURPLE, TEAL, VERMILION, finish, size_axis
from capelib.levers.measures import NAMES, QUOTED, ROUNDED, RUN, TYPED

# A filled mark has a file of its run; the emptier the mark, the less is known of where the number comes from.
ORIGINS = {RUN: "circle", ROUNDED: "square", QUOTED: "triangle-up", TYPED: "cross"}
COSINE = "Coupling (cosine)"


def _origin(rows: pd.DataFrame) -> alt.Shape:
    names = [name for name in ORIGINS if name in set(rows["origin"])]
    legend = alt.Legend(columns=2, orient="bottom", symbolFillColor=GREY, symbolStrokeColor=GREY)
    return alt.Shape("origin:N", legend=legend).scale(domain=names, range=[ORIGINS[name] for name in names])


def profiles(rows: pd.DataFrame, description: str, tables: Sequence[str]) -> alt.TopLevelMixin:
    """Coupling by layer: one line per model, against depth from the first layer (0) to the last (1).

    `rows` has model, measure (in words), depth and value. Colour is the measure; a line's tooltip names its model.
    """
    measures = list(dict.fromkeys(rows["measure"]))
    colour = alt.Color("measure:N").scale(domain=measures, range=[GREY, BLUE, VERMILION][: len(measures)])
    chart = (
        alt.Chart(rows)
        .mark_line(strokeWidth=1.8, opacity=0.75)
        .encode(
            x=alt.X("depth:Q", title="Depth, first layer to last").axis(format="%", tickCount=5),
            y=alt.Y("value:Q", title="Coupling of the layer").scale(domain=[-0.1, 1.05], nice=False),
            color=colour,
            detail="model:N",
            tooltip=["model:N", "measure:N"],
        )
    )
    return finish(chart, description, tables)


def same_model(rows: pd.DataFrame, description: str, tables: Sequence[str]) -> alt.TopLevelMixin:
    """Couplings of models that have several: a line per model, colour the measure, shape where the number is from.

    `rows` is the frame of `capelib.levers.same_model`.
    """
    rows = rows.assign(words=rows["measure"].map(NAMES))
    names = list(dict.fromkeys(rows["words"]))
    colour = alt.Color("words:N").scale(domain=names, range=[GREY, VERMILION, GREEN, BLUE, PURPLE, TEAL][: len(names)])
    models = list(dict.fromkeys(rows["model"]))
    y = alt.Y("model:N", title=None, sort=models)
    base = alt.Chart(rows)
    scale = alt.Scale(domain=[0.5, 1], nice=False)
    spans = base.mark_rule(strokeWidth=2, opacity=0.5, color=GREY).encode(
        x=alt.X("min(value):Q", scale=scale), x2="max(value):Q", y=y
    )
    points = base.mark_point(filled=True, size=90).encode(
        x=alt.X("value:Q", title=COSINE, scale=scale),
        y=y,
        color=colour.legend(columns=2),
        shape=_origin(rows),
        tooltip=["model:N", "words:N", alt.Tooltip("value:Q", format=".4f"), "origin:N"],
    )
    return finish(spans + points, description, tables, height=26 * len(models) + 40)


def by_size(rows: pd.DataFrame, description: str, tables: Sequence[str]) -> alt.TopLevelMixin:
    """Couplings of two generations against size, one panel per measure; shape says where a number is from.

    `rows` has model, family, n_params, measure (identifier), value and origin.
    """
    families = sorted(set(rows["family"]))
    colour = alt.Color("family:N").scale(domain=families, range=[VERMILION, BLUE, GREEN][: len(families)])
    drawn = []
    measures = list(dict.fromkeys(rows["measure"]))
    for measure in measures:
        base = alt.Chart(rows[rows["measure"] == measure])
        axes = {
            "x": size_axis(title="Parameters" if measure == measures[-1] else "", domain=[4e8, 2e10]),
            "y": alt.Y("value:Q", title=NAMES[measure]).scale(domain=[0, 1], nice=False).axis(tickCount=4),
        }
        lines = base.mark_line(strokeWidth=1.5, opacity=0.5).encode(**axes, color=colour)
        points = base.mark_point(filled=True, size=90).encode(
            **axes,
            color=colour.legend(symbolOpacity=1),
            shape=_origin(rows),
            tooltip=["model:N", alt.Tooltip("value:Q", format=".4f"), "origin:N"],
        )
        drawn.append((lines + points).properties(width="container", height=150))
    facts = {"cape": {"tables": list(tables)}}
    return alt.vconcat(*drawn, spacing=8).properties(description=description, usermeta=facts)


def plane(rows: pd.DataFrame, description: str, tables: Sequence[str]) -> alt.TopLevelMixin:
    """Coupling against the dimension of the representation, every model named (Fig. 7a).

    `rows` has model, coupling, d_rep and origin.
    """
    base = alt.Chart(rows)
    axes = {
        "x": alt.X("d_rep:Q", title="Dimension of the representation").scale(domain=[5, 32], nice=False),
        "y": alt.Y("coupling:Q", title="Coupling of hidden states").scale(domain=[0.7, 1], nice=False),
    }
    points = base.mark_point(filled=True, size=110, color=BLUE).encode(
        **axes,
        shape=_origin(rows),
        tooltip=["model:N", alt.Tooltip("coupling:Q", format=".3f"), alt.Tooltip("d_rep:Q", format=".1f"), "origin:N"],
    )
    middle = float(rows["d_rep"].mean())  # names point inwards, so that none is cut on a narrow screen
    side, shift = alt.expr(f"datum.d_rep < {middle} ? 'left' : 'right'"), alt.expr(f"datum.d_rep < {middle} ? 11 : -11")
    names = base.mark_text(align=side, dx=shift, baseline="middle").encode(**axes, text="model:N")
    return finish(points + names, description, tables, height=360)


def against_web(
    models: pd.DataFrame,
    curves: Mapping[str, pd.DataFrame],
    asked: pd.Series,
    description: str,
    tables: Sequence[str],
) -> alt.TopLevelMixin:
    """One panel per score: web-trained models in grey, the curve through them with its band, and the model asked about.

    `curves` maps a score to n_params, score, low, high; `models` and `asked` have model, n_params and the scores. A
    dashed line carries the model's score across, so that one can read where the curve reaches it.
    """
    drawn = []
    for score, band in curves.items():
        title = f"{benchmark_name(score)} (%)"
        last = score == list(curves)[-1]
        x = size_axis(title="Parameters" if last else "", domain=[7e7, 2e11])
        y = alt.Y("score:Q", title=title).scale(zero=False, padding=8).axis(tickCount=4)
        points = models.dropna(subset=[score]).rename(columns={score: "score"})[["model", "n_params", "score"]]
        tooltip = ["model:N", alt.Tooltip("score:Q", title=title, format=".1f")]
        cloud = alt.Chart(points).mark_point(filled=True, size=35, color=GREY, opacity=0.6)
        base = alt.Chart(band)
        mark = pd.DataFrame({"model": [asked["model"]], "n_params": [asked["n_params"]], "score": [asked[score]]})
        star = alt.Chart(mark).mark_point(filled=True, size=130, shape="diamond", color=VERMILION, opacity=1)
        layers = [
            base.mark_area(opacity=0.18, color=BLUE).encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q"),
            cloud.encode(x=x, y=y, tooltip=tooltip),
            base.mark_line(strokeWidth=2, color=BLUE).encode(x=x, y=y),
            alt.Chart(mark).mark_rule(strokeDash=[4, 3], color=VERMILION).encode(y=y),
            star.encode(x=x, y=y, tooltip=tooltip),
        ]
        drawn.append(alt.layer(*layers).properties(width="container", height=170))
    facts = {"cape": {"tables": list(tables)}}
    return alt.vconcat(*drawn, spacing=8).properties(description=description, usermeta=facts)


def equivalents(
    rows: pd.DataFrame, marked: Mapping[str, float], description: str, tables: Sequence[str]
) -> alt.TopLevelMixin:
    """Sizes with intervals on a logarithmic axis, a line per reading; named sizes as uprights.

    `rows` has reading, series, value, low, high (parameters); intervals are cut at 10M and at 1,000B.
    """
    names, readings = list(dict.fromkeys(rows["series"])), list(dict.fromkeys(rows["reading"]))
    colour = alt.Color("series:N", sort=names).scale(domain=names, range=[BLUE, GREEN, PURPLE][: len(names)])
    y, offset = alt.Y("reading:N", title=None, sort=readings).axis(labelLimit=170), alt.YOffset("series:N", sort=names)
    ends = [1e7, 1e12]
    base = alt.Chart(rows)
    scale = {"domain": ends, "clamp": True}
    bars = base.mark_rule(strokeWidth=2, opacity=0.55).encode(
        x=size_axis("low", "Size of the web-trained model", **scale), x2="high:Q", y=y, yOffset=offset, color=colour
    )
    points = base.mark_point(filled=True, size=70).encode(
        x=size_axis("value", "Size of the web-trained model", **scale),
        y=y,
        yOffset=offset,
        color=colour.legend(columns=1, symbolOpacity=1),
        shape=alt.Shape("series:N", sort=names).scale(domain=names),
        tooltip=[
            "reading:N",
            "series:N",
            *[alt.Tooltip(f"{name}:Q", format=".2s") for name in ("value", "low", "high")],
        ],
    )
    lines = pd.DataFrame({"size": list(marked.values()), "what": list(marked)})
    upright = alt.Chart(lines).encode(x=size_axis("size", "Size of the web-trained model", **scale))
    rules = upright.mark_rule(strokeWidth=1.8, strokeDash=[5, 3], color=VERMILION)
    least = min(marked.values())  # the smaller size is named to its left, the other to its right
    side = alt.expr(f"datum.size <= {least} ? 'right' : 'left'")
    shift = alt.expr(f"datum.size <= {least} ? -4 : 4")
    told = upright.mark_text(align=side, dx=shift, dy=-4, baseline="bottom").encode(y=alt.value(0), text="what:N")
    chart = alt.layer(rules, bars, points, told)
    return finish(chart, description, tables, height=(14 + 11 * len(names)) * len(readings) + 40)
