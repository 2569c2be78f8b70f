"""The claims built on the ODE: coefficients, transfer, isocline, flow, symbolic form, spectrum; each by identities."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from capelib import tables
from capelib.errors import InputError
from capelib.ode import flow, isocline, phases, spectrum, symbolic, transfer

FIVE = list(tables.BENCHMARKS)
ITEMS = {"hellaswag": 10_042, "truthfulqa": 817}


@pytest.fixture(scope="module")
def pythia():
    return tables.read("panel_pythia_variants").query("table_id == 'ai_free_energy'")


def opt(panel="released"):
    frame = tables.panel(panel)
    return frame[frame["family"] == "OPT"]


def test_the_coefficient_is_a_regression_of_steps_on_mid_scores(pythia):
    rows = pythia[pythia["n_params"] <= 1e9].sort_values("n_params")
    t, x, y = np.log10(rows["n_params"].to_numpy(float)), rows["hellaswag"].to_numpy(), rows["truthfulqa"].to_numpy()
    line = stats.linregress((x[1:] + x[:-1]) / 2, np.diff(y) / np.diff(t))
    found = phases.phase_coefficients(pythia, ITEMS, n_draws=400)
    assert found.tax.value == pytest.approx(line.slope)
    assert found.jump.value == pytest.approx(found.bonus.value / found.tax.value)
    assert found.tax.low < found.tax.value < found.tax.high
    shared = phases.phase_coefficients(pythia, ITEMS, rho_models=0.9, n_draws=400)
    assert shared.tax.high - shared.tax.low < found.tax.high - found.tax.low
    with pytest.raises(InputError, match="three sizes"):
        phases.phase_coefficients(pythia[pythia["n_params"] > 1e9], ITEMS)


def test_a_phase_transferred_to_itself_is_the_identity_and_rounding_is_what_moves_it():
    rng = np.random.default_rng(0)
    vectors = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    same = transfer.transfer(vectors, vectors, FIVE, 0.99, decimals=6, n_draws=200)
    assert same.matrix.to_numpy() == pytest.approx(np.eye(5), abs=1e-12)
    assert same.smallest.low > 0.999
    assert same.share_above == 1
    matrix = transfer.transfer_matrix(vectors, np.linalg.qr(rng.normal(size=(5, 5)))[0])
    assert matrix @ matrix.T == pytest.approx(np.eye(5))
    with pytest.raises(InputError, match="two 5×5"):
        transfer.transfer(vectors[:4], vectors, FIVE, 0.99)


def test_eigenvectors_have_no_residual_and_the_released_ones_are_none():
    symmetric = np.array([[2.0, 1.0], [1.0, 3.0]])
    assert transfer.eigen_residuals(symmetric, np.linalg.eigh(symmetric)[1]) == pytest.approx([0, 0], abs=1e-12)
    released = transfer.matrices(tables.read("transfer_released"), FIVE)
    assert set(released) == {"A_tax", "A_bonus", "V_tax", "V_bonus"}
    assert transfer.eigen_residuals(released["A_tax"], released["V_tax"]).min() > 0.1


def test_rules_of_the_isocline_count_what_they_say():
    frame = tables.panel("measured")
    for place in isocline.PLACES:
        steps = isocline.classify(frame, 0.2, place)
        assert (steps["stated"] != steps["reverse"]).all()
        assert steps["negative"].eq(steps["gamma"] <= 0).all()
    board = isocline.scoreboard(steps)
    assert (board["stated"] + board["reverse"] == board["steps"]).all()
    assert board.loc["all families", "steps"] == len(steps)
    # a model on the curve: its own ratio puts it there
    assert isocline.critical_truthfulness([0.7], isocline.ratio(0.7, 0.36))[0] == pytest.approx(0.36)
    with pytest.raises(InputError, match="place"):
        isocline.classify(frame, 0.2, "above")


def test_a_step_that_starts_on_the_isocline_is_not_above_it():
    # both scores fall on the curve at a/b = 0.25, HS 64 %: TQA_c = 40 %; the second step starts above it
    rows = [("a", 1e9, 64.0, 40.0), ("b", 2e9, 66.0, 45.0), ("c", 4e9, 70.0, 47.0)]
    frame = pd.DataFrame(rows, columns=["model", "n_params", "hellaswag", "truthfulqa"]).assign(family="F")
    steps = isocline.classify(frame, 0.25)
    assert steps["above"].tolist() == [False, True]
    assert steps["stated"].tolist() == [False, True]


def test_the_bonus_phase_begins_at_the_three_largest_models_of_pythia():
    variants = tables.read("panel_pythia_variants")
    rows = variants[variants["table_id"] == "ai_free_energy"].sort_values("n_params")
    found = phases.phase_coefficients(rows, {"hellaswag": 10_042, "truthfulqa": 817}, n_draws=100)
    top = rows.tail(3)
    slopes = np.diff(top["truthfulqa"]) / np.diff(np.log10(top["n_params"]))
    mids = (top["hellaswag"].to_numpy()[1:] + top["hellaswag"].to_numpy()[:-1]) / 2
    assert found.bonus.value == pytest.approx(float(np.diff(slopes)[0] / np.diff(mids)[0]))
    assert (found.tax.n, found.bonus.n) == (4, 3)
    quiet = phases.phase_coefficients(
        rows, {"hellaswag": 10**9, "truthfulqa": 817}, item_sd={"truthfulqa": 10.0}, n_draws=4000, seed=1
    )
    # two steps of three models, whose noise is sd·(1/t₂, −1/t₁ − 1/t₂, 1/t₁) of the three
    one, two = 1 / np.diff(np.log10(top["n_params"]))
    spread = 10 / 817**0.5 * np.sqrt(two**2 + (one + two) ** 2 + one**2) / np.diff(mids)[0]
    assert (quiet.bonus.high - quiet.bonus.low) / 3.92 == pytest.approx(abs(spread), rel=0.05)
    ends = top.iloc[[0, -1]]
    assert found.sign_bonus.value == pytest.approx(
        float(np.diff(ends["truthfulqa"])[0] / np.diff(ends["hellaswag"])[0])
    )


def exact_flow(a, b, start, sizes):
    """Scores of a family whose couplings follow γ' = aγ + b from one step to the next, taken at the smaller step."""
    mids = np.sqrt(sizes[1:] * sizes[:-1])
    gamma = [start]
    for t in np.diff(np.log10(mids)):
        gamma.append(gamma[-1] + t * (a * gamma[-1] + b))
    x = 30 + 5.0 * np.arange(len(sizes))
    y = 40 + np.concatenate([[0], np.cumsum(5.0 * np.array(gamma))])
    names = [f"m{i}" for i in range(len(sizes))]
    return pd.DataFrame({"model": names, "family": "F", "n_params": sizes, "hellaswag": x, "truthfulqa": y})


