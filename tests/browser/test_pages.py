"""Every page, narrow and wide, light and dark: complete, quiet, unclipped, readable."""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import pages
from .visit import NARROW, WIDE, Visit

pytestmark = pytest.mark.browser

CASES = [(page, width) for page in pages() or ["index.html"] for width in (NARROW, WIDE)]
SCHEMES = ("light", "dark")
# preload would fetch style sheets again, from addresses that axe gets wrong; what passes is not listed, to save time
AXE = {"preload": False, "resultTypes": ["violations"]}
COLOUR_RULES = ["color-contrast", "link-in-text-block"]

# for every live chart: its box, its figure's, how many marks have an extent, what sticks out of the drawing
CHARTS = """() => [...document.querySelectorAll('figure.cape-chart')].map(figure => {
  const svg = figure.querySelector('.cape-live svg.marks');
  if (!svg) return {id: figure.id, live: false};
  const box = e => e.getBoundingClientRect(), at = box(svg), frame = box(figure);
  const out = r => r.width > 0 &&
    (r.left < at.left - 1 || r.right > at.right + 1 || r.top < at.top - 1 || r.bottom > at.bottom + 1);
  const marks = [...svg.querySelectorAll('[class*="role-mark"] :is(path, rect, line, text)')];
  const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent && t.getAttribute('opacity') !== '0');
  return {
    id: figure.id, live: true, width: at.width, height: at.height,
    marks: marks.filter(m => box(m).width + box(m).height > 0).length,
    inside: at.left >= frame.left - 1 && at.right <= frame.right + 1 && frame.left >= 0 && frame.right <= innerWidth,
    clipped: texts.filter(t => out(box(t))).map(t => t.textContent),
  };
})"""
MATH = """() => ({
  raw: [...document.querySelectorAll('.math')].filter(m => !m.querySelector('mjx-container')).map(m => m.textContent),
  wrong: [...document.querySelectorAll('mjx-merror')].map(m => m.textContent)})"""
# WCAG contrast of every text of every chart against what is behind it: the page, or a coloured cell of the chart
CONTRAST = """() => {
  const channel = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const numbers = s => s.match(/[\\d.]+/g).map(Number);
  const light = s => { const [r, g, b] = numbers(s).map(channel); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const page = e => {
    for (; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if ((numbers(colour)[3] ?? 1) > 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const strong = (e, name) => (e.getAttribute(name) ?? 1) >= 0.5;
  const cells = [...document.querySelectorAll('.cape-live .mark-rect path')]
    .filter(c => c.getAttribute('fill') !== 'none' && strong(c, 'opacity') && strong(c, 'fill-opacity'))
    .map(c => [c.getBoundingClientRect(), c]);
  const under = t => {
    const r = t.getBoundingClientRect(), x = (r.left + r.right) / 2, y = (r.top + r.bottom) / 2;
    return cells.filter(([c]) => c.left <= x && x <= c.right && c.top <= y && y <= c.bottom).at(-1)?.[1];
  };
  return [...document.querySelectorAll('.cape-live svg.marks text')].filter(t => t.textContent).map(t => {
    const cell = under(t);
    const a = light(getComputedStyle(t).fill), b = light(cell ? getComputedStyle(cell).fill : page(t));
    return {text: t.textContent, contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)};
  }).filter(each => each.contrast < 4.5);
}"""


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def opened(request: pytest.FixtureRequest, visit: Callable[..., Visit]) -> Iterator[Visit]:
    """Each page is loaded once per width; all tests below look at it."""
    path, width = request.param
    return visit(path, width=width)


def test_asks_nobody_and_reports_no_error(opened: Visit) -> None:
    assert opened.refused == []
    assert opened.errors == []


def test_charts_are_live_and_whole(opened: Visit) -> None:
    for chart in opened.page.evaluate(CHARTS):
        assert chart["live"], chart
        assert chart["width"] > 200, chart
        assert chart["height"] > 100, chart
        assert chart["marks"] > 0, chart
        assert chart["inside"], chart
        assert chart["clipped"] == [], chart


def test_mathematics_is_typeset(opened: Visit) -> None:
    assert opened.page.evaluate(MATH) == {"raw": [], "wrong": []}


def test_page_does_not_scroll_sideways(opened: Visit) -> None:
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= opened.width


@pytest.mark.parametrize("scheme", SCHEMES)
def test_readable_and_accessible(opened: Visit, scheme: str) -> None:
    opened.scheme(scheme)
    assert opened.page.evaluate(CONTRAST) == []
    # a change of mode changes colours and nothing else, and those of charts have been measured above
    options = AXE if scheme == "light" else {**AXE, "runOnly": {"type": "rule", "values": COLOUR_RULES}}
    context = None if scheme == "light" else {"exclude": [[".cape-live svg"]]}
    result = Axe().run(opened.page, context, options)
    assert result.violations_count == 0, result.generate_report()
