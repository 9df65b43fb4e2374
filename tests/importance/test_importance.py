from dataclasses import replace

import numpy as np
import pytest
from conftest import shipped, train
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.compose import ColumnTransformer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from study.common.methods import DEFAULT_METHODS
from study.common.streams import StreamSeeds
from study.datasets.least_squares import least_squares
from study.engines.engine import Stack
from study.engines.replicates import Replicate
from study.engines.torch.prediction import ROWS, TorchStack
from study.importance.gradients import after_training, contrast
from study.importance.measure import measure
from study.importance.models import Models
from study.importance.permutation import (
    grouped_permutation,
    importances,
    permutation,
    rows_predicted,
)
from study.importance.sample import Sample
from study.importance.training_gradient import training_gradient
from study.networks.build import build
from study.networks.linear import Linear
from study.statistics.fit import r_squared, rmse, within
from study.statistics.ranking import shares

GROUPS = ((0,), (1,), (2, 3, 4), (5, 6, 7))


def linear_stack(coefficients: np.ndarray) -> TorchStack:
    """Linear networks (networks, features) without bias."""
    weights = coefficients.astype(np.float32)[:, None, :]
    bias = np.zeros((len(coefficients), 1), dtype=np.float32)
    network = Linear(inputs=coefficients.shape[1])
    return TorchStack(network, {"output.weight": weights, "output.bias": bias})


# -- gradients -------------------------------------------------------------------------------


def test_gradients_of_a_linear_network_are_its_coefficients(people):
    coefficients = np.array([[0.5, -2.0, 0.1, 0.2, 0.6, -0.3, 0.0, 0.9]])
    gradients = linear_stack(coefficients).gradients(people.test_x)
    scale = people.train_x.std(axis=0, dtype=np.float64)
    plain, contrasts, scaled = after_training([gradients], GROUPS, people.feature_scale)
    np.testing.assert_allclose(plain.score, np.abs(coefficients), rtol=1e-6)
    np.testing.assert_allclose(plain.signed, coefficients, rtol=1e-6, atol=1e-7)
    # State 0.1, 0.2, 0.6 has mean 0.3; politics -0.3, 0.0, 0.9 has mean 0.2.
    expected = np.array([[0.5, -2.0, -0.2, -0.1, 0.3, -0.5, -0.2, 0.7]])
    np.testing.assert_allclose(contrasts.signed, expected, atol=1e-6)
    np.testing.assert_allclose(contrasts.score, np.abs(expected), atol=1e-6)
    np.testing.assert_allclose(scaled.score, np.abs(expected) * scale, atol=1e-6)
    np.testing.assert_allclose(scaled.signed, expected * scale, atol=1e-6)


@given(
    hnp.arrays(np.float64, (2, 3, 8), elements=st.floats(-10, 10)),
    st.floats(-100, 100),
    st.floats(-100, 100),
)
def test_a_constant_added_to_a_one_hot_group_changes_no_contrast(gradients, state, politics):
    moved = gradients.copy()
    moved[..., 2:5] += state
    moved[..., 5:8] += politics
    np.testing.assert_allclose(contrast(moved, GROUPS), contrast(gradients, GROUPS), atol=1e-10)
    np.testing.assert_array_equal(contrast(gradients, GROUPS)[..., :2], gradients[..., :2])


def test_a_constant_moved_from_the_bias_to_a_group_changes_no_prediction(people):
    coefficients = np.array([[0.5, -2.0, 0.1, 0.2, 0.6, -0.3, 0.0, 0.9]])
    moved = coefficients + np.array([0, 0, 5, 5, 5, 0, 0, 0])
    one = linear_stack(coefficients).predict(people.test_x)
    other = linear_stack(moved).predict(people.test_x) - 5
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_signs_cancel_in_the_signed_mean_and_not_in_the_score():
    gradients = np.zeros((1, 2, 8))
    gradients[0, :, 1] = [3, -1]
    plain, *_ = after_training([gradients], GROUPS, np.ones(8))
    assert plain.score[0, 1] == 2
    assert plain.signed[0, 1] == 1


def test_the_training_gradient_sums_occasions_and_averages_rows():
    # By the published protocol: absolute values summed over occasions, averaged over rows.
    occasions = np.array([[[[1.0, -2.0], [3.0, 0.0]], [[-1.0, 4.0], [1.0, 2.0]]]])
    found = training_gradient(occasions)
    np.testing.assert_array_equal(
        found.score, [[(1 + 3) / 2 + (1 + 1) / 2, (2 + 0) / 2 + (4 + 2) / 2]]
    )
    np.testing.assert_array_equal(
        found.signed, [[(1 + 3) / 2 + (-1 + 1) / 2, (-2 + 0) / 2 + (4 + 2) / 2]]
    )


