"""The claim that is proposed from the data: what linear regression ranks first."""

import numpy as np

from study.datasets.dataset import Dataset
from study.datasets.least_squares import least_squares


def linear_importance(dataset: Dataset) -> np.ndarray:
    """Grouped permutation importance of least squares on the training rows: (variables,).

    The mean drop in R² over all permutations of a variable's rows. For least squares on its own
    rows, whose residuals no feature explains, it is 2 n / (n - 1) times the variance of what the
    variable adds to the predictions, divided by the variance of the target: free of units, and
    the same whatever constant is shifted between the columns of a one-hot group. Test rows stay
    unseen.
    """
    weights = least_squares(dataset.train_x, dataset.train_y)["output.weight"][0, 0].astype(
        np.float64
    )
    contributions = np.column_stack(
        [
            dataset.train_x[:, group].astype(np.float64) @ weights[list(group)]
            for group in dataset.groups
        ]
    )
    rows = len(contributions)
    target = dataset.train_y.astype(np.float64).var()
    return 2 * rows / (rows - 1) * contributions.var(axis=0) / target
