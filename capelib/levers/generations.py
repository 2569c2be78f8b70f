"""What a change of generation does to the scores of models of one size, over all such changes that were measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from capelib.coupling.noise import score_sd
from capelib.errors import InputError
from capelib.estimate import Estimate
from capelib.frames import frame_html, need_columns

# Each family and the one that its makers brought out as its successor.
SUCCESSORS = (
    ("Llama", "Llama-2"),
    ("Llama-1", "Llama-2"),
    ("Llama-2", "Llama-3"),
    ("Llama-3", "Llama-3.1"),
    ("OpenLlama", "OpenLlamaV2"),
    ("Qwen", "Qwen1.5"),
    ("Qwen1.5", "Qwen2"),
    ("Qwen2", "Qwen2.5"),
    ("Qwen2.5", "Qwen3"),
    ("Yi", "Yi-1.5"),
    ("Gemma", "Gemma-2"),
    ("Gemma-2", "Gemma-3"),
    ("Gemma-3", "Gemma-4"),
)
SAME_SIZE = 1.3  # factor up to which two models count as of one size: 7B and 8B, 7B and 9B, but not 24B and 32B


@dataclass(frozen=True)
class Generations:
    """Differences of scores, newer less older generation, between models of one size.

    `pairs` has one row per pair: change ("Qwen1.5 to Qwen2"), lab, older, newer, n_params (the older's), and per score
    d_* (points) and se_* (points, from the number of questions, the errors of the two models taken as independent,
    which is an upper bound: both answer the same questions). `changes` has one row per change and score: change, lab,
    score, sizes, value, low, high, the mean over its sizes with the interval of item noise alone.
    """

    pairs: pd.DataFrame
    changes: pd.DataFrame
    scores: tuple[str, ...]

    def mean(self, score: str, unit: str = "lab", level: float = 0.95) -> Estimate:
        """Mean over labs, or over "change"s, with a t interval that takes these units as independent draws.

        A lab's value is the mean of its changes, because successive generations of one lab share more than a name. The
        mean is what a change of generation does, whatever was changed. One unit has no interval.
        """
        own = self.changes[self.changes["score"] == score].groupby(unit)["value"].mean().to_numpy(float)
        if len(own) < 2:
            return Estimate(float(own.mean()) if len(own) else np.nan, n=len(own), method=f"one {unit}, no interval")
        half = stats.t.ppf(0.5 + level / 2, len(own) - 1) * own.std(ddof=1) / np.sqrt(len(own))
        how = f"t interval over {len(own)} {unit}s, taken as independent"
        return Estimate(float(own.mean()), float(own.mean() - half), float(own.mean() + half), level, len(own), how)

    def _repr_html_(self) -> str:
        columns = ["change", "older", "newer", *[f"d_{score}" for score in self.scores]]
        words = {f"d_{score}": f"change of {score}" for score in self.scores}
        return frame_html(self.pairs[columns].rename(columns=words), "Newer less older generation, points", digits=2)


def generations(
    frame: pd.DataFrame,
    n_items: Mapping[str, int],
    scores: Sequence[str] = ("hellaswag", "truthfulqa"),
    successors: Sequence[tuple[str, str]] = SUCCESSORS,
    level: float = 0.95,
) -> Generations:
    """Compare models of one size across generations, for every pair of families in `successors` that the frame holds.

    `frame` needs model, family, lab, n_params and the scores in percent; models without one are left out. A model is
    paired with the nearest size of the other generation, within a factor of 1.3, each model once. Amin (2026), Sec. 5.2
    and 7.3, compares two generations at one size; so does this, for all that were measured.

    Raises InputError if no pair is found.
    """
    scores = list(scores)
    need_columns(frame, ["model", "family", "lab", "n_params", *scores])
    kept = frame.dropna(subset=scores)
    rows = [
        {
            "change": f"{old} to {new}",
            "lab": b["lab"],
            "older": a["model"],
            "newer": b["model"],
            "n_params": a["n_params"],
        }
        | {f"d_{score}": b[score] - a[score] for score in scores}
        | {f"se_{score}": float(np.hypot(*score_sd([a[score], b[score]], n_items[score]))) for score in scores}
        for old, new in successors
        for a, b in matched(kept[kept["family"] == old], kept[kept["family"] == new])
    ]
    if not rows:
        raise InputError("the table holds no two generations of models of one size; add a family and its successor")
    pairs = pd.DataFrame(rows)
    z, changes = stats.norm.ppf(0.5 + level / 2), []
    for (change, lab), own in pairs.groupby(["change", "lab"], sort=False):
        for score in scores:
            mean = own[f"d_{score}"].mean()
            half = z * np.sqrt((own[f"se_{score}"] ** 2).sum()) / len(own)
            changes.append((change, lab, score, len(own), mean, mean - half, mean + half))
    columns = ["change", "lab", "score", "sizes", "value", "low", "high"]
    return Generations(pairs, pd.DataFrame(changes, columns=columns), tuple(scores))


def matched(old: pd.DataFrame, new: pd.DataFrame, factor: float = SAME_SIZE) -> list[tuple[pd.Series, pd.Series]]:
    """Pairs of models of one size (column n_params, up to `factor` apart), nearest sizes first, each model once."""
    gaps = sorted(
        (abs(np.log(a.n_params / b.n_params)), a.n_params, a.Index, b.Index)
        for a in old.itertuples()
        for b in new.itertuples()
    )
    taken, found = set(), []
    for gap, size, i, j in gaps:
        if gap <= np.log(factor) and i not in taken and j not in taken:
            taken |= {i, j}
            found.append((size, old.loc[i], new.loc[j]))
    return [(a, b) for _, a, b in sorted(found, key=lambda each: each[0])]