# -- permutation -----------------------------------------------------------------------------


class Network:
    """One network as an ordinary scikit-learn regressor."""

    _estimator_type = "regressor"

    def __init__(self, stack: TorchStack) -> None:
        self.stack = stack

    def fit(self, *_: object) -> None:
        raise NotImplementedError

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.stack.predict(x)[0]

    def score(self, x: np.ndarray, y: np.ndarray) -> float:
        return r2_score(y, self.predict(x))


def test_all_networks_at_once_score_as_each_alone_in_scikit_learn(people):
    recipe = shipped("mlp", epochs=3)
    trained = train(recipe, [Replicate("real", StreamSeeds.of(seed)) for seed in range(3)], people)
    network = build(recipe, inputs=8, init=0)
    together = permutation(
        TorchStack(network, trained.weights).predict, people, Sample.of(people, ())
    )
    for index in range(3):
        alone = TorchStack(
            network, {name: array[[index]] for name, array in trained.weights.items()}
        )
        expected = permutation_importance(
            Network(alone), people.test_x, people.test_y, n_repeats=30, random_state=0
        )
        np.testing.assert_allclose(together.score[index], expected.importances_mean, atol=1e-6)
    assert together.signed is None


def test_grouped_permutation_is_that_of_a_pipeline_which_encodes_inside(people):
    """scikit-learn's own encoder inside its own pipeline, fitted on the variables."""
    table = people.to_variables(people.train_x).astype(np.float64)
    encoder = ColumnTransformer([("levels", OneHotEncoder(), [2, 3])], remainder="passthrough")
    pipeline = make_pipeline(encoder, Ridge(alpha=1e-3)).fit(table, people.train_y)
    # Columns after encoding: State, politics, sex, age.
    coefficients = pipeline[-1].coef_[[6, 7, 0, 1, 2, 3, 4, 5]]
    stack = linear_stack(coefficients[None])

    def predict(x: np.ndarray) -> np.ndarray:
        return stack.predict(x) + np.float32(pipeline[-1].intercept_)

    expected = permutation_importance(
        pipeline, people.to_variables(people.test_x), people.test_y, n_repeats=30, random_state=0
    )
    found = grouped_permutation(predict, people, Sample.of(people, ()))
    np.testing.assert_allclose(found.score[0], expected.importances_mean, atol=1e-5)


def test_a_feature_that_is_not_used_has_no_permutation_importance(people):
    stack = linear_stack(np.array([[0.0, 1.0, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0]]))
    score = permutation(stack.predict, people, Sample.of(people, ())).score[0]
    np.testing.assert_array_equal(score[[0, 3, 4, 5, 6, 7]], 0)
    assert score[1] > 0
    assert score[2] > 0
    assert grouped_permutation(stack.predict, people, Sample.of(people, ())).score[0, 3] == 0


# -- fit and least squares -------------------------------------------------------------------


def test_fit_measures_are_scikit_learn_s():
    generator = np.random.default_rng(0)
    y = generator.normal(size=30).astype(np.float32)
    predictions = (y + 0.3 * generator.normal(size=(4, 30))).astype(np.float32)
    for index in range(4):
        assert r_squared(y, predictions)[index] == pytest.approx(
            r2_score(y, predictions[index]), abs=1e-6
        )
        expected = mean_squared_error(y, predictions[index]) ** 0.5
        assert rmse(y, predictions[index][None])[0] == pytest.approx(expected, abs=1e-6)


def test_within_is_strict_and_relative():
    y = np.array([1.0, -2.0, 4.0, 0.0])
    predictions = np.array([[1.25, -2.4, 4.9, 0.0]])
    # Misses of 0.25 of 1, 0.2 of 2, 0.225 of 4; at 0 nothing is strictly nearer than 0.
    assert within(y, predictions, 0.25)[0] == 0.5


def test_a_diverged_network_has_no_fit_and_does_not_disturb_the_others():
    y = np.array([1.0, 2.0, 4.0])
    predictions = np.array([[1.0, np.nan, 3.0], [1.0, 2.0, 4.0]])
    for measured in (r_squared(y, predictions), rmse(y, predictions), within(y, predictions, 0.1)):
        assert np.isnan(measured[0])
        assert np.isfinite(measured[1])


def test_a_network_that_diverged_late_has_no_scores_by_any_method(people):
    """Its gradients met in training were still finite."""
    weights = np.zeros((2, 1, 8), np.float32)
    weights[1, 0, 0] = np.nan
    stack = TorchStack(
        Linear(inputs=8), {"output.weight": weights, "output.bias": np.zeros((2, 1), np.float32)}
    )
    measured = measure(stack, people, np.ones((2, 10, 10, 8), np.float32))
    for importance in measured.importances:
        assert np.isfinite(importance.score[0]).all(), importance.method
        assert np.isnan(shares(importance.score)[1]).all(), importance.method


