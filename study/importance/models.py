"""Trained models as importance methods see them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from study.datasets.dataset import Dataset
from study.engines.engine import Stack
from study.importance.sample import Sample

Predict = Callable[[np.ndarray], np.ndarray]
# From some columns: the predictions of the same models trained without them.
Without = Callable[[Sequence[int]], Predict]


@dataclass(frozen=True)
class Models:
    """Trained models of one recipe, and what they are measured on.

    Attributes
    ----------
    stack : what the models offer after training
    predict : their predictions, as Stack.predict gives them, counted for progress
    dataset : what its columns are
    sample : its rows that they are measured on
    occasions : (models, occasions, rows, features), loss gradients met in training; none where
        models were not trained by steps
    finite : (models,), whether all predictions of a model are
    without : trains them anew without some columns; None where they are not to be trained
    """

    stack: Stack
    predict: Predict
    dataset: Dataset
    sample: Sample
    occasions: np.ndarray
    finite: np.ndarray
    without: Without | None = None
