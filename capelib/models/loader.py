"""One way to load a causal language model: a built-in name, a folder, a GGUF file or a hub id."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from capelib.errors import InputError
from capelib.models import builtin, cache, gguf, memory
from capelib.models import folder as folders
from capelib.models.blocks import blocks
from capelib.models.quiet import quiet

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class LanguageModel:
    """A model ready to be read: in evaluation mode, with its tokenizer.

    `name` as asked for; `source` one of built-in, folder, GGUF file, hub; `revision` what pins the weights: a commit of
    the hub, the start of the SHA-256 of a GGUF file, or a folder's fingerprint; `facts`, what its numbers rest on.
    """

    name: str
    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"
    source: str
    revision: str | None = None
    facts: str = ""

    @property
    def device(self) -> "torch.device":
        """Where it is computed."""
        return self.model.device

    @cached_property
    def n_layers(self) -> int:
        """Number of decoder blocks."""
        return len(blocks(self.model))

    @property
    def d_model(self) -> int:
        """Width of the residual stream."""
        return self.config.hidden_size

    @property
    def n_params(self) -> int:
        """Number of parameters, tied ones once."""
        return sum(weight.numel() for weight in self.model.parameters())

    @property
    def config(self) -> "PreTrainedConfig":
        """The configuration of the text decoder."""
        return self.model.config.get_text_config(decoder=True)


def load(
    name: str,
    device: str = "auto",
    dtype: str = "auto",
    revision: str | None = None,
    tell: Callable[[str], None] | None = None,
) -> LanguageModel:
    """Load a causal language model and its tokenizer.

    `name`: a built-in model (`BUILTINS`), a folder written by save_pretrained, a GGUF file, or the id of a model on the
    Hugging Face hub, of which `revision` names a branch, tag or commit. A GGUF file, and so every built-in, is
    converted once, of which `tell` hears. Nothing is unpickled, and no code that comes with a model is run. Only a hub
    id touches the network.

    Raises InputError, one line: unknown name or revision, gated model, no network, broken or unsafe files, an
    architecture that is no decoder, unknown device or dtype, too little memory.
    """
    with quiet():  # from the first import on, which complains of a progress bar that a notebook lacks
        where, source, pinned, facts = _resolve(name, revision, tell)
        folders.check(where, name)
        device_, config = memory.choose_device(device), folders.read_json(where / "config.json", name)
        kind = memory.choose_dtype(dtype, device_, config.get("dtype") or config.get("torch_dtype"))
        memory.check(name, folders.n_weights(where), kind, device_)
        model, tokenizer = _read(name, where, kind)
    model = model.to(device_).eval()
    if _reads_ahead(model):
        raise InputError(f"{name}: an encoder, whose words see the words that follow; only decoders can be read here")
    return LanguageModel(name, model, tokenizer, source, pinned, facts)


def check_settings(
    names: Sequence[str], device: str = "auto", dtype: str = "auto", revision: str | None = None
) -> None:
    """Raise InputError for whatever `load` would refuse without reading weights or asking the hub."""
    memory.choose_dtype(dtype, memory.choose_device(device), None)
    for name in names:
        path = Path(name).expanduser()
        _may_have_revision(name, revision)
        if name in builtin.BUILTINS:
            builtin.need_package(name)
        elif path.is_dir():
            folders.check(path, name)
        elif path.is_file():
            gguf.check(path)
        else:
            _is_no_path(name)


def _may_have_revision(name: str, revision: str | None) -> None:
    if revision is not None and (name in builtin.BUILTINS or Path(name).expanduser().exists()):
        raise InputError(f"{name}: a revision belongs to a model of the hub; leave it out")


def _is_no_path(name: str) -> None:
    if Path(name).suffix == ".gguf" or Path(name).is_absolute() or name.startswith((".", "~")):
        raise InputError(f"{name}: no such file or folder")


def _resolve(name: str, revision: str | None, tell: Callable[[str], None] | None) -> tuple[Path, str, str | None, str]:
    path = Path(name).expanduser()
    if not name.strip():
        raise InputError(f"a model must be named; built in: {', '.join(builtin.BUILTINS)}")
    _may_have_revision(name, revision)
    if name in builtin.BUILTINS:
        where = builtin.folder(name, tell)
        return where, "built-in", cache.sealed(where)["source_sha256"][:16], builtin.BUILTINS[name].facts
    if path.is_dir():
        folders.check(path, name)
        return path, "folder", folders.fingerprint(path), ""
    if path.is_file():
        gguf.check(path)
        where = cache.converted(path.stem, path, gguf.to_folder, tell)
        return where, "GGUF file", cache.sealed(where)["source_sha256"][:16], "from a GGUF file"
    _is_no_path(name)
    from capelib.models import hub

    with quiet():
        where, commit = hub.fetch(name, revision)
    return where, "hub", commit, ""


def _read(name: str, where: Path, dtype: "torch.dtype") -> tuple["PreTrainedModel", "PreTrainedTokenizerBase"]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    safe = {"trust_remote_code": False, "local_files_only": True}
    with quiet():
        try:
            tokenizer = AutoTokenizer.from_pretrained(where, **safe)
        except Exception as error:  # one class per tokenizer, and as many ways to fail
            raise InputError(f"{name}: its tokenizer cannot be loaded ({_short(error)})") from None
        try:
            model, found = AutoModelForCausalLM.from_pretrained(
                where, dtype=dtype, use_safetensors=True, output_loading_info=True, **safe
            )
        except (MemoryError, torch.OutOfMemoryError):
            raise InputError(f"{name}: the memory is full; use a smaller model or --dtype bfloat16") from None
        except Exception as error:
            raise InputError(f"{name}: cannot be loaded ({_short(error)})") from None
    # transformers would fill what is missing with random numbers
    missing = sorted(found["missing_keys"]) + sorted(str(each[0]) for each in found["mismatched_keys"])
    if missing:
        raise InputError(f"{name}: {len(missing)} of its weights are missing or of another shape, such as {missing[0]}")
    if model.config.is_encoder_decoder:
        raise InputError(f"{name}: an encoder-decoder; only decoders can be read here")
    return model, tokenizer


def _reads_ahead(model: "PreTrainedModel") -> bool:
    """Whether what is predicted after the first token depends on the second: BERT and its kin load as decoders too."""
    import torch

    size = model.config.get_text_config(decoder=True).vocab_size
    with torch.inference_mode():
        ids = torch.tensor([[3, 4], [3, 5]], device=model.device) % size
        first, second = model(input_ids=ids, use_cache=False).logits[:, 0].float()
    rounding = max(1e-4, 4 * torch.finfo(model.dtype).eps)
    return bool((first - second).abs().max() > rounding * (first - first.mean()).abs().max())


def _short(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
