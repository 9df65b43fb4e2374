"""Means over random splits of what moves with the rows that it is measured on."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from study.statistics.intervals import CONFIDENCE

CORRECTED = "corrected"


@dataclass(frozen=True)
class Resampled:
    """Means over splits of some quantities, with intervals and tests.

    mean, low, high : (quantities,), the interval at `intervals.CONFIDENCE`
    p_above : (quantities,), one-sided, that the mean is at most 0
    splits : those that have numbers; of fewer than two, there is nothing but the mean
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p_above: np.ndarray
    splits: int


def resampled(values: np.ndarray, split: np.ndarray, half: np.ndarray, tested: float) -> Resampled:
    """The corrected resampled t test of each quantity (Nadeau and Bengio, 2003).

    Parameters
    ----------
    values : (models, quantities), each model trained and tested within a half of the rows; a split
        counts where both halves have numbers, from one seed at least
    split, half : (models,), which split each is of, and which half of it, 0 or 1
    tested : test rows for each training row

    Both halves of a split hold every row once, to train or to test: their mean is one of J random
    splits of all rows, with variance s² (1/J + tested) and J - 1 degrees of freedom.
    """
    known = np.isfinite(values).all(axis=1)
    of_halves = [
        [values[known & (split == number) & (half == side)] for side in (0, 1)]
        for number in np.unique(split)
    ]
    means = [
        (first.mean(axis=0) + second.mean(axis=0)) / 2
        for first, second in of_halves
        if len(first) and len(second)
    ]
    count, nothing = len(means), np.full(values.shape[1], np.nan)
    mean = np.mean(means, axis=0) if means else nothing
    if count < 2:
        return Resampled(mean, nothing, nothing, nothing, count)
    error = np.std(means, axis=0, ddof=1) * np.sqrt(1 / count + tested)
    reach = stdtrit(count - 1, (1 + CONFIDENCE) / 2) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(mean == 0, 0.0, mean / error)
    return Resampled(mean, mean - reach, mean + reach, stdtr(count - 1, -t), count)
