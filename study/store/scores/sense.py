"""Which way scores point: those of which the smaller matter more are turned, or refused."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from study.common.errors import InputError
from study.common.text import listed
from study.statistics.ranking import ranks
from study.store.scores.table import Origin, ScoreTable, Vector

NEGATED, PLACED = "negated", "placed"
_P_VALUE = re.compile(
    r"[pq]|(.*[\W_])?([pq][ ._-]?val(ue)?s?|p[ ._-]?adj|fdr)([\W_].*)?|"
    r"p>\|[tz]\||(.*[\W_])?pr\(>\|?[tzf]\|?\)|(.*[\W_])?(p|p[ ._-]?wert|e[ ._-]?values?|efp|pfer)|"
    r"significance|sig\.?|bh|bonferroni|holm",
    re.IGNORECASE,
)
# Of which the greater matter more again.
_TURNED_ALREADY = re.compile(r"log|neg|minus|inv|1 ?[-−–]", re.IGNORECASE)
_RANK = re.compile(
    r"((.*[\W_])?(mean[\W_]?)?ranks?([\W_].*)?|(.*[\W_])?ranking_?([\W_].*)?|boruta|rfe(cv)?|"
    r"(.*[\W_])?(position|place|order|rang))",
    re.IGNORECASE,
)


def turned(path: Path, table: ScoreTable, methods: Sequence[str]) -> ScoreTable:
    """The table with the scores of some methods turned, so that the greater matter more.

    The sign changes. Where nothing would be positive then, as of p-values and ranks, a score
    becomes its place among all scores of its model and method, from 1 for the greatest, ties
    averaged: their order and ties stay, and nothing else. Raises InputError for a method that is
    not there, and where another method looks as if it had to be turned.
    """
    known = list(dict.fromkeys(origin.method for origin in table.vectors))
    for method in methods:
        if method not in known:
            raise InputError(
                f"--smaller-is-better: '{method}' has no scores here; there is {listed(known)}"
            )
    for method in known:
        looks = "" if method in methods else smaller_matters(table, method)
        if looks:
            raise InputError(
                f"{path}: method '{method}' looks like {looks}, of which the smaller matter "
                f"more: add --smaller-is-better {shlex.quote(method)}; or, if the greater do, give "
                "the method another name"
            )
    vectors, how = dict(table.vectors), dict[str, str]()
    for method in methods:
        own = {of: vector for of, vector in vectors.items() if of.method == method}
        positive = all(not score < 0 for vector in own.values() for score, _ in vector.values())
        how[method] = PLACED if positive else NEGATED
        vectors.update(_placed(own) if positive else _negated(own))
    return replace(table, vectors=vectors, turned=how)


def smaller_matters(table: ScoreTable, method: str) -> str:
    """What the scores of a method look like, of which the smaller matter; empty of others."""
    known = real_scores(table, method)
    if not len(known) or known.min() == known.max():
        return ""
    least, greatest, count = known.min(), known.max(), len(table.features)
    if _TURNED_ALREADY.search(method):
        return ""
    if _P_VALUE.fullmatch(method) and least >= 0 and greatest <= 1:
        return "p-values (all from 0 to 1)"
    # Boruta and RFE rank features of which the file may hold a part.
    whole = least in (0, 1) and np.array_equal(known, np.round(known))
    if _RANK.fullmatch(method) and (whole or (least >= 1 and greatest <= count)):
        return f"ranks (all from {least:g} to {greatest:g})"
    return ""


def real_scores(table: ScoreTable, method: str) -> np.ndarray:
    """All scores of a method that there are, of condition real: (scores,)."""
    scores = np.array(
        [
            score
            for origin, vector in table.vectors.items()
            if (origin.method, origin.condition) == (method, "real")
            for score, _ in vector.values()
        ]
    )
    return scores[~np.isnan(scores)]


def _negated(vectors: dict[Origin, Vector]) -> dict[Origin, Vector]:
    return {
        origin: {name: (-score, signed) for name, (score, signed) in vector.items()}
        for origin, vector in vectors.items()
    }


def _placed(vectors: dict[Origin, Vector]) -> dict[Origin, Vector]:
    """Places among all scores of a model."""
    found: dict[Origin, Vector] = {}
    for model in dict.fromkeys(origin.model for origin in vectors):
        own = {origin: vector for origin, vector in vectors.items() if origin.model == model}
        scores = np.array([score for vector in own.values() for score, _ in vector.values()])
        known = ~np.isnan(scores)
        scores[known] = ranks(scores[known])
        places = iter(scores.tolist())
        for origin, vector in own.items():
            found[origin] = {name: (next(places), signed) for name, (_, signed) in vector.items()}
    return found
