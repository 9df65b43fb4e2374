"""The features of one row that a person gives, as text."""

from collections.abc import Mapping

import numpy as np

from study.common.errors import InputError
from study.datasets.dataset import variable_groups
from study.datasets.encoding import CellError, Reader, Scale, to_features
from study.recipes.columns import (
    Binary,
    Numeric,
    OneHot,
    Ordinal,
    Variable,
)
from study.recipes.dataset import DatasetRecipe


def encode_row(
    recipe: DatasetRecipe,
    values: dict[str, str],
    scales: Mapping[str, Scale],
    imputed: Mapping[str, str] | None = None,
) -> np.ndarray:
    """The features of one row given in natural units and level names, by variable.

    `scales` are those of the variables; `imputed`, as of `Prepared`, is what stands for a missing
    value of one that keeps it. Returns shape (features,), float32. Raises InputError.
    """
    names = [variable.name for variable in recipe.variables]
    for name in values:
        if name not in names:
            raise InputError(f"unknown variable '{name}': there is {', '.join(names)}")
    for name in names:
        if name not in values:
            raise InputError(f"{name} is missing: give a value for each of {', '.join(names)}")
    reader = Reader(recipe.own_table)
    try:
        row = [reader.values(variable, [values[variable.name]]) for variable in recipe.variables]
    except CellError as error:
        raise InputError(str(error)) from error
    numbers = np.stack(row, axis=1)
    gaps = np.isnan(numbers)
    for place in np.flatnonzero(gaps[0]):
        variable = recipe.variables[place]
        numbers[0, place] = _imputed(variable, (imputed or {}).get(variable.name, ""))
        if np.isnan(numbers[0, place]):
            given = values[variable.name]
            raise InputError(f"{variable.name}: '{given}' is a missing value: give one")
    columns = [scales[name] for name in names]
    return to_features(numbers, gaps, recipe.variables, variable_groups(recipe), columns)[0]


def _imputed(variable: Variable, stands: str) -> float:
    """The number of what `_in_words` told, for a variable that keeps what is missing; else NaN."""
    if not variable.keeps_missing:
        return np.nan
    if isinstance(variable, OneHot):
        return len(variable.levels)
    if isinstance(variable, Binary | Ordinal):
        return variable.places.get(stands, np.nan)
    if isinstance(variable, Numeric) and stands:
        return float(stands)
    return np.nan
