"""Every choice behind N_c in one frame, against the estimators one by one; the list of models; the charts."""

import numpy as np
import pandas as pd
import pytest

from capelib import claims, coupling, estimate, selection, tables
from capelib.charts import referee_scale as draw
from capelib.coupling import critical
from capelib.errors import InputError
from capelib.referee import models as behind
from capelib.referee import sensitivity
from capelib.referee.sensitivity import ESTIMATORS, one, pairs_of
from capelib.scaling.selection import stated_losses

ITEMS = {name: 1000 for name in tables.BENCHMARKS} | {"hellaswag": 10_042, "truthfulqa": 817}
X, Y = "hellaswag", "truthfulqa"


@pytest.fixture(scope="module")
def long():
    return selection.families_with(selection.base_models(tables.panel("measured")), 3, [X, Y])


@pytest.fixture(scope="module")
def people():
    return behind.listing(frames())


def frames():
    return {
        "released": tables.panel("released"),
        "measured": tables.panel("measured"),
        "points": tables.read("panel_bootstrap_nc"),
        "loss": stated_losses(tables.read("pythia_loss")),
        "frontier": tables.read("frontier"),
        "epoch": tables.read("frontier_epoch"),
    }


def test_the_weighted_line_resampled_by_families_is_the_running_coupling_s(long):
    noise = coupling.coupling_noise(coupling.local_coupling(long), ITEMS).frame
    _, zero = coupling.running_coupling_clustered(noise, 1 / noise["gamma_se"] ** 2, n_boot=500, seed=3)
    found = one(long, "weighted line", "clustered", X, Y, ITEMS, 500, 3)
    assert found.value == pytest.approx(zero.value)
    # percentiles between two draws are taken of sizes here and of their logarithms there
    assert (found.low, found.high) == pytest.approx((zero.low, zero.high), rel=1e-3)


def test_the_sign_change_is_the_median_of_the_families(long):
    steps = coupling.local_coupling(long).frame
    each = [critical.sign_change_scale(own["n_mid"], own["gamma"]).value for _, own in steps.groupby("family")]
    found = one(long, "sign change", "stratified", X, Y, ITEMS, 100, 0)
    assert np.log10(found.value) == pytest.approx(np.nanmedian(np.log10(each)))
    # two families with a crossing: no interval, however many resamples
    few = long[long["family"].isin([name for name, _ in steps.groupby("family")][:2])]
    assert not one(few, "sign change", "stratified", X, Y, ITEMS, 100, 0).has_interval


def test_a_weighted_median_is_the_median_of_the_repeated_values():
    rng = np.random.default_rng(0)
    values, times = rng.normal(size=(50, 6)), rng.integers(0, 4, (50, 6))
    values[rng.random((50, 6)) < 0.2] = np.nan
    found = sensitivity._weighted_median(values, times)
    for row, count, middle in zip(values, times, found, strict=True):
        repeated = np.repeat(row, count)
        repeated = repeated[np.isfinite(repeated)]
        assert middle == pytest.approx(np.median(repeated) if len(repeated) else np.nan, nan_ok=True)


def test_the_other_estimators_are_those_of_the_coupling(long):
    for estimator in ("quadratic", "shared quadratic", "line"):
        theirs = coupling.bootstrap_critical_scale(long, estimator, "stratified", n_boot=100, seed=1).estimate
        assert one(long, estimator, "stratified", X, Y, ITEMS, 100, 1) == theirs


def test_the_frame_has_every_choice_once_and_says_what_was_discarded(long):
    pairs = pairs_of(tables.BENCHMARKS)
    assert len(pairs) == 10
    assert [y for _, y in pairs[:4]] == [Y] * 4
    table = sensitivity.sensitivity({"a": long, "b": long}, pairs[:2], ITEMS, n_boot=60)
    assert len(table) == 2 * 2 * len(ESTIMATORS) * 3
    assert not table.duplicated(["x", "y", "panel", "estimator", "resampling"]).any()
    assert table["discarded"].between(0, 1).all()
    same = table.drop(columns="panel").groupby(table["panel"])
    a, b = (part.reset_index(drop=True) for _, part in same)
    pd.testing.assert_frame_equal(a, b)


