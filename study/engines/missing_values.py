"""Estimators that take NaN are given it in place of what was imputed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from study.common.scikit_learn import scikit_learn
from study.datasets.dataset import Gap


def takes_nan(estimator: Any) -> bool:
    """Whether an estimator says by its tags that it takes missing values."""
    try:
        return bool(scikit_learn("utils", "get_tags")(estimator).input_tags.allow_nan)
    except Exception:  # a stranger's class may have no tags, or raise anything
        return False


def with_nan(x: np.ndarray, gaps: Sequence[Gap]) -> np.ndarray:
    """Features as they were before missing values were imputed: (rows, features)."""
    found = x.copy()
    for gap in gaps:
        found[np.ix_(x[:, gap.indicator] == 1, gap.features)] = np.nan
    return found


@dataclass
class KeepingGaps:
    """An estimator whose missing values are NaN, wherever its features say that they are."""

    estimator: Any
    gaps: tuple[Gap, ...]

    def fit(self, x: np.ndarray, *others: Any, **named: Any) -> None:
        """Fit the estimator; all but x as it takes them."""
        self.estimator.fit(with_nan(x, self.gaps), *others, **named)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The estimator's predictions: (rows,)."""
        return self.estimator.predict(with_nan(x, self.gaps))

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """A classifier's probabilities: (rows, classes), of `classes_`."""
        return self.estimator.predict_proba(with_nan(x, self.gaps))

    @property
    def classes_(self) -> np.ndarray:
        """The classes that a classifier has met."""
        return self.estimator.classes_
