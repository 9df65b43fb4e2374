"""How much one source of randomness moves a number, the others held."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """The spread of a number over the values of one source of randomness.

    bases : how many base seeds hold the other sources; values : how many numbers in all;
    mean : over all; within : standard deviation at one base seed, pooled; lowest, highest : of
    the base seeds' own standard deviations; between : of the base seeds' means
    """

    bases: int
    values: int
    mean: float
    within: float
    lowest: float
    highest: float
    between: float


def spread(by_base: Sequence[np.ndarray]) -> Spread:
    """Pool numbers of several base seeds, each (values,): a one-way analysis of variance.

    `within` is the root of the mean square within bases (Fisher, 1925). Numbers that are not
    finite are left out, and bases with fewer than two have no deviation of their own.
    """
    groups = [values[np.isfinite(values)] for values in map(np.asarray, by_base)]
    groups = [values for values in groups if len(values)]
    if not groups:
        return Spread(0, 0, *[np.nan] * 5)
    everything = np.concatenate(groups)
    deviations = [values.std(ddof=1) for values in groups if len(values) > 1]
    freedom = sum(len(values) - 1 for values in groups)
    squares = sum(((values - values.mean()) ** 2).sum() for values in groups)
    means = np.array([values.mean() for values in groups])
    return Spread(
        bases=len(groups),
        values=len(everything),
        mean=float(everything.mean()),
        within=float(np.sqrt(squares / freedom)) if freedom else np.nan,
        lowest=float(min(deviations)) if deviations else np.nan,
        highest=float(max(deviations)) if deviations else np.nan,
        between=float(means.std(ddof=1)) if len(means) > 1 else np.nan,
    )
