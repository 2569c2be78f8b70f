"""`cape build` in small clones: what is executed again and what is not, kills, pins, and the site."""

import csv
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Clone, make_clone

pytestmark = pytest.mark.slow

CLAIM = "coupling.r_pythia"
ALPHA = "# %% [markdown]\n# # Alpha\n\n# %%\n1 + 1\n"
COUPLING = f'''# %% [markdown]
# # Coupling

# %%
from capelib import claims, tables

scores = tables.read("panel_pythia_variants").query("table_id == 'ai_free_energy'")
r = scores["hellaswag"].corr(scores["truthfulqa"])

# %%
claims.check("{CLAIM}", released=r)
'''
SLOW = "# %%\nimport time\n\n# %%\ntime.sleep(60)\n"


def pin(clone: Clone, verdict: str) -> None:
    """Pin the verdict of the one claim that the small clone checks, and no other."""
    path = clone.root / "data" / "claim_rules.csv"
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        columns, rows = reader.fieldnames, list(reader)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "pinned": verdict if row["id"] == CLAIM else ""} for row in rows)


def add(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def verdict_of(clone: Clone) -> str:
    rows = json.loads(clone.cape("claims", "--json").stdout)
    return next(row["verdict"] for row in rows if row["id"] == CLAIM)


def executed(clone: Clone, *options: str) -> set[str]:
    """The sections that a build executes, seen by their notebooks, which no build may leave untouched."""
    ended = clone.cape("build", "--no-site", *options)
    assert ended.returncode == 0, ended.stderr
    lines = [line.split() for line in ended.stdout.splitlines() if not line.startswith(("claims:", "/"))]
    return {words[0] for words in lines if words[1:3] != ["up", "to"] and "was changed since" not in " ".join(words)}


def at_work(process: subprocess.Popen, clone: Clone, section: str) -> None:
    """Wait until a kernel has begun the section's second cell."""
    for _ in range(600):
        drafts = clone.root.glob(f"_build/cape/drafts/*/{section}.out.ipynb")
        if any('"execution_count": 1' in draft.read_text() for draft in drafts):
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise TimeoutError(section)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Clone:
    clone = make_clone(tmp_path_factory.mktemp("build") / "clone")
    clone.section("alpha", ALPHA)
    clone.section("coupling", COUPLING)
    pin(clone, "")
    ended = clone.cape("build", "--no-site")
    assert ended.returncode == 0, ended.stderr
    return clone


@pytest.fixture
def copy(built, tmp_path) -> Clone:
    """A built clone of the test's own."""
    shutil.copytree(built.root, tmp_path / "clone")
    return Clone(tmp_path / "clone")


def test_only_what_changed_is_executed_again(copy):
    root = copy.root
    assert executed(copy) == set()
    add(root / "capelib" / "cli" / "output.py", "# a word\n")
    add(root / "data" / "README.md", "a word\n")
    assert executed(copy) == set()
    copy.section("alpha", ALPHA.replace("1 + 1", "1 + 2"))
    assert executed(copy) == {"alpha"}
    assert '"3"' in (root / "notebooks" / "alpha.ipynb").read_text()
    add(root / "capelib" / "estimate.py", "# a word\n")
    assert executed(copy) == {"alpha", "coupling"}
    assert executed(copy, "--force") == {"alpha", "coupling"}
    assert not any((root / "_build" / "cape" / "drafts").iterdir())


def test_a_notebook_changed_by_hand_is_executed_again_and_kept_aside(copy):
    notebook = copy.root / "notebooks" / "alpha.ipynb"
    notebook.write_text(notebook.read_text().replace("1 + 1", "1 + 7"))
    assert executed(copy) == {"alpha"}
    assert "1 + 7" in (copy.root / "_build" / "kept" / "alpha.ipynb").read_text()
    assert "1 + 7" not in notebook.read_text()


def test_notebooks_leaves_executed_ones_alone(copy):
    before = (copy.root / "notebooks" / "alpha.ipynb").read_bytes()
    copy.section("beta", ALPHA)
    assert copy.cape("notebooks").returncode == 0
    assert (copy.root / "notebooks" / "alpha.ipynb").read_bytes() == before
    assert json.loads((copy.root / "notebooks" / "beta.ipynb").read_text())["cells"][1]["outputs"] == []
    assert executed(copy) == {"beta"}


def test_a_failing_section_fails_the_build_and_leaves_its_last_notebook(copy):
    notebook = copy.root / "notebooks" / "alpha.ipynb"
    before = notebook.read_bytes()
    copy.section("alpha", ALPHA.replace("1 + 1", "1 / 0"))
    ended = copy.cape("build", "--no-site")
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert "section alpha, cell [1]: ZeroDivisionError: division by zero; see" in line
    assert (copy.root / "_build" / "failed" / "alpha.failed.ipynb").is_file()
    assert notebook.read_bytes() == before
    copy.section("alpha", ALPHA)
    assert executed(copy) == set()


def test_one_corrupted_datum_changes_the_verdict_and_fails_the_build(copy):
    before = verdict_of(copy)
    assert before != "not reproduced"
    pin(copy, before)
    assert executed(copy) == {"alpha", "coupling"}
    table = copy.root / "data" / "panel_pythia_variants.csv"
    first, row, rest = table.read_text().split("\n", 2)
    assert row.startswith("ai_free_energy,released,pythia-70m,70000000,27.3,")
    table.write_text("\n".join([first, row.replace(",27.3,", ",57.3,"), rest]))
    ended = copy.cape("build", "--no-site")
    assert ended.returncode == 1
    assert f"{CLAIM}: pinned as '{before}', got 'not reproduced'" in ended.stderr
    assert verdict_of(copy) == "not reproduced"


def test_a_killed_build_leaves_the_last_notebooks_and_the_next_build_is_right(copy):
    before = (copy.root / "notebooks" / "alpha.ipynb").read_bytes()
    copy.section("alpha", SLOW)
    process = copy.start("build", "--no-site")
    at_work(process, copy, "alpha")
    process.kill()
    process.communicate()
    assert (copy.root / "notebooks" / "alpha.ipynb").read_bytes() == before
    assert any((copy.root / "_build" / "cape" / "drafts").iterdir())
    copy.section("alpha", ALPHA.replace("1 + 1", "2 + 2"))
    assert executed(copy) == {"alpha"}
    assert '"4"' in (copy.root / "notebooks" / "alpha.ipynb").read_text()
    assert not any((copy.root / "_build" / "cape" / "drafts").iterdir())


def test_ctrl_c_ends_a_build_at_once_and_two_builds_do_not_meet(copy):
    before = (copy.root / "notebooks" / "alpha.ipynb").read_bytes()
    copy.section("alpha", SLOW)
    process = copy.start("build", "--no-site")
    at_work(process, copy, "alpha")
    second = copy.cape("build", "--no-site")
    assert second.returncode == 2
    assert f"another cape build is at work here (process {process.pid}," in second.stderr
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert (copy.root / "notebooks" / "alpha.ipynb").read_bytes() == before
    assert not any((copy.root / "_build" / "cape" / "drafts").iterdir())


def plain_book(clone: Clone) -> Path:
    """Give a clone the smallest book: a home page and its sections; returns the index page to be."""
    (clone.root / "_toc.yml").write_text(
        "format: jb-book\nroot: intro\nchapters:\n- file: notebooks/alpha\n- file: notebooks/coupling\n"
    )
    (clone.root / "_config.yml").write_text(
        "title: Small\nonly_build_toc_files: true\nexecute: {execute_notebooks: 'off'}\n"
    )
    (clone.root / "intro.md").write_text("# Home\n\nHello.\n")
    return clone.root / "_build" / "html" / "index.html"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_the_page_builder_ends_with_a_killed_build_and_the_next_one_can_start(copy):
    index = plain_book(copy)
    process = copy.start("build")
    log = copy.root / "_build" / "cape" / "book.log"
    until = time.monotonic() + 60
    while not (log.is_file() and log.stat().st_size) and time.monotonic() < until:
        time.sleep(0.05)
    process.kill()
    process.communicate()
    assert not index.is_file()
    ended = copy.cape("build")
    assert ended.returncode == 0, ended.stderr
    assert index.is_file()


def test_the_site_is_built_last_and_a_page_left_half_written_is_mended(copy):
    index = plain_book(copy)
    ended = copy.cape("build")
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[-1] == str(index)
    assert any(line.startswith("book: ") for line in lines)
    page = index.parent / "notebooks" / "alpha.html"
    whole = page.read_text()
    # as a build killed while writing leaves it: half a page, and no word that the site was finished
    page.write_text(whole[:100])
    (copy.root / "_build" / "cape" / "site").unlink()
    assert copy.cape("build").returncode == 0
    assert len(page.read_text()) == len(whole)
    # a warning is an error, told with its line
    (copy.root / "intro.md").write_text("# Home\n\n{ref}`nowhere`\n")
    ended = copy.cape("build")
    assert ended.returncode == 1
    assert "nowhere" in ended.stderr
    assert "book.log" in ended.stderr
