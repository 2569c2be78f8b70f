"""One look for every chart: colours, shapes, axes, and the facts that go with a figure.

All colours have a contrast of at least 3:1 on white and on the book's dark background, and stay apart for
colour-blind readers; where two could be confused, shape or label says the same thing again.
"""

from collections.abc import Iterable, Sequence

import altair as alt

BLUE, VERMILION, GREEN, PURPLE, TEAL = "#3b7dc4", "#d55e00", "#1f9950", "#a65fc0", "#0e93a0"
PINK, OLIVE, BROWN, RED, INDIGO, GREY = "#dd5597", "#94851c", "#ab6d3b", "#e0474c", "#6f6ee8", "#7d8590"

# Phases: colour and shape say the same.
PHASE_COLOUR = {"tax": VERMILION, "transition": GREY, "bonus": BLUE, "undefined": OLIVE}
PHASE_SHAPE = {"tax": "triangle-down", "transition": "circle", "bonus": "triangle-up", "undefined": "cross"}

# One colour per family on every page. Families not named here are drawn in grey and told apart by tooltip.
FAMILY_COLOUR = {
    "Pythia": BLUE,
    "OPT": VERMILION,
    "BLOOM": GREEN,
    "Cerebras-GPT": PURPLE,
    "GPT-Neo": TEAL,
    "GPT-Neo/J": TEAL,
    "Falcon": BROWN,
    "Llama": PINK,
    "Llama-1": PINK,
    "Llama-2": RED,
    "Llama-3": "#c0392b",
    "OLMo": OLIVE,
    "OLMo-2": OLIVE,
    "Mixtral": "#b0567a",
    "Qwen2.5": INDIGO,
    "Qwen1.5": INDIGO,
    "Phi": "#8a6d5a",
    "Gemma": "#2c8f7b",
    "GPT-2": "#b0772a",
    "Gemma-2": "#5b9332",
    "H2O-Danube": "#c2664a",
    "Llama-3.1": "#c75b8f",
    "OpenLlama": "#4a86a8",
    "Qwen": "#8f78d8",
    "Qwen2": "#5a83e0",
    "RWKV": "#a08a10",
    "SmolLM": "#d1603d",
    "StableLM": "#3f948a",
    "XGLM": "#9a6aa8",
    "Yi-1.5": "#7b8f3a",
}

MODEL_SIZES = (70e6, 160e6, 410e6, 1e9, 2.8e9, 7e9, 13e9, 30e9, 70e9, 176e9)
SIZE_LABEL = "datum.value >= 1e9 ? format(datum.value / 1e9, '~r') + 'B' : format(datum.value / 1e6, '~r') + 'M'"
HEIGHT = 320


@alt.theme.register("cape", enable=False)
def _theme() -> alt.theme.ThemeConfig:
    ink = "#646b75"  # readable on both backgrounds where no style sheet takes over
    text = {"labelColor": ink, "titleColor": ink, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": 500}
    return {
        "config": {
            "background": "transparent",
            "font": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
            "view": {"stroke": None, "continuousHeight": HEIGHT, "continuousWidth": 600},
            "axis": {
                **text,
                "grid": True,
                "gridColor": "#8a93a0",
                "gridOpacity": 0.25,
                "domainColor": "#8a93a0",
                "tickColor": "#8a93a0",
                "titlePadding": 8,
            },
            # a legend above the plot leaves a narrow screen its width
            "legend": {**text, "orient": "top", "columns": 4, "symbolSize": 80, "labelLimit": 220, "title": None},
            "header": text,
            "title": {"color": ink, "anchor": "start", "fontSize": 14, "fontWeight": 600},
            "text": {"color": ink, "fontSize": 12},
            "rule": {"color": GREY},
            "range": {"category": [BLUE, VERMILION, GREEN, PURPLE, TEAL, PINK, OLIVE, BROWN, RED, INDIGO]},
            "mark": {"color": BLUE},
            "point": {"filled": True, "size": 65, "opacity": 0.95},
            "line": {"strokeWidth": 2},
        }
    }


def enable() -> None:
    """Make this theme the one Altair uses."""
    alt.theme.enable("cape")


def finish(
    chart: alt.TopLevelMixin, description: str, tables: Sequence[str] = (), height: int | None = None
) -> alt.TopLevelMixin:
    """A chart ready for the book: as wide as its column, with its description and the tables it draws.

    The description says what one sees; it becomes the alternative text and the caption. `tables` are file
    stems of bundled tables, to which the figure links. Works for single and layered charts.
    """
    facts = {"cape": {"tables": list(tables)}}
    return chart.properties(width="container", height=height or HEIGHT, description=description, usermeta=facts)


def size_axis(field: str = "n_params", title: str = "Parameters", **scale: object) -> alt.X:
    """A logarithmic size axis labelled with sizes that models have: 70M, 1B, 13B."""
    axis = alt.Axis(values=list(MODEL_SIZES), labelExpr=SIZE_LABEL, labelOverlap="greedy", labelFlush=False)
    return alt.X(f"{field}:Q", title=title, scale=alt.Scale(type="log", nice=False, **scale), axis=axis)


def family_colour(families: Iterable[str], field: str = "family", **legend: object) -> alt.Color:
    """The colour channel for families: the same colour for a family on every page."""
    names = list(dict.fromkeys(families))
    scale = alt.Scale(domain=names, range=[FAMILY_COLOUR.get(name, GREY) for name in names])
    return alt.Color(f"{field}:N", scale=scale, legend=alt.Legend(symbolOpacity=1, **legend))


def phase_colour(field: str = "phase") -> alt.Color:
    """The colour channel for phases; use it together with `phase_shape`."""
    return alt.Color(f"{field}:N", scale=alt.Scale(domain=list(PHASE_COLOUR), range=list(PHASE_COLOUR.values())))


def phase_shape(field: str = "phase") -> alt.Shape:
    """The shape channel for phases; use it together with `phase_colour`."""
    return alt.Shape(f"{field}:N", scale=alt.Scale(domain=list(PHASE_SHAPE), range=list(PHASE_SHAPE.values())))
