"""Estimators of scikit-learn on the columns of the table: a data frame with gaps and categories."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from study.common.conditions import find_condition
from study.common.methods import RETRAINING, WHOLE_VARIABLES
from study.common.task import Task
from study.datasets.column_frame import ColumnFrame
from study.engines.estimator_settings import package_of
from study.engines.replicates import Trained
from study.engines.scikit_learn import Estimators, ScikitLearn, takes_columns
from study.recipes.model import Contender, EstimatorRecipe

# The category that CatBoost, which takes no gap in one, is given in its place.
_GAP = "(missing)"


class EstimatorsOnColumns(Estimators):
    """Fitted estimators that take a data frame: a feature alone of several is nothing to them."""

    offers: ClassVar[frozenset[str]] = frozenset({WHOLE_VARIABLES})


@dataclass(frozen=True)
class ColumnEstimators(ScikitLearn):
    """Estimators that are fitted to columns of a table, and to the target in its own units."""

    family = "columns"

    columns: ColumnFrame | None = None

    @classmethod
    def of(cls, recipe: Contender | None, inputs: int, device: str, task: Task) -> Self | None:
        if not isinstance(recipe, EstimatorRecipe) or not takes_columns(recipe):
            return None
        return cls(recipe, task)

    @staticmethod
    def offers(condition: str) -> frozenset[str]:
        trained = find_condition(condition).trained
        return frozenset({WHOLE_VARIABLES, RETRAINING} if trained else ())

    def reading(self, columns: ColumnFrame) -> Self:
        return replace(self, columns=columns)

    def stack(self, trained: Trained) -> EstimatorsOnColumns:
        return EstimatorsOnColumns(trained.fitted, self.task)

    def _wrapped(self, estimator: Any) -> Any:
        assert self.columns is not None
        return OnColumns(estimator, self.columns)


@dataclass
class OnColumns:
    """An estimator of columns, as if it were one of features and of the scaled target."""

    estimator: Any
    columns: ColumnFrame

    def __post_init__(self) -> None:
        package, given = package_of(self.estimator), self.estimator.get_params(deep=False)
        names = [column.name for column in self.columns.columns if column.is_category]
        # Without these, both refuse any column of categories.
        if package == "xgboost" and names and not given.get("enable_categorical"):
            self.estimator.set_params(enable_categorical=True)
        if package == "catboost" and names and given.get("cat_features") is None:
            self.estimator.set_params(cat_features=names)
        self._gap = _GAP if package == "catboost" else None

    def fit(self, x: np.ndarray, y: np.ndarray, **named: Any) -> None:
        """Fit the estimator to columns, and to a target as it was before it was scaled."""
        whole = np.issubdtype(y.dtype, np.integer)
        self.estimator.fit(self._frame(x), y if whole else self.columns.target.undo(y), **named)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Its predictions as the target is scaled: (rows,)."""
        return self.columns.target.apply(np.asarray(self.estimator.predict(self._frame(x))))

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """A classifier's probabilities: (rows, classes), of `classes_`."""
        return self.estimator.predict_proba(self._frame(x))

    @property
    def classes_(self) -> np.ndarray:
        """The classes that a classifier has met."""
        return self.estimator.classes_

    def _frame(self, x: np.ndarray) -> Any:
        return self.columns.frame(x, self._gap)
