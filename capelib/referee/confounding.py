"""Common causes: what is left of a correlation when size, a family's own trend, year or training length is held.

Two different causes can make two scores move together: size, along a family, and the recipe, across families. The first
half of this module looks along families and sets each correlation beside the one that two separate smooth trends
would give; the second looks across families of one size and holds what their recipes have in common.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.coupling.correlation import correlate
from capelib.coupling.fixed_size import EDGES
from capelib.coupling.resample import MIN_FAMILIES, correlations, draw_counts, partials, scatter_matrices
from capelib.errors import InputError
from capelib.estimate import percentile_estimate
from capelib.frames import need_columns
from capelib.referee.many import places
from capelib.referee.trends import separate_trends

AS_IS, SIZE, OWN_LINE = "within families, as they are", "within families, size held", "each family's own line removed"
BELOW, ABOVE, DIFFERENCE = "below", "above", "above less below"

Floats = NDArray[np.float64]


def along_families(
    panel: pd.DataFrame,
    n_items: Mapping[str, int],
    split: float,
    x: str = "hellaswag",
    y: str = "truthfulqa",
    n_boot: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Correlation of x and y within families on either side of `split` parameters, and what separate trends would give.

    One row per measure and side: measure, side, n (models), value with low and high (whole families resampled; NaN
    below five), and of the null the median `null`, null_low, null_high and the two-sided `p`. Measures as in
    `capelib.coupling.within`: the scores less their family's mean; log₁₀ N held too, one slope for all; each family's
    own line in log₁₀ N removed.

    A measure that leaves nothing on a side, such as a line taken out of two sizes, is NaN there.

    The null gives every family of three sizes or more its own smooth trend in each score, fitted without a look at the
    other, and unrelated scatter (`separate_trends`). It has no coupling. It does have the bends: removing lines from
    two bent curves leaves two bows, which correlate.

    Raises InputError for a missing column or if no family has three sizes on both sides together.
    """
    at = places(panel, n_items, x, y)
    rng = np.random.default_rng(seed)
    drawn = [separate_trends(at, column, n_boot, rng) for column in (x, y)]
    n_params = at.sizes["n_params"].to_numpy(float)
    rows = []
    for side, own in ((BELOW, n_params <= split), (ABOVE, n_params > split)):
        values = np.column_stack([at.x[0], at.y[0], at.log_n])[own]
        observed = _within(values, at.code[own], n_boot, seed)
        for measure, (value, draws) in observed.items():
            left = _annihilator(at.log_n[own], at.code[own], measure)
            null = correlate(drawn[0][:, own] @ left, drawn[1][:, own] @ left)
            null = null if np.isfinite(value) else np.full_like(null, np.nan)  # nothing left is nothing to compare
            many = len(np.unique(at.code[own])) >= MIN_FAMILIES
            found = percentile_estimate(value, draws if many else [], "bootstrap of whole families", int(own.sum()))
            tail = min(np.count_nonzero(null <= value), np.count_nonzero(null >= value))
            low, middle, high = np.percentile(null, [2.5, 50, 97.5])
            rows.append({
                "measure": measure, "side": side, "n": found.n,
                "value": found.value, "low": found.low, "high": found.high,
                "null": middle, "null_low": low, "null_high": high,
                "p": min(1.0, 2 * (tail + 1) / (len(null) + 1)) if np.isfinite(value) else np.nan,
            })  # fmt: skip
    return pd.DataFrame(rows).astype({"low": float, "high": float})


