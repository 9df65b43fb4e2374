"""Where a method could not have told what an item is worth, whatever it is worth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from study.analysis.vectors import Vectors
from study.common.conditions import REAL
from study.common.methods import (
    CONTRAST_GRADIENT,
    DECLARED,
    GRADIENT,
    GRADIENTS,
    GROUPED_PERMUTATION,
    PERMUTATION,
    STEPS,
    TRAINING_GRADIENT,
)
from study.recipes.dataset import DatasetRecipe

# A drop in R² beyond the rounding of it: predictions depend on what is permuted.
_DROP = 1e-9
# The methods that tell whether there is a gradient, the first that is stored of each kind; not
# scaled-gradient, which is 0 for a column that is constant in training.
_TELLING = {STEPS: (TRAINING_GRADIENT,), GRADIENTS: (GRADIENT, CONTRAST_GRADIENT)}

ByKey = Mapping[tuple[str, str, str, str], Vectors]


def without_gradient(stored: ByKey, model: str, recipe: DatasetRecipe) -> dict[str, list[str]]:
    """The gradient methods that are undefined for a model: the variables for which, by method.

    stored : the model's vectors by (model, condition, method, level). An index, a comparison or
    rounding inside a network has no gradient: of a variable that goes through one, it is 0 in
    every seed, though permuting the variable, or a column of it, changes the fit.
    """
    found: dict[str, list[str]] = {}
    held = {method for _, _, method, _ in stored}
    moving = {
        level: _moving(stored.get((model, REAL, method, level)))
        for method, level in ((PERMUTATION, "feature"), (GROUPED_PERMUTATION, "variable"))
    }
    for needs, telling in _TELLING.items():
        known = [stored[key] for of in telling if (key := (model, REAL, of, "feature")) in stored]
        if not known:
            continue
        vectors = known[0]
        none = dict(zip(vectors.items, (vectors.score == 0).all(axis=0), strict=True))
        names = [
            variable.name
            for variable in recipe.variables
            if any(none[column] and column in moving["feature"] for column in variable.features)
            or (
                all(none[column] for column in variable.features)
                and variable.name in moving["variable"]
            )
        ]
        if names:
            found |= {
                method.name: names
                for method in DECLARED
                if method.needs == needs and method.name in held
            }
    return found


def _moving(vectors: Vectors | None) -> set[str]:
    """The items whose permutation changes the fit in some seed."""
    if vectors is None:
        return set()
    moving = (np.abs(np.nan_to_num(vectors.score)) > _DROP).any(axis=0)
    return {item for item, moves in zip(vectors.items, moving, strict=True) if moves}
