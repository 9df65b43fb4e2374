"""Fit and importance of models of counts, by a stack that is known in closed form."""

from pathlib import Path

import numpy as np
import pytest
from class_runs import LinearModels
from class_tables import flowers, loaded, written
from sklearn import metrics
from sklearn.inspection import permutation_importance
from sklearn.linear_model import PoissonRegressor

from study.common.task import COUNT
from study.datasets.dataset import Dataset
from study.engines.registry import engine_for
from study.importance.measure import Measured, measure, measure_trained
from study.importance.permutation import permutation
from study.importance.sample import Sample
from study.importance.scoring import check_scoring


def counted(folder: Path, bottom: str = "") -> Dataset:
    table = flowers(160)
    rates = np.exp(0.3 + 0.8 * table["width"] + (table["soil"] == "loam"))
    counts = np.random.default_rng(0).poisson(rates)
    return loaded(written(folder, table.assign(kind=counts), 'type = "count"', bottom=bottom))


def fitted(data: Dataset) -> PoissonRegressor:
    x = data.train_x.astype(np.float64)
    return PoissonRegressor(alpha=0.01, max_iter=1000).fit(x, data.train_y)


def with_nothing(data: Dataset) -> LinearModels:
    """That model, and one without coefficients."""
    model = fitted(data)
    weights = np.stack([model.coef_, 0 * model.coef_])
    return LinearModels(weights, np.array([model.intercept_, np.log(data.test_y.mean())]))


def measured(data: Dataset) -> Measured:
    return measure(with_nothing(data), data, np.zeros((2, 0, 1, len(data.features))))


def test_the_fit_of_counts_is_what_scikit_learn_says_of_the_same_model(tmp_path):
    data = counted(tmp_path)
    model = fitted(data)
    fits = {(fit.part, fit.evaluation): fit.measures for fit in measured(data).fits}
    for part, x, y in (("train", data.train_x, data.train_y), ("test", data.test_x, data.test_y)):
        predicted, fit = model.predict(x.astype(np.float64)), fits[part, "alone"]
        assert fit["d_squared"][0] == pytest.approx(metrics.d2_tweedie_score(y, predicted, power=1))
        assert fit["d_squared"][0] == pytest.approx(model.score(x.astype(np.float64), y))
        assert fit["deviance"][0] == pytest.approx(metrics.mean_poisson_deviance(y, predicted))
        assert fit["mae"][0] == pytest.approx(metrics.mean_absolute_error(y, predicted))
        assert set(fit) == {"d_squared", "deviance", "mae", "mean_count"}
    assert fits["test", "alone"]["d_squared"][1] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    "scoring", [None, "r2", "neg_mean_poisson_deviance", "neg_mean_absolute_error"]
)
def test_permutation_importance_is_scikit_learns_of_the_same_model_and_score(tmp_path, scoring):
    """Without a name, the drop in D², which is the score of its own PoissonRegressor."""
    data = counted(tmp_path, "" if scoring is None else f'[permutation]\nscoring = "{scoring}"')
    check_scoring(data)
    found = permutation(with_nothing(data).predict, data, Sample.of(data, ()))
    expected = permutation_importance(
        fitted(data),
        data.test_x.astype(np.float64),
        data.test_y.astype(np.float64),
        scoring=scoring,
        n_repeats=30,
        random_state=0,
    )
    np.testing.assert_allclose(found.score[0], expected.importances_mean, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found.score[1], 0, atol=1e-12)


def test_gradients_are_of_the_logarithm_of_the_rate(tmp_path):
    data = counted(tmp_path)
    found = {of.method: of for of in measured(data).importances}
    coefficients = fitted(data).coef_
    np.testing.assert_allclose(found["gradient"].score[0], abs(coefficients), rtol=1e-12)
    np.testing.assert_allclose(found["gradient"].signed[0], coefficients, rtol=1e-12)
    assert not any(":" in method for method in found)
    assert data.recipe.told("{predicted}") == "the logarithm of the predicted rate"


def test_whole_weights_count_as_rows_that_are_repeated(tmp_path):
    from test_weighted_scores import repeated, weighted

    data = counted(tmp_path)
    found = []
    for of in (weighted(data), repeated(data)):
        engine = engine_for(None, len(of.features), task=COUNT)
        rows, tested = of.pooled, len(of.test_y)
        trained = engine.train([], *rows, tested=tested, weights=of.row_weights)
        found.append(measure_trained(engine, trained, of, [], methods=("gradient",)))
    one, other = found
    for first, second in zip(one.fits, other.fits, strict=True):
        for name, values in first.measures.items():
            np.testing.assert_allclose(values, second.measures[name], rtol=1e-5)
    for first, second in zip(one.importances, other.importances, strict=True):
        np.testing.assert_allclose(first.score, second.score, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("wrong", [np.nan, 1e4], ids=["no number", "rates without end"])
def test_a_model_that_diverged_has_no_fit_and_no_drop_in_it_and_others_keep_theirs(tmp_path, wrong):
    data = counted(tmp_path)
    before, lost = measured(data), with_nothing(data)
    lost.weights[1] = wrong
    after = measure(lost, data, np.zeros((2, 0, 1, len(data.features))))
    for one, other in zip(before.fits, after.fits, strict=True):
        for name, values in other.measures.items():
            assert not np.isfinite(values[1])
            np.testing.assert_allclose(values[0], one.measures[name][0], rtol=1e-12)
    for one, other in zip(before.importances, after.importances, strict=True):
        assert np.isnan(other.score[1]).all() or (wrong == 1e4 and "gradient" in one.method)
        np.testing.assert_allclose(other.score[0], one.score[0], rtol=1e-9, atol=1e-12)
