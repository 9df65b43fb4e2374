"""What a reader of this run has to know: coded checks, each with evidence and advice."""

from collections.abc import Callable, Iterator
from functools import lru_cache

import pandas as pd

from study.analysis.results import Results
from study.analysis.warnings.claim import control_shows_claim, not_run
from study.analysis.warnings.data import (
    collinear,
    many_columns,
    one_hot_gradients,
    one_hot_permutation,
)
from study.analysis.warnings.scores import near_one, negative, undefined
from study.analysis.warnings.seeds import (
    diverged,
    failed,
    identical_seeds,
    not_learned,
    too_few_seeds,
    worse_than_the_mean,
)
from study.analysis.warnings.warning import Warning


@lru_cache(maxsize=4)
def warnings(results: Results) -> tuple[Warning, ...]:
    """Everything there is to warn of, in the order of the codes."""
    return tuple(warning for check in _CHECKS for warning in check(results))


_CHECKS: tuple[Callable[[Results], Iterator[Warning]], ...] = (
    identical_seeds,
    not_learned,
    one_hot_gradients,
    one_hot_permutation,
    collinear,
    negative,
    near_one,
    too_few_seeds,
    control_shows_claim,
    diverged,
    undefined,
    not_run,
    worse_than_the_mean,
    many_columns,
    failed,
)


def as_frame(found: tuple[Warning, ...]) -> pd.DataFrame:
    """Warnings as rows: code, title, evidence, advice."""
    return pd.DataFrame(
        [vars(warning) for warning in found], columns=["code", "title", "evidence", "advice"]
    )
