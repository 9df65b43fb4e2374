"""What a target is, and what there is to say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from study.common.errors import InputError
from study.common.text import listed, short
from study.datasets.checks.target_classes import are_classes, may_be_classes, may_be_counts
from study.datasets.drafting.columns import are_dates
from study.datasets.raw_columns import Column

_FAR = 3  # interquartile ranges beyond the quartiles (Tukey's far out values)
MOST_CLASSES = 30  # of more words, most are rare
_FEWEST_ROWS = 2  # of a class: one to train on, one to test on


def check_target(path: Path, target: Column, task: str | None = None) -> list[str]:
    """The classes of a target in order; none of an amount. Refuses what cannot be learned.

    task : "number" or "count", where that is told and not inferred
    """
    where = f"{path}, column {target.name}"
    if target.missing.all():
        raise InputError(f"{where}: the target has no value in any row")
    if target.writing.unread:
        raise InputError(f"{where}: {target.writing.unread}")
    others = target.others
    if others and len(target.known):
        raise InputError(
            f"{where}: the target must be a number, or one of some words, but "
            f"{_place(target, others[0])} and others numbers; where that is a missing value, leave "
            "the cell empty"
        )
    if others:
        if task in ("number", "count"):
            raise InputError(f"{where}: task '{task}', but {_place(target, others[0])}")
        return _words(where, target)
    if len(np.unique(target.known)) == 1:
        raise InputError(f"{where}: the target is {target.known[0]:g} in every row")
    return _by_number(target) if task is None and are_classes(target) else []


def _place(target: Column, text: str) -> str:
    place = int(np.flatnonzero(target.codes == target.texts.index(text))[0]) + 1
    return f"row {place} below the header holds '{short(text)}'"


def _words(where: str, target: Column) -> list[str]:
    """The classes of a target of words."""
    levels = [of for of in target.order if of in target.texts] or sorted(target.others)
    if are_dates(levels[:200]):
        raise InputError(
            f"{where}: the target must be a number, or one of some words, but "
            f"{_place(target, target.others[0])}: of a date, add a column of numbers, as its year"
        )
    if len(levels) == 1:
        raise InputError(f"{where}: the target is '{short(levels[0])}' in every row")
    counts = [(target.codes == target.texts.index(level)).sum() for level in levels]
    if len(levels) > MOST_CLASSES:
        raise InputError(
            f"{where}: {len(levels)} different words are too many classes; at most {MOST_CLASSES} "
            "are predicted: give rare ones one name"
        )
    rare = [level for level, count in zip(levels, counts, strict=True) if count < _FEWEST_ROWS]
    if rare:
        raise InputError(
            f"{where}: a single row holds {listed([repr(short(of)) for of in rare[:3]])}: a class "
            "needs rows to train on and to test on; take the row out, or give it another class"
        )
    return levels


def _by_number(target: Column) -> list[str]:
    """The classes of a target of few numbers, as the table writes them; none if in two ways."""
    levels = sorted(_texts(target), key=target.number_of)
    return levels if len(levels) == len(np.unique(target.known)) else []


def _texts(target: Column) -> list[str]:
    held = np.unique(target.codes[~target.missing])
    return [target.texts[code] for code in held if code >= 0]


def as_classes(target: Column) -> Column:
    """A target whose numbers are names of classes, and no amounts."""
    return replace(target, numbers=np.full(len(target.numbers), np.nan))


def class_places(target: Column, levels: Sequence[str]) -> np.ndarray | None:
    """The number of each row's class, -1 where it has none: (rows,); None of an amount."""
    if not levels:
        return None
    places = [levels.index(text) if text in levels else -1 for text in (*target.texts, "")]
    # Codes below 0 are of missing values, and stand for the last.
    return np.array(places)[np.maximum(target.codes, -1)]


def target_keys(target: Column, levels: Sequence[str], task: str | None = None) -> dict[str, Any]:
    """What the recipe says of a target."""
    if task == "count":
        return {"name": target.name, "type": "count", **target.writing.keys}
    if levels:
        return {"name": target.name, "type": "class", "levels": list(levels)}
    return {"name": target.name, **_amount(target)}


def otherwise(target: Column, levels: Sequence[str]) -> list[Mapping[str, Any]]:
    """All that it may say in place of that, but for the name."""
    if target.others:
        return []
    counted = [{"type": "count", **target.writing.keys}] if may_be_counts(target) else []
    if levels:
        return [_amount(target), *counted]
    named = _by_number(target) if may_be_classes(target) else []
    return [*([{"type": "class", "levels": named}] if named else []), *counted]


def _amount(target: Column) -> dict[str, Any]:
    return {"standardise": True, "tolerance": 0.1, **target.writing.keys}


def of_target(target: Column, levels: Sequence[str]) -> list[str]:
    """What is to be known of a target."""
    name = short(target.name)
    if levels:
        if target.others:
            return []
        shown = listed([short(level) for level in levels])
        counts = " or counts" if may_be_counts(target) else ""
        return [
            f"{name} holds {shown} alone, and is predicted as a class: if these are "
            f"amounts{counts}, lines under [target] have it so"
        ]
    said = [
        f"{name} holds few whole numbers, and is predicted as an amount: if they are the numbers "
        "of classes, lines under [target] have it so"
    ] * any(other["type"] == "class" for other in otherwise(target, levels))
    if may_be_counts(target):
        said.append(
            f"{name} holds whole numbers from {target.known.min():g} on, and is predicted as an "
            "amount: if it counts events, a line under [target] has it so, with an error that "
            "grows with the count"
        )
    known = target.known
    low, high = np.quantile(known, [0.25, 0.75])
    far = (known < low - _FAR * (high - low)) | (known > high + _FAR * (high - low))
    if far.any() and high > low:
        worst = known[np.abs(known - np.median(known)).argmax()]
        remedy = (
            '; if it is skewed, scale = "log" under [target] may serve better'
            if known.min() > 0
            else ""
        )
        said.append(
            f"{far.sum()} of {len(known)} values of {target.name} lie far out (beyond {_FAR} "
            f"interquartile ranges; the farthest is {worst:g}): they weigh most in a squared "
            f"error{remedy}"
        )
    if known.min() <= 0:
        said.append(
            f"{target.name} has values of 0 or less, near which a relative error says nothing: "
            "read R², not the part of rows within the tolerance"
        )
    return said
