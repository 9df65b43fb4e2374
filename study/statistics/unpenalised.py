"""Regressions without a penalty, and with a weak one where their loss has no minimum."""

from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

# The least curvature of a mean loss, of outputs of order 1, along directions in which outputs
# change by one on average. Where there is no minimum, it is that of rounding, or of what vanishes.
_FLAT = 1e-7
# Of the mean loss, of half the squared coefficients of standardised columns.
_RIDGE = 1e-3
# Steps of a search.
MOST = 1000

# From columns (rows, columns) and the ridge: slopes (..., columns), bias (...), and whether the
# search has come to an end.
Fit = Callable[[np.ndarray, float], tuple[np.ndarray, np.ndarray, bool]]
# From columns without correlation, of variance 1 and mean 0, slopes and bias: the least curvature.
Flattest = Callable[[np.ndarray, np.ndarray, np.ndarray], float]


def unpenalised(
    x: np.ndarray, share: np.ndarray, fit: Fit, flattest: Flattest
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Slopes (..., features) and bias (...), and whether there are none without a weak ridge.

    x : (rows, features); share : (rows,), of each in means over rows
    """
    with threadpool_limits(limits=1):  # how sums are split shows in the last bits
        mean = share @ x
        centred = x - mean
        # Columns without correlation, so that the search takes few steps, and what is flat is
        # seen. The minimum is the same.
        _, sizes, axes = np.linalg.svd(np.sqrt(share)[:, None] * centred, full_matrices=False)
        kept = sizes > sizes[0] * max(x.shape) * np.finfo(np.float64).eps
        turned = axes[kept].T / sizes[kept]
        slopes, bias, converged = fit(centred @ turned, 0.0)
        unbounded = not converged or flattest(centred @ turned, slopes, bias) < _FLAT
        if unbounded:
            spread = np.sqrt(share @ centred**2)
            turned = np.diag(1 / np.where(spread > 0, spread, 1.0))
            slopes, bias, _ = fit(centred @ turned, _RIDGE)
        slopes = slopes @ turned.T
        return slopes, bias - slopes @ mean, unbounded
