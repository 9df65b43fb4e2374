"""Which rows each replicate learns from and is tested on, and in which order it meets them."""

from collections.abc import Sequence

import numpy as np

from study.common.conditions import PERMUTED, find_condition
from study.common.errors import InputError
from study.common.scikit_learn import scikit_learn
from study.common.streams import generator
from study.engines.replicates import Replicate


class Orders:
    """The rows of the table that each replicate meets in an epoch.

    Rows are shuffled anew each epoch, each replicate's by its own stream. `rows` and `tested`
    are as for `assign_rows`.

    Attributes
    ----------
    rows : how many are met in an epoch: all but those `held_out`
    validation : two of (replicates, held_out), the rows whose inputs, and whose labels, are those
        of the validation rows
    """

    def __init__(
        self, replicates: Sequence[Replicate], rows: int, tested: int = 0, held_out: int = 0
    ) -> None:
        row_of, label_of = assign_rows(replicates, rows, tested)
        trained_on, held = hold_out(replicates, row_of, held_out)
        self.rows = rows - held_out
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


def _taken(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Of the rows of each replicate, (replicates, rows), those at its places: (..., places)."""
    return rows[np.arange(len(rows))[:, None], places]


def assign_rows(
    replicates: Sequence[Replicate], rows: int, tested: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Which row of the table a replicate's i-th input and its i-th label come from.

    The table has so many training rows, and then so many that are `tested`. Two of
    (replicates, rows): replicates that have fewer meet them again and again, so that all take
    as many steps.
    """
    row_of, label_of = [], []
    for replicate in replicates:
        own = rows_of(replicate, rows, tested)[0]
        row_of.append(np.resize(own, rows))
        label_of.append(np.resize(labels_of(replicate, own), rows))
    return np.stack(row_of), np.stack(label_of)


def hold_out(
    replicates: Sequence[Replicate], row_of: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The places in `row_of` of the rows that are trained on, and of `count` validation rows.

    Two of (replicates, rows - count) and (replicates, count). Of a replicate that has copies of
    rows, as a bootstrap has, as large a part of its different rows is held out, no copy of which
    is trained on; rows on either side come again, so that there are as many as ever. Raises
    InputError.
    """
    parts = [_hold_out(*of, count) for of in zip(replicates, row_of, strict=True)]
    trained_on, held = zip(*parts, strict=True)
    return np.stack(trained_on), np.stack(held)


def _hold_out(replicate: Replicate, rows: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    if count == 0:
        return np.arange(len(rows)), np.arange(0)
    _, places = np.unique(rows, return_index=True)
    own = max(round(count * len(places) / len(rows)), 1)
    if len(places) <= own:
        raise InputError(
            f"training.patience: of {len(places)} different training rows, {own} cannot be held "
            "out; leave patience out, or give more rows"
        )
    drawing = generator(replicate.streams.order, "stopping")
    held = drawing.choice(np.sort(places), own, replace=False)
    left = np.flatnonzero(~np.isin(rows, rows[held]))
    return np.resize(left, len(rows) - count), np.resize(held, count)


def rows_of(replicate: Replicate, rows: int, tested: int) -> tuple[np.ndarray, np.ndarray]:
    """The training rows and the test rows of a replicate, of such a table."""
    streams = replicate.streams
    if streams.split is not None:
        return half_rows(streams.split, rows, tested)
    if streams.rows is None:
        return np.arange(rows), np.arange(rows, rows + tested)
    drawing = generator(streams.rows, "rows")
    drawn = drawing.integers(rows, size=rows)
    # As many as ever, so that a drop in R² stays what it is.
    left_out = np.setdiff1d(np.arange(rows + tested), drawn)
    return drawn, np.sort(drawing.choice(left_out, tested, replace=False))


def labels_of(replicate: Replicate, rows: np.ndarray) -> np.ndarray:
    """Which rows the labels of a replicate's training rows come from."""
    if find_condition(replicate.condition).labels != PERMUTED:
        return rows
    return generator(replicate.streams.labels, "labels").permutation(rows)


def half_rows(half: int, rows: int, tested: int) -> tuple[np.ndarray, np.ndarray]:
    """The training rows and the test rows of a half of all rows, numbered as streams are.

    scikit-learn's ShuffleSplit draws both halves, with the number of the split as random_state;
    the last rows of a half are its test rows, as large a part of it as of all rows.
    """
    size, held = half_sizes(rows, tested)
    splitter = scikit_learn("model_selection", "ShuffleSplit")(
        n_splits=1, train_size=size, test_size=size, random_state=half // 2
    )
    (halves,) = splitter.split(np.zeros(rows + tested))
    own = halves[half % 2]
    return own[: size - held], own[size - held :]


def half_sizes(rows: int, tested: int) -> tuple[int, int]:
    """How many rows a half of all rows has, and how many of them are test rows.

    Two at least, since one has no R².
    """
    size = (rows + tested) // 2
    return size, max(round(size * tested / (rows + tested)), 2)
