"""Cells become numbers, and numbers become features."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from study.common.errors import InputError
from study.common.text import listed, short
from study.datasets.dates import ISO, PERIODS, day_of, holds, place_of
from study.datasets.notation import PLAIN, THOUSANDS, Amount, Notation, alike, grouped
from study.recipes.columns import Binary, Date, Numeric, OneHot, Ordinal, Scaling, Variable
from study.recipes.table import Table
from study.recipes.target import ClassTarget, CountTarget, NumericTarget, Target

_LARGEST = float(np.finfo(np.float32).max)
_ALL_HELD = 2.0**53  # whole numbers up to it are all doubles


class CellError(Exception):
    """A value that does not fit its column.

    place : its row among those that were read together
    """

    def __init__(self, place: int, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.place = place


@dataclass(frozen=True)
class Scale:
    """How a number becomes a feature, or the target: (number - centre) / divisor.

    log : whether the number's logarithm does
    """

    centre: float = 0.0
    divisor: float = 1.0
    log: bool = False

    @classmethod
    def of(cls, scaled: Scaling, numbers: np.ndarray) -> "Scale":
        """The scale that a recipe asks for; `numbers` (rows,) are those of training rows."""
        log = isinstance(scaled, NumericTarget) and scaled.scale == "log"
        if not scaled.standardise:
            return cls(divisor=scaled.divisor, log=log)
        numbers = np.log(numbers) if log else numbers
        divisor = float(numbers.std())
        if divisor == 0:  # of numbers that differ: their squares are too small
            raise InputError(
                f"{scaled.name}: its training rows differ by too little to be standardised: "
                "give a divisor in place of standardise"
            )
        return cls(centre=float(numbers.mean()), divisor=divisor, log=log)

    def apply(self, numbers: np.ndarray) -> np.ndarray:
        """Scaled numbers, float64."""
        return ((np.log(numbers) if self.log else numbers) - self.centre) / self.divisor

    def undo(self, scaled: np.ndarray) -> np.ndarray:
        """The numbers that were scaled, float64."""
        undone = scaled.astype(np.float64) * self.divisor + self.centre
        return np.exp(undone) if self.log else undone


UNSCALED = Scale()


@dataclass(frozen=True)
class Reader:
    """Reads the cells of a table as its recipe says. A missing value becomes NaN."""

    table: Table

    def values(self, variable: Variable, cells: Sequence[str]) -> np.ndarray:
        """What each cell is: (rows,).

        A number, that of a level, or its place where a variable is one-hot; of a date the days
        since its own, or the place in what goes round.
        """
        if isinstance(variable, Numeric):
            return self.numbers(variable, cells)
        if isinstance(variable, Date):
            return self._dates(variable, cells)
        other = variable.other if isinstance(variable, OneHot) else None
        return self._levels(variable.name, variable.places, cells, other)

    def target(self, target: Target, cells: Sequence[str]) -> np.ndarray:
        """Numbers, or those of classes: (rows,)."""
        if isinstance(target, ClassTarget):
            return self._levels(target.name, _places(target.levels), cells, what="class")
        if isinstance(target, CountTarget):
            return self._counts(target, cells)
        numbers = self.numbers(target, cells)
        if target.scale == "log":
            for place in np.flatnonzero(numbers <= 0)[:1]:
                reason = (
                    f"'{short(cells[place])}' has no logarithm: scale = \"log\" under [target] "
                    "takes numbers above 0"
                )
                raise CellError(int(place), target.name, reason)
        return numbers

    def _counts(self, target: CountTarget, cells: Sequence[str]) -> np.ndarray:
        numbers = self._numbers(target.name, Notation.of(self.table, target), 1, cells)
        wrong = (numbers < 0) | (numbers != np.round(numbers))
        for place in np.flatnonzero(wrong & ~np.isnan(numbers))[:1]:
            reason = f"'{short(cells[place])}' is no count: type = \"count\" takes 0, 1, 2, ..."
            raise CellError(int(place), target.name, reason)
        return numbers

    def _levels(
        self,
        column: str,
        places: Mapping[str, float],
        cells: Sequence[str],
        other: str | None = None,
        what: str = "level",
    ) -> np.ndarray:
        """The number of each cell's level, of which `other` takes what is none: (rows,)."""
        marks = Marks.of([mark for mark in self.table.missing_marks if mark not in places])
        notation = Notation.of(self.table)
        found = {}
        for text in dict.fromkeys(cells):
            if text in places:
                found[text] = places[text]
            elif marks.hold(text, notation):
                found[text] = math.nan
            elif other is not None:
                found[text] = places[other]
            else:
                levels = ", ".join(places)
                reason = f"unknown {what} '{text}': there is {levels}"
                raise CellError(cells.index(text), column, reason)
        return np.array([found[text] for text in cells])

    def numbers(self, column: Numeric | NumericTarget, cells: Sequence[str]) -> np.ndarray:
        """Finite numbers that single precision holds once they are divided: (rows,)."""
        divisor = 1 if self.table.encoded else column.divisor
        return self._numbers(column.name, Notation.of(self.table, column), divisor, cells)

    def _dates(self, date: Date, cells: Sequence[str]) -> np.ndarray:
        _check_format(date)
        known: dict[str, float] = {}
        for text in dict.fromkeys(cells):
            try:
                missing = text in self.table.missing_marks
                known[text] = math.nan if missing else day_of(text, date.format)
            except ValueError as error:
                raise CellError(cells.index(text), date.name, str(error)) from None
        found = np.array([known[text] for text in cells])
        return place_of(found, date.as_) if date.goes_round else found - day_of(date.since, ISO)

    def found(self, cells: Sequence[str], notation: Notation) -> np.ndarray:
        """The numbers among cells, and NaN for any cell that is none: (rows,)."""
        try:
            return self._numbers("", notation, 1, cells)
        except CellError:
            numbers = {text: self._found(text, notation) for text in dict.fromkeys(cells)}
            return np.array([numbers[text] for text in cells])

    def is_missing(self, cell: str, notation: Notation) -> bool:
        """Whether a cell stands for a missing value."""
        return self._marks.hold(cell, notation)

    @cached_property
    def _marks(self) -> "Marks":
        return Marks.of(self.table.missing_marks)

    def _found(self, cell: str, notation: Notation) -> float:
        try:
            return self._number(cell, notation, 1)
        except ValueError:
            return math.nan

    def _numbers(
        self, column: str, notation: Notation, divisor: float, cells: Sequence[str]
    ) -> np.ndarray:
        try:
            values = np.fromiter(map(float, cells), dtype=np.float64, count=len(cells))
        except ValueError:
            values = np.full(len(cells), math.nan)
        # Where there is anything but plain numbers, cells are looked at one by one.
        sizes = np.abs(values)
        plain = (sizes < _ALL_HELD) & (sizes / divisor <= _LARGEST)
        if notation == PLAIN and plain.all() and "_" not in "".join(cells):
            marked = self._marks.numbers(notation)
            return np.where(np.isin(values, marked), math.nan, values) if marked else values
        read = {}
        for text in dict.fromkeys(cells):
            try:
                read[text] = self._number(text, notation, divisor)
            except ValueError as error:
                raise CellError(cells.index(text), column, str(error)) from None
        return np.array([read[text] for text in cells])

    def encoded(self, variable: Variable, cells: dict[str, list[str]]) -> np.ndarray:
        """What `values` gives, from columns that hold features already."""
        notation = Notation.of(self.table, variable if isinstance(variable, Numeric) else None)
        columns = [self._numbers(name, notation, 1, cells[name]) for name in variable.features]
        stacked = np.stack(columns, axis=1)
        missing = np.isnan(stacked).any(axis=1)
        if isinstance(variable, OneHot):
            wrong = (np.sort(stacked, axis=1) != np.eye(len(columns))[-1]).any(axis=1) & ~missing
            for place in np.flatnonzero(wrong)[:1]:
                given = ", ".join(f"{number:g}" for number in stacked[place])
                reason = f"the columns of {variable.name} must hold one 1 and else 0, not {given}"
                raise CellError(place, variable.features[0], reason)
            return np.where(missing, math.nan, stacked.argmax(axis=1))
        if isinstance(variable, Binary | Ordinal):
            wrong = ~np.isin(columns[0], list(variable.places.values())) & ~missing
            for place in np.flatnonzero(wrong)[:1]:
                levels = ", ".join(
                    f"{number:g} ({level})" for level, number in variable.places.items()
                )
                reason = f"unknown level '{columns[0][place]:g}': there is {levels}"
                raise CellError(place, variable.name, reason)
        return columns[0]

    def _number(self, cell: str, notation: Notation, divisor: float) -> float:
        """The number of a cell. Raises ValueError in words."""
        if self._marks.hold(cell, notation):
            return math.nan
        try:
            number = notation.number(cell)
        except ValueError:
            raise ValueError(f"'{short(cell)}' is not a number{_hint(cell, notation)}") from None
        if not math.isfinite(number):
            raise ValueError(f"'{short(cell)}' is not a finite number")
        if abs(number) / divisor > _LARGEST:
            raise ValueError(f"'{short(cell)}' is too large for single precision")
        if abs(number) >= _ALL_HELD and not notation.is_held(cell):
            raise ValueError(
                f"'{short(cell)}' has more digits than double precision holds, so that others "
                "would be the same number"
            )
        return number


