"""Which rows of a table train, which test, and which a claim was proposed from."""

from collections.abc import Sequence

import numpy as np

from study.common.errors import InputError
from study.common.scikit_learn import scikit_learn
from study.common.text import short
from study.datasets.row_times import latest
from study.datasets.rows import TableRows
from study.recipes.dataset import DatasetRecipe
from study.recipes.table import Split
from study.statistics.exchanges import in_time


def drawn(
    name: str,
    among: np.ndarray,
    part: float,
    random_state: int | None,
    groups: np.ndarray | None = None,
    classes: np.ndarray | None = None,
) -> np.ndarray:
    """A part of the rows `among` (rows,) bool, drawn as scikit-learn draws: (rows,) bool.

    By train_test_split, stratified by `classes` (rows,) if there are any; of rows in `groups`
    (rows,) by GroupShuffleSplit, so that it is a part of the groups; of rows in time the last,
    which nothing draws. Raises InputError, with the name of the table, where there are too few.
    """
    places = np.flatnonzero(among)
    if groups is not None and in_time(groups):
        return np.isin(np.arange(len(among)), places[latest(name, groups[places], part)])
    try:
        if groups is None:
            _, chosen = scikit_learn("model_selection", "train_test_split")(
                places,
                test_size=part,
                random_state=random_state,
                stratify=None if classes is None else classes[places],
            )
        else:
            splitter = scikit_learn("model_selection", "GroupShuffleSplit")(
                n_splits=1, test_size=part, random_state=random_state
            )
            ((_, own),) = splitter.split(places, groups=groups[places])
            chosen = places[own]
    except ValueError as error:
        of = "" if groups is None else f" in {len(np.unique(groups[places]))} groups"
        raise InputError(f"{name}: split of {len(places)} rows{of}: {error}") from error
    return np.isin(np.arange(len(among)), chosen)


def proposing(recipe: DatasetRecipe, rows: TableRows) -> np.ndarray:
    """Which rows of the table of training rows the claim was proposed from: (rows,) bool.

    Test rows that are given are never among them. Rows with a missing value may be, so that another
    choice of variables, which drops other rows, brings none of them back into the study.
    """
    if recipe.proposal is None:
        return np.zeros(len(rows), dtype=bool)
    split = recipe.split
    if split is not None and split.column is not None:
        could_train = np.isin(rows.parts, split.trains)
    else:
        could_train = np.ones(len(rows), dtype=bool)
    part, random_state = recipe.proposal.part, recipe.proposal.random_state
    if in_time(rows.groups):  # the first rows propose, and later ones test
        return could_train & ~drawn(rows.name, could_train, 1 - part, random_state, rows.groups)
    return drawn(rows.name, could_train, part, random_state, rows.groups)


def divided(
    rows: TableRows, split: Split, stratified: Sequence[str] = ()
) -> tuple[TableRows, TableRows]:
    """The training rows and the test rows of a single table. Raises InputError.

    A fraction that is drawn is one of each of the `stratified` classes, if there are any.
    """
    if not isinstance(split.test, str):
        every = np.ones(len(rows), dtype=bool)
        for place, level in enumerate(stratified):
            if (rows.target == place).sum() == 1:
                raise InputError(
                    f"{rows.name}: a single row is of class '{short(level)}', which cannot be "
                    "divided into training and test rows: take the class, and its row, out"
                )
        classes = rows.target if stratified else None
        is_test = drawn(rows.name, every, split.test, split.random_state, rows.groups, classes)
        return rows.only(~is_test), rows.only(is_test)
    for place in np.flatnonzero(~np.isin(rows.parts, [*split.trains, split.test]))[:1]:
        trains = "' nor '".join(split.trains)
        raise InputError(
            f"{rows.name}, {rows.unit} {rows.places[place]}, column {split.column}: "
            f"'{rows.parts[place]}' is neither '{trains}' nor '{split.test}'"
        )
    for name in (*split.trains, split.test):
        if name not in rows.parts:
            raise InputError(f"{rows.name}, column {split.column}: no row holds '{name}'")
    train, test = (rows.only(np.isin(rows.parts, part)) for part in (split.trains, [split.test]))
    return train, test
