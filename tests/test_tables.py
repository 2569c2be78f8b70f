"""The reader and the validator: good files come back as they are, bad ones with every problem and its line."""

import csv
import io
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capelib import paths, tables
from capelib.errors import InputError
from capelib.tables import package, reader, text

HEADER = "model,family,n_params,hellaswag,truthfulqa"
GOOD = f"{HEADER}\nsmall,F,70000000,27.3,47.1\nlarge,F,1.4e9,52.9,38.9\n"


def written(folder, content, name="panel.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def problems_of(path, schema="panel"):
    with pytest.raises(tables.TableError) as caught:
        tables.read_csv(path, schema)
    return caught.value.problems


def one_row(**cells):
    values = {"model": "m", "family": "F", "n_params": "70000000", "hellaswag": "40", "truthfulqa": "40"} | cells
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(values)
    writer.writerow(values.values())
    return out.getvalue()


# --- bundled tables -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(package.resources()))
def test_bundled_table_is_valid_and_keeps_every_cell(name):
    path = paths.data_dir() / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        stored = list(csv.DictReader(stream))
    frame = tables.read(name)
    assert len(frame) == len(stored)
    assert list(frame.columns) == list(stored[0])
    for column in frame:
        cells = [row[column] for row in stored]
        if pd.api.types.is_bool_dtype(frame[column]):
            assert ["" if pd.isna(value) else str(value).lower() for value in frame[column]] == cells
        elif pd.api.types.is_numeric_dtype(frame[column]):
            np.testing.assert_array_equal(frame[column], [float(cell) if cell else np.nan for cell in cells])
        else:
            assert frame[column].tolist() == cells


def test_every_csv_has_a_resource_and_every_resource_a_csv():
    assert {path.stem for path in paths.data_dir().glob("*.csv")} == set(package.resources())


@pytest.mark.parametrize("name", sorted(package.resources()))
def test_resource_names_its_source_licence_and_every_column(name):
    entry = package.resource(name)
    assert entry["sources"]
    assert entry["licenses"]
    assert entry["path"] == f"{name}.csv"
    assert all(field["description"] for field in entry["schema"]["fields"])
    assert set(entry["schema"]["primaryKey"]) <= {field["name"] for field in entry["schema"]["fields"]}


def test_foreign_keys_hold():
    for entry in package.resources().values():
        for key in entry["schema"].get("foreignKeys", []):
            there = tables.read(key["reference"]["resource"])[key["reference"]["fields"]].itertuples(index=False)
            here = tables.read(entry["name"])[key["fields"]].itertuples(index=False)
            assert {tuple(row) for row in here} - {("",)} <= {tuple(row) for row in there}


def test_readme_of_the_data_speaks_of_every_table():
    readme = (paths.data_dir() / "README.md").read_text(encoding="utf-8")
    assert [name for name in package.resources() if f"`{name}.csv`" not in readme] == []


def test_a_caller_cannot_change_what_the_next_one_reads():
    mine = tables.read("panel_released")
    mine.loc[0, "hellaswag"] = -1.0
    assert tables.read("panel_released").loc[0, "hellaswag"] > 0


def test_a_table_changed_on_disk_is_read_again_and_a_damaged_one_refused(tmp_path, monkeypatch):
    for name in ("datapackage.json", "panel_released.csv"):
        (tmp_path / name).write_bytes((paths.data_dir() / name).read_bytes())
    monkeypatch.setattr(paths, "data_dir", lambda: tmp_path)
    assert len(tables.read("panel_released")) > 1
    path = tmp_path / "panel_released.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("BLOOM-560M,BLOOM", "BLOOM-560M,", 1), encoding="utf-8")
    with pytest.raises(tables.TableError, match=r"row 2, column family: an empty cell"):
        tables.read("panel_released")


def test_unknown_table_and_unknown_schema_name_the_closest(tmp_path):
    with pytest.raises(InputError, match=r"unknown table 'panel_release' \(closest: 'panel_released'\)"):
        tables.read("panel_release")
    with pytest.raises(InputError, match=r"unknown schema 'panels' \(closest: 'panel'\)"):
        tables.read_csv(written(tmp_path, GOOD), "panels")


def test_importing_the_tables_does_not_load_pandera():
    code = "import sys, capelib.tables; sys.exit('pandera' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=paths.CLONE, check=False).returncode == 0


# --- panels -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("which", "table"), [("measured", "panel_leaderboard"), ("released", "panel_released")])
def test_panel_keeps_every_row_and_every_score(which, table):
    panel, stored = tables.panel(which), tables.read(table).rename(columns={"truthfulqa_mc2": "truthfulqa"})
    assert len(panel) == len(stored)
    merged = panel.merge(stored, on="model", suffixes=("", "_stored"), validate="one_to_one")
    for column in (*tables.BENCHMARKS, "n_params"):
        np.testing.assert_array_equal(merged[column], merged[f"{column}_stored"])
    np.testing.assert_allclose(10 ** panel["log10_params"], panel["n_params"])
    order = list(zip(panel["family"], panel["n_params"], strict=True))
    assert order == sorted(order)


def test_panel_takes_base_and_width_from_the_tables():
    released = tables.panel("released").set_index("model")
    flagged = tables.read("panel_released").set_index("model")["flags"].str.contains("arch_not_base")
    assert (released["is_base"] == ~flagged.reindex(released.index)).all()
    assert not released["is_base"].all()
    widths = tables.read("architectures").set_index("hf_repo")["d_model"]
    assert released.loc["OPT-13B", "d_model"] == widths["facebook/opt-13b"]
    assert not tables.panel("measured").set_index("hf_repo").loc["RWKV/rwkv-raven-14b", "is_base"]


def test_a_users_panel_gets_the_same_columns_and_missing_scores_stay_missing(tmp_path):
    panel = tables.panel(written(tmp_path, GOOD))
    shared = list(tables.panel("measured").columns)[:15]
    assert list(panel.columns) == shared
    assert panel["n_params"].tolist() == [70_000_000, 1_400_000_000]
    assert panel["mmlu"].isna().all()
    assert panel["is_base"].all()
    assert not panel["is_code_model"].any()
    assert tables.panel(str(tmp_path / "panel.csv")).equals(panel)


def test_unknown_panel_and_missing_file():
    with pytest.raises(InputError, match=r"unknown panel 'released_' \(closest: 'released'\)"):
        tables.panel("released_")
    with pytest.raises(tables.TableError, match="no such file"):
        tables.panel("nowhere/mine.csv")


# --- good files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        GOOD.rstrip("\n").encode(),
        (GOOD + "\n\n").encode(),
        "\n".join(
            f"{line},{extra}" for line, extra in zip(GOOD.split(), ("flags", "a:+8.6;b:-1", ""), strict=True)
        ).encode(),
    ],
    ids=["byte-order mark", "CRLF", "CR", "no last line end", "blank lines at the end", "signs inside flags"],
)
def test_files_as_tools_write_them_are_read(tmp_path, content):
    frame = tables.read_csv(written(tmp_path, content))
    assert frame["n_params"].tolist() == [70_000_000, 1_400_000_000]
    assert frame["hellaswag"].tolist() == [27.3, 52.9]
    assert frame["model"].tolist() == ["small", "large"]


