"""Two runs side by side: what changed, and what differs in fit, shares, orders and claims.

Differences are those of the second run less the first.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from study.analysis.claims import scores_of_claim
from study.analysis.fits import one_by_one
from study.analysis.means import Means, columns_of
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.vectors import Vectors
from study.common.methods import LEVELS
from study.common.vocabulary import LEAST_SQUARES
from study.compare.differences import (
    IDENTICAL,
    ONE_OBSERVATION,
    Differences,
    difference_of_proportions,
    match,
    sameness,
)
from study.compare.pairing import RUNS, common_models
from study.recipes.claim import Claim
from study.statistics.agreement import SPEARMAN, coordinates, null_within_seeds, within_seeds
from study.statistics.intervals import Interval
from study.statistics.ranking import identical, settled, shares


# -- differences ---------------------------------------------------------------------------
def fit_differences(first: Results, second: Results) -> pd.DataFrame:
    """R² of both runs by model and part, rows one by one, real condition.

    Of models whose fit both runs know, and tell by one measure: of classes, by D².
    """
    differences = Differences()
    explained = first.measures.explained
    told_alike = first.measures == second.measures
    for model in common_models(first, second) if told_alike else ():
        for part in ("test", "train"):
            one, two = (one_by_one(results.fits, model, part) for results in (first, second))
            if one.empty or two.empty:
                continue
            keys = {"model": model, "part": part, "measure": explained}
            values = [rows[explained].to_numpy(dtype=float) for rows in (one, two)]
            alike = any(
                identical(of) and _same_scores(results, model)
                for of, results in zip(values, (first, second), strict=True)
            )
            reason = ONE_OBSERVATION if alike else ""
            differences.add(keys, one["seed"], values[0], two["seed"], values[1], reason)
    return differences.frame()


def _same_scores(results: Results, model: str) -> bool:
    """Whether all seeds of a model have the same scores; equal fits alone may be perfect ones."""
    found = [
        results.vectors(model, "real", method, level)
        for level in LEVELS
        for method in results.methods(level)
    ]
    return all(identical(vectors.score) for vectors in found if vectors is not None)


def share_differences(first: Results, second: Results, level: str) -> pd.DataFrame:
    """Mean shares of both runs by model, method and item, real condition.

    Empty unless both runs have the same items.
    """
    differences = Differences()
    for keys, one, two in _vectors_of_both(first, second, level):
        share, other = shares(one.score), shares(two.score)
        reason = _one_observation(one, two)
        for column, item in enumerate(one.items):
            row = {**keys, "name": item}
            differences.add(row, one.seeds, share[:, column], two.seeds, other[:, column], reason)
    return differences.frame()


def _one_observation(one: Vectors, two: Vectors) -> str:
    """Why two runs have no interval, where the seeds of either are all the same."""
    return ONE_OBSERVATION if identical(one.score) or identical(two.score) else ""


def order_agreement(first: Results, second: Results, level: str) -> pd.DataFrame:
    """Spearman correlation of the scores of both runs, by model and method, real condition.

    Mean over the vectors of the same seed, with its null; of independent seeds, the one
    correlation of the mean shares. Empty unless both runs have the same items, two or more.
    """
    means = Means(first)
    for keys, one, two in _vectors_of_both(first, second, level):
        if len(one.items) < 2:
            continue
        matched = match(one.seeds, two.seeds)
        if matched.paired:
            scores = one.score[matched.first], two.score[matched.second]
            reason = sameness(matched, *scores) or _one_observation(one, two)
            seeds = one.seeds.iloc[matched.first].reset_index(drop=True)
            of, without = "scores of the same seed", "" if matched.seeded else "no seeds"
        else:
            scores = _mean_share(one.score[matched.first]), _mean_share(two.score[matched.second])
            reason, of, without = "", "mean shares", "mean shares: no interval"
            seeds = pd.Series([pd.NA], dtype="Int64")
        vectors = [coordinates(SPEARMAN, score) for score in scores]
        null = null_within_seeds(SPEARMAN, *vectors)
        row = {
            **keys,
            "pairing": matched.words,
            "of": of,
            "null_mean": null.mean,
            "null_sd": null.sd,
            "p_value": null.p_value,
            "null": null.kind,
            "reason": reason or without,
        }
        means.add([row], seeds, within_seeds(*vectors)[None])
    frame = means.frame()
    if frame.empty:
        return frame
    given = frame["reason"] == ""
    return frame.assign(
        low=frame["low"].where(given),
        high=frame["high"].where(given),
        interval=frame["interval"].where(given, frame["reason"]),
    ).drop(columns="reason")


def _mean_share(scores: np.ndarray) -> np.ndarray:
    """The mean of the shares that there are, (1, items), settled; NaN where there are none."""
    share = shares(scores)
    share = share[np.isfinite(share).all(axis=1)]
    if not len(share):
        return np.full((1, share.shape[1]), np.nan)
    return settled(share.mean(axis=0, keepdims=True))


def _vectors_of_both(
    first: Results, second: Results, level: str
) -> Iterator[tuple[dict[str, str], Vectors, Vectors]]:
    """The scores of each model and method in both runs, the same items in the same order.

    With the keys model and method.
    """
    if set(first.items(level)) != set(second.items(level)):
        return
    for model in common_models(first, second):
        for method in first.methods(level):
            one, two = (
                results.vectors(model, "real", method, level) for results in (first, second)
            )
            if one is None or two is None:
                continue
            order = [two.items.index(item) for item in one.items]
            # Rows in one piece of memory, so that equal scores have equal sums.
            score, signed = (np.ascontiguousarray(of[:, order]) for of in (two.score, two.signed))
            two = Vectors(two.seeds, one.items, score, signed)
            yield {"model": model, "method": method}, one, two


def all_identical(first: Results, second: Results, fits: pd.DataFrame) -> bool:
    """Whether all scores and fits that both runs have of the same seeds are the same.

    In the real condition, bit for bit, and none of them undefined; fits are those of
    `fit_differences`. Scores, and not shares: a factor would leave those the same.
    """
    found = [
        row["interval"].startswith(IDENTICAL) and not row["undefined"]
        for row in fits.to_dict("records")
    ]
    for level in LEVELS:
        for _, one, two in _vectors_of_both(first, second, level):
            matched = match(one.seeds, two.seeds)
            scores = one.score[matched.first], two.score[matched.second]
            same = sameness(matched, *scores).startswith(IDENTICAL)
            found.append(same and bool(np.isfinite(scores).all()))
    return all(found)


# -- the claim -----------------------------------------------------------------------------
def judged_claims(first: Results, second: Results) -> tuple[Claim, Claim]:
    """The claims that the runs are judged by: the first's in both, where the second has it.

    A run that lacks the items that the first's claim is about is judged by its own.
    """
    claim = first.recipe.claim
    items = second.items(claim.level)
    always = claim.rank or claim.top
    testable = set(claim.names) <= set(items) and not (always and always >= len(items))
    return claim, claim if testable else second.recipe.claim


# What of a claim in one run a comparison shows.
_OF_RUN = ("met", "n", "proportion", "low", "high", "interval", "verdict", "reason")


def claim_differences(
    first: Overview, second: Overview, claims: tuple[Claim, Claim]
) -> pd.DataFrame:
    """The claim that each run is judged by, by model and method: met, verdict, difference.

    met, n, Wilson's interval and verdict of a run are over all its seeds, of which
    those that are all the same are one observation; the difference is over the seeds that
    `pairing` names, `compared` in the run that has fewer. No difference where the runs are
    judged by different claims.
    """
    tables = [
        _claim_rows(overview, claim)
        for overview, claim in zip((first, second), claims, strict=True)
    ]
    rows = []
    both = first.results, second.results
    for model in common_models(*both):
        for method in both[0].methods():
            if any((model, method) not in table.index for table in tables):
                continue
            row: dict[str, Any] = {
                "model": model,
                "method": method,
                "role": tables[0].loc[(model, method), "role"],
            }
            for run, claim, table in zip(RUNS, claims, tables, strict=True):
                row[f"claim_{run}"] = claim.words
                row |= {f"{column}_{run}": table.loc[(model, method), column] for column in _OF_RUN}
            rows.append({**row, **_claim_difference(*both, claims, model, method)})
    return pd.DataFrame(rows)


def _claim_rows(overview: Overview, claim: Claim) -> pd.DataFrame:
    """A run's verdicts on a claim, and what least squares says, by model and method."""
    met = overview.proportions(claim)
    judged = overview.verdicts(claim)
    closed = met[met["model"] == LEAST_SQUARES] if len(met) else met
    columns = ["model", "method", "role", *_OF_RUN]
    return (
        pd.concat([judged, closed])
        .reindex(columns=columns)
        .fillna({"role": "reference", "verdict": "", "reason": ""})
        .set_index(["model", "method"])
    )


