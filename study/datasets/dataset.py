"""A dataset recipe and its tables become arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from study.common.errors import InputError
from study.common.task import Task
from study.common.warning import Warning
from study.datasets.checks.table_registry import table_warnings
from study.datasets.column_frame import ColumnFrame
from study.datasets.dates import ISO, day_of, in_words
from study.datasets.division import divided, proposing
from study.datasets.encoding import UNSCALED, Scale, to_features
from study.datasets.learnable import (
    check_classes,
    check_indicators,
    check_target,
    check_variation,
)
from study.datasets.raw_columns import as_used
from study.datasets.row_groups import with_groups
from study.datasets.row_times import check_forward
from study.datasets.row_weights import counted
from study.datasets.rows import TableRows, natural_value, read_rows
from study.recipes.columns import (
    Binary,
    Date,
    OneHot,
    Ordinal,
    Scaling,
    Variable,
    is_amount,
)
from study.recipes.dataset import DatasetRecipe
from study.recipes.target import Target
from study.statistics.exchanges import in_time
from study.statistics.spread import deviations


@dataclass(frozen=True)
class Prepared:
    """What was done to one column before training.

    missing : rows in which it has no value; imputed : what stands there instead, as text;
    empty where nothing was imputed
    """

    column: str
    scale: Scale
    missing: int
    imputed: str


@dataclass(frozen=True)
class Gap:
    """Features whose values were imputed, wherever the feature that is the indicator is 1."""

    features: tuple[int, ...]
    indicator: int


@dataclass(frozen=True)
class Dataset:
    """The arrays of one dataset, float32, with the names of their columns.

    Attributes
    ----------
    features, variables : tuples of str
    groups : the column indices of each variable's features
    train_x, test_x : (rows, features)
    train_y, test_y : (rows,), the scaled target, or the number of each row's class
    hashes : SHA-256 of each table, by its name in the recipe
    target_scale : how the target was scaled
    prepared : what was done to each variable, and last to the target
    dropped : rows that were left out for a missing value
    uncounted : rows that were left out for a weight of 0
    left_out : rows that were left out since the claim was proposed from them
    row_groups : (training and then test rows,) int, those of one number go to the same side of
        every split; or float, the times by which all rows stand in order; None where each row is
        on its own
    row_weights : (training and then test rows,), what each counts in training, fits and scores, of
        mean 1; None where all count the same
    table_warnings : what there is to warn of its columns, as they were read
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
    target_scale: Scale = UNSCALED
    prepared: tuple[Prepared, ...] = ()
    dropped: int = 0
    uncounted: int = 0
    left_out: int = 0
    row_groups: np.ndarray | None = None
    row_weights: np.ndarray | None = None
    table_warnings: tuple[Warning, ...] = ()

    @property
    def task(self) -> Task:
        """What models learn of a row."""
        return self.recipe.task

    @property
    def scales(self) -> dict[str, Scale]:
        """How each variable, and the target, was scaled."""
        return {prepared.column: prepared.scale for prepared in self.prepared}

    @property
    def grouped(self) -> bool:
        """Whether a variable has several features."""
        return len(self.features) > len(self.variables)

    @property
    def blocks(self) -> dict[str, tuple[int, ...]]:
        """The column indices of each group of variables, and of each variable that is of none."""
        groups = dict(zip(self.variables, self.groups, strict=True))
        return {
            name: tuple(column for member in members for column in groups[member])
            for name, members in self.recipe.blocks.items()
        }

    @property
    def one_hot(self) -> np.ndarray:
        """Which variables are one-hot groups: (variables,) bool."""
        return np.array([isinstance(variable, OneHot) for variable in self.recipe.variables])

    @property
    def one_hot_groups(self) -> list[tuple[int, ...]]:
        """The column indices of each one-hot group."""
        return [group for group, one_hot in zip(self.groups, self.one_hot, strict=True) if one_hot]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Where imputed values stand; a missing level of a one-hot variable has none."""
        return tuple(
            Gap(group[:-1], group[-1])
            for variable, group in zip(self.recipe.variables, self.groups, strict=True)
            if variable.keeps_missing and not isinstance(variable, OneHot)
        )

    @property
    def columns(self) -> ColumnFrame:
        """How the columns of the table are made again of features."""
        return ColumnFrame.of(self.recipe, self.groups, self.scales, self.target_scale)

    @property
    def pooled(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets of all rows: the training rows, and after them the test rows."""
        return (
            np.concatenate([self.train_x, self.test_x]),
            np.concatenate([self.train_y, self.test_y]),
        )

    @property
    def train_weights(self) -> np.ndarray | None:
        """What each training row counts: (rows,)."""
        return None if self.row_weights is None else self.row_weights[: len(self.train_y)]

    @property
    def group_counts(self) -> tuple[int, int] | None:
        """How many groups the training rows and the test rows are of; None without groups."""
        if self.row_groups is None or in_time(self.row_groups):
            return None
        train, test = np.split(self.row_groups, [len(self.train_y)])
        return len(np.unique(train)), len(np.unique(test))

    @property
    def feature_scale(self) -> np.ndarray:
        """Standard deviation of each feature over the training rows (ddof 0), float64."""
        return deviations(self.train_x, self.train_weights)

    def to_variables(self, x: np.ndarray) -> np.ndarray:
        """One column per variable: (rows, features) -> (rows, variables).

        A one-hot group becomes the index of its level, sine and cosine their angle.
        """
        columns = []
        for variable, group in zip(self.recipe.variables, self.groups, strict=True):
            if isinstance(variable, OneHot):
                columns.append(x[:, group].argmax(1))
            elif isinstance(variable, Date) and variable.goes_round:
                columns.append(np.arctan2(x[:, group[0]], x[:, group[1]]))
            else:
                columns.append(x[:, group[0]])
        return np.stack(columns, axis=1).astype(np.float32)


