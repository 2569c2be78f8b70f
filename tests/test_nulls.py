"""What chance gives: permutations against brute force, and the null of two separate trends against itself."""

from itertools import permutations
from math import exp, factorial
from random import Random
from statistics import correlation
from time import process_time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from capelib.coupling.permutation import permutation_test
from capelib.coupling.trends import TrendNull, fit_trend, independent_trends, path_statistics, trend_null
from capelib.errors import InputError

X, Y = "hellaswag", "truthfulqa"
quick = settings(max_examples=25, deadline=None, derandomize=True)  # the same examples on every run
ITEMS = {X: 10_000, Y: 800}
LOG_N = np.log10([7e7, 1.6e8, 4.1e8, 1e9, 1.4e9, 2.8e9, 6.9e9, 1.2e10])


def family(x, y, log_n=LOG_N, name="F"):
    n_params = np.round(10 ** np.asarray(log_n)).astype(np.int64)
    models = [f"{name}-{i}" for i in range(len(n_params))]
    return pd.DataFrame({"model": models, "family": name, "n_params": n_params, X: x, Y: y})


# permutation test


def brute_force(x, y):
    draws = np.array([np.corrcoef(x, order)[0, 1] for order in permutations(y)])
    observed, slack = np.corrcoef(x, y)[0, 1], 1e-10
    tails = np.mean(draws >= observed - slack), np.mean(draws <= observed + slack)
    extreme = np.abs(draws).max()
    return (
        np.mean(np.abs(draws) >= abs(observed) - slack),
        min(1, 2 * min(tails)),
        np.mean(np.abs(draws) >= extreme - slack),
    )


@quick
@given(st.data(), st.integers(3, 6))
def test_exact_test_is_brute_force_with_ties(data, n):
    few = st.lists(st.integers(0, 4).map(lambda v: v / 10), min_size=n, max_size=n).filter(lambda v: len(set(v)) > 1)
    x, y = data.draw(few), data.draw(few)
    ours = permutation_test(x, y)
    assert (ours.p, ours.p_doubled, ours.smallest_p) == pytest.approx(brute_force(x, y))
    assert (ours.exact, ours.n_permutations, ours.standard_error) == (True, factorial(n), 0)
    assert ours.p >= ours.smallest_p


def test_exact_test_is_scipys():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 7))
    theirs = stats.permutation_test(
        (y,),
        lambda order: abs(np.corrcoef(x, order)[0, 1]),
        permutation_type="pairings",
        alternative="greater",
        n_resamples=np.inf,
    )
    assert permutation_test(x, y).p == pytest.approx(theirs.pvalue)
    doubled = stats.permutation_test(
        (y,), lambda order: np.corrcoef(x, order)[0, 1], permutation_type="pairings", n_resamples=np.inf
    )
    assert permutation_test(x, y).p_doubled == pytest.approx(doubled.pvalue)


@quick
@given(st.integers(0, 1000), st.integers(3, 7), st.floats(0.1, 10))
def test_p_ignores_scale_order_and_sign(seed, n, scale):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, n))
    order = rng.permutation(n)
    p = permutation_test(x, y).p
    assert permutation_test(scale * x + 1, -y).p == pytest.approx(p)
    assert permutation_test(x[order], y[order]).p == pytest.approx(p)


def test_smallest_p_of_perfect_lines_and_of_ties():
    even = np.arange(8.0)
    assert permutation_test(even, even).smallest_p == 2 / factorial(8)  # a line and its reverse
    assert permutation_test(even**2, even**3).smallest_p == 1 / factorial(8)  # the reverse has a smaller |r|
    tied = np.array([0, 1, 2, 3, 3, 5, 6, 7.5])
    assert permutation_test(even**2, tied).smallest_p == 2 / factorial(8)  # the two tied may change places


def test_nine_models_are_enumerated_within_a_second():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 9))
    start = process_time()
    ours = permutation_test(x, y)
    assert process_time() - start < 1
    assert (ours.exact, ours.n_permutations) == (True, 362_880)