def test_least_squares_is_the_minimum(people):
    weights = least_squares(people.train_x, people.train_y)
    stack = TorchStack(Linear(inputs=8), weights)
    predictions = stack.predict(people.train_x)[0].astype(np.float64)
    design = np.column_stack([np.ones(200), people.train_x]).astype(np.float64)
    solution, *_ = np.linalg.lstsq(design, people.train_y.astype(np.float64), rcond=None)
    np.testing.assert_allclose(predictions, design @ solution, atol=1e-6)
    # The normal equations: residuals are orthogonal to every column.
    np.testing.assert_allclose(design.T @ (people.train_y - predictions), 0, atol=1e-4)
    # Its contrasts are those of a fit without the redundant columns.
    reduced = LinearRegression().fit(np.delete(design[:, 1:], [2, 5], axis=1), people.train_y)
    contrasts = contrast(weights["output.weight"][0].astype(np.float64), GROUPS)[0]
    np.testing.assert_allclose(contrasts[1], reduced.coef_[1], atol=1e-5)
    np.testing.assert_allclose(contrasts[3] - contrasts[2], reduced.coef_[2], atol=1e-5)
    np.testing.assert_allclose(contrasts[7] - contrasts[5], reduced.coef_[5], atol=1e-5)


def test_measuring_gives_each_method_once(people):
    stack = TorchStack(Linear(inputs=8), least_squares(people.train_x, people.train_y))
    untrained = measure(stack, people, np.zeros((1, 0, 10, 8)))
    assert [of.method for of in untrained.importances] == [
        "gradient",
        "contrast-gradient",
        "scaled-gradient",
        "permutation",
        "permutation-grouped",
    ]
    trained = measure(stack, people, np.ones((1, 10, 10, 8)))
    assert trained.importances[0].method == "training-gradient"
    assert {(fit.part, fit.evaluation) for fit in trained.fits} == {
        (part, evaluation) for part in ("train", "test") for evaluation in ("alone", "together")
    }
    alone = next(fit for fit in trained.fits if (fit.part, fit.evaluation) == ("test", "alone"))
    expected = mean_squared_error(people.test_y, stack.predict(people.test_x)[0]) ** 0.5 * 100_000
    assert alone.measures["rmse"][0] == pytest.approx(expected, rel=1e-5)


def test_many_rows_are_predicted_in_parts():
    """A linear network's answers are known in closed form, also where rows fill no part."""
    coefficients = np.random.default_rng(4).normal(size=(3, 5)).astype(np.float32)
    x = np.random.default_rng(5).normal(size=(2 * ROWS + 7, 5)).astype(np.float32)
    stack = linear_stack(coefficients)
    np.testing.assert_allclose(stack.predict(x), coefficients @ x.T, rtol=1e-4, atol=1e-5)
    gradients = stack.gradients(x)
    assert gradients.shape == (3, len(x), 5)
    np.testing.assert_array_equal(
        gradients, np.broadcast_to(coefficients[:, None], gradients.shape)
    )


def test_measuring_tells_how_many_rows_it_predicts(people):
    weights = least_squares(people.train_x, people.train_y)
    predicted = []
    measure(TorchStack(Linear(inputs=8), weights), people, np.zeros((1, 0, 1, 0)), predicted.append)
    # The rows as they are and thirty times each column permuted: of 8 features, of 4 variables.
    assert sum(predicted) == rows_predicted(people) == 40 * (1 + 30 * 8) + 40 * (1 + 30 * 4)


def test_without_groups_both_permutation_methods_are_the_same(people):
    """Told apart where there are groups, computed once where there are none, to the bit."""
    ages, tested = (np.ascontiguousarray(x[:, :2]) for x in (people.train_x, people.test_x))
    network = LinearRegression().fit(ages, people.train_y)
    columns = ((0,), (1,))
    without = replace(
        people,
        features=("sex", "age"),
        variables=("sex", "age"),
        groups=columns,
        train_x=ages,
        test_x=tested,
    )

    def predict(x: np.ndarray) -> np.ndarray:
        return network.predict(x)[None]

    class Alone(Stack):
        size = 1

        def predict(self, x: np.ndarray) -> np.ndarray:
            return predict(x)

    sample = Sample.of(without, ())
    models = Models(Alone(), predict, without, sample, np.zeros((1, 0, 1, 2)), np.ones(1, bool))
    by_column, by_variable = importances(models, DEFAULT_METHODS)
    np.testing.assert_array_equal(
        by_variable.score, grouped_permutation(predict, without, sample).score
    )
    np.testing.assert_array_equal(by_column.score, permutation(predict, without, sample).score)
    assert (by_column.method, by_variable.method) == ("permutation", "permutation-grouped")
