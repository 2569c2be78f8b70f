"""What `cape steer --evaluate` says: as tables, as JSON, as files, as a chart."""

import json as encoder
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

from capelib.cli.output import note, plain, table
from capelib.cli.steer_open import Wanted, facts
from capelib.frames import written

if TYPE_CHECKING:
    import pandas as pd

    from capelib.estimate import Estimate
    from capelib.models import LanguageModel
    from capelib.steering.direction import TruthDirection
    from capelib.steering.experiment import Results
    from capelib.steering.prepared import Prepared
    from capelib.steering.questions import Questions
    from capelib.steering.verdict import Effect

BESIDE = ("mc1", "mc2", "margin")  # outcomes that controls and doses have beside the push
LEGEND = (
    "MC1: the best answer is likelier than every false one; MC2: probability of the true answers among all; margin: "
    "log-probability of the best answer less that of the likeliest false one; per character: each log-probability "
    "divided by the characters of its answer; permuted: directions fitted on true and false exchanged at random, p: "
    "rank among them; detectable: the smallest change that would have been found, with the power of the last line; "
    "right: everyday completions whose right end is likelier than the wrong one; perplexity: of neutral text, times "
    "the base; 95 %: interval over questions or couples of completions, or range over several directions"
)


@dataclass(frozen=True, eq=False)
class Report:
    """Everything that is printed of an experiment."""

    wanted: Wanted
    facts: dict
    direction: "TruthDirection"
    results: "Results"
    outcomes: "pd.DataFrame"
    effect: "Effect"
    opposite: "Effect"
    elsewhere: "pd.DataFrame"
    readable: "pd.DataFrame | None"

    @classmethod
    def of(
        cls,
        wanted: Wanted,
        model: "LanguageModel",
        own: "Prepared",
        questions: "Questions",
        results: "Results",
        readable: "pd.DataFrame | None",
    ) -> "Report":
        """Ask the results for what they say."""
        from capelib.steering.cost import elsewhere
        from capelib.steering.outcomes import outcomes
        from capelib.steering.verdict import effect

        told = facts(wanted, model, own) | {"layer": own.layer, "questions": questions.source, "n": len(questions)}
        found = effect(results, seed=wanted.seed)
        opposite = effect(results, strength=-wanted.strength, seed=wanted.seed)
        changed = outcomes(results, found, wanted.seed)
        return cls(wanted, told, own.direction, results, changed, found, opposite, elsewhere(results), readable)

    def record(self) -> dict:
        """All of it as JSON has it."""
        effect = {"verdict": self.effect.verdict, "sentence": self.effect.summary()}
        return self.facts | {
            "effect": effect | plain(self.effect),
            "outcomes": plain(self.outcomes.reset_index()),
            "opposite": plain(self.opposite),
            "elsewhere": plain(self.elsewhere),
            "readable": plain(self.readable),
            "cells": plain(self.results.cells),
        }

    def write(self, folder: Path) -> None:
        """Leave cells.csv, effect.json and direction.safetensors in a folder, each whole."""
        from capelib.files import write_text
        from capelib.steering import files

        write_text(folder / "cells.csv", self.results.cells.to_csv(index=False, lineterminator="\n"))
        write_text(folder / "effect.json", encoder.dumps(self.record(), ensure_ascii=False, indent=1) + "\n")
        files.save(self.direction, folder / "direction.safetensors")
        note(f"written: cells.csv, effect.json and direction.safetensors in {folder}")

    def draw(self, path: Path) -> None:
        """Leave the chart as a page that needs no network."""
        from capelib.charts import page, steering, theme

        theme.enable()
        title = f"{self.facts['model']}, {self.facts['n']} questions: outcomes by strength and layer"
        description = f"{title}. Beside them, at the strength fixed beforehand, directions that mean nothing."
        marks = "strokes: directions on permuted labels; crosses: Gaussian ones; dashed: the plain model"
        drawn = steering.dose(self.results.cells, description, width=640)
        page.leave(drawn.properties(title={"text": title, "subtitle": marks}), path, title)
        note(f"written: {path}")

    def print(self) -> None:
        """Print tables for people."""
        if self.readable is not None:
            _readable(self.readable)
        self._effect()
        self._controls()
        _elsewhere(self.elsewhere)
        self._doses()
        print(self.effect.summary())
        print(_sentence(self.effect.could_find["mc1"].summary()))
        note(LEGEND)

    def _effect(self) -> None:
        head = ("outcome", "base", "steered", "change", "95 %", "p, permuted", "detectable")
        table(head, [
            (row["outcome"], _number(row["base"], name), _number(row["steered"], name),
             *_signed(row["change"], row["low"], row["high"], name), written(row["rank p"]), self._detectable(name))
            for name, row in self.outcomes.iterrows()
        ])  # fmt: skip
        changes = self.effect.changes
        table(
            ("corrected", "broken", "stayed right", "stayed wrong", "McNemar exact p"),
            [(changes.corrected, changes.broken, changes.stayed_right, changes.stayed_wrong, written(changes.p))],
        )

    def _detectable(self, name: str) -> str:
        """The smallest change that would have been found; none is computed of outcomes per character."""
        if name not in self.effect.could_find:
            return ""
        least = self.effect.could_find[name].smallest
        return "none" if least is None else _number(_scale(name) * least, name)

    def _controls(self) -> None:
        from capelib.steering.controls import GAUSSIAN, PERMUTED

        kinds = ((PERMUTED, self.effect.ranked), (GAUSSIAN, self.effect.gaussian))
        rows = []
        for name in BESIDE:
            scale, words = _scale(name), self.outcomes.loc[name, "outcome"]
            moved = _change(self.opposite, name)
            ends = (scale * each for each in (moved.value, moved.low, moved.high))
            rows.append(("opposite sign", words, 1, *_signed(*ends, name)))
            for kind, ranked in kinds:
                if ranked:
                    found = ranked[name]
                    ends = (scale * each for each in (found.mean, found.low, found.high))
                    rows.append((kind, words, found.n_null, *_signed(*ends, name)))
        table(("control", "outcome", "directions", "change", "95 %"), rows)

    def _doses(self) -> None:
        cells = self.results.cells
        truth = cells[cells["kind"] == "truth"].sort_values(["layer", "strength"])
        if len(truth) <= 2:  # the push and its opposite are above
            return
        head = (
            "layer",
            "strength",
            "corrected",
            "broken",
            *self.outcomes.loc[list(BESIDE), "outcome"],
            "right, %",
            "perplexity ×",
            "MC2 permuted, % (directions)",
        )
        table(head, [
            ("base" if row.kind == "plain" else row.layer, f"{row.strength:g}", row.corrected, row.broken,
             *(_number(_scale(name) * getattr(row, name), name) for name in BESIDE),
             f"{100 * row.right:.1f}", f"{row.perplexity:.2f}", _beside(cells, row))
            for row in (*cells[cells["kind"] == "plain"].itertuples(), *truth.itertuples())
        ])  # fmt: skip
        note("the doses are shown and decide nothing: the best of several rows is flattered")


