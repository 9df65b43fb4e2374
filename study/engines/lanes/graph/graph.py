"""A network on one row of data, there and back, as a list of calls of PyTorch's operations."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

# What a number may be, by the names that PyTorch and NumPy have in common.
FLOAT, TRUTH, WHOLE = "float32", "bool", "int64"
# The name and shape of each parameter, as they lie one after another.
Shapes = tuple[tuple[str, tuple[int, ...]], ...]


class UnsupportedError(Exception):
    """An operation that cannot be written for lanes; the message is its name."""


@dataclass(frozen=True)
class Reference:
    """A value that follows from the inputs: an input itself, or what a call returned."""

    value: int


@dataclass(frozen=True)
class Constant:
    """What follows from no input."""

    number: int


@dataclass(frozen=True)
class Call:
    """A call of an operation.

    arguments, options : plain values, with References and Constants in place of tensors
    results : the numbers of the values that it returns; None for what it leaves out
    """

    operation: str
    arguments: tuple[Any, ...]
    options: tuple[tuple[str, Any], ...]
    results: tuple[int | None, ...]

    @property
    def name(self) -> str:
        """The operation, without its overload."""
        return self.operation.partition(".")[0]

    def references(self) -> Iterator[int]:
        """The values that it takes."""
        return _references((self.arguments, self.options))


@dataclass(frozen=True)
class Keep:
    """What a dropout module multiplies by: `count` decisions for a row, `before` in others."""

    before: int
    count: int
    probability: float


@dataclass(frozen=True)
class Graph:
    """A network on one row, with the way back.

    Attributes
    ----------
    parameters, keeps : names and shapes of the parameters, and the dropout modules that are met
    places : how many numbers of its own each place of a batch has
    calls : in the order in which they were made; those alone on which a result depends
    shapes : shape of each value. The first values are the row's inputs, the derivative of its
        outputs, the parameters, the keep masks, and what comes with the row's place in its
        batch
    kinds : what each value is: FLOAT, TRUTH or WHOLE
    constants : arrays of these kinds
    y : the outputs, (1,) or (1, outputs); d_x, d_parameters : their gradients
    """

    parameters: Shapes
    keeps: tuple[Keep, ...]
    places: int
    calls: tuple[Call, ...]
    shapes: tuple[tuple[int, ...], ...]
    kinds: tuple[str, ...]
    constants: tuple[np.ndarray, ...]
    y: Reference | Constant
    d_x: Reference | Constant
    d_parameters: tuple[Reference | Constant, ...]

    # The numbers of the first values.
    X, D_Y, PARAMETERS = 0, 1, 2

    @property
    def outputs(self) -> int:
        """How many numbers it gives for a row."""
        return math.prod(self.shapes[Graph.D_Y])

    @property
    def decisions(self) -> int:
        """How many dropout decisions a row takes."""
        return sum(keep.count for keep in self.keeps)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all there is to say about it."""
        found = hashlib.sha256()
        plain = (self.parameters, self.keeps, self.places, self.calls, self.shapes, self.kinds)
        found.update(repr((*plain, self.y, self.d_x, self.d_parameters)).encode())
        for constant in self.constants:
            found.update(f"{constant.dtype.str} {constant.shape}".encode())
            found.update(constant.tobytes())
        return found.hexdigest()


def _references(part: Any) -> Iterator[int]:
    if isinstance(part, Reference):
        yield part.value
    elif isinstance(part, tuple):
        for inner in part:
            yield from _references(inner)
