"""What splits of all rows, and shuffles of the targets, say of a claim."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from study.analysis.claims import level_of_claim, scores_of_claim, statement_of
from study.analysis.held_out import gated
from study.analysis.results import Results
from study.analysis.selection import all_models
from study.analysis.units import units
from study.analysis.unmoved import in_words, unmoved_halves, why_unmoved
from study.analysis.vectors import Vectors
from study.common.conditions import REAL
from study.common.methods import find_method
from study.common.vocabulary import LEAST_SQUARES
from study.recipes.claim import Claim
from study.statistics.claims import NO_VERDICT
from study.statistics.intervals import FEWEST
from study.statistics.permutation_test import permutation_test
from study.statistics.population import judge
from study.statistics.rank_intervals import population_rank_intervals
from study.statistics.ranking import shares

_POPULATION = (
    *("model", "method", "splits", "seeds", "undefined", "verdict", "reason", "p_value"),
    *("against", "margin", "low", "high", "interval", "settle_splits", "settle_rows"),
)
_CHANCE = (
    *("model", "method", "statistic", "as_large", "shuffles", "p_value", "p_low", "p_high"),
    *("p_lowest", "p_highest", "label", "reason"),
)


def population(results: Results, claim: Claim, gate: pd.DataFrame) -> pd.DataFrame:
    """The verdict on a claim in the population, by model and method.

    gate : of `held_out`. Splits in which a model has no shares, or permutation could not tell what
    the claim names (`unmoved_halves`), are counted as undefined and left out. margin is the mean
    over splits of the difference that decides, to the item `against`, with its interval; seeds are
    those of each split.
    """
    rows: list[dict[str, Any]] = []
    levels = {method: level_of_claim(results.recipe, claim, method) for method in results.methods()}
    unmoved_by = {
        method: unmoved_halves(results, claim.names, method, level)
        for method, level in levels.items()
    }
    for model in all_models(results):
        reason_of_model = gated(gate, model)
        for method, level in levels.items():
            found = results.on_splits(model, method, level, claim.for_class)
            if found is None:
                continue
            statement = statement_of(claim, found.vectors.items)
            if statement is None:
                continue
            unmoved = unmoved_by[method]
            lost = np.isin(2 * found.splits + found.halves, list(unmoved))
            score = np.where(lost[:, None], np.nan, found.vectors.score)
            verdict = judge(statement, score, found.splits, found.halves, units(results))
            means, place = verdict.means, verdict.narrowest
            splits = len(np.unique(found.splits))
            interval = means.intervals()[place]
            reason = reason_of_model
            if not reason and verdict.verdict == NO_VERDICT:
                reason = f"{means.splits} splits with scores are too few"
                if unmoved:
                    reason += f"; in {len(unmoved)} halves {in_words(claim.names)}"
            rows.append(
                {
                    "model": model,
                    "method": method,
                    "splits": means.splits,
                    "seeds": round(len(found.splits) / (2 * splits)),
                    "undefined": splits - means.splits,
                    "verdict": NO_VERDICT if reason else verdict.verdict,
                    "reason": reason,
                    "p_value": verdict.p_value,
                    "against": _against(claim, found.vectors.items, place),
                    "margin": means.mean[place],
                    "low": interval.low,
                    "high": interval.high,
                    "interval": interval.kind,
                    "settle_splits": math.nan if reason else verdict.settle.splits,
                    "settle_rows": math.nan if reason else verdict.settle.rows,
                }
            )
    return pd.DataFrame(rows, columns=_POPULATION)


def chance(results: Results, claim: Claim, gate: pd.DataFrame) -> pd.DataFrame:
    """Whether a claim's margin is above chance, by model and method: a permutation test.

    The statistic is how far the item is ahead: of shares, or, where scores of different models
    have one scale as drops in R² do, of scores. The first seed stands for the data; p_low and
    p_high are the Monte Carlo interval, p_lowest and p_highest what other seeds would give.
    """
    rows: list[dict[str, Any]] = []
    unmoved = {
        method: why_unmoved(
            results, claim.names, method, level_of_claim(results.recipe, claim, method)
        )
        for method in results.methods()
    }
    for model in results.models:
        if model == LEAST_SQUARES:
            continue
        reason_of_model = gated(gate, model)
        for method in results.methods():
            tested = scores_of_claim(results, claim, model, REAL, method)
            level = level_of_claim(results.recipe, claim, method)
            shuffled = results.on_shuffles(model, method, level, claim.for_class)
            if tested is None or shuffled is None or not len(tested[0].score):
                continue
            real, statement = tested
            ahead = [statement.ahead(values) for values in _compared(method, real, shuffled)]
            found = permutation_test(*ahead)
            reason = reason_of_model or unmoved[method]
            if not reason and not found.label:
                reason = f"{found.shuffles} trainings on shuffles are too few"
            rows.append(
                {
                    "model": model,
                    "method": method,
                    "statistic": ahead[0][0],
                    "as_large": found.as_large,
                    "shuffles": found.shuffles,
                    "p_value": found.p_value,
                    "p_low": found.interval.low,
                    "p_high": found.interval.high,
                    "p_lowest": found.lowest,
                    "p_highest": found.highest,
                    "label": NO_VERDICT if reason else found.label,
                    "reason": reason,
                }
            )
    return pd.DataFrame(rows, columns=_CHANCE)


def population_ranks(results: Results, level: str, listed: Sequence[int]) -> pd.DataFrame:
    """Lowest and highest rank of items in the population, by model and method.

    Of the items at the places `listed`, among all. Jointly valid for one model and method.
    """
    rows: list[dict[str, Any]] = []
    names = results.items(level)
    for model in all_models(results):
        for method in results.methods(level):
            found = results.on_splits(model, method, level)
            if found is None or len(np.unique(found.splits)) < FEWEST:
                continue
            ranks = population_rank_intervals(
                found.vectors.score, found.splits, found.halves, units(results)
            )
            rows += [
                {
                    "model": model,
                    "method": method,
                    "name": names[place],
                    "lowest": int(ranks[place, 0]),
                    "highest": int(ranks[place, 1]),
                }
                for place in listed
            ]
    return pd.DataFrame(rows, columns=["model", "method", "name", "lowest", "highest"])


def _compared(method: str, *found: Vectors) -> Iterator[np.ndarray]:
    """The scores of a method, or their shares, that a permutation test compares."""
    declared = find_method(method)
    comparable = declared is not None and declared.comparable
    return (of.score if comparable else shares(of.score) for of in found)


def _against(claim: Claim, items: list[str], place: int) -> str:
    """The item that the deciding difference is to; nothing for a share."""
    if claim.share is not None:
        return ""
    return claim.above or [item for item in items if item != claim.name][place]