def _beside(cells: "pd.DataFrame", row: tuple) -> str:
    """The range of MC2 under the directions on permuted labels at the same layer and strength."""
    same = (cells["kind"] == "permuted labels") & (cells["layer"] == row.layer) & (cells["strength"] == row.strength)
    found = 100 * cells.loc[same, "mc2"]
    return f"{found.min():.1f} to {found.max():.1f} ({len(found)})" if len(found) else ""


def _readable(read: "pd.DataFrame") -> None:
    table(("layer", "held-out pairs right, %", "95 %", "permuted, 95 %", "AUC", "p"), [
        (row.layer, f"{100 * row.paired:.1f}", f"[{100 * row.low:.1f}, {100 * row.high:.1f}]",
         f"[{100 * row.null_low:.1f}, {100 * row.null_high:.1f}]", f"{row.auc:.2f}", written(row.p))
        for row in read.itertuples()
    ])  # fmt: skip


def _elsewhere(costs: "pd.DataFrame") -> None:
    head = ("elsewhere", "strength", "directions", "right, %", "change", "95 %", "perplexity ×", "95 %")
    table(head, [
        (row.kind, f"{row.strength:g}", row.draws, f"{100 * row.right:.1f}", f"{100 * row.right_change:+z.1f}",
         f"[{100 * row.low:+z.1f}, {100 * row.high:+z.1f}]", f"{row.perplexity:.2f}",
         "" if isnan(row.perplexity_low) else f"[{row.perplexity_low:.2f}, {row.perplexity_high:.2f}]")
        for row in costs.itertuples()
    ])  # fmt: skip


def _change(effect: "Effect", name: str) -> "Estimate":
    return {"mc1": effect.changes.difference, "mc2": effect.mc2.mean, "margin": effect.margin.mean}[name]


def _scale(name: str) -> float:
    from capelib.steering.outcomes import OUTCOMES

    return OUTCOMES[name][1]


def _form(name: str) -> str:
    return ".2f" if name == "margin" else ".1f"


def _number(value: float, name: str) -> str:
    return f"{value:{_form(name)}}"


def _signed(change: float, low: float, high: float, name: str) -> tuple[str, str]:
    """A change and its 95 %, in the unit in which the outcome is printed."""
    change, low, high = (f"{each:+z{_form(name)}}" for each in (change, low, high))
    return change, f"[{low}, {high}]"


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
