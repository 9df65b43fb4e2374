"""What is stored of one trained model, and under which key."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from study.common.streams import STREAM_NAMES, StreamSeeds
from study.common.weights import Layout, Weights

# Labels, then numbers, in the order of `rows.LABELS` and `rows.NUMBERS`; None where there is none.
# The last columns are left out where no row has a number there.
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Key:
    """The identity of one trained model in a run; least squares has no streams."""

    model: str
    condition: str
    engine: str
    streams: StreamSeeds | None


@dataclass(frozen=True)
class Record:
    """Everything stored of one trained model, as rows of the tables of the same names."""

    key: Key
    weights: Weights
    fits: list[Row]
    scores: list[Row]
    occasions: list[Row]
    losses: list[Row]


def unpacked(contents: Sequence[bytes], layout: Layout) -> Weights:
    """Stored weights of networks of one layout as arrays (networks, ...) by parameter."""
    flat = np.stack([np.frombuffer(content, dtype="<f4") for content in contents])
    arrays, start = {}, 0
    for name, shape in layout:
        stop = start + math.prod(shape)
        arrays[name] = flat[:, start:stop].reshape(len(contents), *shape)
        start = stop
    return arrays


KEY_COLUMNS = ("model", "condition", "engine", *STREAM_NAMES)


def blob(record: Record) -> bytes:
    """The weights of a record as they are stored."""
    return b"".join(array.astype("<f4").tobytes() for array in record.weights.values())


def key_row(key: Key) -> tuple[Any, ...]:
    """A key as columns: model, condition, engine and streams."""
    names = STREAM_NAMES
    streams = [None if key.streams is None else getattr(key.streams, name) for name in names]
    return key.model, key.condition, key.engine, *streams
