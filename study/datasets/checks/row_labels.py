"""Checks for columns that number the rows."""

import re
from collections.abc import Iterator

import numpy as np

from study.datasets.checks.table import ColumnFinding
from study.datasets.raw_columns import Column, RawTable

# Names that programs alone give to row labels, and names that people give to other things, too.
_WRITTEN = re.compile(r"unnamed: \d+(_level_\d+)?|_c0|__index_level_\d+__|\.{3}1|row_?names?", re.I)
_LABEL = re.compile(r"level_\d+|index|X(\.\d+)?|V1|c0|0|rows?|obs|row_?(id|nr|no|num|number)")
# Names of moments, which rise with the rows of a time series and are no labels.
_MOMENT = re.compile(
    r"years?|yr|time|date|datetime|timestamp|epoch|days?|weeks?|months?|quarters?|hours?|minutes?|"
    r"seconds?|t|period|jahr|jaar|anno|annee|année|año|ano|tag|zeit|tijd|jour|mes|mois",
    re.I,
)
_YEARS = (1500, 2100)
_FEWEST = 10  # rows of which a rising order shows anything
# The first row's label lies this many gaps from 0 at most, but in one of e^5 filtered tables.
_NEAR = 5
_DENSE = 10  # a mean gap of rows of which one in ten was kept
_VERY_DENSE = 3


def row_labels(table: RawTable) -> Iterator[ColumnFinding]:
    """Whole numbers, all different, that rise in the order of the file, or number the rows."""
    for place, column in enumerate(table.columns):
        found = _judged(column, table.by_file(column.numbers), first=place == 0)
        if found is not None:
            reason, leave_out = found
            yield ColumnFinding(column.name, reason, leave_out)


def _judged(column: Column, files: list[np.ndarray], first: bool) -> tuple[str, bool] | None:
    """What is said of a column, and whether it is sure; None of one that has nothing of a label."""
    numbers = column.numbers
    if not (numbers == np.round(numbers)).all() or numbers.min() < 0 or len(numbers) <= 2:
        return None
    written = _WRITTEN.fullmatch(column.name) is not None
    moment = _is_moment(column.name)
    rising = all((np.diff(part) > 0).all() for part in files)
    if not rising:
        if written:
            return "whole numbers without a name of their own: labels of rows", True
        if _counts_rows(files):
            return "whole numbers that count the rows, in no order: labels of rows", True
        if _LABEL.fullmatch(column.name) and all(map(_number_rows, files)):
            return "whole numbers, all different, under a name of labels of rows", True
        return None
    said = "whole numbers, all different, that rise in the order of the file"
    even = len({*np.diff(files[0])}) == 1  # as the steps of a design
    if written or (_LABEL.fullmatch(column.name) and not even):
        return f"{said}: labels of rows", True
    if _counts_rows(files):
        return (f"{said}, one by one", False) if moment else (f"{said}: labels of rows", True)
    if moment or len(numbers) < _FEWEST:
        return None
    return _judged_by_gaps(files[0], said, even, first)


def _judged_by_gaps(
    numbers: np.ndarray, said: str, even: bool, first: bool
) -> tuple[str, bool] | None:
    """Rows that were left over when others were taken out have labels with gaps of any width."""
    mean, near = _gaps(numbers)
    if _YEARS[0] <= numbers[0] and numbers[-1] <= _YEARS[1] and even:
        return None
    labels = f"{said}: labels of rows"
    if near and mean <= _DENSE and not even:
        return labels, True
    if mean <= _VERY_DENSE and not near:
        return (labels, True) if first else (f"{said}, as labels of rows do", False)
    if near:
        return f"{said}, as labels of rows do", False
    return None


def _counts_rows(files: list[np.ndarray]) -> bool:
    """Whether the rows of each file are numbered from 0 or 1, in any order."""
    return all(part.min() in (0, 1) and (np.diff(np.sort(part)) == 1).all() for part in files)


def _number_rows(numbers: np.ndarray) -> bool:
    """Whether all differ, and begin near 0, as labels of rows that were taken out and sorted."""
    ordered = np.sort(numbers)
    mean, near = _gaps(ordered)
    return near and mean <= _DENSE and bool((np.diff(ordered) > 0).all())


def _gaps(rising: np.ndarray) -> tuple[float, bool]:
    """The mean gap of numbers, and whether the first lies only a few such gaps from 0."""
    mean = float(np.diff(rising).mean())
    return mean, bool(rising[0] <= _NEAR * mean)


def _is_moment(name: str) -> bool:
    """Whether a name, or a word of it, is that of a moment."""
    return any(_MOMENT.fullmatch(word) for word in re.split(r"[\W_]+", name) if word)