def test_an_exact_flow_has_its_fixed_point():
    found = flow.flow(exact_flow(-0.8, 0.4, -0.5, 10 ** np.array([8, 8.5, 9, 9.4, 9.9, 10.5, 11])))
    assert (found.a, found.b) == pytest.approx((-0.8, 0.4))
    assert found.fixed_point.value == pytest.approx(0.5)
    assert found.is_attracting
    with pytest.raises(InputError, match="five sizes"):
        flow.flow(opt().head(4))


def test_the_interval_of_the_fixed_point_is_where_the_line_is_not_told_from_zero():
    import statsmodels.api as sm

    rng = np.random.default_rng(1)
    frame = exact_flow(-1.5, 0.4, -0.9, 10 ** np.linspace(8, 11, 14))
    frame["truthfulqa"] += rng.normal(0, 0.15, 14)
    found = flow.flow(frame)
    assert found.fixed_point.has_interval
    points = flow.changes(frame)
    line = sm.OLS(points["slope"], sm.add_constant(points["gamma"])).fit()
    for end in (found.fixed_point.low, found.fixed_point.high):
        bounds = line.get_prediction(np.array([[1.0, end]])).conf_int()[0]
        assert np.abs(bounds).min() == pytest.approx(0, abs=1e-8)


def test_shuffled_couplings_fall_at_the_smaller_and_rise_at_the_larger_step():
    down = flow.random_walk_null(opt(), "at the smaller step", 500)
    up = flow.random_walk_null(opt(), "at the larger step", 500)
    assert np.median(down) < 0 < np.median(up)


