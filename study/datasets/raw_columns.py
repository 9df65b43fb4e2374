"""The columns of a table as they are read, all rows in the order of the file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from study.datasets.encoding import Reader
from study.datasets.notation import USUAL, Amount, Notation, Writing
from study.datasets.rows import TableRows
from study.recipes.columns import Binary, Date, Numeric, OneHot, Ordinal
from study.recipes.dataset import DatasetRecipe
from study.recipes.target import ClassTarget, Target

MISSING, NUMBER, MARK = -1, -2, -3
Signs = Literal["none", "either", "decimal"]


@dataclass(frozen=True)
class Column:
    """One column of a table, all rows.

    numbers : (rows,) NaN where a cell is no number
    codes : (rows,) the place of each text among `texts`; MISSING; NUMBER for one of a column
        with too many to keep them as text; or MARK and below, in the order of `marked`
    marked : texts that were read as missing values, but for empty cells
    signs : whether the table's decimal sign is one in it, where it stands
    grouped : whether the sign between thousands of the table stands in it
    writing : how its numbers are written
    order : its levels from the least to the greatest, where that is known beforehand
    """

    name: str
    numbers: np.ndarray
    codes: np.ndarray
    texts: tuple[str, ...]
    marked: tuple[str, ...]
    signs: Signs = "none"
    grouped: bool = False
    writing: Writing = USUAL
    order: tuple[str, ...] = ()

    @property
    def missing(self) -> np.ndarray:
        """(rows,) bool."""
        return (self.codes == MISSING) | (self.codes <= MARK)

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
        both = self.grouped and self.signs == "decimal"
        return self.signs == "either" or both or any(map(Amount.of, self.others))

    @property
    def whole(self) -> bool:
        """Whether its numbers are whole ones."""
        return bool((self.known == np.round(self.known)).all())

    def marked_rows(self, mark: str) -> np.ndarray:
        """Which rows hold this text, which was read as a missing value: (rows,) bool."""
        return self.codes == MARK - self.marked.index(mark)

    def with_level(self, mark: str) -> "Column":
        """The column in which a text that was read as a missing value is a text like others."""
        place = self.marked.index(mark)
        codes = np.where(self.codes == MARK - place, len(self.texts), self.codes)
        codes = np.where(self.codes < MARK - place, self.codes + 1, codes)
        marked = self.marked[:place] + self.marked[place + 1 :]
        return replace(self, codes=codes, texts=(*self.texts, mark), marked=marked)


@dataclass(frozen=True)
class RawTable:
    """The columns of a table that may become variables, or do, and its target.

    lengths : rows of each file, which stand one below the other
    counted : whether the target is said to be a count
    """

    columns: tuple[Column, ...]
    target: Column
    lengths: tuple[int, ...]
    counted: bool = False

    def by_file(self, rows: np.ndarray) -> list[np.ndarray]:
        """An array of all rows as one for each file."""
        return np.split(rows, np.cumsum(self.lengths)[:-1])


def as_used(recipe: DatasetRecipe, parts: Sequence[TableRows]) -> RawTable:
    """The columns that a recipe uses, as it reads them: rows of all files, before any is dropped.

    Texts are those of levels; one that `other` takes is `other`. Dates are left out: they are
    neither numbers nor names.
    """
    values = parts[0].values if len(parts) == 1 else np.concatenate([part.values for part in parts])
    reader = Reader(recipe.own_table)
    return RawTable(
        tuple(
            _of_numbers(variable.name, numbers)
            if isinstance(variable, Numeric)
            else _of_levels(variable, numbers, reader)
            for variable, numbers in zip(recipe.variables, values.T, strict=True)
            if not isinstance(variable, Date)
        ),
        _of_target(recipe.target, np.concatenate([part.target for part in parts])),
        tuple(map(len, parts)),
        recipe.task.counts,
    )


def _of_target(target: Target, numbers: np.ndarray) -> Column:
    if not isinstance(target, ClassTarget):
        return _of_numbers(target.name, numbers)
    codes = np.where(np.isnan(numbers), MISSING, np.nan_to_num(numbers).astype(int))
    return Column(target.name, np.full(len(numbers), np.nan), codes, tuple(target.levels), ())


def _of_numbers(name: str, numbers: np.ndarray) -> Column:
    codes = np.full(len(numbers), NUMBER, dtype=np.int8)  # there may be thousands of columns
    codes[np.isnan(numbers)] = MISSING
    return Column(name, numbers, codes, (), ())


def _of_levels(variable: Binary | Ordinal | OneHot, places: np.ndarray, reader: Reader) -> Column:
    """The texts of a variable's levels, from their numbers or places.

    Those of one-hot variables are names, also where they are digits.
    """
    texts = tuple(variable.levels)
    known = (places[:, None] == np.array(list(variable.places.values()))).argmax(axis=1)
    codes = np.where(np.isnan(places), MISSING, known)
    notation = Notation.of(reader.table)
    named = codes == MISSING if not isinstance(variable, OneHot) else np.ones(len(codes), bool)
    numbers = np.where(named, np.nan, reader.found(texts, notation)[known])
    return Column(variable.name, numbers, codes, texts, ())
