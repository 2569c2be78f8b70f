"""`cape steer`: the command itself, on a tiny model whose words are those of the edition's texts."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tiny import tiny

from capelib import tables
from capelib.cli import main, steer_show
from capelib.cli.progress import Told
from capelib.steering import files
from capelib.steering.direction import TruthDirection
from capelib.steering.material import Measured

PROMPT = "The capital of Australia is"
FEW = ["--n-questions", "6"]
QUICK = ["--new-tokens", "8"]
pytestmark = pytest.mark.slow


def texts() -> list[str]:
    columns = {
        "statements": ["true_text", "false_text"],
        "questions": ["question", "correct_answers", "incorrect_answers"],
        "reasoning_items": ["context", "correct_answer", "incorrect_answer"],
        "neutral_text": ["text"],
    }
    return [text for name, wanted in columns.items() for column in wanted for text in tables.read(name)[column]]


def save(folder: Path, layers: int = 3) -> None:
    """A tiny model that knows every word of the edition's texts; its tokenizer has no padding token."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    split = pre_tokenizers.Whitespace()
    words = sorted({word for text in [*texts(), "Question: Answer:"] for word, _ in split.pre_tokenize_str(text)})
    vocabulary = {word: place for place, word in enumerate(["<eos>", "<unk>", *words])}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = split
    model = tiny("llama")
    model.resize_token_embeddings(len(vocabulary), mean_resizing=False)
    model.config.max_position_embeddings = 96  # its positions are computed, not learned
    model.model.layers = model.model.layers[:layers]
    model.config.num_hidden_layers = layers
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<eos>", unk_token="<unk>").save_pretrained(folder)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("steer")
    save(root / "model")
    save(root / "shallow", layers=2)
    (root / "bad.csv").write_text("Question,Best Answer\nIs it?,Yes\n")
    (root / "one.jsonl").write_text('{"question": "Is it?", "choices": ["Yes.", "No."], "label": 0}\n')
    files.save(made((1,), 16), root / "narrow.safetensors")
    files.save(made((1,), 32), root / "one.safetensors")
    files.save(made((0, 1, 2), 32), root / "three.safetensors")
    return root


def made(layers: tuple[int, ...], width: int) -> TruthDirection:
    vectors = np.random.default_rng(0).standard_normal((len(layers), width))
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return TruthDirection(layers, unit, np.full(len(layers), 2.0), "mean", "./model", 3, width, 10)


