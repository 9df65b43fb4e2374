"""Stability against scipy, statsmodels, published examples, full enumeration and simulation."""

import math
from itertools import combinations, pairwise, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from statsmodels.stats.inter_rater import fleiss_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from study.statistics.multiplicity import holm
from study.statistics.stability import (
    MOST_FOR_CONSENSUS,
    SPLITS,
    Consensus,
    consensus,
    flips,
    mean_order,
    orders_told_apart,
    rank_frequency,
    rank_intervals,
    set_stability,
    split_half,
    tied_groups,
)

moderate = settings(deadline=None, max_examples=40)
# Whole numbers: ties are frequent, and monotone transforms are exact.
tables = hnp.arrays(
    np.float64,
    st.tuples(st.integers(2, 12), st.integers(3, 5)),
    elements=st.integers(-3, 3).map(float),
)


# -- Holm ------------------------------------------------------------------------------------


@pytest.mark.parametrize("tests", [1, 2, 3, 6, 10])
def test_holm_s_correction_is_that_of_statsmodels(tests):
    generator = np.random.default_rng(tests)
    # Also with equal p-values, and with more that are small than large.
    for p_values in (generator.random(tests) ** 3, generator.integers(0, 4, size=tests) / 20):
        expected = multipletests(p_values, method="holm")[1]
        np.testing.assert_allclose(holm(p_values), expected, rtol=1e-12)


def test_a_missing_p_value_is_no_test_and_stays_missing():
    p_values = np.array([0.01, np.nan, 0.04, 0.03, np.nan])
    found = holm(p_values)
    tested = [0, 2, 3]
    np.testing.assert_allclose(found[tested], multipletests(p_values[tested], method="holm")[1])
    assert np.isnan(found[[1, 4]]).all()
    assert len(holm(np.array([]))) == 0
    assert np.isnan(holm(np.array([np.nan]))).all()


# -- ranks over seeds ------------------------------------------------------------------------


@moderate
@given(tables)
def test_rank_frequencies_are_those_of_all_ways_to_break_ties(scores):
    """Every order that agrees with a seed's scores counts alike."""
    seeds, items = scores.shape
    expected = np.zeros((items, items))
    for vector in scores.tolist():
        orders = [
            order
            for order in permutations(range(items))
            if all(vector[a] >= vector[b] for a, b in pairwise(order))
        ]
        for order in orders:
            for place, item in enumerate(order):
                expected[item, place] += 1 / len(orders) / seeds
    found = rank_frequency(scores)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_allclose(found.sum(axis=0), 1)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_seeds_without_ranks_are_left_out_of_rank_frequencies():
    scores = np.array([[3.0, 2, 1], [np.nan, 1, 2], [2, 3, 1]])
    np.testing.assert_array_equal(rank_frequency(scores), [[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]])
    none = rank_frequency(np.array([[np.nan, 1, 2]]))
    assert none.shape == (3, 3)
    assert np.isnan(none).all()


@moderate
@given(tables)
def test_items_are_listed_by_their_mean_rank_in_scipy_s_ranking(scores):
    mean = np.mean([stats.rankdata(-vector) for vector in scores], axis=0)
    assert mean_order(scores) == sorted(range(len(mean)), key=lambda item: (mean[item], item))


def test_seeds_without_ranks_do_not_move_the_mean_order():
    scores = np.array([[1.0, 2, 3], [1, 3, 2], [1, 2, 3], [9, np.nan, 9]])
    assert mean_order(scores) == [2, 1, 0]


@moderate
@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_the_seeds_changes_nothing_and_relabelling_items_relabels(scores, random):
    seeds, items = (list(range(size)) for size in scores.shape)
    random.shuffle(seeds)
    random.shuffle(items)
    other = 2.0 ** scores[seeds][:, items]
    np.testing.assert_allclose(rank_frequency(other), rank_frequency(scores)[items], atol=1e-12)
    np.testing.assert_array_equal(
        orders_told_apart(other), orders_told_apart(scores)[np.ix_(items, items)]
    )
    plain, moved = flips(scores, items[0], items[1]), flips(other, 0, 1)
    assert (moved.above, moved.below) == (plain.above, plain.below)
    assert moved.rate == pytest.approx(plain.rate, abs=1e-12, nan_ok=True)
    assert moved.interval.kind == plain.interval.kind


# -- flips -----------------------------------------------------------------------------------


