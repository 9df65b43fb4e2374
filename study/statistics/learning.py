"""Whether a trained model has learned anything, and whether it predicts well enough to be asked."""

import numpy as np

# Where even the best model explains next to nothing, this much has to be explained.
LEAST = 0.1


def threshold(best: float, factor: float) -> float:
    """The R² on held-out rows from which on a network counts as having learned.

    `factor` times that of the best model on the same rows, which counts as LEAST at least.
    """
    return factor * max(best, LEAST)


def has_learned(r_squared: np.ndarray, best: float, factor: float) -> np.ndarray:
    """Which networks have learned, from their R² on held-out rows (networks,). NaN has not."""
    return np.asarray(r_squared) >= threshold(best, factor)


def typical(r_squared: np.ndarray) -> float:
    """The median R² of some networks, (networks,); those without one count as the worst."""
    known = np.where(np.isnan(r_squared), -np.inf, r_squared)
    return float(np.median(known)) if len(known) else np.nan


def predicts(r_squared: float, best: float, factor: float) -> bool:
    """Whether a model predicts well enough for its importances to tell of the data.

    That is better than the mean of the targets, whose R² is 0, and no worse than `factor` times
    the best model.
    """
    return r_squared > 0 and r_squared >= factor * best
