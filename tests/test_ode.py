"""The ODE: fits against PySINDy and closed forms, its paths, its guards, and what it has to beat."""

import numpy as np
import pandas as pd
import pysindy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from capelib import ode
from capelib.errors import InputError
from capelib.ode import predictors
from capelib.ode.hierarchical import fit_hierarchical
from capelib.ode.next_size import carry_forward, next_size, own_line

NAMES = ("a", "b")
MATRIX = np.array([[-0.3, 0.2], [0.1, -0.5]])
TIME = np.linspace(8, 11, 13)
EXACT = ode.Settings(1, bias=False, threshold=0.0, unit="percent", differentiation="finite", ridge=1e-12)


def linear_path(matrix=MATRIX, time=TIME, start=(60.0, 30.0), family="F"):
    scores = np.array([expm(matrix * (t - time[0])) @ start for t in time])
    return ode.Trajectory(family, time, scores, NAMES)


def test_the_fit_is_pysindys_own():
    path = linear_path()
    for degree, bias, threshold in ((1, True, 0.0), (2, False, 0.05), (2, True, 0.02)):
        chosen = ode.Settings(degree, bias, threshold, "fraction", "finite")
        model = pysindy.SINDy(
            optimizer=pysindy.STLSQ(threshold=threshold, alpha=chosen.ridge),
            feature_library=pysindy.PolynomialLibrary(degree=degree, include_bias=bias),
            differentiation_method=pysindy.FiniteDifference(),
        )
        model.fit(path.scores / 100, t=path.time)
        assert ode.fit(path, chosen).coefficients == pytest.approx(np.asarray(model.coefficients()))


def test_fit_and_path_recover_a_linear_system():
    time = np.linspace(8, 11, 200)
    fitted = ode.fit(linear_path(time=time), EXACT)
    assert fitted.coefficients == pytest.approx(MATRIX, abs=1e-3)
    solved = ode.solve(fitted, TIME, [60.0, 30.0])
    assert solved.scores == pytest.approx(linear_path().scores, rel=1e-3)
    assert solved.outcome == ode.INSIDE
    assert fitted.terms == ["a", "b"]


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_without_threshold_the_unit_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    path = ode.Trajectory("F", TIME, 40 + np.cumsum(rng.normal(1, 0.5, (13, 2)), axis=0), NAMES)
    paths = [
        ode.solve(ode.fit(path, ode.Settings(1, True, 0.0, unit, "midpoint", ridge=1e-12)), TIME[:4], path.scores[0])
        for unit in ode.UNITS
    ]
    for other in paths[1:]:
        assert other.scores == pytest.approx(paths[0].scores, rel=1e-3)


def test_too_many_unknowns_are_refused_and_can_be_asked_for():
    short = ode.Trajectory("F", TIME[:4], linear_path().scores[:4], NAMES)
    wide = ode.Settings(2, True, 0.1)
    with pytest.raises(InputError, match="6 unknowns per equation, 4 samples"):
        ode.fit(short, wide)
    fitted = ode.fit(short, wide, allow_underdetermined=True)
    assert fitted.is_underdetermined
    assert fitted.condition_number == np.inf


def test_divergence_and_scores_beyond_the_scale_are_outcomes():
    t = np.linspace(0, 0.9, 40)
    explosive = ode.Trajectory("F", t, np.column_stack([1 / (1 - t), np.ones(40) * 10 + t]), NAMES)
    fitted = ode.fit(explosive, ode.Settings(2, False, 0.05, "percent", "spline"), allow_underdetermined=True)
    ended = ode.solve(fitted, np.array([0.0, 0.5, 1.5]), [1.0, 10.0])
    assert ended.outcome == ode.DIVERGED
    assert 0.5 < ended.where < 1.5
    assert np.isnan(ended.scores[-1]).all()
    growing = ode.fit(linear_path(np.array([[0.5, 0.0], [0.0, 0.1]]), start=(20.0, 10.0)), EXACT)
    left = ode.solve(growing, np.array([8.0, 14.0]), [20.0, 10.0])
    assert left.outcome == ode.LEFT
    # the first component starts at 20 and grows by exp(0.5 t)
    assert left.where == pytest.approx(8 + np.log(5) / 0.5, abs=0.1)
    with pytest.raises(InputError, match="must increase"):
        ode.solve(growing, np.array([9.0, 8.0]), [20.0, 10.0])


def test_three_ways_to_take_slopes_agree_on_a_parabola_inside():
    x = np.column_stack([TIME**2, 3 * TIME])
    for method in ode.DIFFERENTIATIONS:
        at, slopes = ode.differentiate(TIME, x, method)
        inside = slice(2, -2)
        assert slopes[inside, 1] == pytest.approx(3, abs=1e-3)
        middle = (TIME[1:] + TIME[:-1]) / 2 if method == "midpoint" else TIME
        assert slopes[inside, 0] == pytest.approx(2 * middle[inside], rel=2e-2)
        assert len(at) == len(slopes)
    with pytest.raises(InputError, match="midpoint"):
        ode.differentiate(TIME, x, "backwards")
    with pytest.raises(InputError, match="five sizes"):
        ode.differentiate(TIME[:4], x[:4], "spline")


