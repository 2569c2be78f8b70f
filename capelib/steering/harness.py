"""lm-evaluation-harness on a model while it is steered: any of its tasks, base and steered side by side."""

import io
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from capelib.errors import InputError, closest
from capelib.models import LanguageModel
from capelib.models.batches import pad_id
from capelib.models.quiet import quiet
from capelib.steering.direction import TruthDirection
from capelib.steering.paired import compare
from capelib.steering.steer import steer

if TYPE_CHECKING:
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

BASE, STEERED = "base", "steered"
COLUMNS = ("task", "metric", "filter", "run", "strength", "value", "stderr", "n", "corrected", "broken", "p")
INSTALL = "install it with: pip install 'lm-eval>=0.4.13,<0.5'"
SEED = 1234  # lm-evaluation-harness's own, so that few-shot examples are those of its command line

Task = str | Mapping[str, object]


def as_lm(model: LanguageModel, batch_size: int = 8) -> "HFLM":
    """The loaded model as lm-evaluation-harness takes it; nothing is loaded again, and steering it steers this too.

    Log-probabilities are float32, whatever the model computes in. Raises InputError if lm-eval is not installed.
    """
    _need_lm_eval()
    if batch_size < 1:
        raise InputError(f"batch_size must be 1 or more; got {batch_size}")
    with _silent():
        from lm_eval.models.huggingface import HFLM

        tokenizer = model.tokenizer
        if tokenizer.pad_token_id is None:  # the harness would write one into the caller's
            tokenizer = deepcopy(tokenizer)
            tokenizer.pad_token_id = pad_id(model)
        options = {"backend": "causal", "batch_size": batch_size, "softmax_dtype": "float32"}
        return HFLM(pretrained=model.model, tokenizer=tokenizer, **options)


