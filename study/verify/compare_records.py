"""How alike two records of one training are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from study.common.weights import Weights
from study.store.records import Record
from study.store.rows import LABELS, NUMBERS

Row = tuple[object, ...]
# Of fits, what moves by little where predictions do.
_COMPARED = ("r_squared", "rmse", "d_squared", "log_loss", "brier", "deviance", "mae")


@dataclass(frozen=True)
class Likeness:
    """How alike stored results and recomputed ones are.

    bitwise : whether all is equal to the bit
    difference : the largest difference of fits and scores, relative to the largest score of the
        same method, or to the largest rmse; of other measures of fit relative to 1, or to the
        largest
    """

    bitwise: bool
    difference: float


def likeness(stored: Record, computed: Record) -> Likeness:
    """Compare all of two records, whatever the order of their rows.

    A proportion of rows jumps where a prediction lies at the bound, as `within` and accuracy do:
    they count for `bitwise` alone.
    """
    bitwise = likeness_of_weights(stored.weights, computed.weights).bitwise
    differences = [0.0]
    for table, labels in LABELS.items():
        before, after = (_by_label(getattr(of, table), len(labels)) for of in (stored, computed))
        if before.keys() != after.keys():
            return Likeness(bitwise=False, difference=np.inf)
        one, other = (_numbers(table, [of[key] for key in before]) for of in (before, after))
        bitwise = bitwise and np.array_equal(one, other, equal_nan=True)
        if table == "fits":
            for column in _COMPARED:
                place = NUMBERS[table].index(column)
                least = 0.0 if column == "rmse" else 1.0
                differences.append(_relative(one[:, place], other[:, place], least))
        if table == "scores":
            methods = np.array([method for method, _ in before], dtype=object)
            differences += [
                _relative(one[methods == method], other[methods == method])
                for method in set(methods)
            ]
    return Likeness(bitwise, max(differences))


def likeness_of_weights(stored: Weights, computed: Weights) -> Likeness:
    """Compare the parameters of two networks, relative to the largest of all."""
    if stored.keys() != computed.keys():
        return Likeness(bitwise=False, difference=np.inf)
    one, other = (
        np.concatenate([np.zeros(0, np.float32), *(of[name].ravel() for name in stored)])
        for of in (stored, computed)
    )
    if one.shape != other.shape:
        return Likeness(bitwise=False, difference=np.inf)
    same = one.astype("<f4").tobytes() == other.astype("<f4").tobytes()
    return Likeness(same, 0.0 if same else _relative(one, other))


def _relative(one: np.ndarray, other: np.ndarray, least: float = 0.0) -> float:
    """The largest difference, relative to the largest number, or to `least`."""
    differing = ~((one == other) | (np.isnan(one) & np.isnan(other)))
    if not differing.any():
        return 0.0
    differences = np.abs(one - other)[differing]
    largest = max(float(np.abs(one[np.isfinite(one)]).max(initial=0)), least)
    return (
        float(differences.max()) / largest if np.isfinite(differences).all() and largest else np.inf
    )


def _numbers(table: str, rows: Sequence[Row]) -> np.ndarray:
    """Numbers of rows (rows, columns), NaN where the last ones are left out."""
    width = len(NUMBERS[table])
    padded = [(*row, *[np.nan] * (width - len(row))) for row in rows]
    return np.array(padded, dtype=np.float64).reshape(len(rows), width)


def _by_label(rows: Sequence[Row], labels: int) -> dict[Row, Row]:
    return {row[:labels]: row[labels:] for row in rows}
