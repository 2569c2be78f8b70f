"""Local coupling: exact lines, invariances, ties, phases, the running fit and the errors of a step."""

import doctest

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from capelib.coupling import correlation, local, noise, partial, permutation, trends
from capelib.coupling.local import ASSIGNMENTS, local_coupling, model_phases, phase_of
from capelib.coupling.noise import correlated_noise, coupling_noise, score_sd
from capelib.coupling.running import fieller, running_coupling
from capelib.errors import InputError

X, Y = "hellaswag", "truthfulqa"
quick = settings(max_examples=25, deadline=None, derandomize=True)  # the same examples on every run
ITEMS = {X: 10_000, Y: 800}
finite = st.floats(-50, 50).map(lambda value: round(value, 3))
percent = st.integers(5_000, 95_000).map(lambda value: value / 1000)


def make(n_params, x, y, family="F"):
    size = len(n_params)
    frame = pd.DataFrame({"model": [f"{family}-{i}" for i in range(size)], "family": family, "n_params": n_params})
    return frame.assign(log10_params=np.log10(np.asarray(n_params, float)), **{X: x, Y: y})


def sizes(n):
    return [10**7 * 2**i for i in range(n)]


@st.composite
def families(draw, least=2):
    """One to three families with scores in thousandths and no two equal x in a family."""
    frames = []
    for name in draw(st.sampled_from([["A"], ["A", "B"], ["A", "B", "C"]])):
        x = draw(st.lists(percent, min_size=least, max_size=7, unique=True))
        y = draw(st.lists(percent, min_size=len(x), max_size=len(x)))
        frames.append(make(sizes(len(x)), x, y, name))
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize("module", [correlation, local, noise, partial, permutation, trends])
def test_examples_in_docstrings_run(module):
    assert doctest.testmod(module).failed == 0


# local coupling


@quick
@given(slope=finite, intercept=finite, x=st.lists(percent, min_size=2, max_size=8, unique=True))
def test_gamma_of_an_exact_line_is_its_slope(slope, intercept, x):
    x = np.array(x)
    gamma = local_coupling(make(sizes(len(x)), x, slope * x + intercept)).frame["gamma"]
    assert np.allclose(gamma, slope, rtol=1e-6, atol=1e-6)


@quick
@given(families(), st.floats(0.01, 100), st.floats(0.01, 100), st.integers(0, 10_000))
def test_rescaling_permuting_and_flipping(frame, a, b, seed):
    plain = local_coupling(frame).frame
    shuffled = local_coupling(frame.sample(frac=1, random_state=seed)).frame
    pd.testing.assert_frame_equal(plain, shuffled)
    scaled = local_coupling(frame.assign(**{X: a * frame[X], Y: b * frame[Y]})).frame
    assert np.allclose(scaled["gamma"], plain["gamma"] * b / a)
    flipped = local_coupling(frame.assign(**{Y: 100 - frame[Y]})).frame
    assert np.allclose(flipped["gamma"], -plain["gamma"])
    swap = {"tax": "bonus", "bonus": "tax", "transition": "transition"}
    assert flipped["phase"].tolist() == [swap[phase] for phase in plain["phase"]]


@quick
@given(families())
def test_a_family_of_n_sizes_has_n_minus_one_steps(frame):
    steps = local_coupling(frame).frame
    assert len(steps) == len(frame) - frame["family"].nunique()
    assert np.allclose(steps["n_mid"], np.sqrt(steps["n_small"] * steps["n_large"]))
    assert (steps["n_small"] < steps["n_large"]).all()
    assert np.allclose(steps["gamma"] * steps["dx"], steps["dy"])


def test_models_of_one_size_are_averaged_and_named():
    frame = make([10**8, 10**9, 10**9], [30.0, 40.0, 60.0], [50.0, 44.0, 42.0])
    result = local_coupling(frame)
    assert result.frame["gamma"].tolist() == [pytest.approx(-7 / 20)]
    assert result.frame["model_large"].tolist() == ["F-1 / F-2"]
    assert any("F-1 / F-2" in note and "same size" in note for note in result.notes)


def test_a_model_without_a_score_is_stepped_over_and_named():
    frame = make(sizes(3), [30.0, 40.0, 50.0], [50.0, np.nan, 40.0])
    result = local_coupling(frame)
    assert result.frame[["model_small", "model_large", "gamma"]].values.tolist() == [["F-0", "F-2", -0.5]]
    assert any(note.startswith("F-1: no") for note in result.notes)


