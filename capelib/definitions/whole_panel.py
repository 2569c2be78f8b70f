"""The correlation "over the whole panel": what a reader could compute for it on the released rows.

Amin (2026), Sec. 8, prints one r and a bound on p for a "coupling structure" over 63 models. Which quantity that is the
paper does not say; its own term (App. A.1) is Pearson r of HellaSwag and TruthfulQA.
"""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from capelib.coupling.correlation import correlate
from capelib.coupling.local import local_coupling
from capelib.coupling.partial import partial_given_size
from capelib.coupling.width import normalised_correlation
from capelib.definitions.points import LEFT_OUT, X, Y, pearson_r, scored, spearman_r, without
from capelib.frames import need_columns
from capelib.tables import BENCHMARKS

LARGE = 7e9  # parameters; the paper calls models above 7B large (Sec. 1)


def whole_panel_r(panel: pd.DataFrame) -> dict[str, float]:
    """r of HellaSwag and TruthfulQA over a panel, in every reading tried, and the nine other pairs of benchmarks.

    Claim coupling.r_all63, Amin (2026), Sec. 8. `panel` has the columns of `capelib.tables.panel`; gives r, and the
    multiple correlation R where TruthfulQA is regressed on more than one term. Raises InputError for a missing column.
    """
    need_columns(panel, ["model", "family", "n_params", "log10_params", "flags", "d_model", *BENCHMARKS])
    found = {name: r for name, (r, _) in _readings(panel).items()}
    wide = panel.dropna(subset=["d_model", X, Y])
    found["both scores divided by d_model"] = normalised_correlation(wide[X], wide[Y], wide["d_model"])
    steps = local_coupling(panel).frame
    found["changes from size to size within families"] = float(correlate(steps["dx"], steps["dy"]))
    others = [pair for pair in combinations(BENCHMARKS, 2) if pair != (X, Y)]
    return found | {f"another pair: {x}, {y}": pearson_r(panel, x, y) for x, y in others}


def whole_panel_p(panel: pd.DataFrame) -> dict[str, float]:
    """Two-sided p of r = 0 for the readings of HellaSwag against TruthfulQA in `whole_panel_r`.

    Claim coupling.p_all63, Amin (2026), Sec. 8. Each p is that of its own test: t for Pearson and partial r (n − k − 2
    degrees of freedom), rank tests for Spearman and Kendall, F for a regression. Width normalisation is left out here:
    a shared growing denominator makes any two scores correlate, as the paper itself remarks. All treat the models
    as independent, which the members of a family are not, so the p are too small rather than too large. Raises
    InputError for a missing column.
    """
    need_columns(panel, ["model", "family", "n_params", "log10_params", "flags", *BENCHMARKS])
    return {name: p for name, (_, p) in _readings(panel).items() if np.isfinite(p)}


def within_family_r(panel: pd.DataFrame, fewest: int = 4) -> dict[str, tuple[float, int]]:
    """r and number of models for every family with at least `fewest` models."""
    groups = scored(panel, X, Y).groupby("family", sort=True)
    return {str(family): (pearson_r(rows), len(rows)) for family, rows in groups if len(rows) >= fewest}


def _readings(panel: pd.DataFrame) -> dict[str, tuple[float, float]]:
    kept = scored(panel, X, Y)
    x, y = kept[X].to_numpy(float), kept[Y].to_numpy(float)
    found = {f"all {len(kept)} models, Pearson": _pearson(x, y)}
    found[f"all {len(kept)} models, Spearman"] = (spearman_r(kept), float(stats.spearmanr(x, y).pvalue))
    found[f"all {len(kept)} models, Kendall"] = tuple(map(float, stats.kendalltau(x, y)))
    for name, tags in LEFT_OUT.items():
        rows = without(kept, *tags)
        found[f"{name}, {len(rows)} models"] = _pearson(rows[X], rows[Y])
    large = kept[kept["n_params"] > LARGE]
    found[f"models above 7B, {len(large)} models"] = _pearson(large[X], large[Y])
    means = kept.groupby("family")[[X, Y]].mean()
    found["one point per family (means)"] = _pearson(means[X], means[Y])
    centred = kept[[X, Y]] - kept.groupby("family")[[X, Y]].transform("mean")
    left = len(kept) - kept["family"].nunique() - 1
    r = float(correlate(centred[X], centred[Y]))
    found["family-demeaned"] = (r, _p_of_r(r, left))
    r, p = _fisher_average(within_family_r(kept))
    found["within-family r of four models or more, Fisher-averaged"] = (r, p)
    own = np.array([r for r, _ in within_family_r(kept, fewest=3).values()])
    found["mean within-family |r|, three models or more"] = (float(np.abs(own).mean()), float("nan"))
    for part in partial_given_size(kept, X, Y, degrees=(1, 2)).results:
        found[f"given {part.given}"] = (part.r.value, part.p)
    size = kept["log10_params"].to_numpy(float)
    found["R of TruthfulQA on HellaSwag and its square"] = _regression(y, x, x**2)
    found["R of TruthfulQA on HellaSwag, log N and their product"] = _regression(y, x, size, x * size)
    rest = kept[[name for name in BENCHMARKS if name != Y]]
    full = rest.notna().all(axis=1).to_numpy()
    found["mean of the four other benchmarks, TruthfulQA"] = _pearson(rest[full].mean(axis=1), y[full])
    return found


def _pearson(x: pd.Series, y: pd.Series) -> tuple[float, float]:
    return tuple(map(float, stats.pearsonr(x, y)))


def _p_of_r(r: float, df: int) -> float:
    return float(2 * stats.t.sf(abs(r) * np.sqrt(df / (1 - r**2)), df))


def _fisher_average(families: dict[str, tuple[float, int]]) -> tuple[float, float]:
    r, n = (np.array(part, float) for part in zip(*families.values(), strict=True))
    z = np.average(np.arctanh(r), weights=n - 3)
    return float(np.tanh(z)), float(2 * stats.norm.sf(abs(z) * np.sqrt((n - 3).sum())))


def _regression(y: np.ndarray, *terms: np.ndarray) -> tuple[float, float]:
    design = np.column_stack([np.ones(len(y)), *[(term - term.mean()) / term.std() for term in terms]])
    left = np.sum((y - design @ np.linalg.lstsq(design, y, rcond=None)[0]) ** 2)
    r2 = 1 - left / np.sum((y - y.mean()) ** 2)
    k, df = len(terms), len(y) - len(terms) - 1
    return float(np.sqrt(r2)), float(stats.f.sf(r2 / k / ((1 - r2) / df), k, df))