def test_the_symbolic_form_is_exact_on_scores_that_follow_it():
    rng = np.random.default_rng(0)
    n = 10 ** rng.uniform(8, 11, 12)
    width = rng.integers(1, 9, 12) * 512.0
    hs = rng.uniform(30, 80, 12)
    tqa = 1.7 * (hs / (width / 512)) ** 2 / np.log10(n) ** 2 * (width / 512)
    table = symbolic.compare(pd.DataFrame({"hellaswag": hs, "truthfulqa": tqa, "n_params": n, "d_model": width}))
    assert table["r2"].iloc[0] == pytest.approx(1)
    assert table["loo_error"].iloc[0] == pytest.approx(0, abs=1e-9)
    assert (table["loo_error"].iloc[1:] > 0.1).all()


def test_the_spectrum_s_laws_on_exact_numbers():
    n = 10 ** np.linspace(8, 10.5, 6)
    assert spectrum.power_law(n, 3 * n**-0.4).exponent.value == pytest.approx(-0.4)
    noisy = 2 - 0.17 * np.log10(n) + np.random.default_rng(0).normal(0, 0.01, 6)
    zero = spectrum.zero_of_line(n, noisy)
    line = stats.linregress(np.log10(n), noisy)
    assert zero.value == pytest.approx(10 ** (-line.intercept / line.slope))
    assert zero.low < zero.value < zero.high
    # θ' = (0.3 - θ)(θ + 0.5): the roots are the fixed points, up to the size of a step
    theta, t = [-0.45], np.linspace(0, 12, 60)
    for step in np.diff(t):
        theta.append(theta[-1] + step * (0.3 - theta[-1]) * (theta[-1] + 0.5))
    roots = spectrum.riccati_fixed_points(10**t, np.array(theta))
    assert roots["Riccati flow, θ at the smaller size, root 2"] == pytest.approx(0.3, abs=1e-6)
    assert roots["Riccati flow, θ at the smaller size, root 1"] == pytest.approx(-0.5, abs=1e-6)
    with pytest.raises(InputError, match="no typed spectrum"):
        spectrum.spectrum(tables.read("pythia_spectrum_reported"), "none")


def test_participation_of_independent_and_of_equal_scores():
    scores = pd.DataFrame(np.random.default_rng(0).normal(size=(4000, 5)))
    assert spectrum.participation(scores) == pytest.approx(5, abs=0.1)
    assert spectrum.participation(pd.DataFrame({i: scores[0] for i in range(5)})) == pytest.approx(1)


def test_the_symbolic_form_s_left_out_error_is_that_of_fits_without_the_model():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({
        "hellaswag": rng.uniform(30, 80, 7), "truthfulqa": rng.uniform(25, 60, 7),
        "n_params": 10 ** rng.uniform(8, 11, 7), "d_model": rng.integers(1, 9, 7) * 512,
    })  # fmt: skip
    table, slow = symbolic.compare(frame), []
    width = frame["d_model"].to_numpy() / 512
    x, y = symbolic.forms(frame)[table["form"].iloc[0]], frame["truthfulqa"].to_numpy() / width
    for row in range(7):
        others = np.arange(7) != row
        constant = np.linalg.lstsq(x[others, None], y[others], rcond=None)[0][0]
        slow.append(abs(constant * x[row] - y[row]) * width[row])
    assert table["loo_error"].iloc[0] == pytest.approx(np.mean(slow))
    assert table["loo_error"].iloc[0] > table["error"].iloc[0]


def test_at_the_ends_of_a_zero_s_interval_the_line_is_just_compatible_with_zero():
    log_n = np.linspace(8, 10.5, 6)
    values = 2 - 0.17 * log_n + np.random.default_rng(0).normal(0, 0.02, 6)
    zero, line = spectrum.zero_of_line(10**log_n, values), stats.linregress(log_n, values)
    off = values - line.intercept - line.slope * log_n
    sd, spread = np.sqrt((off**2).sum() / 4), ((log_n - log_n.mean()) ** 2).sum()
    for end in (zero.low, zero.high):
        at = np.log10(end)
        error = sd * np.sqrt(1 / 6 + (at - log_n.mean()) ** 2 / spread)
        assert abs(line.intercept + line.slope * at) == pytest.approx(stats.t.ppf(0.975, 4) * error, rel=1e-6)
