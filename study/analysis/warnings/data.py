"""Warnings about columns: one-hot groups, collinear ones, many of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.warnings.warning import listed
from study.common.methods import (
    CONTRAST_GRADIENT,
    DECLARED,
    GRADIENT,
    PERMUTATION,
    find_method,
)
from study.common.warning import Found
from study.recipes.columns import OneHot
from study.statistics.ranking import shares

# A variance inflation factor of 10 (Marquardt, 1970).
COLLINEAR = 0.9


def one_hot_gradients(overview: Overview) -> Iterator[Found]:
    """Raw gradients of one-hot columns are not identified."""
    results = overview.results
    groups = [variable for variable in results.recipe.variables if isinstance(variable, OneHot)]
    raw = [
        method.name
        for method in DECLARED
        if method.raw
        and any(results.vectors(model, "real", method.name, "feature") for model in results.models)
    ]
    if not groups or not raw:
        return
    claim = results.recipe.claim
    moved = ""
    if claim.level == "feature":
        methods = (GRADIENT, CONTRAST_GRADIENT)
        parts = [
            f"{results.title(model)} {raw:.2f} to {contrast:.2f}"
            for model in results.models
            for raw, contrast in [[_mean_share(results, model, of, claim.name) for of in methods]]
            if np.isfinite([raw, contrast]).all()
        ]
        if parts:
            moved = f" Mean share of {claim.name} by {' and by '.join(methods)}: {listed(parts)}."
    yield Found(
        f"{listed(variable.name for variable in groups)}: adding a constant to all columns of a "
        "group and taking it off the intercept changes no prediction, and changes the raw "
        f"gradients of the group.{moved}",
        "Read contrast-gradient or scaled-gradient beside the raw ones, or importance by "
        "variable with permutation-grouped.",
    )


def _mean_share(results: Results, model: str, method: str, feature: str) -> float:
    """A feature's mean share over the seeds that have one, real condition; NaN without any."""
    vectors = results.vectors(model, "real", method, "feature")
    if vectors is None:
        return np.nan
    share = shares(vectors.score)[:, vectors.items.index(feature)]
    share = share[np.isfinite(share)]
    return float(share.mean()) if len(share) else np.nan


def one_hot_permutation(overview: Overview) -> Iterator[Found]:
    """Single one-hot columns are permuted."""
    results = overview.results
    groups = [
        variable.name for variable in results.recipe.variables if isinstance(variable, OneHot)
    ]
    measured = any(
        results.vectors(model, "real", PERMUTATION, "feature") for model in results.models
    )
    if groups and measured:
        yield Found(
            f"{listed(groups)}: permuting one column makes rows without a level or with two, "
            "which no data hold.",
            "Read permutation-grouped, which permutes whole variables.",
        )


def collinear(overview: Overview) -> Iterator[Found]:
    """Features are collinear."""
    results = overview.results
    traits = results.traits
    found = traits[traits["explained"] > COLLINEAR] if len(traits) else traits
    if len(found):
        parts = [
            f"{row.feature} (R² {row.explained:.3f})" for row in found.head(5).itertuples()
        ] + ([f"{len(found) - 5} more"] if len(found) > 5 else [])
        yield Found(
            f"The other variables explain more than {COLLINEAR:.0%} of {listed(parts)} on the "
            "training rows.",
            "Models can spread importance over such features at will, and permuting one of them "
            "leaves its information in the others: do not read their order.",
        )


# More columns than this make a variable large by their number alone.
_MANY_COLUMNS = 4


def many_columns(overview: Overview) -> Iterator[Found]:
    """Gradient methods sum a score over many columns."""
    results = overview.results
    large = {
        variable.name: len(variable.features)
        for variable in results.recipe.variables
        if len(variable.features) > _MANY_COLUMNS
    }
    summed = [
        name
        for name in results.methods("variable")
        if (method := find_method(name)) and method.summed
    ]
    if large and summed:
        yield Found(
            f"{listed(f'{name} has {count} columns' for name, count in large.items())}, and by "
            f"{listed(summed)} a variable's score is the sum over its columns.",
            "Many levels make a variable large there, even one that is pure noise. Compare "
            "variables by permutation-grouped.",
        )
