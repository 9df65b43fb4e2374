"""Agreement against scipy, Python's sets, full enumeration, worked examples and simulation."""

import math
from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from study.statistics.agreement import (
    KENDALL,
    MEASURES,
    RELABELLINGS,
    SIGN,
    SPEARMAN,
    TOP,
    between_seeds,
    concordance,
    coordinates,
    measures_of,
    null_between_seeds,
    null_deviation,
    null_within_seeds,
    within_seeds,
)

moderate = settings(deadline=None, max_examples=60)
# Whole numbers: ties are frequent, and monotone transforms are exact.
whole = st.integers(-3, 3).map(float)


def tables(seeds: st.SearchStrategy[int], items: st.SearchStrategy[int]) -> st.SearchStrategy:
    return hnp.arrays(np.float64, st.tuples(seeds, items), elements=whole)


def agreement(measure: str, one: np.ndarray, two: np.ndarray) -> float:
    """Agreement of two vectors by scipy and by sets; NaN where there is none."""
    one, two = [float(score) for score in one], [float(score) for score in two]
    if not all(map(math.isfinite, one + two)):
        return math.nan
    if measure == SIGN:
        both = [a > 0 and b > 0 for a, b in zip(one, two, strict=True)]
        neither = [a < 0 and b < 0 for a, b in zip(one, two, strict=True)]
        return (sum(both) + sum(neither)) / len(one)
    if measure in TOP:
        k, sets = TOP[measure], []
        for vector in (one, two):
            edge = sorted(vector, reverse=True)[k - 1]
            chosen = {item for item, score in enumerate(vector) if score >= edge}
            if len(chosen) != k:
                return math.nan
            sets.append(chosen)
        return len(sets[0] & sets[1]) / k
    if len(set(one)) == 1 or len(set(two)) == 1:
        return math.nan
    correlation = stats.spearmanr if measure == SPEARMAN else stats.kendalltau
    return float(correlation(one, two).statistic)


def mean_agreement(measure: str, first: np.ndarray, second: np.ndarray) -> float:
    found = [agreement(measure, one, two) for one, two in zip(first, second, strict=True)]
    return float(np.nanmean(found))


# -- one pair of vectors ---------------------------------------------------------------------


