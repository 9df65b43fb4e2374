"""Importance by model and method, and how models and methods differ in it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from study.analysis.means import Means
from study.analysis.results import Results
from study.analysis.selection import Pair, all_models, method_pairs, model_pairs
from study.analysis.vectors import Vectors
from study.common.conditions import CONDITIONS, REAL
from study.statistics.ranking import ranks, shares

_OF_SHARES = {"mean": "mean_share", "sd": "sd_share"}


def importance(
    results: Results,
    level: str,
    listed: Sequence[int],
    conditions: Sequence[str] = CONDITIONS,
    for_class: str | None = None,
) -> pd.DataFrame:
    """Mean share with its standard deviation and interval, and mean rank, over seeds.

    Of the items at the places `listed`; their shares and ranks are among all. With `for_class`
    those of that class's scores, by the methods that have them.
    """
    means = Means(results)
    for condition in conditions:
        for model in all_models(results):
            for method in results.methods(level):
                vectors = results.vectors(model, condition, method, level, for_class)
                if vectors is None:
                    continue
                known = results.published(model, method, level) if condition == "real" else {}
                keys = {"model": model, "condition": condition, "method": method}
                _add(means, keys, vectors.observations, listed, known)
    return means.frame().rename(columns=_OF_SHARES)


def class_importance(results: Results, level: str, listed: Sequence[int]) -> pd.DataFrame:
    """The same of each of more than two classes, by the methods that score classes.

    Real condition; shares are those of a class's own scores.
    """
    means = Means(results)
    levels = results.recipe.task.levels if results.recipe.task.outputs > 1 else ()
    for model in all_models(results):
        for method in results.methods(level):
            for of in levels:
                vectors = results.vectors(model, REAL, method, level, of)
                if vectors is not None:
                    keys = {"model": model, "method": method, "class": of}
                    _add(means, keys, vectors.observations, listed)
    return means.frame().rename(columns=_OF_SHARES)


def _add(
    means: Means,
    keys: Mapping[str, str],
    vectors: Vectors,
    listed: Sequence[int],
    published: Mapping[str, float] | None = None,
) -> None:
    """Shares and mean ranks of some items, with what was published where that is known."""
    share, rank = shares(vectors.score), ranks(vectors.score)
    # The mean rank is over the same seeds as the mean share.
    defined = np.isfinite(share).all(axis=1)
    rows = []
    for column in listed:
        item = vectors.items[column]
        of_item: dict[str, Any] = {
            **keys,
            "name": item,
            "mean_rank": rank[defined, column].mean() if defined.any() else np.nan,
        }
        if published is not None:
            of_item["published"] = published.get(item, np.nan)
        rows.append(of_item)
    means.add(rows, vectors.seeds, share[:, listed].T)


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