def test_monte_carlo_agrees_with_the_exact_p_within_its_error():
    rng = np.random.default_rng(3)
    x = rng.normal(size=8)
    y = 0.6 * x + rng.normal(size=8)
    exact = permutation_test(x, y)
    drawn = permutation_test(x, y, max_exact=5, n_draws=40_000, seed=1)
    assert not drawn.exact
    assert abs(drawn.p - exact.p) < 4 * drawn.standard_error
    assert drawn.p_low <= exact.p <= drawn.p_high
    assert drawn.standard_error == pytest.approx(np.sqrt(drawn.p * (1 - drawn.p) / 40_000))
    assert permutation_test(x, y, max_exact=5, n_draws=40_000, seed=1) == drawn
    assert permutation_test(x, y, max_exact=5, n_draws=40_000, seed=2) != drawn


def test_monte_carlo_never_reports_zero():
    line = np.arange(30.0)
    drawn = permutation_test(line, line, n_draws=999)
    assert drawn.p == drawn.smallest_p == 1 / 1000
    assert drawn.p_low == 0 < drawn.p_high
    assert "random arrangements" in drawn.summary()
    assert "<caption>" in drawn._repr_html_()


def test_permutation_test_holds_its_size():
    rng = np.random.default_rng(5)
    p = [permutation_test(*rng.normal(size=(2, 6))).p for _ in range(400)]
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.05)


def test_permutation_mistakes_are_named():
    for bad, words in (
        (([1, 2], [2, 1]), "at least three"),
        (([1, 1, 1], [1, 2, 3]), "same for every model"),
        (([1, 2, np.nan], [1, 2, 3]), "missing"),
    ):
        with pytest.raises(InputError, match=words):
            permutation_test(*bad)
    with pytest.raises(InputError, match="max_exact"):
        permutation_test([1, 2, 3], [1, 2, 3], max_exact=12)


# trends


@quick
@given(st.integers(1, 4), st.integers(0, 1000))
def test_polynomial_trend_recovers_a_polynomial(degree, seed):
    score = np.polyval(np.random.default_rng(seed).normal(size=degree + 1), LOG_N - 9)
    assert fit_trend(LOG_N, score, "polynomial", degree) == pytest.approx(score, abs=1e-8)
    assert fit_trend(LOG_N, -3 * score + 7, "polynomial", degree) == pytest.approx(-3 * score + 7, abs=1e-7)


@quick
@given(st.integers(1, 5), st.integers(0, 1000))
def test_monotone_trend_is_monotone_and_no_better_than_the_free_one(degree, seed):
    score = np.random.default_rng(seed).uniform(20, 80, len(LOG_N))
    steps = np.diff(fit_trend(LOG_N, score, "monotone", degree))
    assert (steps >= -1e-9).all() or (steps <= 1e-9).all()
    free = np.sum((fit_trend(LOG_N, score, "polynomial", degree) - score) ** 2)
    assert np.sum((fit_trend(LOG_N, score, "monotone", degree) - score) ** 2) >= free - 1e-8


@pytest.mark.parametrize("sign", [1, -1])
def test_monotone_trend_recovers_a_monotone_quadratic(sign):
    score = sign * (LOG_N - 7) ** 2 + 40
    assert fit_trend(LOG_N, score, "monotone", 2) == pytest.approx(score, abs=1e-6)


def test_path_statistics_by_hand():
    x = np.array([[10.0, 20.0, 30.0, 40.0], [10.0, 20.0, 30.0, 40.0], [10.0, 20.0, 20.0, 40.0]])
    y = np.array([[50.0, 40.0, 45.0, 44.0], [40.0, 50.0, 45.0, 44.0], [50.0, 40.0, 35.0, 45.0]])
    found = path_statistics(x, y)
    assert found["min_gamma"].tolist() == pytest.approx([-1, -0.5, -1])
    assert found["negative_share"].tolist() == pytest.approx([2 / 3, 2 / 3, 1 / 3])
    assert found["transition"].tolist() == [1, 0, 1]
    assert path_statistics(x, y, threshold=0.7)["transition"].tolist() == [0, 0, 0]
    assert found["r"].tolist() == pytest.approx([np.corrcoef(a, b)[0, 1] for a, b in zip(x, y, strict=True)])


