"""What the released panel says of a model beside what Epoch AI measured and what the model's maker states."""

import pandas as pd

from capelib.frontier.dates import decimal_year
from capelib.frontier.epoch import base, of_benchmark


def beside_reports(frontier: pd.DataFrame, runs: pd.DataFrame, names: pd.DataFrame, benchmark: str) -> pd.DataFrame:
    """Each self-reported score beside Epoch's runs of the same model, whatever their effort.

    `names` has model (of `frontier`) and epoch_model (a base of `runs`). One row per model with a run: model, lab,
    reported (percent), lowest, highest, nearest (Epoch's runs, percent), stderr (of the nearest, points), n_runs,
    difference = reported − nearest (points), z = difference/stderr. The nearest run is the one kindest to the report.

    Raises InputError for an unknown benchmark.
    """
    own = of_benchmark(runs, benchmark).reset_index()
    own = own.assign(epoch_model=own["model"].map(base))[["epoch_model", "score", "stderr"]]
    rows = frontier[["model", "lab", benchmark]].merge(names[["model", "epoch_model"]]).merge(own)
    rows = rows.dropna(subset=[benchmark]).assign(off=lambda t: t[benchmark] - t["score"])
    nearest = rows.loc[rows["off"].abs().groupby(rows["model"], sort=False).idxmin()].set_index("model")
    runs_of = rows.groupby("model", sort=False)["score"]
    return pd.DataFrame({
        "lab": nearest["lab"],
        "reported": nearest[benchmark],
        "lowest": runs_of.min(),
        "highest": runs_of.max(),
        "nearest": nearest["score"],
        "stderr": nearest["stderr"],
        "n_runs": runs_of.size(),
        "difference": nearest["off"],
        "z": nearest["off"] / nearest["stderr"],
    }).reset_index()  # fmt: skip


def with_runs_dates(frontier: pd.DataFrame, runs: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """`frontier` with `year` from Epoch's table where it has the model (its earliest version), else as it was.

    Epoch knows the day of every release, the released panel some only to the year. `names` as in `beside_reports`.
    """
    dated = runs.dropna(subset=["release_date"])
    days = dated["release_date"].groupby(dated["model"].map(base)).min()
    first = names["epoch_model"].map(days).groupby(names["model"]).min().dropna()
    found = frontier["model"].map(decimal_year(first))
    return frontier.assign(year=found.fillna(frontier["year"]))


def with_makers_scores(frontier: pd.DataFrame, makers: pd.DataFrame, scores: list[str]) -> pd.DataFrame:
    """`frontier` with the makers' own scores where `makers` has them; all others as they were."""
    stated = makers.set_index("model")
    return frontier.assign(**{name: frontier["model"].map(stated[name]).fillna(frontier[name]) for name in scores})
