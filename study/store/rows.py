"""Rows of the tables of what was measured of each training, as arrays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from study.store.migrations import tables

TABLES = ("fits", "scores", "occasions", "losses")
# Of each table: the columns that tell its rows of one training apart, and those that are numbers.
LABELS = {
    table: tuple(of.name for of in tables()[table] if of.of_key and of.name != "training")
    for table in TABLES
}
NUMBERS = {table: tuple(of.name for of in tables()[table] if not of.of_key) for table in TABLES}

# Rows that are Python's numbers at a time: as such they are ten times as large.
_AT_ONCE = 2**15


@dataclass(frozen=True)
class Rows:
    """Rows of one table, training by training, and by their labels within each.

    Attributes
    ----------
    table : one of TABLES
    trainings : (trainings,) the ids of those that have rows, ascending
    bounds : (trainings + 1,) where the rows of each begin, and where the last end
    names : for each column of labels, the distinct ones
    codes : (rows, columns of labels) int32, places in `names`
    numbers : (rows, columns of numbers) float64; NaN where there is none
    """

    table: str
    trainings: np.ndarray
    bounds: np.ndarray
    names: tuple[list[Any], ...]
    codes: np.ndarray
    numbers: np.ndarray

    @classmethod
    def of(cls, table: str, rows: Iterable[Sequence[Any]]) -> "Rows":
        """Rows (training, *labels, *numbers) in their order; the last columns may be left out.

        Raises ValueError or TypeError where a number is none.
        """
        labels, width = len(LABELS[table]), len(NUMBERS[table])
        places: list[dict[Any, int]] = [{} for _ in range(labels)]
        trainings = [np.zeros(0, dtype=np.int64)]
        codes = [np.zeros((0, labels), dtype=np.int32)]
        numbers = [np.zeros((0, width))]
        left = iter(rows)
        while some := list(islice(left, _AT_ONCE)):
            training, *columns = zip(*some, strict=True)
            trainings.append(np.array(training, dtype=np.int64))
            known = np.array(columns[labels:], dtype=np.float64).T
            numbers.append(np.full((len(some), width), np.nan))
            numbers[-1][:, : known.shape[1]] = known
            for place, column in zip(places, columns, strict=False):
                for name in dict.fromkeys(column):
                    place.setdefault(name, len(place))
            found = [
                np.fromiter(map(place.__getitem__, column), np.int32, len(some))
                for place, column in zip(places, columns, strict=False)
            ]
            codes.append(np.stack(found, axis=1))
        all_trainings = np.concatenate(trainings)
        first = np.flatnonzero(np.diff(all_trainings, prepend=all_trainings[:1] - 1))
        return cls(
            table,
            all_trainings[first],
            np.append(first, len(all_trainings)),
            tuple(map(list, places)),
            np.concatenate(codes),
            np.concatenate(numbers),
        )

    def of_training(self, training: int) -> slice:
        """Where the rows of a training lie; nowhere if it has none."""
        place = int(np.searchsorted(self.trainings, training))
        if place == len(self.trainings) or self.trainings[place] != training:
            return slice(0, 0)
        return slice(int(self.bounds[place]), int(self.bounds[place + 1]))

    def labels(self, rows: slice) -> list[list[Any]]:
        """The labels of some rows."""
        return [
            [names[code] for names, code in zip(self.names, row, strict=True)]
            for row in self.codes[rows].tolist()
        ]