names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=8).filter(
    lambda name: name[0] not in "=@+-" and name.casefold() not in {"nan", "null"} and "#" not in name
)
scores = st.floats(1.001, 100) | st.just(0.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(names, st.integers(100_000, 10**12), scores, scores | st.none()), min_size=1, max_size=6))
def test_round_trip(tmp_path_factory, rows):
    rows = list({row[0]: row for row in rows}.values())
    if all(row[3] is None for row in rows):
        rows[0] = (*rows[0][:3], 50.0)
    frame = pd.DataFrame(rows, columns=["model", "n_params", "hellaswag", "mmlu"]).assign(family="F")
    frame["mmlu"] = frame["mmlu"].astype(float)
    path = tmp_path_factory.mktemp("round") / "panel.csv"
    frame.to_csv(path, index=False)
    read = tables.read_csv(path)
    assert read["model"].tolist() == frame["model"].tolist()
    assert read["n_params"].tolist() == frame["n_params"].tolist()
    np.testing.assert_array_equal(read[["hellaswag", "mmlu"]], frame[["hellaswag", "mmlu"]])


# --- bad files ----------------------------------------------------------------------------------------------------


CELLS = [
    ("hellaswag", "nan", "not a number"),
    ("hellaswag", "NA", "not a number"),
    ("hellaswag", "-", "not a number"),
    ("hellaswag", "abc", "not a number"),
    ("hellaswag", "1_0", "not a number"),
    ("hellaswag", "٤٠", "not a number"),
    ("hellaswag", "inf", "infinite"),
    ("hellaswag", "-Infinity", "infinite"),
    ("hellaswag", "1e999", "infinite"),
    ("hellaswag", "45%", "a percent sign"),
    ("hellaswag", "45,3", "a comma in a number"),
    ("hellaswag", "-3", "a negative number"),
    ("hellaswag", "100.1", "out of range"),
    ("hellaswag", "0.453", "a fraction, it seems"),
    ("hellaswag", "=45", "a spreadsheet formula"),
    ("hellaswag", " 45", "blank space around the value"),
    ("n_params", "", "an empty cell"),
    ("n_params", "0", "out of range"),
    ("n_params", "-70000000", "a negative number"),
    ("n_params", "7", "out of range"),
    ("n_params", "0.07", "not a whole number"),
    ("n_params", "70000000.5", "not a whole number"),
    ("n_params", "70M", "not a number"),
    ("model", "", "an empty cell"),
    ("model", "=1+2", "a spreadsheet formula"),
    ("model", "@SUM(A1)", "a spreadsheet formula"),
    ("model", "+cmd|' /C calc'!A1", "a spreadsheet formula"),
    ("model", "NaN", "no value"),
    ("family", "   ", "an empty cell"),
    ("family", "OPT ", "blank space around the value"),
    ("is_base", "yes", "neither true nor false"),
    ("is_base", "", "an empty cell"),
    ("flags", "a;;b", "wrong form"),
    ("d_model", "512.5", "not a whole number"),
]


