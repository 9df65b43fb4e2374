"""The values of one row, each written as NAME=VALUE, where both may hold the sign."""

from collections.abc import Sequence

import numpy as np

from study.common.errors import InputError
from study.datasets.encoding import CellError, Reader
from study.recipes.columns import Variable
from study.recipes.dataset import DatasetRecipe


def named_values(recipe: DatasetRecipe, arguments: Sequence[str]) -> dict[str, str]:
    """What each variable has, by its name: of log=rooms=3 the variable log=rooms has 3.

    The name is that of a variable; of several that fit, the one whose value can be read. What
    names none is left to `encode_row`. Raises InputError for two readings, and for a variable
    that is given twice.
    """
    found: dict[str, str] = {}
    for argument in arguments:
        name, value = _reading(recipe, argument)
        if name in found:
            raise InputError(f"{name} is given twice: '{found[name]}' and '{value}'")
        found[name] = value
    return found


def _reading(recipe: DatasetRecipe, argument: str) -> tuple[str, str]:
    """Name and value; the longest name where no value can be read."""
    variables = {variable.name: variable for variable in recipe.variables}
    halves = [
        (argument[:place].strip(), argument[place + 1 :].strip())
        for place in reversed(range(len(argument)))
        if argument[place] == "="
    ]
    known = [(name, value) for name, value in halves if name in variables]
    if len(known) > 1:
        known = [
            (name, value) for name, value in known if _readable(recipe, variables[name], value)
        ] or known[:1]
    if len(known) > 1:
        readings = " and as ".join(f"{name} = '{value}'" for name, value in known)
        raise InputError(f"'{argument}' can be read as {readings}: rename one of these variables")
    return known[0] if known else halves[-1]


def _readable(recipe: DatasetRecipe, variable: Variable, value: str) -> bool:
    """Whether a variable can have such a value."""
    try:
        return not np.isnan(Reader(recipe.own_table).values(variable, [value])).any()
    except CellError:
        return False
