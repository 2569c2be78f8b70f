"""The table of pushes measured once: what is computed from it is what the outcomes themselves give."""

import importlib.util
from pathlib import Path
from types import ModuleType
from zlib import crc32

import numpy as np
import pandas as pd
import pytest
from test_steering_experiment import fitted, outcome

from capelib import tables
from capelib.errors import InputError
from capelib.steering import verdict
from capelib.steering.controls import GAUSSIAN, PERMUTED
from capelib.steering.experiment import TRUTH, Plan, Results, plan, run
from capelib.steering.measured import best_layer, beyond_zero, by_layer, changes, fixed, ladder, told

ROOT = Path(__file__).resolve().parents[1]
N = 40


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure_steering", ROOT / "scripts" / "measure_steering.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Noisy:
    """In place of a model: every push moves the margins of the same questions at random, and keeps to it."""

    n_neutral_tokens, couples = 10, np.arange(4)

    def __init__(self) -> None:
        self.base = np.random.default_rng(0).normal(0, 1, N)
        self.plain = outcome(self.base, [1, 0, 1, 0], [-3.0, -4.0])

    def pushed(self, layer: int, vector: np.ndarray, elsewhere: bool = True) -> object:
        rng = np.random.default_rng([layer, crc32(vector.tobytes())])
        rest = (rng.integers(0, 2, 4), rng.normal(-4, 1, 2)) if elsewhere else ()
        return outcome(self.base + rng.normal(0.2, 0.8, N), *rest)


@pytest.fixture(scope="module")
def results() -> Results:
    v, true, false = fitted()
    parts = [
        plan(v, true, false, layer, 1.0, layers, strengths, 20, 2, seed=0, n_beside=3)
        for layer, layers, strengths in ((1, (1,), (-2.0, 0.5)), (2, (2,), (0.5,)), (1, (0, 1, 2), (1.0,)))
    ]
    cells = {cell.key: cell for part in parts for cell in part.cells}
    return run(Noisy(), Plan(tuple(cells.values()), 1, 1.0))


@pytest.fixture(scope="module")
def table(results: Results) -> pd.DataFrame:
    return script().table(results)


def test_the_table_says_what_the_experiment_says(results: Results, table: pd.DataFrame) -> None:
    (found, _), expected = fixed(table), verdict.effect(results)
    assert (found.layer, found.strength) == (1, 1.0)
    assert found.changes == expected.changes
    assert found.verdict == expected.verdict
    for name in ("mc1", "mc2"):
        assert found.ranked[name].p == pytest.approx(expected.ranked[name].p)
        assert found.ranked[name].effect == pytest.approx(100 * expected.ranked[name].effect, abs=2e-4)
        assert found.ranked[name].low == pytest.approx(100 * expected.ranked[name].low, abs=2e-4)
    assert found.could_find["mc1"] == expected.could_find["mc1"]
    assert found.could_find["mc2"].smallest == pytest.approx(100 * expected.could_find["mc2"].smallest, abs=1e-3)
    row = told([found]).set_index("outcome").loc["MC2"]
    assert row["base"] == pytest.approx(100 * results.plain.questions["mc2"].mean(), abs=1e-3)
    assert (row["change"], row["rank_p"]) == (found.mc2.value, found.ranked["mc2"].p)
    mean = expected.mc2.mean
    assert (found.mc2.low, found.mc2.high) == pytest.approx((100 * mean.low, 100 * mean.high), abs=1e-3)


def test_a_second_push_fixed_beforehand_has_nulls_of_its_own(results: Results, table: pd.DataFrame) -> None:
    _, found = fixed(table)
    assert (found.layer, found.strength) == (2, 1.0)
    base = results.plain.questions["mc2"]
    null = [100 * (each.questions["mc2"] - base).mean() for each in results.of(PERMUTED, 2, 1.0)]
    own = 100 * (results.of(TRUTH, 2, 1.0)[0].questions["mc2"] - base).mean()
    assert found.ranked["mc2"].n_null == len(null) == 20
    assert found.ranked["mc2"].p == pytest.approx((1 + sum(abs(each) >= abs(own) for each in null)) / 21)


def test_one_row_per_push_and_counts_by_hand(results: Results, table: pd.DataFrame) -> None:
    pushes = changes(table)
    assert len(pushes) == len(results.done)
    before = results.plain.questions["mc1"].to_numpy(bool)
    for row, cell in zip(pushes.itertuples(), results.done, strict=True):
        after = results.outcomes[cell.key].questions["mc1"].to_numpy(bool)
        assert (row.corrected, row.broken) == (sum(after & ~before), sum(before & ~after))
        assert row.mc1_change == pytest.approx(100 * (after.mean() - before.mean()))
        assert np.isnan(row.perplexity_ratio) == (not cell.elsewhere)


