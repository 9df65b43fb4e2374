"""Rows that depend on each other change places, each arrangement that there is as often."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from study.statistics.exchanges import between, exchange, lone, part_within, shift, within

SIZES = [[3, 3, 3], [2, 4, 2, 4], [1, 1, 1, 1, 1], [5], [2, 3, 3, 7, 1]]


def mixed(sizes: list[int], seed: int = 0) -> np.ndarray:
    """Groups of some sizes, in a mixed order, numbered with gaps."""
    return np.random.default_rng(seed).permutation(np.repeat(7 * np.arange(len(sizes)), sizes))


def drawn(rows: int, count: int) -> np.ndarray:
    return np.argsort(np.random.default_rng(1).random((count, rows)), axis=1)


def even(found: Counter, expected: int) -> bool:
    """Whether each of so many outcomes comes as often as the others, by a chi-squared test."""
    return len(found) == expected and stats.chisquare(list(found.values())).pvalue > 1e-3


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("change", [within, between])
def test_what_nothing_permutes_stays_in_its_place(sizes, change):
    groups = mixed(sizes)
    assert change(np.arange(len(groups))[None], groups).tolist() == [list(range(len(groups)))]


@pytest.mark.parametrize("sizes", SIZES)
def test_rows_within_groups_take_those_of_their_group_once_each(sizes):
    groups = mixed(sizes)
    for order in within(drawn(len(groups), 20), groups):
        assert sorted(order) == list(range(len(groups)))
        np.testing.assert_array_equal(groups[order], groups)


@pytest.mark.parametrize("sizes", SIZES)
def test_whole_groups_take_the_rows_of_one_other_each_and_no_two_of_the_same(sizes):
    groups = mixed(sizes)
    for order in between(drawn(len(groups), 20), groups):
        givers = {group: set(groups[order][groups == group].tolist()) for group in set(groups)}
        assert all(len(giver) == 1 for giver in givers.values())
        assert len(set.union(*givers.values())) == len(sizes)


def test_groups_of_one_size_keep_the_order_of_their_rows():
    order = between(drawn(6, 1), np.array([0, 0, 0, 1, 1, 1]))[0]
    assert order.tolist() in ([0, 1, 2, 3, 4, 5], [3, 4, 5, 0, 1, 2])


def test_a_group_of_more_rows_takes_values_again_and_one_of_fewer_the_first():
    groups = np.array([0, 1, 1, 1])
    assert between(np.array([[1, 0, 2, 3]]), groups).tolist() == [[1, 0, 0, 0]]


def test_all_arrangements_within_and_between_come_as_often_whatever_the_sizes():
    groups = np.array([0, 1, 0, 2, 1, 0])  # of 3, 2 and 1 rows
    every = np.array(list(permutations(range(6))))
    inner = Counter(map(tuple, within(every, groups)))
    assert set(inner.values()) == {720 // (6 * 2)}
    outer = Counter(map(tuple, between(every, groups)))
    assert set(outer.values()) == {720 // 6}


def test_shifts_come_as_often_and_keep_the_circle():
    every = np.array(list(permutations(range(5))))
    found = Counter(map(tuple, shift(every)))
    assert found == {tuple(np.roll(range(5), by)): 24 for by in range(5)}


def test_groups_of_one_row_are_permuted_as_rows_are():
    every = drawn(9, 5)
    np.testing.assert_array_equal(between(every, np.arange(9)), every)


def test_shuffled_targets_of_groups_of_one_size_are_each_arrangement_as_often():
    """Of two groups of two rows and two of one: 2! 2! for groups, 2! 2! within."""
    groups = np.array([4, 4, 1, 1, 0, 9])
    draw = np.random.default_rng(0)
    assert even(Counter(tuple(exchange(groups, draw)) for _ in range(3200)), 16)


def test_shuffled_targets_that_are_constant_in_groups_are_those_of_permuted_groups():
    groups = np.array([0, 1, 1, 2, 2, 2, 3, 3, 3, 3])  # all of sizes of their own
    target = groups * 10
    draw = np.random.default_rng(0)
    found = Counter()
    for _ in range(2400):
        shuffled = target[exchange(groups, draw)]
        of_groups = [set(shuffled[groups == group].tolist()) for group in range(4)]
        assert all(len(values) == 1 for values in of_groups)
        found[tuple(values.pop() for values in of_groups)] += 1
    assert even(found, 24)


def test_a_group_that_is_alone_with_its_size_is_shuffled_within():
    groups = np.array([0, 0, 0, 1, 2])
    taken = exchange(groups, np.random.default_rng(0))
    assert sorted(taken[:3]) == [0, 1, 2]


def test_which_groups_have_a_size_of_their_own_is_counted():
    assert lone(np.array([3, 1, 3, 2])).tolist() == [False, True, False, True]


def test_shuffled_targets_in_time_are_shifted_in_a_circle():
    times = np.linspace(0, 1, 6)
    draw = np.random.default_rng(0)
    found = Counter(tuple(exchange(times, draw)) for _ in range(1200))
    assert even(found, 6)
    assert set(found) == {tuple(np.roll(range(6), by)) for by in range(6)}


def test_the_part_within_is_one_minus_r_squared_of_an_analysis_of_variance():
    draw = np.random.default_rng(0)
    groups = mixed([4, 9, 6, 1])
    values = draw.normal(size=20) + groups / 10
    f = stats.f_oneway(*(values[groups == group] for group in np.unique(groups))).statistic
    expected = 1 / (1 + f * 3 / 16)
    assert part_within(values[:, None], groups) == pytest.approx(expected)
    assert part_within(groups[:, None].astype(float), groups) == 0
    assert part_within(np.ones((20, 1)), groups) == 0


# A permutation test is right if its p-value is at most α in a part α of tables.
TABLES, SHUFFLES, LEVEL = 400, 39, 0.05
DESIGNS = {
    "of one size": [8] * 15,
    "of few sizes": [4, 8, 12] * 5,
    "of any size": list(range(2, 17)),
}


def too_often(rejected: int) -> bool:
    return stats.binomtest(rejected, TABLES, LEVEL, alternative="greater").pvalue < 0.01


def rejections(sizes: list[int], shuffled) -> int:
    """Of tables of subjects with intercepts, and noise that is constant within subjects."""
    count = 0
    for seed in range(TABLES):
        draw = np.random.default_rng(seed)
        groups = np.repeat(np.arange(len(sizes)), sizes)
        x = draw.normal(size=len(sizes))[groups]
        y = draw.normal(size=len(sizes))[groups] + draw.normal(size=len(groups))
        targets = np.stack([y, *(y[shuffled(groups, draw)] for _ in range(SHUFFLES))])
        told = np.abs((targets - targets.mean(axis=1, keepdims=True)) @ (x - x.mean()))
        told /= targets.std(axis=1)
        count += (1 + (told[1:] >= told[0]).sum()) / (1 + SHUFFLES) <= LEVEL
    return count


@pytest.mark.parametrize("design", DESIGNS)
def test_shuffles_of_groups_call_noise_that_is_constant_in_them_above_chance_at_the_level(design):
    assert not too_often(rejections(DESIGNS[design], exchange))


def test_shuffles_of_single_rows_call_such_noise_above_chance_far_too_often():
    rejected = rejections(
        DESIGNS["of one size"], lambda groups, draw: draw.permutation(len(groups))
    )
    assert rejected > 0.3 * TABLES
