"""The permutation test, against scikit-learn's and by its level."""

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import PredefinedSplit, permutation_test_score

from study.statistics.permutation_test import permutation_test


def test_p_counts_shuffles_that_are_as_large():
    shuffled = np.arange(40, dtype=float)
    found = permutation_test(np.array([37.0, 5.0, 100.0]), shuffled)
    assert (found.as_large, found.shuffles) == (3, 40)
    assert found.p_value == pytest.approx(4 / 41)
    assert (found.lowest, found.highest) == (pytest.approx(1 / 41), pytest.approx(36 / 41))
    tail = (1 - 0.95) / 2  # which is not quite 0.025
    expected = stats.beta.ppf(tail, 3, 38), stats.beta.ppf(1 - tail, 4, 37)
    assert (found.interval.low, found.interval.high) == expected
    # Which seeks the same bounds to 2e-12.
    sought = stats.binomtest(3, 40).proportion_ci(0.95, method="exact")
    assert expected == pytest.approx((sought.low, sought.high), abs=2e-12, rel=0)
    assert found.label == "not shown to be above chance"
    assert permutation_test(np.array([39.5]), shuffled).label == "above chance"


def test_it_is_scikit_learns_where_both_apply():
    """A regression's R² on held-out rows; scikit-learn shuffles all targets."""
    generator = np.random.default_rng(5)
    x = generator.standard_normal((60, 3))
    y = x[:, 0] + 2.5 * generator.standard_normal(60)
    splitter = PredefinedSplit(np.where(np.arange(60) < 40, -1, 0))
    score, shuffled, p_value = permutation_test_score(
        LinearRegression(), x, y, cv=splitter, n_permutations=199, random_state=1, scoring="r2"
    )
    found = permutation_test(np.array([score]), shuffled)
    assert found.p_value == pytest.approx(p_value)
    assert found.as_large == (shuffled >= score).sum()


def test_its_level_is_exact_however_much_seeds_scatter():
    """20,000 data sets of noise: a data set's own part, and one of each training's seed."""
    generator = np.random.default_rng(0)
    for scatter in (0.1, 3.0):
        own = generator.standard_normal((20_000, 1)) + scatter * generator.standard_normal(
            (20_000, 5)
        )
        shuffles = generator.standard_normal((20_000, 39)) + scatter * generator.standard_normal(
            (20_000, 39)
        )
        p_values = (1 + (shuffles >= own[:, :1]).sum(axis=1)) / 40
        found = [permutation_test(*pair) for pair in zip(own[:200], shuffles[:200], strict=True)]
        assert [of.p_value for of in found] == pytest.approx(p_values[:200].tolist())
        assert (p_values <= 0.05).mean() == pytest.approx(0.05, abs=0.006)


def test_a_statistic_without_a_number_is_smaller_than_any():
    shuffled = np.array([np.nan] * 20 + [-1.0] * 20)
    assert permutation_test(np.array([-2.0]), shuffled).as_large == 20
    assert permutation_test(np.array([np.nan]), shuffled).p_value == 1


@pytest.mark.parametrize("shuffles", [0, 18])
def test_too_few_shuffles_show_nothing(shuffles):
    found = permutation_test(np.array([1.0]), np.zeros(shuffles))
    assert math.isnan(found.p_value)
    assert found.label == ""
    assert permutation_test(np.array([1.0]), np.zeros(19)).label == "above chance"
