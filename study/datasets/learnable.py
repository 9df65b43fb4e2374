"""Refused is what no model can learn anything of."""

import numpy as np

from study.common.errors import InputError
from study.common.text import some
from study.datasets.rows import TableRows
from study.recipes.columns import OneHot
from study.recipes.dataset import DatasetRecipe
from study.recipes.target import ClassTarget, Target


def check_target(recipe: DatasetRecipe, rows: TableRows, part: str) -> None:
    """Refuse a target that does not vary among the rows of a part."""
    if len(np.unique(rows.target)) == 1:
        what = "there is one row" if len(rows) == 1 else f"every {recipe.target.name} is the same"
        among = f" among the {part} rows" if recipe.split else ""
        raise InputError(f"{rows.name}: {what}{among}: nothing to explain")


def check_classes(target: Target, train: TableRows) -> None:
    """Refuse classes that no training row is of."""
    if isinstance(target, ClassTarget):
        lost = [level for place, level in enumerate(target.levels) if place not in train.target]
        if lost:
            raise InputError(
                f"{train.name}: no training row has the {target.name} {some(lost)}, "
                "so that nothing can be learned of it: take it out of the levels under [target], "
                "with its rows"
            )


def check_indicators(recipe: DatasetRecipe, train: TableRows, gaps: np.ndarray) -> None:
    """Refuse indicators of what is never missing; gaps : (training rows, variables) bool."""
    for variable, missing in zip(recipe.variables, gaps.T, strict=True):
        if variable.keeps_missing and not missing.any():
            raise InputError(
                f"{train.name}: {variable.name} has a value in each of the {len(train)} training "
                'rows, so that its indicator tells nothing: give it missing = "impute"'
            )


def check_variation(recipe: DatasetRecipe, train: TableRows, test: TableRows) -> None:
    """Refuse variables and levels that training cannot tell anything of."""
    for place, variable in enumerate(recipe.variables):
        known = np.unique(train.values[:, place])
        if len(known) == 1:
            raise InputError(
                f"{train.name}: {variable.name} is the same in all {len(train)} training rows: "
                "leave the variable out"
            )
        if isinstance(variable, OneHot):
            for level, name in enumerate(variable.levels):
                if level in known:
                    continue
                tested = "in test rows only" if level in test.values[:, place] else "in no row"
                raise InputError(
                    f"{train.name}: level '{name}' of {variable.name} occurs {tested}, so that "
                    "nothing can be learned of it: leave it out, or name the level that takes "
                    "it by other"
                )