@pytest.mark.parametrize("measure", MEASURES)
@moderate
@given(data=st.data())
def test_agreement_is_that_of_scipy_and_of_sets(measure, data):
    shape = (3, data.draw(st.integers(4, 6)))
    first, second = (data.draw(hnp.arrays(float, shape, elements=whole)) for _ in range(2))
    found = within_seeds(coordinates(measure, first), coordinates(measure, second))
    expected = [agreement(measure, one, two) for one, two in zip(first, second, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-11)


@pytest.mark.parametrize("measure", MEASURES)
def test_agreement_of_untied_scores_is_that_of_scipy_and_of_sets(measure):
    first, second = np.random.default_rng(0).normal(size=(2, 20, 8))
    found = within_seeds(coordinates(measure, first), coordinates(measure, second))
    assert np.isfinite(found).all()
    expected = [agreement(measure, one, two) for one, two in zip(first, second, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-11)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_diverged_seed_has_no_agreement_and_the_others_stand(measure, bad):
    first = np.array([[1.0, 2, 3, 4], [bad, 2, 3, 4], [1, -2, -3, 4]])
    second = np.array([[1.0, 2, 3, 4]] * 3)
    found = within_seeds(coordinates(measure, first), coordinates(measure, second))
    assert np.isfinite(found[[0, 2]]).all()
    assert np.isnan(found[1])


@pytest.mark.parametrize("measure", [SPEARMAN, KENDALL, *TOP])
def test_scores_that_are_all_equal_have_no_order_to_agree_with(measure):
    assert np.isnan(coordinates(measure, np.ones((2, 5)))).all()


@pytest.mark.parametrize("measure", MEASURES)
def test_seeds_that_agree_alike_have_the_very_same_number(measure):
    """Up to the last digit, so that a spread of zero is seen to be one.

    The same two vectors in every seed, but their items in another order.
    """
    generator = np.random.default_rng(1)
    one, two = generator.normal(size=(2, 8))
    orders = [generator.permutation(8) for _ in range(50)]
    first, second = (np.array([vector[order] for order in orders]) for vector in (one, two))
    found = within_seeds(coordinates(measure, first), coordinates(measure, second))
    assert len(set(found)) == 1


def test_measures_that_say_something_are_those_that_can_differ():
    assert measures_of(8, signed=True) == MEASURES
    assert measures_of(8, signed=False) == (SPEARMAN, KENDALL, "top-1", "top-2", "top-3")
    assert measures_of(3, signed=False) == (SPEARMAN, KENDALL, "top-1", "top-2")
    assert measures_of(2, signed=True) == (SPEARMAN, KENDALL, "top-1", SIGN)


@pytest.mark.parametrize("measure", [SPEARMAN, KENDALL, *TOP])
@moderate
@given(data=st.data())
def test_a_strictly_monotone_transform_of_a_seed_changes_no_rank_measure(measure, data):
    scores = data.draw(tables(st.integers(2, 4), st.integers(4, 6)))
    plain = coordinates(measure, scores)
    for transform in (lambda v: v**3, lambda v: 3.0**v, lambda v: 9 * v - 50):
        np.testing.assert_array_equal(coordinates(measure, transform(scores)), plain)


# -- pairs of seeds --------------------------------------------------------------------------


def pairs_of_seeds(measure: str, scores: np.ndarray) -> float:
    found = [agreement(measure, one, two) for one, two in combinations(scores, 2)]
    return math.fsum(found) / len(found)


def seeds_of(signal: float, seeds: int = 12, items: int = 6, random_state: int = 0) -> np.ndarray:
    """Scores of seeds: a common vector and noise."""
    generator = np.random.default_rng(random_state)
    return signal * generator.normal(size=items) + generator.normal(size=(seeds, items))


@pytest.mark.parametrize(
    ("measure", "scores"),
    [(measure, seeds_of(signal)) for measure in MEASURES for signal in (0.0, 1.0, 3.0)]
    # Ties, and scores of 0 that have no sign; no tops, which ties at the edge would take away.
    + [(measure, np.round(seeds_of(1.0))) for measure in (SPEARMAN, KENDALL, SIGN)],
)
def test_agreement_between_seeds_is_the_mean_over_pairs_with_tukey_s_interval(measure, scores):
    """Naive: every pair by scipy, again without each seed; Student's t of pseudo-values.

    Of correlations about Fisher's z, whose derivative is 1 / (1 - r²).
    """
    estimate = pairs_of_seeds(measure, scores)
    pseudo = [
        12 * estimate - 11 * pairs_of_seeds(measure, np.delete(scores, seed, axis=0))
        for seed in range(12)
    ]
    low, high = stats.ttest_1samp(pseudo, 0).confidence_interval()
    if measure in (SPEARMAN, KENDALL):
        reach = (high - low) / 2 / (1 - estimate**2)
        low, high = np.tanh(np.arctanh(estimate) + np.array([-reach, reach]))
    else:
        low = max(low, 0)
    found = between_seeds(measure, coordinates(measure, scores))
    assert found.seeds == 12
    assert found.mean == pytest.approx(estimate, abs=1e-11)
    assert found.interval.kind == "jackknife-t"
    assert found.interval.low == pytest.approx(max(low, -1), abs=1e-9)
    assert found.interval.high == pytest.approx(min(high, 1), abs=1e-9)


def test_the_interval_between_seeds_is_cut_at_the_lowest_possible():
    # Ten seeds with a top of their own, and two with a common one.
    tops = coordinates("top-1", np.eye(11)[[0, *range(11)]])
    found = between_seeds("top-1", tops)
    assert found.interval.low == 0.0
    # Uncut it would be symmetrical, and reach below 0.
    assert found.interval.high - found.mean > found.mean > 0


@moderate
@given(tables(st.integers(2, 13), st.integers(4, 6)), st.randoms(use_true_random=False))
def test_neither_the_order_of_seeds_nor_that_of_items_changes_their_agreement(scores, random):
    seeds, items = (list(range(size)) for size in scores.shape)
    random.shuffle(seeds)
    random.shuffle(items)
    for measure in MEASURES:
        plain = between_seeds(measure, coordinates(measure, scores))
        other = between_seeds(measure, coordinates(measure, scores[seeds][:, items]))
        assert other.seeds == plain.seeds
        assert other.interval.kind == plain.interval.kind
        np.testing.assert_allclose(
            [other.mean, other.interval.low, other.interval.high],
            [plain.mean, plain.interval.low, plain.interval.high],
            atol=1e-9,
        )


@pytest.mark.parametrize("measure", MEASURES)
def test_seeds_without_numbers_are_left_out_of_the_pairs(measure):
    scores = seeds_of(1.0, seeds=14)
    scores[2, 3], scores[9] = np.nan, np.nan
    found = between_seeds(measure, coordinates(measure, scores))
    assert found == between_seeds(measure, coordinates(measure, np.delete(scores, [2, 9], axis=0)))
    assert found.seeds == 12


def test_few_seeds_and_equal_seeds_have_no_interval_and_say_why():
    scores = seeds_of(1.0)
    for seeds, kind in (
        (0, "n = 0: no interval"),
        (1, "n = 1: no interval"),
        (2, "n = 2: no interval"),
        (3, "n = 3: too few for an interval"),
        (9, "n = 9: too few for an interval"),
    ):
        found = between_seeds(SPEARMAN, coordinates(SPEARMAN, scores[:seeds]))
        assert found.interval.kind == kind
        assert np.isnan(found.interval.low)
        assert np.isnan(found.mean) == (seeds < 2)
    same = between_seeds(SPEARMAN, coordinates(SPEARMAN, np.tile(scores[0], (20, 1))))
    assert same.mean == 1
    assert same.interval.kind == "all 20 seeds agree: no interval"


@pytest.mark.parametrize("measure", [SPEARMAN, KENDALL, "top-1"])
def test_seeds_split_between_two_orders_are_not_said_to_agree(measure):
    """Each seed left out changes the mean alike here, though half of the pairs disagree."""
    scores = np.array([[4.0, 3, 2, 1]] * 10 + [[1.0, 2, 3, 4]] * 10)
    found = between_seeds(measure, coordinates(measure, scores))
    assert found.mean < 0.5
    assert "agree" not in found.interval.kind


@pytest.mark.parametrize("noise", [1.0, 4.0])
def test_the_interval_between_seeds_covers_about_as_often_as_it_says(noise):
    """The truth by 60,000 seeds; the plain bootstrap covers 0.85 to 0.90, which would fail."""
    generator = np.random.default_rng(3)
    true_scores = np.arange(6.0)

    def drawn(seeds: int) -> np.ndarray:
        return coordinates(SPEARMAN, true_scores + noise * generator.normal(size=(seeds, 6)))

    # Halves with no seed in common: the expectation is exact, the error below 0.003.
    one, two = drawn(30_000), drawn(30_000)
    true = float(one.mean(axis=0) @ two.mean(axis=0))
    found = [between_seeds(SPEARMAN, drawn(20)).interval for _ in range(600)]
    covered = sum(interval.low <= true <= interval.high for interval in found)
    assert stats.binomtest(covered, 600, 0.95).pvalue > 0.001


# -- nulls within seeds ----------------------------------------------------------------------


def every_agreement(measure: str, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The mean agreement over seeds under each relabelling of `second`, by scipy and sets."""
    items = first.shape[1]
    if measure == SIGN:
        changes = product([1, -1], repeat=items)
        return np.array([mean_agreement(measure, first, second * change) for change in changes])
    orders = permutations(range(items))
    return np.array([mean_agreement(measure, first, second[:, order]) for order in orders])


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("ties", [False, True])
def test_the_null_within_seeds_is_that_of_every_relabelling(measure, ties):
    generator = np.random.default_rng(5 + ties)
    first = generator.normal(size=(3, 4)) + np.arange(4)
    second = generator.normal(size=(3, 4)) + np.array([0, 1.5, 1, 3])
    if ties:
        # In the middle, so that the tops keep an edge: top-3 has one seed less.
        first[0], second[1] = [9, 4, 4, -1], [-2, -2, 3, 5]
    values = every_agreement(measure, first, second)
    observed = mean_agreement(measure, first, second)
    found = null_within_seeds(measure, coordinates(measure, first), coordinates(measure, second))
    assert found.mean == pytest.approx(values.mean(), abs=1e-9)
    assert found.sd == pytest.approx(values.std(), abs=1e-9)
    assert found.p_value == (values >= observed - 1e-9).mean()
    assert found.kind == ("all 16 changes of sign" if measure == SIGN else "all 24 relabellings")


@pytest.mark.parametrize("measure", MEASURES)
def test_seeds_without_a_number_in_either_method_are_left_out_of_the_null(measure):
    first, second = np.random.default_rng(1).normal(size=(2, 5, 4))
    first[1, 2], second[3, 0] = np.nan, np.nan
    kept = [0, 2, 4]
    assert null_within_seeds(
        measure, coordinates(measure, first), coordinates(measure, second)
    ) == null_within_seeds(
        measure, coordinates(measure, first[kept]), coordinates(measure, second[kept])
    )
    none = null_within_seeds(
        measure, coordinates(measure, first[[1, 3]]), coordinates(measure, second[[1, 3]])
    )
    assert none.kind == "undefined"
    assert np.isnan([none.mean, none.sd, none.p_value]).all()


def test_the_drawn_null_of_8_items_is_near_that_of_all_40320_relabellings():
    """Spearman by its sum of squared differences, for three seeds without ties."""
    generator = np.random.default_rng(8)
    first = np.array([generator.permutation(8) for _ in range(3)])
    second = np.array([generator.permutation(8) for _ in range(3)])
    orders = np.array(list(permutations(range(8))))
    values = np.mean(
        [
            1 - 6 * ((one - two[orders]) ** 2).sum(axis=1) / (8 * 63)
            for one, two in zip(first, second, strict=True)
        ],
        axis=0,
    )
    exact = (values >= values[0] - 1e-9).mean()
    assert 0.02 < exact < 0.98
    found = null_within_seeds(
        SPEARMAN, coordinates(SPEARMAN, first * 1.0), coordinates(SPEARMAN, second * 1.0)
    )
    assert found.kind == "9,999 relabellings drawn"
    error = values.std() / math.sqrt(RELABELLINGS)
    assert found.mean == pytest.approx(values.mean(), abs=4 * error)
    # The error of a deviation is at most that of normal numbers: these have short tails.
    assert found.sd == pytest.approx(values.std(), abs=4 * error / math.sqrt(2))
    assert found.p_value == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 9999))


@pytest.mark.parametrize("items", [8, 12])
def test_the_drawn_null_of_a_constant_order_has_kendall_s_variance(items):
    """2 (2n + 5) / (9 n (n - 1)): Kendall, Biometrika 30 (1938). All seeds have one order."""
    generator = np.random.default_rng(items)
    first = np.tile(generator.normal(size=items), (5, 1))
    second = np.tile(generator.normal(size=items), (5, 1))
    found = null_within_seeds(KENDALL, coordinates(KENDALL, first), coordinates(KENDALL, second))
    deviation = math.sqrt(2 * (2 * items + 5) / (9 * items * (items - 1)))
    assert found.mean == pytest.approx(0, abs=4 * deviation / math.sqrt(RELABELLINGS))
    assert found.sd == pytest.approx(deviation, rel=4 / math.sqrt(2 * RELABELLINGS))
    expected = stats.kendalltau(first[0], second[0], alternative="greater", method="exact").pvalue
    assert found.p_value == pytest.approx(
        expected, abs=4 * math.sqrt(expected * (1 - expected) / RELABELLINGS)
    )


@pytest.mark.parametrize(
    ("items", "kind"), [(13, "all 8,192 changes of sign"), (14, "9,999 changes of sign drawn")]
)
def test_the_null_of_constant_signs_is_binomial(items, kind):
    generator = np.random.default_rng(items)
    one, two = generator.normal(size=(2, items))
    same = int(((one > 0) == (two > 0)).sum())
    found = null_within_seeds(
        SIGN, coordinates(SIGN, np.tile(one, (4, 1))), coordinates(SIGN, np.tile(two, (4, 1)))
    )
    assert found.kind == kind
    expected = stats.binomtest(same, items, alternative="greater").pvalue
    if found.kind.startswith("all"):
        assert found.mean == pytest.approx(0.5, abs=1e-9)
        assert found.sd == pytest.approx(0.5 / math.sqrt(items), abs=1e-9)
        assert found.p_value == pytest.approx(expected, abs=1e-12)
    else:
        assert found.mean == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(items * 9999))
        assert found.sd == pytest.approx(0.5 / math.sqrt(items), rel=4 / math.sqrt(2 * 9999))
        assert found.p_value == pytest.approx(
            expected, abs=4 * math.sqrt(expected * (1 - expected) / 9999)
        )


def test_the_greatest_possible_agreement_has_the_smallest_possible_p_value():
    scores = np.tile(np.arange(12.0), (20, 1))
    same = coordinates(SPEARMAN, scores)
    # Among 9,999 of 479 million orders the one that agrees fully is not met; p is not 0.
    assert null_within_seeds(SPEARMAN, same, same).p_value == 1 / 10_000
    few = coordinates(SPEARMAN, scores[:, :4])
    assert null_within_seeds(SPEARMAN, few, few).p_value == 1 / 24


@pytest.mark.parametrize("measure", [SPEARMAN, KENDALL, "top-2", SIGN])
def test_unrelated_orders_seem_to_agree_no_more_often_than_the_level_says(measure):
    """Each method has an order of its own, nearly the same in all seeds.

    Permuting within each seed alone would call most such pairs significant, either way.
    """
    generator = np.random.default_rng(2)
    p_values = []
    for _ in range(400):
        first, second = (
            generator.normal(size=(1, 6)) + 0.2 * generator.normal(size=(10, 6)) for _ in range(2)
        )
        found = null_within_seeds(
            measure, coordinates(measure, first), coordinates(measure, second)
        )
        p_values.append(found.p_value)
    for level in (0.05, 0.2):
        below = sum(p <= level for p in p_values)
        assert stats.binomtest(below, 400, level, alternative="greater").pvalue > 0.001
    # And not too seldom: p-values of so many relabellings are nearly uniform.
    assert (
        stats.binomtest(sum(p <= 0.5 for p in p_values), 400, 0.25, alternative="greater").pvalue
        < 0.05
    )


# -- nulls between seeds ---------------------------------------------------------------------


def outcomes(measure: str, items: int) -> list[np.ndarray]:
    if measure == SIGN:
        return [np.array(signs) for signs in product([1.0, -1.0], repeat=items)]
    return [np.array(order, dtype=float) for order in permutations(range(items))]


@pytest.mark.parametrize(
    ("measure", "items", "seeds"),
    [(measure, 3, 3) for measure in (SPEARMAN, KENDALL, "top-1", "top-2", SIGN)]
    + [(measure, 4, 2) for measure in MEASURES]
    + [(measure, 2, 4) for measure in (SPEARMAN, KENDALL, "top-1", SIGN)],
)
def test_the_null_between_seeds_is_that_of_every_outcome(measure, items, seeds):
    possible = outcomes(measure, items)
    table = [[agreement(measure, one, two) for two in possible] for one in possible]
    means = [
        np.mean([table[one][two] for one, two in combinations(drawn, 2)])
        for drawn in product(range(len(possible)), repeat=seeds)
    ]
    mean, deviation = null_between_seeds(measure, items, seeds)
    assert mean == pytest.approx(np.mean(means), abs=1e-12)
    assert deviation == pytest.approx(np.std(means), abs=1e-12)


def test_the_null_between_many_seeds_is_that_of_simulated_orders():
    """Spearman by numpy's correlation of drawn orders, 8 items and 20 seeds."""
    generator = np.random.default_rng(0)
    drawn = generator.permuted(np.tile(np.arange(8.0), (3000, 20, 1)), axis=2)
    upper = np.triu_indices(20, 1)
    means = np.array([np.corrcoef(orders)[upper].mean() for orders in drawn])
    mean, deviation = null_between_seeds(SPEARMAN, 8, 20)
    assert means.mean() == pytest.approx(mean, abs=4 * deviation / math.sqrt(3000))
    # A degenerate U-statistic: its tail is longer than the normal, and its deviation less sure.
    assert means.std() == pytest.approx(deviation, rel=0.08)


def test_one_seed_has_no_pairs_and_no_null():
    for measure in MEASURES:
        assert np.isnan(null_between_seeds(measure, 8, 1)).all()


@pytest.mark.parametrize("items", [2, 4, 6])
def test_the_null_deviation_is_that_of_all_orders(items):
    base = np.arange(items)
    every = np.array([stats.spearmanr(base, order).statistic for order in permutations(base)])
    assert null_deviation(items) == pytest.approx(every.std(), abs=1e-12)


def test_the_null_deviation_of_8_features():
    assert null_deviation(8) == pytest.approx(0.38, abs=0.003)


def test_one_item_has_no_order_and_no_null():
    assert np.isnan(null_deviation(1))
    for measure in measures_of(1, signed=False):
        found = between_seeds(measure, coordinates(measure, np.arange(20.0)[:, None]))
        assert found.seeds == 0
        assert np.isnan(null_between_seeds(measure, 1, found.seeds)).all()


# -- Kendall's W -----------------------------------------------------------------------------


def test_w_of_untied_ranks_by_a_published_example():
    """Siegel, Nonparametric Statistics (1956), p. 230: 3 executives rank 6 applicants."""
    orders = np.array([[1, 6, 3, 2, 5, 4], [1, 5, 6, 4, 2, 3], [6, 3, 2, 5, 4, 1]])
    assert concordance(-orders.astype(float)).w == pytest.approx(0.16, abs=0.005)


def test_w_of_tied_ranks_by_a_published_example():
    """Kendall, Rank Correlation Methods (1948), and Siegel (1956), p. 234: 3 rankings of 10."""
    orders = np.array(
        [
            [1, 4.5, 2, 4.5, 3, 7.5, 6, 9, 7.5, 10],
            [2.5, 1, 2.5, 4.5, 4.5, 8, 9, 6.5, 10, 6.5],
            [2, 1, 4.5, 4.5, 4.5, 4.5, 8, 8, 8, 10],
        ]
    )
    assert concordance(-orders).w == pytest.approx(0.828, abs=5e-4)


@moderate
@given(tables(st.integers(2, 8), st.integers(3, 6)))
def test_w_is_friedman_s_statistic_in_proportion(scores):
    assume(any(len(set(vector)) > 1 for vector in scores.tolist()))
    seeds, items = scores.shape
    statistic = stats.friedmanchisquare(*scores.T).statistic
    assert seeds * (items - 1) * concordance(scores).w == pytest.approx(statistic, abs=1e-9)


def test_w_and_the_mean_correlation_of_pairs_say_the_same():
    """Kendall: W = (1 + (m - 1) mean Spearman) / m for m seeds without ties."""
    scores = seeds_of(1.0, seeds=9, items=7)
    mean = pairs_of_seeds(SPEARMAN, scores)
    assert concordance(scores).w == pytest.approx((1 + 8 * mean) / 9, abs=1e-12)


@pytest.mark.parametrize(
    "orders",
    [
        [[1, 2, 3], [1, 2, 3], [1, 3, 2]],
        [[1, 2, 3], [2, 3, 1], [1, 3, 2]],
        [[1, 2, 2], [1, 3, 2], [1, 1, 2]],
        [[1, 2, 3, 4], [1, 2, 4, 3]],
    ],
)
def test_the_p_value_of_w_is_that_of_every_outcome(orders):
    """All orders of each seed's own scores, by scipy's Friedman statistic; 216 or 576."""
    orders = np.array(orders, dtype=float)

    def friedman(drawn) -> float:
        ranked = [stats.rankdata(vector) for vector in drawn]
        return float(np.var(np.sum(ranked, axis=0)))

    observed = friedman(orders)
    values = [friedman(drawn) for drawn in product(*(permutations(order) for order in orders))]
    exact = np.mean(np.array(values) >= observed - 1e-9)
    assert 0.02 < exact < 0.98
    found = concordance(orders)
    assert found.kind == "9,999 orders drawn"
    assert found.p_value == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 9999))


def test_the_p_value_of_w_nears_friedman_s_chi_squared():
    """For 40 seeds of 8 items, where the approximation is good."""
    for signal in (0.0, 0.2, 0.3):
        scores = seeds_of(signal, seeds=40, items=8, random_state=4)
        expected = stats.friedmanchisquare(*scores.T).pvalue
        found = concordance(scores)
        error = math.sqrt(expected * (1 - expected) / 9999)
        assert found.p_value == pytest.approx(expected, abs=4 * error + 0.01)


def test_the_p_value_of_w_is_small_where_seeds_agree_and_never_zero():
    scores = np.tile(np.arange(8.0), (20, 1))
    found = concordance(scores)
    assert found.w == 1
    assert found.p_value == 1 / 10_000


@moderate
@given(tables(st.integers(2, 6), st.integers(3, 5)), st.randoms(use_true_random=False))
def test_w_depends_neither_on_the_order_of_seeds_and_items_nor_on_units(scores, random):
    seeds, items = (list(range(size)) for size in scores.shape)
    random.shuffle(seeds)
    random.shuffle(items)
    plain = concordance(scores).w
    other = concordance(2.0 ** scores[seeds][:, items]).w
    assert other == pytest.approx(plain, abs=1e-12, nan_ok=True)
    assert np.isnan(plain) or -1e-12 <= plain <= 1 + 1e-12


def test_seeds_without_numbers_are_left_out_of_w():
    scores = seeds_of(1.0)
    scores[[1, 4], [0, 2]] = np.nan
    found = concordance(scores)
    assert found == concordance(np.delete(scores, [1, 4], axis=0))
    assert found.seeds == 10


@pytest.mark.parametrize("scores", [np.ones((5, 4)), np.arange(4.0)[None], np.ones((5, 1))])
def test_w_of_nothing_to_agree_on_is_undefined(scores):
    found = concordance(scores)
    assert found.kind == "undefined"
    assert np.isnan([found.w, found.p_value]).all()


def test_more_seeds_and_items_take_fewer_orders_but_never_few():
    scores = np.random.default_rng(0).normal(size=(400, 30))
    found = concordance(scores)
    assert found.kind == "999 orders drawn"
    assert found.p_value >= 1 / 1000
