"""Fits and importances of rows that do not all count the same."""

from dataclasses import replace

import numpy as np
import pytest
import sklearn.metrics as metrics
from class_runs import LinearModels, logistic, stack_of
from class_tables import class_data, flowers, loaded, written
from conftest import shipped
from plain_loop import real
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from study.common.errors import InputError
from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.engines.row_orders import rows_of
from study.importance.measure import Measured, measure, measure_trained
from study.importance.permutation import permutation
from study.importance.sample import Sample
from study.importance.scoring import check_scoring
from study.recipes.model import EstimatorRecipe


def whole_weights(data: Dataset) -> np.ndarray:
    rows = len(data.train_y) + len(data.test_y)
    return np.random.default_rng(4).integers(1, 5, size=rows)


def weighted(data: Dataset) -> Dataset:
    return replace(data, row_weights=whole_weights(data) / 3)


def repeated(data: Dataset) -> Dataset:
    train, test = np.split(whole_weights(data), [len(data.train_y)])
    return replace(
        data,
        train_x=np.repeat(data.train_x, train, axis=0),
        train_y=np.repeat(data.train_y, train),
        test_x=np.repeat(data.test_x, test, axis=0),
        test_y=np.repeat(data.test_y, test),
    )


def closed_form(data: Dataset) -> Measured:
    engine = engine_for(None, len(data.features), task=data.task)
    trained = engine.train([], *data.pooled, tested=len(data.test_y), weights=data.row_weights)
    return measure_trained(engine, trained, data, [])


def numbers(tmp_path) -> Dataset:
    table = flowers().assign(kind=np.random.default_rng(0).normal(size=120))
    table["kind"] += table["width"] + (table["soil"] == "loam")
    return loaded(written(tmp_path, table, "standardise = true\ntolerance = 0.1"))


DATA = {
    "a number": numbers,
    "two classes": lambda folder: class_data(folder, 2),
    "three classes": lambda folder: class_data(folder, 3),
}
each_data = pytest.mark.parametrize("made", DATA.values(), ids=DATA)


def of_parts(found: Measured) -> dict[tuple[str, str], float]:
    return {
        (fit.part, name): float(values[0])
        for fit in found.fits
        for name, values in fit.measures.items()
    }


@each_data
def test_whole_weights_are_repeated_rows_to_the_closed_form_its_fits_and_gradients(tmp_path, made):
    data = made(tmp_path)
    one, other, alike = (closed_form(of) for of in (weighted(data), repeated(data), data))
    fits, expected, without = map(of_parts, (one, other, alike))
    assert fits == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert fits != pytest.approx(without, rel=1e-2)
    named = {of.method: of for of in other.importances}
    gradients = [of for of in one.importances if "gradient" in of.method]
    assert {"gradient", "contrast-gradient", "scaled-gradient"} <= {of.method for of in gradients}
    for found in gradients:
        np.testing.assert_allclose(found.score, named[found.method].score, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
def test_weighted_fits_of_classes_are_those_of_scikit_learn(tmp_path, classes):
    data = weighted(class_data(tmp_path, classes))
    model = logistic(data.train_x, data.train_y)
    found = measure(stack_of(model), data, np.zeros((1, 0, 1, len(data.features))))
    fits = of_parts(found)
    parts = np.split(data.row_weights, [len(data.train_y)])
    tables = (data.train_x, data.train_y), (data.test_x, data.test_y)
    for part, (x, y), weights in zip(("train", "test"), tables, parts, strict=True):
        p = model.predict_proba(x)
        hard = p.argmax(axis=1)
        told = {
            "d_squared": metrics.d2_log_loss_score(y, p, sample_weight=weights),
            "log_loss": metrics.log_loss(y, p, sample_weight=weights),
            "accuracy": metrics.accuracy_score(y, hard, sample_weight=weights),
            "balanced_accuracy": metrics.balanced_accuracy_score(y, hard, sample_weight=weights),
            "auc": metrics.roc_auc_score(
                y, p[:, 1] if classes == 2 else p, sample_weight=weights, multi_class="ovr"
            ),
        }
        for name, expected in told.items():
            assert fits[part, name] == pytest.approx(expected, rel=1e-6), name


SCORES = {"a number": ["r2", "neg_mean_absolute_error"],
          "two classes": ["d2_log_loss_score", "balanced_accuracy"],
          "three classes": ["d2_log_loss_score", "neg_log_loss"]}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "scoring"), [(kind, of) for kind in SCORES for of in SCORES[kind]]
)
def test_permutation_importance_is_scikit_learns_with_sample_weight(tmp_path, kind, scoring):
    data = weighted(DATA[kind](tmp_path))
    settings = data.recipe.permutation.model_copy(update={"scoring": scoring})
    data = replace(data, recipe=data.recipe.model_copy(update={"permutation": settings}))
    check_scoring(data)
    x, y = data.train_x.astype(np.float64), data.train_y
    if data.task.classes:
        model = logistic(x, y)
        stack, labels = stack_of(model), data.test_y.astype(int)
    else:
        model = LinearRegression().fit(x, y)
        stack = LinearModels(model.coef_[None], np.array([model.intercept_]))
        labels = data.test_y
    sample = Sample.of(data, ())
    found = permutation(stack.predict, data, sample)

    def expected(weights: np.ndarray | None) -> np.ndarray:
        return permutation_importance(
            model,
            data.test_x,
            labels,
            scoring=scoring,
            n_repeats=30,
            random_state=0,
            sample_weight=weights,
        ).importances_mean

    unit = data.target_scale.divisor if scoring == "neg_mean_absolute_error" else 1
    own = data.row_weights[len(data.train_y) :]
    np.testing.assert_allclose(found.score[0], unit * expected(own), rtol=1e-6, atol=1e-9)
    assert np.abs(found.score[0] - unit * expected(None)).max() > 1e-3


