"""Levels that follow each other in time, so that they tell when a row was."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from study.datasets.dates import days, format_of
from study.datasets.raw_columns import Column
from study.recipes.columns import Binary, Date, OneHot, Ordinal, Variable

_FEWEST_ROWS = 3  # of a level; fewer may lie at an end by chance


def named_spans(
    variables: Sequence[Variable], columns: Mapping[str, Column]
) -> Iterator[tuple[str, str]]:
    """Names of variables each level of which has its own time, as a season, and of the dates.

    The dates of its rows all lie after those of the level before.
    """
    for variable in variables:
        if isinstance(variable, OneHot | Binary | Ordinal):
            for date in variables:
                levels = columns[variable.name]
                if isinstance(date, Date) and _follow_each_other(levels, columns[date.name]):
                    yield variable.name, date.name
                    break


def _follow_each_other(levels: Column, date: Column) -> bool:
    known = ~levels.missing & ~date.missing
    times = days(date.texts, format_of(date.texts))[date.codes[known]]
    spans = pd.Series(times).groupby(levels.codes[known]).agg(["size", "min", "max"])
    spans = spans.sort_values("min")
    apart = spans["min"].to_numpy()[1:] > spans["max"].to_numpy()[:-1]
    return len(spans) > 1 and bool(apart.all()) and int(spans["size"].min()) >= _FEWEST_ROWS
