"""How well predictions fit: (networks, rows) against (rows,), or each network's own targets.

Weights are (rows,), or each network's own; all 1 where there are none. A prediction that is not
finite gives a fit that is not, where scikit-learn's metrics would refuse it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Fit:
    """Fit of each network on the rows of one table, predicted in one way.

    Attributes
    ----------
    part : "train" or "test" rows
    evaluation : "alone" (each row a batch of one) or "together" (all rows one batch)
    measures : by the names of `common.fit_measures`, (networks,) each
    """

    part: str
    evaluation: str
    measures: Mapping[str, np.ndarray]

    @classmethod
    def joined(cls, parts: Sequence["Fit"], order: np.ndarray) -> "Fit":
        """The networks of all parts; `order` (networks,) are places among them."""
        measures = {
            name: np.concatenate([part.measures[name] for part in parts])[order]
            for name in parts[0].measures
        }
        return cls(parts[0].part, parts[0].evaluation, measures)


def r_squared(
    y: np.ndarray, predictions: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Coefficient of determination of each network: 1 - residual / total sum of squares."""
    y = y.astype(np.float64)
    residual = (predictions - y) ** 2
    if weights is None:
        total = (y - y.mean(axis=-1, keepdims=True)) ** 2
        return 1 - residual.sum(axis=-1) / total.sum(axis=-1)
    weights = weights.astype(np.float64)
    mean = (weights * y).sum(axis=-1, keepdims=True) / weights.sum(axis=-1, keepdims=True)
    return 1 - (weights * residual).sum(axis=-1) / (weights * (y - mean) ** 2).sum(axis=-1)


def rmse(y: np.ndarray, predictions: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Root mean squared error of each network."""
    return np.sqrt(weighted_mean((predictions - y.astype(np.float64)) ** 2, weights))


def within(
    y: np.ndarray,
    predictions: np.ndarray,
    tolerance: float,
    zero: float = 0.0,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Proportion of rows with \\|prediction - y\\| < tolerance * \\|y + zero\\|, of each network.

    `zero` is what was taken off the target, in its scaled units.
    """
    y = y.astype(np.float64)
    accurate = np.abs(predictions - y) < tolerance * np.abs(y + zero)
    known = np.isfinite(predictions).all(axis=-1)
    return np.where(known, weighted_mean(accurate, weights), np.nan)


def weighted_mean(numbers: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Mean over the rows: (..., rows) -> (...)."""
    if weights is None:
        return np.asarray(numbers.mean(axis=-1))
    weights = weights.astype(np.float64)
    return np.asarray((numbers * weights).sum(axis=-1) / weights.sum(axis=-1))
