"""Sections: found in order, parameters read, typed and checked, prose that stands alone, hashes that see changes."""

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from capelib import parameters, tables, vocabulary
from capelib.errors import InputError
from capelib.sections import Parameter, Section, discover, find, fingerprint
from capelib.sections.given import given, typed
from capelib.sections.page import page
from capelib.sections.prose import SITE_VARIABLE, alone, glued
from capelib.vocabulary import VOCABULARY, increasing, number, rule

SOURCE = """# %% [markdown]
# (sec-demo)=
# # A demo of $x$

# %% tags=["parameters"]
panel: str = "measured"  # whose scores
family: str = "Pythia"  # one family
x: str = "hellaswag"  # across
y: str = "truthfulqa"  # up
threshold: float = 0.1  # neutral "band" # and more
n_boot: int = 1_000  # resamples

# %%
1 + 1
"""

OWN = "model,family,n_params,hellaswag,truthfulqa\na,Own,1000000,30,40\nb,Own,2000000,35,41\nc,Own,4000000,38,42\n"


@pytest.fixture
def demo(tmp_path):
    path = tmp_path / "notebooks" / "demo.py"
    path.parent.mkdir()
    path.write_text(SOURCE)
    return Section("demo", path)


def namespace(**changed):
    values = {"panel": "measured", "family": "Pythia", "x": "hellaswag", "y": "truthfulqa"}
    return {"In": [], "_": 1, "BENCHMARKS": ("a",), **values, "threshold": 0.1, "n_boot": 500, "json": json, **changed}


# the edition's own sections


@pytest.mark.parametrize("section", discover().values(), ids=lambda each: each.name)
def test_every_parameter_of_every_section_is_explained_and_in_the_vocabulary(section):
    assert section.parameters
    for name, declared in section.parameters.items():
        assert declared.help, f"{section.name}: {name} has no comment"
        assert declared.type != "None", f"{section.name}: {name} has no type"
        rule(name)
    parameters.validate(section, {})


@pytest.mark.parametrize("section", discover().values(), ids=lambda each: each.name)
def test_every_section_checks_its_parameters_before_any_work(section):
    code = [cell.source for cell in section.node.cells if cell.cell_type == "code"]
    declared = next(n for n, cell in enumerate(c for c in section.node.cells if c.cell_type == "code")
                    if "parameters" in cell.metadata.get("tags", []))  # fmt: skip
    assert f'parameters.check("{section.name}", globals())' in code[declared + 1]


def code_in_the_way(section):
    """Code cells that a reader sees unasked though they are long, wider than the column, or only give a verdict."""
    hidden = {"hide-input", "remove-cell", "remove-input", "hide-cell"}
    cells = [c for c in section.node.cells if c.cell_type == "code" and not hidden & set(c.metadata.get("tags", []))]
    return [
        cell.source
        for cell in cells
        if len(cell.source.splitlines()) > 6
        or max(map(len, cell.source.splitlines())) > 88
        or "claims.check(" in cell.source
    ]


@pytest.mark.parametrize("section", discover().values(), ids=lambda each: each.name)
def test_long_code_is_folded_so_that_the_text_reads_on(section):
    assert not code_in_the_way(section)


def test_the_vocabulary_names_what_the_tables_name():
    assert vocabulary.BENCHMARKS == tables.BENCHMARKS
    assert vocabulary.PANELS == tables.PANELS


# discovery


