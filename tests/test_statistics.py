"""Statistics against scipy, published worked examples, enumeration and simulation."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from study.statistics.agreement import null_deviation, spearman
from study.statistics.claims import first_in
from study.statistics.intervals import mean_interval, wilson
from study.statistics.ranking import is_first, ranks, shares

scores = hnp.arrays(np.float64, (3, 5), elements=st.floats(-10, 10, width=16))


# -- shares and ranks ------------------------------------------------------------------------


def test_shares_by_hand():
    np.testing.assert_allclose(shares(np.array([3.0, 1.0, -2.0, 0.0])), [0.75, 0.25, 0, 0])


@pytest.mark.parametrize("vector", [[0, 0, 0], [-1, -2, 0], [1, np.nan, 2], [1, np.inf, 2]])
def test_a_vector_without_a_positive_entry_or_not_finite_has_no_shares(vector):
    assert np.isnan(shares(np.array(vector, dtype=float))).all()


@given(scores)
def test_shares_are_proportions(vectors):
    for share, vector in zip(shares(vectors), vectors, strict=True):
        if (vector > 0).any():
            assert share.sum() == pytest.approx(1)
            assert ((share >= 0) & (share <= 1)).all()
        else:
            assert np.isnan(share).all()


@given(scores)
def test_ranks_count_how_many_are_greater(vectors):
    for rank, vector in zip(ranks(vectors), vectors, strict=True):
        greater = (vector[None, :] > vector[:, None]).sum(axis=1)
        equal = (vector[None, :] == vector[:, None]).sum(axis=1)
        np.testing.assert_allclose(rank, greater + (equal + 1) / 2)


def test_rank_1_is_strictly_greatest():
    vectors = np.array([[2.0, 1.0], [2.0, 2.0], [1.0, 2.0], [-1.0, -2.0], [np.nan, 1.0]])
    np.testing.assert_array_equal(is_first(vectors, 0), [True, False, False, False, False])
    assert first_in(vectors, 0).met == 1
    assert first_in(vectors, 0).seeds == 5


# -- intervals -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        # 20 of 20: 1 / (1 + z² / 20).
        (20, 20, 1 / (1 + stats.norm.ppf(0.975) ** 2 / 20), 1.0),
    ],
)
def test_wilson_by_published_examples(successes, trials, low, high):
    interval = wilson(successes, trials)
    assert interval.kind == "Wilson"
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


def test_no_seeds_have_no_proportion():
    assert np.isnan(wilson(0, 0).low)
    assert first_in(np.zeros((0, 3)), 0).interval.kind == "no seeds"


def test_bca_by_its_own_formula():
    """Efron (1987), from a bootstrap distribution of our own drawing."""
    values = stats.expon.rvs(size=25, random_state=3)
    generator = np.random.default_rng(1)
    means = values[generator.integers(25, size=(200_000, 25))].mean(axis=1)
    bias = stats.norm.ppf((means < values.mean()).mean() + (means == values.mean()).mean() / 2)
    deviations = values.mean() - (values.sum() - values) / 24
    acceleration = (deviations**3).sum() / (6 * (deviations**2).sum() ** 1.5)
    ends = []
    for z in stats.norm.ppf([0.025, 0.975]):
        level = stats.norm.cdf(bias + (bias + z) / (1 - acceleration * (bias + z)))
        ends.append(np.quantile(means, level))
    interval = mean_interval(values)
    assert interval.kind == "BCa"
    # Both are Monte Carlo: 9,999 resamples put the ends within about a hundredth.
    np.testing.assert_allclose([interval.low, interval.high], ends, atol=0.02)


def test_the_interval_of_many_values_is_student_s():
    values = stats.norm.rvs(size=400, random_state=0)
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    interval = mean_interval(values)
    assert interval.low == pytest.approx(expected.low, abs=0.01)
    assert interval.high == pytest.approx(expected.high, abs=0.01)


def test_the_interval_covers_the_mean_about_as_often_as_it_says():
    samples = stats.norm.rvs(loc=2, size=(200, 20), random_state=5)
    covered = sum(of.low <= 2 <= of.high for of in map(mean_interval, samples))
    # At n = 20 BCa covers about 0.93; 200 samples tell it from 0.85.
    assert stats.binomtest(covered, 200, 0.93).pvalue > 0.001


def test_where_there_is_no_interval_it_says_why():
    for values, kind in (
        ([0.3] * 20, "all 20 seeds agree: no interval"),
        ([0.3], "n = 1: no interval"),
        ([0.3, 0.4, 0.5], "n = 3: too few for an interval"),
        ([], "n = 0: no interval"),
        ([np.nan, 0.3], "n = 1: no interval"),
    ):
        interval = mean_interval(np.array(values, dtype=float))
        assert interval.kind == kind
        assert np.isnan([interval.low, interval.high]).all()


def test_a_spread_within_rounding_is_no_spread():
    values = 0.3 * (1 + 1e-8 * np.random.default_rng(0).normal(size=20))
    assert mean_interval(values).kind == "all 20 seeds agree: no interval"
    same = np.tile(np.random.default_rng(1).normal(size=8), (20, 1))
    found = spearman(same * np.linspace(1, 2, 20)[:, None], same)
    assert mean_interval(found).kind == "all 20 seeds agree: no interval"


def test_seeds_that_are_all_the_same_are_one_observation():
    scores = np.tile([0.1, 0.7, 0.2], (20, 1)) * (1 + 1e-8)
    found = first_in(scores, 1)
    assert (found.met, found.seeds) == (1, 1)
    assert np.isnan(found.interval.low)
    assert first_in(scores + np.linspace(0, 0.01, 20)[:, None], 1).seeds == 20


def test_where_bca_is_undefined_it_falls_back_to_percentiles(monkeypatch):
    called = []
    genuine = stats.bootstrap

    def undefined(*arguments, method, **options):
        called.append(method)
        result = genuine(*arguments, method="percentile", **options)
        if method == "BCa":
            result.confidence_interval = type(result.confidence_interval)(np.nan, np.nan)
        return result

    monkeypatch.setattr(stats, "bootstrap", undefined)
    interval = mean_interval(np.arange(10.0))
    assert interval.kind == "percentile"
    assert called == ["BCa", "percentile"]
    assert 0 < interval.low < 4.5 < interval.high < 9


# -- agreement -------------------------------------------------------------------------------


@given(scores, scores)
def test_spearman_is_scipy_s(first, second):
    for found, one, two in zip(spearman(first, second), first, second, strict=True):
        if np.ptp(one) == 0 or np.ptp(two) == 0:
            assert np.isnan(found)
        else:
            assert found == pytest.approx(stats.spearmanr(one, two).statistic, abs=1e-12)


def test_spearman_of_a_diverged_seed_is_undefined_and_the_others_stand():
    first = np.array([[1.0, 2.0, 3.0], [np.nan, 2.0, 3.0]])
    second = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    found = spearman(first, second)
    assert found[0] == pytest.approx(1)
    assert np.isnan(found[1])


@pytest.mark.parametrize("items", [2, 4, 6])
def test_the_null_deviation_is_that_of_all_orders(items):
    base = np.arange(items)
    every = np.array([stats.spearmanr(base, order).statistic for order in permutations(base)])
    assert null_deviation(items) == pytest.approx(every.std(), abs=1e-12)


def test_the_null_deviation_of_8_features():
    assert null_deviation(8) == pytest.approx(0.38, abs=0.003)
