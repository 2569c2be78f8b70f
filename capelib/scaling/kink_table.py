"""The kink tests of several curves as one table."""

from collections.abc import Mapping

import pandas as pd

from capelib.frames import Shown
from capelib.scaling.kink import KinkTest


def kink_table(tests: Mapping[str, KinkTest], caption: str) -> Shown:
    """One row per kink test, by the name of its curve."""
    rows = [
        {
            "curve": name,
            "models": f"{test.n}, {test.n_above} above",
            "change of exponent": f"{test.delta:+.2f}".replace("-", "−"),
            "p": test.p,
            "ΔAIC": test.aic,
            "ΔBIC": test.bic,
            "left-out error": f"{test.loo_smooth:.3g}",
            "with kink": f"{test.loo_kink:.3g}",
        }
        for name, test in tests.items()
    ]
    return Shown(pd.DataFrame(rows), caption, 3)