def flip_rate(scores: np.ndarray, first: int, second: int) -> float:
    """Naive: of two seeds without a tie, drawn with replacement, whether they are opposed."""
    decided = [vector for vector in scores.tolist() if vector[first] != vector[second]]
    pairs = list(product(decided, repeat=2))
    opposed = sum(
        (one[first] > one[second] and two[first] < two[second])
        or (one[first] < one[second] and two[first] > two[second])
        for one, two in pairs
    )
    return opposed / len(pairs) if pairs else math.nan


def in_orders(above: int, below: int, ties: int = 0) -> np.ndarray:
    """Scores of two items, of which the first is greater in so many seeds.

    No two seeds have the same scores.
    """
    orders = np.repeat([[2.0, 1.0], [1.0, 2.0], [1.0, 1.0]], [above, below, ties], axis=0)
    return orders * np.arange(1, len(orders) + 1)[:, None]


@moderate
@given(tables)
def test_the_flip_rate_is_that_of_any_two_seeds(scores):
    found = flips(scores, 0, 2)
    assert found.rate == pytest.approx(flip_rate(scores, 0, 2), abs=1e-12, nan_ok=True)
    assert found.above == sum(vector[0] > vector[2] for vector in scores.tolist())
    assert found.below == sum(vector[0] < vector[2] for vector in scores.tolist())


@moderate
@given(tables)
def test_which_of_two_items_is_named_first_does_not_change_their_flip_rate(scores):
    one, other = flips(scores, 0, 2), flips(scores, 2, 0)
    assert (other.above, other.below) == (one.below, one.above)
    assert other.rate == pytest.approx(one.rate, abs=1e-12, nan_ok=True)
    assert other.interval.kind == one.interval.kind
    np.testing.assert_allclose(
        [other.interval.low, other.interval.high], [one.interval.low, one.interval.high], atol=1e-12
    )


@pytest.mark.parametrize(
    ("above", "below"), [(20, 0), (17, 3), (13, 7), (10, 10), (9, 11), (1, 19), (12, 6), (3, 0)]
)
def test_the_interval_of_the_flip_rate_holds_the_rates_of_all_proportions_in_wilson_s(above, below):
    """Scanned; the rest of 20 seeds are ties, and do not count."""
    low, high = proportion_confint(above, above + below, method="wilson")
    rates = [2 * p * (1 - p) for p in np.linspace(low, high, 100_001)]
    found = flips(in_orders(above, below, 20 - above - below), 0, 1)
    assert found.interval.kind == "Wilson"
    assert found.interval.low == pytest.approx(min(rates), abs=1e-9)
    assert found.interval.high == pytest.approx(max(rates), abs=1e-9)
    assert found.interval.low <= found.rate <= found.interval.high


@pytest.mark.parametrize("true", [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5])
def test_the_interval_of_the_flip_rate_covers_about_as_often_as_it_says(true):
    """Exact, over all outcomes of 20 seeds without ties.

    At least about as often as Wilson's, which Agresti and Coull found to be near 0.95; more
    often near 1/2, where two proportions have one rate.
    """
    covered = 0.0
    for above in range(21):
        found = flips(in_orders(above, 20 - above), 0, 1).interval
        inside = found.low <= 2 * true * (1 - true) <= found.high
        covered += inside * stats.binom.pmf(above, 20, true)
    assert covered > 0.92


def test_two_items_that_change_places_in_half_of_the_seeds_are_as_unstable_as_can_be():
    """No jackknife can tell: each seed left out changes the rate alike."""
    found = flips(in_orders(10, 10), 0, 1)
    assert found.rate == 0.5
    assert found.interval.low < 0.45
    assert found.interval.high == 0.5


def test_items_without_an_order_have_no_interval_of_their_flip_rate():
    tied = flips(in_orders(0, 0, 20), 0, 1)
    assert (tied.above, tied.below) == (0, 0)
    assert math.isnan(tied.rate)
    assert tied.interval.kind == "always tied: no interval"
    assert np.isnan(tied.interval.low)
    nothing = flips(np.array([[np.nan, 1.0], [1.0, np.nan]]), 0, 1)
    assert (nothing.above, nothing.below) == (0, 0)
    assert math.isnan(nothing.rate)
    assert np.isnan(nothing.interval.low)


