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
    from capelib.steering.null import Ranked
    from capelib.steering.prepared import Prepared
    from capelib.steering.questions import Questions
    from capelib.steering.verdict import Effect

OUTCOMES = {"mc1": ("MC1, %", 100, ".1f"), "mc2": ("MC2, %", 100, ".1f"), "margin": ("margin, nats", 1, ".2f")}
LEGEND = (
    "MC1: the best answer is likelier than every false one; MC2: probability of the true answers among all; margin: "
    "log-probability of the best answer less that of the likeliest false one; permuted: directions fitted on true and "
    "false exchanged at random, p: rank among them; detectable: the smallest change that would have been found, with "
    "the power of the last line; right: everyday completions whose right end is likelier than the wrong one; "
    "perplexity: of neutral text, times the base; 95 %: interval over questions or couples of "
    "completions, or range over several directions"
)


@dataclass(frozen=True, eq=False)
class Report:
    """Everything that is printed of an experiment."""

    wanted: Wanted
    facts: dict
    direction: "TruthDirection"
    results: "Results"
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
        from capelib.steering.verdict import effect

        told = facts(wanted, model, own) | {"layer": own.layer, "questions": questions.source, "n": len(questions)}
        found = effect(results, seed=wanted.seed)
        opposite = effect(results, strength=-wanted.strength, seed=wanted.seed)
        return cls(wanted, told, own.direction, results, found, opposite, elsewhere(results), readable)

    def record(self) -> dict:
        """All of it as JSON has it."""
        effect = {"verdict": self.effect.verdict, "sentence": self.effect.summary()}
        return self.facts | {
            "effect": effect | plain(self.effect),
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
        from capelib.charts import steering, theme
        from capelib.files import whole

        theme.enable()
        title = f"{self.facts['model']}, {self.facts['n']} questions: outcomes by strength and layer"
        description = f"{title}. Beside them, at the strength fixed beforehand, directions that mean nothing."
        marks = "strokes: directions on permuted labels; crosses: Gaussian ones; dashed: the plain model"
        drawn = steering.dose(self.results.cells, description, width=640)
        drawn = drawn.properties(title={"text": title, "subtitle": marks})
        with whole(path) as draft:
            drawn.save(str(draft), format="html", inline=True)
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
        effect, base = self.effect, self.results.plain.questions
        rows = []
        for name, (words, scale, form) in OUTCOMES.items():
            own, before, least = _change(effect, name), base[name].mean(), effect.could_find[name].smallest
            rows.append((
                words, f"{scale * before:{form}}", f"{scale * (before + own.value):{form}}", *_signed(own, name),
                written(effect.ranked[name].p), "none" if least is None else f"{scale * least:{form}}",
            ))  # fmt: skip
        head = ("outcome", "base", "steered", "change", "95 %", "p, permuted", "detectable")
        table(head, rows)
        changes = effect.changes
        table(
            ("corrected", "broken", "stayed right", "stayed wrong", "McNemar exact p"),
            [(changes.corrected, changes.broken, changes.stayed_right, changes.stayed_wrong, written(changes.p))],
        )

    def _controls(self) -> None:
        from capelib.steering.controls import GAUSSIAN, PERMUTED

        rows = [
            (kind, words, directions, *_signed(found, name))
            for name, (words, _, _) in OUTCOMES.items()
            for kind, directions, found in (
                ("opposite sign", 1, _change(self.opposite, name)),
                *((kind, ranked[name].n_null, ranked[name])
                  for kind, ranked in ((PERMUTED, self.effect.ranked), (GAUSSIAN, self.effect.gaussian)) if ranked),
            )
        ]  # fmt: skip
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
            *(words for words, _, _ in OUTCOMES.values()),
            "right, %",
            "perplexity ×",
            "MC2 permuted, % (directions)",
        )
        table(head, [
            ("base" if row.kind == "plain" else row.layer, f"{row.strength:g}", row.corrected, row.broken,
             *(f"{scale * getattr(row, name):{form}}" for name, (_, scale, form) in OUTCOMES.items()),
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


def _signed(found: "Estimate | Ranked", name: str) -> tuple[str, str]:
    """A change, or the mean of several, and its 95 %, in the unit in which the outcome is printed."""
    _, scale, form = OUTCOMES[name]
    value = found.mean if hasattr(found, "n_null") else found.value
    value, low, high = (f"{scale * each:+z{form}}" for each in (value, found.low, found.high))
    return value, f"[{low}, {high}]"


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
