"""How results leave a notebook: numbers keep their digits, parts may be left out, copies install themselves."""

import json
import subprocess
import sys
from ast import literal_eval
from pathlib import Path

import pytest

from capelib import present
from capelib.errors import InputError
from capelib.estimate import Estimate

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def published(monkeypatch):
    shown = []
    monkeypatch.setattr(
        "IPython.display.publish_display_data", lambda data, metadata=None: shown.append((data, metadata))
    )
    return shown


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [("0.30", "", "0.30"), (0.3, ".2f", "0.30"), (Estimate(0.3, 0.2, 0.4), ".2f", "0.30 [0.20, 0.40]"), (7, "", "7")],
)
def test_a_glued_number_keeps_its_digits_in_the_book(published, value, spec, text):
    present.glue("demo", value, spec)
    data, metadata = published[0]
    # the book evaluates the text as a literal and prints what comes out
    assert str(literal_eval(data["application/papermill.record/text/plain"])) == text
    assert metadata["scrapbook"]["name"] == "demo"


def test_a_part_that_the_data_cannot_carry_is_left_out_with_its_reason(published):
    with present.if_possible():
        raise InputError("one family, got nothing to compare")
    data, _ = published[0]
    assert "nothing to compare" in data["text/html"]
    assert "nothing to compare" in data["text/plain"]
    with pytest.raises(ZeroDivisionError), present.if_possible():
        1 / 0  # noqa: B018


def test_published_notebooks_install_the_edition_once_and_only_in_colab(tmp_path):
    path = tmp_path / "demo.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "id": "a", "source": ["hello"]}]}))
    command = [sys.executable, ROOT / "scripts" / "colab_cell.py", "https://example.org/cape", path]
    for _ in range(2):
        subprocess.run(command, check=True)
    cells = json.loads(path.read_text())["cells"]
    assert len(cells) == 2
    source = "".join(cells[0]["source"])
    assert 'if "google.colab" in sys.modules:' in source
    assert "git+https://example.org/cape@notebooks" in source
