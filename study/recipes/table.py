"""The table of a data set: its file, its target and its split into training and test rows."""

import codecs
from typing import Annotated

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from study.recipes.base import Arguments, ImportPath, Name, Recipe
from study.recipes.columns import DecimalSign, Missing, ThousandsSign

# What stands for a missing value, unless a level has that name.
MISSING_MARKS = (
    *("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None", "?"),
)


class Table(Recipe):
    """Where the rows are: two files, `train` and `test`, or one `file`, or a `function`
    that returns a pandas frame, whose rows are split.

    columns : names of the columns; without them, the first line of each file names them
    encoded : the columns are features already
    missing : what becomes of rows in which a value is missing; impute puts the training
        rows' median, or their most frequent level, in its place; indicator does so, too, and
        makes it a feature of the variable whether its value is missing. What a variable says
        of its own goes before
    missing_marks : what stands for a missing value; one that is a number does so however that
        number is written
    """

    train: Name | None = None
    test: Name | None = None
    file: Name | None = None
    function: ImportPath | None = None
    arguments: Arguments = {}
    separator: str = Field(default=",", min_length=1, max_length=1)
    decimal: DecimalSign = "."
    thousands: ThousandsSign | None = None
    encoding: str = "utf-8"
    columns: list[Name] | None = None
    encoded: bool = False
    missing: Missing = "refuse"
    missing_marks: list[str] = list(MISSING_MARKS)

    @field_validator("encoding")
    @classmethod
    def encoding_is_known(cls, encoding: str) -> str:
        try:
            codecs.lookup(encoding)
        except LookupError as error:
            raise ValueError("no encoding that Python knows") from error
        return encoding

    @model_validator(mode="after")
    def says_where(self) -> "Table":
        given = [key for key in ("file", "function") if getattr(self, key) is not None]
        if self.train is not None or self.test is not None:
            given.append("train and test")
            if self.train is None or self.test is None:
                raise ValueError(f"{'test' if self.test is None else 'train'}: missing")
        if len(given) != 1:
            has = " and ".join(given) or "none"
            raise ValueError(f"give train and test, or file, or function (it has {has})")
        if self.arguments and self.function is None:
            raise ValueError("arguments go with function")
        if self.encoded and self.columns is None:
            raise ValueError("an encoded table needs columns")
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same sign")
        return self

    @property
    def sources(self) -> list[str]:
        """The names of the files or of the function, as the recipe has them."""
        names = (self.train, self.test, self.file, self.function)
        return [name for name in names if name is not None]


class Split(Recipe):
    """Which rows of a single table are test rows.

    Either a fraction of them, drawn by `random_state` as scikit-learn's train_test_split
    does, stratified by class where the target is one (not where rows are in groups, which are
    drawn whole); or those in which `column` holds the text `test`, all others holding `train`, or
    one of several texts.
    """

    test: Annotated[float, Field(gt=0, lt=1)] | Name
    random_state: int | None = Field(default=None, ge=0, lt=2**32)
    column: Name | None = None
    train: Name | Annotated[list[Name], Field(min_length=1)] | None = None

    @property
    def trains(self) -> tuple[str, ...]:
        """What `column` holds in training rows."""
        return (self.train,) if isinstance(self.train, str) else tuple(self.train or ())

    @model_validator(mode="after")
    def says_how(self) -> "Split":
        by_column = (self.column is not None, self.train is not None)
        if isinstance(self.test, str):
            if by_column != (True, True) or self.random_state is not None:
                raise ValueError("test rows by name need column and train, and no random_state")
            if self.test in self.trains:
                raise ValueError("train and test are the same text")
        elif any(by_column) or self.random_state is None:
            raise ValueError("a fraction of test rows needs random_state, and no column or train")
        return self


class Proposal(Recipe):
    """The part of the rows that the claim was proposed from, and that are left out of the study.

    Drawn by `random_state` as scikit-learn's train_test_split does, before rows are dropped or
    split; of the training rows alone where test rows are given.
    """

    part: float = Field(gt=0, lt=1)
    random_state: int = Field(ge=0, lt=2**32)
