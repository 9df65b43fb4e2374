"""Means over seeds with their intervals, all of a frame under the same draws of seeds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from study.analysis.results import Results
from study.common.conditions import CONDITIONS
from study.statistics.intervals import Interval, mean_intervals


class Means:
    """Collects rows, each of a number for every seed, and makes them a frame at once."""

    def __init__(self, results: Results) -> None:
        seeds = {
            seed
            for model in results.models
            for condition in CONDITIONS
            for seed in results.seeds(model, condition)
        }
        self._place = {seed: place for place, seed in enumerate(sorted(seeds))}
        self._rows: list[Mapping[str, Any]] = []
        self._columns: list[np.ndarray] = []

    def add(self, keys: Sequence[Mapping[str, Any]], seeds: pd.Series, values: np.ndarray) -> None:
        """Some rows: `values` (rows, seeds) of the named seeds; NaN where one has no such number.

        Least squares has one value and no seed.
        """
        columns = np.full((len(keys), max(len(self._place), 1)), np.nan)
        named = seeds.tolist()
        known = not any(map(pd.isna, named))
        columns[:, [self._place[int(seed)] for seed in named] if known else [0]] = values
        undefined = (~np.isfinite(values)).sum(axis=1)
        for own, lost in zip(keys, undefined.tolist(), strict=True):
            self._rows.append({**own, "n": len(named), "undefined": lost})
        self._columns.append(columns)

    def frame(self) -> pd.DataFrame:
        """The rows with n, undefined, mean, sd (ddof 1), low, high, interval.

        The mean is over the seeds that have a number.
        """
        if not self._rows:
            return pd.DataFrame()
        table = np.ascontiguousarray(np.concatenate(self._columns).T)
        intervals = mean_intervals(table)
        defined = np.isfinite(table)
        count = defined.sum(axis=0)
        filled = np.where(defined, table, 0.0)
        with np.errstate(invalid="ignore"):
            mean = filled.sum(axis=0) / count
            squares = np.where(defined, (table - mean) ** 2, 0.0).sum(axis=0)
            deviation = np.sqrt(
                np.divide(squares, count - 1, out=np.full(len(count), np.nan), where=count > 1)
            )
        return pd.DataFrame(self._rows).assign(
            mean=mean,
            sd=deviation,
            low=[interval.low for interval in intervals],
            high=[interval.high for interval in intervals],
            interval=[interval.kind for interval in intervals],
        )


def columns_of(interval: Interval) -> dict[str, float | str]:
    """An interval as the columns low, high and interval, its kind."""
    return {"low": interval.low, "high": interval.high, "interval": interval.kind}
