"""Differences between two runs over their seeds, each the second run less the first."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from study.statistics.intervals import (
    FEWEST,
    Interval,
    independent_difference,
    mean_difference_intervals,
    mean_intervals,
    paired_difference,
)
from study.statistics.ranking import alike

IDENTICAL, EQUAL = "identical", "equal up to rounding"
ONE_OBSERVATION = "all seeds of a run identical: no interval"


@dataclass(frozen=True)
class Matched:
    """Which seeds of two runs a difference is made of.

    first, second : (seeds,) places in either run. Of `paired` ones, the same place in both is
    the same seed; least squares is paired, and has no seeds.
    without : seeds that both runs have and that independent samples leave out
    """

    first: np.ndarray
    second: np.ndarray
    paired: bool
    seeded: bool = True
    without: int = 0

    @property
    def words(self) -> str:
        """How the seeds make the difference."""
        if not self.seeded:
            return "no seeds"
        if self.paired:
            return f"paired over {_common(len(self.first))}"
        without = f", without the {self.without} in common" if self.without else ""
        return f"independent: {len(self.first)} and {len(self.second)} seeds{without}"


def match(first: pd.Series, second: pd.Series) -> Matched:
    """Match the seeds of two runs: those in common, or else the others, as independent samples.

    The same seed has the same random streams in both runs; differences within seeds are right
    however much or little the two networks of a seed have in common. Fewer than FEWEST pairs
    have no interval: they give way where each run has more seeds of its own.
    """
    if first.isna().any() or second.isna().any():
        return Matched(np.array([0]), np.array([0]), paired=True, seeded=False)
    one, two = first.to_numpy(dtype=np.int64), second.to_numpy(dtype=np.int64)
    common, in_first, in_second = np.intersect1d(one, two, return_indices=True)
    alone, other_alone = (np.flatnonzero(~np.isin(seeds, common)) for seeds in (one, two))
    if len(common) >= min(FEWEST, len(alone), len(other_alone)):
        return Matched(in_first, in_second, paired=True)
    return Matched(alone, other_alone, paired=False, without=len(common))


def sameness(matched: Matched, first: np.ndarray, second: np.ndarray) -> str:
    """In what words two runs hold the same numbers of the seeds they share; empty if not.

    `first` and `second` are of the matched seeds, (seeds,) or (seeds, items). Undefined in both
    runs is the same; undefined in one is not.
    """
    if not matched.paired or not len(first):
        return ""
    where = f" on {_common(len(first), 'the ')}" if matched.seeded else ""
    if np.array_equal(first, second, equal_nan=True):
        return f"{IDENTICAL}{where}"
    if alike(first, second):
        return f"{EQUAL}{where}"
    return ""


def _common(seeds: int, article: str = "") -> str:
    return f"{article}{seeds} common {'seed' if seeds == 1 else 'seeds'}"


def difference_of_proportions(
    matched: Matched, first: np.ndarray, second: np.ndarray
) -> tuple[float, Interval]:
    """The difference of two proportions with its interval, bool (seeds,) of the matched seeds."""
    if not len(first) or not len(second):
        return np.nan, Interval.none("no seeds")
    difference = float(second.mean() - first.mean())
    if not matched.seeded:
        return difference, Interval.none("no seeds: no interval")
    interval = paired_difference if matched.paired else independent_difference
    return difference, interval(second, first)


class Differences:
    """Collects rows, each of a number for every seed of two runs, and makes them a frame."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._values: list[tuple[pd.Series, pd.Series]] = []

    def add(
        self,
        keys: Mapping[str, Any],
        first_seeds: pd.Series,
        first: np.ndarray,
        second_seeds: pd.Series,
        second: np.ndarray,
        reason: str = "",
    ) -> None:
        """A row: numbers (seeds,) of the named seeds of each run.

        A seed without a finite number is left out, and of paired ones both. `reason` says why
        there is to be no interval, if there is to be none.
        """
        matched = match(first_seeds, second_seeds)
        one = pd.Series(first[matched.first], first_seeds.iloc[matched.first])
        two = pd.Series(second[matched.second], second_seeds.iloc[matched.second])
        known, other_known = np.isfinite(one.to_numpy()), np.isfinite(two.to_numpy())
        if matched.paired:
            known = other_known = known & other_known
        # Before any seed is left out: runs that differ in what is undefined are not the same.
        same = sameness(matched, one.to_numpy(), two.to_numpy()) if known.any() else ""
        undefined = int((~known).sum() + (0 if matched.paired else (~other_known).sum()))
        one, two = one[known], two[other_known]
        places = np.arange(len(one)), np.arange(len(two))
        matched = replace(matched, first=places[0], second=places[1])
        self._rows.append(
            {
                **keys,
                "pairing": matched.words,
                "n_first": len(one),
                "n_second": len(two),
                "compared": min(len(one), len(two)),
                "undefined": undefined,
                "mean_first": one.mean(),
                "mean_second": two.mean(),
                "difference": two.mean() - one.mean(),
                "paired": matched.paired,
                "reason": same or reason or ("" if matched.seeded else "no seeds: no interval"),
            }
        )
        self._values.append((one, two))

    def frame(self) -> pd.DataFrame:
        """The rows with pairing (in words), n_first, n_second, compared (the fewer of both),
        undefined, mean_first, mean_second, difference, low, high, interval."""
        if not self._rows:
            return pd.DataFrame()
        frame = pd.DataFrame(self._rows)
        intervals = [Interval.none(reason) for reason in frame["reason"]]
        for paired in (True, False):
            places = np.flatnonzero((frame["paired"] == paired) & (frame["reason"] == ""))
            if len(places):
                pairs = [self._values[place] for place in places]
                if paired:
                    found = mean_intervals(_table([two - one for one, two in pairs]))
                else:
                    found = mean_difference_intervals(
                        _table([two for _, two in pairs]), _table([one for one, _ in pairs])
                    )
                for place, interval in zip(places, found, strict=True):
                    intervals[place] = interval
        return frame.drop(columns=["paired", "reason"]).assign(
            low=[interval.low for interval in intervals],
            high=[interval.high for interval in intervals],
            interval=[interval.kind for interval in intervals],
        )


def _table(columns: list[pd.Series]) -> np.ndarray:
    """Numbers by seed as one table, (seeds, quantities); NaN where a column has no such seed."""
    return pd.concat(columns, axis=1).sort_index().to_numpy(dtype=float)
