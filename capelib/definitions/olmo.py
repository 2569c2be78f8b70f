"""OLMo 1B to 7B: every pair of scores in the two panels, and what γ₁₂ each pair gives.

Amin (2026), Sec. 2.2 and Fig. 1c, takes TruthfulQA as unchanged between the two sizes, hence γ₁₂ = 0. Claims
olmo.gamma, olmo.delta_hs, olmo.tqa. The released panel and the leaderboard each have their own pair; the paper's own
mean and gain imply a third one, which is in neither.
"""

from itertools import product

import pandas as pd

from capelib.definitions.points import X, Y
from capelib.errors import InputError
from capelib.frames import need_columns

FAMILY = "OLMo"


def olmo_scores(panel: pd.DataFrame, leaderboard: pd.DataFrame) -> pd.DataFrame:
    """Every score of an OLMo model in the two panels: name, n_params, hellaswag, truthfulqa (percent), by size.

    `panel` is the released panel, `leaderboard` the measured one. Raises InputError if one of them has no OLMo of two
    sizes, or for a missing column.
    """
    parts = []
    for source, frame in (("released", panel), ("leaderboard", leaderboard)):
        need_columns(frame, ["model", "family", "n_params", X, Y])
        rows = frame[frame["family"] == FAMILY]
        if rows["n_params"].nunique() != 2:
            raise InputError(f"the {source} panel must hold two sizes of OLMo, got {rows['n_params'].nunique()}")
        parts.append(rows[["model", "n_params", X, Y]].assign(name=source + " " + rows["model"].astype(object)))
    return pd.concat(parts).sort_values(["n_params", "name"], ignore_index=True)


def olmo_pairs(panel: pd.DataFrame, leaderboard: pd.DataFrame) -> pd.DataFrame:
    """One row per pair of a small and a large model: name, delta_hs, delta_tqa (points), gamma (slope).

    Pairs across sources are included, because the claim names no source. Raises InputError as `olmo_scores`.
    """
    scores = olmo_scores(panel, leaderboard)
    small = scores["n_params"] == scores["n_params"].min()
    rows = []
    for low, high in product(scores[small].itertuples(), scores[~small].itertuples()):
        hs, tqa = high.hellaswag - low.hellaswag, high.truthfulqa - low.truthfulqa
        rows.append((f"{low.name} to {high.name}", hs, tqa, tqa / hs))
    return pd.DataFrame(rows, columns=["name", "delta_hs", "delta_tqa", "gamma"])


def gammas(panel: pd.DataFrame, leaderboard: pd.DataFrame) -> dict[str, float]:
    """γ₁₂ of every pair. Claim olmo.gamma, Amin (2026), Sec. 2.2. Raises InputError as `olmo_scores`."""
    return _column(olmo_pairs(panel, leaderboard), "gamma")


def hellaswag_gains(panel: pd.DataFrame, leaderboard: pd.DataFrame) -> dict[str, float]:
    """ΔHellaSwag of every pair, in points. Claim olmo.delta_hs, Sec. 2.2. Raises InputError as `olmo_scores`."""
    return _column(olmo_pairs(panel, leaderboard), "delta_hs")


def as_printed(reported: pd.DataFrame) -> dict[str, float]:
    """Mean scores of OLMo as App. A.7 prints them, in percent, by benchmark. `reported` is table olmo_reported."""
    need_columns(reported, ["score", "value"])
    return dict(zip(reported["score"], reported["value"].map(float), strict=True))


def implied_pair(mean: float, gain: float) -> tuple[float, float]:
    """The two scores that have this mean and differ by this gain: mean ∓ gain/2.

    The paper prints both numbers for OLMo's HellaSwag (App. A.7 and Sec. 2.2), the two scores themselves nowhere.
    """
    return mean - gain / 2, mean + gain / 2


def truthfulqa_scores(panel: pd.DataFrame, leaderboard: pd.DataFrame) -> dict[str, float]:
    """TruthfulQA of every OLMo model in the two panels, and each panel's mean, in percent. Claim olmo.tqa, Sec. 2.2.

    Raises InputError as `olmo_scores`.
    """
    scores = olmo_scores(panel, leaderboard)
    found = dict(zip(scores["name"], scores[Y].map(float), strict=True))
    for source in ("released", "leaderboard"):
        own = scores[[str(name).startswith(source) for name in scores["name"]]]
        found[f"mean of the {source} scores"] = float(own[Y].mean())
    return found


def _column(pairs: pd.DataFrame, column: str) -> dict[str, float]:
    return dict(zip(pairs["name"], pairs[column].map(float), strict=True))
