"""Levers on scores: sizes that stand in, generations, width as a covariate; against closed forms and brute force."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from capelib import levers, tables
from capelib.coupling.resample import draw_counts
from capelib.errors import InputError
from capelib.levers import covariate, matching
from capelib.levers.compared import CURATED
from capelib.levers.generations import matched

ITEMS = {name: 1000 for name in tables.BENCHMARKS}


def families(score, n_families=5, sizes=(8, 8.6, 9.2, 9.9, 10.5, 11.2), noise=0.0, seed=0):
    """Models of several families whose `score` is a function of log10 N, with a level of its own for each family."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"{family}-{log_n}", f"F{family}", 10**log_n, score(log_n) + level)
        for family, level in enumerate(noise * rng.standard_normal(n_families))
        for log_n in np.array(sizes) + 0.1 * rng.random(len(sizes))
    ]
    return pd.DataFrame(rows, columns=["model", "family", "n_params", "s"])


# the size that has the same score


def test_scores_on_a_line_give_back_the_size_and_no_width():
    frame = families(lambda log_n: 12 * log_n - 60)
    found = levers.size_equivalent(frame, "s", 12 * 9.7 - 60, degree=1, n_boot=100)
    for end in (found.size.value, found.size.low, found.size.high):
        assert np.log10(end) == pytest.approx(9.7, abs=1e-6)
    assert not found.extrapolated
    assert found.at_ends == 0
    assert found.billions().value == pytest.approx(found.size.value / 1e9)


def test_a_u_has_one_size_on_either_side():
    frame = families(lambda log_n: 30 + 4 * (log_n - 9.5) ** 2)
    sides = {
        branch: np.log10(levers.size_equivalent(frame, "s", 34, branch=branch, n_boot=100).size.value)
        for branch in ("falling", "rising")
    }
    # between two points of the grid the curve is taken as straight
    assert sides == {"falling": pytest.approx(8.5, abs=1e-4), "rising": pytest.approx(10.5, abs=1e-4)}


def test_the_interval_is_that_of_a_bootstrap_done_one_resample_at_a_time():
    frame = families(lambda log_n: 5 * log_n + (log_n - 9) ** 2, noise=1.0)
    n_boot, target = 60, 48.0
    found = levers.size_equivalent(frame, "s", target, n_boot=n_boot, seed=3)
    draws = []
    for counts in draw_counts(frame["family"].to_numpy(), "clustered", n_boot, 3):
        rows = frame.loc[np.repeat(frame.index, counts)]
        curve = np.polynomial.Polynomial.fit(np.log10(rows["n_params"]), rows["s"], 2).convert()
        draws.append(max((curve - target).roots().real))
    low, high = np.percentile(10 ** np.array(draws), [2.5, 97.5])
    assert found.size.low == pytest.approx(low, rel=1e-3)
    assert found.size.high == pytest.approx(high, rel=1e-3)


def test_a_residual_is_matched_as_the_residual_itself_would_be():
    rng = np.random.default_rng(1)
    frame = families(lambda log_n: 5 * log_n, noise=1.0)
    frame["x"] = 20 * np.log10(frame["n_params"]) + rng.normal(0, 3, len(frame))
    line = stats.linregress(frame["x"], frame["s"])
    own = frame.assign(h=frame["s"] - line.slope * frame["x"] - line.intercept)
    target = 49.0 - line.slope * 195.0 - line.intercept
    by_hand = levers.size_equivalent(own, "h", target, degree=1, branch="rising", n_boot=100)
    found = levers.size_equivalent(frame, "s", 49.0, degree=1, given=("x", 195.0), branch="rising", n_boot=100)
    assert found.size.value == pytest.approx(by_hand.size.value, rel=1e-6)


def test_a_residual_is_read_with_the_model_s_own_other_score():
    # x and y lie on curves in the size: the residual is y less b·x, and its target falls by b for each point of own x
    frame = families(lambda log_n: 12 * log_n - 60)
    frame["x"] = 20 * (np.log10(frame["n_params"]) - 9.5) ** 2
    log_n, y, x = np.log10(frame["n_params"]), frame["s"], frame["x"]
    slope = np.polyfit(x, y, 1)[0]
    curve = np.poly1d(np.polyfit(log_n, y - slope * x, 2))
    asked = {}
    for own in (5.0, 25.0):
        found = levers.size_equivalent(frame, "s", 52.0, given=("x", own), n_boot=20).size.value
        roots = (curve - (52.0 - slope * own)).roots
        rising = [root.real for root in roots if np.isreal(root) and curve.deriv()(root.real) > 0]
        assert np.log10(found) == pytest.approx(rising[0], abs=1e-3)
        asked[own] = found
    assert asked[5.0] != pytest.approx(asked[25.0], rel=0.05)


