"""Subjects that are measured several times each, rows of one below the other."""

from collections.abc import Iterator

import numpy as np

from study.datasets.checks.row_labels import is_moment
from study.datasets.checks.table import ColumnFinding
from study.datasets.raw_columns import Column, RawTable

_FEWEST = 13  # subjects; of fewer numbers, a draft may have levels, and an amount be a design's
_CHANCE = 1e-6  # of attributes without relation to the subjects


def subjects_in_blocks(table: RawTable) -> Iterator[ColumnFinding]:
    """Whole numbers of which each has its block of rows, as a table of repeated measures has them.

    Within each block another column rises from row to row, through numbers that other blocks hold
    as well, as times do; and an attribute of the subjects stays what it is, which an amount in
    order would hardly have, since it neither rises nor falls from block to block.
    """
    for column in table.columns:
        starts = _starts(column)
        if starts is None:
            continue
        rest = [_values(other) for other in table.columns if other is not column]
        if any(_returns(of, starts) for of in rest) and any(_stays(of, starts) for of in rest):
            reason = (
                f"identifiers: {len(starts)} different whole numbers in {len(column.numbers)} "
                "rows, those of each below each other"
            )
            yield ColumnFinding(column.name, reason, leave_out=True, repeats=True)


def _starts(column: Column) -> np.ndarray | None:
    """The first row of each block, where each number has one; None of other columns."""
    numbers = column.numbers
    if is_moment(column.name) or not (numbers == np.round(numbers)).all() or not len(numbers):
        return None
    starts = np.flatnonzero(np.diff(numbers, prepend=np.nan) != 0)
    if len(starts) < _FEWEST or len(starts) > len(numbers) / 2:
        return None
    return starts if len(np.unique(numbers)) == len(starts) else None


def _values(column: Column) -> np.ndarray:
    """Numbers that are equal where the cells of a column are, texts as they first come: (rows,)."""
    return np.where(np.isnan(column.numbers), column.codes + 0.5, column.numbers)


def _returns(values: np.ndarray, starts: np.ndarray) -> bool:
    """Whether values rise within each block, and are few in all."""
    within = _within(len(values), starts)
    most = np.diff(starts, append=len(values)).max()
    return bool((np.diff(values)[within] > 0).all()) and len(np.unique(values)) <= 2 * most


def _stays(values: np.ndarray, starts: np.ndarray) -> bool:
    """Whether values are constant within blocks, but for chance, and in no order of theirs."""
    within = _within(len(values), starts)
    if not (np.diff(values)[within] == 0).all():
        return False
    steps = np.diff(values[starts])
    _, counts = np.unique(values, return_counts=True)
    alike = ((counts / len(values)) ** 2).sum()
    return bool((steps > 0).any() and (steps < 0).any() and alike ** within.sum() < _CHANCE)


def _within(rows: int, starts: np.ndarray) -> np.ndarray:
    """Which steps from a row to the next one are within a block: (rows - 1,) bool."""
    within = np.ones(rows, dtype=bool)
    within[starts] = False
    return within[1:]
