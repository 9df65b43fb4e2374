"""Importance methods: a score for each feature or variable of each trained network."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Importance:
    """Scores of one method.

    Attributes
    ----------
    method : str
    score : (networks, items) unnormalised; items are features, or variables for
        permutation-grouped
    signed : (networks, items) mean signed gradient, or None for the permutation methods,
        whose score has a sign itself
    """

    method: str
    score: np.ndarray
    signed: np.ndarray | None
