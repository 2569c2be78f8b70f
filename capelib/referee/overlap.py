"""Contamination: does the turn depend on whether the training text can hold the benchmark?

Text collected before a benchmark was published cannot hold its questions, whatever the model's own date: Pythia came
out in 2023 and was trained on a corpus of 2020. So families are told apart by the month their text ends, where their
own documents say so (table training_text), and models trained on program code form a third group.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from capelib.coupling.local import local_coupling
from capelib.coupling.resample import MIN_FAMILIES, draw_counts
from capelib.errors import InputError
from capelib.estimate import Estimate, percentile_estimate
from capelib.frames import need_columns

BELOW, ABOVE, DIFFERENCE = "below", "above", "above less below"


@dataclass(frozen=True)
class Compared:
    """Change of y per decade in two groups of families, and how often dealing the groups anew parts them as far.

    `first`, `second`, `difference` (first less second) in points per decade; `p` two-sided by permutation of whole
    units, `smallest_p` the least that so many units can give; `n_units` units in the two groups.
    """

    first: float
    second: float
    difference: float
    p: float
    smallest_p: float
    n_units: tuple[int, int]


def text_ends_before(panel: pd.DataFrame, training_text: pd.DataFrame, published: str) -> pd.Series:
    """Whether the training text of each row's family is known to end before a month ("2021-09"); index as `panel`.

    A family without an entry counts as no: nothing is known of it. The month itself counts as no.
    """
    need_columns(panel, ["family"])
    need_columns(training_text, ["family", "text_until"])
    until = training_text.set_index("family")["text_until"]
    return panel["family"].map(until).fillna("9999-99") < published


def slopes_by_side(
    groups: Mapping[str, pd.DataFrame],
    split: float,
    x: str = "hellaswag",
    y: str = "truthfulqa",
    up_to: float = np.inf,
    n_boot: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """How y changes with size in each group of families, on either side of `split` parameters.

    value = Σ Δy / Σ Δlog₁₀ N over the steps on that side, points per decade; a step's side is that of its geometric
    mid-size, and steps with a mid-size beyond `up_to` parameters are left out. As x rises in nearly every step, this
    has the sign of γ₁₂ without its small denominators. One row per group and side, and one for the difference: group,
    side, families, steps, negative (share of steps with Δy < 0), value, low, high (whole families resampled; none
    where a side has fewer than five). `groups` maps names to frames with model, family, n_params and both scores.

    Raises InputError for a column that is not there.
    """
    rows = []
    for name, frame in groups.items():
        steps = family_changes(frame, x, y)
        steps = steps[steps["n_mid"] <= up_to]
        families = steps["family"].unique()
        if not len(families):
            continue
        drawn = np.vstack([np.ones((1, len(families))), draw_counts(families, "pooled", n_boot, seed)])
        draws = {}
        for side, own in ((BELOW, steps[steps["n_mid"] <= split]), (ABOVE, steps[steps["n_mid"] > split])):
            sums = own.groupby("family")[["dy", "decades"]].sum().reindex(families, fill_value=0.0).to_numpy().T
            top, length = (drawn @ part for part in sums)
            draws[side] = np.divide(top, length, out=np.full(len(drawn), np.nan), where=length > 0)
            rows.append(_row(name, side, own, draws[side], own["family"].nunique()))
        fewest = min(row["families"] for row in rows[-2:])
        rows.append(_row(name, DIFFERENCE, steps, draws[ABOVE] - draws[BELOW], fewest))
    columns = ["group", "side", "families", "steps", "negative", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns).astype({"low": float, "high": float})


def compare(
    first: pd.DataFrame,
    second: pd.DataFrame,
    above: float,
    up_to: float,
    x: str = "hellaswag",
    y: str = "truthfulqa",
    unit: Mapping[str, str] | None = None,
    n_perm: int = 10_000,
    seed: int = 0,
) -> Compared:
    """Change of y per decade between `above` and `up_to` parameters in two groups, with a permutation test.

    What is dealt anew is units: families, or what `unit` maps families to, such as the corpus they share, because
    families of one corpus are no independent cases. Exact where the deals are no more than `n_perm`.

    Raises InputError if a group has fewer than two units with a step in the range, or a unit families in both groups.
    """
    sums = []
    for frame in (first, second):
        steps = family_changes(frame, x, y)
        steps = steps[steps["n_mid"].between(above, up_to)]
        if steps.empty:
            raise InputError(f"a group has no step between {above:.3g} and {up_to:.3g} parameters; widen the range")
        units = steps["family"].map(lambda name: (unit or {}).get(name, name))
        sums.append(steps.groupby(units)[["dy", "decades"]].sum())
    if shared := set(sums[0].index) & set(sums[1].index):
        raise InputError(f"{', '.join(sorted(shared))} in both groups: a unit cannot be dealt")
    top, length = pd.concat(sums).to_numpy().T
    n = (len(sums[0]), len(sums[1]))
    if min(n) < 2:
        raise InputError(
            f"dealing units anew needs two or more in either group, got {n[0]} and {n[1]}; widen the range"
        )

    def statistic(a: np.ndarray, b: np.ndarray, axis: int) -> np.ndarray:
        one, other = (top[part].sum(axis=axis) / length[part].sum(axis=axis) for part in (a, b))
        return one - other

    at = np.arange(sum(n))
    found = stats.permutation_test(
        (at[: n[0]], at[n[0] :]),
        statistic,
        vectorized=True,
        n_resamples=n_perm,
        random_state=np.random.default_rng(seed),
    )
    slopes = [float(part["dy"].sum() / part["decades"].sum()) for part in sums]
    smallest = 2 / len(found.null_distribution)
    return Compared(slopes[0], slopes[1], slopes[0] - slopes[1], float(found.pvalue), min(1.0, smallest), n)


def dates(
    benchmarks: pd.DataFrame, panel: pd.DataFrame, training_text: pd.DataFrame, architectures: pd.DataFrame
) -> pd.DataFrame:
    """For each benchmark: published, and the models and families of the panel that cannot have seen it.

    Columns: benchmark, questions from, published; released before (models of an earlier year, by their model card);
    text before (models whose text ends before the benchmark's month) and families (that these models are of). A
    benchmark that the panel has no column for is left out.
    """
    year = panel["hf_repo"].map(architectures.drop_duplicates("hf_repo").set_index("hf_repo")["release_year"])
    rows = []
    for benchmark in benchmarks[benchmarks["benchmark"].isin(panel.columns)].itertuples():
        before = text_ends_before(panel, training_text, benchmark.published)
        rows.append({
            "benchmark": benchmark.name.split(":")[0],
            "questions from": benchmark.items_from,
            "published": benchmark.published,
            "released before": int((year < int(benchmark.published[:4])).sum()),
            "text before": int(before.sum()),
            "families": int(panel.loc[before, "family"].nunique()),
        })  # fmt: skip
    return pd.DataFrame(rows)


def family_changes(frame: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """The steps of every family: family, n_mid, dx and dy in points, and their length in decades of size."""
    steps = local_coupling(frame, x, y).frame
    return steps.assign(decades=np.log10(steps["n_large"] / steps["n_small"]))


def _row(group: str, side: str, steps: pd.DataFrame, draws: np.ndarray, resampled: int) -> dict:
    found: Estimate = percentile_estimate(draws[0], draws[1:] if resampled >= MIN_FAMILIES else [], "")
    negative = float((steps["dy"] < 0).mean()) if len(steps) else np.nan
    return {"group": group, "side": side, "families": steps["family"].nunique(), "steps": len(steps),
            "negative": negative, "value": found.value, "low": found.low, "high": found.high}  # fmt: skip
