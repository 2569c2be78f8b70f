"""64 new tokens, greedily: plain `generate`, steering-vectors and repeng, against capelib's steering.

Every way adds the same vector after the same block, at every token, and sets itself up within the time measured. Times
are medians of rounds in turns. A peer differs from us by far less than a round differs from the next, so "no slower"
means: not slower by more than two standard errors of the median ratio, and never by more than 3 %. Against plain
`generate` no such allowance is made; its promise of 3 % is one.

The difference is the share of new tokens that differ: from the peers', and, in the rows of plain `generate`, from those
of the model with the vector baked into the bias of the block's last map, which needs no hook at all.
"""

from contextlib import contextmanager
from statistics import median, stdev
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import Comparison, in_turns, installed
from capelib.models import LanguageModel, blocks, load
from capelib.models.builtin import is_installed
from capelib.steering.direction import TruthDirection
from capelib.steering.questions import read_questions
from capelib.steering.steer import steer
from capelib.tables import read

if TYPE_CHECKING:
    import torch

ROUNDS = 9
MODEL, DEPTH, STRENGTH, NEW_TOKENS, SIZES = "smollm2-135m", 0.25, 0.5, 64, (1, 16)
FLOOR_PLAIN, FLOOR_PEER = 0.97, 1.0
PEERS = ("steering_vectors", "repeng")


def run() -> list[Comparison]:
    """Batch 1 and 16, each against plain `generate` and against both peers."""
    if not is_installed(MODEL) or not installed(*PEERS):
        print(f"skipped: steered generation takes {MODEL} and {' and '.join(PEERS)}")
        return []
    model, statements = load(MODEL), read("statements")
    direction = TruthDirection.fit(model, statements[statements["split"] == "fit"], DEPTH)
    return [row for size in SIZES for row in _rows(model, direction, size)]


def _rows(model: LanguageModel, direction: TruthDirection, size: int) -> list[Comparison]:
    (layer,), added = direction.layers, np.float32(STRENGTH) * direction.raw[0]
    given = _given(model, size)

    def write() -> "torch.Tensor":
        found = model.model.generate(
            **given, max_new_tokens=NEW_TOKENS, min_new_tokens=NEW_TOKENS, do_sample=False,
            pad_token_id=model.tokenizer.eos_token_id,
        )  # fmt: skip
        return found[:, given["input_ids"].shape[1] :]

    def ours() -> "torch.Tensor":
        with steer(model, direction, STRENGTH):
            return write()

    def steering_vectors() -> "torch.Tensor":
        import torch
        from steering_vectors import SteeringVector

        with SteeringVector({layer: torch.from_numpy(added)}).apply(model.model):
            return write()

    def repeng() -> "torch.Tensor":
        with _controlled(model, layer, added):
            return write()

    write()  # the first run of all is slower
    ways = {"plain generate": write, "ours": ours, "steering-vectors": steering_vectors, "repeng": repeng}
    times, tokens = in_turns(ways, ROUNDS)
    with _baked(model, layer, added):
        tokens["plain generate"] = write()
    return [
        Comparison(
            f"{NEW_TOKENS} tokens, batch {size}, {name}, median of {ROUNDS} rounds",
            median(times[name]), median(times["ours"]), float((tokens[name] != tokens["ours"]).float().mean()),
            FLOOR_PEER if name in ("steering-vectors", "repeng") else FLOOR_PLAIN, 0.0,
            _noise(times[name], times["ours"]) if name != "plain generate" else 0.0,
        )
        for name in ways
        if name != "ours"
    ]  # fmt: skip


def _given(model: LanguageModel, size: int) -> dict:
    """Questions of several lengths, padded on the left."""
    asked = read_questions().of_split("held_out").questions["question"][:size]
    prompts = [f"Question: {each}\nAnswer:" for each in asked]
    side, padding = model.tokenizer.padding_side, model.tokenizer.pad_token_id is not None
    model.tokenizer.padding_side = "left"
    given = model.tokenizer(prompts, return_tensors="pt", padding=padding and size > 1)
    model.tokenizer.padding_side = side
    return {name: given[name] for name in ("input_ids", "attention_mask")}


def _noise(theirs: list[float], ours: list[float]) -> float:
    """Two standard errors of the median of the rounds' ratios (that of a median is 1.25 times that of a mean)."""
    ratios = [a / b for a, b in zip(theirs, ours, strict=True)]
    return min(2 * 1.2533 * stdev(ratios) / len(ratios) ** 0.5, 1 - FLOOR_PLAIN)


@contextmanager
def _baked(model: LanguageModel, layer: int, added: np.ndarray):
    import torch

    last = blocks(model.model)[layer].mlp.down_proj
    last.bias = torch.nn.Parameter(torch.from_numpy(added))
    try:
        yield
    finally:
        last.bias = None


@contextmanager
def _controlled(model: LanguageModel, layer: int, added: np.ndarray):
    if not hasattr(np, "float_"):
        np.float_ = np.float64  # repeng's annotations name it, NumPy 2 does not
    from repeng import ControlModel, ControlVector

    wrapped = ControlModel(model.model, [layer])
    wrapped.set_control(ControlVector(model.model.config.model_type, {layer: added}))
    try:
        yield
    finally:
        wrapped.unwrap()
