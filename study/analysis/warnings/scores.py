"""Warnings about scores: negative, undefined, or agreeing too well."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from study.analysis.overview import Overview
from study.analysis.warnings.warning import listed, scores_by_method
from study.common.conditions import CONDITIONS
from study.common.methods import GROUPED_PERMUTATION, PERMUTATION
from study.common.warning import Found
from study.statistics.ranking import shares

# Above it, few seeds disagree, and the interval of pairwise agreement hangs on them.
NEAR_ONE = 0.95


def negative(overview: Overview) -> Iterator[Found]:
    """Only permutation can give negative scores here; scores from elsewhere may be anything."""
    results = overview.results
    imported = results.imported is not None
    for method in results.methods():
        if not imported and method not in (PERMUTATION, GROUPED_PERMUTATION):
            continue
        level = results.recipe.scored_by(method)
        below, everything, items = 0, 0, set()
        for model in results.models:
            vectors = results.vectors(model, "real", method, level)
            if vectors is not None:
                negative = vectors.score < 0
                below += int(negative.sum())
                everything += negative.size
                items |= {vectors.items[place] for place in np.flatnonzero(negative.any(axis=0))}
        if below:
            ordered = [item for item in results.items(level) if item in items]
            shown = ordered[:8] + ([f"{len(ordered) - 8} more"] if len(ordered) > 8 else [])
            yield Found(
                f"{method}: {below} of {everything} scores are below 0 ({listed(shown)})"
                + ("." if imported else ": permuting improved the fit on these test rows."),
                "Shares count them as 0, and ranks put them last. Where a sign says which way a "
                "feature works, give its size as the score and the sign in the column signed."
                if imported
                else "As a rule that is noise about zero. Shares count them as 0; do not read "
                "their order.",
                title="Negative scores" if imported else "",
            )


def near_one(overview: Overview) -> Iterator[Found]:
    """An agreement lies near its bound."""
    results = overview.results
    rows = []
    for level in ("feature", "variable"):
        found = overview.seed_correlation(level)
        if len(found):
            found = found[(found["mean"] > NEAR_ONE) & found["low"].notna()]
            rows += [
                f"{results.title(row.model)} by {row.method} ({level}s)"
                for row in found.itertuples()
            ]
    if rows:
        shown = rows[:6] + ([f"{len(rows) - 6} more"] if len(rows) > 6 else [])
        yield Found(
            f"The mean agreement between seeds exceeds {NEAR_ONE:g} for {listed(shown)}.",
            "So near 1, whether there is an interval at all hangs on the few seeds that disagree: "
            "where 0.996 is true, a fifth of simulated studies of 20 seeds have none "
            "(benchmarks/README.md). Read it as 'nearly always the same order'.",
        )


def without_gradient(overview: Overview) -> Iterator[Found]:
    """Predictions depend on variables for which they have no gradient."""
    results = overview.results
    for model, methods in results.undefined.items():
        names = dict.fromkeys(name for of in methods.values() for name in of)
        yield Found(
            f"{results.title(model)}: predictions depend on {listed(names)}, as permuting shows, "
            "but their gradient there is exactly 0 in every seed: an index, a comparison or "
            f"rounding has none. So {listed(methods)} are undefined for this model: it has no "
            "scores, ranks, shares or claims by them.",
            "Read permutation-grouped. A sum over levels (onehot @ weights) in place of an index "
            "has a gradient, and the same predictions.",
        )


def undefined(overview: Overview) -> Iterator[Found]:
    """Score vectors have no positive entry."""
    results = overview.results
    for condition in CONDITIONS:
        parts = []
        for model in results.models:
            for method, vectors in scores_by_method(results, condition, model):
                finite = np.isfinite(vectors.score).all(axis=1)
                lost = int((finite & np.isnan(shares(vectors.score)).any(axis=1)).sum())
                if lost:
                    parts.append(f"{results.title(model)} by {method} ({lost})")
        if parts:
            yield Found(
                f"Condition {condition}: {listed(parts)}.",
                "They have no shares and meet no claim: no feature counts there."
                if results.imported
                else "They have no shares and meet no claim: the model uses no feature there.",
            )
