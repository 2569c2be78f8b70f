"""The released steering runs: intervals against statsmodels, exact trend tests against brute force and simulation."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import Table
from statsmodels.stats.proportion import proportion_confint

from capelib import claims, tables
from capelib.errors import InputError
from capelib.steering.released import beside, printed, printed_trend, runs, share, trend


@pytest.fixture(scope="module")
def steering() -> pd.DataFrame:
    return tables.read("steering_reported")


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_intervals_are_those_of_statsmodels(count: tuple[int, int]) -> None:
    for ours, name in (("Wilson", "wilson"), ("Clopper–Pearson", "beta")):
        found = share(*count, ours)
        expected = [100 * end for end in proportion_confint(*count, method=name)]
        assert [found.low, found.high] == pytest.approx(expected, abs=1e-6)
        assert found.value == pytest.approx(100 * count[0] / count[1])


def test_every_run_is_there_with_its_counts(steering: pd.DataFrame) -> None:
    found = runs(steering)
    assert len(found) == len(steering)
    assert found["n_params"].is_monotonic_increasing
    keyed = steering.set_index(["model", "source_file"])
    for _, row in found.iterrows():
        given = keyed.loc[(row["model"], row["source_file"])]
        assert (row["n_changed"], row["n_prompts"]) == (given["n_changed"], given["n_prompts"])
        assert row["exact_low"] <= row["wilson_low"] + 1 <= row["share"] + 1
        assert row["share"] <= row["wilson_high"] <= row["exact_high"] + 1
        assert row["in_paper"] == ("quoted_in_paper" in given["flags"])
        assert bool(row["doubt"]) == any(flag in given["flags"] for flag in ("totals", "prefix", "suspect"))


def test_a_rate_that_is_not_that_of_its_counts_is_found(steering: pd.DataFrame) -> None:
    assert runs(steering)["agrees"].all()
    place = int(np.flatnonzero(steering["n_changed"] == 9)[0])
    for rate, agrees in ((64.3, True), (64.2, False), (64.4, False), (9.0, False), (60.0, False)):
        changed = steering.astype({"rate": float})
        changed.loc[place, "rate"] = rate
        found = runs(changed)
        row = found["source_file"] == steering.loc[place, "source_file"]
        assert found.loc[row, "agrees"].item() == agrees
        assert found.loc[~row, "agrees"].all()


def test_answers_called_changed_with_equal_beginnings_are_taken_off(steering: pd.DataFrame) -> None:
    found = runs(steering)
    less = found[found["n_certain"] < found["n_changed"]]
    assert len(less) == steering["flags"].str.contains("prefix_equal").sum()
    assert (less["n_changed"] - less["n_certain"]).tolist() == [1]
    assert less["doubt"].str.startswith("1 counted as changed").all()


def test_the_printed_runs_are_the_papers_claims(steering: pd.DataFrame) -> None:
    found = printed(steering)
    assert found["in_paper"].all()
    expected = [claims.value(f"steering.rate_{name}") for name in ("410m", "1b", "2p8b")]
    assert found["share"].tolist() == pytest.approx(expected)


def test_other_runs_stand_beside_the_printed_ones(steering: pd.DataFrame) -> None:
    found, every = beside(steering), runs(steering)
    names = set(every.loc[every["in_paper"], "model"])
    others = every[every["model"].isin(names) & ~every["in_paper"]]
    assert sorted(found["source_file"]) == sorted(others["source_file"])
    for _, row in found.iterrows():
        ours = every[(every["model"] == row["model"]) & every["in_paper"]].iloc[0]
        other = every[(every["model"] == row["model"]) & (every["source_file"] == row["source_file"])].iloc[0]
        assert (row["printed"], row["other"]) == (ours["share"], other["share"])
        table = [[each["n_changed"], each["n_prompts"] - each["n_changed"]] for each in (other, ours)]
        assert row["p"] == pytest.approx(stats.fisher_exact(table)[1])
    assert beside(steering[steering["model"] == "OPT-30B"]).empty


def brute(changed: list[int], of: list[int], scores: list[float]) -> tuple[float, float, float, float]:
    """The four probabilities by giving the changed answers to the prompts in every possible way."""
    group = np.repeat(np.arange(len(of)), of)
    every = [
        tuple(np.bincount(group[list(who)], minlength=len(of))) for who in combinations(range(sum(of)), sum(changed))
    ]
    chance = {table: every.count(table) for table in set(every)}
    mean = np.mean([np.dot(table, scores) for table in every])
    here = np.dot(changed, scores)
    falls = [np.dot(table, scores) <= here + 1e-9 for table in every]
    away = [abs(np.dot(table, scores) - mean) >= abs(here - mean) - 1e-9 for table in every]
    rare = [chance[table] <= chance[tuple(changed)] for table in every]
    steps = [all(a / n > b / m for a, b, n, m in zip(t, t[1:], of, of[1:], strict=False)) for t in every]
    return np.mean(falls), np.mean(away), np.mean(rare), np.mean(steps)


@settings(max_examples=12)
@given(st.data())
def test_trend_is_that_of_every_way_to_give_the_changes_to_prompts(data: st.DataObject) -> None:
    of = data.draw(st.lists(st.integers(1, 4), min_size=2, max_size=4).filter(lambda n: sum(n) <= 12))
    changed = [data.draw(st.integers(0, n)) for n in of]
    scores = [0.0, 1.0, 2.5, 2.7][: len(of)]
    found = trend(changed, of, scores)
    assert (found.p_falling, found.p_two_sided, found.p_any, found.p_orderly) == pytest.approx(
        brute(changed, of, scores)
    )


@given(st.integers(0, 9), st.integers(0, 12))
def test_of_two_groups_every_test_is_fishers(first: int, second: int) -> None:
    found = trend([first, second], [9, 12])
    table = [[first, 9 - first], [second, 12 - second]]
    assert found.p_falling == pytest.approx(stats.fisher_exact(table, alternative="greater").pvalue)
    assert found.p_any == pytest.approx(stats.fisher_exact(table).pvalue)


def test_trend_of_the_printed_runs_is_that_of_shuffled_prompts(steering: pd.DataFrame) -> None:
    found, rows = printed_trend(steering), printed(steering)
    group = np.repeat(np.arange(len(rows)), rows["n_prompts"])
    outcome = np.arange(group.size) < rows["n_changed"].sum()
    mixed = np.random.default_rng(0).permuted(np.tile(outcome, (20_000, 1)), axis=1)
    drawn = np.stack([mixed[:, group == place].sum(axis=1) for place in range(len(rows))], axis=1)
    slope = drawn @ np.log10(rows["n_params"].to_numpy(float))
    here = float(rows["n_changed"] @ np.log10(rows["n_params"].astype(float)))
    assert found.p_falling == pytest.approx(np.mean(slope <= here + 1e-9), abs=0.01)
    far = np.abs(slope - slope.mean()) >= abs(here - slope.mean()) - 1e-2
    assert found.p_two_sided == pytest.approx(far.mean(), abs=0.02)
    assert found.p_orderly == pytest.approx(np.mean((np.diff(drawn, axis=1) < 0).all(axis=1)), abs=0.01)
    assert found.falls
    counts = rows[["n_changed"]].assign(rest=rows["n_prompts"] - rows["n_changed"]).to_numpy()
    other = stats.fisher_exact(counts, method=stats.MonteCarloMethod(n_resamples=20_000, rng=1))
    assert found.p_any == pytest.approx(other.pvalue, abs=0.015)
    assert found.summary().startswith("6 of 10, 3 of 10, 2 of 10: trend test p = ")
    assert "\n" not in found.summary()


def test_with_many_prompts_the_exact_test_is_the_usual_one() -> None:
    changed, of, scores = [70, 62, 55], [140, 150, 145], np.array([8.6, 9.0, 9.4])
    table = Table(np.array([changed, np.subtract(of, changed)]).T)
    usual = table.test_ordinal_association(row_scores=scores, col_scores=np.array([1.0, 0.0]))
    assert trend(changed, of, scores).p_two_sided == pytest.approx(usual.pvalue, abs=0.02)


def test_the_unit_of_the_scores_does_not_matter_and_a_rise_is_no_fall() -> None:
    plain, scaled = trend([5, 3, 1], [8, 8, 8]), trend([5, 3, 1], [8, 8, 8], [-7.0, 13.0, 33.0])
    assert plain.p_two_sided == pytest.approx(scaled.p_two_sided)
    rise = trend([1, 3, 5], [8, 8, 8])
    assert not rise.falls
    assert rise.p_falling > 0.9
    assert rise.p_two_sided == pytest.approx(plain.p_two_sided)
    assert not trend([5, 5, 1], [8, 8, 8]).falls
    none = trend([0, 0, 0], [8, 8, 8])
    assert (none.p_falling, none.p_two_sided, none.p_any, none.p_orderly, none.n_tables) == (1, 1, 1, 0, 1)


def test_p_of_equal_rates_is_valid() -> None:
    drawn = np.random.default_rng(2).binomial(10, 0.4, size=(1500, 3))
    table = {key: trend(key, [10, 10, 10]) for key in {tuple(map(int, row)) for row in drawn}}
    found = [table[tuple(map(int, row))] for row in drawn]
    for limit in (0.05, 0.1):
        assert np.mean([each.p_two_sided <= limit for each in found]) <= limit + 0.02
        assert np.mean([each.p_any <= limit for each in found]) <= limit + 0.02
    orderly = np.mean([each.p_orderly for each in found])
    assert np.mean([each.falls for each in found]) == pytest.approx(orderly, abs=0.02)


def test_counts_that_are_none_are_told() -> None:
    for arguments, message in (
        (([5], [8]), "two groups or more"),
        (([5, 9], [8, 8]), "changed <= prompts"),
        (([5, 1], [8, 8], [1.0, 1.0]), "a place after the one before"),
        (([0, 1], [0, 8]), "needs a prompt"),
        (([5] * 9, [20] * 9), "tables to enumerate"),
    ):
        with pytest.raises(InputError, match=message):
            trend(*arguments)
    with pytest.raises(InputError, match="unknown column 'flags'"):
        runs(tables.read("steering_reported").drop(columns="flags"))
