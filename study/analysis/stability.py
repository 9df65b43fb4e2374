"""How far the order of importances stays the same from seed to seed, and among judges."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from string import ascii_lowercase

import numpy as np
import pandas as pd

from study.analysis.means import columns_of
from study.analysis.results import Results
from study.analysis.selection import judges
from study.statistics.agreement import TOP
from study.statistics.intervals import FEWEST, TAILS
from study.statistics.ranking import in_top, ranks, shares
from study.statistics.stability import (
    MOST_FOR_CONSENSUS,
    Consensus,
    consensus,
    flips,
    mean_order,
    order_kept,
    orders_told_apart,
    rank_frequency,
    rank_intervals,
    set_stability,
    split_half,
    tied_groups,
)

HALVES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
# Of fewer different splits, no spread is told.
FEWEST_SPLITS = 40
# From here on an item is called steady: one pair in ten changes places between two seeds.
STEADY = 0.9
# For each judge, a model by a method: (items, items), as `orders_told_apart` has it.
Votes = Mapping[tuple[str, str], np.ndarray]


def rank_frequencies(results: Results, level: str, listed: Sequence[int]) -> pd.DataFrame:
    """Proportion of seeds in which an item has a rank, by model and method, real condition.

    Of the items at the places `listed`, and of as many first ranks.
    """
    rows = []
    for keys, vectors in judges(results, level):
        table = rank_frequency(vectors.score)
        for place in listed:
            own = {**keys, "n": len(vectors.score), "name": vectors.items[place]}
            rows += [
                {**own, "rank": rank, "proportion": value}
                for rank, value in enumerate(table[place, : len(listed)], start=1)
            ]
    return pd.DataFrame(rows)


def flip_rates(results: Results, level: str, listed: Sequence[int]) -> pd.DataFrame:
    """Chance that two seeds order two items differently, by model, method and pair.

    Of the items at the places `listed`. The first of a pair has the better mean rank.
    """
    chosen = set(listed)
    rows = []
    for keys, vectors in judges(results, level):
        order = [item for item in mean_order(vectors.score) if item in chosen]
        for first, second in combinations(order, 2):
            found = flips(vectors.score, first, second)
            rows.append(
                {
                    **keys,
                    "first": vectors.items[first],
                    "second": vectors.items[second],
                    "n": len(vectors.score),
                    "above": found.above,
                    "below": found.below,
                    "rate": found.rate,
                    **columns_of(found.interval),
                }
            )
    return pd.DataFrame(rows)


def steadiness(
    results: Results, level: str, listed: Sequence[int], flipped: pd.DataFrame
) -> pd.DataFrame:
    """Mean share of each item against how steadily it keeps its order, by model and method.

    `large` tells whether the mean share is above an equal share, `steady` whether the order is
    kept with a chance of at least STEADY. Of the items at the places `listed`, by what
    `flip_rates` says of them. Only of ten seeds or more: of fewer, a seed meets itself so often
    that coins look steady.
    """
    if flipped.empty:
        return pd.DataFrame()
    rates = dict(iter(flipped.groupby(["model", "method"])))
    rows = []
    for keys, vectors in judges(results, level):
        share = shares(vectors.score)
        share = share[np.isfinite(share).all(axis=1)]
        if len(share) < FEWEST:
            continue
        place = {vectors.items[item]: index for index, item in enumerate(listed)}
        own = rates[keys["model"], keys["method"]]
        rate = np.full((len(place), len(place)), np.nan)
        one, two = own["first"].map(place).to_numpy(), own["second"].map(place).to_numpy()
        rate[one, two] = rate[two, one] = own["rate"].to_numpy()
        rows += [
            {
                **keys,
                "name": item,
                "n": len(share),
                "mean_share": mean,
                "kept": kept,
                "large": mean > 1 / len(vectors.items),
                "steady": kept >= STEADY,
            }
            for item, mean, kept in zip(
                place, share.mean(axis=0)[list(listed)], order_kept(rate), strict=True
            )
        ]
    return pd.DataFrame(rows)


def top_stability(results: Results, level: str) -> pd.DataFrame:
    """Nogueira's stability of the top k, k = 1, 2, 3, by model and method."""
    rows = []
    for keys, vectors in judges(results, level):
        for k in TOP.values():
            if k >= len(vectors.items):
                continue
            found = set_stability(in_top(vectors.score, k))
            rows.append(
                {
                    **keys,
                    "k": k,
                    "n": len(vectors.score),
                    "undefined": len(vectors.score) - found.seeds,
                    "stability": found.stability,
                    **columns_of(found.interval),
                    "asymptotic_low": found.asymptotic.low,
                    "asymptotic_high": found.asymptotic.high,
                }
            )
    return pd.DataFrame(rows)


