"""Importance by gradients of the loss with respect to the inputs, met in training."""

from collections.abc import Collection

import numpy as np

from study.common.methods import TRAINING_GRADIENT
from study.importance.models import Models
from study.importance.scores import Importance


def importances(models: Models, _: Collection[str]) -> list[Importance]:
    """The published method; a network that diverged after its last occasion has no scores."""
    return [training_gradient(models.occasions).where(models.finite)]


def training_gradient(occasions: np.ndarray) -> Importance:
    """The published measure: loss gradients met in training.

    Absolute values are summed over the occasions and averaged over the rows of the batch.
    `occasions` has shape (networks, occasions, rows, features).
    """
    absolute, signed = occasion_means(occasions)
    return Importance(TRAINING_GRADIENT, absolute.sum(axis=1), signed.sum(axis=1))


def occasion_means(occasions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean absolute and mean signed gradients of each batch: (networks, occasions, features)."""
    absolute, signed = (
        np.stack([of(gradients.astype(np.float64)).mean(axis=1) for gradients in occasions])
        for of in (np.abs, np.positive)
    )
    return absolute, signed
