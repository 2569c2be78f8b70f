"""The frontier's lines, labs, trends and residuals, each against an independent computation or an exact case."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests

from capelib import frontier, tables
from capelib.errors import InputError
from capelib.frontier.hfield import holm

X, Y = "swe_bench_verified", "gpqa_diamond"


@pytest.fixture(scope="module")
def panel():
    return tables.read("frontier").assign(year=lambda t: frontier.decimal_year(t["release_date"]))


@pytest.fixture(scope="module")
def frozen(panel):
    return panel[panel["subset"] != "post_cutoff"]


def noisy(n=60, slope=0.6, labs=6, seed=0, sd=4.0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(20, 80, n)
    return pd.DataFrame(
        {
            "model": [f"m{i}" for i in range(n)],
            "lab": [f"L{i % labs}" for i in range(n)],
            "year": rng.uniform(2024, 2026, n),
            X: x,
            Y: 30 + slope * x + rng.normal(0, sd, n),
        }
    )


def test_the_line_is_that_of_least_squares_with_its_intervals_and_band(frozen):
    line = frontier.fit_line(frozen)
    ours = sm.OLS(frozen[Y], sm.add_constant(frozen[X])).fit()
    assert (line.intercept.value, line.slope.value) == pytest.approx(tuple(ours.params))
    assert (line.slope.low, line.slope.high) == pytest.approx(tuple(ours.conf_int().loc[X]))
    assert (line.intercept.low, line.intercept.high) == pytest.approx(tuple(ours.conf_int().loc["const"]))
    assert line.p == pytest.approx(ours.f_pvalue)
    assert line.sd == pytest.approx(np.sqrt(ours.mse_resid))
    grid = np.array([10.0, 55.0, 90.0])
    there = ours.get_prediction(sm.add_constant(grid)).conf_int()
    np.testing.assert_allclose(np.column_stack(line.band(grid)), there)


def test_a_line_refuses_what_it_cannot_be_drawn_through(frozen):
    with pytest.raises(InputError, match="three models"):
        frontier.fit_line(frozen.head(2))
    with pytest.raises(InputError, match="two values"):
        frontier.fit_line(frozen.assign(**{X: 50.0}))
    with pytest.raises(InputError, match="unknown column 'hle'"):
        frontier.fit_line(frozen, "hle")


def test_resampling_labs_is_resampling_labs():
    frame = noisy(12, labs=6)
    found = frontier.resampled(frame, scheme="clustered", n_boot=300, seed=3)
    rng, labs = np.random.default_rng(3), np.unique(frame["lab"])
    picked = rng.integers(0, len(labs), (300, len(labs)))
    draws = [
        np.polyfit(*pd.concat([frame[frame["lab"] == labs[i]] for i in row])[[X, Y]].to_numpy().T, 1) for row in picked
    ]
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    assert (found["slope"].low, found["slope"].high) == pytest.approx((low[0], high[0]))
    assert (found["intercept"].low, found["intercept"].high) == pytest.approx((low[1], high[1]))
    with pytest.raises(InputError, match="resampling scheme"):
        frontier.resampled(frame, scheme="labs")
    with pytest.raises(InputError, match="needs 5 of them, got 4"):
        frontier.resampled(noisy(12, labs=4))


def test_a_line_per_lab_and_the_one_without_a_lab(frozen):
    google = frozen[frozen["lab"] == "Google"]
    row = frontier.per_lab(frozen).set_index("lab").loc["Google"]
    assert row["slope"] == pytest.approx(stats.linregress(google[X], google[Y]).slope)
    one_less = [stats.linregress(g[X], g[Y]).slope for g in (google.drop(i) for i in google.index)]
    assert (row["without_low"], row["without_high"]) == pytest.approx((min(one_less), max(one_less)))
    assert frontier.per_lab(frozen)["lab"].tolist() == ["Anthropic", "DeepSeek", "Google", "OpenAI"]
    others = frozen[frozen["lab"] != "Google"]
    fitted = np.polyfit(others[X], others[Y], 1)
    errors = frontier.leave_one_lab_out(frozen).set_index("lab")
    assert errors.loc["Google", "mae"] == pytest.approx(np.abs(google[Y] - np.polyval(fitted, google[X])).mean())
    assert errors["n"].sum() == len(frozen)


def test_readings_of_a_mean_over_labs():
    found = frontier.of_labs([1.0, 3.0])
    assert {round(e.high - e.value, 6) for e in found.values()} == {
        1.0, round(np.sqrt(2), 6), round(stats.t.ppf(0.975, 1), 6)
    }  # fmt: skip


def test_one_slope_for_all_labs_is_the_f_test_of_an_interaction(frozen):
    rows = frozen.groupby("lab").filter(lambda own: len(own) >= 3)
    shared, own = (smf.ols(f"{Y} ~ C(lab) {sign} {X}", rows).fit() for sign in ("+", "*"))
    f, p, df = own.compare_f_test(shared)
    found = frontier.common_slope(frozen, n_draws=200)
    assert (found.f, found.p, found.df[0]) == pytest.approx((f, p, df))
    assert found.slope.value == pytest.approx(shared.params[X])
    assert (found.slope.low, found.slope.high) == pytest.approx(tuple(shared.conf_int().loc[X]))
    slopes = frontier.per_lab(frozen)["slope"]
    assert found.ratio == pytest.approx(slopes.max() / slopes.min())
    with pytest.raises(InputError, match="two labs"):
        frontier.common_slope(frozen[frozen["lab"] == "Google"])


def test_a_ratio_of_slopes_is_judged_by_the_spread_of_each_lab():
    # two labs whose scores are spread ten times as far as the other's: Sxx 2000 and 20, one slope and its scatter
    wide, narrow = np.array([-30.0, -10.0, 10.0, 30.0]), np.array([-3.0, -1.0, 1.0, 3.0])
    bend = np.array([1.0, -1.0, -1.0, 1.0])  # has no slope of its own
    frame = pd.DataFrame({
        "lab": ["W"] * 4 + ["N"] * 4,
        X: np.r_[50 + wide, 50 + narrow],
        Y: np.r_[60 + wide + bend, 60 + 1.5 * narrow + bend],
    })  # fmt: skip
    found = frontier.common_slope(frame, n_draws=20_000, seed=1)
    assert found.ratio == pytest.approx(1.5)
    shared, variance = found.slope.value, 8 / 4  # eight residuals of one, four degrees of freedom
    draws = np.random.default_rng(7).standard_normal((200_000, 2)) * np.sqrt(variance / np.array([2000.0, 20.0]))
    slopes = shared + draws
    low, high = slopes.min(axis=1), slopes.max(axis=1)
    by_hand = np.mean((low <= 0) | (high >= 1.5 * low))
    assert found.ratio_p == pytest.approx(by_hand, abs=0.015)


def test_labs_of_one_slope_are_told_apart_as_often_as_the_test_says():
    found = [frontier.common_slope(noisy(seed=seed), n_draws=100, seed=seed) for seed in range(60)]
    assert np.mean([each.p < 0.2 for each in found]) == pytest.approx(0.2, abs=0.12)
    assert np.mean([each.ratio_p < 0.2 for each in found]) == pytest.approx(0.2, abs=0.12)


def test_what_is_held_is_what_regression_takes_out(frozen):
    table = frontier.held(frozen).set_index("held")
    left = [smf.ols(f"{name} ~ C(lab) + year", frozen).fit().resid for name in (X, Y)]
    assert table.loc["lab and date", "r"] == pytest.approx(np.corrcoef(*left)[0, 1])
    assert table.loc["nothing", "p"] == pytest.approx(stats.pearsonr(frozen[X], frozen[Y]).pvalue)
    # the p of a partial correlation is that of the regression coefficient
    assert table.loc["date", "p"] == pytest.approx(smf.ols(f"{Y} ~ {X} + year", frozen).fit().pvalues[X])
    assert "lab and date" not in set(frontier.held(noisy(6, labs=4))["held"])


def test_shuffling_within_groups_keeps_groups_and_nothing_else():
    rng = np.random.default_rng(0)
    groups = np.repeat([0, 1, 2], 20)
    x, y = 10 * groups + rng.normal(size=60), 10 * groups + rng.normal(size=60)
    null = frontier.shuffled_within(x, y, groups, 400)
    assert null.median > 0.95  # the groups alone correlate
    assert null.p > 0.05
    tied = frontier.shuffled_within(x, x + 0.1 * y, groups, 400)
    assert tied.p < 0.01
    # one group of two: the two orders, about half of the draws each
    pair = frontier.shuffled_within([1, 2, 5], [1, 2, 3], ["a", "a", "b"], 1000)
    swapped = np.corrcoef([1, 2, 5], [2, 1, 3])[0, 1]
    assert set(np.round(pair.draws, 9)) == {round(pair.observed, 9), round(swapped, 9)}
    assert np.mean(np.isclose(pair.draws, swapped)) == pytest.approx(0.5, abs=0.06)
    with pytest.raises(InputError, match="group of two"):
        frontier.shuffled_within([1, 2, 3], [1, 2, 3], ["a", "b", "c"])


def test_windows_of_time_are_of_equal_size_and_in_order():
    year = np.random.default_rng(0).permutation(np.linspace(2024, 2026, 12))
    found = frontier.windows(year, 4)
    assert np.bincount(found).tolist() == [3, 3, 3, 3]
    assert (np.diff(found[np.argsort(year)]) >= 0).all()
    assert len(set(frontier.windows([2025.5] * 5, 3))) == 1
    frame = noisy(30)
    table = frontier.over_windows(frame, [1, 3], n_draws=200)
    one = frontier.shuffled_within(frame[X], frame[Y], frontier.windows(frame["year"], 3), 200)
    assert table.loc[1, ["median", "p"]].tolist() == pytest.approx([one.median, one.p])
    assert table.loc[0, "median"] == pytest.approx(0, abs=0.1)  # one window: any model may get any score


def test_the_expected_r_of_a_narrower_range_is_that_of_the_same_line():
    frame = noisy(40_000, sd=8)
    table = frontier.by_floor(frame, [0, 50, 70])
    np.testing.assert_allclose(table["r"], table["expected"], atol=0.05)
    assert table["r"].is_monotonic_decreasing
    assert table.loc[0, "expected"] == pytest.approx(table.loc[0, "r"], abs=1e-3)
    assert frontier.by_floor(frame, [0, 99])["floor"].tolist() == [0]


def test_spread_of_the_best_and_r_without_one(frozen):
    best = frozen.sort_values(X, ascending=False).head(5)
    assert frontier.top_spread(frozen, Y, X) == pytest.approx(np.ptp(best[Y]))
    assert np.isnan(frontier.top_spread(frozen.head(4), X, X))
    found = frontier.leave_one_out(frozen)
    without = frozen[frozen["model"] != found.low_without]
    assert found.low == pytest.approx(np.corrcoef(without[X], without[Y])[0, 1])
    assert found.low <= frontier.r_of(frozen) <= found.high
    with pytest.raises(InputError, match="needs four"):
        frontier.leave_one_out(frozen.head(3))


def test_h_about_the_others_is_a_fit_without_the_model(frozen):
    table = frontier.h_field(frozen, x_se=2.0, y_se=2.5).set_index("model")
    studentised = sm.OLS(frozen[Y], sm.add_constant(frozen[X])).fit().get_influence().resid_studentized_external
    np.testing.assert_allclose(table["p"], 2 * stats.t.sf(np.abs(studentised), len(frozen) - 3))
    one = frozen[frozen["model"] == "DeepSeek-V2.5"].iloc[0]
    alone = frontier.fit_line(frozen[frozen["model"] != "DeepSeek-V2.5"])
    row = table.loc["DeepSeek-V2.5"]
    assert row["h_alone"] == pytest.approx(one[Y] - alone.predict(one[X]))
    half = stats.t.ppf(0.975, alone.n - 2) * np.sqrt(
        alone.sd**2 * alone.leverage(one[X]) + 2.5**2 + (frontier.fit_line(frozen).slope.value * 2.0) ** 2
    )
    assert (row["high"] - row["low"]) / 2 == pytest.approx(half)
    np.testing.assert_allclose(table["p_holm"], multipletests(table["p"], method="holm")[1])
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])
    # the author's h is about his own rounded line
    np.testing.assert_allclose(table["h"], frozen.set_index("model")["h_reported"], atol=0.15)
    with pytest.raises(InputError, match="four models"):
        frontier.h_field(frozen.head(3))


def test_labs_differ_in_level_only_where_they_do():
    frame = noisy(48, labs=4)
    same = frontier.lab_effect(frame[Y] - 0.6 * frame[X], frame["lab"], 500)
    groups = [own for _, own in (frame[Y] - 0.6 * frame[X]).groupby(frame["lab"])]
    assert same.p == pytest.approx(stats.f_oneway(*groups).pvalue, abs=0.08)
    apart = frontier.lab_effect(frame["lab"].eq("L0") * 20.0 + np.arange(48) % 3, frame["lab"], 500)
    assert apart.p < 0.01
    assert apart.share > 0.9
    with pytest.raises(InputError, match="two of them"):
        frontier.lab_effect([1.0, 2.0], ["a", "a"])
    np.testing.assert_allclose(frontier.detrended([1.0, 3.0, 5.0], [2024, 2025, 2026]), 0, atol=1e-12)


def test_errors_in_both_scores_are_taken_out():
    rng = np.random.default_rng(1)
    true = rng.uniform(30, 70, 3000)
    frame = pd.DataFrame({
        X: true + rng.normal(0, 6, 3000), Y: 10 + 0.8 * true + rng.normal(0, 3, 3000) + rng.normal(0, 4, 3000),
        f"{X}_se": 6.0, f"{Y}_se": 4.0, "lab": rng.integers(0, 30, 3000)})  # fmt: skip
    found = frontier.noisy_line(frame, n_boot=200)
    assert found.slope.value == pytest.approx(0.8, abs=0.03)
    assert found.scatter == pytest.approx(3, abs=0.4)
    assert found.r.value == pytest.approx(np.corrcoef(true, 0.8 * true + rng.normal(0, 3, 3000))[0, 1], abs=0.02)
    assert found.slope.low < found.slope.value < found.slope.high
    assert frontier.fit_line(frame).slope.value < 0.72
    exact = frontier.noisy_line(frame.assign(**{f"{X}_se": 0.0, f"{Y}_se": 0.0}), n_boot=50)
    assert exact.slope.value == pytest.approx(frontier.fit_line(frame).slope.value)
    assert exact.r.value == pytest.approx(frontier.fit_line(frame).r.value)
    few = frontier.noisy_line(frame.assign(lab=frame["lab"] % 4), n_boot=100)
    assert (found.unit, few.unit) == ("whole labs", "models")
    with pytest.raises(InputError, match="five models"):
        frontier.noisy_line(frame.head(4))


def test_moments_agree_with_maximum_likelihood_on_the_runs():
    rows = frontier.once(frontier.pairs(tables.read("frontier_epoch"), "simpleqa_verified", Y))
    x, y, sx, sy = (rows[name].to_numpy() for name in ("simpleqa_verified", Y, "simpleqa_verified_se", f"{Y}_se"))

    def cost(p):
        beta, level, mu, tau2, sigma2 = *p[:3], *np.exp(p[3:])
        a, c, b = tau2 + sx**2, beta * tau2, beta**2 * tau2 + sigma2 + sy**2
        det, dx, dy = a * b - c**2, x - mu, y - level - beta * mu
        return np.sum(np.log(det) + (b * dx**2 - 2 * c * dx * dy + a * dy**2) / det)

    best = optimize.minimize(
        cost, [0.3, 70, x.mean(), np.log(x.var()), 4], method="Nelder-Mead", options={"maxiter": 8000}
    ).x
    found = frontier.noisy_line(rows, "simpleqa_verified", n_boot=100)
    assert found.slope.value == pytest.approx(best[0], abs=0.02)
    assert found.scatter == pytest.approx(np.exp(best[4] / 2), rel=0.1)


def test_later_models_are_set_beside_plain_guesses(panel, frozen):
    later = panel[panel["subset"] == "post_cutoff"]
    found = frontier.later_models(frozen, later).set_index("model")
    opus = later[later["model"] == "Claude Opus 4.7"].iloc[0]
    assert found.loc["Claude Opus 4.7", "line"] == pytest.approx(opus[Y] - frontier.fit_line(frozen).predict(opus[X]))
    before = frozen[frozen["model"] == "Claude Opus 4.6"][Y].item()
    assert found.loc["Claude Opus 4.7", "carried"] == pytest.approx(opus[Y] - before)
    older = frozen.assign(year=frozen["year"].where(frozen["model"] != "Claude Opus 4.6", 2023))
    sonnet = frozen[frozen["model"] == "Claude Sonnet 4.6"][Y].item()  # now the newest, and lower
    carried = frontier.later_models(older, later).set_index("model").loc["Claude Opus 4.7", "carried"]
    assert carried == pytest.approx(opus[Y] - sonnet)
    nearest = frozen.sort_values(X).tail(5)[Y].mean()
    assert found.loc["Claude Opus 4.7", "neighbours"] == pytest.approx(opus[Y] - nearest)
    with pytest.raises(InputError, match="no later model"):
        frontier.later_models(frozen, later.head(0))
