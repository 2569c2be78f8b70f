"""Bayes factors "for per-phase structure": the models a reader could compare on the released rows.

Amin (2026), Sec. 8, prints one Bayes factor and names neither the two models nor their priors. Wherever no prior is
stated, exp(ΔBIC / 2) is used (Wagenmakers, 2007), for correlations also the default test of Wetzels and Wagenmakers
(2012). All treat the models as independent, which the members of a family are not.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import integrate, special

from capelib.coupling.correlation import correlate
from capelib.coupling.local import local_coupling, model_phases, phase_of
from capelib.definitions.points import X, Y, scored
from capelib.definitions.pythia import score_tables
from capelib.frames import need_columns

Floats = NDArray[np.float64]


def bayes_factors(
    panel: pd.DataFrame, variants: pd.DataFrame, bootstrap: pd.DataFrame, critical_scale: float
) -> dict[str, float]:
    """Bayes factors (structure over none) for every reading of the claim that was tried; above 1 favours structure.

    Claim coupling.bayes_factor, Amin (2026), Sec. 8. `panel`, `variants` and `bootstrap` are the released panel,
    panel_pythia_variants and panel_bootstrap_nc; `critical_scale` is the paper's N_c in parameters. Raises InputError
    for a column that is not there.
    """
    need_columns(panel, ["model", "family", "n_params", X, Y, "gamma12_stored"])
    rows = scored(panel, X, Y)
    x, y, size = (rows[name].to_numpy(float) for name in (X, Y, "n_params"))
    found: dict[str, float] = {}
    for name, phase in _phases(rows).items():  # circular: the phase is itself read off the two scores
        known = np.isin(phase, ["tax", "transition", "bonus"])
        decided = np.isin(phase, ["tax", "bonus"])
        found[f"a line per phase (tax, transition, bonus) over one line; {name}"] = _lines(x, y, phase, known)
        found[f"a line per phase (tax, bonus) over one line; {name}"] = _lines(x, y, phase, decided)
    for cut in (1e9, critical_scale, 7e9):
        found[f"a line below and one above {cut / 1e9:g}B over one line"] = _lines(x, y, size > cut, size > 0)
    found["a line with a slope that changes with log N over one line"] = _bic_factor(
        y, [x], [x, np.log10(size), x * np.log10(size)]
    )
    found["a parabola in HellaSwag over a line, whole panel"] = _bic_factor(y, [x], [x, x**2])
    steps = local_coupling(rows).frame.dropna(subset=["gamma"])
    gamma, at = steps["gamma"].to_numpy(float), np.log10(steps["n_mid"].to_numpy(float))
    above = steps["n_mid"].to_numpy(float) > critical_scale
    found["γ₁₂ a line in log N over a constant, all steps"] = _bic_factor(gamma, [], [at])
    found["γ₁₂ one mean below and one above N_c over one mean, all steps"] = _bic_factor(
        gamma, [], [above.astype(float)]
    )
    found["sign of γ₁₂ depends on being above N_c, uniform priors, all steps"] = sign_factor(gamma > 0, above)
    points = scored(bootstrap, X, Y)
    log_n = np.log10(points["n_params"].to_numpy(float))
    found["a parabola of TruthfulQA in log N over a line, 14 points"] = _bic_factor(
        points[Y].to_numpy(float), [log_n], [log_n, log_n**2]
    )
    found["correlation over none, default prior, whole panel"] = correlation_factor(float(correlate(x, y)), len(x))
    for name, table in score_tables(variants).items():
        r = float(correlate(table[X], table[Y]))
        found[f"correlation over none, default prior, Pythia, table {name}"] = correlation_factor(r, len(table))
    return found


def correlation_factor(r: float, n: int) -> float:
    """Default Bayes factor of a correlation r over none, n pairs: Jeffreys-Zellner-Siow prior on the slope.

    ∫ (1 + g)^((n−2)/2) (1 + (1 − r²) g)^(−(n−1)/2) · √(n/2)/Γ(½) · g^(−3/2) e^(−n/2g) dg over g > 0. Wetzels and
    Wagenmakers (2012).
    """

    def integrand(log_g: float) -> float:
        g = np.exp(log_g)
        fit = (n - 2) / 2 * np.log1p(g) - (n - 1) / 2 * np.log1p((1 - r**2) * g)
        prior = np.log(n / 2) / 2 - special.gammaln(0.5) - 1.5 * log_g - n / (2 * g)
        return float(np.exp(fit + prior + log_g))

    return float(integrate.quad(integrand, -12, 40, limit=400, points=[0, 5, 10])[0])


def sign_factor(positive: ArrayLike, above: ArrayLike) -> float:
    """Bayes factor of two shares of positive signs, one per group, over one share; uniform priors on each share."""
    positive, above = np.asarray(positive, bool), np.asarray(above, bool)
    counts = [((positive & side).sum(), (~positive & side).sum()) for side in (~above, above)]
    apart = sum(special.betaln(plus + 1, minus + 1) for plus, minus in counts)
    together = special.betaln(positive.sum() + 1, (~positive).sum() + 1)
    return float(np.exp(apart - together))


def _phases(rows: pd.DataFrame) -> dict[str, NDArray]:
    stored = rows["gamma12_stored"].to_numpy(float)
    return {
        "phase by the stored γ₁₂": phase_of(stored),
        "phase by the step that ends at the model": model_phases(rows)["phase"].to_numpy(),
        "phase by the step that starts at the model": model_phases(rows, assign="outgoing")["phase"].to_numpy(),
    }


def _lines(x: Floats, y: Floats, group: NDArray, use: NDArray) -> float:
    x, y, group = x[use], y[use], group[use]
    own = [np.where(group == name, part, 0.0) for name in np.unique(group) for part in (np.ones_like(x), x)]
    return float(np.exp((_bic(y, [np.ones_like(x), x]) - _bic(y, own)) / 2))


def _bic_factor(y: Floats, simple: list[Floats], rich: list[Floats]) -> float:
    one = np.ones_like(y)
    return float(np.exp((_bic(y, [one, *simple]) - _bic(y, [one, *rich])) / 2))


def _bic(y: Floats, terms: list[Floats]) -> float:
    design = np.column_stack([term / np.abs(term).max() for term in terms])
    left = np.sum((y - design @ np.linalg.lstsq(design, y, rcond=None)[0]) ** 2)
    return len(y) * np.log(left / len(y)) + len(terms) * np.log(len(y))