@pytest.mark.parametrize(("column", "cell", "what"), CELLS, ids=[f"{column}={cell}" for column, cell, _ in CELLS])
def test_a_bad_cell_is_named_with_file_row_column_what_allowed_and_got(tmp_path, column, cell, what):
    path = written(tmp_path, one_row(**{column: cell}))
    (problem,) = problems_of(path)
    assert (problem.file, problem.row, problem.column, problem.what) == (str(path), 2, column, what)
    assert problem.got == repr(cell)
    assert problem.allowed


def test_a_size_in_billions_is_told_how_to_write_it(tmp_path):
    for cell in ("7", "0.07"):
        (problem,) = problems_of(written(tmp_path, one_row(n_params=cell)))
        assert problem.hint == "give the count of parameters, e.g. 70000000"


def test_a_column_of_fractions_is_one_problem(tmp_path):
    rows = "".join(f"m{n},F,70000000,0.{n},4{n}\n" for n in range(2, 6))
    (problem,) = problems_of(written(tmp_path, f"{HEADER}\n{rows}"))
    assert (problem.row, problem.column) == (None, "hellaswag")
    assert "fraction" in problem.what
    assert problem.got == "4 values from 0.2 to 0.5"
    assert "percent" in problem.hint


def test_small_percentages_of_open_answers_are_no_fractions(tmp_path):
    assert tables.read_csv(written(tmp_path, one_row(gsm8k="0.3")))["gsm8k"].tolist() == [0.3]


