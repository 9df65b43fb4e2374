"""Whether a trained network has learned anything."""

import numpy as np

# Where even least squares explains next to nothing, this much has to be explained.
LEAST = 0.1


def threshold(least_squares: float, factor: float) -> float:
    """The training R² from which on a network counts as having learned.

    `factor` times that of least squares on the same rows, which counts as LEAST at least.
    """
    return factor * max(least_squares, LEAST)


def has_learned(r_squared: np.ndarray, least_squares: float, factor: float) -> np.ndarray:
    """Which networks have learned, from their training R² (networks,). NaN has not."""
    return np.asarray(r_squared) >= threshold(least_squares, factor)