def rank_sets(results: Results, level: str, listed: Sequence[int]) -> pd.DataFrame:
    """The ranks that each item can have, and the groups that seeds cannot tell apart.

    Of the items at the places `listed`, among all.
    """
    chosen = set(listed)
    rows = []
    for keys, vectors in judges(results, level):
        apart = orders_told_apart(vectors.score)
        bounds = rank_intervals(apart)
        order = mean_order(vectors.score)
        groups = [set(group) for group in tied_groups(apart, order)]
        rank = ranks(vectors.score)
        rank = rank[np.isfinite(rank).all(axis=1)]
        rows += [
            {
                **keys,
                "name": vectors.items[item],
                "n": len(vectors.score),
                "mean_rank": rank[:, item].mean() if len(rank) else np.nan,
                "lowest": bounds[item, 0],
                "highest": bounds[item, 1],
                "groups": " ".join(
                    _letters(place) for place, group in enumerate(groups) if item in group
                ),
            }
            for item in order
            if item in chosen
        ]
    return pd.DataFrame(rows)


def _splits(seeds: int, size: int) -> int:
    """How many ways there are to draw two halves of a size."""
    return math.comb(seeds, size) * math.comb(seeds - size, size) // 2 if 2 * size <= seeds else 0


def _letters(place: int) -> str:
    """a, b, ... z, aa, ab, ..."""
    before, last = divmod(place, 26)
    return (_letters(before - 1) if before else "") + ascii_lowercase[last]


def votes(results: Results, level: str) -> Votes:
    """What each judge's seeds tell apart."""
    return {
        (keys["model"], keys["method"]): orders_told_apart(vectors.score)
        for keys, vectors in judges(results, level)
    }


def consensus_order(votes: Votes) -> Consensus | None:
    """The order with ties that all judges agree with best.

    A judge votes on two items only where its seeds tell them apart. None where there are too
    many items to search, or no judge.
    """
    tables = list(votes.values())
    if not tables or len(tables[0]) > MOST_FOR_CONSENSUS:
        return None
    return consensus(np.stack(tables))


def dissent(found: Consensus | None, votes: Votes, items: Sequence[str]) -> pd.DataFrame:
    """How many pairs of items each judge orders the other way round than the consensus."""
    if found is None:
        return pd.DataFrame()
    rows = []
    for (model, method), told in votes.items():
        wanted = np.sign(found.ranks[None, :] - found.ranks[:, None])
        against = [
            f"{items[i]} above {items[j]}" if told[i, j] > 0 else f"{items[j]} above {items[i]}"
            for i, j in combinations(range(len(items)), 2)
            if told[i, j] * wanted[i, j] < 0
        ]
        rows.append(
            {
                "model": model,
                "method": method,
                "pairs": len(items) * (len(items) - 1) // 2,
                "told_apart": int(np.abs(np.triu(told, 1)).sum()),
                "reversed": len(against),
                "against": "; ".join(against),
            }
        )
    return pd.DataFrame(rows)


def reliability(results: Results, level: str) -> pd.DataFrame:
    """Spearman correlation of the mean shares of two halves, by the seeds in each half.

    low and high enclose CONFIDENCE of the random splits; they are no interval of a mean.
    """
    rows = []
    for keys, vectors in judges(results, level):
        sizes = [size for size in HALVES if _splits(len(vectors.score), size) >= FEWEST_SPLITS]
        for size, values in zip(sizes, split_half(shares(vectors.score), sizes), strict=True):
            defined = values[np.isfinite(values)]
            low, high = np.quantile(defined, TAILS) if len(defined) else (np.nan, np.nan)
            rows.append(
                {
                    **keys,
                    "seeds": size,
                    "splits": len(defined),
                    "mean": defined.mean() if len(defined) else np.nan,
                    "low": low,
                    "high": high,
                }
            )
    return pd.DataFrame(rows)
