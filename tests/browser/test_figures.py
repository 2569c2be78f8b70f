"""What a figure offers: its data, the cell that made it, a picture to keep, and a new drawing when the window turns."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import pytest

from .conftest import pages_with
from .test_pages import CHARTS
from .visit import NARROW, WIDE, Visit

pytestmark = pytest.mark.browser

PAGE = next(iter(pages_with('class="cape-chart"')), "index.html")


@pytest.fixture(scope="module")
def opened(visit: Callable[..., Visit]) -> Visit:
    """The first page with a chart."""
    return visit(PAGE)


def test_data_are_the_table(opened: Visit) -> None:
    link = opened.page.locator(".cape-sources a", has_text="Data: ").first
    response = opened.page.request.get(urljoin(opened.page.url, link.get_attribute("href")))
    table = Path(__file__).parents[2] / "data" / link.inner_text().removeprefix("Data: ")
    assert response.body() == table.read_bytes()


def test_code_link_unfolds_the_cell(opened: Visit) -> None:
    link = opened.page.locator(".cape-sources a", has_text="Code").first
    cell = opened.page.locator(link.get_attribute("href"))
    assert not cell.is_visible()
    link.click()
    assert cell.is_visible()


@pytest.mark.parametrize(("kind", "start"), [("SVG", b"<svg"), ("PNG", b"\x89PNG")])
def test_picture_can_be_kept(opened: Visit, kind: str, start: bytes) -> None:
    with opened.page.expect_download() as download:
        opened.page.get_by_role("button", name=f"Save as {kind}").first.click()
    assert Path(download.value.path()).read_bytes().startswith(start)


def test_charts_are_drawn_anew_for_another_width(opened: Visit) -> None:
    for width in (NARROW, WIDE):
        opened.page.set_viewport_size({"width": width, "height": 900})
        opened.page.wait_for_function("!document.querySelector('.cape-pending')")
        opened.page.wait_for_timeout(500)
        for chart in opened.page.evaluate(CHARTS):
            assert chart["inside"], chart
            assert chart["clipped"] == [], chart
    assert opened.errors == []
