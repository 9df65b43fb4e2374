"""Tails of the binomial distribution.

By the incomplete beta function, as scipy.stats has them: that takes half a second to import.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc


def at_least(successes: ArrayLike, trials: ArrayLike, proportion: float) -> np.ndarray:
    """Chance of so many successes or more, element by element; successes from 0 to trials.

    (NIST Digital Library of Mathematical Functions, 8.17.5.)
    """
    successes, trials = np.asarray(successes), np.asarray(trials)
    # Where none are asked for, the function has no first parameter to be called with.
    known = np.maximum(successes, 1)
    return np.where(successes > 0, betainc(known, trials - known + 1, proportion), 1.0)


def at_most(successes: ArrayLike, trials: ArrayLike, proportion: float) -> np.ndarray:
    """Chance of so many successes or fewer, element by element; successes from 0 to trials."""
    failures = np.asarray(trials) - np.asarray(successes)
    return at_least(failures, trials, 1 - proportion)