def _claim_difference(
    first: Results, second: Results, claims: tuple[Claim, Claim], model: str, method: str
) -> dict[str, Any]:
    """The difference of the proportions of seeds that meet the same claim."""
    found = scores_of_claim(first, claims[0], model, "real", method)
    found_too = scores_of_claim(second, claims[1], model, "real", method)
    if claims[0] is not claims[1] or found is None or found_too is None:
        none = Interval.none("different claims")
        return {"pairing": "", "compared": 0, "difference": np.nan, **columns_of(none)}
    (one, statement), (two, other) = found, found_too
    matched = match(one.seeds, two.seeds)
    score, scores = one.score[matched.first], two.score[matched.second]
    met = statement.met(score), other.met(scores)
    difference, interval = difference_of_proportions(matched, *met)
    same = sameness(matched, score, scores) if one.items == two.items else ""
    if same:
        interval = Interval.none(same)
    elif reason := _one_observation(one, two):
        interval = Interval.none(reason)
    return {
        "pairing": matched.words,
        "compared": min(len(matched.first), len(matched.second)),
        "difference": difference,
        **columns_of(interval),
    }


def own_verdicts(first: Overview, second: Overview) -> pd.DataFrame:
    """What came of the primary claim that each run declared, in its own seeds."""
    parts = []
    for run, overview in zip(RUNS, (first, second), strict=True):
        results = overview.results
        own = overview.own_verdict(results.recipe.claim)
        interval = "" if own is None else own["interval"]
        rows = overview.declared[overview.declared["primary"]]
        parts.append(rows.assign(run=run, identity=results.identity, interval=interval))
    columns = ["run", "identity", "claim", "level", "model", "method", "required", "met", "n"]
    columns += ["low", "high", "interval", "verdict", "population", "chance"]
    return pd.concat(parts, ignore_index=True)[columns]
