"""Intervals against scipy, statsmodels, published examples, enumeration and simulation."""

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from study.statistics.bootstrap import Bootstrap
from study.statistics.intervals import (
    FEWEST,
    Interval,
    clopper_pearson,
    independent_difference,
    jackknife_t,
    mean_difference_intervals,
    mean_intervals,
    paired_difference,
    wilson,
)

moderate = settings(deadline=None, max_examples=60)


def bounds(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


# -- one proportion --------------------------------------------------------------------------


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
    assert bounds(interval) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # The same table, method 5.
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0.0000, 0.1684),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_clopper_pearson_by_published_examples(successes, trials, low, high):
    interval = clopper_pearson(successes, trials)
    assert interval.kind == "Clopper–Pearson"
    assert bounds(interval) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("trials", [1, 2, 7, 20, 53])
def test_wilson_is_that_of_statsmodels(trials):
    for successes in range(trials + 1):
        expected = proportion_confint(successes, trials, method="wilson")
        assert bounds(wilson(successes, trials)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("trials", [1, 2, 7, 20, 53])
def test_clopper_pearson_is_made_of_quantiles_of_beta_distributions(trials):
    for k in range(trials + 1):
        low = stats.beta.ppf(0.025, k, trials - k + 1) if k else 0.0
        high = stats.beta.ppf(0.975, k + 1, trials - k) if k < trials else 1.0
        assert bounds(clopper_pearson(k, trials)) == pytest.approx((low, high), abs=1e-9)


def test_clopper_pearson_covers_every_proportion_at_least_as_often_as_it_says():
    found = np.array([bounds(clopper_pearson(k, 20)) for k in range(21)])
    for true in np.linspace(0.01, 0.99, 99):
        covering = np.flatnonzero((found[:, 0] <= true) & (true <= found[:, 1]))
        assert stats.binom.pmf(covering, 20, true).sum() >= 0.95


def test_wilson_covers_proportions_about_as_often_as_it_says_on_average():
    found = np.array([bounds(wilson(k, 20)) for k in range(21)])
    grid = np.linspace(0.005, 0.995, 199)
    covered = [
        stats.binom.pmf(
            np.flatnonzero((found[:, 0] <= true) & (true <= found[:, 1])), 20, true
        ).sum()
        for true in grid
    ]
    # Agresti and Coull, American Statistician 52 (1998): a mean of about 0.95, and never
    # far below 0.83 near the ends.
    assert np.mean(covered) == pytest.approx(0.95, abs=0.006)
    assert min(covered) > 0.83


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
def test_seeds_that_do_not_meet_it_have_the_mirrored_interval(interval):
    for k in range(21):
        low, high = bounds(interval(k, 20))
        assert bounds(interval(20 - k, 20)) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
def test_no_seeds_have_no_proportion(interval):
    found = interval(0, 0)
    assert found.kind == "no seeds"
    assert np.isnan(bounds(found)).all()


# -- a difference of paired proportions ------------------------------------------------------


def pairs(both: int, first: int, second: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes of seeds in two conditions, from how many met both, the first alone, ..."""
    return (
        np.repeat([True, True, False, False], [both, first, second, neither]),
        np.repeat([True, False, True, False], [both, first, second, neither]),
    )


@pytest.mark.parametrize(
    ("table", "low", "high", "digits"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), 2635-2650, table II, method 10.
        ((36, 12, 2, 0), 0.0569, 0.3404, 4),
        # Fagerland, Lydersen and Laake, Statistical Analysis of Contingency Tables (2017),
        # chapter 8: Cavo et al. (2012) and Bentur et al. (2009).
        ((59, 6, 16, 80), -0.1186, -0.0046, 4),
        ((1, 1, 7, 12), -0.507, -0.026, 3),
    ],
)
def test_newcombe_s_paired_interval_by_published_examples(table, low, high, digits):
    interval = paired_difference(*pairs(*table))
    assert interval.kind == "Newcombe"
    assert bounds(interval) == pytest.approx((low, high), abs=0.5 * 10**-digits)


tables = st.tuples(*[st.integers(0, 12)] * 4).filter(sum)


@moderate
@given(tables)
def test_exchanging_the_conditions_mirrors_the_paired_interval(table):
    first, second = pairs(*table)
    low, high = bounds(paired_difference(first, second))
    assert bounds(paired_difference(second, first)) == pytest.approx((-high, -low), abs=1e-12)


@moderate
@given(tables)
def test_counting_the_seeds_that_fail_mirrors_the_paired_interval(table):
    first, second = pairs(*table)
    low, high = bounds(paired_difference(first, second))
    assert bounds(paired_difference(~first, ~second)) == pytest.approx((-high, -low), abs=1e-12)


@moderate
@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_the_seeds_does_not_matter_to_the_paired_interval(table, random):
    first, second = pairs(*table)
    order = list(range(len(first)))
    random.shuffle(order)
    assert bounds(paired_difference(first, second)) == bounds(
        paired_difference(first[order], second[order])
    )


@moderate
@given(tables)
def test_the_paired_interval_holds_the_difference_and_stays_within_bounds(table):
    first, second = pairs(*table)
    low, high = bounds(paired_difference(first, second))
    assert -1 <= low <= first.mean() - second.mean() + 1e-12
    assert first.mean() - second.mean() - 1e-12 <= high <= 1


@pytest.mark.parametrize("table", [(6, 6, 4, 4), (0, 8, 0, 12), (5, 0, 15, 0), (20, 0, 0, 0)])
def test_uncorrelated_pairs_have_the_interval_of_independent_proportions(table):
    """Newcombe's method 10 without correlation: squares of the Wilson distances add up."""
    first, second = pairs(*table)
    p, q = first.mean(), second.mean()
    p_low, p_high = proportion_confint(first.sum(), 20, method="wilson")
    q_low, q_high = proportion_confint(second.sum(), 20, method="wilson")
    expected = (
        p - q - np.hypot(p - p_low, q_high - q),
        p - q + np.hypot(p_high - p, q - q_low),
    )
    assert bounds(paired_difference(first, second)) == pytest.approx(expected, abs=1e-12)


def test_a_weak_positive_correlation_is_taken_for_none():
    """The correction for continuity: a cross product of at most half the seeds counts as 0."""
    # 6 × 6 - 6 × 4 = 12 > 22 / 2, but 6 × 5 - 6 × 4 = 6 < 21 / 2.
    first, second = pairs(6, 6, 4, 5)
    p, q = 12 / 21, 10 / 21
    low = (
        p
        - q
        - np.hypot(
            p - proportion_confint(12, 21, method="wilson")[0],
            proportion_confint(10, 21, method="wilson")[1] - q,
        )
    )
    assert paired_difference(first, second).low == pytest.approx(low, abs=1e-12)
    first, second = pairs(6, 6, 4, 6)
    p, q = 12 / 22, 10 / 22
    independent = (
        p
        - q
        - np.hypot(
            p - proportion_confint(12, 22, method="wilson")[0],
            proportion_confint(10, 22, method="wilson")[1] - q,
        )
    )
    assert paired_difference(first, second).low > independent + 1e-4


def test_every_seed_against_none_leaves_no_doubt_about_the_sign():
    interval = paired_difference(np.ones(20, dtype=bool), np.zeros(20, dtype=bool))
    # Either Wilson interval reaches z² / (20 + z²), and there is no correlation.
    reach = np.sqrt(2) * (1 - 1 / (1 + stats.norm.ppf(0.975) ** 2 / 20))
    assert bounds(interval) == pytest.approx((1 - reach, 1.0), abs=1e-12)


def test_no_seeds_have_no_difference():
    none = np.zeros(0, dtype=bool)
    assert paired_difference(none, none).kind == "no seeds"


@lru_cache
def every_table(seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """All outcomes of so many pairs, (tables, 4), and their intervals, (tables, 2)."""
    counts = np.array(
        [
            (both, first, second, seeds - both - first - second)
            for both in range(seeds + 1)
            for first in range(seeds + 1 - both)
            for second in range(seeds + 1 - both - first)
        ]
    )
    return counts, np.array([bounds(paired_difference(*pairs(*table))) for table in counts])


@pytest.mark.parametrize(
    "chances",
    [
        (0.25, 0.25, 0.25, 0.25),
        (0.4, 0.1, 0.1, 0.4),
        (0.1, 0.4, 0.1, 0.4),
        (0.6, 0.35, 0.02, 0.03),
        (0.1, 0.1, 0.1, 0.7),
    ],
)
def test_the_paired_interval_covers_about_as_often_as_it_says(chances):
    """Exact, over all 816 outcomes of 15 pairs.

    Newcombe's simulations put the mean of method 10 a little above 0.95.
    """
    counts, found = every_table(15)
    chance = stats.multinomial.pmf(counts, 15, chances)
    true = chances[1] - chances[2]
    covered = chance[(found[:, 0] <= true) & (true <= found[:, 1])].sum()
    assert 0.935 <= covered <= 0.99


# -- a difference of independent proportions -------------------------------------------------


def outcomes(met: int, seeds: int) -> np.ndarray:
    return np.arange(seeds) < met


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), 873-890, table II, method 10.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombe_s_hybrid_score_interval_by_published_examples(first, second, low, high):
    interval = independent_difference(outcomes(*first), outcomes(*second))
    assert interval.kind == "Newcombe"
    assert bounds(interval) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("seeds", "others"), [(1, 1), (3, 8), (20, 20), (20, 50)])
def test_the_interval_of_independent_proportions_is_that_of_statsmodels(seeds, others):
    for met in range(seeds + 1):
        for other in range(others + 1):
            expected = confint_proportions_2indep(
                met, seeds, other, others, method="newcomb", compare="diff"
            )
            found = independent_difference(outcomes(met, seeds), outcomes(other, others))
            assert bounds(found) == pytest.approx(expected, abs=1e-12)


def test_no_seeds_in_either_sample_have_no_difference():
    some, none = outcomes(3, 5), outcomes(0, 0)
    assert independent_difference(some, none).kind == "no seeds"
    assert independent_difference(none, some).kind == "no seeds"


# -- a mean: BCa -----------------------------------------------------------------------------


def mean_interval(values) -> Interval:
    """The interval of the mean of one quantity."""
    return mean_intervals(np.asarray(values, dtype=float)[:, None])[0]


def widened(seeds: int) -> float:
    """The tail of Hesterberg's expanded percentile interval (2015), for 0.025."""
    return float(stats.norm.cdf(np.sqrt(seeds / (seeds - 1)) * stats.t.ppf(0.025, seeds - 1)))


@pytest.mark.parametrize(("seeds", "tail"), [(5, 0.0010), (10, 0.0086), (20, 0.0159)])
def test_the_tails_are_those_of_hesterberg_s_table(seeds, tail):
    assert widened(seeds) == pytest.approx(tail, abs=5e-5)


def of_scipy(values: np.ndarray, method: str = "BCa") -> tuple[float, float]:
    found = stats.bootstrap(
        (values,),
        np.mean,
        confidence_level=1 - 2 * widened(len(values)),
        n_resamples=9999,
        axis=-1,
        method=method,
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(found.low), float(found.high)


def samples(seeds: int) -> np.ndarray:
    """Columns of several shapes: symmetrical, skewed, proportions, large, small, correlated."""
    generator = np.random.default_rng(seeds)
    normal = generator.normal(size=seeds)
    return np.stack(
        [
            normal,
            generator.exponential(size=seeds) - 5,
            generator.beta(8, 1, size=seeds),
            generator.lognormal(sigma=2, size=seeds),
            1e9 + 1e5 * generator.normal(size=seeds),
            1e-9 * generator.normal(size=seeds),
            normal + 0.1 * generator.normal(size=seeds),
        ],
        axis=1,
    )


@pytest.mark.parametrize("seeds", [16, 20, 37])
def test_every_mean_has_the_bca_interval_of_scipy(seeds):
    table = samples(seeds)
    for interval, column in zip(mean_intervals(table), table.T, strict=True):
        assert interval.kind == "BCa"
        assert bounds(interval) == pytest.approx(of_scipy(column), rel=1e-9)


@pytest.mark.parametrize("met", [1, 3, 10, 19])
def test_a_column_with_many_ties_has_the_bca_interval_of_scipy_too(met):
    """Of zeros and ones, whose sums are exact, resamples as great as the mean are many."""
    column = np.zeros(20)
    column[np.random.default_rng(met).permutation(20)[:met]] = 1
    assert bounds(mean_interval(column)) == pytest.approx(of_scipy(column), rel=1e-9)


def test_the_fewest_seeds_have_the_bca_interval_of_scipy():
    column = np.array([3.0, -1, 4, 1, -5, 9, 2, 6, -5, 3])
    assert len(column) == FEWEST
    assert bounds(mean_interval(column)) == pytest.approx(of_scipy(column), rel=1e-9)


def test_bca_by_its_own_formula():
    """Efron (1987), from a bootstrap distribution of our own drawing."""
    values = stats.expon.rvs(size=25, random_state=3)
    generator = np.random.default_rng(1)
    means = values[generator.integers(25, size=(200_000, 25))].mean(axis=1)
    bias = stats.norm.ppf((means < values.mean()).mean() + (means == values.mean()).mean() / 2)
    deviations = values.mean() - (values.sum() - values) / 24
    acceleration = (deviations**3).sum() / (6 * (deviations**2).sum() ** 1.5)
    ends = []
    for z in stats.norm.ppf([widened(25), 1 - widened(25)]):
        level = stats.norm.cdf(bias + (bias + z) / (1 - acceleration * (bias + z)))
        ends.append(np.quantile(means, level))
    # Both are Monte Carlo: so far out, 9,999 resamples put the ends within about 0.015.
    np.testing.assert_allclose(bounds(mean_interval(values)), ends, atol=0.03)


def test_seeds_without_a_number_are_left_out_of_that_column_alone():
    table = samples(20)
    table[[3, 11], 1] = np.nan
    table[[3, 11], 2] = np.nan
    table[0, 3] = np.inf
    table[5:, 5] = np.nan
    found = mean_intervals(table)
    for column in (0, 1, 2, 3, 4, 6):
        values = table[np.isfinite(table[:, column]), column]
        assert bounds(found[column]) == pytest.approx(of_scipy(values), rel=1e-9)
    assert found[5].kind == "n = 5: too few for an interval"


def test_quantities_of_the_same_seeds_are_resampled_together():
    """Draws that differed from column to column would not give this difference its bounds."""
    table = samples(20)[:, [0, 6]]
    # The difference in a column of its own, beside many others and in any order.
    wide = np.concatenate([table, samples(20), (table[:, 0] - table[:, 1])[:, None]], axis=1)
    expected = of_scipy(table[:, 0] - table[:, 1])
    assert bounds(mean_intervals(wide)[-1]) == pytest.approx(expected, rel=1e-9)
    order = np.random.default_rng(0).permutation(wide.shape[1])
    plain = mean_intervals(wide)
    shuffled = mean_intervals(wide[:, order])
    assert [bounds(plain[index]) for index in order] == [
        pytest.approx(bounds(interval), rel=1e-12) for interval in shuffled
    ]


def test_the_interval_of_one_quantity_is_that_of_a_table_of_one():
    table = samples(20)
    for interval, column in zip(mean_intervals(table), table.T, strict=True):
        alone = mean_interval(column)
        assert alone.kind == interval.kind
        assert bounds(alone) == pytest.approx(bounds(interval), rel=1e-12)


def test_units_and_signs_of_the_numbers_carry_over_to_the_interval():
    table = samples(20)
    plain = np.array([bounds(interval) for interval in mean_intervals(table)])
    eightfold = np.array([bounds(interval) for interval in mean_intervals(8 * table)])
    mirrored = np.array([bounds(interval) for interval in mean_intervals(-table)])
    np.testing.assert_allclose(eightfold, 8 * plain, rtol=1e-9)
    np.testing.assert_allclose(mirrored, -plain[:, ::-1], rtol=1e-9)


def test_the_interval_of_many_values_is_student_s():
    values = stats.norm.rvs(size=400, random_state=0)
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    assert bounds(mean_interval(values)) == pytest.approx(tuple(expected), abs=0.01)


def test_the_interval_covers_the_mean_of_normal_numbers_as_often_as_it_says():
    """Its width is Student's there; a bootstrap that is not widened covers 0.929 at n = 20."""
    table = stats.norm.rvs(loc=2, size=(20, 2500), random_state=5)
    covered = sum(of.low <= 2 <= of.high for of in mean_intervals(table))
    assert stats.binomtest(covered, 2500, 0.95).pvalue > 0.001
    assert stats.binomtest(covered, 2500, 0.929).pvalue < 0.01


def test_the_same_values_have_the_same_interval_every_time():
    values = stats.norm.rvs(size=20, random_state=0)
    assert mean_interval(values) == mean_interval(values)


def test_where_bca_is_undefined_it_falls_back_to_percentiles_for_that_quantity_alone(monkeypatch):
    table = samples(20)[:, :3]
    genuine = Bootstrap.bca

    def partly_undefined(self, confidence):
        low, high = genuine(self, confidence)
        return np.where(np.arange(3) == 1, np.nan, low), high

    monkeypatch.setattr(Bootstrap, "bca", partly_undefined)
    found = mean_intervals(table)
    assert [interval.kind for interval in found] == ["BCa", "percentile", "BCa"]
    assert bounds(found[0]) == pytest.approx(of_scipy(table[:, 0]), rel=1e-9)
    assert bounds(found[1]) == pytest.approx(of_scipy(table[:, 1], "percentile"), rel=1e-9)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.3] * 20, "all 20 seeds agree: no interval"),
        ([0.3] * 3, "all 3 seeds agree: no interval"),
        ([0.0] * 20, "all 20 seeds agree: no interval"),
        ([0.3], "n = 1: no interval"),
        ([0.3, 0.4, 0.5], "n = 3: too few for an interval"),
        (list(range(9)), "n = 9: too few for an interval"),
        ([], "n = 0: no interval"),
        ([np.nan, 0.3], "n = 1: no interval"),
        ([np.nan, np.inf], "n = 0: no interval"),
        ([np.nan] + [0.3] * 4, "all 4 seeds agree: no interval"),
    ],
)
def test_where_there_is_no_interval_it_says_why(values, kind):
    interval = mean_interval(np.array(values, dtype=float))
    assert interval.kind == kind
    assert np.isnan(bounds(interval)).all()


