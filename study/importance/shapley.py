"""Shapley values of predictions (Shapley, 1953; Lundberg and Lee, 2017), by variable.

Variables are the players of a game for each test row. A coalition is worth the mean prediction of
rows that have its variables' values from the test row, and all others from a background row: the
interventional form, in which variables outside are drawn without regard to those inside. The
columns of a variable stay together. What several rows of a game have alike is predicted once.

With few variables all coalitions are enumerated. With more, a variable's value is its mean gain in
some random orders, each taken forwards and backwards (antithetic: Mitchell, Cooper, Frank and
Holmes, 2022), the same for all rows and models.
"""

import math
from collections.abc import Collection, Sequence
from functools import partial

import numpy as np

from study.common.methods import SHAPLEY, method_of
from study.datasets.dataset import Dataset
from study.importance import row_weights
from study.importance.models import Models, Predict
from study.importance.players import Players, of_variables, partitions
from study.importance.sample import Sample
from study.importance.scores import Importance, of_classes

# The most variables of which all coalitions are enumerated.
MOST_ENUMERATED = 10
# Numbers that are held at once; each row is computed alone, so it changes no digit.
_AT_ONCE = 2**20
# Worths that are held at once of one model.
_WORTHS = 2**16


def importances(models: Models, wanted: Collection[str]) -> list[Importance]:
    """Mean absolute Shapley values of the variables over the test rows, and of their groups.

    Of more than two classes, those of each class's logit less the mean logit, and their sum.
    """
    data = models.dataset
    score = of_variables(data, partial(_mean_absolute, models))
    found = of_classes(SHAPLEY, score, None, data.task.levels)
    return [importance for importance in found if method_of(importance.method) in wanted]


def rows_predicted(dataset: Dataset) -> int:
    """How many rows are predicted for one network's Shapley values."""
    background, _ = background_of(dataset, Sample.of(dataset, ()))
    total = 0
    for groups in partitions(dataset):
        coalitions, drawn = _game(dataset, len(groups))[0], _levels(background, groups)
        others = [len(_different(drawn[~inside])[0]) for inside in coalitions]
        for some in _some_rows(len(dataset.test_y), len(coalitions)):
            own = _levels(dataset.test_x[some], groups)
            rows = [len(_different(own[inside])[0]) for inside in coalitions]
            total += int(np.dot(rows, others))
    return total


