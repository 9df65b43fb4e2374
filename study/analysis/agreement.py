"""Agreement between methods, between models and between seeds."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from study.analysis.means import Means, columns_of
from study.analysis.results import Results
from study.analysis.selection import Pair, judges, method_pairs, model_pairs
from study.analysis.vectors import Vectors
from study.common.methods import find_method
from study.statistics.agreement import (
    SIGN,
    SPEARMAN,
    TOP_1,
    between_seeds,
    concordance,
    coordinates,
    measures_of,
    null_between_seeds,
    null_within_seeds,
    within_seeds,
)
from study.statistics.intervals import wilson


def method_agreement(results: Results, level: str) -> pd.DataFrame:
    """Mean agreement between methods within a seed, by model and measure, real condition."""
    return _agreement(results, level, method_pairs(results, level))


def model_agreement(results: Results, level: str, foremost: Sequence[str]) -> pd.DataFrame:
    """Mean agreement between models within a seed, by method and measure, real condition.

    Of the pairs that `model_pairs` has.
    """
    return _agreement(results, level, model_pairs(results, level, foremost))


def _agreement(results: Results, level: str, pairs: Iterable[Pair]) -> pd.DataFrame:
    """Mean agreement of pairs of vectors by every measure, with its null."""
    means = Means(results)
    coordinates_of = cache(_coordinates)  # a vector stands in many pairs
    for keys, first, second in pairs:
        methods = [keys["method"]] * 2 if "method" in keys else [keys["first"], keys["second"]]
        signed = level == "feature" and all(
            _signed(results, method, of)
            for method, of in zip(methods, (first, second), strict=True)
        )
        rows, values = [], []
        for measure in measures_of(len(first.items), signed=signed):
            one, two = (coordinates_of(measure, vectors) for vectors in (first, second))
            null = null_within_seeds(measure, one, two)
            of_null = {
                "measure": measure,
                "null_mean": null.mean,
                "null_sd": null.sd,
                "p_value": null.p_value,
                "null": null.kind,
            }
            rows.append({**keys, **of_null})
            values.append(within_seeds(one, two))
        means.add(rows, first.seeds, np.stack(values))
    return _proportions_by_wilson(means.frame())


def _proportions_by_wilson(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the top 1, which agree or do not, Wilson's interval of a proportion."""
    if frame.empty:
        return frame
    rows = (frame["measure"] == TOP_1) & (frame["n"] > frame["undefined"])
    count = frame.loc[rows, "n"] - frame.loc[rows, "undefined"]
    found = [
        wilson(round(mean * seeds), seeds)
        for mean, seeds in zip(frame.loc[rows, "mean"], count, strict=True)
    ]
    frame.loc[rows, "low"] = [interval.low for interval in found]
    frame.loc[rows, "high"] = [interval.high for interval in found]
    frame.loc[rows, "interval"] = [interval.kind for interval in found]
    return frame


def seed_agreement(results: Results, level: str) -> pd.DataFrame:
    """Mean agreement over all pairs of seeds, by model, method, condition and measure."""
    return pd.DataFrame(
        [
            {
                "model": keys["model"],
                "condition": condition,
                "method": keys["method"],
                **_between_seeds(measure, vectors),
            }
            for condition in ("real", "shuffled")
            for keys, vectors in judges(results, level, condition)
            for measure in measures_of(
                len(vectors.items),
                signed=level == "feature" and _signed(results, keys["method"], vectors),
            )
        ]
    )


def seed_correlation(results: Results, level: str) -> pd.DataFrame:
    """Spearman's correlation alone, mean over all pairs of seeds, by model and method."""
    return pd.DataFrame(
        [{**keys, **_between_seeds(SPEARMAN, vectors)} for keys, vectors in judges(results, level)]
    )


def _between_seeds(measure: str, vectors: Vectors) -> dict[str, Any]:
    """Mean agreement over all pairs of seeds by one measure, as columns."""
    found = between_seeds(measure, _coordinates(measure, vectors))
    mean, deviation = null_between_seeds(measure, len(vectors.items), found.seeds)
    return {
        "measure": measure,
        "n": len(vectors.score),
        "undefined": len(vectors.score) - found.seeds,
        "mean": found.mean,
        **columns_of(found.interval),
        "null_mean": mean,
        "null_sd": deviation,
    }


def seed_concordance(results: Results, level: str) -> pd.DataFrame:
    """Kendall's W among seeds with its permutation p-value, by model and method."""
    rows = []
    for keys, vectors in judges(results, level):
        found = concordance(vectors.score)
        rows.append(
            {
                **keys,
                "n": len(vectors.score),
                "undefined": len(vectors.score) - found.seeds,
                "w": found.w,
                "p_value": found.p_value,
                "null": found.kind,
            }
        )
    return pd.DataFrame(rows)


def spearman_only(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of an agreement frame that hold Spearman's correlation."""
    return frame[frame["measure"] == SPEARMAN] if len(frame) else frame


def _signed(results: Results, method: str, vectors: Vectors) -> bool:
    """Whether a method has signs to compare: a prediction's gradients, or imported ones."""
    declared = None if results.imported else find_method(method)
    return (declared is None or declared.directed) and bool(np.isfinite(vectors.signed).any())


def _coordinates(measure: str, vectors: Vectors) -> np.ndarray:
    return coordinates(measure, vectors.signed if measure == SIGN else vectors.score)
