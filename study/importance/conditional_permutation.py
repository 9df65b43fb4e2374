"""Importance of a variable given the others: its residuals are permuted in place of its values.

What a variable adds to the others is lost; what these tell of it stays (Strobl and others, 2008;
Chamma, Engemann and Thirion, 2023). Whatever a model predicts, a variable that is independent of
the target given the others has a mean drop of 0, as far as the residuals are such.
"""

from collections.abc import Collection, Sequence
from functools import partial

import numpy as np

from study.common.methods import CONDITIONAL_PERMUTATION
from study.datasets.dataset import Dataset
from study.importance.models import Models
from study.importance.permutation import Values, dropped, rows_of_tables
from study.importance.players import Players, of_variables, partitions
from study.importance.sample import Sample
from study.importance.scores import Importance
from study.recipes.columns import Date, Numeric
from study.statistics.conditional import Conditioned, Sampler


def importances(models: Models, wanted: Collection[str]) -> list[Importance]:
    """Mean drop in the score when a variable is permuted given the others, and groups of them."""
    if CONDITIONAL_PERMUTATION not in wanted:
        return []
    score = of_variables(models.dataset, partial(_dropped, models))
    return [Importance(CONDITIONAL_PERMUTATION, score, signed=None)]


def rows_predicted(dataset: Dataset) -> int:
    """How many rows are predicted for one network's scores."""
    return rows_of_tables(dataset, map(len, partitions(dataset)))


def sampler_of(dataset: Dataset) -> Sampler:
    """The one that the recipe names; else forests where numbers and levels stand side by side."""
    settings = dataset.recipe.conditional_permutation
    numbers = [isinstance(of, Numeric | Date) for of in dataset.recipe.variables]
    mixed = any(numbers) and not all(numbers)
    trees = mixed if settings.sampler is None else settings.sampler == "trees"
    return Sampler(trees, dataset.recipe.permutation.random_state)


def _dropped(models: Models, players: Players) -> np.ndarray:
    """(networks, players), each the columns of some variables."""
    data, sample = models.dataset, models.sample
    values = conditional(data, sample, players)
    return dropped(models.predict, data, sample, players, models.stack.at_once, values)


def conditional(dataset: Dataset, sample: Sample, players: Players) -> list[Values]:
    """What columns take at places: there, their player's residuals; of the rows, or each model's.

    players : columns that change places together, given all others
    """
    own_rows = sample.train_x.ndim > 2
    count = len(sample.train_x) if own_rows else 1
    found: list[Values] = []
    for model in range(count):
        train, test, weights = (
            of if of is None or not own_rows else of[model]
            for of in (sample.train_x, sample.test_x, sample.train_weights)
        )
        assert train is not None
        assert test is not None
        parts = _parts(dataset, players, train, test, weights)
        found.append(partial(_taken, test, parts))
    return found


def _taken(
    x: np.ndarray, parts: Sequence[tuple[list[int], Conditioned]], places: np.ndarray
) -> np.ndarray:
    """The values of rows of which some columns are given by residuals at other places."""
    rows = np.tile(np.arange(len(x)), len(places) // len(x))
    taken = x[rows]
    for columns, conditioned in parts:
        moved = np.flatnonzero(places[:, columns[0]] != rows)
        taken[moved[:, None], columns] = conditioned(rows[moved], places[moved, columns[0]])
    return taken


def _parts(
    dataset: Dataset,
    players: Players,
    train: np.ndarray,
    test: np.ndarray,
    weights: np.ndarray | None,
) -> list[tuple[list[int], Conditioned]]:
    """Of each variable its columns, given those of other players."""
    sampler = sampler_of(dataset)
    player_of = {column: list(player) for player in players for column in player}
    found = []
    for variable, group in zip(dataset.recipe.variables, dataset.groups, strict=True):
        others = np.delete(np.arange(train.shape[1]), player_of[group[0]])
        columns = list(group)
        learned, rows = (
            (of[:, others].astype(np.float64), of[:, columns].astype(np.float64))
            for of in (train, test)
        )
        if not isinstance(variable, Numeric | Date):
            draw = sampler.levels
        else:
            draw = sampler.gapped if variable.keeps_missing else sampler.numbers
        found.append((columns, draw(learned, rows, weights)))
    return found
