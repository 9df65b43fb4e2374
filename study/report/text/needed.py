"""Which variables a model relies on, and which of these add to the others: where answers differ."""

from collections.abc import Iterator

import pandas as pd

from study.analysis.overview import Overview
from study.common.methods import CONDITIONAL_PERMUTATION, GROUPED_PERMUTATION, LEAVE_OUT
from study.common.text import listed, some
from study.report.tables.cells import model_title
from study.statistics.claims import INCONCLUSIVE

_LEVEL = 0.05
_GIVEN_OTHERS = (CONDITIONAL_PERMUTATION, LEAVE_OUT)


def needed(overview: Overview) -> Iterator[str]:
    """What the claim's model relies on that others do not tell, and what they may tell as well.

    By the tests over splits; nothing where the run has no scores given the other variables.
    """
    results = overview.results
    claim = results.recipe.claim
    p_values = _p_values(overview, "variable", claim.model)
    given = [method for method in _GIVEN_OTHERS if method in p_values]
    if GROUPED_PERMUTATION not in p_values or not given:
        return
    relied = p_values[GROUPED_PERMUTATION] <= _LEVEL
    adds = _adds(p_values[given])
    title, by = model_title(results, claim.model), listed(given)
    if both := [*p_values.index[relied & adds]]:
        yield f"{title} relies on {some(both)}, and no other variable replaces that ({by})."
    if only := [*p_values.index[relied & ~adds]]:
        yield (
            f"{title} relies on {some(only)}, but others could take the place of each: none is "
            f"shown to add to them ({by})."
        )
    of_groups = _p_values(overview, "group", claim.model)
    if set(given) <= set(of_groups):
        for name in of_groups.index[_adds(of_groups[given])]:
            members = results.recipe.variable_groups.get(name, [])
            if members and set(members) <= set(only):
                yield f"Together, as {name}, {listed(members)} do add to the others."


def together(overview: Overview) -> list[str]:
    """That a group of two variables is shown to matter for other rows, where neither is ahead.

    Of what the claim names and the item that comes nearest to it in the population, by the tests
    of groups over splits; nothing where the verdict for other rows is settled, or there is none.
    """
    recipe = overview.results.recipe
    claim = recipe.claim
    row = overview.own_population(claim)
    if row is None or row["verdict"] != INCONCLUSIVE:
        return []
    pair = [claim.name, row["against"]]
    names = [name for name, members in recipe.variable_groups.items() if {*pair} <= {*members}]
    tests = _p_values(overview, "group", claim.model)
    tests = tests[tests.index.isin(names)]
    corrected = tests * tests.notna().sum(axis=1).max()
    return [
        f"For other rows {listed(pair)} cannot be told apart; together, as {name}, they are shown "
        f"to matter ({listed(p_values.index[p_values <= _LEVEL])})."
        for name, p_values in corrected.iterrows()
        if (p_values <= _LEVEL).any()
    ]


def _adds(p_values: pd.DataFrame) -> pd.Series:
    """Whether a drop is shown by any of some methods, corrected for how many they are."""
    return (p_values * p_values.shape[1] <= _LEVEL).any(axis=1)


def _p_values(overview: Overview, level: str, model: str) -> pd.DataFrame:
    """Adjusted p-values of a model, a line for each item, a column for each method."""
    data = overview.variable_tests(level)
    own = data[data["model"] == model]
    return own.pivot_table(index="name", columns="method", values="p_adjusted", sort=False)
