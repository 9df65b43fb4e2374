"""Fit and importance of models of classes, by stacks that are known in closed form."""

import numpy as np
import pytest
import sklearn.metrics as metrics
from class_runs import LinearModels, logistic, stack_of
from class_tables import class_data, flowers, loaded, written
from scipy.special import expit, softmax
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression

from study.common.errors import InputError
from study.common.methods import of_class
from study.datasets.dataset import Dataset
from study.importance.measure import Measured, measure
from study.importance.permutation import permutation
from study.importance.sample import Sample
from study.importance.scoring import check_scoring
from study.statistics.probabilities import raw_outputs


def fitted(data: Dataset) -> LogisticRegression:
    return logistic(data.train_x, data.train_y)


def with_nothing(data: Dataset) -> LinearModels:
    """That model, and one without coefficients."""
    plain = stack_of(fitted(data))
    return LinearModels(*(np.concatenate([of, 0 * of]) for of in (plain.weights, plain.bias)))


def measured(data: Dataset) -> Measured:
    return measure(with_nothing(data), data, np.zeros((2, 0, 1, len(data.features))))


@pytest.mark.parametrize("classes", [2, 3])
def test_the_fit_of_classes_is_what_scikit_learn_says_of_the_same_model(tmp_path, classes):
    data = class_data(tmp_path, classes)
    model = fitted(data)
    fits = {(fit.part, fit.evaluation): fit.measures for fit in measured(data).fits}
    for part, x, y in (("train", data.train_x, data.train_y), ("test", data.test_x, data.test_y)):
        predicted, fit = model.predict_proba(x), fits[part, "alone"]
        assert fit["d_squared"][0] == pytest.approx(metrics.d2_log_loss_score(y, predicted))
        assert fit["accuracy"][0] == pytest.approx(model.score(x, y))
        assert fit["accuracy"][1] == pytest.approx((y == 0).mean())  # all are as probable
        assert "r_squared" not in fit


@pytest.mark.parametrize("scoring", [None, "balanced_accuracy", "neg_log_loss", "roc_auc_ovr"])
@pytest.mark.parametrize("classes", [2, 3])
def test_permutation_importance_is_scikit_learns_of_the_same_model_and_score(
    tmp_path, classes, scoring
):
    said = "" if scoring is None else f'[permutation]\nscoring = "{scoring}"'
    data = class_data(tmp_path, classes, bottom=said)
    check_scoring(data)
    model = fitted(data)
    found = permutation(with_nothing(data).predict, data, Sample.of(data, ()))
    expected = permutation_importance(
        model,
        data.test_x,
        data.test_y.astype(int),
        scoring=scoring or "d2_log_loss_score",
        n_repeats=30,
        random_state=0,
    )
    np.testing.assert_allclose(found.score[0], expected.importances_mean, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.score[1], 0, atol=1e-12)
    at_once = permutation(with_nothing(data).predict, data, Sample.of(data, ()), at_once=2**25)
    np.testing.assert_array_equal(at_once.score, found.score)


@pytest.mark.parametrize("scoring", ["r2", "neg_mean_absolute_error", "neg_max_error"])
@pytest.mark.parametrize("scale", ["standardise = true", 'standardise = true\nscale = "log"'])
def test_scores_of_numbers_are_in_the_targets_own_unit(tmp_path, scoring, scale):
    prices = np.exp(np.random.default_rng(0).normal(3, 1, 120))
    table = flowers().assign(kind=prices)
    table["width"] = np.log(prices) + np.random.default_rng(1).normal(size=120)
    bottom = f'[permutation]\nscoring = "{scoring}"'
    data = loaded(written(tmp_path, table, f"{scale}\ntolerance = 0.1", bottom=bottom))
    check_scoring(data)
    linear = LinearRegression().fit(data.train_x.astype(np.float64), data.train_y)
    stack = LinearModels(linear.coef_[None], np.array([linear.intercept_]))
    found = permutation(stack.predict, data, Sample.of(data, ()))

    class Told:
        """Predicts in the target's unit; R² alone is that of what models learn."""

        def fit(self, *_: object) -> None: ...

        def predict(self, x: np.ndarray) -> np.ndarray:
            raw = linear.predict(x)
            return raw if scoring == "r2" else data.target_scale.undo(raw)

    y = data.test_y if scoring == "r2" else data.target_scale.undo(data.test_y)
    scorer = metrics.get_scorer(scoring)._score_func
    sign = 1 if scoring == "r2" else -1

    def score(told: Told, x: np.ndarray, y: np.ndarray) -> float:
        return sign * scorer(y, told.predict(x))

    expected = permutation_importance(
        Told(), data.test_x, y, scoring=score, n_repeats=30, random_state=0
    )
    np.testing.assert_allclose(found.score[0], expected.importances_mean, rtol=1e-6, atol=1e-9)


