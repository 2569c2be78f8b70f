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

    `experiment` is what `fingerprints` says of it; a file of another one is refused. The file is written anew, whole,
    at each push.
    """

    def __init__(self, path: Path, experiment: dict[str, str]) -> None:
        self.path, self.experiment = Path(path), experiment
        self._lines = [json.dumps({"experiment": experiment})]

    def read(self) -> dict[str, Outcome]:
        """The outcomes kept, by the push's key; none if there is no file yet.

        Raises InputError for a file of another experiment, or one that is none of a sweep or damaged.
        """
        if not self.path.is_file():
            return {}
        try:
            head, *lines = [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]
            experiment, found = dict(head["experiment"]), {line["key"]: _outcome(line) for line in lines}
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(f"{self.path}: no file of a sweep; give another one, or delete it") from None
        names = dict.fromkeys([*self.experiment, *experiment])
        if others := [name for name in names if experiment.get(name) != self.experiment.get(name)]:
            raise InputError(f"{self.path}: of another experiment (other {', '.join(others)}); give another file")
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


def fingerprints(
    model: LanguageModel, direction: TruthDirection, questions: Questions, prompt: str, **settings: object
) -> dict[str, str]:
    """What an experiment rests on, by name, each as 16 digits that differ for another one.

    `settings`: whatever else results rest on, frames and arrays too, such as the seed, the statements that controls are
    fitted on, completions and running text.
    """
    parts = {
        "model": [model.name, str(model.revision)],
        "number format": str(model.model.dtype),
        "layer": direction.layers,
        "direction": [direction.vectors.tobytes().hex(), np.round(direction.spreads, 6).tolist(), direction.method],
        "questions": [questions.questions, questions.choices],
        "prompt": prompt,
        **{name.replace("_", " "): value for name, value in settings.items()},
    }
    return {name: sha256(json.dumps(part, default=_whole).encode()).hexdigest()[:16] for name, part in parts.items()}


def _whole(value: object) -> object:
    # str() leaves out the middle of a long frame or array
    if isinstance(value, pd.DataFrame | pd.Series):
        return value.to_csv(index=False)
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def _outcome(line: dict) -> Outcome:
    return Outcome(pd.DataFrame(line["questions"]), np.array(line["right"]), np.array(line["logprob"]))
