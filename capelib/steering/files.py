"""A direction as a file: safetensors with all its fields, or a GGUF control vector for llama.cpp and repeng."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from capelib.errors import InputError
from capelib.files import whole
from capelib.models import LanguageModel
from capelib.steering.direction import TruthDirection

KEY, FORMAT = "truth_direction", 1
FACTS = {"method": str, "model": str, "n_layers": int, "d_model": int, "n_pairs": int, "note": str}
ARCH, TENSOR, OWN = "controlvector", "direction.", f"capelib.{KEY}"


def save(direction: TruthDirection, path: str | Path) -> Path:
    """Write a direction as safetensors: tensors vectors (float32) and spreads (float64), all else in the metadata.

    Nothing is rounded, and the same direction gives the same bytes. The file is written whole or not at all; raises
    InputError if it cannot be.
    """
    from safetensors.numpy import save_file

    tensors = {
        "vectors": np.ascontiguousarray(direction.vectors, np.float32),
        "spreads": np.ascontiguousarray(direction.spreads, np.float64),
    }
    try:
        with whole(Path(path)) as draft:
            save_file(tensors, draft, metadata={KEY: _facts(direction)})  # one key: several come in random order
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    return Path(path)


def load(path: str | Path, model: LanguageModel | None = None) -> TruthDirection:
    """Read a direction, from safetensors as `save` writes it or from a GGUF control vector as in `import_gguf`.

    Raises InputError, one line: no such file, another kind of file, one cut short or of a later format, or a direction
    that does not fit `model`.
    """
    if _head(path) == b"GGUF":
        return import_gguf(path, model)
    direction = _safetensors(path)
    if model is not None:
        direction.fits(model)
    return direction


def export_gguf(direction: TruthDirection, path: str | Path, model_type: str = "") -> Path:
    """Write a control vector: float32 tensors direction.N of shape (d_model,), the unit vector times its spread.

    llama.cpp adds direction.N to the output of block N, counted from 0 as here and in repeng, so that its
    --control-vector is strength 1 and --control-vector-scaled FILE:s strength s. `model_type` is the architecture as
    those tools name it, such as llama; they show it and check nothing. The fields of the direction go along in one key
    of our own, which they pass over.

    Raises InputError for block 0, which llama.cpp cannot steer, or a path that cannot be written.
    """
    from gguf import GGUFWriter

    if 0 in direction.layers:
        raise InputError(
            f"{path}: llama.cpp cannot steer block 0, which this direction does; export layers from 1 to "
            f"{direction.n_layers - 1}, or save it as safetensors"
        )
    try:
        with whole(Path(path)) as draft, closing(GGUFWriter(draft, ARCH)) as writer:
            writer.add_string(f"{ARCH}.model_hint", model_type or direction.model)
            writer.add_uint32(f"{ARCH}.layer_count", len(direction.layers))
            writer.add_string(OWN, _facts(direction))
            for layer, vector in zip(direction.layers, direction.raw, strict=True):
                writer.add_tensor(f"{TENSOR}{layer}", np.ascontiguousarray(vector, np.float32))
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    return Path(path)


def import_gguf(path: str | Path, model: LanguageModel | None = None) -> TruthDirection:
    """Read a control vector, whoever wrote it: spreads are the lengths of its vectors, so that strength 1 adds them.

    Layers whose vector is zero are left out. A file of another tool does not say how many layers its model has: they
    are those of `model`, or else as few as there can be. Raises InputError as `load`.
    """
    from gguf import GGUFReader

    _head(path)
    try:
        reader = GGUFReader(path)
        texts = {name: field.contents() for name, field in reader.fields.items()}
        tensors = [(tensor.name, np.array(tensor.data)) for tensor in reader.tensors]
    except Exception:  # the reader checks no bound, and fails in as many ways as a file can be cut
        raise _broken(path) from None
    kind = texts.get("general.architecture")
    if kind != ARCH:
        raise InputError(f"{path}: no control vector but a GGUF file of architecture {kind!r}; give one of {ARCH!r}")
    found = dict(sorted(_numbered(path, name, values) for name, values in tensors))
    length = {layer: float(np.linalg.norm(vector)) for layer, vector in found.items()}
    layers = tuple(layer for layer in found if length[layer] != 0)
    if not layers or not np.isfinite(list(length.values())).all() or len({len(each) for each in found.values()}) > 1:
        raise InputError(f"{path}: a control vector needs finite vectors of one width, not all zero; write it again")
    spreads = np.array([length[layer] for layer in layers])
    vectors = np.stack([found[layer] for layer in layers]) / spreads[:, None]
    facts = texts.get(OWN) or _foreign(texts.get(f"{ARCH}.model_hint"), layers, vectors.shape[1])
    direction = _direction(path, facts, vectors, spreads, layers)
    if model is None:
        return direction
    direction.fits(model)
    return direction if OWN in texts else replace(direction, n_layers=model.n_layers)


def _safetensors(path: str | Path) -> TruthDirection:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(KEY)
            tensors = [file.get_tensor(name) for name in ("vectors", "spreads")] if text else []
    except (SafetensorError, OSError):
        raise _broken(path) from None
    if not text:
        raise InputError(f"{path}: no truth direction; write one with: cape steer MODEL --save {Path(path).name}")
    return _direction(path, text, *tensors)


def _facts(direction: TruthDirection) -> str:
    facts = {name: getattr(direction, name) for name in FACTS}
    return json.dumps({"format": FORMAT, "layers": list(map(int, direction.layers)), **facts}, ensure_ascii=False)


def _foreign(hint: object, layers: tuple[int, ...], width: int) -> str:
    facts = {
        "format": FORMAT,
        "method": "control vector",
        "model": str(hint or "an unnamed model"),
        "n_layers": max(layers) + 1,
        "d_model": width,
        "n_pairs": 0,
        "note": "from a control vector of another tool; strength 1 adds it as it stands in the file",
    }
    return json.dumps(facts)


def _numbered(path: str | Path, name: str, values: NDArray) -> tuple[int, NDArray]:
    number = name.removeprefix(TENSOR)
    whole_number = name != number and number.isdecimal() and number == str(int(number))
    if not (whole_number and values.ndim == 1 and values.dtype.kind == "f"):
        raise InputError(f"{path}: its tensor {name!r} is no {TENSOR}N, one vector of real numbers; write it again")
    return int(number), values.astype(np.float64)


def _direction(
    path: str | Path, text: str, vectors: NDArray, spreads: NDArray, layers: tuple[int, ...] | None = None
) -> TruthDirection:
    """The direction that the facts tell of; `layers`, if given, are those that its vectors are named after."""
    try:
        facts = json.loads(text)
        version = int(facts["format"])
        if version == FORMAT:
            layers = tuple(map(int, facts["layers"])) if layers is None else layers
            named = {name: kind(facts[name]) for name, kind in FACTS.items()}
    except (KeyError, TypeError, ValueError):
        raise _broken(path) from None
    if version != FORMAT:
        raise InputError(f"{path}: format {version} of another edition, this one reads {FORMAT}; update capelib")
    fitting = vectors.shape == (len(layers), named["d_model"]) and spreads.shape == (len(layers),)
    inside = len(set(layers)) == len(layers) and all(0 <= layer < named["n_layers"] for layer in layers)
    if not (fitting and inside and (spreads > 0).all() and np.isfinite(spreads).all()):
        raise InputError(f"{path}: its layers, vectors and spreads do not fit together; save it again")
    if not np.allclose(np.linalg.norm(vectors.astype(np.float64), axis=1), 1, atol=1e-3):
        raise InputError(f"{path}: its vectors are no unit vectors; save it again")
    return TruthDirection(layers, vectors.astype(np.float32), spreads.astype(np.float64), **named)


def _head(path: str | Path) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(4)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def _broken(path: str | Path) -> InputError:
    return InputError(f"{path}: no direction in safetensors or GGUF, or one cut short; save or download it again")
