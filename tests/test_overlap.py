"""Contamination and common causes: groups by the date of their text, partners, and correlations with causes held."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from capelib import coupling, selection, tables
from capelib.errors import InputError
from capelib.referee import confounding, overlap, partners
from capelib.referee.many import places

ITEMS = {"hellaswag": 10_042, "truthfulqa": 817}
PAIR = ["hellaswag", "truthfulqa"]


@pytest.fixture(scope="module")
def leaderboard():
    return selection.base_models(tables.panel("measured"))


def families(slopes, sizes=(1e8, 1e9, 1e10, 1e11)):
    rows = [
        {"model": f"{name}{n:.0f}", "family": name, "n_params": int(n), "log10_params": np.log10(n),
         "hellaswag": 30 + 10 * np.log10(n / 1e8), "truthfulqa": 40 + slope * np.log10(n / 1e8)}
        for name, slope in slopes.items() for n in sizes
    ]  # fmt: skip
    return pd.DataFrame(rows)


# the date of the text


def test_text_counts_as_earlier_only_if_it_is_known_to_be():
    text = pd.DataFrame({"family": ["A", "B", "C"], "text_until": ["2020-12", "2021-09", "2022-01"]})
    frame = pd.DataFrame({"family": ["A", "B", "C", "D"]})
    assert overlap.text_ends_before(frame, text, "2021-09").tolist() == [True, False, False, False]


def test_every_family_with_a_dated_text_is_in_the_leaderboard(leaderboard):
    assert set(tables.read("training_text")["family"]) <= set(leaderboard["family"])


def test_slopes_are_points_per_decade_on_each_side():
    found = overlap.slopes_by_side(
        {"g": families({"A": -3, "B": -3, "C": -3, "D": 5, "E": 5, "F": 5})}, 1e9, n_boot=200
    )
    rows = found.set_index("side")
    assert rows.loc["below", "value"] == pytest.approx(1)
    assert rows.loc["above", "value"] == pytest.approx(1)
    assert rows.loc["above less below", "value"] == pytest.approx(0)
    assert rows["negative"].tolist() == [0.5, 0.5, 0.5]
    assert rows["steps"].tolist() == [6, 12, 18]
    assert rows.loc["below", "low"] < 1 < rows.loc["below", "high"]
    # families that go straight: their own slope cancels in the difference, however they are drawn
    assert np.allclose(rows.loc["above less below", ["low", "high"]].astype(float), 0)


def test_few_families_have_no_interval_and_far_steps_can_be_left_out():
    few = overlap.slopes_by_side({"g": families({"A": -3, "B": -3, "C": 5, "D": 5})}, 1e9, n_boot=50)
    assert few[["low", "high"]].isna().all(axis=None)
    near = overlap.slopes_by_side({"g": families(dict.fromkeys("ABCD", 2.0))}, 1e9, up_to=5e9, n_boot=50)
    assert near.set_index("side").loc["above", "steps"] == 4


def test_comparison_of_groups_is_the_exact_permutation_test():
    first, second = families({"A": -4, "B": -2, "C": -3}), families({"D": 1, "E": 2, "F": 3, "G": 0.5})
    found = overlap.compare(first, second, 0, np.inf, n_perm=10_000)
    slopes = np.array([-4, -2, -3, 1, 2, 3, 0.5])
    test = stats.permutation_test((slopes[:3], slopes[3:]), lambda a, b: a.mean() - b.mean(), n_resamples=np.inf)
    assert found.difference == pytest.approx(slopes[:3].mean() - slopes[3:].mean())
    assert found.p == pytest.approx(test.pvalue)
    assert found.smallest_p == pytest.approx(2 / 35)
    assert found.n_units == (3, 4)


def test_families_of_one_corpus_are_one_unit():
    first, second = families({"A": -4, "B": -2, "C": -3}), families({"D": 1, "E": 2, "F": 3})
    found = overlap.compare(first, second, 0, np.inf, unit={"A": "pile", "B": "pile"})
    assert found.n_units == (2, 3)
    assert found.smallest_p == pytest.approx(0.2)
    assert found.difference == overlap.compare(first, second, 0, np.inf).difference
    with pytest.raises(InputError, match="pile in both groups"):
        overlap.compare(first, second, 0, np.inf, unit={"A": "pile", "D": "pile"})
    with pytest.raises(InputError, match="two or more in either group, got 1 and 3"):
        overlap.compare(first, second, 0, np.inf, unit=dict.fromkeys("ABC", "pile"))
    with pytest.raises(InputError, match="no step between"):
        overlap.compare(first, second, 1e12, 1e13)


def test_dates_count_models_of_earlier_years_and_text(leaderboard):
    found = overlap.dates(
        tables.read("benchmarks"), leaderboard, tables.read("training_text"), tables.read("architectures")
    ).set_index("benchmark")
    assert set(found.index) >= {"HellaSwag", "TruthfulQA", "HumanEval"}
    families_of = ["Pythia", "GPT-Neo/J", "Cerebras-GPT", "RWKV", "XGLM", "GPT-2", "Codegen"]
    expected = leaderboard["family"].isin(families_of).sum()
    assert found.loc["TruthfulQA", "text before"] == expected
    # GPT-2 is from 2019, before all of 2021
    assert found.loc["TruthfulQA", "released before"] == (leaderboard["family"] == "GPT-2").sum()


# partners


def test_partners_are_the_fixed_size_correlations(leaderboard):
    found = partners.partners(leaderboard, ["mmlu"], 3e9, n_boot=100).set_index("side")
    small = leaderboard[leaderboard["n_params"] <= 3e9]
    assert found.loc["below", "value"] == coupling.fixed_size_correlation(small, "mmlu", n_boot=100).given_size.value
    assert found.loc["above less below", "value"] == pytest.approx(
        found.loc["above", "value"] - found.loc["below", "value"]
    )


def test_a_side_without_models_is_left_out(leaderboard):
    assert set(partners.partners(leaderboard, ["mmlu"], 1e6, n_boot=100)["side"]) == {"above"}


def test_rises_counts_steps_and_agreement_of_signs():
    frame = families({"A": -3, "B": 2})
    frame.loc[frame["model"] == "A100000000", "hellaswag"] = 99
    row = partners.rises(frame, ["hellaswag"]).iloc[0]
    assert (row["steps"], row["rising"]) == (6, 5)
    assert row["same_sign"] == pytest.approx(5 / 6)


def test_the_makers_own_scores_meet_the_leaderboards_by_repository(leaderboard):
    checkpoints, pythia = tables.read("pythia_checkpoints"), leaderboard[leaderboard["family"] == "Pythia"]
    found = partners.other_evaluator(checkpoints, pythia).set_index("task")
    last = checkpoints.query("suite == 'v1' and variant == 'deduped' and step == 143000 and n_shot == 0")
    mine = last.query("task == 'piqa' and metric == 'acc'").set_index("model")["value"]
    truth = pythia.assign(model=pythia["model"].str.removesuffix("-deduped")).set_index("model")["truthfulqa"]
    assert found.loc["piqa", "value"] == pytest.approx(np.corrcoef(mine, truth[mine.index])[0, 1])
    assert found["n"].eq(8).all()
    with pytest.raises(InputError, match="four are needed"):
        partners.other_evaluator(checkpoints, pythia.head(3))


# common causes


def test_along_families_agrees_with_the_within_family_correlations(leaderboard):
    long = selection.families_with(leaderboard, 3, PAIR)
    long = long[~long.duplicated(["family", "n_params"], keep=False)]  # one model per size, so that nothing is averaged
    long = selection.families_with(long, 3, PAIR)
    found = confounding.along_families(long, ITEMS, 3e9, n_boot=100).set_index(["side", "measure"])
    small = long[long["n_params"] <= 3e9]
    row = coupling.within_family(small, n_boot=100).pairs.query("x == 'hellaswag' and y == 'truthfulqa'").iloc[0]
    names = {confounding.AS_IS: "r", confounding.SIZE: "r_given_size", confounding.OWN_LINE: "r_own_trend"}
    for measure, name in names.items():
        assert found.loc[("below", measure), "value"] == pytest.approx(row[name])


def test_the_null_projects_on_what_the_measure_correlates(leaderboard):
    at = places(leaderboard, ITEMS)
    for measure in (confounding.AS_IS, confounding.SIZE, confounding.OWN_LINE):
        left = confounding._annihilator(at.log_n, at.code, measure)
        value, _ = confounding._within(np.column_stack([at.x[0], at.y[0], at.log_n]), at.code, 5, 0)[measure]
        assert stats.pearsonr(at.x[0] @ left, at.y[0] @ left).statistic == pytest.approx(value)


def coupled_panel(strength, seed=0):
    """Twelve families of six sizes with their own parabolas; a deviation of x is passed on to y with `strength`."""
    rng = np.random.default_rng(seed)
    frame = families({f"F{k}": 0.0 for k in range(12)}, np.geomspace(1e8, 1e11, 6))
    at = frame["log10_params"] - 9.5
    slope = rng.normal(0, 3, 12)[frame["family"].str[1:].astype(int)]
    push = rng.normal(0, 2, len(frame))
    y = 40 + slope * at + at**2 + strength * push + rng.normal(0, 1, len(frame))
    return frame.assign(hellaswag=frame["hellaswag"] + push, truthfulqa=y)


def test_a_coupling_beyond_trends_leaves_the_null_and_separate_trends_do_not():
    tied = confounding.along_families(coupled_panel(1.0), ITEMS, 3e9, n_boot=400)
    own_line = tied[tied["measure"] == confounding.OWN_LINE]
    assert (own_line["value"] > own_line["null_high"]).all()
    assert (own_line["p"] < 0.05).all()
    apart = [confounding.along_families(coupled_panel(0.0, seed), ITEMS, 3e9, n_boot=200) for seed in range(12)]
    few = confounding.along_families(coupled_panel(1.0), ITEMS, 1e9, n_boot=100).query("side == 'below'")
    assert few[["value", "null", "p"]].isna().all(axis=1).tolist() == [False, False, True]
    p = np.concatenate([found.loc[found["measure"] == confounding.OWN_LINE, "p"] for found in apart])
    assert (p < 0.05).mean() < 0.25


def test_across_families_equals_regression_on_bins_and_causes(leaderboard):
    known = confounding.with_covariates(leaderboard, tables.read("architectures"))
    found = confounding.across_families(known, {"plain": [], "year": ["release_year"]}, 3e9, n_boot=100)
    small = known[(known["n_params"] <= 3e9) & known["release_year"].notna()]
    bins = pd.get_dummies(np.searchsorted(coupling.fixed_size.EDGES, small["log10_params"], side="right"))
    for measure, held in (("plain", ["log10_params"]), ("year", ["log10_params", "release_year"])):
        design = np.column_stack([bins.to_numpy(float), small[held]])
        x, y = (v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in small[PAIR].to_numpy().T)
        row = found[(found["measure"] == measure) & (found["side"] == "below")].iloc[0]
        assert row["value"] == pytest.approx(np.corrcoef(x, y)[0, 1])
        assert row["n"] == len(small)


def test_the_plain_row_is_the_fixed_size_correlation(leaderboard):
    found = confounding.across_families(leaderboard, {"plain": []}, 3e9, n_boot=100).set_index("side")
    small = leaderboard[leaderboard["n_params"] <= 3e9]
    expected = coupling.fixed_size_correlation(small, n_boot=100).given_size
    assert found.loc["below", "value"] == pytest.approx(expected.value)
    difference = coupling.fixed_size_difference(leaderboard, 3e9, n_boot=100, seed=0)
    assert found.loc["above less below", ["value", "low", "high"]].tolist() == pytest.approx(
        [difference.value, difference.low, difference.high]
    )


def test_a_common_cause_is_taken_out_and_suspect_tokens_are_not_used(leaderboard):
    rng = np.random.default_rng(1)
    frame = families({f"F{k}": 0.0 for k in range(40)}, [1e9, 5e9])
    cause = rng.normal(0, 1, len(frame))
    frame = frame.assign(cause=cause, hellaswag=frame["hellaswag"] + 5 * cause + rng.normal(0, 1, len(frame)),
                         truthfulqa=40 + 5 * cause + rng.normal(0, 1, len(frame)))  # fmt: skip
    found = confounding.across_families(frame, {"plain": [], "held": ["cause"]}, 3e9, n_boot=100)
    values = found.set_index(["measure", "side"])["value"]
    assert values["plain", "below"] > 0.9
    assert abs(values["held", "below"]) < 0.4
    known = confounding.with_covariates(leaderboard, tables.read("architectures"))
    suspect = known["flags"].str.contains("n_tokens_suspect")
    assert suspect.any()
    assert known.loc[suspect, "log10_tokens"].isna().all()
    with pytest.raises(InputError, match="models lie below"):
        confounding.across_families(frame, {"held": ["cause"]}, 1e6)


def test_the_p_of_a_correlation_counts_both_tails(leaderboard, monkeypatch):
    # a null spread evenly from -1 to 1 is symmetric: both tails together are the draws as far from zero as r
    null = np.linspace(-1, 1, 199)
    monkeypatch.setattr(confounding, "correlate", lambda x, y: null)
    found = confounding.along_families(leaderboard, ITEMS, 3e9, n_boot=199)
    for row in found.dropna(subset=["value"]).itertuples():
        tails = np.count_nonzero(np.abs(null) >= abs(row.value))
        assert row.p == pytest.approx((tails + 2) / 200)
    assert (found["value"] < 0).any()
    assert (found["value"] > 0).any()
