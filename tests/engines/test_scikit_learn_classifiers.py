"""scikit-learn's classifiers as models of the study."""

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import log_loss

from study.common.errors import InputError
from study.common.streams import StreamSeeds
from study.common.task import NUMBER, Task
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.engines.scikit_learn import ScikitLearn
from study.recipes.model import EstimatorRecipe

TWO, THREE = Task(("no", "yes")), Task(("a", "b", "c"))
each_task = pytest.mark.parametrize("task", [TWO, THREE], ids=["two", "three"])
SEED = [Replicate("real", StreamSeeds.of(3))]


def engine(estimator: str, task: Task, **arguments: object) -> ScikitLearn:
    recipe = EstimatorRecipe(title="Own", estimator=estimator, arguments=arguments)
    found = engine_for(recipe, 8, task=task)
    assert isinstance(found, ScikitLearn)
    return found


def rows(people, task: Task) -> tuple[np.ndarray, np.ndarray]:
    cuts = np.quantile(people.train_y, np.arange(1, len(task.levels)) / len(task.levels))
    return people.train_x, np.searchsorted(cuts, people.train_y).astype(np.float32)


def probabilities(outputs: np.ndarray) -> np.ndarray:
    if outputs.ndim == 2:
        return softmax(outputs, axis=1)
    return np.column_stack([expit(-outputs), expit(outputs)])


@each_task
def test_a_seed_is_a_forest_of_scikit_learn_whose_probabilities_come_back(people, task):
    """Those of 0 and 1, too, as its log loss has them."""
    x, y = rows(people, task)
    of = engine("sklearn.ensemble:RandomForestClassifier", task, n_estimators=5)
    outputs = of.stack(of.train(SEED, x, y)).predict(x)[0]
    expected = RandomForestClassifier(n_estimators=5, random_state=3).fit(x, y).predict_proba(x)
    assert {0.0, 1.0} <= set(expected.ravel())
    found = probabilities(outputs)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)
    assert np.isfinite(outputs).all()
    for labels in (y, (y + 1) % len(task.levels)):
        assert log_loss(labels, found) == pytest.approx(log_loss(labels, expected), rel=1e-9)


@each_task
def test_a_class_without_training_rows_is_all_but_impossible(people, task):
    x, y = rows(people, task)
    seen = y != 1 if task is THREE else y == 0
    of = engine("sklearn.ensemble:RandomForestClassifier", task, n_estimators=5)
    found = probabilities(of.stack(of.train(SEED, x[seen], y[seen])).predict(x)[0])
    assert found[:, 1].max() < 1e-14
    np.testing.assert_allclose(found.sum(axis=1), 1)


REFUSED = [
    ("sklearn.ensemble:RandomForestRegressor", TWO, "a regressor, but the target is a class: name a classifier"),
    ("sklearn.ensemble:RandomForestClassifier", NUMBER, "a classifier, but the target is a number: name a regressor, or say"),
    ("sklearn.svm:SVC", TWO, "it has no predict_proba: name a classifier with probabilities"),
    ("sklearn.linear_model:SGDClassifier", THREE, "it has no predict_proba: name a classifier"),
    ("sklearn.cluster:KMeans", TWO, "not a class of scikit-learn classifiers"),
    ("sklearn.cluster:KMeans", NUMBER, "not a class of scikit-learn regressors"),
]  # fmt: skip


@pytest.mark.parametrize(("estimator", "task", "reason"), REFUSED)
def test_what_does_not_fit_the_target_is_refused_in_a_line(people, estimator, task, reason):
    with pytest.raises(InputError) as refused:
        engine(estimator, task).check(people, known=False)
    assert str(refused.value).startswith(f"model 'Own': {estimator}: {reason}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("task", "mixin"), [(TWO, "Classifier"), (NUMBER, "Regressor")])
def test_a_class_of_another_kind_is_told_what_to_inherit(people, task, mixin):
    with pytest.raises(InputError, match=f"inherit {mixin}Mixin of sklearn.base"):
        engine("sklearn.cluster:KMeans", task).check(people, known=False)


def test_an_argument_with_which_there_are_probabilities_is_all_it_takes(people):
    x, y = rows(people, TWO)
    of = engine("sklearn.linear_model:SGDClassifier", TWO, loss="log_loss")
    assert of.stack(of.train(SEED, x, y)).predict(x).shape == (1, 200)
