"""How well predicted rates fit counts.

Of many networks at once: y is (rows,), or (networks, rows) where each has its own rows, and rates
are (networks, rows), float64 and above 0; weights are (rows,) or (networks, rows), all 1 where
there are none. What is not finite gives a fit that is not, where scikit-learn would refuse it.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import xlogy

from study.statistics.fit import weighted_mean

Weights = np.ndarray | None


def d_squared(y: np.ndarray, rates: np.ndarray, weights: Weights = None) -> np.ndarray:
    """The share of Poisson deviance explained: 1 - deviance / that of the mean (networks,).

    d2_tweedie_score with power=1: what R² is to squared error (Cameron and Windmeijer, 1996). The
    mean is that of the same rows; nothing is explained of rows with one count: not finite.
    """
    of_mean = deviance(y, mean_count(y, rates, weights)[:, None], weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - deviance(y, rates, weights) / of_mean)


def deviance(y: np.ndarray, rates: np.ndarray, weights: Weights = None) -> np.ndarray:
    """Mean Poisson deviance, 2 (y log(y / rate) - y + rate): mean_poisson_deviance (networks,)."""
    y = y.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return weighted_mean(2 * (xlogy(y, y / rates) - y + rates), weights)


def mae(y: np.ndarray, rates: np.ndarray, weights: Weights = None) -> np.ndarray:
    """Mean absolute error: mean_absolute_error (networks,)."""
    return weighted_mean(np.abs(rates - y.astype(np.float64)), weights)


def mean_count(y: np.ndarray, rates: np.ndarray, weights: Weights = None) -> np.ndarray:
    """The mean of the counts: the rate of predicting all rows alike (networks,)."""
    found = weighted_mean(np.broadcast_to(y.astype(np.float64), rates.shape), weights)
    return np.where(np.isfinite(rates).all(axis=-1), found, np.nan)


# By the names of the columns in which they are stored.
MEASURES: dict[str, Callable[..., np.ndarray]] = {
    measure.__name__: measure for measure in (d_squared, deviance, mae, mean_count)
}
