"""The steered model in lm-evaluation-harness: scores by hand, as by its own command, and every way to be refused."""

import json
import logging
import random
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from tiny import language_model, save

from capelib.errors import InputError
from capelib.models import LanguageModel, load
from capelib.steering import harness
from capelib.steering.direction import TruthDirection
from capelib.steering.steer import steer

ROOT = Path(__file__).resolve().parents[1]
FIXTURE = ROOT / "tests" / "fixtures" / "lm_eval"
with_lm_eval = pytest.mark.skipif(find_spec("lm_eval") is None, reason="lm-eval is not installed")

ITEMS = [
    {"question": f"{place} {other} is", "choices": ["blue", "the green mat", "a cat", "Paris"], "label": number % 4}
    for number, (place, other) in enumerate(
        (place, other) for place in ("sky", "grass", "the cat") for other in ("the", "on", "sat", "k")
    )
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LanguageModel:
    return load(str(save(tmp_path_factory.mktemp("tiny"))))


@pytest.fixture(scope="module")
def direction() -> TruthDirection:
    vector = np.random.default_rng(0).standard_normal((1, 32))
    facts = {"method": "mean", "model": "tiny", "n_layers": 3, "d_model": 32, "n_pairs": 8}
    return TruthDirection((1,), (vector / np.linalg.norm(vector)).astype(np.float32), np.array([4.0]), **facts)


@pytest.fixture
def task(tmp_path: Path) -> dict:
    """A multiple-choice task over a local file, as a YAML file would say it."""
    return task_of(tmp_path, ITEMS)


def task_of(folder: Path, items: list[dict], **other: object) -> dict:
    path = folder / "items.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    metrics = [{"metric": name, "aggregation": "mean", "higher_is_better": True} for name in ("acc", "acc_norm")]
    return {
        "task": "own_truth",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(path)}, "cache_dir": str(folder / "cache")},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "{{question}}",
        "doc_to_target": "{{label}}",
        "doc_to_choice": "{{choices}}",
        "metric_list": metrics,
        **other,
    }


def by_hand(model: LanguageModel, items: list[dict], added: np.ndarray | None = None) -> dict[str, float]:
    """Accuracy."""
    return {name: float(np.mean(each)) for name, each in items_by_hand(model, items, added).items()}


def items_by_hand(model: LanguageModel, items: list[dict], added: np.ndarray | None = None) -> dict[str, list[bool]]:
    """Whether each item is right, from every choice scored alone; `added` to what block 1 returns by a hook of ours."""
    right = {"acc": [], "acc_norm": []}
    block = model.model.model.layers[1]

    def hook(_module: object, _given: object, output: torch.Tensor) -> torch.Tensor:
        return output if added is None else output + torch.from_numpy(added)

    handle = block.register_forward_hook(hook)
    for item in items:
        scores = []
        prompt = model.tokenizer(item["question"])["input_ids"]
        for choice in item["choices"]:
            answer = model.tokenizer(choice)["input_ids"]
            with torch.inference_mode():
                logits = model.model(torch.tensor([prompt + answer])).logits[0].double()
            at = torch.log_softmax(logits, dim=-1)[len(prompt) - 1 : -1]
            scores.append(float(at[torch.arange(len(answer)), answer].sum()))
        right["acc"].append(np.argmax(scores) == item["label"])
        lengths = [len(choice) for choice in item["choices"]]
        right["acc_norm"].append(np.argmax(np.array(scores) / lengths) == item["label"])
    handle.remove()
    return right


def values(frame: pd.DataFrame, strength: float) -> dict[str, float]:
    rows = frame[frame["strength"] == strength]
    return dict(zip(rows["metric"], rows["value"], strict=True))


def refusal(call: Callable[[], object]) -> str:
    """The one line with which a call is refused."""
    with pytest.raises(InputError) as caught:
        call()
    (message,) = str(caught.value).splitlines()
    return message


# without lm-eval


