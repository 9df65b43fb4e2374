"""The spread of sources against analysis of variance by scipy and statsmodels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS

from study.statistics.sources import spread


def groups_of(sizes: list[int], random_state: int = 0) -> list[np.ndarray]:
    generator = np.random.default_rng(random_state)
    return [generator.normal() + generator.uniform(1, 3) * generator.normal(size=n) for n in sizes]


@pytest.mark.parametrize("sizes", [[5, 5, 5], [2, 7, 4, 3], [1, 6, 3], [10]])
def test_the_pooled_deviation_is_that_of_a_least_squares_model_of_bases(sizes):
    groups = groups_of(sizes)
    base = np.repeat(np.arange(len(sizes)), sizes)
    model = OLS(np.concatenate(groups), np.eye(len(sizes))[base]).fit()
    found = spread(groups)
    assert found.within == pytest.approx(np.sqrt(model.mse_resid))
    assert (found.bases, found.values) == (len(sizes), sum(sizes))
    assert found.mean == pytest.approx(np.mean(np.concatenate(groups)))


@pytest.mark.parametrize(("bases", "values"), [(2, 2), (3, 10), (5, 4)])
def test_within_and_between_make_the_f_of_scipy(bases, values):
    """Of bases with as many numbers each: F = values × between² / within²."""
    groups = groups_of([values] * bases, random_state=bases)
    found = spread(groups)
    expected = stats.f_oneway(*groups).statistic
    assert values * found.between**2 / found.within**2 == pytest.approx(expected)


def test_each_base_s_own_deviation_bounds_the_pooled_one():
    groups = groups_of([4, 6, 1, 9])
    own = [stats.tstd(values) for values in groups if len(values) > 1]
    found = spread(groups)
    assert found.lowest == pytest.approx(min(own))
    assert found.highest == pytest.approx(max(own))
    assert found.lowest < found.within < found.highest


def test_numbers_that_are_not_finite_are_left_out():
    groups = groups_of([5, 6])
    holed = [
        np.concatenate([groups[0], [np.nan]]),
        np.concatenate([[np.inf], groups[1], [-np.inf]]),
        np.array([np.nan, np.nan]),
        np.array([]),
    ]
    assert spread(holed) == spread(groups)


def test_what_too_few_numbers_cannot_say_is_missing():
    nothing = spread([])
    assert (nothing.bases, nothing.values) == (0, 0)
    assert np.isnan([nothing.mean, nothing.within, nothing.between, nothing.lowest]).all()
    single = spread([np.array([3.0])])
    assert (single.bases, single.values, single.mean) == (1, 1, 3.0)
    assert np.isnan([single.within, single.lowest, single.highest, single.between]).all()
    one_each = spread([np.array([1.0]), np.array([3.0])])
    assert np.isnan([one_each.within, one_each.lowest, one_each.highest]).all()
    assert one_each.between == pytest.approx(np.sqrt(2))


def test_the_spread_of_a_source_that_moves_nothing_is_zero():
    found = spread([np.full(5, 2.0), np.full(5, 4.0)])
    assert (found.within, found.lowest, found.highest) == (0, 0, 0)
    assert found.between == pytest.approx(np.sqrt(2))


def test_known_deviations_are_recovered():
    """3 within bases and 2 between them, of which the means of 5 show more: 2² + 3² / 5."""
    generator = np.random.default_rng(0)
    groups = 2 * generator.normal(size=(4000, 1)) + 3 * generator.normal(size=(4000, 5))
    found = spread(list(groups))
    # The error of a deviation is sd / √(2 degrees of freedom).
    assert found.within == pytest.approx(3, abs=4 * 3 / np.sqrt(2 * 16_000))
    of_means = np.sqrt(4 + 9 / 5)
    assert found.between == pytest.approx(of_means, abs=4 * of_means / np.sqrt(2 * 3999))


@settings(deadline=None, max_examples=50)
@given(st.permutations(range(4)), st.sampled_from([-100.0, 0.0, 64.0]), st.sampled_from([0.5, 4.0]))
def test_bases_in_any_order_and_other_units_have_the_same_spread(order, shift, factor):
    groups = groups_of([3, 5, 2, 1])
    plain = spread(groups)
    other = spread([factor * groups[base] + shift for base in order])
    assert other.mean == pytest.approx(factor * plain.mean + shift)
    for name in ("within", "lowest", "highest", "between"):
        assert getattr(other, name) == pytest.approx(factor * getattr(plain, name), rel=1e-9)
