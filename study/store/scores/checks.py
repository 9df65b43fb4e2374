"""What a reader of imported scores has to know: every check with its code, and what it found."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator

import numpy as np

from study.common.text import listed, some
from study.common.warning import Check, Found, Warning
from study.statistics.ranking import ranks
from study.store.scores.layouts.tools.boosters import ABSENT_IS_ZERO
from study.store.scores.layouts.tools.interpret import pair
from study.store.scores.sense import PLACED, real_scores
from study.store.scores.table import ScoreTable

# Changes of a loss when a feature is taken away; nearly all of one sign.
_OF_LOSS = re.compile(
    r"permut|ablat|occlu|dropout|knock-?out|leave[ _-]?one|\bloco\b|loss", re.IGNORECASE
)
_IMPORTANCE = re.compile(
    r"(feature|variable)?[ _]?importances?(_score|_vals)?_?|splits?", re.IGNORECASE
)
# Methods of H2O, in lower case.
_H2O = ("relative_importance", "scaled_importance", "standardized_coefficients", "coef")
_NEARLY_ALL = 0.9
# Greatest scores of a vector that speak of scaling.
_SCALES = (1.0, 100.0)


def read_as(table: ScoreTable) -> Iterator[Found]:
    """A table in another layout than this program's own."""
    if table.read_as:
        yield Found(
            f"Read as {table.read_as}.",
            "If a column means something else, rename it, and import the table again.",
        )


def one_vector(table: ScoreTable) -> Iterator[Found]:
    """A table without seeds."""
    if table.seedless:
        yield Found(
            "No column tells seeds: each model and method has one vector of scores.",
            "One vector is one observation: nothing tells how far another fit would agree. Score "
            "the model over several seeds, and write them in a column seed.",
        )


def no_features(table: ScoreTable) -> Iterator[Found]:
    """Rows of an intercept and the like."""
    if table.left_out:
        parts = [f"'{name}' ({why})" for name, why in table.left_out.items()]
        yield Found(
            f"Left out, being no feature: {listed(parts)}.",
            "If one is a feature, give it another name.",
        )
    if table.kept:
        names = some([f"'{name}'" for name in table.kept])
        yield Found(
            f"{names} may be an intercept, and is read as a feature: nothing in the table tells.",
            "If it is an intercept, take its rows out.",
            title="A feature that may be an intercept",
        )


def absent(table: ScoreTable) -> Iterator[Found]:
    """Features without a row, which count as 0."""
    if table.absent:
        parts = [
            f"{name} ({model} by {method}: {lacking} of {count})"
            for (model, method, name), (lacking, count) in table.absent.items()
        ]
        yield Found(
            f"These have no row in some vectors, and count as 0 there: {some(parts)}.",
            "That is right where the tool leaves out features that it does not use, and wrong "
            "where rows were lost.",
        )


def turned(table: ScoreTable) -> Iterator[Found]:
    """Scores of which the smaller were the better."""
    for method, how in table.turned.items():
        if how == PLACED:
            yield Found(
                f"{method}: each score is replaced by its place among all scores of its model, "
                "the smallest having the greatest place.",
                "Ranks and their agreement are those of the file; shares and margins mean "
                "nothing: do not read them.",
            )
        else:
            yield Found(
                f"{method}: the sign of every score is turned.",
                "The greater now matter the more; the signs in the file are the opposite.",
            )


def losses(table: ScoreTable) -> Iterator[Found]:
    """Scores that look like a fit's change in place of a loss's."""
    for method in _methods(table):
        scores = real_scores(table, method)
        below = int((scores < 0).sum())
        if _OF_LOSS.search(method) and len(scores) and below >= _NEARLY_ALL * len(scores):
            yield Found(
                f"{method}: {below} of {len(scores)} scores are below 0, as where a loss was "
                "taken for a fit, or the loss after a change off the loss before.",
                f"If so, turn the sign: --smaller-is-better {shlex.quote(method)}. As they are, "
                "the feature that matters most is last.",
            )


def scaled(table: ScoreTable) -> Iterator[Found]:
    """Scores that are scaled to the same greatest, and perhaps the same least, in every vector."""
    for model in table.models:
        for method in table.methods(model):
            scores = _real_vectors(table, model, method)
            if not len(scores):
                continue
            greatest = scores.max(axis=1)
            if greatest[0] not in _SCALES or (greatest != greatest[0]).any() or scores.min() < 0:
                continue
            if np.allclose(scores.sum(axis=1), greatest):  # shares that lie on one feature
                continue
            where = f"{model} by {method}: the greatest score is {greatest[0]:g}"
            if (scores.min(axis=1) == 0).all():
                yield Found(
                    f"{where} and the least 0 in every vector.",
                    "Where scores were stretched to that, the least feature is 0 whatever it was, "
                    "and shares and margins mean nothing; ranks do. Import them unscaled.",
                )
            else:
                yield Found(
                    f"{where} in every vector.",
                    "Where each was divided by its greatest, ranks and shares are as they were; "
                    "the mean and spread of the scores themselves mean little.",
                )