def test_structure_is_compared_over_thresholds_and_sizes():
    path = linear_path()
    chosen = ode.Settings(1, False, 1e-6, "percent", "finite")
    assert ode.over_thresholds(path, chosen).is_stable
    between = ode.Settings(1, False, 0.15, "percent", "finite")  # the smallest true coefficient is 0.1, the next 0.2
    assert not ode.over_thresholds(path, between).is_stable
    assert 0 <= ode.leave_one_size_out(path, between).worst <= 1
    assert (ode.inclusion(path, ode.Settings(1, False, 0.0, "percent", "finite"), 20) == 1).all(axis=None)
    with pytest.raises(InputError, match="larger than 0"):
        ode.over_thresholds(path, EXACT)


def test_trajectories_average_one_size_and_need_three():
    frame = pd.DataFrame(
        {"family": "F", "n_params": [10, 10, 100, 1000], "a": [1.0, 3, 4, 5], "b": [1.0, 1, 1, np.nan]}
    )
    path = ode.trajectory(frame, ["a"])
    assert path.scores[:, 0].tolist() == [2, 4, 5]
    assert path.time == pytest.approx([1, 2, 3])
    with pytest.raises(InputError, match="2 sizes"):
        ode.trajectory(frame, ["a", "b"])
    with pytest.raises(InputError, match="same score for every model"):
        ode.unit("standardised", np.ones((3, 1)))


# predictors


@settings(max_examples=20)
@given(st.integers(1, 4), st.integers(0, 1000))
def test_a_polynomial_is_exact_on_its_own_kind(degree, seed):
    coefficients = np.random.default_rng(seed).normal(size=(degree + 1, 2))
    curve = lambda t: np.polynomial.polynomial.polyval(t - 9, coefficients).T  # noqa: E731
    training = ode.Trajectory("F", TIME, curve(TIME), NAMES)
    ahead = np.array([11.2, 11.5])
    assert predictors.polynomial(degree)(predictors.Question((training,), ahead)) == pytest.approx(curve(ahead))


def test_given_the_first_model_every_predictor_begins_there():
    training, first = linear_path(), np.array([50.0, 20.0])
    question = predictors.Question((training,), np.array([9.0, 9.5, 10.0]), first)
    every = {**predictors.usual(), "copy": predictors.copy(training), "ode": predictors.ode(ode.fit(training, EXACT))}
    for name, predictor in every.items():
        assert predictor(question)[0] == pytest.approx(first), name


def test_errors_leave_a_given_model_out_and_tell_points_from_percent():
    target = ode.Trajectory("F", TIME[:3], np.array([[10.0, 20], [10, 40], [20, 50]]), NAMES)
    found = ode.errors(target.scores + np.array([[5, 5], [1, 0], [0, 5]]), target, given_first=True)
    assert found.points.tolist() == [0.5, 2.5]
    assert found.relative == pytest.approx([5, 5])
    assert found.mean_relative == pytest.approx(5)


def test_the_search_is_each_fit_and_each_path_by_itself():
    path, target = linear_path(), ode.Trajectory("G", TIME[3:6], linear_path().scores[3:6] + 1, NAMES)
    chosen = ode.grid((1,), (0.0, 0.15), ("percent", "fraction"), ("finite",))
    table = ode.search({"t": path}, target, chosen)
    assert len(table) == len(chosen) == 8
    for row, each in zip(table.itertuples(), chosen, strict=True):
        fitted = ode.fit(path, each)
        assert row.in_sample == pytest.approx(
            ode.errors(ode.solve(fitted, TIME, path.scores[0]).scores, path).mean_relative
        )
        near = ode.solve(fitted, target.time, target.scores[0])
        assert row.held_out_given_first == pytest.approx(ode.errors(near.scores, target, True).mean_relative)


def test_the_search_learns_from_several_families_and_starts_from_the_first():
    path, sister = linear_path(), linear_path(family="S")
    sister = ode.Trajectory("S", sister.time[:4], sister.scores[:4] * 0.9 + 3, NAMES)
    target = ode.Trajectory("G", TIME[3:6], path.scores[3:6] + 1, NAMES)
    chosen = ode.grid((1,), (0.0,), ("percent",), ("midpoint",))
    both, alone = (ode.search({"t": given}, target, chosen) for given in ((path, sister), path))
    for row, each in zip(both.itertuples(), chosen, strict=True):
        fitted = ode.fit([path, sister], each)
        assert row.samples == fitted.n_samples == len(path) - 1 + len(sister) - 1
        far = ode.solve(fitted, target.time, path.scores[0], path.time[0])
        assert row.held_out == pytest.approx(ode.errors(far.scores, target).mean_relative)
    assert not np.allclose(both["held_out"], alone["held_out"])


