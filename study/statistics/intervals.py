"""Intervals over seeds, at 95%."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
RESAMPLES = 9999
FEWEST = 10
# Single precision carries seven digits: a relative spread below this is none.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Interval:
    """An interval and how it was made; bounds are NaN where `kind` says there is none."""

    low: float
    high: float
    kind: str


def wilson(successes: int, trials: int) -> Interval:
    """Score interval of a proportion (Wilson, 1927)."""
    if trials == 0:
        return Interval(np.nan, np.nan, "no seeds")
    found = stats.binomtest(successes, trials).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(found.low, found.high, "Wilson")


def mean_interval(values: np.ndarray) -> Interval:
    """Interval of the mean over seeds: bias-corrected and accelerated bootstrap (Efron, 1987).

    `values` has shape (seeds,), one number for each seed; NaN where a seed has none. Falls
    back to the percentile bootstrap where BCa is undefined. Resampling is seeded, so the
    same values give the same interval. Below FEWEST seeds there is none: with
    normal data BCa covers the mean in about 0.72, 0.84, 0.90 and 0.93 of samples of 3, 5, 10
    and 20 (1,500 simulated samples each).
    """
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return Interval(np.nan, np.nan, f"n = {len(values)}: no interval")
    if np.ptp(values) <= ROUNDING * np.abs(values).max():
        return Interval(np.nan, np.nan, f"all {len(values)} seeds agree: no interval")
    if len(values) < FEWEST:
        return Interval(np.nan, np.nan, f"n = {len(values)}: too few for an interval")
    for method in ("BCa", "percentile"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", stats.DegenerateDataWarning)
            found = stats.bootstrap(
                (values,),
                np.mean,
                confidence_level=CONFIDENCE,
                n_resamples=RESAMPLES,
                method=method,
                rng=np.random.default_rng(0),
            ).confidence_interval
        if np.isfinite([found.low, found.high]).all():
            break
    return Interval(float(found.low), float(found.high), method)
