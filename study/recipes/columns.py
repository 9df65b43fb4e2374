"""The columns of a data set: binary, scaled, numeric and one-hot variables."""

from typing import Annotated, Literal

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from study.recipes.base import Finite, Name, Positive, Recipe, refuse_repeats

DecimalSign = Literal[".", ","]
ThousandsSign = Literal[",", ".", " ", "'"]


class Binary(Recipe):
    """A variable of two levels, each with its number."""

    name: Name
    type: Literal["binary"]
    levels: dict[Name, Finite] = Field(min_length=2, max_length=2)

    @field_validator("levels")
    @classmethod
    def numbers_differ(cls, levels: dict[str, float]) -> dict[str, float]:
        if len(set(levels.values())) < 2:
            raise ValueError("the two levels need different numbers")
        return levels

    @property
    def features(self) -> list[str]:
        return [self.name]


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


class Numeric(Scaled):
    """A number, scaled to become a feature."""

    type: Literal["numeric"]

    @property
    def features(self) -> list[str]:
        return [self.name]


class OneHot(Recipe):
    """A categorical variable: one 0/1 feature for each level.

    `other` is the level that takes all values that are not listed; without it they are refused.
    """

    name: Name
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
        return [f"{self.name}={level}" for level in self.levels]


Variable = Annotated[Binary | Numeric | OneHot, Field(discriminator="type")]
