"""Variables that stand for each other: of which one comes first tells less than that one does."""

from collections.abc import Iterator

import numpy as np

from study.analysis.overview import Overview
from study.report.tables.cells import model_title
from study.statistics.ranking import ranks


def alternatives(overview: Overview) -> Iterator[str]:
    """That the first two variables are of one group, and how often the group comes first.

    By mean rank over seeds, for the model and the method of the claim.
    """
    results = overview.results
    claim = results.recipe.claim
    alone, together = (
        results.vectors(claim.model, "real", claim.method, level) for level in ("variable", "group")
    )
    if alone is None or together is None or not np.isfinite(alone.score).all():
        return
    first, second = (alone.items[place] for place in ranks(alone.score).mean(axis=0).argsort()[:2])
    for name, members in results.recipe.variable_groups.items():
        if {first, second} <= set(members):
            met = int((ranks(together.score)[:, together.items.index(name)] == 1).sum())
            yield (
                f"{first} or {second}: both are of the group {name}, which together has rank 1 in "
                f"{met} of {len(together.score)} seeds ({model_title(results, claim.model)} by "
                f"{claim.method})."
            )