@each_data
def test_gradient_scores_of_a_network_are_weighted_means_over_the_test_rows(tmp_path, made):
    data = weighted(made(tmp_path))
    engine = engine_for(shipped("mlp", epochs=3), len(data.features), task=data.task)
    trained = engine.train(
        real(0, 1), *data.pooled, tested=len(data.test_y), weights=data.row_weights
    )
    stack = engine.stack(trained)
    found = {of.method: of for of in measure(stack, data, trained.occasions).importances}
    gradients = np.concatenate(list(stack.gradient_parts(data.test_x)), axis=1).astype(np.float64)
    own = data.row_weights[len(data.train_y) :]
    expected = np.average(np.abs(gradients), axis=1, weights=own)
    if gradients.ndim == 4:
        expected = expected.sum(axis=1)
    else:
        signed = np.average(gradients, axis=1, weights=own)
        np.testing.assert_allclose(found["gradient"].signed, signed, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found["gradient"].score, expected, rtol=1e-9)
    plain = np.abs(gradients).mean(axis=1)
    assert not np.allclose(found["gradient"].score, plain.sum(axis=1) if plain.ndim == 3 else plain)


@pytest.mark.parametrize("drawn", [{"split": 0}, {"split": 1}, {"rows": 5}])
def test_rows_of_halves_and_bootstraps_keep_their_weights(people, drawn):
    data = weighted(people)
    streams = replace(StreamSeeds.of(0), **drawn)
    replicates = [Replicate("real", streams), Replicate("real", replace(streams, **_next(drawn)))]
    x, y = data.pooled
    tested = len(data.test_y)
    engine = engine_for(None, 8, task=data.task)
    trained = engine.train(replicates, x, y, tested=tested, weights=data.row_weights)
    found = measure_trained(engine, trained, data, replicates)
    fits = {fit.part: fit.measures["r_squared"] for fit in found.fits if fit.evaluation == "alone"}
    for place, replicate in enumerate(replicates):
        train, test = rows_of(replicate, len(data.train_y), tested)
        weights = data.row_weights
        model = LinearRegression().fit(x[train].astype(np.float64), y[train], weights[train])
        for part, rows in (("train", train), ("test", test)):
            expected = model.score(x[rows], y[rows], sample_weight=weights[rows])
            assert fits[part][place] == pytest.approx(expected, abs=1e-6)


def _next(drawn: dict[str, int]) -> dict[str, int]:
    return {name: number + 2 for name, number in drawn.items()}


def test_the_spread_of_features_is_that_of_the_rows_as_they_count(people):
    data = weighted(people)
    expected = repeated(people).train_x.astype(np.float64).std(axis=0)
    np.testing.assert_allclose(data.feature_scale, expected, rtol=1e-9)
    np.testing.assert_allclose(Sample.of(data, ()).feature_scale, expected, rtol=1e-9)


def test_a_score_without_sample_weight_is_refused_of_weighted_rows(people):
    settings = people.recipe.permutation.model_copy(update={"scoring": "neg_max_error"})
    recipe = people.recipe.model_copy(update={"permutation": settings})
    check_scoring(replace(people, recipe=recipe))
    with pytest.raises(InputError, match="'neg_max_error' takes no sample_weight, but the rows"):
        check_scoring(replace(weighted(people), recipe=recipe))


def test_an_estimator_without_sample_weight_is_refused_before_it_is_trained(people):
    recipe = EstimatorRecipe(title="Own", estimator="test_weighted_scores:Plain")
    engine = engine_for(recipe, 8)
    engine.check(people, known=False)
    with pytest.raises(
        InputError, match=r"'Own': .*: its fit takes no sample_weight, but the rows"
    ):
        engine.check(weighted(people), known=False)


class Plain(DecisionTreeRegressor):
    def fit(self, X, y):  # noqa: N803
        return super().fit(X, y)
