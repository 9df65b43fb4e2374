"""A dataset recipe and its tables become arrays."""

import csv
import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from study.errors import InputError
from study.recipes import Binary, DatasetRecipe, Numeric, OneHot, Variable


@dataclass(frozen=True)
class Dataset:
    """The arrays of one dataset, float32, with the names of their columns.

    Attributes
    ----------
    features, variables : tuples of str
    groups : the column indices of each variable's features
    train_x, test_x : (rows, features)
    train_y, test_y : (rows,), the target divided by its divisor
    hashes : SHA-256 of each table's bytes, by its name in the recipe
    """

    recipe: DatasetRecipe
    features: tuple[str, ...]
    variables: tuple[str, ...]
    groups: tuple[tuple[int, ...], ...]
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    hashes: dict[str, str]

    @property
    def feature_scale(self) -> np.ndarray:
        """Standard deviation of each feature over the training rows (ddof 0), float64."""
        return self.train_x.astype(np.float64).std(axis=0)

    def to_variables(self, x: np.ndarray) -> np.ndarray:
        """One column per variable; a one-hot group becomes the index of its level.

        (rows, features) -> (rows, variables)
        """
        return np.stack(
            [x[:, group].argmax(1) if len(group) > 1 else x[:, group[0]] for group in self.groups],
            axis=1,
        ).astype(np.float32)

    def to_features(self, table: np.ndarray) -> np.ndarray:
        """The inverse of `to_variables`: (rows, variables) -> (rows, features)."""
        x = np.zeros((len(table), len(self.features)), dtype=np.float32)
        for column, group in zip(table.T, self.groups, strict=True):
            if len(group) > 1:
                x[np.arange(len(table)), np.asarray(group)[column.astype(int)]] = 1
            else:
                x[:, group[0]] = column
        return x


def variable_groups(recipe: DatasetRecipe) -> tuple[tuple[int, ...], ...]:
    """The column indices of each variable's features."""
    groups, start = [], 0
    for variable in recipe.variables:
        groups.append(tuple(range(start, start + len(variable.features))))
        start += len(variable.features)
    return tuple(groups)


def explained(x: np.ndarray, groups: Sequence[Sequence[int]]) -> np.ndarray:
    """How much of each feature the other variables explain: (rows, features) -> (features,).

    The R² of a least-squares regression, with intercept, of the feature on the features of
    all other variables; other columns of its own one-hot group are left out, since together
    they always determine it. It is 1 - 1/VIF, where VIF is the variance inflation factor
    (Marquardt 1970). 0 for a constant feature, and where there is but one variable.

    `groups` are the column indices of each variable's features.
    """
    x = x.astype(np.float64)
    varies = np.ptp(x, axis=0) > 0
    z = (x - x.mean(axis=0)) / np.where(varies, x.std(axis=0), 1)
    # A triangle whose columns have the same lengths and angles, however many rows there are.
    triangle = np.linalg.qr(z).R
    found = np.zeros(x.shape[1])
    for group in groups:
        columns = np.array(group)
        others = np.delete(triangle, columns, axis=1)
        coefficients = np.linalg.lstsq(others, triangle[:, columns])[0]
        # Of standardised columns, the squares of the fitted values are R² times the rows.
        found[columns] = ((others @ coefficients) ** 2).sum(axis=0) / len(x)
    return np.minimum(found, 1)


def load_dataset(recipe: DatasetRecipe, folder: Path) -> Dataset:
    """Read the tables of a recipe, relative to `folder`. Raises InputError with file and line."""
    tables, hashes = {}, {}
    for part, name in (("train", recipe.table.train), ("test", recipe.table.test)):
        path = folder / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path}: {error.strerror or error}") from error
        tables[part] = _read_table(path, content, recipe)
        hashes[name] = hashlib.sha256(content).hexdigest()
        if len(np.unique(tables[part][1])) == 1:
            raise InputError(f"{path}: every {recipe.target.name} is the same: nothing to explain")
    (train_x, train_y), (test_x, test_y) = tables["train"], tables["test"]
    return Dataset(
        recipe=recipe,
        features=tuple(recipe.features),
        variables=tuple(variable.name for variable in recipe.variables),
        groups=variable_groups(recipe),
        train_x=train_x,
        train_y=train_y,
        test_x=test_x,
        test_y=test_y,
        hashes=hashes,
    )


