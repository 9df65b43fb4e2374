"""SHA-256 digests of what is stored: a changed bit, row or key shows.

The canonical form of the rows of one training: the key of the training, then the labels of
the rows as JSON, in the order of the labels, then their numbers as float64, little-endian, all
NaN alike. It does not depend on how or in which order a database keeps them. Columns of numbers
that the first form did not have stand there up to the last that holds one, so that the digests of
what was stored before remain.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from study.store.migrations import tables
from study.store.rows import TABLES, Rows

# How many columns a key has in the first form, and how many columns of numbers.
_KEY_AT_FIRST = 8
_AT_FIRST = {table: sum(not of.of_key for of in tables(1)[table]) for table in TABLES}


def sha256(content: bytes) -> bytes:
    """The SHA-256 of some bytes: 32 bytes."""
    return hashlib.sha256(content).digest()


def key_of(key: Sequence[str | int | None], environment: str) -> bytes:
    """What a training is, model, condition, engine and streams, and where it was trained."""
    return sha256(_json([*told(key), environment]))


def told(key: Sequence[str | int | None]) -> list[str | int | None]:
    """A key; of the streams that the first form did not have, those up to the last with a seed."""
    seeds = list(key)
    while len(seeds) > _KEY_AT_FIRST and seeds[-1] is None:
        seeds.pop()
    return seeds


def of_weights(key: bytes, content: bytes) -> bytes:
    """The digest of the weights of one training."""
    return sha256(key + sha256(content))


def of_rows(rows: Rows, keys: Mapping[int, bytes]) -> dict[int, bytes]:
    """The digest of the rows of each training, by its id; `keys` are those of `key_of`.

    A training that is not in `keys` gets none, and one without rows that of no rows.
    """
    # Adding nought turns -0.0, which SQLite does not keep, into 0.0.
    numbers = np.where(np.isnan(rows.numbers), np.nan, rows.numbers + 0.0).astype("<f8")
    known: dict[bytes, bytes] = {}  # trainings of one kind have the same labels
    nothing = _of_labels(rows.table, [])
    found = {training: sha256(key + nothing) for training, key in keys.items()}
    bounds = rows.bounds.tolist()
    for training, start, stop in zip(rows.trainings.tolist(), bounds, bounds[1:], strict=False):
        if training not in keys:
            continue
        codes = rows.codes[start:stop].tobytes()
        if codes not in known:
            known[codes] = _of_labels(rows.table, rows.labels(slice(start, stop)))
        content = held(rows.table, numbers[start:stop]).tobytes()
        found[training] = sha256(keys[training] + known[codes] + content)
    return found


def of_table(rows: Iterable[Sequence[Any]]) -> bytes:
    """The digest of a small table as a whole, its rows in their order."""
    content = hashlib.sha256()
    for row in rows:
        content.update(_json(row) + b"\n")
    return content.digest()


def held(table: str, numbers: np.ndarray) -> np.ndarray:
    """The numbers of rows (rows, columns), without the later columns that hold none.

    Later are those that the first form did not have.
    """
    width = numbers.shape[1]
    while width > _AT_FIRST[table] and np.isnan(numbers[:, width - 1]).all():
        width -= 1
    return numbers[:, :width]


def _of_labels(table: str, labels: list[list[Any]]) -> bytes:
    return sha256(_json([table, labels]))


def _json(value: Sequence[Any]) -> bytes:
    # A value of a type that no column should hold, as in a damaged file, is shown as it is.
    return json.dumps(value, default=repr).encode()
