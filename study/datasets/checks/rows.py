"""Checks of rows: those that training and test share."""

from collections.abc import Iterator

import numpy as np

from study.common.warning import Found
from study.datasets.dataset import Dataset
from study.statistics.repeats import shared_rows


def shared(dataset: Dataset) -> Iterator[Found]:
    """Test rows that training holds, too, more of them than few values would give by chance."""
    train, test = (dataset.to_variables(x) for x in (dataset.train_x, dataset.test_x))
    numeric = np.array([len(group) == 1 for group in dataset.groups])
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
            "Remove repeated rows; or if one subject was measured several times, keep its rows "
            "together: name training and test rows in a column (column under [split]).",
        )
