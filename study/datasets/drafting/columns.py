"""What the columns of a table hold, and what kind of variable each can be."""

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from study.common.text import short
from study.datasets.drafting.notations import USUAL, Writing, find_writings, is_decimal
from study.datasets.encoding import Reader
from study.datasets.notation import Amount
from study.datasets.read_table import TextTable, read_file
from study.recipes.table import Table

# Numbers are kept as text as well, for as long as a column has so few different ones.
_KEPT = 50
MISSING, NUMBER = -1, -2
FEW = 12  # different whole numbers that may be the codes of categories
_LEFT_OUT_MISSING = 0.5
_NEARLY_ALL = 0.9
_IDENTIFIER = re.compile(r"(^|[\s_.-])(id|key|index|uuid|guid|nr|no|number)$|[a-z]I[Dd]$", re.I)
_DATE = re.compile(r"(?=.*\d)(?=.*[-/.: ])([\d\s:/.,+\-TZ]|[a-z]{3,9}\b)+", re.I)
_AMOUNT = re.compile(r"([^\w\s]{0,3}|[A-Za-z]{1,3}\s)\s?\d[\d.,' ]*\s?\D{0,5}")
Kind = Literal["numeric", "binary", "levels"]
Signs = Literal["none", "either", "decimal"]


@dataclass(frozen=True)
class Column:
    """One column of a table, all rows.

    numbers : (rows,) NaN where a cell is no number
    codes : (rows,) the place of each text among `texts`; MISSING, or NUMBER for one of a column
        with too many to keep them as text
    marked : texts that were read as missing values, but for empty cells
    signs : whether the table's decimal sign is one in it, where it stands
    writing : how its numbers are written
    """

    name: str
    numbers: np.ndarray
    codes: np.ndarray
    texts: tuple[str, ...]
    marked: tuple[str, ...]
    signs: Signs = "none"
    writing: Writing = USUAL

    @property
    def missing(self) -> np.ndarray:
        """(rows,) bool."""
        return self.codes == MISSING

    @property
    def known(self) -> np.ndarray:
        """Its numbers."""
        return self.numbers[~np.isnan(self.numbers)]

    @property
    def others(self) -> list[str]:
        """Its texts that are no numbers."""
        held = np.unique(self.codes[np.isnan(self.numbers) & ~self.missing])
        return [self.texts[code] for code in held]

    def number_of(self, text: str) -> float:
        """The number that one of its texts was read as."""
        return float(self.numbers[self.codes == self.texts.index(text)][0])

    @property
    def is_odd(self) -> bool:
        """Whether its numbers may be written otherwise than its table says."""
        return self.signs == "either" or any(map(Amount.of, self.others))

    @property
    def whole(self) -> bool:
        """Whether its numbers are whole ones."""
        return bool((self.known == np.round(self.known)).all())


class _Collected:
    """The cells of a column, chunk by chunk, as numbers and codes."""

    def __init__(self, sign: str) -> None:
        self.sign = sign
        self.signs: Signs = "none"
        self.numbers: list[np.ndarray] = []
        self.codes: list[np.ndarray] = []
        self.places: dict[str, int] = {}
        self.kept = 0  # different texts that are numbers
        self.marked: dict[str, None] = {}

    def add(self, cells: list[str], numbers: np.ndarray, is_missing: Callable[[str], bool]) -> None:
        self.numbers.append(numbers)
        if self.signs != "decimal" and self.sign in (lines := "\n".join(cells)):
            self.signs = "decimal" if is_decimal(self.sign).search(lines) else "either"
        if self.kept >= _KEPT and not np.isnan(numbers).any():
            codes = map(self.places.get, cells, repeat(NUMBER))
            self.codes.append(np.fromiter(codes, dtype=np.int32, count=len(cells)))
            return
        is_number = (~np.isnan(numbers)).tolist()
        self.codes.append(
            np.array(
                [
                    self._code(cell, of, is_missing)
                    for cell, of in zip(cells, is_number, strict=True)
                ],
                dtype=np.int32,
            )
        )

    def _code(self, cell: str, is_number: bool, is_missing: Callable[[str], bool]) -> int:
        if cell not in self.places:
            if not is_number and is_missing(cell):
                if cell:
                    self.marked[cell] = None
                return MISSING
            if is_number and self.kept >= _KEPT:
                return NUMBER
            self.kept += is_number
            self.places[cell] = len(self.places)
        return self.places[cell]


