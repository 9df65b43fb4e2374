"""Integrated gradients of predictions (Sundararajan, Taly and Yan, 2017).

A row's prediction less that of a baseline is shared out among features: each gets its difference
from the baseline times its mean gradient on the straight way between the two. What features get
adds up to the difference (completeness), but for the error of the quadrature.
"""

from collections.abc import Collection, Iterator

import numpy as np

from study.common.errors import InputError
from study.common.methods import INTEGRATED_GRADIENT, method_of
from study.datasets.dataset import Dataset
from study.datasets.one_row import encode_row
from study.engines.engine import Stack
from study.importance import row_weights
from study.importance.models import Models
from study.importance.sample import Sample
from study.importance.scores import Importance, of_classes

# Points of the Gauss-Legendre quadrature on the way: gradients of networks may bend sharply between
# a few, and what features get is then off by a hundredth of the difference.
STEPS = 1024
# Numbers that are held of some rows at once; each row is computed alone, so it changes no digit.
_AT_ONCE = 2**22


def importances(models: Models, wanted: Collection[str]) -> list[Importance]:
    """Mean absolute and mean signed integrated gradients over the test rows.

    Of more than two classes, those of each class's logit less the mean logit, and their sum.
    """
    x, weights = models.sample.test_x, models.sample.test_weights
    absolute = signed = np.zeros(())
    rows = 0
    baseline = baseline_of(models.dataset, models.sample)
    for part in attributions(models.stack, x, baseline, models.dataset.task.outputs):
        counts = row_weights.counts(weights, rows, part)
        rows += part.shape[1]
        own = part if counts is None else part * counts
        absolute = absolute + _summed(np.abs(own))
        signed = signed + _summed(own)
    score, mean = (row_weights.mean(total, weights, rows) for total in (absolute, signed))
    found = of_classes(INTEGRATED_GRADIENT, score, mean, models.dataset.task.levels)
    return [
        importance.where(models.finite)
        for importance in found
        if method_of(importance.method) in wanted
    ]


def baseline_of(dataset: Dataset, sample: Sample) -> np.ndarray:
    """The row that the recipe names, or the mean training row.

    (features,), or (models, features) where models learned from rows of their own. Raises
    InputError where the recipe's is no row of the data.
    """
    named = dataset.recipe.integrated_gradient.baseline
    if named:
        try:
            return encode_row(dataset.recipe, named, dataset.scales).astype(np.float64)
        except InputError as error:
            raise InputError(f"integrated_gradient.baseline: {error}") from error
    weights = sample.train_weights
    if weights is None:
        return sample.train_x.mean(axis=-2, dtype=np.float64)
    return np.einsum("...rf,...r->...f", sample.train_x, weights / weights.sum(axis=-1)[..., None])


def attributions(
    stack: Stack, x: np.ndarray, baseline: np.ndarray, outputs: int = 1
) -> Iterator[np.ndarray]:
    """What each feature gets of each row's difference from the baseline, some rows at a time.

    Parameters
    ----------
    stack : networks, with gradients
    x : (rows, features), or (networks, rows, features)
    baseline : (features,), or (networks, features)
    outputs : how many numbers a network gives for a row

    Yields float64 arrays (networks, rows, features), or (networks, rows, classes, features).
    """
    nodes, weights = np.polynomial.legendre.leggauss(STEPS)
    at_once = max(_AT_ONCE // (stack.size * outputs * x.shape[-1]), 1)
    start_row = baseline[..., None, :]
    for start in range(0, x.shape[-2], at_once):
        way = x[..., start : start + at_once, :] - start_row
        mean = np.zeros(())
        for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            point = (start_row + node * way).astype(np.float32)
            mean = mean + weight * np.concatenate(list(stack.gradient_parts(point)), axis=1)
        yield mean * (way[..., None, :] if outputs > 1 else way)


def _summed(parts: np.ndarray) -> np.ndarray:
    """The sum over rows, network by network: no digit depends on how many there are."""
    return np.stack([of_one.sum(axis=0) for of_one in parts])
