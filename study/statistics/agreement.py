"""Agreement between score vectors: of the same seed, and of different seeds.

Every measure is an inner product of vectors made from the scores (`coordinates`), so that
means over seeds, over pairs of seeds and over relabellings of the items are sums of them.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations, product

import numpy as np

from study.statistics.intervals import Interval, jackknife_t
from study.statistics.ranking import ROUNDING, in_top, ranks, unbounded

SPEARMAN, KENDALL, SIGN, TOP_1 = "spearman", "kendall", "sign", "top-1"
TOP = {TOP_1: 1, "top-2": 2, "top-3": 3}
MEASURES = (SPEARMAN, KENDALL, *TOP, SIGN)

# Relabellings are enumerated up to this many, and else drawn: as many.
RELABELLINGS = 9999
# Of more items than this, a tenth of them: they take ten times as long, and their spread less.
_MANY_ITEMS = 200
# Kendall's tau is told of up to so many items: its coordinates are pairs of them.
MOST_FOR_KENDALL = 100
# The null of Kendall's tau, whose coordinates are pairs of items, is not sought beyond 20 items.
_MOST_PAIRS = 400
# Orders drawn for Kendall's W: so many that they hold this many ranks, but no fewer than
# _FEWEST_ORDERS; kept for the next model where seeds times items are few.
_ORDERED = 4_000_000
_FEWEST_ORDERS = 999
_KEPT = 10_000


@dataclass(frozen=True)
class Null:
    """How a mean agreement is distributed when two orders have nothing to do with each other.

    mean, sd : of the mean over seeds; p_value : proportion of relabellings that agree at
    least as well as observed; kind : how it was found
    """

    mean: float
    sd: float
    p_value: float
    kind: str


def measures_of(items: int, *, signed: bool) -> tuple[str, ...]:
    """The measures that say something about vectors of `items` scores."""
    return tuple(
        measure
        for measure in MEASURES
        if (measure != SIGN or signed)
        and (measure not in TOP or TOP[measure] < items)
        and (measure != KENDALL or items <= MOST_FOR_KENDALL)
    )


def coordinates(measure: str, scores: np.ndarray) -> np.ndarray:
    """Vectors whose inner product is the agreement of two score vectors.

    (seeds, items) -> (seeds, dimensions). NaN where a vector has none: a score that is not a
    number, all scores tied (Spearman, Kendall), a tie at the edge of the top k. `scores` are
    signed for the measure "sign".

    - spearman: rank correlation with average ranks (Spearman, 1904)
    - kendall: tau-b (Kendall, 1945)
    - top-k: items in common among the k greatest of either, divided by k
    - sign: proportion of items with the same sign; 0 has none
    """
    seeds, items = scores.shape
    defined = np.isfinite(scores).all(axis=1)
    filled = np.where(defined[:, None], scores, 0.0)
    if measure == SPEARMAN:
        result = ranks(filled) - (items + 1) / 2
        result = _normalised(-result)
    elif measure == KENDALL:
        with unbounded():
            signs = np.sign(filled[:, :, None] - filled[:, None, :])
        result = _normalised(signs.reshape(seeds, -1))
    elif measure == SIGN:
        result = np.concatenate([filled > 0, filled < 0], axis=1) / math.sqrt(items)
    else:
        result = in_top(filled, TOP[measure]) / math.sqrt(TOP[measure])
    return np.where(defined[:, None], result, np.nan)


def _normalised(vectors: np.ndarray) -> np.ndarray:
    """Vectors of length 1; NaN where they have none."""
    length = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    return np.divide(vectors, length, out=np.full(vectors.shape, np.nan), where=length > 0)


def within_seeds(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Agreement of two vectors of each seed, from their coordinates: (seeds,)."""
    # Equal orders must give equal numbers, and rounding differs from seed to seed.
    return np.round((first * second).sum(axis=1), 12)


@dataclass(frozen=True)
class Pairwise:
    """Mean agreement over all pairs of seeds, with its interval.

    seeds : how many have coordinates
    """

    mean: float
    seeds: int
    interval: Interval


