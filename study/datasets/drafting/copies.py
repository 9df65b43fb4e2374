"""Rows of a table that belong together, before it is split: copies of each other, and subjects."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from study.datasets.row_groups import with_groups
from study.datasets.rows import TableRows, read_rows
from study.recipes.columns import OneHot
from study.recipes.dataset import DatasetRecipe
from study.statistics.repeats import repeated_rows


def copies(recipe: DatasetRecipe, folder: Path) -> np.ndarray | None:
    """Numbers of the groups of equal rows of all tables of a recipe, one below the other.

    (rows,) int; None where rows do not equal each other more often than by chance. In a table of
    few values, where they do so in their target alone, they are not kept together: all rows of a
    kind would be. Raises InputError.
    """
    tables = [TableRows.of(recipe, table) for table in read_rows(recipe, folder)]
    values = np.concatenate([table.values for table in tables]).astype(np.float32)
    numeric = np.array([not isinstance(variable, OneHot) for variable in recipe.variables])
    if len(values) < 2 or not repeated_rows(values, numeric).exceeds_chance:
        return None
    return _numbers(recipe.model_copy(update={"equal_rows": "together"}), tables)


def subjects(recipe: DatasetRecipe, folder: Path) -> np.ndarray:
    """Numbers of the groups that a recipe names: (rows,) int. Raises InputError."""
    return _numbers(recipe, [TableRows.of(recipe, table) for table in read_rows(recipe, folder)])


def _numbers(recipe: DatasetRecipe, tables: Sequence[TableRows]) -> np.ndarray:
    groups = [table.groups for table in with_groups(recipe, tables)]
    return np.concatenate([of_table for of_table in groups if of_table is not None])


def of_copies(groups: np.ndarray | None) -> list[str]:
    """What is to be known of what `copies` gives."""
    if groups is None:
        return []
    repeats = len(groups) - len(np.unique(groups))
    return [
        f"{repeats} of {len(groups)} rows equal an earlier one in all variables, more than by "
        'chance: equal_rows = "together" keeps them on one side of every split; if they are there '
        "by mistake, remove them"
    ]
