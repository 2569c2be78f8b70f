"""The page that ``cape run`` leaves, on the width of a telephone: what is wide scrolls by itself, nothing is cut."""

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page

from capelib.charts import coupling
from capelib.frames import frame_html
from capelib.present import VEGALITE_MIME, static_svg
from capelib.sections import find
from capelib.sections.page import page

pytestmark = pytest.mark.browser

FAMILIES = ["Pythia", "OPT", "Cerebras-GPT", "H2O-Danube", "RedPajama-INCITE", "Llama-3.1"]
FORMULA = rf"$$\gamma = {' + '.join('abcdefghijklmnopqrstuvwxyz')}$$"


@pytest.fixture(scope="module")
def narrow(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Page:
    frame = pd.DataFrame({
        "model": FAMILIES, "family": FAMILIES, "n_params": 1e9, "phase": "tax",
        "hellaswag": [30.0 + k for k in range(6)], "truthfulqa": [45.0 - k for k in range(6)],
    })  # fmt: skip
    chart = coupling.phase_diagram(frame, "hellaswag", "truthfulqa", "Points.", "panel").to_dict()
    wide = pd.DataFrame({f"a column with a long name {k}": [1] for k in range(9)})
    table = frame_html(wide, "The caption.")
    outputs = [{VEGALITE_MIME: chart, "image/svg+xml": static_svg(chart)}, {"text/html": table}]
    made = [{"output_type": "display_data", "data": data} for data in outputs]
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": f"# Title\n\n{FORMULA}\n"},
        {"cell_type": "code", "metadata": {}, "source": "f()", "outputs": made},
    ]
    file = tmp_path_factory.mktemp("run") / "coupling.html"
    file.write_text(page(find("coupling"), {"cells": cells}, {}), encoding="utf-8")
    context = browser.new_context(viewport={"width": 390, "height": 900})
    opened = context.new_page()
    opened.goto(file.as_uri())
    opened.wait_for_selector("figure.chart svg.marks")
    opened.wait_for_function("!document.querySelector('.stage > svg')")
    yield opened
    context.close()


def test_formulas_and_tables_do_not_widen_the_page(narrow: Page) -> None:
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 390


def test_no_legend_is_cut(narrow: Page) -> None:
    over = narrow.evaluate(
        "[...document.querySelectorAll('svg.marks')].flatMap(svg => [...svg.querySelectorAll('.role-legend')]"
        ".map(legend => legend.getBoundingClientRect().right - svg.getBoundingClientRect().right))"
    )
    assert over
    assert max(over) <= 1


def test_a_caption_stays_while_its_table_scrolls(narrow: Page) -> None:
    left = "document.querySelector('caption > span').getBoundingClientRect().left"
    before = narrow.evaluate(left)
    assert narrow.evaluate("document.querySelector('main table').scrollLeft = 300") == 300
    assert narrow.evaluate("document.querySelector('main table').scrollLeft") > 100
    assert narrow.evaluate(left) == pytest.approx(before, abs=2)
    width = narrow.evaluate("document.querySelector('caption > span').getBoundingClientRect().width")
    assert 0 < width <= 390
