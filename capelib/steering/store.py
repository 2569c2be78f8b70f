"""What a sweep has measured, kept in one file as it goes: an interruption loses the push under way, and no more."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from capelib.errors import InputError
from capelib.files import write_text
from capelib.models import LanguageModel
from capelib.steering.direction import TruthDirection
from capelib.steering.material import Outcome
from capelib.steering.questions import Questions


class Store:
    """A JSON-lines file: a first line that says of which experiment, then a line per push.

    `fingerprint` names the experiment; a file of another one is refused. The file is written anew, whole, at each push.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path, self.fingerprint = Path(path), fingerprint
        self._lines = [json.dumps({"experiment": fingerprint})]

    def read(self) -> dict[str, Outcome]:
        """The outcomes kept, by the push's key; none if there is no file yet.

        Raises InputError for a file of another experiment, or one that is none of a sweep or damaged.
        """
        if not self.path.is_file():
            return {}
        try:
            head, *lines = [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]
            experiment, found = head["experiment"], {line["key"]: _outcome(line) for line in lines}
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(f"{self.path}: no file of a sweep; give another one, or delete it") from None
        if experiment != self.fingerprint:
            raise InputError(
                f"{self.path}: of another experiment (other model, direction, questions or seed); give another file"
            )
        self._lines = [json.dumps(head), *(json.dumps(line) for line in lines)]
        return found

    def add(self, key: str, outcome: Outcome) -> None:
        """Keep one more."""
        line = {
            "key": key,
            "questions": outcome.questions.to_dict("list"),
            "right": outcome.right.tolist(),
            "logprob": outcome.logprob.tolist(),
        }
        self._lines.append(json.dumps(line))
        write_text(self.path, "\n".join(self._lines) + "\n")


def fingerprint(
    model: LanguageModel, direction: TruthDirection, questions: Questions, prompt: str, **settings: object
) -> str:
    """16 digits that differ for another model, number format, direction, set of questions, prompt or setting.

    `settings`: whatever else results rest on, frames and arrays too, such as the seed, the statements that controls are
    fitted on, completions and running text.
    """
    parts = [
        model.name, str(model.revision), str(model.model.dtype), direction.vectors.tobytes().hex(),
        np.round(direction.spreads, 6).tolist(), direction.layers, direction.method,
        questions.questions, questions.choices, prompt, sorted(settings.items()),
    ]  # fmt: skip
    return sha256(json.dumps(parts, default=_whole).encode()).hexdigest()[:16]


def _whole(value: object) -> object:
    # str() leaves out the middle of a long frame or array
    if isinstance(value, pd.DataFrame | pd.Series):
        return value.to_csv(index=False)
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def _outcome(line: dict) -> Outcome:
    return Outcome(pd.DataFrame(line["questions"]), np.array(line["right"]), np.array(line["logprob"]))
