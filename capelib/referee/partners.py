"""Benchmark overlap: does truthfulness turn against partners that share no questions, format or run with it?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from capelib.coupling.correlation import pearson
from capelib.coupling.fixed_size import EDGES, fixed_size_correlation, fixed_size_difference
from capelib.coupling.local import family_sizes
from capelib.errors import InputError
from capelib.frames import need_columns

BELOW, ABOVE, DIFFERENCE = "below", "above", "above less below"
LAST_STEP = 143_000  # of Pythia's training


def partners(
    panel: pd.DataFrame,
    benchmarks: Sequence[str],
    split: float,
    y: str = "truthfulqa",
    edges: Sequence[float] = EDGES,
    n_boot: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Correlation of y with each of `benchmarks` among models of one size, up to `split` parameters and above.

    `capelib.coupling.fixed_size_correlation` with what is left of size held. One row per benchmark and side, and one
    for the difference: benchmark, side, n, value, low, high (whole families resampled). A side that has too few models
    with both scores is left out.

    Raises InputError for a missing column.
    """
    need_columns(panel, ["model", "family", "n_params", y, *benchmarks])
    rows = []
    for x in benchmarks:
        scored = panel[panel[[x, y]].notna().all(axis=1)]
        found = {}
        for side, own in ((BELOW, scored["n_params"] <= split), (ABOVE, scored["n_params"] > split)):
            try:
                found[side] = fixed_size_correlation(scored[own], x, y, edges, n_boot, seed).given_size
            except InputError:
                continue
        if len(found) == 2:
            found[DIFFERENCE] = fixed_size_difference(scored, split, x, y, edges, n_boot, seed)
        rows += [
            {"benchmark": x, "side": side, "n": r.n, "value": r.value, "low": r.low, "high": r.high}
            for side, r in found.items()
        ]
    return pd.DataFrame(rows, columns=["benchmark", "side", "n", "value", "low", "high"]).astype(
        {"low": float, "high": float}
    )


def rises(panel: pd.DataFrame, benchmarks: Sequence[str], y: str = "truthfulqa") -> pd.DataFrame:
    """In how many steps between a family's sizes each benchmark rises: benchmark, steps, rising, same_sign.

    same_sign is the share of steps in which the local coupling of y to the benchmark has the sign of Δy itself.
    Raises InputError for a missing column.
    """
    rows = []
    for x in benchmarks:
        sizes, _ = family_sizes(panel, x, y)
        same = sizes["family"].to_numpy()[1:] == sizes["family"].to_numpy()[:-1]
        dx, dy = (np.diff(sizes[name].to_numpy(float))[same] for name in (x, y))
        rows.append({"benchmark": x, "steps": len(dx), "rising": int((dx > 0).sum()),
                     "same_sign": float(np.mean(np.sign(dx) * np.sign(dy) == np.sign(dy)))})  # fmt: skip
    return pd.DataFrame(rows)


def other_evaluator(checkpoints: pd.DataFrame, family: pd.DataFrame, y: str = "truthfulqa") -> pd.DataFrame:
    """Pearson r of y with tasks that Pythia's makers measured themselves, without examples in the prompt.

    `checkpoints` is the table pythia_checkpoints, `family` the panel's Pythia rows; models are joined by repository.
    The two scores then share neither questions nor run nor evaluator. One row per task: task, value, low, high
    (Fisher), n. Raises InputError if fewer than four models are in both.
    """
    need_columns(family, ["hf_repo", y])
    last = checkpoints[
        (checkpoints["suite"] == "v1")
        & (checkpoints["variant"] == "deduped")
        & (checkpoints["step"] == LAST_STEP)
        & (checkpoints["n_shot"] == 0)
        & checkpoints["metric"].isin(["acc", "acc_macro"])
    ]
    truth = family.set_index("hf_repo")[y].dropna()
    scores = last.assign(hf_repo="EleutherAI/" + last["model"] + "-deduped").pivot(
        index="hf_repo", columns="task", values="value"
    )
    both = scores.index.intersection(truth.index)
    if len(both) < 4:
        raise InputError(f"{len(both)} Pythia models have both {y} and the makers' own scores; four are needed")
    rows = []
    for task in scores:
        r = pearson(scores.loc[both, task], truth[both])
        rows.append({"task": task, "value": r.value, "low": r.low, "high": r.high, "n": r.n})
    return pd.DataFrame(rows).sort_values("value", ignore_index=True)