def evaluate(
    model: LanguageModel,
    direction: TruthDirection,
    strength: float | Sequence[float],
    tasks: Task | Sequence[Task],
    task_folder: str | Path | None = None,
    limit: float | None = None,
    n_shot: int | None = None,
    batch_size: int = 8,
    unit: str = "spread",
    n_bootstrap: int = 1000,
    seed: int = SEED,
    tell: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Scores of the base model and, for each strength in turn, of the steered one: one row per task, metric and run.

    `tasks`: names of tasks or groups of lm-evaluation-harness or of YAML files in `task_folder`, paths of YAML files,
    or their content as mappings. `limit`: the first so many items of each task, or a share below 1; `n_shot`: examples
    in the prompt, as the task says if None. `seed` draws examples and samples, the same ones in every run. `tell` hears
    of each run before it starts. A task of the hub is downloaded; a local one touches no network.

    Columns: task, metric, filter (what the harness does to an answer before it scores it), run (base or steered),
    strength (0 for base), value, stderr (NaN if there is none; of one run, not of the difference), n (items). Where an
    item is right or wrong: corrected, broken and p, McNemar's exact test of the same items base and steered; else NaN.

    Raises InputError, one line: lm-eval or a package of a task not installed, unknown task, data that cannot be had, a
    task that runs code the model writes, and what `steer` raises.
    """
    lm, strengths = as_lm(model, batch_size), np.atleast_1d(strength).tolist()
    if limit is not None and not limit > 0:
        raise InputError(f"limit must be a number of items, or a share below 1; got {limit}")
    for each in strengths:  # what is wrong with one should not turn up after hours
        with steer(model, direction, each, unit):
            pass
    specs = [tasks] if isinstance(tasks, str | Mapping) else list(tasks)
    with _silent():
        manager = _manager(specs, task_folder)
    found, base = [], {}
    for run, each in [(BASE, 0.0), *((STEERED, each) for each in strengths)]:
        if tell:
            tell(f"{_names(specs)}: {run}" + (f", strength {each:g}" if run == STEERED else ""))
        steering = steer(model, direction, each, unit) if run == STEERED else nullcontext()
        with _silent(), steering, _seeded(seed):
            loaded = _loaded(manager, specs, n_shot, seed)
            results, items = _results(lm, loaded, limit, n_bootstrap)
        base = base or items
        found += _rows(results, base, items, run, each)
    return pd.DataFrame(found, columns=list(COLUMNS))


Items = dict[tuple[str, str, str], dict]  # by task, metric and filter: what every item scored, by its number


def _results(lm: "HFLM", loaded: dict, limit: float | None, n_bootstrap: int) -> tuple[dict[str, dict], Items]:
    from lm_eval import evaluate

    found = evaluate(lm, loaded, limit=limit, bootstrap_iters=n_bootstrap, log_samples=True)
    items: Items = {}
    for task, samples in found["samples"].items():
        for sample in samples:
            for metric in sample["metrics"]:
                items.setdefault((task, metric, sample["filter"]), {})[sample["doc_id"]] = sample[metric]
    return found["results"], items


def _rows(results: dict[str, dict], base: Items, items: Items, run: str, strength: float) -> Iterator[tuple]:
    for task, row in results.items():
        for key, value in row.items():
            metric, comma, kept = key.partition(",")
            if comma and not metric.endswith("_stderr"):
                numbers = pd.to_numeric([value, row.get(f"{metric}_stderr,{kept}")], errors="coerce")
                name = task, metric, kept
                changed = _changed(base.get(name, {}), items.get(name, {})) if run == STEERED else _UNTOLD
                yield *name, run, strength, *numbers.astype(float), row["sample_len"], *changed


_UNTOLD = (np.nan, np.nan, np.nan)


def _changed(base: dict, steered: dict) -> tuple[float, float, float]:
    """Corrected, broken and McNemar's p of items that are right or wrong in both runs."""
    told = all(isinstance(each, bool | int | float | np.number) and each in (0, 1) for each in
               (*base.values(), *steered.values()))  # fmt: skip
    if not base or base.keys() != steered.keys() or not told:
        return _UNTOLD
    found = compare(*([bool(run[item]) for item in base] for run in (base, steered)))
    return found.corrected, found.broken, found.p


def _manager(specs: list[Task], task_folder: str | Path | None) -> "TaskManager":
    from lm_eval.tasks import TaskManager

    if task_folder is not None and not Path(task_folder).is_dir():
        raise InputError(f"{task_folder}: no such folder; task_folder is one with the YAML files of tasks")
    if not specs:
        raise InputError("no tasks given; name one of lm-evaluation-harness or of your own")
    named = [each for each in specs if isinstance(each, str) and Path(each).suffix != ".yaml"]
    manager = TaskManager(include_path=task_folder, include_defaults=False)
    if set(named) <= set(manager.all_tasks):  # reading its own 14,000 takes ten seconds
        return manager
    manager = TaskManager(include_path=task_folder)
    for name in named:
        if name not in manager.all_tasks:
            near = closest(name, manager.all_tasks)
            hint = f" (closest: {near!r})" if near else ""
            raise InputError(
                f"unknown task {name!r}{hint}; allowed: the {len(manager.all_tasks):,} names that lm-eval lists with "
                "'lm-eval ls tasks', those in task_folder, and paths of YAML files"
            )
    return manager


def _loaded(manager: "TaskManager", specs: list[Task], n_shot: int | None, seed: int) -> dict:
    """The tasks, built anew for every run as lm_eval.simple_evaluate does: some shuffle choices as they are read."""
    names = _names(specs)
    try:
        loaded = manager.load([dict(each) if isinstance(each, Mapping) else each for each in specs])
    except ModuleNotFoundError as error:
        raise InputError(f"{names}: a task needs a package that is not installed ({_short(error)})") from None
    except ConnectionError as error:
        raise InputError(
            f"{names}: the data are not on this machine and the hub cannot be reached ({_short(error)}); connect once, "
            "or give a task of your own in task_folder"
        ) from None
    except FileNotFoundError as error:
        why = f"{_short(error)}; paths in a task are taken from the folder you work in, {Path.cwd()}"
        raise InputError(f"{names}: {why}") from None
    except Exception as error:  # a task is code and templates of many authors
        raise InputError(f"{names}: cannot be loaded ({_short(error)}); correct the YAML file or its data") from None
    for name, task in loaded["tasks"].items():
        if getattr(task, "UNSAFE_CODE", False):
            raise InputError(f"{name}: this task runs code that the model writes, which is not done here")
        own = task.get_config("num_fewshot")
        if own is None or (own != 0 and n_shot is not None):  # a task that says 0 means it
            task.set_config("num_fewshot", n_shot or 0)
        task.set_fewshot_seed(seed)
    return loaded


def _need_lm_eval() -> None:
    try:
        with _silent():
            import lm_eval.evaluator
            import lm_eval.models.huggingface  # noqa: F401
    except ModuleNotFoundError as error:
        missing = "" if error.name == "lm_eval" else f" in full ({error.name} is missing)"
        raise InputError(f"lm-evaluation-harness is not installed{missing}; {INSTALL}") from None


@contextmanager
def _silent() -> Iterator[None]:
    """Neither the harness's progress bars and notes nor what it prints, nor the hub's tries to be reached."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), quiet():
            yield
    finally:
        logging.disable(before)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """The random numbers that tasks take from everywhere, seeded as the harness does it and then given back."""
    import random

    import torch

    state, legacy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng():
            random.seed(0)
            np.random.seed(seed)
            torch.manual_seed(seed)
            yield
    finally:
        random.setstate(state)
        np.random.set_state(legacy)


def _names(specs: list[Task]) -> str:
    return ", ".join(each if isinstance(each, str) else str(each.get("task", each.get("group"))) for each in specs)


def _short(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