def across_families(
    panel: pd.DataFrame,
    held: Mapping[str, Sequence[str]],
    split: float,
    x: str = "hellaswag",
    y: str = "truthfulqa",
    edges: Sequence[float] = EDGES,
    n_boot: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Partial correlation of x and y among models of one size, with further columns held, on either side of `split`.

    `held` maps words to the columns held beside log₁₀ N within the bin (none for the plain one). One row per entry and
    side, and one for the difference from the same resamples of whole families: measure, side, n, value, low, high. All
    entries use the same models, those with every column of `held`, so that what changes is what is held.

    A cause that both scores share with the recipe is taken out; so is whatever of a coupling works through it.

    Raises InputError for a missing column, or if a side has too few models for the number of columns held.
    """
    columns = list(dict.fromkeys(name for names in held.values() for name in names))
    need_columns(panel, ["model", "family", "n_params", "log10_params", x, y, *columns])
    edges = np.asarray(edges, float)
    kept = panel[panel[[x, y, *columns]].notna().all(axis=1)]
    bins = np.searchsorted(edges, kept["log10_params"].to_numpy(float), side="right") - 1
    inside = (bins >= 0) & (bins < edges.size - 1)
    kept, bins = kept[inside], bins[inside]
    names = [x, y, "log10_params", *columns]
    values, large = kept[names].to_numpy(float), (kept["n_params"] > split).to_numpy()
    counts = draw_counts(kept["family"], "clustered", n_boot, seed)
    counts = np.vstack([np.ones((1, len(kept)), np.int64), counts])
    sides = {BELOW: np.flatnonzero(~large), ABOVE: np.flatnonzero(large)}
    fewest = len(columns) + 5  # two scores, log N, what is held, and two models to spare
    for side, own in sides.items():
        if len(own) < fewest:
            raise InputError(f"{len(own)} models lie {side} {split:.3g} parameters with every column; need {fewest}")
    many = min(kept["family"].iloc[own].nunique() for own in sides.values()) >= MIN_FAMILIES
    rows = []
    for measure, also in held.items():
        at = [2, *(names.index(name) for name in also)]
        draws = {
            side: _given(scatter_matrices(values[own], counts[:, own], bins[own]), at) for side, own in sides.items()
        }
        draws[DIFFERENCE] = draws[ABOVE] - draws[BELOW]
        for side, r in draws.items():
            n = len(sides[side]) if side in sides else len(kept)
            found = percentile_estimate(r[0], r[1:] if many else [], "bootstrap of whole families", n)
            rows.append({"measure": measure, "side": side, "n": n, "value": found.value,
                         "low": found.low, "high": found.high})  # fmt: skip
    return pd.DataFrame(rows).astype({"low": float, "high": float})


def with_covariates(panel: pd.DataFrame, architectures: pd.DataFrame) -> pd.DataFrame:
    """The panel with release_year (of the model card) and log10_tokens (NaN where the count is flagged as suspect)."""
    need_columns(panel, ["hf_repo", "flags", "n_tokens"])
    year = architectures.drop_duplicates("hf_repo").set_index("hf_repo")["release_year"]
    tokens = panel["n_tokens"].where(~panel["flags"].str.contains("n_tokens_suspect"))
    return panel.assign(release_year=panel["hf_repo"].map(year).astype(float), log10_tokens=np.log10(tokens))


def _given(scatter: Floats, at: list[int]) -> Floats:
    """Correlation of columns 0 and 1 with the columns `at` held, for every scatter matrix (n_draws, k, k)."""
    both, across = scatter[:, :2, :2], scatter[:, :2, at]
    left = both - across @ np.linalg.pinv(scatter[:, at][:, :, at], hermitian=True) @ across.transpose(0, 2, 1)
    spread = np.sqrt(np.clip(left[:, 0, 0] * left[:, 1, 1], 0, None))
    defined = spread > 1e-9 * np.sqrt(both[:, 0, 0] * both[:, 1, 1])
    return np.clip(np.divide(left[:, 0, 1], spread, out=np.full(len(left), np.nan), where=defined), -1, 1)


def _within(values: Floats, code: NDArray[np.int64], n_boot: int, seed: int) -> dict[str, tuple[float, Floats]]:
    # the three measures and their draws from resampled families; columns of values are x, y, log N
    present, code = np.unique(code, return_inverse=True)
    per_family = scatter_matrices(values, (code == np.arange(len(present))[:, None]).astype(float))
    cross, spread = per_family[:, :, 2], per_family[:, 2, 2]
    own_line = per_family - np.divide(
        cross[:, :, None] * cross[:, None, :], spread[:, None, None], out=np.zeros_like(per_family),
        where=spread[:, None, None] > 0,
    )  # fmt: skip
    weights = np.vstack([np.ones((1, len(present))), draw_counts(present, "pooled", n_boot, seed)])
    plain = correlations(np.einsum("bf,fij->bij", weights, per_family))
    lined = correlations(np.einsum("bf,fij->bij", weights, own_line)[:, :2, :2])
    measures = {AS_IS: plain[:, 0, 1], SIZE: partials(plain, 0, 1, 2), OWN_LINE: lined[:, 0, 1]}
    return {name: (float(r[0]), r[1:]) for name, r in measures.items()}


def _annihilator(log_n: Floats, code: NDArray[np.int64], measure: str) -> Floats:
    """The matrix that leaves of a row of scores what the measure correlates; symmetric, (n, n)."""
    member = (code[:, None] == np.unique(code)).astype(float)
    centred = log_n - member @ ((log_n @ member) / member.sum(axis=0))
    more = {AS_IS: member[:, :0], SIZE: centred[:, None], OWN_LINE: member * centred[:, None]}[measure]
    design = np.column_stack([member, more])
    return np.eye(len(log_n)) - design @ np.linalg.pinv(design)
