"""Within families and at fixed size: invariances, the plain loop, and data whose answer is known."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capelib.coupling import resample
from capelib.coupling.fixed_size import fixed_size_correlation
from capelib.coupling.within import MEASURES, within_family
from capelib.errors import InputError
from capelib.tables import BENCHMARKS, panel

SCORES = list(BENCHMARKS)


@pytest.fixture(scope="module")
def released() -> pd.DataFrame:
    return panel("released")


def made_up(seed: int, families: int = 8, sizes: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = families * sizes
    frame = pd.DataFrame(rng.normal(50, 10, (n, 5)), columns=SCORES)
    frame["n_params"] = np.tile(10.0 ** np.linspace(8, 11, sizes), families) * rng.uniform(0.9, 1.1, n)
    frame["family"] = np.repeat([f"F{i}" for i in range(families)], sizes)
    frame["model"] = [f"m{i}" for i in range(n)]
    return frame


def loop_r(frame: pd.DataFrame, x: str, y: str, counts: np.ndarray, groups: pd.Series | None = None) -> float:
    rows = np.repeat(np.arange(len(frame)), counts)
    a, b = (frame[name].to_numpy(float)[rows] for name in (x, y))
    if groups is not None:
        of = pd.Series(groups.to_numpy()[rows])
        a, b = (part - pd.Series(part).groupby(of).transform("mean").to_numpy() for part in (a, b))
    return float(np.corrcoef(a, b)[0, 1])


# sums about group means


@given(st.integers(0, 999))
def test_scatter_is_the_covariance_of_the_resample(seed):
    frame = made_up(seed, 4)
    values = frame[SCORES].to_numpy()
    counts = resample.draw_counts(frame["family"], "pooled", 3, seed)
    for row, scatter in zip(counts, resample.scatter_matrices(values, counts), strict=True):
        drawn = np.repeat(values, row, axis=0)
        np.testing.assert_allclose(scatter, np.cov(drawn.T, bias=True) * len(drawn), rtol=1e-8, atol=1e-8)


@given(st.integers(0, 999), st.floats(-1e4, 1e4))
def test_within_group_scatter_ignores_the_level_of_a_group(seed, level):
    frame = made_up(seed, 4)
    values, counts = frame[SCORES].to_numpy(), resample.draw_counts(frame["family"], "pooled", 5, seed)
    moved = values + level * (frame["family"] == "F1").to_numpy()[:, None]
    np.testing.assert_allclose(
        resample.scatter_matrices(moved, counts, frame["family"]),
        resample.scatter_matrices(values, counts, frame["family"]),
        rtol=1e-6,
        atol=1e-6,
    )


def test_partial_correlation_agrees_with_residuals():
    frame = made_up(1)
    values = frame[SCORES[:3]].to_numpy()
    r = resample.correlations(resample.scatter_matrices(values, np.ones((1, len(values)))))
    x, y, z = values.T
    left = [v - np.polyval(np.polyfit(z, v, 1), z) for v in (x, y)]
    assert resample.partials(r, 0, 1, 2)[0] == pytest.approx(np.corrcoef(*left)[0, 1], rel=1e-9)


def test_constant_score_gives_no_correlation():
    values = np.column_stack([np.arange(5.0), np.full(5, 0.3), np.arange(5.0) ** 2])
    r = resample.correlations(resample.scatter_matrices(values, np.ones((1, 5))))[0]
    assert np.isnan(r[0, 1])
    assert np.isfinite(r[0, 2])


# within families


def test_within_family_is_the_correlation_of_demeaned_scores(released):
    found = within_family(released, n_boot=50)
    kept = released.dropna(subset=SCORES)
    kept = kept[kept.groupby("family")["n_params"].transform("nunique") > 1]
    demeaned = kept[SCORES] - kept.groupby("family")[SCORES].transform("mean")
    size = np.log10(kept["n_params"]) - np.log10(kept["n_params"]).groupby(kept["family"]).transform("mean")
    for row in found.pairs.itertuples():
        a, b = demeaned[row.x], demeaned[row.y]
        assert row.r == pytest.approx(np.corrcoef(a, b)[0, 1], rel=1e-9)
        left = [v - size * (v @ size) / (size @ size) for v in (a, b)]
        assert row.r_given_size == pytest.approx(np.corrcoef(*left)[0, 1], rel=1e-8)
    assert found.n_models == len(kept)
    assert found.n_with_residual == (kept.groupby("family").size() >= 3).sum() < found.n_families
    assert len(found.notes) == released[SCORES].isna().any(axis=1).sum() + 1


def test_own_trend_is_the_correlation_about_each_familys_line(released):
    found = within_family(released, n_boot=20).pairs.set_index(["x", "y"])["r_own_trend"]
    kept = released.dropna(subset=SCORES)
    left = []
    for _, own in kept.groupby("family"):
        if own["n_params"].nunique() > 2 or (own["n_params"].nunique() == 2 and len(own) > 2):
            size = np.log10(own["n_params"].to_numpy(float))
            left.append(own[SCORES].apply(lambda v, at=size: v - np.polyval(np.polyfit(at, v, 1), at)))
    expected = pd.concat(left).corr()
    for x, y in combinations(SCORES, 2):
        assert found[x, y] == pytest.approx(expected.loc[x, y], rel=1e-7)


def test_within_family_bootstrap_is_the_loop_over_families(released):
    found = within_family(released, n_boot=200, seed=9)
    kept = released.dropna(subset=SCORES)
    kept = kept[kept.groupby("family")["n_params"].transform("nunique") > 1]
    names = np.unique(kept["family"])
    draws = [
        loop_r(kept, "hellaswag", "truthfulqa", row[np.searchsorted(names, kept["family"])], kept["family"])
        for row in resample.draw_counts(names, "pooled", 200, 9)
    ]
    row = found.pairs.iloc[0]
    np.testing.assert_allclose([row.r_low, row.r_high], np.percentile(draws, [2.5, 97.5]), rtol=1e-9)


def test_within_family_has_no_interval_from_few_families_and_says_what_it_needs(released):
    sizes = released.groupby("family")["n_params"].nunique()
    names = sizes.index[sizes >= 3]
    few = within_family(released[released["family"].isin(names[:4])], n_boot=50)
    assert few.pairs[["r_low", "r_high"]].isna().all(axis=None)
    assert few.pairs["r"].notna().all()
    assert "needs 5 of them or more" in few.notes[-1]
    with pytest.raises(InputError, match="TruthfulQA among them; got HellaSwag, TruthfulQA; add columns"):
        within_family(released, ["hellaswag", "truthfulqa"])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 999), st.floats(0.1, 50), st.floats(-100, 100))
def test_within_family_ignores_units_order_and_family_levels(seed, factor, level):
    frame = made_up(seed)
    moved = frame.copy()
    moved["truthfulqa"] = frame["truthfulqa"] * factor + level * (frame["family"] == "F2")
    moved = moved.sample(frac=1, random_state=seed)
    a, b = within_family(frame, n_boot=30), within_family(moved, n_boot=30)
    columns = [*MEASURES, "r_low", "r_high", "r_given_size_low", "r_own_trend_high"]
    np.testing.assert_allclose(a.pairs[columns], b.pairs[columns], rtol=1e-6, atol=1e-9)


def test_specific_effect_is_found_where_it_was_put_in_and_only_there():
    frame = made_up(3, families=12, sizes=5)
    size, rng = np.log10(frame["n_params"]), np.random.default_rng(0)
    for name in SCORES:
        sign = -1 if name == "truthfulqa" else 1
        frame[name] = 50 + sign * 8 * size + rng.normal(0, 1, len(frame))
    contrast = within_family(frame, n_boot=500).contrast.set_index("measure")
    assert contrast.loc["r", "difference_high"] < -1
    given_size = contrast.loc["r_given_size"]  # opposite trends in size are all there is: nothing is left given size
    assert given_size["difference_low"] < 0 < given_size["difference_high"]


# at fixed size


def test_within_bins_is_the_correlation_of_bin_demeaned_scores(released):
    found = fixed_size_correlation(released, n_boot=200, seed=3)
    edges = np.arange(7.5, 12.01, 0.5)
    bins = pd.Series(np.searchsorted(edges, np.log10(released["n_params"]), side="right"))
    everyone = np.ones(len(released), int)
    assert found.within_bins.value == pytest.approx(loop_r(released, "hellaswag", "truthfulqa", everyone, bins))
    assert found.overall.value == pytest.approx(loop_r(released, "hellaswag", "truthfulqa", everyone))
    counts = resample.draw_counts(released["family"], "clustered", 200, 3)
    draws = [loop_r(released, "hellaswag", "truthfulqa", row, bins) for row in counts]
    np.testing.assert_allclose([found.within_bins.low, found.within_bins.high], np.percentile(draws, [2.5, 97.5]))


def test_bins_hold_every_model_once_and_say_who_is_left_out(released):
    found = fixed_size_correlation(released, n_boot=20)
    assert found.bins["n_models"].sum() == len(released)
    narrow = fixed_size_correlation(released, edges=[9, 9.5, 10], n_boot=20)
    assert narrow.bins["n_models"].sum() + len(narrow.notes) == len(released)
    assert narrow.bins.loc[0, "n_models"] == ((released["n_params"] >= 1e9) & (released["n_params"] < 10**9.5)).sum()


def test_two_opposite_trends_in_size_leave_nothing_at_fixed_size():
    rng = np.random.default_rng(5)
    frame = made_up(5, families=40, sizes=6)
    size = np.log10(frame["n_params"])
    frame["hellaswag"], frame["truthfulqa"] = (s * 10 * size + rng.normal(0, 2, len(frame)) for s in (1, -1))
    found = fixed_size_correlation(frame, n_boot=500)
    assert found.overall.high < -0.9
    assert found.given_size.covers(0)


def test_bin_of_three_models_has_no_interval():
    frame = made_up(2, families=3, sizes=3)
    found = fixed_size_correlation(frame, n_boot=50)
    assert found.bins["r_low"].isna().all()
    assert (found.bins["r_discarded"] > 0.5).all()


def test_user_mistakes_are_told(released):
    for call, message in [
        (lambda: fixed_size_correlation(released, edges=[10, 9]), "increasing"),
        (lambda: fixed_size_correlation(released, x="helaswag"), "closest: 'hellaswag'"),
        (lambda: within_family(released, scores=["hellaswag", "mmlu", "winogrande"]), "TruthfulQA among them"),
        (lambda: within_family(released[released["family"] == "OPT"]), "two or more families"),
    ]:
        with pytest.raises(InputError, match=message):
            call()
