"""What a model's folder may hold: safetensors and a configuration that transformers knows, nothing that runs."""

import json
from hashlib import sha256
from pathlib import Path

from capelib.errors import InputError

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
TOKENIZERS = ("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")
ENDS = 1 << 20  # bytes of either end of a weight file that its fingerprint reads
PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def check(folder: Path, shown: str | None = None) -> None:
    """Raise InputError, with the reason, for a folder that cannot be loaded safely.

    Pickled weights and code that comes with a model run whatever their author wrote; both are refused.
    """
    shown = shown or str(folder)
    config = read_json(folder / "config.json", shown)
    kind = config.get("model_type")
    if not isinstance(kind, str) or not kind:
        raise InputError(f"{shown}: config.json names no model_type; save the model with save_pretrained")
    if kind not in _known():
        code = "needs code of its own, which is never run here" if "auto_map" in config else "is not known"
        raise InputError(f"{shown}: the architecture {kind!r} {code}; use a model that transformers itself supports")
    tokenizer = folder / "tokenizer_config.json"
    settings = read_json(tokenizer, shown) if tokenizer.is_file() else {}
    if "auto_map" in settings and not (folder / "tokenizer.json").is_file():
        raise InputError(f"{shown}: its tokenizer needs code of its own, which is never run here; add a tokenizer.json")
    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise InputError(f"{shown}: no tokenizer in it; save the model's tokenizer too, with its save_pretrained")
    if not weights(folder):
        pickled = sorted(path.name for pattern in PICKLED for path in folder.glob(pattern))
        if pickled:
            raise InputError(
                f"{shown}: its weights are pickled ({pickled[0]}), and a pickle can run any code; "
                "convert them to safetensors where you trust them: save_pretrained of transformers writes them"
            )
        raise InputError(f"{shown}: no {WEIGHTS} in it; save the model with save_pretrained")


def weights(folder: Path) -> list[Path]:
    """The weight files, one or several; empty if there are none. Raises InputError if a part is missing."""
    if (folder / INDEX).is_file():
        listed = read_json(folder / INDEX, str(folder)).get("weight_map")
        if not isinstance(listed, dict) or not all(isinstance(name, str) for name in listed.values()):
            raise InputError(f"{folder}: {INDEX} lists no weights; save the model with save_pretrained")
        names = sorted(set(listed.values()))
        if any(Path(name).name != name for name in names):
            raise InputError(
                f"{folder}: {INDEX} names files outside of the folder; save the model with save_pretrained"
            )
        missing = [name for name in names if not (folder / name).is_file()]
        if missing:
            raise InputError(f"{folder}: {len(missing)} of {len(names)} weight files missing, such as {missing[0]}")
        return [folder / name for name in names]
    return [folder / WEIGHTS] if (folder / WEIGHTS).is_file() else []


def fingerprint(folder: Path) -> str:
    """What tells a folder's weights from others': 16 digits of the SHA-256 of its configuration and of the sizes, first
    and last mebibytes of its weight files. Reading them whole would take longer than loading them."""
    digest = sha256((folder / "config.json").read_bytes())
    for path in weights(folder):
        with path.open("rb") as file:
            size = file.seek(0, 2)
            digest.update(f"{path.name} {size}".encode())
            for start in (0, max(0, size - ENDS)):
                file.seek(start)
                digest.update(file.read(ENDS))
    return digest.hexdigest()[:16]


def n_weights(folder: Path) -> int:
    """Number of weights, from the headers alone. Raises InputError for a broken file."""
    return sum(_count(path) for path in weights(folder))


def read_json(path: Path, shown: str) -> dict:
    """A JSON object. Raises InputError if it is missing or broken."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{shown}: no {path.name} in it; expected a folder written by save_pretrained") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{shown}: {path.name} cannot be read ({error})") from None
    if not isinstance(found, dict):
        raise InputError(f"{shown}: {path.name} holds no JSON object")
    return found


def _count(path: Path) -> int:
    from math import prod

    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            return sum(prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: broken or incomplete ({error}); download it again") from None


def _known() -> set[str]:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    return set(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
