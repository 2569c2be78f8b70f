"""Directions from 64 pairs of statements: one prompt at a time, steering-vectors and repeng, against capelib.

All read the last token of the same statements from the same model. The difference is 1 − cosine, the largest of any
layer. repeng has no mean difference; its principal axis is compared with ours, whichever way it points (repeng lets
pairs vote, here their mean decides), in the layers that both have: repeng leaves out the first, and reads the last one
after the final norm.
"""

import io
from contextlib import redirect_stderr

import numpy as np
import pandas as pd

from benchmarks import Comparison, in_turns, installed
from capelib.models import LanguageModel, load
from capelib.models.builtin import is_installed
from capelib.steering.direction import TruthDirection
from capelib.steering.layers import resolve
from capelib.tables import read

ROUNDS = 3
MODEL, N_PAIRS, DEPTH = "smollm2-135m", 64, 0.25
BATCHES = (8, 32)  # of steering-vectors; the faster one counts
FLOOR_SINGLE, FLOOR_BATCHED, FLOOR_ALL, TOLERANCE = 25.0, 5.0, 1.5, 1e-6
PEERS = ("steering_vectors", "repeng")


def run() -> list[Comparison]:
    """At a quarter of the depth against both ways one by one and the best batch; in all layers against the batches."""
    if not is_installed(MODEL) or not installed(*PEERS):
        print(f"skipped: fitting directions takes {MODEL} and {' and '.join(PEERS)}")
        return []
    statements = read("statements")
    pairs = statements[statements["split"] == "fit"].head(N_PAIRS)
    model = load(MODEL)
    layer = resolve(DEPTH, model.n_layers)
    every = list(range(model.n_layers))
    ways = {
        "ours": lambda: TruthDirection.fit(model, pairs, DEPTH).vectors,
        "ours, all": lambda: TruthDirection.fit(model, pairs, "all").vectors,
        "ours, axis": lambda: TruthDirection.fit(model, pairs, "all", "pca").vectors[1:-1],
        "one by one": lambda: _one_by_one(model, pairs, layer),
        "batch 1": lambda: _steering_vectors(model, pairs, [layer], 1),
        **{f"batch {size}": lambda size=size: _steering_vectors(model, pairs, [layer], size) for size in BATCHES},
        **{f"all, {size}": lambda size=size: _steering_vectors(model, pairs, every, size) for size in BATCHES},
        "repeng": lambda: _repeng(model, pairs, every[1:-1]),
    }
    times, found = in_turns(ways, ROUNDS)
    best, best_all = (
        min((f"{what}{size}" for size in BATCHES), key=lambda name: min(times[name])) for what in ("batch ", "all, ")
    )
    rows = [
        ("layer at 0.25, output_hidden_states, one by one", "one by one", "ours", FLOOR_SINGLE),
        ("layer at 0.25, steering-vectors, batch 1", "batch 1", "ours", FLOOR_SINGLE),
        (f"layer at 0.25, steering-vectors, {best}", best, "ours", FLOOR_BATCHED),
        (f"all layers, steering-vectors, batch {best_all.split()[-1]}", best_all, "ours, all", FLOOR_ALL),
        ("all layers, axis, repeng, batch 32", "repeng", "ours, axis", 1.0),
    ]
    return [
        Comparison(
            f"{name}, {ROUNDS} rounds", min(times[plain]), min(times[own]), _apart(found[plain], found[own]), floor,
            TOLERANCE,
        )
        for name, plain, own, floor in rows
    ]  # fmt: skip


def _apart(theirs: np.ndarray, ours: np.ndarray) -> float:
    """Largest 1 − |cosine| of vectors of shape (layers, d)."""
    theirs, ours = np.asarray(theirs, float), np.asarray(ours, float)
    lengths = np.linalg.norm(theirs, axis=1) * np.linalg.norm(ours, axis=1)
    return float((1 - np.abs((theirs * ours).sum(axis=1)) / lengths).max())


def _one_by_one(model: LanguageModel, pairs: pd.DataFrame, layer: int) -> np.ndarray:
    """As the released tool does it: every statement alone, through the whole model, keeping all hidden states."""
    import torch

    means = []
    for column in ("true_text", "false_text"):
        states = []
        for text in pairs[column]:
            ids = model.tokenizer(text, return_tensors="pt")
            with torch.no_grad():
                hidden = model.model(**ids, output_hidden_states=True).hidden_states
            states.append(hidden[layer + 1][0, -1])  # the first is the embedding
        means.append(torch.stack(states).mean(dim=0))
    return (means[0] - means[1]).numpy()[None]


def _steering_vectors(model: LanguageModel, pairs: pd.DataFrame, layers: list[int], batch_size: int) -> np.ndarray:
    from steering_vectors import train_steering_vector

    samples = list(zip(pairs["true_text"], pairs["false_text"], strict=True))
    trained = train_steering_vector(model.model, model.tokenizer, samples, layers=layers, batch_size=batch_size)
    return np.stack([trained.layer_activations[layer].numpy() for layer in layers])


def _repeng(model: LanguageModel, pairs: pd.DataFrame, layers: list[int]) -> np.ndarray:
    """repeng's "pca_center", the axis of differences whose members are in both orders."""
    if not hasattr(np, "float_"):
        np.float_ = np.float64  # repeng's annotations name it, NumPy 2 does not
    from repeng import ControlVector, DatasetEntry

    entries = [DatasetEntry(*each) for each in zip(pairs["true_text"], pairs["false_text"], strict=True)]
    with redirect_stderr(io.StringIO()):  # its progress bars
        trained = ControlVector.train(
            model.model, model.tokenizer, entries, hidden_layers=layers, batch_size=32, method="pca_center"
        )
    return np.stack([trained.directions[layer] for layer in layers])
