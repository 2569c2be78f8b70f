"""Charts of the audit: where two panels differ, and how the Pythia tables disagree."""

import altair as alt
import pandas as pd

from capelib.charts.theme import BLUE, BROWN, GREEN, GREY, OLIVE, PINK, PURPLE, RED, TEAL, VERMILION, finish

NAMES = {
    "hellaswag": "HellaSwag",
    "truthfulqa": "TruthfulQA",
    "arc_challenge": "ARC-C",
    "winogrande": "WinoGrande",
    "mmlu": "MMLU",
}
CELL_TOOLTIP = [
    alt.Tooltip("model:N"),
    alt.Tooltip("benchmark:N"),
    alt.Tooltip("released_pct:Q", title="released (%)", format=".2f"),
    alt.Tooltip("measured_pct:Q", title="leaderboard (%)", format=".2f"),
    alt.Tooltip("difference:Q", title="difference (points)", format="+.2f"),
    alt.Tooltip("source:N", title="source named by the authors"),
]
COLOURS = [BLUE, VERMILION, GREEN, PURPLE, OLIVE, BROWN, PINK, TEAL, RED]
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]


def difference_strip(cells: pd.DataFrame, small: float, large: float, description: str) -> alt.TopLevelMixin:
    """Every compared cell as a mark at its difference (points), one row per benchmark.

    `cells` as in ``Differences.cells``; `small` and `large` are the tolerances that colour and shape tell apart.
    """
    classes = [f"up to {small:g}", f"up to {large:g}", f"above {large:g}"]
    size = cells["difference"].abs()
    shown = cells.assign(
        benchmark=cells["score"].map(NAMES),
        apart=[classes[(value > small) + (value > large)] for value in size],
    )
    colour = alt.Scale(domain=classes, range=[GREY, BLUE, VERMILION])
    shape = alt.Scale(domain=classes, range=["circle", "square", "triangle-up"])
    points = (
        alt.Chart(shown)
        .mark_point(filled=True, size=60, opacity=0.7)
        .encode(
            x=alt.X("difference:Q", title="released minus leaderboard (points)", scale=alt.Scale(padding=12)),
            y=alt.Y("benchmark:N", title=None, sort=list(NAMES.values())),
            yOffset=alt.YOffset("jitter:Q"),
            color=alt.Color("apart:N", scale=colour, legend=alt.Legend(title="points apart", columns=3)),
            shape=alt.Shape("apart:N", scale=shape, legend=alt.Legend(title="points apart", columns=3)),
            tooltip=CELL_TOOLTIP,
        )
    )
    # spread a benchmark's marks over its row in the order of the table, so that equal ones do not hide each other
    points = points.transform_window(jitter="row_number()", groupby=["benchmark"])
    zero = alt.Chart(pd.DataFrame({"zero": [0]})).mark_rule(strokeDash=[4, 3]).encode(x="zero:Q")
    return finish(zero + points, description, ["panel_released", "panel_leaderboard"], height=300)


def difference_map(cells: pd.DataFrame, large: float, description: str) -> alt.TopLevelMixin:
    """Differences (points) by model and benchmark, for the models of `cells`; the number stands in the cell.

    The colour saturates at three times `large`, so that one gross cell does not pale all others.
    """
    models = cells.groupby("model", sort=False)["difference"].apply(lambda each: each.abs().max())
    order = models.sort_values(ascending=False).index.tolist()
    shown = cells.assign(benchmark=cells["score"].map(NAMES))
    end = 3 * large
    # ends light enough for the dark number in the cell
    scale = alt.Scale(domain=[-end, 0, end], range=["#5d97d6", "#dfe3e8", VERMILION], clamp=True, interpolate="rgb")
    base = alt.Chart(shown).encode(
        x=alt.X("benchmark:N", title=None, sort=list(NAMES.values()), axis=alt.Axis(orient="top", labelAngle=-30)),
        y=alt.Y("model:N", title=None, sort=order),
        tooltip=CELL_TOOLTIP,
    )
    cell = base.mark_rect(stroke="#8a93a0", strokeWidth=0.5).encode(
        color=alt.Color(
            "difference:Q", scale=scale, legend=alt.Legend(title=f"points; full beyond ±{end:g}", gradientLength=160)
        )
    )
    text = base.mark_text(color="#15181c", fontSize=11).encode(text=alt.Text("difference:Q", format="+.1f"))
    text = text.transform_filter("abs(datum.difference) >= 0.05")  # a zero needs no number
    return finish(cell + text, description, ["panel_released", "panel_leaderboard"], height=60 + 20 * len(order))