def test_equal_x_has_no_coupling_and_says_so():
    result = local_coupling(make(sizes(3), [30.0, 30.0, 40.0], [50.0, 49.0, 48.0]))
    assert result.frame["gamma"].isna().tolist() == [True, False]
    assert result.frame["phase"].tolist() == ["undefined", "transition"]
    assert any("undefined" in note for note in result.notes)


def test_a_family_of_one_size_has_no_step_and_says_so():
    result = local_coupling(make([10**9], [50.0], [40.0]))
    assert result.frame.empty
    assert result.notes == ("F: one size, no step",)
    assert result.phases().empty


def test_the_result_shows_itself():
    result = local_coupling(make(sizes(3), [30.0, 40.0, 50.0], [50.0, 49.5, 53.0]))
    assert "F-0 -> F-1: gamma = -0.050 (transition)" in result.summary()
    assert "<caption>" in result._repr_html_()
    assert result.phases().loc["F"].tolist() == [0, 1, 1, 0]


def test_mistakes_are_named():
    frame = make(sizes(2), [30.0, 40.0], [50.0, 40.0])
    with pytest.raises(InputError, match="closest: 'hellaswag'"):
        local_coupling(frame, x="helaswag")
    with pytest.raises(InputError, match="two different scores"):
        local_coupling(frame, x=X, y=X)
    with pytest.raises(InputError, match="threshold must be"):
        local_coupling(frame, threshold=-1)
    with pytest.raises(InputError, match="incoming, outgoing"):
        model_phases(frame, assign="incomming")


# phases


@quick
@given(st.floats(-5, 5), st.floats(0, 3))
def test_phase_by_definition(gamma, threshold):
    expected = "tax" if gamma < -threshold else "bonus" if gamma > threshold else "transition"
    if abs(abs(gamma) - threshold) > 1e-8:
        assert phase_of(gamma, threshold) == expected


def test_phase_on_the_threshold_is_transition_whatever_the_rounding():
    assert phase_of(44.3 - 44.2, 0.1) == phase_of(44.2 - 44.3, 0.1) == "transition"
    assert phase_of([np.nan, -0.11, 0.11]).tolist() == ["undefined", "tax", "bonus"]
    assert 50.1 - 50.0 > 0.1  # only rounding lifts it over the threshold
    assert phase_of(50.1 - 50.0, 0.1) == phase_of(50.0 - 50.1, 0.1) == "transition"


@quick
@given(st.floats(0, 3), st.floats(-0.9e-9, 0.9e-9))
def test_phase_decides_nothing_within_a_billionth_of_the_threshold(threshold, rounding):
    assert phase_of(threshold + rounding, threshold) == phase_of(-threshold + rounding, threshold) == "transition"
    assert phase_of(threshold + 1e-8, threshold) == "bonus"
    assert phase_of(-threshold - 1e-8, threshold) == "tax"


def test_phases_of_models_follow_the_step():
    frame = make(sizes(3), [30.0, 40.0, 50.0], [50.0, 45.0, 55.0])
    frame = pd.concat([frame, make([10**9], [70.0], [40.0], "lone")], ignore_index=True)
    assert model_phases(frame)["phase"].tolist() == ["tax", "tax", "bonus", "undefined"]
    assert model_phases(frame, assign="outgoing")["phase"].tolist() == ["tax", "bonus", "bonus", "undefined"]


@quick
@given(families(), st.sampled_from(ASSIGNMENTS), st.integers(0, 1000))
def test_phases_of_models_keep_rows_and_index(frame, assign, seed):
    shuffled = frame.sample(frac=1, random_state=seed)
    result = model_phases(shuffled, assign=assign)
    assert result.index.equals(shuffled.index)
    pd.testing.assert_frame_equal(result.sort_index(), model_phases(frame, assign=assign))


def test_an_undefined_step_is_not_replaced_by_its_neighbour():
    frame = make(sizes(3), [30.0, 30.0, 40.0], [50.0, 49.0, 60.0])
    assert model_phases(frame)["phase"].tolist() == ["undefined", "undefined", "bonus"]


# running coupling


@quick
@given(st.floats(-3, 3).filter(lambda v: abs(v) > 0.01), st.floats(7, 11), st.integers(3, 9))
def test_running_coupling_of_an_exact_line(slope, log_nc, n):
    at = np.linspace(7, 11, n)
    fit = running_coupling(pd.DataFrame({"n_mid": 10**at, "gamma": slope * (at - log_nc)}))
    assert fit.slope.value == pytest.approx(slope)
    assert np.log10(fit.nc.value) == pytest.approx(log_nc)
    assert fit.r2 == pytest.approx(1)
    assert fit.n == n