def variable_groups(recipe: DatasetRecipe) -> tuple[tuple[int, ...], ...]:
    """The column indices of each variable's features."""
    groups, start = [], 0
    for variable in recipe.variables:
        groups.append(tuple(range(start, start + len(variable.features))))
        start += len(variable.features)
    return tuple(groups)


def load_dataset(recipe: DatasetRecipe, folder: Path) -> Dataset:
    """Read the tables of a recipe, relative to `folder`. Raises InputError with file and line.

    Rows that the claim was proposed from are left out before all else; then rows with a missing
    value are dropped, and a table is split. What is imputed, and how columns are scaled, follows
    the training rows alone.
    """
    tables = read_rows(recipe, folder)
    whole = [TableRows.of(recipe, table) for table in tables]
    first, *others = with_groups(recipe, counted(recipe, whole))
    gone = proposing(recipe, first)
    left = [first.only(~gone), *others]
    kept = [rows.complete(recipe) for rows in left]
    classes = recipe.task.levels if recipe.stratified else ()
    train, test = kept if recipe.split is None else divided(kept[0], recipe.split, classes)
    check_forward(recipe, train, test)
    for rows, part in ((train, "training"), (test, "test")):
        check_target(recipe, rows, part)
    check_classes(recipe.target, train)
    fillings = _fillings(recipe, train, "training")
    gaps = [np.isnan(rows.values) for rows in (train, test)]
    train, test = train.filled(fillings), test.filled(fillings)
    check_indicators(recipe, train, gaps[0])
    check_variation(recipe, train, test)
    columns = [*recipe.variables, recipe.target]
    scales = [
        Scale.of(column, numbers) if isinstance(column, Scaling) else UNSCALED
        for column, numbers in zip(columns, [*train.values.T, train.target], strict=True)
    ]
    (train_x, train_y), (test_x, test_y) = (
        _arrays(recipe, rows, missing, scales)
        for rows, missing in zip((train, test), gaps, strict=True)
    )
    return Dataset(
        recipe=recipe,
        features=tuple(recipe.features),
        variables=tuple(variable.name for variable in recipe.variables),
        groups=variable_groups(recipe),
        train_x=train_x,
        train_y=train_y,
        test_x=test_x,
        test_y=test_y,
        hashes={
            name: table.digest for name, table in zip(recipe.own_table.sources, tables, strict=True)
        },
        target_scale=scales[-1],
        prepared=_prepared(recipe, left, scales, fillings),
        dropped=sum(map(len, left)) - sum(map(len, kept)),
        uncounted=sum(map(len, whole)) - sum(map(len, [first, *others])),
        left_out=int(gone.sum()),
        row_groups=_joined(train.groups, test.groups),
        row_weights=_of_mean_1(_joined(train.weights, test.weights)),
        table_warnings=table_warnings(as_used(recipe, [first, *others])),
    )


