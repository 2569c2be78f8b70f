"""What the knowledge explanation has to stand up to: other rivals, the change of sign itself, noise in HellaSwag."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from capelib.coupling.noise import score_sd
from capelib.coupling.resample import draw_counts
from capelib.errors import InputError
from capelib.estimate import Estimate, percentile_estimate
from capelib.referee.knowledge import KNOWLEDGE, X, chosen, design, nested
from capelib.referee.least_squares import codes_of, family_sums, solve


@dataclass(frozen=True)
class Sides:
    """Slope of truthfulness on HellaSwag among models below and above a size, and above less below.

    Points per point, with intervals from the same resamples of whole families; `held` names what else is held.
    """

    below: Estimate
    above: Estimate
    change: Estimate
    held: tuple[str, ...]
    n_below: int
    n_above: int


def sides(
    frame: pd.DataFrame,
    split: float,
    held: Sequence[str] = (),
    effects: str = "none",
    x: str = X,
    y: str = "truthfulqa",
    n_boot: int = 2000,
    seed: int = 0,
) -> Sides:
    """The paper's change of sign as two regressions of y on x and on what is `held`, split at a size (parameters).

    `effects` "none" compares all models, "fixed" models within families. A family with models on both sides is drawn
    with both. Resamples in which a side has fewer models than coefficients are discarded.

    Raises InputError if a side has fewer than five models.
    """
    rows = frame[frame[[x, y, *held]].notna().all(axis=1)]
    names, codes = codes_of(rows["family"])
    columns = rows[[x, *held, y]].to_numpy(float)
    columns = columns - columns.mean(axis=0)
    counts = np.vstack([np.ones((1, len(names)), np.int64), draw_counts(names, "pooled", n_boot, seed)])
    large = rows["n_params"].to_numpy(float) > split
    fixed, slopes = effects == "fixed", []
    for own in (~large, large):
        if own.sum() < 5:
            raise InputError(f"a side of {split:.3g} parameters has {int(own.sum())} models; five are needed")
        z = columns if fixed else np.hstack([np.ones((len(columns), 1)), columns])
        sums = _of_side(z, codes, own, len(names), fixed)
        enough = (counts[:, codes[own]] > 0).sum(axis=1) > z.shape[1]
        beta = solve(np.einsum("bf,fij->bij", counts, sums))[0][:, 0 if fixed else 1]
        slopes.append(np.where(enough, beta, np.nan))
    how = f"bootstrap of whole families ({len(names)}), {n_boot:,} resamples"
    below, above, change = (percentile_estimate(v[0], v[1:], how, len(rows)) for v in (*slopes, slopes[1] - slopes[0]))
    return Sides(below, above, change, tuple(held), int((~large).sum()), int(large.sum()))


def _of_side(z: np.ndarray, codes: np.ndarray, own: np.ndarray, n_families: int, fixed: bool) -> np.ndarray:
    # sums of one side for every family, zero for families that have no model there
    there, inside = np.unique(codes[own], return_inverse=True)
    sums = np.zeros((n_families, z.shape[1], z.shape[1]))
    sums[there] = family_sums(z[own], inside, np.ones(own.sum()), fixed)
    return sums


def within_groups(
    frame: pd.DataFrame, score: str, edges: Sequence[float], x: str = X, y: str = "truthfulqa", n_boot: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """Slope of y on x among models alike in a third score: no plane is assumed, unlike in a regression that holds it.

    Groups are those between `edges` of the score, upper ends included, all models of a group alike. One row per group
    with five models of three families or more: group (words), n, n_families, slope, low, high (families resampled), and
    the ends of its least-squares line: x_low, x_high, y_low, y_high.

    Raises InputError if fewer than two groups are that large.
    """
    rows = frame[frame[[score, x, y]].notna().all(axis=1)]
    words = group_words(edges)
    at, found = np.digitize(rows[score], edges, right=True), []
    for place, word in enumerate(words):
        own = rows[at == place]
        if len(own) < 5 or own["family"].nunique() < 3:
            continue
        slope = coefficients(own, (x,), n_boot=n_boot, seed=seed, target=y)[x]
        ends = np.array([own[x].min(), own[x].max()])
        line = own[y].mean() + slope.value * (ends - own[x].mean())
        found.append({
            "group": word, "n": len(own), "n_families": own["family"].nunique(),
            "slope": slope.value, "low": slope.low, "high": slope.high,
            "x_low": ends[0], "x_high": ends[1], "y_low": line[0], "y_high": line[1],
        })  # fmt: skip
    if len(found) < 2:
        raise InputError(
            f"{len(found)} groups of {score} have five models of three families; two are needed: choose other edges"
        )
    return pd.DataFrame(found)


def group_words(edges: Sequence[float]) -> list[str]:
    """Names of the groups between edges: "up to 27", "27 to 40", "above 40"."""
    inner = [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
    return [f"up to {edges[0]:g}", *inner, f"above {edges[-1]:g}"]


def coefficients(
    frame: pd.DataFrame, regressors: Sequence[str], effects: str = "none", n_boot: int = 2000, seed: int = 0,
    target: str = "truthfulqa",
) -> dict[str, Estimate]:  # fmt: skip
    """Coefficients of one regression of the target, points per unit, with intervals from drawing whole families.

    With "random" effects the spread of the families is the one found on all of them, in every resample.
    """
    each = design(frame, regressors, target, 2 if effects == "fixed" else 1)
    ratios, sums = each.sums(effects)
    log_shrunk = np.log1p(np.where(np.isinf(ratios), 0, ratios)[:, None] * each.sizes).sum(axis=1)
    best, beta = chosen(ratios, sums.sum(axis=1), each.n, log_shrunk)
    counts = draw_counts(np.arange(each.n_families), "pooled", n_boot, seed)
    skip = 0 if effects == "fixed" else 1
    point = beta[best, skip:]
    draws = solve(np.einsum("bf,fij->bij", counts, sums[best]))[0][:, skip:]
    how = f"bootstrap of whole families ({each.n_families}), {n_boot:,} resamples"
    return {name: percentile_estimate(point[i], draws[:, i], how, each.n) for i, name in enumerate(regressors)}


def against_rivals(
    frame: pd.DataFrame, rivals: Mapping[str, str], effects: str = "none", n_boot: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Other variables in MMLU's place, each on the models that have it: does any do as well?

    One row per rival: rival, n, n_families, hellaswag (error of HellaSwag alone for families left out, points),
    with_rival, with_mmlu, and gap, low, high: the error with MMLU less the error with the rival, families resampled.
    """
    rows = []
    for words, column in rivals.items():
        models = {"HellaSwag": (X,), "rival": (X, column), "HellaSwag, MMLU": (X, KNOWLEDGE)}
        has = frame[frame[column].notna()]
        found = nested(has, effects, models, n_boot=n_boot, seed=seed, rivals=("rival",))
        error, gap = found.table.set_index("model")["error"], found.rivals["rival"]
        rows.append({
            "rival": words, "n": found.n, "n_families": found.n_families, "hellaswag": error["HellaSwag"],
            "with_rival": error["rival"], "with_mmlu": error["HellaSwag, MMLU"],
            "gap": gap.value, "low": gap.low, "high": gap.high,
        })  # fmt: skip
    return pd.DataFrame(rows)


