"""Poisson regression in the place of least squares, against statsmodels' and scikit-learn's."""

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.linear_model import PoissonRegressor
from sklearn.preprocessing import StandardScaler

from study.common.streams import StreamSeeds
from study.common.task import COUNT
from study.datasets.poisson_regression import UNBOUNDED, poisson_regression
from study.engines.registry import engine_for
from study.engines.replicates import Replicate

Rows = tuple[np.ndarray, np.ndarray]


def drawn(rows: int = 400, base: float = 0.3, seed: int = 0) -> Rows:
    """Counts by two numbers of other scales, and a full group of indicators."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal([0.3, -10], [0.1, 40], size=(rows, 2))
    group = np.eye(3)[rng.integers(3, size=rows)]
    x = np.column_stack([numbers, group]).astype(np.float32)
    rates = np.exp(base + 4 * (x[:, 0] - 0.3) + 0.01 * x[:, 1] + group @ [0, 0.5, -0.5])
    return x, rng.poisson(rates).astype(np.float32)


def outputs(x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Log-rates of a fit that found a minimum."""
    found, unbounded = poisson_regression(x, y, weights)
    assert not unbounded
    return x @ found["output.weight"][0, 0].astype(np.float64) + found["output.bias"][0, 0]


def by_statsmodels(x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None):
    """A generalised linear model, without the last of the indicators."""
    design = sm.add_constant(x[:, :-1].astype(np.float64))
    model = sm.GLM(y.astype(float), design, family=sm.families.Poisson(), freq_weights=weights)
    return model.fit(tol=1e-12, maxiter=100)


@pytest.mark.parametrize("base", [-2, 0.3, 5])
def test_rates_are_those_of_statsmodels_for_few_and_for_many_events(base):
    x, y = drawn(base=base)
    np.testing.assert_allclose(outputs(x, y), np.log(by_statsmodels(x, y).mu), rtol=0, atol=1e-5)


def test_coefficients_are_those_of_statsmodels():
    """Of indicators, those from the last one on, which it has left out."""
    x, y = drawn()
    found = poisson_regression(x, y)[0]["output.weight"][0, 0]
    expected = by_statsmodels(x, y).params[1:]
    np.testing.assert_allclose(found[:2], expected[:2], rtol=1e-4)
    np.testing.assert_allclose(found[2:4] - found[4], expected[2:], rtol=1e-4)


def test_the_gradient_of_the_log_rate_is_the_coefficient():
    x, y = drawn()
    engine = engine_for(None, 5, task=COUNT)
    trained = engine.train([], x, y)
    (gradients,) = engine.stack(trained).gradient_parts(x[:3])
    assert engine.title == "Poisson regression"
    expected = by_statsmodels(x, y).params[1:3]
    for row in gradients[0]:
        np.testing.assert_allclose(row[:2], expected, rtol=1e-4)


def test_whole_weights_are_repeated_rows():
    """Rows of weight 0 are none; also for statsmodels."""
    x, y = drawn(200)
    weights = np.random.default_rng(0).integers(4, size=len(y))
    one = outputs(x, y, 5.0 * weights)
    other = outputs(*(np.repeat(part, weights, axis=0) for part in (x, y)))
    np.testing.assert_allclose(np.repeat(one, weights), other, rtol=0, atol=1e-5)
    np.testing.assert_allclose(one, np.log(by_statsmodels(x, y, weights).mu), rtol=0, atol=1e-5)
    assert np.abs(one - outputs(x, y)).max() > 0.01


def test_a_weak_ridge_takes_over_where_a_level_counts_nothing_and_that_is_said():
    x, y = drawn()
    x = np.column_stack([x, np.arange(len(x)) < 6]).astype(np.float32)
    y[:6] = 0
    engine = engine_for(None, 6, task=COUNT)
    trained = engine.train([], x, y)
    assert list(trained.warned) == [UNBOUNDED]
    standard = StandardScaler().fit_transform(x.astype(np.float64))
    expected = PoissonRegressor(alpha=1e-3, tol=1e-10, max_iter=10_000).fit(standard, y / y.mean())
    np.testing.assert_allclose(
        engine.stack(trained).predict(x)[0],
        np.log(y.mean() * expected.predict(standard)),
        rtol=0,
        atol=1e-4,
    )


@pytest.mark.parametrize("rows", [400, 20_000])
def test_few_events_of_a_level_are_not_taken_for_none(rows):
    """One event among the rows of a level has a coefficient, however far below the others'."""
    x, y = drawn(rows, base=2)
    x = np.column_stack([x, np.arange(len(x)) < rows // 2]).astype(np.float32)
    y[: rows // 2] = 0
    y[0] = 1
    assert np.isfinite(outputs(x, y)).all()


def test_rows_that_all_count_nothing_have_a_rate_of_about_0():
    x, _ = drawn()
    assert np.exp(outputs(x, np.zeros(len(x), np.float32))).max() < 1e-14


def test_each_half_of_the_rows_has_its_own():
    x, y = drawn()
    engine = engine_for(None, 5, task=COUNT)
    halves = [Replicate("real", StreamSeeds.of(half, half)) for half in range(2)]
    trained = engine.train(halves, x, y, tested=100)
    first, second = trained.weights["output.weight"]
    assert np.abs(first - second).max() > 0.01
