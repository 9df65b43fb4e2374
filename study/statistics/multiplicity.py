"""Several tests at once."""

import numpy as np


def holm(p_values: np.ndarray) -> np.ndarray:
    """Adjusted p-values that keep the chance of any false rejection (Holm, 1979).

    (tests,) -> (tests,); NaN stays, and is no test.
    """
    p_values = np.asarray(p_values, dtype=float)
    result = np.full(p_values.shape, np.nan)
    tested = np.flatnonzero(np.isfinite(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    left = np.arange(len(order), 0, -1)
    result[order] = np.minimum(np.maximum.accumulate(p_values[order] * left), 1.0)
    return result
