"""Ranks of items by their importance in the population, all intervals together."""

import numpy as np

from study.statistics.intervals import CONFIDENCE, FEWEST
from study.statistics.multiplicity import holm
from study.statistics.population import means_of_halves
from study.statistics.ranking import shares
from study.statistics.stability import rank_intervals


def population_rank_intervals(
    scores: np.ndarray, split: np.ndarray, half: np.ndarray, units: int | None = None
) -> np.ndarray:
    """Lowest and highest rank by mean share that each item can have, (items, 2).

    Of the items that `told_apart` tells apart, with the same arguments. Right for all items
    together with probability CONFIDENCE where those are, tied items at any of the ranks that they
    span. (Mogstad, Romano, Shaikh and Wilhelm, Review of Economic Studies 91, 2024: ranks from
    one-sided tests of all differences, stepwise.)
    """
    return rank_intervals(told_apart(scores, split, half, units))


def told_apart(
    scores: np.ndarray, split: np.ndarray, half: np.ndarray, units: int | None = None
) -> np.ndarray:
    """Which items' mean shares differ: 1 above, -1 below, 0 not told apart, (items, items).

    scores (models, items) of models of halves of all rows; see `means_of_halves`. Each difference
    is tested one-sided in both directions, with Holm's correction (1979) for all pairs, so that
    all that is told apart is right together if each test holds by itself, however the items depend
    on each other. Fewer than FEWEST splits tell nothing apart.
    """
    items = scores.shape[1]
    first, second = np.nonzero(~np.eye(items, dtype=bool))
    share = shares(scores)
    found = means_of_halves(share[:, first] - share[:, second], split, half, units)
    above = np.zeros((items, items), dtype=int)
    if found.splits >= FEWEST:
        above[first, second] = holm(found.p_above()) <= 1 - CONFIDENCE
    return above - above.T
