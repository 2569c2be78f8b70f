"""Run every benchmark, print one table, exit with 1 if one is slower or less exact than promised."""

import importlib
import pkgutil
import sys

import benchmarks
from benchmarks import REPEATS, Comparison

CAPTION = f"Shortest of {REPEATS} runs, of the plain version and of capelib alike, or as the line says."
HEADER = f"{'computation':<58}{'plain':>10}{'capelib':>10}{'ratio':>8}{'promised':>10}{'difference':>12}"


def line(found: Comparison) -> str:
    """One row of the table."""
    times = f"{found.plain_s * 1e3:>7.0f} ms{found.ours_s * 1e3:>7.1f} ms"
    verdict = "" if found.ok else "  FAILED"
    promised = f"{f'{found.floor:g}x':>10}"
    ratio = f"{found.ratio:.{0 if found.ratio >= 10 else 2}f}x"
    return f"{found.name:<58}{times}{ratio:>8}{promised}{found.difference:>12.1e}{verdict}"


def main() -> int:
    """Run what is in this package; how many failed decides the exit code."""
    failed = 0
    print(CAPTION)
    print(HEADER)
    for module in sorted(info.name for info in pkgutil.iter_modules(benchmarks.__path__)):
        if module == "__main__":
            continue
        for found in importlib.import_module(f"benchmarks.{module}").run():
            print(line(found), flush=True)
            failed += not found.ok
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
