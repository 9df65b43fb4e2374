"""Shares, ranks and top sets of importance scores."""

import numpy as np
from scipy.stats import rankdata

# Single precision carries seven digits: a relative spread below this is none.
ROUNDING = 1e-6


def shares(scores: np.ndarray) -> np.ndarray:
    """Each score divided by the sum of its vector; negative scores count as 0.

    (..., items) -> (..., items). A vector without a positive entry, or with a NaN or an
    infinite positive one, has no shares: NaN.
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


def in_top(scores: np.ndarray, k: int) -> np.ndarray:
    """Which items are the k greatest, as 1.0 and 0.0: (seeds, items) -> (seeds, items).

    A vector with a tie at the edge, or with a NaN, has no such set: NaN.
    """
    chosen = rankdata(-scores, method="max", axis=-1, nan_policy="propagate") <= k
    return np.where(chosen.sum(axis=-1, keepdims=True) == k, chosen, np.nan)


def identical(scores: np.ndarray) -> bool:
    """Whether several seeds have the same scores, all finite, up to single precision."""
    return (
        len(scores) > 1
        and bool(np.isfinite(scores).all())
        and np.allclose(scores, scores[0], rtol=ROUNDING, atol=0)
    )
