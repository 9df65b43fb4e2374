"""Which rows each replicate meets, in which order."""

from collections.abc import Sequence

import numpy as np

from study.common.conditions import PERMUTED, find_condition
from study.common.streams import generator
from study.engines.replicates import Replicate


class Orders:
    """The rows of the table that each replicate meets in an epoch.

    Rows are shuffled anew each epoch, each replicate's by its own stream.
    """

    def __init__(self, replicates: Sequence[Replicate], rows: int) -> None:
        self._rows = rows
        self._row_of, self._label_of = assign_rows(replicates, rows)
        seeds, self._stream_of = np.unique(
            [replicate.streams.order for replicate in replicates], return_inverse=True
        )
        self._streams = [generator(int(seed), "order") for seed in seeds]

    def epochs(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The rows whose inputs, and whose labels, come one after another in the next epochs.

        Two of (epochs, replicates, rows).
        """
        drawn = np.array(
            [[stream.permutation(self._rows) for stream in self._streams] for _ in range(count)]
        )
        order = drawn[:, self._stream_of]
        replicate = np.arange(len(self._row_of))[:, None]
        return self._row_of[replicate, order], self._label_of[replicate, order]


def assign_rows(replicates: Sequence[Replicate], rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Which row of the table a replicate's i-th input and its i-th label come from."""
    row_of = np.tile(np.arange(rows), (len(replicates), 1))
    for index, replicate in enumerate(replicates):
        if replicate.streams.rows is not None:
            row_of[index] = generator(replicate.streams.rows, "rows").integers(rows, size=rows)
    label_of = row_of.copy()
    for index, replicate in enumerate(replicates):
        if find_condition(replicate.condition).labels == PERMUTED:
            labels = generator(replicate.streams.labels, "labels")
            label_of[index] = labels.permutation(row_of[index])
    return row_of, label_of
