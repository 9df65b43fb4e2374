"""How well a linear model fits the data, before anything is trained."""

import warnings

import numpy as np

from study.common.fit_measures import fit_measures
from study.common.scikit_learn import scikit_learn
from study.datasets.dataset import Dataset
from study.datasets.least_squares import least_squares
from study.statistics.class_fit import d_squared
from study.statistics.fit import r_squared


def linear_fit(dataset: Dataset) -> tuple[str, str, float, float]:
    """What is fitted, the symbol of its fit, and that on training and on test rows.

    Least squares; of classes scikit-learn's logistic regression with its usual weak penalty.
    """
    explained = _of_classes(dataset) if dataset.task.classes else _of_numbers(dataset)
    measures = fit_measures(dataset.task)
    return measures.closed_form, measures.symbol, *explained


def _of_numbers(dataset: Dataset) -> tuple[float, float]:
    weights = least_squares(dataset.train_x, dataset.train_y)
    coefficients = weights["output.weight"][0, 0].astype(np.float64)
    train, test = (
        float(r_squared(y, x.astype(np.float64) @ coefficients + weights["output.bias"][0]))
        for x, y in (
            (dataset.train_x, dataset.train_y),
            (dataset.test_x, dataset.test_y),
        )
    )
    return train, test


def _of_classes(dataset: Dataset) -> tuple[float, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged: this is a first look
        model = scikit_learn("linear_model", "LogisticRegression")(max_iter=1000)
        model.fit(dataset.train_x.astype(np.float64), dataset.train_y.astype(int))
    train, test = (
        float(d_squared(y, model.predict_proba(x.astype(np.float64))[None])[0])
        for x, y in (
            (dataset.train_x, dataset.train_y),
            (dataset.test_x, dataset.test_y),
        )
    )
    return train, test
