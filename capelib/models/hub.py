"""A model of the Hugging Face hub as a local folder: safetensors only, its revision pinned."""

import os
from pathlib import Path

from capelib.errors import InputError, closest
from capelib.models.builtin import BUILTINS
from capelib.models.folder import PICKLED

WANTED = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja"]


def fetch(repo: str, revision: str | None = None) -> tuple[Path, str]:
    """The folder of a snapshot and its commit, from the local cache if it is there in full.

    Only configuration, tokenizer and safetensors are downloaded. With HF_HUB_OFFLINE=1 nothing is.

    Raises InputError: wrong or unknown id, gated or private model, no network, no safetensors, no room on the disk.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    from huggingface_hub.utils import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

    near = closest(repo, BUILTINS)
    hint = f" (closest built-in model: {near})" if near else ""
    advice = f"give a hub id (owner/name), a folder, a GGUF file, or a built-in model: {', '.join(BUILTINS)}"
    try:
        if not _offline():
            _need_safetensors(repo, revision)
        # the branch by its name, so that the cache notes where it points and later finds it without the hub
        folder = Path(snapshot_download(repo, revision=revision, allow_patterns=WANTED, ignore_patterns=["*/*"]))
    except HFValidationError:
        raise InputError(f"{repo!r} is no model{hint}; {advice}") from None
    except GatedRepoError:
        raise InputError(f"{repo}: gated; accept its terms on the hub, then run: hf auth login") from None
    except RevisionNotFoundError:
        raise InputError(f"{repo}: the hub has no revision {revision!r} of it") from None
    except RepositoryNotFoundError:
        raise InputError(f"{repo}: not on the hub, or private{hint}; {advice}") from None
    except (LocalEntryNotFoundError, HfHubHTTPError, ConnectionError, TimeoutError, OSError) as error:
        raise _unreachable(repo, hint, advice, error) from None
    except Exception as error:
        if not _no_network(error):
            raise
        raise _unreachable(repo, hint, advice, error) from None
    return folder, folder.name


def _need_safetensors(repo: str, revision: str | None) -> None:
    from huggingface_hub import HfApi

    try:
        info = HfApi().model_info(repo, revision=revision)
    except Exception as error:
        if _no_network(error):  # the cache may have it, and holds safe files only
            return
        raise
    names = [sibling.rfilename for sibling in info.siblings or []]
    if not any(name.endswith(".safetensors") and "/" not in name for name in names):
        reason = "its weights are pickled, and a pickle can run any code" if _pickled(names) else "no weights"
        raise InputError(f"{repo}: no safetensors on the hub ({reason}); choose another revision or model")


def _no_network(error: Exception) -> bool:
    # httpx, and httpx2 after it, have classes of their own for a missing network
    return type(error).__module__.startswith(("httpx", "httpcore", "requests"))


def _offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def _pickled(names: list[str]) -> bool:
    return any(Path(name).match(pattern) for name in names for pattern in PICKLED)


def _unreachable(repo: str, hint: str, advice: str, error: Exception) -> InputError:
    if isinstance(error, OSError) and error.errno == 28:
        return InputError(f"{repo}: no room left on the disk for it; free some, or set HF_HOME to another disk")
    why = "HF_HUB_OFFLINE is set" if _offline() else "the hub cannot be reached"
    return InputError(f"{repo}: not in the local cache, and {why}{hint}; {advice}")
