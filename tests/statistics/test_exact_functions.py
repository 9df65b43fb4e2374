"""What is a number in another form is known to rounding, and what only goes with it is not."""

import numpy as np
import pytest

from study.statistics.exact_functions import is_function, is_sum, resolution

DRAW = np.random.default_rng(5)
PRICE = np.round(DRAW.uniform(90, 400, 200), 1)


@pytest.mark.parametrize(
    "other",
    [
        PRICE,
        np.round(0.92 * PRICE, 2),
        np.round((PRICE - 32) / 1.8, 1),
        -PRICE,
        np.round(np.log(PRICE), 6),
        np.log10(PRICE),
        np.round(np.sqrt(PRICE), 3),
        np.round(1000 / PRICE, 4),
        np.round(PRICE**2, 0),
        np.round(PRICE),
        0.5 * PRICE + 1e9,
    ],
)
def test_a_number_in_another_form_is_known(other):
    assert is_function(other, PRICE)
    assert is_function(PRICE, other)


@pytest.mark.parametrize(
    "other",
    [
        PRICE + DRAW.normal(0, 2, 200),
        np.round(PRICE + DRAW.normal(0, 1, 200), 1),
        np.round(PRICE / 50),  # too few values to be the same
        PRICE + 30 * (DRAW.uniform(size=200) < 0.02),
        DRAW.permutation(PRICE),
        np.arange(200.0),
    ],
)
def test_what_goes_with_a_number_is_no_function_of_it(other):
    assert not is_function(other, PRICE)


def test_chance_makes_no_function_of_independent_columns():
    """Of 2,000 pairs of columns of whole numbers, rounded coarsely or not."""
    for width in (30, 300, 3000):
        table = DRAW.integers(0, width, (40, 1000)).astype(float)
        assert not any(is_function(one, table[:, 0]) for one in table.T[1:])


def test_sums_differences_and_means_are_known_and_other_weights_are_not():
    parts = np.round(DRAW.gamma(2, 50, (200, 3)), 1)
    assert is_sum(parts, np.round(parts.sum(axis=1), 1))
    assert is_sum(parts, np.round(parts @ [1, -1, 1], 1))
    assert is_sum(parts, np.round(parts.mean(axis=1), 2))
    assert is_sum(parts[:, :2], np.round(parts[:, :2].sum(axis=1)))
    counts = DRAW.poisson(20, (200, 2)).astype(float)
    assert is_sum(counts, counts.sum(axis=1))
    assert not is_sum(counts, counts.sum(axis=1) + (np.arange(200) == 7))
    assert not is_sum(parts, parts @ [2, 1, 1])
    assert not is_sum(parts, parts.sum(axis=1) + DRAW.normal(0, 1, 200))
    assert not is_sum(parts[:, :1], parts[:, 0])


@pytest.mark.parametrize(
    ("numbers", "unit"),
    [([1, 2, 30], 1), ([0.5, 2], 0.1), ([12.25, 3], 0.01), ([1e6, 0.125], 0.001), ([1 / 3, 2], 0)],
)
def test_the_last_decimal_place_is_found(numbers, unit):
    assert resolution(np.array(numbers)) == pytest.approx(unit, rel=1e-12)
