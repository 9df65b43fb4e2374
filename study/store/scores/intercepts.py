"""Rows of tables of scores that are no feature's: intercepts, and losses of whole models."""

import re
from dataclasses import replace

from study.common.errors import InputError
from study.store.scores.layouts.tools.boosters import ABSENT_IS_ZERO
from study.store.scores.table import ScoreTable

_FULL = "_full_model_"
# By their names in lower case: no feature is called so.
_NAMED_SO = {
    **dict.fromkeys(("intercept", "(intercept)", "_cons"), "an intercept"),
    **dict.fromkeys(("<bias>", "biasterm"), "a bias"),
    **dict.fromkeys(
        ("expected_value", "base_value", "base_values", "e[f(x)]"), "SHAP's mean prediction"
    ),
    **dict.fromkeys(("residual", "residuals"), "what a table of variances has left over"),
    "_baseline_": "DALEX's loss with everything permuted",
    _FULL: "DALEX's loss of the full model, which is taken off the others",
}
# A feature may be called so as well.
_MAY_BE = ("const", "constant", "bias")
# Methods that give an intercept beside the features.
_OF_COEFFICIENTS = re.compile(
    r"(abs(olute)?|mean|standardi[sz]ed|\W|_)*"
    r"(coefs?|coefficients?|weights?|estimates?|betas?|params?|t|z|[tz][ ._-]?(values?|stat\w*)|"
    r"p|p[ ._-]?val(ue)?s?|p>\|[tz]\||pr\(>\|[tz]\|\)|odds[ ._-]?ratios?)\W*",
    re.IGNORECASE,
)


def without_intercepts(table: ScoreTable) -> ScoreTable:
    """The table without rows that are no feature's, and why each was left out, or was kept.

    Raises InputError where some vectors of a model and method lack the loss of its full model.
    """
    left_out: dict[str, str] = {}
    kept: dict[str, str] = {}
    # Where there is one that is named so, the other is a feature.
    named = any(_NAMED_SO.get(name.lower(), "").startswith("a") for name in table.features)
    for name in table.features:
        if name.lower() in _NAMED_SO:
            left_out[name] = _NAMED_SO[name.lower()]
        elif name.lower() in _MAY_BE and not named:
            why = _evidence(table, name)
            (left_out if why else kept)[name] = why or "nothing tells it from a feature"
    if not left_out:
        return replace(table, kept=kept)
    less_full = {
        (origin.model, origin.method) for origin, of in table.vectors.items() if _FULL in of
    }
    vectors = {}
    for origin, vector in table.vectors.items():
        if (origin.model, origin.method) in less_full and _FULL not in vector:
            raise InputError(f"{origin} has no row '{_FULL}', whose loss is to be taken off")
        full, _ = vector.get(_FULL, (0.0, 0.0))
        own = {
            name: (of - full, sign) for name, (of, sign) in vector.items() if name not in left_out
        }
        if own:
            vectors[origin] = own
    features = [name for name in table.features if name not in left_out]
    return replace(table, features=features, vectors=vectors, left_out=left_out, kept=kept)


def _evidence(table: ScoreTable, name: str) -> str:
    """What tells that a name is an intercept's here, in words; empty where nothing does."""
    holds: dict[tuple[str, str], bool] = {}
    at_an_end = True
    for origin, vector in table.vectors.items():
        by, names = (origin.model, origin.method), [*vector]
        holds[by] = holds.get(by, False) or name in vector
        at_an_end &= name not in vector or name in (names[0], names[-1])
    having = [method for (_, method), held in holds.items() if held]
    lacking = [by for by, held in holds.items() if not held and by[1].lower() not in ABSENT_IS_ZERO]
    if lacking:
        model, method = lacking[0]
        return f"{model} by {method} has no such row"
    if at_an_end and all(map(_OF_COEFFICIENTS.fullmatch, having)):
        return f"{having[0]} gives an intercept, first or last"
    return ""