def test_seeds_that_are_one_observation_have_no_interval_of_their_flip_rate():
    same = flips(np.tile([2.0, 1.0], (20, 1)), 0, 1)
    assert same.interval.kind == "all 20 seeds identical: no interval"
    assert flips(in_orders(1, 0), 0, 1).interval.kind == "n = 1: no interval"


def test_seeds_without_ranks_do_not_count_in_flips():
    scores = in_orders(12, 5)
    missing = np.concatenate([scores, [[np.nan, 1.0], [np.inf, 2.0]]])
    assert flips(missing, 0, 1) == flips(scores, 0, 1)


# -- stability of sets -----------------------------------------------------------------------

# The example in the code of Nogueira, Sechidis and Brown (2018), github.com/nogueirs/JMLR2018,
# stabilityDemo.
DEMO = [
    "1111000000", "0001011100", "0100011100", "1100101000", "0110110000",
    "0111001000", "1001000011", "0001011100", "0011110000", "0000100111",
]  # fmt: skip


def selections(*rows: str) -> np.ndarray:
    return np.array([[float(mark) for mark in row] for row in rows])


def kappa(selected: np.ndarray) -> float:
    """Fleiss' kappa of seeds that sort items into two sorts, which the measure equals."""
    chosen = selected.sum(axis=0)
    return float(fleiss_kappa(np.stack([chosen, len(selected) - chosen], axis=1)))


def test_stability_of_sets_by_the_authors_example():
    found = set_stability(selections(*DEMO))
    assert found.stability == pytest.approx(-0.037037037037, abs=1e-11)
    reach = 1.959963984540 * math.sqrt(0.00516666666667)
    assert found.asymptotic.kind == "Nogueira"
    assert found.asymptotic.low == pytest.approx(-0.037037037037 - reach, abs=1e-9)
    assert found.asymptotic.high == pytest.approx(-0.037037037037 + reach, abs=1e-9)


def test_the_interval_of_set_stability_is_student_s_of_kappa_s_pseudo_values():
    selected = selections(*DEMO)
    pseudo = [
        10 * kappa(selected) - 9 * kappa(np.delete(selected, seed, axis=0)) for seed in range(10)
    ]
    low, high = stats.ttest_1samp(pseudo, 0).confidence_interval()
    found = set_stability(selected).interval
    assert found.kind == "jackknife-t"
    # No stability of ten sets is less than -1 / 9.
    assert found.low == pytest.approx(max(low, -1 / 9), abs=1e-9)
    assert found.high == pytest.approx(high, abs=1e-9)


def test_three_sets_of_two_that_avoid_one_another_are_as_unstable_as_can_be():
    assert set_stability(selections("110", "011", "101")).stability == pytest.approx(-0.5)


@moderate
@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(2, 12), st.integers(2, 6)),
        elements=st.sampled_from([0.0, 1.0]),
    )
)
def test_stability_of_sets_is_fleiss_kappa(selected):
    found = set_stability(selected)
    if selected.min() == selected.max():
        assert np.isnan(found.stability)
    else:
        assert found.stability == pytest.approx(kappa(selected), abs=1e-12)
        assert found.interval.high <= 1 or np.isnan(found.interval.high)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_stability_of_sets_of_one_size_is_the_mean_of_kuncheva_s_index(k):
    """(r - k² / m) / (k - k² / m) for r items in common (Kuncheva, 2007)."""
    generator = np.random.default_rng(k)
    sets = [set(generator.choice(6, k, replace=False).tolist()) for _ in range(9)]
    chance = k * k / 6
    expected = np.mean([(len(a & b) - chance) / (k - chance) for a, b in combinations(sets, 2)])
    selected = np.array([[float(item in chosen) for item in range(6)] for chosen in sets])
    assert set_stability(selected).stability == pytest.approx(expected, abs=1e-12)


# Chances of items to be chosen, each on its own: sets of several sizes, most of them small.
CHANCES = np.array([0.9, 0.3, 0.2, 0.1, 0.1, 0.05])


def test_the_error_of_set_stability_is_near_the_jackknife_s_for_many_seeds():
    """Two ways to the same asymptotic error: Fleiss' kappa, each of 400 seeds left out."""
    selected = (np.random.default_rng(0).random((400, 6)) < CHANCES).astype(float)
    left_out = [kappa(np.delete(selected, seed, axis=0)) for seed in range(400)]
    error = math.sqrt(399 * np.var(left_out))
    found = set_stability(selected)
    half = (found.asymptotic.high - found.asymptotic.low) / 2
    assert half / stats.norm.ppf(0.975) == pytest.approx(error, rel=0.01)