FILES = [
    ("", None, "the file is empty"),
    ("\n \n", None, "the file is empty"),
    ("\n" + GOOD, 1, "no header"),
    (HEADER + "\n", None, "no rows"),
    (GOOD.replace(",", ";"), 1, "wrong separator"),
    (GOOD.replace(",", "\t"), 1, "wrong separator"),
    (GOOD.replace("small", '"small'), 2, "not a CSV row"),
    (GOOD.replace("small", "sm\x00all"), 2, "not text: binary, or UTF-16"),
    (GOOD.replace("small", "klein-größer").encode("latin-1"), 2, "not UTF-8"),
    (GOOD.encode("utf-16"), None, "this is UTF-16 text"),
    (b"PK\x03\x04" + GOOD.encode(), None, "this is a spreadsheet or zip archive"),
    (GOOD.replace("small,", "small,,"), 2, "ragged row"),
    (GOOD.replace(",38.9", ""), 3, "ragged row"),
    (GOOD.replace("large", "small"), 3, "the same model again"),
    (GOOD.replace("\nlarge", "\n\nlarge"), 3, "an empty row"),
    (GOOD.replace("\nlarge", "\n,,,,\nlarge"), 3, "an empty row"),
    (GOOD.replace("family", "model").replace("model,model", "model,family,model", 1), 1, "duplicated column"),
    (f"{HEADER},\nm,F,7e7,40,40,\n", 1, "column 6 has no name"),
    ("model,family,n_params,hellaswag\nm,F,7e7,40\n", None, "too few score columns"),
    ("model,family,n_params,hellaswag,mmlu\nm,F,7e7,40,\n", None, "too few score columns"),
    ("model,n_params,hellaswag,mmlu\nm,7e7,40,40\n", 1, "missing column"),
    (f"{HEADER},color\nm,F,7e7,40,40,red\n", 1, "unknown column"),
]


@pytest.mark.parametrize(("content", "row", "what"), FILES, ids=[f"{n} {what}" for n, (_, _, what) in enumerate(FILES)])
def test_a_bad_file_is_refused_with_what_and_where(tmp_path, content, row, what):
    found = problems_of(written(tmp_path, content))
    assert (row, what) in [(problem.row, problem.what) for problem in found]


def test_wrong_encoding_says_which_byte(tmp_path):
    content = GOOD.encode().replace(b"large", b"gr\xf6sser")
    (problem,) = problems_of(written(tmp_path, content))
    assert problem.got == f"byte 0xf6 at position {content.index(0xF6)}"


def test_the_list_of_columns_is_given_once_and_far_names_are_not_guessed(tmp_path):
    header, _, rows = GOOD.partition("\n")
    text = "\n".join([f"{header},mynote,colour", *(f"{row},1,2" for row in rows.strip().split("\n"))]) + "\n"
    first, second = [each for each in problems_of(written(tmp_path, text)) if each.what == "unknown column"]
    assert "hellaswag" in first.allowed
    assert second.allowed == "as above"
    assert {first.hint, second.hint} == {"delete the column"}


def test_advice_about_fractions_is_for_fractions(tmp_path):
    for cell, advised in (("abc", False), ("140", False), ("0.45", True)):
        (problem,) = problems_of(written(tmp_path, GOOD.replace("47.1", cell)))
        assert ("fraction" in problem.hint) == advised, cell


def test_unknown_column_names_the_closest(tmp_path):
    found = problems_of(written(tmp_path, GOOD.replace("truthfulqa", "truthfullqa")))
    (hint,) = [problem.hint for problem in found if problem.what == "unknown column"]
    assert hint.startswith("did you mean 'truthfulqa'?")


def test_rows_are_lines_of_the_file_also_after_a_cell_of_two_lines(tmp_path):
    content = f'{HEADER},lab\na,F,7e7,40,40,"one\ntwo"\nb,F,7e7,nan,40,x\n'
    (problem,) = problems_of(written(tmp_path, content))
    assert problem.row == 4


def test_no_file_a_folder_and_a_huge_file(tmp_path):
    assert problems_of(tmp_path / "no.csv")[0].got == "no such file"
    assert problems_of(tmp_path)[0].got == "a folder"
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as stream:
        stream.truncate(200_000_000)  # sparse: refused by its size, so nothing of it is read
    (problem,) = problems_of(huge)
    assert (problem.what, problem.got) == ("the file is too large", "200.0 MB")
    assert str(text.LARGEST_MB) in problem.allowed


