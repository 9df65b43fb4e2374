"""What kind of variable each column of a table can be."""

import re
import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from study.common.text import short
from study.datasets.dates import ISO, format_of
from study.datasets.drafting.orders import cycle_of, in_order, no_and_yes
from study.datasets.raw_columns import Column

FEW = 12  # different whole numbers that may be the codes of categories
_LEFT_OUT_MISSING = 0.5
_NEARLY_ALL = 0.9
_DATE = re.compile(r"(?=.*\d)(?=.*[-/.: ])([\d\s:/.,+\-TZ]|[a-z]{3,9}\b)+", re.I)
_AMOUNT = re.compile(r"([^\w\s]{0,3}|[A-Za-z]{1,3}\s)\s?\d[\d.,' ]*\s?\D{0,5}")
Kind = Literal["numeric", "binary", "levels", "ordinal", "date"]


def kind_of(column: Column) -> tuple[Kind | None, str]:
    """What kind of variable a column can be, or none, and what is to be said of that."""
    if not column.name:
        return None, "it has no name (often the row numbers of a program)"
    count = int((~column.missing).sum())
    if not count:
        return None, "no value in any row"
    if column.missing.mean() > _LEFT_OUT_MISSING:
        return None, f"no value in {column.missing.sum()} of {len(column.codes)} rows"
    if column.writing.unread:
        return None, column.writing.unread
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
    if column.whole and len(different) <= FEW:
        return "numeric", f"{len(different)} different whole numbers, kept as numbers"
    return "numeric", ""


def _kind_of_texts(column: Column, count: int) -> tuple[Kind | None, str]:
    different = len(set(column.codes[~column.missing].tolist()))
    if different == 1:
        return None, f"the same in all rows ('{short(column.texts[0])}')"
    if different == 2:
        return "binary", "no or yes" if no_and_yes(column.texts) else ""
    if column.order:
        return "ordinal", ""
    order = in_order(column.texts)
    if order is not None:
        return "ordinal", (
            f"in order: {' < '.join(map(short, order))}, at even steps; without an order they are "
            'type = "one-hot"'
        )
    cycle = cycle_of(column.texts)
    if cycle:
        return "levels", f"{cycle}, which have no first and no last"
    sample = column.texts[:200]
    if are_dates(sample):
        return _kind_of_dates(column)
    if different >= _NEARLY_ALL * count:
        what = f"{different} different texts in {count} rows ({_some(sample)})"
        if all(map(_AMOUNT.fullmatch, sample)):
            return None, f"{what}; if they are numbers, take the signs around them off"
        return None, f"an identifier or free text: {what}"
    return "levels", ""


def _kind_of_dates(column: Column) -> tuple[Kind | None, str]:
    if len(column.known):
        return None, f"dates ({_some(column.texts)}), but also numbers"
    try:
        written = format_of(column.texts)
    except ValueError as error:
        return None, f"dates: {error}"
    as_written = "in ISO format" if written == ISO else f"written as {written}"
    return "date", (
        f'dates {as_written}, of which no claim is proposed; as = "month", "weekday" or "hour" '
        "takes what goes round"
    )


def are_dates(texts: Sequence[str]) -> bool:
    """Whether texts are dates."""
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
