"""How often a claim is met."""

from dataclasses import dataclass

import numpy as np

from study.statistics.intervals import ROUNDING, Interval, wilson
from study.statistics.ranking import is_first


@dataclass(frozen=True)
class Proportion:
    """Seeds that meet a claim, of all seeds, with the Wilson interval."""

    met: int
    seeds: int
    interval: Interval


def first_in(scores: np.ndarray, item: int) -> Proportion:
    """In how many seeds `item` has rank 1: scores (seeds, items).

    Seeds that are all the same are one observation, and have no interval.
    """
    if len(scores) > 1 and np.allclose(scores, scores[0], rtol=ROUNDING, atol=0):
        met = int(is_first(scores[0], item))
        return Proportion(met, 1, Interval(np.nan, np.nan, f"all {len(scores)} seeds identical"))
    met = int(is_first(scores, item).sum())
    return Proportion(met, len(scores), wilson(met, len(scores)))
