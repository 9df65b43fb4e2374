"""Permutation importance of many networks at once, by scikit-learn (Breiman, 2001)."""

from collections.abc import Callable

import numpy as np

from study.dataset import Dataset
from study.fit import r_squared
from study.importance import Importance
from study.words import GROUPED_PERMUTATION, PERMUTATION

Predict = Callable[[np.ndarray], np.ndarray]


def permutation(predict: Predict, dataset: Dataset) -> Importance:
    """Mean drop in R² on the test rows when one feature's column is permuted.

    `predict` maps (rows, features) to (networks, rows). Every network meets the same
    permutations, so differences between networks are their own.
    """
    return Importance(PERMUTATION, _scores(predict, dataset.test_x, dataset), signed=None)


def grouped_permutation(predict: Predict, dataset: Dataset) -> Importance:
    """The same by variable: the columns of a one-hot group are permuted as one."""

    def predict_from_variables(table: np.ndarray) -> np.ndarray:
        return predict(dataset.to_features(table))

    table = dataset.to_variables(dataset.test_x)
    return Importance(
        GROUPED_PERMUTATION, _scores(predict_from_variables, table, dataset), signed=None
    )


class _Networks:
    """What scikit-learn asks of an estimator, for networks that are trained already."""

    def __init__(self, predict: Predict) -> None:
        self.predict = predict

    def fit(self, *_: object) -> None:
        raise NotImplementedError("the networks are trained already")


def _score_each(networks: _Networks, x: np.ndarray, y: np.ndarray) -> dict[int, float]:
    """R² of each network: scikit-learn keeps the entries of a scorer's dict apart."""
    return dict(enumerate(r_squared(y, networks.predict(x))))


def _scores(predict: Predict, x: np.ndarray, dataset: Dataset) -> np.ndarray:
    """Mean drop in R² over the repeats: (networks, columns of x)."""
    # Imported here since it takes a second, in which other threads can train.
    from sklearn.inspection import permutation_importance

    settings = dataset.recipe.permutation
    result = permutation_importance(
        _Networks(predict),
        x,
        dataset.test_y,
        scoring=_score_each,
        n_repeats=settings.repeats,
        random_state=settings.random_state,
    )
    return np.stack([result[network].importances_mean for network in sorted(result)])