def test_sections_come_in_the_order_of_the_table_of_contents(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("alpha", "beta", "gamma", "_hidden"):
        (folder / f"{name}.py").write_text("1\n")
    (tmp_path / "_toc.yml").write_text(
        "root: intro\nparts:\n- chapters:\n  - file: notebooks/gamma\n    sections:\n    - file: notebooks/beta\n"
        "  - file: book/alpha\n  - file: notebooks/gone\n"
    )
    assert list(discover(folder)) == ["gamma", "beta", "alpha"]
    assert list(discover(folder, tmp_path / "none")) == ["alpha", "beta", "gamma"]


def test_an_unknown_section_is_told_with_the_closest(demo):
    assert find("demo", demo.path.parent).path == demo.path
    with pytest.raises(InputError, match=r"unknown section 'demp' \(closest: 'demo'\); allowed: demo; list them with"):
        find("demp", demo.path.parent)


def test_parameters_are_read_with_type_default_and_help(demo):
    assert demo.title == "A demo of $x$"
    assert list(demo.parameters) == ["panel", "family", "x", "y", "threshold", "n_boot"]
    assert demo.parameters["n_boot"] == Parameter("n_boot", "int", 1000, "resamples")
    assert demo.parameters["threshold"] == Parameter("threshold", "float", 0.1, 'neutral "band" # and more')


def test_the_first_folds_of_a_page_have_names_of_their_own(demo):
    cells = [cell for cell in demo.named().cells if cell.cell_type == "code"]
    prompts = [cell.metadata.get("mystnb", {}).get("code_prompt_show") for cell in cells]
    assert prompts == ["Show the parameters", "Show the imports"]
    assert not any("mystnb" in cell.metadata for cell in demo.node.cells)  # the source stays as it is


def test_a_default_must_be_a_plain_value(tmp_path):
    path = tmp_path / "odd.py"
    path.write_text('# %% tags=["parameters"]\nseed: int = 2 * 3  # s\n')
    with pytest.raises(InputError, match="plain value"):
        _ = Section("odd", path).parameters


# values from text


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "1e3", 1000),
        ("int", "10_000", 10000),
        ("int", 7.0, 7),
        ("float", "3", 3.0),
        ("float", 2, 2.0),
        ("bool", "True", True),
        ("bool", "no", False),
        ("bool", True, True),
        ("str", "OPT", "OPT"),
        ("list[float]", "1e9, 3", [1e9, 3.0]),
        ("list[float]", [1, 2], [1.0, 2.0]),
        ("tuple", "(1, 2.5)", (1, 2.5)),
        ("list[int]", "[]", []),
    ],
)
def test_texts_become_the_declared_type(kind, text, value):
    got = typed("seed", kind, text)
    assert got == value
    assert type(got) is type(value)


@forall(st.integers())
def test_whole_numbers_survive_as_text(number):
    assert typed("seed", "int", str(number)) == number == typed("seed", "int", number)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int", "1.5"),
        ("int", "x"),
        ("int", "nan"),
        ("int", "inf"),
        ("int", True),
        ("int", ""),
        ("float", "zero"),
        ("float", None),
        ("bool", "1"),
        ("bool", "maybe"),
        ("str", 3),
        ("list[float]", "1, a"),
        ("list[float]", "1, 'a'"),
        ("list[float]", "os.system('x')"),
        ("list[float]", 4),
        ("set", "1"),
    ],
)
def test_a_text_of_another_type_is_refused(kind, text):
    with pytest.raises(InputError, match="must be of type"):
        typed("seed", kind, text)


# checks


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n_boot": 5}, "n_boot must be a whole number from 100 to 1,000,000; got 5"),
        ({"n_boot": 1000.0}, "n_boot must be of type int"),
        ({"n_boot": True}, "n_boot must be of type int"),
        ({"threshold": -0.1}, "threshold must be a number from 0 to 10"),
        ({"threshold": float("nan")}, "threshold must be a number"),
        ({"threshold": "0.1"}, "threshold must be of type float"),
        ({"x": "helaswag"}, r"closest: 'hellaswag'"),
        ({"x": "truthfulqa"}, "x and y must differ"),
        ({"family": "Pythias"}, r"unknown family 'Pythias' \(closest: 'Pythia'\)"),
        ({"family": 3}, "family must be of type str"),
        ({"panel": "mesured"}, r"closest: 'measured'"),
        ({"panel": "nowhere.csv"}, "there is no file nowhere.csv"),
        ({"panel": ""}, "parameter panel must be measured, released, or the path"),
        ({"famly": "OPT"}, r"unknown parameter of demo: 'famly' \(closest: 'family'\)"),
        ({"Family": "OPT"}, r"closest: 'family'"),
        ({"n_bot": None}, r"closest: 'n_boot'"),
    ],
)
def test_a_section_refuses_what_is_not_allowed(demo, monkeypatch, changed, message):
    monkeypatch.setattr(parameters, "find", lambda name: demo)
    with pytest.raises(InputError, match=message) as caught:
        parameters.check("demo", namespace(**changed))
    assert "\n" not in str(caught.value)


