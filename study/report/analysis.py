"""Stored scores become the numbers of the report: one row of a frame for each number.

Figures, tables and sentences ask for the same frames, so each is computed once for the last
few results; nobody may change one.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations

import numpy as np
import pandas as pd

from study.results import Results, Vectors
from study.statistics.agreement import null_deviation, spearman
from study.statistics.claims import first_in
from study.statistics.intervals import mean_interval
from study.statistics.ranking import ranks, shares
from study.words import CONDITIONS, GROUPED_PERMUTATION, LEAST_SQUARES, METHODS, METHODS_OF_LEVEL


def all_models(results: Results) -> list[str]:
    """The models of a run, least squares last."""
    return [*results.models, LEAST_SQUARES]


def claimed_vectors(
    results: Results, model: str, condition: str, method: str
) -> tuple[Vectors, int] | None:
    """The scores that a claim is tested on, and the claimed item's column.

    A claim about a feature is tested by permutation-grouped as the same claim about the
    variable, if that feature is the whole variable. None where there is no such test.
    """
    claim = results.recipe.claim
    level = "variable" if method == GROUPED_PERMUTATION else claim.level
    vectors = results.vectors(model, condition, method, level)
    if vectors is None or claim.name not in vectors.items:
        return None
    return vectors, vectors.items.index(claim.name)


@lru_cache(maxsize=4)
def fit_quality(results: Results) -> pd.DataFrame:
    """Fit over the seeds of the real condition, by model, part and way of evaluating.

    Seeds that diverged, whose fit is not finite, are counted as undefined and left out.
    """
    rows = []
    measures = ["r_squared", "rmse", "within"]
    real = results.fits[results.fits["condition"] == "real"]
    for model in all_models(results):
        for part in ("train", "test"):
            for evaluation in ("alone", "together"):
                chosen = real[
                    (real["model"] == model)
                    & (real["part"] == part)
                    & (real["evaluation"] == evaluation)
                ]
                row = {"model": model, "part": part, "evaluation": evaluation, "n": len(chosen)}
                finite = np.isfinite(chosen[measures].astype(float)).all(axis=1)
                row["undefined"] = int((~finite).sum())
                chosen = chosen[finite]
                for measure in measures:
                    row[f"{measure}_mean"] = chosen[measure].mean()
                    row[f"{measure}_sd"] = chosen[measure].std(ddof=1)
                    row[f"{measure}_min"] = chosen[measure].min()
                    row[f"{measure}_max"] = chosen[measure].max()
                rows.append(row)
    return pd.DataFrame(rows)


@lru_cache(maxsize=4)
def importance(results: Results, level: str) -> pd.DataFrame:
    """Mean share with its standard deviation and interval, and mean rank, over seeds."""
    rows = []
    for condition in CONDITIONS:
        for model in all_models(results):
            for method in METHODS_OF_LEVEL[level]:
                vectors = results.vectors(model, condition, method, level)
                if vectors is None:
                    continue
                share, rank = shares(vectors.score), ranks(vectors.score)
                published = results.published(model, method, level) if condition == "real" else {}
                for column, item in enumerate(vectors.items):
                    # The mean rank is over the same seeds as the mean share.
                    defined = np.isfinite(share[:, column])
                    values = share[defined, column]
                    interval = mean_interval(values)
                    rows.append(
                        {
                            "model": model,
                            "condition": condition,
                            "method": method,
                            "name": item,
                            "n": len(share),
                            "undefined": len(share) - len(values),
                            "mean_share": _mean(values),
                            "sd_share": values.std(ddof=1) if len(values) > 1 else np.nan,
                            "low": interval.low,
                            "high": interval.high,
                            "interval": interval.kind,
                            "mean_rank": _mean(rank[defined, column]),
                            "published": published.get(item, np.nan),
                        }
                    )
    return pd.DataFrame(rows)


@lru_cache(maxsize=4)
def claim_proportions(results: Results) -> pd.DataFrame:
    """In how many seeds the claimed item comes first, by model, method and condition."""
    rows = []
    for model in all_models(results):
        for method in METHODS:
            for condition in CONDITIONS:
                tested = claimed_vectors(results, model, condition, method)
                if tested is None:
                    continue
                vectors, item = tested
                met = first_in(vectors.score, item)
                rows.append(
                    {
                        "model": model,
                        "method": method,
                        "condition": condition,
                        "items": len(vectors.items),
                        "met": met.met,
                        "n": met.seeds,
                        "proportion": met.met / met.seeds if met.seeds else np.nan,
                        "low": met.interval.low,
                        "high": met.interval.high,
                        "interval": met.interval.kind,
                    }
                )
    return pd.DataFrame(rows)


@lru_cache(maxsize=4)
def method_agreement(results: Results, level: str) -> pd.DataFrame:
    """Mean Spearman between methods within a seed, for each model, real condition."""
    return pd.DataFrame(
        _pair(first, second, {"model": model, "first": one, "second": two})
        for model in results.models
        for one, two in combinations(METHODS_OF_LEVEL[level], 2)
        for first, second in _common_seeds(results, level, (model, one), (model, two))
    )


@lru_cache(maxsize=4)
def model_agreement(results: Results, level: str) -> pd.DataFrame:
    """Mean Spearman between models within a seed, for each method, real condition."""
    return pd.DataFrame(
        _pair(first, second, {"method": method, "first": one, "second": two})
        for method in METHODS_OF_LEVEL[level]
        for one, two in combinations(results.models, 2)
        for first, second in _common_seeds(results, level, (one, method), (two, method))
    )


def _common_seeds(
    results: Results, level: str, first: tuple[str, str], second: tuple[str, str]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The score vectors of two (model, method) on the seeds that both have, if any."""
    one, two = (results.vectors(model, "real", method, level) for model, method in (first, second))
    if one is not None and two is not None:
        _, in_one, in_two = np.intersect1d(one.seeds, two.seeds, return_indices=True)
        if len(in_one):
            yield one.score[in_one], two.score[in_two]


def _pair(first: np.ndarray, second: np.ndarray, keys: dict[str, str]) -> dict[str, object]:
    values = spearman(first, second)
    defined = values[np.isfinite(values)]
    interval = mean_interval(defined)
    return {
        **keys,
        "n": len(values),
        "undefined": len(values) - len(defined),
        "mean": _mean(defined),
        "low": interval.low,
        "high": interval.high,
        "interval": interval.kind,
        "null_sd": null_deviation(first.shape[1]),
    }


def _mean(values: np.ndarray) -> float:
    """Mean over seeds; NaN when there are none."""
    return float(values.mean()) if len(values) else np.nan
