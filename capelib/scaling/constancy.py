"""How constant N^α(L − E) is, and how constant it would be if the law were another one.

The product is evaluated at the E and α that were fitted to the same losses, so that it is nearly constant by
construction: where L − E = A·N^(−α) + residual, it is A·(1 + residual/(L − E − residual)). A small coefficient of
variation restates that the residuals are small; whether another law would leave a larger one must be looked at.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from capelib.scaling.fitting import FloatArray, codes_of, fit_many, kink_terms, log_size, power_terms

KINKS = (-0.5, -0.2, 0.2, 0.5)  # relative changes of the exponent beyond the break


def scaled_loss(n_params: ArrayLike, loss: ArrayLike, offset: float, alpha: float) -> FloatArray:
    """N^α(L − E) at a given E and α, shape (n_models,). Amin (2026), Fig. 2a."""
    return np.asarray(n_params, float) ** alpha * (np.asarray(loss, float) - offset)


def coefficient_of_variation(scaled: ArrayLike, groups: ArrayLike | None = None, ddof: int = 0) -> FloatArray:
    """Standard deviation over mean in percent, along the last axis; with groups, of every value over its group's mean.

    `ddof` 0 is the population standard deviation, 1 the sample's.
    """
    values = np.asarray(scaled, float)
    codes = codes_of(groups, values.shape[-1])
    member = np.eye(codes.max() + 1)[codes]
    ratio = values / (values @ member / member.sum(axis=0))[..., codes]
    n, k = ratio.shape[-1], member.shape[1]
    return 100 * np.sqrt(((ratio - 1) ** 2).sum(axis=-1) / (n - ddof * k))


def by_offset(n_params: ArrayLike, loss: ArrayLike, offsets: ArrayLike) -> pd.DataFrame:
    """CV of N^α(L − E) for assumed offsets, α refitted to ln(L − E) each time: columns offset, alpha, cv_pct.

    Offsets at or above the smallest loss have no logarithm and give NaN.
    """
    x, y = log_size(n_params), np.asarray(loss, float)
    offset = np.asarray(offsets, float)
    reducible = np.where((offset < y.min())[:, None], y - offset[:, None], np.nan)
    centred = x - x.mean()
    alpha = -(np.log(reducible) @ centred) / (centred @ centred)
    scaled = reducible * np.exp(alpha[:, None] * x)
    return pd.DataFrame({"offset": offset, "alpha": alpha, "cv_pct": coefficient_of_variation(scaled)})


def rival_laws(n_params: ArrayLike, loss: ArrayLike, break_at: float) -> dict[str, FloatArray]:
    """Smooth laws that are not E + A·N^(−α), each as near to `loss` as least squares brings it.

    A line and a parabola in log N, a power law without offset, a sum of two power laws with half and twice the
    fitted exponent, and the fitted law with an exponent that changes by the shares in KINKS beyond `break_at`.
    Values: losses at the given sizes, shape (n_models,).
    """
    x, y = log_size(n_params), np.asarray(loss, float)
    alpha = float(fit_many(y, power_terms(n_params)).shape[0, 0])

    def nearest(*columns: FloatArray) -> FloatArray:
        design = np.column_stack([np.ones_like(x), *columns])
        return design @ np.linalg.lstsq(design, y, rcond=None)[0]

    laws = {
        "line in log N": nearest(x),
        "parabola in log N": nearest(x, x**2),
        "power law with E = 0": np.exp(np.polyval(np.polyfit(x, np.log(y), 1), x)),
        "two power laws": nearest(np.exp(-alpha * x / 2), np.exp(-2 * alpha * x)),
    }
    for share in KINKS:
        laws[f"kink: exponent {share:+.0%}".replace("-", "−")] = nearest(
            np.exp(kink_terms(n_params, break_at) @ np.array([alpha, share * alpha]))
        )
    return laws


def cv_under_rivals(
    n_params: ArrayLike, loss: ArrayLike, sd: float, break_at: float, n_draws: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """The CV that losses following another law would show once E + A·N^(−α) is fitted to them.

    Columns: law, cv_exact_pct (no noise), r2_exact, cv_pct, low, high (median and 95% of draws with normal noise of
    standard deviation `sd`, in the unit of the loss). The first row is the power law itself.
    """
    y, rng = np.asarray(loss, float), np.random.default_rng(seed)
    own = fit_many(y, power_terms(n_params)).fitted[0]
    rows = []
    for name, exact in {"the power law itself": own, **rival_laws(n_params, y, break_at)}.items():
        draws = exact + np.vstack([np.zeros(y.size), rng.normal(0.0, sd, (n_draws, y.size))])
        fits = fit_many(draws, power_terms(n_params))
        cv = coefficient_of_variation((draws - fits.offset) * np.exp(fits.shape * log_size(n_params)))
        low, middle, high = np.percentile(cv[1:], [2.5, 50, 97.5])
        r2 = 1 - fits.rss[0] / ((exact - exact.mean()) ** 2).sum()
        rows.append((name, cv[0], r2, middle, low, high))
    return pd.DataFrame(rows, columns=["law", "cv_exact_pct", "r2_exact", "cv_pct", "low", "high"])
