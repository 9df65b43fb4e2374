"""How far one variable alone tells the order of a target, whatever the shape."""

import numpy as np

from study.statistics.ranking import ranks

# In which rows that hold the same value follow each other.
_SEED = 0
FEWEST_OF_LEVEL = 5


def determination(table: np.ndarray, levels: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The part of the variance of the target's ranks that each variable explains: (variables,).

    What is left is estimated without a model of the shape: where rows share values, within
    each value, as an adjusted R² of its means; else from rows that follow each other in the
    order of the variable, each held against the mean of its two neighbours (Gasser, Sroka and
    Jennen-Steinmetz, 1986). About 0 for a variable that has nothing to do with the target, and 1
    for one of which it is a smooth function. Ranks keep a few extreme values from deciding.

    table : (rows, variables), three rows at least, levels as numbers
    levels : (variables,), whether its numbers are levels, which have no order
    y : (rows,), not all the same
    """
    place = ranks(-y)
    total = place.var(ddof=1)
    # Ties in the order of the file would look alike in a file that is sorted by the target.
    order = np.random.default_rng(_SEED).permutation(len(y))
    left = [
        _left(column[order], place[order], total, level)
        for column, level in zip(table.T, levels, strict=True)
    ]
    return 1 - np.array(left) / total


def ranges_apart(levels: np.ndarray, y: np.ndarray) -> bool:
    """Whether levels divide a target into ranges that do not overlap, as thresholds do.

    levels : (rows,) the place of each row's level, from 0; y : (rows,). Two levels have to be met
    in FEWEST_OF_LEVEL rows each: by chance two such levels are apart in one of 126 orders.
    """
    counts = np.bincount(levels)
    if (counts >= FEWEST_OF_LEVEL).sum() < 2:
        return False
    order = np.lexsort([y, levels])
    ends = np.cumsum(counts)
    lowest, highest = y[order][ends - counts], y[order][ends - 1]
    by_range = np.argsort(lowest)
    return bool((highest[by_range][:-1] < lowest[by_range][1:]).all())


def _left(column: np.ndarray, ranks: np.ndarray, total: float, level: bool) -> float:
    """The variance of ranks that a column does not explain."""
    _, codes = np.unique(column, return_inverse=True)
    counts = np.bincount(codes)
    if len(counts) <= len(codes) / 2:
        means = np.bincount(codes, ranks) / counts
        return float(((ranks - means[codes]) ** 2).sum() / (len(codes) - len(counts)))
    if level:
        return total  # nearly a level for each row: nothing can be told
    sorted_ranks = ranks[np.argsort(column, kind="stable")]
    off = sorted_ranks[1:-1] - (sorted_ranks[:-2] + sorted_ranks[2:]) / 2
    return float((off**2).mean() / 1.5)
