"""How often a claim is met."""

from dataclasses import dataclass

import numpy as np

from study.statistics.intervals import Interval, wilson
from study.statistics.ranking import is_first


@dataclass(frozen=True)
class Proportion:
    """Seeds that meet a claim, of all seeds, with the Wilson interval."""

    met: int
    seeds: int
    interval: Interval


def first_in(scores: np.ndarray, item: int) -> Proportion:
    """In how many seeds `item` has rank 1: scores (seeds, items)."""
    met = int(is_first(scores, item).sum())
    return Proportion(met, len(scores), wilson(met, len(scores)))
