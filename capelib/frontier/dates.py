"""Release dates known to the day, the month or the year: as numbers, and in order."""

import pandas as pd


def decimal_year(dates: pd.Series) -> pd.Series:
    """Dates of year, month or day precision as a year with decimals, taken at the middle of what is known.

    >>> decimal_year(pd.Series(["2025", "2025-07", "2025-07-01"])).round(2).tolist()
    [2025.5, 2025.54, 2025.5]
    """
    parts = dates.astype("string").str.split("-", expand=True).reindex(columns=range(3)).astype("Float64")
    year, month, day = (parts[column] for column in range(3))
    into_month = ((day - 0.5) / 31).fillna(0.5)
    return (year + ((month - 1 + into_month) / 12).fillna(0.5)).astype(float)


def released_by(dates: pd.Series, day: str) -> pd.Series:
    """Whether each date lies on `day` or before, as far as it is known: 2025 counts as released by 2025-03-01.

    >>> released_by(pd.Series(["2025", "2025-07", "2025-07-02"]), "2025-07-01").tolist()
    [True, True, False]
    """
    return pd.Series([date <= day[: len(date)] for date in dates], index=dates.index, dtype=bool)
