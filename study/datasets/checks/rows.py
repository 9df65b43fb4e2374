"""Checks of rows: those that training and test share, and those that belong together."""

from collections.abc import Iterator

import numpy as np

from study.common.warning import Found
from study.datasets.dataset import Dataset
from study.statistics.exchanges import lone, part_within
from study.statistics.repeats import shared_rows


def shared(dataset: Dataset) -> Iterator[Found]:
    """Test rows that training holds, too, more of them than few values would give by chance."""
    train, test = (dataset.to_variables(x) for x in (dataset.train_x, dataset.test_x))
    numeric = ~dataset.one_hot
    by_features = shared_rows(train, test, numeric)
    with_target = shared_rows(
        np.column_stack([train, dataset.train_y]),
        np.column_stack([test, dataset.test_y]),
        np.append(numeric, True),
    )
    if by_features.exceeds_chance or with_target.exceeds_chance:
        yield Found(
            f"{by_features.shared.sum()} of {len(test)} test rows equal a training row in every "
            f"feature, {with_target.shared.sum()} in the target, too; of all "
            f"{len(train) + len(test)} rows, {by_features.distinct} are distinct.",
            "Remove repeated rows, or keep them on one side of every split (equal_rows = "
            '"together" in the recipe); if one subject was measured several times, name the column '
            "that tells which by groups. A given split parts them all the same: give another.",
        )


def parted(dataset: Dataset) -> Iterator[Found]:
    """Groups by a column that a given split parts; equal rows are told of by `shared`."""
    if dataset.row_groups is None or dataset.recipe.groups is None:
        return
    train, test = np.split(dataset.row_groups, [len(dataset.train_y)])
    both = np.intersect1d(train, test)
    if len(both):
        yield Found(
            f"{len(both)} of {len(np.unique(dataset.row_groups))} groups "
            f"({dataset.recipe.kept_together}) have training rows and test rows, by the split that "
            f"is given; {np.isin(test, both).sum()} of {len(test)} test rows are of these.",
            "Give a split that parts no group, or leave it out and have test rows drawn (test and "
            "random_state under [split]). Random halves part none.",
        )


def shuffled_nearly(dataset: Dataset) -> Iterator[Found]:
    """Groups of a size of their own, whose shuffled targets are left out or come again."""
    if dataset.group_counts is None or dataset.row_groups is None:
        return
    groups = dataset.row_groups[: len(dataset.train_y)]
    sizes = np.unique(groups, return_counts=True)[1]
    alone = np.isin(groups, np.unique(groups)[lone(sizes)])
    target = dataset.train_y[alone, None].astype(np.float64)
    if lone(sizes).sum() > 1 and part_within(target, groups[alone]) > 0:
        yield Found(
            f"{lone(sizes).sum()} of {len(sizes)} groups of training rows "
            f"({dataset.recipe.kept_together}) have a number of rows that no other has: where "
            "targets are shuffled, these change with each other, and targets are left out or come "
            "again.",
            "The p-value of 'above chance' is then nearly, not exactly, right.",
        )
