"""Whether each variable adds to the fit, over splits of all rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from study.analysis.results import Results
from study.analysis.selection import all_models
from study.common.methods import find_method
from study.statistics.multiplicity import holm
from study.statistics.resampled import CORRECTED, resampled

_COLUMNS = (
    *("model", "method", "name", "splits", "mean", "low", "high", "interval"),
    *("p_value", "p_adjusted"),
)


def variable_tests(results: Results, level: str, listed: Sequence[int]) -> pd.DataFrame:
    """Mean score over splits of the items at the places `listed`, with a one-sided test of each.

    Of the methods whose scores have one scale, as a drop in R² has, at the level "variable" or
    "group". p_adjusted is Holm's over all items of a model and method.
    """
    rows: list[dict[str, Any]] = []
    names = results.items(level)
    counts = dict(zip(results.parts["part"], results.parts["rows"], strict=True))
    if not {"train", "test"} <= set(counts):  # a run that was made before these were stored
        return pd.DataFrame(columns=_COLUMNS)
    tested = counts["test"] / counts["train"]
    for model in all_models(results):
        for method in results.methods(level):
            declared = find_method(method)
            found = results.on_splits(model, method, level)
            if declared is None or not declared.comparable or found is None:
                continue
            tests = resampled(found.vectors.score, found.splits, found.halves, tested)
            adjusted = holm(tests.p_above)
            rows += [
                {
                    "model": model,
                    "method": method,
                    "name": names[place],
                    "splits": tests.splits,
                    "mean": tests.mean[place],
                    "low": tests.low[place],
                    "high": tests.high[place],
                    "interval": CORRECTED if tests.splits > 1 else "too few splits",
                    "p_value": tests.p_above[place],
                    "p_adjusted": adjusted[place],
                }
                for place in listed
            ]
    return pd.DataFrame(rows, columns=_COLUMNS)
