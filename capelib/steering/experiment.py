"""The experiment that decides: a direction at a layer and a strength fixed beforehand, its controls, and the doses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.errors import InputError
from capelib.steering.controls import GAUSSIAN, PERMUTED, gaussian, permuted
from capelib.steering.direction import TruthDirection
from capelib.steering.material import Measured, Outcome
from capelib.steering.store import Store

TRUTH = "truth"


@dataclass(frozen=True, eq=False)
class Cell:
    """One push: a direction of some `kind`, the `draw` of a control, after block `layer`, `strength` spreads."""

    kind: str
    draw: int
    layer: int
    strength: float
    direction: TruthDirection
    elsewhere: bool

    @property
    def key(self) -> str:
        """What tells it from the others."""
        return f"{self.kind}/{self.draw}/{self.layer}/{float(self.strength)}"

    @property
    def vector(self) -> NDArray:
        """What is added."""
        return self.strength * self.direction.raw[0]


@dataclass(frozen=True, eq=False)
class Plan:
    """The pushes of an experiment: the decisive one first, its opposite, its controls, the doses; none twice."""

    cells: tuple[Cell, ...]
    layer: int
    strength: float


def plan(
    direction: TruthDirection,
    true: NDArray,
    false: NDArray,
    layer: int,
    strength: float,
    layers: Sequence[int] = (),
    strengths: Sequence[float] = (),
    n_permuted: int = 20,
    n_gaussian: int = 5,
    seed: int = 0,
    groups: NDArray | None = None,
    n_beside: int = 2,
) -> Plan:
    """Everything that is measured: `direction` has all layers used, `true` and `false` are the states it was fitted on.
    `groups`: pairs whose labels are exchanged together, as in `controls.permuted`.

    At `layer` and `strength`: the direction, its opposite, `n_permuted` directions fitted on permuted labels and
    `n_gaussian` Gaussian ones. Then the direction at every one of `layers` and `strengths`, each with `n_beside`
    directions on permuted labels; a draw has the same exchanges in every layer. What a push costs elsewhere is measured
    for the direction everywhere, and at the push that decides for a quarter of the permuted ones and for one Gaussian.

    With fewer than 19 permuted directions no rank p can reach 5 %. Raises InputError for a strength of zero, which is
    the plain model, one that is not finite, a layer that the direction does not have, or fewer than one control.
    """
    asked = [strength, *strengths]
    if not np.isfinite(asked).all():
        raise InputError(f"a strength must be a finite number; got {', '.join(f'{each:g}' for each in asked)}")
    if 0 in asked:
        raise InputError("strength 0 is the plain model, which is measured in any case; give others")
    if n_permuted < 1:
        raise InputError(f"an effect needs directions on permuted labels beside it; got {n_permuted}")
    main = direction.at(layer)

    def drawn(at: int, n: int) -> list[TruthDirection]:
        place = [direction.layers.index(at)]
        return permuted(direction.at(at), true[place], false[place], n, seed, groups) if n else []

    cells = [Cell(TRUTH, 0, layer, s, main, True) for s in (strength, -strength)]
    cells += [
        Cell(PERMUTED, i, layer, strength, each, i < max(1, n_permuted // 4))
        for i, each in enumerate(drawn(layer, n_permuted))
    ]
    cells += [
        Cell(GAUSSIAN, i, layer, strength, each, i == 0) for i, each in enumerate(gaussian(main, n_gaussian, seed))
    ]
    for at in layers:
        cells += [Cell(TRUTH, 0, at, s, direction.at(at), True) for s in strengths]
        beside = drawn(at, n_beside)
        cells += [Cell(PERMUTED, i, at, s, each, False) for s in strengths for i, each in enumerate(beside)]
    first: dict[str, Cell] = {}
    for cell in cells:
        first.setdefault(cell.key, cell)
    return Plan(tuple(first.values()), layer, strength)


@dataclass(frozen=True, eq=False)
class Results:
    """What was measured of each push, and of the plain model.

    `cells`: kind, draw, layer, strength, then mc1, mc2, margin (means over questions), corrected and broken (questions
    that are right on MC1 with the push alone, or without it alone), and, where measured, right (share of everyday
    completions) and perplexity (its ratio to the plain model's on running text). The first row is the plain model, of
    kind "plain". `outcomes` has the single questions, by the cell's key; `n_neutral_tokens` the tokens behind a
    perplexity; `couples` (items,) numbers the completions so that those that mirror each other have one number.
    """

    plan: Plan
    plain: Outcome
    outcomes: dict[str, Outcome]
    n_neutral_tokens: int
    couples: NDArray

    @property
    def done(self) -> tuple[Cell, ...]:
        """The pushes that have been measured."""
        return tuple(cell for cell in self.plan.cells if cell.key in self.outcomes)

    @property
    def cells(self) -> pd.DataFrame:
        """One row per push, the plain model first."""
        rows = [{"kind": "plain", "draw": 0, "layer": self.plan.layer, "strength": 0.0, **self._means(self.plain)}]
        for cell in self.done:
            named = {"kind": cell.kind, "draw": cell.draw, "layer": cell.layer, "strength": cell.strength}
            rows.append(named | self._means(self.outcomes[cell.key]))
        return pd.DataFrame(rows)

    def of(self, kind: str, layer: int | None = None, strength: float | None = None) -> list[Outcome]:
        """The outcomes of one kind, at the layer and strength fixed beforehand if none are named."""
        layer = self.plan.layer if layer is None else layer
        strength = self.plan.strength if strength is None else strength
        return [
            self.outcomes[cell.key]
            for cell in self.done
            if (cell.kind, cell.layer, cell.strength) == (kind, layer, strength)
        ]

    def _means(self, outcome: Outcome) -> dict[str, float]:
        asked = outcome.questions
        found = {name: float(asked[name].mean()) for name in ("mc1", "mc2", "margin")}
        before, after = (each["mc1"].to_numpy(bool) for each in (self.plain.questions, asked))
        found["corrected"], found["broken"] = int((~before & after).sum()), int((before & ~after).sum())
        found["right"] = float(outcome.right.mean()) if len(outcome.right) else np.nan
        found["perplexity"] = np.nan
        if len(outcome.logprob):
            found["perplexity"] = float(np.exp((self.plain.logprob - outcome.logprob).sum() / self.n_neutral_tokens))
        return found


def run(
    measured: Measured,
    planned: Plan,
    store: Store | None = None,
    on_cell: Callable[[int, int, Cell], None] | None = None,
) -> Results:
    """Measure every push of the plan that the store does not have, and keep each as soon as it is done.

    `on_cell(done, total, cell)` hears of every push that is measured, before it begins; `done` counts those of the
    store too. An interruption loses the push under way only.
    """
    found = store.read() if store else {}
    outcomes = {cell.key: found[cell.key] for cell in planned.cells if cell.key in found}
    for cell in planned.cells:
        if cell.key in outcomes:
            continue
        if on_cell:
            on_cell(len(outcomes), len(planned.cells), cell)
        outcomes[cell.key] = measured.pushed(cell.layer, cell.vector, cell.elsewhere)
        if store:
            store.add(cell.key, outcomes[cell.key])
    return Results(planned, measured.plain, outcomes, measured.n_neutral_tokens, measured.couples)