@pytest.mark.parametrize("missing", ["lm_eval", "sacrebleu"])
def test_without_it_one_line_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, model: LanguageModel, direction: TruthDirection, missing: str
) -> None:
    if missing != "lm_eval" and find_spec("lm_eval") is None:
        pytest.skip("lm-eval is not installed")
    for name in [name for name in sys.modules if name.split(".")[0] == "lm_eval"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    for call in (lambda: harness.as_lm(model), lambda: harness.evaluate(model, direction, 1.0, "any")):
        message = refusal(call)
        assert "not installed" in message
        assert "pip install" in message


# with it


@with_lm_eval
def test_it_takes_the_loaded_model_as_it_is(model: LanguageModel) -> None:
    ids = torch.tensor([[5, 9, 14, 3]])
    with torch.inference_mode():
        before = model.model(ids).logits
        lm = harness.as_lm(model, batch_size=3)
        assert lm.model is model.model
        assert lm.tokenizer is model.tokenizer
        assert lm.batch_size == 3
        assert torch.equal(model.model(ids).logits, before)


@with_lm_eval
def test_a_tokenizer_without_padding_is_left_so() -> None:
    bare = language_model("llama")
    bare.tokenizer.pad_token = None
    assert harness.as_lm(bare).tokenizer.pad_token_id == bare.tokenizer.eos_token_id
    assert bare.tokenizer.pad_token is None


@with_lm_eval
@pytest.mark.parametrize("batch_size", [1, 8])
def test_scores_are_those_by_hand(model: LanguageModel, direction: TruthDirection, task: dict, batch_size: int) -> None:
    found = harness.evaluate(model, direction, [2.0, -2.0], task, batch_size=batch_size)
    assert list(found) == list(harness.COLUMNS)
    assert set(found["task"]) == {"own_truth"}
    assert list(found["run"]) == ["base"] * 2 + ["steered"] * 4
    assert (found["n"] == len(ITEMS)).all()
    base, up, down = (values(found, strength) for strength in (0, 2, -2))
    assert base == pytest.approx(by_hand(model, ITEMS))
    assert up == pytest.approx(by_hand(model, ITEMS, 2 * direction.raw[0]))
    assert down == pytest.approx(by_hand(model, ITEMS, -2 * direction.raw[0]))
    assert base != up != down  # or the comparison would show nothing
    share = found["value"]  # of n answers, with Bessel's correction
    np.testing.assert_allclose(found["stderr"], np.sqrt(share * (1 - share) / (len(ITEMS) - 1)), rtol=1e-9)


@with_lm_eval
def test_the_same_items_base_and_steered_are_compared(model: LanguageModel, direction: TruthDirection, task: dict):
    found = harness.evaluate(model, direction, [2.0, -2.0], task)
    assert found.loc[found["run"] == "base", ["corrected", "broken", "p"]].isna().all(axis=None)
    before = items_by_hand(model, ITEMS)
    for strength in (2.0, -2.0):
        after = items_by_hand(model, ITEMS, strength * direction.raw[0])
        for row in found[(found["run"] == "steered") & (found["strength"] == strength)].itertuples():
            pairs = list(zip(before[row.metric], after[row.metric], strict=True))
            assert (row.corrected, row.broken) == (pairs.count((False, True)), pairs.count((True, False)))
            sides = row.corrected + row.broken
            p = stats.binomtest(int(row.corrected), int(sides)).pvalue if sides else 1.0
            assert row.p == pytest.approx(p)
    assert found["corrected"].sum() + found["broken"].sum() > 0


@with_lm_eval
def test_raw_strength_is_a_length(model: LanguageModel, direction: TruthDirection, task: dict) -> None:
    by_spread = harness.evaluate(model, direction, 2.0, task)
    by_length = harness.evaluate(model, direction, 8.0, task, unit="raw")
    np.testing.assert_array_equal(by_spread["value"], by_length["value"])


@with_lm_eval
def test_strength_0_is_the_base(model: LanguageModel, direction: TruthDirection, task: dict) -> None:
    found = harness.evaluate(model, direction, 0.0, task)
    base, steered = (
        found[found["run"] == run].drop(columns=["run", "p"]).reset_index(drop=True) for run in ("base", "steered")
    )
    assert (steered[["corrected", "broken"]] == 0).all(axis=None)
    pd.testing.assert_frame_equal(base.fillna({"corrected": 0.0, "broken": 0.0}), steered)


@with_lm_eval
@pytest.mark.parametrize("n_shot", [None, 2])
def test_prompts_and_scores_are_those_of_its_own_command(
    model: LanguageModel, direction: TruthDirection, task: dict, monkeypatch: pytest.MonkeyPatch, n_shot: int | None
) -> None:
    import lm_eval

    task["fewshot_split"] = "test"
    asked, results = [], harness._results

    def noted(lm: object, loaded: dict, *given: object) -> dict:
        found = results(lm, loaded, *given)
        asked.append([instance.args for instance in loaded["tasks"]["own_truth"].instances])
        return found

    monkeypatch.setattr(harness, "_results", noted)
    found = harness.evaluate(model, direction, 2.0, task, n_shot=n_shot, limit=8)
    with harness._silent(), steer(model, direction, 2.0):
        theirs = lm_eval.simple_evaluate(
            harness.as_lm(model),
            tasks=[dict(task)],
            num_fewshot=n_shot,
            limit=8,
            task_manager=lm_eval.tasks.TaskManager(include_defaults=False),
        )
    row, steered = theirs["results"]["own_truth"], found[found["run"] == "steered"].set_index("metric")
    for metric in ("acc", "acc_norm"):
        assert steered.loc[metric, "value"] == row[f"{metric},none"]
        assert steered.loc[metric, "stderr"] == pytest.approx(row[f"{metric}_stderr,none"])
    prompts = [args for sample in theirs["samples"]["own_truth"] for args in sample["arguments"]]
    assert asked == [prompts, prompts]
    assert prompts[0][0].count("is ") == (n_shot or 0)


@with_lm_eval
def test_a_folder_of_yaml_files_with_a_group(
    model: LanguageModel, direction: TruthDirection, task: dict, tmp_path: Path
) -> None:
    folder = tmp_path / "tasks"
    folder.mkdir()
    (folder / "one.yaml").write_text(json.dumps({**task, "task": "one"}))
    (folder / "two.yaml").write_text(json.dumps({**task, "task": "two"}))
    mean = {"metric": "acc", "aggregation": "mean", "weight_by_size": True}
    (folder / "both.yaml").write_text(
        json.dumps({"group": "both", "task": ["one", "two"], "aggregate_metric_list": mean})
    )
    heard = []
    found = harness.evaluate(model, direction, 1, "both", task_folder=folder, limit=5, tell=heard.append)
    assert heard == ["both: base", "both: steered, strength 1"]
    sizes = found[found["metric"] == "acc"].groupby("task")["n"].first()
    assert sizes["one"] == sizes["two"] == 5
    assert {"one", "two", "both"} == set(found["task"])
    alone = harness.evaluate(model, direction, 1, str(folder / "one.yaml"), limit=5)
    same = found[found["task"] == "one"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, same)


@with_lm_eval
def test_generation_is_steered_too(model: LanguageModel, direction: TruthDirection, tmp_path: Path) -> None:
    def written(question: str) -> str:
        ids = model.tokenizer(question, return_tensors="pt")
        with steer(model, direction, 3.0), torch.inference_mode():
            out = model.model.generate(**ids, max_new_tokens=4, do_sample=False, pad_token_id=0)
        return model.tokenizer.decode(out[0, ids["input_ids"].shape[1] :], skip_special_tokens=True)

    items = [{"question": item["question"], "answer": written(item["question"])} for item in ITEMS[:8]]
    task = task_of(
        tmp_path,
        items,
        output_type="generate_until",
        doc_to_target="{{answer}}",
        generation_kwargs={"until": [], "max_gen_toks": 4, "do_sample": False},
        metric_list=[{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True, "ignore_case": True}],
    )
    del task["doc_to_choice"]
    found = harness.evaluate(model, direction, 3.0, task, batch_size=3)
    assert values(found, 3.0)["exact_match"] == 1
    assert values(found, 0.0)["exact_match"] < 1


@with_lm_eval
def test_it_is_silent_and_leaves_random_numbers_alone(
    model: LanguageModel,
    direction: TruthDirection,
    task: dict,
    capfd: pytest.CaptureFixture,
    caplog: pytest.LogCaptureFixture,
) -> None:
    random.seed(5)
    np.random.seed(5)
    torch.manual_seed(5)
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    harness.evaluate(model, direction, 1.0, task, limit=4)
    assert before == (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    logging.getLogger("lm_eval").warning("heard again")
    assert [record.message for record in caplog.records] == ["heard again"]


@with_lm_eval
def test_nothing_stays_behind_after_an_error(
    model: LanguageModel, direction: TruthDirection, task: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = torch.tensor([[5, 9, 14, 3]])
    before = model.model(ids).logits.detach()
    runs = []

    def fails(*given: object) -> dict:
        runs.append(model.model(ids).logits.detach())
        if len(runs) == 2:
            raise KeyboardInterrupt
        return {}, {}

    monkeypatch.setattr(harness, "_results", fails)
    with pytest.raises(KeyboardInterrupt):
        harness.evaluate(model, direction, 1.0, task)
    assert torch.equal(runs[0], before)
    assert not torch.equal(runs[1], before)  # it was steered when it failed
    assert torch.equal(model.model(ids).logits, before)


@with_lm_eval
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"dataset_kwargs": {"data_files": {"test": "none.jsonl"}}}, ["none.jsonl", "folder you work in"]),
        ({"doc_to_text": "{{nothing}}"}, ["'nothing' is undefined", "correct"]),
        ({"output_type": "guess"}, ["guess", "correct"]),
        ({"unsafe_code": True}, ["own_truth", "runs code"]),
    ],
)
def test_a_task_that_cannot_run_is_one_line(
    model: LanguageModel, direction: TruthDirection, task: dict, changed: Mapping, words: list[str]
) -> None:
    message = refusal(lambda: harness.evaluate(model, direction, 1.0, {**task, **changed}))
    assert [word for word in words if word not in message] == []


