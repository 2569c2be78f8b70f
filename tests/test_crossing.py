"""Independent laws: worlds are what they say they are, and the diagnosis sees what is in them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from capelib import coupling
from capelib.coupling import resample
from capelib.errors import InputError
from capelib.referee import crossing, diagnosis, own_slopes, trends
from capelib.referee.many import places

ITEMS = {"hellaswag": 10_042, "truthfulqa": 817}


def panel(course, families=8, spread=0.3, seed=0):
    rng = np.random.default_rng(seed)
    rows = [
        {"model": f"m{f}-{k}", "family": f"F{f}", "n_params": int(n),
         "hellaswag": 30 + 10 * np.log10(n / 1e8) + rng.normal(0, spread),
         "truthfulqa": 42 + course(f, np.log10(n)) + rng.normal(0, spread)}
        for f in range(families) for k, n in enumerate(np.geomspace(1e8, 1e11, 6))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def bowl(f, at):
    return 3 * (at - 9.5) ** 2 + 0.3 * f * (at - 9.5)


@pytest.fixture(scope="module")
def at():
    return places(panel(bowl), ITEMS)


# trends and scatter


def test_trends_are_least_squares_and_scatter_keeps_its_size(at):
    trend, left = trends.trend_and_scatter(at, "truthfulqa")
    own = at.code == 3
    fit = np.polynomial.Polynomial.fit(at.log_n[own], at.y[0, own], 2)
    assert np.allclose(trend[own], fit(at.log_n[own]))
    draws = trends.scattered(trend, left, 300, np.random.default_rng(0))
    assert np.allclose(np.abs(draws - trend), np.abs(left))
    assert abs(np.mean(np.sign(draws - trend))) < 0.05
    # e/(1 - h) is the error for a model left out of the fit
    size, score = at.log_n[own], at.y[0, own]
    for k in range(len(size)):
        rest = np.arange(len(size)) != k
        out = score[k] - np.polynomial.Polynomial.fit(size[rest], score[rest], 2)(size[k])
        assert left[own][k] ** 2 == pytest.approx(out * (score[k] - fit(size[k])), rel=1e-4)
    line, _ = trends.trend_and_scatter(at, "truthfulqa", degree=1)
    assert np.allclose(np.diff(line[own], 2), 0, atol=1e-7)


def test_scores_stay_scores_and_two_scores_scatter_apart(at):
    draws = trends.scattered(np.full(len(at.log_n), 99.0), np.full(len(at.log_n), 5.0), 10, np.random.default_rng(0))
    assert draws.max() == 100
    rng = np.random.default_rng(2)
    x, y = (trends.separate_trends(at, name, 4000, rng) for name in at.scores)
    x, y = x[:, 4] - x[:, 4].mean(), y[:, 4] - y[:, 4].mean()
    assert abs(np.mean(np.sign(x) * np.sign(y))) < 0.06


# the diagnosis


def test_the_diagnosis_of_a_bowl_shows_all_five_signs(at):
    found = diagnosis.diagnose(at, at.x, at.y, 50)
    assert found.signs(turning=8).iloc[0].all()
    assert found.frame["n_params"].iloc[0] == pytest.approx(10**9.5, rel=0.5)


def test_the_diagnosis_agrees_with_the_coupling_package(at):
    frame = panel(bowl)
    row = diagnosis.diagnose(at, at.x, at.y, 300, seed=4).frame.iloc[0]
    shared = resample.bootstrap_critical_scale(frame, "shared quadratic", "clustered", n_boot=300, seed=4)
    assert row["n_params"] == pytest.approx(shared.estimate.value)
    assert row["lost"] == pytest.approx(shared.estimate.discarded)
    small = frame[frame["n_params"] < row["n_params"]]
    assert row["r_below"] == pytest.approx(small["hellaswag"].corr(small["truthfulqa"]))
    turned = [
        coupling.path_statistics(own["hellaswag"], own["truthfulqa"])["transition"].iloc[0]
        for _, own in frame.groupby("family")
    ]
    assert row["turning"] == sum(turned)
    steps = coupling.local_coupling(frame)
    noise = coupling.coupling_noise(steps, ITEMS, n_draws=10).frame
    slope, _ = coupling.running_coupling_clustered(steps, 1 / noise["gamma_se"] ** 2, n_boot=300, seed=4)
    assert row["slope"] == pytest.approx(slope.value)


def test_turning_families_are_counted_as_by_the_trend_null(at):
    y = np.random.default_rng(7).normal(40, 3, (30, len(at.log_n)))
    found = diagnosis.diagnose(at, at.x, y, 20).frame["turning"]
    each = [
        coupling.path_statistics(np.repeat(at.x[:, at.code == f], 30, axis=0), y[:, at.code == f])["transition"]
        for f in range(len(at.names))
    ]
    assert found.tolist() == np.sum(each, axis=0).tolist()
    assert 0 < found.mean() < len(at.names)


def test_interval_of_the_minimum_is_a_percentile_interval(at):
    row = diagnosis.diagnose(at, at.x, at.y, 400, seed=4).frame.iloc[0]
    draws = resample.bootstrap_critical_scale(panel(bowl), "shared quadratic", "clustered", n_boot=400, seed=4)
    assert row["low"] == pytest.approx(draws.estimate.low, rel=0.02)
    assert row["high"] == pytest.approx(draws.estimate.high, rel=0.02)


def test_signs_need_each_of_their_conditions(at):
    frame = diagnosis.diagnose(at, at.x, at.y, 50).frame
    for column, value, sign in (
        ("turning", 7, 0), ("n_params", np.nan, 1), ("lost", 0.06, 2), ("r_below", 0.1, 3), ("r_above", -0.1, 3),
        ("slope_low", -0.1, 4),
    ):  # fmt: skip
        signs = diagnosis.Diagnosis(frame.assign(**{column: value}), 8).signs(8).iloc[0]
        assert not signs[diagnosis.SIGNS[sign]]
        assert not signs[diagnosis.ALL]


def test_many_panels_are_diagnosed_as_one_by_one(at):
    rng = np.random.default_rng(1)
    x, y = (trends.separate_trends(at, name, 4, rng) for name in at.scores)
    together = diagnosis.diagnose(at, x, y, 50).frame
    single = pd.concat([diagnosis.diagnose(at, x[k], y[k], 50).frame for k in range(4)], ignore_index=True)
    pd.testing.assert_frame_equal(together, single)
    with pytest.raises(InputError, match="n_boot of at least 20"):
        diagnosis.diagnose(at, at.x, at.y, 5)


# the worlds


def laws(**changed):
    return crossing.Laws(**{"scale": 10**9.5, "scale_sd": 1.0, "exponent": 0.3, "exponent_sd": 0.3, **changed})


def course(at, world, n=20, seed=0, **changed):
    rng = np.random.default_rng(seed)
    return crossing.law(at, world, laws(**changed), np.repeat(at.x, n, axis=0), rng)


def test_straight_worlds_go_straight_with_the_panels_own_slopes():
    at = places(panel(lambda f, log_n: (f - 4) * log_n, spread=0), ITEMS)
    own = course(at, crossing.OWN)
    assert np.allclose(own, at.y)
    dealt = course(at, crossing.DEALT)
    for family in range(8):
        assert np.allclose(np.diff(dealt[:, at.code == family], 2), 0, atol=1e-8)
        middle = at.y[0, at.code == family].mean()
        assert np.allclose(dealt[:, at.code == family].mean(axis=1), middle)
    last, first = dealt[:, 5::6], dealt[:, 0::6]
    assert np.allclose(np.sort((last - first) / 3, axis=1), np.arange(8) - 4)


def test_balanced_laws_have_their_minimum_at_the_scale_whatever_their_exponents():
    fine = [{"model": f"{f}-{k}", "family": f, "n_params": int(n), "hellaswag": 30 + k / 10, "truthfulqa": 40 - k * s}
            for f, s in (("A", 0.1), ("B", 0.2)) for k, n in enumerate(np.geomspace(1e8, 1e11, 61))]  # fmt: skip
    at = places(pd.DataFrame(fine), ITEMS)
    y = course(at, crossing.BALANCED, exponent_sd=0.8)
    for family in (0, 1):
        own = at.code == family
        assert np.allclose(at.log_n[own][y[:, own].argmin(axis=1)], 9.5, atol=0.06)
        # a decade below the balance it falls as fast as one of the panel's families
        slope = np.gradient(y[:, own], at.log_n[own], axis=1)[:, 10]
        fall = np.array([0.1, 0.2]) * 20
        assert np.min(np.abs(slope[:, None] + fall), axis=1).max() < 0.1
    apart = course(at, crossing.APART, scale_sd=0.5)
    minima = at.log_n[:61][apart[:, :61].argmin(axis=1)]
    assert minima.std() > 0.2
    assert np.allclose(course(at, crossing.APART, scale_sd=0), y) is False  # other exponents were drawn
    assert np.allclose(course(at, crossing.APART, scale_sd=0, exponent_sd=0).argmin(axis=1) % 61, 30, atol=1)


def test_laws_that_meet_fall_and_meet_at_the_scale():
    at = places(panel(lambda f, log_n: -2 * log_n, spread=0), ITEMS)
    y = course(at, crossing.MEET)
    assert (np.diff(y[:, at.code == 0]) < 0).all()
    own = at.code == 2
    x_there = np.interp(9.5, at.log_n[own], at.x[0, own])
    assert np.allclose([np.interp(9.5, at.log_n[own], row) for row in y[:, own]], x_there, atol=0.2)


def test_coupled_steps_are_the_running_coupling_times_the_step_of_x(at):
    y = course(at, crossing.COUPLED, n=1)
    gamma = np.diff(y[0])[at.small] / np.diff(at.x[0])[at.small]
    line = np.polyfit(at.log_mid, gamma, 1)
    assert np.allclose(np.polyval(line, at.log_mid), gamma)
    assert -line[1] / line[0] == pytest.approx(9.5)
    steps = coupling.local_coupling(panel(bowl))
    noise = coupling.coupling_noise(steps, ITEMS, n_draws=10).frame
    assert line[0] == pytest.approx(coupling.running_coupling(steps, 1 / noise["gamma_se"] ** 2).slope.value)


def seam():
    """Families of small models fall, those of large ones rise, none turns."""
    rng, rows = np.random.default_rng(0), []
    for f in range(10):
        start = 7.8 + 0.25 * f
        for k in range(5):
            log_n = start + 0.3 * k
            rows.append({"model": f"{f}-{k}", "family": f"F{f}", "n_params": int(10**log_n),
                         "hellaswag": 20 + 12 * (log_n - 7.5),
                         "truthfulqa": 42 + 2 * (f - 4.5) * (log_n - start) + rng.normal(0, 0.1)})  # fmt: skip
    return pd.DataFrame(rows)


def test_a_seam_of_slopes_makes_a_minimum_without_a_turn_but_not_turning_families():
    found = crossing.crossing(seam(), ITEMS, laws(scale=1e9), n_draws=60, n_boot=40)
    assert found.share(crossing.OWN, diagnosis.SIGNS[1]) == 1
    assert found.simulated[crossing.OWN].frame["turning"].mean() < 3
    assert found.share(crossing.DEALT, diagnosis.SIGNS[1]) < 0.9


def test_shares_errors_and_the_table_belong_together():
    found = crossing.crossing(panel(bowl), ITEMS, laws(), n_draws=50, n_boot=40)
    signs = found.simulated[crossing.BALANCED].signs(found.turning)
    assert found.share(crossing.BALANCED) == pytest.approx(signs[diagnosis.ALL].mean())
    row = found.frame.set_index(["world", "sign"]).loc[(crossing.COUPLED, diagnosis.ALL)]
    assert row["error"] == pytest.approx(np.sqrt(row["share"] * (1 - row["share"]) / 50))
    table = found.table()
    assert list(table.index) == ["the panel itself", *crossing.WORLDS]
    assert table.loc[crossing.MEET, diagnosis.ALL] == pytest.approx(100 * found.share(crossing.MEET))
    assert found.share(crossing.BALANCED) > 0.5
    assert found.share(crossing.MEET) < 0.1
    one = crossing.crossing(panel(bowl), ITEMS, laws(), n_draws=50, n_boot=40, worlds=[crossing.OWN])
    assert set(one.frame["world"]) == set(one.simulated) == {crossing.OWN}
    with pytest.raises(InputError, match="unknown world 'lines'"):
        crossing.crossing(panel(bowl), ITEMS, laws(), worlds=["lines"])
    again = crossing.crossing(panel(bowl), ITEMS, laws(), n_draws=50, n_boot=40)
    pd.testing.assert_frame_equal(found.frame, again.frame)


@pytest.mark.parametrize("changed", [{"scale": 0}, {"exponent": -1}, {"scale_sd": -0.1}, {"exponent_sd": -1}])
def test_impossible_laws_are_refused(changed):
    with pytest.raises(InputError, match="must be positive"):
        crossing.crossing(panel(bowl), ITEMS, laws(**changed))
    with pytest.raises(InputError, match="needs 5 of three sizes, got 4"):
        crossing.crossing(panel(bowl, families=4), ITEMS, laws())


# a turn beside own slopes


def test_shapes_are_least_squares_with_levels_and_slopes(at):
    found = own_slopes.own_slopes(panel(bowl, spread=2), n_boot=50)
    frame = panel(bowl, spread=2)
    u = np.log10(frame["n_params"]) - np.log10(frame["n_params"]).mean()
    level = pd.get_dummies(frame["family"]).astype(float)
    base = {
        own_slopes.SHARED: np.column_stack([level, u]),
        own_slopes.OWN: np.column_stack([level, level.mul(u, axis=0)]),
    }
    n, rss, aicc = len(frame), {}, {}
    for slopes, design in base.items():
        for shape, more in ((own_slopes.LINE, []), (own_slopes.PARABOLA, [u**2])):
            full = np.column_stack([design, *more])
            k = full.shape[1] + 1
            beta, (rss[slopes, shape],), *_ = np.linalg.lstsq(full, frame["truthfulqa"], rcond=None)
            aicc[slopes, shape] = n * np.log(rss[slopes, shape] / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)
            assert found.value(slopes, shape, "k") == k
    first = aicc[own_slopes.SHARED, own_slopes.LINE]
    for key, value in aicc.items():
        assert found.value(*key, "aicc") == pytest.approx(value - first)
    assert found.curvature.value == pytest.approx(beta[-1])
    assert found.value(own_slopes.OWN, own_slopes.PARABOLA, "bend") == pytest.approx(beta[-1])
    spare = n - 17
    line, bent = rss[own_slopes.OWN, own_slopes.LINE], rss[own_slopes.OWN, own_slopes.PARABOLA]
    assert found.p == pytest.approx(stats.f.sf((line - bent) / (bent / spare), 1, spare))


def test_a_seam_bends_only_while_slopes_are_shared_and_a_bowl_bends_either_way():
    of_seam, of_bowl = (own_slopes.own_slopes(frame, n_boot=200) for frame in (seam(), panel(bowl)))
    assert of_seam.value(own_slopes.SHARED, own_slopes.PARABOLA, "aicc") < -20
    assert of_seam.value(own_slopes.OWN, own_slopes.PARABOLA, "aicc") > of_seam.value(
        own_slopes.OWN, own_slopes.LINE, "aicc"
    )
    assert of_seam.p > 0.05
    assert of_bowl.curvature.low > 2
    assert of_bowl.p < 1e-6
    shared = resample.bootstrap_critical_scale(seam(), "shared quadratic", "pooled", n_boot=1).point.value
    assert of_seam.value(own_slopes.SHARED, own_slopes.PARABOLA, "place") == pytest.approx(shared)


def test_a_break_is_found_where_it_is():
    broken = panel(lambda f, at: f * at + 6 * max(at - 9.8, 0), spread=0.05)
    found = own_slopes.own_slopes(broken, n_boot=50)
    assert np.log10(found.value(own_slopes.OWN, own_slopes.BROKEN, "place")) == pytest.approx(9.8, abs=0.05)
    assert found.value(own_slopes.OWN, own_slopes.BROKEN, "bend") == pytest.approx(6, rel=0.1)
    with pytest.raises(InputError, match="three families and 8 models, got 2 and 12"):
        own_slopes.own_slopes(panel(bowl, families=2))


def test_the_curvature_is_that_of_the_coupling_section_also_with_two_models_of_one_size():
    frame = panel(bowl, spread=2)
    twin = frame.iloc[[0]].assign(model="twin", truthfulqa=60.0)
    both = pd.concat([frame, twin], ignore_index=True)
    found = own_slopes.own_slopes(both, n_boot=50, seed=3)
    assert found.curvature == coupling.shared_curvature(both, n_boot=50, seed=3)
    assert found.value(own_slopes.OWN, own_slopes.PARABOLA, "bend") == pytest.approx(found.curvature.value)
    assert found.n_models == len(both)
    few = own_slopes.own_slopes(panel(bowl, families=4), n_boot=50).curvature
    assert np.isfinite(few.value)
    assert not few.has_interval