def test_no_quantities_have_no_intervals():
    assert mean_intervals(np.zeros((20, 0))) == []


def test_a_spread_within_single_precision_is_no_spread():
    deviations = np.random.default_rng(0).normal(size=20)
    assert mean_interval(0.3 * (1 + 1e-8 * deviations)).kind == "all 20 seeds agree: no interval"
    assert mean_interval(0.3 * (1 + 1e-5 * deviations)).kind == "BCa"


# -- a difference of two means: BCa -----------------------------------------------------------


@pytest.mark.parametrize(("seeds", "others"), [(10, 10), (20, 13), (12, 50)])
def test_differences_of_means_are_resampled_as_scipy_does(seeds, others):
    first, second = samples(seeds), samples(others)[:, ::-1]
    found = mean_difference_intervals(first, second)
    for place, interval in enumerate(found):
        # The tails of the smaller sample.
        expected = stats.bootstrap(
            (first[:, place], second[:, place]),
            lambda one, other, axis: one.mean(axis=axis) - other.mean(axis=axis),
            confidence_level=1 - 2 * widened(min(seeds, others)),
            n_resamples=9999,
            method="BCa",
            rng=np.random.default_rng(0),
        ).confidence_interval
        assert interval.kind == "BCa"
        assert bounds(interval) == pytest.approx((expected.low, expected.high), rel=1e-6)


