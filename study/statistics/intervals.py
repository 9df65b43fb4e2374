"""Intervals over seeds, at 95%."""

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy import stats

from study.statistics.ranking import ROUNDING

CONFIDENCE = 0.95
RESAMPLES = 9999
FEWEST = 10
# Numbers that a batch of resamples may hold at a time.
_BATCH = 2**24
# Quantities that are resampled at a time; each lot meets the same draws of seeds.
_AT_ONCE = 500


@dataclass(frozen=True)
class Interval:
    """An interval and how it was made; bounds are NaN where `kind` says there is none."""

    low: float
    high: float
    kind: str

    @classmethod
    def none(cls, reason: str) -> "Interval":
        """No interval, and why."""
        return cls(np.nan, np.nan, reason)


def wilson(successes: int, trials: int) -> Interval:
    """Score interval of a proportion (Wilson, 1927)."""
    return _of_proportion(successes, trials, "wilson", "Wilson")


def clopper_pearson(successes: int, trials: int) -> Interval:
    """Exact interval of a proportion (Clopper and Pearson, 1934)."""
    return _of_proportion(successes, trials, "exact", "Clopper–Pearson")


@lru_cache(maxsize=4096)
def _of_proportion(
    successes: int, trials: int, method: Literal["exact", "wilson"], kind: str
) -> Interval:
    if trials == 0:
        return Interval.none("no seeds")
    found = stats.binomtest(successes, trials).proportion_ci(CONFIDENCE, method=method)
    return Interval(found.low, found.high, kind)


def paired_difference(first: np.ndarray, second: np.ndarray) -> Interval:
    """Interval of the difference of two paired proportions (Newcombe, 1998, method 10).

    `first` and `second` are bool (seeds,), each seed's outcome in either condition; the
    difference is that of first minus second. Wilson's intervals of both are combined under
    the correlation phi of the pairs, which is corrected for continuity where it is positive.
    (Statistics in Medicine 17, 2635-2650.)
    """
    seeds = len(first)
    if seeds == 0:
        return Interval.none("no seeds")
    both, neither = int((first & second).sum()), int((~first & ~second).sum())
    one, other = int(first.sum()), int(second.sum())
    # Of the cross product of the 2 x 2 table, only what exceeds half the seeds counts.
    cross = both * neither - (one - both) * (other - both)
    corrected = max(cross - seeds / 2, 0.0) if cross > 0 else float(cross)
    spread = np.sqrt(float(one) * (seeds - one) * other * (seeds - other))
    phi = corrected / spread if spread else 0.0
    p, q = one / seeds, other / seeds
    of_p, of_q = wilson(one, seeds), wilson(other, seeds)

    def reach(a: float, b: float) -> float:
        return float(np.sqrt(max(a * a - 2 * phi * a * b + b * b, 0.0)))

    low = p - q - reach(p - of_p.low, of_q.high - q)
    high = p - q + reach(of_p.high - p, q - of_q.low)
    return Interval(max(low, -1.0), min(high, 1.0), "Newcombe")


def mean_intervals(table: np.ndarray) -> list[Interval]:
    """Intervals of means over seeds: bias-corrected and accelerated bootstrap (Efron, 1987).

    `table` has shape (seeds, quantities); NaN where a seed has no such number, and the
    interval is then that of the mean over the seeds that do. Quantities that the same seeds
    have are resampled together: one draw of seeds for all of them. Falls back to the
    percentile bootstrap where BCa is undefined. A bootstrap of n seeds spreads too little, by
    √((n - 1) / n) and by the difference of the normal and Student's t, and so the tails are
    those of Hesterberg's expanded percentile interval (The American Statistician 69, 2015).
    Resampling is seeded, so the same values give the same interval. Below FEWEST seeds there
    is none: a bootstrap of so few covers too seldom (benchmarks/coverage.csv).
    """
    result: list[Interval | None] = [_without_interval(column) for column in table.T]
    defined = np.isfinite(table)
    pending = [index for index, found in enumerate(result) if found is None]
    groups: dict[bytes, list[int]] = {}
    for index in pending:
        groups.setdefault(defined[:, index].tobytes(), []).append(index)
    for columns in groups.values():
        rows = defined[:, columns[0]]
        for start in range(0, len(columns), _AT_ONCE):
            part = columns[start : start + _AT_ONCE]
            for index, interval in zip(part, _bootstrap(table[rows][:, part]), strict=True):
                result[index] = interval
    return [interval for interval in result if interval is not None]