_NEEDED = {
    "days": {"year"},
    "month": {"month"},
    "weekday": {"year", "month", "day"},
    "hour": {"hour"},
}


def _check_format(date: Date) -> None:
    """Refuse a format that does not tell what is made of a date."""
    try:
        lacking = _NEEDED[date.as_] - holds(date.format)
    except ValueError as error:
        raise InputError(f"variable {date.name}: format: {error}") from None
    if lacking:
        raise InputError(
            f"variable {date.name}: format '{date.format}' tells no {listed(sorted(lacking))}, "
            f'which as = "{date.as_}" needs'
        )


def _places(levels: Sequence[str]) -> dict[str, float]:
    """The number of each level, by its place."""
    return {level: float(place) for place, level in enumerate(levels)}


@dataclass(frozen=True)
class Marks:
    """What stands for a missing value."""

    texts: frozenset[str]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Marks":
        """Marks, as a recipe names them."""
        return cls(frozenset(texts))

    def hold(self, cell: str, notation: Notation) -> bool:
        """Whether a cell is a mark, or a number that is one."""
        if cell in self.texts:
            return True
        numbers = self.numbers(notation)
        return bool(numbers) and bool(_readings(cell, notation) & set(numbers))

    def numbers(self, notation: Notation) -> tuple[float, ...]:
        """The marks that are numbers."""
        return _numbers_among(self.texts, notation)


