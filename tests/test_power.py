"""The power analysis: its estimators are the edition's, its noise is binomial, its answers behave as power does."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from capelib import coupling, selection, tables
from capelib.charts import referee_scale as draw
from capelib.errors import InputError
from capelib.referee import power, simulate, worlds

ITEMS = {"hellaswag": 10_042, "truthfulqa": 817}
PAIR = (10_042, 817)
X, Y = "hellaswag", "truthfulqa"


@pytest.fixture(scope="module")
def long():
    return selection.families_with(selection.base_models(tables.panel("measured")), 3, [X, Y])


@pytest.fixture(scope="module")
def families(long):
    return worlds.layout(long, sizes=4)


QUIET = worlds.Scatter(x=1.7, y=1.0, spread=0.0, coupling=0.0, n_families=12)


def clustered_t(y, x, groups, weights=None):
    """Slope and t of a regression with families as clusters, by statsmodels, with the factor k/(k − 1)."""
    fitted = sm.WLS(y, x, weights=1.0 if weights is None else weights).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    k = len(np.unique(groups))
    return fitted.params[-1], fitted.tvalues[-1] / np.sqrt(k / (k - 1))


def test_the_running_estimator_is_the_edition_s_line(long):
    noise = coupling.coupling_noise(coupling.local_coupling(long), ITEMS).frame
    line = coupling.running_coupling(noise, weights=1 / noise["gamma_se"] ** 2)
    found = power.observed(long, worlds.layout(long, sizes=3), "running", PAIR, sizes=3)
    assert found.value == pytest.approx(line.slope.value)
    at = sm.add_constant(np.log10(noise["n_mid"].to_numpy()))
    codes = np.unique(noise["family"], return_inverse=True)[1]
    slope, t = clustered_t(noise["gamma"].to_numpy(), at, codes, 1 / noise["gamma_se"].to_numpy() ** 2)
    half = stats.t.ppf(0.975, noise["family"].nunique() - 1) * slope / t
    assert (found.low, found.high) == pytest.approx((slope - half, slope + half))


def test_the_estimator_beyond_trends_is_a_regression_with_a_trend_per_family(long, families):
    found = power.observed(long, families, "beyond trends", PAIR, sizes=4)
    rows = worlds.long_enough(long, X, Y, 4)
    t = np.log10(rows["n_params"].to_numpy())
    own = (rows["code"].to_numpy()[:, None] == np.arange(families.n_families)).astype(float)
    trends = np.hstack([own, own * t[:, None], own * t[:, None] ** 2])
    off = np.eye(len(t)) - trends @ np.linalg.pinv(trends)
    x, y = off @ rows[X].to_numpy(), off @ rows[Y].to_numpy()
    slope, t_value = clustered_t(y, x[:, None], rows["code"].to_numpy())
    assert found.value == pytest.approx(slope, rel=1e-5)
    assert (found.high - found.low) / 2 == pytest.approx(stats.t.ppf(0.975, 11) * abs(slope / t_value), rel=1e-5)


def test_with_straight_trends_it_belongs_to_the_edition_s_own_correlation(long):
    sizes = worlds.long_enough(long, X, Y, 3)
    within = coupling.within_family(
        sizes.assign(mmlu=sizes[X] + sizes[Y] ** 2), [X, Y, "mmlu"], n_boot=50
    ).pairs.set_index(["x", "y"])
    straight = worlds.layout(long, degree=1, sizes=3)
    slope = power.observed(long, straight, "beyond trends", PAIR, sizes=3, degree=1).value
    off = [worlds.residual_maker(np.log10(own["n_params"].to_numpy()), 1) for _, own in sizes.groupby("code")]
    parts = [
        (a @ own[X].to_numpy(), a @ own[Y].to_numpy()) for a, (_, own) in zip(off, sizes.groupby("code"), strict=True)
    ]
    sx, sy = (np.sqrt(sum(part[i] @ part[i] for part in parts)) for i in (0, 1))
    assert slope * sx / sy == pytest.approx(within.loc[(X, Y), "r_own_trend"])


def test_scores_are_binomial_and_shared_questions_cancel_in_a_difference():
    rng = np.random.default_rng(0)
    true = np.full((4000, 2), 40.0)
    alone, together = (simulate.observe(true, 800, shared, rng) for shared in (0.0, 0.6))
    for scores in (alone, together):
        assert scores.mean() == pytest.approx(40, abs=0.15)
        assert scores.std() == pytest.approx(np.sqrt(40 * 60 / 800), rel=0.05)
    apart = [np.std(scores[:, 0] - scores[:, 1]) for scores in (alone, together)]
    assert apart[0] == pytest.approx(np.sqrt(2 * 40 * 60 / 800), rel=0.05)
    assert apart[1] < 0.85 * apart[0]


def test_a_coupling_that_is_put_in_comes_out(families):
    exact = worlds.Scatter(x=3.0, y=0.0, spread=0.0, coupling=0.0, n_families=12)
    many = (10**8, 10**8)
    x, (none, some) = simulate.simulate(families, exact, "beyond trends", (0.0, 0.4), many, 0.0, 20)
    slopes = [power.estimate(x, y, families, "beyond trends", many)[0] for y in (none, some)]
    assert slopes[0] == pytest.approx(np.zeros(20), abs=0.01)
    assert slopes[1] == pytest.approx(np.full(20, 0.4), abs=0.01)
    x, (some,) = simulate.simulate(families, exact, "running", (0.3,), many, 0.0, 20, zero=9.5)
    starts = np.flatnonzero(np.diff(families.codes, prepend=-1))
    assert some[:, starts] == pytest.approx(np.tile(families.trend_y[starts], (20, 1)), abs=0.02)
    assert power.estimate(x, some, families, "running", many)[0] == pytest.approx(np.full(20, 0.3), abs=0.02)


def test_the_scatter_that_is_put_in_is_estimated(families):
    many = families.alike(800, 6, np.random.default_rng(1))
    put_in = worlds.Scatter(x=2.5, y=1.5, spread=0.3, coupling=0.0, n_families=800)
    x, (y,) = simulate.simulate(many, put_in, "beyond trends", (0.2,), PAIR, 0.0, 1)
    frame = pd.DataFrame({
        "family": [f"F{code:04}" for code in many.codes], "model": np.arange(len(many.time)).astype(str),
        "n_params": 10**many.time, X: x[0], Y: y[0],
    })  # fmt: skip
    found = worlds.scatter(frame, ITEMS, 0.0)
    assert found.x == pytest.approx(2.5, rel=0.1)
    assert found.coupling == pytest.approx(0.2, abs=0.1)
    assert found.spread == pytest.approx(0.3, abs=0.12)
    assert found.y == pytest.approx(1.5, rel=0.1)


def test_power_grows_with_everything_that_should_help_and_is_the_level_without_an_effect(families):
    future = families.alike(60, 5, np.random.default_rng(0))
    found = power.power(future, QUIET, "beyond trends", (0.001, 0.3, 0.8), (6, 20, 60), [PAIR, (10_042, 20_000)],
                        n_draws=200)  # fmt: skip
    table = found.table.set_index(["items", "effect", "families"])["power"].sort_index()
    assert table[817, 0.001].to_numpy() == pytest.approx(np.full(3, 0.05), abs=0.03)
    for items in (817, 20_000):
        assert table[items, 0.8].is_monotonic_increasing
        assert table[items, 0.8, 20] > table[items, 0.3, 20]
    assert table[20_000, 0.3, 60] > table[817, 0.3, 60]
    assert found.table["false_alarms"].between(0, 0.3).all()
    assert found.families_needed(0.8, 817) < found.families_needed(0.3, 817)
    assert np.isinf(found.families_needed(0.001, 817))
    assert 0.3 < found.detectable(20, 817) <= 0.8


def test_the_answers_are_interpolated_where_four_in_five_are_reached():
    table = pd.DataFrame({"families": [10, 20, 40], "items": 1, "effect": 0.5, "power": [0.2, 0.6, 1.0]})
    assert power.Power(table, "running", 100).families_needed(0.5, 1) == pytest.approx(30)
    table = table.assign(power=[0.9, 0.9, 1.0])
    assert power.Power(table, "running", 100).families_needed(0.5, 1) == 10


def test_new_families_are_like_the_old_and_the_first_of_them_stay_together(families):
    new = families.alike(7, 5, np.random.default_rng(0))
    assert new.time.shape == (35,)
    assert {tuple(ends) for ends in new.ranges} <= {tuple(ends) for ends in families.ranges}
    part = new.part(3)
    assert part.n_families == 3
    assert part.time == pytest.approx(new.time[:15])
    # a family of four sizes whose trend is evaluated at its own sizes keeps it
    assert families.trend_x.min() > 20


def test_what_cannot_be_simulated_is_told(long, families):
    with pytest.raises(InputError, match="unknown kind of coupling 'both'"):
        simulate.simulate(families, QUIET, "both", (0.1,), PAIR, 0.5, 10)
    with pytest.raises(InputError, match="from 3 to 12"):
        power.power(families, QUIET, "running", (0.1,), (5, 40), [PAIR])
    with pytest.raises(InputError, match="three families of 8 sizes"):
        worlds.layout(long[long["family"].isin(["OPT", "Pythia"])], sizes=8)


def test_the_chart_of_power_names_every_curve():
    table = pd.DataFrame({
        "families": [5, 10] * 2, "power": [0.1, 0.2, 0.3, 0.9],
        "coupling": ["γ = 0.1"] * 2 + ["γ = 0.4"] * 2, "questions": ["817 questions"] * 4,
    })  # fmt: skip
    chart = draw.power_curves(table, "what one sees", ["panel_leaderboard"]).to_dict()
    assert chart["description"] == "what one sees"
    assert chart["layer"][1]["encoding"]["color"]["scale"]["domain"] == ["γ = 0.1", "γ = 0.4"]


def test_noise_that_models_share_is_not_taken_from_their_scatter():
    # of five equal steps a parabola leaves the cubic and the quartic contrast, two degrees of freedom a family
    rng = np.random.default_rng(4)
    rows = []
    for f in range(8):
        x, y = 50 + rng.normal(0, 6, 5), 40 + rng.normal(0, 6, 5)
        rows += [
            {"family": f"F{f}", "model": f"F{f}-{i}", "n_params": 10.0 ** (7 + i), X: x[i], Y: y[i]} for i in range(5)
        ]
    frame = pd.DataFrame(rows)
    left = np.column_stack([np.array([-1, 2, 0, -2, 1]) / np.sqrt(10), np.array([1, -4, 6, -4, 1]) / np.sqrt(70)])
    scores = frame[X].to_numpy().reshape(8, 5)
    total = np.mean((scores @ left) ** 2)
    noise = np.mean((scores * (100 - scores) / 500) @ left**2)
    items = {X: 500, Y: 500}
    for shared in (0.0, 0.3, 1.0):
        found = worlds.scatter(frame, items, shared)
        assert found.x**2 == pytest.approx(total - (1 - shared) * noise)