def truth(seed=0, n_draws=1, rho_models=0.0, rho_scores=0.0):
    """Scores of two smooth trends with item noise, drawn without the package."""
    rng = np.random.default_rng(seed)
    clean_x, clean_y = 30 + 13 * (LOG_N - LOG_N[0]), 46 - 4 * (LOG_N - LOG_N[0])
    n = len(LOG_N)
    models = rho_models * np.ones((n, n)) + (1 - rho_models) * np.eye(n)
    covariance = np.kron([[1, rho_scores], [rho_scores, 1]], models)
    noise = rng.multivariate_normal(np.zeros(2 * n), covariance, n_draws)
    sd_x, sd_y = (100 * np.sqrt(p / 100 * (1 - p / 100) / m) for p, m in ((clean_x, ITEMS[X]), (clean_y, ITEMS[Y])))
    return clean_x + sd_x * noise[:, :n], clean_y + sd_y * noise[:, n:], clean_x, clean_y


@pytest.mark.parametrize(("rho_models", "rho_scores"), [(0.0, 0.0), (0.7, 0.0), (0.3, -0.6)])
def test_the_null_draws_the_scores_it_says(rho_models, rho_scores):
    x, y, clean_x, clean_y = truth(1, 20_000, rho_models, rho_scores)
    expected = path_statistics(x, y)
    null = trend_null(family(clean_x, clean_y), ITEMS, degree=1, rho_models=rho_models, rho_scores=rho_scores)
    for name in ("r", "min_gamma"):
        for at in (5, 50, 95):
            spread = expected[name].std()
            assert np.percentile(null.draws[name], at) == pytest.approx(
                np.percentile(expected[name], at),
                abs=spread / 5,  # three standard errors of a tail of the draws
            )
    for name in ("negative_share", "transition"):
        assert null.draws[name].mean() == pytest.approx(expected[name].mean(), abs=0.02)


def test_the_null_is_calibrated_when_the_trends_are_known_and_cautious_when_fitted():
    x, y, clean_x, clean_y = truth(2, 300)
    known = np.sort(trend_null(family(clean_x, clean_y), ITEMS, degree=1, n_draws=4_000).draws["r"].to_numpy())
    rank = np.searchsorted(known, path_statistics(x, y)["r"]) / known.size
    assert stats.kstest(rank, "uniform").pvalue > 0.01
    fitted = np.array(
        [
            trend_null(family(a, b), ITEMS, degree=1, n_draws=400, seed=i).p()
            for i, (a, b) in enumerate(zip(x, y, strict=True))
        ]
    )
    assert np.mean(fitted <= 0.05) <= 0.05
    assert np.mean(fitted <= 0.2) <= 0.2 + 2 * np.sqrt(0.2 * 0.8 / 300)


def test_the_null_sees_scores_that_move_together_beyond_their_trends():
    x, y, *_ = truth(3)
    kick = np.array([0, 4, -4, 4, -4, 4, -4, 0.0])
    null = trend_null(family(x[0] + kick, y[0] + 3 * kick), ITEMS, degree=1, n_draws=2_000)
    assert null.p("r") < 0.01
    assert null.misfit[Y] > 3
    assert null.quantile("r") > 0.99


@quick
@given(st.lists(st.integers(-9, 9), min_size=1, max_size=40), st.integers(-10, 10))
def test_p_of_the_null_is_twice_the_smaller_tail_on_either_side(draws, observed):
    def p(sign):
        column = pd.DataFrame({"r": [sign * draw / 10 for draw in draws]})
        seen = pd.Series({"r": sign * observed / 10})
        return TrendNull(column, seen, pd.DataFrame(), pd.Series(), X, Y, "polynomial", 1, 0.0, 0.0, 0).p("r")

    below, above = sum(draw <= observed for draw in draws), sum(draw >= observed for draw in draws)
    assert p(1) == p(-1) == pytest.approx(min(1, 2 * (min(below, above) + 1) / (len(draws) + 1)))