def late_trees(table: ScoreTable) -> Iterator[Found]:
    """Importances of XGBoost, as its own tables have them."""
    named = any("xgb" in model.lower() for model in table.models)
    methods = [
        method
        for method in _methods(table)
        if (method.lower() in ABSENT_IS_ZERO or (named and _IMPORTANCE.fullmatch(method)))
        and not (real_scores(table, method) < 0).any()
    ]
    if table.read_as and methods and not table.left_out:  # which linear models have
        yield Found(
            f"{listed(methods)}: where training stopped early, XGBoost counts all trees that grew, "
            "also those after the best round, which its predictions do not use (seen: 62 grew, 2 "
            "were used, and another feature was first in these). LightGBM does not.",
            "If it stopped early, score the trees that predict: booster[: best_iteration + 1].",
        )


def whole_numbers(table: ScoreTable) -> Iterator[Found]:
    """Scores that count or place something."""
    for method in _methods(table):
        scores = real_scores(table, method)
        if method in table.turned or not len(scores) or scores.min() == scores.max():
            continue
        vectors = [_real_vectors(table, model, method) for model in table.models]
        if all(map(_are_places, vectors)):
            yield Found(
                f"{method}: each vector holds the places 1 to {len(table.features)}, of which the "
                "greatest is read as the most important.",
                "Shares and margins of places mean nothing. R's rank() gives a missing score the "
                f"greatest place. If 1 is the best: --smaller-is-better {shlex.quote(method)}.",
                title="Places in place of scores",
            )
        elif _IMPORTANCE.fullmatch(method) and (scores == np.round(scores)).all():
            yield Found(
                f"{method}: all scores are whole numbers, as of splits that are counted, which "
                "LightGBM gives by default, or of the round in which scikit-survival first chose "
                "a feature, of which the smaller matter more.",
                "Counts of splits favour features of many values: import gains if they are meant "
                '(importance_type="gain").',
            )


def levels(table: ScoreTable) -> Iterator[Found]:
    """Rows of levels, as H2O has them."""
    if not any(method.lower() in _H2O for method in _methods(table)):
        return
    variables = Counter(name.partition(".")[0] for name in table.features if "." in name)
    if several := [name for name, count in variables.items() if count > 1]:
        names = some([f"'{name}.'" for name in several])
        yield Found(
            f"Several rows each begin with {names}, as rows of "
            "the levels of one variable do in H2O's linear models.",
            "They say how a level differs from the others, and which levels have a row changes "
            "with the penalty and with missing values: do not compare them with whole variables.",
        )


def pairs(table: ScoreTable) -> Iterator[Found]:
    """Terms of two features."""
    if found := [name for name in table.features if pair(name, table.features)]:
        yield Found(
            f"{some(found)}: pairs of features are ranked beside single ones, and what a pair "
            "contributes is in neither feature's score.",
            "Each fit chooses its pairs; one without a row counts as 0. To score features alone, "
            "fit without pairs (interactions=0).",
        )


def _are_places(scores: np.ndarray) -> bool:
    """Whether each vector of some holds the places from 1 on, ties averaged.

    Three features may have the scores 1, 2 and 3 as well.
    """
    return all(
        len(vector) > 3 and vector.min() < vector.max() and np.array_equal(ranks(-vector), vector)
        for vector in scores
    )


def _methods(table: ScoreTable) -> list[str]:
    return list(dict.fromkeys(origin.method for origin in table.vectors))


def _real_vectors(table: ScoreTable, model: str, method: str) -> np.ndarray:
    """The real scores of a model by a method, (vectors, features), of vectors that have any."""
    scores = np.array(
        [
            [vector[name][0] for name in table.features]
            for origin, vector in table.vectors.items()
            if (origin.model, origin.method, origin.condition) == (model, method, "real")
        ]
    ).reshape(-1, len(table.features))
    return scores[~np.isnan(scores).any(axis=1)]


# In the order of the codes, which stay the same from version to version.
CHECKS: tuple[Check[ScoreTable], ...] = (
    Check("I001", "Read in another layout", "a table was read in the layout of a tool", read_as),
    Check("I002", "No seeds", "no column tells seeds: one observation", one_vector),
    Check(
        "I003",
        "Rows that are no feature's",
        "rows of an intercept were left out, or may be one",
        no_features,
    ),
    Check("I004", "Features without a row", "features without a row count as 0", absent),
    Check(
        "I005",
        "Scores of which the smaller matter",
        "scores of which the smaller matter were turned",
        turned,
    ),
    Check(
        "I006",
        "Losses with the sign turned",
        "nearly all scores of a permutation or the like are negative",
        losses,
    ),
    Check("I007", "Scaled scores", "scores are scaled in every vector", scaled),
    Check(
        "I008",
        "Trees that predictions do not use",
        "importances of XGBoost may count trees after the best round",
        late_trees,
    ),
    Check(
        "I009",
        "Whole numbers",
        "scores may be counts of splits, or are places from 1 on",
        whole_numbers,
    ),
    Check("I010", "Rows of levels", "rows may be of the levels of a variable", levels),
    Check("I011", "Pairs of features", "pairs of features are ranked beside features", pairs),
)


def score_warnings(table: ScoreTable) -> tuple[Warning, ...]:
    """Everything there is to warn of, in the order of the codes."""
    return tuple(warning for check in CHECKS for warning in check.warnings(table))
