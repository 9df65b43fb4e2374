"""The rows that trained models are measured on: the same for all, or each model's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from study.datasets.dataset import Dataset
from study.engines.replicates import Replicate
from study.engines.row_orders import rows_of
from study.statistics.spread import deviations


@dataclass(frozen=True)
class Sample:
    """Rows that models learned from, and rows that they are tested on.

    Attributes
    ----------
    train_x, test_x : (rows, features), or (models, rows, features)
    train_y, test_y : (rows,), or (models, rows)
    test_groups : how test rows depend on each other, (rows,) or (models, rows), as of
        `Dataset.row_groups`
    train_weights, test_weights : what rows count, (rows,) or (models, rows); None where all count
        the same
    """

    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    test_groups: np.ndarray | None = None
    train_weights: np.ndarray | None = None
    test_weights: np.ndarray | None = None

    @classmethod
    def of(cls, dataset: Dataset, replicates: Sequence[Replicate]) -> "Sample":
        """The rows of the data, or those of replicates that all have rows of one kind.

        Labels are the data's, also of replicates that were trained on permuted ones. Raises
        ValueError where kinds differ: what an engine computes of one replicate must not depend
        on which others there are; and where they have not all as many rows (see `alike`).
        """
        tables = {replicate.streams.table for replicate in replicates}
        if len(tables) > 1:
            raise ValueError("replicates must all have rows of one kind")
        rows, tested = len(dataset.train_y), len(dataset.test_y)
        groups = dataset.row_groups
        if tables <= {"data"}:
            train, test = np.split(np.arange(rows + tested), [rows])
            arrays = dataset.train_x, dataset.train_y, dataset.test_x, dataset.test_y
        else:
            x, y = dataset.pooled
            classes = y if dataset.task.classes else None
            parts = [rows_of(replicate, rows, tested, groups, classes) for replicate in replicates]
            train, test = (np.stack(part) for part in zip(*parts, strict=True))
            arrays = x[train], y[train], x[test], y[test]
        return cls(
            *arrays,
            test_groups=_of(groups, test),
            train_weights=_of(dataset.row_weights, train),
            test_weights=_of(dataset.row_weights, test),
        )

    @property
    def feature_scale(self) -> np.ndarray:
        """Standard deviation of each feature over the training rows (ddof 0), float64.

        (features,), or (models, features)
        """
        if self.train_x.ndim == 2:
            return deviations(self.train_x, self.train_weights)
        weights = repeat(None) if self.train_weights is None else self.train_weights
        return np.stack([deviations(*own) for own in zip(self.train_x, weights, strict=False)])


def _of(what: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    """What there is to some rows, if there is any."""
    return None if what is None else what[rows]


def alike(dataset: Dataset, replicates: Sequence[Replicate]) -> list[list[int]]:
    """Places of the replicates that have as many training and test rows as each other.

    All have, but where rows are drawn in groups, which may be of any size.
    """
    if dataset.row_groups is None:
        return [list(range(len(replicates)))]
    found: dict[tuple[int, int], list[int]] = {}
    rows, tested = len(dataset.train_y), len(dataset.test_y)
    for place, replicate in enumerate(replicates):
        train, test = rows_of(replicate, rows, tested, dataset.row_groups)
        found.setdefault((len(train), len(test)), []).append(place)
    return list(found.values()) or [[]]
