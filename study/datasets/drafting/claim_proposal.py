"""The claim that is proposed from the data: what linear regression ranks first."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from study.datasets.dataset import Dataset, load_proposing
from study.datasets.least_squares import least_squares


def proposal_scores(dataset: Dataset, folder: Path) -> np.ndarray:
    """By what linear regression ranks the variables: (variables,). Raises InputError.

    On the rows that the recipe leaves out for that, or else on the training rows; test rows stay
    unseen. Of classes, which rows are of each is what it predicts.
    """
    if dataset.recipe.proposal is None:
        x, y = dataset.train_x, dataset.train_y
    else:
        x, y = load_proposing(dataset, folder)
    if dataset.task.outputs == 1:
        return linear_importance(x, y, dataset.groups)
    members = [(y == place).astype(np.float64) for place in range(dataset.task.outputs)]
    members = [of for of in members if of.any()]
    # As one regression of all of them: what each explains, by its part of their variance.
    return np.average(
        [linear_importance(x, of, dataset.groups) for of in members],
        axis=0,
        weights=[of.var() for of in members],
    )


def linear_importance(x: np.ndarray, y: np.ndarray, groups: Sequence[Sequence[int]]) -> np.ndarray:
    """Grouped permutation importance of least squares on its own rows: (variables,).

    The mean drop in R² over all permutations of a variable's rows. For least squares on its own
    rows, whose residuals no feature explains, it is 2 n / (n - 1) times the variance of what the
    variable adds to the predictions, divided by the variance of the target: free of units, and
    the same whatever constant is shifted between the columns of a one-hot group.
    """
    weights = least_squares(x, y)["output.weight"][0, 0].astype(np.float64)
    contributions = np.column_stack(
        [x[:, group].astype(np.float64) @ weights[list(group)] for group in groups]
    )
    rows = len(contributions)
    return 2 * rows / (rows - 1) * contributions.var(axis=0) / y.astype(np.float64).var()
