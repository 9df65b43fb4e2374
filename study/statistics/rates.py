"""Raw outputs become rates of counts."""

import numpy as np

# What keeps logarithms finite, as `probabilities.EPSILON` does.
_LEAST = float(np.finfo(np.float64).eps)


def rates(raw: np.ndarray) -> np.ndarray:
    """The rates whose logarithms raw outputs are: of their shape, float64."""
    with np.errstate(over="ignore"):
        return np.exp(raw.astype(np.float64))


def log_rates(predictions: np.ndarray) -> np.ndarray:
    """The raw outputs that stand for predicted counts, none of them below 0: their logarithms.

    Predictions are kept from 0 by the precision of float64, as no count is certain to be 0.
    """
    return np.log(np.maximum(predictions.astype(np.float64), _LEAST))
