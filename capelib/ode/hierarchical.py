"""A hierarchical alternative to the ODE: one curve for all families, each with an offset and a slope of its own.

y = β₀ + β₁ t + β₂ t² + b₀,f + b₁,f t + ε, with t = log₁₀ N about its mean, b_f normal about zero and independent of ε.
The spread of the families says how much a family's own small models count against what all others did.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from capelib.errors import InputError

DEGREE = 2


@dataclass(frozen=True)
class Hierarchical:
    """The fitted model for one benchmark.

    Attributes
    ----------
    beta : array (3,)
        Common curve, percent per power of decades about `centre`.
    spread_offset, spread_slope, noise : float
        Standard deviations of the families' offsets (percent) and slopes (percent per decade), and of what is left.
    """

    centre: float
    beta: np.ndarray
    spread_offset: float
    spread_slope: float
    noise: float
    _time: np.ndarray
    _family: np.ndarray
    _weighted: np.ndarray

    def predict(self, time: np.ndarray, family: str) -> np.ndarray:
        """Best linear unbiased prediction at log10 sizes (n,); an unknown family gets the common curve."""
        t = np.asarray(time, float) - self.centre
        tied = (self._family == family)[None, :] * (
            self.spread_offset**2 + self.spread_slope**2 * np.outer(t, self._time)
        )
        return np.vander(t, DEGREE + 1, increasing=True) @ self.beta + tied @ self._weighted


def fit_hierarchical(time: np.ndarray, family: np.ndarray, score: np.ndarray) -> Hierarchical:
    """Fit by restricted maximum likelihood over the three standard deviations, the curve by generalised least squares.

    Parameters: log10 sizes, family names and scores (percent), all (n,). Raises InputError for fewer than two families
    or fewer than six models.
    """
    time, family, score = np.asarray(time, float), np.asarray(family), np.asarray(score, float)
    if len(time) < 6 or len(np.unique(family)) < 2:
        raise InputError("a hierarchical fit needs six models of two families or more")
    centre = float(time.mean())
    t = time - centre
    x = np.vander(t, DEGREE + 1, increasing=True)
    same = family[:, None] == family[None, :]
    products = same * np.outer(t, t)

    def solve(logs: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        offset, slope, noise = np.exp(2 * logs)
        factor = cho_factor(offset * same + slope * products + noise * np.eye(len(t)), lower=True)
        vx = cho_solve(factor, x)
        inner = x.T @ vx
        beta = np.linalg.solve(inner, vx.T @ score)
        weighted = cho_solve(factor, score - x @ beta)
        likelihood = 2 * np.log(np.diag(factor[0])).sum() + np.linalg.slogdet(inner)[1] + (score - x @ beta) @ weighted
        return likelihood, beta, weighted

    spread = max(float(score.std()), 0.1)
    start = np.log([0.5 * spread, 0.3 * spread, 0.2 * spread])
    # from a thousandth of the scores' spread to a hundred times it: zero itself is not on a logarithmic scale
    bounds = [(np.log(1e-3 * spread), np.log(100 * spread))] * 3
    best = minimize(lambda logs: solve(logs)[0], start, method="L-BFGS-B", bounds=bounds).x
    _, beta, weighted = solve(best)
    return Hierarchical(centre, beta, *(float(v) for v in np.exp(best)), t, family, weighted)
