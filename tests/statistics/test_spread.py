"""Deviations of columns whose rows count by weights."""

import numpy as np
import pytest

from study.statistics.spread import deviations, equal_rows


@pytest.mark.parametrize("shape", [(50,), (50, 3)])
def test_whole_weights_are_repeated_rows(shape):
    draw = np.random.default_rng(0)
    x = draw.normal(3, 2, size=shape).astype(np.float32)
    weights = draw.integers(0, 5, size=50)
    expected = np.repeat(x.astype(np.float64), weights, axis=0).std(axis=0)
    np.testing.assert_allclose(deviations(x, weights), expected, rtol=1e-12)
    np.testing.assert_allclose(deviations(x, weights / 7), expected, rtol=1e-12)
    np.testing.assert_array_equal(deviations(x), x.astype(np.float64).std(axis=0))


def test_means_over_weighted_rows_vary_as_those_of_so_many_equal_rows():
    draw = np.random.default_rng(1)
    weights = draw.exponential(size=60)
    means = np.average(draw.normal(size=(40_000, 60)), axis=1, weights=weights)
    assert 1 / means.var() == pytest.approx(equal_rows(weights), rel=0.03)
    assert equal_rows(np.full(60, 0.1)) == pytest.approx(60)
