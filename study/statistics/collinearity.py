"""How much of a feature the others explain."""

from collections.abc import Sequence

import numpy as np


def explained(x: np.ndarray, groups: Sequence[Sequence[int]]) -> np.ndarray:
    """How much of each feature the other variables explain: (rows, features) -> (features,).

    The R² of a least-squares regression, with intercept, of the feature on the features of
    all other variables; other columns of its own one-hot group are left out, since together
    they always determine it. It is 1 - 1/VIF, where VIF is the variance inflation factor
    (Marquardt 1970). 0 for a constant feature, and where there is but one variable. NaN where
    there are as many others as rows, or more: any column is then explained whole.

    `groups` are the column indices of each variable's features.
    """
    x = x.astype(np.float64)
    varies = np.ptp(x, axis=0) > 0
    z = (x - x.mean(axis=0)) / np.where(varies, x.std(axis=0), 1)
    found = np.zeros(x.shape[1])
    single = np.array([group[0] for group in groups if len(group) == 1], dtype=int)
    if len(single):
        few = x.shape[1] - 1 >= len(x) - 1
        found[single] = np.nan if few else (_explained_columns(z) * varies)[single]
    several = [np.array(group) for group in groups if len(group) > 1]
    # A triangle whose columns have the same lengths and angles, however many rows there are.
    triangle = np.linalg.qr(z).R if several else z
    for columns in several:
        others = np.delete(triangle, columns, axis=1)
        if others.shape[1] >= len(x) - 1:
            found[columns] = np.nan
            continue
        coefficients = np.linalg.lstsq(others, triangle[:, columns])[0]
        # Of standardised columns, the squares of the fitted values are R² times the rows.
        found[columns] = ((others @ coefficients) ** 2).sum(axis=0) / len(x)
    return np.minimum(found, 1)


def _explained_columns(z: np.ndarray) -> np.ndarray:
    """How much of each standardised column all others explain: (rows, columns) -> (columns,).

    What is left of column j is the least of v'Gv over all v with 1 in place j, where G holds
    the correlations: 1 / (G⁺)ⱼⱼ, or nothing where a combination of columns that is nought
    holds column j. One decomposition does for thousands of columns.
    """
    values, vectors = np.linalg.eigh(z.T @ z / len(z))
    kept = values > values[-1] * len(values) * 16 * np.finfo(float).eps
    squares = vectors[:, kept] ** 2
    left = 1 / np.maximum((squares / values[kept]).sum(axis=1), 1)
    return np.where(squares.sum(axis=1) < 1 - 1e-6, 1.0, 1 - left)