def test_a_score_out_of_reach_lies_beyond_the_end_it_would_be_reached_at():
    frame = families(lambda log_n: 12 * log_n - 60, noise=0.5)
    above = levers.size_equivalent(frame, "s", 200, degree=1, n_boot=100)
    assert (above.size.value, above.size.high, above.at_ends) == (1e12, 1e12, 1.0)
    assert above.extrapolated
    assert levers.size_equivalent(frame, "s", -5, degree=1, n_boot=100).size.value == 1e7
    # a rising line never falls through a score
    assert np.isnan(levers.size_equivalent(frame, "s", 50, degree=1, branch="falling", n_boot=100).size.value)


def test_a_higher_score_and_a_noisier_one_move_the_size_and_its_interval():
    frame = families(lambda log_n: 12 * log_n - 60, noise=0.5)
    low, high = (levers.size_equivalent(frame, "s", target, degree=1, n_boot=300).size for target in (50, 55))
    assert high.value > low.value
    noisy = levers.size_equivalent(frame, "s", 50, 3.0, degree=1, n_boot=300).size
    assert noisy.value == low.value
    assert noisy.high / noisy.low > 2 * low.high / low.low


def test_of_several_crossings_the_last_one_counts():
    grid = np.arange(7.0)
    waves = np.array([[-1, 1, -1, 1, 3, -1, -1], [1, 1, 1, 1, 1, 1, 1], [-1, -1, -1, -1, -1, -1, -1]], float)
    assert levers.crossings(grid, waves, "rising").tolist() == [2.5, 0.0, 6.0]
    assert levers.crossings(grid, waves, "falling").tolist() == [4.75, 6.0, 0.0]


def test_the_curve_passes_through_its_own_equivalents():
    frame = families(lambda log_n: 30 + 4 * (log_n - 9.2) ** 2, noise=1.0)
    band = levers.curve(frame, "s", n_boot=100)
    assert ((band["low"] <= band["score"]) & (band["score"] <= band["high"])).all()
    at = levers.size_equivalent(frame, "s", 36, n_boot=100).size.value
    assert np.interp(np.log10(at), np.log10(band["n_params"]), band["score"]) == pytest.approx(36, abs=0.01)


def test_what_no_curve_can_answer_is_refused():
    frame = families(lambda log_n: log_n)
    with pytest.raises(InputError, match="needs three with s, got 2"):
        levers.size_equivalent(frame[frame["family"].isin(["F0", "F1"])], "s", 9)
    with pytest.raises(InputError, match="unknown branch 'risin'"):
        levers.size_equivalent(frame, "s", 9, branch="risin")
    with pytest.raises(InputError, match="has no s"):
        levers.size_equivalent(frame, "s", float("nan"))


# what is matched, and with whom


@pytest.fixture(scope="module")
def panel():
    frame = tables.panel("measured")
    return frame[frame["is_base"] & ~frame["is_code_model"]]


def test_every_reading_is_the_size_for_its_own_score(panel):
    phi = levers.find_model(panel, "microsoft/phi-1_5")
    web = levers.others(panel, "Phi", "all")
    assert web["arc_challenge"].isna().any()  # a model without one of the five has no mean of five
    found = levers.readings(web, phi, ITEMS, levers.next_larger(panel, phi), n_boot=100)
    assert set(found) == set(matching.NAMES)
    assert all(each.target == phi[key] for key, each in found.items() if key in tables.BENCHMARKS)
    five = list(tables.BENCHMARKS)
    mean = web.assign(mean=web[five].mean(axis=1, skipna=False))
    alone = levers.size_equivalent(mean, "mean", phi[five].mean(), n_boot=100)
    assert found[matching.MEAN].size.value == alone.size.value
    # five independent errors: that of the sum is their root of squares, that of the mean a fifth of it
    share = phi[five].to_numpy(float) / 100
    error = np.sqrt((1e4 * share * (1 - share) / ITEMS["mmlu"]).sum()) / 5
    noisy = levers.size_equivalent(mean, "mean", phi[five].mean(), error, n_boot=100)
    assert (found[matching.MEAN].size.low, found[matching.MEAN].size.high) == pytest.approx(
        (noisy.size.low, noisy.size.high)
    )
    given = levers.size_equivalent(
        web, "truthfulqa", phi["truthfulqa"], given=("hellaswag", phi["hellaswag"]), n_boot=100
    )
    assert found["h"].size.value == given.size.value
    larger = levers.next_larger(panel, phi)
    gamma = (larger["truthfulqa"] - phi["truthfulqa"]) / (larger["hellaswag"] - phi["hellaswag"])
    assert found["gamma"].target == pytest.approx(gamma)
    assert found["truthfulqa, falling"].size.value < found["truthfulqa, rising"].size.value


