"""Shares, ranks and top sets against scipy, sorting by hand, and what must not change them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from study.statistics.ranking import in_top, ranks, shares

scores = hnp.arrays(np.float64, (3, 5), elements=st.floats(-10, 10, width=16))
# Few distinct whole numbers: many ties, and sums and strictly monotone transforms are exact.
whole = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 4), st.integers(2, 6)),
    elements=st.integers(-4, 4).map(float),
)
moderate = settings(deadline=None, max_examples=100)


# -- shares ----------------------------------------------------------------------------------


def test_shares_by_hand():
    np.testing.assert_array_equal(shares(np.array([3.0, 1.0, -2.0, 0.0])), [0.75, 0.25, 0, 0])


@moderate
@given(whole)
def test_shares_are_the_fractions_of_the_positive_part(vectors):
    for share, vector in zip(shares(vectors), vectors.tolist(), strict=True):
        positive = [max(Fraction(score), Fraction(0)) for score in vector]
        if sum(positive):
            expected = [float(score / sum(positive)) for score in positive]
            np.testing.assert_array_equal(share, expected)
        else:
            assert np.isnan(share).all()


@pytest.mark.parametrize("vector", [[0, 0, 0], [-1, -2, 0], [1, np.nan, 2], [1, np.inf, 2]])
def test_a_vector_without_a_positive_entry_or_not_finite_has_no_shares(vector):
    assert np.isnan(shares(np.array(vector, dtype=float))).all()


def test_a_vector_without_shares_leaves_those_of_other_seeds_alone():
    found = shares(np.array([[1.0, 3.0], [np.nan, 1.0], [-1.0, 0.0], [0.0, 5.0]]))
    np.testing.assert_array_equal(found, [[0.25, 0.75], [np.nan, np.nan], [np.nan, np.nan], [0, 1]])


@moderate
@given(whole, st.sampled_from([0.125, 2.0, 1024.0]))
def test_the_unit_of_the_scores_does_not_change_shares(vectors, factor):
    np.testing.assert_array_equal(shares(vectors * factor), shares(vectors))


@moderate
@given(scores)
def test_shares_sum_to_1(vectors):
    for share, vector in zip(shares(vectors), vectors, strict=True):
        if (vector > 0).any():
            assert share.sum() == pytest.approx(1)
            assert ((share >= 0) & (share <= 1)).all()


def test_shares_of_any_number_of_dimensions_are_those_of_each_vector():
    cube = np.random.default_rng(0).normal(size=(2, 3, 4))
    for block, found in zip(cube, shares(cube), strict=True):
        for vector, share in zip(block, found, strict=True):
            np.testing.assert_array_equal(share, shares(vector))


# -- ranks -----------------------------------------------------------------------------------


@moderate
@given(scores)
def test_ranks_count_how_many_are_greater(vectors):
    for rank, vector in zip(ranks(vectors), vectors.tolist(), strict=True):
        for place, score in zip(rank, vector, strict=True):
            greater = sum(other > score for other in vector)
            equal = sum(other == score for other in vector)
            assert place == greater + (equal + 1) / 2


@moderate
@given(whole)
def test_ranks_are_scipy_s_from_the_other_end(vectors):
    items = vectors.shape[1]
    for rank, vector in zip(ranks(vectors), vectors, strict=True):
        np.testing.assert_array_equal(rank, items + 1 - stats.rankdata(vector))


def test_a_vector_with_a_nan_has_no_ranks_and_the_others_do():
    found = ranks(np.array([[1.0, 5.0, 3.0], [1.0, np.nan, 3.0], [2.0, 2.0, 1.0]]))
    np.testing.assert_array_equal(found, [[3, 1, 2], [np.nan] * 3, [1.5, 1.5, 3]])


@moderate
@given(whole, st.randoms(use_true_random=False))
def test_relabelling_the_items_relabels_shares_ranks_and_top_sets(vectors, random):
    order = list(range(vectors.shape[1]))
    random.shuffle(order)
    for measure in (shares, ranks, lambda v: in_top(v, 1), lambda v: in_top(v, 2)):
        np.testing.assert_array_equal(measure(vectors[:, order]), measure(vectors)[:, order])


@moderate
@given(whole)
def test_a_strictly_monotone_transform_changes_neither_ranks_nor_top_sets(vectors):
    for transform in (lambda v: v**3, lambda v: 2.0**v, lambda v: 7 * v - 100):
        np.testing.assert_array_equal(ranks(transform(vectors)), ranks(vectors))
        np.testing.assert_array_equal(in_top(transform(vectors), 2), in_top(vectors, 2))


# -- top sets --------------------------------------------------------------------------------


def test_top_sets_by_hand():
    vectors = np.array(
        [
            [5.0, 1.0, 4.0, -2.0],  # 1st and 3rd
            [5.0, 5.0, 1.0, 0.0],  # a tie inside the top 2
            [5.0, 4.0, 4.0, 0.0],  # a tie at its edge
            [-1.0, -2.0, -3.0, -4.0],  # negative scores have an order too
            [np.nan, 2.0, 1.0, 0.0],
        ]
    )
    none = [np.nan] * 4
    np.testing.assert_array_equal(
        in_top(vectors, 2), [[1, 0, 1, 0], [1, 1, 0, 0], none, [1, 1, 0, 0], none]
    )
    np.testing.assert_array_equal(
        in_top(vectors, 1), [[1, 0, 0, 0], none, [1, 0, 0, 0], [1, 0, 0, 0], none]
    )


@moderate
@given(whole, st.integers(1, 6))
def test_the_top_set_is_the_head_of_the_sorted_items_unless_the_edge_is_tied(vectors, k):
    for chosen, vector in zip(in_top(vectors, k), vectors.tolist(), strict=True):
        order = sorted(range(len(vector)), key=lambda item: -vector[item])
        if k > len(vector) or (k < len(vector) and vector[order[k - 1]] == vector[order[k]]):
            assert np.isnan(chosen).all()
        else:
            assert set(np.flatnonzero(chosen == 1)) == set(order[:k])
            assert set(np.flatnonzero(chosen == 0)) == set(order[k:])
