"""The ledger as a reader uses it: filter, search, sort, share the address."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator

from capelib.claims import VERDICTS
from capelib.claims.ledger import counts

from .conftest import SITE
from .visit import NARROW, Visit

pytestmark = pytest.mark.browser

PAGE = "book/ledger.html"
ROWS = ".cape-ledger tbody tr:visible"


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    """The ledger that the site was built from."""
    return json.loads((SITE.parent / "cape" / "ledger.json").read_text(encoding="utf-8"))


@pytest.fixture
def ledger(visit: Callable[..., Visit]) -> Visit:
    return visit(PAGE)


def bar(opened: Visit) -> Locator:
    """The ledger's controls."""
    return opened.page.locator(".cape-filter")


def test_every_claim_has_its_row(ledger: Visit, rows: list[dict]) -> None:
    shown = ledger.page.locator(ROWS + " th code").all_inner_texts()
    assert sorted(shown) == sorted(row["id"] for row in rows)
    assert ledger.page.locator(".cape-filter output").inner_text() == f"{len(rows)} of {len(rows)} claims"


def test_filters_narrow_down_and_the_address_remembers(ledger: Visit, rows: list[dict]) -> None:
    row = rows[0]
    bar(ledger).get_by_label("Section", exact=True).select_option(row["section"])
    bar(ledger).get_by_label("Verdict", exact=True).select_option(row["verdict"])
    bar(ledger).get_by_label("Search", exact=True).fill(row["id"])
    assert row["id"] in ledger.page.locator(ROWS + " th code").all_inner_texts()
    shared = ledger.page.url
    expected = ledger.page.locator(ROWS).count()
    ledger.page.goto("about:blank")
    ledger.page.goto(shared)
    assert ledger.page.locator(ROWS).count() == expected
    assert bar(ledger).get_by_label("Search", exact=True).input_value() == row["id"]
    bar(ledger).get_by_role("button", name="Show all").click()
    assert ledger.page.locator(ROWS).count() == len(rows)
    assert "#" not in ledger.page.url


def test_search_that_finds_nothing_says_so(ledger: Visit, rows: list[dict]) -> None:
    bar(ledger).get_by_label("Search", exact=True).fill("no such claim anywhere")
    assert ledger.page.locator(ROWS).count() == 0
    assert ledger.page.locator(".cape-filter output").inner_text() == f"0 of {len(rows)} claims"


def test_numbers_sort_as_numbers_by_keyboard(ledger: Visit, rows: list[dict]) -> None:
    paper = {row["id"]: row["paper_value"] for row in rows if row["paper_value"] is not None}
    button = ledger.page.get_by_role("button", name="Paper")
    for direction in ("ascending", "descending"):
        button.focus()
        ledger.page.keyboard.press("Enter")
        assert ledger.page.locator("th[aria-sort]").get_attribute("aria-sort") == direction
        got = [paper[name] for name in ledger.page.locator(ROWS + " th code").all_inner_texts() if name in paper]
        assert got == sorted(got, reverse=direction == "descending")


def test_narrow_screen_shows_cards_and_can_sort(visit: Callable[..., Visit], rows: list[dict]) -> None:
    opened = visit(PAGE, width=NARROW)
    page = opened.page
    bar(opened).get_by_label("Sort by").select_option(label="Verdict ↑")
    order = [VERDICTS.index(v) for v in page.locator(ROWS).evaluate_all("rows => rows.map(r => r.dataset.verdict)")]
    assert order == sorted(order)
    assert page.locator(ROWS).first.evaluate("row => row.getBoundingClientRect().right") <= NARROW


@pytest.mark.parametrize("path", ["book/intro.html", PAGE])
def test_counts_are_those_of_the_ledger(visit: Callable[..., Visit], rows: list[dict], path: str) -> None:
    page = visit(path).page
    expected = {verdict: n for verdict, n in counts(rows).items() if n}
    items = page.locator(".cape-counts").first.locator("li")
    shown = {li.get_attribute("data-verdict"): int(li.locator("b").inner_text()) for li in items.all()}
    assert shown == expected


def test_a_count_leads_to_its_claims(visit: Callable[..., Visit], rows: list[dict]) -> None:
    page = visit("book/intro.html").page
    first = page.locator(".cape-counts li").first
    verdict = first.get_attribute("data-verdict")
    first.locator("a").click()
    page.wait_for_selector(".cape-filter")
    assert page.locator(ROWS).count() == counts(rows)[verdict]


def test_section_pages_carry_their_own_counts(visit: Callable[..., Visit], rows: list[dict]) -> None:
    for section in {row["section"] for row in rows}:
        if not (SITE / "notebooks" / f"{section}.html").is_file():
            continue
        page = visit(f"notebooks/{section}.html").page
        shown = sum(int(text) for text in page.locator("h1 + .cape-counts b").all_inner_texts())
        assert shown == sum(row["section"] == section for row in rows)
