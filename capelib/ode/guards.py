"""Guard rails: does the structure of a sparse fit survive a change of threshold, of data, of sample?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from capelib.errors import InputError
from capelib.ode.fit import OdeFit, Settings, States, fit, fit_states, states
from capelib.ode.trajectory import Trajectory


@dataclass(frozen=True)
class Stability:
    """How much of the selected structure survives a change.

    Attributes
    ----------
    table : DataFrame
        One row per change: `change`, `active` terms in all, `kept` of the reference's terms, `jaccard` (shared terms
        over all terms of either fit; 1 means the same structure).
    reference : OdeFit
    """

    table: pd.DataFrame
    reference: OdeFit

    @property
    def worst(self) -> float:
        """Smallest Jaccard index."""
        return float(self.table["jaccard"].min())

    @property
    def is_stable(self) -> bool:
        """Whether every change leaves exactly the same terms."""
        return bool((self.table["jaccard"] == 1).all())


def over_thresholds(
    trajectories: Trajectory | Sequence[Trajectory],
    settings: Settings,
    span: float = 10.0,
    n: int = 9,
    allow_underdetermined: bool = False,
) -> Stability:
    """The terms selected at thresholds from λ/√span to λ·√span (a range of `span` in all), against those at λ.

    Amin (2026), App. A.4: the structure is "stable over 10× in λ".
    """
    if not settings.threshold > 0:
        raise InputError("the threshold must be larger than 0 to be varied by a factor")
    thresholds = settings.threshold * np.geomspace(span**-0.5, span**0.5, n)
    fits = {
        f"λ = {value:.3g}": fit(trajectories, replace(settings, threshold=value), allow_underdetermined)
        for value in thresholds
    }
    return _stability(fits, fit(trajectories, settings, allow_underdetermined))


def leave_one_size_out(path: Trajectory, settings: Settings, allow_underdetermined: bool = False) -> Stability:
    """The terms selected without each size in turn, against those selected with all."""
    fits = {
        f"without {10 ** path.time[place] / 1e9:.3g}B": fit(path.without(place), settings, allow_underdetermined)
        for place in range(len(path))
    }
    return _stability(fits, fit(path, settings, allow_underdetermined))


def inclusion(
    path: Trajectory, settings: Settings, n_draws: int = 200, seed: int = 0, allow_underdetermined: bool = False
) -> pd.DataFrame:
    """Ensemble SINDy: the share of bootstrap resamples of the (state, slope) pairs in which a term stays.

    Returns a DataFrame, equations as rows and terms as columns, values 0–1 (Fasel et al. 2022, bagging E-SINDy).
    Resamples with fewer than three different states are drawn again.
    """
    given = states(path, settings)
    n = len(given.x)
    rng = np.random.default_rng(seed)
    counts, fitted = 0, None
    for _ in range(n_draws):
        rows = rng.integers(0, n, n)
        while len(set(rows.tolist())) < 3:
            rows = rng.integers(0, n, n)
        drawn = States(given.x[rows], given.slopes[rows], given.names, given.unit)
        fitted = fit_states(drawn, settings, allow_underdetermined)
        counts = counts + fitted.active
    return pd.DataFrame(counts / n_draws, index=list(path.names), columns=fitted.terms)


def _stability(fits: dict[str, OdeFit], reference: OdeFit) -> Stability:
    rows = []
    for change, fitted in fits.items():
        both, either = (fitted.active & reference.active).sum(), (fitted.active | reference.active).sum()
        rows.append({
            "change": change,
            "active": int(fitted.active.sum()),
            "kept": int(both),
            "jaccard": both / either if either else 1.0,
        })  # fmt: skip
    return Stability(pd.DataFrame(rows), reference)
