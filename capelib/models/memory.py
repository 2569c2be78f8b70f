"""Where a model is computed, in which numbers, and whether it fits."""

from typing import TYPE_CHECKING

from capelib.errors import InputError, unknown

if TYPE_CHECKING:
    import torch

DTYPES = ("auto", "float32", "bfloat16", "float16")
ROOM = 1.2  # what a forward pass over short prompts needs beside the weights


def choose_device(name: str) -> "torch.device":
    """The device by name (cpu, cuda, cuda:1, mps), or for "auto" the fastest there is. Raises InputError."""
    import torch

    there = ["cpu"]
    there += [f"cuda:{i}" for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    there += ["mps"] if torch.backends.mps.is_available() else []
    if name == "auto":
        return torch.device(there[1] if len(there) > 1 else "cpu")
    if name == "cuda" and "cuda:0" in there:
        return torch.device("cuda:0")
    if name not in there:
        raise unknown("device", name, ["auto", *there], "the others are not on this machine")
    return torch.device(name)


def choose_dtype(name: str, device: "torch.device", stored: str | None) -> "torch.dtype":
    """The number format by name; "auto" is float32 on a CPU, elsewhere the one the weights are stored in.

    Raises InputError for an unknown name.
    """
    import torch

    if name not in DTYPES:
        raise unknown("dtype", name, DTYPES)
    if name == "auto":
        name = "float32" if device.type == "cpu" or stored not in DTYPES else stored
    return getattr(torch, name)


def check(shown: str, n_weights: int, dtype: "torch.dtype", device: "torch.device") -> None:
    """Raise InputError if the weights, and a little more, do not fit into the memory that is free."""
    needed, free = n_weights * dtype.itemsize * ROOM, free_bytes(device)
    if needed > free:
        kind = str(dtype).removeprefix("torch.")
        smaller = " or --dtype bfloat16" if dtype.itemsize > 2 else ""
        raise InputError(
            f"{shown}: needs about {needed / 1e9:.1f} GB in {kind} on {device}, {free / 1e9:.1f} GB are free; "
            f"use a smaller model{smaller}"
        )


def free_bytes(device: "torch.device") -> int:
    """Free memory of a device, bytes."""
    import psutil
    import torch

    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return psutil.virtual_memory().available
