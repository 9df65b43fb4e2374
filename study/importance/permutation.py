"""Permutation importance of many networks at once, by scikit-learn (Breiman, 2001).

scikit-learn permutes a table of the rows' own places, which networks look up in their rows: so
networks that are tested on different rows meet the same permutations. Where rows depend on each
other, each permutation becomes one that keeps how they do (`statistics.exchanges`): rows in time
are shifted; rows in groups change places within these, or whole groups do, where most of what a
variable varies lies between groups, as all of it does where it is constant within them.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import repeat

import numpy as np

from study.common.methods import GROUPED_PERMUTATION, PERMUTATION
from study.common.scikit_learn import scikit_learn
from study.datasets.dataset import Dataset
from study.importance.models import Models, Predict
from study.importance.sample import Sample
from study.importance.scores import Importance
from study.importance.scoring import score_of
from study.recipes.claim import Permutation
from study.statistics.exchanges import between, in_time, part_within, shift, within

# From places (n, features) among the rows: the values (n, features) that columns take there.
Values = Callable[[np.ndarray], np.ndarray]


def importances(models: Models, wanted: Collection[str]) -> list[Importance]:
    """What is wanted of both permutation methods; without one-hot groups they are the same."""
    arguments = models.predict, models.dataset, models.sample
    at_once = models.stack.at_once
    found = []
    if PERMUTATION in wanted or not models.dataset.grouped:
        found.append(permutation(*arguments, at_once=at_once))
    if models.dataset.grouped:
        by_variable = grouped_permutation(*arguments, at_once=at_once)
    else:
        by_variable = replace(found[0], method=GROUPED_PERMUTATION)
    if models.dataset.recipe.variable_groups:
        of_groups = variable_group_permutation(*arguments, at_once=at_once)
        both = np.concatenate([by_variable.score, of_groups], axis=1)
        by_variable = replace(by_variable, score=both)
    return [importance for importance in (*found, by_variable) if importance.method in wanted]


def rows_predicted(dataset: Dataset) -> int:
    """How many rows are predicted for one network's permutation importances."""
    by_variable = len(dataset.variables) if dataset.grouped else 0
    counts = [count for count in (len(dataset.features), by_variable, len(dataset.blocks)) if count]
    return rows_of_tables(dataset, counts)


def rows_of_tables(dataset: Dataset, counts: Iterable[int]) -> int:
    """Rows of the tables that are predicted where so many columns, of each count, are permuted."""
    repeats = dataset.recipe.permutation.repeats
    return len(dataset.test_y) * sum(1 + repeats * count for count in counts)


def permutation(
    predict: Predict, dataset: Dataset, sample: Sample, *, at_once: int = 0
) -> Importance:
    """Mean drop in the score on the test rows when one feature's column is permuted.

    `predict` is as Stack.predict. Every network meets the same permutations, so differences
    between networks are their own. It is called with all permuted tables as one where they hold
    at most `at_once` numbers: for a `predict` that takes long to start.
    """
    columns = [[column] for column in range(len(dataset.features))]
    scores = dropped(predict, dataset, sample, columns, at_once, marginal(sample.test_x))
    return Importance(PERMUTATION, scores, signed=None)


def grouped_permutation(
    predict: Predict, dataset: Dataset, sample: Sample, *, at_once: int = 0
) -> Importance:
    """The same by variable: the columns of a one-hot group are permuted as one."""
    values = marginal(sample.test_x)
    scores = dropped(predict, dataset, sample, dataset.groups, at_once, values)
    return Importance(GROUPED_PERMUTATION, scores, signed=None)


def variable_group_permutation(
    predict: Predict, dataset: Dataset, sample: Sample, *, at_once: int = 0
) -> np.ndarray:
    """The same of each group of variables, all columns of which are permuted as one.

    (networks, groups of variables)
    """
    blocks, values = dataset.blocks, marginal(sample.test_x)
    scores = dropped(predict, dataset, sample, list(blocks.values()), at_once, values)
    return scores[:, [list(blocks).index(name) for name in dataset.recipe.variable_groups]]


def marginal(x: np.ndarray) -> list[Values]:
    """The values that stand at places: of rows (rows, features), or of each model's own."""
    return [partial(_standing, own) for own in (x if x.ndim > 2 else x[None])]


def _standing(x: np.ndarray, places: np.ndarray) -> np.ndarray:
    return x[places, np.arange(x.shape[1])]


