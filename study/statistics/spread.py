"""How far columns spread."""

import numpy as np


def deviations(x: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Standard deviation of each column (ddof 0): (rows, ...) -> (...), float64.

    With weights (rows,), about the weighted mean, each row counting in proportion to its own.
    """
    x = x.astype(np.float64)
    if weights is None:
        return np.asarray(x.std(axis=0))
    share = weights.astype(np.float64) / weights.sum(dtype=np.float64)
    return np.sqrt(np.tensordot(share, (x - np.tensordot(share, x, 1)) ** 2, 1))


def equal_rows(weights: np.ndarray) -> float:
    """As how many rows of equal weight a mean over rows with weights (rows,) varies.

    Kish (1965, Survey Sampling, section 11.7): the squared sum over the sum of squares.
    """
    weights = weights.astype(np.float64)
    return float(weights.sum() ** 2 / (weights**2).sum())
