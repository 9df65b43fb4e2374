"""Dependence of variables and of a target on them, against other libraries and closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from study.statistics.determination import FEWEST_OF_LEVEL, determination, ranges_apart
from study.statistics.linear_dependence import Bases
from study.statistics.repeats import repeated_rows, shared_rows, too_regular


def one_hot(levels: np.ndarray) -> np.ndarray:
    return np.eye(levels.max() + 1)[levels]


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture
def mixed(generator) -> tuple[np.ndarray, list[tuple[int, ...]], np.ndarray, np.ndarray]:
    """Two numbers and two variables of levels that hang together, and these levels."""
    first = generator.integers(0, 4, 300)
    second = np.where(generator.random(300) < 0.6, first % 3, generator.integers(0, 3, 300))
    numbers = first[:, None] * [1, -2] + generator.normal(size=(300, 2)) * [1, 5]
    x = np.column_stack([numbers, one_hot(first), one_hot(second)])
    return x, [(0,), (1,), (2, 3, 4, 5), (6, 7, 8)], first, second


def test_of_single_columns_it_is_pearsons_correlation(mixed):
    x, groups, *_ = mixed
    assert np.isclose(Bases.of(x, groups).canonical()[0, 1], np.corrcoef(x[:, :2].T)[0, 1])


def test_of_a_column_and_levels_it_is_the_multiple_correlation(mixed):
    x, groups, *_ = mixed
    fit = LinearRegression().fit(x[:, 2:6], x[:, 1]).score(x[:, 2:6], x[:, 1])
    assert np.isclose(Bases.of(x, groups).canonical()[1, 2] ** 2, fit)


def test_of_levels_it_is_the_first_axis_of_a_correspondence_analysis(mixed):
    x, groups, first, second = mixed
    shares = np.zeros((4, 3))
    np.add.at(shares, (first, second), 1 / len(x))
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    residuals = (shares - np.outer(rows, columns)) / np.sqrt(np.outer(rows, columns))
    found = Bases.of(x, groups).canonical()
    assert np.isclose(found[2, 3], np.linalg.svd(residuals, compute_uv=False)[0])
    assert np.allclose(found, found.T)


def test_many_independent_levels_are_not_taken_for_dependent(generator):
    raw, corrected = [], []
    groups = [tuple(range(20)), tuple(range(20, 40))]
    for _ in range(50):
        levels = np.tile(np.arange(20), 5)
        x = np.column_stack([one_hot(generator.permutation(levels)) for _ in range(2)])
        bases = Bases.of(x, groups)
        raw.append(bases.canonical()[0, 1])
        corrected.append(bases.beyond_chance(bases.canonical())[0, 1])
    assert np.mean(raw) > 0.7
    assert np.max(corrected) < 0.5
    x = generator.normal(size=(30, 2))
    bases = Bases.of(x, [(0,), (1,)])
    known = bases.canonical()
    assert np.allclose(bases.beyond_chance(known), abs(known))  # columns alone are left as they are


@pytest.mark.parametrize("correlation", [0.5, 0.999])
def test_the_condition_index_of_equal_correlations(correlation, generator):
    """Their matrix has the eigenvalues 1 + 4ρ and 1 - ρ; units and places do not matter."""
    normal = generator.normal(size=(100, 5))
    whitened = np.linalg.qr(normal - normal.mean(axis=0)).Q
    wanted = np.full((5, 5), correlation) + (1 - correlation) * np.eye(5)
    x = whitened @ np.linalg.cholesky(wanted).T * [1, 10, 100, 0.1, 7] + [0, 5, 2000, 0, 1]
    index, _ = Bases.of(x, [(place,) for place in range(5)]).condition(30)
    assert np.isclose(index, np.sqrt((1 + 4 * correlation) / (1 - correlation)))


def test_variables_of_a_weak_combination_are_told_from_others(generator):
    x = generator.normal(size=(200, 6))
    x[:, 2] = x[:, 0] + x[:, 1] + 0.02 * x[:, 2]
    _, parts = Bases.of(x, [(place,) for place in range(6)]).condition(30)
    assert (parts > 0.5).tolist() == [True] * 3 + [False] * 3


def test_the_fit_is_that_of_a_regression_and_its_parts_name_the_terms(mixed, generator):
    x, groups, *_ = mixed
    y = 3 * x[:, 0] + x[:, 6] + generator.normal(size=len(x))
    fit, parts = Bases.of(x, groups).fitted(y)
    assert np.isclose(fit, LinearRegression().fit(x, y).score(x, y))
    assert np.argmax(parts) == 0
    exact, parts = Bases.of(x, groups).fitted(3 * x[:, 0] + x[:, 6])
    assert np.isclose(exact, 1)
    assert (parts > 1e-6).tolist() == [True, False, False, True]


@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.9, 0.99])
def test_what_one_normal_variable_tells_of_another(correlation, generator):
    """The ranks of y given x have a variance of (6/π) arcsin(ρ²/2) of their own."""
    x, noise = generator.normal(size=(2, 20_000))
    y = correlation * x + np.sqrt(1 - correlation**2) * noise
    (found,) = determination(x[:, None], np.array([False]), np.exp(y))
    assert abs(found - 6 / np.pi * np.arcsin(correlation**2 / 2)) < 0.03


@pytest.mark.parametrize("shape", [np.exp, np.square, np.sin, np.sign, lambda x: -x])
def test_a_function_of_one_variable_is_told_by_it_alone(shape, generator):
    x = generator.normal(size=(300, 2))
    told, other = determination(x, np.array([False, False]), shape(x[:, 0]))
    assert told > 0.98
    assert abs(other) < 0.3


def test_shared_values_and_levels_are_judged_by_their_means(generator):
    levels = generator.integers(0, 6, 120)
    y = levels % 3 + generator.normal(size=120)
    for level in (False, True):
        (found,) = determination(levels[:, None], np.array([level]), y)
        ranks = y.argsort().argsort() + 1.0
        fit = LinearRegression().fit(one_hot(levels), ranks).score(one_hot(levels), ranks)
        assert np.isclose(found, 1 - (1 - fit) * 119 / 114)


def test_a_file_that_is_sorted_by_the_target_tells_nothing_more(generator):
    y = np.sort(generator.normal(size=200))
    x = generator.integers(0, 150, (200, 1))
    assert abs(determination(x, np.array([False]), y)[0]) < 0.3
    assert determination(x, np.array([True]), y)[0] < 0.3


def test_one_extreme_value_does_not_decide(generator):
    x, y = np.exp(3 * generator.normal(size=(2, 100)))
    y[x.argmax()] = 1e9
    assert determination(x[:, None], np.array([False]), y)[0] < 0.4


def test_as_many_rows_are_expected_as_independent_columns_share(generator):
    shared, expected = [], []
    for _ in range(200):
        table = np.column_stack([generator.integers(0, 40, 100), generator.integers(0, 2, 100)])
        found = shared_rows(table[:60], table[60:], np.array([True, False]))
        shared.append(found.shared.sum())
        expected.append(found.expected)
    assert abs(np.mean(expected) / np.mean(shared) - 1) < 0.15


def test_columns_of_few_values_share_no_more_than_chance_however_they_hang_together(generator):
    for _ in range(50):
        steps = generator.normal(size=(200, 1)) > np.linspace(-1, 1, 14)
        found = shared_rows(steps[:160], steps[160:], np.ones(14, dtype=bool))
        assert found.shared.mean() > 0.9
        assert not found.exceeds_chance


@pytest.mark.parametrize("rows", [50, 300, 5000])
def test_independent_draws_of_any_distribution_are_not_too_regular(rows, generator):
    for spread in (0.0, 0.5, 1.0, 2.0):
        for cells in (8, 100, 3000):
            shares = np.arange(1, cells + 1.0) ** -spread
            for _ in range(10):
                counts = generator.multinomial(rows, shares / shares.sum())
                assert not too_regular(counts[counts > 0])


@pytest.mark.parametrize(("subjects", "times"), [(40, 5), (100, 2), (60, 3)])
def test_subjects_that_come_equally_often_are(subjects, times, generator):
    assert too_regular(np.full(subjects, times))
    # Also among others, and where some of their rows are missing.
    missing = generator.binomial(times, 0.97, subjects)
    once = np.ones(5, dtype=int)
    assert too_regular(np.concatenate([missing[missing > 0], once]))


def test_an_experiment_with_all_combinations_is_even_on_purpose(generator):
    design = np.stack(np.meshgrid(*[[0, 1]] * 6), axis=-1).reshape(-1, 6)
    rows = generator.permutation(np.repeat(design, 4, axis=0))
    assert too_regular(np.full(64, 4))
    assert not shared_rows(rows[:200], rows[200:], np.ones(6, dtype=bool)).exceeds_chance


def test_subjects_that_were_measured_again_are_more_than_chance(generator):
    subjects = np.column_stack([generator.normal(size=(40, 2)), generator.integers(0, 2, 40)])
    rows = generator.permutation(np.repeat(subjects, 5, axis=0))
    found = shared_rows(rows[:160], rows[160:], np.ones(3, dtype=bool))
    assert found.exceeds_chance
    assert found.distinct == 40
    plain = [tuple(row) in set(map(tuple, rows[:160])) for row in rows[160:]]
    assert found.shared.tolist() == plain


@pytest.mark.parametrize("values", [60, 120, 500])
def test_as_many_rows_are_expected_to_come_again_as_independent_columns_let(values, generator):
    """Numbers of many values beside one of two, which repeat independently."""
    repeated, expected = [], []
    for _ in range(200):
        table = np.column_stack([generator.integers(0, values, 100), generator.integers(0, 2, 100)])
        found = repeated_rows(table, np.array([True, False]))
        assert found.shared.sum() == 100 - len({tuple(row) for row in table})
        assert found.distinct == 100 - found.shared.sum()
        repeated.append(found.shared.sum())
        expected.append(found.expected)
    assert abs(np.mean(expected) / np.mean(repeated) - 1) < 0.15


def test_columns_of_few_values_come_again_by_chance_however_they_hang_together(generator):
    for levels in (2, 14, 40):
        for _ in range(20):
            steps = generator.normal(size=(200, 1)) > np.linspace(-1, 1, levels)
            assert not repeated_rows(steps, np.ones(levels, dtype=bool)).exceeds_chance


@pytest.mark.parametrize("copied", [1, 3, 100])
def test_copies_of_rows_of_many_values_are_more_than_chance(copied, generator):
    table = generator.normal(size=(100, 3)).round(3)
    rows = generator.permutation(np.concatenate([table, table[:copied]]))
    found = repeated_rows(rows, np.ones(3, dtype=bool))
    assert found.exceeds_chance
    assert found.shared.sum() == copied
    assert not repeated_rows(table, np.ones(3, dtype=bool)).exceeds_chance


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30)), min_size=2, max_size=40),
    st.booleans(),
)
def test_ranges_apart_are_found_as_by_all_pairs_of_rows(rows, cut):
    levels = np.unique([level for level, _ in rows], return_inverse=True)[1]
    y = np.array([value + (100 * level if cut else 0) for level, value in rows], dtype=float)
    often = [level for level in set(levels) if (levels == level).sum() >= FEWEST_OF_LEVEL]
    between = any(
        levels[a] == levels[b] != levels[c] and y[a] <= y[c] <= y[b]
        for a in range(len(y))
        for b in range(len(y))
        for c in range(len(y))
    )
    assert ranges_apart(levels, y) == (len(often) > 1 and not between)
