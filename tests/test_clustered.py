"""Intervals from whole families and counts of turns, against plain loops over the same draws."""

import numpy as np
import pandas as pd
import pytest

from capelib import coupling
from capelib.coupling.resample import MIN_FAMILIES, draw_counts
from capelib.errors import InputError

ITEMS = {"hellaswag": 10_042, "truthfulqa": 817}
EDGES = (8.0, 9.0, 9.7, 10.5)


def panel(n_families=9, sizes=5, seed=0):
    rng = np.random.default_rng(seed)
    rows = []
    for family in range(n_families):
        for step in range(sizes):
            log_n = 8.2 + 0.5 * step + 0.05 * rng.random()
            x = 30 + 9 * (log_n - 8) + 3 * rng.standard_normal()
            y = 40 + (log_n - 9.4) * x / 20 + rng.standard_normal()
            rows.append((f"{family}-{step}", f"F{family}", int(10**log_n), x, y))
    return pd.DataFrame(rows, columns=["model", "family", "n_params", "hellaswag", "truthfulqa"])


def test_the_difference_is_that_of_the_two_sides_and_its_draws_those_of_the_loop():
    frame, split = panel(), 10**9.35
    found = coupling.fixed_size_difference(frame, split, edges=EDGES, n_boot=40, seed=3)
    large = frame["n_params"] > split
    kept = frame[np.log10(frame["n_params"]).between(EDGES[0], EDGES[-1], inclusive="left")]

    def difference(rows):
        sides = [
            coupling.fixed_size_correlation(side, edges=EDGES, n_boot=100).given_size.value
            for side in (rows[rows["n_params"] > split], rows[rows["n_params"] <= split])
        ]
        return sides[0] - sides[1]

    assert found.value == pytest.approx(difference(frame))
    assert large.any()
    counts = draw_counts(kept["family"].to_numpy(), "clustered", 40, 3)
    loop = [difference(kept.loc[kept.index.repeat(row)]) for row in counts]
    assert [found.low, found.high] == pytest.approx(np.percentile(loop, [2.5, 97.5]))


def test_a_side_without_models_is_refused():
    with pytest.raises(InputError, match="one side"):
        coupling.fixed_size_difference(panel(), 1e12, edges=EDGES, n_boot=100)


def test_the_clustered_line_is_the_loop_with_polyfit():
    steps = coupling.local_coupling(panel(seed=3)).frame
    weight = np.linspace(1, 3, len(steps))
    slope, zero = coupling.running_coupling_clustered(steps, weight, n_boot=60, seed=5)
    counts = draw_counts(steps["family"].to_numpy(), "clustered", 60, 5)
    lines = [
        np.polyfit(np.log10(steps["n_mid"]), steps["gamma"], 1, w=np.sqrt(row * weight)) for row in counts.astype(float)
    ]
    rising = [10 ** (-b / a) for a, b in lines if a > 0]
    assert [slope.low, slope.high] == pytest.approx(np.percentile([a for a, _ in lines], [2.5, 97.5]))
    assert zero.discarded == pytest.approx(1 - len(rising) / 60)
    assert 0 < zero.discarded < 0.5
    assert np.log10([zero.low, zero.high]) == pytest.approx(np.percentile(np.log10(rising), [2.5, 97.5]))
    assert zero.value == pytest.approx(coupling.running_coupling(steps, weight).nc.value)


def test_few_families_are_not_resampled_whole():
    few = panel(n_families=MIN_FAMILIES - 1)
    enough = panel(n_families=MIN_FAMILIES)
    with pytest.raises(InputError, match=r"needs 5 of them or more, got 4; add families"):
        coupling.running_coupling_clustered(coupling.local_coupling(few), n_boot=50)
    assert coupling.running_coupling_clustered(coupling.local_coupling(enough), n_boot=50)[0].has_interval
    for measure in ("overall", "within_bins", "given_size"):
        at_few, at_enough = (
            getattr(coupling.fixed_size_correlation(frame, edges=EDGES, n_boot=50), measure) for frame in (few, enough)
        )
        assert (at_few.has_interval, at_enough.has_interval) == (False, True)
        assert at_few.method == "no interval from 4 families"
    assert coupling.population_correlation(few, n_draws=50).clustered is None
    assert coupling.population_correlation(enough, n_draws=50).clustered.has_interval
    with pytest.raises(InputError, match="these models are of one; add another family"):
        coupling.fixed_size_correlation(panel(n_families=1), edges=EDGES, n_boot=50)


def test_turns_count_what_each_family_s_own_null_shows():
    frame = panel(n_families=3)
    turns = coupling.sign_change_null(frame, ITEMS, n_draws=200, seed=7)
    shares = []
    for place, (_, own) in enumerate(frame.groupby("family")):
        null = coupling.trend_null(own, ITEMS, degree=2, n_draws=200, seed=7 + place)
        shares.append(null.draws["transition"].mean())
    assert turns.families["expected"].tolist() == pytest.approx(shares)
    assert turns.expected == pytest.approx(sum(shares))
    assert 0 <= turns.range[0] <= turns.range[1] <= 3
    assert 0 < turns.p_more <= 1
    with pytest.raises(InputError, match="three sizes"):
        coupling.sign_change_null(frame[frame["n_params"] < 5e8], ITEMS, n_draws=100)


def test_p_of_the_turns_counts_ties_and_by_hand():
    families = pd.DataFrame({"family": ["a", "b"], "sizes": 4, "observed": [True, True], "expected": 0.5})
    turns = coupling.Turns(families, np.array([0, 1, 2, 2]))
    assert turns.observed == 2
    assert turns.p_more == pytest.approx((2 + 1) / (4 + 1))


def test_noise_that_all_models_share_turns_no_family():
    # straight, both rising: only noise can turn them
    frame = panel(n_families=5)
    at = np.log10(frame["n_params"])
    frame = frame.assign(hellaswag=30 + 8 * (at - 8), truthfulqa=35 + 1.0 * (at - 8))
    expected = [
        coupling.sign_change_null(frame, ITEMS, rho_models=rho, n_draws=300, seed=2).expected for rho in (0, 0.8, 0.99)
    ]
    assert expected[0] > expected[1] > expected[2]
    less = coupling.sign_change_null(frame, ITEMS, item_sd={"truthfulqa": 5.0}, n_draws=300, seed=2)
    assert less.expected < expected[0]


def test_item_sd_by_hand():
    assert coupling.item_sd_of([1.5], 817) == pytest.approx(1.5 * 817**0.5)
    assert coupling.item_sd_of([3.0, 4.0], 4) == pytest.approx(2 * 12.5**0.5)
    for wrong in ([], [-1.0], [float("nan")]):
        with pytest.raises(InputError, match="standard errors"):
            coupling.item_sd_of(wrong, 100)


def test_a_zero_that_most_resamples_lack_has_no_interval():
    steps = coupling.local_coupling(panel(seed=0)).frame
    _, zero = coupling.running_coupling_clustered(steps, n_boot=200, seed=5)
    assert zero.discarded > 0.5
    assert not zero.has_interval
