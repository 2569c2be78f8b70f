"""Charts of what is inside a model: couplings by layer and head with their nulls, and the output map."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from capelib.charts.theme import BLUE, GREEN, GREY, PURPLE, TEAL, VERMILION, family_colour, finish, size_axis

LEAST_SPAN = 0.02  # of an axis of cosines
FOUR = alt.Tooltip("coupling:Q", format=".4f")
MAPS = [VERMILION, GREY, GREEN, BLUE, PURPLE, TEAL]  # the two sets, both nulls, three released models
BANDS = {"neutral": (GREY, "neutral prompts"), "shuffled": (GREEN, "labels shuffled")}


def by_layer(
    measures: dict[str, pd.DataFrame], description: str, tables: Sequence[str], ideal: float | None = None
) -> alt.TopLevelMixin:
    """Coupling of every layer with the spread over prompts, above bands of its two nulls; one row per measure.

    `measures` maps a title to rows with layer, value, low, high, and low and high of both nulls (95 %).
    """
    rows = []
    for place, (title, rows_of) in enumerate(measures.items()):
        last = place == len(measures) - 1
        x = alt.X("layer:Q", title="layer" if last else "").axis(tickMinStep=1, format="d").scale(nice=False)
        y_title = f"coupling, {title}"
        bands = pd.concat([
            rows_of[["layer"]].assign(low=rows_of[f"{name}_low"], high=rows_of[f"{name}_high"], what=words)
            for name, (_, words) in BANDS.items()
        ])  # fmt: skip
        names = ["the two sets", *(words for _, words in BANDS.values())]
        colour = alt.Color("what:N", legend=alt.Legend(symbolOpacity=1))  # else the swatch is as faint as the band
        colour = colour.scale(domain=names, range=[VERMILION, *(c for c, _ in BANDS.values())])
        scale = alt.Scale(zero=False, domainMax=1, nice=False)
        band = (
            alt.Chart(bands)
            .mark_area(opacity=0.3)
            .encode(x=x, y=alt.Y("low:Q", title=y_title, scale=scale), y2="high:Q", color=colour)
        )
        ours = alt.Chart(rows_of.assign(what="the two sets"))
        spread = ours.mark_rule(strokeWidth=1.5, opacity=0.6).encode(x=x, y="low:Q", y2="high:Q", color=colour)
        tooltip = [
            alt.Tooltip("layer:Q"),
            *(alt.Tooltip(f"{n}:Q", format=".3f") for n in ("value", "low", "high", "p")),
        ]
        points = ours.mark_line(point=alt.OverlayMarkDef(filled=True, size=45), strokeWidth=1.5).encode(
            x=x, y=alt.Y("value:Q", scale=scale), color=colour, tooltip=tooltip
        )
        rows.append(alt.layer(band, spread, points).properties(width="container", height=170))
    facts = {"cape": {"tables": list(tables)}}
    return alt.vconcat(*rows, spacing=10).properties(description=description, usermeta=facts)


def heads(table: pd.DataFrame, description: str, tables: Sequence[str]) -> alt.TopLevelMixin:
    """Every head as a point at its layer, coloured by what the paper's rule says, beside itself on neutral prompts.

    `table` has layer, head, cosine (mean over pairs), prompts (the two sets, neutral), competing (true or false).
    """
    neutral = table["prompts"].eq("neutral")
    kind = table["competing"].map({True: "competing", False: "not competing"}).where(~neutral, "neutral prompts")
    drawn = table.assign(kind=kind, at=table["layer"] + 0.4 * neutral)
    names = ["not competing", "competing", "neutral prompts"]
    x = alt.X("at:Q", title="layer").axis(tickMinStep=1, format="d").scale(nice=False, padding=8)
    points = (
        alt.Chart(drawn)
        .mark_point(filled=True, size=36, opacity=0.65)
        .encode(
            x=x,
            y=alt.Y("cosine:Q", title="mean cosine between the sets").scale(domain=[-1, 1]),
            color=alt.Color("kind:N").scale(domain=names, range=[BLUE, VERMILION, GREY]),
            shape=alt.Shape("kind:N").scale(domain=names, range=["circle", "triangle-down", "square"]),
            tooltip=["layer:Q", "head:Q", "kind:N", alt.Tooltip("cosine:Q", format=".3f")],
        )
    )
    zero = alt.Chart(pd.DataFrame({"cosine": [0.0]})).mark_rule(color=GREY, strokeDash=[3, 3]).encode(y="cosine:Q")
    return finish(alt.layer(zero, points), description, tables)


def positive_control(table: pd.DataFrame, description: str, tables: Sequence[str]) -> alt.TopLevelMixin:
    """Share of heads in which the rule fires by how far the sets are pushed apart; columns strength, way, share."""
    names = list(dict.fromkeys(table["way"]))
    lines = (
        alt.Chart(table)
        .mark_line(point=alt.OverlayMarkDef(filled=True, size=60))
        .encode(
            x=alt.X("strength:Q", title="distance of the sets from the middle, in widths of the cloud of prompts")
            .scale(type="log", base=2, nice=False, padding=10)
            .axis(values=sorted(set(table["strength"]))),
            y=alt.Y("share:Q", title="heads called competing").scale(domain=[0, 1]).axis(format="%"),
            color=alt.Color("way:N").scale(domain=names, range=[VERMILION, BLUE, PURPLE][: len(names)]),
            shape=alt.Shape("way:N").scale(domain=names),
            tooltip=["way:N", "strength:Q", alt.Tooltip("share:Q", format=".1%")],
        )
    )
    return finish(lines, description, tables, height=240)


def cooperative(counts: pd.DataFrame, bars: pd.DataFrame, description: str, tables: Sequence[str]) -> alt.TopLevelMixin:
    """Share of cooperative heads by family (Fig. 5): the figure's labels as ticks, everything else as points.

    `counts` has model, family, measure, pct_cooperative, n_competing: the released files, and a model measured here
    under its own name, for the two sets and for neutral prompts; `bars` has family, models and share.
    """
    order = [*bars["family"], *(name for name in dict.fromkeys(counts["family"]) if name not in set(bars["family"]))]
    y = alt.Y("family:N", title=None, sort=order).axis(labelLimit=130)
    x = alt.X("pct_cooperative:Q", title="heads called cooperative, %").scale(domain=[0, 102], nice=False)
    names = list(dict.fromkeys(counts["measure"]))
    colours = [BLUE, GREEN, TEAL, PURPLE, VERMILION, GREY][-len(names) :]
    ticks = (
        alt.Chart(bars.rename(columns={"share": "pct_cooperative"}))
        .mark_tick(color=GREY, thickness=3, size=20)
        .encode(x=x, y=y, tooltip=["family:N", alt.Tooltip("models:Q"), alt.Tooltip("pct_cooperative:Q", format=".0f")])
    )
    points = (
        alt.Chart(counts)
        .mark_point(filled=True, size=65, opacity=0.85)
        .encode(
            x=x,
            y=y,
            yOffset=alt.YOffset("measure:N"),
            color=alt.Color("measure:N", legend=alt.Legend(columns=2, labelLimit=300)).scale(
                domain=names, range=colours
            ),
            shape=alt.Shape("measure:N").scale(domain=names),
            tooltip=["model:N", "measure:N", alt.Tooltip("pct_cooperative:Q", format=".1f"), "n_competing:Q"],
        )
    )
    return finish(alt.layer(ticks, points), description, tables, height=30 * len(order) + 40)


def profiles(
    released: pd.DataFrame, measured: pd.DataFrame, name: str, description: str, tables: Sequence[str]
) -> alt.TopLevelMixin:
    """Couplings over relative depth: a thin line per released model, a thick one for the model `name` with its null.

    `released` has model, family, line, measure, depth (0 to 1) and coupling; `measured` depth, coupling, low and high
    (spread over prompts), neutral_low and neutral_high (95 % of neutral prompts).
    """
    x = alt.X("depth:Q", title="depth: first to last layer").scale(nice=False).axis(format="%")
    scale = alt.Scale(zero=False, padding=8)
    y, low = (alt.Y(f"{name}:Q", title="coupling of the layer", scale=scale) for name in ("coupling", "neutral_low"))
    chosen = alt.selection_point(fields=["family"], bind="legend")
    lines = (
        alt.Chart(released)
        .mark_line(strokeWidth=1.4)
        .encode(
            x=x,
            y=y,
            detail="line:N",
            color=family_colour(released["family"], columns=3),
            opacity=alt.condition(chosen, alt.value(0.8), alt.value(0.12)),
            tooltip=["model:N", "measure:N", alt.Tooltip("depth:Q", format=".0%"), FOUR],
        )
        .add_params(chosen)
    )
    kinds = [f"{name}, the two sets", f"{name}, neutral prompts"]
    own = alt.Color("what:N", legend=alt.Legend(columns=1, symbolOpacity=1)).scale(
        domain=kinds, range=[VERMILION, GREY]
    )
    live = measured.assign(what=kinds[0])
    band = (
        alt.Chart(measured.assign(what=kinds[1]))
        .mark_area(opacity=0.35)
        .encode(x=x, y=low, y2="neutral_high:Q", color=own)
    )
    spread = alt.Chart(live).mark_rule(strokeWidth=1.5, opacity=0.6).encode(x=x, y="low:Q", y2="high:Q", color=own)
    line = (
        alt.Chart(live)
        .mark_line(strokeWidth=3)
        .encode(x=x, y=y, color=own, tooltip=[alt.Tooltip("depth:Q", format=".0%"), FOUR])
    )
    both = alt.layer(alt.layer(lines), alt.layer(band, spread, line)).resolve_scale(color="independent")
    return finish(both, description, tables, height=300)


def plane(released: pd.DataFrame, measured: pd.DataFrame, description: str, tables: Sequence[str]) -> alt.TopLevelMixin:
    """Coupling against the dimension of the representation (Fig. 7a): released models, and one model measured here.

    `released` has model, d_rep, coupling; `measured` what (a series of prompts), n (how many), d_rep and coupling, with
    low and high of either (`d_low`, `d_high`, `low`, `high`): one path per series, a point per number of prompts.
    """
    x = alt.X("d_rep:Q", title="dimension of the representation").scale(nice=False, zero=True, padding=20)
    y = alt.Y("coupling:Q", title="coupling of hidden states").scale(zero=False, nice=False, padding=12)
    base = alt.Chart(released.assign(what="released"))
    names = ["released", *dict.fromkeys(measured["what"])]
    colour = alt.Color("what:N", legend=alt.Legend(columns=1, labelLimit=340)).scale(
        domain=names, range=[BLUE, VERMILION, GREY, GREEN][: len(names)]
    )
    shape = alt.Shape("what:N").scale(domain=names)
    points = base.mark_point(filled=True, size=90).encode(
        x=x, y=y, color=colour, shape=shape, tooltip=["model:N", FOUR, alt.Tooltip("d_rep:Q", format=".1f")]
    )
    here = alt.Chart(measured)
    tooltip = ["what:N", alt.Tooltip("n:Q", title="prompts"), FOUR, alt.Tooltip("d_rep:Q", format=".1f")]
    across = here.mark_rule(opacity=0.6).encode(x="d_low:Q", x2="d_high:Q", y="coupling:Q", color=colour)
    up = here.mark_rule(opacity=0.6).encode(x="d_rep:Q", y="low:Q", y2="high:Q", color=colour)
    path = here.mark_line(strokeDash=[4, 3], strokeWidth=1.2).encode(x=x, y=y, color=colour, order="n:Q")
    dots = here.mark_point(filled=True, size=90).encode(x=x, y=y, color=colour, shape=shape, tooltip=tooltip)
    middle = float(released["d_rep"].mean())  # names point inwards, so that none is cut on a narrow screen
    side, shift = alt.expr(f"datum.d_rep < {middle} ? 'left' : 'right'"), alt.expr(f"datum.d_rep < {middle} ? 11 : -11")
    text = base.mark_text(align=side, dx=shift, baseline="middle").encode(x=x, y=y, text="model:N")
    return finish(alt.layer(across, up, path, points, text, dots), description, tables, height=340)


def by_size(
    results: pd.DataFrame, description: str, tables: Sequence[str] = (), width: int | str = "container"
) -> alt.TopLevelMixin:
    """Couplings of several models by size, a line per family: the two sets, and the neutral prompts of the same model.

    `results` has model, family, n_params, depth (early, mid, late), kind (the two sets, neutral prompts), coupling.
    """
    names = list(dict.fromkeys(results["family"]))
    colour = alt.Color("family:N").scale(domain=names, range=[BLUE, VERMILION, GREEN, PURPLE, TEAL, GREY])
    kinds, rows = ["the two sets", "neutral prompts"], []
    depths = list(dict.fromkeys(results["depth"]))
    for depth in depths:
        part = results[results["depth"] == depth]
        top, low = float(part["coupling"].max()), float(part["coupling"].min())
        span = max(LEAST_SPAN, 1.1 * (top - low))  # so that rounding does not fill the chart
        middle = (top + low) / 2
        domain = [middle - span / 2, min(1.0, middle + span / 2)]
        base = alt.Chart(part)
        encoded = {
            "x": size_axis(title="Parameters" if depth == depths[-1] else "", padding=20),
            "y": alt.Y("coupling:Q", title=f"coupling, {depth}").scale(domain=domain, nice=False),
            "color": colour,
        }
        dash = alt.StrokeDash("kind:N", legend=None).scale(domain=kinds, range=[[1, 0], [5, 4]])
        shape = alt.Shape("kind:N").scale(domain=kinds, range=["circle", "square"])
        lines = base.mark_line().encode(**encoded, strokeDash=dash)
        filled = alt.condition("datum.kind == 'the two sets'", alt.value(1), alt.value(0))
        points = base.mark_point(size=70, strokeWidth=2).encode(
            **encoded, shape=shape, fillOpacity=filled,
            fill=colour, tooltip=["model:N", "kind:N", FOUR],
        )  # fmt: skip
        rows.append(alt.layer(lines, points).properties(width=width, height=150))
    return alt.vconcat(*rows, spacing=10).properties(
        description=description, usermeta={"cape": {"tables": list(tables)}}
    )
