"""A number with its uncertainty: what an interval covers, and percentile intervals against numpy."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from capelib.estimate import Estimate, bca_estimate, percentile_estimate

numbers = st.floats(-1e6, 1e6)
NOTHING = (math.nan, math.inf, -math.inf)
draws = arrays(float, st.integers(1, 60), elements=st.one_of(numbers, st.sampled_from(NOTHING)))


@given(numbers, numbers, numbers)
def test_covers_what_lies_between_the_ends_and_the_ends(a, b, value):
    low, high = sorted((a, b))
    interval = Estimate(low, low, high)
    assert interval.covers(value) == (sorted((low, value, high))[1] == value)
    assert interval.covers(low)
    assert interval.covers(high)
    assert not interval.covers(math.nextafter(low, -math.inf))
    assert not interval.covers(math.nextafter(high, math.inf))


@pytest.mark.parametrize("ends", [(None, None), (0.0, None), (None, 2.0), (0.0, math.inf), (math.nan, 2.0)])
def test_without_both_ends_nothing_is_covered(ends):
    estimate = Estimate(1.0, *ends)
    assert not estimate.has_interval
    assert not estimate.covers(1.0)
    assert f"{estimate:.1f}" == "1.0"


@given(draws, st.floats(0.5, 0.99))
def test_percentile_interval_is_numpys_of_the_finite_draws(values, level):
    finite = [value for value in values.tolist() if math.isfinite(value)]
    assume(2 * len(finite) >= len(values))
    found = percentile_estimate(7, values, "resampled", n=5, level=level)
    expected = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    assert [found.low, found.high] == pytest.approx(expected.tolist(), rel=1e-9, abs=1e-6)
    assert found.discarded == pytest.approx((len(values) - len(finite)) / len(values))
    assert (found.value, found.level, found.n, found.method) == (7.0, level, 5, "resampled")


def test_without_a_finite_draw_there_is_no_interval():
    found = percentile_estimate(1, [math.nan, math.inf], "resampled")
    assert (found.low, found.high, found.discarded) == (None, None, 1.0)
    assert percentile_estimate(1, [], "resampled").discarded is None


@pytest.mark.parametrize(("lost", "has"), [(5, True), (6, False)])
def test_beyond_half_discarded_there_is_no_interval(lost, has):
    draws = [math.nan] * lost + [float(i) for i in range(10 - lost)]
    for found in (percentile_estimate(1.0, draws, "resampled"), bca_estimate(1.0, draws, [0.5, 1.5], "resampled")):
        assert found.has_interval is has
        assert (found.low is None) is not has
        assert found.discarded == pytest.approx(lost / 10)


def test_the_corrected_interval_is_scipys():
    data = np.random.default_rng(4).exponential(size=25)
    theirs = stats.bootstrap((data,), np.var, method="BCa", n_resamples=20_000, rng=3)
    draws = theirs.bootstrap_distribution
    left_out = [np.var(np.delete(data, i)) for i in range(25)]
    ours = bca_estimate(np.var(data), draws, left_out, "bca")
    assert [ours.low, ours.high] == pytest.approx(list(theirs.confidence_interval), rel=1e-3)
    # resamples that lie below the value move the interval up
    plain = percentile_estimate(np.var(data), draws, "plain")
    assert ours.low > plain.low
    assert ours.high > plain.high


def test_without_bias_and_acceleration_the_corrected_interval_is_the_percentile_one():
    draws = np.linspace(-1, 1, 2001)
    found, plain = bca_estimate(0.0, draws, [-1.0, 1.0], ""), percentile_estimate(0.0, draws, "")
    assert [found.low, found.high] == pytest.approx([plain.low, plain.high])
