"""Least squares for many loss curves at once: L = E + A·exp(T·θ), with E and A eliminated.

Every loss law of this package has that form. T holds the shape terms: −ln N gives the power law, −ln(N/N_c) beyond
N_c and zero below adds a kink. For given θ the best E and A follow from a regression on z = exp(T·θ), so that only θ
is searched ("variable projection", Golub & Pereyra, 1973), by damped Gauss-Newton steps for all data sets together.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from capelib.errors import InputError

FloatArray = NDArray[np.float64]
STARTS = (0.05, 0.1, 0.2, 0.3, 0.45, 0.7, 1.0, 1.5)  # exponents from which the search may begin
KINK_STARTS = (0.0, -0.7, 1.0, 4.0)  # further terms, as multiples of the exponent
STEPS = 60
TOLERANCE = 1e-10  # change of θ below which the search has arrived
_LIMIT = 20.0  # |θ| beyond which a law has no bend left that eight sizes could show


@dataclass(frozen=True)
class Fits:
    """Fitted laws of `n_draws` data sets: shape (n_draws, n_terms), amplitudes and offsets (n_draws, n_groups)."""

    shape: FloatArray
    amplitude: FloatArray
    offset: FloatArray
    fitted: FloatArray
    rss: FloatArray


def log_size(n_params: ArrayLike) -> FloatArray:
    """ln(N / 1e9), shape (n_models,). Raises InputError for sizes that are not positive and finite."""
    n = np.asarray(n_params, float)
    if n.ndim != 1 or not np.all(np.isfinite(n) & (n > 0)):
        raise InputError("model sizes must be positive numbers of parameters in one dimension; check n_params")
    return np.log(n / 1e9)


def power_terms(n_params: ArrayLike) -> FloatArray:
    """The shape term of the power law, −ln N: shape (n_models, 1)."""
    return -log_size(n_params)[:, None]


def kink_terms(n_params: ArrayLike, break_at: float) -> FloatArray:
    """Power law whose exponent grows by δ beyond `break_at` parameters: shape (n_models, 2)."""
    x, at = log_size(n_params), np.log(break_at / 1e9)
    return np.column_stack([-x, -np.maximum(x - at, 0.0)])


def codes_of(groups: ArrayLike | None, n: int) -> NDArray[np.int64]:
    """Number of each model's group, in order of first appearance; one group where none are given."""
    if groups is None:
        return np.zeros(n, int)
    names = list(dict.fromkeys(groups))
    return np.array([names.index(group) for group in groups])


def fit_many(
    losses: ArrayLike, terms: FloatArray, codes: NDArray[np.int64] | None = None, weights: FloatArray | None = None
) -> Fits:
    """Fit L = E_g + A_g·exp(T·θ) to every row of `losses`, E and A one per group, θ common to all groups.

    Parameters
    ----------
    losses : array of shape (n_draws, n_models)
    terms : array of shape (n_models, n_terms)
        Shape terms, the first one being −ln N.
    codes : array of int of shape (n_models,), optional
        Group of each model.
    weights : array of shape (n_draws, n_models), optional
        Zero leaves a model out of one fit.

    Returns
    -------
    Fits
        `fitted` covers the models that were left out, too.
    """
    y = np.atleast_2d(np.asarray(losses, float))
    design = _Design(y, terms, np.zeros(len(terms), int) if codes is None else codes, weights)
    theta = np.zeros((len(y), terms.shape[1]))
    best = np.full(len(y), np.inf)
    for start, more in product(STARTS, KINK_STARTS if terms.shape[1] > 1 else (0.0,)):
        trial = np.full_like(theta, more * start)
        trial[:, 0] = start
        rss = design.solve(trial).rss
        theta, best = np.where((rss < best)[:, None], trial, theta), np.minimum(rss, best)
    return design.solve(_descend(design, theta))


def _descend(design: "_Design", theta: FloatArray) -> FloatArray:
    # Levenberg-Marquardt on θ alone; every draw has a damping of its own and leaves when it has arrived
    theta, damping = theta.copy(), np.full(len(theta), 1e-3)
    live = np.arange(len(theta))
    for _ in range(STEPS):
        part = design.take(live)
        now = part.solve(theta[live])
        jacobian = part.reduced_jacobian(now)
        normal = np.einsum("dik,dil->dkl", jacobian, jacobian)
        pull = np.einsum("dik,di->dk", jacobian, part.residual(now))
        ridge = np.einsum("dkk->dk", normal) * damping[live, None] + 1e-300
        step = np.linalg.solve(normal + ridge[:, :, None] * np.eye(theta.shape[1]), pull[:, :, None])[:, :, 0]
        trial = part.solve(np.clip(now.shape + step, -_LIMIT, _LIMIT))
        better = trial.rss < now.rss
        moved = np.abs(trial.shape - now.shape).max(axis=1)
        theta[live] = np.where(better[:, None], trial.shape, now.shape)
        damping[live] = np.clip(damping[live] * np.where(better, 0.2, 4.0), 1e-12, 1e12)
        live = live[moved > TOLERANCE * (1 + np.abs(theta[live]).max(axis=1))]
        if not live.size:
            break
    return theta


class _Design:
    """The data sets and their shape terms; solves for E and A at given θ."""

    def __init__(self, y: FloatArray, terms: FloatArray, codes: NDArray[np.int64], weights: FloatArray | None) -> None:
        self.y, self.terms, self.codes = y, terms, codes
        self.member = np.eye(codes.max() + 1)[codes]  # (n_models, n_groups)
        self.weights = np.ones_like(y) if weights is None else weights
        self.total = np.maximum(self.weights @ self.member, 1e-300)

    def take(self, rows: NDArray[np.int64]) -> "_Design":
        """The same for some of the data sets."""
        return _Design(self.y[rows], self.terms, self.codes, self.weights[rows])

    def centre(self, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Values less their group's mean, and the means (n_draws, n_groups)."""
        means = (self.weights * v) @ self.member / self.total
        return v - means[:, self.codes], means

    def along(self, v: FloatArray, z: FloatArray) -> FloatArray:
        """Regression slope of centred `v` on centred `z` in every group."""
        return ((self.weights * v * z) @ self.member) / np.maximum((self.weights * z * z) @ self.member, 1e-300)

    def solve(self, theta: FloatArray) -> Fits:
        """Best E and A for given θ."""
        z = np.exp(theta @ self.terms.T)
        (zc, z_mean), (yc, y_mean) = self.centre(z), self.centre(self.y)
        amplitude = self.along(yc, zc)
        offset = y_mean - amplitude * z_mean
        fitted = offset[:, self.codes] + amplitude[:, self.codes] * z
        rss = (self.weights * (self.y - fitted) ** 2).sum(axis=1)
        return Fits(theta, amplitude, offset, fitted, rss)

    def residual(self, fits: Fits) -> FloatArray:
        """What is left of the weighted losses."""
        return np.sqrt(self.weights) * (self.y - fits.fitted)

    def reduced_jacobian(self, fits: Fits) -> FloatArray:
        """∂L/∂θ less what a change of E and A would take up: shape (n_draws, n_models, n_terms)."""
        z = np.exp(fits.shape @ self.terms.T)
        zc, _ = self.centre(z)
        columns = []
        for term in self.terms.T:
            vc, _ = self.centre(fits.amplitude[:, self.codes] * z * term)
            columns.append(np.sqrt(self.weights) * (vc - self.along(vc, zc)[:, self.codes] * zc))
        return np.stack(columns, axis=2)
