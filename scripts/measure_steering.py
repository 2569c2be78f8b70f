"""Measure steering on every question and at every layer, and leave it as data/steering_measured.csv.

The section asks few questions, because it runs in front of the reader. This asks them all, once, with as many controls
at every layer as at the one fixed beforehand: an hour and a half on two cores. It goes on where it was interrupted.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from capelib import claims, models, steering, tables
from capelib.cli.progress import timed
from capelib.files import write_text
from capelib.steering.experiment import TRUTH, Plan, Results
from capelib.steering.paired import shift
from capelib.steering.readable import by_layer
from capelib.steering.store import Store, fingerprints

MODEL, SEED = "smollm2-135m", 0
STRENGTH, STRENGTHS = 1.0, (-2.0, -1.0, -0.5, 0.1, 0.5, 2.0)  # in spreads; the first at every layer
N_PERMUTED, N_GAUSSIAN, N_DOSES = 20, 5, 4  # at both layers, and beside every other strength there; 20 in all layers
KEPT = Path("runs/steering_measured/sweep.jsonl")


def main() -> None:
    """Measure what is not kept yet, then write the table whole."""
    model, questions = models.load(MODEL), steering.read_questions()
    statements = tables.read("statements")
    pairs = statements[statements["split"] == "fit"]
    layers = list(range(model.n_layers))
    states = steering.states(model, pairs, layers)
    direction = steering.TruthDirection.of_states(*states, layers, model=model.name, n_layers=model.n_layers)
    quarter = steering.resolve(claims.value("steering.depth"), model.n_layers)
    held_out = statements[statements["split"] == "held_out"]
    read = by_layer(states, steering.states(model, held_out, layers), steering.groups(held_out), layers, n_null=2)
    chosen = int(read.loc[read["paired"].idxmax(), "layer"])
    planned = _planned(direction, states, quarter, chosen, layers, steering.groups(pairs))
    reasoning, neutral = tables.read("reasoning_items"), tables.read("neutral_text")["text"].tolist()
    measured = steering.Measured(model, questions, layers, reasoning, neutral)
    decisive = [cell for cell in planned.cells if cell.layer == quarter and cell.strength == STRENGTH]
    controls = [cell.vector for cell in decisive if cell.kind != TRUTH]
    settings = {"seed": SEED, "completions": reasoning, "neutral_text": neutral, "controls": controls}
    store = Store(KEPT, fingerprints(model, direction, questions, steering.PROMPT, **settings))
    with timed("push", len(planned.cells), sum(cell.key in store.read() for cell in planned.cells)) as begin:
        results = steering.run(measured, planned, store, lambda *_: begin())
    write_text(Path("data/steering_measured.csv"), table(results).to_csv(index=False, lineterminator="\n"))


def _planned(
    direction: steering.TruthDirection, states: tuple, quarter: int, chosen: int, layers: list[int], groups: np.ndarray
) -> Plan:
    """At the paper's layer and at the one that reads truth best, all controls and strengths; elsewhere one strength."""
    parts = [
        (quarter, [quarter], STRENGTHS, N_DOSES),
        (chosen, [chosen], STRENGTHS, N_DOSES),
        (quarter, layers, [STRENGTH], N_PERMUTED),
    ]
    cells = {}
    for layer, at, strengths, n_beside in parts:
        part = steering.plan(
            direction, *states, layer, STRENGTH, at, strengths, N_PERMUTED, N_GAUSSIAN, SEED, groups, n_beside
        )
        cells |= {cell.key: cell for cell in part.cells if cell.key not in cells}
    by_draw = sorted(cells.values(), key=lambda cell: cell.draw)  # a draw in all layers before the next
    return Plan(tuple(by_draw), quarter, STRENGTH)


def table(results: Results) -> pd.DataFrame:
    """One row per push, in the columns of the table `steering_measured`."""
    base = results.plain.questions
    found = []
    for row, outcome in zip(
        results.cells.itertuples(), [results.plain, *(results.outcomes[c.key] for c in results.done)], strict=True
    ):
        moved = shift(base["mc2"], outcome.questions["mc2"], seed=SEED)
        found.append({
            "model": MODEL, "kind": row.kind, "draw": row.draw, "layer": row.layer, "strength": row.strength,
            "n_questions": len(base), "corrected": row.corrected, "broken": row.broken,
            "mc1_pct": 100 * row.mc1, "mc2_pct": 100 * row.mc2, "margin_nats": row.margin,
            "mc2_low": 100 * moved.mean.low, "mc2_high": 100 * moved.mean.high, "mc2_change_sd": 100 * moved.sd,
            "completions_right_pct": 100 * row.right, "perplexity_ratio": row.perplexity,
        })  # fmt: skip
    return pd.DataFrame(found).round(4)


if __name__ == "__main__":
    main()
