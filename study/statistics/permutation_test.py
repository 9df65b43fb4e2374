"""Whether rows without a relation would show as much: a permutation test of a whole pipeline."""

import math
from dataclasses import dataclass

import numpy as np

from study.statistics.intervals import CONFIDENCE, Interval, clopper_pearson

ABOVE, NOT_ABOVE = "above chance", "not shown to be above chance"
# Above this, a p-value is none that shows anything.
LEVEL = 1 - CONFIDENCE
# With fewer shuffles no p-value can be as small.
FEWEST_SHUFFLES = math.ceil(1 / LEVEL) - 1


@dataclass(frozen=True)
class Chance:
    """What a permutation test says.

    p_value : (1 + as large) / (1 + shuffles), NaN with too few shuffles
    as_large : of so many shuffles; interval : of the p-value that endless shuffles would give
    lowest, highest : the p-values that other seeds on the same rows have
    label : what follows
    """

    p_value: float
    as_large: int
    shuffles: int
    interval: Interval
    lowest: float
    highest: float
    label: str


def permutation_test(real: np.ndarray, shuffled: np.ndarray) -> Chance:
    """Compare one training on the data with trainings on as many shuffles of its targets.

    real : (seeds,), the statistic of trainings on the data; shuffled : (shuffles,), of one
    training on each shuffle. Where nothing relates rows and targets, the first seed's is one of
    1 + shuffles that come in any order, so that p = (1 + as large) / (1 + shuffles) is at most
    α with a chance of at most α (Phipson and Smyth, 2010, Statistical Applications in Genetics
    and Molecular Biology 9, 39). A mean over seeds would vary less than one training on a
    shuffle does, and is not to be compared with it: the other seeds tell how far p depends on
    the seed. A statistic that is undefined, as without shares, is smaller than any other.
    """
    shuffles = len(shuffled)
    known = np.where(np.isnan(shuffled), -np.inf, shuffled)
    values = np.where(np.isnan(real), -np.inf, real)
    as_large = (known >= values[:, None]).sum(axis=1)
    p_values = (1 + as_large) / (1 + shuffles)
    if shuffles < FEWEST_SHUFFLES or not len(real):
        none = Interval.none("too few shuffles")
        return Chance(math.nan, 0, shuffles, none, math.nan, math.nan, "")
    p_value = float(p_values[0])
    return Chance(
        p_value,
        int(as_large[0]),
        shuffles,
        clopper_pearson(int(as_large[0]), shuffles),
        float(p_values.min()),
        float(p_values.max()),
        ABOVE if p_value <= LEVEL else NOT_ABOVE,
    )