def noise_in_x(
    frame: pd.DataFrame, n_items: Mapping[str, int], effects: str = "none", noise: Sequence[float] = (0, 1, 2, 3, 4)
) -> pd.DataFrame:
    """Coefficients of HellaSwag and MMLU if HellaSwag had errors of a given size, corrected for them.

    The sum of squares of HellaSwag loses n·s² (with fixed effects (n − families)·s²) before the equations are solved,
    the usual correction for a regressor with independent errors of standard deviation s, points. If MMLU only stood
    in for what HellaSwag measures badly, its coefficient would go to zero as s grows. One row per s, the first being
    the item noise alone: noise, hellaswag, mmlu, and reliability, the share of HellaSwag's variance at given MMLU that
    is not noise; rows beyond a reliability of zero are left out.
    """
    each = design(frame, (X, KNOWLEDGE), sizes=2 if effects == "fixed" else 1)
    scored = frame[frame[[X, KNOWLEDGE, "truthfulqa"]].notna().all(axis=1)]
    item = float(np.sqrt(np.mean(score_sd(scored[X], n_items[X]) ** 2)))
    sums = each.sums(effects)[1][0].sum(axis=0)
    sums = sums if effects == "fixed" else _centred(sums)
    free = each.n - (each.n_families if effects == "fixed" else 1)
    left = sums[0, 0] - sums[0, 1] ** 2 / sums[1, 1]  # of HellaSwag once MMLU is known
    rows = []
    for s in (item, *noise):
        reliability = 1 - free * s**2 / left
        if reliability <= 0:
            continue
        corrected = sums.copy()
        corrected[0, 0] -= free * s**2
        beta = solve(corrected)[0]
        rows.append({"noise": s, "hellaswag": beta[0], "mmlu": beta[1], "reliability": reliability})
    return pd.DataFrame(rows)


def _centred(sums: np.ndarray) -> np.ndarray:
    return sums[1:, 1:] - np.outer(sums[0, 1:], sums[0, 1:]) / sums[0, 0]