def read_tables(table: Table, paths: Sequence[Path]) -> list[dict[str, Column]]:
    """The columns of tables that are written alike, by name. Raises InputError.

    Numbers are read as the table says they are written; what looks like numbers and is not read
    so, or may be read otherwise, is looked at again.
    """
    parts = [read_columns(table, read_file(path, table), {}) for path in paths]
    shared = [name for name in parts[0] if all(name in part for part in parts)]
    odd = [name for name in shared if any(part[name].is_odd for part in parts)]
    if not odd:
        return parts
    columns = [column for part in parts for column in part.values()]
    decimals = any(column.signs == "decimal" and not column.others for column in columns)
    writings = find_writings(table, paths, odd, decimals)
    if not writings:
        return parts
    return [read_columns(table, read_file(path, table), writings) for path in paths]


def read_columns(
    table: Table, texts: TextTable, writings: Mapping[str, Writing]
) -> dict[str, Column]:
    """The columns of a table, by name, each as its writing says, or else its table.

    Raises InputError.
    """
    reader = Reader(table)
    collected = {name: _Collected(table.decimal) for name in texts.columns}
    notations = {name: writings.get(name, USUAL).notation(table) for name in texts.columns}
    for chunk in texts.chunks:
        for name, of in collected.items():
            cells, notation = chunk.cells[name], notations[name]
            of.add(
                cells, reader.found(cells, notation), partial(reader.is_missing, notation=notation)
            )
    return {
        name: Column(
            name,
            np.concatenate(of.numbers),
            np.concatenate(of.codes),
            tuple(of.places),
            tuple(of.marked),
            of.signs,
            writings.get(name, USUAL),
        )
        for name, of in collected.items()
    }


def kind_of(column: Column) -> tuple[Kind | None, str]:
    """What kind of variable a column can be, or none, and what is to be said of that."""
    if not column.name:
        return None, "it has no name (often the row numbers of a program)"
    count = int((~column.missing).sum())
    if not count:
        return None, "no value in any row"
    if column.missing.mean() > _LEFT_OUT_MISSING:
        return None, f"no value in {column.missing.sum()} of {len(column.codes)} rows"
    if column.writing.unread:
        return None, column.writing.unread
    others = column.others
    if not others:
        return _kind_of_numbers(column)
    shares = np.isnan(column.numbers[~column.missing]).mean()
    if len(column.known) and shares < 0.5:
        return None, (
            f"numbers, but also {_some(others)}; if these are missing values, name them in "
            "missing_marks"
        )
    return _kind_of_texts(column, count)


def _kind_of_numbers(column: Column) -> tuple[Kind | None, str]:
    known = column.known
    different = np.unique(known)
    if len(different) == 1:
        return None, f"the same in all rows ({different[0]:g})"
    if len(different) == 2 and len(column.texts) == 2:
        return "binary", ""
    if column.whole and len(different) == len(known) == len(column.codes) > 2:
        consecutive = different[0] in (0, 1) and different[-1] - different[0] == len(known) - 1
        if consecutive or _IDENTIFIER.search(column.name):
            return None, "an identifier: a whole number of its own in each row"
    if column.whole and len(different) <= FEW:
        return "numeric", f"{len(different)} different whole numbers, kept as numbers"
    return "numeric", ""


def _kind_of_texts(column: Column, count: int) -> tuple[Kind | None, str]:
    different = len(set(column.codes[~column.missing].tolist()))
    if different == 1:
        return None, f"the same in all rows ('{short(column.texts[0])}')"
    if different == 2:
        return "binary", ""
    sample = column.texts[:200]
    if _are_dates(sample):
        return None, f"dates ({_some(sample)}): to use them, add a column of numbers, as the year"
    if different >= _NEARLY_ALL * count:
        what = f"{different} different texts in {count} rows ({_some(sample)})"
        if all(map(_AMOUNT.fullmatch, sample)):
            return None, f"{what}; if they are numbers, take the signs around them off"
        return None, f"an identifier or free text: {what}"
    return "levels", ""


def _are_dates(texts: Sequence[str]) -> bool:
    if not all(map(_DATE.fullmatch, texts)):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of days and months that could be either
        parsed = pd.to_datetime(pd.Series(texts), errors="coerce", format="mixed", utc=True)
    return bool(parsed.notna().mean() > _NEARLY_ALL)


def _some(texts: Sequence[str]) -> str:
    """A few texts, quoted."""
    more = ", ..." if len(texts) > 3 else ""
    return ", ".join(f"'{short(text)}'" for text in texts[:3]) + more
