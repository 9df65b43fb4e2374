"""Variables, and the groups of them that a recipe names, as what loses its values together."""

from collections.abc import Callable, Sequence

import numpy as np

from study.datasets.dataset import Dataset

# The columns of each of some variables, or blocks of them, that are all columns together.
Players = Sequence[Sequence[int]]


def partitions(dataset: Dataset) -> list[Players]:
    """The variables; and where the recipe names groups of them, its blocks."""
    blocks = dataset.blocks
    return [dataset.groups, *([list(blocks.values())] if blocks else [])]


def of_variables(dataset: Dataset, scored: Callable[[Players], np.ndarray]) -> np.ndarray:
    """Scores of the variables, and after them of the named groups, each among its like.

    scored : gives the scores (..., players) of each partition
    """
    by_variable, *by_block = map(scored, partitions(dataset))
    if not by_block:
        return by_variable
    blocks = list(dataset.blocks)
    places = [blocks.index(name) for name in dataset.recipe.variable_groups]
    return np.concatenate([by_variable, by_block[0][..., places]], axis=-1)
