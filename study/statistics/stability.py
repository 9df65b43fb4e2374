"""How far the order of importances stays the same from seed to seed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from study.statistics.agreement import SPEARMAN, coordinates, within_seeds
from study.statistics.binomial import at_most
from study.statistics.intervals import CONFIDENCE, NORMAL, Interval, jackknife_t, wilson
from study.statistics.multiplicity import holm
from study.statistics.ranking import identical, rank_ranges, ranks, settled

# A consensus of more items is not searched for: the work is 3 to the power of their number.
MOST_FOR_CONSENSUS = 10
SPLITS = 500


def rank_frequency(scores: np.ndarray) -> np.ndarray:
    """Proportion of seeds in which each item has each rank: (seeds, items) -> (items, ranks).

    Tied items share the ranks they span in equal parts, so that rows and columns sum to 1.
    Vectors without ranks are left out; NaN if there is no other.
    """
    scores = _ranked(scores)
    seeds, items = scores.shape
    if not seeds:
        return np.full((items, items), np.nan)
    first, last = (end[:, :, None] for end in rank_ranges(scores))
    rank = np.arange(1, items + 1)
    total = np.zeros((items, items))
    for low, high in zip(first, last, strict=True):
        total += ((rank >= low) & (rank <= high)) / (high - low + 1)
    return total / seeds


@dataclass(frozen=True)
class Flips:
    """How often two items change places.

    above : seeds in which the first has the greater score; below : the smaller; rate : chance
    that two seeds put them in opposite orders, with its interval
    """

    above: int
    below: int
    rate: float
    interval: Interval


def flips(scores: np.ndarray, first: int, second: int) -> Flips:
    """Flip rate of two items over seeds, scores (seeds, items).

    The chance 2 p (1 - p) that two seeds put them in opposite orders, p being the proportion
    of the seeds without a tie that put `first` above; at most 1/2. The interval carries over
    Wilson's interval of p. (A jackknife has no spread to go by where p is near 1/2.)
    """
    scores = _ranked(scores)
    above = int((scores[:, first] > scores[:, second]).sum())
    below = int((scores[:, first] < scores[:, second]).sum())
    decided = above + below
    if not decided:
        return Flips(above, below, np.nan, Interval.none("always tied: no interval"))
    rate = 2 * above * below / decided**2
    if identical(scores):
        none = Interval.none(f"all {len(scores)} seeds identical: no interval")
        return Flips(above, below, rate, none)
    if decided < 2:
        return Flips(above, below, rate, Interval.none("n = 1: no interval"))
    of_p = wilson(above, decided)
    ends = [2 * p * (1 - p) for p in (of_p.low, of_p.high)]
    most = 0.5 if of_p.low <= 0.5 <= of_p.high else max(ends)
    return Flips(above, below, rate, Interval(min(ends), most, "Wilson"))


def order_kept(rates: np.ndarray) -> np.ndarray:
    """How steadily each item keeps its order with the others, from flip rates.

    (items, items) -> (items,)

    The mean over the other items of one less the flip rate: the chance that two seeds put it
    and another item, drawn evenly, into the same order. 1 for the surest, 1/2 where each seed
    tosses a coin. Rates that are NaN, as on the diagonal, do not count.
    """
    known = np.isfinite(rates)
    count = known.sum(axis=1)
    kept = np.where(known, 1 - rates, 0.0).sum(axis=1)
    return np.divide(kept, count, out=np.full(len(rates), np.nan), where=count > 0)


@dataclass(frozen=True)
class SetStability:
    """Stability of a selected set over seeds.

    interval : by jackknife-t; asymptotic : that of its authors
    """

    stability: float
    seeds: int
    interval: Interval
    asymptotic: Interval


def set_stability(selected: np.ndarray) -> SetStability:
    """Stability of a set of items over seeds (Nogueira, Sechidis and Brown, 2018).

    `selected` is 1.0 and 0.0, (seeds, items); NaN where a seed has no set. 1 if all seeds
    select the same, 0 expected by chance. For sets of one size it is the mean over pairs of
    seeds of Kuncheva's index, and so its interval is a jackknife-t over seeds. Their own, by
    the normal distribution (Journal of Machine Learning Research 18, corollary 9), stands
    beside it; with few seeds it covers less often (benchmarks/coverage.csv).
    """
    selected = selected[np.isfinite(selected).all(axis=1)]
    seeds, items = selected.shape
    if seeds < 2:
        none = Interval.none(f"n = {seeds}: no interval")
        return SetStability(np.nan, seeds, none, none)
    frequency, sizes = selected.mean(axis=0), selected.sum(axis=1)
    stability = float(_stability(frequency, sizes.mean(), seeds))
    if np.isnan(stability):
        none = Interval.none("all items or none: no stability")
        return SetStability(np.nan, seeds, none, none)
    if (selected == selected[0]).all():
        none = Interval.none(f"all {seeds} seeds agree: no interval")
        return SetStability(1.0, seeds, none, none)
    others = (seeds * frequency - selected) / (seeds - 1)
    left_out = _stability(others, (sizes.sum() - sizes) / (seeds - 1), seeds - 1)
    interval = jackknife_t(stability, left_out, lowest=-1 / (seeds - 1))
    filled, part = sizes.mean() / items, sizes / items
    influence = (
        (selected * frequency).mean(axis=1)
        - part * filled
        + stability / 2 * (2 * part * filled - part - filled + 1)
    ) / (filled * (1 - filled))
    error = 2 / seeds * math.sqrt(((influence - influence.mean()) ** 2).sum())
    reach = float(NORMAL * error)
    asymptotic = Interval(stability - reach, stability + reach, "Nogueira")
    return SetStability(stability, seeds, interval, asymptotic)


def _stability(frequency: np.ndarray, size: np.ndarray, seeds: int) -> np.ndarray:
    """Nogueira's measure from how often each item is selected (..., items) and the mean size.

    NaN where all items are selected, or none, or by a single seed.
    """
    filled = size / frequency.shape[-1]
    spread = (frequency * (1 - frequency)).mean(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1 - spread * np.divide(seeds, seeds - 1) / (filled * (1 - filled))


def orders_told_apart(scores: np.ndarray) -> np.ndarray:
    """Which items the seeds tell apart: 1 above, -1 below, 0 not told apart, (items, items).

    scores (seeds, items). Two items are told apart when one outranks the other in
    significantly more than half of the seeds: exact sign test, ties left out, two-sided, with
    Holm's correction over all pairs, so that all that is told apart is right together with
    probability CONFIDENCE.
    """
    scores = _ranked(scores)
    items = scores.shape[1]
    above = np.zeros((items, items), dtype=int)
    for score in scores:
        above += score[:, None] > score
    decided = above + above.T
    one, other = np.triu_indices(items, 1)
    fewer = np.minimum(above[one, other], above[other, one])
    p_values = np.minimum(2 * at_most(fewer, decided[one, other], 0.5), 1.0)
    told = holm(p_values) <= 1 - CONFIDENCE
    result = np.zeros((items, items), dtype=int)
    result[one[told], other[told]] = np.sign(above - above.T)[one[told], other[told]]
    return result - result.T


def rank_intervals(told_apart: np.ndarray) -> np.ndarray:
    """Lowest and highest rank that each item can have, (items, 2).

    An item ranks below those told apart above it, and above those told apart below it. Right
    for all items together with probability CONFIDENCE, if the items that outrank another in most
    seeds are the higher ones (the rank sets of Mogstad, Romano, Shaikh and Wilhelm, 2024,
    with sign tests).
    """
    items = len(told_apart)
    return np.stack(
        [1 + (told_apart == -1).sum(axis=1), items - (told_apart == 1).sum(axis=1)], axis=1
    )


def tied_groups(told_apart: np.ndarray, order: Sequence[int]) -> list[list[int]]:
    """Runs of items, in an order, of which no two are told apart; the longest ones.

    An item may stand in two of them, as with lines drawn under means that do not differ.
    """
    apart = told_apart[np.ix_(order, order)] != 0
    groups: list[list[int]] = []
    stop = 0
    for start in range(len(order)):
        # A run that begins later ends no earlier.
        end = max(stop, start + 1)
        while end < len(order) and not apart[end, start:end].any():
            end += 1
        if end > stop:
            groups.append(list(order[start:end]))
        stop = end
    return groups


@dataclass(frozen=True)
class Consensus:
    """An order with ties that judges agree with best.

    ranks : (items,), tied items share the lowest; cost : sum over judges of their distance;
    optimal : how many orders with ties cost as little
    """

    ranks: np.ndarray
    cost: int
    optimal: int


def consensus(votes: np.ndarray) -> Consensus:
    """The order with ties nearest to all judges, by the distance of Kemeny and Snell (1962).

    votes : (judges, items, items), 1 where a judge puts the first item above the second, -1
    below, 0 for a tie. The distance of two orders is the sum over pairs of items of the
    difference of these numbers. Exact: the best top group of every set of items is found
    from those of its subsets. Of several optimal orders it is one with the most items tied at
    the top. Raises ValueError for more than MOST_FOR_CONSENSUS items.
    """
    items = votes.shape[1]
    if items > MOST_FOR_CONSENSUS:
        raise ValueError(f"{items} items: more than {MOST_FOR_CONSENSUS} take too long")
    tied = np.abs(votes).sum(axis=0)
    above = np.abs(1 - votes).sum(axis=0)
    sets = 1 << items
    member = (np.arange(sets)[:, None] >> np.arange(items)) & 1
    # Cost of tying each set, and of each item above each set.
    tie_cost = np.einsum("si,ij,sj->s", member, np.triu(tied, 1), member)
    above_cost = above @ member.T
    best, optimal, top = [0] * sets, [0] * sets, [0] * sets
    optimal[0] = 1
    for rest in range(1, sets):
        found, count, choice = -1, 0, 0
        group = rest
        while group:
            below = rest ^ group
            cost = (
                int(tie_cost[group])
                + sum(int(above_cost[i, below]) for i in range(items) if group >> i & 1)
                + best[below]
            )
            if found < 0 or cost < found:
                found, count, choice = cost, optimal[below], group
            elif cost == found:
                count += optimal[below]
                if (group.bit_count(), -group) > (choice.bit_count(), -choice):
                    choice = group
            group = (group - 1) & rest
        best[rest], optimal[rest], top[rest] = found, count, choice
    result = np.zeros(items, dtype=int)
    rest, rank = sets - 1, 1
    while rest:
        group = top[rest]
        result[[i for i in range(items) if group >> i & 1]] = rank
        rank += group.bit_count()
        rest ^= group
    return Consensus(result, best[sets - 1], optimal[sets - 1])


def split_half(shares: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """Reliability of the mean importance vector, by the number of seeds in it.

    shares : (seeds, items). For each size, two halves of so many seeds are drawn SPLITS times
    without a seed in common, and the Spearman correlation of their mean vectors is taken:
    (sizes, splits). NaN where there are too few seeds. (Split-half reliability: Spearman,
    1910; Brown, 1910.)
    """
    shares = shares[np.isfinite(shares).all(axis=1)]
    result = np.full((len(sizes), SPLITS), np.nan)
    generator = np.random.default_rng(0)
    order = generator.permuted(np.tile(np.arange(len(shares)), (SPLITS, 1)), axis=1)
    for line, size in enumerate(sizes):
        if 2 * size <= len(shares):
            halves = [
                settled(shares[part].mean(axis=1))
                for part in (order[:, :size], order[:, size : 2 * size])
            ]
            result[line] = within_seeds(*(coordinates(SPEARMAN, half) for half in halves))
    return result


def mean_order(scores: np.ndarray) -> list[int]:
    """Items by their mean rank over seeds, the most important first: scores (seeds, items)."""
    rank = ranks(_ranked(scores))
    means = rank.mean(axis=0) if len(rank) else np.zeros(scores.shape[1])
    return [int(item) for item in np.argsort(means, kind="stable")]


def _ranked(scores: np.ndarray) -> np.ndarray:
    """The vectors that have ranks."""
    return scores[np.isfinite(scores).all(axis=1)]
