"""An interval of a proportion that holds however often the seeds are looked at."""

from functools import lru_cache

import numpy as np
from scipy.special import betaln, xlog1py, xlogy

from study.statistics.intervals import CONFIDENCE, Interval

# Jeffreys' Beta(1/2, 1/2): narrower than the uniform one near 0 and 1, where proportions of
# seeds mostly lie, and hardly wider between.
_PRIOR = 0.5


@lru_cache(maxsize=4096)
def confidence_sequence(successes: int, trials: int) -> Interval:
    """Interval of a proportion that may be looked at after every trial (Robbins, 1970).

    With probability CONFIDENCE or more the true proportion is in all the intervals of a
    growing run, so that a run may be extended after a look at it, and stopped for what was
    seen. It holds each proportion whose likelihood is more than 1 - CONFIDENCE of the mean
    likelihood under a Beta(1/2, 1/2) prior: under the truth the inverse of that ratio is a
    martingale, which ever exceeds 1 / (1 - CONFIDENCE) with probability 1 - CONFIDENCE at
    most (Ville, 1939). (Annals of Mathematical Statistics 41, 1397-1409; such sequences in
    general: Howard, Ramdas, McAuliffe and Sekhon, Annals of Statistics 49, 2021.)
    """
    if trials == 0:
        return Interval.none("no seeds")
    failures = trials - successes
    return Interval(_lowest(successes, failures), 1 - _lowest(failures, successes), "any time")


def _lowest(successes: int, failures: int) -> float:
    """Where below the observed proportion the likelihood becomes too small."""
    if successes == 0:
        return 0.0
    from scipy.optimize import brentq  # slow to import, and few runs are extended

    least = (
        np.log(1 - CONFIDENCE)
        + betaln(successes + _PRIOR, failures + _PRIOR)
        - betaln(_PRIOR, _PRIOR)
    )

    def excess(proportion: float) -> float:
        return float(xlogy(successes, proportion) + xlog1py(failures, -proportion) - least)

    return float(brentq(excess, np.finfo(float).tiny, successes / (successes + failures)))
