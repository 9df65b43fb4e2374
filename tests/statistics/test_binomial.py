"""Tails of the binomial distribution against scipy.stats, and by enumeration."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from scipy import stats

from study.statistics.binomial import at_least, at_most

PROPORTIONS = [0.01, 0.125, 0.5, 0.8, 0.95, 0.999]
TRIALS = [0, 1, 2, 19, 20, 150, 1000]


@pytest.mark.parametrize("proportion", PROPORTIONS)
@pytest.mark.parametrize("trials", TRIALS)
def test_the_upper_tail_is_that_of_scipy_to_the_bit(trials, proportion):
    counts = np.arange(trials + 1)
    expected = stats.binom.sf(counts - 1, trials, proportion)
    np.testing.assert_array_equal(at_least(counts, trials, proportion), expected)


@pytest.mark.parametrize("proportion", PROPORTIONS)
@pytest.mark.parametrize("trials", TRIALS)
def test_the_lower_tail_is_that_of_scipy(trials, proportion):
    """To the bit where a proportion and its complement are both numbers without rounding."""
    counts = np.arange(trials + 1)
    found = at_most(counts, trials, proportion)
    expected = stats.binom.cdf(counts, trials, proportion)
    if proportion in (0.125, 0.5):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_both_tails_are_sums_of_all_outcomes():
    for trials in range(8):
        parts = [
            comb(trials, count) * Fraction(3, 4) ** count * Fraction(1, 4) ** (trials - count)
            for count in range(trials + 1)
        ]
        for count in range(trials + 1):
            assert float(at_least(count, trials, 0.75)) == pytest.approx(float(sum(parts[count:])))
            assert float(at_most(count, trials, 0.75)) == pytest.approx(
                float(sum(parts[: count + 1]))
            )


def test_trials_may_differ_from_element_to_element():
    counts, trials = np.array([0, 3, 5]), np.array([0, 9, 5])
    expected = stats.binom.cdf(counts, trials, 0.5)
    np.testing.assert_array_equal(at_most(counts, trials, 0.5), expected)
