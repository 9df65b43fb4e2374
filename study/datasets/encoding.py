"""Cells become numbers, and numbers become features."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from study.common.errors import InputError
from study.recipes.columns import Binary, Numeric, OneHot, Scaled, Variable
from study.recipes.table import Table, Target

_LARGEST = float(np.finfo(np.float32).max)


class CellError(Exception):
    """A value that does not fit its column.

    place : its row among those that were read together
    """

    def __init__(self, place: int, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.place = place


@dataclass(frozen=True)
class Scale:
    """How a number becomes a feature, or the target: (number - centre) / divisor."""

    centre: float = 0.0
    divisor: float = 1.0

    @classmethod
    def of(cls, scaled: Scaled, numbers: np.ndarray) -> "Scale":
        """The scale that a recipe asks for; `numbers` (rows,) are those of training rows."""
        if not scaled.standardise:
            return cls(divisor=scaled.divisor)
        divisor = float(numbers.std())
        if divisor == 0:  # of numbers that differ: their squares are too small
            raise InputError(
                f"{scaled.name}: its training rows differ by too little to be standardised: "
                "give a divisor in place of standardise"
            )
        return cls(centre=float(numbers.mean()), divisor=divisor)

    def apply(self, numbers: np.ndarray) -> np.ndarray:
        """Scaled numbers, float64."""
        return (numbers - self.centre) / self.divisor

    def undo(self, scaled: np.ndarray) -> np.ndarray:
        """The numbers that were scaled, float64."""
        return scaled.astype(np.float64) * self.divisor + self.centre


UNSCALED = Scale()


@dataclass(frozen=True)
class Reader:
    """Reads the cells of a table as its recipe says. A missing value becomes NaN."""

    table: Table

    def values(self, variable: Variable, cells: Sequence[str]) -> np.ndarray:
        """Numbers, those of a binary variable's levels, or the places of levels: (rows,)."""
        if isinstance(variable, Numeric):
            return self.numbers(variable, cells)
        places = (
            variable.levels
            if isinstance(variable, Binary)
            else {level: float(place) for place, level in enumerate(variable.levels)}
        )
        other = variable.other if isinstance(variable, OneHot) else None
        marks = set(self.table.missing_marks) - places.keys()
        found = {}
        for text in dict.fromkeys(cells):
            if text in places:
                found[text] = places[text]
            elif text in marks:
                found[text] = math.nan
            elif other is not None:
                found[text] = places[other]
            else:
                levels = ", ".join(places)
                reason = f"unknown level '{text}': there is {levels}"
                raise CellError(cells.index(text), variable.name, reason)
        return np.array([found[text] for text in cells])

    def numbers(self, column: Numeric | Target, cells: Sequence[str]) -> np.ndarray:
        """Finite numbers that single precision holds once they are divided: (rows,)."""
        return self._numbers(column.name, 1 if self.table.encoded else column.divisor, cells)

    def found(self, cells: Sequence[str]) -> np.ndarray:
        """The numbers among cells, and NaN for any cell that is none: (rows,)."""
        try:
            return self._numbers("", 1, cells)
        except CellError:
            return np.array([self._found(cell) for cell in cells])

    def _found(self, cell: str) -> float:
        try:
            return self._number(0, "", cell, 1)
        except CellError:
            return math.nan

    def _numbers(self, column: str, divisor: float, cells: Sequence[str]) -> np.ndarray:
        try:
            values = np.array([float(cell) for cell in cells])
        except ValueError:
            values = np.full(len(cells), math.nan)
        # Where there is anything but plain numbers, cells are looked at one by one.
        plain = np.isfinite(values) & (np.abs(values) / divisor <= _LARGEST)
        special = self.table.thousands or self.table.decimal == ","
        if special or not plain.all() or any("_" in cell for cell in cells):
            for place, cell in enumerate(cells):
                values[place] = self._number(place, column, cell, divisor)
        return values

    def encoded(self, variable: Variable, cells: dict[str, list[str]]) -> np.ndarray:
        """What `values` gives, from columns that hold features already."""
        columns = [self._numbers(name, 1, cells[name]) for name in variable.features]
        stacked = np.stack(columns, axis=1)
        missing = np.isnan(stacked).any(axis=1)
        if isinstance(variable, OneHot):
            wrong = (np.sort(stacked, axis=1) != np.eye(len(columns))[-1]).any(axis=1) & ~missing
            for place in np.flatnonzero(wrong)[:1]:
                given = ", ".join(f"{number:g}" for number in stacked[place])
                reason = f"the columns of {variable.name} must hold one 1 and else 0, not {given}"
                raise CellError(place, variable.features[0], reason)
            return np.where(missing, math.nan, stacked.argmax(axis=1))
        if isinstance(variable, Binary):
            wrong = ~np.isin(columns[0], list(variable.levels.values())) & ~missing
            for place in np.flatnonzero(wrong)[:1]:
                levels = ", ".join(
                    f"{number:g} ({level})" for level, number in variable.levels.items()
                )
                reason = f"unknown level '{columns[0][place]:g}': there is {levels}"
                raise CellError(place, variable.name, reason)
        return columns[0]

    def _number(self, place: int, column: str, cell: str, divisor: float) -> float:
        if cell in self.table.missing_marks:
            return math.nan
        plain = cell
        if self.table.thousands and _GROUPED[self.table.thousands].fullmatch(cell):
            plain = plain.replace(self.table.thousands, "")
        if self.table.decimal == ",":
            plain = plain.replace(".", "_").replace(",", ".")  # a point is not a comma
        try:
            number = float(plain if "_" not in plain else "")  # Python alone reads 1_000 as 1000
        except ValueError:
            raise CellError(place, column, f"'{cell}' is not a number{self._hint(cell)}") from None
        if not math.isfinite(number):
            raise CellError(place, column, f"'{cell}' is not a finite number")
        if abs(number) / divisor > _LARGEST:
            raise CellError(place, column, f"'{cell}' is too large for single precision")
        return number

    def _hint(self, cell: str) -> str:
        """What may make a number of a cell that is none."""
        if self.table.decimal == "." and re.fullmatch(r"[+-]?\d+,\d+", cell):
            return '; is the comma decimal = "," or thousands = ","?'
        for sign, grouped in _GROUPED.items():
            if sign not in (self.table.thousands, self.table.decimal) and grouped.fullmatch(cell):
                return f'; is it thousands = "{sign}"?'
        return ""


# Numbers whose digits stand in groups of three.
_GROUPED = {
    sign: re.compile(rf"[+-]?\d{{1,3}}({re.escape(sign)}\d{{3}})+([.,]\d*)?(e[+-]?\d+)?", re.I)
    for sign in (",", ".", " ", "'")
}


def to_features(
    values: np.ndarray, groups: Sequence[Sequence[int]], scales: Sequence[Scale]
) -> np.ndarray:
    """(rows, variables) -> (rows, features), float32; scales of one-hot groups are not used."""
    x = np.zeros((len(values), groups[-1][-1] + 1), dtype=np.float32)
    # All numbers at once: there may be thousands.
    single = [place for place, group in enumerate(groups) if len(group) == 1]
    centres = np.array([scales[place].centre for place in single])
    divisors = np.array([scales[place].divisor for place in single])
    x[:, [groups[place][0] for place in single]] = (values[:, single] - centres) / divisors
    for column, group in zip(values.T, groups, strict=True):
        if len(group) > 1:
            x[np.arange(len(values)), np.asarray(group)[column.astype(int)]] = 1
    return x
