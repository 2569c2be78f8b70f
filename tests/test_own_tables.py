"""Tables of a reader's own, small and large: a section runs to its end, and says in place what they cannot carry."""

import json
import re
import subprocess
import sys

import pytest
from conftest import ROOT

from capelib import tables
from capelib.errors import InputError
from capelib.sections import find
from capelib.sections.given import given

SCORES = list(tables.BENCHMARKS)
SIZES = (70_000_000, 400_000_000, 1_400_000_000, 6_900_000_000)
LINE = "a line needs at least three steps of different size, got 2; add sizes or families"
NULL = "a trend of degree 2 with something left to judge it by needs 4 sizes or more, got 3; take a longer family"
WHOLE = "an interval from drawing whole families needs 5 of them or more, got {}; add families"
PAIRS = "TruthfulQA among them; got HellaSwag, TruthfulQA; add columns to the table"
ALONE = "within-family correlations need two or more families"
ONE = "recipes are compared between families, and these models are of one; add another family"
NAMES = r"capelib|n_boot|allow_|pooled|\bdegree must|scores must|['\"]truthfulqa['\"]"  # words of Python


def table(path, families, scores):
    """A CSV of families, each with its sizes; scores rise with size, TruthfulQA falls and turns."""
    rows = []
    for place, (family, sizes) in enumerate(families.items()):
        for k, n in enumerate(sizes):
            made = {name: 28 + 3 * j + 6 * k + 0.7 * ((7 * k + 3 * j + place) % 5) for j, name in enumerate(SCORES)}
            made["truthfulqa"] = 45 - 3 * k + 1.3 * k * (k > 1) + 0.3 * place
            rows.append(f"{family}-{k},{family},{n}," + ",".join(f"{made[name]:.2f}" for name in scores))
    path.write_text("\n".join([f"model,family,n_params,{','.join(scores)}", *rows]) + "\n")
    return path


def rerun(section, out, *pairs):
    """The cells and the page of a section run with some parameters."""
    chosen = [word for pair in (*pairs, "n_boot=100") for word in ("-p", pair)]
    command = [sys.executable, "-m", "capelib.cli", "run", section, *chosen, "--out", out]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    notebook, page = (out / f"{section}.{kind}" for kind in ("ipynb", "html"))
    return json.loads(notebook.read_text(encoding="utf-8"))["cells"], page.read_text(encoding="utf-8")


def reasons(cells):
    """What stands in place of the parts that were left out."""
    texts = ["".join(o.get("data", {}).get("text/plain", "")) for cell in cells for o in cell.get("outputs", [])]
    return [text.removeprefix("Left out for these data: ") for text in texts if text.startswith("Left out")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("families", "scores", "expected"),
    [
        ({"Mine": SIZES[:3]}, SCORES[:2], [NULL, LINE, PAIRS, ONE]),
        ({"Mine": SIZES}, SCORES, [WHOLE.format(1), ALONE, ONE]),
        ({"Mine": SIZES[:3], "Yours": SIZES[1:]}, SCORES, [NULL, WHOLE.format(2), "a correlation needs at least 3"]),
    ],
    ids=["three sizes, two scores", "four sizes", "two families of three sizes"],
)
def test_coupling_leaves_out_what_a_small_table_cannot_carry_and_nothing_else(tmp_path, families, scores, expected):
    mine = table(tmp_path / "mine.csv", families, scores)
    cells, page = rerun("coupling", tmp_path / "out", f"panel={mine}", "family=Mine")
    found = reasons(cells)
    assert len(found) == len(expected)
    for reason, start in zip(found, expected, strict=True):
        assert start in reason
        assert not re.search(NAMES, reason)
    # the reader's own families are in the table and the chart of critical scales, and in what is said of them
    scales = next(text for text in page.split("<table") if "N_c of TruthfulQA against HellaSwag" in text)
    assert all(f'<th scope="row">{name}</th>' in scales or f"<td>{name}</td>" in scales for name in families)
    assert "mine.csv" in scales
    assert f"Of the {len(families)} families of the mine.csv panel" in page
    assert str(tmp_path) not in page


@pytest.mark.slow
def test_labels_and_critical_scales_follow_the_pair(tmp_path):
    cells, page = rerun("coupling", tmp_path, "family=OPT", "y=arc_challenge")
    assert not reasons(cells)
    assert "points of ARC-Challenge per point of HellaSwag" in page
    assert "points of truthfulness per point of reasoning" not in page
    assert "N_c of ARC-Challenge against HellaSwag" in page
    assert "Critical scale of ARC-Challenge against HellaSwag" in page


@pytest.mark.slow
def test_scaling_says_which_families_its_panel_is_for(tmp_path):
    cells, page = rerun("scaling", tmp_path / "out", f"panel={table(tmp_path / 'mine.csv', {'Mine': SIZES}, SCORES)}")
    (reason,) = reasons(cells)
    assert reason.startswith("this part predicts Llama-2 from Pythia, and mine.csv has no family named Pythia or Llama")
    assert "On the mine.csv panel" not in page


def test_three_models_of_one_size_are_refused_before_anything_runs(tmp_path):
    mine = table(tmp_path / "mine.csv", {"Mine": [10**9] * 3}, SCORES)
    with pytest.raises(InputError, match="for base models of 1 different size; a section needs 3 or more"):
        given(find("coupling"), [f"panel={mine}", "family=Mine"])


def test_the_bins_of_the_page_are_those_of_its_closing_words():
    # one quantity, one set of draws: the page must not give two intervals for it
    from capelib.coupling.fixed_size import EDGES

    assert find("coupling").parameters["bins"].default == list(EDGES)
