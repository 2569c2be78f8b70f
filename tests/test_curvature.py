"""Shared curvature and straight families: what a level per family lets through, a slope per family does not."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from capelib import coupling
from capelib.coupling.curvature import curvatures
from capelib.errors import InputError


def families(slopes, starts, curvature=0.0, sizes=5, noise=0.0, seed=0):
    """Families y = level + slope·ℓ + curvature·ℓ², each at its own sizes."""
    rng = np.random.default_rng(seed)
    rows = []
    for k, (slope, start) in enumerate(zip(slopes, starts, strict=True)):
        at = start + np.sort(rng.uniform(0, 1.5, sizes))
        y = 40 + 3 * rng.standard_normal() + slope * (at - 9.5) + curvature * (at - 9.5) ** 2
        y += noise * rng.standard_normal(sizes)
        rows.append(pd.DataFrame({"model": [f"{k}-{i}" for i in range(sizes)], "family": f"F{k}", "n_params": 10**at,
                                  "hellaswag": 30.0, "truthfulqa": y}))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def by_least_squares(frame, weights=None):
    at = np.log10(frame["n_params"])
    own = pd.get_dummies(frame["family"]).astype(float)
    design = np.column_stack([own, own.mul(at - at.mean(), axis=0), (at - at.mean()) ** 2])
    return sm.WLS(frame["truthfulqa"], design, 1.0 if weights is None else weights).fit().params.iloc[-1]


def test_straight_families_have_a_common_minimum_and_no_common_curvature():
    # small families fall, large ones rise, none bends
    straight = families([-6, -5, -4, 4, 5, 6], [8.0, 8.1, 8.2, 9.6, 9.7, 9.8])
    found = coupling.bootstrap_critical_scale(straight, "shared quadratic", "clustered", n_boot=400, seed=1)
    assert found.point.ok
    assert 10**8.5 < found.estimate.value < 10**10.5
    assert found.estimate.discarded < 0.05
    bend = coupling.shared_curvature(straight, n_boot=400, seed=1)
    assert [bend.value, bend.low, bend.high] == pytest.approx([0, 0, 0], abs=1e-8)


def test_a_common_bend_is_found_whatever_the_slopes():
    bent = families([-6, -5, -4, 4, 5, 6], [8.0, 8.1, 8.2, 9.6, 9.7, 9.8], curvature=2.5)
    bend = coupling.shared_curvature(bent, n_boot=200, seed=1)
    assert [bend.value, bend.low, bend.high] == pytest.approx([2.5] * 3, abs=1e-8)


@given(st.integers(0, 10**6), st.sampled_from([3, 4, 6]))
def test_the_curvature_is_that_of_least_squares_with_dummies(seed, sizes):
    rng = np.random.default_rng(seed)
    frame = families(rng.normal(0, 5, 4), rng.uniform(8, 10, 4), 1.0, sizes, noise=1.0, seed=seed)
    assert coupling.shared_curvature(frame, n_boot=5).value == pytest.approx(by_least_squares(frame), rel=1e-5)
    if sizes > 3:
        weights = rng.integers(1, 4, len(frame))
        got = curvatures(np.log10(frame["n_params"]), frame["truthfulqa"].to_numpy(), frame["family"], weights[None])
        assert got[0] == pytest.approx(by_least_squares(frame, weights), rel=1e-5)


def test_a_family_drawn_twice_counts_twice_and_one_left_out_not_at_all():
    frame = families([-3, 0, 4], [8.0, 8.5, 9.0], 0.5, noise=1.0)
    at, y, names = np.log10(frame["n_params"]), frame["truthfulqa"].to_numpy(), frame["family"].to_numpy()
    counts = np.select([names == "F0", names == "F1"], [2.0, 0.0], 1.0)
    twice = pd.concat([frame[names == "F0"], frame[names == "F0"].assign(family="again"), frame[names == "F2"]])
    assert curvatures(at, y, names, counts[None])[0] == pytest.approx(by_least_squares(twice), rel=1e-6)


def test_own_lines_keep_straight_families_and_are_each_family_s_regression():
    straight = families([-3, 4], [8.0, 9.0])
    pd.testing.assert_frame_equal(coupling.own_lines(straight), straight)
    bent = families([-3, 4], [8.0, 9.0], 2.0, noise=1.0)
    lines = coupling.own_lines(bent)
    for name, own in bent.groupby("family"):
        at = np.log10(own["n_params"])
        expected = np.polyval(np.polyfit(at, own["truthfulqa"], 1), at)
        assert lines.loc[lines["family"] == name, "truthfulqa"].to_numpy() == pytest.approx(expected)
    alone = bent.head(1)
    assert coupling.own_lines(alone)["truthfulqa"].tolist() == alone["truthfulqa"].tolist()


def test_two_sizes_say_nothing_about_a_bend():
    frame = families([-3, 0, 4], [8.0, 8.5, 9.0], 1.5)
    short = families([5, -7], [8.0, 9.0], sizes=2).replace({"family": {"F0": "S0", "F1": "S1"}})
    both = pd.concat([frame, short])
    assert coupling.shared_curvature(both, n_boot=50).value == pytest.approx(1.5)
    with pytest.raises(InputError, match="two families of 3 sizes"):
        coupling.shared_curvature(short, n_boot=50)
    with pytest.raises(InputError, match="truthful"):
        coupling.shared_curvature(frame, y="truthful")