def test_the_log_odds_gradient_of_a_logistic_model_is_its_coefficients(tmp_path):
    data = class_data(tmp_path, 2)
    found = {of.method: of for of in measured(data).importances}
    coefficients = fitted(data).coef_[0]
    np.testing.assert_allclose(found["gradient"].score[0], abs(coefficients), rtol=1e-12)
    np.testing.assert_allclose(found["gradient"].signed[0], coefficients, rtol=1e-12)
    assert not any(":" in method for method in found)


def test_each_of_three_classes_has_gradients_whose_sum_is_the_methods(tmp_path):
    data = class_data(tmp_path, 3)
    found = {of.method: of for of in measured(data).importances}
    coefficients = fitted(data).coef_
    centred = coefficients - coefficients.mean(axis=0)
    for place, level in enumerate(data.task.levels):
        own = found[of_class("gradient", level)]
        np.testing.assert_allclose(own.score[0], abs(centred[place]), rtol=1e-12)
        np.testing.assert_allclose(own.signed[0], centred[place], rtol=1e-12)
    for method in ("gradient", "contrast-gradient", "scaled-gradient"):
        parts = [found[of_class(method, level)].score for level in data.task.levels]
        np.testing.assert_allclose(found[method].score, np.sum(parts, axis=0), rtol=1e-12)
        assert np.isnan(found[method].signed).all()


def test_what_is_added_to_every_logit_changes_no_score(tmp_path):
    data = class_data(tmp_path, 3)
    plain = with_nothing(data)
    shift = np.random.default_rng(0).normal(size=plain.weights.shape[:2])[..., None]
    moved = LinearModels(plain.weights + shift, plain.bias)
    none = np.zeros((2, 0, 1, len(data.features)))
    for one, other in zip(
        measure(plain, data, none).importances, measure(moved, data, none).importances, strict=True
    ):
        np.testing.assert_allclose(other.score, one.score, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_model_that_diverged_has_no_fit_and_no_scores_and_others_keep_theirs(tmp_path, classes):
    data = class_data(tmp_path, classes)
    whole, lost = with_nothing(data), with_nothing(data)
    lost.weights[1] = np.nan
    none = np.zeros((2, 0, 1, len(data.features)))
    before, after = measure(whole, data, none), measure(lost, data, none)
    for one, other in zip(before.fits, after.fits, strict=True):
        for name, values in other.measures.items():
            assert np.isnan(values[1])
            np.testing.assert_allclose(values[0], one.measures[name][0], rtol=1e-12)
    for one, other in zip(before.importances, after.importances, strict=True):
        assert np.isnan(other.score[1]).all()
        np.testing.assert_allclose(other.score[0], one.score[0], rtol=1e-9, atol=1e-12)


def test_probabilities_of_a_classifier_are_given_back_by_their_raw_outputs(tmp_path):
    data = class_data(tmp_path, 3)
    predicted = fitted(data).predict_proba(data.test_x)
    np.testing.assert_allclose(softmax(raw_outputs(predicted), axis=1), predicted, rtol=1e-12)
    two = predicted[:, :2] / predicted[:, :2].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(expit(raw_outputs(two)), two[:, 1], rtol=1e-12)


REFUSED = {
    "no scorer": (3, "balanced_acuracy", "has no scorer 'balanced_acuracy': did you mean 'balanced_accuracy'?"),
    "a score of numbers": (3, "r2", "'r2' is no score of a target that is a class of 3: it is one of numbers"),
    "a score of two classes": (3, "roc_auc", "'roc_auc' is no score of a target that is a class of 3: "),
    "a score of classes": (0, "accuracy", "'accuracy' is no score of a target that is a number: "),
    "a logarithm of negative numbers": (0, "neg_mean_squared_log_error", "is no score of a target that is a number: "),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_score_that_does_not_fit_the_target_is_refused(tmp_path, command, what):
    classes, scoring, said = REFUSED[what]
    bottom = f'[permutation]\nscoring = "{scoring}"'
    table = flowers(classes=classes or 3)
    target = ""
    if not classes:
        table["kind"], target = np.random.default_rng(0).normal(size=120), "tolerance = 0.1"
    path = written(tmp_path, table, target, bottom=bottom)
    with pytest.raises(InputError, match=r"permutation\.scoring"):
        check_scoring(loaded(path))
    for words in (["data", "check"], ["run", "--models", "mlp", "--out", "run", "--data"]):
        outcome = command(*words, str(path))
        assert outcome.status == 2
        assert said in outcome.err
        assert outcome.err.count("\n") == 1
    assert not (tmp_path / "run").exists()
