"""The columns of a data set: numbers, dates, binary, ordinal and one-hot variables."""

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, Self, TypeGuard

from pydantic import (
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from study.recipes.base import Finite, Name, Positive, Recipe, refuse_repeats

DecimalSign = Literal[".", ","]
Missing = Literal["refuse", "drop", "impute", "indicator"]
ThousandsSign = Literal[",", ".", " ", "'"]


class Column(Recipe):
    """What every variable has.

    missing : what becomes of its missing values, where that is not as the table says; with an
        indicator, whether a value is missing is a feature beside the imputed value
    """

    name: Name
    missing: Missing | None = None

    @property
    def plain_features(self) -> list[str]:
        """The features that its values become."""
        return [self.name]

    @property
    def keeps_missing(self) -> bool:
        """Whether it has an indicator of missing values."""
        return self.missing == "indicator"

    @property
    def features(self) -> list[str]:
        """The names of the columns of numbers that it becomes, last the indicator."""
        indicator = [f"{self.name}=missing"] if self.keeps_missing else []
        return [*self.plain_features, *indicator]


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


class Scaling(Recipe):
    """A number that is divided by `divisor`, or standardised by the training rows: their
    mean taken off, and divided by their standard deviation (ddof 0).
    """

    name: Name
    divisor: Positive = 1.0
    standardise: bool = False
    unit: str = ""

    @model_validator(mode="after")
    def scales_once(self) -> Self:
        if self.standardise and self.divisor != 1:
            raise ValueError("give a divisor, or standardise = true, not both")
        return self


class Written(Recipe):
    """How the numbers of a column are written.

    decimal, thousands : as it is written, where that is not as the table says; sign : stands
    beside each number, as % or $; brackets : (5) is -5
    """

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
    def signs_differ(self) -> Self:
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same sign")
        return self


class Scaled(Written, Scaling):
    """A number as it is written, and how it is scaled."""


class Numeric(Scaled, Column):
    """A number, scaled to become a feature."""

    type: Literal["numeric"]


_OF_DAYS = {"divisor", "standardise", "unit", "since"}


class Date(Scaling, Column):
    """A date, as a number of days, scaled, or as its place in what goes round: sine and cosine.

    format : "iso", or one of strptime's; since : the day, in ISO format, that days count from
    """

    # `as` is no name in Python.
    model_config = ConfigDict(serialize_by_alias=True)

    type: Literal["date"]
    as_: Literal["days", "month", "weekday", "hour"] = Field(alias="as")
    format: Name = "iso"
    since: Name = "1970-01-01"

    @field_validator("since")
    @classmethod
    def since_is_a_day(cls, since: str) -> str:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", since):
            raise ValueError("a day in ISO format, such as 1970-01-01")
        date.fromisoformat(since)
        return since

    @model_validator(mode="after")
    def what_goes_round_has_no_scale(self) -> Self:
        if self.goes_round:
            scaled = _OF_DAYS & self.model_dump(exclude_defaults=True).keys()
            if scaled:
                raise ValueError(
                    f"{', '.join(sorted(scaled))}: of a date as days; as a {self.as_} it becomes "
                    "sine and cosine"
                )
        return self

    @property
    def goes_round(self) -> bool:
        """Whether it has no first and no last."""
        return self.as_ != "days"

    @property
    def plain_features(self) -> list[str]:
        """The days, or sine and cosine."""
        if self.goes_round:
            return [f"{self.name} {self.as_} {part}" for part in ("sine", "cosine")]
        return [self.name]


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
    def plain_features(self) -> list[str]:
        """One for each level; what is missing is one more."""
        return [f"{self.name}={level}" for level in self.levels]

    @property
    def places(self) -> dict[str, float]:
        """The place of each level."""
        return {level: float(place) for place, level in enumerate(self.levels)}


Variable = Annotated[Binary | Numeric | OneHot | Ordinal | Date, Field(discriminator="type")]
# The kinds of variables, as a recipe names them.
TYPES = ("binary", "numeric", "one-hot", "ordinal", "date")


def is_amount(variable: Variable) -> TypeGuard[Numeric | Date]:
    """Whether a variable is a number that is scaled."""
    return isinstance(variable, Numeric) or (isinstance(variable, Date) and not variable.goes_round)