def between_seeds(measure: str, vectors: np.ndarray) -> Pairwise:
    """Mean agreement over all pairs of seeds, from coordinates (seeds, dimensions).

    The interval is a jackknife-t over seeds, of correlations by Fisher's z.
    """
    vectors = vectors[np.isfinite(vectors).all(axis=1)]
    seeds = len(vectors)
    if seeds < 2:
        return Pairwise(np.nan, seeds, Interval.none(f"n = {seeds}: no interval"))
    total = vectors.sum(axis=0)
    own = (vectors**2).sum(axis=1)
    pairs_sum = total @ total - own.sum()
    mean = round(float(pairs_sum / (seeds * (seeds - 1))), 12)
    if (np.abs(vectors - vectors[0]) <= ROUNDING).all():
        return Pairwise(mean, seeds, Interval.none(f"all {seeds} seeds agree: no interval"))
    if seeds < 3:
        return Pairwise(mean, seeds, Interval.none(f"n = {seeds}: no interval"))
    left_out = (pairs_sum - 2 * (vectors @ total - own)) / ((seeds - 1) * (seeds - 2))
    interval = jackknife_t(
        mean, np.round(left_out, 12), lowest=0.0, correlation=measure in (SPEARMAN, KENDALL)
    )
    return Pairwise(mean, seeds, interval)


def null_within_seeds(measure: str, first: np.ndarray, second: np.ndarray) -> Null:
    """The mean over seeds when the items of `second` are relabelled alike in all seeds.

    Relabelling alike keeps the order that a method gives in every seed, and only breaks its
    tie to the other method's; the spread of seeds alone would not do: two constant, unrelated
    orders agree by chance in every seed alike. For "sign", items change sign instead.
    Coordinates of both, (seeds, dimensions); seeds without are left out. All relabellings
    are met if they are few, else RELABELLINGS drawn (of many items a tenth), and p is
    (b + 1) / (m + 1) (Phipson and Smyth, 2010).
    """
    defined = np.isfinite(first).all(axis=1) & np.isfinite(second).all(axis=1)
    if not defined.any():
        return Null(np.nan, np.nan, np.nan, "undefined")
    if measure == KENDALL and first.shape[1] > _MOST_PAIRS:
        return Null(np.nan, np.nan, np.nan, "not sought among so many items")
    products = first[defined].T @ second[defined] / defined.sum()
    if measure == SIGN:
        items = len(products) // 2
        same = np.diag(products)
        crossed = np.diag(np.roll(products, items, axis=1))
        agree, disagree = same[:items] + same[items:], crossed[:items] + crossed[items:]
        flips, complete = _flips(items)
        values = np.where(flips, disagree, agree).sum(axis=1)
        unit = "changes of sign"
    else:
        items = math.isqrt(len(products)) if measure == KENDALL else len(products)
        places, complete = _relabellings(items, pairs=measure == KENDALL)
        # Without a mode, places would be checked, at twice the time.
        values = products.ravel().take(places, mode="clip").sum(axis=0)
        if measure == KENDALL:  # of two orders of a pair one is met, which counts for both
            values *= 2
        unit = "relabellings"
    values = np.round(values, 10)
    observed = round(float(np.trace(products)), 10)
    reached = int((values >= observed).sum())
    p_value = reached / len(values) if complete else (reached + 1) / (len(values) + 1)
    kind = f"all {len(values):,} {unit}" if complete else f"{len(values):,} {unit} drawn"
    return Null(float(values.mean()), float(values.std()), p_value, kind)


def null_between_seeds(measure: str, items: int, seeds: int) -> tuple[float, float]:
    """Mean and standard deviation of the mean over pairs of seeds with unrelated orders.

    Of orders without ties; for "sign", of signs as of fair coins. Pairs of independent,
    uniformly drawn orders are independent of one another, two by two, so that the variance
    of the mean is that of one pair divided by the number of pairs.
    """
    if seeds < 2 or items < 2:
        return np.nan, np.nan
    if measure == SIGN:
        mean, variance = 0.5, 0.25 / items
    elif measure == SPEARMAN:
        mean, variance = 0.0, 1 / (items - 1)
    elif measure == KENDALL:
        mean, variance = 0.0, 2 * (2 * items + 5) / (9 * items * (items - 1))
    else:  # hypergeometric: the k of one among the k of the other
        k = TOP[measure]
        mean = k / items
        variance = (1 - mean) ** 2 / (items - 1)
    return mean, math.sqrt(variance / (seeds * (seeds - 1) / 2))


def null_deviation(items: int) -> float:
    """Standard deviation of Spearman's correlation between unrelated orders: 1/√(items - 1).

    (Kendall, Rank Correlation Methods, 1948.) With 8 features it is 0.38; NaN for one item.
    """
    return 1 / math.sqrt(items - 1) if items > 1 else math.nan


