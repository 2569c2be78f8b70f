"""What a steered model is measured on: questions with answers, everyday completions, running text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.frames import need_columns
from capelib.models import LanguageModel
from capelib.steering.choices import scores
from capelib.steering.items import Items, encode, encode_texts
from capelib.steering.questions import Questions
from capelib.steering.sweep import Sweep

PROMPT = "Question: {question}\nAnswer:"  # as lm-evaluation-harness words ARC; an answer follows after a blank


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one model, plain or pushed, does, question by question.

    `questions` is the frame of `choices.scores`; `right` (items,) whether the right ending of a completion is the
    likelier one; `logprob` (texts,) the log-probability of running text, nats.
    """

    questions: pd.DataFrame
    right: NDArray
    logprob: NDArray


class Measured:
    """One model with everything it is measured on, ready to be pushed at any of `layers`.

    `reasoning` has the columns context, correct_answer, incorrect_answer, and id and mirror where completions mirror
    each other; `neutral` is running text. Either may be empty: what a push costs elsewhere is then not measured.
    `couples` (items,) has one number for each completion and its mirror.
    """

    def __init__(
        self,
        model: LanguageModel,
        questions: Questions,
        layers: Sequence[int],
        reasoning: pd.DataFrame | None = None,
        neutral: Sequence[str] = (),
        prompt: str = PROMPT,
    ) -> None:
        self.model, self.questions = model, questions
        self._answers = _of_questions(model, questions, prompt)
        self._asked = Sweep(model, self._answers, layers)
        self.couples = np.array([], int) if reasoning is None else _couples(reasoning)
        self._reasoning = Sweep(model, _of_reasoning(model, reasoning), layers) if reasoning is not None else None
        self._texts = encode_texts(model, neutral) if len(neutral) else None
        self._neutral = Sweep(model, self._texts, layers) if self._texts else None
        self.plain = self._outcome(
            self._asked.plain,
            self._reasoning.plain if self._reasoning else None,
            self._neutral.plain if self._neutral else None,
        )

    @property
    def n_neutral_tokens(self) -> int:
        """Tokens of running text that are predicted."""
        return int(self._texts.n_tokens.sum()) if self._texts else 0

    def pushed(self, layer: int, vector: NDArray, elsewhere: bool = True) -> Outcome:
        """The outcome with `vector` (d_model,) added after block `layer`; without `elsewhere`, questions only."""
        return self._outcome(
            self._asked.pushed(layer, vector),
            self._reasoning.pushed(layer, vector) if elsewhere and self._reasoning else None,
            self._neutral.pushed(layer, vector) if elsewhere and self._neutral else None,
        )

    def _outcome(self, asked: NDArray, reasoning: NDArray | None, neutral: NDArray | None) -> Outcome:
        choices = self.questions.choices
        frame = choices.assign(logprob=asked, n_tokens=self._answers.n_tokens, n_chars=choices["text"].str.len())
        right = np.array([]) if reasoning is None else (reasoning[::2] > reasoning[1::2]).astype(float)
        return Outcome(scores(frame, "question_id"), right, np.array([]) if neutral is None else neutral)


def _couples(items: pd.DataFrame) -> NDArray:
    if "mirror" not in items:
        return np.arange(len(items))
    return pd.factorize(items[["id", "mirror"]].min(axis=1))[0]


def _of_questions(model: LanguageModel, questions: Questions, prompt: str) -> Items:
    answers = questions.choices.groupby("question_id", sort=False)["text"].apply(list)
    asked = questions.questions.set_index("question_id")["question"]
    return encode(
        model,
        [prompt.format(question=asked[name]) for name in answers.index],
        [[f" {answer}" for answer in options] for options in answers],
    )


def _of_reasoning(model: LanguageModel, items: pd.DataFrame) -> Items:
    need_columns(items, ["context", "correct_answer", "incorrect_answer"])
    endings = zip(items["correct_answer"], items["incorrect_answer"], strict=True)
    return encode(model, list(items["context"]), [[f" {right}", f" {wrong}"] for right, wrong in endings])
