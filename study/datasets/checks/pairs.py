"""Checks of variables that stand in for each other."""

from collections.abc import Iterator

import numpy as np

from study.common.text import short, some
from study.common.warning import Found
from study.datasets.dataset import Dataset
from study.statistics.linear_dependence import Bases

# A correlation from which on models trade one for the other (Dormann et al., 2013).
CORRELATED = 0.7
# A condition index that shows a strong dependence (Belsley, Kuh and Welsch, 1980).
CONDITION = 30
# Two variables with a greater correlation have that index by themselves.
_COPIES = (CONDITION**2 - 1) / (CONDITION**2 + 1)
# Among fewer rows, independent numbers may have such a correlation.
_FEWEST_ROWS = 20
# Of fewer rows for each column, independent columns may have that index.
_ROWS_FOR_EACH = 2


def correlated(dataset: Dataset) -> Iterator[Found]:
    """Pairs of variables that are strongly correlated."""
    if len(dataset.train_x) < _FEWEST_ROWS:
        return
    bases = Bases.of(dataset.train_x, dataset.groups)
    known = bases.canonical()
    first, second = np.nonzero(np.triu(bases.beyond_chance(known) > CORRELATED, 1))
    order = np.argsort(-np.abs(known[first, second]), kind="stable")
    found = [
        f"{short(dataset.variables[one])} and {short(dataset.variables[other])} "
        f"({known[one, other]:.2f})"
        for one, other in zip(first[order], second[order], strict=True)
    ]
    if found:
        yield Found(
            f"Correlations beyond {CORRELATED} on the training rows: {'; '.join(found[:5])}"
            f"{f'; and {len(found) - 5} more' if len(found) > 5 else ''}.",
            "Read such a pair as one: a model may give to either what is the other's. Run again "
            "without one of them, and compare.",
        )


def dependent(dataset: Dataset) -> Iterator[Found]:
    """Variables of which several together nearly determine each other, as pairs do not show."""
    bases = Bases.of(dataset.train_x, dataset.groups)
    copies = np.triu(np.abs(bases.canonical()) > _COPIES, 1).any(axis=0)
    kept = np.flatnonzero(~copies)
    bases = Bases.of(dataset.train_x, [dataset.groups[place] for place in kept])
    if len(dataset.train_x) < _ROWS_FOR_EACH * len(bases.owner):
        return
    index, parts = bases.condition(CONDITION)
    if index > CONDITION:
        found = [dataset.variables[place] for place in kept[parts >= min(0.5, parts.max())]]
        shown = f"{index:.0f}" if index < 1e4 else "beyond 10,000"
        yield Found(
            f"{some(found)} nearly determine each other on the training rows (condition index "
            f"{shown}).",
            "Do not read how importance is divided among them. Run again without one of them, and "
            "compare.",
        )
