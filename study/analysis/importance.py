"""Importance by model and method, and how models and methods differ in it."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from study.analysis.means import Means
from study.analysis.results import Results
from study.analysis.selection import Pair, all_models, method_pairs, model_pairs
from study.common.conditions import CONDITIONS
from study.statistics.ranking import ranks, shares


def importance(
    results: Results, level: str, listed: Sequence[int], conditions: Sequence[str] = CONDITIONS
) -> pd.DataFrame:
    """Mean share with its standard deviation and interval, and mean rank, over seeds.

    Of the items at the places `listed`; their shares and ranks are among all.
    """
    means = Means(results)
    for condition in conditions:
        for model in all_models(results):
            for method in results.methods(level):
                vectors = results.vectors(model, condition, method, level)
                if vectors is None:
                    continue
                vectors = vectors.observations
                share, rank = shares(vectors.score), ranks(vectors.score)
                # The mean rank is over the same seeds as the mean share.
                defined = np.isfinite(share).all(axis=1)
                known = results.published(model, method, level) if condition == "real" else {}
                keys: list[dict[str, Any]] = [
                    {
                        "model": model,
                        "condition": condition,
                        "method": method,
                        "name": vectors.items[column],
                        "mean_rank": rank[defined, column].mean() if defined.any() else np.nan,
                        "published": known.get(vectors.items[column], np.nan),
                    }
                    for column in listed
                ]
                means.add(keys, vectors.seeds, share[:, listed].T)
    return means.frame().rename(columns={"mean": "mean_share", "sd": "sd_share"})


def model_differences(
    results: Results, level: str, listed: Sequence[int], foremost: Sequence[str]
) -> pd.DataFrame:
    """Mean difference in share between two models, seed by seed, by method and item.

    Of the pairs that `model_pairs` has. Real condition; the first model's share less the second's.
    """
    return _differences(model_pairs(results, level, foremost), Means(results), listed)


def method_differences(results: Results, level: str, listed: Sequence[int]) -> pd.DataFrame:
    """Mean difference in share between two methods, seed by seed, by model and item."""
    return _differences(method_pairs(results, level), Means(results), listed)


def _differences(pairs: Iterable[Pair], means: Means, listed: Sequence[int]) -> pd.DataFrame:
    for keys, first, second in pairs:
        differences = shares(first.score) - shares(second.score)
        rows = [{**keys, "name": first.items[column]} for column in listed]
        means.add(rows, first.seeds, differences[:, listed].T)
    return means.frame()
