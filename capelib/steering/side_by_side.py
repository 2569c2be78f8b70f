"""One prompt, plain and steered: both texts, the next token's probabilities, and whether the controls move as much."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capelib.errors import InputError
from capelib.frames import written
from capelib.models import LanguageModel
from capelib.steering.controls import gaussian, permuted
from capelib.steering.items import encode_texts
from capelib.steering.null import Ranked, rank
from capelib.steering.prepared import Prepared
from capelib.steering.steer import steer
from capelib.steering.sweep import Sweep
from capelib.steering.verdict import LEVEL
from capelib.steering.writing import moved_mass, moved_tokens, write_rows


@dataclass(frozen=True, eq=False)
class SideBySide:
    """What a model makes of a prompt, plain and pushed.

    `afresh` is the plain model's text with other random numbers, None where texts are greedy: what changes by itself.
    `moved` is the frame of `writing.moved_tokens`. `permuted` and `gaussian` rank the probability mass that the push
    moves (total variation distance to the plain model, 0-1) among what directions that mean nothing move with the same
    strength; every token of the prompt is steered for both, whichever tokens of the texts are. `perplexity` and
    `perplexity_steered` are those of neutral texts.
    """

    strength: float
    base: str
    steered: str
    afresh: str | None
    moved: pd.DataFrame
    permuted: Ranked
    gaussian: Ranked
    perplexity: float
    perplexity_steered: float

    @property
    def stands_out(self) -> bool:
        """Whether the push moves more than directions on permuted labels do: rank p ≤ 5 %."""
        return self.permuted.p <= LEVEL

    def summary(self) -> str:
        """Whether the controls move as much, in one sentence."""
        if self.strength == 0:
            return "Strength 0 adds nothing: both texts are the plain model's."
        null, noise = self.permuted, self.gaussian
        told = "more than directions that mean nothing" if self.stands_out else "not clearly more than the controls do"
        return (
            f"The push moves {_percent(null.effect)} of the next token's probability, {told}: {null.n_null} directions "
            f"fitted on permuted labels move {_percent(null.mean)} on average (95 % of them {_percent(null.low)} to "
            f"{_percent(null.high)}), {null.n_as_extreme} of them as much or more (rank p = {written(null.p)}); "
            f"{noise.n_null} Gaussian ones move {_percent(noise.mean)}."
        )


def side_by_side(
    model: LanguageModel,
    prepared: Prepared,
    prompt: str,
    strength: float,
    neutral: Sequence[str],
    new_tokens: int = 40,
    temperature: float = 0.0,
    top_p: float = 1.0,
    start: int | str = 0,
    seed: int = 0,
    n_permuted: int = 20,
    n_gaussian: int = 5,
) -> SideBySide:
    """Push at all layers of the direction, and say what changes.

    `temperature`, `top_p` and `start` as in `writing.write`; `seed` is that of the draws of tokens and of the controls.
    `neutral` are texts that have nothing to do with the prompt. Raises InputError as `writing.write` does, and for a
    strength so large that the model's numbers overflow.
    """
    direction = prepared.direction
    controls = permuted(direction, prepared.true, prepared.false, n_permuted, seed, prepared.groups)
    controls += gaussian(direction, n_gaussian, seed)
    mass = moved_mass(model, prompt, [direction, *controls], strength)
    if not np.isfinite(mass).all():
        kind = str(model.model.dtype).removeprefix("torch.")
        raise InputError(f"strength {strength:g} is more than the model can hold in {kind}; give a smaller one")
    rows = [(0, 0.0, seed), (0, strength, seed), *([(0, 0.0, seed + 1)] if temperature > 0 else [])]
    texts = write_rows(model, [prompt], rows, direction, new_tokens, temperature, top_p, start=start)["text"].tolist()
    plain = perplexity(model, neutral)
    with steer(model, direction, strength):
        steered = perplexity(model, neutral)
    return SideBySide(
        strength=strength,
        base=texts[0],
        steered=texts[1],
        afresh=texts[2] if len(texts) > 2 else None,
        moved=moved_tokens(model, prompt, direction, strength),
        permuted=rank(mass[0], mass[1 : 1 + n_permuted]),
        gaussian=rank(mass[0], mass[1 + n_permuted :]),
        perplexity=plain,
        perplexity_steered=steered,
    )


def perplexity(model: LanguageModel, texts: Sequence[str]) -> float:
    """exp of the mean negative log-probability of a token, over all tokens of all texts but the first of each."""
    items = encode_texts(model, texts)
    with np.errstate(over="ignore"):
        return float(np.exp(-Sweep(model, items).plain.sum() / items.n_tokens.sum()))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
