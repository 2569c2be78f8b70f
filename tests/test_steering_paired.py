"""Paired comparisons against statsmodels, enumeration and simulated coverage; power by brute force; ranks of nulls."""

import doctest
from functools import cache
from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from statsmodels.stats.contingency_tables import mcnemar as theirs
from statsmodels.stats.power import TTestPower

from capelib.errors import InputError
from capelib.steering import paired
from capelib.steering.detectable import Detectable, mcnemar_power, smallest_mean, smallest_share
from capelib.steering.null import rank
from capelib.steering.paired import compare, from_counts, mcnemar, shift, tango

counts = st.integers(0, 25)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_counts_are_those_of_a_loop(pairs: list[tuple[bool, bool]]) -> None:
    base, steered = zip(*pairs, strict=True)
    found = compare(base, steered)
    assert found.corrected == sum(after and not before for before, after in pairs)
    assert found.broken == sum(before and not after for before, after in pairs)
    assert found.stayed_right == sum(before and after for before, after in pairs)
    assert found.n == len(pairs)
    assert found.difference.value == pytest.approx(np.mean(steered) - np.mean(base))
    assert found.base.value == pytest.approx(np.mean(base))
    assert found.steered.value == pytest.approx(np.mean(steered))
    assert found.discordance == pytest.approx(np.mean([before != after for before, after in pairs]))
    assert found.difference.covers(found.difference.value)
    assert found == compare(np.array(base, float), np.array(steered, int))


@given(counts, counts)
def test_p_is_that_of_statsmodels_and_mid_p_that_of_the_sum(corrected: int, broken: int) -> None:
    p, p_mid = mcnemar(corrected, broken)
    assert p == pytest.approx(theirs([[3, corrected], [broken, 4]], exact=True).pvalue)
    n, fewer = corrected + broken, min(corrected, broken)
    chance = [comb(n, k) / 2**n for k in range(n + 1)]
    half = 2 * (sum(chance[:fewer]) + chance[fewer] / 2)
    assert p_mid == pytest.approx(half)
    assert p_mid <= p
    assert mcnemar(broken, corrected) == (p, p_mid)


def test_without_a_change_of_sides_p_is_one_and_the_interval_is_about_zero() -> None:
    found = compare([1, 1, 0, 0], [1, 1, 0, 0])
    assert (found.p, found.p_mid, found.difference.value) == (1.0, 1.0, 0.0)
    z = stats.norm.ppf(0.975)
    assert found.difference.high == pytest.approx(z**2 / (4 + z**2))  # Tango's, solved by hand for c = b = 0
    assert found.difference.low == pytest.approx(-found.difference.high)


