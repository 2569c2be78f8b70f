"""Every outcome of the push fixed beforehand in one table: base, steered, the change, and what its null gives."""

import numpy as np
import pandas as pd

from capelib.estimate import Estimate
from capelib.steering.controls import PERMUTED
from capelib.steering.experiment import TRUTH, Results
from capelib.steering.null import rank
from capelib.steering.paired import shift
from capelib.steering.verdict import Effect

# in percent, but for the margin: the log-probability of the best answer less that of the likeliest false one; _norm:
# log-probabilities divided by the characters of the answer
OUTCOMES = {
    "mc1": ("MC1, %", 100),
    "mc2": ("MC2, %", 100),
    "margin": ("margin, nats", 1),
    "mc1_norm": ("MC1 per character, %", 100),
    "mc2_norm": ("MC2 per character, %", 100),
}


def outcomes(results: Results, effect: Effect, seed: int = 0) -> pd.DataFrame:
    """Rows: MC1, MC2, the margin, and the first two with log-probabilities per character, as lm-evaluation-harness's
    acc_norm takes them. Columns: outcome, base, steered, change with its 95 % interval over questions (low, high), the
    middle 95 % of the changes by directions on permuted labels, and the rank p among them; the index names the measure.
    """
    plain, pushed = results.plain.questions, results.of(TRUTH)[0].questions
    rows = []
    for name, (title, scale) in OUTCOMES.items():
        base, steered = (each[name].astype(float) for each in (plain, pushed))
        change: Estimate = effect.changes.difference if name == "mc1" else shift(base, steered, seed=seed).mean
        nulls = [float(np.mean(each.questions[name].astype(float) - base)) for each in results.of(PERMUTED)]
        null = rank(float(np.mean(steered - base)), nulls, "two-sided")
        numbers = (base.mean(), steered.mean(), change.value, change.low, change.high, null.low, null.high)
        rows.append((title, *(scale * each for each in numbers), null.p))
    columns = ["outcome", "base", "steered", "change", "low", "high", "permuted low", "permuted high", "rank p"]
    return pd.DataFrame(rows, columns=columns, index=pd.Index(OUTCOMES, name="measure"))
