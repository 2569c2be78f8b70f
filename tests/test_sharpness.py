"""Sharpness: least squares by family against statsmodels, folds against refitting, places against known ones."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from capelib import coupling, selection, tables
from capelib.errors import InputError
from capelib.referee import profile, shapes, sharpness
from capelib.referee.least_squares import codes_of, family_sums, solve

ITEMS = {"hellaswag": 10_042, "truthfulqa": 817}


def families(curve, n_families=6, sizes=7, noise=0.0, seed=0):
    """Families with levels of their own on one curve in log10 N."""
    rng = np.random.default_rng(seed)
    rows = []
    for f in range(n_families):
        t = np.sort(rng.uniform(7.8, 11, sizes))
        score = 40 + 3 * f + curve(t) + noise * rng.standard_normal(sizes)
        rows.append(pd.DataFrame({"family": f"F{f}", "n_params": 10**t, "truthfulqa": score}))
    return pd.concat(rows, ignore_index=True).assign(model=lambda d: d.index.astype(str))


def broken(t):
    return -4 * (t - 9.5) + 10 * np.maximum(t - 9.5, 0)


def wide():
    return selection.families_with(selection.base_models(tables.panel("measured")), 3, ["hellaswag", "truthfulqa"])


def test_sums_by_family_give_the_regression_with_a_level_per_family():
    rng = np.random.default_rng(1)
    family, x, weight = np.repeat(["a", "b", "c"], 5), rng.normal(size=(15, 2)), rng.uniform(0.5, 2, 15)
    y = rng.normal(size=15) + x[:, 0]
    sums = family_sums(np.column_stack([x, y]), codes_of(family)[1], weight, own_levels=True).sum(axis=0)
    beta, rss = solve(sums)
    dummies = pd.get_dummies(family).to_numpy(float)
    fitted = sm.WLS(y, np.column_stack([x, dummies]), weights=weight).fit()
    assert beta == pytest.approx(fitted.params[:2])
    assert rss == pytest.approx(fitted.ssr)


def test_a_column_without_spread_and_a_copy_of_a_column_do_no_harm():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=20), rng.normal(size=20)
    codes, one = np.zeros(20, int), np.ones(20)
    alone = solve(family_sums(np.column_stack([x, y]), codes, one, False)[0])
    zero = solve(family_sums(np.column_stack([x, 0 * x, y]), codes, one, False)[0])
    twice = solve(family_sums(np.column_stack([x, x, y]), codes, one, False)[0])
    assert zero[0] == pytest.approx([alone[0][0], 0])
    assert twice[0].sum() == pytest.approx(alone[0][0], rel=1e-6)
    assert zero[1] == pytest.approx(alone[1], rel=1e-6)


def test_information_criteria_are_those_of_statsmodels_with_the_noise_counted():
    frame = families(lambda t: (t - 9.4) ** 2, noise=1.0)
    curves = shapes.score_curves(frame)
    dummies = pd.get_dummies(curves.family).to_numpy(float)
    t = curves.time - curves.time.mean()
    line = sm.OLS(curves.value, np.column_stack([t, dummies])).fit()
    bent = sm.OLS(curves.value, np.column_stack([t, t**2, dummies])).fit()
    row = sharpness.compare(curves, n_boot=100).row("parabola")
    assert row["bic"] == pytest.approx(bent.bic - line.bic)
    k, n = 2 + 6 + 1, curves.n
    extra = 2 * k * (k + 1) / (n - k - 1) - 2 * (k - 1) * k / (n - k)
    assert row["aicc"] == pytest.approx(bent.aic - line.aic + extra)
    assert row["k"] == k
    stepped = sharpness.compare(curves, n_boot=100).row("step")
    assert stepped["aicc_strict"] - stepped["aicc"] == pytest.approx(4)


@pytest.mark.parametrize("shape", [shapes.LINE, shapes.STICK, shapes.JUMP], ids=lambda shape: shape.name)
@pytest.mark.parametrize("fold", sharpness.FOLDS)
def test_held_out_errors_are_those_of_fitting_again_without_the_fold(shape, fold):
    curves = shapes.score_curves(families(broken, 4, 6, noise=1.0))
    found = sharpness.held_out(curves, shape, fold)
    places, _ = curves.grid(shape)
    for left in ([0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]) if fold == "family" else ([3], [14]):
        train = np.setdiff1d(np.arange(curves.n), left)
        names = np.unique(curves.family[train])
        best = None
        for c in places[:, 0]:
            columns = shape.columns(curves.time[None], np.array([[c]]), np.ones((1, 1)))[0]
            dummies = (curves.family[:, None] == names).astype(float)
            x = np.column_stack([columns, dummies])
            beta, *_ = np.linalg.lstsq(x[train], curves.value[train], rcond=None)
            rss = np.sum((curves.value[train] - x[train] @ beta) ** 2)
            if best is None or rss < best[0] - 1e-9:
                best = (rss, curves.value[left] - x[left] @ beta)
        expected = best[1] - best[1].mean() if fold == "family" else best[1]
        assert found[left] == pytest.approx(expected, abs=1e-5)


def test_a_break_that_is_there_is_found_and_is_sharp():
    curves = shapes.score_curves(families(broken, noise=0.3))
    found = profile.place_profile(curves, shapes.STICK, n_boot=200)
    assert found.profiled.covers(9.5)
    assert found.resampled.covers(found.profiled.value)
    assert found.slopes == pytest.approx((-4, 6), abs=0.8)
    assert found.decades < 0.4
    width = profile.width_profile(curves)
    assert width.profiled.low is None
    assert width.profiled.high < 1.5
    assert sharpness.compare(curves, n_boot=100).row("broken line")["aicc_strict"] < -20
    assert sharpness.chosen(curves, 50)["broken line"] > 0.5


def test_a_parabola_is_not_called_sharp():
    curves = shapes.score_curves(families(lambda t: 3 * (t - 9.4) ** 2, noise=0.3))
    width = profile.width_profile(curves)
    assert width.profiled.high is None
    assert width.profiled.low > 1
    assert profile.place_profile(curves, shapes.VERTEX, n_boot=100).profiled.covers(9.4)


def test_the_parabola_s_turn_is_that_of_the_shared_quadratic():
    frame = wide()
    found = profile.place_profile(shapes.score_curves(frame), shapes.VERTEX, n_boot=100)
    shared = coupling.bootstrap_critical_scale(frame, "shared quadratic", "clustered", n_boot=100)
    assert found.profiled.value == pytest.approx(np.log10(shared.point.value), abs=shapes.STEP)


def test_the_profile_of_a_line_s_zero_is_fieller_s_interval():
    frame = wide()
    noise = coupling.coupling_noise(coupling.local_coupling(frame), ITEMS).frame
    line = coupling.running_coupling(noise, weights=1 / noise["gamma_se"] ** 2)
    found = profile.place_profile(shapes.coupling_curves(frame, ITEMS), shapes.ZERO, n_boot=100).profiled
    ends = np.log10([line.nc.value, line.nc.low, line.nc.high])
    assert (found.value, found.low, found.high) == pytest.approx(ends, abs=1.5 * shapes.STEP)


def test_a_maximum_is_no_turn():
    found = profile.place_profile(
        shapes.score_curves(families(lambda t: -3 * (t - 9.4) ** 2, noise=0.3)), shapes.VERTEX, 50
    )
    assert np.isnan(found.profiled.value)
    assert found.resampled.discarded == 1


def test_a_straight_line_has_no_turn_and_an_open_interval():
    curves = shapes.score_curves(families(lambda t: 3 * t, noise=0.5))
    found = profile.place_profile(curves, shapes.VERTEX, n_boot=100)
    assert np.isinf(found.decades) or np.isnan(found.profiled.value)


def test_alone_a_short_family_has_no_criterion_for_a_break():
    table = sharpness.by_family(shapes.score_curves(families(broken, 4, 6, noise=0.1)))
    assert table[table["shape"] == "broken line"]["aicc"].isna().all()
    assert (table[table["shape"] == "straight line"]["aicc"] == 0).all()


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(InputError, match="three families"):
        sharpness.compare(shapes.score_curves(families(broken, 2)))
    with pytest.raises(InputError, match="four different sizes"):
        shapes.score_curves(families(broken, 1, 3)).places()
    with pytest.raises(InputError, match="no family has 9 points"):
        sharpness.by_family(shapes.score_curves(families(broken)), sizes=9)
    with pytest.raises(InputError, match="unknown column"):
        shapes.score_curves(families(broken), "mmlu")


def test_the_place_of_a_jump_costs_three_parameters_when_shapes_are_chosen(monkeypatch):
    # one resample, the data themselves: what is chosen is the smallest AICc in which the place counts three times
    monkeypatch.setattr(sharpness, "draw_counts", lambda names, *_: np.ones((1, len(names)), int))
    differ = 0
    for seed in range(12):
        curves = shapes.score_curves(families(lambda t: 1.2 * (t > 9.5), 4, 5, noise=1.0, seed=seed))
        strict = {}
        for name, shape in shapes.SHAPES.items():
            rss, k = sharpness.best_fit(curves, shape)[0], shape.free + 4 + 1
            plain = curves.n * np.log(rss / curves.n) + 2 * k + 2 * k * (k + 1) / (curves.n - k - 1)
            strict[name] = plain, plain + 4 * shape.jump
        best = [min(strict, key=lambda name, i=i: strict[name][i]) for i in (0, 1)]
        differ += best[0] != best[1]
        assert sharpness.chosen(curves, 1)[best[1]] == 1
    assert differ > 0
