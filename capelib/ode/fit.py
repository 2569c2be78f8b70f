"""The paper's sparse ODE, dB/dlog10 N = Θ(B) ξ, fitted by PySINDy."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capelib.errors import InputError
from capelib.frames import frame_html
from capelib.ode.trajectory import Trajectory, Unit, differentiate, unit

RIDGE = 0.05  # PySINDy's default for STLSQ


@dataclass(frozen=True)
class Settings:
    """What a fit depends on besides the data.

    Attributes
    ----------
    degree : int
        Highest degree of the polynomial library.
    bias : bool
        Whether the library has a constant; the paper's equation has none, its figure script has one.
    threshold : float
        Coefficients smaller than this, in the fit's unit, are set to zero and the rest fitted again.
    unit : str
        "percent", "fraction" or "standardised": the unit of the scores while fitting.
    differentiation : str
        "midpoint", "finite" or "spline".
    ridge : float
        Weight of the squared coefficients in every least-squares step; what makes an underdetermined fit unique.
    """

    degree: int = 2
    bias: bool = False
    threshold: float = 0.1
    unit: str = "percent"
    differentiation: str = "finite"
    ridge: float = RIDGE

    def __str__(self) -> str:
        constant = "with constant" if self.bias else "no constant"
        return f"degree {self.degree}, {constant}, λ = {self.threshold:g}, {self.unit}, {self.differentiation}"


@dataclass(frozen=True)
class OdeFit:
    """A fitted system of k equations over m library terms.

    Attributes
    ----------
    coefficients : array (k, m)
        In the fit's unit per decade of size.
    powers : int array (m, k)
        Exponents of every library term.
    n_samples : int
        States at which slopes were taken.
    condition_number : float
        Of the library matrix (n_samples, m), columns scaled to unit length; infinite where it lacks full column rank.
    residual : array (k,)
        Root mean square of the slopes' residuals, percent per decade.
    """

    settings: Settings
    names: tuple[str, ...]
    unit: Unit
    coefficients: np.ndarray
    powers: np.ndarray
    n_samples: int
    condition_number: float
    residual: np.ndarray

    @property
    def n_terms(self) -> int:
        """Unknowns of each equation."""
        return self.coefficients.shape[1]

    @property
    def is_underdetermined(self) -> bool:
        """Whether each equation has more unknowns than samples."""
        return self.n_terms > self.n_samples

    @property
    def active(self) -> np.ndarray:
        """Which terms are left in which equation, bool (k, m)."""
        return self.coefficients != 0

    @property
    def terms(self) -> list[str]:
        """The library terms in words: "1", "hellaswag", "hellaswag²", "hellaswag·truthfulqa"."""
        return [_term(row, self.names) for row in self.powers]

    def slope(self, x: np.ndarray) -> np.ndarray:
        """dx/dlog10 N at one state x (k,), in the fit's unit."""
        with np.errstate(over="ignore", invalid="ignore"):  # a diverging path is the integrator's business
            return self.coefficients @ np.prod(x**self.powers, axis=1)

    def table(self) -> pd.DataFrame:
        """One row per equation: its active terms, their number, unknowns and samples."""
        return pd.DataFrame({
            "equation": self.names,
            "active_terms": self.active.sum(axis=1),
            "unknowns": self.n_terms,
            "samples": self.n_samples,
            "terms": [", ".join(np.array(self.terms)[row]) for row in self.active],
        })  # fmt: skip

    def _repr_html_(self) -> str:
        kappa = f"condition number of the library {self.condition_number:.3g}"
        return frame_html(self.table(), f"dB/dlog N: {self.settings}", [kappa])


def fit(
    trajectories: Trajectory | Sequence[Trajectory],
    settings: Settings | None = None,
    allow_underdetermined: bool = False,
) -> OdeFit:
    """Fit dB_i/dlog10 N = Σ_j c_ij θ_j(B) by sequentially thresholded least squares.

    Parameters
    ----------
    trajectories : Trajectory or sequence of Trajectory
        One family, or several that share an equation; slopes are taken within each.
    allow_underdetermined : bool
        A library with more terms than there are samples has infinitely many exact fits; the ridge picks one.
        That is refused unless asked for.

    Raises
    ------
    InputError
        If the fit is underdetermined and this was not asked for, or a setting is not allowed.

    Notes
    -----
    Amin (2026), Sec. 4 and App. A.4: Pythia (8 sizes, 5 benchmarks), polynomials to second (Sec. 4) or third (App.
    A.4) degree, threshold 0.1; unit and differentiation are not stated.
    """
    settings = settings or Settings()
    return fit_states(states(trajectories, settings), settings, allow_underdetermined)


@dataclass(frozen=True)
class States:
    """Scores and their slopes in one unit, both (n, k): what a fit sees of its families."""

    x: np.ndarray
    slopes: np.ndarray
    names: tuple[str, ...]
    unit: Unit


def states(trajectories: Trajectory | Sequence[Trajectory], settings: Settings) -> States:
    """Differentiate each family's path in the unit of the settings. Raises InputError like `fit`."""
    paths = [trajectories] if isinstance(trajectories, Trajectory) else list(trajectories)
    names = paths[0].names
    if any(path.names != names for path in paths):
        raise InputError("trajectories of one fit must have the same benchmarks in the same order")
    scale = unit(settings.unit, np.concatenate([path.scores for path in paths]))
    parts = [differentiate(path.time, scale.from_percent(path.scores), settings.differentiation) for path in paths]
    x, slopes = (np.concatenate(part) for part in zip(*parts, strict=True))
    return States(x, slopes, names, scale)


def fit_states(given: States, settings: Settings, allow_underdetermined: bool = False) -> OdeFit:
    """`fit` for states that are already differentiated, so that a search need not do it again for every setting."""
    import pysindy

    if not isinstance(settings.degree, int) or not 1 <= settings.degree <= 5:
        raise InputError(f"degree must be a whole number from 1 to 5; got {settings.degree!r}")
    if not settings.threshold >= 0:
        raise InputError(f"threshold must be a number of 0 or more; got {settings.threshold!r}")
    library = pysindy.PolynomialLibrary(degree=settings.degree, include_bias=settings.bias)
    theta = np.asarray(library.fit(given.x).transform(given.x))
    n, m = theta.shape
    if m > n and not allow_underdetermined:
        raise InputError(
            f"the fit is underdetermined: {m} unknowns per equation, {n} samples; take fewer benchmarks, a lower "
            "degree or more sizes, or ask for one of its infinitely many exact solutions"
        )
    optimizer = pysindy.STLSQ(threshold=settings.threshold, alpha=settings.ridge)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "sparsity parameter is too big" is an outcome here: no term is left
        optimizer.fit(theta, given.slopes)
    coefficients = np.atleast_2d(optimizer.coef_)
    residual = given.slopes - theta @ coefficients.T
    return OdeFit(
        settings,
        given.names,
        given.unit,
        coefficients,
        np.asarray(library.powers_, int),
        n,
        _condition_number(theta),
        np.sqrt(np.mean(residual**2, axis=0)) * given.unit.scale,
    )


def _condition_number(theta: np.ndarray) -> float:
    lengths = np.linalg.norm(theta, axis=0)
    if theta.shape[1] > theta.shape[0] or not (lengths > 0).all():
        return np.inf
    return float(np.linalg.cond(theta / lengths))


def _term(powers: np.ndarray, names: Sequence[str]) -> str:
    factors = [name + {1: "", 2: "²", 3: "³"}.get(int(p), f"^{p}") for name, p in zip(names, powers, strict=True) if p]
    return "·".join(factors) or "1"
