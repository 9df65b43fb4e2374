"""Intervals over seeds, all at one level of confidence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import betaincinv, ndtr, ndtri, stdtrit

from study.statistics.bootstrap import bootstrap
from study.statistics.ranking import ROUNDING

# Another level needs the simulations of coverage.py at that level; all words follow this one.
CONFIDENCE = 0.95
PERCENT = f"{100 * CONFIDENCE:g}%"
TAILS = (0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2)  # quantiles that enclose so many
NORMAL = float(ndtri(TAILS[1]))  # standard normal values lie between it and its negative
RESAMPLES = 9999
FEWEST = 10
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


@lru_cache(maxsize=4096)
def wilson(successes: int, trials: int) -> Interval:
    """Score interval of a proportion (Wilson, 1927)."""
    if trials == 0:
        return Interval.none("no seeds")
    z = NORMAL
    part = successes / trials
    whole = 2 * (trials + z**2)
    centre = (2 * trials * part + z**2) / whole
    reach = z / whole * math.sqrt(4 * trials * part * (1 - part) + z**2)
    low = 0.0 if successes == 0 else centre - reach
    high = 1.0 if successes == trials else centre + reach
    return Interval(low, high, "Wilson")


@lru_cache(maxsize=4096)
def clopper_pearson(successes: int, trials: int) -> Interval:
    """Exact interval of a proportion (Clopper and Pearson, 1934), by quantiles of Beta."""
    if trials == 0:
        return Interval.none("no seeds")
    failures = trials - successes
    low, high = TAILS
    return Interval(
        float(betaincinv(successes, failures + 1, low)) if successes else 0.0,
        float(betaincinv(successes + 1, failures, high)) if failures else 1.0,
        "Clopper–Pearson",
    )


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
    return _combined(one, seeds, other, seeds, phi)


def independent_difference(first: np.ndarray, second: np.ndarray) -> Interval:
    """Interval of the difference of two independent proportions (Newcombe, 1998, method 10).

    `first` and `second` are bool, (seeds,) each, of seeds that have nothing to do with each
    other; the difference is that of first minus second. The hybrid score interval: Wilson's
    intervals of both, combined. (Statistics in Medicine 17, 873-890.)
    """
    if not len(first) or not len(second):
        return Interval.none("no seeds")
    return _combined(int(first.sum()), len(first), int(second.sum()), len(second), 0.0)


def _combined(one: int, of_one: int, other: int, of_other: int, phi: float) -> Interval:
    """Wilson's intervals of two proportions whose correlation is phi, as one of the difference."""
    p, q = one / of_one, other / of_other
    of_p, of_q = wilson(one, of_one), wilson(other, of_other)

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
    return _resampled([table], [_without_interval(column) for column in table.T])


def mean_difference_intervals(first: np.ndarray, second: np.ndarray) -> list[Interval]:
    """Intervals of the differences of means over the seeds of two independent samples.

    `first` and `second` have shapes (seeds, quantities) and may differ in seeds; NaN where a
    seed has no such number. The differences are those of first minus second. Made as
    `mean_intervals` are, both samples resampled on their own; the tails are widened as if both
    had the seeds of the smaller, so that none is too narrow. With 20 seeds or more that holds
    the truth in 0.93 to 0.98 of simulated cases; Welch's t interval is at 0.91 to 0.96, and
    errs on one side where shares are skewed (benchmarks/README.md).
    """
    without = [_without_difference(*pair) for pair in zip(first.T, second.T, strict=True)]
    return _resampled([first, second], without)


