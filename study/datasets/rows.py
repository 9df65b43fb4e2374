"""The rows of a table on their way to arrays."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from study.common.errors import InputError
from study.common.files import beside
from study.datasets.encoding import CellError, Reader, Scale
from study.datasets.read_table import TextTable, read_file, read_function
from study.recipes.columns import Numeric, Variable
from study.recipes.dataset import DatasetRecipe
from study.recipes.target import Target


@dataclass(frozen=True)
class TableRows:
    """Rows of one table as numbers; missing ones are NaN.

    name : of the table, for messages; values : (rows, variables), as `Reader.values` has them;
    target : (rows,), not scaled, or the numbers of classes; parts : (rows,) texts of the column
    that splits the table, or empty texts; subjects : (rows,) texts of the column that groups rows,
    or puts them in time, or empty texts; places : (rows,) what numbers each row; groups : (rows,)
    as of `Dataset.row_groups`; weights : (rows,) what each counts; None where all do the same
    """

    name: str
    unit: str
    values: np.ndarray
    target: np.ndarray
    parts: np.ndarray
    subjects: np.ndarray
    places: np.ndarray
    groups: np.ndarray | None = None
    weights: np.ndarray | None = None

    @classmethod
    def of(cls, recipe: DatasetRecipe, table: TextTable) -> "TableRows":
        """Read a table. Raises InputError with the place of what is wrong."""
        _check_columns(recipe, table)
        splits = recipe.split.column if recipe.split else None
        related = recipe.groups or recipe.time
        values, targets, parts, subjects, places = [], [], [], [], []
        weights = []
        reader = Reader(recipe.own_table)
        for chunk in table.chunks:
            try:
                columns = [
                    reader.encoded(variable, chunk.cells)
                    if recipe.own_table.encoded
                    else reader.values(variable, chunk.cells[variable.name])
                    for variable in recipe.variables
                ]
                target = reader.target(recipe.target, chunk.cells[recipe.target.name])
                if recipe.weight is not None:
                    numbers = Numeric(name=recipe.weight, type="numeric")
                    weights.append(reader.numbers(numbers, chunk.cells[recipe.weight]))
            except CellError as error:
                place = f"{table.unit} {chunk.numbers[error.place]}"
                raise InputError(f"{table.name}, {place}, column {error}") from error
            values.append(np.stack(columns, axis=1))
            targets.append(target)
            parts += chunk.cells[splits] if splits else [""] * len(target)
            subjects += chunk.cells[related] if related else [""] * len(target)
            places += chunk.numbers
        return cls(
            table.name,
            table.unit,
            np.concatenate(values),
            np.concatenate(targets),
            np.array(parts),
            np.array(subjects),
            np.array(places),
            weights=np.concatenate(weights) if weights else None,
        )

    def __len__(self) -> int:
        return len(self.target)

    @property
    def missing(self) -> np.ndarray:
        """In how many rows each variable, and last the target, is missing: (variables + 1,)."""
        return np.isnan(np.column_stack([self.values, self.target])).sum(axis=0)

    def only(self, chosen: np.ndarray) -> "TableRows":
        """Some of these rows."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        there = {name: array[chosen] for name, array in arrays.items() if array is not None}
        return replace(self, **there)

    def complete(self, recipe: DatasetRecipe) -> "TableRows":
        """These rows without those that the recipe drops for a missing value."""
        gone = np.isnan(np.column_stack([self.values, self.target]))
        becomes = np.array(recipe.missing)
        for row, column in np.argwhere(gone & (becomes == "refuse"))[:1]:
            name = [*recipe.variables, recipe.target][column].name
            raise InputError(
                f"{self.name}, {self.unit} {self.places[row]}, column {name}: the value is "
                'missing; missing = "drop" or "impute" under [table] says what to do'
            )
        # Nothing can be learned from a row without a target.
        lost = (gone & (becomes == "drop")).any(axis=1) | gone[:, -1]
        if lost.all():
            raise InputError(f"{self.name}: no row is left: in each a value is missing")
        return self.only(~lost)

    def filled(self, fillings: np.ndarray) -> "TableRows":
        """These rows with `fillings` (variables,) where values are missing."""
        return replace(self, values=np.where(np.isnan(self.values), fillings, self.values))


_ARRAYS = ("values", "target", "parts", "subjects", "places", "groups", "weights")


def read_rows(recipe: DatasetRecipe, folder: Path) -> list[TextTable]:
    """The tables of a recipe as text, the training rows first. Raises InputError."""
    if recipe.own_table.function is not None:
        return [read_function(recipe.own_table)]
    names = recipe.own_table.sources
    tables = [read_file(beside(folder, name), recipe.own_table) for name in names]
    if len({table.digest for table in tables}) < len(tables):
        raise InputError(
            f"{tables[1].name}: holds the same bytes as {tables[0].name}: "
            "test rows must be others than the training rows"
        )
    return tables


def _check_columns(recipe: DatasetRecipe, table: TextTable) -> None:
    inputs = recipe.features if recipe.own_table.encoded else [v.name for v in recipe.variables]
    splits = [recipe.split.column] if recipe.split and recipe.split.column else []
    related = [name for name in (recipe.groups, recipe.time, recipe.weight) if name]
    for name in (*inputs, recipe.target.name, *splits, *related):
        if name not in table.columns:
            near = difflib.get_close_matches(name, table.columns, n=1)
            known = f"did you mean '{near[0]}'?" if near else f"there is {some_of(table.columns)}"
            separated = (
                f" (separator {recipe.own_table.separator!r})" if table.unit == "line" else ""
            )
            raise InputError(f"{table.name}: no column '{name}': {known}{separated}")


def natural_value(
    column: Variable | Target, scale: Scale, filling: float, recipe: DatasetRecipe
) -> float:
    """A filling in the units of its column."""
    encoded = recipe.own_table.encoded and isinstance(column, Numeric)
    return float(scale.undo(np.array(filling))) if encoded else filling


def some_of(names: Sequence[str]) -> str:
    """Names for a message, not too many of them."""
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more
