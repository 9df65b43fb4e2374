"""Features become the columns of the table again, for estimators that take a data frame.

What a method does to the features of a variable, all of them at once, it does to its column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from study.datasets.dates import PERIODS
from study.datasets.encoding import UNSCALED, Reader, Scale
from study.datasets.notation import Notation
from study.recipes.columns import Binary, Date, Numeric, Ordinal, Variable
from study.recipes.dataset import DatasetRecipe
from study.recipes.table import Table

if TYPE_CHECKING:
    import pandas as pd

# By how much a feature in single precision, and a double, may err of their size; a double's digits.
_SINGLE, _DOUBLE, _DIGITS = 2.0**-24, 2.0**-52, 15


@dataclass(frozen=True)
class FrameColumn:
    """How a column is made of its features.

    features : their places
    indicator : the place of what says that a value is missing
    scale : of a number, what it was scaled by
    period : of what goes round, after which it begins again
    levels, places : of levels, their texts, and the number of each in a feature of their own; no
        places where each has a feature
    numbers : of levels that are all written as numbers, and no names, these
    ordered : whether levels stand in order
    """

    name: str
    features: tuple[int, ...]
    indicator: int | None = None
    scale: Scale = UNSCALED
    period: float | None = None
    levels: tuple[str, ...] = ()
    places: tuple[float, ...] = ()
    numbers: tuple[float, ...] = ()
    ordered: bool = False

    @property
    def is_category(self) -> bool:
        """Whether it holds categories, and no numbers."""
        return bool(self.levels) and not self.numbers

    def of(self, x: np.ndarray, gap: str | None = None) -> np.ndarray | pd.Categorical:
        """The column of features (rows, features): (rows,), numbers or categories.

        gap : the category where a value is missing; NaN if none is named
        """
        own = x[:, self.features].astype(np.float64)
        gone = np.zeros(len(x), bool) if self.indicator is None else x[:, self.indicator] == 1
        if not self.levels:
            return np.where(gone, np.nan, self._numbers(own))
        if self.places:
            codes = np.abs(own - np.array(self.places)).argmin(axis=1)
        else:
            codes = own.argmax(axis=1)
        if self.numbers:
            return np.where(gone, np.nan, np.array(self.numbers)[codes])

        import pandas as pd

        levels = self.levels if gap is None else (*self.levels, gap)
        codes = np.where(gone, -1 if gap is None else len(self.levels), codes)
        return pd.Categorical.from_codes(codes, categories=levels, ordered=self.ordered)

    def _numbers(self, own: np.ndarray) -> np.ndarray:
        if self.period is None:
            return _sure(own[:, 0], self.scale)
        return (
            np.round(np.arctan2(own[:, 0], own[:, 1]) / (2 * np.pi) * self.period, 4) % self.period
        )


@dataclass(frozen=True)
class ColumnFrame:
    """How the columns of a table, and its target in its own units, are made of what is learnt from.

    target : how it was scaled
    """

    columns: tuple[FrameColumn, ...]
    target: Scale

    @classmethod
    def of(
        cls,
        recipe: DatasetRecipe,
        groups: Sequence[tuple[int, ...]],
        scales: Mapping[str, Scale],
        target: Scale,
    ) -> Self:
        """Of what a recipe's variables became; numbers to the digits that are sure.

        groups : the features of each variable; scales : of variables by their names
        """
        encoded = recipe.own_table.encoded
        return cls(
            tuple(
                _column(
                    variable,
                    group,
                    UNSCALED if encoded else scales.get(variable.name, UNSCALED),
                    recipe.own_table,
                )
                for variable, group in zip(recipe.variables, groups, strict=True)
            ),
            UNSCALED if encoded else target,
        )

    def frame(self, x: np.ndarray, gap: str | None = None) -> pd.DataFrame:
        """The columns of rows, (rows, features) -> (rows, variables); NaN where a value is missing.

        gap : what stands there in place of a category, if not NaN.

        Levels are categories, in the order of the recipe; those of two levels or in order are
        numbers where all of them are written so, and dates are numbers.
        """
        import pandas as pd

        return pd.DataFrame({column.name: column.of(x, gap) for column in self.columns})


def _column(variable: Variable, group: tuple[int, ...], scale: Scale, table: Table) -> FrameColumn:
    keeps = variable.keeps_missing
    column = FrameColumn(
        variable.name,
        group[:-1] if keeps else group,
        group[-1] if keeps else None,
    )
    if isinstance(variable, Date) and variable.goes_round:
        return replace(column, period=float(PERIODS[variable.as_]))
    if isinstance(variable, Numeric | Date):
        return replace(column, scale=scale)
    levels = tuple(variable.levels)
    if not isinstance(variable, Binary | Ordinal):
        return replace(column, levels=levels)
    numbers = Reader(table).found(levels, Notation.of(table))
    return replace(
        column,
        levels=levels,
        places=tuple(float(of) for of in variable.places.values()),
        numbers=() if np.isnan(numbers).any() else tuple(map(float, numbers)),
        ordered=isinstance(variable, Ordinal),
    )


def _sure(features: np.ndarray, scale: Scale) -> np.ndarray:
    """The numbers that were scaled, to the decimals that are sure in single precision.

    So that what was read as 68.17 is 68.17 again, and not 68.1699998.
    """
    numbers = scale.undo(features)
    error = _SINGLE * np.abs(features) * scale.divisor + _DOUBLE * abs(scale.centre)
    before = np.floor(np.log10(np.maximum(np.abs(numbers), 1))) + 1
    held = np.where(error > 0, np.floor(-np.log10(2 * np.where(error > 0, error, 1))), _DIGITS)
    decimals = np.minimum(held, _DIGITS - before)
    unit = 10.0 ** np.abs(decimals)
    finer = np.round(numbers * unit) / unit
    return np.where(decimals >= 0, finer, np.round(numbers / unit) * unit)