def encode_row(recipe: DatasetRecipe, values: dict[str, str]) -> np.ndarray:
    """The features of one row given in natural units and level names, by variable.

    Returns shape (features,), float32. Raises InputError.
    """
    names = [variable.name for variable in recipe.variables]
    for name in values:
        if name not in names:
            raise InputError(f"unknown variable '{name}': there is {', '.join(names)}")
    for name in names:
        if name not in values:
            raise InputError(f"{name} is missing: give a value for each of {', '.join(names)}")
    try:
        row = [
            number
            for variable in recipe.variables
            for number in _encode(variable, values[variable.name])
        ]
    except _CellError as error:
        raise InputError(str(error)) from error
    return np.array(row, dtype=np.float32)


class _CellError(Exception):
    """A value that does not fit its column."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")


def _read_table(path: Path, content: bytes, recipe: DatasetRecipe) -> tuple[np.ndarray, np.ndarray]:
    """Features (rows, features) and target (rows,) of one file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start})") from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=recipe.table.separator)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if cells]
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: {error}") from error
    columns = recipe.table.columns
    if columns is None and lines:
        columns = lines.pop(0)[1]
    if not columns or not lines:
        raise InputError(f"{path}: the table has no rows")
    _check_columns(path, columns, recipe)
    x, y = [], []
    for line, cells in lines:
        if len(cells) != len(columns):
            raise InputError(
                f"{path}, line {line}: {len(cells)} columns where {len(columns)} are expected "
                f"(separator {recipe.table.separator!r})"
            )
        row = dict(zip(columns, cells, strict=True))
        try:
            x.append(_features(recipe, row))
            y.append(_target(recipe, row))
        except _CellError as error:
            raise InputError(f"{path}, line {line}, column {error}") from error
    return np.array(x, dtype=np.float32), np.array(y, dtype=np.float32)


def _check_columns(path: Path, columns: list[str], recipe: DatasetRecipe) -> None:
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated:
        raise InputError(f"{path}: column named twice: {', '.join(repeated)}")
    inputs = recipe.features if recipe.table.encoded else [v.name for v in recipe.variables]
    for name in (*inputs, recipe.target.name):
        if name not in columns:
            raise InputError(
                f"{path}: no column '{name}': there is {', '.join(columns)} "
                f"(separator {recipe.table.separator!r})"
            )


def _features(recipe: DatasetRecipe, row: dict[str, str]) -> list[float]:
    read = _check_encoded if recipe.table.encoded else _encode_column
    return [number for variable in recipe.variables for number in read(variable, row)]


def _target(recipe: DatasetRecipe, row: dict[str, str]) -> float:
    divisor = 1 if recipe.table.encoded else recipe.target.divisor
    return _number(recipe.target.name, row[recipe.target.name], divisor)


def _encode_column(variable: Variable, row: dict[str, str]) -> list[float]:
    return _encode(variable, row[variable.name])


def _encode(variable: Variable, text: str) -> list[float]:
    """The features of one variable from its natural value."""
    if isinstance(variable, Numeric):
        return [_number(variable.name, text, variable.divisor)]
    if text not in variable.levels:
        levels = ", ".join(variable.levels)
        raise _CellError(variable.name, f"unknown level '{text}': there is {levels}")
    if isinstance(variable, Binary):
        return [variable.levels[text]]
    return [float(level == text) for level in variable.levels]


def _check_encoded(variable: Variable, row: dict[str, str]) -> list[float]:
    """The features of one variable from a table that holds features already."""
    numbers = [_number(name, row[name]) for name in variable.features]
    if isinstance(variable, Binary) and numbers[0] not in variable.levels.values():
        levels = ", ".join(f"{number:g} ({level})" for level, number in variable.levels.items())
        raise _CellError(variable.name, f"unknown level '{numbers[0]:g}': there is {levels}")
    if isinstance(variable, OneHot) and sorted(numbers) != [0.0] * (len(numbers) - 1) + [1.0]:
        raise _CellError(
            variable.features[0],
            f"the columns of {variable.name} must hold one 1 and else 0, "
            f"not {', '.join(f'{number:g}' for number in numbers)}",
        )
    return numbers


def _number(column: str, text: str, divisor: float = 1) -> float:
    """A number divided by `divisor`, finite in single precision."""
    try:
        number = float(text if "_" not in text else "")  # Python alone reads 1_000 as 1000
    except ValueError as error:
        raise _CellError(column, f"'{text}' is not a number") from error
    if not math.isfinite(number):
        raise _CellError(column, f"'{text}' is not a finite number")
    number /= divisor
    if abs(number) > float(np.finfo(np.float32).max):
        raise _CellError(column, f"'{text}' is too large for single precision")
    return number
