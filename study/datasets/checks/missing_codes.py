"""Checks for numbers that stand for a missing value."""

import re
from collections.abc import Iterator

import numpy as np

from study.datasets.checks.table import ColumnFinding
from study.datasets.raw_columns import RawTable

# What people write for a missing value: -9, 99, -999.
_CUSTOM = re.compile(r"-?9+|-1")
# Beside one of these, for another reason that a value is missing: 98, -88.
_BESIDE = re.compile(r"-?(9+[6-8]|88+|77+)")
_MANY = 20  # different numbers beside 0, which is else a step of a design
_AT_AN_END = 3  # codes that may stand at either end, as 97, 98 and 99
_FEWEST = 3  # different numbers beside them
_FEWEST_TIMES = 2  # that a number comes which is no custom,
_FAR = 10  # and how many spans of all others it lies away from them


def missing_codes(table: RawTable) -> Iterator[ColumnFinding]:
    """Numbers at an end of a column, or of the target, that come again and stand far from all."""
    for column in (*table.columns, table.target):
        codes = far_codes(column.known)
        if codes:
            said = " and ".join(
                f"{code:g} in {count} row{'s' if count > 1 else ''}" for code, count in codes
            )
            low, high = _rest(column.known, [code for code, _ in codes])
            yield ColumnFinding(
                column.name,
                f"{said}, far from all others, which lie from {low:g} to {high:g}",
                codes=tuple(f"{code:g}" for code, _ in codes),
            )


def far_codes(numbers: np.ndarray) -> list[tuple[float, int]]:
    """Those that look like codes of a missing value, each with how often it comes.

    They are what people write, -1, 9, -99 or 999 (and 98 beside 99), and half as far from all
    others as these are from each other, or negative where no other is; 0, half as far from many
    others; or any number that comes twice at least, and is ten times as far from all others as
    these are from each other.
    """
    found: list[tuple[float, int]] = []
    for _ in range(2):  # at either end
        for lowest in (True, False):
            codes = _at_end(numbers, lowest)
            found += codes
            numbers = numbers[~np.isin(numbers, [code for code, _ in codes])]
    return sorted(found)


def _at_end(numbers: np.ndarray, lowest: bool) -> list[tuple[float, int]]:
    codes: list[float] = []
    rest = numbers
    for _ in range(_AT_AN_END):
        if not len(rest):
            break
        end = rest.min() if lowest else rest.max()
        rest = rest[rest != end]
        codes.append(float(end))
        if len(rest) and _far(codes, rest, numbers):
            return [(code, int((numbers == code).sum())) for code in codes]
    return []


def _far(codes: list[float], rest: np.ndarray, numbers: np.ndarray) -> bool:
    """Whether the codes at one end are far from the rest of the numbers."""
    low, high = float(rest.min()), float(rest.max())
    gap = max(low - max(codes), min(codes) - high)
    span = high - low
    written = [f"{code:g}" for code in codes]
    customary = any(map(_CUSTOM.fullmatch, written)) and all(
        _CUSTOM.fullmatch(code) or _BESIDE.fullmatch(code) for code in written
    )
    if codes == [0] and 0 < span <= 2 * gap:
        far = len(np.unique(rest)) >= _MANY
    elif customary:
        long = max(map(abs, codes)) >= 99
        negative = max(codes) < 0 and low >= 0 and (long or gap >= 10)
        far = (2 * gap >= span and gap > 1) or negative
    else:
        far = gap > _FAR * span and all((numbers == code).sum() >= _FEWEST_TIMES for code in codes)
    return far and len(np.unique(rest)) >= _FEWEST


def _rest(numbers: np.ndarray, codes: list[float]) -> tuple[float, float]:
    rest = numbers[~np.isin(numbers, codes)]
    return float(rest.min()), float(rest.max())
