"""How many families would change the sign of their coupling if there were only smooth trends and item noise?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capelib.coupling.local import family_sizes
from capelib.coupling.trends import trend_null
from capelib.errors import InputError
from capelib.frames import frame_html


@dataclass(frozen=True)
class Turns:
    """Observed and simulated changes of sign.

    `families` has one row per family: sizes, observed (a negative step and later a positive one), expected (share of
    the simulated copies that show one). `counts` holds the number of families with a change in every simulated panel.
    """

    families: pd.DataFrame
    counts: np.ndarray

    @property
    def observed(self) -> int:
        """Families that show a change."""
        return int(self.families["observed"].sum())

    @property
    def expected(self) -> float:
        """Mean number of families that would."""
        return float(self.counts.mean())

    @property
    def range(self) -> tuple[int, int]:
        """The numbers between which 95 % of the simulated panels lie."""
        low, high = np.percentile(self.counts, [2.5, 97.5])
        return int(low), int(high)

    @property
    def p_more(self) -> float:
        """Monte Carlo p of at least as many changes as observed, (b + 1)/(m + 1)."""
        return float((np.count_nonzero(self.counts >= self.observed) + 1) / (len(self.counts) + 1))

    def _repr_html_(self) -> str:
        return frame_html(
            self.families, "A negative step and later a positive one, observed and by trends with item noise"
        )


def sign_change_null(
    panel: pd.DataFrame,
    n_items: Mapping[str, int],
    x: str = "hellaswag",
    y: str = "truthfulqa",
    n_draws: int = 500,
    rho_models: float = 0.0,
    item_sd: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Turns:
    """Every family's `trend_null`, counted over families.

    A straight trend per score for families of three sizes, a quadratic one for longer families, so that a smooth turn
    of TruthfulQA is part of the null: what is tested is whether changes of sign are more frequent than smooth curves
    and noise make them. Families are simulated independently. The answer rests on `rho_models`: noise that all models
    share moves no step, so the more of it is shared, the fewer changes of sign are left to noise.

    Raises InputError if no family has three sizes.
    """
    sizes, _ = family_sizes(panel, x, y)
    rows, simulated = [], []
    for place, (family, own) in enumerate(sizes.groupby("family", sort=True)):
        if len(own) < 3:
            continue
        null = trend_null(
            own,
            n_items,
            x,
            y,
            degree=min(2, len(own) - 2),
            rho_models=rho_models,
            item_sd=item_sd,
            n_draws=n_draws,
            seed=seed + place,
        )
        simulated.append(null.draws["transition"].to_numpy())
        rows.append({
            "family": family,
            "sizes": len(own),
            "observed": bool(null.observed["transition"]),
            "expected": float(null.draws["transition"].mean()),
        })  # fmt: skip
    if not rows:
        raise InputError(f"no family has {x} and {y} at three sizes; a change of sign needs two steps")
    return Turns(pd.DataFrame(rows), np.sum(simulated, axis=0))
