"""The list of models behind every number: which of them each headline result of the edition rests on."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capelib import selection
from capelib.definitions.points import LABELLED, pythia_rows
from capelib.errors import InputError
from capelib.frames import frame_html, need_columns
from capelib.frontier.epoch import once, pairs

X, Y = "hellaswag", "truthfulqa"
EPOCH_PAIRS = ("swe_bench_verified", "simpleqa_verified")
WIDTH_FAMILIES = ("Pythia", "BLOOM", "Cerebras-GPT", "GPT-Neo", "OPT")
OTHER_LABELS = ("Llama", "GPT-Neo/J")  # names under which the leaderboard files families of the paper
PANEL_NAMES = {
    "released": "released",
    "measured": "leaderboard",
    "points": "14 points",
    "frontier": "frontier, self-reported",
    "epoch": "frontier, Epoch",
    "loss": "losses",
}


@dataclass(frozen=True)
class Result:
    """A headline result: what it says in a few words, the section that makes it, its panel and its models' names."""

    name: str
    section: str
    panel: str
    models: tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    """Models and results, both ways round.

    `models` has one row per panel and model: panel, model, family (a lab for frontier models), n_params (NaN where not
    public), notes (what the table of facts flags), results (how many it enters) and which (their names). `results` has
    one row per result: result, section, panel, models, families.
    """

    models: pd.DataFrame
    results: pd.DataFrame

    def find(self, text: str) -> pd.DataFrame:
        """The models with a word somewhere in their row, whatever its case."""
        rows = (" ".join(map(str, row)).casefold() for row in self.models.itertuples(index=False))
        return self.models[[text.casefold() in row for row in rows]]

    def _repr_html_(self) -> str:
        """All models as one table in a box of its own; the book's script adds a field to search it."""
        shown = self.models[["model", "panel", "family", "n_params", "results", "which", "notes"]]
        table = frame_html(shown.rename(columns={"family": "family or lab"}), longest=len(shown))
        return (
            '<div class="cape-models" role="region" tabindex="0" aria-label="Models behind the results">\n'
            f"{table}\n</div>"
        )


def listing(frames: Mapping[str, pd.DataFrame], results: list[Result] | None = None) -> Listing:
    """The models of all panels with the results that rest on them; `results` are the headline ones unless given.

    `frames` as for `headline`. Models that enter no result are listed too, with a zero. Raises InputError if a result
    names a model that its panel does not have.
    """
    results = headline(frames) if results is None else results
    people = {name: _people(name, frame) for name, frame in frames.items()}
    rows = []
    for name, table in people.items():
        own = [result for result in results if result.panel == name]
        known = set(table["model"])
        for result in own:
            if missing := sorted(set(result.models) - known):
                raise InputError(f"result {result.name!r} names {missing[0]!r}, which panel {name} does not have")
        for row in table.itertuples():
            which = [result.name for result in own if row.model in result.models]
            about = (PANEL_NAMES.get(name, name), row.model, row.family, row.n_params, row.notes)
            rows.append((*about, len(which), "; ".join(which)))
    models = pd.DataFrame(rows, columns=["panel", "model", "family", "n_params", "notes", "results", "which"])
    models = models.sort_values("results", ascending=False, kind="stable", ignore_index=True)
    families = {name: table.set_index("model")["family"] for name, table in people.items()}
    summary = pd.DataFrame([
        {"result": result.name, "section": result.section, "panel": PANEL_NAMES.get(result.panel, result.panel),
         "models": len(result.models), "families": families[result.panel].loc[list(result.models)].nunique()}
        for result in results
    ])  # fmt: skip
    return Listing(models, summary)