@lru_cache
def _numbers_among(texts: frozenset[str], notation: Notation) -> tuple[float, ...]:
    return tuple(set().union(*(_readings(text, notation) for text in texts)))


def _readings(text: str, notation: Notation) -> set[float]:
    """The finite number that a text is in a notation, or else as a recipe writes numbers."""
    for known in (notation, PLAIN):
        if known.reads(text):
            number = known.number(text)
            return {number} if math.isfinite(number) else set()
    return set()


def _hint(cell: str, notation: Notation) -> str:
    """What may make a number of a cell that is none."""
    if notation.sign and replace(notation, sign="").reads(cell):
        return f" with '{notation.sign}' beside it, as sign says"
    text = alike(cell)
    if notation.decimal == "." and re.fullmatch(r"[+-]?\d+,\d+", text):
        return '; is the comma decimal = "," or thousands = ","?'
    for sign in THOUSANDS:
        if sign not in (notation.thousands, notation.decimal) and any(
            grouped(sign, decimal).fullmatch(text) for decimal in ".,"
        ):
            return f'; is it thousands = "{sign}"?'
    amount = Amount.of(cell)
    if amount and amount.sign and not notation.sign:
        return f'; is it sign = "{amount.sign}"?'
    if amount and amount.brackets and not notation.brackets:
        return "; is it brackets = true?"
    return ""


def to_features(
    values: np.ndarray,
    gaps: np.ndarray,
    variables: Sequence[Variable],
    groups: Sequence[Sequence[int]],
    scales: Sequence[Scale],
) -> np.ndarray:
    """Imputed values and where they were missing, (rows, variables) -> (rows, features), float32.

    Of the scales those of one number alone are used. A missing level of a one-hot variable is one
    more level.
    """
    x = np.zeros((len(values), groups[-1][-1] + 1), dtype=np.float32)
    # All numbers at once: there may be thousands.
    single = [place for place, of in enumerate(variables) if len(of.plain_features) == 1]
    centres = np.array([scales[place].centre for place in single])
    divisors = np.array([scales[place].divisor for place in single])
    x[:, [groups[place][0] for place in single]] = (values[:, single] - centres) / divisors
    for variable, column, missing, group in zip(variables, values.T, gaps.T, groups, strict=True):
        if isinstance(variable, OneHot):
            x[np.arange(len(values)), np.asarray(group)[column.astype(int)]] = 1
        elif isinstance(variable, Date) and variable.goes_round:
            angle = 2 * np.pi / PERIODS[variable.as_] * column
            x[:, group[:2]] = np.column_stack([np.sin(angle), np.cos(angle)])
        if variable.keeps_missing and not isinstance(variable, OneHot):
            x[:, group[-1]] = missing
    return x
