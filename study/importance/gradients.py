"""Importance by gradients of predictions: mean absolute, and mean signed, over rows.

Gradients come as (networks, rows, features); sums run in float64, network by network, for want
of endless memory.
"""

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from study.common.methods import CONTRAST_GRADIENT, GRADIENT, SCALED_GRADIENT
from study.importance.models import Models
from study.importance.scores import Importance


def importances(models: Models, wanted: Collection[str]) -> list[Importance]:
    """What is wanted of the gradient, contrast-gradient and scaled-gradient methods."""
    data = models.dataset
    sample = models.sample
    found = after_training(
        models.stack.gradient_parts(sample.test_x), data.one_hot_groups, sample.feature_scale
    )
    return [importance for importance in found if importance.method in wanted]


def after_training(
    parts: Iterable[np.ndarray], groups: Sequence[Sequence[int]], feature_scale: np.ndarray
) -> list[Importance]:
    """The gradient, contrast-gradient and scaled-gradient methods.

    Parameters
    ----------
    parts : arrays (networks, rows, features)
        Gradients of the prediction with respect to the inputs, each row alone: of some rows
        after others.
    groups : the column indices of each one-hot group
    feature_scale : (features,) or (networks, features)
        Standard deviation over the training rows.
    """
    sums: dict[tuple[int, str, bool], np.ndarray] = {}
    rows = networks = 0
    for part in parts:
        networks = len(part)
        rows += part.shape[1]
        scales = np.broadcast_to(feature_scale, (networks, part.shape[2]))
        for network, single in enumerate(part):
            gradients = single.astype(np.float64)
            contrasts = contrast(gradients, groups)
            for method, values in (
                (GRADIENT, gradients),
                (CONTRAST_GRADIENT, contrasts),
                (SCALED_GRADIENT, contrasts * scales[network]),
            ):
                for signed in (False, True):
                    key = network, method, signed
                    sums[key] = _added(sums.get(key), values if signed else np.abs(values))

    def mean(method: str, signed: bool) -> np.ndarray:
        return np.stack([sums[network, method, signed] for network in range(networks)]) / rows

    return [
        Importance(method, score=mean(method, False), signed=mean(method, True))
        for method in (GRADIENT, CONTRAST_GRADIENT, SCALED_GRADIENT)
    ]


def _added(before: np.ndarray | None, values: np.ndarray) -> np.ndarray:
    """The sum of rows, with those before as the first one: no part of the rows shows in it."""
    return (values if before is None else np.concatenate([before[None], values])).sum(axis=0)


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
