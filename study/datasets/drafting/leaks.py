"""Variables that give the target away: which are left out, and which are not claimed."""

from collections.abc import Mapping

import numpy as np

from study.datasets.checks.target import FEWEST_ROWS, TOLD, telling, terms_of_formula
from study.datasets.dataset import Dataset
from study.datasets.raw_columns import Column
from study.statistics.determination import determination
from study.statistics.exact_functions import is_function, is_sum


def told(dataset: Dataset) -> list[str]:
    """The variables that alone tell nearly the whole order of the target, or its range (D004)."""
    return [dataset.variables[place] for place in telling(dataset)]


def told_where_known(dataset: Dataset, columns: Mapping[str, Column], target: Column) -> list[str]:
    """The numbers that tell nearly the whole order of a number where none is missing.

    What stands for a missing value, as for the logarithm of 0, hides them from `told`.
    """
    if dataset.task.classes:
        return []
    found = []
    for name in dataset.variables:
        if columns[name].missing.any() and not columns[name].others:
            numbers, goals = _known([columns[name]], target)
            enough = len(goals) >= FEWEST_ROWS and len(np.unique(goals)) > 1
            if enough and determination(numbers, np.array([False]), goals)[0] > TOLD:
                found.append(name)
    return [name for name in found if name not in told(dataset)]


def of_formula(dataset: Dataset) -> list[str]:
    """The variables of which the target is a linear function (D005), the weightiest first."""
    return [dataset.variables[place] for place in terms_of_formula(dataset)]


def leaks(dataset: Dataset, columns: Mapping[str, Column], target: Column) -> dict[str, str]:
    """The variables that are the target in another form, to rounding, each with what it is."""
    if dataset.task.classes:
        return {
            name: f"{target.name} by another name (D004)"
            for name in told(dataset)
            if _is_renamed(columns[name], target)
        }
    found = {}
    for name in [*told(dataset), *told_where_known(dataset, columns, target)]:
        numbers, goals = _known([columns[name]], target)
        if not columns[name].others and is_function(numbers[:, 0], goals):
            found[name] = f"a function of {target.name}, to rounding (D004)"
    terms = of_formula(dataset)
    if not found and not any(columns[name].others for name in terms):
        numbers, goals = _known([columns[name] for name in terms], target)
        if is_sum(numbers, goals):
            found = {
                name: f"{target.name} is computed from it by adding up {' and '.join(terms)} (D005)"
                for name in terms
            }
    return found


def _is_renamed(column: Column, target: Column) -> bool:
    """Whether each value of a column stands for one class, and each class for one value."""
    known = ~column.missing & ~target.missing
    values = (column.codes if column.others else column.numbers)[known]
    classes = target.codes[known]
    pairs = np.unique(np.column_stack([values, classes]), axis=0)
    return len(pairs) == len(np.unique(values)) == len(np.unique(classes))


def _known(columns: list[Column], target: Column) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the rows in which none is missing: (rows, columns), and those of the target."""
    numbers = np.column_stack([column.numbers for column in (*columns, target)])
    numbers = numbers[~np.isnan(numbers).any(axis=1)]
    return numbers[:, :-1], numbers[:, -1]
