"""Holding out: N_c of many panels equals N_c of each, and held-out signs are found exactly where there is a scale."""

import numpy as np
import pandas as pd
import pytest

from capelib import coupling
from capelib.coupling import resample
from capelib.errors import InputError
from capelib.referee import halves, holdout, many

ITEMS = {"hellaswag": 10_042, "truthfulqa": 817}
SIZES = np.array([7e7, 2e8, 5e8, 1e9, 2e9, 5e9, 1.2e10, 4e10])


def panel(course, families=6, sizes=SIZES, spread=0.0, seed=0):
    """Families whose TruthfulQA follows `course(family, log10 N)`, HellaSwag rising by ten points a decade."""
    rng = np.random.default_rng(seed)
    rows = [
        {"model": f"m{f}-{n:.0f}", "family": f"F{f}", "n_params": int(n),
         "hellaswag": 30 + 10 * (np.log10(n) - 7.5) + f,
         "truthfulqa": 42 + course(f, np.log10(n)) + spread * rng.standard_normal()}
        for f in range(families) for n in sizes
    ]  # fmt: skip
    return pd.DataFrame(rows)


def turning(f, at):
    return 4 * (at - 9.25) ** 2


def mixed(spread=1.5):
    rng = np.random.default_rng(3)
    slope = rng.normal(0, 5, 6)
    return panel(lambda f, at: slope[f] * (at - 9) + (at - 9) ** 2, spread=spread)


@pytest.fixture(scope="module")
def at():
    return many.places(mixed(), ITEMS)


# many panels at once against one at a time


def test_shared_turns_are_those_of_the_bootstrap(at):
    weights = resample.draw_counts(np.array(at.names), "pooled", 20, 1)
    curvature, minimum = many.turns(at, at.y, weights)
    expected = resample.shared_vertices(at.log_n, at.y[0], at.sizes["family"], weights[:, at.code])
    assert np.allclose(curvature[0], expected[0])
    assert np.allclose(minimum[0], expected[1])


def test_couplings_lines_and_weights_are_those_of_the_coupling_package(at):
    frame = mixed()
    steps = coupling.local_coupling(frame)
    noise = coupling.coupling_noise(steps, ITEMS, n_draws=100)
    gamma, weight = many.couplings(at, at.x, at.y)
    assert np.allclose(gamma[0], steps.frame["gamma"])
    assert np.allclose(weight[0], 1 / noise.frame["gamma_se"] ** 2)
    line = coupling.running_coupling(steps, weight[0])
    slope, zero = many.zeros(at, gamma, weight, np.ones((1, len(at.names))))
    assert slope[0, 0] == pytest.approx(line.slope.value)
    assert 10 ** zero[0, 0] == pytest.approx(line.nc.value)


def test_a_family_of_weight_zero_is_left_out_of_every_estimator(at):
    short = many.places(mixed().query("family != 'F2'"), ITEMS)
    without = np.ones((1, len(at.names)))
    without[0, at.names.index("F2")] = 0
    everyone = np.ones((1, len(short.names)))
    gamma, weight = many.couplings(at, at.x, at.y)
    less, less_weight = many.couplings(short, short.x, short.y)
    assert np.allclose(many.turns(at, at.y, without), many.turns(short, short.y, everyone))
    assert np.allclose(many.zeros(at, gamma, weight, without), many.zeros(short, less, less_weight, everyone))
    assert many.splits(at, gamma, without) == many.splits(short, less, everyone)


def test_draws_do_not_disturb_each_other(at):
    draws = at.y + np.random.default_rng(0).normal(0, 2, (5, len(at.log_n)))
    weights = resample.draw_counts(np.array(at.names), "pooled", 4, 2)
    together = many.turns(at, draws, weights)[1]
    assert np.allclose(together, np.vstack([many.turns(at, row, weights)[1] for row in draws]))
    gamma, _ = many.couplings(at, at.x, draws)
    assert np.array_equal(many.splits(at, gamma, weights), np.vstack([many.splits(at, g, weights) for g in gamma]))


def test_the_best_split_is_best_by_brute_force(at):
    rng = np.random.default_rng(5)
    weights = rng.integers(0, 3, (6, len(at.names)))
    gamma = rng.normal(0, 1, (3, len(at.small)))
    found = many.splits(at, gamma, weights)
    mids = np.unique(at.log_mid)
    places = [-np.inf, *((mids[1:] + mids[:-1]) / 2), np.inf]
    for d in range(3):
        for b in range(6):
            right = [((at.log_mid < t) == (gamma[d] < 0)) @ weights[b][at.step_code] for t in places]
            assert right[places.index(found[d, b])] == max(right)


def test_places_refuse_families_that_are_too_short_and_benchmarks_without_questions():
    with pytest.raises(InputError, match="no family has hellaswag and truthfulqa at 9 sizes or more"):
        many.places(mixed(), ITEMS, sizes=9)
    with pytest.raises(InputError, match="n_items"):
        many.places(mixed(), {"hellaswag": 10})


# families held out


def test_a_common_turn_is_found_in_every_held_out_family():
    found = holdout.hold_out_families(panel(turning), ITEMS, stated={"truth": 10**9.25}, n_boot=50, n_perm=50)
    assert found.n_steps == 6 * 7
    for rule in (*holdout.FITTED, "truth"):
        assert found.row(rule)["value"] == pytest.approx(1)
        assert found.row(rule)["p"] < 0.05
    assert found.row(holdout.NEGATIVE)["value"] + found.row(holdout.POSITIVE)["value"] == pytest.approx(1)
    assert np.allclose(np.log10(found.scales.query(f"rule == '{holdout.TURN}'")["n_params"]), 9.25)


