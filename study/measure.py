"""Trained networks become fit qualities and importance scores."""

from dataclasses import dataclass

import numpy as np

from study.dataset import Dataset
from study.fit import Fit, r_squared, rmse, within
from study.importance import Importance
from study.importance.gradients import after_training, training_gradient
from study.importance.permutation import grouped_permutation, permutation
from study.stacks import Stack


@dataclass(frozen=True)
class Measured:
    """Everything measured of the networks of one block."""

    fits: list[Fit]
    importances: list[Importance]


def measure(stack: Stack, dataset: Dataset, occasions: np.ndarray) -> Measured:
    """Fit and importances of a stack of networks.

    `occasions` are the loss gradients met in training, (networks, occasions, rows,
    features); there are none where networks were not trained by steps.
    """
    fits = _fits(stack, dataset)
    importances = []
    if occasions.shape[1]:
        # A network that diverged after its last occasion has no scores by this method either.
        finite = np.isfinite(np.stack([fit.r_squared for fit in fits])).all(axis=0)
        occasions = np.where(finite[:, None, None, None], occasions, np.float32(np.nan))
        importances.append(training_gradient(occasions))
    importances += after_training(
        stack.gradients(dataset.test_x), dataset.groups, dataset.feature_scale
    )
    importances += [
        permutation(stack.predict, dataset),
        grouped_permutation(stack.predict, dataset),
    ]
    return Measured(fits=fits, importances=importances)


def _fits(stack: Stack, dataset: Dataset) -> list[Fit]:
    target = dataset.recipe.target
    fits = []
    for part, x, y in (
        ("train", dataset.train_x, dataset.train_y),
        ("test", dataset.test_x, dataset.test_y),
    ):
        for evaluation, predict in (("alone", stack.predict), ("together", stack.predict_together)):
            predictions = predict(x)
            fits.append(
                Fit(
                    part,
                    evaluation,
                    r_squared(y, predictions),
                    rmse(y, predictions) * target.divisor,
                    within(y, predictions, target.tolerance),
                )
            )
    return fits
