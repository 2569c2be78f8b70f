"""The paper's protocol (Sec. 7.4): a strength for each prompt by its phase, sampled texts, "changed" as the outcome."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from capelib.models import LanguageModel, residuals
from capelib.steering.controls import gaussian
from capelib.steering.direction import TruthDirection
from capelib.steering.judge import change_rate
from capelib.steering.writing import LAST, PAPER, write_rows

# Cosine of the prompt's state with the direction below which a strength is used, in the raw length of what is added.
PHASES = ((-0.1, 3.0), (0.1, 1.5), (0.3, 0.5))
FRESH, SAME, GREEDY = "drawn afresh", "same draws", "greedy"


def strength_by_phase(cosine: ArrayLike) -> NDArray:
    """The paper's strength for a cosine between a prompt's state and the direction: 3 below -0.1, 1.5 below 0.1, 0.5
    below 0.3, else 0. Amin (2026), Sec. 7.4.

    >>> strength_by_phase([-0.2, -0.1, 0.0, 0.29, 0.3]).tolist()
    [3.0, 1.5, 1.5, 0.5, 0.0]
    """
    cosine = np.asarray(cosine, dtype=float)
    return np.select([cosine < limit for limit, _ in PHASES], [strength for _, strength in PHASES], 0.0)


def cosines(model: LanguageModel, prompts: Sequence[str], direction: TruthDirection) -> NDArray:
    """Cosine of each prompt's last-token state, at the direction's layer, with the direction: shape (prompts,)."""
    states = residuals(model, prompts, direction.layers)[0].astype(float)
    return states @ direction.vectors[0] / np.linalg.norm(states, axis=1)


def change_rates(
    model: LanguageModel, prompts: Sequence[str], direction: TruthDirection, new_tokens: int = 30, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How often a text "changes" under the paper's protocol, and how often it does without any push.

    Texts of every prompt are compared with the unpushed one, sampled as the released tool samples or greedy. The first
    frame has a row per comparison: push ("by phase", "none", "Gaussian": a random direction of the same length), draws
    ("drawn afresh": other random numbers than the unpushed text, as in a tool without a seed; "same draws"; "greedy"),
    changed and n (prompts), rate with Wilson's interval (low, high), in percent. The second has the texts: prompt,
    cosine, strength, push, draws, base, text.

    Raises InputError as `write` does.
    """
    cosine = cosines(model, prompts, direction)
    by_phase = strength_by_phase(cosine).tolist()
    own = {"new_tokens": new_tokens, "unit": "raw", "start": LAST}
    noise = gaussian(direction, 1, seed)[0]

    def texts(sets: Sequence[Sequence[float]], seeds: Sequence[int], along: TruthDirection, **sampling: float) -> list:
        rows = [(place, s, k) for strengths in sets for k in seeds for place, s in enumerate(strengths)]
        written = write_rows(model, prompts, rows, along, **own, **sampling)["text"].tolist()
        return [written[i : i + len(prompts)] for i in range(0, len(written), len(prompts))]

    both = [0.0] * len(prompts), by_phase
    base, afresh, pushed, pushed_afresh = texts(both, (seed, seed + 1), direction, **PAPER)
    greedy, greedy_pushed = texts(both, (seed,), direction)
    (greedy_noise,) = texts([by_phase], (seed,), noise)
    compared = [
        ("by phase", FRESH, base, pushed_afresh),
        ("none", FRESH, base, afresh),
        ("by phase", SAME, base, pushed),
        ("by phase", GREEDY, greedy, greedy_pushed),
        ("Gaussian", GREEDY, greedy, greedy_noise),
    ]
    rates, shown = [], []
    for push, draws, first, second in compared:
        found = change_rate(first, second)
        ends = (100 * found.value, 100 * found.low, 100 * found.high)
        rates.append((push, draws, round(found.value * len(prompts)), len(prompts), *ends))
        shown += [
            (prompt, cosine[i], by_phase[i], push, draws, first[i], second[i]) for i, prompt in enumerate(prompts)
        ]
    return (
        pd.DataFrame(rates, columns=["push", "draws", "changed", "n", "rate", "low", "high"]),
        pd.DataFrame(shown, columns=["prompt", "cosine", "strength", "push", "draws", "base", "text"]),
    )
