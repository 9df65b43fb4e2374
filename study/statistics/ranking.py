"""Shares and ranks of importance scores."""

import numpy as np
from scipy.stats import rankdata


def shares(scores: np.ndarray) -> np.ndarray:
    """Each score divided by the sum of its vector; negative scores count as 0.

    (..., items) -> (..., items). A vector without a positive entry, or with one that is not
    finite, has no shares: NaN.
    """
    positive = np.where(scores < 0, 0.0, scores)
    total = positive.sum(axis=-1, keepdims=True)
    defined = np.isfinite(total) & (total > 0)
    return np.divide(positive, total, out=np.full(scores.shape, np.nan), where=defined)


def ranks(scores: np.ndarray) -> np.ndarray:
    """Rank 1 for the greatest score, ties averaged: (..., items) -> (..., items).

    So rank 1 means strictly greatest. A vector with a NaN has no ranks.
    """
    return rankdata(-scores, axis=-1, nan_policy="propagate")


def is_first(scores: np.ndarray, item: int) -> np.ndarray:
    """Whether `item` has rank 1 in each vector: (..., items) -> bool (...).

    Never in a vector without shares.
    """
    return (ranks(scores)[..., item] == 1) & np.isfinite(shares(scores)[..., item])
