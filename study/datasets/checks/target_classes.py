"""Targets that are numbers, and may be those of classes, or counts."""

from collections.abc import Iterator

import numpy as np

from study.common.text import listed
from study.datasets.checks.table import ColumnFinding
from study.datasets.raw_columns import Column, RawTable

MOST = 12  # classes by number: of more, an amount is as likely
_MOST_WARNED = 5
# A class by number is met in this part of an even share of the rows at least: counts thin out.
_RAREST = 0.25
_FEWEST_ROWS = 2  # of a class: one to train on, one to test on


def are_classes(target: Column) -> bool:
    """Whether numbers are those of classes: two values, or some that follow each other from 0 or 1
    and are each met often."""
    values, counts = np.unique(target.known, return_counts=True)
    if len(values) < 2 or counts.min() < _FEWEST_ROWS:
        return False
    often = counts.min() >= _RAREST * counts.mean()
    return len(values) == 2 or (_follow(values) and len(values) <= MOST and bool(often))


def may_be_classes(target: Column) -> bool:
    """Whether numbers may be those of classes: few whole ones, each met more than once."""
    values, counts = np.unique(target.known, return_counts=True)
    return target.whole and 2 <= len(values) <= MOST and counts.min() >= _FEWEST_ROWS


def may_be_counts(target: Column) -> bool:
    """Whether numbers may count events: whole ones that follow each other from 0 or 1 to 2, and to
    their median."""
    values = np.unique(target.known)
    low = values[values <= max(2, np.median(target.known))]
    return len(values) > 2 and target.whole and _follow(low)


def target_classes(table: RawTable) -> Iterator[ColumnFinding]:
    """A target of two values, or of few whole numbers that follow each other from 0 or 1."""
    target = table.target
    if table.counted:
        return
    values = np.unique(target.known)
    count = len(values)
    if count == 2 or (_follow(values) and count <= _MOST_WARNED):
        shown = listed([f"{value:g}" for value in values])
        how = "two values only" if count == 2 else f"{count} whole numbers only"
        yield ColumnFinding(target.name, f"it has {how}, {shown}")


def _follow(values: np.ndarray) -> bool:
    """Whether numbers, in their order, follow each other from 0 or 1."""
    return len(values) > 1 and values[0] in (0, 1) and bool((np.diff(values) == 1).all())
