"""Permutation importance of many networks at once, by scikit-learn (Breiman, 2001)."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from study.common.methods import GROUPED_PERMUTATION, PERMUTATION
from study.datasets.dataset import Dataset
from study.importance.models import Models, Predict
from study.importance.scores import Importance
from study.statistics.fit import r_squared


def importances(models: Models, wanted: Collection[str]) -> list[Importance]:
    """What is wanted of both permutation methods."""
    found = permutations(models.predict, models.dataset, at_once=models.stack.at_once)
    return [importance for importance in found if importance.method in wanted]


def permutations(predict: Predict, dataset: Dataset, *, at_once: int = 0) -> list[Importance]:
    """Both permutation methods; where no variable has several columns, they are the same."""
    by_column = permutation(predict, dataset, at_once=at_once)
    if dataset.grouped:
        return [by_column, grouped_permutation(predict, dataset, at_once=at_once)]
    return [by_column, replace(by_column, method=GROUPED_PERMUTATION)]


def rows_predicted(dataset: Dataset) -> int:
    """How many rows are predicted for one network's permutation importances."""
    counts = [len(dataset.features), *([len(dataset.variables)] if dataset.grouped else [])]
    repeats = dataset.recipe.permutation.repeats
    return len(dataset.test_y) * sum(1 + repeats * count for count in counts)


def permutation(predict: Predict, dataset: Dataset, *, at_once: int = 0) -> Importance:
    """Mean drop in R² on the test rows when one feature's column is permuted.

    `predict` maps (rows, features) to (networks, rows). Every network meets the same
    permutations, so differences between networks are their own. It is called with all permuted
    tables as one where they hold at most `at_once` numbers: for a `predict` that takes long to
    start.
    """
    scores = _scores(predict, dataset.test_x, dataset, at_once)
    return Importance(PERMUTATION, scores, signed=None)


def grouped_permutation(predict: Predict, dataset: Dataset, *, at_once: int = 0) -> Importance:
    """The same by variable: the columns of a one-hot group are permuted as one."""

    def predict_from_variables(table: np.ndarray) -> np.ndarray:
        return predict(dataset.to_features(table))

    table = dataset.to_variables(dataset.test_x)
    scores = _scores(predict_from_variables, table, dataset, at_once)
    return Importance(GROUPED_PERMUTATION, scores, signed=None)


class _Networks:
    """What scikit-learn asks of an estimator, for networks that are trained already."""

    def __init__(self, predict: Predict) -> None:
        self.predict = predict

    def fit(self, *_: object) -> None:
        raise NotImplementedError("the networks are trained already")


def _score_each(networks: _Networks, x: np.ndarray, y: np.ndarray) -> dict[int, float]:
    """R² of each network: scikit-learn keeps the entries of a scorer's dict apart."""
    return dict(enumerate(r_squared(y, networks.predict(x))))


def _scores(predict: Predict, x: np.ndarray, dataset: Dataset, at_once: int) -> np.ndarray:
    """Mean drop in R² over the repeats: (networks, columns of x)."""
    tables_asked_for = 1 + dataset.recipe.permutation.repeats * x.shape[1]
    if tables_asked_for * len(x) * len(dataset.features) > at_once:
        return _scores_by_table(predict, x, dataset)
    return _scores_at_once(predict, x, dataset)


def _scores_by_table(predict: Predict, x: np.ndarray, dataset: Dataset) -> np.ndarray:
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


def _scores_at_once(predict: Predict, x: np.ndarray, dataset: Dataset) -> np.ndarray:
    """The same, by one call of `predict` with every table that scikit-learn will ask for."""
    tables: list[np.ndarray] = []

    def note(table: np.ndarray) -> np.ndarray:
        tables.append(table.copy())  # scikit-learn goes on to permute it
        return np.zeros((1, len(table)))

    _scores_by_table(note, x, dataset)
    predictions = iter(np.split(predict(np.concatenate(tables)), len(tables), axis=1))
    return _scores_by_table(lambda _: next(predictions), x, dataset)
