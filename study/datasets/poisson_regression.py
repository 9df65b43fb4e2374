"""Poisson regression without a penalty, as the weights of a linear network."""

import numpy as np

from study.common.scikit_learn import scikit_learn
from study.statistics.rates import log_rates
from study.statistics.unpenalised import MOST, unpenalised

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
        relative = y / rate  # so that rates are of order 1
        slopes, further, unbounded = unpenalised(
            x,
            share,
            lambda x, ridge: _fit(x, relative, share, ridge),
            lambda x, *fitted: _flattest(x, share, *fitted),
        )
        bias += float(further)
    arrays = {"output.weight": slopes[None], "output.bias": np.array([bias])}
    return {name: array[None].astype(np.float32) for name, array in arrays.items()}, unbounded


def _fit(
    x: np.ndarray, y: np.ndarray, share: np.ndarray, ridge: float
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Slopes and bias; and whether the search has come to an end."""
    regression = scikit_learn("linear_model", "PoissonRegressor")
    fitted = regression(alpha=ridge, tol=1e-8, max_iter=MOST)
    fitted.fit(x, y, sample_weight=share * len(x))
    return fitted.coef_, np.array(fitted.intercept_), bool(fitted.n_iter_ < MOST)


def _flattest(x: np.ndarray, share: np.ndarray, slopes: np.ndarray, bias: np.ndarray) -> float:
    """The least curvature of the mean loss.

    x (rows, features) without correlation, of variance 1, and of mean 0.
    """
    z = np.column_stack([np.ones(len(x)), x])
    bend = share * np.exp(x @ slopes + bias)
    return float(np.linalg.eigvalsh((z * bend[:, None]).T @ z)[0])