def test_an_interval_that_few_resamples_gave_is_not_shown(long, monkeypatch):
    arguments = ({"a": long}, [(X, Y)], ITEMS, ["line"])
    shown = sensitivity.sensitivity(*arguments, n_boot=200)
    assert shown["discarded"].between(0.01, estimate.MOST_DISCARDED).all()
    assert shown["low"].notna().all()
    monkeypatch.setattr(estimate, "MOST_DISCARDED", 0.01)
    assert sensitivity.sensitivity(*arguments, n_boot=200)[["low", "high", "decades"]].isna().all(axis=None)


def test_the_spread_counts_each_value_once(long):
    table = sensitivity.sensitivity({"a": long}, [(X, Y)], ITEMS, n_boot=60)
    found = sensitivity.spread(table)
    assert found["rows"] == len(ESTIMATORS)
    assert found["low"] <= found["middle"] <= found["high"]
    assert found["decades"] == pytest.approx(np.log10(found["high"] / found["low"]))


def test_unknown_choices_are_told(long):
    with pytest.raises(InputError, match=r"unknown estimator 'cubic'.*allowed"):
        one(long, "cubic", "pooled", X, Y, ITEMS)
    with pytest.raises(InputError, match="unknown resampling scheme"):
        one(long, "weighted line", "jackknife", X, Y, ITEMS)
    with pytest.raises(InputError, match="a panel and a pair"):
        sensitivity.sensitivity({}, [(X, Y)], ITEMS)


# the models behind the results


def test_results_rest_on_as_many_models_as_the_paper_says(people):
    rows = people.results.set_index(["result", "panel"])["models"]
    assert rows["r of Pythia", "released"] == claims.claim("coupling.r_pythia").n
    assert rows["r of the whole panel", "released"] == claims.value("panel.n_models")
    assert rows["SWE-bench and GPQA", "frontier, self-reported"] == claims.value("frontier.n_models")
    assert rows["N_c with the paper's interval", "14 points"] == len(tables.read("panel_bootstrap_nc"))
    assert rows["running coupling", "leaderboard"] == sum(
        rows[name, "leaderboard"] for name in ("turn in the paper's families", "turn in families not in the paper")
    )


def test_both_ways_round_the_list_says_the_same(people):
    assert people.models["results"].sum() == people.results["models"].sum()
    named = people.models["which"].str.split("; ").explode()
    assert (named[named != ""].value_counts().sort_index() == people.results.groupby("result")["models"].sum()).all()
    assert not people.models.duplicated(["panel", "model"]).any()
    unused = people.models[(people.models["results"] == 0) & (people.models["panel"] == "leaderboard")]
    panel = tables.panel("measured").set_index("model").loc[unused["model"]]
    assert (panel["is_code_model"] | ~panel["is_base"]).all()


def test_a_model_is_found_by_any_word_of_its_row(people):
    assert set(people.find("LLAMA-2")["panel"]) >= {"released", "leaderboard", "14 points"}
    assert people.find("no such model").empty
    html = people._repr_html_()
    assert html.count("<tr>") == len(people.models) + 1
    assert 'class="cape-models" role="region" tabindex="0"' in html


def test_a_result_must_name_models_that_exist():
    lost = [behind.Result("lost", "coupling", "released", ("GPT-9",))]
    with pytest.raises(InputError, match=r"'lost' names 'GPT-9'"):
        behind.listing(frames(), lost)
    with pytest.raises(InputError, match="needs the frame 'measured'"):
        behind.headline({"released": tables.panel("released")})


# charts


def test_charts_of_choices_and_places_hold_their_panels(long):
    table = sensitivity.sensitivity({"one": long, "two": long}, [(X, Y)], ITEMS, n_boot=60)
    chart = draw.scales_by_choice(table, ESTIMATORS, (1e9, 1e10), "what one sees", ["panel_leaderboard"]).to_dict()
    assert [part["title"] for part in chart["vconcat"]] == ["one", "two"]
    assert chart["description"] == "what one sees"
    assert chart["usermeta"] == {"cape": {"tables": ["panel_leaderboard"]}}
    at = np.linspace(8, 11, 20)
    curve = pd.DataFrame({"group": "all", "quantity": "turn", "n_params": 10**at, "p": np.exp(-((at - 9) ** 2))})
    assert len(draw.place_profiles(curve, (1e9, 1e10), "seen", []).to_dict()["vconcat"]) == 1
