"""What the noise that was seen would do to a loss law: bootstrap intervals."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.estimate import Estimate, percentile_estimate
from capelib.scaling.constancy import coefficient_of_variation
from capelib.scaling.fitting import FloatArray, codes_of, fit_many, log_size, power_terms
from capelib.scaling.loss import LossLaw


@dataclass(frozen=True)
class ResampledLaw:
    """Bootstrap intervals of a loss law; `ratio` is the band of N^α(L − E) over its mean, in percent, per model."""

    alpha: Estimate
    offset: Estimate
    cv_pct: Estimate
    r2: Estimate
    ratio: pd.DataFrame


def resample(law: LossLaw, n_boot: int = 2000, seed: int = 0) -> ResampledLaw:
    """Residual bootstrap of a loss law: residuals, enlarged by √(n/dof), are drawn anew and the law is refitted.

    Residuals of eight sizes are few; the intervals say what the noise seen would do, not what other sizes would.
    Draws whose exponent is not positive have no offset worth the name and are discarded (their share is given).
    """
    frame, rng = law.frame, np.random.default_rng(seed)
    codes = codes_of(frame["group"], len(frame))
    pool = frame["residual"].to_numpy() * np.sqrt(len(frame) / law.dof)
    y = frame["fitted"].to_numpy() + rng.choice(pool - pool.mean(), (n_boot, len(frame)))
    fits = fit_many(y, power_terms(frame["n_params"]), codes)
    alpha = np.where(fits.shape[:, 0] > 0.01, fits.shape[:, 0], np.nan)
    scaled = (y - fits.offset[:, codes]) * np.exp(alpha[:, None] * log_size(frame["n_params"]))
    cv = coefficient_of_variation(scaled, codes)
    member = np.eye(codes.max() + 1)[codes]
    within = ((y - (y @ member / member.sum(axis=0))[:, codes]) ** 2).sum(axis=1)
    how = f"residual bootstrap, {n_boot:,} draws"

    def estimate(value: float, draws: FloatArray) -> Estimate:
        return percentile_estimate(value, np.where(np.isfinite(alpha), draws, np.nan), how, len(frame))

    first = next(iter(law.offset.values())).value
    return ResampledLaw(
        alpha=estimate(law.alpha.value, alpha),
        offset=estimate(first, fits.offset[:, 0]),
        cv_pct=estimate(law.cv_pct, cv),
        r2=estimate(law.r2, 1 - fits.rss / within),
        ratio=_ratio_band(frame, scaled, member, codes),
    )


def _ratio_band(frame: pd.DataFrame, scaled: FloatArray, member: FloatArray, codes: NDArray[np.int64]) -> pd.DataFrame:
    ratio = 100 * scaled / (scaled @ member / member.sum(axis=0))[:, codes]
    low, high = np.nanpercentile(ratio, [2.5, 97.5], axis=0)
    return frame[["group", "n_params", "ratio_pct"]].assign(low=low, high=high)
