"""The times of rows: by which they are put in order, and divided into earlier and later ones."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from study.common.errors import InputError
from study.common.text import short
from study.datasets.dates import days, format_of
from study.datasets.rows import TableRows
from study.recipes.dataset import DatasetRecipe


def in_order(recipe: DatasetRecipe, tables: Sequence[TableRows]) -> list[TableRows]:
    """Each table in the order of its times, rows of one time as in the file. Raises InputError."""
    for table in tables:
        for place in np.flatnonzero(np.isin(table.subjects, recipe.own_table.missing_marks))[:1]:
            raise InputError(
                f"{table.name}, {table.unit} {table.places[place]}, column {recipe.time}: the time "
                f"is missing ('{table.subjects[place]}'): fill it in, or take the row out"
            )
    try:
        times = read_times(np.concatenate([table.subjects for table in tables]).tolist())
    except ValueError as error:
        raise InputError(
            f"{tables[0].name}, column {recipe.time}: no order of time: {error}"
        ) from error
    ends = np.cumsum([len(table) for table in tables])[:-1]
    return [
        replace(table, groups=own).only(np.argsort(own, kind="stable"))
        for table, own in zip(tables, np.split(times, ends), strict=True)
    ]


def read_times(texts: Sequence[str]) -> np.ndarray:
    """Numbers as they are, or else dates, all in one format, as days: (rows,) float64.

    Raises ValueError, in words.
    """
    numbers = [_number(text) for text in texts]
    odd = next((text for text, number in zip(texts, numbers, strict=True) if number is None), None)
    if odd is None:
        times = np.array(numbers, dtype=np.float64)
    elif any(number is not None for number in numbers):
        raise ValueError(f"'{short(odd)}' is no number, though others are")
    else:
        times = days(texts, format_of(texts))
    if len(np.unique(times)) < 2:
        raise ValueError(f"all rows are of one time ('{short(texts[0])}')")
    return times


def _number(text: str) -> float | None:
    """A finite number, written with digits alone, a point and an exponent; None of another text."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and text.isascii() and "_" not in text else None


def latest(name: str, times: np.ndarray, part: float) -> np.ndarray:
    """Which rows are the last `part` of all by their times: (rows,) bool.

    As many as train_test_split would draw, and those of the same time as the first of them. Raises
    InputError where none is left.
    """
    first = np.sort(times)[-math.ceil(part * len(times))]
    if first == times.min():
        raise InputError(
            f"{name}: split of {len(times)} rows: the first rows are of one time, and no earlier "
            "one is left: make the part of the last rows smaller"
        )
    return times >= first


def check_forward(recipe: DatasetRecipe, train: TableRows, test: TableRows) -> None:
    """Raise InputError unless all test rows are later than the training rows."""
    if train.groups is None or test.groups is None or recipe.time is None:
        return
    if train.groups[-1] >= test.groups[0]:
        raise InputError(
            f"{test.name}: time: the first test row is of {recipe.time} "
            f"{short(test.subjects[0])}, and the last training row of {short(train.subjects[-1])}: "
            "give a split whose test rows are the later ones, or test and random_state under "
            "[split], and the last rows test"
        )