def test_every_problem_at_once_one_line_each(tmp_path):
    content = (
        "model,family,n_params,hellaswag,truthfulqq,mmlu\n"
        "a,F,7,nan,30,30\n"
        "a,F,-5,45%,30,=1\n"
        "b,F,7e7,40,30\n"
        ",F,7e7,inf,30,0.4\n"
    )
    path = written(tmp_path, content)
    with pytest.raises(tables.TableError) as caught:
        tables.read_csv(path)
    found = {(problem.row, problem.column, problem.what) for problem in caught.value.problems}
    assert found == {
        (1, "truthfulqq", "unknown column"),
        (2, "n_params", "out of range"),
        (2, "hellaswag", "not a number"),
        (3, "model", "the same model again"),
        (3, "n_params", "a negative number"),
        (3, "hellaswag", "a percent sign"),
        (3, "mmlu", "a spreadsheet formula"),
        (4, None, "ragged row"),
        (5, "model", "an empty cell"),
        (5, "hellaswag", "infinite"),
        (5, "mmlu", "a fraction, it seems"),
    }
    summary, *lines = str(caught.value).splitlines()
    assert summary == f"{path}: {len(found)} problems, so nothing was read"
    assert len(lines) == len(found)
    assert all(re.match(rf"{re.escape(str(path))}, row \d.*; allowed: .+; got .+", line) for line in lines)


def test_two_rows_without_a_name_are_not_also_called_the_same_model(tmp_path):
    found = problems_of(written(tmp_path, f"{HEADER}\n,F,7e7,40,40\n,F,7e7,41,41\n"))
    assert [(problem.row, problem.what) for problem in found] == [(2, "an empty cell"), (3, "an empty cell")]


def test_header_problems_are_reported_with_the_missing_rows(tmp_path):
    whats = [problem.what for problem in problems_of(written(tmp_path, "model,familly,n_params\n"))]
    assert whats.count("no rows") == 1
    assert {"unknown column", "missing column", "too few score columns"} <= set(whats)


def test_a_flood_of_problems_keeps_all_and_prints_some(tmp_path):
    path = written(tmp_path, HEADER + "\n" + "".join(f"m{n},F,7e7,x,y\n" for n in range(300)))
    with pytest.raises(tables.TableError) as caught:
        tables.read_csv(path)
    assert len(caught.value.problems) == 600
    assert str(caught.value).splitlines()[-1].startswith("... and 400 more")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=60), st.integers(0, len(GOOD)))
def test_any_bytes_are_read_or_refused_never_a_crash(tmp_path_factory, noise, place):
    raw = GOOD.encode()
    path = tmp_path_factory.mktemp("noise") / "panel.csv"
    path.write_bytes(raw[:place] + noise + raw[place:])
    try:
        frame = tables.read_csv(path)
    except tables.TableError as caught:
        refused = caught
    else:
        refused = None
    if refused:
        assert refused.problems
    else:
        assert len(frame) >= 1
        assert np.isfinite(frame["n_params"]).all()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=8) | st.floats().map(str) | st.integers().map(str))
def test_a_score_is_the_number_that_stands_there_or_refused(tmp_path_factory, cell):
    path = tmp_path_factory.mktemp("cell") / "panel.csv"
    path.write_text(one_row(hellaswag="50", mmlu=cell), encoding="utf-8", newline="")
    try:
        value = tables.read_csv(path)["mmlu"][0]
    except tables.TableError:
        return
    assert (cell == "" and np.isnan(value)) or value == float(cell)


def test_form_lists_what_a_panel_needs():
    form = tables.form().set_index("column")
    assert form.index[form["needed"]].tolist() == ["model", "family", "n_params"]
    assert set(tables.BENCHMARKS) <= set(form.index)
    assert reader.form("benchmarks")["needed"].all()