def headline(frames: Mapping[str, pd.DataFrame]) -> list[Result]:
    """The headline results of the edition with the models that go in, chosen as their sections choose them.

    `frames`: "released" and "measured" from `tables.panel`, "points" (panel_bootstrap_nc), "loss" (the stated
    losses), "frontier" and "epoch" (frontier_epoch). Raises InputError for a frame that is not there.
    """
    for name in PANEL_NAMES:
        if name not in frames:
            raise InputError(f"the list of models needs the frame {name!r}; got {', '.join(frames) or 'none'}")
    author = frames["released"]
    released = selection.one_row_per_model(selection.base_models(author))
    measured = selection.base_models(frames["measured"])
    long = selection.families_with(measured, 3, [X, Y])
    seen = long["family"].isin({*author["family"], *OTHER_LABELS})
    large = author["family"].str.startswith(("Llama", "Falcon", "OPT")) & (author["n_params"] > 7e9)
    within = measured.dropna(subset=["hellaswag", "truthfulqa", "arc_challenge", "winogrande", "mmlu"])
    within = within[within.groupby("family")["n_params"].transform("nunique") >= 2]
    widths = released[released["family"].isin(WIDTH_FAMILIES) & released["d_model"].notna()]
    widths = widths[~widths["flags"].str.contains(LABELLED)]
    frontier, epoch = frames["frontier"], frames["epoch"]
    chosen: list[tuple[str, str, str, pd.DataFrame]] = [
        ("r of Pythia", "coupling", "released", pythia_rows(author)),
        ("r of Pythia", "coupling", "measured", measured[measured["family"] == "Pythia"]),
        ("r of large models", "coupling", "released", author[large]),
        ("r of the whole panel", "coupling", "released", author),
        ("r of the whole panel", "coupling", "measured", measured),
        ("N_c with the paper's interval", "coupling", "points", frames["points"]),
        ("running coupling", "coupling", "measured", long),
        ("turn in the paper's families", "coupling", "measured", long[seen]),
        ("turn in families not in the paper", "coupling", "measured", long[~seen]),
        ("pairs of benchmarks within families", "coupling", "measured", within),
        ("division by width", "coupling", "released", widths),
        ("loss law", "scaling", "loss", frames["loss"]),
        ("ODE fitted", "ode", "released", pythia_rows(author)),
        ("ODE held out", "ode", "released", author[author["family"] == "Llama-2"]),
        ("SWE-bench and GPQA", "frontier", "frontier", frontier[frontier["subset"] != "post_cutoff"]),
        ("SWE-bench and GPQA, later models", "frontier", "frontier", frontier[frontier["subset"] == "post_cutoff"]),
        ("SWE-bench and GPQA", "frontier", "epoch", once(pairs(epoch, "swe_bench_verified", "gpqa_diamond"))),
        ("SimpleQA and GPQA", "frontier", "epoch", once(pairs(epoch, "simpleqa_verified", "gpqa_diamond"))),
        ("knowledge or size", "referee", "measured", measured.dropna(subset=[X, Y, "mmlu"])),
    ]
    return [Result(name, section, panel, tuple(rows["model"])) for name, section, panel, rows in chosen]


def _people(panel: str, frame: pd.DataFrame) -> pd.DataFrame:
    need_columns(frame, ["model"])
    table = frame.drop_duplicates("model")
    if panel == "epoch":  # of the many versions that Epoch ran, those with two of the benchmarks
        asked = pd.concat([pairs(frame, x, "gpqa_diamond") for x in EPOCH_PAIRS])["model"]
        table = table[table["model"].isin(set(asked))].sort_values(["lab", "model"])
    family = next((table[name] for name in ("family", "lab") if name in table), "Pythia")  # the losses are Pythia's
    return pd.DataFrame({
        "model": table["model"],
        "family": pd.Series(family, index=table.index).fillna("not stated"),
        "n_params": table.get("n_params", np.nan),
        "notes": [_note(flags) for flags in table["flags"]] if "flags" in table else "",
    }).reset_index(drop=True)  # fmt: skip


def _note(flags: object) -> str:
    # tags as the tables of facts write them, in words: "obs_diff_mmlu:1.2" is left as it is but for the underscores
    return str(flags or "").replace("_", " ").replace(";", "; ").replace(":", ": ")
