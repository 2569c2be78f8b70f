"""Scaling: the loss law, the kink test and its power, gradients, the chain, the hold-out."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import curve_fit

from capelib import scaling, tables
from capelib.charts import scaling as draw
from capelib.errors import InputError
from capelib.estimate import Estimate
from capelib.scaling.fitting import codes_of, fit_many, kink_terms, power_terms
from capelib.scaling.kink import compare
from capelib.scaling.power import kink_p_values

SIZES = np.array([7e7, 1.6e8, 4.1e8, 1e9, 1.4e9, 2.8e9, 6.9e9, 1.2e10])
BREAK = 3e9


def law_of(n, offset=1.5, amplitude=150.0, alpha=0.24):
    return offset + amplitude * n**-alpha


@pytest.fixture(scope="module")
def noisy():
    return law_of(SIZES) + np.random.default_rng(3).normal(0, 0.012, SIZES.size)


@pytest.fixture(scope="module")
def points():
    return tables.read("panel_bootstrap_nc")


# the loss law


@given(offset=st.floats(0.2, 3), amplitude=st.floats(5, 500), alpha=st.floats(0.1, 0.6))
@settings(max_examples=30, deadline=None)
def test_an_exact_law_is_recovered(offset, amplitude, alpha):
    law = scaling.fit_loss(SIZES, law_of(SIZES, offset, amplitude, alpha))
    assert law.alpha.value == pytest.approx(alpha, rel=1e-5)
    assert law.offset[""].value == pytest.approx(offset, rel=1e-4)
    assert law.amplitude[""].value == pytest.approx(amplitude, rel=1e-3)
    assert law.r2 == pytest.approx(1, abs=1e-9)
    assert law.cv_pct == pytest.approx(0, abs=1e-3)


def test_the_fit_and_its_errors_are_those_of_curve_fit(noisy):
    law = scaling.fit_loss(SIZES, noisy)
    best, covariance = curve_fit(lambda n, e, a, k: e + a * n**-k, SIZES, noisy, p0=[1.5, 150, 0.24], maxfev=100_000)
    errors = np.sqrt(np.diag(covariance))
    got = [law.offset[""].value, law.amplitude[""].value, law.alpha.value]
    assert got == pytest.approx(best, rel=1e-4)
    keys = ("offset", "amplitude", "alpha")
    assert [law.standard_error[key] for key in keys] == pytest.approx(errors, rel=1e-3)
    half = stats.t.ppf(0.975, 5) * errors[2]
    assert (law.alpha.low, law.alpha.high) == pytest.approx((best[2] - half, best[2] + half), rel=1e-3)


@given(size_factor=st.floats(0.01, 100), loss_factor=st.floats(0.1, 10), shift=st.floats(-1, 1))
@settings(max_examples=25, deadline=None)
def test_units_do_not_matter(noisy, size_factor, loss_factor, shift):
    plain = scaling.fit_loss(SIZES, noisy)
    other = scaling.fit_loss(SIZES * size_factor, loss_factor * noisy + shift)
    assert other.alpha.value == pytest.approx(plain.alpha.value, rel=1e-4)
    assert other.r2 == pytest.approx(plain.r2, abs=1e-8)
    assert other.cv_pct == pytest.approx(plain.cv_pct, rel=1e-3)
    assert other.offset[""].value == pytest.approx(loss_factor * plain.offset[""].value + shift, abs=2e-3)


def test_order_of_models_does_not_matter(noisy):
    order = np.random.default_rng(0).permutation(SIZES.size)
    assert scaling.fit_loss(SIZES[order], noisy[order]).alpha.value == pytest.approx(
        scaling.fit_loss(SIZES, noisy).alpha.value, abs=1e-8
    )


def test_groups_share_the_exponent_only():
    n, groups = np.tile(SIZES, 2), np.repeat(["a", "b"], SIZES.size)
    loss = np.concatenate([law_of(SIZES, 1.5, 150), law_of(SIZES, 0.5, 80)])
    law = scaling.fit_loss(n, loss, groups)
    assert law.alpha.value == pytest.approx(0.24, rel=1e-5)
    assert [law.offset[g].value for g in "ab"] == pytest.approx([1.5, 0.5], rel=1e-4)
    assert law.dof == 11


def test_many_fits_are_the_single_fits():
    draws = law_of(SIZES) + np.random.default_rng(1).normal(0, 0.01, (20, SIZES.size))
    for terms in (power_terms(SIZES), kink_terms(SIZES, BREAK)):
        many = fit_many(draws, terms)
        assert many.rss == pytest.approx([fit_many(row, terms).rss[0] for row in draws], rel=1e-6)


def test_a_weight_of_zero_leaves_a_model_out(noisy):
    weights = np.ones((1, SIZES.size))
    weights[0, 2] = 0
    without = np.delete(np.arange(SIZES.size), 2)
    left = fit_many(noisy, power_terms(SIZES), weights=weights)
    assert left.shape == pytest.approx(fit_many(noisy[without], power_terms(SIZES[without])).shape, rel=1e-6)


def test_the_bootstrap_is_seeded_and_covers_the_fit(noisy):
    law = scaling.fit_loss(SIZES, noisy)
    one, two, other = (scaling.resample(law, 400, seed) for seed in (1, 1, 2))
    assert one.alpha == two.alpha
    assert one.alpha != other.alpha
    assert one.alpha.low < law.alpha.value < one.alpha.high
    assert one.alpha.discarded == 0


def test_the_bootstrap_gives_the_exponent_the_error_of_the_regression(noisy):
    # residuals enlarged by √(n/dof): without it the spread would be √(5/8) of this
    law = scaling.fit_loss(SIZES, law_of(SIZES) + (noisy - law_of(SIZES)) / 20)
    drawn = scaling.resample(law, 4000, 0)
    spread = (drawn.alpha.high - drawn.alpha.low) / (2 * stats.norm.ppf(0.975))
    assert spread == pytest.approx(law.standard_error["alpha"], rel=0.1)


@pytest.mark.parametrize(
    ("n", "loss"),
    [(SIZES[:3], [3.0, 2.9, 2.8]), (SIZES, np.full(8, np.nan)), (-SIZES, law_of(SIZES)), (SIZES, [1.0, 2.0])],
)
def test_bad_losses_are_the_users_mistake(n, loss):
    with pytest.raises(InputError):
        scaling.fit_loss(n, loss)


# how constant the scaled loss is


def test_cv_by_hand():
    values = [9.0, 10.0, 11.0]
    assert scaling.coefficient_of_variation(values) == pytest.approx(100 * np.std(values) / 10)
    assert scaling.coefficient_of_variation(values, ddof=1) == pytest.approx(100 * np.std(values, ddof=1) / 10)
    grouped = scaling.coefficient_of_variation([9, 11, 90, 110], ["a", "a", "b", "b"])
    assert grouped == pytest.approx(10)


def test_scaled_loss_of_an_exact_law_is_its_amplitude():
    assert scaling.scaled_loss(SIZES, law_of(SIZES), 1.5, 0.24) == pytest.approx(np.full(8, 150.0))


def test_an_assumed_offset_above_a_loss_has_no_cv(noisy):
    found = scaling.by_offset(SIZES, noisy, [1.5, 5.0]).set_index("offset")["cv_pct"]
    assert found[1.5] < 2
    assert np.isnan(found[5.0])


def test_rivals_start_with_the_law_itself(noisy):
    rivals = scaling.cv_under_rivals(SIZES, noisy, 0.012, BREAK, 200, 0)
    assert rivals["cv_exact_pct"].iloc[0] == pytest.approx(0, abs=1e-4)
    assert len(rivals) == 1 + len(scaling.rival_laws(SIZES, noisy, BREAK))


# the kink test


def test_f_test_is_that_of_statsmodels(noisy):
    test = scaling.kink_test_given_offset(SIZES, noisy, BREAK, 1.4)
    x = np.log(SIZES)
    small = sm.OLS(np.log(noisy - 1.4), sm.add_constant(x)).fit()
    large = sm.OLS(np.log(noisy - 1.4), sm.add_constant(np.column_stack([x, np.maximum(x - np.log(BREAK), 0)]))).fit()
    f, p, _ = large.compare_f_test(small)
    assert (test.f, test.p) == pytest.approx((f, p), rel=1e-6)
    assert test.delta.value == pytest.approx(-large.params[2], rel=1e-6)
    assert (test.delta.low, test.delta.high) == pytest.approx(tuple(-large.conf_int()[2][::-1]), rel=1e-6)
    assert test.aic == pytest.approx(large.aic - small.aic, rel=1e-6)
    assert test.bic == pytest.approx(large.bic - small.bic, rel=1e-6)
    press = [fit.resid / (1 - fit.get_influence().hat_matrix_diag) for fit in (small, large)]
    assert [test.loo_smooth, test.loo_kink] == pytest.approx([np.sqrt(np.mean(e**2)) for e in press], rel=1e-6)


def test_aicc_counts_the_noise():
    got = compare(2.0, 1.0, 20, 4)
    gain = 20 * np.log(0.5)
    assert got["f"] == pytest.approx(1.0 / (1.0 / 16))
    assert got["aicc"] == pytest.approx(gain + 2 + 2 * 5 * 6 / 14 - 2 * 4 * 5 / 15)


@pytest.mark.parametrize("delta", [-0.15, 0.3])
def test_an_exact_kink_is_recovered(delta):
    loss = 1.5 + 150 * SIZES**-0.24 * np.maximum(SIZES / BREAK, 1) ** -delta
    noise = np.random.default_rng(0).normal(0, 1e-4, SIZES.size)
    test = scaling.kink_test(SIZES, loss + noise, BREAK)
    assert test.delta.value == pytest.approx(delta, abs=0.01)
    assert test.p < 1e-3
    assert test.loo_kink < test.loo_smooth
    plain = 1.5 + 150 * SIZES[-1] ** -0.24
    assert test.change_pct == pytest.approx(100 * (loss[-1] / plain - 1), rel=0.05)


def test_left_out_errors_are_those_of_refitting(noisy):
    test, errors = scaling.kink_test(SIZES, noisy, BREAK), {"smooth": [], "kink": []}
    for out in range(SIZES.size):
        rest = np.arange(SIZES.size) != out
        for name, terms in (("smooth", power_terms(SIZES)), ("kink", kink_terms(SIZES, BREAK))):
            fit = fit_many(noisy[rest], terms[rest])
            said = fit.offset[0, 0] + fit.amplitude[0, 0] * np.exp(terms[out] @ fit.shape[0])
            errors[name].append(noisy[out] - said)
    by_hand = [np.sqrt(np.mean(np.square(errors[name]))) for name in ("smooth", "kink")]
    assert [test.loo_smooth, test.loo_kink] == pytest.approx(by_hand, rel=1e-3)


def test_a_twin_of_the_same_size_is_left_out_with_its_twin(noisy):
    # a size the law misses: its twin, which shares the miss, must not help to predict it
    bent = noisy + np.where(SIZES == 1e9, 0.3, 0.0)
    sizes, groups = np.tile(SIZES, 2), np.repeat(["standard", "deduped"], SIZES.size)
    test = scaling.kink_test(sizes, np.tile(bent, 2), BREAK, groups)
    once = scaling.kink_test(SIZES, bent, BREAK)
    assert [test.loo_smooth, test.loo_kink] == pytest.approx([once.loo_smooth, once.loo_kink], rel=1e-3)
    assert test.p < once.p  # counted twice, the same evidence looks like more: why means are tested


def test_false_alarms_come_as_often_as_stated():
    noise = np.random.default_rng(7).normal(0, 0.0146, (3000, SIZES.size))
    p = kink_p_values(SIZES, law_of(SIZES) + noise, BREAK, codes_of(None, SIZES.size))
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=0.015)


def test_power_grows_with_the_kink_and_falls_with_the_noise(noisy):
    law = scaling.fit_loss(SIZES, noisy)
    found = scaling.kink_power(law, BREAK, (-0.6, -0.2, 0, 0.3, 1.0), 400, 0)
    power = found.frame.set_index("share")["power"]
    assert power[-0.6] > power[-0.2] > power[0.0] < power[0.3] < power[1.0]
    assert found.size == power[0.0]
    assert found.steeper is None or found.frame["share"].min() < found.steeper["share"] <= 1
    quiet = scaling.fit_loss(SIZES, law_of(SIZES) + (noisy - law_of(SIZES)) / 5)
    quieter = scaling.kink_power(quiet, BREAK, (0.3,), 400)
    assert quieter.frame.set_index("share")["power"][0.3] > power[0.3]


def test_the_best_of_many_breaks_is_held_to_a_higher_bar(noisy):
    scan = scaling.scan_breaks(SIZES, noisy, [5e8, 1e9, 2e9, 4e9], n_draws=300)
    assert (scan["p_best"] >= scan["p"] - 0.1).all()
    assert scan["f"].idxmax() == scan["p"].idxmin() == scan["p_best"].idxmin()


def test_p_of_the_best_break_is_the_share_of_draws_whose_largest_f_reaches_it(noisy):
    breaks, n_draws = np.array([5e8, 1.2e9, 4e9]), 200
    scan = scaling.scan_breaks(SIZES, noisy, breaks, n_draws=n_draws, seed=9)
    smooth = fit_many(noisy, power_terms(SIZES))
    sd = np.sqrt(smooth.rss[0] / (SIZES.size - 3))
    curves = smooth.fitted + np.random.default_rng(9).normal(0.0, sd, (n_draws, SIZES.size))
    without, dof = fit_many(curves, power_terms(SIZES)).rss, SIZES.size - 4
    f = [(without / fit_many(curves, kink_terms(SIZES, at)).rss - 1) * dof for at in breaks]
    best = np.max(np.maximum(f, 0), axis=0)
    assert scan["p_best"].tolist() == pytest.approx([np.mean(best >= seen) for seen in scan["f"]])
    assert (np.mean(f, axis=0) < best).all()  # a mean over breaks would be another number


@pytest.mark.parametrize("at", [1e7, 1e12])
def test_a_break_outside_the_sizes_is_refused(noisy, at):
    with pytest.raises(InputError, match="both sides"):
        scaling.kink_test(SIZES, noisy, at)


def test_each_curve_has_its_test(noisy):
    curves = pd.DataFrame({"step": np.repeat([1, 2, 3], 8), "n_params": np.tile(SIZES, 3), "loss": np.tile(noisy, 3)})
    got = scaling.kink_tests(curves[curves.index < 20], "step", BREAK)  # the third curve has too few models
    assert got["step"].tolist() == [1, 2]
    assert got["p"].tolist() == pytest.approx([scaling.kink_test(SIZES, noisy, BREAK).p] * 2)


# gradients


def test_a_power_is_recovered_and_its_interval_is_a_regressions():
    x = np.array([2.0, 2.5, 3.0, 3.6, 4.4])
    assert scaling.fit_power(x, 7 * x**3.2).exponent.value == pytest.approx(3.2)
    y = 7 * x**3.2 * np.exp([0.1, -0.05, 0.02, -0.1, 0.04])
    fit, ols = scaling.fit_power(x, y), sm.OLS(np.log(y), sm.add_constant(np.log(x))).fit()
    assert (fit.exponent.low, fit.exponent.high) == pytest.approx(tuple(ols.conf_int()[1]))
    assert fit.standard_error == pytest.approx(ols.bse[1])
    assert fit.r.value == pytest.approx(np.sqrt(ols.rsquared))


def test_a_dip_put_in_is_the_dip_found():
    n = SIZES[:6]
    loss, g = law_of(n), 1e5 * n**-0.4
    dipped = np.where(n == 1e9, 0.7 * g, g)
    found = scaling.dips(n, loss, dipped, 1e9).set_index(["trend", "includes_model"])["below_pct"]
    assert found["power law in N", False] == pytest.approx(30)
    assert found["between its neighbours, interpolated in log N", False] == pytest.approx(30)
    assert 0 < found["power law in N", True] < 30  # a trend that includes the dip hides part of it
    with pytest.raises(InputError, match="neighbours"):
        scaling.dips(n, loss, dipped, n[0])


def test_two_models_determine_an_activation_constant_and_leave_no_interval():
    loss = np.array([3.0, 2.6, 2.4])
    g = 5 * np.exp(-20 / loss)
    assert scaling.arrhenius(loss, g).value == pytest.approx(20)
    pair = scaling.arrhenius(loss[:2], g[:2])
    assert pair.value == pytest.approx(20)
    assert not pair.has_interval
    assert "exactly" in pair.method
    assert scaling.arrhenius(loss[:2], g[:2][::-1]).value < 0  # the gradient grows while the loss falls
    runs = scaling.arrhenius_runs([1e8, 1e9, 3e9], loss, g)
    assert len(runs) == 3
    assert runs["c"].tolist() == pytest.approx([20.0] * 3)


# the chain


def test_gradient_errors_by_hand():
    run = pd.DataFrame({"n_params": [1e8, 1e9, 1e10], "loss": [3.0, 2.5, 2.0], "grad_norm": [100.0, 40.0, 30.0]})
    level = scaling.gradient_level("L1", "law", {"t": run}, "n_params", {"k": -0.5}, without=1e9)
    predicted = np.array([100, 100 / np.sqrt(10), 10])
    error = 100 * np.abs(predicted / run["grad_norm"] - 1)
    assert level.values["t, k, through the smallest, all, mean"] == pytest.approx(error.mean())
    assert level.values["t, k, through the smallest, without 1B, median"] == pytest.approx(error[[0, 2]].median())
    assert len(level.values) == 12
    with pytest.raises(InputError, match="predictor"):
        scaling.gradient_level("L1", "law", {"t": run}, "width", {"k": 1.0}, without=1e9)


def test_a_coupling_that_fits_exactly_errs_by_nothing():
    panel = pd.DataFrame(
        {
            "model": list("abc"),
            "family": "F",
            "n_params": [10**8, 10**9, 10**10],
            "hellaswag": [30.0, 40.0, 60.0],
            "truthfulqa": [40.0, 38.0, 44.0],  # couplings -0.2 and 0.3 at 10^8.5 and 10^9.5
        }
    )
    level = scaling.coupling_level(panel, (0.5, -4.45), {"other": 7.0})
    assert level.values["printed line, F, step by step"] == pytest.approx(0, abs=1e-9)
    assert level.values["printed line, F, summed from the smallest"] == pytest.approx(0, abs=1e-9)
    flat = scaling.coupling_level(panel, (0.0, 0.0)).values
    assert flat["printed line, F, step by step"] == pytest.approx(50 * (2 / 38 + 6 / 44))
    assert flat["printed line, F, summed from the smallest"] == pytest.approx(50 * (2 / 38 + 4 / 44))
    assert level.values["other"] == 7.0


def test_ratios_pair_every_value():
    one = scaling.Level("L1", "", "", "", {"a": 10.0, "b": 20.0})
    assert scaling.ratios(one, scaling.Level("L0", "", "", "", {"x": 4.0})) == {"a": 2.5, "b": 5.0}
    assert len(scaling.ratios(one, one)) == 4
    assert scaling.to_frame([one])["value_pct"].tolist() == [10.0, 20.0]


# the hold-out


def test_a_held_out_family_is_not_seen(points):
    fit = scaling.predict_family(points, "Llama-2", ["Pythia", "Llama-1"])
    moved = points.assign(truthfulqa=points["truthfulqa"].where(points["family"] != "Llama-2", 99.0))
    again = scaling.predict_family(moved, "Llama-2", ["Pythia", "Llama-1"])
    assert fit.coefficients == pytest.approx(again.coefficients)
    assert not fit.saw_it
    assert scaling.predict_family(points, "Llama-2", ["Pythia", "Llama-2"]).saw_it
    assert fit.mape_pct == pytest.approx(np.mean(np.abs(fit.frame["error_pct"])))


def test_a_quadratic_predicts_a_quadratic(points):
    exact = points.assign(truthfulqa=30 + 4 * (np.log10(points["n_params"]) - 9.5) ** 2)
    assert scaling.predict_family(exact, "Llama-2", ["Pythia"]).mape_pct == pytest.approx(0, abs=1e-8)
    with pytest.raises(InputError, match="unknown family"):
        scaling.predict_family(points, "Llama-9", ["Pythia"])


# what is picked from the tables, and how it is printed and drawn


def test_final_losses_are_the_last_step_of_each_model():
    checkpoints = tables.read("pythia_checkpoints")
    text, word = scaling.text_losses(checkpoints), scaling.last_word_losses(checkpoints)
    assert not text.duplicated(["variant", "model"]).any()
    assert set(word["step"]) == {143_000}
    assert set(scaling.last_word_losses(checkpoints, final=False)["step"]) > {143_000}
    with pytest.raises(InputError, match="suite"):
        scaling.last_word_losses(checkpoints, "v2")


def test_tables_of_losses_and_gradients_are_told_apart():
    losses = tables.read("pythia_loss")
    assert len(scaling.stated_losses(losses)) == 8
    assert len(scaling.gradients(losses, "beta_final_6model")) == 6
    with pytest.raises(InputError, match="table_id"):
        scaling.gradients(losses, "beta_final_7model")


def test_plus_minus_is_what_a_reader_reconstructs():
    estimate = scaling.plus_minus(0.4011, 0.0846, 2, "one standard error")
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((0.4011, 0.32, 0.48))


def test_every_reading_of_a_plus_minus_is_given():
    x = [9.0, 10.0, 10.0, 11.0]
    half = scaling.of_mean(x)
    assert half["half the range"] == 1
    assert half["population standard deviation"] == pytest.approx(np.sqrt(0.5))
    assert half["standard error of the mean"] == pytest.approx(stats.sem(x))
    t = stats.t.interval(0.95, 3, 10, stats.sem(x))
    assert half["95 % t interval of the mean"] == pytest.approx(t[1] - 10)
    fitted = scaling.readings(0.4, scaling.of_fit(0.05, 4), 2, 6, "run")
    assert list(fitted) == [f"run, ± {name}" for name in scaling.of_fit(0.05, 4)]
    assert (fitted["run, ± one standard error"].low, fitted["run, ± 95 % t interval"].low) == pytest.approx(
        (0.35, 0.26)
    )


def test_the_least_favourable_measurement_is_never_the_agreeing_one():
    far_but_wide, near_but_narrow = Estimate(3.0, 0.0, 6.0), Estimate(1.2, 1.1, 1.3)
    both = {"wide": far_but_wide, "narrow": near_but_narrow}
    assert scaling.least_favourable(1.0, both).value == 1.2
    assert scaling.least_favourable(1.25, both).value == 3.0  # both agree: the farther
    assert scaling.least_favourable(9.0, both).value == 1.2  # neither agrees: the farther
    assert "narrow" in scaling.least_favourable(1.0, both).method
    with pytest.raises(InputError, match="at least one"):
        scaling.least_favourable(1.0, {})


def test_twins_count_once():
    losses = pd.DataFrame(
        {"variant": ["a", "a", "b", "b", "b"], "n_params": [1e9, 2e9, 2e9, 1e9, 3e9], "loss": [4.0, 3.0, 2.0, 5.0, 9.0]}
    )
    means = scaling.average_twins(losses)
    assert means["n_params"].tolist() == [1e9, 2e9]  # the third size has one variant only
    assert means["loss"].tolist() == [4.5, 2.5]


def test_results_show_themselves(noisy):
    law = scaling.fit_loss(SIZES, noisy)
    table = scaling.kink_table({"curve": scaling.kink_test(SIZES, noisy, BREAK)}, "A kink")
    for shown in (law, table):
        assert "<caption>" in shown._repr_html_()
    assert "alpha" in law.summary()
    assert "curve" in repr(table)


def test_charts_take_results_and_say_what_they_show(noisy, points):
    says = "what one sees"
    law = scaling.fit_loss(SIZES, noisy)
    rows = law.frame.assign(series="s", model="m", grad_norm=1.0)
    bars = pd.DataFrame([("L0", "law", "validation loss", 1.0)], columns=["level", "law", "quantity", "paper_pct"])
    mark = pd.DataFrame({"label": ["a"], "offset": [1.0], "cv_pct": [1.0]})
    fit = scaling.predict_family(points, "Llama-2", ["Pythia"])
    power = scaling.kink_power(law, BREAK, (0.5,), 100)
    scan = scaling.scan_breaks(SIZES, noisy, [1e9, 2e9], n_draws=100).assign(series="s")
    charts = [
        draw.against_size(rows, "loss", "Loss", says, ["pythia_loss"], (1e9, 2e9), lines=rows, log=True),
        draw.kink_power(power.frame.assign(series="s"), says, [], 0.8),
        draw.kink_scan(scan, says, [], (1e9, 1e11)),
        draw.chain(scaling.to_frame([scaling.loss_level(law)]), bars, says, []),
        draw.cv_by_offset(scaling.by_offset(SIZES, noisy, [0, 1]), mark, says, []),
        draw.holdout(points, fit.frame.assign(curve="c"), points.assign(curve="c"), says, [], (1e9, 2e9)),
        draw.against_loss(rows, rows, says, [], "m"),
    ]
    for chart in charts:
        spec = chart.to_dict()
        assert spec["description"] == says
        assert spec["width"] == "container"
