"""Critical scale: exact cases, the plain loop over resamples, and the released bootstrap."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from capelib.coupling import critical, resample
from capelib.errors import InputError
from capelib.tables import panel, read

SIZES = np.array([7e7, 1.6e8, 4.1e8, 1e9, 1.4e9, 2.8e9, 6.9e9, 1.2e10])


@pytest.fixture(scope="module")
def points() -> pd.DataFrame:
    return read("panel_bootstrap_nc")


@pytest.fixture(scope="module")
def released() -> pd.DataFrame:
    return panel("released")


def plain_loop(log_n: np.ndarray, y: np.ndarray, picks) -> np.ndarray:
    found = []
    for pick in picks:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", np.exceptions.RankWarning)
            a, b, _ = np.polyfit(log_n[pick], y[pick], 2)
        vertex = -b / (2 * a) if a > 0 else np.nan
        found.append(10**vertex if 7 < vertex < 12 else np.nan)
    return np.array(found)


def assert_same(ours: np.ndarray, plain: np.ndarray, rtol: float = 1e-9) -> None:
    np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(plain))
    np.testing.assert_allclose(ours[np.isfinite(ours)], plain[np.isfinite(plain)], rtol=rtol)


# exact cases


@given(st.floats(8, 11), st.floats(0.5, 20), st.floats(-50, 50), st.permutations(range(8)))
def test_exact_parabola_gives_its_minimum(log_nc, curvature, level, order):
    n = SIZES[list(order)]
    found = critical.quadratic_scale(n, curvature * (np.log10(n) - log_nc) ** 2 + level)
    assert found.status == critical.OK
    assert np.log10(found.value) == pytest.approx(log_nc, rel=1e-9)
    np.testing.assert_allclose(np.polyval(found.coefficients, log_nc), level, atol=1e-6)


@given(st.floats(8, 11), st.floats(0.05, 5))
def test_exact_line_gives_its_zero(log_nc, slope):
    found = critical.line_scale(SIZES, slope * (np.log10(SIZES) - log_nc))
    assert found.ok
    assert np.log10(found.value) == pytest.approx(log_nc, rel=1e-9)
    assert found.coefficients == pytest.approx((slope, -slope * log_nc), rel=1e-7)


@given(st.floats(8, 10), st.floats(0.05, 5))
def test_exact_line_of_couplings_changes_sign_at_its_zero(log_nc, slope):
    found = critical.sign_change_scale(SIZES, slope * (np.log10(SIZES) - log_nc))
    assert np.log10(found.value) == pytest.approx(log_nc, rel=1e-9)


@given(st.lists(st.floats(-3, 3, allow_subnormal=False), min_size=3, max_size=8), st.floats(0.1, 10))
def test_scaling_the_couplings_moves_no_sign_change(gamma, factor):
    sizes = SIZES[: len(gamma)]
    gamma = np.round(gamma, 3)
    before, after = critical.sign_change_scale(sizes, gamma), critical.sign_change_scale(sizes, gamma * factor)
    assert before.status == after.status
    assert (before.value == pytest.approx(after.value, rel=1e-9)) or (np.isnan(before.value) and np.isnan(after.value))


@pytest.mark.parametrize(
    ("gamma", "status", "log_nc", "note"),
    [
        ([-1, 1], critical.OK, 8.5, ""),
        ([-1, 3], critical.OK, 8.25, ""),
        ([-1, 0, 1], critical.OK, 9.0, ""),
        ([-1, 0, -1, 1], critical.OK, 10.5, ""),
        ([-1, np.nan, 1], critical.OK, 9.0, ""),
        ([1, -1, 1], critical.OK, 9.5, "2 times"),
        ([1, 2], critical.NO_SIGN_CHANGE, np.nan, "already positive"),
        ([-1, -2, 0], critical.NO_SIGN_CHANGE, np.nan, "never positive"),
        ([1, -1], critical.NO_SIGN_CHANGE, np.nan, "negative at the end"),
        ([0, 0], critical.NO_SIGN_CHANGE, np.nan, "zero"),
        ([np.nan], critical.TOO_FEW, np.nan, "no step"),
    ],
)
def test_sign_change_by_hand(gamma, status, log_nc, note):
    found = critical.sign_change_scale(10.0 ** np.arange(8, 8 + len(gamma)), gamma)
    assert (found.status, note in found.note) == (status, True)
    np.testing.assert_allclose(np.log10(found.value), log_nc, rtol=1e-12)


def test_reasons_for_no_critical_scale():
    log_n = np.log10(SIZES)
    assert critical.quadratic_scale(SIZES, -((log_n - 9) ** 2)).status == critical.OPENS_DOWNWARD
    assert critical.quadratic_scale(SIZES, (log_n - 13) ** 2).status == critical.OUTSIDE_RANGE
    assert critical.quadratic_scale(SIZES[:2], [1.0, 2.0]).status == critical.TOO_FEW
    assert critical.line_scale(SIZES, 9 - log_n).status == critical.SLOPE_NOT_POSITIVE
    assert critical.line_scale(SIZES, log_n - 13).status == critical.OUTSIDE_RANGE
    assert "none" in str(critical.line_scale(SIZES, log_n - 13))
    with pytest.raises(InputError, match="equal length"):
        critical.quadratic_scale(SIZES, [1.0])
    with pytest.raises(InputError, match="positive"):
        critical.quadratic_scale([-1e8, 1e9, 1e10], [1.0, 2.0, 3.0])


def test_table_of_families_has_every_family_and_estimator(released):
    table = critical.critical_scales(released)
    assert len(table) == 3 * released["family"].nunique()
    assert table["n_params"].notna().equals(table["status"] == critical.OK)
    shuffled = critical.critical_scales(released.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(table, shuffled)


def test_table_with_intervals_agrees_with_single_families(released):
    table = resample.critical_table(released, n_boot=200)
    pd.testing.assert_frame_equal(table[list(critical.critical_scales(released))], critical.critical_scales(released))
    unsure = (table["status"] != critical.OK) | (table["discarded"] > 0.5)
    assert table.loc[unsure, ["low", "high"]].isna().all(axis=None)
    assert table.loc[~unsure, ["low", "high"]].notna().all(axis=None)
    row = table[(table["family"] == "OPT") & (table["estimator"] == "quadratic")].iloc[0]
    single = resample.bootstrap_critical_scale(released[released["family"] == "OPT"], scheme="pooled", n_boot=200)
    assert (row["n_params"], row["low"], row["high"]) == (
        single.estimate.value,
        single.estimate.low,
        single.estimate.high,
    )


# resampling


def test_legacy_choice_in_one_call_is_the_stream_of_successive_calls():
    one, many = np.random.RandomState(42), np.random.RandomState(42)
    together = one.choice(14, (300, 14), replace=True)
    np.testing.assert_array_equal(together, [many.choice(14, 14, replace=True) for _ in range(300)])
    assert one.random_sample() == many.random_sample()


def test_authors_bootstrap_is_the_released_loop(points):
    stream = np.random.RandomState(42)
    picks = [stream.choice(14, size=14, replace=True) for _ in range(10_000)]
    plain = plain_loop(np.log10(points["n_params"].to_numpy(float)), points["truthfulqa"].to_numpy(), picks)
    ours = resample.authors_bootstrap(points)
    assert_same(ours.draws, plain)
    kept = plain[np.isfinite(plain)]
    np.testing.assert_allclose([ours.estimate.low, ours.estimate.high], np.percentile(kept, [2.5, 97.5]), rtol=1e-9)
    assert ours.median == ours.estimate.value == pytest.approx(np.median(kept), rel=1e-9)
    assert ours.estimate.discarded == pytest.approx(1 - kept.size / plain.size)


@given(st.floats(7, 12), st.floats(7, 12), st.floats(0, 100), st.floats(0, 100), st.integers(1, 13))
def test_polyfit_of_two_sizes_is_never_kept(first, second, y1, y2, times):
    log_n, y = (np.repeat(ends, [times, 14 - times]) for ends in ([first, second], [y1, y2]))
    assume(abs(first - second) > 1e-3 or first == second)
    assert np.isnan(plain_loop(log_n, y, [np.arange(14)])).all()


def test_authors_bootstrap_keeps_what_polyfit_keeps_of_resamples_with_too_few_sizes(points):
    few = points.iloc[[0, 3, 6, 6]]  # four points of three sizes: most resamples hold fewer than three
    stream = np.random.RandomState(3)
    picks = [stream.choice(4, size=4, replace=True) for _ in range(400)]
    plain = plain_loop(np.log10(few["n_params"].to_numpy(float)), few["truthfulqa"].to_numpy(), picks)
    curvature, _ = resample.quadratic_vertices(
        np.log10(few["n_params"]), few["truthfulqa"], [np.bincount(pick, minlength=4) for pick in picks]
    )
    assert np.isnan(curvature).sum() > 50
    assert_same(resample.authors_bootstrap(few, 400, seed=3).draws, plain, rtol=1e-7)


def test_authors_zero_crossing_is_the_released_loop(points):
    frame = points.sort_values("n_params", kind="stable")
    log_n = np.log10(frame["n_params"].to_numpy(float))
    steps = [
        (dy / dx, (a + b) / 2)
        for dx, dy, a, b in zip(
            np.diff(frame["hellaswag"]), np.diff(frame["truthfulqa"]), log_n, log_n[1:], strict=False
        )
        if abs(dx) > 0.5
    ]
    gamma, at = np.array(steps).T
    stream = np.random.RandomState(42)
    for _ in range(500):
        stream.choice(14, 14, replace=True)
    plain = []
    for _ in range(500):
        pick = stream.choice(len(gamma), len(gamma), replace=True)
        slope, intercept = np.polyfit(at[pick], gamma[pick], 1)
        zero = -intercept / slope
        plain.append(10**zero if 7 < zero < 12 else np.nan)
    assert_same(resample.authors_zero_crossing(points, 500).draws, np.array(plain))


@pytest.mark.parametrize("scheme", resample.SCHEMES)
def test_every_scheme_agrees_with_polyfit_on_the_same_draws(points, scheme):
    ours = resample.bootstrap_critical_scale(points, "quadratic", scheme, n_boot=300, seed=5)
    counts = resample.draw_counts(points["family"], scheme, 300, seed=5)
    keep = [i for i, row in enumerate(counts) if points["n_params"][row > 0].nunique() > 2]
    picks = [np.repeat(np.arange(14), row) for row in counts]
    plain = plain_loop(np.log10(points["n_params"].to_numpy(float)), points["truthfulqa"].to_numpy(), picks)
    assert_same(ours.draws[keep], plain[keep])
    assert ours.estimate.low < ours.median < ours.estimate.high


def test_pooled_bootstrap_agrees_with_scipy(points):
    log_n, y = np.log10(points["n_params"].to_numpy(float)), points["truthfulqa"].to_numpy()

    def log_vertex(x, scores, axis=-1):
        return np.array(critical.quadratic_vertices(x, scores, np.ones((1, x.size)))[1][0])

    theirs = stats.bootstrap(
        (log_n, y), log_vertex, paired=True, vectorized=False, n_resamples=2000, method="percentile", rng=1
    ).confidence_interval
    ours = resample.bootstrap_critical_scale(points, scheme="pooled", n_boot=10_000, seed=2).estimate
    assert np.log10(ours.low) == pytest.approx(theirs.low, abs=0.03)
    assert np.log10(ours.high) == pytest.approx(theirs.high, abs=0.15)


@given(st.lists(st.sampled_from("ABCD"), min_size=4, max_size=12), st.integers(0, 99))
def test_schemes_draw_what_they_say(names, seed):
    families = np.array([*names, "A", "B"])
    pooled = resample.draw_counts(families, "pooled", 50, seed)
    assert (pooled.sum(axis=1) == families.size).all()
    stratified = resample.draw_counts(families, "stratified", 50, seed)
    clustered = resample.draw_counts(families, "clustered", 50, seed)
    for family in np.unique(families):
        own = families == family
        assert (stratified[:, own].sum(axis=1) == own.sum()).all()
        assert (clustered[:, own] == clustered[:, own][:, :1]).all()  # whole families or none of them
    firsts = [np.flatnonzero(families == family)[0] for family in np.unique(families)]
    assert (clustered[:, firsts].sum(axis=1) == len(firsts)).all()
    np.testing.assert_array_equal(clustered, resample.draw_counts(families, "clustered", 50, seed))


@pytest.mark.parametrize("estimator", ["line", "sign change"])
def test_steps_between_drawn_sizes_agree_with_a_loop(released, estimator):
    opt = released[released["family"] == "OPT"].sort_values("n_params")
    ours = resample.bootstrap_critical_scale(opt, estimator, "pooled", n_boot=200, seed=1)
    plain = []
    for row in resample.draw_counts(opt["family"], "pooled", 200, seed=1):
        drawn = opt[row > 0]
        gamma = np.diff(drawn["truthfulqa"]) / np.diff(drawn["hellaswag"])
        mid = np.sqrt(drawn["n_params"].to_numpy(float)[1:] * drawn["n_params"].to_numpy(float)[:-1])
        of = critical.line_scale if estimator == "line" else critical.sign_change_scale
        plain.append(of(mid, gamma).value)
    assert_same(ours.draws, np.array(plain))
    assert ours.estimate.discarded == pytest.approx(np.isnan(plain).mean())


def test_clustered_line_counts_a_family_drawn_twice_twice(released):
    frame = released[released["family"].isin(["OPT", "BLOOM", "Pythia"])]
    ours = resample.bootstrap_critical_scale(frame, "line", "clustered", n_boot=60, seed=4)
    sizes = resample.family_sizes(frame, "hellaswag", "truthfulqa")[0]
    plain = []
    for row in resample.draw_counts(sizes["family"], "clustered", 60, seed=4):
        steps = []
        for family, times in pd.Series(row).groupby(sizes["family"]).first().items():
            own = sizes[sizes["family"] == family]
            n = own["n_params"].to_numpy(float)
            steps += times * [
                *zip(np.sqrt(n[1:] * n[:-1]), np.diff(own["truthfulqa"]) / np.diff(own["hellaswag"]), strict=True)
            ]
        plain.append(critical.line_scale(*np.array(steps).T).value)
    assert_same(ours.draws, np.array(plain))


@settings(max_examples=25)
@given(st.lists(st.floats(-30, 30), min_size=3, max_size=3), st.floats(8.5, 10.5))
def test_shared_quadratic_ignores_the_level_of_a_family(levels, log_nc):
    frame = pd.DataFrame(
        {
            "model": [f"{family}{i}" for family in "ABC" for i in range(8)],
            "family": np.repeat(list("ABC"), 8),
            "n_params": np.tile(SIZES, 3),
            "hellaswag": np.tile(np.arange(8.0), 3),
            "truthfulqa": np.tile(4 * (np.log10(SIZES) - log_nc) ** 2, 3) + np.repeat(levels, 8),
        }
    )
    found = resample.bootstrap_critical_scale(frame, "shared quadratic", "stratified", n_boot=50, seed=0)
    assert np.log10(found.point.value) == pytest.approx(log_nc, rel=1e-7)
    np.testing.assert_allclose(np.log10(found.draws[np.isfinite(found.draws)]), log_nc, rtol=1e-6)


def test_shared_quadratic_agrees_with_least_squares(points):
    found = resample.bootstrap_critical_scale(points, "shared quadratic", n_boot=2, seed=0).point
    log_n = np.log10(points["n_params"].to_numpy(float)) - 9
    design = np.column_stack([log_n**2, log_n, *(points["family"] == f for f in points["family"].unique())]).astype(
        float
    )
    a, b = np.linalg.lstsq(design, points["truthfulqa"].to_numpy(), rcond=None)[0][:2]
    assert np.log10(found.value) == pytest.approx(9 - b / (2 * a), rel=1e-9)


def test_user_mistakes_are_told(points):
    for call, message in [
        (lambda: resample.bootstrap_critical_scale(points, "cubic"), "unknown estimator 'cubic'"),
        (lambda: resample.bootstrap_critical_scale(points, scheme="pool"), "closest: 'pooled'"),
        (lambda: resample.bootstrap_critical_scale(points, "sign change"), "one family"),
        (lambda: resample.bootstrap_critical_scale(points, n_boot=0), "n_boot"),
        (lambda: resample.bootstrap_critical_scale(points, y="truthful"), "unknown column"),
        (lambda: resample.draw_counts(["A", "A"], "clustered", 5, 0), "two or more"),
    ]:
        with pytest.raises(InputError, match=message):
            call()


def test_scores_on_a_straight_line_have_no_minimum_and_raise_no_warning():
    found = critical.quadratic_scale([10**8, 10**9, 10**10], [40.0, 40.0, 40.0])
    assert not found.ok
    assert found.status == "no curvature"
    assert np.isnan(found.value)
