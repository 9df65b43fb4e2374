"""What a value is, before it is decided where it lies: expressions over strided memory.

An expression gives one number for each place of a shape. Views (another order, shape or part)
change nothing but strides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

# Roughly, in additions.
COSTS = {
    "div": 6,
    "sqrt": 8,
    "exp": 20,
    "sin": 25,
    "cos": 25,
    "log": 25,
    "tanh": 35,
    "erf": 60,
    "gelu": 60,
    "gelu_backward": 80,
    "gelu_by_tanh": 45,
    "gelu_by_tanh_backward": 60,
    "sigmoid": 30,
    "silu": 30,
    "softplus": 60,
    "softplus_backward": 30,
    "elu": 60,
    "elu_backward": 25,
    "expm1": 60,
    "log1p": 45,
    "pow": 50,
    "rsqrt": 12,
    "reciprocal": 6,
}


class NotStridedError(Exception):
    """A view that strides cannot express: what is viewed must lie in memory in its order."""


@dataclass(eq=False)
class Buffer:
    """Scratch memory for so many numbers, written and then read."""

    size: int


@dataclass(frozen=True)
class Given:
    """Memory that comes from outside: what of the graph or the kernel, and which."""

    what: str
    number: int = 0


Source = Buffer | Given


@dataclass(frozen=True, eq=False)
class Number:
    """The same number everywhere."""

    value: float
    cost = depth = 0

    @property
    def loads(self) -> list[Load]:
        return []


@dataclass(frozen=True, eq=False)
class Load:
    """The number at `offset`, and for each axis the place on it times its stride."""

    source: Source
    offset: int
    strides: tuple[int, ...]
    cost = depth = 0

    @property
    def loads(self) -> list[Load]:
        return [self]


@dataclass(frozen=True, eq=False)
class Apply:
    """A function of numbers, place by place."""

    function: str
    arguments: tuple[Expression, ...]

    @cached_property
    def cost(self) -> int:
        return COSTS.get(self.function, 1) + sum(part.cost for part in self.arguments)

    @cached_property
    def depth(self) -> int:
        return 1 + max(part.depth for part in self.arguments)

    @cached_property
    def loads(self) -> list[Load]:
        return [load for part in self.arguments for load in part.loads]


@dataclass(frozen=True, eq=False)
class Reduce:
    """The sum or the maximum of `body` along a last axis, which it has beside those of its own.

    A sum may begin with something else, which is then added to it in passing.
    """

    kind: str
    extent: int
    body: Expression
    start: Expression | None = None

    @cached_property
    def cost(self) -> int:
        return self.extent * (1 + self.body.cost) + (self.start.cost if self.start else 0)

    @cached_property
    def depth(self) -> int:
        return 1 + max(self.body.depth, self.start.depth if self.start else 0)

    @cached_property
    def loads(self) -> list[Load]:
        return self.body.loads + (self.start.loads if self.start else [])


Expression = Number | Load | Apply | Reduce


@dataclass(frozen=True, eq=False)
class Tensor:
    """An expression for each place of a shape."""

    shape: tuple[int, ...]
    expression: Expression

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    # -- views ---------------------------------------------------------------------------------
    def permute(self, order: Sequence[int]) -> Tensor:
        """The axes in another order."""
        axes = [axis % len(self.shape) for axis in order]
        shape = tuple(self.shape[axis] for axis in axes)
        return self._viewed(shape, lambda strides: (0, tuple(strides[axis] for axis in axes)))

    def transpose(self, one: int, other: int) -> Tensor:
        """Two axes exchanged."""
        return self.permute(exchanged(len(self.shape), one, other))

    def expand(self, *shape: int) -> Tensor:
        """Axes of length 1, and new ones in front, to the lengths of a shape; -1 stays."""
        new = len(shape) - len(self.shape)
        old = (1,) * new + self.shape
        wanted = tuple(
            before if length == -1 else length for before, length in zip(old, shape, strict=True)
        )

        def spread(strides: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
            padded = (0,) * new + strides
            parts = zip(padded, old, wanted, strict=True)
            return 0, tuple(stride if before == length else 0 for stride, before, length in parts)

        return self._viewed(wanted, spread)

    def slice(self, axis: int, start: int, length: int, step: int = 1) -> Tensor:
        """Every `step`-th place of an axis, so many from `start` on."""
        axis %= len(self.shape)
        shape = (*self.shape[:axis], length, *self.shape[axis + 1 :])

        def cut(strides: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
            stride = strides[axis]
            return start * stride, (*strides[:axis], stride * step, *strides[axis + 1 :])

        return self._viewed(shape, cut)

    def select(self, axis: int, place: int) -> Tensor:
        """One place of an axis, which goes."""
        axis %= len(self.shape)
        one = self.slice(axis, place % self.shape[axis], 1)
        return one.squeeze(axis)

    def squeeze(self, axis: int) -> Tensor:
        """Without an axis of length 1; as it is where the axis is longer."""
        axis %= max(len(self.shape), 1)
        if not self.shape or self.shape[axis] != 1:
            return self
        shape = self.shape[:axis] + self.shape[axis + 1 :]
        return self._viewed(shape, lambda strides: (0, strides[:axis] + strides[axis + 1 :]))

    def unsqueeze(self, axis: int) -> Tensor:
        """With an axis of length 1 more."""
        axis %= len(self.shape) + 1
        shape = (*self.shape[:axis], 1, *self.shape[axis:])
        return self._viewed(shape, lambda strides: (0, (*strides[:axis], 0, *strides[axis:])))

    def reshape(self, *shape: int) -> Tensor:
        """The same numbers, row-major, in another shape; raises NotStridedError."""
        if -1 in shape:
            known = -math.prod(shape)
            shape = tuple(self.size // known if length == -1 else length for length in shape)
        return self._viewed(shape, lambda strides: (0, _restrided(self.shape, strides, shape)))

    def _viewed(
        self,
        shape: tuple[int, ...],
        view: Callable[[tuple[int, ...]], tuple[int, tuple[int, ...]]],
    ) -> Tensor:
        return Tensor(shape, _viewed(self.expression, len(self.shape), view))


@dataclass(frozen=True, eq=False)
class Pieces:
    """A value of parts along an axis, each with where it starts; 0 where there is none."""

    shape: tuple[int, ...]
    axis: int
    parts: tuple[tuple[int, Tensor], ...]

    def permute(self, order: Sequence[int]) -> Pieces:
        """The axes in another order."""
        axes = [axis % len(self.shape) for axis in order]
        return Pieces(
            tuple(self.shape[axis] for axis in axes),
            axes.index(self.axis),
            tuple((start, part.permute(axes)) for start, part in self.parts),
        )

    def beside(self, other: Pieces) -> Pieces | None:
        """The sum of both, unless they overlap."""
        if self.axis != other.axis or self.shape != other.shape:
            return None
        parts = tuple(sorted((*self.parts, *other.parts), key=lambda part: part[0]))
        ends = [start + tensor.shape[self.axis] for start, tensor in parts]
        if any(end > start for end, (start, _) in zip(ends, parts[1:], strict=False)):
            return None
        return Pieces(self.shape, self.axis, parts)

    @property
    def whole(self) -> bool:
        """Whether the parts leave no gap."""
        return sum(tensor.shape[self.axis] for _, tensor in self.parts) == self.shape[self.axis]


def exchanged(count: int, one: int, other: int) -> list[int]:
    """The order of so many axes of which two are exchanged."""
    order = list(range(count))
    order[one], order[other] = order[other], order[one]
    return order


def contiguous(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides of an array that lies row-major."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _viewed(
    expression: Expression,
    axes: int,
    view: Callable[[tuple[int, ...]], tuple[int, tuple[int, ...]]],
) -> Expression:
    """The expression with other first `axes`; those of sums within stay as they are."""
    if isinstance(expression, Load):
        offset, strides = view(expression.strides[:axes])
        return Load(
            expression.source, expression.offset + offset, strides + expression.strides[axes:]
        )
    if isinstance(expression, Apply):
        parts = tuple(_viewed(part, axes, view) for part in expression.arguments)
        return Apply(expression.function, parts)
    if isinstance(expression, Reduce):
        start = expression.start and _viewed(expression.start, axes, view)
        body = _viewed(expression.body, axes, view)
        return Reduce(expression.kind, expression.extent, body, start)
    return expression


def _restrided(
    old: tuple[int, ...], strides: tuple[int, ...], new: tuple[int, ...]
) -> tuple[int, ...]:
    """The strides of a memory in a new shape."""
    found: list[int] = []
    for axes, lengths in _matched(old, new):
        at_once = [(old[axis], strides[axis]) for axis in axes if old[axis] != 1]
        for (_, stride), (length, inner) in pairwise(at_once):
            if stride != inner * length:
                raise NotStridedError
        step = at_once[-1][1] if at_once else 0
        found += [step * part for part in contiguous(lengths)]
    return tuple(found)


def _matched(
    old: tuple[int, ...], new: tuple[int, ...]
) -> Iterator[tuple[list[int], tuple[int, ...]]]:
    """Runs of old axes, each with the lengths into which it falls anew."""
    axis = start = 0
    while start < len(new) or axis < len(old):
        axes: list[int] = []
        lengths: list[int] = []
        before = after = 1
        while before != after or not (axes or lengths):
            if (before <= after and axis < len(old)) or start >= len(new):
                axes.append(axis)
                before *= old[axis]
                axis += 1
            else:
                lengths.append(new[start])
                after *= new[start]
                start += 1
        # Axes of length 1 at the end belong here as well.
        while axis < len(old) and old[axis] == 1:
            axes.append(axis)
            axis += 1
        while start < len(new) and new[start] == 1:
            lengths.append(1)
            start += 1
        yield axes, tuple(lengths)


# -- making them -------------------------------------------------------------------------------
def number(value: float) -> Tensor:
    """The same number everywhere."""
    return Tensor((), Number(float(value)))


def pointwise(function: str, *arguments: Tensor) -> Tensor:
    """A function of numbers, place by place, of shapes that are broadcast."""
    axes = max(len(argument.shape) for argument in arguments)
    padded = [(1,) * (axes - len(one.shape)) + one.shape for one in arguments]
    shape = tuple(
        next((length for length in lengths if length != 1), 1)
        for lengths in zip(*padded, strict=True)
    )
    parts = tuple(argument.expand(*shape).expression for argument in arguments)
    return Tensor(shape, _simplified(function, parts))


def _simplified(function: str, parts: tuple[Expression, ...]) -> Expression:
    if function == "mul":
        for one, other in (parts, parts[::-1]):
            if isinstance(one, Number) and one.value == 1.0:
                return other
    if function == "add":
        for one, other in (parts, parts[::-1]):
            if isinstance(other, Reduce) and other.kind == "sum" and other.start is None:
                return replace(other, start=one)
    if function == "div" and isinstance(parts[1], Number) and _has_inverse(parts[1].value):
        return _simplified("mul", (parts[0], Number(1 / parts[1].value)))
    if function == "sub" and isinstance(parts[1], Number) and parts[1].value == 0.0:
        return parts[0]
    return Apply(function, parts)


def _has_inverse(value: float) -> bool:
    """Whether to multiply by the inverse may stand for a division.

    Not by whole numbers, of which a quotient may be whole, but for powers of two.
    """
    if not 2.0**-126 < abs(value) < 2.0**126:
        return False
    return value != int(value) or abs(math.frexp(value)[0]) == 0.5


def reduced(kind: str, tensor: Tensor, axes: Sequence[int]) -> Tensor:
    """The sum or the maximum along some axes, which go."""
    count = len(tensor.shape)
    gone = sorted({axis % count for axis in axes})
    kept = [axis for axis in range(count) if axis not in gone]
    shape = tuple(tensor.shape[axis] for axis in kept)
    ordered = tensor.permute([*kept, *gone])
    inner = [tensor.shape[axis] for axis in gone]
    with suppress(NotStridedError):
        ordered, inner = ordered.reshape(*shape, math.prod(inner)), [math.prod(inner)]
    while inner:
        length = inner.pop()
        if length == 1:
            ordered = ordered.squeeze(-1)
        else:
            body = ordered.expression
            ordered = Tensor(ordered.shape[:-1], Reduce(kind, length, body))
    return ordered


def product(one: Tensor, other: Tensor) -> Tensor:
    """The matrix product (..., m, k) @ (..., k, n)."""
    left = one.unsqueeze(-2)
    right = other.transpose(-1, -2).unsqueeze(-3)
    return reduced("sum", pointwise("mul", left, right), [-1])
