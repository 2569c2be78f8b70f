"""`cape internals`: the command itself, on a tiny model saved to a folder."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from tiny import LETTERS, save

from capelib.internals.results import by_depth, family, join

FAST = ["--n-prompts", "4", "--n-draws", "20"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("internals")
    save(root / "gpt2-124m", "gpt2")
    save(root / "llama-1b", "llama")
    words = [" ".join(each) for each in itertools.islice(itertools.permutations(LETTERS, 4), 0, 4000, 97)]
    rows = [(("first", "second", "neutral")[i % 3], text) for i, text in enumerate(words)]
    pd.DataFrame(rows, columns=["set", "text"]).to_csv(root / "prompts.csv", index=False)
    return root


def cape(place: Path, *arguments: str) -> subprocess.CompletedProcess:
    own = ["--prompts", "prompts.csv", "--first", "first", "--second", "second"]
    command = [sys.executable, "-m", "capelib.cli", "internals", *arguments, *own]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=120)


@pytest.mark.slow
def test_a_table_for_people_and_one_for_machines(place: Path) -> None:
    plain = cape(place, "./gpt2-124m", *FAST)
    assert plain.returncode == 0, plain.stderr
    assert plain.stdout.startswith("layer\tcoupling")
    assert "the paper's wider map" in plain.stdout
    machine = cape(place, "./gpt2-124m", *FAST, "--json")
    (record,) = json.loads(machine.stdout)
    assert record["summary"]["n_layers"] == 3
    assert len(record["hidden"]) == 3 * 3
    layer = next(line for line in plain.stdout.splitlines() if line.startswith("0\t"))
    assert layer.split("\t")[1] == f"{record['hidden'][0]['value']:.3f}"


@pytest.mark.slow
def test_runs_are_joined_and_drawn(place: Path) -> None:
    assert cape(place, "./gpt2-124m", *FAST, "--results", "all.csv").returncode == 0
    again = cape(place, "./gpt2-124m", "./llama-1b", *FAST, "--results", "all.csv", "--chart", "all.html")
    assert again.returncode == 0, again.stderr
    table = pd.read_csv(place / "all.csv")
    assert table["model"].tolist() == ["./gpt2-124m", "./llama-1b"]
    assert set(by_depth(table)["family"]) == {"gpt2", "llama"}
    page = (place / "all.html").read_text(encoding="utf-8")
    assert "llama-1b" in page
    assert "http://" not in page.split("vega")[0]
    other = cape(place, "./llama-1b", *FAST, "--seed", "3", "--results", "all.csv")
    assert other.returncode == 0
    assert len(pd.read_csv(place / "all.csv")) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["./gpt2-124m", "--n-prompts", "3"], "--n-prompts must be a whole number from 4"),
        (
            ["./gpt2-124m", "--n-prompts", "30"],
            "prompts are needed: 30 of first (14 there), 30 of second (14 there), 60 of neutral",
        ),
        (["./gpt2-124m", "--n-draws", "1"], "--n-draws must be"),
        (["./gpt2-124m", *FAST, "--second", "first"], "two different sets"),
        (["./gpt2-124m", *FAST, "--first", "frist"], "unknown set of prompts 'frist' (closest: 'first')"),
        (["./gpt2-124m", *FAST, "--chart", "x.pdf"], "--chart must end in .html"),
        (["./gpt2-124m", *FAST, "--dtype", "float8"], "unknown dtype 'float8'"),
        (["./gpt2-125m", *FAST], "no such file or folder"),
        (["./gpt2-124m", *FAST, "--results", "prompts.csv"], "no table written by cape internals --results"),
        (["./gpt2-124m", *FAST, "--results", "table.txt"], "--results must end in .csv"),
        (["./gpt2-124m", *FAST, "--results", "nowhere/table.csv"], "there is no folder"),
        (["./gpt2-124m", "./nosuch", *FAST], "no such file or folder"),
    ],
)
def test_mistakes_cost_one_line_and_lose_nothing(place: Path, arguments: list[str], words: str) -> None:
    own = (place / "prompts.csv").read_text()
    found = subprocess.run(
        [sys.executable, "-m", "capelib.cli", "internals", "--prompts", "prompts.csv", "--first", "first",
         "--second", "second", *arguments],
        cwd=place, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert found.returncode == 2
    assert words in found.stderr
    assert "Traceback" not in found.stderr
    assert (place / "prompts.csv").read_text() == own


def test_names_give_families() -> None:
    names = ["facebook/opt-125m", "Qwen/Qwen2.5-1.5B", "EleutherAI/pythia-6.9b-deduped", "gpt2", "x/Llama-3.1-70B"]
    assert [family(name) for name in names] == ["opt", "Qwen2.5", "pythia-deduped", "gpt2", "Llama-3.1"]


def test_joining_keeps_other_settings() -> None:
    row = {"model": "a", "revision": None, "dtype": "float32", "first": "x", "second": "y", "n_prompts": 4, "seed": 0}
    table = join(join(None, [row | {"d_rep": 1.0}]), [row | {"d_rep": 2.0}, row | {"seed": 1, "d_rep": 3.0}])
    assert table["d_rep"].tolist() == [2.0, 3.0]