def test_held_out_leaves_no_row_out():
    table = ode.held_out([linear_path()], [linear_path(family="G")], predictors.usual())
    assert len(table) == 2 * len(predictors.usual())
    exact = table[(table["predictor"] == "polynomial, degree 4")]
    assert (exact["relative"] < 1).all()


# learning from other families


def families(n=8, seed=0):
    rng = np.random.default_rng(seed)
    rows = []
    for family in range(n):
        offset, slope = rng.normal(0, 4), rng.normal(0, 3)
        for t in np.arange(8, 8 + rng.integers(3, 7)) * 1.0 + rng.random() * 0.5:
            rows.append(
                (f"F{family}", t, 40 + 8 * (t - 10) - (t - 10) ** 2 + offset + slope * (t - 10) + rng.normal(0, 0.7))
            )
    return pd.DataFrame(rows, columns=["family", "t", "y"])


def test_the_hierarchical_model_is_statsmodels_mixed_model():
    import statsmodels.formula.api as smf

    frame = families(30)
    frame["c"] = frame["t"] - frame["t"].mean()
    mixed = smf.mixedlm(
        "y ~ c + I(c**2)", frame, groups="family", vc_formula={"offset": "1", "slope": "0 + c"}
    ).fit(reml=True)  # fmt: skip
    ours = fit_hierarchical(frame["t"], frame["family"], frame["y"])
    assert ours.beta == pytest.approx(mixed.fe_params.to_numpy(), rel=1e-2, abs=1e-2)
    spreads = dict(zip(mixed.model.exog_vc.names, np.sqrt(mixed.vcomp), strict=True))
    assert ours.spread_offset == pytest.approx(spreads["offset"], rel=0.02)
    assert ours.spread_slope == pytest.approx(spreads["slope"], rel=0.02)
    assert ours.noise == pytest.approx(np.sqrt(mixed.scale), rel=0.02)
    fitted = mixed.fittedvalues[frame["family"] == "F3"]
    own = frame[frame["family"] == "F3"]
    assert ours.predict(own["t"], "F3") == pytest.approx(fitted.to_numpy(), abs=0.05)
    # a family never seen gets the common curve
    assert ours.predict([10.0], "new")[0] == pytest.approx(
        np.polynomial.polynomial.polyval(10 - ours.centre, ours.beta)
    )
    with pytest.raises(InputError, match="six models"):
        fit_hierarchical(frame["t"][:4], frame["family"][:4], frame["y"][:4])


def test_the_family_asked_about_is_never_learned_from():
    seen = []

    def spy(known, others, time):
        seen.append((known.family, {other.family for other in others}, known.time[-1] < time))
        return known.scores[-1]

    paths = [linear_path(start=(60 - i, 30 + i), family=f"F{i}") for i in range(5)]
    contest = next_size(paths, {"spy": spy, "carry forward": carry_forward, "own line": own_line})
    assert all(family not in others and ahead for family, others, ahead in seen)
    table = contest.table(200).set_index("forecast")
    assert table.loc["spy", "value"] == pytest.approx(table.loc["carry forward", "value"])
    assert table.loc["carry forward", ["less", "less_low", "less_high"]].tolist() == [0, 0, 0]
    few = next_size(paths[:4], {"carry forward": carry_forward, "own line": own_line}).table(200)
    assert few["value"].notna().all()
    assert few[["low", "high", "less_low", "less_high"]].isna().all(axis=None)  # four families drawn whole: no interval
    with pytest.raises(InputError, match="three of them"):
        next_size(paths[:2])


def test_a_forecast_that_diverges_counts_as_the_largest_error_there_is():
    paths = [linear_path(start=(60 - i, 30 + i), family=f"F{i}") for i in range(5)]

    def diverges(known, others, time):
        return np.full(known.scores.shape[1], np.nan)

    def flies_off(known, others, time):
        return np.full(known.scores.shape[1], 1e6)

    errors = next_size(paths, {"diverges": diverges, "flies off": flies_off}).errors
    assert (errors["points"] == 100).all()


def test_with_few_families_the_hierarchical_model_is_fitted_by_restricted_likelihood():
    import statsmodels.formula.api as smf

    frame = families(6)
    frame["c"] = frame["t"] - frame["t"].mean()
    ours = fit_hierarchical(frame["t"], frame["family"], frame["y"])
    spread = {}
    for restricted in (True, False):
        model = smf.mixedlm(
            "y ~ c + I(c**2)", frame, groups="family", vc_formula={"offset": "1", "slope": "0 + c"}
        )  # fmt: skip
        fitted = model.fit(reml=restricted)
        spread[restricted] = dict(zip(model.exog_vc.names, np.sqrt(fitted.vcomp), strict=True))["offset"]
    assert ours.spread_offset == pytest.approx(spread[True], rel=0.02)
    assert abs(spread[False] / spread[True] - 1) > 0.04