def test_a_section_accepts_its_defaults_and_other_allowed_values(demo, monkeypatch):
    monkeypatch.setattr(parameters, "find", lambda name: demo)
    parameters.check("demo", namespace())
    parameters.check("demo", namespace(family="OPT", panel="released", threshold=0, y="arc_challenge"))


def test_a_check_that_is_run_again_ignores_the_readers_own_names_but_not_wrong_values(demo, monkeypatch):
    monkeypatch.setattr(parameters, "find", lambda name: demo)
    names = namespace()
    parameters.check("demo", names)
    names.update(mine=3, family="nobody")
    with pytest.raises(InputError, match="unknown family 'nobody'"):
        parameters.check("demo", names)
    parameters.check("demo", {**names, "family": "OPT"})


def test_a_missing_parameter_is_told(demo, monkeypatch):
    monkeypatch.setattr(parameters, "find", lambda name: demo)
    names = namespace()
    del names["y"]
    with pytest.raises(InputError, match="parameter y of demo is missing"):
        parameters.check("demo", names)


def test_a_panel_of_the_users_is_read_and_decides_the_families(demo, tmp_path):
    mine = tmp_path / "mine.csv"
    mine.write_text(OWN)
    assert given(demo, [f"panel={mine}", "family=Own"]) == {"panel": str(mine), "family": "Own"}
    with pytest.raises(InputError, match="unknown family 'OPT'"):
        given(demo, [f"panel={mine}", "family=OPT"])
    mine.write_text(OWN[: OWN.index("c,Own")])
    few = "family 'Own' has hellaswag and truthfulqa for base models of {} different sizes?; a section needs 3"
    with pytest.raises(InputError, match=few.format(2)):
        given(demo, [f"panel={mine}", "family=Own"])
    mine.write_text(OWN.replace("2000000", "1000000").replace("4000000", "1000000"))
    with pytest.raises(InputError, match=few.format(1)):  # three models of one size
        given(demo, [f"panel={mine}", "family=Own"])
    rows = [f"{row},{word}" for row, word in zip(OWN.split(), ("is_base", "true", "true", "false"), strict=True)]
    mine.write_text("\n".join(rows))
    with pytest.raises(InputError, match=few.format(2)):  # a section would leave the tuned model out
        given(demo, [f"panel={mine}", "family=Own"])
    mine.write_text("model,family,n_params,hellaswag,truthfulqa\na,Own,-1,30,40\n")
    with pytest.raises(tables.TableError, match="n_params"):
        given(demo, [f"panel={mine}"])


def test_an_unknown_family_is_answered_with_the_families_that_can_be_used(demo):
    with pytest.raises(InputError, match=r"unknown family 'opt' \(closest: 'OPT'\)") as told:
        given(demo, ["family=opt"])
    allowed = str(told.value).partition("allowed: ")[2].partition(";")[0].split(", ")
    assert {"OPT", "Pythia"} <= set(allowed)
    assert not {"Amber", "CodeLlama"} & set(allowed)  # one size; trained on code
    with pytest.raises(InputError, match="'Amber' has hellaswag and truthfulqa for base models of 1 different size; "):
        given(demo, ["family=Amber"])


def test_a_page_names_a_file_without_its_folders():
    assert parameters.panel_name("/data/of/mine.csv") == "mine.csv"
    assert parameters.panel_name("released") == "released"


def test_a_relative_panel_is_meant_from_where_the_user_stands(demo, tmp_path, monkeypatch):
    (tmp_path / "mine.csv").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    chosen = given(demo, ["panel=mine.csv", "family=Own"])
    assert chosen == {"panel": str(tmp_path / "mine.csv"), "family": "Own"}


def test_values_come_from_yaml_too_and_a_pair_outdoes_the_file(demo, tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text("threshold: 1\nn_boot: 1e3\nfamily: OPT\n")
    assert given(demo, ["family=Pythia"], file) == {"threshold": 1.0, "n_boot": 1000, "family": "Pythia"}
    file.write_text("")
    assert given(demo, [], file) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"- a\n- b\n", "NAME: VALUE"), (b"a: [1\n", "no YAML"), (b"\xff\xfe\x00", "no YAML"), (b"famly: x", "'family'")],
)
def test_a_bad_yaml_file_is_one_line(demo, tmp_path, content, message):
    file = tmp_path / "p.yaml"
    file.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        given(demo, [], file)
    assert "\n" not in str(caught.value)


