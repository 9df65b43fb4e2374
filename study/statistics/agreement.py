"""Rank agreement between score vectors of the same seed."""

import math

import numpy as np
from scipy import stats

from study.statistics.ranking import ranks


def spearman(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation with average ranks (Spearman, 1904), seed by seed.

    (seeds, items) against (seeds, items) -> (seeds,). NaN where a vector has no ranks or
    all its scores are tied.
    """
    first_ranks, second_ranks = ranks(first), ranks(second)
    defined = (np.ptp(first_ranks, axis=-1) > 0) & (np.ptp(second_ranks, axis=-1) > 0)
    result = np.full(len(first), np.nan)
    if defined.any():
        pearson = stats.pearsonr(first_ranks[defined], second_ranks[defined], axis=-1)
        # Equal orders must give equal numbers, and rounding differs from seed to seed.
        result[defined] = np.round(pearson.statistic, 12)
    return result


def null_deviation(items: int) -> float:
    """Standard deviation of Spearman's correlation between unrelated orders: 1/√(items - 1).

    (Kendall, Rank Correlation Methods, 1948.) With 8 features it is 0.38; NaN for one item.
    """
    if items < 2:
        return math.nan
    return 1 / math.sqrt(items - 1)
