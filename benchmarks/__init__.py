"""How fast the package is, each time against the same computation written plainly, with the same answer.

Every module here has `run() -> list[Comparison]`; `python -m benchmarks` runs them all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from time import perf_counter
from typing import Any

REPEATS = 5  # of either side: the shortest of more runs is shorter, so unequal numbers would be unfair


@dataclass(frozen=True)
class Comparison:
    """One computation, done plainly and by the package, in one run on one machine.

    Times in seconds; `difference` is the largest relative difference between the two answers, where a module does not
    say otherwise. `floor` is the ratio below which, `tolerance` the difference above which the benchmark fails. `noise`
    is how far the ratio of two equally fast ways may lie from 1 in such a run; what is as fast must not fail for it.
    """

    name: str
    plain_s: float
    ours_s: float
    difference: float
    floor: float = 1.0
    tolerance: float = 1e-9
    noise: float = 0.0

    @property
    def ratio(self) -> float:
        """How many times faster the package is."""
        return self.plain_s / self.ours_s

    @property
    def ok(self) -> bool:
        """Whether it is as fast and as exact as promised."""
        return self.ratio + self.noise >= self.floor and self.difference <= self.tolerance


def timed(work: Callable[[], Any], repeats: int = REPEATS) -> tuple[float, Any]:
    """Shortest time of `repeats` runs in seconds, and the last result; the shortest is the least disturbed."""
    best, result = float("inf"), None
    for _ in range(repeats):
        start = perf_counter()
        result = work()
        best = min(best, perf_counter() - start)
    return best, result


def in_turns(ways: dict[str, Callable[[], Any]], rounds: int) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Times of every way in seconds, and its last result, in turns so that a busy moment hits all alike.

    Every second round goes backwards: what warms or tires the machine does not always favour the same way.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    results: dict[str, Any] = {}
    for number in range(rounds):
        for name in list(ways)[:: 1 - 2 * (number % 2)]:
            seconds, results[name] = timed(ways[name], repeats=1)
            times[name].append(seconds)
    return times, results


def installed(*packages: str) -> bool:
    """Whether all of them can be imported; a line is printed if not."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        print(f"skipped: {', '.join(missing)} not installed; make bench installs it")
    return not missing
