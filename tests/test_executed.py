"""The executed sections behind the book: quiet, complete, and with every verdict where the ledger says it is."""

import json

import pytest

from capelib import claims, paths
from capelib.claims import ledger
from capelib.sections.source import discover

SECTIONS = list(discover())


def executed(section):
    path = paths.notebooks_dir() / f"{section}.ipynb"
    if not path.is_file():
        pytest.fail(f"{path} is missing; run: make book")
    return json.loads(path.read_text(encoding="utf-8"))


def outputs(section):
    return [output for cell in executed(section)["cells"] for output in cell.get("outputs", [])]


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_prints_no_warning_and_no_error(section):
    told = ["".join(output["text"]) for output in outputs(section) if output.get("name") == "stderr"]
    assert not told
    assert not [output for output in outputs(section) if output["output_type"] == "error"]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_claim_of_a_section_is_checked_in_it(section):
    path = paths.notebooks_dir() / f"{section}.ipynb"
    checked = {record["id"] for record in ledger.records_in(path)}
    assert checked == {claim.id for claim in claims.claims() if claim.section == section}


@pytest.mark.parametrize("section", SECTIONS)
def test_the_ledger_leads_to_an_anchor_in_the_section(section):
    shown = "".join("".join(output["data"].get("text/html", "")) for output in outputs(section) if "data" in output)
    for row in ledger.load():
        if row["section"] == section and row["verdict"] != "unchecked":
            assert f"id='{row['anchor']}'" in shown


@pytest.mark.parametrize("section", SECTIONS)
def test_every_chart_says_what_one_sees(section):
    charts = [
        output["data"] for output in outputs(section) if "application/vnd.vegalite.v6+json" in output.get("data", {})
    ]
    assert charts
    assert all(chart["application/vnd.vegalite.v6+json"].get("description") for chart in charts)


def test_the_verdicts_of_the_build_are_the_pinned_ones():
    assert not ledger.broken_pins(ledger.load())