def _resampled(tables: list[np.ndarray], without: list[Interval | None]) -> list[Interval]:
    """Bootstrap intervals of the quantities that are not without one.

    The tables are (seeds, quantities), one for each sample. Quantities that the same seeds
    have are resampled together.
    """
    result = list(without)
    defined = [np.isfinite(table) for table in tables]
    groups: dict[bytes, list[int]] = {}
    for index in [index for index, found in enumerate(result) if found is None]:
        key = b"".join(mask[:, index].tobytes() for mask in defined)
        groups.setdefault(key, []).append(index)
    for columns in groups.values():
        rows = [mask[:, columns[0]] for mask in defined]
        for start in range(0, len(columns), _AT_ONCE):
            part = columns[start : start + _AT_ONCE]
            samples = [table[own][:, part] for table, own in zip(tables, rows, strict=True)]
            for index, interval in zip(part, _bootstrap(samples), strict=True):
                result[index] = interval
    return [interval for interval in result if interval is not None]


def _without_interval(values: np.ndarray) -> Interval | None:
    """Why there is no interval, if there is none."""
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return Interval.none(f"n = {len(values)}: no interval")
    if not _varies(values):
        return Interval.none(f"all {len(values)} seeds agree: no interval")
    if len(values) < FEWEST:
        return Interval.none(f"n = {len(values)}: too few for an interval")
    return None


def _without_difference(first: np.ndarray, second: np.ndarray) -> Interval | None:
    """Why there is no interval of the difference of two means, if there is none."""
    first, second = first[np.isfinite(first)], second[np.isfinite(second)]
    count = f"n = {len(first)} and {len(second)}"
    if min(len(first), len(second)) < 2:
        return Interval.none(f"{count}: no interval")
    if not _varies(first) and not _varies(second):
        return Interval.none(f"{count}, none of which differ: no interval")
    if min(len(first), len(second)) < FEWEST:
        return Interval.none(f"{count}: too few for an interval")
    return None


def _varies(values: np.ndarray) -> bool:
    """Whether numbers differ by more than rounding."""
    return bool(np.ptp(values) > ROUNDING * np.abs(values).max())


def _bootstrap(samples: list[np.ndarray]) -> list[Interval]:
    """BCa intervals of the column means of (seeds, quantities), percentile where undefined.

    Of two samples, those of the differences, the first's means less the second's.
    """
    scale = np.abs(np.concatenate(samples)).max(axis=0)
    scaled = [table / scale for table in samples]

    def means(table: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """Column means of the drawn seeds: (draws, drawn) -> (quantities, draws)."""
        seeds = len(table)
        places = drawn + seeds * np.arange(len(drawn))[:, None]
        times = np.bincount(places.ravel(), minlength=seeds * len(drawn)).reshape(-1, seeds)
        return (times @ table / drawn.shape[1]).T

    def statistic(drawn: Sequence[np.ndarray]) -> np.ndarray:
        parts = [means(*pair) for pair in zip(scaled, drawn, strict=True)]
        # Equal means must be equal numbers: BCa counts how many resamples lie below.
        return np.round(parts[0] if len(parts) == 1 else parts[0] - parts[1], 12)

    fewest = min(map(len, samples))
    tail = ndtr(np.sqrt(fewest / (fewest - 1)) * stdtrit(fewest - 1, (1 - CONFIDENCE) / 2))
    # The seeds' places are resampled, so that all quantities meet the same draws.
    found = bootstrap([len(table) for table in samples], statistic, RESAMPLES)
    low, high = found.bca(1 - 2 * tail)
    defined = np.isfinite(low) & np.isfinite(high)
    if not defined.all():
        percentile = found.percentile(1 - 2 * tail)
        low, high = (np.where(defined, *ends) for ends in zip((low, high), percentile, strict=True))
    low, high = low * scale, high * scale
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
    reach = float(stdtrit(seeds - 1, (1 + CONFIDENCE) / 2) * error)
    if correlation:
        centre, reach = np.arctanh(estimate), reach / (1 - estimate**2)
        return Interval(
            float(np.tanh(centre - reach)), float(np.tanh(centre + reach)), "jackknife-t"
        )
    return Interval(max(estimate - reach, lowest), min(estimate + reach, highest), "jackknife-t")