def restricted_score(corrected: int, broken: int, n: int, delta: float) -> float:
    """The score statistic at `delta`, with the likeliest shares found by a search instead of a formula."""
    same = n - corrected - broken

    def against(q: float) -> float:  # share broken q, share corrected q + delta
        shares = np.clip([q + delta, q, 1 - 2 * q - delta], 1e-300, None)
        return -float(np.dot([corrected, broken, same], np.log(shares)))

    low, high = max(0.0, -delta), (1 - delta) / 2
    q = minimize_scalar(against, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
    return (corrected - broken - n * delta) / sqrt(n * (2 * q + delta - delta**2))


@pytest.mark.parametrize(("corrected", "broken", "n"), [(9, 2, 40), (3, 3, 20), (0, 6, 30), (15, 4, 25), (1, 0, 12)])
def test_the_interval_solves_the_score_equation(corrected: int, broken: int, n: int) -> None:
    for level in (0.8, 0.95):
        z = stats.norm.ppf((1 + level) / 2)
        low, high = tango(corrected, broken, n, level)
        assert restricted_score(corrected, broken, n, low) == pytest.approx(z, abs=2e-4)
        assert restricted_score(corrected, broken, n, high) == pytest.approx(-z, abs=2e-4)
        assert (-high, -low) == pytest.approx(tango(broken, corrected, n, level))


def test_the_interval_leaves_out_zero_where_the_test_without_correction_rejects() -> None:
    n, both = 24, set()
    for corrected in range(n + 1):
        for broken in range(n + 1 - corrected):
            low, high = tango(corrected, broken, n)
            assert -1 <= low <= (corrected - broken) / n <= high <= 1
            if corrected + broken:
                table = [[n - corrected - broken, corrected], [broken, 0]]
                rejected = theirs(table, exact=False, correction=False).pvalue < 0.05
                assert (low > 0 or high < 0) == rejected, (corrected, broken)
                both.add(bool(rejected))
    assert both == {True, False}


def test_a_published_interval() -> None:
    # Fagerland, Lydersen and Laake (2014), airway hyper-responsiveness of 21 children: Tango -0.517 to -0.026
    assert tango(1, 7, 21) == pytest.approx((-0.517, -0.026), abs=5e-4)


@cache
def interval(corrected: int, broken: int, n: int) -> tuple[float, float]:
    return tango(corrected, broken, n)


@pytest.mark.parametrize(("n", "corrected", "broken"), [(60, 0.1, 0.1), (60, 0.2, 0.05), (128, 0.06, 0.02)])
def test_the_interval_covers_the_truth_as_often_as_it_says(n: int, corrected: float, broken: float) -> None:
    rng, truth = np.random.default_rng(0), corrected - broken
    drawn = rng.multinomial(n, [corrected, broken, 1 - corrected - broken], size=8000)
    ends = np.array([interval(int(c), int(b), n) for c, b, _ in drawn])
    assert np.mean((ends[:, 0] <= truth) & (truth <= ends[:, 1])) == pytest.approx(0.95, abs=0.015)
    assert np.mean(truth < ends[:, 0]) < 0.04
    assert np.mean(truth > ends[:, 1]) < 0.04


def test_p_is_valid_and_mid_p_nearly() -> None:
    rng = np.random.default_rng(1)
    drawn = rng.multinomial(100, [0.1, 0.1, 0.8], size=4000)
    table = {key: mcnemar(*key) for key in {(int(c), int(b)) for c, b, _ in drawn}}
    p = np.array([table[int(c), int(b)] for c, b, _ in drawn])
    exact, middle = (p <= 0.05).mean(axis=0)
    assert exact <= 0.05
    assert exact < middle < 0.06


def test_what_cannot_be_compared_is_told() -> None:
    with pytest.raises(InputError, match="of the same questions twice"):
        compare([1, 0], [1])
    with pytest.raises(InputError, match="of the same questions twice"):
        compare([], [])
    with pytest.raises(InputError, match="right and wrong are 1 and 0"):
        compare([0.2, 1], [0, 1])
    with pytest.raises(InputError, match="two or more questions"):
        shift([1.0], [2.0])
    with pytest.raises(InputError, match="1 of 2 changes are not finite"):
        shift([1.0, np.nan], [2.0, 0.0])


# continuous outcomes


def test_the_shift_is_that_of_numpy_and_its_interval_that_of_scipy() -> None:
    rng = np.random.default_rng(2)
    base = rng.normal(size=80)
    steered = base + rng.exponential(size=80) - 0.8
    found = shift(base, steered, n_draws=20_000)
    change = steered - base
    assert found.mean.value == pytest.approx(change.mean())
    assert found.sd == pytest.approx(change.std(ddof=1))
    assert (found.rose, found.fell) == ((change > 0).sum(), (change < 0).sum())
    other = stats.bootstrap((change,), np.mean, n_resamples=20_000, rng=7, method="BCa").confidence_interval
    assert (found.mean.low, found.mean.high) == pytest.approx((other.low, other.high), abs=0.01)
    assert shift(base, steered, n_draws=500) == shift(base, steered, n_draws=500)
    assert shift(base, steered, n_draws=500) != shift(base, steered, n_draws=500, seed=1)


def test_the_pairing_is_used() -> None:
    rng = np.random.default_rng(3)
    base = 100 * rng.normal(size=50)
    found = shift(base, base + 1 + 0.1 * rng.normal(size=50), n_draws=1000)
    assert found.mean.low > 0.9
    assert found.mean.high < 1.1


def test_equal_changes_have_an_interval_of_no_width() -> None:
    found = shift([1.0, 2.0, 5.0], [1.5, 2.5, 5.5], n_draws=200)
    assert (found.mean.low, found.mean.value, found.mean.high) == pytest.approx((0.5, 0.5, 0.5))


def test_the_bootstrap_covers_the_truth_about_as_often_as_it_says() -> None:
    rng, hits = np.random.default_rng(4), 0
    for seed in range(600):
        change = rng.exponential(size=64) - 0.7
        hits += shift(np.zeros(64), change, n_draws=400, seed=seed).mean.covers(0.3)
    assert 0.91 < hits / 600 < 0.97


# the smallest effect that could have been found


def brute_power(n: int, discordance: float, difference: float) -> float:
    c, b = (discordance + difference) / 2, (discordance - difference) / 2
    total = 0.0
    for i in range(n + 1):
        for j in range(n + 1 - i):
            if i + j and stats.binomtest(min(i, j), i + j).pvalue <= 0.05:
                total += comb(n, i) * comb(n - i, j) * c**i * b**j * (1 - discordance) ** (n - i - j)
    return total


@pytest.mark.parametrize(("discordance", "difference"), [(0.6, 0.35), (0.3, 0.0), (0.5, -0.5)])
def test_power_is_that_of_enumeration(discordance: float, difference: float) -> None:
    assert mcnemar_power(24, discordance, difference) == pytest.approx(brute_power(24, discordance, difference))


def test_power_is_that_of_simulation() -> None:
    drawn = np.random.default_rng(5).multinomial(128, [0.17, 0.05, 0.78], size=4000)
    found = {key: mcnemar(*key)[0] for key in {(int(c), int(b)) for c, b, _ in drawn}}
    share = np.mean([found[int(c), int(b)] <= 0.05 for c, b, _ in drawn])
    assert mcnemar_power(128, 0.22, 0.12) == pytest.approx(share, abs=0.02)


@given(st.integers(30, 300), st.just(0.0) | st.floats(0.01, 1.0), st.sampled_from([0.5, 0.8, 0.9]))
def test_the_smallest_share_is_found_with_just_the_power(n: int, discordance: float, power: float) -> None:
    smallest = smallest_share(n, discordance, power).smallest
    assert mcnemar_power(n, max(discordance, smallest), smallest) == pytest.approx(power, abs=1e-6)
    assert mcnemar_power(n, max(discordance, smallest / 2), smallest / 2) < power


def test_an_effect_beyond_what_changed_sides_could_have_been_found_too() -> None:
    # none of 100 changed sides: had 7.8 % been corrected, all to one side, the test would have told it
    found = smallest_share(100, 0.0)
    assert found.smallest == pytest.approx(0.0779, abs=1e-4)
    told = [mcnemar(int(c), 0)[0] <= 0.05 for c in np.random.default_rng(6).binomial(100, found.smallest, 4000)]
    assert np.mean(told) == pytest.approx(0.8, abs=0.02)
    assert smallest_share(100, 0.05).smallest == pytest.approx(found.smallest)


def test_with_too_few_questions_nothing_could_have_been_found() -> None:
    found = smallest_share(5, 1.0)
    assert found.smallest is None
    assert "no effect could have been found" in found.summary()
    assert smallest_share(6, 1.0).smallest == pytest.approx(0.926, abs=0.01)  # six of six, p = 2/64


@pytest.mark.parametrize(("n", "sd", "power"), [(10, 1.0, 0.8), (128, 2.5, 0.8), (3, 0.2, 0.9)])
def test_the_smallest_mean_is_that_of_statsmodels(n: int, sd: float, power: float) -> None:
    expected = TTestPower().solve_power(nobs=n, alpha=0.05, power=power, alternative="two-sided")
    assert smallest_mean(n, sd, power).smallest == pytest.approx(sd * expected, rel=1e-4)


@pytest.mark.parametrize("n", [2, 3, 40])
def test_the_power_at_the_smallest_mean_is_that_of_the_integral(n: int) -> None:
    # statsmodels and scipy's other tail fail for n = 2; the t of n values is (Z + away)/s, s a chi
    away, limit = smallest_mean(n, 1.0).smallest * sqrt(n), stats.t.ppf(0.975, n - 1)

    def found(chi: float) -> float:
        edge = limit * chi / sqrt(n - 1)
        return (stats.norm.sf(edge - away) + stats.norm.cdf(-edge - away)) * stats.chi.pdf(chi, n - 1)

    assert quad(found, 0, 30, limit=500)[0] == pytest.approx(0.8, abs=1e-6)


def test_the_smallest_mean_is_found_that_often() -> None:
    found = smallest_mean(20, 1.5)
    drawn = np.random.default_rng(6).normal(found.smallest, 1.5, size=(4000, 20))
    assert np.mean(stats.ttest_1samp(drawn, 0, axis=1).pvalue < 0.05) == pytest.approx(0.8, abs=0.02)


def test_power_of_nonsense_is_told() -> None:
    for call, message in (
        (lambda: smallest_share(0, 0.1), "1 question or more are needed"),
        (lambda: smallest_share(10, 1.2), "a share from 0 to 1; got 1.2"),
        (lambda: smallest_mean(1, 1.0), "2 questions or more"),
        (lambda: smallest_mean(5, float("nan")), "zero or more; got nan"),
        (lambda: smallest_mean(5, 1.0, power=0.01), "alpha < power"),
        (lambda: mcnemar_power(10, 0.1, 0.2), "got 0.2 and 0.1"),
    ):
        with pytest.raises(InputError, match=message):
            call()


# null directions


eighths = st.integers(-4, 4).map(lambda place: place / 8)  # so that ties are frequent


@given(eighths, st.lists(eighths, min_size=1, max_size=30))
def test_ranks_are_counted(effect: float, nulls: list[float]) -> None:
    larger = rank(effect, nulls)
    assert larger.p == (1 + sum(null >= effect for null in nulls)) / (1 + len(nulls))
    assert rank(-effect, [-null for null in nulls], "smaller").p == larger.p
    both = rank(effect, nulls, "two-sided")
    assert both.p == (1 + sum(abs(null) >= abs(effect) for null in nulls)) / (1 + len(nulls))
    assert both.p == rank(-effect, nulls, "two-sided").p
    assert (larger.mean, larger.n_null) == (pytest.approx(np.mean(nulls)), len(nulls))
    assert (larger.low, larger.high) == pytest.approx(tuple(np.quantile(nulls, [0.025, 0.975])))


def test_a_direction_that_is_one_of_the_nulls_is_found_no_oftener_than_p_says() -> None:
    drawn = np.random.default_rng(7).normal(0.1, 1, size=(3000, 20))
    p = np.array([rank(row[0], row[1:]).p for row in drawn])
    for limit in (0.05, 0.1, 0.5):
        assert np.mean(p <= limit) == pytest.approx(limit, abs=0.03)
    assert p.min() == 1 / 20


def test_nulls_that_cannot_be_ranked_are_told() -> None:
    for call, message in (
        (lambda: rank(0.1, []), "at least one null"),
        (lambda: rank(0.1, [0.2, np.nan]), "not finite"),
        (lambda: rank(np.nan, [0.2]), "not finite"),
        (lambda: rank(0.1, [0.2], "greater"), "unknown side 'greater'"),
    ):
        with pytest.raises(InputError, match=message):
            call()


def test_every_summary_is_one_line_with_its_numbers() -> None:
    changes = from_counts(2, 9, 40, 49)
    assert "2 corrected, 9 broken, 40 stayed right, 49 stayed wrong of 100" in changes.summary()
    low, high = (f"−{-100 * end:.1f}" for end in tango(2, 9, 100))
    assert f"difference −7.0 points [{low}, {high}]; McNemar exact p = 0.065" in changes.summary()
    lines = [
        changes.summary(),
        Detectable(0.125, 128, 0.2, 0.8, 0.05, "McNemar exact").summary(),
        smallest_mean(128, 1.0).summary(),
    ]
    assert lines[1].endswith("is 12.5 points")
    for line in lines:
        assert "\n" not in line


def test_examples_run() -> None:
    assert doctest.testmod(paired).failed == 0