def test_misfit_is_near_one_when_the_noise_is_right():
    for rho in (0.0, 0.8):
        x, y, *_ = truth(4, 60, rho)
        found = [
            trend_null(family(a, b), ITEMS, degree=1, rho_models=rho, n_draws=2).misfit ** 2
            for a, b in zip(x, y, strict=True)
        ]
        assert np.mean(found, axis=0) == pytest.approx([1, 1], abs=0.2)


def test_trend_null_is_seeded_and_shows_itself():
    x, y, *_ = truth(5)
    frame = family(x[0], y[0])
    first, again = (trend_null(frame, ITEMS, n_draws=200, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(first.draws, again.draws)
    shuffled = trend_null(frame.sample(frac=1, random_state=0), ITEMS, n_draws=200, seed=3)
    pd.testing.assert_frame_equal(first.draws, shuffled.draws)
    assert not first.draws.equals(trend_null(frame, ITEMS, n_draws=200, seed=4).draws)
    assert first.observed["r"] == pytest.approx(np.corrcoef(x[0], y[0])[0, 1])
    assert first.to_frame()["statistic"].tolist() == ["r", "min_gamma", "negative_share", "transition"]
    assert "item noise" in first.summary()
    assert "<caption>" in first._repr_html_()


def test_trend_mistakes_are_named():
    x, y, *_ = truth(6)
    frame = family(x[0], y[0])
    with pytest.raises(InputError, match="takes one family, got 2"):
        trend_null(pd.concat([frame, family(x[0], y[0], name="G")]), ITEMS)
    with pytest.raises(InputError, match="degree 7 with something left to judge it by needs 9 sizes or more, got 8"):
        trend_null(frame, ITEMS, degree=7)
    with pytest.raises(InputError, match="polynomial, monotone"):
        trend_null(frame, ITEMS, trend="spline")
    with pytest.raises(InputError, match="n_items"):
        trend_null(frame, {X: 10})
    with pytest.raises(InputError, match="unknown statistic"):
        trend_null(frame, ITEMS, n_draws=5).p("rho")
    with pytest.raises(InputError, match="at least three sizes"):
        independent_trends(frame.head(2))


def test_unrelated_monotone_trends_correlate_strongly():
    x, y, *_ = truth(7)
    result = independent_trends(family(x[0], y[0]), n_draws=5_000)
    assert np.median(np.abs(result.draws)) > 0.95
    assert np.mean(result.draws > 0) == pytest.approx(0.5, abs=0.03)
    assert result.share == pytest.approx(np.mean(np.abs(result.draws) >= abs(result.observed)))
    assert np.array_equal(result.draws, independent_trends(family(x[0], y[0]), n_draws=5_000).draws)
    weak = independent_trends(family(x[0], np.tile([40.0, 41.0], 4)), n_draws=500)
    assert weak.share == 1
    assert "unrelated monotone" in weak.summary()


def test_unrelated_trends_are_the_documented_curves():
    """Against plain loops over pairs of logistic curves: as many |r| lie below each quantile of theirs."""
    x, y, *_ = truth(7)
    ours = np.abs(independent_trends(family(x[0], y[0])).draws)
    random, n_loop = Random(1), 4_000
    unit = [(at - LOG_N[0]) / (LOG_N[-1] - LOG_N[0]) for at in LOG_N]

    def curve():
        centre, width, sign = random.uniform(0, 1), random.uniform(0.1, 1), random.choice((-1, 1))
        return [sign / (1 + exp(-(u - centre) / width)) for u in unit]

    theirs = [abs(correlation(curve(), curve())) for _ in range(n_loop)]
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        error = np.sqrt(share * (1 - share) * (1 / ours.size + 1 / n_loop))
        assert np.mean(ours <= np.quantile(theirs, share)) == pytest.approx(share, abs=4 * error)
