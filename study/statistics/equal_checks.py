"""Checks that give the same numbers, and so count once."""

from collections.abc import Sequence

import numpy as np

from study.statistics.ranking import ROUNDING


def first_equal(checks: Sequence[np.ndarray]) -> list[int]:
    """For each check the place of the first that it equals; its own where it is the first.

    A check is the scores of one model by one method, (seeds, items). Two are equal where the
    scores of every seed are the same up to a positive factor of that seed, and so are shares
    and ranks: divided by the greatest absolute score of their seed, no two differ by more than
    ROUNDING. Scores that are not finite are equal to one another. Checks of different shapes
    are not equal.
    """
    scaled = [_scaled(scores) for scores in checks]
    found: list[int] = []
    for place, one in enumerate(scaled):
        firsts = (first for first, own in enumerate(found) if first == own)
        found.append(next((first for first in firsts if _equal(scaled[first], one)), place))
    return found


def _scaled(scores: np.ndarray) -> np.ndarray:
    """Each seed's scores, NaN if not finite, by the greatest absolute one; zeros stay zeros."""
    scores = np.where(np.isfinite(scores), scores, np.nan)
    greatest = np.fmax.reduce(np.abs(scores), axis=1, keepdims=True, initial=0.0)
    return np.divide(scores, greatest, out=scores, where=greatest > 0)


def _equal(first: np.ndarray, second: np.ndarray) -> bool:
    return first.shape == second.shape and np.allclose(
        first, second, rtol=0, atol=ROUNDING, equal_nan=True
    )
