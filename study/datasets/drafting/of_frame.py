"""A data frame and its target become one table, with what their types tell of its columns."""

from collections.abc import Hashable
from typing import Any, Literal

import numpy as np
import pandas as pd

from study.common.errors import InputError
from study.common.text import short
from study.datasets.drafting.known import Known

_TARGET, _GROUPS = "target", "groups"


def table_of(
    x: object,
    y: object,
    groups: object = None,
    task: Literal["number", "count", "class"] | None = None,
    **rests_on: str,
) -> tuple[pd.DataFrame, str, Known]:
    """Columns, target and groups side by side; the target's name; and what is known of them.

    x : (rows, columns) DataFrame; y : (rows,) a Series, whose name the target has, an array or a
    list; groups : (rows,) the same, or the name of a column of x, whose equal values keep rows
    together; task : what y is, in place of what it looks like; rests_on : model
    and method of the claim. Categories are levels, in order
    where they have one. Raises InputError.
    """
    if not isinstance(x, pd.DataFrame):
        raise InputError(
            f"X: {type(x).__name__}, where a data frame is needed, whose columns have the names "
            "that a claim speaks of: pandas.DataFrame(X, columns=[...])"
        )
    if isinstance(x.columns, pd.MultiIndex):
        raise InputError("X: columns of several levels: give each one name")
    table = x.set_axis([str(name).strip() for name in x.columns], axis="columns")
    if repeated := sorted(set(table.columns[table.columns.duplicated()])):
        raise InputError(f"X: column named twice: {', '.join(map(short, repeated))}")
    target = _named(y, _TARGET)
    if target in table:
        raise InputError(
            f"y: '{short(target)}' is a column of X, too: take it out of X, or rename y"
        )
    columns = {target: _beside(x, y, "y")}
    if groups is not None and isinstance(groups, Hashable) and groups in table:
        kept = str(groups)
    elif groups is None or isinstance(groups, str):
        if groups is not None:
            raise InputError(f"groups '{short(str(groups))}': no column of X has this name")
        kept = None
    else:
        kept = _named(groups, _GROUPS)
        if kept in table or kept == target:
            raise InputError(
                f"groups: '{short(kept)}' is a column beside them, too: name that column alone, "
                "or rename groups"
            )
        columns[kept] = _beside(x, groups, "groups")
    table = pd.concat([table, pd.DataFrame(columns, index=x.index)], axis="columns")
    levels = _levels(table)
    if isinstance(table[target].dtype, pd.CategoricalDtype):
        levels[target] = tuple(map(str, table[target].cat.categories))
    if task == "class" and target not in levels:
        levels[target] = tuple(map(str, np.unique(table[target].dropna())))
    for name in levels:
        table[name] = table[name].astype(object).map(str, na_action="ignore")
    return table, target, Known(levels, kept, task, **rests_on)


def _named(values: Any, usual: str) -> str:
    """The name of a Series, or the usual one."""
    name = getattr(values, "name", None)
    return usual if name is None else str(name).strip()


def _beside(x: pd.DataFrame, values: Any, what: str) -> pd.Series:
    """One value for each row of x. Raises InputError."""
    if isinstance(values, pd.Series):
        if len(values) == len(x) and not values.index.equals(x.index):
            raise InputError(
                f"{what}: its index is not that of X, so that its values may be of other rows: "
                f"give {what}.loc[X.index], or {what}.to_numpy() where rows stand in one order"
            )
        series = values
    else:
        array = np.asarray(values)
        if array.ndim != 1:
            raise InputError(f"{what}: {array.ndim} dimensions, where each row has one value")
        series = pd.Series(array)
    if len(series) != len(x):
        raise InputError(f"{what}: {len(series)} values for {len(x)} rows of X")
    return series.set_axis(x.index)


def _levels(table: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """The columns of categories, with their levels where these are in order."""
    types = {name: table[name].dtype for name in table}
    return {
        name: tuple(map(str, of.categories)) if of.ordered else ()
        for name, of in types.items()
        if isinstance(of, pd.CategoricalDtype)
    }