def test_seeds_without_a_number_are_left_out_of_a_difference_of_means():
    first, second = samples(20), samples(30)
    first[3, 1], second[:5, 1], second[7, 2] = np.nan, np.nan, np.inf
    found = mean_difference_intervals(first, second)
    alone = [
        mean_difference_intervals(
            first[np.isfinite(first[:, place])][:, [place]],
            second[np.isfinite(second[:, place])][:, [place]],
        )[0]
        for place in range(first.shape[1])
    ]
    for one, other in zip(found, alone, strict=True):
        assert bounds(one) == pytest.approx(bounds(other), rel=1e-9)


def test_a_sample_that_does_not_vary_leaves_the_interval_of_the_other_s_mean():
    """Resampling a constant adds nothing: the interval is moved, and no more."""
    values = np.random.default_rng(8).beta(8, 1, size=20)
    (found,) = mean_difference_intervals(values[:, None], np.full((20, 1), 0.25))
    (mean,) = mean_intervals(values[:, None])
    # The draws differ, as there are two samples.
    assert bounds(found) == pytest.approx((mean.low - 0.25, mean.high - 0.25), abs=0.004)


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ([0.3], [0.4] * 20, "n = 1 and 20: no interval"),
        ([], [0.4] * 20, "n = 0 and 20: no interval"),
        ([0.3] * 20, [0.4] * 12, "n = 20 and 12, none of which differ: no interval"),
        (list(range(9)), list(range(20)), "n = 9 and 20: too few for an interval"),
        ([np.nan, *range(9)], list(range(20)), "n = 9 and 20: too few for an interval"),
    ],
)
def test_where_a_difference_of_means_has_no_interval(first, second, kind):
    arrays = [np.array(values, dtype=float)[:, None] for values in (first, second)]
    (found,) = mean_difference_intervals(*arrays)
    assert found.kind == kind
    assert np.isnan(bounds(found)).all()


