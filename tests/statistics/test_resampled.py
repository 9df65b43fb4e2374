"""Means over splits with Nadeau and Bengio's variance, against hidimstat and scipy."""

import warnings

import numpy as np
import pytest
from scipy import stats

from study.statistics.resampled import resampled

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what it draws with
    from hidimstat.statistical_tools.nadeau_bengio_ttest import nadeau_bengio_ttest

SPLITS = 12
SPLIT, HALF = np.arange(2 * SPLITS) // 2, np.arange(2 * SPLITS) % 2


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).normal([0, 0.3, 2], 1, size=(2 * SPLITS, 3))


def test_p_values_are_hidimstats(values):
    found = resampled(values, SPLIT, HALF, tested=0.25)
    means = values.reshape(SPLITS, 2, 3).mean(axis=1)
    expected = nadeau_bengio_ttest(means, 0.0, test_frac=0.25)
    np.testing.assert_allclose(found.p_above, expected.pvalue, rtol=1e-9)
    np.testing.assert_allclose(found.mean, means.mean(axis=0))


def test_intervals_are_scipys_with_the_larger_error(values):
    found = resampled(values, SPLIT, HALF, tested=0.25)
    means = values.reshape(SPLITS, 2, 3).mean(axis=1)
    error = stats.sem(means) * np.sqrt(1 + 0.25 * SPLITS)
    low, high = stats.t(SPLITS - 1, means.mean(axis=0), error).interval(0.95)
    np.testing.assert_allclose(found.low, low)
    np.testing.assert_allclose(found.high, high)


def test_seeds_of_a_half_are_averaged_and_a_split_that_lacks_one_half_is_left_out(values):
    twice = np.concatenate([values + 1, values - 1])
    found = resampled(twice, np.tile(SPLIT, 2), np.tile(HALF, 2), tested=0.25)
    plain = resampled(values, SPLIT, HALF, tested=0.25)
    np.testing.assert_allclose(found.p_above, plain.p_above)
    lost = values.copy()
    lost[5] = np.nan
    found = resampled(lost, SPLIT, HALF, tested=0.25)
    kept = SPLIT != 2
    other = resampled(values[kept], SPLIT[kept], HALF[kept], tested=0.25)
    assert found.splits == SPLITS - 1
    np.testing.assert_array_equal(found.p_above, other.p_above)


def test_scores_that_are_all_0_tell_nothing_and_one_split_has_no_test():
    found = resampled(np.zeros((2 * SPLITS, 1)), SPLIT, HALF, tested=0.25)
    assert found.p_above == [0.5]
    one = resampled(np.ones((2, 1)), SPLIT[:2], HALF[:2], tested=0.25)
    assert (one.mean, one.splits) == ([1.0], 1)
    assert np.isnan([one.low, one.high, one.p_above]).all()
    none = resampled(np.full((2, 1), np.nan), SPLIT[:2], HALF[:2], tested=0.25)
    assert none.splits == 0
    assert np.isnan(none.mean).all()
