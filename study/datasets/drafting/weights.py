"""Columns that may tell how much each row counts."""

import re
from collections.abc import Iterable, Iterator

import numpy as np

from study.datasets.raw_columns import Column

# Names that are those of weights of rows alone, and others that may be of what was weighed, too.
_SURELY = re.compile(
    r"weights|fnlwgt|[afip]weights?"
    r"|((sampl|survey|design|freq|case|prob|inv)[a-z]*_)+(w|wts?|wgts?|weights?)"
)
_PERHAPS = re.compile(r"w|(.+_)?(wt|wgt|weight)s?")
# Under the bare name, so much is what a row of a survey stands for, and in no usual unit a weight.
_BARE, _STANDS_FOR = re.compile(r"w|wt|wgt|weight"), 1e5
# Names, as R, dplyr and pandas give them, of how many a row of a counted table stands for.
_COUNTS = re.compile(r"freq|frequency|n|counts?")

REASON = "looks like the weights of rows, which its weight line has them count by"


def surely_weights(columns: Iterable[Column]) -> Iterator[str]:
    """Names of columns of positive numbers that are called as weights of rows alone are.

    Or that are called weights, and are as large as those of a survey.
    """
    return (column.name for column in columns if _are(column, _SURELY) or _is_large(column))


def weights(columns: Iterable[Column]) -> Iterator[str]:
    """Those, and names of others that may be weights of rows."""
    return (
        column.name
        for column in columns
        if _are(column, _SURELY) or _are(column, _PERHAPS) or _are_counts(column)
    )


def _are(column: Column, called: re.Pattern[str]) -> bool:
    positive = not column.missing.any() and bool((column.numbers > 0).all())
    return _is_called(column, called) and positive and len(np.unique(column.numbers)) > 1


def _is_large(column: Column) -> bool:
    return _are(column, _BARE) and bool(np.median(column.numbers) >= _STANDS_FOR)


def _are_counts(column: Column) -> bool:
    """Whether each row may say of how many it is; of none, too, in a table of all cells."""
    whole = not column.missing.any() and bool((column.numbers >= 0).all())
    whole = whole and bool((column.numbers == np.floor(column.numbers)).all())
    return _is_called(column, _COUNTS) and whole and len(np.unique(column.numbers)) > 1


def _is_called(column: Column, names: re.Pattern[str]) -> bool:
    name = re.sub(r"\W+|(?<=[a-z])(?=[A-Z])", "_", column.name).lower()
    return names.fullmatch(name) is not None
