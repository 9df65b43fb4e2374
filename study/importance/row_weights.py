"""What rows count in means over them, where a recipe gives them weights."""

import numpy as np


def counts(weights: np.ndarray | None, before: int, part: np.ndarray) -> np.ndarray | None:
    """What the rows of a part count that come after some, shaped to multiply them.

    weights : (rows,) or (models, rows); part : (models, rows, ...)

    Returns (models, rows, 1, ...), or None where all rows count the same.
    """
    if weights is None:
        return None
    own = weights[..., before : before + part.shape[1]].astype(np.float64)
    return np.broadcast_to(own, part.shape[:2]).reshape(*part.shape[:2], *[1] * (part.ndim - 2))


def mean(total: np.ndarray, weights: np.ndarray | None, rows: int) -> np.ndarray:
    """The mean whose sum over rows, each times what it counts, is `total`: (models, ...)."""
    return total / rows if weights is None else (total.T / weights.sum(axis=-1)).T
