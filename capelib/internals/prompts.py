"""Which prompts are compared, which serve as null and which as reference; no prompt plays two parts."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from capelib.errors import InputError, unknown


@dataclass(frozen=True)
class PromptSets:
    """Four lists of prompts without overlap: the two sets compared, neutral ones, and a reference for centring.

    `reference_sets` names the set of every reference prompt; `paired`, whether the first prompts of the two sets share
    a frame, the second, and so on.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    neutral: tuple[str, ...]
    reference: tuple[str, ...]
    reference_sets: tuple[str, ...]
    names: tuple[str, str] = ("reasoning", "truthfulness")
    paired: bool = False

    @property
    def all(self) -> tuple[str, ...]:
        """The four lists one after the other."""
        return (*self.first, *self.second, *self.neutral, *self.reference)

    def places(self) -> tuple[slice, slice, slice, slice]:
        """Where each list lies in `all`."""
        ends = np.cumsum([0, *(len(part) for part in (self.first, self.second, self.neutral, self.reference))])
        return tuple(slice(int(a), int(b)) for a, b in pairwise(ends))


def choose(
    table: pd.DataFrame, n: int = 16, seed: int = 0, first: str = "reasoning", second: str = "truthfulness"
) -> PromptSets:
    """Draw `n` prompts of each of two sets, 2n neutral ones, and a reference of all that is left, up to 4n prompts.

    `table` has the columns set and text, with a set "neutral". Where ids such as animals-1-reasoning say which
    sentences of two sets share a frame, both are drawn from the same frames, in the same order, so that they differ in
    content only. The reference has as many prompts of every set of the table, from frames that were not drawn.
    Raises InputError for an unknown set or too few prompts.
    """
    known, rng = sorted(set(table["set"])), np.random.default_rng(seed)
    for name in (first, second, "neutral"):
        if name not in known:
            raise unknown("set of prompts", name, known, "the table of prompts needs the columns set and text")
    if len({first, second, "neutral"}) < 3:
        raise InputError(f"two different sets and the neutral one are compared; got {first} and {second}")
    left, drawn = table.drop_duplicates("text"), []
    counted = left["set"].value_counts()
    wanted = {first: n, second: n, "neutral": 2 * n}
    short = [f"{count} of {name} ({counted[name]} there)" for name, count in wanted.items() if counted[name] < count]
    if short:
        raise InputError(f"more different prompts are needed: {', '.join(short)}; ask for fewer or add some")
    frames = _frames(left, first, second)
    for name, count in ((first, n), (second, n), ("neutral", 2 * n)):
        rows = left[left["set"] == name]
        if name != "neutral" and len(frames) >= n:
            if not drawn:
                frames = np.sort(rng.choice(frames, n, replace=False))
            rows = rows[_frame(rows).isin(frames)]
        taken = rows.iloc[np.sort(rng.choice(len(rows), count, replace=False))]
        drawn.append(tuple(taken["text"]))
        left = left.drop(index=taken.index)
    paired = len(frames) >= n
    left = left[~_frame(left).isin(frames)] if paired else left
    each = min(n, *(int((left["set"] == name).sum()) for name in left["set"].unique())) if len(left) else 0
    if each * left["set"].nunique() < 4:
        raise InputError(f"four prompts more are needed as reference, {len(left)} are left; ask for fewer")
    rest = pd.concat([
        rows.iloc[np.sort(rng.choice(len(rows), each, replace=False))] for _, rows in left.groupby("set")
    ])  # fmt: skip
    return PromptSets(*drawn, tuple(rest["text"]), tuple(rest["set"]), names=(first, second), paired=paired)


def _frame(rows: pd.DataFrame) -> pd.Series:
    # an id less the name of its set
    return rows["id"].str.rsplit("-", n=1).str[0] if "id" in rows else pd.Series("", index=rows.index)


def _frames(table: pd.DataFrame, first: str, second: str) -> np.ndarray:
    if "id" not in table:
        return np.array([])
    own, other = (set(_frame(table[table["set"] == name])) for name in (first, second))
    return np.array(sorted(own & other))