def test_every_strength_has_the_range_of_its_own_controls(table: pd.DataFrame) -> None:
    pushes = changes(table)
    found = ladder(table, 1)
    assert found["strength"].tolist() == [-2.0, -1.0, 0.5, 1.0]
    for row in found.itertuples():
        same = pushes[(pushes["layer"] == 1) & (pushes["strength"] == row.strength) & (pushes["kind"] == PERMUTED)]
        same = same[same["draw"] < 3]  # of every strength the draws that all strengths have
        low, high = (same["mc2_change"].min(), same["mc2_change"].max()) if len(same) else (np.nan, np.nan)
        np.testing.assert_allclose((row.null_low, row.null_high), (low, high))


def test_the_best_layer_stands_beside_the_best_of_each_control(table: pd.DataFrame) -> None:
    layers = by_layer(table)
    assert set(layers["layer"]) == {0, 1, 2}
    assert layers.groupby("layer").size().tolist() == [4, 4, 4]  # the direction and three draws
    for row in best_layer(layers).itertuples():
        column = f"{row.outcome}_change"
        own = layers[layers["kind"] == TRUTH].set_index("layer")[column]
        assert (row.layer, row.change) == (own.idxmax(), own.max())
        highest = [layers[(layers["kind"] == PERMUTED) & (layers["draw"] == i)][column].max() for i in range(3)]
        assert (row.null_low, row.null_high, row.n_null) == (min(highest), max(highest), 3)
        assert row.p == (1 + sum(each >= row.change for each in highest)) / 4


def test_layers_beyond_zero_are_counted_for_the_direction_and_every_draw(table: pd.DataFrame) -> None:
    layers = by_layer(table)
    found = beyond_zero(layers).set_index("draw")
    assert found.index.tolist() == [-1, 0, 1, 2]
    for draw, row in found.iterrows():
        part = layers[layers["kind"] == TRUTH] if draw == -1 else layers[layers["kind"] == PERMUTED]
        part = part if draw == -1 else part[part["draw"] == draw]
        assert (row["above"], row["below"]) == (sum(part["mc2_low"] > 0), sum(part["mc2_high"] < 0))
    assert found["above"].sum() > 0


def test_a_table_without_the_plain_model_is_refused(table: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="has the plain model once; got it 0 times"):
        changes(table[table["kind"] != "plain"])
    with pytest.raises(InputError, match="no push of the table was fixed beforehand"):
        fixed(table[table["kind"] != GAUSSIAN])


def test_an_effect_as_far_below_zero_as_a_null_above_it_counts_as_extreme(table: pd.DataFrame) -> None:
    turned = table.copy()
    null = (turned["kind"] == PERMUTED) & (turned["layer"] == 1) & (turned["strength"] == 1.0)
    own = (turned["kind"] == TRUTH) & (turned["layer"] == 1) & (turned["strength"] == 1.0)
    turned.loc[null, ["corrected", "broken"]] = (0, 9)
    turned.loc[own, ["corrected", "broken"]] = (9, 0)
    assert fixed(turned)[0].ranked["mc1"].p == 1


@pytest.mark.slow
def test_the_bundled_table_is_measured_again() -> None:
    from capelib import models, steering

    kept = tables.read("steering_measured").set_index(["kind", "layer", "strength", "draw"])
    model, questions = models.load("smollm2-135m"), steering.read_questions()
    statements = tables.read("statements")
    pairs = statements[statements["split"] == "fit"]
    layer = int(kept.loc["plain"].index[0][0])
    direction = steering.TruthDirection.fit(model, pairs, layer)
    measured = steering.Measured(model, questions, [layer])
    row = kept.loc[("plain", layer, 0.0, 0)]
    assert row["n_questions"] == len(questions)
    one = 100 / len(questions)  # another processor may decide a close question otherwise
    assert row["mc1_pct"] == pytest.approx(100 * measured.plain.questions["mc1"].mean(), abs=1.01 * one)
    assert row["mc2_pct"] == pytest.approx(100 * measured.plain.questions["mc2"].mean(), abs=2e-3)
    pushed = measured.pushed(layer, direction.raw[0], elsewhere=False).questions
    row = kept.loc[(TRUTH, layer, 1.0, 0)]
    assert row["mc2_pct"] == pytest.approx(100 * pushed["mc2"].mean(), abs=2e-3)
    assert row["margin_nats"] == pytest.approx(pushed["margin"].mean(), abs=2e-3)