def _without_interval(values: np.ndarray) -> Interval | None:
    """Why there is no interval, if there is none."""
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return Interval.none(f"n = {len(values)}: no interval")
    if np.ptp(values) <= ROUNDING * np.abs(values).max():
        return Interval.none(f"all {len(values)} seeds agree: no interval")
    if len(values) < FEWEST:
        return Interval.none(f"n = {len(values)}: too few for an interval")
    return None


def _bootstrap(table: np.ndarray) -> list[Interval]:
    """BCa intervals of the column means of (seeds, quantities), percentile where undefined."""
    seeds = len(table)
    scale = np.abs(table).max(axis=0)
    scaled = table / scale

    def means(drawn: np.ndarray, axis: int) -> np.ndarray:
        """Column means of the drawn seeds: (..., drawn) -> (quantities, ...)."""
        lines = drawn.reshape(-1, drawn.shape[axis])
        places = lines + seeds * np.arange(len(lines))[:, None]
        times = np.bincount(places.ravel(), minlength=seeds * len(lines)).reshape(-1, seeds)
        # Equal means must be equal numbers: BCa counts how many resamples lie below.
        result = np.round(times @ scaled / lines.shape[1], 12)
        return result.T.reshape(-1, *drawn.shape[:-1])

    tail = stats.norm.cdf(
        np.sqrt(seeds / (seeds - 1)) * stats.t.ppf((1 - CONFIDENCE) / 2, seeds - 1)
    )
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        # scipy resamples the seeds' places, so that all quantities meet the same draws.
        found = stats.bootstrap(
            (np.arange(seeds),),
            means,
            n_resamples=RESAMPLES,
            batch=max(_BATCH // seeds, 1),
            vectorized=True,
            axis=-1,
            confidence_level=1 - 2 * tail,
            method="BCa",
            rng=np.random.default_rng(0),
        )
    interval = found.confidence_interval
    defined = np.isfinite(interval.low) & np.isfinite(interval.high)
    percentile = np.quantile(found.bootstrap_distribution, [tail, 1 - tail], axis=-1)
    low = np.where(defined, interval.low, percentile[0]) * scale
    high = np.where(defined, interval.high, percentile[1]) * scale
    return [
        Interval(float(low[index]), float(high[index]), "BCa" if bca else "percentile")
        for index, bca in enumerate(defined)
    ]


def jackknife_t(
    estimate: float,
    left_out: np.ndarray,
    *,
    lowest: float = -1.0,
    highest: float = 1.0,
    correlation: bool = False,
) -> Interval:
    """Interval of an estimate from its values with each seed left out (Tukey, 1958).

    `left_out` has shape (seeds,). Student's t with seeds - 1 degrees of freedom about the
    estimate; cut at `lowest` and `highest`, or, for a mean `correlation`, about Fisher's z of
    it (1915; the error by the delta method) and turned back. For a mean over pairs of seeds,
    where a plain bootstrap pairs seeds with their own copies (Arvesen, 1969, for such
    U-statistics).
    """
    seeds = len(left_out)
    if seeds < 3 or not np.isfinite([estimate, *left_out]).all():
        return Interval.none(f"n = {seeds}: no interval")
    error = np.sqrt((seeds - 1) / seeds * ((left_out - left_out.mean()) ** 2).sum())
    if error <= ROUNDING * max(abs(estimate), ROUNDING):
        return Interval.none("no seed moves it: no interval")
    if seeds < FEWEST:
        return Interval.none(f"n = {seeds}: too few for an interval")
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, seeds - 1) * error)
    if correlation:
        centre, reach = np.arctanh(estimate), reach / (1 - estimate**2)
        return Interval(
            float(np.tanh(centre - reach)), float(np.tanh(centre + reach)), "jackknife-t"
        )
    return Interval(max(estimate - reach, lowest), min(estimate + reach, highest), "jackknife-t")
