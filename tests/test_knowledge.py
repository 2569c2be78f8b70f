"""Knowledge or size: folds against scikit-learn, effects against statsmodels, slopes on known truths."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict

from capelib import selection, tables
from capelib.errors import InputError
from capelib.referee import knowledge, knowledge_checks

X, Y, Z = "hellaswag", "truthfulqa", "mmlu"


def made(n_families=30, size=6, level=3.0, seed=0, noise=1.0):
    """Models whose truthfulness is a plane in two scores, with families that scatter."""
    rng = np.random.default_rng(seed)
    n = n_families * size
    x = rng.uniform(30, 70, n)
    z = 20 + 0.5 * x + rng.normal(0, 8, n)
    family = np.repeat([f"F{i:02}" for i in range(n_families)], size)
    y = 40 - 0.25 * x + 0.4 * z + level * np.repeat(rng.normal(size=n_families), size) + noise * rng.normal(size=n)
    return pd.DataFrame({
        "family": family, X: x, Z: z, Y: y, "n_params": 10 ** rng.uniform(8, 11, n),
    }).assign(log10_params=lambda d: np.log10(d["n_params"]))  # fmt: skip


@pytest.fixture(scope="module")
def base():
    return knowledge.with_running(selection.base_models(tables.panel("measured")))


def test_errors_without_effects_are_scikit_learn_s(base):
    found = knowledge.nested(base, "none", n_boot=100)
    for name, columns in knowledge.NESTED.items():
        if not columns:
            continue
        predicted = cross_val_predict(
            LinearRegression(), base[list(columns)], base[Y], groups=base["family"], cv=LeaveOneGroupOut()
        )
        row = found.table.set_index("model").loc[name]
        assert row["error"] == pytest.approx(np.sqrt(np.mean((base[Y] - predicted) ** 2)), rel=1e-6)
    assert found.n == len(base)


def test_errors_within_families_are_those_of_demeaned_scores():
    frame = made(8, 5)
    found = knowledge.nested(frame, "fixed", {"HellaSwag": (X,), "HellaSwag, MMLU": (X, Z)}, n_boot=100)
    centred = frame[[X, Z, Y]] - frame.groupby("family")[[X, Z, Y]].transform("mean")
    for name, columns in {"HellaSwag": [X], "HellaSwag, MMLU": [X, Z]}.items():
        off = []
        for family in frame["family"].unique():
            own = frame["family"] == family
            beta = np.linalg.lstsq(centred[~own][columns], centred[~own][Y], rcond=None)[0]
            off.append(centred[own][Y] - centred[own][columns] @ beta)
        assert found.table.set_index("model").loc[name, "error"] == pytest.approx(
            np.sqrt(np.mean(np.concatenate(off) ** 2)), rel=1e-6
        )


def test_random_effects_are_those_of_statsmodels_to_the_grid_of_ratios():
    frame = made(40, 6, level=2.0, noise=2.0)
    found = knowledge_checks.coefficients(frame, (X, Z), "random", n_boot=100)
    fitted = smf.mixedlm(f"{Y} ~ {X} + {Z}", frame, groups="family").fit(reml=True)
    for name in (X, Z):
        assert found[name].value == pytest.approx(fitted.params[name], abs=0.1 * fitted.bse[name])
    each = knowledge.design(frame, (X, Z))
    ratios, sums = each.sums("random")
    log_shrunk = np.log1p(ratios[:, None] * each.sizes).sum(axis=1)
    best, _ = knowledge.chosen(ratios, sums.sum(axis=1), each.n, log_shrunk)
    assert np.log(ratios[best]) == pytest.approx(np.log(fitted.cov_re.iloc[0, 0] / fitted.scale), abs=0.3)


def test_the_plane_that_was_put_in_comes_out_and_wins():
    frame = knowledge.with_running(made())
    for effects in knowledge.EFFECTS:
        found = knowledge.nested(frame, effects, n_boot=200)
        assert all(gap.high < 0 for gap in found.rivals.values())
        assert found.table.set_index("model")["r2"].idxmax().endswith("MMLU")
        estimates = knowledge_checks.coefficients(frame, (X, Z), effects, n_boot=200)
        assert estimates[X].covers(-0.25)
        assert estimates[Z].covers(0.4)


def test_a_useless_regressor_does_not_help_a_family_left_out():
    frame = made(noise=4.0).assign(noise=np.random.default_rng(5).normal(size=180))
    models = {"HellaSwag": (X,), "rival": (X, "noise"), "HellaSwag, MMLU": (X, Z)}
    found = knowledge.nested(frame, "none", models, n_boot=200)
    assert abs(found.table.set_index("model").loc["rival", "less"]) < 0.1


def test_mmlu_against_itself_is_a_tie(base):
    table = knowledge_checks.against_rivals(base, {"MMLU": Z, "size": "log10_params"}, n_boot=100).set_index("rival")
    assert table.loc["MMLU", ["gap", "low", "high"]].abs().max() == pytest.approx(0, abs=1e-9)
    gap = knowledge.nested(base, "none", n_boot=100).rivals["HellaSwag, size"]
    assert (table.loc["size", "gap"], table.loc["size", "high"]) == pytest.approx((gap.value, gap.high))


@pytest.mark.parametrize("effects", ["none", "fixed"])
def test_sides_are_two_regressions(base, effects):
    found = knowledge_checks.sides(base, 3e9, (Z,), effects, n_boot=200)
    for large, slope in ((False, found.below), (True, found.above)):
        own = base[(base["n_params"] > 3e9) == large]
        formula = f"{Y} ~ {X} + {Z}" + (" + C(family)" if effects == "fixed" else "")
        assert slope.value == pytest.approx(smf.ols(formula, own).fit().params[X], rel=1e-6)
        assert slope.low < slope.value < slope.high
    assert found.change.value == pytest.approx(found.above.value - found.below.value)
    assert found.n_below + found.n_above == len(base)


def test_a_change_of_sign_made_by_a_third_score_goes_when_it_is_held():
    frame = made(60, 4, level=0.0)
    frame[Z] = np.where(frame["n_params"] > 3e9, frame[X] * 1.5, 25) + np.random.default_rng(1).normal(0, 3, len(frame))
    frame[Y] = 40 - 0.25 * frame[X] + 0.5 * frame[Z] + np.random.default_rng(2).normal(0, 1, len(frame))
    assert knowledge_checks.sides(frame, 3e9, n_boot=200).change.low > 0.3
    held = knowledge_checks.sides(frame, 3e9, (Z,), n_boot=200).change
    assert held.covers(0)


def test_groups_of_like_scores_have_their_own_lines(base):
    found = knowledge_checks.within_groups(base, Z, (27, 50), n_boot=100).set_index("group")
    assert found["n"].sum() == len(base)
    own = base[base[Z] <= 27]
    line = stats.linregress(own[X], own[Y])
    row = found.loc["up to 27"]
    assert row["slope"] == pytest.approx(line.slope)
    assert row["y_high"] == pytest.approx(line.intercept + line.slope * own[X].max())
    assert knowledge_checks.group_words((27, 40, 55)) == ["up to 27", "27 to 40", "40 to 55", "above 55"]


def test_the_correction_for_noise_recovers_the_plane_and_without_noise_changes_nothing():
    frame = made(400, 5, level=0.0)
    noisy = frame.assign(hellaswag=frame[X] + np.random.default_rng(3).normal(0, 6, len(frame)))
    table = knowledge_checks.noise_in_x(noisy, {X: 10**9}, noise=(0, 6)).set_index("noise")
    plain = sm.OLS(noisy[Y], sm.add_constant(noisy[[X, Z]])).fit().params
    assert table.loc[0, ["hellaswag", "mmlu"]].to_numpy(float) == pytest.approx(plain[[X, Z]].to_numpy(), rel=1e-6)
    assert table.loc[6, "hellaswag"] == pytest.approx(-0.25, abs=0.02)
    assert table.loc[6, "mmlu"] == pytest.approx(0.4, abs=0.02)
    assert (table["reliability"] > 0).all()


def test_a_score_near_chance_counts_as_nothing():
    found = knowledge.above_chance(pd.Series([23.0, 26.9, 27.0, 60.0]), 25, 2)
    assert found.tolist() == [0, 0, 0, 33]


def test_what_cannot_be_asked_is_told(base):
    with pytest.raises(InputError, match=r"unknown family effects 'mixed'"):
        knowledge.nested(base, "mixed")
    with pytest.raises(InputError, match="three of them, got 2"):
        knowledge.nested(base[base["family"].isin(["OPT", "Pythia"])])
    with pytest.raises(InputError, match="five are needed"):
        knowledge_checks.sides(base, 1e12)
    with pytest.raises(InputError, match="choose other edges"):
        knowledge_checks.within_groups(base, Z, (99,))
    with pytest.raises(InputError, match="unknown column 'age'"):
        knowledge.design(base, ("age",))


def test_resamples_with_no_more_models_than_coefficients_are_discarded(monkeypatch):
    frame = made(8, 2, level=0.0)
    frame["n_params"] = np.tile([1e9, 9e9], 8)
    few = np.r_[1, 1, 1, np.zeros(5, int)]  # three models of a side, three columns: intercept, score, target
    draws = np.vstack([np.ones((15, 8), int), np.tile(few, (5, 1))])
    monkeypatch.setattr(knowledge_checks, "draw_counts", lambda *_: draws)
    for slope in (lambda s: s.below, lambda s: s.above):
        found = slope(knowledge_checks.sides(frame, 3e9, n_boot=20))
        assert (found.low, found.high) == pytest.approx((found.value, found.value))
    draws[15:, 3] = 1  # four models are enough, and count
    found = knowledge_checks.sides(frame, 3e9, n_boot=20).below
    assert found.high - found.low > 1e-6