def pythia_paths(tables: pd.DataFrame, description: str) -> alt.TopLevelMixin:
    """TruthfulQA against HellaSwag along the sizes of every table; a click on the legend brings one forward.

    `tables` has table (the name to show), model, n_params, hellaswag and truthfulqa in percent, and source.
    """
    names = list(dict.fromkeys(tables["table"]))
    chosen = alt.selection_point(fields=["table"], bind="legend")
    dim = {"condition": {"param": chosen.name, "value": 0.95}, "value": 0.12}
    legend = alt.Legend(columns=1, labelLimit=300)
    shape = alt.Scale(domain=names, range=(SHAPES * 2)[: len(names)])
    base = alt.Chart(tables).encode(
        x=alt.X("hellaswag:Q", title="HellaSwag (%)", scale=alt.Scale(zero=False, padding=12)),
        y=alt.Y("truthfulqa:Q", title="TruthfulQA (%)", scale=alt.Scale(zero=False, padding=12)),
        color=alt.Color("table:N", scale=alt.Scale(domain=names, range=COLOURS[: len(names)]), legend=legend),
        opacity=alt.Opacity(**dim),
        order="n_params:Q",
    )
    points = base.mark_point(filled=True, size=70).encode(
        shape=alt.Shape("table:N", scale=shape, legend=legend),
        tooltip=[
            alt.Tooltip("model:N"),
            alt.Tooltip("table:N"),
            alt.Tooltip("hellaswag:Q", title="HellaSwag (%)", format=".2f"),
            alt.Tooltip("truthfulqa:Q", title="TruthfulQA (%)", format=".2f"),
            alt.Tooltip("source:N"),
        ],
    )
    return finish((base.mark_line() + points).add_params(chosen), description, ["panel_pythia_variants"], height=400)


def variant_plane(cells: pd.DataFrame, anchors: pd.DataFrame, description: str) -> alt.TopLevelMixin:
    """Released TruthfulQA against the leaderboard's MC2, with the diagonal, and MC1 of the models that have one.

    `cells` are the TruthfulQA cells of ``Differences.cells``; `anchors` as in ``Variant.anchors``.
    """
    low, high = min(cells["released_pct"].min(), anchors["mc1"].min()), cells["measured_pct"].max()
    ends = pd.DataFrame({"x": [low, high], "y": [low, high]})
    diagonal = alt.Chart(ends).mark_line(color=GREY, strokeDash=[4, 3]).encode(x="x:Q", y="y:Q")
    points = (
        alt.Chart(cells.assign(benchmark="TruthfulQA"))
        .mark_point(filled=True, size=60)
        .encode(
            x=alt.X("measured_pct:Q", title="leaderboard, MC2 (%)", scale=alt.Scale(zero=False, padding=12)),
            y=alt.Y("released_pct:Q", title="released (%)", scale=alt.Scale(zero=False, padding=12)),
            color=alt.Color("source:N", legend=alt.Legend(columns=1, labelLimit=260)),
            shape=alt.Shape("source:N", legend=alt.Legend(columns=1, labelLimit=260)),
            tooltip=CELL_TOOLTIP,
        )
    )
    known = alt.Chart(anchors.assign(name=anchors["model"] + ", MC1")).encode(x="mc2:Q", y="mc1:Q")
    mark = known.mark_point(shape="cross", size=120, color=VERMILION, filled=True).encode(
        tooltip=[
            alt.Tooltip("model:N"),
            alt.Tooltip("mc1:Q", title="MC1 (%)", format=".1f"),
            alt.Tooltip("mc2:Q", title="MC2 (%)", format=".1f"),
            alt.Tooltip("source:N"),
        ]
    )
    label = known.mark_text(dy=-14, align="center").encode(text="name:N")
    return finish(diagonal + points + mark + label, description, ["panel_released", "panel_leaderboard"], height=360)
