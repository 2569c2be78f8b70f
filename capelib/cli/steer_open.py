"""What both ways of `cape steer` begin with: the model, and a direction that is fitted or comes from a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from capelib.cli.output import as_json, note
from capelib.cli.progress import steps
from capelib.errors import InputError

if TYPE_CHECKING:
    from capelib.models import LanguageModel
    from capelib.steering.direction import TruthDirection
    from capelib.steering.prepared import Prepared


@dataclass(frozen=True)
class Wanted:
    """Which model (with device, dtype and revision), and which direction, as they were asked for."""

    model: str
    settings: tuple[str, str, str | None]
    strength: float
    unit: str
    layer: str | None
    method: str
    seed: int
    load: Path | None
    file: "TruthDirection | None"
    save: Path | None
    export_gguf: Path | None

    @property
    def shown_strength(self) -> str:
        """The strength with its unit."""
        return f"{self.strength:g} {self.unit}"


def direction_file(path: Path, method: str | None) -> "TruthDirection":
    """The direction of a file. Raises InputError if there is none, or it is of another `method` than was asked for."""
    from capelib.steering import files

    found = files.load(path)
    if method not in (None, found.method):
        raise InputError(
            f"--method {method} contradicts --load: the direction of {path} has the method {found.method}; leave it out"
        )
    return found


def open_model(wanted: Wanted) -> "LanguageModel":
    """The model, checked against the direction of a file if there is one."""
    from capelib.models import load

    model = load(wanted.model, *wanted.settings, tell=note)
    if wanted.file:
        wanted.file.fits(model)
        if Path(wanted.file.model).name != Path(model.name).name:
            note(f"{wanted.load}: the direction is of {wanted.file.model}, and now steers {model.name}")
    return model


def prepare(wanted: Wanted, model: "LanguageModel", also: Sequence[int] = ()) -> "Prepared":
    """The direction at the layer asked for and the layers `also`, in spreads, with the states of its statements."""
    from capelib import tables
    from capelib.steering import prepared

    statements = tables.read("statements")
    pairs = statements[statements["split"] == "fit"]
    if wanted.file:
        return prepared.given(model, pairs, wanted.file, _layer_of_file(wanted, model), also)
    return prepared.fit(model, pairs, wanted.layer or 0.25, wanted.method, also, wanted.seed)


def in_unit(wanted: Wanted, prepared: "Prepared") -> "Prepared":
    """The same, with strengths in the unit asked for."""
    return prepared.in_raw_units() if wanted.unit == "raw" else prepared


def keep(wanted: Wanted, model: "LanguageModel", direction: "TruthDirection") -> None:
    """Write the direction to the files that were asked for."""
    from capelib.steering import files

    if wanted.export_gguf:  # first, for it may refuse the layer
        note(f"written: {files.export_gguf(direction, wanted.export_gguf, model.config.model_type)}")
    if wanted.save:
        note(f"written: {files.save(direction, wanted.save)}")


def write_direction(wanted: Wanted, json: bool) -> None:
    """Fit or load a direction and write it, nothing else."""
    with steps(2) as begin:
        begin("loading")
        model = open_model(wanted)
        begin("reading the statements")
        prepared = prepare(wanted, model)
    describe(prepared.direction)
    keep(wanted, model, prepared.direction)
    if json:
        as_json(facts(wanted, model, prepared))


def describe(direction: "TruthDirection") -> None:
    """A line about the direction, with the length of the unit of strength, and one about the choice of its layer."""
    lengths = ", ".join(f"{spread:.4g}" for spread in direction.spreads)
    note(f"{direction.summary()}; a spread is a length of {lengths}")
    if direction.note:
        note(direction.note)


def facts(wanted: Wanted, model: "LanguageModel", prepared: "Prepared") -> dict:
    """What a record says of the model and the direction."""
    direction = prepared.direction
    return {
        "model": model.name,
        "revision": model.revision,
        "dtype": str(model.model.dtype).removeprefix("torch."),
        "method": direction.method,
        "layers": list(direction.layers),
        "n_layers": direction.n_layers,
        "spreads": direction.spreads.tolist(),
        "n_pairs": direction.n_pairs,
        "note": direction.note,
        "strength": wanted.strength,
        "unit": wanted.unit,
        "seed": wanted.seed,
    }


def _layer_of_file(wanted: Wanted, model: "LanguageModel") -> int | None:
    from capelib.steering.layers import AUTO, resolve

    if wanted.layer is None:
        return None
    there = wanted.file.layers
    if wanted.layer == AUTO or (layer := resolve(wanted.layer, model.n_layers)) not in there:
        raise InputError(
            f"--layer {wanted.layer} contradicts --load: {wanted.load} has a direction for {plural(there)}; leave "
            "--layer out, or fit a direction without --load"
        )
    return layer


def plural(layers: Sequence[int]) -> str:
    """Layers in words."""
    return f"layer{'s' if len(layers) > 1 else ''} {', '.join(map(str, layers))}"