@with_lm_eval
def test_a_hub_task_without_network_is_one_line(
    model: LanguageModel, direction: TruthDirection, task: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    hub = {**task, "dataset_path": "truthfulqa/truthful_qa", "dataset_kwargs": {}}
    message = refusal(lambda: harness.evaluate(model, direction, 1.0, hub))
    assert "own_truth" in message
    assert "hub cannot be reached" in message


@with_lm_eval
@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": float("nan")}, "limit"),
        ({"batch_size": 0}, "batch_size"),
        ({"strength": float("nan")}, "strength"),
        ({"strength": [1.0, float("inf")]}, "strength"),
        ({"strength": "much"}, "strength"),
        ({"unit": "miles"}, "unit"),
        ({"tasks": []}, "no tasks"),
        ({"task_folder": "nowhere"}, "nowhere"),
    ],
)
def test_what_cannot_be_is_refused_before_any_run(
    model: LanguageModel, direction: TruthDirection, task: dict, options: dict, word: str
) -> None:
    heard = []
    given = {"strength": 1.0, "tasks": task, "tell": heard.append, **options}
    assert word in refusal(lambda: harness.evaluate(model, direction, **given))
    assert not heard


@with_lm_eval
def test_a_direction_of_another_model_is_refused(model: LanguageModel, direction: TruthDirection, task: dict) -> None:
    other = replace(direction, layers=(3,), n_layers=4)
    assert "fit one on it" in refusal(lambda: harness.evaluate(model, other, 1.0, task))


