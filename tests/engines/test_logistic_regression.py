"""Logistic regression in the place of least squares, against scikit-learn's on plain columns."""

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from study.common.streams import StreamSeeds
from study.common.task import NUMBER, Task
from study.engines.closed_form import ClosedForm
from study.engines.engine import Stack
from study.engines.logistic_regression import SEPARATE
from study.engines.registry import engine_for
from study.engines.replicates import Replicate

Rows = tuple[np.ndarray, np.ndarray]


def task_of(count: int) -> Task:
    return Task(tuple("abcdefghij"[:count]))


def drawn(count: int, rows: int = 400) -> Rows:
    """Rows of classes that overlap: two numbers of other scales, and a full group of indicators."""
    rng = np.random.default_rng(count)
    numbers = rng.normal([0.3, -10], [0.1, 40], size=(rows, 2))
    group = rng.integers(3, size=rows)
    x = np.column_stack([numbers, np.eye(3)[group]]).astype(np.float32)
    slopes = rng.normal(size=(5, count)) * [[10], [0.02], [1], [1], [1]]
    y = np.argmax((x - x.mean(axis=0)) @ slopes + rng.gumbel(size=(rows, count)), axis=1)
    return x, y.astype(np.float32)


def fitted(x: np.ndarray, y: np.ndarray, count: int, **options: np.ndarray) -> tuple[Stack, list]:
    engine = engine_for(None, x.shape[1], task=task_of(count))
    trained = engine.train([], x, y, **options)
    return engine.stack(trained), list(trained.warned)


def by_scikit_learn(x: np.ndarray, y: np.ndarray, strength: float = np.inf) -> Pipeline:
    """In double precision, with columns in units of their standard deviations."""
    regression = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000)
    doubled = FunctionTransformer(lambda x: x.astype(np.float64))
    return make_pipeline(doubled, StandardScaler(), regression).fit(x, y)


def coefficients(fitted: Pipeline) -> np.ndarray:
    """In the units of the columns: (outputs, features)."""
    return fitted[-1].coef_ / fitted[-2].scale_


def probabilities(stack: Stack, x: np.ndarray) -> np.ndarray:
    y = stack.predict(x)[0].astype(np.float64)
    return softmax(y, axis=1) if y.ndim == 2 else np.column_stack([expit(-y), expit(y)])


@pytest.mark.parametrize("count", [2, 3, 10])
def test_probabilities_are_those_of_scikit_learn_without_a_penalty(count):
    x, y = drawn(count, rows=200 * count)
    stack, said = fitted(x, y, count)
    assert said == []
    np.testing.assert_allclose(
        probabilities(stack, x), by_scikit_learn(x, y).predict_proba(x), rtol=0, atol=2e-5
    )


def test_the_gradient_of_the_log_odds_is_the_coefficient():
    x, y = drawn(2)
    stack, _ = fitted(x, y, 2)
    exact = coefficients(by_scikit_learn(x, y))[0]
    (gradients,) = stack.gradient_parts(x[:3])
    assert gradients.shape == (1, 3, 5)
    # What a group of indicators has in common is any.
    for row in gradients[0]:
        np.testing.assert_allclose(row[:2], exact[:2], rtol=1e-4)
        np.testing.assert_allclose(
            row[2:] - row[2:].mean(), exact[2:] - exact[2:].mean(), rtol=0, atol=1e-4
        )


def test_gradients_of_classes_are_their_coefficients_less_the_mean():
    x, y = drawn(3)
    stack, _ = fitted(x, y, 3)
    exact = coefficients(by_scikit_learn(x, y))[:, :2]
    exact -= exact.mean(axis=0)
    (gradients,) = stack.gradient_parts(x[:2])
    assert gradients.shape == (1, 2, 3, 5)
    for row in gradients[0]:
        np.testing.assert_allclose(row[:, :2], exact, rtol=1e-3)
        np.testing.assert_allclose(row.sum(axis=0), 0, atol=1e-5 * np.abs(row).max())


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("how", ["all", "some"])
def test_a_weak_ridge_takes_over_where_classes_separate_and_that_is_said(count, how):
    x, y = drawn(count)
    if how == "all":
        x[:, 0] = y + 0.1 * x[:, 0]
    else:  # the few rows with an indicator of their own are all of one class
        x = np.column_stack([x, (np.arange(len(x)) < 6)]).astype(np.float32)
        y[:6] = 1
    stack, said = fitted(x, y, count)
    assert said == [SEPARATE]
    expected = by_scikit_learn(x, y, strength=1 / (1e-3 * len(x)))
    np.testing.assert_allclose(
        probabilities(stack, x), expected.predict_proba(x), rtol=0, atol=2e-5
    )


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("apart", [False, True])
def test_whole_weights_are_repeated_rows(count, apart):
    """Rows of weight 0 are none; also where classes separate."""
    x, y = drawn(count, rows=200)
    if apart:
        x[:, 0] = y + 0.1 * x[:, 0]
    weights = np.random.default_rng(0).integers(4, size=len(y)).astype(np.float32)
    (one, said), (other, again) = (
        fitted(x, y, count, weights=5 * weights),
        fitted(*(np.repeat(part, weights.astype(int), axis=0) for part in (x, y)), count),
    )
    assert said == again == [SEPARATE] * apart
    np.testing.assert_allclose(probabilities(one, x), probabilities(other, x), rtol=0, atol=1e-5)
    alike, _ = fitted(x, y, count)
    assert np.abs(probabilities(one, x) - probabilities(alike, x)).max() > 0.001


def test_whole_weights_are_repeated_rows_for_least_squares():
    x, y = drawn(2)
    y = x[:, 0] + 0.01 * x[:, 1] + y
    weights = np.random.default_rng(0).integers(4, size=len(y))
    engine = ClosedForm(5, NUMBER)
    one = engine.train([], x, y, weights=weights.astype(np.float32)).weights
    other = engine.train([], np.repeat(x, weights, axis=0), np.repeat(y, weights)).weights
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-4, atol=1e-6)
    assert not np.allclose(one["output.weight"], engine.train([], x, y).weights["output.weight"])


def test_a_class_that_is_not_among_the_rows_is_all_but_impossible():
    x, y = drawn(3)
    x, y = x[y != 1], y[y != 1]
    stack, said = fitted(x, y, 3)
    found = probabilities(stack, x)
    assert said == []
    assert found[:, 1].max() < 1e-14
    two, _ = fitted(x, y / 2, 2)
    np.testing.assert_allclose(found[:, [0, 2]], probabilities(two, x), rtol=0, atol=1e-5)
    (gradients,) = stack.gradient_parts(x[:1])
    np.testing.assert_allclose(gradients[0, 0, 1], 0, atol=1e-6)
    alone, said = fitted(x[y == 0], y[y == 0], 2)
    assert said == []
    assert probabilities(alone, x)[:, 1].max() < 1e-14


def test_each_half_of_the_rows_has_its_own():
    """What is said of some of them is said once for each."""
    x, y = drawn(2)
    y[:] = x[:, 2]
    x[:, 0] = 0
    engine = engine_for(None, 5, task=task_of(2))
    halves = [Replicate("real", StreamSeeds.of(half, half)) for half in range(2)]
    trained = engine.train(halves, x, y, tested=100)
    assert trained.weights["output.weight"].shape == (2, 1, 5)
    assert list(trained.warned) == [SEPARATE, SEPARATE]
    assert (engine.title, ClosedForm(5).title) == ("Logistic regression", "Least squares")
