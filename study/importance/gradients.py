"""Importance by gradients of predictions: mean absolute, and mean signed, over rows.

Gradients come as (networks, rows, features), or of more than two classes as (networks, rows,
classes, features): each class has scores of its own, which add up to the method's. Rows count by
their weights, if they have any. Sums run in float64, network by network, for want of endless
memory.
"""

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from study.common.methods import (
    CONTRAST_GRADIENT,
    GRADIENT,
    SCALED_GRADIENT,
    method_of,
)
from study.importance import row_weights
from study.importance.models import Models
from study.importance.scores import Importance, of_classes


def importances(models: Models, wanted: Collection[str]) -> list[Importance]:
    """What is wanted of the gradient, contrast-gradient and scaled-gradient methods."""
    data = models.dataset
    sample = models.sample
    found = after_training(
        models.stack.gradient_parts(sample.test_x),
        data.one_hot_groups,
        sample.feature_scale,
        data.task.levels,
        sample.test_weights,
    )
    return [importance for importance in found if method_of(importance.method) in wanted]


def after_training(
    parts: Iterable[np.ndarray],
    groups: Sequence[Sequence[int]],
    feature_scale: np.ndarray,
    levels: Sequence[str] = (),
    weights: np.ndarray | None = None,
) -> list[Importance]:
    """The gradient, contrast-gradient and scaled-gradient methods, and each of every class.

    Of more than two classes, a method's score is the sum over classes, which has no sign.

    Parameters
    ----------
    parts : arrays (networks, rows, features) or (networks, rows, classes, features)
        Gradients of the prediction with respect to the inputs, each row alone: of some rows
        after others. Of two classes, of the log-odds of the second.
    groups : the column indices of each one-hot group
    feature_scale : (features,) or (networks, features)
        Standard deviation over the training rows.
    levels : names of the classes
    weights : (rows,) or (networks, rows)
        What each row counts in the means, in proportion; all count the same if None.
    """
    sums: dict[tuple[int, str, bool], np.ndarray] = {}
    rows = networks = 0
    for part in parts:
        networks = len(part)
        counts = row_weights.counts(weights, rows, part)
        rows += part.shape[1]
        scales = np.broadcast_to(feature_scale, (networks, part.shape[-1]))
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
                    own = values if signed else np.abs(values)
                    if counts is not None:
                        own = own * counts[network]
                    sums[key] = _added(sums.get(key), own)

    def mean(method: str, signed: bool) -> np.ndarray:
        total = np.stack([sums[network, method, signed] for network in range(networks)])
        return row_weights.mean(total, weights, rows)

    return [
        importance
        for method in (GRADIENT, CONTRAST_GRADIENT, SCALED_GRADIENT)
        for importance in of_classes(method, mean(method, False), mean(method, True), levels)
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
