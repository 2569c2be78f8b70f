"""`cape steer MODEL --evaluate`: the experiment from the command line, kept as it goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from capelib.cli import steer_tables
from capelib.cli.output import as_json, note
from capelib.cli.progress import steps, timed
from capelib.cli.steer_open import Wanted, describe, in_unit, keep, open_model, plural, prepare
from capelib.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from capelib.models import LanguageModel
    from capelib.steering.experiment import Plan, Results
    from capelib.steering.material import Measured
    from capelib.steering.prepared import Prepared
    from capelib.steering.questions import Questions
    from capelib.steering.store import Store

STORE = "sweep.jsonl"


@dataclass(frozen=True)
class Doses:
    """Strengths and layers of a sweep; `said` is whether the layers were named by the user."""

    strengths: tuple[float, ...]
    layers: tuple[str, ...]
    said: bool


def asked(path: Path | None, n: int | None, wanted: Wanted, chart: Path | None) -> "Questions":
    """The questions to measure on. Raises InputError for whatever keeps an experiment from being decided by them."""
    from capelib.steering.questions import read_questions
    from capelib.vocabulary import number

    _no_zero([wanted.strength])
    if wanted.file and wanted.layer is None and len(wanted.file.layers) > 1:
        there = plural(wanted.file.layers)
        raise InputError(f"--evaluate decides at one layer, and {wanted.load} has {there}; choose one with --layer")
    if chart and wanted.unit == "raw":
        raise InputError("--chart draws layers on one axis of strengths, in spreads; leave out --unit raw, or --chart")
    found = read_questions(path) if path else read_questions().of_split("held_out")
    if len(found) < 2:
        raise InputError(f"{found.source}: an effect takes two questions or more; got {len(found)}; add some")
    if n is None:
        return found
    number(2, len(found), whole=True).check("--n-questions", n)
    return found.sample(n, wanted.seed)


def doses(strengths: str, layers: str, said: bool) -> Doses:
    """What a sweep measures. Raises InputError for strengths that are no numbers."""
    try:
        found = tuple(dict.fromkeys(float(each) for each in strengths.split(",")))
    except ValueError:
        found = ()
    if not found or not all(map(isfinite, found)):
        raise InputError(f"--strengths must be numbers with commas between, such as -1,-0.5,0.5,1; got {strengths!r}")
    _no_zero(found)
    return Doses(found, tuple(each.strip() for each in layers.split(",")), said)


def evaluate(
    wanted: Wanted, questions: "Questions", swept: Doses | None, out: Path | None, chart: Path | None, json: bool
) -> None:
    """Measure the push that was asked for, its controls and the doses of a sweep; print, keep and draw them."""
    from capelib import tables
    from capelib.steering.experiment import plan
    from capelib.steering.material import Measured

    reasoning, neutral = tables.read("reasoning_items"), tables.read("neutral_text")["text"].tolist()
    with steps(4) as begin:
        begin("loading")
        model = open_model(wanted)
        also = _layers(wanted, model, swept)
        begin("reading the statements")
        own = prepare(wanted, model, also)
        used = in_unit(wanted, own)
        planned = plan(
            used.direction, used.true, used.false, used.layer, wanted.strength, also,
            swept.strengths if swept else (), seed=wanted.seed, groups=used.groups,
        )  # fmt: skip
        store = _store(out, wanted, model, used, planned, questions, reasoning, neutral) if out else None
        known = set(store.read()) if store else set()
        begin("telling held-out statements apart, without steering")
        read = _readable(wanted, model, own)
        begin(f"asking the plain model {len(questions)} questions")
        layers = sorted({cell.layer for cell in planned.cells})
        measured = Measured(model, questions, layers, reasoning, neutral)
    describe(own.direction)
    keep(wanted, model, own.direction)
    results = _pushed(measured, planned, store, known)
    report = steer_tables.Report.of(wanted, model, own, questions, results, read)
    if out:
        report.write(out)
    if chart:
        report.draw(chart)
    if json:
        as_json(report.record())
    else:
        report.print()


def _no_zero(strengths: Sequence[float]) -> None:
    if 0 in strengths:
        raise InputError("strength 0 is the plain model, which --evaluate measures in any case; give others")


def _layers(wanted: Wanted, model: "LanguageModel", swept: Doses | None) -> list[int]:
    """The layers of a sweep, each once."""
    from capelib.steering.layers import resolve

    if not swept:
        return []
    if wanted.file and not swept.said:
        return list(wanted.file.layers)
    found = list(dict.fromkeys(resolve(layer, model.n_layers) for layer in swept.layers))
    missing = [layer for layer in found if wanted.file and layer not in wanted.file.layers]
    if missing:
        raise InputError(
            f"--layers {','.join(swept.layers)} contradicts --load: {wanted.load} has a direction for "
            f"{plural(wanted.file.layers)}, none for {plural(missing)}"
        )
    return found


def _store(
    out: Path,
    wanted: Wanted,
    model: "LanguageModel",
    used: "Prepared",
    planned: "Plan",
    questions: "Questions",
    reasoning: "pd.DataFrame",
    neutral: list[str],
) -> "Store":
    """What was measured before: the same push and controls with other doses go on in the same folder."""
    from capelib.models.cache import checksum
    from capelib.steering.experiment import TRUTH
    from capelib.steering.material import PROMPT
    from capelib.steering.store import Store, fingerprints

    settings = {
        "strength": wanted.strength,
        "direction_file": checksum(wanted.load) if wanted.load else None,
        "controls": [
            cell.vector.tolist()
            for cell in planned.cells
            if cell.kind != TRUTH and (cell.layer, cell.strength) == (planned.layer, planned.strength)
        ],
        "completions": reasoning,
        "neutral_text": neutral,
    }
    return Store(out / STORE, fingerprints(model, used.direction.at(used.layer), questions, PROMPT, **settings))


def _readable(wanted: Wanted, model: "LanguageModel", own: "Prepared") -> "pd.DataFrame | None":
    """Whether the direction that was fitted reads truth in statements that it was not fitted on; none for a file's."""
    from capelib import tables
    from capelib.steering.prepared import readable

    if wanted.file:
        return None
    statements = tables.read("statements")
    return readable(model, statements[statements["split"] == "held_out"], own, wanted.seed)


def _pushed(measured: "Measured", planned: "Plan", store: "Store | None", known: set[str]) -> "Results":
    """Measure what is not known yet; say after an interruption what is kept."""
    from capelib.steering.experiment import run

    total, done = len(planned.cells), sum(cell.key in known for cell in planned.cells)
    if done:
        note(f"{done} of {total} pushes are in {store.path}")
    try:
        with timed("push", total, done) as begin:
            return run(measured, planned, store, lambda *_: begin())
    except KeyboardInterrupt:
        if store:
            kept = store.read()
            note(f"{sum(cell.key in kept for cell in planned.cells)} of {total} pushes are kept in {store.path}; "
                 "the same command goes on from there")  # fmt: skip
        else:
            note("nothing is kept; with --out FOLDER the same command goes on where it stopped")
        raise