def test_a_missing_yaml_file_and_a_pair_without_a_value_are_told(demo, tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        given(demo, [], tmp_path / "none.yaml")
    with pytest.raises(InputError, match="NAME=VALUE"):
        given(demo, ["n_boot"])


@forall(st.one_of(st.floats(), st.text(), st.booleans(), st.none(), st.lists(st.integers())))
def test_a_whole_number_is_nothing_else(value):
    with pytest.raises(InputError, match="parameter name must be a whole number, at least 0; got"):
        number(0, whole=True).check("name", value)


@forall(st.lists(st.floats(allow_nan=True), max_size=4))
def test_increasing_numbers_increase(numbers):
    rises = len(numbers) > 1 and all(a < b < float("inf") for a, b in pairwise(numbers)) and numbers[0] >= 0
    try:
        increasing(0).check("name", numbers)
        assert rises
    except InputError:
        assert not rises


def test_every_rule_says_what_it_allows():
    for each in VOCABULARY.values():
        assert each.allowed


# prose and page


def test_a_paragraph_about_a_part_that_was_left_out_goes_with_it():
    text = "Kept {glue:text}`demo_a`.\n\nGone {glue:text}`demo_none`,\non two lines.\n\n## Head\n\nKept too."
    assert alone(text, {"demo_a": "1"}) == "Kept 1.\n\n## Head\n\nKept too."


def test_prose_stands_alone():
    text = (
        "{glue:text}`demo_a` and {glue:text}`../notebooks/x.ipynb::demo_a:s`, "
        "{ref}`here <sec-x>`, {ref}`sec-data-set`, "
        "{doc}`/notebooks/data`, {cite}`amin`, {math}`x^2`, [p](../book/ledger.md), "
        "[](#sec-x), [site](https://example.org)\n\n"
        "```{dropdown} More\n:open:\nbody\n```\n\n:::{grid} \n:gutter: 2\nin\n:::\n\n```{note}\nkept\n```\n"
    )
    got = alone(text, {"demo_a": "1.23"})
    assert got.startswith("1.23 and 1.23, here, data set, data, (amin, n.d.), {math}`x^2`, p, x, ")
    assert "[site](https://example.org)" in got
    assert "```{admonition} More\nbody" in got
    assert ":::{container}\nin" in got
    assert "```{note}\nkept" in got


def test_works_are_cited_by_author_and_year():
    got = alone("So {cite:p}`mckenzie2023,lin2022`; {cite:t}`kaplan2020`; {cite:p}`nobody1999`.", {})
    assert re.sub(r"\]\(https://[^)\s]+\)", "]", got) == (
        "So ([McKenzie et al., 2023]; [Lin et al., 2022]); [Kaplan et al. (2020)]; (Nobody, 1999)."
    )


def test_pages_are_linked_where_the_book_is_published(monkeypatch):
    text = "{doc}`the data </notebooks/data>`, {ref}`here <sec-data-variant>`, {doc}`/book/ledger`, {ref}`fig-1`"
    monkeypatch.delenv(SITE_VARIABLE, raising=False)
    assert alone(text, {}) == "the data, here, ledger, 1"
    monkeypatch.setenv(SITE_VARIABLE, "https://example.org/edition/")
    site = "https://example.org/edition"
    assert alone(text, {}) == (
        f"[the data]({site}/notebooks/data.html), [here]({site}/notebooks/data.html#sec-data-variant), "
        f"[ledger]({site}/book/ledger.html), 1"
    )


def test_a_page_says_what_folded_code_is_for_and_names_a_file_without_its_folders(demo):
    table = [{"output_type": "display_data", "data": {"text/html": "<table></table>"}}]
    cells = [
        {"cell_type": "code", "metadata": {"tags": tags}, "source": source, "outputs": outputs}
        for tags, source, outputs in (
            (["parameters", "hide-input"], "panel: str = 'measured'", []),
            (["injected-parameters"], "panel = '/data/of/mine.csv'", []),
            (["hide-input"], "present.setup()", []),
            (["hide-input"], "rows()", table),
        )
    ]
    html = page(demo, {"cells": cells}, {"panel": "/data/of/mine.csv"})
    assert re.findall("<summary>(Code.*?)</summary>", html) == ["Code: imports", "Code of the table"]
    assert "mine.csv" in html
    assert "/data/of" not in html


def test_a_page_needs_no_network_and_shows_prose_code_and_outputs(demo):
    svg = "<svg xmlns='http://www.w3.org/2000/svg'>" + "x" * 20_000 + "</svg>"
    record = {"application/papermill.record/text/plain": "0.12"}
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# T\n", "It is {glue:text}`demo_a` of $\\frac{a}{b}$."]},
        {"cell_type": "code", "metadata": {"tags": ["hide-input"]}, "source": "f(1)  # </details>", "outputs": [
            {"output_type": "display_data", "data": {"image/svg+xml": svg, "text/plain": "no"}},
            {"output_type": "stream", "name": "stdout", "text": "\x1b[31mred <b>\x1b[0m\n"},
        ]},
        {"cell_type": "code", "metadata": {"tags": ["remove-cell"]}, "source": "glue()", "outputs": [
            {"output_type": "display_data", "data": record, "metadata": {"scrapbook": {"name": "demo_a"}}},
        ]},
    ]  # fmt: skip
    assert glued(cells) == {"demo_a": "0.12"}
    html = page(demo, {"cells": cells}, {"threshold": 0.2})
    assert "It is 0.12 of <math" in html
    assert svg in html
    assert "<h1>T</h1>" in html or "<h2>T</h2>" in html
    assert "red &lt;b&gt;" in html
    assert "glue()" not in html
    assert "threshold=0.2" in html
    for fetched in ("src='http", 'src="http', "<link", "@import", "url(http"):
        assert fetched not in html


