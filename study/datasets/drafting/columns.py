"""What the columns of a table hold, and what kind of variable each can be."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from study.common.text import short
from study.datasets.encoding import Reader
from study.datasets.notation import Notation
from study.datasets.read_table import TextTable
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


@dataclass(frozen=True)
class Column:
    """One column of a table, all rows.

    numbers : (rows,) NaN where a cell is no number
    codes : (rows,) the place of each text among `texts`; MISSING, or NUMBER for one of a column
        with too many to keep them as text
    marked : texts that were read as missing values, but for empty cells
    """

    name: str
    numbers: np.ndarray
    codes: np.ndarray
    texts: tuple[str, ...]
    marked: tuple[str, ...]

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

    @property
    def whole(self) -> bool:
        """Whether its numbers are whole ones."""
        return bool((self.known == np.round(self.known)).all())


class _Collected:
    """The cells of a column, chunk by chunk, as numbers and codes."""

    def __init__(self) -> None:
        self.numbers: list[np.ndarray] = []
        self.codes: list[np.ndarray] = []
        self.places: dict[str, int] = {}
        self.kept = 0  # different texts that are numbers
        self.marked: dict[str, None] = {}

    def add(self, cells: list[str], numbers: np.ndarray, marks: set[str]) -> None:
        self.numbers.append(numbers)
        if self.kept >= _KEPT and not np.isnan(numbers).any():
            self.codes.append(np.full(len(cells), NUMBER, dtype=np.int32))
            return
        is_number = (~np.isnan(numbers)).tolist()
        self.codes.append(
            np.array(
                [self._code(cell, of, marks) for cell, of in zip(cells, is_number, strict=True)],
                dtype=np.int32,
            )
        )

    def _code(self, cell: str, is_number: bool, marks: set[str]) -> int:
        if cell in marks:
            if cell:
                self.marked[cell] = None
            return MISSING
        if cell not in self.places:
            if is_number and self.kept >= _KEPT:
                return NUMBER
            self.kept += is_number
            self.places[cell] = len(self.places)
        return self.places[cell]


def read_columns(table: Table, texts: TextTable) -> dict[str, Column]:
    """The columns of a table, by name. Raises InputError."""
    reader, marks = Reader(table), set(table.missing_marks)
    collected = {name: _Collected() for name in texts.columns}
    for chunk in texts.chunks:
        for name, of in collected.items():
            cells = chunk.cells[name]
            of.add(cells, reader.found(cells, Notation.of(table)), marks)
    return {
        name: Column(
            name,
            np.concatenate(of.numbers),
            np.concatenate(of.codes),
            tuple(of.places),
            tuple(of.marked),
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
