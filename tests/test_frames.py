"""Tables as a reader meets them, parsed back from the HTML by another library."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capelib import tables
from capelib.errors import InputError
from capelib.frames import LONGEST, frame_html, need_columns, shown, written


class Cells(HTMLParser):
    """The texts of all data cells, read by the standard library's parser."""

    def __init__(self, html):
        super().__init__()
        self.found, self.inside = [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "td"

    def handle_data(self, data):
        if self.inside:
            self.found.append(data.replace("−", "-"))
        self.inside = False


@given(st.lists(st.floats(-1e4, 1e4).map(lambda x: round(x, 3)), min_size=1, max_size=8))
def test_numbers_survive_to_their_printed_digits(values):
    back = [float(text) for text in Cells(frame_html(pd.DataFrame({"a": values}))).found]
    assert np.allclose(back, values, atol=5.1e-4, rtol=0.05)


def test_heads_are_words_and_stand_over_their_cells():
    frame = pd.DataFrame({"r_given_size": [0.5], "n_params": [410e6], "model": ["m"]})
    html = frame_html(frame, "Caption & more")
    assert "r given size" in html
    assert "410M" in html
    assert '<th scope="col" class="number">parameters</th>' in html
    assert '<th scope="col">model</th>' in html
    assert "<caption><span>Caption &amp; more</span></caption>" in html


def test_an_index_with_a_name_makes_row_heads_in_one_row_of_heads():
    frame = pd.DataFrame({"value": [1, 2]}, index=pd.Index(["x", "y"], name="family"))
    html = frame_html(frame)
    assert html.count("<tr>") == 3
    assert '<th scope="row">x</th>' in html
    assert '<th scope="row">' not in frame_html(pd.DataFrame({"value": [1, 2]}))


def test_what_is_not_there_is_a_dash_and_truth_is_a_word():
    html = frame_html(pd.DataFrame({"a": [np.nan, 1.5], "b": [True, False], "c": [None, "x" * 200]}))
    assert "–" in html
    assert "yes" in html
    assert "x" * 200 in html
    assert frame_html(pd.DataFrame({"p": [0.00001]})).count(">1.0·10⁻⁵<") == 1
    assert '<td class="number">0</td>' in frame_html(pd.DataFrame({"p": [0.0]}))


@given(st.floats(1e-30, 9e-4), st.integers(1, 4))
def test_a_very_small_number_reads_as_a_power_of_ten(value, digits):
    number, _, power = written(value, digits).partition("·10")
    back = float(f"{number}e{power.translate(str.maketrans('⁻⁰¹²³⁴⁵⁶⁷⁸⁹', '-0123456789'))}")
    assert back == pytest.approx(value, rel=0.5 * 10 ** (1 - digits) * 1.001)


def test_names_that_are_to_be_typed_stand_as_they_are():
    frame = pd.DataFrame({"column": ["n_params", "hellaswag"], "meaning": ["hellaswag", "b"]})
    for html in (frame_html(frame), frame_html(frame.set_index("column"))):
        assert ">n_params<" in html
        assert ">hellaswag<" in html
        assert ">HellaSwag<" in html  # elsewhere a benchmark has its name
    form = frame_html(tables.form("panel").set_index("column"))
    for name in ("n_params", "hellaswag", "hf_repo"):
        assert f'<th scope="row">{name}</th>' in form


def test_markup_in_cells_and_names_is_escaped():
    html = frame_html(pd.DataFrame({"<b>": ["<script>"]}), notes=["a < b"])
    assert "<script>" not in html
    assert "<b>" not in html
    assert "a &lt; b" in html


def test_long_tables_say_how_much_is_left_out():
    html = frame_html(pd.DataFrame({"a": range(LONGEST + 7)}))
    assert html.count("<td") == LONGEST
    assert "7 more rows" in html


def test_shown_reads_as_text_and_as_table():
    table = shown(pd.DataFrame({"a": [1.25]}), "What", names={"a": "slope"}, notes=["n = 1"])
    assert "slope" in repr(table)
    assert "1.25" in table._repr_html_()
    assert "n = 1" in repr(table)


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="colour"):
        need_columns(pd.DataFrame({"a": [1]}), ["colour"])
