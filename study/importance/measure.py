"""Trained models become fit qualities and importance scores."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from study.datasets.dataset import Dataset
from study.engines.engine import GRADIENTS, Stack
from study.importance.gradients import after_training, training_gradient
from study.importance.permutation import Predict, permutations
from study.importance.scores import Importance
from study.statistics.fit import Fit, r_squared, rmse, within


@dataclass(frozen=True)
class Measured:
    """Everything measured of the models of one block."""

    fits: list[Fit]
    importances: list[Importance]


def measure(
    stack: Stack,
    dataset: Dataset,
    occasions: np.ndarray,
    on_rows: Callable[[int], None] = lambda _: None,
) -> Measured:
    """Fit and importances of a stack of models, by what it offers.

    `occasions` are the loss gradients met in training, (models, occasions, rows,
    features); there are none where models were not trained by steps. `on_rows` is called
    with the number of rows before they are predicted for permutation importance, which is
    what takes long.
    """
    predict = _counted(stack.predict, on_rows)
    fits = _fits(stack, dataset)
    importances = []
    if occasions.shape[1]:
        # A network that diverged after its last occasion has no scores by this method either.
        finite = np.isfinite(np.stack([fit.r_squared for fit in fits])).all(axis=0)
        importances.append(training_gradient(occasions).where(finite))
    if GRADIENTS in stack.offers:
        importances += after_training(
            stack.gradient_parts(dataset.test_x), dataset.groups, dataset.feature_scale
        )
    importances += permutations(predict, dataset, at_once=stack.at_once)
    return Measured(fits=fits, importances=importances)


def _counted(predict: Predict, on_rows: Callable[[int], None]) -> Predict:
    def counting(x: np.ndarray) -> np.ndarray:
        on_rows(len(x))
        return predict(x)

    return counting


def _fits(stack: Stack, dataset: Dataset) -> list[Fit]:
    tolerance, scale = dataset.recipe.target.tolerance, dataset.target_scale
    # Relative errors are those of the target itself, so its zero counts.
    zero = scale.centre / scale.divisor
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
                    rmse(y, predictions) * scale.divisor,
                    within(y, predictions, tolerance, zero),
                )
            )
    return fits
