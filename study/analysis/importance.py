"""Importance by model and method, and how models and methods differ in it."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from study.analysis.means import Means, all_models
from study.results import Results, Vectors
from study.statistics.ranking import ranks, shares
from study.words import CONDITIONS, METHODS_OF_LEVEL


@lru_cache(maxsize=8)
def importance(results: Results, level: str) -> pd.DataFrame:
    """Mean share with its standard deviation and interval, and mean rank, over seeds."""
    means = Means(results)
    for condition in CONDITIONS:
        for model in all_models(results):
            for method in METHODS_OF_LEVEL[level]:
                vectors = results.vectors(model, condition, method, level)
                if vectors is None:
                    continue
                vectors = vectors.observations
                share, rank = shares(vectors.score), ranks(vectors.score)
                # The mean rank is over the same seeds as the mean share.
                defined = np.isfinite(share).all(axis=1)
                known = results.published(model, method, level) if condition == "real" else {}
                for column, item in enumerate(vectors.items):
                    keys: dict[str, Any] = {
                        "model": model,
                        "condition": condition,
                        "method": method,
                        "name": item,
                        "mean_rank": rank[defined, column].mean() if defined.any() else np.nan,
                        "published": known.get(item, np.nan),
                    }
                    means.add(keys, vectors.seeds, share[:, column])
    return means.frame().rename(columns={"mean": "mean_share", "sd": "sd_share"})


@lru_cache(maxsize=8)
def model_differences(results: Results, level: str) -> pd.DataFrame:
    """Mean difference in share between two models, seed by seed, by method and item.

    Real condition; the first model's share less the second's.
    """
    means = Means(results)
    for method in METHODS_OF_LEVEL[level]:
        for one, two in combinations(results.models, 2):
            keys = {"method": method, "first": one, "second": two}
            for first, second in common_seeds(results, level, (one, method), (two, method)):
                _add_differences(means, keys, first, second)
    return means.frame()


@lru_cache(maxsize=8)
def method_differences(results: Results, level: str) -> pd.DataFrame:
    """Mean difference in share between two methods, seed by seed, by model and item."""
    means = Means(results)
    for model in results.models:
        for one, two in combinations(METHODS_OF_LEVEL[level], 2):
            keys = {"model": model, "first": one, "second": two}
            for first, second in common_seeds(results, level, (model, one), (model, two)):
                _add_differences(means, keys, first, second)
    return means.frame()


def _add_differences(means: Means, keys: dict[str, Any], first: Vectors, second: Vectors) -> None:
    differences = shares(first.score) - shares(second.score)
    for column, item in enumerate(first.items):
        means.add({**keys, "name": item}, first.seeds, differences[:, column])


def common_seeds(
    results: Results, level: str, first: tuple[str, str], second: tuple[str, str]
) -> Iterator[tuple[Vectors, Vectors]]:
    """The vectors of two (model, method) on the seeds that both have, if any; real condition."""
    one, two = (results.vectors(model, "real", method, level) for model, method in (first, second))
    if one is not None and two is not None:
        in_one = one.seeds.isin(two.seeds).to_numpy(bool)
        in_two = two.seeds.isin(one.seeds).to_numpy(bool)
        if in_one.any():
            yield one.only(in_one), two.only(in_two)