def test_a_reading_without_its_data_is_left_out(panel):
    phi = levers.find_model(panel, "microsoft/phi-1_5").copy()
    phi["mmlu"] = np.nan
    found = levers.readings(levers.others(panel, "Phi"), phi, ITEMS, n_boot=100)
    assert not {"mmlu", matching.MEAN, "gamma"} & set(found)
    with pytest.raises(InputError, match="nothing of the model can be matched"):
        levers.readings(panel[panel["family"] == "OPT"], phi, ITEMS, n_boot=100)


def test_sizes_side_by_side_say_where_the_search_ends(panel):
    phi = levers.find_model(panel, "microsoft/phi-1_5")
    found = levers.readings(levers.others(panel, "Phi"), phi, ITEMS, n_boot=100)
    table = matching.side_by_side({"one": found, "other": {"hellaswag": found["hellaswag"]}})
    assert list(table.columns) == ["matched", "one", "other"]
    assert (table["other"] == "–").sum() == len(table) - 1
    frame = families(lambda log_n: 12 * log_n - 60, noise=0.5)
    out = levers.size_equivalent(frame, "s", 200, degree=1, n_boot=100)
    assert matching.text(out).endswith("[over 1,000, over 1,000]")


def test_no_model_is_compared_with_its_own_family_nor_with_one_called_curated(panel):
    for web in levers.WEB:
        assert "Llama" not in set(levers.others(panel, "Llama", web)["family"])
        assert not set(CURATED) & set(levers.others(panel, "Llama", web)["family"])
    wider = levers.others(panel, "Phi", "all")
    assert len(wider) > len(levers.others(panel, "Phi"))
    with pytest.raises(InputError, match="unknown web-trained families"):
        levers.others(panel, "Phi", "some")
    with pytest.raises(InputError, match=r"unknown model 'phi-1' \(closest: 'phi-1_5'\); the panel has"):
        levers.find_model(panel, "phi-1")
    assert levers.next_larger(panel, levers.find_model(panel, "phi-2")) is None
    assert levers.next_larger(panel, levers.find_model(panel, "opt-125m"))["model"] == "opt-350m"


def test_documented_families_are_families_of_the_panels():
    known = {family for which in tables.PANELS for family in tables.panel(which)["family"]}
    assert set(levers.DOCUMENTED) <= known


def test_a_size_in_doubt_is_left_out(panel):
    kept = levers.known_size(panel)
    dropped = panel.drop(kept.index)
    assert len(dropped)
    for tag in ("moe", "n_params_suspect"):
        assert dropped["flags"].str.contains(tag).any()
        assert not kept["flags"].str.contains(tag).any()
    bare = panel.drop(columns="flags")
    assert levers.known_size(bare) is bare


# generations


def two_generations():
    rows = [
        ("a1", "A", "L", 1e9, 40.0, 38.0), ("a7", "A", "L", 7e9, 60.0, 36.0), ("a30", "A", "L", 3e10, 75.0, 40.0),
        ("b1", "B", "L", 1.2e9, 45.0, 40.0), ("b8", "B", "L", 8e9, 62.0, 35.0), ("b70", "B", "L", 7e10, 80.0, 50.0),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["model", "family", "lab", "n_params", "hellaswag", "truthfulqa"])


