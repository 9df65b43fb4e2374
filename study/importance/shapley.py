"""Shapley values of predictions (Shapley, 1953; Lundberg and Lee, 2017), by variable.

Variables are the players of a game for each test row. A coalition is worth the mean prediction of
rows that have its variables' values from the test row, and all others from a background row: the
interventional form, in which variables outside are drawn without regard to those inside. The
columns of a variable stay together.

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
    background = min(dataset.recipe.shapley.background, len(dataset.train_y))
    games = sum(len(_game(dataset, len(players))[0]) for players in partitions(dataset))
    return len(dataset.test_y) * background * games


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
    size = max(_AT_ONCE // (models.stack.size * len(coalitions) * data.task.outputs), 1)
    total = np.zeros(())
    for start in range(0, rows, size):
        own = x[..., start : start + size, :]
        games = worth(
            models.predict, own, background, shares, coalitions, groups, models.stack.size
        )
        absolute = np.stack([np.abs(values(of, gains)) for of in games])
        counts = row_weights.counts(weights, start, absolute)
        total = total + (absolute if counts is None else absolute * counts).sum(axis=1)
    return row_weights.mean(total, weights, rows)


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
    inside = np.zeros((len(coalitions), x.shape[-1]), dtype=bool)
    for player, group in enumerate(groups):
        inside[:, list(group)] = coalitions[:, [player]]
    rows, drawn = x.shape[-2], background.shape[-2]
    which, row = np.divmod(np.arange(len(coalitions) * rows), rows)
    size = max(_AT_ONCE // (drawn * max(models, x.shape[-1]) * (models if x.ndim > 2 else 1)), 1)
    per_model = np.broadcast_to(shares, (models, drawn))
    found = []
    for start in range(0, len(row), size):
        some = slice(start, start + size)
        taken = x[..., row[some], None, :]
        tables = np.where(inside[which[some], None], taken, background[..., None, :, :])
        raw = predict(tables.reshape(*x.shape[:-2], -1, x.shape[-1]))
        by_table = raw.reshape(len(raw), -1, drawn, *raw.shape[2:])
        share = per_model.reshape(models, 1, drawn, *[1] * (by_table.ndim - 3))
        found.append((by_table * share).sum(axis=2))
    worths = np.concatenate(found, axis=1).reshape(models, len(coalitions), rows, *raw.shape[2:])
    return worths if worths.ndim == 3 else worths - worths.mean(axis=3, keepdims=True)


def values(worths: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The players' values in one model's games.

    worths : (coalitions, rows) or (coalitions, rows, classes); weights : (coalitions, players)

    Returns (rows, players) or (rows, classes, players).
    """
    return np.einsum("c...,cp->...p", worths, weights)
