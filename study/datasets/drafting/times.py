"""Columns that may tell when each row was: times in the order of the file."""

from collections.abc import Iterable, Iterator

import numpy as np

from study.datasets.checks.row_labels import is_moment
from study.datasets.raw_columns import Column
from study.datasets.row_times import read_times

# Halves are put together of eight blocks in time, each of rows of one time at least.
_FEWEST = 8


def times_in_order(columns: Iterable[Column]) -> Iterator[str]:
    """Names of columns of dates, or of numbers called as moments are, that only rise or only fall.

    Rows of one time may follow each other.
    """
    for column in columns:
        times = _times(column)
        if times is None or len(np.unique(times)) < _FEWEST:
            continue
        steps = np.diff(times)
        if (steps >= 0).all() or (steps <= 0).all():
            yield column.name


def _times(column: Column) -> np.ndarray | None:
    """The times of all rows, as a recipe that names the column has them read; None of others."""
    if column.missing.any() or not column.texts:
        return None
    try:
        known = read_times(column.texts)
    except ValueError:
        return None
    if not np.isnan(column.numbers).any():
        return column.numbers if is_moment(column.name) else None
    return known[column.codes]
