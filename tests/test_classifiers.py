"""The networks as classifiers of scikit-learn; its own checks of them are in test_estimators."""

import doctest
import inspect
import pickle
import re

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import shipped
from plain_loop import real
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from study import estimators
from study.common.task import Task
from study.engines.registry import engine_for
from study.estimators import MLPClassifier, TransformerClassifier

QUICK = [TransformerClassifier(epochs=3, random_state=5), MLPClassifier(epochs=3, random_state=5)]
each_classifier = pytest.mark.parametrize("classifier", QUICK, ids=lambda one: type(one).__name__)
each_data = pytest.mark.parametrize("load", [load_breast_cancer, load_wine])


def rows(load) -> tuple[np.ndarray, np.ndarray]:
    """Eight columns, scaled, and the names of classes."""
    data = load()
    x = StandardScaler().fit_transform(data.data[:, :8]).astype(np.float32)
    return x, data.target_names[data.target]


@each_classifier
@each_data
def test_a_random_state_is_that_seed_of_the_study_bit_for_bit(classifier, load):
    x, y = rows(load)
    fitted = clone(classifier).fit(x, y)
    assert fitted.classes_.tolist() == sorted(set(y))
    numbers = np.searchsorted(fitted.classes_, y).astype(np.float32)
    name = "mlp" if isinstance(classifier, MLPClassifier) else "transformer"
    engine = engine_for(shipped(name, epochs=3), 8, task=Task(tuple(fitted.classes_)))
    trained = engine.train(real(5), x, numbers)
    assert list(fitted.weights_) == list(trained.weights)
    for key, array in fitted.weights_.items():
        np.testing.assert_array_equal(array, trained.weights[key][0])
    np.testing.assert_array_equal(fitted.losses_, trained.losses[0])
    outputs = engine.stack(trained).predict(x)[0]
    np.testing.assert_array_equal(fitted.decision_function(x), outputs)


@each_classifier
@each_data
def test_probabilities_are_those_of_torch_and_the_most_probable_class_is_predicted(
    classifier, load
):
    x, y = rows(load)
    fitted = clone(classifier).fit(x, y)
    outputs = torch.from_numpy(fitted.decision_function(x))
    if outputs.ndim == 1:
        outputs = torch.stack([torch.zeros_like(outputs), outputs], dim=1)
    expected = torch.softmax(outputs, dim=1).numpy()
    p = fitted.predict_proba(x)
    np.testing.assert_allclose(p, expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(fitted.predict(x), fitted.classes_[p.argmax(axis=1)])
    other = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(other.predict_proba(x), p)


@each_classifier
def test_one_class_is_refused(classifier):
    x, y = rows(load_wine)
    with pytest.raises(ValueError, match=r"y holds one class alone, .*class_0.*: give rows of oth"):
        clone(classifier).fit(x[:20], y[:20])


def test_a_training_that_diverges_says_so():
    x, y = rows(load_wine)
    with pytest.raises(ValueError, match=r"diverged.* Scale the inputs, or lower learning_rate"):
        MLPClassifier(learning_rate=3e37, epochs=3).fit(x, y)


@each_data
def test_classes_are_learned_about_as_well_as_by_logistic_regression(load):
    x, y = rows(load)
    models = MLPClassifier(epochs=20, random_state=0), LogisticRegression()
    ours, theirs = (
        cross_val_score(make_pipeline(StandardScaler(), model), x, y, scoring="neg_log_loss").mean()
        for model in models
    )
    assert ours > theirs - 0.1
    shares = np.unique(y, return_counts=True)[1] / len(y)
    assert ours > -0.5 * log_loss(y, np.tile(shares, (len(y), 1)))


@pytest.mark.parametrize("name", ["TransformerClassifier", "MLPClassifier"])
def test_the_examples_of_the_docstrings_run(name):
    found = doctest.DocTestFinder(recurse=False).find(getattr(estimators, name), name, globs={})
    results = doctest.DocTestRunner().run(found[0])
    assert results.attempted > 5
    assert results.failed == 0


@each_classifier
def test_help_names_every_parameter_with_its_default_and_every_fitted_attribute(classifier):
    said = inspect.getdoc(type(classifier))
    for name, default in type(classifier)().get_params().items():
        shown = f'"{default}"' if isinstance(default, str) else str(default)
        assert re.search(rf"^{name} : .*, default={re.escape(shown)}$", said, re.MULTILINE)
    x, y = rows(load_wine)
    fitted = clone(classifier).fit(pd.DataFrame(x, columns=[*"abcdefgh"]), y)
    for name in [name for name in vars(fitted) if name.endswith("_")]:
        assert re.search(rf"^{name} : ", said, re.MULTILINE)