def dropped(
    predict: Predict,
    dataset: Dataset,
    sample: Sample,
    groups: Sequence[Sequence[int]],
    at_once: int,
    values: Sequence[Values],
) -> np.ndarray:
    """Mean drop in the score when the columns of a group are permuted: (networks, groups).

    values : of the rows, or of each model's own, what columns take at places
    """
    y, rows = sample.test_y, sample.test_x.shape[-2]
    group_of = np.zeros(sample.test_x.shape[-1], dtype=np.intp)
    for place, group in enumerate(groups):
        group_of[list(group)] = place
    whole = _mostly_between(dataset)

    def predict_at(places: np.ndarray) -> np.ndarray:
        return predict(_tables(places[:, group_of], sample, whole, values))

    settings = dataset.recipe.permutation
    places = np.tile(np.arange(rows)[:, None], len(groups))
    few = (1 + settings.repeats * len(groups)) * sample.test_x.size <= at_once
    score = score_of(dataset)
    return (_scores_at_once if few else _scores)(
        predict_at, places, lambda raw: score(y, raw, sample.test_weights), settings
    )


def _tables(
    places: np.ndarray, sample: Sample, whole: np.ndarray, values: Sequence[Values]
) -> np.ndarray:
    """What columns take at some places (places, features): the same, or for each model.

    whole : as of `_arranged`
    """
    groups = sample.test_groups
    each = repeat(groups) if groups is None or groups.ndim == 1 else groups
    found = [
        own(places if of is None else _arranged(places, of, whole))
        for own, of in zip(values, each, strict=False)
    ]
    return np.stack(found) if sample.test_x.ndim > 2 else found[0]


def _mostly_between(dataset: Dataset) -> np.ndarray:
    """Of which features most of what their variable varies lies between groups: (features,) bool.

    Of none where rows are in no groups.
    """
    found = np.zeros(len(dataset.features), dtype=bool)
    groups = dataset.row_groups
    if groups is not None and not in_time(groups):
        x = dataset.pooled[0].astype(np.float64)
        for group in map(list, dataset.groups):
            found[group] = part_within(x[:, group], groups) < 0.5
    return found


def _arranged(places: np.ndarray, groups: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Places of tables, one below the other, as rows that depend on each other change theirs.

    places : (tables * rows, features); groups : (rows,); whole : (features,), which change places
    by whole groups
    """
    rows, features = len(groups), places.shape[1]
    tables = places.reshape(-1, rows, features).swapaxes(1, 2).copy()
    moved = (tables != np.arange(rows)).any(axis=2)
    if in_time(groups):
        tables[moved] = shift(tables[moved])
    else:
        tables[moved & whole] = between(tables[moved & whole], groups)
        tables[moved & ~whole] = within(tables[moved & ~whole], groups)
    return tables.swapaxes(1, 2).reshape(-1, features)


class _Networks:
    """What scikit-learn asks of an estimator, for networks that are trained already."""

    def __init__(self, predict: Predict) -> None:
        self.predict = predict

    def fit(self, *_: object) -> None:
        raise NotImplementedError("the networks are trained already")


def _scores(
    predict_at: Predict,
    places: np.ndarray,
    score: Callable[[np.ndarray], np.ndarray],
    settings: Permutation,
) -> np.ndarray:
    """Mean drop in the score over the repeats: (networks, columns of `places`)."""

    def score_each(networks: _Networks, places: np.ndarray, _: object) -> dict[int, float]:
        """The score of each network: scikit-learn keeps the entries of a scorer's dict apart."""
        return dict(enumerate(score(networks.predict(places))))

    result = scikit_learn("inspection", "permutation_importance")(
        _Networks(predict_at),
        places,
        np.zeros(len(places)),  # a scorer gets one target a row, and networks may have their own
        scoring=score_each,
        n_repeats=settings.repeats,
        random_state=settings.random_state,
    )
    return np.stack([result[network].importances_mean for network in sorted(result)])


def _scores_at_once(
    predict_at: Predict,
    places: np.ndarray,
    score: Callable[[np.ndarray], np.ndarray],
    settings: Permutation,
) -> np.ndarray:
    """The same, by one prediction for every table that scikit-learn will ask for."""
    tables: list[np.ndarray] = []

    def note(table: np.ndarray) -> np.ndarray:
        tables.append(table.copy())  # scikit-learn goes on to permute it
        return np.zeros((1, len(table)))

    _scores(note, places, lambda _: np.zeros(1), settings)
    predictions = iter(np.split(predict_at(np.concatenate(tables)), len(tables), axis=1))
    return _scores(lambda _: next(predictions), places, score, settings)