@pytest.mark.parametrize(("seeds", "others"), [(20, 20), (20, 60)])
def test_intervals_of_differences_of_skewed_means_hold_the_truth(seeds, others):
    generator = np.random.default_rng(21)
    first = generator.beta(8, 1, size=(seeds, 1000))
    second = generator.beta(3, 1, size=(others, 1000))
    found = np.array([bounds(one) for one in mean_difference_intervals(first, second)])
    truth = 8 / 9 - 3 / 4
    coverage = ((found[:, 0] <= truth) & (truth <= found[:, 1])).mean()
    assert 0.925 <= coverage <= 0.98


# -- jackknife -------------------------------------------------------------------------------


def left_out_means(values: np.ndarray) -> np.ndarray:
    return np.array([np.delete(values, index).mean() for index in range(len(values))])


@pytest.mark.parametrize("seeds", [10, 11, 20, 200])
def test_the_jackknife_of_a_mean_is_student_s_interval(seeds):
    values = stats.expon.rvs(size=seeds, random_state=seeds)
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    interval = jackknife_t(values.mean(), left_out_means(values), lowest=-np.inf, highest=np.inf)
    assert interval.kind == "jackknife-t"
    assert bounds(interval) == pytest.approx(tuple(expected), rel=1e-9)


def test_the_jackknife_of_a_smooth_function_nears_the_delta_method():
    """The logarithm of a mean: its standard error is about sd / (mean √n)."""
    values = stats.gamma.rvs(20, size=2000, random_state=0)
    interval = jackknife_t(
        np.log(values.mean()), np.log(left_out_means(values)), lowest=-np.inf, highest=np.inf
    )
    error = values.std(ddof=1) / values.mean() / np.sqrt(2000)
    expected = np.log(values.mean()) + np.array([-1, 1]) * stats.t.ppf(0.975, 1999) * error
    assert bounds(interval) == pytest.approx(tuple(expected), abs=0.01 * error)


