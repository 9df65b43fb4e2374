"""Which rows of a table belong together, so that no split parts them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from study.common.errors import InputError
from study.datasets.rows import TableRows
from study.recipes.dataset import DatasetRecipe
from study.statistics.repeats import row_codes


def with_groups(recipe: DatasetRecipe, tables: Sequence[TableRows]) -> list[TableRows]:
    """The tables of a recipe, each row with the number of its group, if the recipe groups any.

    Rows that are equal are so as models are given them, in single precision, missing values
    included; whatever their target, since models cannot tell them apart. Where subjects hold
    equal rows, all of these are one group. Raises InputError.
    """
    if not recipe.groups_rows:
        return list(tables)
    found = []
    if recipe.groups is not None:
        for table in tables:
            _check_subjects(recipe, table)
        subjects = np.concatenate([table.subjects for table in tables])
        found.append(np.unique(subjects, return_inverse=True)[1])
    if recipe.equal_rows is not None:
        values = np.concatenate([table.values for table in tables])
        found.append(row_codes(values.astype(np.float32)))
    groups = found[0] if len(found) == 1 else joined(*found)
    if len(np.unique(groups)) == 1:
        raise InputError(
            f"{tables[0].name}: all {len(groups)} rows are one group ({recipe.kept_together}), "
            "and stay together: none is left to test on"
        )
    ends = np.cumsum([len(table) for table in tables])[:-1]
    parts = np.split(groups, ends)
    return [replace(table, groups=part) for table, part in zip(tables, parts, strict=True)]


def joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """One grouping of rows from two: those together in either, or by way of others: (rows,) int."""
    from scipy.sparse import coo_array  # slow to import, and few tables have both
    from scipy.sparse.csgraph import connected_components

    count = first.max() + 1
    size = count + second.max() + 1
    edges = coo_array((np.ones(len(first)), (first, count + second)), shape=(size, size))
    return connected_components(edges, directed=False)[1][first]


def _check_subjects(recipe: DatasetRecipe, table: TableRows) -> None:
    for place in np.flatnonzero(np.isin(table.subjects, recipe.own_table.missing_marks))[:1]:
        raise InputError(
            f"{table.name}, {table.unit} {table.places[place]}, column {recipe.groups}: the group "
            f"is missing ('{table.subjects[place]}'): fill it in, or take the row out"
        )
