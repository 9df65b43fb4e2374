"""Equal checks against ranks and shares by scipy, and gradients that are known to coincide."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from study.statistics.equal_checks import first_equal


def drawn(random_state: int, seeds: int = 5, items: int = 4) -> np.ndarray:
    return np.random.default_rng(random_state).gamma(2, size=(seeds, items))


def test_a_factor_for_each_seed_leaves_a_check_the_same():
    one, other = drawn(0), drawn(1)
    factors = np.array([[1e-6], [0.3], [1.0], [7.0], [1e6]])
    assert first_equal([one, other, factors * one, other / factors, one]) == [0, 1, 0, 1, 0]


def test_negative_factors_and_shifts_make_other_checks():
    one = drawn(0)
    assert first_equal([one, -one, one + 1, -3 * one]) == [0, 1, 2, 1]


def test_one_score_of_one_seed_tells_two_checks_apart():
    one = drawn(0)
    other = one.copy()
    other[3, 2] *= 1.001
    assert first_equal([one, other]) == [0, 1]


@pytest.mark.parametrize(("apart", "expected"), [(5e-7, [0, 0]), (2e-6, [0, 1])])
def test_the_tolerance_is_a_millionth_of_the_greatest_score_of_the_seed(apart, expected):
    one = np.array([[400.0, 100.0, 1.0]])
    assert first_equal([one, one + np.array([0, 0, 400 * apart])]) == expected


def test_scores_that_are_not_numbers_are_equal_only_to_such():
    one = drawn(0)
    holed = one.copy()
    holed[0, 1] = np.nan
    endless = one.copy()
    endless[0, 1] = np.inf
    assert first_equal([one, holed, endless, 2 * holed]) == [0, 1, 1, 1]


def test_seeds_in_which_nothing_counts_are_equal_to_such_only():
    one = drawn(0)
    nothing = one.copy()
    nothing[2] = 0
    assert first_equal([nothing, one, 3 * nothing, np.zeros_like(one)]) == [0, 1, 0, 3]


def test_checks_of_other_seeds_or_items_are_others():
    one = drawn(0)
    assert first_equal([one, one[:-1], one[:, :-1]]) == [0, 1, 2]
    assert first_equal([]) == []


def test_no_check_is_equal_to_one_that_counts_elsewhere():
    """Each is equal to the next, but not to the next but one: the third is a first again."""
    one = np.array([[1.0, 0.5]])
    steps = [one + np.array([0, step * 0.8e-6]) for step in range(4)]
    assert first_equal(steps) == [0, 0, 2, 2]


def test_gradients_of_standardised_columns_coincide_and_others_do_not():
    """In single precision, by column: the slope, times its deviation, times its mean distance."""
    generator = np.random.default_rng(0)
    slopes = generator.standard_normal((6, 4)).astype(np.float32)
    raw = generator.standard_normal((50, 4)) * [1, 2, 5, 10]
    standard = stats.zscore(raw)
    by_table = {}
    for name, table in (("raw", raw), ("standard", standard)):
        deviation = table.std(axis=0).astype(np.float32)
        distance = np.abs(table).mean(axis=0).astype(np.float32)
        plain = np.abs(slopes)
        by_table[name] = first_equal([plain, plain * deviation, plain * distance])
    assert by_table == {"raw": [0, 1, 2], "standard": [0, 0, 2]}


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=8),
    st.lists(st.floats(1e-3, 1e3), min_size=8, max_size=8),
)
def test_each_counts_with_the_first_of_its_kind(kinds, factors):
    checks = [factor * drawn(kind) for kind, factor in zip(kinds, factors, strict=False)]
    assert first_equal(checks) == [kinds.index(kind) for kind in kinds]
