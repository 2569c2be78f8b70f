"""A GGUF file as a folder that loads quickly: the same weights, taken out of their quantised form, in safetensors."""

from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

from capelib.errors import InputError
from capelib.models.quiet import quiet

MAGIC = b"GGUF"


def check(path: Path) -> None:
    """Raise InputError unless `path` begins as a GGUF file does."""
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if head != MAGIC:
        raise InputError(f"{path}: no GGUF file (it does not begin with {MAGIC.decode()}); download it again")


def to_folder(path: Path, folder: Path) -> None:
    """Write config, tokenizer and float32 weights of a GGUF file to `folder`.

    transformers reads the file; its quantisation is undone once, so that every later load is a plain one.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    check(path)
    with quiet(), redirect_stderr(StringIO()):  # its progress bar listens to no setting
        try:
            where = {"pretrained_model_name_or_path": path.parent, "gguf_file": path.name}
            tokenizer = AutoTokenizer.from_pretrained(**where)
            model = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32)
        except Exception as error:  # the reader has no error class of its own, and raises KeyError to struct.error
            what = " ".join(f"{type(error).__name__}: {error}".split())
            raise InputError(f"{path}: transformers cannot read this GGUF file ({what[:200]})") from None
        if getattr(model, "hf_quantizer", None) is not None:
            model.hf_quantizer.remove_quantization_config(model)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