def test_the_interval_of_set_stability_covers_as_it_says_for_many_seeds():
    """Asymptotic: with the 20 seeds of a study it is too narrow, and covers about 0.9."""
    generator = np.random.default_rng(1)
    mean = CHANCES.mean()
    true = 1 - (CHANCES * (1 - CHANCES)).mean() / (mean * (1 - mean))
    covered = 0
    for _ in range(600):
        found = set_stability((generator.random((200, 6)) < CHANCES).astype(float))
        covered += found.asymptotic.low <= true <= found.asymptotic.high
    assert stats.binomtest(covered, 600, 0.95).pvalue > 0.001


def test_the_jackknife_of_set_stability_covers_as_it_says_with_few_seeds():
    generator = np.random.default_rng(2)
    mean = CHANCES.mean()
    true = 1 - (CHANCES * (1 - CHANCES)).mean() / (mean * (1 - mean))
    covered = 0
    for _ in range(600):
        found = set_stability((generator.random((20, 6)) < CHANCES).astype(float))
        covered += found.interval.low <= true <= found.interval.high
    assert stats.binomtest(covered, 600, 0.95).pvalue > 0.001


def test_seeds_without_a_set_are_left_out_and_few_or_equal_sets_have_no_interval():
    selected = selections(*DEMO)
    missing = np.concatenate([selected, np.full((2, 10), np.nan)])
    assert set_stability(missing) == set_stability(selected)
    assert set_stability(missing).seeds == 10
    assert set_stability(missing[9:]).interval.kind == "n = 1: no interval"
    assert np.isnan(set_stability(missing[9:]).stability)
    same = set_stability(np.tile(selected[0], (20, 1)))
    assert same.stability == 1
    assert same.interval.kind == "all 20 seeds agree: no interval"
    for value in (0.0, 1.0):
        everything = set_stability(np.full((5, 3), value))
        assert np.isnan(everything.stability)
        assert everything.interval.kind == "all items or none: no stability"


@moderate
@given(st.permutations(range(10)), st.permutations(range(10)))
def test_neither_the_order_of_seeds_nor_that_of_items_changes_set_stability(seeds, items):
    plain = set_stability(selections(*DEMO))
    other = set_stability(selections(*DEMO)[seeds][:, items])
    assert other.stability == pytest.approx(plain.stability, abs=1e-12)
    assert other.interval.low == pytest.approx(plain.interval.low, abs=1e-12)
    assert other.interval.high == pytest.approx(plain.interval.high, abs=1e-12)


# -- orders told apart -----------------------------------------------------------------------


def told_apart_naively(scores: np.ndarray) -> np.ndarray:
    """Sign tests by scipy, pair by pair, Holm's correction by statsmodels."""
    items = scores.shape[1]
    pairs, p_values, signs = list(combinations(range(items), 2)), [], []
    for one, two in pairs:
        above = int(sum(scores[:, one] > scores[:, two]))
        below = int(sum(scores[:, one] < scores[:, two]))
        p_values.append(stats.binomtest(above, above + below).pvalue if above + below else 1.0)
        signs.append((above > below) - (above < below))
    rejected = multipletests(p_values, alpha=0.05, method="holm")[0]
    result = np.zeros((items, items), dtype=int)
    for (one, two), sign, told in zip(pairs, signs, rejected, strict=True):
        result[one, two] = sign * told
        result[two, one] = -sign * told
    return result


def test_items_are_told_apart_by_sign_tests_of_scipy_with_holm_of_statsmodels():
    counts = []
    for random_state in range(12):
        generator = np.random.default_rng(random_state)
        scores = np.arange(5) * generator.uniform(0, 2) + generator.normal(size=(20, 5))
        if random_state % 2:
            scores = np.round(scores)  # ties
        found = orders_told_apart(scores)
        np.testing.assert_array_equal(found, told_apart_naively(scores))
        counts.append(np.count_nonzero(found == 1))
    # The examples are neither all told apart nor all not.
    assert min(counts) < 5
    assert max(counts) > 7


def test_two_items_are_told_apart_from_the_least_number_of_seeds_that_suffices():
    """0.05 two-sided: 6 of 6 seeds, not 5 of 5; 15 of 20, not 14 of 20."""
    for above, below, told in ((5, 0, 0), (6, 0, 1), (14, 6, 0), (15, 5, 1), (5, 15, -1)):
        scores = np.repeat([[2.0, 1.0], [1.0, 2.0]], [above, below], axis=0)
        np.testing.assert_array_equal(orders_told_apart(scores), [[0, told], [-told, 0]])


