"""The columns of a data set: numbers, binary, ordinal and one-hot variables."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from study.recipes.base import Finite, Name, Positive, Recipe, refuse_repeats

DecimalSign = Literal[".", ","]
ThousandsSign = Literal[",", ".", " ", "'"]


class Column(Recipe):
    """What every variable has."""

    name: Name

    @property
    def features(self) -> list[str]:
        """What it becomes: the names of its columns of numbers."""
        return [self.name]


class Binary(Column):
    """A variable of two levels, each with its number."""

    type: Literal["binary"]
    levels: dict[Name, Finite] = Field(min_length=2, max_length=2)

    @field_validator("levels")
    @classmethod
    def numbers_differ(cls, levels: dict[str, float]) -> dict[str, float]:
        if len(set(levels.values())) < 2:
            raise ValueError("the two levels need different numbers")
        return levels

    @property
    def places(self) -> dict[str, float]:
        """The number of each level."""
        return self.levels


class Ordinal(Column):
    """A variable of levels that have an order, from the least to the greatest: one number each.

    The numbers are given, or stand at even steps from 0 to 1.
    """

    type: Literal["ordinal"]
    levels: list[Name] | dict[Name, Finite]

    @field_validator("levels")
    @classmethod
    def levels_ascend(cls, levels: list[str] | dict[str, float]) -> list[str] | dict[str, float]:
        if len(levels) < 2:
            raise ValueError("an order needs two levels at least")
        if isinstance(levels, list):
            return refuse_repeats("level", levels)
        numbers = list(levels.values())
        if any(second <= first for first, second in pairwise(numbers)):
            raise ValueError("levels stand in order, each with a greater number than the last")
        return levels

    @property
    def places(self) -> dict[str, float]:
        """The number of each level."""
        if isinstance(self.levels, dict):
            return self.levels
        return {level: place / (len(self.levels) - 1) for place, level in enumerate(self.levels)}


class Scaled(Recipe):
    """A number that is divided by `divisor`, or standardised by the training rows: their
    mean taken off, and divided by their standard deviation (ddof 0).

    decimal, thousands : as it is written, where that is not as the table says; sign : stands
    beside each number, as % or $; brackets : (5) is -5
    """

    name: Name
    divisor: Positive = 1.0
    standardise: bool = False
    unit: str = ""
    decimal: DecimalSign | None = None
    thousands: ThousandsSign | None = None
    sign: str = ""
    brackets: bool = False

    @field_validator("sign")
    @classmethod
    def sign_is_no_number(cls, sign: str) -> str:
        if sign != sign.strip() or any(mark.isdecimal() for mark in sign):
            raise ValueError("a sign beside numbers holds no digit, nor spaces around it")
        return sign

    @model_validator(mode="after")
    def scales_once(self) -> "Scaled":
        if self.standardise and self.divisor != 1:
            raise ValueError("give a divisor, or standardise = true, not both")
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same sign")
        return self


class Numeric(Scaled, Column):
    """A number, scaled to become a feature."""

    type: Literal["numeric"]


class OneHot(Column):
    """A categorical variable: one 0/1 feature for each level.

    `other` is the level that takes all values that are not listed; without it they are refused.
    """

    type: Literal["one-hot"]
    levels: list[Name] = Field(min_length=2)
    other: Name | None = None

    @field_validator("levels")
    @classmethod
    def levels_differ(cls, levels: list[str]) -> list[str]:
        return refuse_repeats("level", levels)

    @model_validator(mode="after")
    def other_is_a_level(self) -> "OneHot":
        if self.other is not None and self.other not in self.levels:
            raise ValueError(f"other: '{self.other}' is not among the levels")
        return self

    @property
    def features(self) -> list[str]:
        """One for each level."""
        return [f"{self.name}={level}" for level in self.levels]

    @property
    def places(self) -> dict[str, float]:
        """The place of each level."""
        return {level: float(place) for place, level in enumerate(self.levels)}


Variable = Annotated[Binary | Numeric | OneHot | Ordinal, Field(discriminator="type")]
# The kinds of variables, as a recipe names them.
TYPES = ("binary", "numeric", "one-hot", "ordinal")
