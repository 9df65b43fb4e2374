"""Rows of which some count twice, by their weights, and by standing there twice."""

from dataclasses import replace

import numpy as np

from study.importance.sample import Sample


def counted_twice(plain: Sample, train: np.ndarray, test: np.ndarray) -> tuple[Sample, Sample]:
    """A sample whose rows `train` and `test` (bool) weigh 2, and one that holds them twice."""
    counts = [np.where(of, 2, 1) for of in (train, test)]
    weights = [of.astype(float) for of in counts]
    weighted = replace(plain, train_weights=weights[0], test_weights=weights[1])
    rows = [np.repeat(np.arange(len(of)), of) for of in counts]
    arrays = plain.train_x[rows[0]], plain.train_y[rows[0]]
    return weighted, Sample(*arrays, plain.test_x[rows[1]], plain.test_y[rows[1]])
