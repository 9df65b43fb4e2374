"""What permutation could not have told: items that do not vary in the rows that it permutes.

Where all test rows hold one value of an item, permuting it changes no prediction of any model, and
its score is 0 by construction. So it is where the score is exactly 0 by every model, least squares
among them, which gives every column that varies in training a weight.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from study.analysis.results import Results
from study.analysis.selection import all_models
from study.common.conditions import CONDITIONS, REAL
from study.common.methods import find_method
from study.common.text import listed
from study.common.vocabulary import LEAST_SQUARES


def why_unmoved(results: Results, names: Sequence[str], method: str, level: str) -> str:
    """Why permutation says nothing of some items on the test rows; nothing where it does."""
    if not _permutes(results, method):
        return ""
    known = [
        vectors
        for model in all_models(results)
        for condition in CONDITIONS
        if (vectors := results.vectors(model, condition, method, level)) is not None
    ]
    if results.vectors(LEAST_SQUARES, REAL, method, level) is None:
        return ""
    unmoved = [
        name
        for name in names
        if name in known[0].items
        and all((of.score[:, of.items.index(name)] == 0).all() for of in known)
    ]
    return in_words(unmoved) if unmoved else ""


def in_words(names: Sequence[str]) -> str:
    """That permuting some items shows nothing."""
    return (
        f"permuting {listed(names)} changes no prediction of any model, as where all test rows "
        "hold one value of it (D002)"
    )


def unmoved_halves(results: Results, names: Sequence[str], method: str, level: str) -> set[int]:
    """The halves, 2 · split + half, in which permuting one of some items shows nothing."""
    closed = results.on_splits(LEAST_SQUARES, method, level)
    if not _permutes(results, method) or closed is None:
        return set()
    items = closed.vectors.items
    places = [items.index(name) for name in names if name in items]
    found = {int(half) for half in np.unique(2 * closed.splits + closed.halves)}
    per_item = [set(found) for _ in places]
    for model in all_models(results):
        own = results.on_splits(model, method, level)
        if own is None:
            continue
        numbers = 2 * own.splits + own.halves
        for place, halves in zip(places, per_item, strict=True):
            halves -= {int(half) for half in numbers[own.vectors.score[:, place] != 0]}
    return set().union(*per_item)


def _permutes(results: Results, method: str) -> bool:
    """Whether a method is a permutation of the study's own."""
    declared = find_method(method)
    return not results.imported and declared is not None and declared.repeated
