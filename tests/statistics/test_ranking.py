"""Shares, ranks and top sets against scipy, sorting by hand, and what must not change them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from study.statistics.ranking import (
    TIED,
    different,
    identical,
    in_top,
    rank_ranges,
    ranks,
    settled,
    shares,
)

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
@given(whole, st.sampled_from([0.125, 2.0, 1024.0, 2.0**1021, 2.0**-1074]))
def test_the_unit_of_the_scores_does_not_change_shares(vectors, factor):
    np.testing.assert_array_equal(shares(vectors * factor), shares(vectors))


finite = st.floats(allow_nan=False, allow_infinity=False)


@moderate
@given(hnp.arrays(np.float64, (3, 5), elements=finite | st.floats(1e308, np.finfo(float).max)))
def test_shares_of_any_finite_scores_are_near_their_fractions(vectors):
    """Also where the sum is beyond the greatest double, beside vectors whose sum is not."""
    for share, vector in zip(shares(vectors), vectors.tolist(), strict=True):
        positive = [max(Fraction(score), Fraction(0)) for score in vector]
        if sum(positive):
            expected = [float(score / sum(positive)) for score in positive]
            np.testing.assert_allclose(share, expected, rtol=1e-15, atol=1e-300)


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


# -- ties ------------------------------------------------------------------------------------

# About one part in 10^9, and a power of two, so that scores moved by some of them are exact.
_STEP = 2.0**-30


def _tied_by_hand(vector):
    """Tied scores get the greatest of their chain: in fractions, pair by pair."""
    exact = [Fraction(score) for score in vector]
    least = Fraction(10) ** -14 * max((abs(score) for score in exact), default=Fraction(0))
    result = list(vector)
    for place, own in enumerate(exact):
        top = own
        for other in sorted(exact):
            tolerance = max(Fraction(10) ** -9 * max(abs(top), abs(other)), least)
            if top < other <= top + tolerance:
                top = other
        result[place] = float(top)
    return result


# Scores that lie about as near to each other as tied ones do, of any sign and size.
near = st.builds(
    lambda sizes, steps, sign: np.array(
        [sign * size * (1 + step * _STEP / 2) for size, step in zip(sizes, steps, strict=True)]
    ),
    st.lists(st.sampled_from([1.0, 1.0, 1e-6, 3e-15, 1e4]), min_size=6, max_size=6),
    st.lists(st.integers(0, 8), min_size=6, max_size=6),
    st.sampled_from([-1.0, 1.0]),
)


@pytest.mark.parametrize(
    "tied",
    [
        [0.32379600000000003, 0.323796],  # the next double
        [0.1 + 0.2, 0.3],  # a sum
        [sum([0.1] * 10), 1.0],
        [float(f"{1 / 3:.15g}"), 1 / 3],  # as R writes it
        [float(f"{2e-7 / 3:.15g}"), 2e-7 / 3],
        [-0.5, -0.5 - 1e-12],
        [0.9 - sum([0.9] * 30) / 30, 0.0],  # a drop of nothing
        [0.0, -0.0],
    ],
)
def test_scores_that_differ_by_rounding_are_tied(tied):
    for order in (tied, tied[::-1]):
        found = settled(np.array([*order, 0.4]))
        assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("score", [0.32379600, 1e-20, 3.0e8, 0.0])
def test_neighbours_in_single_precision_keep_their_order(score):
    below = np.float32(score)
    vector = np.array([below, np.nextafter(below, np.float32(np.inf))], dtype=np.float64)
    np.testing.assert_array_equal(settled(vector), vector)
    np.testing.assert_array_equal(settled(-vector), -vector)


def test_neighbours_in_a_chain_are_tied_however_long_it_is():
    chain = 1 + np.arange(100) * 0.9 * TIED
    np.testing.assert_array_equal(settled(chain[::-1]), chain[-1])
    np.testing.assert_array_equal(
        settled(1 + np.arange(3) * 1.1 * TIED), 1 + np.arange(3) * 1.1 * TIED
    )


@moderate
@given(near)
def test_ties_are_those_of_exact_fractions(vector):
    np.testing.assert_array_equal(settled(vector), _tied_by_hand(vector.tolist()))


@moderate
@given(near)
def test_settling_twice_is_settling_once_and_keeps_the_order(vector):
    found = settled(vector)
    np.testing.assert_array_equal(settled(found), found)
    order = np.argsort(vector, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    np.testing.assert_allclose(found, vector, rtol=6 * TIED, atol=1e-13 * np.abs(vector).max())


@moderate
@given(near, st.randoms(use_true_random=False), st.sampled_from([2.0**-40, 0.25, 2.0**30]))
def test_neither_the_order_of_the_items_nor_their_unit_changes_ties(vector, random, factor):
    order = list(range(len(vector)))
    random.shuffle(order)
    np.testing.assert_array_equal(settled(vector[order]), settled(vector)[order])
    np.testing.assert_array_equal(settled(vector * factor), settled(vector) * factor)


@moderate
@given(scores)
def test_scores_without_near_ones_stay_as_they_are(vectors):
    np.testing.assert_array_equal(settled(vectors), vectors)


def test_what_is_not_a_number_is_tied_with_nothing_and_ties_nothing():
    vectors = np.array([[np.nan, 1.0, 1 + 1e-12], [np.inf, 1.0, -np.inf], [np.nan] * 3])
    expected = [[np.nan, 1 + 1e-12, 1 + 1e-12], [np.inf, 1.0, -np.inf], [np.nan] * 3]
    np.testing.assert_array_equal(settled(vectors), expected)
    assert settled(np.zeros((0, 3))).shape == (0, 3)


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


@moderate
@given(whole)
def test_the_ranks_that_tied_items_span_are_those_of_scipy(vectors):
    first, last = rank_ranges(vectors)
    np.testing.assert_array_equal(first, stats.rankdata(-vectors, method="min", axis=1))
    np.testing.assert_array_equal(last, stats.rankdata(-vectors, method="max", axis=1))


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


# -- seeds that repeat others ----------------------------------------------------------------


@moderate
@given(st.lists(st.sampled_from([(1, 2, 0), (1, 2, 3), (2, 2, 0), (0.5, 0.25, 1)]), min_size=1))
def test_vectors_differ_where_no_earlier_one_is_the_same_but_for_single_precision(vectors):
    noise = 1 + 1e-7 * np.random.default_rng(0).uniform(-1, 1, (len(vectors), 3))
    found = different(np.array(vectors) * noise)
    expected = [vector not in vectors[:place] for place, vector in enumerate(vectors)]
    np.testing.assert_array_equal(found, expected)


def test_few_copies_among_many_seeds_are_found_as_comparing_each_with_all_before_finds_them():
    generator = np.random.default_rng(0)
    vectors = generator.uniform(0.1, 1, (400, 3))
    copied = generator.choice(400, 20, replace=False)
    vectors[copied[:10]] = vectors[copied[10:]] * generator.choice([1, 1 + 4e-7, 1 + 4e-6], (10, 1))
    expected = np.array(
        [
            not any(np.isclose(one, vector, rtol=1e-6, atol=0).all() for one in vectors[:place])
            for place, vector in enumerate(vectors)
        ]
    )
    assert 0 < (~expected).sum() < 10
    np.testing.assert_array_equal(different(vectors), expected)


def test_vectors_without_shares_are_each_one_of_its_own():
    vectors = np.array([[0.0, 0.0], [1.0, 2.0], [0.0, 0.0], [np.nan, 1.0], [np.nan, 1.0], [1, 2]])
    np.testing.assert_array_equal(different(vectors), [True, True, True, True, True, False])
    assert not identical(vectors)


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
