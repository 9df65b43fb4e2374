"""Closed-form least squares, as the weights of a linear network."""

import numpy as np

from study.common.scikit_learn import scikit_learn


def least_squares(
    x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Weights (1, ...) of `study.networks.linear.Linear` that minimise the MSE on x, y.

    Of rows with `weights` (rows,), the weighted one. With full one-hot groups the minimum is not
    unique; scikit-learn returns the one of least norm among the centred problem's solutions.
    """
    regression = scikit_learn("linear_model", "LinearRegression")
    fitted = regression().fit(x.astype(np.float64), y.astype(np.float64), weights)
    return {
        "output.weight": fitted.coef_.astype(np.float32)[None, None, :],
        "output.bias": np.array([[fitted.intercept_]], dtype=np.float32),
    }
