"""Every internal link leads to a file and an anchor that exist; nothing is loaded from elsewhere. No browser needed."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from bs4 import BeautifulSoup

from .conftest import pages


@pytest.fixture(scope="module")
def soups(site: Path) -> dict[Path, BeautifulSoup]:
    """Every page, parsed."""
    return {site / page: BeautifulSoup((site / page).read_text(encoding="utf-8"), "html.parser") for page in pages()}


def references(soups: dict[Path, BeautifulSoup]) -> Iterator[tuple[Path, str, str]]:
    """Page, tag and address of every href and src."""
    for page, soup in soups.items():
        for tag in soup.find_all(True):
            for name in ("href", "src"):
                if address := tag.get(name):
                    yield page, tag.name, address


def test_internal_links_lead_somewhere(soups: dict[Path, BeautifulSoup]) -> None:
    anchors = {page: {tag["id"] for tag in soup.find_all(id=True)} for page, soup in soups.items()}
    broken = []
    for page, _tag, address in references(soups):
        if urlsplit(address).scheme:
            continue
        path, fragment = urldefrag(address)
        target = (page.parent / unquote(path.partition("?")[0])).resolve() if path else page
        if not target.is_file() or (
            # an address with "=" carries the state of the ledger, not an anchor
            fragment and "=" not in fragment and target in anchors and unquote(fragment) not in anchors[target]
        ):
            broken.append(f"{page.name}: {address}")
    assert broken == []


def test_nothing_is_loaded_from_elsewhere(soups: dict[Path, BeautifulSoup]) -> None:
    loads = [
        f"{page.name}: {address}"
        for page, tag, address in references(soups)
        if tag != "a" and urlsplit(address).scheme in ("http", "https")
    ]
    assert loads == []


def test_ids_are_unique(soups: dict[Path, BeautifulSoup]) -> None:
    for page, soup in soups.items():
        ids = [tag["id"] for tag in soup.select("article [id]")]
        doubled = {name for name in ids if ids.count(name) > 1}
        assert not doubled, f"{page.name}: {doubled}"


def test_figures_lead_to_table_cell_and_notebook(soups: dict[Path, BeautifulSoup]) -> None:
    figures = [figure for soup in soups.values() for figure in soup.select("figure.cape-chart")]
    assert figures
    for figure in figures:
        texts = [link.get_text() for link in figure.select(".cape-sources a")]
        assert "Notebook" in texts, figure["id"]
        assert any(text.startswith("Data: ") for text in texts), f"{figure['id']}: {figure.select_one('figcaption')}"
