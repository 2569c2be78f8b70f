"""What is left without scripts, without a server, on paper."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import pages, pages_with
from .visit import NARROW, WIDE, Visit

pytestmark = pytest.mark.browser

CHART_PAGES = pages_with('class="cape-chart"')
STATIC = """() => [...document.querySelectorAll('figure.cape-chart')].map(figure => {
  const at = figure.querySelector('.cape-static svg').getBoundingClientRect();
  return {id: figure.id, drawn: at.width > 200 && at.height > 100, inside: at.left >= 0 && at.right <= innerWidth + 1,
    caption: figure.querySelector('.cape-caption').innerText};
})"""


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("path", CHART_PAGES)
def test_charts_and_captions_without_scripts(visit: Callable[..., Visit], path: str, width: int) -> None:
    # scripts are off for the page, not for the question that the test asks it
    page = visit(path, width=width, scripts=False).page
    charts = page.evaluate(STATIC)
    assert charts
    for chart in charts:
        assert chart["drawn"], chart
        assert chart["inside"], chart
        assert len(chart["caption"]) > 10, chart


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_has_readable_colours_without_scripts(visit: Callable[..., Visit], scheme: str) -> None:
    page = visit("book/intro.html", scheme=scheme, scripts=False).page
    colour, background = page.evaluate(
        "() => { const s = getComputedStyle(document.body); return [s.color, s.backgroundColor] }"
    )
    assert colour != background
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--pst-color-text-base')")


def test_ledger_without_scripts(visit: Callable[..., Visit]) -> None:
    page = visit("book/ledger.html", scripts=False).page
    assert page.locator("table.cape-ledger tbody tr").count() > 100
    assert page.locator("table.cape-ledger tbody tr:visible").count() == page.locator(".cape-ledger tbody tr").count()
    assert page.locator(".cape-filter").count() == 0


@pytest.mark.parametrize("path", pages())
def test_works_from_the_disk(browser, site: Path, path: str) -> None:
    opened = Visit(browser, f"{site.as_uri()}/", path)
    try:
        assert opened.refused == []
        assert opened.errors == []
        fonts = "() => document.fonts.ready.then(() => [...document.fonts].filter(f => f.status === 'error').length)"
        assert opened.page.evaluate(fonts) == 0
    finally:
        opened.close()


@pytest.mark.parametrize("path", [*CHART_PAGES[:1], "book/ledger.html"])
def test_paper_is_white_whatever_the_screen(visit: Callable[..., Visit], path: str) -> None:
    opened = visit(path, scheme="dark")
    theme = "name => document.documentElement.dataset.theme === name"
    opened.page.emulate_media(media="print")
    opened.page.wait_for_function(theme, arg="light")
    assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    opened.page.emulate_media(media="screen")
    opened.page.wait_for_function(theme, arg="dark")


@pytest.mark.parametrize("path", CHART_PAGES[:1])
def test_button_of_the_theme_recolours_live_charts(visit: Callable[..., Visit], path: str) -> None:
    opened = visit(path, scheme="light")
    ink = "getComputedStyle(document.querySelector('.cape-live .role-axis-label text')).fill"
    seen = {opened.page.evaluate(ink)}
    for _mode in ("auto", "light", "dark"):
        opened.page.locator("button.theme-switch-button:visible").first.click()
        seen.add(opened.page.evaluate(ink))
    assert len(seen) == 2
    assert opened.errors == []