def test_seeds_without_ranks_and_items_always_tied_tell_nothing_apart():
    scores = np.repeat([[2.0, 1.0]], 5, axis=0)
    with_missing = np.concatenate([scores, [[np.nan, 1.0]], [[3.0, np.inf]]])
    assert not orders_told_apart(with_missing).any()
    assert not orders_told_apart(np.ones((20, 3))).any()
    assert not orders_told_apart(np.full((4, 3), np.nan)).any()


def test_items_without_an_order_are_rarely_told_apart_anywhere():
    """With 15 pairs at 0.05 each and no correction, some pair would be in about 0.4 of sets."""
    generator = np.random.default_rng(0)
    wrong = sum(orders_told_apart(generator.normal(size=(20, 6))).any() for _ in range(400))
    assert stats.binomtest(wrong, 400, 0.05, alternative="greater").pvalue > 0.001


def test_rank_intervals_cover_the_true_order_together_as_often_as_they_say():
    """Six items in three steps: neighbours in a step are equal, and either may rank first."""
    generator = np.random.default_rng(1)
    level = np.array([0.0, 0.0, 1.0, 1.0, 3.0, 3.0])
    lowest = np.array([1 + (level > value).sum() for value in level])
    highest = np.array([(level >= value).sum() for value in level])
    wrong = narrowed = 0
    for _ in range(300):
        found = rank_intervals(orders_told_apart(level + generator.normal(size=(20, 6))))
        wrong += bool((found[:, 0] > lowest).any() or (found[:, 1] < highest).any())
        narrowed += bool((found[:, 1] - found[:, 0] < 5).all())
    assert stats.binomtest(wrong, 300, 0.05, alternative="greater").pvalue > 0.001
    # Vacuous intervals would cover as well.
    assert narrowed > 150


def test_rank_intervals_by_hand():
    # 0 above 1 and 2; 1 and 2 above 3; 4 with none.
    told = np.zeros((5, 5), dtype=int)
    for high, low in ((0, 1), (0, 2), (0, 3), (1, 3), (2, 3)):
        told[high, low], told[low, high] = 1, -1
    np.testing.assert_array_equal(rank_intervals(told), [[1, 2], [2, 4], [2, 4], [4, 5], [1, 5]])


@pytest.mark.parametrize("random_state", range(10))
def test_rank_intervals_are_the_ranks_in_all_orders_that_agree(random_state):
    """Of a partial order: that of items which are higher on two scales at once."""
    scales = np.random.default_rng(random_state).integers(0, 4, size=(5, 2))
    told = np.zeros((5, 5), dtype=int)
    for a, b in permutations(range(5), 2):
        if (scales[a] > scales[b]).all():
            told[a, b], told[b, a] = 1, -1
    possible = [
        {item: place for place, item in enumerate(order, 1)}
        for order in permutations(range(5))
        if not any(told[b, a] == 1 for a, b in combinations(order, 2))
    ]
    expected = [
        [min(order[item] for order in possible), max(order[item] for order in possible)]
        for item in range(5)
    ]
    np.testing.assert_array_equal(rank_intervals(told), expected)


@moderate
@given(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5))), st.permutations(range(6)))
def test_tied_groups_are_the_longest_runs_without_a_pair_told_apart(pairs, order):
    told = np.zeros((6, 6), dtype=int)
    for a, b in pairs:
        if a != b:
            told[a, b], told[b, a] = 1, -1
    runs = [
        (start, stop)
        for start, stop in combinations(range(7), 2)
        if not any(told[a, b] for a, b in combinations(order[start:stop], 2))
    ]
    longest = [
        run
        for run in runs
        if not any(run != other and other[0] <= run[0] and run[1] <= other[1] for other in runs)
    ]
    assert tied_groups(told, order) == [list(order[start:stop]) for start, stop in longest]


def test_tied_groups_by_hand():
    # Of the order 2, 0, 1, only 2 and 1 are told apart: two groups share item 0.
    told = np.zeros((3, 3), dtype=int)
    told[2, 1], told[1, 2] = 1, -1
    assert tied_groups(told, [2, 0, 1]) == [[2, 0], [0, 1]]
    assert tied_groups(np.zeros((3, 3), dtype=int), [2, 0, 1]) == [[2, 0, 1]]


