"""Models released after the line was fitted: its error on them, beside errors that know nothing of the other score."""

import pandas as pd

from capelib.errors import InputError
from capelib.frontier.lines import X, Y, both, fit_line


def later_models(fitted: pd.DataFrame, later: pd.DataFrame, x: str = X, y: str = Y) -> pd.DataFrame:
    """Error in y (points) for each later model: of the line, of its lab's last model carried forward, of a near mean.

    `line` is y − (slope · x + intercept) with the line through `fitted`; `carried` y less that of the lab's newest
    model in `fitted` (largest year; the higher y where two are equally new), missing for a new lab; `neighbours` y less
    the mean y of the five models of `fitted` nearest in x. Columns: model, lab, line, carried, neighbours.

    Raises InputError as `fit_line`, or if `later` is empty.
    """
    known, rows = both(fitted, x, y, "lab", "year"), later.dropna(subset=[x, y])
    if rows.empty:
        raise InputError(f"no later model has {x} and {y}; add rows with subset post_cutoff")
    last = known.sort_values(["year", y]).groupby("lab")[y].last()
    near = [known.loc[(known[x] - value).abs().nsmallest(5).index, y].mean() for value in rows[x]]
    return pd.DataFrame({
        "model": rows["model"],
        "lab": rows["lab"],
        "line": rows[y] - fit_line(known, x, y).predict(rows[x]),
        "carried": rows[y] - rows["lab"].map(last),
        "neighbours": rows[y] - near,
    }).reset_index(drop=True)  # fmt: skip
