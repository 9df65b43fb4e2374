"""What there is to say of a target."""

from pathlib import Path

import numpy as np

from study.common.errors import InputError
from study.common.text import short
from study.datasets.raw_columns import Column

_FAR = 3  # interquartile ranges beyond the quartiles (Tukey's far out values)


def check_target(path: Path, target: Column) -> None:
    """Refuse a target that nothing can be learned of."""
    where = f"{path}, column {target.name}"
    if target.missing.all():
        raise InputError(f"{where}: the target has no value in any row")
    if target.writing.unread:
        raise InputError(f"{where}: {target.writing.unread}")
    others = target.others
    if others:
        place = int(np.flatnonzero(target.codes == target.texts.index(others[0]))[0]) + 1
        held = f"the target must be a number, but row {place} below the header holds"
        if not len(target.known):
            raise InputError(
                f"{where}: {held} '{short(others[0])}', and no row a number: a class is not "
                "predicted; of two classes, write 0 and 1 in their place"
            )
        raise InputError(
            f"{where}: {held} '{short(others[0])}'; where that is a missing value, leave the cell "
            "empty"
        )
    if len(np.unique(target.known)) == 1:
        raise InputError(f"{where}: the target is {target.known[0]:g} in every row")


def of_target(target: Column) -> list[str]:
    """What is to be known of a target."""
    known = target.known
    low, high = np.quantile(known, [0.25, 0.75])
    far = (known < low - _FAR * (high - low)) | (known > high + _FAR * (high - low))
    said = []
    if far.any() and high > low:
        worst = known[np.abs(known - np.median(known)).argmax()]
        remedy = (
            "; if it is skewed, a column of its logarithm may serve better"
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
