"""Whether a claim about importances holds over seeds: proportion, verdict, margin."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from study.statistics.binomial import at_least
from study.statistics.intervals import NORMAL, Interval, clopper_pearson, wilson
from study.statistics.ranking import TIED, different, identical, shares

SUPPORTED, CONTRADICTED, INCONCLUSIVE = "supported", "contradicted", "inconclusive"
NO_VERDICT = "no verdict"
Kind = Literal["rank", "top", "share", "above"]


@dataclass(frozen=True)
class Statement:
    """What a claim says of one seed's scores.

    kind : "rank", item has rank 1; "top", item is among the `top` greatest; "share", item has
    a share of at least `share`; "above", item scores higher than item `other`
    """

    kind: Kind
    item: int
    top: int = 1
    share: float = 0.0
    other: int = 0

    def met(self, scores: np.ndarray) -> np.ndarray:
        """Which seeds meet it: (seeds, items) -> bool (seeds,).

        None without shares does: no score is positive, or one is not a number. Rank 1 is
        strictly greatest, and a tie at the edge of the top k leaves the item out. Scores are tied
        where they are equal, as `settled` makes them; a share as near to the required one as
        tied scores are reaches it.
        """
        item = scores[:, self.item]
        if self.kind == "share":
            found = self.margin(scores) >= 0
        elif self.kind == "above":
            found = item > scores[:, self.other]
        else:
            # The worst rank that ties leave possible.
            found = (scores >= item[:, None]).sum(axis=1) <= self.top
        return found & np.isfinite(shares(scores)[:, self.item])

    def tied(self, scores: np.ndarray) -> np.ndarray:
        """Which seeds miss it by a tie alone: (seeds, items) -> bool (seeds,).

        They would meet it if the item were ahead of all that it is tied with.
        """
        item = scores[:, self.item]
        if self.kind == "share":
            return np.zeros(len(scores), dtype=bool)
        if self.kind == "above":
            found = item == scores[:, self.other]
        else:
            # The best rank that ties leave possible.
            found = (scores > item[:, None]).sum(axis=1) < self.top
        return found & ~self.met(scores) & np.isfinite(shares(scores)[:, self.item])

    def margin(self, scores: np.ndarray) -> np.ndarray:
        """By how much of the total share each seed meets it, (seeds,).

        Positive only where it is met, and negative only where it is not.

        The item's share less the greatest share outside its place in the order (for rank 1,
        the runner-up's), the required share, or the other item's. NaN without shares.
        """
        ahead = self.ahead(shares(scores))
        if self.kind != "share":
            return ahead
        margin = ahead - self.share
        return np.where(np.abs(margin) <= TIED * self.share, 0.0, margin)

    def ahead(self, values: np.ndarray) -> np.ndarray:
        """How far the item is ahead of what it has to be above, of values (seeds, items): (seeds,).

        Of the other item, or the greatest outside its place in the order; of nothing for a share.
        """
        item = values[:, self.item]
        if self.kind == "share":
            return item
        if self.kind == "above":
            return item - values[:, self.other]
        others = np.sort(np.delete(values, self.item, axis=1), axis=1)[:, ::-1]
        return item - others[:, self.top - 1]

    def chance(self, items: int) -> float:
        """The proportion met if items were exchangeable; NaN for a share."""
        if self.kind == "share":
            return math.nan
        return 0.5 if self.kind == "above" else self.top / items


@dataclass(frozen=True)
class Proportion:
    """Seeds that meet a claim, of all seeds, with its intervals.

    identical : all seeds have the same scores, and count as one; tied : seeds that miss it by a
    tie alone
    """

    met: int
    seeds: int
    wilson: Interval
    exact: Interval
    identical: bool
    tied: int = 0

    @property
    def value(self) -> float:
        return self.met / self.seeds if self.seeds else math.nan


def proportion(statement: Statement, scores: np.ndarray) -> Proportion:
    """In how many seeds a statement is met: scores (seeds, items).

    Seeds that are all the same are one observation, and have no interval.
    """
    met, tied = statement.met(scores), statement.tied(scores)
    if identical(scores):
        none = Interval.none(f"all {len(scores)} seeds identical")
        return Proportion(int(met[0]), 1, none, none, identical=True, tied=int(tied[0]))
    count, seeds = int(met.sum()), len(met)
    intervals = wilson(count, seeds), clopper_pearson(count, seeds)
    return Proportion(count, seeds, *intervals, identical=False, tied=int(tied.sum()))


@dataclass(frozen=True)
class Verdict:
    """What the seeds say of a claim that needs a proportion of them.

    verdict : supported, contradicted, inconclusive, or no verdict
    seeds_to_settle : total seeds that would settle an inconclusive one if the proportion
    stays as observed; infinite where it equals the required one; NaN otherwise
    p_value : exact binomial, one-sided, that the proportion is at most the required one
    different : how many different vectors the seeds hold
    """

    verdict: str
    seeds_to_settle: float
    p_value: float
    different: int


def verdict_over_seeds(statement: Statement, scores: np.ndarray, required: float) -> Verdict:
    """The verdict on a statement, from scores (seeds, items); see `judge`.

    Seeds that repeat the scores of others are no further observations, and may be copies of one
    training: there is a verdict only where the different vectors alone give the same.
    """
    found = judge(proportion(statement, scores), required)
    first = different(scores)
    if first.all():
        return found
    alone = judge(proportion(statement, scores[first]), required)
    verdict = found.verdict if alone.verdict == found.verdict else NO_VERDICT
    settle = found.seeds_to_settle if verdict == found.verdict else math.nan
    return replace(found, verdict=verdict, seeds_to_settle=settle, different=int(first.sum()))


def judge(found: Proportion, required: float) -> Verdict:
    """Supported where the Wilson lower bound reaches `required`, contradicted where the upper
    bound misses it, else inconclusive. No verdict on seeds that are one observation."""
    seeds = found.seeds
    if found.identical or not seeds:
        return Verdict(NO_VERDICT, math.nan, math.nan, seeds)
    p_value = exceeds(found.met, found.seeds, required)
    if found.wilson.low >= required:
        return Verdict(SUPPORTED, math.nan, p_value, seeds)
    if found.wilson.high < required:
        return Verdict(CONTRADICTED, math.nan, p_value, seeds)
    return Verdict(INCONCLUSIVE, seeds_to_settle(found.value, required), p_value, seeds)


def exceeds(met: int, seeds: int, proportion: float) -> float:
    """Exact binomial p-value, one-sided, that the true proportion is at most `proportion`."""
    return float(at_least(met, seeds, proportion))


def seeds_to_settle(observed: float, required: float) -> float:
    """Fewest seeds whose Wilson interval about `observed` leaves `required` out.

    Wilson's bounds are where the score test turns, |p - r| = z √(r (1 - r) / n), and so n
    follows. Infinite where they are equal.
    """
    if observed == required:
        return math.inf
    return float(math.ceil(NORMAL**2 * required * (1 - required) / (observed - required) ** 2))


def fewest_met(required: float, seeds: int) -> int | None:
    """How many of `seeds` must meet a claim for it to be supported; None if all would not do."""
    # Where the score test turns; one below, since rounding may have gone either way.
    turn = seeds * required + NORMAL * math.sqrt(seeds * required * (1 - required))
    met = max(math.ceil(turn) - 1, 0)
    while met <= seeds and wilson(met, seeds).low < required:
        met += 1
    return met if met <= seeds else None


def fewest_seeds(required: float) -> int:
    """The fewest seeds that could support a claim: all of n meet it, n / (n + z²) >= required."""
    seeds = max(math.ceil(NORMAL**2 * required / (1 - required)) - 1, 1)
    while fewest_met(required, seeds) is None:
        seeds += 1
    return seeds


def power(true: float, required: float, seeds: int) -> float:
    """Chance that a claim met in a proportion `true` of all seeds comes out supported."""
    fewest = fewest_met(required, seeds)
    return 0.0 if fewest is None else float(at_least(fewest, seeds, true))