@dataclass(frozen=True)
class Concordance:
    """Kendall's W of a number of seeds, with its permutation p-value."""

    w: float
    seeds: int
    p_value: float
    kind: str


def concordance(scores: np.ndarray) -> Concordance:
    """Kendall's coefficient of concordance W among seeds, corrected for ties.

    (Kendall and Babington Smith, 1939.) scores (seeds, items); vectors without ranks are left
    out. The p-value is the proportion of drawn orders, permuted in each seed on its own, that
    are at least as concordant, (b + 1) / (m + 1).
    """
    scores = scores[np.isfinite(scores).all(axis=1)]
    seeds, items = scores.shape
    if seeds < 2 or items < 2:
        return Concordance(np.nan, seeds, np.nan, "undefined")
    given = ranks(scores)
    ties = np.array([(size**3 - size).sum() for size in map(_tie_sizes, given)], dtype=float)
    most = seeds**2 * (items**3 - items) - seeds * ties.sum()
    if most <= 0:
        return Concordance(np.nan, seeds, np.nan, "undefined")
    squares = ((given.sum(axis=0) - seeds * (items + 1) / 2) ** 2).sum()
    reached, count = 0, 0
    for orders in _orders(seeds, items):
        sums = given.ravel().take(orders, mode="clip").sum(axis=1)
        drawn = ((sums - seeds * (items + 1) / 2) ** 2).sum(axis=1)
        # Rank sums are multiples of a half: there is no rounding to fear.
        reached += int((drawn >= squares).sum())
        count += len(orders)
    return Concordance(
        float(12 * squares / most), seeds, (reached + 1) / (count + 1), f"{count:,} orders drawn"
    )


def _tie_sizes(rank: np.ndarray) -> np.ndarray:
    return np.unique(rank, return_counts=True)[1]


@lru_cache(maxsize=8)
def _relabellings(items: int, *, pairs: bool) -> tuple[np.ndarray, bool]:
    """Which products each relabelling adds up, and whether these are all relabellings.

    Places in (dimensions, dimensions) products, all in one line: (items, relabellings), or
    (items * (items - 1) / 2, relabellings) for coordinates of pairs, each pair in one order.
    Relabellings come last: added up over the first axis, in a third of the time.
    """
    complete = items < 20 and math.factorial(items) <= RELABELLINGS
    if complete:
        orders = np.array(list(permutations(range(items))))
    else:
        generator = np.random.default_rng(0)
        orders = generator.permuted(np.tile(np.arange(items), (_drawn(items), 1)), axis=1)
    if pairs:
        one, two = np.triu_indices(items, 1)
        dimensions, own, goes = items**2, one * items + two, orders[:, one] * items + orders[:, two]
    else:
        dimensions, own, goes = items, np.arange(items), orders
    return np.ascontiguousarray((own * dimensions + goes).T), complete


@lru_cache(maxsize=8)
def _flips(items: int) -> tuple[np.ndarray, bool]:
    """Which items change their sign, bool (changes, items), and whether these are all."""
    if 2**items <= RELABELLINGS:
        return np.array(list(product([False, True], repeat=items))), True
    return np.random.default_rng(0).random((_drawn(items), items)) < 0.5, False


def _drawn(items: int) -> int:
    return RELABELLINGS if items <= _MANY_ITEMS else (RELABELLINGS + 1) // 10 - 1


def _orders(seeds: int, items: int) -> Iterable[np.ndarray]:
    """Drawn orders of the items, one for each seed: parts of (orders, seeds, items).

    As places among (seeds, items) values, all in one line.
    """
    if seeds * items <= _KEPT:
        return _kept_orders(seeds, items)
    return _drawn_orders(seeds, items)


@lru_cache(maxsize=2)
def _kept_orders(seeds: int, items: int) -> tuple[np.ndarray, ...]:
    return tuple(_drawn_orders(seeds, items))


def _drawn_orders(seeds: int, items: int) -> Iterator[np.ndarray]:
    count = max(min(RELABELLINGS, _ORDERED // (seeds * items)), _FEWEST_ORDERS)
    generator = np.random.default_rng(0)
    part = max(1_000_000 // (seeds * items), 1)
    row = np.arange(items, dtype=np.intp)
    begin = items * np.arange(seeds, dtype=np.intp)[:, None]
    for start in range(0, count, part):
        shape = (min(part, count - start), seeds, items)
        yield generator.permuted(np.broadcast_to(row, shape).copy(), axis=2) + begin
