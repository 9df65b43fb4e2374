"""Groups of variables that a draft offers: those that go together."""

from collections.abc import Mapping, Sequence

import numpy as np

from study.common.text import short
from study.datasets.checks.pairs import CORRELATED
from study.datasets.dataset import Dataset
from study.recipes.columns import Binary, Ordinal, is_amount
from study.statistics.clusters import correlated_clusters


def alike(dataset: Dataset) -> dict[str, list[str]]:
    """Variables whose ranks go together on the training rows, by a name for their group.

    Of numbers, levels in order and two levels; other levels have no ranks.
    """
    places = [
        place
        for place, variable in enumerate(dataset.recipe.variables)
        if is_amount(variable) or isinstance(variable, Binary | Ordinal)
    ]
    if not places:
        return {}
    clusters = correlated_clusters(dataset.to_variables(dataset.train_x)[:, places], CORRELATED)
    found: dict[str, list[str]] = {}
    for cluster in clusters:
        names = [dataset.variables[place] for place in np.array(places)[cluster]]
        found[_name(names)] = names
    return {name: names for name, names in found.items() if name not in dataset.variables}


def told(groups: Mapping[str, Sequence[str]]) -> list[str]:
    """What is to be said of groups that are offered."""
    if not groups:
        return []
    first = " and ".join(map(short, next(iter(groups.values()))[:2]))
    more = f", and {len(groups) - 1} more" if len(groups) > 1 else ""
    return [
        f"variables that go together ({first}{more}; mean |Spearman| of {CORRELATED} or more): a "
        "model may give to one what is another's; lines under [variable_groups] score them together"
    ]


def _name(names: list[str]) -> str:
    others = names[1] if len(names) == 2 else f"{len(names) - 1} others"
    return f"{names[0]} and {others}"