@with_lm_eval
@pytest.mark.slow
def test_an_unknown_task_names_the_nearest(model: LanguageModel, direction: TruthDirection) -> None:
    message = refusal(lambda: harness.evaluate(model, direction, 1.0, "truthfulqa_mc11"))
    assert "'truthfulqa_mc11'" in message
    assert "closest: 'truthfulqa_mc1'" in message
    assert "lm-eval ls tasks" in message


@with_lm_eval
@pytest.mark.slow
def test_the_built_in_model_scores_as_in_a_run_of_the_command(tmp_path: Path) -> None:
    from lm_eval.api.instance import Instance

    built_in = load("smollm2-135m", dtype="float32")
    d = built_in.d_model
    facts = {"method": "mean", "model": built_in.name, "n_layers": built_in.n_layers, "d_model": d, "n_pairs": 8}
    direction = TruthDirection((7,), np.eye(1, d, dtype=np.float32), np.ones(1), **facts)
    lines = (FIXTURE / "samples_own_truth_mc1.jsonl").read_text(encoding="utf-8").splitlines()
    theirs = json.loads((FIXTURE / "results_own_truth_mc1.json").read_text(encoding="utf-8"))
    text = theirs["configs"]["own_truth_mc1"]["doc_to_text"]
    task = task_of(tmp_path, [json.loads(line)["doc"] for line in lines], doc_to_text=text)
    found = values(harness.evaluate(built_in, direction, [], task), 0)
    samples = [json.loads(line) for line in lines[:8]]
    asked = [(each["arg_0"], each["arg_1"]) for sample in samples for each in sample["arguments"].values()]
    instances = [Instance("loglikelihood", {}, pair, 0) for pair in asked]
    with harness._silent():
        scores = [score for score, _greedy in harness.as_lm(built_in).loglikelihood(instances)]
    expected = [float(each[0][0]) for sample in samples for each in sample["resps"]]
    np.testing.assert_allclose(scores, expected, atol=1e-3)
    assert found == {metric: theirs["results"]["own_truth_mc1"][f"{metric},none"] for metric in ("acc", "acc_norm")}
