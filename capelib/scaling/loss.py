"""The loss law L = E + A·N^(−α): fitted, with intervals, and how constant it leaves N^α(L − E)."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from capelib.errors import InputError
from capelib.estimate import Estimate
from capelib.frames import frame_html
from capelib.scaling.constancy import coefficient_of_variation, scaled_loss
from capelib.scaling.fitting import Fits, FloatArray, codes_of, fit_many, log_size, power_terms

BILLION = 1e9


@dataclass(frozen=True)
class LossLaw:
    """A fitted loss law. Several groups share the exponent and have an offset and an amplitude each.

    `alpha` is dimensionless, `offset` (E) in the unit of the loss, `amplitude` (A) in the loss at N = 1 parameter;
    `standard_error` has the same three keys. `frame` has one row per model: group, n_params, loss, fitted, residual,
    scaled (N^α(L − E)) and ratio_pct (scaled over its group's mean, in percent). `sd` is the residual standard
    deviation with its degrees of freedom counted, `r2` the share of variance within groups that is explained,
    `mae_pct` the mean size of the residual relative to the loss, in percent.
    """

    alpha: Estimate
    offset: dict[str, Estimate]
    amplitude: dict[str, Estimate]
    standard_error: dict[str, float]
    frame: pd.DataFrame
    r2: float
    sd: float
    mae_pct: float
    dof: int
    fits: Fits = field(repr=False)

    @property
    def cv_pct(self) -> float:
        """Coefficient of variation of N^α(L − E) in percent: population standard deviation over the mean."""
        return float(coefficient_of_variation(self.frame["scaled"], self.frame["group"]))

    def predict(self, n_params: ArrayLike, group: str | None = None) -> FloatArray:
        """The law at other sizes, shape (n,)."""
        name = next(iter(self.offset)) if group is None else group
        z = np.asarray(n_params, float) ** -self.alpha.value
        return self.offset[name].value + self.amplitude[name].value * z

    def summary(self) -> str:
        """The law as plain text."""
        lines = [f"L = E + A N^-alpha, {len(self.frame)} models, {self.dof} degrees of freedom left"]
        lines.append(f"alpha = {self.alpha:.4f} (standard error {self.standard_error['alpha']:.4f})")
        for name, offset in self.offset.items():
            lines.append(f"{name or 'all'}: E = {offset:.4f}, A = {self.amplitude[name]:.4g}")
        lines.append(f"R2 = {self.r2:.5f}, residual sd = {self.sd:.4g}, CV of N^alpha(L - E) = {self.cv_pct:.2f} %")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = pd.DataFrame(
            {
                "": [name or "all" for name in self.offset],
                "E": [f"{value:.3f}" for value in self.offset.values()],
                "A": [f"{value:.4g}" for value in self.amplitude.values()],
                "α": f"{self.alpha:.3f}",
                "R²": f"{self.r2:.5f}",
                "residual sd": f"{self.sd:.4f}",
            }
        )
        drop = [""] if len(rows) == 1 else []
        how = f"L = E + A·N^(−α), {len(self.frame)} models; 95 % t intervals, {self.dof} degrees of freedom"
        return frame_html(rows.drop(columns=drop), how)


def fit_loss(n_params: ArrayLike, loss: ArrayLike, groups: ArrayLike | None = None, level: float = 0.95) -> LossLaw:
    """Fit L = E + A·N^(−α) by least squares, with intervals from the tangent plane and Student's t.

    Parameters
    ----------
    n_params : array of shape (n_models,)
        Numbers of parameters.
    loss : array of shape (n_models,)
        Losses, in nats or any other unit.
    groups : array of str of shape (n_models,), optional
        Curves with an E and an A of their own and a common α.

    Raises InputError for fewer models than parameters plus one, or values that are not finite.

    Source: Amin (2026), Sec. 3; the form is that of Hoffmann et al. (2022) with one variable.
    """
    y, codes = _checked(n_params, loss, groups)
    fits = fit_many(y, power_terms(n_params), codes)
    names = [""] if groups is None else [str(name) for name in dict.fromkeys(groups)]
    dof = y.size - 2 * len(names) - 1
    sd = float(np.sqrt(fits.rss[0] / dof))
    errors, amplitude = _standard_errors(n_params, fits, codes, sd)
    half = stats.t.ppf(0.5 + level / 2, dof)
    how = f"least squares, t interval, {dof} degrees of freedom"

    def estimate(value: float, error: float) -> Estimate:
        return Estimate(float(value), float(value - half * error), float(value + half * error), level, y.size, how)

    k = len(names)
    frame = _frame(n_params, y, fits, codes, names)
    within = ((y - frame.groupby("group", sort=False)["loss"].transform("mean").to_numpy()) ** 2).sum()
    return LossLaw(
        alpha=estimate(fits.shape[0, 0], errors[-1]),
        offset={name: estimate(fits.offset[0, g], errors[g]) for g, name in enumerate(names)},
        amplitude={name: estimate(amplitude[g], errors[k + g]) for g, name in enumerate(names)},
        standard_error={"offset": float(errors[0]), "amplitude": float(errors[k]), "alpha": float(errors[-1])},
        frame=frame,
        r2=float(1 - fits.rss[0] / within),
        sd=sd,
        mae_pct=float(100 * np.mean(np.abs(frame["residual"]) / frame["loss"])),
        dof=dof,
        fits=fits,
    )


def _checked(n_params: ArrayLike, loss: ArrayLike, groups: ArrayLike | None) -> tuple[FloatArray, NDArray[np.int64]]:
    y, n = np.asarray(loss, float), np.asarray(n_params, float)
    if y.shape != n.shape or y.ndim != 1 or not np.all(np.isfinite(y)):
        raise InputError(f"loss must be finite, one per model; got shape {y.shape} for {n.shape} sizes")
    codes = codes_of(groups, y.size)
    needed = 2 * (codes.max() + 1) + 2 if y.size else 4
    if y.size < needed or len(set(n.tolist())) < 4:
        raise InputError(f"a loss law needs at least {needed} models of 4 sizes; got {y.size}; add sizes")
    return y, codes


def _standard_errors(
    n_params: ArrayLike, fits: Fits, codes: NDArray[np.int64], sd: float
) -> tuple[FloatArray, FloatArray]:
    # order of parameters: every E, every A (at N = 1 parameter), α
    x, alpha = log_size(n_params), fits.shape[0, 0]
    z, member = np.exp(-alpha * x), np.eye(codes.max() + 1)[codes]
    a = fits.amplitude[0]
    jacobian = np.column_stack([member, member * z[:, None], -a[codes] * z * x])
    covariance = sd**2 * np.linalg.inv(jacobian.T @ jacobian)
    k, to_one = len(a), BILLION**alpha
    change = np.eye(2 * k + 1)
    change[k : 2 * k, k : 2 * k] *= to_one
    change[k : 2 * k, -1] = a * to_one * np.log(BILLION)
    return np.sqrt(np.diag(change @ covariance @ change.T)), a * to_one


def _frame(n_params: ArrayLike, y: FloatArray, fits: Fits, codes: NDArray[np.int64], names: list[str]) -> pd.DataFrame:
    scaled = scaled_loss(n_params, y, fits.offset[0, codes], fits.shape[0, 0])
    frame = pd.DataFrame(
        {
            "group": [names[code] for code in codes],
            "n_params": np.asarray(n_params, float),
            "loss": y,
            "fitted": fits.fitted[0],
            "residual": y - fits.fitted[0],
            "scaled": scaled,
        }
    )
    return frame.assign(ratio_pct=100 * scaled / frame.groupby("group")["scaled"].transform("mean"))