# fingerprints


@pytest.fixture
def tree(tmp_path):
    names = """notebooks/a.py notebooks/b.py capelib/core.py capelib/cli/main.py capelib/coupling/local.py
        capelib/sections/run.py capelib/book/mime.py data/t.csv data/README.md requirements.lock book/intro.md"""
    for name in names.split():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "sees"),
    [
        ("notebooks/a.py", True),
        ("capelib/core.py", True),
        ("capelib/coupling/local.py", True),
        ("data/t.csv", True),
        ("requirements.lock", True),
        ("notebooks/b.py", False),
        ("capelib/cli/main.py", False),
        ("capelib/sections/run.py", False),
        ("capelib/book/mime.py", False),
        ("data/README.md", False),
        ("book/intro.md", False),
    ],
)
def test_a_fingerprint_sees_what_can_change_a_number(tree, changed, sees):
    before = fingerprint.fingerprint(tree / "notebooks/a.py", tree)
    (tree / changed).touch()
    assert fingerprint.fingerprint(tree / "notebooks/a.py", tree) == before
    (tree / changed).write_text("other")
    assert (fingerprint.fingerprint(tree / "notebooks/a.py", tree) != before) is sees


def test_a_new_module_and_a_moved_one_are_seen(tree):
    before = fingerprint.fingerprint(tree / "notebooks/a.py", tree)
    (tree / "capelib/new.py").write_text("")
    after = fingerprint.fingerprint(tree / "notebooks/a.py", tree)
    (tree / "capelib/new.py").rename(tree / "capelib/newer.py")
    assert len({before, after, fingerprint.fingerprint(tree / "notebooks/a.py", tree)}) == 3


def test_a_seal_breaks_when_a_cell_is_changed_by_hand(demo, tmp_path):
    path = tmp_path / "demo.ipynb"
    fingerprint.write_sealed(path, demo.node, {"fingerprint": "f"})
    assert fingerprint.record(path)["fingerprint"] == "f"
    path.write_text(path.read_text().replace("1 + 1", "1 + 2"))
    assert fingerprint.record(path) == {}
    path.write_text("no notebook")
    assert fingerprint.record(path) == {}
    assert fingerprint.record(tmp_path / "none.ipynb") == {}
