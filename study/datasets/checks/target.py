"""Checks of the target: whether variables give it away."""

from collections.abc import Iterator

import numpy as np

from study.common.text import short, some
from study.common.warning import Found
from study.datasets.dataset import Dataset
from study.recipes.columns import is_amount
from study.statistics.determination import determination, ranges_apart
from study.statistics.linear_dependence import Bases
from study.statistics.repeats import row_codes

# One variable explains more than this of the order of the target.
TOLD = 0.98
# Least squares explains more than this of the target.
FORMULA = 0.9999
# A variable without this part in a formula is none of its terms.
_TERM = 0.01
# Fewer different rows than these show no dependence of a shape that is not known,
FEWEST_ROWS = 20
# nor fewer than these beyond the terms of a formula.
_FEWEST_LEFT = 3


def telling(dataset: Dataset) -> list[int]:
    """Places of the variables that alone tell nearly the whole order of the target, or its range.

    The latter is what made of the target by thresholds tells.
    """
    alone = map(int, np.flatnonzero(_determination(dataset) > TOLD))
    return sorted({*alone, *_dividing(dataset)})


def told_by_one(dataset: Dataset) -> Iterator[Found]:
    """Variables that alone tell nearly the whole order of the target."""
    known = _determination(dataset)
    found = [
        f"{short(dataset.variables[place])} ({_below_one(known[place])})"
        for place in np.flatnonzero(known > TOLD)
    ]
    if found:
        name = short(dataset.recipe.target.name)
        yield Found(
            f"One variable alone gives nearly the whole order of {name} on the training rows, by "
            f"the R² of ranks: {some(found)}.",
            f"If it is {name} in another form, or known only after it, leave it out: beside it "
            "nothing else can matter.",
        )
    yield from _told_by_ranges(dataset)


def _told_by_ranges(dataset: Dataset) -> Iterator[Found]:
    """Variables whose levels, or few values, divide the target into ranges apart."""
    found = [dataset.variables[place] for place in _dividing(dataset)]
    if found:
        name = short(dataset.recipe.target.name)
        yield Found(
            f"The values of {some(found)} divide {name} on the training rows into ranges that do "
            "not overlap.",
            f"If it is {name} cut at some numbers, leave it out: what else matters shows within "
            "the ranges alone.",
        )


def _dividing(dataset: Dataset) -> list[int]:
    if len(np.unique(dataset.train_y)) <= FEWEST_ROWS:  # few values are divided by much
        return []
    x = dataset.to_variables(dataset.train_x)
    leveled = [
        not is_amount(variable) or len(np.unique(column)) <= FEWEST_ROWS
        for variable, column in zip(dataset.recipe.variables, x.T, strict=True)
    ]
    return [
        int(place)
        for place in np.flatnonzero(leveled)
        if ranges_apart(np.unique(x[:, place], return_inverse=True)[1], dataset.train_y)
    ]


def terms_of_formula(dataset: Dataset) -> list[int]:
    """Places of the variables of which the target is a linear function; none if it is not."""
    if dataset.task.classes:  # their numbers are no amounts
        return []
    distinct = int(row_codes(dataset.train_x).max()) + 1
    bases = Bases.of(dataset.train_x, dataset.groups)
    width = len(bases.owner)
    if distinct - width - 1 < _FEWEST_LEFT:
        return []
    r_squared, parts = bases.fitted(dataset.train_y)
    adjusted = 1 - (1 - r_squared) * (distinct - 1) / (distinct - width - 1)
    if adjusted <= FORMULA:
        return []
    return [int(place) for place in np.argsort(-parts, kind="stable") if parts[place] > _TERM]


def formula(dataset: Dataset) -> Iterator[Found]:
    """A target that is a linear function of variables."""
    terms = terms_of_formula(dataset)
    if not terms:
        return
    if len(terms) == 1 and _determination(dataset)[terms[0]] > TOLD:  # told already
        return
    name = short(dataset.recipe.target.name)
    yield Found(
        f"{name} is a linear function of {some([dataset.variables[place] for place in terms])} "
        f"on the training rows (R² above {FORMULA}).",
        f"If {name} is computed from them, importance tells that formula and nothing else: leave "
        "out what it is made of.",
    )


def _determination(dataset: Dataset) -> np.ndarray:
    """What each variable alone tells of the target, in rows of which each counts once."""
    codes = row_codes(dataset.train_x)
    counts = np.bincount(codes)
    if len(counts) < FEWEST_ROWS:
        return np.zeros(len(dataset.variables))
    firsts = np.unique(codes, return_index=True)[1]
    table = dataset.to_variables(dataset.train_x[firsts])
    found, weights = [], []
    for target in _amounts(dataset):
        found.append(determination(table, dataset.one_hot, np.bincount(codes, target) / counts))
        weights.append(target.var())
    return found[0] if len(found) == 1 else np.average(found, axis=0, weights=weights)


def _amounts(dataset: Dataset) -> list[np.ndarray]:
    """The target as an amount (rows,), or of more than two classes which rows are of each."""
    y = dataset.train_y.astype(np.float64)
    if dataset.task.outputs == 1:
        return [y]
    return [(y == place).astype(np.float64) for place in range(dataset.task.outputs)]


def _below_one(number: float) -> str:
    """A number near 1, never rounded up to it."""
    return f"{np.floor(number * 1000) / 1000:.3f}" if number < 1 else "1"
