"""A chart as a page of its own."""

from html import escape
from pathlib import Path

import altair as alt

from capelib.files import write_text


def leave(chart: alt.TopLevelMixin, path: Path, title: str) -> None:
    """Write an HTML page, whole, that shows the chart without a network; browsers show `title` on its tab."""
    page = chart.to_html(inline=True)
    start = page.index("<head>") + len("<head>")
    write_text(path, f"{page[:start]}\n  <title>{escape(title)}</title>{page[start:]}")
