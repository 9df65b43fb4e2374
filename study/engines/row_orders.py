"""Which rows each replicate learns from and is tested on, and in which order it meets them.

`groups` says which rows belong together, or that they stand in time, as `statistics.exchanges` has
it.
"""

import math
from collections.abc import Sequence

import numpy as np

from study.common.conditions import PERMUTED, find_condition
from study.common.errors import InputError
from study.common.scikit_learn import scikit_learn
from study.common.streams import generator
from study.engines.replicates import Replicate
from study.statistics.exchanges import exchange, in_time

# Of rows in time, as many blocks are put together to halves: long ones, so that the dependence of
# rows ends within them, and few enough for a half to be trained on several.
TIME_BLOCKS = 8


class Orders:
    """The rows of the table that each replicate meets in an epoch.

    Rows are shuffled anew each epoch, each replicate's by its own stream. `rows`, `tested`,
    `groups` and `classes` are as for `assign_rows`.

    Attributes
    ----------
    rows : how many are met in an epoch: all but those `held_out`
    validation : two of (replicates, held_out), the rows whose inputs, and whose labels, are those
        of the validation rows
    """

    def __init__(
        self,
        replicates: Sequence[Replicate],
        rows: int,
        tested: int = 0,
        held_out: int = 0,
        groups: np.ndarray | None = None,
        classes: np.ndarray | None = None,
    ) -> None:
        row_of, label_of = assign_rows(replicates, rows, tested, groups, classes)
        trained_on, held = hold_out(replicates, row_of, held_out, groups)
        self.rows = rows - held_out
        self._assigned = row_of
        self.validation = _taken(row_of, held), _taken(label_of, held)
        self._row_of, self._label_of = _taken(row_of, trained_on), _taken(label_of, trained_on)
        seeds, self._stream_of = np.unique(
            [replicate.streams.order for replicate in replicates], return_inverse=True
        )
        self._streams = [generator(int(seed), "order") for seed in seeds]

    def epochs(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The rows whose inputs, and whose labels, come one after another in the next epochs.

        Two of (epochs, replicates, rows).
        """
        drawn = np.array(
            [[stream.permutation(self.rows) for stream in self._streams] for _ in range(count)]
        )
        order = drawn[:, self._stream_of]
        return _taken(self._row_of, order), _taken(self._label_of, order)

    def weight_scales(self, weights: np.ndarray) -> np.ndarray:
        """What the `weights` of all rows are multiplied by: (replicates,), float32.

        So that those of each replicate's training rows have mean 1. Raises InputError.
        """
        return np.array([_scale(weights[rows]) for rows in self._assigned], dtype=np.float32)


def scaled(weights: np.ndarray) -> np.ndarray:
    """The weights of training rows, of mean 1. Raises InputError."""
    return weights * _scale(weights)


def _scale(weights: np.ndarray) -> float:
    mean = weights.mean(dtype=np.float64)
    if not mean > 0:
        raise InputError("all training rows have weight 0: give some of them a weight")
    return float(1 / mean)


def _taken(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Of the rows of each replicate, (replicates, rows), those at its places: (..., places)."""
    return rows[np.arange(len(rows))[:, None], places]


def assign_rows(
    replicates: Sequence[Replicate],
    rows: int,
    tested: int = 0,
    groups: np.ndarray | None = None,
    classes: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Which row of the table a replicate's i-th input and its i-th label come from.

    The table has so many training rows, and then so many that are `tested`; of `groups`
    (rows + tested,), rows of one number stay together. `classes` (rows + tested,) are those of
    targets that are classes. Two of (replicates, rows): replicates that have fewer meet them again
    and again, so that all take as many steps.
    """
    row_of, label_of = [], []
    for replicate in replicates:
        own = rows_of(replicate, rows, tested, groups, classes)[0]
        row_of.append(np.resize(own, rows))
        label_of.append(np.resize(labels_of(replicate, own, groups), rows))
    return np.stack(row_of), np.stack(label_of)


def hold_out(
    replicates: Sequence[Replicate],
    row_of: np.ndarray,
    count: int,
    groups: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The places in `row_of` of the rows that are trained on, and of `count` validation rows.

    Two of (replicates, rows - count) and (replicates, count). Of a replicate that has copies of
    rows, as a bootstrap has, as large a part of its different rows is held out, no copy of which
    is trained on; rows on either side come again, so that there are as many as ever. Of rows in
    groups, as large a part of the groups is; of rows in time, of the times, the last. Raises
    InputError.
    """
    parts = [_hold_out(*of, count, groups) for of in zip(replicates, row_of, strict=True)]
    trained_on, held = zip(*parts, strict=True)
    return np.stack(trained_on), np.stack(held)


def _hold_out(
    replicate: Replicate, rows: np.ndarray, count: int, groups: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    if count == 0:
        return np.arange(len(rows)), np.arange(0)
    kin = rows if groups is None else groups[rows]
    known, places = np.unique(kin, return_index=True)
    own = max(round(count * len(places) / len(rows)), 1)
    if len(places) <= own:
        different = "different training rows" if groups is None else "groups of training rows"
        different = "times of training rows" if in_time(groups) else different
        raise InputError(
            f"training.patience: of {len(places)} {different}, {own} cannot be held "
            "out; leave patience out, or give more rows"
        )
    if in_time(groups):
        held = np.flatnonzero(kin >= known[-own])
        return np.resize(np.flatnonzero(kin < known[-own]), len(rows) - count), np.resize(
            held, count
        )
    drawing = generator(replicate.streams.order, "stopping")
    held = drawing.choice(np.sort(places), own, replace=False)
    left = np.flatnonzero(~np.isin(kin, kin[held]))
    if groups is not None:
        held = np.flatnonzero(np.isin(kin, kin[held]))
    return np.resize(left, len(rows) - count), np.resize(held, count)


def rows_of(
    replicate: Replicate,
    rows: int,
    tested: int,
    groups: np.ndarray | None = None,
    classes: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The training rows and the test rows of a replicate, of a table as for `assign_rows`.

    No more training rows than the table has, so that engines that train by steps and others learn
    from the same. Raises InputError.
    """
    streams = replicate.streams
    if streams.split is not None:
        train, test = half_rows(streams.split, rows, tested, groups, classes)
        return train[:rows], test
    if streams.rows is None:
        return np.arange(rows), np.arange(rows, rows + tested)
    if in_time(groups):
        return _blocks(streams.rows, rows), np.arange(rows, rows + tested)
    return _bootstrap(streams.rows, rows, tested, groups)


def _bootstrap(
    seed: int, rows: int, tested: int, groups: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Training rows drawn with replacement, and as many test rows among those left out.

    Of rows in groups, as many groups as there are training groups are drawn, each with all its
    training rows.
    """
    drawing = generator(seed, "rows")
    if groups is None:
        drawn = drawing.integers(rows, size=rows)
        left_out = np.setdiff1d(np.arange(rows + tested), drawn)
    else:
        known, of_training = np.unique(groups[:rows], return_inverse=True)
        chosen = drawing.integers(len(known), size=len(known))
        drawn = _of_groups(of_training, chosen)[:rows]
        left_out = np.flatnonzero(~np.isin(groups, known[chosen]))
        if len(left_out) < 2:  # one has no R²
            raise InputError("a bootstrap of groups left no rows to be tested on: give more groups")
    # As many as ever, so that a drop in R² stays what it is.
    count = min(tested, len(left_out))
    return drawn, np.sort(drawing.choice(left_out, count, replace=False))


def _blocks(seed: int, rows: int) -> np.ndarray:
    """Training rows in blocks that are drawn with replacement, the first row following the last.

    The circular block bootstrap (Politis and Romano, 1992, in Exploring the Limits of Bootstrap),
    its blocks as long as the cube root of the number of rows, the order that is best for variances
    (Hall, Horowitz and Jing, 1995, Biometrika 82).
    """
    length = math.ceil(math.cbrt(rows))
    starts = generator(seed, "rows").integers(rows, size=math.ceil(rows / length))
    return ((starts[:, None] + np.arange(length)) % rows).ravel()[:rows]


def labels_of(
    replicate: Replicate, rows: np.ndarray, groups: np.ndarray | None = None
) -> np.ndarray:
    """Which rows the labels of a replicate's training rows come from."""
    if find_condition(replicate.condition).labels != PERMUTED:
        return rows
    drawing = generator(replicate.streams.labels, "labels")
    return drawing.permutation(rows) if groups is None else rows[exchange(groups[rows], drawing)]


def half_rows(
    half: int,
    rows: int,
    tested: int,
    groups: np.ndarray | None = None,
    classes: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The training rows and the test rows of a half of all rows, numbered as streams are.

    scikit-learn's ShuffleSplit draws both halves, with the number of the split as random_state;
    the last rows of a half are its test rows, as large a part of it as of all rows. Of rows in
    `groups` (rows + tested,), groups are drawn in place of rows, each with all its rows; of rows in
    time, TIME_BLOCKS blocks of them, the last ones of a half being its test rows. Otherwise, rows
    of `classes` (rows + tested,) are drawn by StratifiedShuffleSplit, first the halves and then
    the test rows of each, so that no half lacks a class.
    """
    if classes is not None and groups is None:
        return _half_of_classes(half, classes, *half_sizes(rows, tested))
    size, held = half_sizes(rows, tested, groups)
    group_of = np.arange(rows + tested) if groups is None else units(groups)
    splitter = scikit_learn("model_selection", "ShuffleSplit")(
        n_splits=1, train_size=size, test_size=size, random_state=half // 2
    )
    (halves,) = splitter.split(np.zeros(group_of.max() + 1))
    own = np.sort(halves[half % 2]) if in_time(groups) else halves[half % 2]
    train, test = own[: size - held], own[size - held :]
    if groups is None:
        return train, test
    return _of_groups(group_of, train), _of_groups(group_of, test)


def _half_of_classes(
    half: int, classes: np.ndarray, size: int, held: int
) -> tuple[np.ndarray, np.ndarray]:
    own = _stratified(classes, size, size, half // 2)[half % 2]
    train, test = _stratified(classes[own], size - held, held, half // 2)
    return own[train], own[test]


def _stratified(
    classes: np.ndarray, first: int, second: int, random_state: int
) -> tuple[np.ndarray, np.ndarray]:
    """Places of two parts of so many rows; of each class as many as chance would give.

    Without regard to classes where one has a single row, or a part has fewer rows than there are.
    """
    counts = np.unique(classes, return_counts=True)[1]
    divided = counts.min() > 1 and min(first, second) >= len(counts)
    name = "StratifiedShuffleSplit" if divided else "ShuffleSplit"
    splitter = scikit_learn("model_selection", name)(
        n_splits=1, train_size=first, test_size=second, random_state=random_state
    )
    ((one, other),) = splitter.split(classes, classes)
    return one, other


def half_sizes(rows: int, tested: int, groups: np.ndarray | None = None) -> tuple[int, int]:
    """How many rows, or groups or blocks, a half of all has, and how many of them are for tests.

    Two at least, since one row has no R²; of blocks one.
    """
    size = (rows + tested if groups is None else len(np.unique(units(groups)))) // 2
    return size, max(round(size * tested / (rows + tested)), 1 if in_time(groups) else 2)


def units(groups: np.ndarray) -> np.ndarray:
    """Of what halves are put together: the number of each row's group, or block, from 0.

    Blocks have as many rows each, but that rows of one time are of one.
    """
    if not in_time(groups):
        return np.unique(groups, return_inverse=True)[1]
    blocks = TIME_BLOCKS * np.searchsorted(groups, groups) // len(groups)
    return np.unique(blocks, return_inverse=True)[1]


def _of_groups(group_of: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The rows of the chosen groups, group after group; `group_of` (rows,) counts from 0."""
    ends = np.cumsum(np.bincount(group_of))[:-1]
    members = np.split(np.argsort(group_of, kind="stable"), ends)
    return np.concatenate([members[group] for group in chosen])
