"""Does the loss bend at the claimed critical scale? A broken power law against the unbroken one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from capelib.errors import InputError
from capelib.estimate import Estimate
from capelib.scaling.fitting import Fits, FloatArray, codes_of, fit_many, kink_terms, log_size, power_terms


@dataclass(frozen=True)
class KinkTest:
    """A power law with and without a change of exponent at `break_at` (parameters).

    `delta` is the exponent added beyond the break (positive: the loss falls faster), with its t interval; `change_pct`
    what it does to the loss of the largest model, in percent of that loss. `f` and `p` are the F test of one added
    parameter with `dof` degrees of freedom left. `aic`, `aicc`, `bic` are differences, broken minus unbroken: negative
    where the kink is worth its parameter (`aicc` is NaN with too few models). `loo_smooth`, `loo_kink` are root mean
    square errors of predicting each model from the models of other sizes, in the unit that was fitted: a twin of the
    same size, which shares what the law misses, is left out with it.
    """

    break_at: float
    delta: Estimate
    change_pct: float
    f: float
    p: float
    dof: int
    aic: float
    aicc: float
    bic: float
    loo_smooth: float
    loo_kink: float
    n: int
    n_above: int

    def summary(self) -> str:
        """The test as plain text."""
        return (
            f"break at {self.break_at / 1e9:.3g}B ({self.n_above} of {self.n} models above): exponent changes by "
            f"{self.delta:+.3f}, F(1, {self.dof}) = {self.f:.2f}, p = {self.p:.3f}, dAIC = {self.aic:+.1f}, "
            f"leave-one-out error {self.loo_smooth:.3g} without, {self.loo_kink:.3g} with the kink"
        )


def kink_test(
    n_params: ArrayLike, loss: ArrayLike, break_at: float, groups: ArrayLike | None = None, level: float = 0.95
) -> KinkTest:
    """Test L = E + A·N^(−α) against the same law with exponent α + δ beyond `break_at`, continuous there.

    Below the break ln(L − E) falls with slope −α against ln N, above it with −(α + δ). E, A and α are free in both
    laws, so that the test asks for what the offset cannot take up. Several groups share α and δ; F and p take all
    models as independent, which twins of one size are not: average those first (`average_twins`).

    Parameters
    ----------
    n_params, loss : array of shape (n_models,)
    break_at : float
        Size of the break in parameters.
    groups : array of str of shape (n_models,), optional
        Curves with an E and an A of their own.

    Raises InputError where the break leaves no model on one side, or the models no degree of freedom.
    """
    y, codes = np.asarray(loss, float), codes_of(groups, len(n_params))
    n_groups = int(codes.max()) + 1
    n_above, dof = check_break(n_params, y, break_at, 2 * n_groups + 2)
    terms = kink_terms(n_params, break_at)
    smooth, kinked = fit_many(y, power_terms(n_params), codes), fit_many(y, terms, codes)
    error = np.sqrt(kinked.rss[0] / dof) * _delta_error(kinked, terms, codes)
    delta = float(kinked.shape[0, 1])
    half = float(stats.t.ppf(0.5 + level / 2, dof) * error)
    return KinkTest(
        break_at=float(break_at),
        delta=Estimate(delta, delta - half, delta + half, level, y.size, f"t interval, {dof} degrees of freedom"),
        change_pct=change_at_largest(n_params, kinked, break_at),
        **compare(smooth.rss[0], kinked.rss[0], y.size, 2 * n_groups + 2),
        loo_smooth=_leave_one_out(y, power_terms(n_params), codes),
        loo_kink=_leave_one_out(y, terms, codes),
        n=y.size,
        n_above=n_above,
    )


def compare(rss_smooth: float, rss_kink: float, n: int, k: int) -> dict[str, float]:
    """F test and differences of information criteria for two nested least-squares fits.

    AIC = n ln(RSS/n) + 2q, AICc = AIC + 2q(q + 1)/(n − q − 1), BIC = n ln(RSS/n) + q ln n, where q counts the noise.
    `k` is the number of parameters of the larger fit, which has one more than the smaller.
    """
    dof = n - k
    f = float(f_statistic(rss_smooth, rss_kink, dof))
    gain = n * float(np.log(rss_kink / rss_smooth))

    def correction(q: int) -> float:
        return 2 * q * (q + 1) / (n - q - 1) if n - q - 1 > 0 else float("nan")

    return {
        "f": f,
        "p": float(stats.f.sf(f, 1, dof)),
        "dof": dof,
        "aic": gain + 2,
        "aicc": gain + 2 + correction(k + 1) - correction(k),
        "bic": gain + float(np.log(n)),
    }


def f_statistic(rss_smooth: ArrayLike, rss_kink: ArrayLike, dof: int) -> FloatArray:
    """F of one added parameter, (RSS₀ − RSS₁)/(RSS₁/dof), never below zero."""
    smooth, kink = np.asarray(rss_smooth, float), np.asarray(rss_kink, float)
    return np.maximum(smooth - kink, 0.0) / (kink / dof)


def change_at_largest(n_params: ArrayLike, kinked: Fits, break_at: float) -> float:
    """Change of the largest model's loss by the kink, in percent of the loss without it; mean over groups."""
    top = float(np.max(np.asarray(n_params, float)))
    alpha, delta = kinked.shape[0]
    plain = kinked.amplitude[0] * np.exp(-alpha * log_size([top])[0])
    bent = plain * np.expm1(-delta * max(np.log(top / break_at), 0.0))
    return float(np.mean(100 * bent / (kinked.offset[0] + plain)))


def check_break(n_params: ArrayLike, y: FloatArray, break_at: float, k: int) -> tuple[int, int]:
    """Number of models above the break, and degrees of freedom left by `k` parameters. Raises InputError."""
    n = np.asarray(n_params, float)
    if n.shape != y.shape or not np.all(np.isfinite(y)):
        raise InputError(f"loss must be finite, one per model; got shape {y.shape} for {n.shape} sizes")
    if not n.min() < break_at < n.max():
        raise InputError(
            f"a kink needs models on both sides of its break; got a break at {break_at:.3g} parameters for models "
            f"of {n.min():.3g} to {n.max():.3g}; choose one between them"
        )
    if n.size <= k:
        raise InputError(f"a kink test needs at least {k + 1} models; got {n.size}; add sizes")
    return int(np.sum(n > break_at)), n.size - k


def _leave_one_out(y: FloatArray, terms: FloatArray, codes: NDArray[np.int64]) -> float:
    # the first shape term is −ln N: models of one size leave together
    others = terms[:, None, 0] != terms[None, :, 0]
    fits = fit_many(np.tile(y, (y.size, 1)), terms, codes, others.astype(float))
    return float(np.sqrt(np.mean((y - np.diag(fits.fitted)) ** 2)))


def _delta_error(fits: Fits, terms: FloatArray, codes: NDArray[np.int64]) -> float:
    # standard error of δ per unit of residual standard deviation, from the tangent plane
    member = np.eye(codes.max() + 1)[codes]
    z = np.exp(fits.shape[0] @ terms.T)
    slopes = (fits.amplitude[0, codes] * z)[:, None] * terms
    jacobian = np.column_stack([member, member * z[:, None], slopes])
    return float(np.sqrt(np.linalg.pinv(jacobian.T @ jacobian)[-1, -1]))