@pytest.fixture(autouse=True)
def at(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(place)
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # threads that wait for each other cost a model of this size more than they save
    yield
    torch.set_num_threads(before)


@pytest.fixture
def steer(capsys: pytest.CaptureFixture) -> Callable[..., str]:
    """Run the command in this process; what it printed."""

    def run(*arguments: object) -> str:
        code = main(["steer", *map(str, arguments)])
        found = capsys.readouterr()
        assert code == 0, found.err
        return found.out

    return run


@pytest.fixture
def record(steer: Callable[..., str]) -> Callable[..., dict]:
    """Run the command with --json; what it printed, which is JSON and nothing else."""

    def forbidden(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return lambda *arguments: json.loads(steer("./model", *arguments, "--json"), parse_constant=forbidden)


# a text


def test_both_texts_what_moved_and_what_the_controls_do(steer: Callable[..., str], record: Callable[..., dict]) -> None:
    shown = steer("./model", PROMPT, *QUICK, "--layer", "1")
    told = record(PROMPT, *QUICK, "--layer", "1")
    lines = shown.splitlines()
    assert lines[:3] == [f"prompt: {PROMPT}", f"base: {told['base']}", f"steered: {told['steered']}"]
    assert told["layers"] == [1]
    assert told["permuted"]["n_null"] == 20
    assert told["gaussian"]["n_null"] >= 3
    assert told["sentence"] in lines
    assert "20 directions fitted on permuted labels" in told["sentence"]
    assert f"{100 * told['permuted']['effect']:.1f} %" in told["sentence"]
    ratio = told["perplexity_steered"] / told["perplexity"]
    assert f"times {ratio:.3g}" in lines[-1]
    moved = pd.DataFrame(told["moved"])
    assert np.allclose(moved["steered"] - moved["base"], moved["change"], atol=1e-6)
    assert moved["change"].abs().is_monotonic_decreasing
    rows = [line.split("\t") for line in lines if line.count("\t") == 3][1:]
    assert [json.loads(row[0]) for row in rows] == moved["token"].tolist()


def test_strength_0_is_the_plain_model(record: Callable[..., dict]) -> None:
    told = record(PROMPT, *QUICK, "--strength", "0")
    assert told["base"] == told["steered"]
    assert told["perplexity"] == told["perplexity_steered"]
    assert all(each["change"] == 0 for each in told["moved"])
    pushed = record(PROMPT, *QUICK, "--strength", "4")
    assert pushed["base"] == told["base"]
    assert pushed["steered"] != pushed["base"]


def test_a_direction_comes_back_from_its_file(record: Callable[..., dict], steer: Callable[..., str]) -> None:
    settings = [PROMPT, *QUICK, "--strength", "-3"]
    own = record(*settings, "--layer", "0.5", "--save", "v.safetensors", "--export-gguf", "v.gguf")
    assert own["base"] != own["steered"]
    for file in ("v.safetensors", "v.gguf"):
        again = record(*settings, "--load", file)
        assert again["layers"] == own["layers"] == [1]
        assert again["steered"] == own["steered"]
        assert again["permuted"]["effect"] == pytest.approx(own["permuted"]["effect"], rel=1e-4)
    assert steer("./model", "--load", "v.gguf", "--save", "w.safetensors") == ""
    assert record("--load", "v.gguf", "--save", "w.safetensors")["layers"] == [1]
    assert np.allclose(files.load("w.safetensors").raw, files.load("v.safetensors").raw)


def test_raw_strengths_are_lengths(record: Callable[..., dict]) -> None:
    own = record(PROMPT, *QUICK, "--strength", "2")
    raw = record(PROMPT, *QUICK, "--unit", "raw", "--strength", 2 * own["spreads"][0])
    assert raw["steered"] == own["steered"]
    assert raw["permuted"]["mean"] == pytest.approx(own["permuted"]["mean"], rel=1e-4)
    assert raw["spreads"] == own["spreads"]


def test_draws_follow_the_seed(record: Callable[..., dict]) -> None:
    drawn = [PROMPT, *QUICK, "--temperature", "1.5", "--top-p", "0.9", "--strength", "0.1"]
    first, again, other = (record(*drawn, "--seed", seed) for seed in (1, 1, 2))
    assert first == again
    assert first["base"] != other["base"]
    assert first["afresh"] == other["base"]  # what the plain model writes with the next seed
    assert record(PROMPT, *QUICK)["afresh"] is None


def test_only_new_tokens(record: Callable[..., dict]) -> None:
    every, new = (record(PROMPT, *QUICK, "--strength", "4", "--tokens", which) for which in ("all", "new"))
    assert every["steered"] != new["steered"]
    assert every["base"].split()[0] == new["steered"].split()[0]  # nothing is pushed before the first new token
    assert every["permuted"] == new["permuted"]


def test_a_prompt_from_standard_input(record: Callable[..., dict], monkeypatch: pytest.MonkeyPatch) -> None:
    from io import StringIO

    monkeypatch.setattr("sys.stdin", StringIO(f"{PROMPT}\n"))
    assert record("-", *QUICK) == record(PROMPT, *QUICK)


def test_the_layer_may_be_chosen(record: Callable[..., dict]) -> None:
    told = record(PROMPT, *QUICK, "--layer", "auto")
    assert re.match(rf"layer {told['layers'][0]} of 3 chosen", told["note"])


def test_side_by_side_on_a_terminal(steer: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    lines = steer("./model", PROMPT, "--new-tokens", "3", "--strength", "0").splitlines()
    assert lines[0].strip() == PROMPT
    head = next(place for place, line in enumerate(lines) if "steered, strength 0" in line)
    row = next(line for line in lines[head + 1 :] if re.search(r"\w", line))
    words = re.findall(r"\w+", row)
    assert len(words) > 1
    assert words[: len(words) // 2] == words[len(words) // 2 :]  # the same text in both columns


def test_a_text_cannot_drive_the_terminal() -> None:
    assert steer_show.printable("a\x1b[31m\nb") == "a\\x1b[31m\nb"
    assert steer_show.in_one_line("a\nb") == "a\\nb"


# an experiment


@pytest.fixture(scope="module")
def measured(place: Path) -> Path:
    """An evaluation with a sweep, to its end."""
    ended = cape(place, *SWEEP, "--out", "whole", "--chart", "whole/dose.html", "--json")
    assert ended.returncode == 0, ended.stderr
    (place / "whole.json").write_text(ended.stdout)
    return place / "whole"


SWEEP = ["./model", "--evaluate", *FEW, "--sweep", "--layers", "0,1,2", "--strengths", "-2,-1,-0.5,0.5,1,2"]


def started(place: Path, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "capelib.cli", "steer", *arguments]
    own = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=place, env=own, **pipes)


def cape(place: Path, *arguments: str) -> subprocess.CompletedProcess:
    with started(place, *arguments) as process:
        out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def test_an_experiment_leaves_everything(measured: Path) -> None:
    told = json.loads((measured.parent / "whole.json").read_text())
    assert told == json.loads((measured / "effect.json").read_text())
    cells = pd.read_csv(measured / "cells.csv")
    kinds = cells["kind"].value_counts()
    doses = 3 * 6 - 1  # at the layer that decides, the push that decides is there already
    assert kinds["permuted labels"] == 20 + 2 * doses
    assert kinds["truth"] == 2 + doses - 1  # and so is its opposite
    assert len(told["cells"]) == len(cells)
    assert told["layer"] == 0  # a quarter of three layers
    changes = told["effect"]["changes"]
    assert sum(changes[name] for name in ("corrected", "broken", "stayed_right", "stayed_wrong")) == told["n"] == 6
    plain, decisive = cells.iloc[0], cells.query("kind == 'truth' and layer == 0 and strength == 1").iloc[0]
    assert changes["difference"]["value"] == pytest.approx(decisive["mc1"] - plain["mc1"])
    assert told["effect"]["mc2"]["mean"]["value"] == pytest.approx(decisive["mc2"] - plain["mc2"])
    null = cells.query("kind == 'permuted labels' and layer == 0 and strength == 1")["mc2"] - plain["mc2"]
    ranked = told["effect"]["ranked"]["mc2"]
    assert ranked["n_as_extreme"] == (null.abs() >= abs(ranked["effect"]) - 1e-12).sum()
    assert [row["layer"] for row in told["readable"]] == [0, 1, 2]
    direction = files.load(measured / "direction.safetensors")
    assert direction.layers == (0, 1, 2)
    assert (direction.spreads != 1).all()
    page = (measured / "dose.html").read_text()
    assert "permuted labels" in page
    assert page.split("<title>")[1].split("</title>")[0].endswith("questions: outcomes by strength and layer")
    assert "http://" not in page.split("vega")[0]


def test_tables_for_people(measured: Path, steer: Callable[..., str]) -> None:
    told = json.loads((measured / "effect.json").read_text())
    shown = steer(*SWEEP, "--out", "whole")
    assert told["effect"]["sentence"] in shown
    rows = dict(line.split("\t", 1) for line in shown.splitlines() if "\t" in line)
    base = np.mean([cell["mc1"] for cell in told["cells"] if cell["kind"] == "plain"])
    assert rows["MC1, %"].split("\t")[0] == f"{100 * base:.1f}"
    for row in told["outcomes"]:
        digits = 2 if row["measure"] == "margin" else 1
        cells = rows[row["outcome"]].split("\t")
        assert cells[:2] == [f"{row[name]:.{digits}f}" for name in ("base", "steered")]
        assert cells[3] == f"[{row['low']:+z.{digits}f}, {row['high']:+z.{digits}f}]"
    assert [row["measure"] for row in told["outcomes"]] == ["mc1", "mc2", "margin", "mc1_norm", "mc2_norm"]
    changes = told["effect"]["changes"]
    counts = [str(changes[name]) for name in ("corrected", "broken", "stayed_right", "stayed_wrong")]
    assert shown.split("McNemar exact p\n")[1].split("\t")[:4] == counts
    assert {"corrected", "control", "elsewhere", "layer"} <= set(rows)
    assert "the smallest effect" in shown.casefold() or "no effect could have been found" in shown.casefold()


def test_what_is_kept_is_not_measured_again(
    measured: Path, steer: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = [json.loads(line) for line in (measured / "sweep.jsonl").read_text().splitlines()]
    marked = next(line for line in whole if line.get("key", "").startswith("truth/0/2/"))
    for name in ("mc2", "margin"):
        marked["questions"][name] = [0.125] * len(marked["questions"][name])
    part = [whole[0], marked, *[line for line in whole[1:] if line is not marked][:7]]
    Path("part").mkdir()
    Path("part/sweep.jsonl").write_text("".join(json.dumps(line) + "\n" for line in part))
    pushes, own = [], Measured.pushed
    monkeypatch.setattr(Measured, "pushed", lambda *given: pushes.append(given) or own(*given))
    steer(*SWEEP, "--out", "part")
    assert len(pushes) == len(whole) - len(part)
    found, before = (pd.read_csv(folder / "cells.csv") for folder in (Path("part"), measured))
    own = found["layer"].eq(2) & (found["mc2"] == 0.125)
    assert own.sum() == 1
    pd.testing.assert_frame_equal(found[~own], before[~own])


def test_other_doses_go_on_in_the_same_folder(
    measured: Path, steer: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("fewer").mkdir()
    Path("fewer/sweep.jsonl").write_bytes((measured / "sweep.jsonl").read_bytes())
    monkeypatch.setattr(Measured, "pushed", lambda *_: pytest.fail("a push that was kept is measured again"))
    steer("./model", "--evaluate", *FEW, "--out", "fewer")
    found, before = (pd.read_csv(folder / "cells.csv") for folder in (Path("fewer"), measured))
    pd.testing.assert_frame_equal(found, before.head(len(found)))


def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(place: Path, measured: Path) -> None:
    kept = place / "stopped" / "sweep.jsonl"
    with started(place, *SWEEP, "--out", "stopped") as process:
        deadline = time.monotonic() + 60
        while not (kept.is_file() and kept.read_text().count("\n") > 2) and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    lines = kept.read_text().splitlines()
    total = len((measured / "sweep.jsonl").read_text().splitlines()) - 1
    assert 2 <= len(lines) - 1 < total
    assert f"{len(lines) - 1} of {total} pushes are kept in stopped/sweep.jsonl; the same command goes on" in err
    assert sorted(path.name for path in kept.parent.iterdir()) == ["sweep.jsonl"]
    again = cape(place, *SWEEP, "--out", "stopped")
    assert again.returncode == 0, again.stderr
    assert f"{len(lines) - 1} of {total} pushes are in stopped/sweep.jsonl" in again.stderr
    assert f"push {len(lines)} of {total}" in again.stderr
    assert kept.read_text().splitlines()[: len(lines)] == lines
    assert (kept.parent / "cells.csv").read_text() == (measured / "cells.csv").read_text()


def test_questions_of_ones_own_and_a_direction_from_a_file(record: Callable[..., dict]) -> None:
    rows = [{"question": f"Is {word} a word?", "choices": ["No.", "Yes, it is."], "label": 1} for word in "abc"]
    Path("own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = record("--evaluate", "--questions", "own.jsonl", "--load", "three.safetensors", "--layer", "2", "--sweep",
                  "--strengths", "3")  # fmt: skip
    assert told["n"] == 3
    assert told["readable"] is None
    cells = pd.DataFrame(told["cells"])
    assert set(cells.loc[cells["strength"] == 3, "layer"]) == {0, 1, 2}
    permuted = cells[cells["kind"] == "permuted labels"]
    assert permuted[permuted["strength"] == 3].groupby("layer").size().to_dict() == {0: 2, 1: 2, 2: 2}
    assert (permuted[permuted["strength"] != 3]["layer"] == 2).all()


def test_how_long_it_takes(capsys: pytest.CaptureFixture) -> None:
    now = [0.0]
    told = Told("push", 24, 4, clock=lambda: now[0])
    for _ in range(20):
        told.begin()
        now[0] += 60
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["push 5 of 24", "push 6 of 24: about 19 min left"]
    assert lines[-1] == "push 23 of 24: about 2 min left"
    told = Told("push", 2, 0, clock=iter([0.0, 20.0]).__next__)
    told.begin()
    told.begin()
    assert capsys.readouterr().err.splitlines()[-1] == "push 2 of 2: less than 1 min left"
    assert 6 <= len(lines) <= 14


# mistakes

MISTAKES = [
    ([""], "the prompt is empty"),
    (["  "], "the prompt is empty"),
    ([], "nothing to do: give a prompt"),
    ([PROMPT, "--evaluate"], "exclude each other"),
    ([PROMPT, "--sweep"], "--sweep belongs to --evaluate"),
    (["--evaluate", "--layers", "1"], "--layers belongs to --sweep"),
    (["--evaluate", "--top-p", "0.5"], "--top-p belongs to a prompt"),
    ([PROMPT, "--layer", "3"], "an index from 0 to 2, a fraction such as 0.25, or auto; got 3"),
    ([PROMPT, "--layer", "1.0"], "an index from 0 to 2"),
    ([PROMPT, "--layer", "early"], "an index from 0 to 2"),
    (["--evaluate", "--sweep", "--layers", "0,9"], "an index from 0 to 2"),
    ([PROMPT, "--strength", "nan"], "--strength must be a number; got nan"),
    ([PROMPT, "--strength", "inf"], "--strength must be a number; got inf"),
    ([PROMPT, "--strength", "much"], "--strength"),
    ([PROMPT, "--strength", "3e38"], "strength 3e+38 is more than the model can hold"),
    (["--evaluate", "--strength", "0"], "strength 0 is the plain model"),
    (["--evaluate", "--sweep", "--strengths", "1,x"], "--strengths must be numbers with commas between"),
    (["--evaluate", "--sweep", "--strengths", "1,nan"], "--strengths must be numbers with commas between"),
    (["--evaluate", "--sweep", "--strengths", "0,1"], "strength 0 is the plain model"),
    ([PROMPT, "--method", "men"], "unknown method 'men' (closest: 'mean')"),
    ([PROMPT, "--unit", "norm"], "--unit must be one of spread, raw"),
    ([PROMPT, "--tokens", "last"], "--tokens must be one of all, new"),
    ([PROMPT, "--temperature", "-1"], "--temperature must be"),
    ([PROMPT, "--top-p", "0"], "--top-p must be"),
    ([PROMPT, "--new-tokens", "0"], "--new-tokens must be"),
    ([PROMPT, "--new-tokens", "95"], "a prompt has 5 tokens and 95 are to be written, the model reads 96"),
    (["the " * 200], "a prompt has 200 tokens"),
    ([PROMPT, "--save", "v.bin"], "--save must end in .safetensors"),
    ([PROMPT, "--save", "nowhere/v.safetensors"], "there is no folder"),
    ([PROMPT, "--export-gguf", "v.safetensors"], "--export-gguf must end in .gguf"),
    ([PROMPT, "--export-gguf", "v.gguf", "--save", "v.safetensors", "--layer", "0"], "cannot steer block 0"),
    (["--evaluate", "--chart", "x.png"], "--chart must end in .html"),
    (["--evaluate", "--chart", "x.html", "--unit", "raw"], "leave out --unit raw, or --chart"),
    (["--evaluate", "--out", "bad.csv"], "--out must be a folder; bad.csv is a file"),
    (["--evaluate", "--out", "bad.csv/below"], "--out: nothing can be written"),
    (["--evaluate", "--out", "/proc/nothing"], "--out: nothing can be written"),
    (["--evaluate", "--questions", "bad.csv"], "bad.csv"),
    (["--evaluate", "--questions", "none.csv"], "none.csv"),
    (["--evaluate", "--questions", "one.jsonl"], "two questions or more"),
    (["--evaluate", "--n-questions", "1"], "--n-questions must be a whole number from 2"),
    ([PROMPT, "--load", "bad.csv"], "no direction in safetensors or GGUF"),
    ([PROMPT, "--load", "none.safetensors"], "cannot be read"),
    ([PROMPT, "--load", "narrow.safetensors"], "width 16"),
    ([PROMPT, "--load", "one.safetensors", "--layer", "2"], "--layer 2 contradicts --load: one.safetensors has"),
    ([PROMPT, "--load", "one.safetensors", "--layer", "auto"], "--layer auto contradicts --load"),
    ([PROMPT, "--load", "one.safetensors", "--method", "pca"], "--method pca contradicts --load"),
    (["--evaluate", "--load", "three.safetensors"], "choose one with --layer"),
    (["--evaluate", "--load", "one.safetensors", "--sweep", "--layers", "1,2"], "none for layer 2"),
    ([PROMPT, "--dtype", "float8"], "unknown dtype 'float8'"),
    ([PROMPT, "--revision", "main"], "a revision belongs to a model of the hub"),
]


@pytest.mark.parametrize(("arguments", "words"), MISTAKES, ids=[" ".join(each)[:40] for each, _ in MISTAKES])
def test_mistakes_cost_one_line_and_leave_nothing(
    place: Path, capsys: pytest.CaptureFixture, arguments: list[str], words: str
) -> None:
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    assert main(["steer", "./model", *arguments]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    told = [line for line in found.err.splitlines() if line not in ("loading", "reading the statements", "writing")]
    assert any(line.startswith("cape: ") for line in told)
    assert words in "\n".join(told)
    assert "Traceback" not in found.err
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before


def test_a_direction_of_a_deeper_model(capsys: pytest.CaptureFixture) -> None:
    assert main(["steer", "./shallow", PROMPT, "--load", "three.safetensors"]) == 2
    assert "3 layers of width 32" in capsys.readouterr().err


def test_another_experiment_in_the_same_folder_is_refused(measured: Path, capsys: pytest.CaptureFixture) -> None:
    before = (measured / "sweep.jsonl").read_bytes()
    assert main(["steer", *SWEEP, "--seed", "1", "--out", "whole"]) == 2
    assert "of another experiment (other questions, controls); give another file" in capsys.readouterr().err
    assert (measured / "sweep.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
    ids=["cuda", "cpu", "python"],
)
def test_a_full_memory_costs_one_line(
    error: Exception, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("capelib.steering.side_by_side.write_rows", full)
    assert main(["steer", "./model", PROMPT]) == 2
    found = capsys.readouterr()
    assert found.err.splitlines()[-1].startswith("cape: the memory is full; use a smaller model, --dtype bfloat16")
    assert found.out == ""


def test_other_errors_are_not_taken_for_a_full_memory(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr("capelib.steering.side_by_side.write_rows", broken)
    assert main(["steer", "./model", PROMPT]) == 1
    assert "shapes do not fit" in capsys.readouterr().err