def test_running_coupling_against_statsmodels():
    import statsmodels.api as sm

    rng = np.random.default_rng(1)
    at, weights = rng.uniform(7, 11, 15), rng.uniform(0.2, 3, 15)
    gamma = 0.4 * (at - 9) + rng.normal(0, 0.2, 15)
    fit = running_coupling(pd.DataFrame({"n_mid": 10**at, "gamma": gamma}), weights)
    model = sm.WLS(gamma, sm.add_constant(at), weights=weights).fit()
    assert [fit.intercept.value, fit.slope.value] == pytest.approx(model.params)
    assert [[e.low, e.high] for e in (fit.intercept, fit.slope)] == pytest.approx(model.conf_int())
    assert fit.r2 == pytest.approx(model.rsquared)
    band = fit.band([8.0, 10.0])
    expected = model.get_prediction(sm.add_constant(np.array([8.0, 10.0]))).conf_int()
    assert band[["gamma_low", "gamma_high"]].to_numpy() == pytest.approx(expected)
    # Fieller's ends are where the band leaves zero
    edge = fit.band(np.log10([fit.nc.low, fit.nc.high]))
    assert np.abs(edge[["gamma_low", "gamma_high"]]).min(axis=1).to_numpy() == pytest.approx([0, 0], abs=1e-6)


def test_running_coupling_without_a_slope_has_no_interval_for_its_zero():
    at = np.array([7.0, 8.0, 9.0, 10.0])
    fit = running_coupling(pd.DataFrame({"n_mid": 10**at, "gamma": [0.1, -0.1, -0.1, 0.2]}))
    assert not fit.nc.has_interval
    assert "slope cannot be told from zero" in fit.nc.method
    flat = running_coupling(pd.DataFrame({"n_mid": 10**at, "gamma": 0.25}))
    assert not flat.nc.has_interval
    assert flat.summary()


def test_running_coupling_says_what_it_left_out_and_what_it_needs():
    steps = pd.DataFrame({"n_mid": [1e8, 1e9, 1e10, 1e11], "gamma": [-0.1, 0.0, np.nan, 0.2]})
    fit = running_coupling(steps)
    assert (fit.n, fit.notes) == (3, ("1 steps without a coupling left out",))
    with pytest.raises(InputError, match="at least three steps"):
        running_coupling(steps.head(2))
    with pytest.raises(InputError, match="one entry per step"):
        running_coupling(steps, [1.0])


# item noise


def test_score_sd_is_binomial_and_bounded_by_override():
    rng = np.random.default_rng(0)
    assert float(score_sd(30.0, 500)) == pytest.approx(100 * rng.binomial(500, 0.3, 200_000).std() / 500, rel=0.01)
    assert score_sd([30.0, 40.0], 400, item_sd=20.0).tolist() == [1.0, 1.0]
    for bad in ({"score_pct": 120.0, "n_items": 5}, {"score_pct": 20.0, "n_items": 0}):
        with pytest.raises(InputError):
            score_sd(**bad)
    with pytest.raises(InputError, match="item_sd"):
        score_sd(20.0, 5, item_sd=60.0)


def test_noise_against_a_large_simulation_of_questions():
    # answers to the same questions: a shared difficulty makes two models' scores rise and fall together
    rng = np.random.default_rng(2)
    n_draws, n_items, reach = 20_000, 400, np.sqrt(0.5)
    frame = make([10**8, 10**9], [30.0, 60.0], [45.0, 35.0])
    means = {}
    for name in (X, Y):
        levels = stats.norm.ppf(frame[name].to_numpy() / 100)
        right = np.zeros((n_draws, 2))
        for _ in range(0, n_items, 20):
            shared, own = rng.standard_normal((n_draws, 20, 1)), rng.standard_normal((n_draws, 20, 2))
            right += (reach * shared + np.sqrt(1 - reach**2) * own < levels).sum(axis=1)
        means[name] = 100 * right / n_items
    rho = np.mean([np.corrcoef(means[name].T)[0, 1] for name in (X, Y)])
    gamma = np.diff(means[Y])[:, 0] / np.diff(means[X])[:, 0]
    result = coupling_noise(local_coupling(frame), {X: n_items, Y: n_items}, rho_models=rho, n_draws=50_000)
    row = result.frame.iloc[0]
    assert row.gamma_se == pytest.approx(gamma.std(), rel=0.05)
    assert row.gamma_se_sim == pytest.approx(gamma.std(), rel=0.05)
    assert [row.gamma_low, row.gamma_high] == pytest.approx(np.percentile(gamma, [2.5, 97.5]), abs=0.03)
    independent = coupling_noise(local_coupling(frame), {X: n_items, Y: n_items}).frame.iloc[0]
    assert independent.gamma_se > 1.15 * row.gamma_se