def test_the_jackknife_interval_is_cut_at_its_bounds():
    values = np.linspace(-1, 1, 10)
    assert bounds(jackknife_t(0.9, 0.9 + 5 * left_out_means(values)))[1] == 1.0
    assert bounds(jackknife_t(-0.9, 5 * left_out_means(values)))[0] == -1.0
    assert bounds(jackknife_t(0.1, 5 * left_out_means(values), lowest=0.0, highest=0.2)) == (
        0.0,
        0.2,
    )


def test_the_jackknife_of_a_correlation_is_that_of_its_z_where_there_are_many_seeds():
    """Jackknifed on the z scale, without the delta method, and turned back."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=500)
    y = x + generator.normal(size=500)

    def correlation(keep: np.ndarray) -> float:
        return float(stats.pearsonr(x[keep], y[keep]).statistic)

    places = np.arange(500)
    estimate = correlation(places)
    left_out = np.array([correlation(np.delete(places, place)) for place in places])
    error = np.sqrt(499 * np.var(np.arctanh(left_out)))
    expected = np.tanh(np.arctanh(estimate) + np.array([-1, 1]) * stats.t.ppf(0.975, 499) * error)
    interval = jackknife_t(estimate, left_out, correlation=True)
    assert bounds(interval) == pytest.approx(tuple(expected), abs=5e-4)
    # And not that of the plain scale, which is symmetrical.
    assert interval.high - estimate < 0.97 * (estimate - interval.low)


@pytest.mark.parametrize(
    ("estimate", "left_out", "kind"),
    [
        (0.5, [0.4, 0.6], "n = 2: no interval"),
        (0.5, [], "n = 0: no interval"),
        (0.5, [0.4, 0.5, 0.6], "n = 3: too few for an interval"),
        (0.5, list(np.linspace(0.4, 0.6, 9)), "n = 9: too few for an interval"),
        (np.nan, [0.4, 0.5, 0.6], "n = 3: no interval"),
        (0.5, [0.4, np.nan, 0.6], "n = 3: no interval"),
    ],
)
def test_where_there_is_no_jackknife_interval_it_says_why(estimate, left_out, kind):
    interval = jackknife_t(estimate, np.array(left_out, dtype=float))
    assert interval.kind == kind
    assert np.isnan(bounds(interval)).all()


@pytest.mark.parametrize("estimate", [1.0, 0.5, 0.0])
def test_an_estimate_that_no_seed_moves_has_no_jackknife_interval(estimate):
    interval = jackknife_t(estimate, np.full(20, estimate))
    assert np.isnan(bounds(interval)).all()
    assert interval.kind.endswith("no interval")
