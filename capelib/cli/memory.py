"""A full memory is told as a mistake of the user's: one line, with what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager

from capelib.errors import InputError

FULL = ("out of memory", "can't allocate memory", "not enough memory")  # of CUDA and MPS, of Linux, of Windows


@contextmanager
def enough_memory() -> Iterator[None]:
    """Turn every way in which numpy and torch say that the memory is full into InputError."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        told = str(error).casefold()
        if not (isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or _says_so(told)):
            raise
        raise InputError(
            "the memory is full; use a smaller model, --dtype bfloat16 or fewer tokens, or close other programs"
        ) from error


def _says_so(told: str) -> bool:
    return any(words in told for words in FULL)