@pytest.mark.parametrize("rho_models", [0.0, 0.6])
@pytest.mark.parametrize("rho_scores", [-0.5, 0.0, 0.7])
def test_the_delta_method_and_its_simulation_agree_with_the_noise_model(rho_models, rho_scores):
    frame = make([10**8, 10**9], [30.0, 60.0], [45.0, 35.0])
    row = coupling_noise(local_coupling(frame), ITEMS, rho_models, rho_scores, n_draws=50_000).frame.iloc[0]
    sd_x, sd_y = score_sd(frame[X], ITEMS[X]), score_sd(frame[Y], ITEMS[Y])
    x, y = correlated_noise(sd_x, sd_y, 100_000, rho_models, rho_scores, np.random.default_rng(4))
    assert np.corrcoef(x.T)[0, 1] == pytest.approx(rho_models, abs=0.02)
    assert np.corrcoef(x[:, 0], y[:, 0])[0, 1] == pytest.approx(rho_scores, abs=0.02)
    gamma = np.diff(frame[Y].to_numpy() + y)[:, 0] / np.diff(frame[X].to_numpy() + x)[:, 0]
    assert row.gamma_se == pytest.approx(gamma.std(), rel=0.02)
    assert row.gamma_se_sim == pytest.approx(gamma.std(), rel=0.03)
    assert row.dx_se == pytest.approx(np.diff(x).std(), rel=0.02)
    assert row.p_negative == pytest.approx(np.mean(gamma < 0), abs=0.01)


@quick
@given(families())
def test_a_sign_is_resolved_when_both_differences_are(frame):
    result = coupling_noise(local_coupling(frame), ITEMS, n_draws=50)
    steps, z = result.frame, stats.norm.ppf(0.975)
    both = (steps["dx"].abs() > z * steps["dx_se"]) & (steps["dy"].abs() > z * steps["dy_se"])
    assert steps["sign_resolved"].tolist() == both.tolist()
    assert result.share_resolved == pytest.approx(both.mean())


def test_fieller_covers_at_its_level():
    rng = np.random.default_rng(3)
    top, bottom = rng.normal(2, 1, 20_000), rng.normal(3, 1, 20_000)
    low, high = fieller(top, bottom, 1.0, 1.0, 0.0, stats.norm.ppf(0.95))
    a = bottom**2 > stats.norm.ppf(0.95) ** 2
    exact = np.abs(top - 2 / 3 * bottom) <= stats.norm.ppf(0.95) * np.sqrt(1 + 4 / 9)
    assert ((low <= 2 / 3) & (high >= 2 / 3))[a].tolist() == exact[a].tolist()
    assert np.mean(exact) == pytest.approx(0.9, abs=0.01)
    assert np.isinf(low[~a]).all()


def test_noise_of_an_undefined_or_unresolved_step():
    result = coupling_noise(local_coupling(make(sizes(3), [30.0, 30.0, 30.1], [45.0, 40.0, 35.0])), ITEMS)
    assert result.frame["sign_resolved"].tolist() == [False, False]
    assert np.isnan(result.frame["gamma_se"][0])
    assert np.isinf(result.frame["gamma_low"]).all()
    assert (result.n_resolved, result.n_steps) == (0, 2)
    assert result.n_resolved == 0
    assert "0 of 2 steps" in result._repr_html_()


def test_noise_is_seeded_and_checked():
    steps = local_coupling(make(sizes(3), [30.0, 40.0, 50.0], [45.0, 40.0, 35.0]))
    first, again = (coupling_noise(steps, ITEMS, n_draws=100, seed=7).frame for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(coupling_noise(steps, ITEMS, n_draws=100, seed=8).frame)
    with pytest.raises(InputError, match="truthfulqa"):
        coupling_noise(steps, {X: 10})
    with pytest.raises(InputError, match="rho_models"):
        coupling_noise(steps, ITEMS, rho_models=1.0)
    with pytest.raises(InputError, match="rho_scores"):
        coupling_noise(steps, ITEMS, rho_scores=2.0)
    assert np.isnan(coupling_noise(local_coupling(make([10**8], [30.0], [40.0])), ITEMS).share_resolved)
