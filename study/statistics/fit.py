"""How well predictions fit: (networks, rows) against (rows,), or each network's own targets.

A prediction that is not finite gives a fit that is not, where scikit-learn's metrics would
refuse it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Fit:
    """Fit of each network on the rows of one table, predicted in one way.

    Attributes
    ----------
    part : "train" or "test" rows
    evaluation : "alone" (each row a batch of one) or "together" (all rows one batch)
    r_squared, rmse, within : (networks,); rmse in the target's unit
    """

    part: str
    evaluation: str
    r_squared: np.ndarray
    rmse: np.ndarray
    within: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence["Fit"], order: np.ndarray) -> "Fit":
        """The networks of all parts; `order` (networks,) are places among them."""
        numbers = (
            np.concatenate([getattr(part, name) for part in parts])[order]
            for name in ("r_squared", "rmse", "within")
        )
        return cls(parts[0].part, parts[0].evaluation, *numbers)


def r_squared(y: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Coefficient of determination of each network: 1 - residual / total sum of squares."""
    y = y.astype(np.float64)
    residual = ((predictions - y) ** 2).sum(axis=-1)
    return 1 - residual / ((y - y.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-1)


def rmse(y: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Root mean squared error of each network."""
    return np.sqrt(((predictions - y.astype(np.float64)) ** 2).mean(axis=-1))


def within(
    y: np.ndarray, predictions: np.ndarray, tolerance: float, zero: float = 0.0
) -> np.ndarray:
    """Proportion of rows with \\|prediction - y\\| < tolerance * \\|y + zero\\|, of each network.

    `zero` is what was taken off the target, in its scaled units.
    """
    y = y.astype(np.float64)
    accurate = np.abs(predictions - y) < tolerance * np.abs(y + zero)
    return np.where(np.isfinite(predictions).all(axis=-1), accurate.mean(axis=-1), np.nan)
