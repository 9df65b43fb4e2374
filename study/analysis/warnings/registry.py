"""What a reader of a run has to know: every check with its code, and what it found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import pandas as pd

from study.analysis.kept import kept
from study.analysis.overview import Overview
from study.analysis.warnings.claim import control_shows_claim, not_tested, without_control
from study.analysis.warnings.data import (
    collinear,
    many_columns,
    one_hot_gradients,
    one_hot_permutation,
)
from study.analysis.warnings.scores import near_one, negative, undefined, without_gradient
from study.analysis.warnings.seeds import (
    added_after_a_look,
    diverged,
    does_not_predict,
    failed,
    identical_seeds,
    not_learned,
    repeated_vectors,
    too_few_seeds,
    worse_than_the_mean,
)
from study.analysis.warnings.warning import Check
from study.common.warning import Warning

DIVERGED = "S010"
_MOST_ALIKE = 12  # warnings of one code that are shown at once
# In the order of the codes, which stay the same from version to version.
CHECKS = (
    Check(
        "S001",
        "All seeds are the same",
        "all seeds are the same: one observation",
        identical_seeds,
    ),
    Check("S002", "Seeds that have not learned", "seeds have not learned", not_learned),
    Check(
        "S003",
        "Raw gradients of one-hot columns are not identified",
        "raw gradients of one-hot columns are not identified",
        one_hot_gradients,
    ),
    Check(
        "S004",
        "Single one-hot columns are permuted",
        "single one-hot columns are permuted",
        one_hot_permutation,
    ),
    Check("S005", "Collinear features", "features are collinear", collinear),
    Check(
        "S006",
        "Negative permutation scores",
        "permutation scores, or imported ones, are negative",
        negative,
    ),
    Check(
        "S007",
        "Agreement near its bound",
        "an agreement lies near its bound, where its interval is poor",
        near_one,
    ),
    Check(
        "S008",
        "Too few seeds",
        "too few seeds for an interval, or for a verdict",
        too_few_seeds,
    ),
    Check("S009", "A control shows the claim", "a control shows the claim", control_shows_claim),
    Check(
        DIVERGED,
        "Seeds that diverged",
        "seeds diverged, or their scores are missing",
        diverged,
    ),
    Check(
        "S011",
        "Score vectors without a positive entry",
        "score vectors have no positive entry",
        undefined,
    ),
    Check("S012", "The claim is not tested", "the claim is not tested in this run", not_tested),
    Check("S013", "Seeds without a control", "seeds have no control", without_control),
    Check(
        "S014",
        "Networks that predict worse than the mean",
        "networks predict the test rows worse than the mean would",
        worse_than_the_mean,
    ),
    Check(
        "S015",
        "Variables of many columns",
        "gradient methods sum a variable's score over many columns",
        many_columns,
    ),
    Check(
        "S016",
        "Models that failed",
        "trained models are missing, since they failed twice",
        failed,
        untrained=True,
    ),
    Check(
        "S017",
        "Models that do not predict",
        "models do not predict well enough for a verdict",
        does_not_predict,
    ),
    Check(
        "S018",
        "Seeds added after a look",
        "seeds were added after a look at the run",
        added_after_a_look,
    ),
    Check(
        "S019",
        "Seeds that repeat the scores of others",
        "seeds repeat the scores of others, and are fewer observations than they seem",
        repeated_vectors,
    ),
    Check(
        "S020",
        "Predictions without a gradient",
        "predictions depend on variables for which they have no gradient",
        without_gradient,
    ),
)


@kept
def warnings(overview: Overview) -> tuple[Warning, ...]:
    """Everything there is to warn of, in the order of the codes; first of the data, as stored."""
    of_run = [warning for check in CHECKS for warning in check.warnings(overview)]
    return (*overview.results.data_findings, *of_run)


def by_code(found: Iterable[Warning]) -> Iterator[tuple[list[Warning], list[Warning]]]:
    """Warnings by their code: of each those to show, and the rest, as of many models."""
    for _, own in groupby(found, key=lambda warning: warning.code):
        alike = [*own]
        yield alike[:_MOST_ALIKE], alike[_MOST_ALIKE:]


def as_frame(found: tuple[Warning, ...]) -> pd.DataFrame:
    """Warnings as rows: code, title, evidence, advice."""
    return pd.DataFrame(
        [vars(warning) for warning in found], columns=["code", "title", "evidence", "advice"]
    )
