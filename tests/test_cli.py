"""The command line as its users meet it: real commands, by subprocess, with their exit codes and what they leave."""

import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from conftest import ROOT, Clone, make_clone

CAPE = [sys.executable, "-m", "capelib.cli"]
COMMANDS = ("sections", "run", "notebooks", "claims", "families", "check", "build", "serve")
DEMO = """# %% [markdown]
# # A demo of $x$
#
# The mean is {glue:text}`demo_mean`.

# %% tags=["parameters", "hide-input"]
panel: str = "measured"  # whose scores
threshold: float = 0.1  # neutral band
n_boot: int = 1000  # resamples

# %% tags=["hide-input"]
import altair as alt
import pandas as pd

from capelib import parameters, present

present.setup()
parameters.check("demo", globals())

# %%
frame = pd.DataFrame({"a": [1, 2], "b": [1, 3]})
alt.Chart(frame).mark_point().encode(x="a", y="b").properties(width="container", description="Two points.")

# %% tags=["remove-cell"]
present.glue("demo_mean", threshold, ".2f")
"""


def cape(*arguments, **options):
    return subprocess.run(
        [*CAPE, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False, **options
    )


def refused(ended):
    """The one line of an error of the user's."""
    assert ended.returncode == 2, ended.stderr
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    return lines[0]


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Clone:
    clone = make_clone(tmp_path_factory.mktemp("cli") / "a {clone}")
    clone.section("demo", DEMO)
    clone.section("broken", "# %%\nprint('so far')\n\n# %%\n1 / 0\n")
    clone.section("refusing", "# %%\nfrom capelib.errors import InputError\nraise InputError('too small; give more')\n")
    clone.section("slow", "# %%\nimport time\nprint('asleep')\n\n# %%\ntime.sleep(60)\n")
    return clone


def left(clone):
    """Files that a command may have left, besides the sources."""
    generated = [path for path in (clone.root / "_build").rglob("*") if path.is_file()]
    return sorted(str(path.relative_to(clone.root)) for path in [*generated, *clone.root.glob("notebooks/*.ipynb")])


# help


def test_help_is_quick():
    best = 9.0
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert cape("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert best < 0.3


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from capelib.cli import main; main(['--help']); main(['run', '--help']); "
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = "torch transformers matplotlib pandas numpy altair papermill jupytext nbformat scipy"
    assert not set(heavy.split()) & set(re.findall(r"\w+", ended.stderr))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    ended = cape(command, "--help")
    assert ended.returncode == 0
    assert f"cape {command}" in ended.stdout
    assert ended.stderr == ""


def test_without_arguments_help_and_version():
    assert "Commands" in cape().stdout
    assert re.fullmatch(r"cape \d+\.\d+\.\d+\n", cape("--version").stdout)


# errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rnu"], "unknown command 'rnu' (closest: 'run'); allowed: sections, run"),
        (["build", "--froce"], "unknown option '--froce' (closest: '--force'); allowed:"),
        (["--verbos"], "unknown option '--verbos'"),
        (["build", "--jobs", "many"], "--jobs"),
        (["build", "--jobs", "0"], "greater than or equal to 1"),
        (["run"], "which section? allowed: data, scaling, coupling"),
        (["run", "coupling", "more"], "more"),
        (["run", "couplin"], "unknown section 'couplin' (closest: 'coupling')"),
        (["run", "coupling", "-p", "famly=OPT"], "unknown parameter of coupling: 'famly' (closest: 'family')"),
        (["run", "coupling", "-p", "family=OPTT"], "unknown family 'OPTT' (closest: 'OPT')"),
        (["run", "coupling", "-p", "n_boot=many"], "n_boot must be of type int: a whole number from 100"),
        (["run", "coupling", "-p", "n_boot=3"], "a whole number from 100 to 1,000,000; got 3"),
        (["run", "coupling", "-p", "y=hellaswag"], "x and y must differ"),
        (["run", "coupling", "-p", "y"], "NAME=VALUE"),
        (["run", "coupling", "-f", "none.yaml"], "none.yaml: cannot be read"),
        (["run", "coupling", "--out", "README.md"], "--out must be a folder"),
        (["run", "coupling", "--out", "/proc/none/here"], "nothing can be written into /proc/none/here"),
        (["claims", "--section", "couplin"], "closest: 'coupling'"),
        (["claims", "--verdict", "reproducd"], "closest: 'reproduced'"),
        (["families", "--panel", "mesured"], "closest: 'measured'"),
        (["families", "--panel", "none.csv"], "none.csv: there is no file to read"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(arguments, message):
    assert message in refused(cape(*arguments, cwd=ROOT))


def test_every_wrong_parameter_is_told_at_once():
    pairs = ["n_boot=abc", "seed=-1", "y=foo", "famly=OPT", "panel=none.csv"]
    ended = cape("run", "coupling", *[word for pair in pairs for word in ("-p", pair)], cwd=ROOT)
    assert ended.returncode == 2
    first, *lines = ended.stderr.splitlines()
    assert first == "cape: 5 problems with the parameters:"
    assert len(lines) == 5
    for name in ("n_boot must", "seed must", "y must", "'famly'", "none.csv"):
        assert sum(name in line for line in lines) == 1


def test_debug_shows_the_traceback():
    ended = cape("--debug", "run", "couplin")
    assert ended.returncode == 2
    assert "Traceback" in ended.stderr


# look-ups


def test_sections_as_lines_and_as_json(demo):
    lines = demo.cape("sections").stdout.splitlines()
    assert lines[0].split("\t") == ["section", "parameter", "type", "default", "allowed", "what it is"]
    assert "demo\tthreshold\tfloat\t0.1\ta number from 0 to 10\tneutral band" in lines
    ended = demo.cape("sections", "--json")
    assert ended.stderr == ""
    (section,) = [each for each in json.loads(ended.stdout) if each["name"] == "demo"]
    assert section["title"] == "A demo of $x$"
    assert section["parameters"][2] == {
        "name": "n_boot",
        "type": "int",
        "default": 1000,
        "help": "resamples",
        "allowed": "a whole number from 100 to 1,000,000",
    }


def test_families_with_count_and_sizes():
    by_name = {each["family"]: each for each in json.loads(cape("families", "--panel", "released", "--json").stdout)}
    assert by_name["OPT"]["n_models"] == 8
    assert by_name["OPT"]["smallest"] == 125_000_000
    assert "OPT\t8\t125M\t66B" in cape("families").stdout


def test_claims_before_any_build_are_unchecked_and_said_so(demo):
    ended = demo.cape("claims", "--json")
    assert ended.stderr == "no build yet, so every claim is unchecked; check them with: cape build\n"
    assert {row["verdict"] for row in json.loads(ended.stdout)} == {"unchecked"}
    few = json.loads(demo.cape("claims", "--section", "coupling", "--json").stdout)
    assert {row["section"] for row in few} == {"coupling"}


def test_check_prints_every_problem_of_a_table(tmp_path):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("model,family,n_params,hellaswag,truthfulqa\na,F,1000000,30,40\n")
    bad.write_text("model,family,n_params,hellaswag,truthfulqa\na,F,-5,30,40\nb,F,1000000,130,40\n")
    ended = cape("check", good)
    assert (ended.returncode, ended.stderr) == (0, "")
    ended = cape("check", bad)
    assert ended.returncode == 2
    assert "row 2, column n_params" in ended.stderr
    assert "row 3, column hellaswag" in ended.stderr
    assert cape("check", tmp_path / "none.csv").returncode == 2
    assert cape("check", tmp_path).returncode == 2


def test_a_reader_that_stops_listening_is_no_error():
    ended = subprocess.run(f"{sys.executable} -m capelib.cli claims 2>/dev/null | head -1", shell=True, check=True,
                           capture_output=True, text=True)  # fmt: skip
    assert ended.stdout.startswith("id\tverdict")


# runs


@pytest.mark.slow
def test_run_leaves_a_notebook_and_a_page_without_requests(demo, tmp_path):
    out = tmp_path / "made" / "here"
    # a kernel of that name that somebody else installed must not be taken for this interpreter
    other = tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json"
    other.parent.mkdir(parents=True)
    other.write_text(json.dumps({"argv": ["false"], "display_name": "other", "language": "python"}))
    environment = {**os.environ, "JUPYTER_PATH": str(tmp_path / "jupyter")}
    ended = demo.cape("run", "demo", "-p", "threshold=1", "-p", "n_boot=2e3", "--out", out, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == [str(out / "demo.ipynb"), str(out / "demo.html")]
    assert sorted(path.name for path in out.iterdir()) == ["demo.html", "demo.ipynb"]
    assert "demo: cell 1 of 6" in ended.stderr
    assert "WARNING" not in ended.stderr
    notebook = json.loads((out / "demo.ipynb").read_text())
    assert notebook["metadata"]["papermill"]["parameters"] == {"threshold": 1.0, "n_boot": 2000}
    html = (out / "demo.html").read_text()
    assert "The mean is 1.00." in html
    assert "<svg" in html
    assert "<math" in html
    for fetched in ("src='http", 'src="http', "<link", "@import", "url(http"):
        assert fetched not in html


@pytest.mark.slow
def test_a_panel_of_the_users_is_found_from_where_the_user_stands(demo, tmp_path):
    (tmp_path / "mine.csv").write_text("model,family,n_params,hellaswag,truthfulqa\na,F,1000000,30,40\n")
    environment = {**os.environ, "PYTHONPATH": str(demo.root)}
    ended = demo.cape("run", "demo", "-p", "panel=mine.csv", "--out", "o", cwd=tmp_path, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "o" / "demo.html").is_file()


@pytest.mark.slow
def test_a_failing_cell_is_told_in_one_line_and_leaves_only_what_shows_it(demo, tmp_path):
    ended = demo.cape("run", "broken", "--out", tmp_path / "out")
    assert ended.returncode == 1
    assert ended.stdout == ""
    (line,) = [line for line in ended.stderr.splitlines() if not line.startswith("broken: cell")]
    assert "section broken, cell [2]: ZeroDivisionError: division by zero; see" in line
    shown = Path(line.rpartition("see ")[2])
    assert "so far" in shown.read_text()
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_what_a_section_refuses_is_the_users_mistake(demo, tmp_path):
    ended = demo.cape("run", "refusing", "--out", tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1] == "cape: too small; give more"
    assert not any(tmp_path.iterdir())


@pytest.mark.slow
def test_ctrl_c_leaves_nothing_half_written_and_no_kernel(demo, tmp_path):
    before = left(demo)
    process = demo.start("run", "slow", "--out", tmp_path / "made" / "here")
    for line in process.stderr:
        if "cell 2" in line:
            break
    time.sleep(1)
    kernels = kernels_of(process.pid)
    assert kernels
    process.send_signal(signal.SIGINT)
    out, told = process.communicate(timeout=20)
    assert process.returncode == 130
    assert out == ""
    assert told.splitlines()[-1] == "cape: interrupted; nothing half-written is left"
    assert not any(tmp_path.iterdir())
    assert left(demo) == before
    assert not [pid for pid in kernels if Path(f"/proc/{pid}").exists()]


def kernels_of(pid):
    """Process ids of the children, whichever thread started them."""
    return [int(word) for task in Path(f"/proc/{pid}/task").glob("*/children") for word in task.read_text().split()]


@pytest.mark.slow
def test_a_terminal_sees_a_bar(demo, tmp_path):
    master, slave = pty.openpty()
    process = demo.start("run", "demo", "--out", tmp_path, stderr=slave, env={**os.environ, "TERM": "xterm"})
    os.close(slave)
    seen = b""
    try:
        while chunk := os.read(master, 4096):
            seen += chunk
    except OSError:  # the other end is closed
        pass
    process.communicate(timeout=60)
    os.close(master)
    assert process.returncode == 0
    assert b"\xe2\x94\x81" in seen  # the bar's character
    assert b"cells" in seen


# notebooks


@pytest.mark.slow
def test_notebooks_run_under_plain_papermill_with_the_same_checks(demo, tmp_path):
    ended = demo.cape("notebooks")
    assert ended.returncode == 0, ended.stderr
    pair = demo.root / "notebooks" / "demo.ipynb"
    assert json.loads(pair.read_text())["metadata"]["jupytext"]["formats"] == "ipynb,py:percent"

    def papermill(*arguments):
        command = [sys.executable, "-m", "papermill", "notebooks/demo.ipynb", tmp_path / "out.ipynb", *arguments]
        return subprocess.run(command, cwd=demo.root, capture_output=True, text=True, check=False)

    assert papermill("-p", "threshold", "0.5").returncode == 0
    refused = papermill("-p", "treshold", "0.5")
    assert refused.returncode == 1
    assert "unknown parameter of demo: 'treshold' (closest: 'threshold')" in refused.stderr
    # the failed cell shows the line and no traceback of ours
    cells = json.loads((tmp_path / "out.ipynb").read_text())["cells"]
    (error,) = [each for cell in cells for each in cell.get("outputs", []) if each["output_type"] == "error"]
    assert len(error["traceback"]) == 1
    assert "InputError: unknown parameter of demo" in error["traceback"][0]
    pair.unlink()


# serve


def test_serve_answers_on_this_machine_only_and_ends_quietly(tmp_path):
    clone = make_clone(tmp_path / "clone")
    assert "build it with: cape build" in refused(clone.cape("serve"))
    site = clone.root / "_build" / "html"
    site.mkdir(parents=True)
    (site / "index.html").write_text("hello")
    process = clone.start("serve", "--port", "0")
    address = process.stdout.readline().split()[0]
    assert address.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(address) as answer:
        assert answer.read() == b"hello"
    port = address.rstrip("/").rpartition(":")[2]
    assert f"port {port} cannot be used" in refused(clone.cape("serve", "--port", port))
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 0
    process.communicate()
