"""Whether a claim would hold for other rows of the same kind, from random halves of all rows.

Training rows of ordinary splits overlap, so that means over these vary far more than their spread
says; no one correction suits scores that follow the training rows and those that follow the test
rows (benchmarks/README.md). Both halves of a split have no row in common: what a quantity differs
between them tells how much it varies between samples of half the size, whatever it is. The mean of
both varies half as much, and the mean over many splits no more than that. (Nadeau and Bengio,
Machine Learning 52, 2003: the conservative estimator of variance.)
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from study.statistics.claims import (
    CONTRADICTED,
    INCONCLUSIVE,
    NO_VERDICT,
    SUPPORTED,
    Statement,
)
from study.statistics.intervals import CONFIDENCE, FEWEST, Interval
from study.statistics.ranking import ROUNDING, shares

FROM_HALVES = "halves"
# A claim is supported, or contradicted, at this level of a one-sided test.
LEVEL = (1 - CONFIDENCE) / 2
# Splits that are still thought of; what they leave undecided, more of them would, too.
_MOST_SPLITS = 10_000


@dataclass(frozen=True)
class Means:
    """Means over both halves of splits of some quantities, and what is known of the population's.

    mean, error : (quantities,), error the standard error; splits : those that have numbers
    """

    mean: np.ndarray
    error: np.ndarray
    splits: int

    def intervals(self) -> list[Interval]:
        """The interval of each."""
        if not self.splits:
            return [Interval.none("no splits")] * len(self.mean)
        if not self.error.any():
            return [Interval.none("all halves agree: no interval")] * len(self.mean)
        reach = stdtrit(self.splits, 1 - LEVEL) * self.error
        return [
            Interval(low, high, FROM_HALVES)
            for low, high in zip(self.mean - reach, self.mean + reach, strict=True)
        ]

    def p_above(self) -> np.ndarray:
        """One-sided p-value of each, that it is at most 0; shares equal up to rounding are tied."""
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(self.error > 0, self.mean / self.error, np.sign(self.mean) * np.inf)
        apart = np.abs(self.mean) > ROUNDING
        return np.where(apart, stdtr(max(self.splits, 1), -t), 0.5)


def means_of_halves(values: np.ndarray, split: np.ndarray, half: np.ndarray) -> Means:
    """Means of quantities over splits, with standard errors from the differences of halves.

    Parameters
    ----------
    values : (models, quantities), each model trained and tested on a half of the rows; a split
        counts where both halves have numbers, from one seed at least
    split, half : (models,), which split each is of, and which half of it, 0 or 1

    The squared differences of the halves of J splits, by 4 J, estimate the variance of the mean of
    two halves; that has J degrees of freedom, given the rows.
    """
    known = np.isfinite(values).all(axis=1)
    means = [
        [values[known & (split == number) & (half == side)].mean(axis=0) for side in (0, 1)]
        for number in np.unique(split)
        if all((known & (split == number) & (half == side)).any() for side in (0, 1))
    ]
    if not means:
        nothing = np.full(values.shape[1], np.nan)
        return Means(nothing, nothing, 0)
    first, second = np.array(means).transpose(1, 0, 2)
    variance = ((first - second) ** 2).mean(axis=0) / 4
    return Means((first + second).mean(axis=0) / 2, np.sqrt(variance), len(means))


def differences(statement: Statement, scores: np.ndarray) -> np.ndarray:
    """What has to be above 0 for a statement: (models, items) -> (models, comparisons), of shares.

    The item's share less that of every other item, of the one that it is to be above, or less
    the share that it is to have. NaN without shares.
    """
    share = shares(scores)
    item = share[:, [statement.item]]
    if statement.kind == "share":
        return item - statement.share
    if statement.kind == "above":
        return item - share[:, [statement.other]]
    return item - np.delete(share, statement.item, axis=1)


@dataclass(frozen=True)
class Settle:
    """What would settle an inconclusive verdict, if means and spreads stayed.

    splits : so many in all; rows : so many times as many rows, with as many splits. Infinite
    where none would, NaN where nothing is open. More splits do no more than steady the error.
    """

    splits: float
    rows: float


@dataclass(frozen=True)
class Verdict:
    """What splits say of a claim about the population.

    verdict : supported, contradicted, inconclusive, or no verdict
    p_value : of the claim, one-sided
    means : of the differences that the claim says are above 0
    narrowest : the place of the difference that decides
    """

    verdict: str
    p_value: float
    means: Means
    narrowest: int
    settle: Settle


def judge(statement: Statement, scores: np.ndarray, split: np.ndarray, half: np.ndarray) -> Verdict:
    """The verdict on a claim, from models of halves of all rows; see `means_of_halves`.

    scores : (models, items). Rank 1 is supported when every difference is shown to be above 0: an
    intersection-union test (Berger, 1982, Technometrics 24), which needs no correction for many.
    It is contradicted when some difference is shown to be below 0, corrected for as many as could
    be (Bonferroni). Top k of n + 1 items asks for all but k - 1 of n differences, each at a k-th
    of the level, as any of k true ones could fail; it is contradicted by k differences below 0,
    each at an (n - k + 1)-th.
    """
    found = means_of_halves(differences(statement, scores), split, half)
    allowed = statement.top - 1  # differences that may be below 0
    count = len(found.mean)
    # In the order of evidence, the weakest first: the one that has to be above 0 decides.
    above = found.p_above()
    order = np.argsort(-above, kind="stable")
    deciding = int(order[allowed])
    nothing = Settle(math.nan, math.nan)
    if found.splits < FEWEST:
        return Verdict(NO_VERDICT, math.nan, found, deciding, nothing)
    p_value = min(statement.top * float(above[deciding]), 1.0)
    below = (count - allowed) * float(1 - above[deciding])
    if p_value <= LEVEL:
        verdict = SUPPORTED
    elif below <= LEVEL:
        verdict = CONTRADICTED
    else:
        settle = _settle(found, deciding, statement.top, count - allowed)
        return Verdict(INCONCLUSIVE, p_value, found, deciding, settle)
    return Verdict(verdict, p_value, found, deciding, nothing)


def _settle(found: Means, place: int, top: int, contraries: int) -> Settle:
    """What would settle the difference at a place."""
    mean, error = abs(float(found.mean[place])), float(found.error[place])
    if mean <= ROUNDING:
        return Settle(math.inf, math.inf)
    level = LEVEL / (top if found.mean[place] > 0 else contraries)

    def reach(splits: int) -> float:
        """How far from 0 a mean must be, in standard errors."""
        return float(-stdtrit(splits, level))

    more: float = math.inf
    if mean > error * reach(_MOST_SPLITS):
        low, high = found.splits, _MOST_SPLITS
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if mean > error * reach(middle) else (middle, high)
        more = high
    # The variance of what is measured on n rows goes with 1 / n.
    return Settle(more, (error * reach(found.splits) / mean) ** 2)
