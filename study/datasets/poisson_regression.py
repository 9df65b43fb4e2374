"""Poisson regression without a penalty, as the weights of a linear network."""

import numpy as np
from threadpoolctl import threadpool_limits

from study.common.scikit_learn import scikit_learn
from study.statistics.rates import log_rates

# The least curvature of the mean loss, of counts in units of their mean, along directions in which
# outputs change by one on average. Where the loss has no minimum, it is that of rates that vanish.
_FLAT = 1e-7
_RIDGE = 1e-3  # of that loss, of half the squared coefficients of standardised columns
_MOST = 1000  # steps of the search

# As warnings of scikit-learn are told.
UNBOUNDED = (
    "SeparationWarning: all counts are 0 where variables say so, so that no coefficients without a "
    "penalty are the best; fitted with a weak ridge"
)


def poisson_regression(
    x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None
) -> tuple[dict[str, np.ndarray], bool]:
    """Weights (1, ...) of `study.networks.linear.Linear` with the least Poisson loss on x, y.

    By scikit-learn's PoissonRegressor; outputs are the logarithms of rates. x (rows, features); y
    (rows,) counts; weights (rows,) of rows. Where variables part rows that count nothing from the
    others, the loss has no minimum (Santos Silva and Tenreyro, 2010), and a weak ridge is added;
    the second result says so. Of rows that all count nothing, the rate is about 0.
    """
    weights = np.ones(len(y)) if weights is None else weights.astype(np.float64)
    counted = weights > 0
    x, y = x[counted].astype(np.float64), y[counted].astype(np.float64)
    share = weights[counted] / weights.sum()
    rate = float(share @ y)
    slopes, bias, unbounded = np.zeros(x.shape[1]), float(log_rates(np.array(rate))), False
    if rate > 0:
        with threadpool_limits(limits=1):  # how sums are split shows in the last bits
            slopes, further, unbounded = _fitted(x, y / rate, share)
        bias += further
    arrays = {"output.weight": slopes[None], "output.bias": np.array([bias])}
    return {name: array[None].astype(np.float32) for name, array in arrays.items()}, unbounded


def _fitted(x: np.ndarray, y: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, float, bool]:
    """Slopes (features,), bias, and whether there are none without a ridge; y of mean 1."""
    mean = share @ x
    centred = x - mean
    # Columns without correlation, so that the search takes few steps, and what is flat is seen.
    # The minimum is the same.
    _, sizes, axes = np.linalg.svd(np.sqrt(share)[:, None] * centred, full_matrices=False)
    kept = sizes > sizes[0] * max(x.shape) * np.finfo(np.float64).eps
    turned = axes[kept].T / sizes[kept]
    slopes, bias, converged = _fit(centred @ turned, y, share, ridge=0.0)
    unbounded = not converged or _flattest(centred @ turned, share, slopes, bias) < _FLAT
    if unbounded:
        spread = np.sqrt(share @ centred**2)
        turned = np.diag(1 / np.where(spread > 0, spread, 1.0))
        slopes, bias, _ = _fit(centred @ turned, y, share, ridge=_RIDGE)
    slopes = turned @ slopes
    return slopes, bias - float(slopes @ mean), unbounded


def _fit(
    x: np.ndarray, y: np.ndarray, share: np.ndarray, ridge: float
) -> tuple[np.ndarray, float, bool]:
    """Slopes and bias; and whether the search has come to an end."""
    regression = scikit_learn("linear_model", "PoissonRegressor")
    fitted = regression(alpha=ridge, tol=1e-8, max_iter=_MOST)
    fitted.fit(x, y, sample_weight=share * len(x))
    return fitted.coef_, float(fitted.intercept_), bool(fitted.n_iter_ < _MOST)


def _flattest(x: np.ndarray, share: np.ndarray, slopes: np.ndarray, bias: float) -> float:
    """The least curvature of the mean loss.

    x (rows, features) without correlation, of variance 1, and of mean 0.
    """
    z = np.column_stack([np.ones(len(x)), x])
    bend = share * np.exp(x @ slopes + bias)
    return float(np.linalg.eigvalsh((z * bend[:, None]).T @ z)[0])
