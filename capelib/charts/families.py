"""Charts that compare estimates with intervals across groups: pairs of benchmarks, sizes, phases, widths."""

import altair as alt
import pandas as pd

from capelib.charts.coupling import benchmark_name
from capelib.charts.theme import BLUE, GREEN, GREY, VERMILION, finish

SERIES = [BLUE, VERMILION, GREY, GREEN]


def intervals(
    rows: pd.DataFrame,
    label: str,
    series: str,
    title: str,
    description: str,
    tables: list[str],
    domain: tuple[float, float] | None = None,
    colours: list[str] | None = None,
    zero: bool = True,
    legend: bool = True,
) -> alt.TopLevelMixin:
    """Estimates as dots with interval bars, one line per `label`, one colour and shape per `series`.

    `rows` has the columns `label`, `series`, value, low, high and optionally n and method, which the tooltip shows.
    Rows keep their order. Without `legend` the caption must name the series.
    """
    names = list(dict.fromkeys(rows[series]))
    scale = alt.Scale(domain=[*domain], nice=False) if domain else alt.Scale(zero=False, padding=15)
    axis = alt.Axis(labelSeparation=8)  # on a narrow screen numbers must not read as one: every other goes
    y = alt.Y(f"{label}:N", title=None, sort=list(dict.fromkeys(rows[label]))).axis(labelLimit=170)
    offset = alt.YOffset(f"{series}:N", sort=names)
    colour = alt.Color(f"{series}:N", sort=names).scale(domain=names, range=(colours or SERIES)[: len(names)])
    shape = alt.Shape(f"{series}:N", sort=names).scale(domain=names)
    if not legend:
        colour, shape = colour.legend(None), shape.legend(None)
    extra = [alt.Tooltip(f"{name}:{kind}") for name, kind in (("n", "Q"), ("method", "N")) if name in rows]
    tooltip = [
        alt.Tooltip(f"{label}:N"),
        alt.Tooltip(f"{series}:N"),
        *[alt.Tooltip(f"{name}:Q", format=".3f") for name in ("value", "low", "high")],
        *extra,
    ]
    base = alt.Chart(rows)
    bars = base.mark_rule(strokeWidth=2, opacity=0.6, clip=True).encode(
        x=alt.X("low:Q", title=title, scale=scale, axis=axis), x2="high:Q", y=y, yOffset=offset, color=colour
    )
    points = base.mark_point(filled=True, size=70).encode(
        x=alt.X("value:Q", title=title, scale=scale, axis=axis),
        y=y,
        yOffset=offset,
        color=colour,
        shape=shape,
        tooltip=tooltip,
    )
    layers = [bars, points]
    if zero:
        rule = alt.Chart(pd.DataFrame({"value": [0.0]})).mark_rule(color=GREY, strokeDash=[3, 3])
        layers.insert(0, rule.encode(x=alt.X("value:Q", scale=scale)))
    per_line = 12 + 12 * len(names)
    return finish(alt.layer(*layers), description, tables, height=max(200, per_line * rows[label].nunique() + 40))


def width_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The frame of `capelib.coupling.width_table` in the long form that `intervals` draws."""
    columns = {
        "as measured": ("r_raw", "r_raw", "r_raw"),
        "divided by width": ("r_normalised", "r_normalised", "r_normalised"),
        "shuffled, divided by width": ("shuffled_median", "shuffled_low", "shuffled_high"),
        "width held by regression": ("r_given_width", "r_given_width_low", "r_given_width_high"),
    }
    parts = [
        pd.DataFrame({"family": table["family"], "series": series, "n": table["n_models"]}
                     | dict(zip(("value", "low", "high"), (table[name] for name in names), strict=True)))
        for series, names in columns.items()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def pair_rows(pairs: pd.DataFrame, measures: dict[str, str]) -> pd.DataFrame:
    """The pairs of `capelib.coupling.within_family` in the long form that `intervals` draws, target's pairs first.

    `measures` maps a measure's column to the words for it.
    """
    parts = [
        pd.DataFrame(
            {
                "pair": [f"{benchmark_name(row.x)} · {benchmark_name(row.y)}" for row in pairs.itertuples()],
                "measure": words,
                "value": pairs[name],
                "low": pairs[f"{name}_low"],
                "high": pairs[f"{name}_high"],
                "first": pairs["with_target"],
            }
        )
        for name, words in measures.items()
    ]
    return pd.concat(parts).sort_values("first", ascending=False, kind="stable").drop(columns="first")


def bin_rows(bins: pd.DataFrame) -> pd.DataFrame:
    """The bins of `capelib.coupling.fixed_size_correlation` in the form that `intervals` draws."""
    sizes = [
        f"{size_text(10**low)} to {size_text(10**high)}" for low, high in zip(bins["low"], bins["high"], strict=True)
    ]
    columns = {"value": bins["r"], "low": bins["r_low"], "high": bins["r_high"], "n": bins["n_models"]}
    return pd.DataFrame({"size": sizes, "series": "r in the bin", **columns})


def scale_text(table: pd.DataFrame) -> list[str]:
    """N_c with its interval in models' own units, or the reason why there is none, for `coupling.critical_table`."""
    return [
        row.status
        if pd.isna(row.n_params)
        else size_text(row.n_params) + (f" [{size_text(row.low)}, {size_text(row.high)}]" if pd.notna(row.low) else "")
        for row in table.itertuples()
    ]


def size_text(n_params: float) -> str:
    """A size as models are called.

    >>> size_text(70e6), size_text(1.4e9), size_text(22.9e9)
    ('70M', '1.4B', '23B')
    """
    unit, letter = (1e9, "B") if n_params >= 1e9 else (1e6, "M")
    number = n_params / unit
    return f"{number:,.0f}{letter}" if number >= 10 else f"{number:.2g}{letter}"


def contrast_text(strata: dict[str, pd.DataFrame], measures: dict[str, str]) -> pd.DataFrame:
    """Differences of `WithinFamily.contrast` with intervals as text: a row per measure, a column per stratum."""
    cells = {
        name: {
            words: f"{row.difference:+.2f} [{row.difference_low:+.2f}, {row.difference_high:+.2f}]"
            for row, words in ((contrast.loc[key], words) for key, words in measures.items())
        }
        for name, contrast in strata.items()
    }
    return pd.DataFrame(cells)
