"""Checks of what the test rows hold of each feature."""

from collections.abc import Iterator

import numpy as np

from study.common.text import short, some
from study.common.warning import Found
from study.datasets.dataset import Dataset

# Fewer rows than these, and than this part of all test rows, are few.
FEWEST = 5
FEWEST_PART = 0.1
_ADVICE = (
    "Choose test rows in which it varies more (random_state or column under [split]), or claim "
    "nothing of it."
)


def constant(dataset: Dataset) -> Iterator[Found]:
    """Features of which all test rows hold the same value."""
    others = _others(dataset.test_x)
    found = [dataset.features[place] for place in np.flatnonzero(others == 0)]
    if found:
        yield Found(
            f"All {len(dataset.test_x)} test rows hold the same value of {some(found)}: "
            "permutation importance there is 0 by any model.",
            _ADVICE,
        )


def nearly_constant(dataset: Dataset) -> Iterator[Found]:
    """Features of which all but a few test rows hold the same value."""
    rows, others = len(dataset.test_x), _others(dataset.test_x)
    few = np.flatnonzero((others > 0) & (others < min(FEWEST, FEWEST_PART * rows)))
    if len(few):
        found = [f"{short(dataset.features[place])} ({others[place]})" for place in few]
        yield Found(
            f"Few of {rows} test rows hold another value than the rest, and all that is measured "
            f"there rests on them: {some(found)}.",
            _ADVICE,
        )


def _others(x: np.ndarray) -> np.ndarray:
    """How many rows hold another value than the most frequent one: (features,)."""
    return np.array(
        [len(x) - np.unique(column, return_counts=True)[1].max() for column in x.T], dtype=int
    )