# -- consensus -------------------------------------------------------------------------------


def weak_orders(items: int) -> list[tuple[int, ...]]:
    """All orders with ties, as ranks of which tied items share the lowest."""
    found = set()
    for levels in product(range(items), repeat=items):
        found.add(tuple(1 + sum(other < level for other in levels) for level in levels))
    return sorted(found)


def votes_of(*orders: tuple[int, ...]) -> np.ndarray:
    """Votes of judges from their ranks."""
    return np.array([[[(a < b) - (a > b) for b in order] for a in order] for order in orders])


def distance(votes: np.ndarray, order: tuple[int, ...]) -> int:
    """Kemeny and Snell's, naively, over all judges."""
    total = 0
    for judge in votes.tolist():
        for a, b in combinations(range(len(order)), 2):
            total += abs(judge[a][b] - ((order[a] < order[b]) - (order[a] > order[b])))
    return total


def best_naively(votes: np.ndarray, orders: list[tuple[int, ...]]) -> tuple[int, list]:
    costs = [distance(votes, order) for order in orders]
    return min(costs), [o for o, cost in zip(orders, costs, strict=True) if cost == min(costs)]


def is_right(found: Consensus, votes: np.ndarray, orders: list[tuple[int, ...]]) -> None:
    cost, best = best_naively(votes, orders)
    assert (found.cost, found.optimal) == (cost, len(best))
    ranks = tuple(found.ranks.tolist())
    assert ranks in best
    assert ranks.count(1) == max(order.count(1) for order in best)


def test_there_are_541_orders_with_ties_of_5_items():
    """Fubini numbers: 1, 3, 13, 75, 541. So the enumerations below leave none out."""
    assert [len(weak_orders(items)) for items in range(1, 6)] == [1, 3, 13, 75, 541]


@pytest.mark.parametrize(
    ("items", "judges", "examples"),
    [(2, 3, 10), (3, 2, 30), (3, 5, 30), (4, 3, 20), (4, 4, 20), (5, 4, 4)],
)
def test_the_consensus_of_orders_is_the_best_of_all_orders_with_ties(items, judges, examples):
    generator = np.random.default_rng(items * 10 + judges)
    orders = weak_orders(items)
    for _ in range(examples):
        votes = votes_of(*(orders[pick] for pick in generator.integers(len(orders), size=judges)))
        is_right(consensus(votes), votes, orders)


@pytest.mark.parametrize(("items", "examples"), [(3, 40), (4, 20), (5, 4)])
def test_the_consensus_of_votes_that_are_no_orders_is_the_best_of_all_too(items, examples):
    """Items told apart need not be in an order: cycles, and ties that do not carry over."""
    generator = np.random.default_rng(items)
    orders = weak_orders(items)
    for _ in range(examples):
        above = np.triu(generator.integers(-1, 2, size=(3, items, items)), 1)
        votes = above - above.transpose(0, 2, 1)
        is_right(consensus(votes), votes, orders)


def test_the_consensus_of_condorcet_s_cycle_is_one_of_three():
    """a b c, b c a and c a b: whichever order is taken, each pair of judges outvotes a pair."""
    votes = votes_of((1, 2, 3), (3, 1, 2), (2, 3, 1))
    found = consensus(votes)
    # Two pairs as two of three judges want, at 2 each, and one as a single judge wants, at 4.
    assert (found.cost, found.optimal) == (8, 3)
    np.testing.assert_array_equal(found.ranks, [1, 2, 3])


def test_judges_of_one_mind_have_their_own_order_as_consensus():
    for order in weak_orders(4):
        found = consensus(votes_of(order, order, order))
        assert (found.cost, found.optimal) == (0, 1)
        assert tuple(found.ranks.tolist()) == order


def test_two_opposite_judges_are_best_served_by_a_tie():
    found = consensus(votes_of((1, 2, 3), (3, 2, 1)))
    # Every order costs the same: 2 for each of the 3 pairs.
    assert (found.cost, found.optimal) == (6, 13)
    np.testing.assert_array_equal(found.ranks, [1, 1, 1])


