"""What each row of a table counts."""

from collections.abc import Sequence

import numpy as np

from study.common.errors import InputError
from study.datasets.rows import TableRows
from study.recipes.dataset import DatasetRecipe


def counted(recipe: DatasetRecipe, tables: Sequence[TableRows]) -> list[TableRows]:
    """The tables of a recipe without the rows of weight 0, if rows have weights.

    Such a row stands for none, so that nothing is drawn, learned or measured of it. Raises
    InputError.
    """
    if recipe.weight is None:
        return list(tables)
    return [_counted(recipe.weight, table) for table in tables]


def _counted(column: str, table: TableRows) -> TableRows:
    assert table.weights is not None
    for place in np.flatnonzero(~(table.weights >= 0))[:1]:
        weight = table.weights[place]
        wrong = "the weight is missing" if np.isnan(weight) else f"the weight {weight:g} is below 0"
        raise InputError(
            f"{table.name}, {table.unit} {table.places[place]}, column {column}: {wrong}: give "
            "each row a number of 0 or more, or take the row out"
        )
    if not table.weights.any():
        raise InputError(
            f"{table.name}, column {column}: every weight is 0: give rows that count a greater one"
        )
    return table.only(table.weights > 0)
