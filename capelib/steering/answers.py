"""Written answers to questions that yes or no answers, judged by exact rules, and what a push does to them."""

from collections.abc import Sequence

import pandas as pd

from capelib.errors import InputError
from capelib.models import LanguageModel
from capelib.steering.direction import TruthDirection
from capelib.steering.judge import FALSE, TRUE, UNCLEAR, judge_all, polarity
from capelib.steering.material import PROMPT
from capelib.steering.paired import Changes, compare
from capelib.steering.questions import Questions
from capelib.steering.writing import write

NEW_TOKENS = 6  # yes or no stands at the beginning of an answer, if anywhere


def closed(questions: Questions) -> pd.DataFrame:
    """The questions whose best answer begins with Yes or No: their rows of `questions.questions`."""
    best = questions.choices[questions.choices["is_best"]].set_index("question_id")["text"].map(polarity)
    return questions.questions[questions.questions["question_id"].map(best).isin(["yes", "no"])]


def answers(
    model: LanguageModel,
    questions: Questions,
    direction: TruthDirection,
    strengths: Sequence[float],
    new_tokens: int = NEW_TOKENS,
    prompt: str = PROMPT,
) -> pd.DataFrame:
    """Greedy answers to every question that yes or no answers: question_id, strength, text, judged (true, false or
    unclear, by `judge`).

    Raises InputError if there is no such question, and as `write` does.
    """
    asked = closed(questions)
    if asked.empty:
        raise InputError("none of the questions is answered by yes or no, so that written answers cannot be judged")
    prompts = [prompt.format(question=text) for text in asked["question"]]
    written = write(model, prompts, direction, strengths, new_tokens)
    frame = pd.DataFrame({
        "question_id": asked["question_id"].repeat(len(strengths)).to_numpy(),
        "strength": written["strength"],
        "text": written["text"],
    })  # fmt: skip
    return frame.assign(judged=judge_all(frame["question_id"].tolist(), frame["text"].tolist(), questions.choices))


def changed(frame: pd.DataFrame, strength: float) -> Changes:
    """Answers judged true without a push (strength 0) and with it; false and unclear ones are not true."""
    before, after = (frame[frame["strength"] == each].set_index("question_id")["judged"] for each in (0.0, strength))
    return compare(before == TRUE, after.loc[before.index] == TRUE)


def table(frames: dict[str, pd.DataFrame], strength: float) -> pd.DataFrame:
    """How many answers are true, false and unclear: a row without a push, then one for each direction at `strength`,
    with the number corrected and broken against the first row and McNemar's exact p.

    Every frame is one of `answers`, with the strengths 0 and `strength`.
    """
    first = next(iter(frames.values()))
    rows = [{"push": "none", **_counts(first, 0.0)}]
    for name, frame in frames.items():
        found = changed(frame, strength)
        told = {"corrected": found.corrected, "broken": found.broken, "p": found.p}
        rows.append({"push": name, **_counts(frame, strength), **told})
    return pd.DataFrame(rows).astype({"corrected": "Int64", "broken": "Int64"})


def _counts(frame: pd.DataFrame, strength: float) -> dict[str, int]:
    counted = frame.loc[frame["strength"] == strength, "judged"].value_counts()
    return {kind: int(counted.get(kind, 0)) for kind in (TRUE, FALSE, UNCLEAR)}