def test_models_of_one_size_are_paired_once_and_others_not_at_all():
    frame = two_generations()
    found = levers.generations(frame, ITEMS, successors=[("A", "B")])
    assert found.pairs[["older", "newer"]].to_numpy().tolist() == [["a1", "b1"], ["a7", "b8"]]
    assert found.pairs["d_truthfulqa"].tolist() == [2.0, -1.0]
    own = found.changes.set_index("score").loc["truthfulqa"]
    assert own["value"] == pytest.approx(0.5)
    se = np.sqrt((0.38 * 0.62 + 0.4 * 0.6 + 0.36 * 0.64 + 0.35 * 0.65) / 1000) * 100 / 2
    assert own["high"] - own["value"] == pytest.approx(1.959964 * se, rel=1e-6)
    crowded = pd.concat([frame, frame.iloc[[3]].assign(model="b1 again", n_params=1.1e9)], ignore_index=True)
    nearest = matched(crowded[crowded["family"] == "A"], crowded[crowded["family"] == "B"])
    assert [(a["model"], b["model"]) for a, b in nearest] == [("a1", "b1 again"), ("a7", "b8")]
    with pytest.raises(InputError, match="no two generations"):
        levers.generations(frame, ITEMS, successors=[("A", "C")])


def test_the_mean_over_labs_is_a_t_interval_of_their_means(panel):
    found = levers.generations(levers.known_size(panel), ITEMS)
    own = found.changes[found.changes["score"] == "truthfulqa"]
    labs = own.groupby("lab")["value"].mean()
    interval = stats.ttest_1samp(labs, 0).confidence_interval(0.95)
    mean = found.mean("truthfulqa")
    assert (mean.value, mean.low, mean.high) == pytest.approx((labs.mean(), *interval))
    assert found.mean("truthfulqa", "change").n == own["change"].nunique() > len(labs)
    alone = levers.generations(two_generations(), ITEMS, successors=[("A", "B")])
    assert not alone.mean("truthfulqa").has_interval


# width


def test_coefficients_are_those_of_least_squares_with_and_without_levels_of_the_families(panel):
    dense = levers.known_size(panel)
    found = levers.width_covariate(dense, n_boot=100)
    rows = dense.assign(log_n=np.log10(dense["n_params"]), log_d=np.log2(dense["d_model"]))
    rows["log_n"] -= rows["log_n"].mean()
    for level, extra in (("one for all", ""), ("one per family", " + C(family)")):
        straight = smf.ols("truthfulqa ~ hellaswag + log_n + log_d" + extra, rows).fit()
        assert found.of_width(level=level).value == pytest.approx(straight.params["log_d"])
        curved = smf.ols("truthfulqa ~ hellaswag + log_n + I(log_n**2) + log_d" + extra, rows).fit()
        assert found.of_width("x, size curved, width", level).value == pytest.approx(curved.params["log_d"])
        product = smf.ols("truthfulqa ~ hellaswag * log_n + hellaswag * log_d" + extra, rows).fit()
        slope = found.of_width("slope by size and width", level, covariate.X_WIDTH)
        assert slope.value == pytest.approx(product.params["hellaswag:log_d"])
    assert found.n == len(rows)


def exact_width(effect):
    rng = np.random.default_rng(0)
    rows = []
    for family in range(8):
        for log_n in rng.uniform(8, 11, 5):
            log_d = 10 + (log_n - 9) + rng.normal(0, 0.3)
            rows.append((f"F{family}", 10**log_n, 2**log_d, 40 + 10 * (log_n - 9) + rng.normal(0, 5), log_n, log_d))
    frame = pd.DataFrame(rows, columns=["family", "n_params", "d_model", "hellaswag", "log_n", "log_d"])
    y = 45 - 0.2 * frame["hellaswag"] + 1.5 * frame["log_n"] + effect * frame["log_d"] + rng.normal(0, 0.2, len(frame))
    return frame.assign(truthfulqa=y)


def test_an_effect_of_width_is_found_and_helps_a_family_left_out():
    found = levers.width_covariate(exact_width(3.0), n_boot=300)
    assert found.of_width().covers(3.0)
    assert found.of_width(level="one per family").covers(3.0)
    assert found.gain["straight"].high < 0
    none = levers.width_covariate(exact_width(0.0), n_boot=300)
    assert none.of_width().covers(0.0)
    assert abs(none.gain["straight"].value) < 0.1
    assert 0.2 < found.width_sd < 0.4


def test_width_that_follows_from_size_cannot_be_told_from_it():
    frame = exact_width(1.0)
    with pytest.raises(InputError, match="follows from their size"):
        levers.width_covariate(frame.assign(d_model=64 * frame["n_params"] ** 0.2), n_boot=100)
    with pytest.raises(InputError, match="needs five"):
        levers.width_covariate(frame[frame["family"].isin(["F0", "F1"])], n_boot=100)
    with_gap = frame.assign(d_model=frame["d_model"].where(frame.index > 0))
    assert "1 models without a width" in levers.width_covariate(with_gap, n_boot=100).notes[0]
