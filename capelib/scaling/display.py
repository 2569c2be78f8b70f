"""A frame as a reader meets it: a table with a caption, few decimals and no index."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import pandas as pd

from capelib.scaling.kink import KinkTest


@dataclass(frozen=True)
class Shown:
    """A frame with its caption; shows itself as a table in a notebook and as text at a prompt."""

    frame: pd.DataFrame
    caption: str
    digits: int = 2

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.frame.to_string(index=False, float_format=self._number)}"

    def _repr_html_(self) -> str:
        table = self.frame.to_html(index=False, border=0, float_format=self._number, na_rep="–", justify="left")
        head, body = table.split("\n", 1)
        return f"{head}\n<caption>{escape(self.caption)}</caption>\n{body}"

    def _number(self, value: float) -> str:
        return f"{value:.{self.digits}f}".replace("-", "−")


def shown(frame: pd.DataFrame, caption: str, digits: int = 2, names: Mapping[str, str] | None = None) -> Shown:
    """A table for the reader; `names` replaces column names by words."""
    return Shown(frame.rename(columns=dict(names or {})), caption, digits)


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
