"""Checks for targets that are classes."""

from collections.abc import Iterator

import numpy as np

from study.common.text import listed
from study.datasets.checks.table import ColumnFinding
from study.datasets.raw_columns import RawTable

_MOST = 5  # classes by number: of more, an amount is as likely


def target_classes(table: RawTable) -> Iterator[ColumnFinding]:
    """A target of two values, or of few whole numbers that follow each other from 0 or 1."""
    target = table.target
    values = np.unique(target.known)
    count = len(values)
    from_first = values[0] in (0, 1) and bool((np.diff(values) == 1).all())
    if count == 2 or (count <= _MOST and from_first):
        shown = listed([f"{value:g}" for value in values])
        how = "two values only" if count == 2 else f"{count} whole numbers only"
        yield ColumnFinding(target.name, f"it has {how}, {shown}")
