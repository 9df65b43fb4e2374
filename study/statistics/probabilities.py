"""Raw outputs become probabilities of classes."""

import numpy as np
from scipy.special import expit, softmax

# What keeps logarithms finite, as scikit-learn's log_loss does for probabilities in double
# precision.
EPSILON = float(np.finfo(np.float64).eps)


def probabilities(raw: np.ndarray, classes: int) -> np.ndarray:
    """Probabilities of the classes of each row: (..., classes) float64.

    raw : of two classes the log-odds of the second, (...); of more a logit for each, of which only
        differences count, (..., classes). What is not finite gives NaN in all classes of its row.
    """
    raw = raw.astype(np.float64)
    if classes == 2:
        found = np.stack([expit(-raw), expit(raw)], axis=-1)
        finite = np.isfinite(raw)
    else:
        finite = np.isfinite(raw).all(axis=-1)
        found = softmax(np.where(finite[..., None], raw, 0), axis=-1)
    return np.where(finite[..., None], found, np.nan)


def raw_outputs(probabilities: np.ndarray) -> np.ndarray:
    """The raw outputs that stand for probabilities (..., classes): their logarithms.

    Of two classes (...), the logarithm of the odds of the second. Probabilities are kept from 0
    and 1 by the precision of their type, as scikit-learn's log_loss keeps them, so that those that
    are made of the outputs differ by no more.
    """
    least = float(np.finfo(probabilities.dtype).eps)
    logarithms = np.log(np.clip(probabilities.astype(np.float64), least, 1 - least))
    if probabilities.shape[-1] > 2:
        return np.asarray(logarithms)
    return np.asarray(logarithms[..., 1] - logarithms[..., 0])