def load_proposing(dataset: Dataset, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and target of the rows that a dataset leaves out to propose its claim from.

    Scaled as the dataset's, but what is imputed follows these rows alone: (rows, features) and
    (rows,), float32. Raises InputError.
    """
    recipe = dataset.recipe
    tables = [TableRows.of(recipe, table) for table in read_rows(recipe, folder)]
    first = with_groups(recipe, counted(recipe, tables))[0]
    rows = first.only(proposing(recipe, first)).complete(recipe)
    check_target(recipe, rows, "left out")
    filled = rows.filled(_fillings(recipe, rows, "left out"))
    return _arrays(recipe, filled, np.isnan(rows.values), list(dataset.scales.values()))


def _joined(train: np.ndarray | None, test: np.ndarray | None) -> np.ndarray | None:
    return None if train is None or test is None else np.concatenate([train, test])


def _of_mean_1(weights: np.ndarray | None) -> np.ndarray | None:
    """In single precision the smallest and the largest would be lost as they are."""
    return None if weights is None else weights / weights.mean()


def _arrays(
    recipe: DatasetRecipe, rows: TableRows, gaps: np.ndarray, scales: Sequence[Scale]
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and target of rows, by the scales of the variables and last of the target.

    gaps : (rows, variables) bool, where values were missing
    """
    # What is encoded is scaled already.
    *inputs, target = [UNSCALED] * len(scales) if recipe.own_table.encoded else scales
    return (
        to_features(rows.values, gaps, recipe.variables, variable_groups(recipe), inputs),
        target.apply(rows.target).astype(np.float32),
    )


def _prepared(
    recipe: DatasetRecipe,
    left: Sequence[TableRows],
    scales: Sequence[Scale],
    fillings: np.ndarray,
) -> tuple[Prepared, ...]:
    """What was done to each variable, and last to the target."""
    missing = np.sum([rows.missing for rows in left], axis=0)
    # Nothing stands in place of a target. Encoded numbers are told in their own units.
    imputed = np.isin(recipe.missing[:-1], ["impute", "indicator"])
    stands = [*np.where(imputed, fillings, np.nan), np.nan]
    columns = [*recipe.variables, recipe.target]
    return tuple(
        Prepared(
            column.name,
            scale,
            int(count),
            _in_words(column, natural_value(column, scale, filling, recipe)) if count else "",
        )
        for column, scale, count, filling in zip(columns, scales, missing, stands, strict=True)
    )


def _fillings(recipe: DatasetRecipe, rows: TableRows, part: str) -> np.ndarray:
    """What stands in place of a missing value of each variable: median, or most frequent level.

    Of levels in order it is the lower median, which is a level.
    """
    fillings = []
    for variable, column in zip(recipe.variables, rows.values.T, strict=True):
        known = column[~np.isnan(column)]
        if not len(known):
            raise InputError(
                f"{rows.name}: column {variable.name} has no value in the {part} rows: leave it out"
            )
        if isinstance(variable, OneHot) and variable.keeps_missing:
            fillings.append(len(variable.levels))  # a level of its own
        elif is_amount(variable):
            fillings.append(np.median(known))
        elif isinstance(variable, Ordinal):
            fillings.append(np.quantile(known, 0.5, method="inverted_cdf"))
        else:
            levels, counts = np.unique(known, return_counts=True)
            fillings.append(levels[counts.argmax()])
    return np.array(fillings)


def _in_words(column: Variable | Target, filling: float) -> str:
    """A filling as text: a number, or a level; nothing for none."""
    if np.isnan(filling):
        return ""
    if isinstance(column, OneHot) and filling == len(column.levels):
        return "missing"
    if isinstance(column, Binary | OneHot | Ordinal):
        return next(level for level, number in column.places.items() if number == filling)
    if isinstance(column, Date):
        since = 0.0 if column.goes_round else day_of(column.since, ISO)
        return in_words(filling + since, column.as_)
    return f"{filling:g}"
