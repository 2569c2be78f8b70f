"""Effective dimension and width normalisation: bounds, exact cases, the plain loop, and the controls."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from capelib.coupling import dimension, width
from capelib.coupling.resample import draw_counts
from capelib.errors import InputError
from capelib.estimate import bca_estimate
from capelib.tables import BENCHMARKS, panel

SCORES = list(BENCHMARKS)
tables = arrays(float, st.tuples(st.integers(3, 12), st.integers(2, 5)), elements=st.integers(0, 100).map(float))


@pytest.fixture(scope="module")
def released() -> pd.DataFrame:
    return panel("released")


@pytest.fixture(scope="module")
def complete(released) -> pd.DataFrame:
    return released.dropna(subset=SCORES)


def by_eigenvalues(scores: np.ndarray, kind: str = "covariance") -> float:
    matrix = np.cov(scores.T) if kind == "covariance" else np.corrcoef(scores.T)
    eigenvalues = np.linalg.eigvalsh(matrix)
    return eigenvalues.sum() ** 2 / (eigenvalues**2).sum()


# effective dimension


@given(tables, st.sampled_from(dimension.KINDS))
def test_between_one_and_the_number_of_scores(scores, kind):
    assume((np.ptp(scores, axis=0) > 0).all())
    found = dimension.effective_dimension(scores, kind)
    assert 1 - 1e-9 <= found <= min(scores.shape[1], len(scores) - 1) + 1e-9
    assert found == pytest.approx(by_eigenvalues(scores, kind), rel=1e-9)


@given(tables, st.floats(0.01, 100), st.randoms(use_true_random=False))
def test_units_order_and_rotation_change_nothing(scores, factor, random):
    assume((np.ptp(scores, axis=0) > 0).any())
    before = dimension.effective_dimension(scores)
    rows = random.sample(range(len(scores)), len(scores))
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(scores.shape[1],) * 2))[0]
    assert dimension.effective_dimension(factor * scores[rows] @ rotation - 7) == pytest.approx(before, rel=1e-6)


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("kind", dimension.KINDS)
def test_isotropic_gives_the_number_of_scores_and_one_direction_gives_one(k, kind):
    isotropic = np.vstack([np.eye(k), -np.eye(k)])
    assert dimension.effective_dimension(isotropic, kind) == pytest.approx(k)
    line = np.outer(np.arange(6.0), np.arange(1.0, k + 1)) + 3
    assert dimension.effective_dimension(line, kind) == pytest.approx(1)


def test_correlation_ignores_the_unit_of_one_score_and_covariance_does_not():
    scores = np.random.default_rng(1).normal(size=(30, 3))
    stretched = scores * [1, 1, 100]
    assert dimension.effective_dimension(stretched, "correlation") == pytest.approx(
        dimension.effective_dimension(scores, "correlation")
    )
    assert dimension.effective_dimension(stretched) < 1.1 < dimension.effective_dimension(scores)


@pytest.mark.parametrize("scheme", ["pooled", "stratified", "clustered"])
def test_bootstrap_is_the_loop_over_resamples(complete, scheme):
    scores = complete[SCORES].to_numpy()
    found = dimension.dimension_estimate(scores, complete["family"], scheme=scheme, n_boot=300, seed=8)
    counts = draw_counts(complete["family"], scheme, 300, 8)
    plain = [by_eigenvalues(np.repeat(scores, row, axis=0)) for row in counts]
    units = complete["family"].to_numpy() if scheme == "clustered" else np.arange(len(scores))
    without = [by_eigenvalues(scores[units != unit]) for unit in np.unique(units)]
    expected = bca_estimate(by_eigenvalues(scores), plain, without, "")
    np.testing.assert_allclose([found.low, found.high], [expected.low, expected.high], rtol=1e-9)
    low, high = np.percentile(plain, [2.5, 97.5])
    assert found.low > low  # resamples repeat models, so their dimension lies too low
    assert found.high > high


def test_pooled_bootstrap_agrees_with_scipy(complete):
    scores = complete[SCORES].to_numpy()

    def of(*columns, axis=-1):
        return dimension.effective_dimension(np.column_stack(columns))

    theirs = stats.bootstrap(
        tuple(scores.T), of, paired=True, vectorized=False, n_resamples=1500, method="BCa", rng=3
    ).confidence_interval
    ours = dimension.dimension_estimate(scores, complete["family"], scheme="pooled", n_boot=10_000)
    assert ours.low == pytest.approx(theirs.low, abs=0.03)
    assert ours.high == pytest.approx(theirs.high, abs=0.03)


def test_subsamples_of_three_have_rank_two_and_all_models_give_the_group(complete):
    scores = complete[SCORES].to_numpy()
    null = dimension.subsample_null(scores, 3, observed=1.5, n_draws=500)
    assert null.draws.max() <= 2 + 1e-9
    assert null.share_below == np.mean(null.draws <= 1.5)
    whole = dimension.subsample_null(scores, len(scores), n_draws=5)
    np.testing.assert_allclose(whole.draws, dimension.effective_dimension(scores))


def test_subsamples_repeat_no_model():
    scores = np.vstack([np.zeros((3, 2)), np.eye(2)])
    draws = dimension.subsample_null(scores, 2, n_draws=400, seed=1).draws
    assert np.isnan(draws).any()  # two of the three equal models
    assert np.isnan(draws).mean() == pytest.approx(3 / 10, abs=0.08)
    assert np.nanmax(draws) <= 1 + 1e-9


def test_group_table_agrees_with_single_groups(complete):
    table = dimension.dimension_by_group(complete, "lab", n_boot=50).set_index("group")
    assert table["n_models"].sum() == len(complete)
    assert set(table.index) == set(complete["lab"])
    meta = complete[complete["lab"] == "Meta"]
    assert table.loc["Meta", "d_eff"] == pytest.approx(by_eigenvalues(meta[SCORES].to_numpy()))
    assert np.isfinite(table.loc["Meta", "low"])
    assert np.isnan(table.loc["BigScience", "low"])  # one family
    assert np.isfinite(table.loc["BigScience", "d_eff"])


def test_a_group_and_itself_never_differ_because_its_families_are_drawn_once(complete):
    scores, families = complete[SCORES].to_numpy(), complete["family"]
    found = dimension.dimension_difference(scores, scores, families, families, n_boot=300)
    assert [found.value, found.low, found.high] == pytest.approx([0, 0, 0], abs=1e-12)


def test_the_difference_is_the_first_less_the_second_and_its_draws_those_of_the_loop(complete):
    scores, families = complete[SCORES].to_numpy(), complete["family"].to_numpy()
    small = (complete["n_params"] < 3e9).to_numpy()
    found = dimension.dimension_difference(
        scores[small], scores[~small], families[small], families[~small], n_boot=200, seed=5
    )
    both = np.concatenate([families[small], families[~small]])
    stacked, n = np.vstack([scores[small], scores[~small]]), int(small.sum())

    def gap(row):
        return by_eigenvalues(np.repeat(stacked[:n], row[:n], axis=0)) - by_eigenvalues(
            np.repeat(stacked[n:], row[n:], axis=0)
        )

    draws = [gap(row) for row in draw_counts(both, "clustered", 200, 5)]
    without = [gap((both != name).astype(int)) for name in np.unique(both)]
    expected = bca_estimate(gap(np.ones(len(both), int)), draws, without, "")
    assert found.value == pytest.approx(
        dimension.effective_dimension(scores[small]) - dimension.effective_dimension(scores[~small])
    )
    assert [found.low, found.high] == pytest.approx([expected.low, expected.high])
    assert abs(found.value) > 0.01
    with pytest.raises(InputError, match="one length"):
        dimension.dimension_difference(scores, scores, families, families[1:])


# width


@settings(max_examples=30)
@given(st.integers(0, 999), st.floats(0.1, 10), st.floats(1, 1e5))
def test_reference_width_and_units_cancel(seed, factor, reference):
    rng = np.random.default_rng(seed)
    x, y, d = rng.uniform(20, 90, 7), rng.uniform(20, 60, 7), rng.choice([512, 768, 1024, 2048, 4096], 7)
    assume(np.ptp(d) > 0)
    before = width.normalised_correlation(x, y, d)
    assert width.normalised_correlation(factor * x, y, d, reference) == pytest.approx(before, abs=1e-9)
    assert before == pytest.approx(np.corrcoef(x / d, y / d)[0, 1], abs=1e-9)


def test_equal_widths_change_nothing_and_constant_scores_correlate_perfectly():
    x, y = np.array([30.0, 40, 55, 61]), np.array([45.0, 41, 38, 39])
    assert width.normalised_correlation(x, y, np.full(4, 777)) == pytest.approx(np.corrcoef(x, y)[0, 1])
    d = np.array([512, 768, 1024, 4096])
    assert width.normalised_correlation(np.full(4, 37.0), np.full(4, 52.0), d) == pytest.approx(1)


def test_shuffles_are_all_the_orders_of_brute_force():
    rng = np.random.default_rng(2)
    x, y, d = rng.uniform(20, 90, 5), rng.uniform(20, 60, 5), np.array([512, 768, 1024, 2048, 4096.0])
    found = width.shuffled_correlation(x, y, d)
    plain = np.array([np.corrcoef(x / d, np.array(order) / d)[0, 1] for order in permutations(y)])
    assert (found.exact, found.n_shuffles) == (True, 120)
    assert found.share == np.mean(plain >= found.observed - 1e-12)
    assert found.share >= 1 / 120  # the true order is one of them
    np.testing.assert_allclose([found.low, found.median, found.high], np.percentile(plain, [2.5, 50, 97.5]))


def test_drawn_shuffles_are_close_to_all_of_them_and_seeded(released):
    opt = released[released["family"] == "OPT"]
    columns = [opt[name].to_numpy(float) for name in ("hellaswag", "truthfulqa", "d_model")]
    exact = width.shuffled_correlation(*columns)
    longer = [np.append(part, part.mean()) for part in columns]
    drawn = width.shuffled_correlation(*longer, n_shuffles=2000, seed=1)
    assert exact.exact
    assert not drawn.exact
    assert drawn == width.shuffled_correlation(*longer, n_shuffles=2000, seed=1)
    both = width.shuffled_correlation(*columns, shuffle="both", n_shuffles=2000)
    assert both.n_shuffles == 2000
    assert both.share == pytest.approx(exact.share, abs=0.3)


def test_table_agrees_with_its_parts(released):
    found = width.width_table(released, n_shuffles=200)
    row = found.frame.set_index("family").loc["BLOOM"]
    bloom = released[released["family"] == "BLOOM"]
    x, y, d = (bloom[name].to_numpy(float) for name in ("hellaswag", "truthfulqa", "d_model"))
    assert row["r_raw"] == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert row["r_normalised"] == pytest.approx(width.normalised_correlation(x, y, d))
    left = [v - np.polyval(np.polyfit(np.log10(d), v, 1), np.log10(d)) for v in (x, y)]
    assert row["r_given_width"] == pytest.approx(np.corrcoef(*left)[0, 1])
    assert (found.frame["r_constant"] > 1 - 1e-12).all()
    assert any("Qwen3" in note for note in found.notes)
    assert "BLOOM" in found.summary()
    shuffled = width.width_table(released.sample(frac=1, random_state=0), n_shuffles=200).frame
    stable = ["family", "n_models", "r_raw", "r_normalised", "r_given_width"]
    pd.testing.assert_frame_equal(found.frame[stable], shuffled[stable])


def test_table_leaves_out_families_of_fewer_than_three_models_and_says_so():
    rng = np.random.default_rng(0)
    names = [name for name, n in (("A", 1), ("B", 2), ("C", 3), ("D", 4)) for _ in range(n)]
    frame = pd.DataFrame({"model": [f"m{i}" for i in range(len(names))], "family": names})
    frame["d_model"] = 512.0 * 2 ** np.arange(len(names))
    frame[["hellaswag", "truthfulqa"]] = rng.uniform(30, 60, (len(names), 2))
    found = width.width_table(frame)
    assert found.frame["family"].tolist() == ["C", "D"]
    assert found.notes == ("A: 1 models, no correlation", "B: 2 models, no correlation")


def test_user_mistakes_are_told(complete):
    scores = complete[SCORES].to_numpy()
    for call, message in [
        (lambda: dimension.effective_dimension(scores, "cov"), "unknown kind of matrix 'cov'"),
        (lambda: dimension.effective_dimension(scores[:1]), "two or more models"),
        (lambda: dimension.effective_dimension([[1, np.nan], [2, 3]]), "1 models with a missing score"),
        (lambda: dimension.dimension_estimate(scores, ["A", "B"]), "one length"),
        (lambda: dimension.subsample_null(scores, 1), "between 2"),
        (lambda: width.shuffled_correlation([1, 2, 3], [1, 2, 3], [1, 2, 3], shuffle="x"), "allowed: y, both"),
        (lambda: width.normalised_correlation([1, 2], [1, 2], [0, 3]), "positive"),
        (lambda: width.normalised_correlation([1, 2], [1, 2, 3], [1, 2]), "one length"),
        (lambda: width.width_table(complete.assign(d_model=np.nan)), "no family"),
    ]:
        with pytest.raises(InputError, match=message):
            call()
