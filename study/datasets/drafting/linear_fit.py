"""How well a linear model fits the data, before anything is trained."""

import warnings
from collections.abc import Callable, Mapping

import numpy as np

from study.common.fit_measures import fit_measures
from study.common.scikit_learn import scikit_learn
from study.common.task import Loss
from study.common.weights import Weights
from study.datasets.dataset import Dataset
from study.datasets.least_squares import least_squares
from study.datasets.poisson_regression import poisson_regression
from study.statistics import class_fit, count_fit
from study.statistics.fit import r_squared
from study.statistics.rates import rates

# How much of a target (rows,) is explained from inputs (rows, features).
Explained = Callable[[np.ndarray, np.ndarray], np.ndarray]


def linear_fit(dataset: Dataset) -> tuple[str, str, float, float]:
    """What is fitted, the symbol of its fit, and that on training and on test rows.

    Least squares, or Poisson regression of counts; of classes scikit-learn's logistic regression
    with its usual weak penalty.
    """
    explained, measures = _EXPLAINED[dataset.task.loss](dataset), fit_measures(dataset.task)
    train, test = (
        float(explained(x.astype(np.float64), y))
        for x, y in ((dataset.train_x, dataset.train_y), (dataset.test_x, dataset.test_y))
    )
    return measures.closed_form, measures.symbol, train, test


def _of_numbers(dataset: Dataset) -> Explained:
    weights = least_squares(dataset.train_x, dataset.train_y)
    return lambda x, y: r_squared(y, _outputs(weights, x))


def _of_counts(dataset: Dataset) -> Explained:
    weights, _ = poisson_regression(dataset.train_x, dataset.train_y)
    return lambda x, y: count_fit.d_squared(y, rates(_outputs(weights, x))[None])[0]


def _outputs(weights: Weights, x: np.ndarray) -> np.ndarray:
    slopes, bias = weights["output.weight"][0, 0].astype(np.float64), weights["output.bias"][0]
    return np.asarray(x @ slopes + bias)


def _of_classes(dataset: Dataset) -> Explained:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged: this is a first look
        model = scikit_learn("linear_model", "LogisticRegression")(max_iter=1000)
        model.fit(dataset.train_x.astype(np.float64), dataset.train_y.astype(int))
    return lambda x, y: class_fit.d_squared(y, model.predict_proba(x)[None])[0]


_EXPLAINED: Mapping[Loss, Callable[[Dataset], Explained]] = {
    "squared error": _of_numbers,
    "Poisson": _of_counts,
    "cross-entropy": _of_classes,
}
