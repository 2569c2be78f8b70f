"""How fast the package is, each time against the same computation written plainly, with the same answer.

Every module here has `run() -> list[Comparison]`; `python -m benchmarks` runs them all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

REPEATS = 5  # of either side: the shortest of more runs is shorter, so unequal numbers would be unfair


@dataclass(frozen=True)
class Comparison:
    """One computation, done plainly and by the package, in one run on one machine.

    Times in seconds; `difference` is the largest relative difference between the two answers. `floor` is the ratio
    below which, `tolerance` the difference above which the benchmark fails.
    """

    name: str
    plain_s: float
    ours_s: float
    difference: float
    floor: float = 1.0
    tolerance: float = 1e-9

    @property
    def ratio(self) -> float:
        """How many times faster the package is."""
        return self.plain_s / self.ours_s

    @property
    def ok(self) -> bool:
        """Whether it is as fast and as exact as promised."""
        return self.ratio >= self.floor and self.difference <= self.tolerance


def timed(work: Callable[[], Any], repeats: int = REPEATS) -> tuple[float, Any]:
    """Shortest time of `repeats` runs in seconds, and the last result; the shortest is the least disturbed."""
    best, result = float("inf"), None
    for _ in range(repeats):
        start = perf_counter()
        result = work()
        best = min(best, perf_counter() - start)
    return best, result
