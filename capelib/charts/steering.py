"""Charts of steering: whether truth can be read, what a push does at every dose beside its controls, what changes."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from capelib.charts.theme import BLUE, GREEN, GREY, PURPLE, TEAL, VERMILION, finish

LAYERS = [BLUE, VERMILION, GREEN, PURPLE, TEAL]
NOISE = "Gaussian directions"
OUTCOMES = {
    "mc1": ("right on MC1", "%"),
    "mc2": ("MC2", "%"),
    "right": ("completions right", "%"),
    "perplexity": ("perplexity, ratio", ".2f"),
}


def readable(table: pd.DataFrame, description: str, tables: Sequence[str]) -> alt.TopLevelMixin:
    """Share of held-out pairs told right by layer, with its spread, above the null of permuted labels.

    `table` is the frame of `capelib.steering.readable.by_layer`.
    """
    x = alt.X("layer:Q", title="layer").axis(tickMinStep=1, format="d").scale(nice=False)
    scale = alt.Scale(zero=False, nice=False, padding=8)
    title = "pairs told right"
    names = ["true against false", "permuted labels"]
    colour = alt.Color("what:N", legend=alt.Legend(symbolOpacity=1)).scale(domain=names, range=[VERMILION, GREY])
    band = (
        alt.Chart(table.assign(what=names[1]))
        .mark_area(opacity=0.35)
        .encode(x=x, y=alt.Y("null_low:Q", title=title, scale=scale).axis(format="%"), y2="null_high:Q", color=colour)
    )
    ours = alt.Chart(table.assign(what=names[0]))
    spread = ours.mark_rule(opacity=0.6, strokeWidth=1.5).encode(x=x, y="low:Q", y2="high:Q", color=colour)
    tooltip = ["layer:Q", *(alt.Tooltip(f"{name}:Q", format=".3f") for name in ("paired", "low", "high", "auc", "p"))]
    line = ours.mark_line(point=alt.OverlayMarkDef(filled=True, size=45), strokeWidth=1.5).encode(
        x=x, y=alt.Y("paired:Q", title=title, scale=scale).axis(format="%"), color=colour, tooltip=tooltip
    )
    return finish(alt.layer(band, spread, line), description, tables, height=260)


def layers(table: pd.DataFrame, description: str, tables: Sequence[str]) -> alt.TopLevelMixin:
    """The same push at every layer: questions corrected and broken, then the change of MC2 beside its controls.

    `table` is the frame of `capelib.steering.measured.by_layer`.
    """
    x = alt.X("layer:Q", title="layer").axis(tickMinStep=1, format="d").scale(nice=False, padding=10)
    own, null = table[table["kind"] == "truth"], table[table["kind"] == "permuted labels"]
    names = ["corrected", "broken", "truth direction", "permuted labels"]
    colour = alt.Color("what:N", legend=alt.Legend(columns=2, symbolOpacity=1)).scale(
        domain=names, range=[BLUE, VERMILION, GREEN, GREY]
    )
    sides = pd.concat([
        own.assign(what="corrected", questions=own["corrected"]), own.assign(what="broken", questions=-own["broken"]),
    ])  # fmt: skip
    counted = [*(f"{name}:Q" for name in ("layer", "corrected", "broken")), alt.Tooltip("mc1_change:Q", format="+.1f")]
    bars = (
        alt.Chart(sides)
        .mark_bar(size=9)
        .encode(x=x, y=alt.Y("questions:Q", title="questions").axis(tickMinStep=1), color=colour, tooltip=counted)
    )
    title = "change of MC2, points"
    y = alt.Y("mc2_change:Q", title=title).scale(zero=False, nice=False, padding=8)
    tooltip = ["layer:Q", *(alt.Tooltip(f"{name}:Q", format="+.2f") for name in ("mc2_change", "mc2_low", "mc2_high"))]
    exact = alt.Chart(own.assign(what=names[2]))
    strokes = alt.Chart(null.assign(what=names[3])).mark_tick(orient="horizontal", size=9, thickness=1.5)
    change = alt.layer(
        alt.Chart(pd.DataFrame({"zero": [0]})).mark_rule(color=GREY, strokeDash=[3, 3]).encode(y="zero:Q"),
        strokes.encode(x=x, y=y, color=colour, tooltip=["draw:Q", *tooltip[:2]]),
        exact.mark_rule(strokeWidth=1.5, opacity=0.6).encode(
            x=x, y=alt.Y("mc2_low:Q", title=title), y2="mc2_high:Q", color=colour
        ),
        exact.mark_point(filled=True, size=45, opacity=1).encode(x=x, y=y, color=colour, tooltip=tooltip),
    )
    rows = [each.properties(width="container", height=height) for each, height in ((bars, 140), (change, 200))]
    facts = {"cape": {"tables": list(tables)}}
    return alt.vconcat(*rows, spacing=10).properties(description=description, usermeta=facts)


def dose(
    cells: pd.DataFrame, description: str, tables: Sequence[str] = (), width: int | str = "container"
) -> alt.TopLevelMixin:
    """What a push does by strength: a line per layer, its controls as strokes in its colour, a row per outcome.

    `cells` is the frame `Results.cells`: kind (plain, truth, permuted labels, Gaussian), draw, layer, strength, and the
    outcomes mc1, mc2, right, perplexity. The plain model is strength 0 of every layer. Strokes are directions on
    permuted labels; Gaussian directions, at one layer alone, are grey crosses.
    """
    truth = cells[cells["kind"] == "truth"]
    plain = cells[cells["kind"] == "plain"]
    layers = sorted(truth["layer"].unique())
    start = pd.concat([plain.assign(layer=layer) for layer in layers])
    lines = pd.concat([start, truth]).assign(series=lambda rows: [f"layer {layer}" for layer in rows["layer"]])
    noise = cells[cells["kind"] == "Gaussian"].assign(series=NOISE)
    permuted = cells[cells["kind"] == "permuted labels"]
    permuted = permuted.assign(series=[f"layer {layer}" for layer in permuted["layer"]])
    names = [*(f"layer {layer}" for layer in layers), *([NOISE] if len(noise) else [])]
    colours = [LAYERS[i % len(LAYERS)] for i in range(len(layers))] + [GREY] * bool(len(noise))
    shapes = ["circle"] * len(layers) + ["cross"] * bool(len(noise))
    colour = alt.Color("series:N", legend=alt.Legend(columns=3, symbolOpacity=1)).scale(domain=names, range=colours)
    shape = alt.Shape("series:N").scale(domain=names, range=shapes)
    rows = []
    shown = [name for name in OUTCOMES if name in cells and truth[name].notna().any()]
    for name in shown:
        title, form = OUTCOMES[name]
        x = alt.X("strength:Q", title="strength, in spreads of the layer" if name == shown[-1] else "").scale(
            padding=10
        )
        y = alt.Y(f"{name}:Q", title=title).scale(zero=False, nice=False, padding=8).axis(format=form, tickCount=4)
        tooltip = ["kind:N", "layer:Q", "strength:Q", alt.Tooltip(f"{name}:Q", format=".3f")]
        # an invisible row for data that a chart without controls lacks would trip readers of the picture
        marks = []
        if permuted[name].notna().any():
            strokes = alt.Chart(permuted[permuted[name].notna()]).mark_tick(orient="horizontal", size=14, thickness=1.5)
            marks.append(strokes.encode(x=x, y=y, color=colour, tooltip=tooltip))
        if noise[name].notna().any():
            crosses = alt.Chart(noise[noise[name].notna()]).mark_point(filled=True, size=45, opacity=0.8)
            marks.append(crosses.encode(x=x, y=y, color=colour, shape=shape, tooltip=tooltip))
        own = alt.Chart(lines[lines[name].notna()])
        marks += [
            own.mark_line(strokeWidth=1.5).encode(x=x, y=y, color=colour, order="strength:Q"),
            own.mark_point(filled=True, size=50, opacity=1).encode(
                x=x, y=y, color=colour, shape=shape, tooltip=tooltip
            ),
            alt.Chart(plain).mark_rule(color=GREY, strokeDash=[3, 3]).encode(y=alt.Y(f"mean({name}):Q", title=title)),
        ]
        rows.append(alt.layer(*marks).properties(width=width, height=150))
    facts = {"cape": {"tables": list(tables)}}
    return alt.vconcat(*rows, spacing=10).properties(description=description, usermeta=facts)
