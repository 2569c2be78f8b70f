"""The executed sections behind the book: quiet, complete, and with every verdict where the ledger says it is."""

import json
import re
import subprocess
import sys

import pytest

from capelib import claims, paths
from capelib.claims import ledger
from capelib.claims.rules import Evidence, verdict
from capelib.estimate import Estimate
from capelib.sections.prose import glued
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


def test_captions_name_no_colour_that_a_reader_sees_otherwise():
    # what the theme calls vermilion is orange on the screen
    for section in SECTIONS:
        text = "".join(str(output.get("data", {}).get("application/vnd.vegalite.v6+json", {}).get("description", ""))
                       for output in outputs(section))  # fmt: skip
        assert not re.search(r"\b(red|vermilion)\b", text), section


def test_a_copy_of_llama_1_learned_from_llama_1():
    tables = ["".join(output["data"].get("text/html", "")) for output in outputs("ode") if "data" in output]
    rows = [row for table in tables for row in table.split("<tr>") if "copy of Llama-1" in row and "<td>" in row]
    assert rows
    assert all(row.startswith("<td>Llama-1</td>") for row in rows)


def test_the_verdicts_of_the_build_are_the_pinned_ones():
    assert not ledger.broken_pins(ledger.load())


@pytest.mark.parametrize("factor", [0.95, 1.05])
def test_no_verdict_survives_a_change_of_its_value_by_five_percent_unless_its_rule_says_so(factor):
    checked = 0
    for row in ledger.load():
        claim = claims.claim(row["id"])
        if row["verdict"] in ("reproduced", "only on released data") and row["released_value"] and claim.is_sharp:
            value, low, high = (row["released_value"][name] for name in ("value", "low", "high"))
            moved = Evidence(Estimate(value * factor, low, high), Estimate(claim.value, claim.value, claim.value))
            assert verdict(claim, moved) not in ("reproduced", "only on released data"), claim.id
            checked += 1
    assert checked >= 5


def test_a_coarse_rule_says_so_to_the_reader():
    for row in ledger.load():
        claim = claims.claim(row["id"])
        if claim.rule != "convention":
            assert ("so coarsely" in row["rule"]) is not claim.is_sharp


CLOSINGS = {
    "coupling": (
        "## What holds",
        ["panel=released", "family=OPT", "y=arc_challenge", "threshold=0.3", "bins=[7.5,9,12]"],
    ),
    "ode": (
        "## What holds",
        ["panel=released", "degree=2", "constant=false", "unit=fraction", "differentiation=finite", "sparsity=0.01",
         "sparsities=[0.05,0.5]"],
    ),
    "scaling": ("## Does the loss see", ["panel=released"]),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("section", CLOSINGS)
def test_the_closing_words_do_not_change_with_the_parameters(section, tmp_path):
    heading, chosen = CLOSINGS[section]
    command = [sys.executable, "-m", "capelib.cli", "run", section, *(part for each in chosen for part in ("-p", each))]
    subprocess.run([*command, "--out", tmp_path], check=True, capture_output=True, timeout=600)
    rerun = json.loads((tmp_path / f"{section}.ipynb").read_text(encoding="utf-8"))
    texts = ["".join(cell["source"]) for cell in rerun["cells"] if cell["cell_type"] == "markdown"]
    closing = next(text[text.index(heading) :] for text in texts if heading in text)
    used = set(re.findall(r"\{glue:text\}`(\w+)`", closing))
    default, changed = glued(executed(section)["cells"]), glued(rerun["cells"])
    assert len(used) >= 5
    assert {name: changed[name] for name in used} == {name: default[name] for name in used}
    assert changed != default  # the parameters did something