def test_of_equally_good_orders_that_with_the_most_tied_first_is_taken_then_the_first_items():
    orders = weak_orders(4)
    pairs = list(combinations(range(4), 2))
    signs = np.array([[(o[a] < o[b]) - (o[a] > o[b]) for a, b in pairs] for o in orders])
    generator = np.random.default_rng(0)
    met = 0
    for _ in range(2000):
        above = np.triu(generator.integers(-1, 2, size=(2, 4, 4)), 1)
        votes = above - above.transpose(0, 2, 1)
        costs = sum(np.abs(judge[np.triu_indices(4, 1)] - signs).sum(axis=1) for judge in votes)
        best = [orders[index] for index in np.flatnonzero(costs == costs.min())]
        most = max(order.count(1) for order in best)
        tops = {
            tuple(item for item in range(4) if order[item] == 1)
            for order in best
            if order.count(1) == most
        }
        if len(tops) > 1:
            met += 1
            assert tuple(np.flatnonzero(consensus(votes).ranks == 1)) == min(tops)
    assert met >= 10


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_relabelling_items_and_judges_changes_neither_cost_nor_number_of_the_consensus(data):
    items = data.draw(st.integers(2, 5))
    orders = [
        tuple(data.draw(st.lists(st.integers(1, 3), min_size=items, max_size=items)))
        for _ in range(3)
    ]
    order = data.draw(st.permutations(range(items)))
    votes = votes_of(*orders)
    plain = consensus(votes)
    other = consensus(votes[::-1][:, order][:, :, order])
    assert (other.cost, other.optimal) == (plain.cost, plain.optimal)
    if plain.optimal == 1:
        np.testing.assert_array_equal(other.ranks, plain.ranks[order])


def test_the_consensus_of_ten_items_is_found_and_of_eleven_refused():
    generator = np.random.default_rng(0)
    order = tuple((generator.permutation(10) + 1).tolist())
    found = consensus(votes_of(order, order, tuple(reversed(order))))
    np.testing.assert_array_equal(found.ranks, order)
    with pytest.raises(ValueError, match="11 items: more than 10"):
        consensus(np.zeros((1, MOST_FOR_CONSENSUS + 1, MOST_FOR_CONSENSUS + 1)))


# -- split halves ----------------------------------------------------------------------------


def test_halves_of_equal_seeds_agree_fully_and_more_seeds_than_there_are_have_none():
    shares = np.tile(np.arange(6.0) / 15, (8, 1))
    found = split_half(shares, [1, 4, 5])
    assert found.shape == (3, SPLITS)
    np.testing.assert_allclose(found[:2], 1)
    assert np.isnan(found[2]).all()


def test_halves_of_noise_do_not_agree():
    """All splits share their seeds: the error is that of the mean over 190 pairs of seeds."""
    found = split_half(np.random.default_rng(0).random((20, 800)), [1, 5, 10]).mean(axis=1)
    for mean, size in zip(found, [1, 5, 10], strict=True):
        assert abs(mean) < 4 * size / math.sqrt(190 * 799)


def test_halves_have_no_seed_in_common():
    """Seeds that each favour an item of their own: a common seed would correlate the halves."""
    shares = np.eye(8)
    found = split_half(shares, [4])
    # The favourites of one half are the others of the other.
    np.testing.assert_allclose(found, -1)
    for one in split_half(shares, [2])[0]:
        expected = stats.spearmanr([1, 1, 0, 0, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0, 0, 0]).statistic
        assert one == pytest.approx(expected)


def test_reliability_grows_with_the_number_of_seeds_as_spearman_and_brown_foretell():
    """Of normal scores: the prophecy is of Pearson's, and Spearman's is 6 / π asin(r / 2)."""
    generator = np.random.default_rng(1)
    items, alone = 1500, 0.3
    scores = math.sqrt(alone) * generator.normal(size=items) + math.sqrt(
        1 - alone
    ) * generator.normal(size=(20, items))
    sizes = [1, 2, 5, 10]
    found = split_half(scores, sizes).mean(axis=1)
    prophecy = np.array([size * alone / (1 + (size - 1) * alone) for size in sizes])
    # The error of one correlation of 1,500 items is 0.026; that of the common part remains.
    np.testing.assert_allclose(found, 6 / np.pi * np.arcsin(prophecy / 2), atol=0.04)


def test_seeds_without_shares_are_left_out_of_the_halves():
    shares = np.random.default_rng(0).random((10, 6))
    missing = shares.copy()
    missing[[2, 7], 1] = np.nan
    found = split_half(missing, [4, 5])
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found[0], split_half(np.delete(shares, [2, 7], 0), [4])[0])
