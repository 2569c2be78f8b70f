"""Charts of loss and gradients: Fig. 2 redrawn, the search for a kink, and what it could have found."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from capelib.charts.theme import BLUE, GREEN, GREY, PURPLE, VERMILION, family_colour, finish, size_axis

SERIES_COLOURS = (BLUE, VERMILION, GREEN, PURPLE)
SERIES_SHAPES = ("circle", "square", "diamond", "triangle-up")
QUANTITY_COLOUR = {"validation loss": BLUE, "gradient norm": VERMILION, "TruthfulQA": GREEN}


def against_size(
    points: pd.DataFrame,
    value: str,
    y_title: str,
    description: str,
    tables: Sequence[str],
    interval: tuple[float, float] | None = None,
    band: pd.DataFrame | None = None,
    lines: pd.DataFrame | None = None,
    level: float | None = None,
    log: bool = False,
    digits: str = ".3f",
    ticks: Sequence[float] | None = None,
) -> alt.TopLevelMixin:
    """Any quantity against model size, with the critical scale's interval shaded.

    `points` has series, model, n_params and `value`; `band` n_params, low, high; `lines` series, n_params and `value`;
    `interval` is in parameters; `level` draws a horizontal line. `log` makes the upright axis logarithmic, and `ticks`
    labels it there.
    """
    # a logarithmic axis has no zero to leave out, and Vega says so
    scale = {"type": "log", "nice": False} if log else {"zero": False}
    y = alt.Y(f"{value}:Q", title=y_title).scale(alt.Scale(padding=14, **scale))
    y = y.axis(values=list(ticks)) if ticks else y
    layers = [_shade(interval)] if interval else []
    if band is not None:
        shape = alt.Chart(band).mark_area(opacity=0.16, color=BLUE)
        layers.append(shape.encode(x=size_axis(), y=alt.Y("low:Q", title=y_title), y2="high:Q"))
    if level is not None:
        rule = alt.Chart(pd.DataFrame({value: [level]})).mark_rule(color=GREY, strokeDash=[4, 3])
        layers.append(rule.encode(y=alt.Y(f"{value}:Q")))
    colour, shape = _series(points["series"])
    if lines is not None:
        drawn = alt.Chart(lines).mark_line(strokeWidth=1.8)
        layers.append(drawn.encode(x=size_axis(), y=y, color=colour, detail=alt.Detail(_detail(lines))))
    tooltip = _tooltip(points, ["series", "model"], {"n_params": ".3s", value: digits})
    marks = alt.Chart(points).mark_point(filled=True, size=70)
    layers.append(marks.encode(x=size_axis(), y=y, color=colour, shape=shape, tooltip=tooltip))
    return finish(alt.layer(*layers), description, tables)


def against_loss(
    points: pd.DataFrame, lines: pd.DataFrame, description: str, tables: Sequence[str], named: str
) -> alt.TopLevelMixin:
    """Gradient norm against loss, both logarithmic, the model `named` labelled.

    `points` has series, model, loss, grad_norm; `lines` the same without model.
    """
    x = alt.X("loss:Q", title="Loss (nats)").scale(type="log", nice=False, padding=14)
    x = x.axis(values=[2.4, 2.8, 3.2, 3.6, 4, 4.5])
    y = alt.Y("grad_norm:Q", title="Gradient norm (L2)").scale(type="log", nice=False, padding=14)
    colour, shape = _series(points["series"])
    drawn = alt.Chart(lines).mark_line(strokeWidth=1.8)
    drawn = drawn.encode(x=x, y=y, color=colour, detail=alt.Detail(_detail(lines)))
    tooltip = _tooltip(points, ["series", "model"], {"loss": ".2f", "grad_norm": ".1f"})
    marks = alt.Chart(points).mark_point(filled=True, size=70)
    marks = marks.encode(x=x, y=y, color=colour, shape=shape, tooltip=tooltip)
    names = alt.Chart(points[points["model"] == named]).mark_text(dy=16)
    return finish(drawn + marks + names.encode(x=x, y=y, text="model:N"), description, tables)


def kink_power(frame: pd.DataFrame, description: str, tables: Sequence[str], target: float) -> alt.TopLevelMixin:
    """Probability of finding a kink, against what it does to the largest model's loss, in percent.

    `frame` has series, change_pct, share, power; the dashed line is `target`.
    """
    colour, _ = _series(frame["series"])
    x = alt.X("change_pct:Q", title="Change of the 12B model's loss by the kink (%)").scale(nice=False)
    y = alt.Y("power:Q", title="Share of simulations that find it").scale(domain=[0, 1]).axis(format=".0%")
    base = alt.Chart(frame)
    lines = base.mark_line().encode(x=x, y=y, color=colour, order="share:Q")
    tooltip = _tooltip(frame, ["series"], {"share": "+.0%", "change_pct": "+.1f", "power": ".0%"})
    points = base.mark_point(filled=True, size=45).encode(x=x, y=y, color=colour, tooltip=tooltip)
    rule = alt.Chart(pd.DataFrame({"power": [target]})).mark_rule(color=GREY, strokeDash=[4, 3]).encode(y="power:Q")
    return finish(rule + lines + points, description, tables)


def kink_scan(
    frame: pd.DataFrame,
    description: str,
    tables: Sequence[str],
    interval: tuple[float, float],
    level: float = 0.05,
) -> alt.TopLevelMixin:
    """p of the kink test against the break tried, small p upwards. `frame`: series, break_at, delta, p, p_best."""
    colour, _ = _series(frame["series"])
    y = alt.Y("p:Q", title="p of a kink there (small is up)").scale(
        type="log", reverse=True, domain=[0.003, 1], nice=False
    )
    x = size_axis("break_at", "Size of the break")
    tooltip = _tooltip(frame, ["series"], {"break_at": ".2s", "delta": "+.3f", "p": ".3f", "p_best": ".3f"})
    base = alt.Chart(frame)
    rule = alt.Chart(pd.DataFrame({"p": [level]})).mark_rule(color=GREY, strokeDash=[4, 3]).encode(y="p:Q")
    lines = base.mark_line(clip=True).encode(x=x, y=y, color=colour)
    points = base.mark_point(filled=True, size=40).encode(x=x, y=y, color=colour, tooltip=tooltip)
    low, high = frame["break_at"].min(), frame["break_at"].max()
    shown = (max(interval[0], low), min(interval[1], high))
    return finish(alt.layer(_shade(shown, "Size of the break"), rule, lines, points), description, tables)


def chain(
    values: pd.DataFrame, bars: pd.DataFrame, description: str, tables: Sequence[str], limit: float = 130.0
) -> alt.TopLevelMixin:
    """Fig. 2b redrawn: the paper's bars, coloured by the quantity they are an error of, and every value computed.

    `bars` has level, law, quantity, paper_pct; `values` level, law, quantity, models, reading, value_pct. Values beyond
    `limit` are drawn at the edge, with their true value in the tooltip.
    """
    label = bars.set_index("level").apply(lambda bar: f"{bar.name} {bar['law']}", axis=1)
    bars = bars.assign(bar=bars["level"].map(label))
    values = values.assign(bar=values["level"].map(label), drawn=values["value_pct"].clip(upper=limit))
    y = alt.Y("bar:N", title=None, sort=list(label)).axis(labelLimit=150)
    scale = alt.Scale(domain=[0, limit], nice=False)
    names = [name for name in QUANTITY_COLOUR if name in set(bars["quantity"])]
    colour = alt.Color("quantity:N").scale(domain=names, range=[QUANTITY_COLOUR[name] for name in names])
    wide = alt.Chart(bars).mark_bar(height=26, opacity=0.3)
    wide = wide.encode(
        x=alt.X("paper_pct:Q", title="Error (%): bars the paper's, ticks computed").scale(scale),
        y=y,
        color=colour,
        tooltip=_tooltip(bars, ["bar", "quantity"], {"paper_pct": ".1f"}),
    )
    tooltip = _tooltip(values, ["bar", "quantity", "models", "reading"], {"value_pct": ".2f"})
    ticks = alt.Chart(values).mark_tick(thickness=1.5, size=18, opacity=1)
    ticks = ticks.encode(x=alt.X("drawn:Q").scale(scale), y=y, color=colour, tooltip=tooltip)
    return finish(wide + ticks, description, tables, height=300)


def holdout(
    panel: pd.DataFrame,
    predictions: pd.DataFrame,
    curves: pd.DataFrame,
    description: str,
    tables: Sequence[str],
    interval: tuple[float, float],
) -> alt.TopLevelMixin:
    """Fig. 2c redrawn: TruthfulQA against size, a fitted curve per training set, the held-out family measured and said.

    `panel` has family, model, n_params, truthfulqa; `predictions` model, n_params, measured, predicted, error_pct,
    curve; `curves` curve, n_params, truthfulqa.
    """
    y = alt.Y("truthfulqa:Q", title="TruthfulQA (%)").scale(zero=False, padding=14)
    dash = alt.StrokeDash("curve:N").legend(title="curve fitted to", orient="bottom", columns=1, labelLimit=300)
    lines = alt.Chart(curves).mark_line(color=GREY).encode(x=size_axis(), y=y, strokeDash=dash)
    colour = family_colour(panel["family"], columns=4)
    tooltip = _tooltip(panel, ["family", "model"], {"n_params": ".3s", "truthfulqa": ".2f"})
    marks = alt.Chart(panel).mark_point(filled=True, size=70).encode(x=size_axis(), y=y, color=colour, tooltip=tooltip)
    gaps = alt.Chart(predictions).mark_rule(color=GREY).encode(x=size_axis(), y="measured:Q", y2="predicted:Q")
    said = _tooltip(predictions, ["model", "curve"], {"measured": ".2f", "predicted": ".2f", "error_pct": "+.1f"})
    open_marks = alt.Chart(predictions).mark_point(filled=False, size=80, strokeWidth=2, color=GREY, shape="diamond")
    open_marks = open_marks.encode(x=size_axis(), y="predicted:Q", tooltip=said)
    layers = alt.layer(_shade(interval), lines, gaps, marks, open_marks)
    return finish(layers.resolve_scale(strokeDash="independent"), description, tables, height=360)


def cv_by_offset(
    frame: pd.DataFrame, marks: pd.DataFrame, description: str, tables: Sequence[str], limit: float = 5.0
) -> alt.TopLevelMixin:
    """CV of N^α(L − E) against the offset assumed. `frame`: offset, alpha, cv_pct; `marks`: label, offset, cv_pct."""
    shown = frame[frame["cv_pct"] <= limit]
    x = alt.X("offset:Q", title="Offset E assumed (nats)")
    y = alt.Y("cv_pct:Q", title="CV of N^α(L − E) (%)").scale(domainMin=0)
    tooltip = _tooltip(shown, [], {"offset": ".2f", "alpha": ".3f", "cv_pct": ".2f"})
    line = alt.Chart(shown).mark_line().encode(x=x, y=y, tooltip=tooltip)
    points = alt.Chart(marks).mark_point(filled=True, size=80, color=VERMILION)
    points = points.encode(x=x, y=y, tooltip=_tooltip(marks, ["label"], {"offset": ".3f", "cv_pct": ".2f"}))
    names = alt.Chart(marks).mark_text(align="left", dx=8, dy=-10).encode(x=x, y=y, text="label:N")
    return finish(line + points + names, description, tables, height=240)


def _shade(interval: tuple[float, float], title: str = "Parameters") -> alt.Chart:
    # the critical scale's interval, cut where the axis ends
    frame = pd.DataFrame({"n_params": [interval[0]], "high": [interval[1]]})
    return alt.Chart(frame).mark_rect(opacity=0.13, color=GREY).encode(x=size_axis(title=title), x2="high:Q")


def _series(names: pd.Series) -> tuple[alt.Color, alt.Shape]:
    domain = list(dict.fromkeys(names))
    colour = alt.Color("series:N", sort=domain).scale(domain=domain, range=list(SERIES_COLOURS[: len(domain)]))
    shape = alt.Shape("series:N", sort=domain).scale(domain=domain, range=list(SERIES_SHAPES[: len(domain)]))
    legend = {"columns": 1 if max(map(len, domain)) > 24 else 2, "labelLimit": 320}
    return colour.legend(**legend), shape.legend(**legend)


def _detail(lines: pd.DataFrame) -> list[str]:
    return [f"{name}:N" for name in ("series", "fit") if name in lines]


def _tooltip(frame: pd.DataFrame, words: Sequence[str], numbers: dict[str, str]) -> list[alt.Tooltip]:
    titles = {
        "n_params": "parameters",
        "change_pct": "change of loss (%)",
        "share": "change of exponent",
        "error_pct": "error (%)",
        "value_pct": "computed (%)",
        "paper_pct": "the paper (%)",
        "ratio_pct": "of the mean (%)",
        "cv_pct": "CV (%)",
        "p_best": "p as the best of all breaks",
    }
    found = [alt.Tooltip(f"{name}:N") for name in words if name in frame]
    return found + [
        alt.Tooltip(f"{name}:Q", title=titles.get(name, name), format=spec)
        for name, spec in numbers.items()
        if name in frame
    ]
