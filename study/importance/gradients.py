"""Importance by input gradients: mean absolute, and mean signed, over rows.

Gradients come as (networks, rows, features); sums run in float64.
"""

from collections.abc import Sequence

import numpy as np

from study.importance import Importance
from study.words import TRAINING_GRADIENT


def training_gradient(occasions: np.ndarray) -> Importance:
    """The published measure: loss gradients met in training.

    Absolute values are summed over the occasions and averaged over the rows of the batch.
    `occasions` has shape (networks, occasions, rows, features).
    """
    occasions = occasions.astype(np.float64)
    return Importance(
        TRAINING_GRADIENT,
        score=np.abs(occasions).mean(axis=2).sum(axis=1),
        signed=occasions.mean(axis=2).sum(axis=1),
    )


def after_training(
    gradients: np.ndarray, groups: Sequence[Sequence[int]], feature_scale: np.ndarray
) -> list[Importance]:
    """The gradient, contrast-gradient and scaled-gradient methods.

    Parameters
    ----------
    gradients : (networks, rows, features)
        Of the prediction with respect to the inputs, each row alone.
    groups : the column indices of each variable's features
    feature_scale : (features,)
        Standard deviation over the training rows.
    """
    gradients = gradients.astype(np.float64)
    contrasts = contrast(gradients, groups)
    return [
        _over_rows("gradient", gradients),
        _over_rows("contrast-gradient", contrasts),
        _over_rows("scaled-gradient", contrasts * feature_scale),
    ]


def contrast(gradients: np.ndarray, groups: Sequence[Sequence[int]]) -> np.ndarray:
    """Take each one-hot group's mean gradient off its columns: (..., features) -> the same.

    Adding a constant to every column of a full one-hot group, and taking it off the bias,
    changes no prediction: only the contrasts within a group are identified.
    """
    result = gradients.copy()
    for group in groups:
        if len(group) > 1:
            columns = list(group)
            result[..., columns] -= gradients[..., columns].mean(axis=-1, keepdims=True)
    return result


def _over_rows(method: str, gradients: np.ndarray) -> Importance:
    return Importance(method, score=np.abs(gradients).mean(axis=1), signed=gradients.mean(axis=1))
