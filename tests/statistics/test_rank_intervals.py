"""Rank intervals against t tests by scipy, Holm by statsmodels, all rankings, and simulation."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from study.statistics.rank_intervals import population_rank_intervals, told_apart

CENTRES = {
    "apart": [8.0, 5.0, 3.0, 1.0],
    "tied": [2.0, 2.0, 2.0, 2.0],
    "two and two": [3.0, 3.0, 1.5, 1.5],
    "steps": [3.0, 2.6, 2.2, 1.8],
}


def numbered(splits: int) -> tuple[np.ndarray, np.ndarray]:
    """Split and half of each model, one model a half."""
    return np.arange(2 * splits) // 2, np.arange(2 * splits) % 2


def of_halves(centres: list[float], splits: int, random_state: int = 0) -> np.ndarray:
    """Scores of the halves of one table: means of its columns, which depend on each other."""
    generator = np.random.default_rng(random_state)
    items = len(centres)
    mix = generator.uniform(-0.5, 0.5, (items, items)) + np.eye(items)
    table = np.array(centres) + generator.standard_normal((60, items)) @ mix
    scores = []
    for _ in range(splits):
        order = generator.permutation(60)
        scores += [table[order[:30]].mean(axis=0), table[order[30:]].mean(axis=0)]
    return np.array(scores)


def significant(scores: np.ndarray) -> set[tuple[int, int]]:
    """Pairs of which the first is greater, by scipy and statsmodels."""
    share = scores / scores.sum(axis=1, keepdims=True)
    splits = len(scores) // 2
    pairs = list(permutations(range(scores.shape[1]), 2))
    p_values = []
    for one, other in pairs:
        first, second = (share[:, one] - share[:, other]).reshape(splits, 2).T
        error = np.sqrt(np.mean((first - second) ** 2) / 4)
        p_values.append(stats.t.sf(np.mean((first + second) / 2), splits, scale=error))
    told = multipletests(p_values, alpha=0.05, method="holm")[0]
    return {pair for pair, yes in zip(pairs, told, strict=True) if yes}


def ranks_of_all_orders(pairs: set[tuple[int, int]], items: int) -> list[list[int]]:
    """Lowest and highest rank of each item in any order, with ties, in which the pairs hold."""
    levels = np.array(list(product(range(items), repeat=items)))
    for one, other in pairs:
        levels = levels[levels[:, one] > levels[:, other]]
    lowest = stats.rankdata(-levels, method="min", axis=1).min(axis=0)
    highest = stats.rankdata(-levels, method="max", axis=1).max(axis=0)
    return np.stack([lowest, highest], axis=1).astype(int).tolist()


@pytest.mark.parametrize("splits", [10, 25])
@pytest.mark.parametrize("centres", CENTRES.values(), ids=CENTRES)
def test_intervals_hold_the_ranks_of_all_orders_in_which_the_significant_pairs_hold(
    centres, splits
):
    for random_state in range(5):
        scores = of_halves(centres, splits, random_state)
        expected = ranks_of_all_orders(significant(scores), len(centres))
        assert population_rank_intervals(scores, *numbered(splits)).tolist() == expected


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10_000), st.sampled_from([10, 12, 40]))
def test_an_item_above_one_above_a_third_is_above_the_third(random_state, splits):
    """The t of the outer difference is never less than both others, by Minkowski's inequality."""
    scores = of_halves([3.0, 2.6, 2.2, 1.9, 1.6], splits, random_state)
    above = (told_apart(scores, *numbered(splits)) == 1).astype(int)
    assert (above[above @ above > 0] == 1).all()


@pytest.mark.parametrize("splits", [10, 20, 100])
def test_two_items_are_told_apart_where_the_t_interval_of_their_difference_leaves_0_out(splits):
    """Shares that differ by more in one half and by less in the other, always alike."""
    error = 0.02
    reach = stats.t.ppf(0.975, splits) * error
    for middle, told in ((0.999 * reach, 0), (1.001 * reach, 1)):
        difference = middle + np.tile([error, -error], splits)
        scores = 7 * np.stack([1 + difference, 1 - difference], axis=1) / 2
        found = told_apart(scores, *numbered(splits))
        assert found.tolist() == [[0, told], [-told, 0]]
        ranks = [[1, 1], [2, 2]] if told else [[1, 2], [1, 2]]
        assert population_rank_intervals(scores, *numbered(splits)).tolist() == ranks


@pytest.mark.parametrize("centres", CENTRES.values(), ids=CENTRES)
def test_all_true_ranks_are_held_together_in_95_of_100_tables(centres):
    above = np.array(centres)[:, None] < np.array(centres)
    lowest, highest = 1 + above.sum(axis=1), len(centres) - above.sum(axis=0)
    held = []
    for random_state in range(400):
        scores = of_halves(centres, 12, random_state)
        low, high = population_rank_intervals(scores, *numbered(12)).T
        held.append((low <= lowest).all() and (highest <= high).all())
    assert np.mean(held) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 400)


@settings(deadline=None, max_examples=50)
@given(st.permutations(range(4)), st.sampled_from([1e-4, 3.0]), st.integers(0, 100))
def test_items_in_any_order_and_other_units_have_the_same_intervals(order, unit, random_state):
    scores, halves = of_halves(CENTRES["steps"], 15, random_state), numbered(15)
    plain = population_rank_intervals(scores, *halves)
    assert (population_rank_intervals(unit * scores[:, order], *halves) == plain[list(order)]).all()


def test_a_split_with_a_half_without_shares_is_left_out():
    scores = of_halves(CENTRES["steps"], 15)
    holed = np.insert(scores, [6, 6], [[np.nan, 1, 1, 1], [9, 1, 1, 1]], axis=0)
    assert (told_apart(holed, *numbered(16)) == told_apart(scores, *numbered(15))).all()


@pytest.mark.parametrize("splits", [0, 1, 9])
def test_few_splits_tell_nothing(splits):
    scores = of_halves(CENTRES["apart"], 20)[: 2 * splits]
    assert population_rank_intervals(scores, *numbered(splits)).tolist() == [[1, 4]] * 4
    assert told_apart(of_halves(CENTRES["apart"], 10), *numbered(10)).any()


def test_items_that_differ_by_rounding_are_tied():
    """The last two are never used, or one of them always a little more, by rounding."""
    one = of_halves([10.0], 20)
    for rounding in (0.0, 1e-15):
        little = np.linspace(1, 1.1, 40)[:, None] * rounding
        scores = np.concatenate([one, little, np.zeros((40, 1))], axis=1)
        found = population_rank_intervals(scores, *numbered(20))
        assert found.tolist() == [[1, 1], [2, 3], [2, 3]]


def test_a_single_item_is_first():
    found = population_rank_intervals(of_halves([2.0], 12), *numbered(12))
    assert found.tolist() == [[1, 1]]