def background_of(dataset: Dataset, sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Training rows drawn by the recipe, and the share that each has in means over them.

    Returns (drawn, features) and (drawn,), or (models, drawn, ...) of each model's own rows.
    """
    settings = dataset.recipe.shapley
    rows = sample.train_x.shape[-2]
    order = np.random.default_rng(settings.random_state).permutation(rows)
    drawn = np.sort(order[: settings.background])
    x, weights = sample.train_x[..., drawn, :], sample.train_weights
    counts = np.ones(x.shape[:-1]) if weights is None else weights[..., drawn].astype(np.float64)
    return x, counts / counts.sum(axis=-1, keepdims=True)


def _mean_absolute(models: Models, groups: Players) -> np.ndarray:
    """(models, players), or (models, classes, players)."""
    data, x = models.dataset, models.sample.test_x
    coalitions, gains = _game(data, len(groups))
    background, shares = background_of(data, models.sample)
    rows, weights = x.shape[-2], models.sample.test_weights
    total = np.zeros(())
    for some in _some_rows(rows, len(coalitions)):
        own = x[..., some, :]
        games = worth(
            models.predict, own, background, shares, coalitions, groups, models.stack.size
        )
        absolute = np.stack([np.abs(values(of, gains)) for of in games])
        counts = row_weights.counts(weights, some.start, absolute)
        total = total + (absolute if counts is None else absolute * counts).sum(axis=1)
    return row_weights.mean(total, weights, rows)


def _some_rows(rows: int, coalitions: int) -> list[slice]:
    """The test rows that are explained at once."""
    size = max(_WORTHS // coalitions, 1)
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]


def _game(dataset: Dataset, players: int) -> tuple[np.ndarray, np.ndarray]:
    """Coalitions, and what counts of each for each player: see `enumerated`."""
    if players <= MOST_ENUMERATED:
        return enumerated(players)
    settings = dataset.recipe.shapley
    return sampled(players, settings.orders, settings.random_state)


def enumerated(players: int) -> tuple[np.ndarray, np.ndarray]:
    """All coalitions, and Shapley's weights of their worths.

    Returns (coalitions, players) bool, who is in each; and (coalitions, players) float64, whose
    product with the worths of the coalitions are the players' values.
    """
    numbers = np.arange(2**players)
    coalitions = (numbers[:, None] >> np.arange(players) & 1).astype(bool)
    sizes = coalitions.sum(axis=1)
    of_size = [1 / (players * math.comb(players - 1, size)) for size in range(players)]
    gained = np.array([0.0, *of_size])[sizes]  # where a player came last
    lost = np.array([*of_size, 0.0])[sizes]  # where one is still to come
    return coalitions, np.where(coalitions, gained[:, None], -lost[:, None])


def sampled(players: int, orders: int, random_state: int) -> tuple[np.ndarray, np.ndarray]:
    """The coalitions met in random orders of the players, as `enumerated` gives all of them.

    orders : how many are drawn, each of which is taken backwards, too
    """
    generator = np.random.default_rng(random_state)
    drawn = [generator.permutation(players) for _ in range(orders)]
    both = np.stack([order for one in drawn for order in (one, one[::-1])])
    places = np.argsort(both, axis=1)  # when each player comes
    met = places[:, None, :] < np.arange(players + 1)[:, None]
    coalitions, which = np.unique(met.reshape(-1, players), axis=0, return_inverse=True)
    which = which.reshape(len(both), players + 1)
    weights = np.zeros(coalitions.shape)
    for order, at in zip(both, which, strict=True):
        np.add.at(weights, (at[1:], order), 1 / len(both))
        np.add.at(weights, (at[:-1], order), -1 / len(both))
    return coalitions, weights


def worth(
    predict: Predict,
    x: np.ndarray,
    background: np.ndarray,
    shares: np.ndarray,
    coalitions: np.ndarray,
    groups: Sequence[Sequence[int]],
    models: int,
) -> np.ndarray:
    """The mean prediction of each row with a coalition's values, over the background.

    Parameters
    ----------
    predict : as Stack.predict
    x : (rows, features), or (models, rows, features); background : likewise
    shares : (background rows,), or (models, background rows)
        What each counts in the mean; they add up to 1.
    coalitions : (coalitions, players) bool
    groups : the column indices of each player

    Returns float64 (models, coalitions, rows), or (..., classes), each logit less the mean logit.
    """
    own, drawn = _levels(x, groups), _levels(background, groups)
    held = drawn.shape[1] * max(models, x.shape[-1]) * (models if x.ndim > 2 else 1)
    size = max(_AT_ONCE // held, 1)
    found = []
    for inside in coalitions:
        rows, row_of = _different(own[inside])
        others, other_of = _different(drawn[~inside])
        columns = [
            column for player, group in enumerate(groups) if inside[player] for column in group
        ]
        means = []
        for start in range(0, len(rows), size):
            some = x[..., rows[start : start + size], None, :][..., columns]
            tables = np.repeat(background[..., None, others, :], some.shape[-3], axis=-3)
            tables[..., columns] = some
            raw = predict(tables.reshape(*x.shape[:-2], -1, x.shape[-1]))
            by_row = raw.reshape(len(raw), -1, len(others), *raw.shape[2:]).take(other_of, axis=2)
            share = shares[..., None, :].reshape(-1, 1, len(other_of), *[1] * (by_row.ndim - 3))
            means.append((by_row * share).sum(axis=2))
        found.append(np.concatenate(means, axis=1)[:, row_of])
    worths = np.stack(found, axis=1)
    return worths if worths.ndim == 3 else worths - worths.mean(axis=3, keepdims=True)


def _levels(x: np.ndarray, groups: Sequence[Sequence[int]]) -> np.ndarray:
    """Which of its values each row has of each player: (players, rows), counted from 0.

    x : (rows, features), or (models, rows, features), where rows differ that do for some model
    """
    rows = np.moveaxis(x, -2, 0)
    return np.stack(
        [
            np.unique(rows[..., list(group)].reshape(len(rows), -1), axis=0, return_inverse=True)[1]
            for group in groups
        ]
    )


def _different(levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The places of rows that differ in some players, and which of these each row is like.

    levels : (players, rows), counted from 0
    """
    alike = np.zeros(levels.shape[1], dtype=int)
    for level in levels:
        _, first, alike = np.unique(
            alike * (level.max() + 1) + level, return_index=True, return_inverse=True
        )
        if len(first) == len(level):
            break
    return np.unique(alike, return_index=True)[1], alike


def values(worths: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The players' values in one model's games.

    worths : (coalitions, rows) or (coalitions, rows, classes); weights : (coalitions, players)

    Returns (rows, players) or (rows, classes, players).
    """
    return np.einsum("c...,cp->...p", worths, weights)
