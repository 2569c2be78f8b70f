"""Correlation: intervals against scipy, resampling by family against a plain loop, partial against regression."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from capelib.coupling.correlation import bootstrap_pearson, correlate, pearson, population_correlation
from capelib.coupling.partial import partial_correlation, partial_given_size, partials_by_family
from capelib.errors import InputError

X, Y = "hellaswag", "truthfulqa"
quick = settings(max_examples=25, deadline=None, derandomize=True)  # the same examples on every run
scores = st.integers(0, 100_000).map(lambda value: value / 1000)


@st.composite
def pairs(draw, least=4, most=12):
    n = draw(st.integers(least, most))
    x = draw(st.lists(scores, min_size=n, max_size=n, unique=True))
    return np.array(x), np.array(draw(st.lists(scores, min_size=n, max_size=n, unique=True)))


def panel(n=24, seed=0, n_families=6):
    rng = np.random.default_rng(seed)
    log_n = np.sort(rng.uniform(8, 11, n))
    x = 20 * log_n - 140 + rng.normal(0, 3, n)
    frame = pd.DataFrame({"model": [f"m{i}" for i in range(n)], "family": [f"F{i % n_families}" for i in range(n)]})
    return frame.assign(log10_params=log_n, **{X: x, Y: 50 - 0.2 * x + rng.normal(0, 2, n)})


# Pearson


@quick
@given(pairs(), st.floats(0.1, 10), st.floats(-100, 100), st.integers(0, 1000))
def test_r_ignores_scale_shift_and_order_and_follows_a_flip(xy, scale, shift, seed):
    x, y = xy
    r = pearson(x, y)
    order = np.random.default_rng(seed).permutation(len(x))
    for other in (pearson(scale * x + shift, y), pearson(x[order], y[order]), pearson(y, x)):
        assert other.value == pytest.approx(r.value, abs=1e-9)
    flipped = pearson(x, -y)
    assert (flipped.value, flipped.low, flipped.high) == pytest.approx((-r.value, -r.high, -r.low))


@quick
@given(pairs(), st.sampled_from([0.8, 0.95]))
def test_pearson_is_scipys(xy, level):
    ours, theirs = pearson(*xy, level), stats.pearsonr(*xy)
    assert ours.value == pytest.approx(theirs.statistic, abs=1e-12)
    assert (ours.low, ours.high) == pytest.approx(theirs.confidence_interval(level))


def test_r_along_rows_and_of_constants():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 5, 9))
    assert correlate(x, y) == pytest.approx([np.corrcoef(a, b)[0, 1] for a, b in zip(x, y, strict=True)])
    assert np.isnan(correlate([7.1, 7.1, 7.1], [1.0, 2.0, 3.0]))
    assert np.isnan(pearson([7.1] * 5, [1, 2, 3, 4, 5]).value)
    assert "same for every model" in bootstrap_pearson([7.1] * 5, [1, 2, 3, 4, 5]).method
    assert "fewer than three" in pearson([1, 2], [3, 4]).method
    assert not pearson([1, 2, 3], [3, 4, 4]).has_interval


def test_missing_values_are_refused():
    with pytest.raises(InputError, match="1 missing"):
        pearson([1, 2, np.nan], [1, 2, 3])
    with pytest.raises(InputError, match="one length"):
        pearson([1, 2], [1, 2, 3])


# bootstrap


@pytest.mark.parametrize("n", [6, 20])
def test_bootstrap_is_scipys_on_the_same_draws(n):
    rng = np.random.default_rng(n)
    x = rng.normal(size=n)
    y = 0.5 * x + rng.normal(size=n)
    ours = bootstrap_pearson(x, y, n_draws=2_000, seed=11)
    theirs = stats.bootstrap(
        (x, y),
        lambda a, b, axis: correlate(a, b),
        paired=True,
        n_resamples=2_000,
        method="percentile",
        rng=np.random.default_rng(11),
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_clustered_bootstrap_is_the_plain_loop():
    frame = panel(20, n_families=5).sample(frac=1, random_state=3)
    ours = bootstrap_pearson(frame[X], frame[Y], frame["family"], n_draws=400, seed=5)
    names = sorted(frame["family"].unique())
    chosen = np.random.default_rng(5).integers(0, len(names), (400, len(names)))
    draws = []
    for row in chosen:
        resample = pd.concat([frame[frame["family"] == names[i]] for i in row])
        draws.append(np.corrcoef(resample[X], resample[Y])[0, 1])
    assert (ours.low, ours.high) == pytest.approx(np.percentile(draws, [2.5, 97.5]), abs=1e-9)
    assert ours.discarded == 0


def test_discarded_draws_are_counted():
    # four models, each its own draw: with probability 4 · 4⁻⁴ all four draws are one model
    ours = bootstrap_pearson([1.0, 2.0, 3.0, 5.0], [2.0, 1.0, 4.0, 3.0], n_draws=40_000)
    assert ours.discarded == pytest.approx(4 / 4**4, abs=0.002)
    assert not bootstrap_pearson([1, 2, 3], [2, 1, 3], ["F"] * 3).has_interval


def test_large_resamples_are_drawn_in_pieces(monkeypatch):
    frame = panel(30)
    whole = bootstrap_pearson(frame[X], frame[Y], n_draws=500, seed=2)
    monkeypatch.setattr("capelib.coupling.correlation._CHUNK", 1_000)
    assert bootstrap_pearson(frame[X], frame[Y], n_draws=500, seed=2) == whole


def test_population_correlation_states_what_it_used():
    frame = panel()
    frame.loc[3, Y] = np.nan
    result = population_correlation(frame, n_draws=500)
    kept = frame.dropna()
    assert result.r == pytest.approx(np.corrcoef(kept[X], kept[Y])[0, 1])
    assert (result.n_models, result.n_families, result.notes) == (23, 6, ("m3: no hellaswag or truthfulqa; left out",))
    assert result.p == pytest.approx(stats.pearsonr(kept[X], kept[Y]).pvalue)
    assert len(result.to_frame()) == 3
    assert "6 families" in result._repr_html_()
    one = population_correlation(frame[frame["family"] == "F1"], n_draws=100)
    assert one.clustered is None
    assert len(one.to_frame()) == 2
    shuffled = population_correlation(frame.sample(frac=1, random_state=1), n_draws=500)
    assert shuffled.clustered.low == pytest.approx(result.clustered.low)
    with pytest.raises(InputError, match="unknown column 'mmlu'"):
        population_correlation(frame, y="mmlu")


# partial correlation


@quick
@given(st.integers(0, 10_000), st.integers(6, 20), st.integers(0, 2))
def test_partial_is_the_correlation_of_regression_residuals(seed, n, k):
    import statsmodels.api as sm

    rng = np.random.default_rng(seed)
    given_, x, y = rng.normal(size=(n, k)), *rng.normal(size=(2, n))
    ours = partial_correlation(x, y, given_)
    design = sm.add_constant(given_, has_constant="add") if k else np.ones((n, 1))
    residuals = [sm.OLS(side, design).fit().resid for side in (x, y)]
    assert ours.r.value == pytest.approx(np.corrcoef(*residuals)[0, 1], abs=1e-9)
    # p is that of x's coefficient in the regression of y on x and everything held
    full = sm.OLS(y, np.column_stack([design, x])).fit()
    assert ours.p == pytest.approx(full.pvalues[-1], rel=1e-6)
    assert ours.df == full.df_resid


def test_partial_interval_counts_what_is_held():
    rng = np.random.default_rng(0)
    z, x, y = rng.normal(size=(3, 20))
    ours = partial_correlation(x, y, z, level=0.9)
    half = stats.norm.ppf(0.95) / np.sqrt(20 - 1 - 3)
    assert np.arctanh([ours.r.low, ours.r.high]) == pytest.approx(np.arctanh(ours.r.value) + np.array([-half, half]))
    plain = partial_correlation(x, y)
    reference = stats.pearsonr(x, y)
    assert (plain.r.low, plain.r.high) == pytest.approx(tuple(reference.confidence_interval()))
    assert plain.p == pytest.approx(reference.pvalue)


@quick
@given(pairs(least=6), st.integers(0, 1000), st.floats(0.1, 10))
def test_partial_ignores_scale_and_order(xy, seed, scale):
    x, y = xy
    rng = np.random.default_rng(seed)
    z, order = rng.normal(size=len(x)), rng.permutation(len(x))
    ours = partial_correlation(x, y, z)
    assert partial_correlation(scale * x + z, y, 3 * z + 1).r.value == pytest.approx(ours.r.value, abs=1e-6)
    assert partial_correlation(x[order], y[order], z[order]).p == pytest.approx(ours.p, rel=1e-6)
    assert partial_correlation(x, -y, z).r.value == pytest.approx(-ours.r.value, abs=1e-9)


def test_partial_of_what_size_explains_entirely():
    z = np.linspace(8, 11, 8)
    left = partial_correlation(3 * z + 2, np.sin(5 * z), z)
    assert np.isnan(left.r.value)
    assert "leaves nothing" in left.r.method
    same = partial_correlation(np.cos(9 * z), -np.cos(9 * z) + z, z)
    assert same.r.value == pytest.approx(-1)
    assert same.p < 1e-6
    repeated = partial_correlation(np.cos(9 * z), np.sin(5 * z), np.column_stack([z, 2 * z]))
    assert repeated.k == 1


def test_partial_given_size_holds_powers_of_log_n():
    frame = panel()
    frame.loc[0, X] = np.nan
    result = partial_given_size(frame, degrees=(0, 1, 2, 3))
    kept = frame.dropna()
    powers = np.vander(kept["log10_params"] - 9, 4)[:, [2, 1]]
    assert result.results[2].r.value == pytest.approx(partial_correlation(kept[X], kept[Y], powers).r.value)
    assert result.frame["df"].tolist() == [21, 20, 19, 18]
    assert result.notes == ("m0: no hellaswag or truthfulqa; left out",)
    assert "given log N" in result.summary()
    assert "<caption>" in result._repr_html_()
    short = partial_given_size(panel(4))
    assert len(short.frame) == 2
    assert "no degree of freedom" in short.notes[0]


def test_partial_needs_degrees_of_freedom():
    with pytest.raises(InputError, match="at least 4 models"):
        partial_correlation([1, 2, 4], [2, 1, 3], [1, 2, 3.5])
    with pytest.raises(InputError, match="held must be finite"):
        partial_correlation([1, 2, 4, 3], [2, 1, 3, 5], [1, 2, np.nan, 4])


def test_partials_by_family_are_those_of_each_family_alone():
    rng = np.random.default_rng(3)
    rows = [
        {"model": f"{family}{i}", "family": family, "n_params": 10 ** (8 + i), "log10_params": 8.0 + i,
         "hellaswag": 30 + 5 * i + rng.normal(), "truthfulqa": 45 - 2 * i + rng.normal()}
        for family, n in (("A", 6), ("B", 5), ("short", 4)) for i in range(n)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    table = partials_by_family(frame, sizes=5).set_index("family")
    assert set(table.index) == {"A", "B"}
    for family, row in table.iterrows():
        alone = frame[frame["family"] == family]
        expected = partial_correlation(alone["hellaswag"], alone["truthfulqa"], alone["log10_params"])
        assert row["r_given_size"] == pytest.approx(expected.r.value)
        assert row["p_given_size"] == pytest.approx(expected.p)
    with pytest.raises(InputError, match="7 sizes"):
        partials_by_family(frame, sizes=7)
