"""Hidden states of 100 prompts at every layer: TransformerLens one by one and in batches, against capelib's hooks.

All three return the residual stream after every block at the last token, from the same weights and the same tokens.
TransformerLens wraps a model in place, so it gets a copy of its own.
"""

import warnings

import numpy as np

from benchmarks import Comparison, timed
from capelib.models import load, residuals
from capelib.models.batches import batches
from capelib.models.builtin import is_installed
from capelib.models.quiet import quiet
from capelib.tables import read

ROUNDS = 3
MODEL, N_PROMPTS, BATCH = "smollm2-135m", 100, 32
FLOOR_SINGLE, FLOOR_BATCHED, TOLERANCE = 12.0, 1.25, 1e-5


def run() -> list[Comparison]:
    """Against one-by-one `run_with_cache`, and against its filtered form in batches."""
    if not is_installed(MODEL):
        print(f"skipped: {MODEL} is not installed")
        return []
    prompts, ours = read("prompts")["text"].sample(N_PROMPTS, random_state=0).tolist(), load(MODEL)
    theirs = _bridge()
    ways = {
        "ours": lambda: residuals(ours, prompts, batch_size=BATCH),
        "one by one": lambda: _one_by_one(theirs, ours, prompts),
        "filtered batches": lambda: _in_batches(theirs, ours, prompts),
    }
    times, states = {name: [] for name in ways}, {}
    for _ in range(ROUNDS):  # in turns, so that a busy moment hits all alike
        for name, work in ways.items():
            seconds, states[name] = timed(work, repeats=1)
            times[name].append(seconds)
    return [
        Comparison(
            f"{N_PROMPTS} prompts, all layers, {name}, {ROUNDS} rounds", min(times[name]), min(times["ours"]),
            _largest_difference(states["ours"], states[name]), floor, TOLERANCE,
        )
        for name, floor in (("one by one", FLOOR_SINGLE), ("filtered batches", FLOOR_BATCHED))
    ]  # fmt: skip


def _largest_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Of any prompt at any layer: ‖difference‖ / ‖state‖."""
    return float((np.linalg.norm(ours - theirs, axis=-1) / np.linalg.norm(theirs, axis=-1)).max())


def _bridge():
    import torch
    from transformer_lens.model_bridge import TransformerBridge

    copy = load(MODEL)
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bridge = TransformerBridge.boot_transformers(MODEL, hf_model=copy.model, tokenizer=copy.tokenizer, device="cpu")
    torch.set_grad_enabled(False)
    return bridge


def _names(n_layers: int) -> list[str]:
    return [f"blocks.{layer}.hook_out" for layer in range(n_layers)]


def _one_by_one(bridge, model, prompts: list[str]) -> np.ndarray:
    import torch

    found = []
    for prompt in prompts:
        ids = torch.tensor([model.tokenizer(prompt)["input_ids"]])
        _, kept = bridge.run_with_cache(ids)
        found.append(np.stack([kept[name][0, -1].numpy() for name in _names(model.n_layers)]))
    return np.stack(found, axis=1)


def _in_batches(bridge, model, prompts: list[str]) -> np.ndarray:
    import torch

    names = _names(model.n_layers)
    found = np.empty((model.n_layers, len(prompts), model.d_model), dtype=np.float32)
    for batch in batches(model, prompts, BATCH):
        _, kept = bridge.run_with_cache(batch.ids, attention_mask=batch.mask, names_filter=lambda name: name in names)
        rows = torch.arange(len(batch.prompts))
        for layer, name in enumerate(names):
            found[layer, batch.prompts] = kept[name][rows, batch.length - 1].numpy()
    return found
