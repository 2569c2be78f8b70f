"""The parts of the Sphinx extension that can be tested without building a site."""

from types import SimpleNamespace

import pytest

from capelib.book import reference, repository
from capelib.book.figure import chart_figure
from capelib.book.ledger import _value
from capelib.book.rows import row_id
from capelib.claims import claims

SPEC = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.4.1.json",
    "data": {"values": [{"x": 1, "y": 2}]},
    "mark": "point",
    "encoding": {"x": {"field": "x", "type": "quantitative"}},
    "config": {"legend": {"columns": 3}},
}


def configured(monkeypatch: pytest.MonkeyPatch, url: str) -> dict:
    """The theme's options after the extension has seen the environment."""
    monkeypatch.setenv(repository.VARIABLE, url)
    config = SimpleNamespace(html_theme_options={"search_bar_text": "Search"})
    repository.configure(None, config)
    return config.html_theme_options


def test_no_repository_no_buttons(monkeypatch: pytest.MonkeyPatch) -> None:
    options = configured(monkeypatch, "")
    assert options == {"search_bar_text": "Search", "repository_url": "", "launch_buttons": {}}


def test_launch_buttons_point_at_executed_notebooks(monkeypatch: pytest.MonkeyPatch) -> None:
    options = configured(monkeypatch, "https://github.com/someone/edition.git")
    assert options["repository_url"] == "https://github.com/someone/edition"
    assert options["repository_branch"] == "notebooks"
    assert options["launch_buttons"]["binderhub_url"]
    assert options["launch_buttons"]["colab_url"]


def test_chart_keeps_its_specification_and_stacks_its_legends() -> None:
    node = chart_figure(SPEC, cell_index=4)
    assert node["spec"]["config"]["legend"]["columns"] == 3
    assert node["spec"]["config"]["legend"]["layout"]["top"]["direction"] == "vertical"
    assert {**node["spec"], "config": SPEC["config"]} == SPEC
    assert node["svg"].startswith("<svg")


def test_row_ids_are_unique() -> None:
    ids = [claim.id for claim in claims()]
    assert len({row_id(claim_id) for claim_id in ids}) == len(ids)


def test_text_from_the_ledger_is_escaped() -> None:
    assert "<script>" not in _value("Paper", "<script>", None)


@pytest.mark.parametrize(
    ("line", "escaped"),
    [
        ("phases at |γ| > 0.1", r"phases at \|γ\| > 0.1"),
        ("columns ``a_`` and `|b|`, then c_ alone", r"columns ``a_`` and `|b|`, then c\_ alone"),
        (">>> a | b", ">>> a | b"),
        ("n_params stays", "n_params stays"),
    ],
)
def test_mathematics_in_a_docstring_is_no_markup(line: str, escaped: str) -> None:
    lines = [line]
    reference.escape_docstring(None, "function", "name", None, None, lines)
    assert lines == [escaped]
