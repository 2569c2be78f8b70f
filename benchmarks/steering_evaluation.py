"""Answers of the edition's held-out questions: each alone, and by lm-evaluation-harness, against capelib's sweep.

The difference is the largest of any answer's log-probability, in nats. The harness's softmax over so many tokens is
less exact in float32 than that; it is timed as it is, and compared once more with a softmax in float64.
"""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks import Comparison, in_turns, installed
from capelib.models import LanguageModel, load
from capelib.models.builtin import is_installed
from capelib.steering.direction import TruthDirection
from capelib.steering.harness import _silent, as_lm
from capelib.steering.items import Items, encode
from capelib.steering.questions import Questions, read_questions
from capelib.steering.steer import steer
from capelib.steering.sweep import Sweep
from capelib.tables import read

ROUNDS = 1  # a pass per answer takes most of a minute, three times
MODEL, DEPTH, STRENGTHS, BATCH = "smollm2-135m", 0.25, (0.5, -0.5), 16
FLOOR, TOLERANCE = 3.0, 1e-4
PEER = "lm_eval"


def run() -> list[Comparison]:
    """Plain scores and those under two pushes against a pass per answer; plain ones against the harness, if there."""
    if not is_installed(MODEL):
        print(f"skipped: evaluation takes {MODEL}")
        return []
    model, questions, statements = load(MODEL), read_questions().of_split("held_out"), read("statements")
    direction = TruthDirection.fit(model, statements[statements["split"] == "fit"], DEPTH)
    items = _items(model, questions)
    ways = {
        "ours, plain": lambda: Sweep(model, items).plain[None],
        "ours, swept": lambda: _swept(model, direction, items),
        "plain": lambda: _alone(model, items)[None],
        "pushed": lambda: np.stack([_steered(model, direction, items, strength) for strength in STRENGTHS]),
    }
    Sweep(model, items)  # the first passes of all are slower
    with TemporaryDirectory() as folder:
        if installed(PEER):
            harness = _harness(model, questions, Path(folder))
            harness(limit=1)  # reads the file and builds its own copy
            ways["lm-eval"] = harness
        times, found = in_turns(ways, ROUNDS)
        if "lm-eval" in ways:
            found["lm-eval"] = harness(softmax="float64")
    best = {name: min(each) for name, each in times.items()}
    of = f"{len(items.continuations)} answers"
    rows = [
        (f"{of}, each alone", best["plain"], "ours, plain", found["plain"], FLOOR),
        (f"{of}, {len(STRENGTHS)} pushes too, each alone", best["plain"] + best["pushed"], "ours, swept",
         np.concatenate([found["plain"], found["pushed"]]), FLOOR),
    ]  # fmt: skip
    if "lm-eval" in ways:
        rows.append((f"{of}, lm-eval, batch {BATCH}", best["lm-eval"], "ours, plain", found["lm-eval"], 1.0))
    return [
        Comparison(
            f"{name}, {ROUNDS} round", seconds, best[own], float(np.abs(found[own] - theirs).max()), floor, TOLERANCE
        )
        for name, seconds, own, theirs, floor in rows
    ]


def _items(model: LanguageModel, questions: Questions) -> Items:
    answers = questions.choices.groupby("question_id")["text"].agg(list)
    asked = [f"Question: {each}\nAnswer:" for each in questions.questions["question"]]
    return encode(model, asked, [[f" {text}" for text in answers[name]] for name in questions.questions["question_id"]])


def _swept(model: LanguageModel, direction: TruthDirection, items: Items) -> np.ndarray:
    (layer,) = direction.layers
    sweep = Sweep(model, items, direction.layers)
    return np.stack([sweep.plain, *(sweep.pushed(layer, each * direction.raw[0]) for each in STRENGTHS)])


def _alone(model: LanguageModel, items: Items) -> np.ndarray:
    """One pass per answer, its prompt read again."""
    import torch

    found = []
    for answer, owner in zip(items.continuations, items.owner, strict=True):
        prompt = items.prompts[owner]
        with torch.inference_mode():
            logits = model.model(input_ids=torch.tensor([prompt + answer])).logits[0, len(prompt) - 1 : -1]
        # a float32 log_softmax over so many tokens loses more than the difference allowed
        found.append((logits[range(len(answer)), answer] - logits.logsumexp(dim=-1)).sum().item())
    return np.array(found)


def _steered(model: LanguageModel, direction: TruthDirection, items: Items, strength: float) -> np.ndarray:
    with steer(model, direction, strength):
        return _alone(model, items)


def _harness(model: LanguageModel, questions: Questions, folder: Path) -> Callable[..., np.ndarray]:
    """A function that has lm-evaluation-harness score the questions, a task over a local file; and its log p."""
    path = folder / "questions.jsonl"
    answers = questions.choices.groupby("question_id")["text"].agg(list)
    lines = pd.DataFrame({
        "question": questions.questions["question"],
        "choices": questions.questions["question_id"].map(answers),
        "label": 0,  # the best answer comes first
    })  # fmt: skip
    path.write_text("".join(f"{json.dumps(each)}\n" for each in lines.to_dict("records")), encoding="utf-8")
    task = {
        "task": "own",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(path)}, "cache_dir": str(folder / "cache")},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "Question: {{question}}\nAnswer:",
        "doc_to_target": "{{label}}",
        "doc_to_choice": "{{choices}}",
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    }
    lm = as_lm(model, batch_size=BATCH)

    def score(limit: int | None = None, softmax: str = "float32") -> np.ndarray:
        import torch

        lm.softmax_dtype = getattr(torch, softmax)
        with _silent():
            from lm_eval import simple_evaluate

            found = simple_evaluate(lm, tasks=[task], limit=limit, bootstrap_iters=0, log_samples=True)
        samples = sorted(found["samples"]["own"], key=lambda each: each["doc_id"])
        return np.array([[float(answer[0]) for sample in samples for answer in sample["filtered_resps"]]])

    return score