def test_families_that_go_straight_give_no_credit_to_a_size():
    straight = panel(lambda f, at: (-4 if f < 3 else 4) * at, spread=0.2)
    found = holdout.hold_out_families(straight, ITEMS, n_boot=50, n_perm=200)
    assert (found.frame.set_index("rule").loc[list(holdout.FITTED), "p"] > 0.05).all()


def test_the_held_out_share_is_what_a_loop_over_families_gives():
    frame = mixed()
    found = holdout.hold_out_families(frame, ITEMS, n_boot=50, n_perm=20)
    right = total = constant = 0
    for family in frame["family"].unique():
        rest, own = frame[frame["family"] != family], coupling.local_coupling(frame[frame["family"] == family]).frame
        scale = resample.bootstrap_critical_scale(rest, "shared quadratic", "pooled", n_boot=1).point
        commoner = (coupling.local_coupling(rest).frame["gamma"] < 0).mean() >= 0.5
        guess = own["n_mid"] < scale.value if scale.ok else commoner
        right += (guess == (own["gamma"] < 0)).sum()
        constant += ((own["gamma"] < 0) == commoner).sum()
        total += len(own)
    assert found.row(holdout.TURN)["value"] == pytest.approx(right / total)
    assert found.row(holdout.COMMONER)["value"] == pytest.approx(constant / total)
    assert found.row(holdout.TURN)["less"] == pytest.approx((right - constant) / total)


def test_fitting_on_some_families_never_looks_at_the_others():
    frame = mixed()
    changed = frame.copy()
    changed.loc[changed["family"] == "F5", "truthfulqa"] = 40 - changed["truthfulqa"] / 4
    names = ["F0", "F1", "F2"]
    one, other = (holdout.predict_others(f, names, ITEMS, n_boot=20, n_perm=20) for f in (frame, changed))
    pd.testing.assert_frame_equal(one.scales, other.scales)
    assert one.n_families == 3
    with pytest.raises(InputError, match="two families or more must be on either side, got 6 to fit on and 0"):
        holdout.predict_others(frame, frame["family"].unique(), ITEMS)
    with pytest.raises(InputError, match="three or more"):
        holdout.hold_out_families(frame[frame["family"].isin(["F0", "F1"])], ITEMS)


def test_fewer_than_five_families_have_shares_and_no_intervals():
    frame = panel(turning, families=4)
    for found in (holdout.hold_out_families(frame, ITEMS, n_boot=20, n_perm=20), halves.hold_out_sizes(frame, ITEMS)):
        assert found.frame["value"].notna().all()
        assert found.frame[["low", "high", "less_low", "less_high"]].isna().all(axis=None)


def test_dealing_increments_keeps_each_familys_ends_and_steps(at):
    dealt = holdout.deal_increments(at, 40, np.random.default_rng(0))
    steps = np.diff(at.y[0])[at.small]
    new = dealt[:, at.small + 1] - dealt[:, at.small]
    for family in range(len(at.names)):
        own = at.step_code == family
        assert np.allclose(np.sort(new[:, own], axis=1), np.sort(steps[own]))
        ends = np.flatnonzero(at.code == family)[[0, -1]]
        assert np.allclose(dealt[:, ends], at.y[0, ends])
    assert not np.allclose(dealt[0], dealt[1])


# sizes held out


def test_a_turn_inside_families_beats_their_direction_and_a_line_does_not():
    found = halves.hold_out_sizes(panel(turning), ITEMS, n_boot=50)
    assert found.row(halves.OWN)["value"] > 0.8
    assert found.row(halves.OWN)["less"] > 0.3
    straight = halves.hold_out_sizes(panel(lambda f, at: (-1) ** f * 4 * at), ITEMS, n_boot=50)
    assert straight.row(halves.SAME)["value"] == straight.row(halves.OWN)["value"] == 1
    assert straight.row(halves.COMMON)["value"] == pytest.approx(0.5)


def test_halves_share_no_model_and_count_every_step_of_both():
    frame = panel(turning, sizes=SIZES[:5])
    found = halves.hold_out_sizes(frame, ITEMS, n_boot=20)
    assert found.n_steps == 6 * (2 + 1)
    # the second and fourth size changed: what they predict changes, what they are predicted by does not
    even = frame["n_params"].isin(SIZES[[1, 3]].astype(int))
    turned = frame.assign(truthfulqa=frame["truthfulqa"].where(~even, 90 - frame["truthfulqa"]))
    again = halves.hold_out_sizes(turned, ITEMS, n_boot=20)
    assert not found.families.equals(again.families)


def test_a_half_predicts_the_other_one_and_never_itself():
    # the first and third size fall, the second and fourth rise: each half is wrong about the other
    frame = panel(turning, families=3, sizes=SIZES[:4])
    frame["truthfulqa"] = np.tile([50.0, 10.0, 45.0, 40.0], 3)
    found = halves.hold_out_sizes(frame, ITEMS, n_boot=20)
    assert found.n_steps == 6
    for rule in (halves.OWN, halves.COMMON, halves.SAME):
        assert found.row(rule)["value"] == 0


def test_too_few_sizes_or_families_are_told():
    with pytest.raises(InputError, match="at least 4, got 3"):
        halves.hold_out_sizes(mixed(), ITEMS, sizes=3)
    with pytest.raises(InputError, match="two families of 4 sizes or more, got 1"):
        halves.hold_out_sizes(mixed().query("family == 'F0'"), ITEMS)
