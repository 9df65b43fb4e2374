"""Truth values and whole numbers, which lanes hold as floats: 1 or 0, and exact up to 2^24.

An operation of which it is not known that a float holds all that PyTorch gives is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from study.engines.lanes.graph.expressions import Tensor, number, pointwise
from study.engines.lanes.graph.graph import (
    FLOAT,
    TRUTH,
    WHOLE,
    Call,
    Constant,
    Graph,
    Reference,
    UnsupportedError,
)
from study.engines.lanes.graph.operations import places

_MOST = 2**24
# Those that move numbers of their first argument.
_MOVING = {
    *places.VIEWS,
    *("cat", "stack", "select_backward", "slice_backward", "roll"),
    *("index", "index_select", "embedding"),
}
# Those that give one of the numbers that they take, of arguments of one kind.
_CHOOSING = {"where", "maximum", "minimum", "max", "min", "amax", "amin"}
_CHOOSING |= {"clamp", "clamp_min", "clamp_max"}
# What is stored becomes of the kind of what it is stored in.
STORING = {"copy", "fill", "masked_fill", "_to_copy"}
_JUDGING = {"eq", "ne", "lt", "le", "gt", "ge", "isnan"}
_JUDGING |= {"logical_and", "logical_or", "logical_xor", "logical_not"}
_OF_TRUTH = {"add", "mul", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not"}


def refuse_inexact(graph: Graph) -> None:
    """Raise UnsupportedError with the name of an operation that floats may not do exactly."""
    bounds: dict[int, float] = {}
    for call in graph.calls:
        name = call.name
        for place, value in enumerate(call.results):
            kind = FLOAT if value is None else graph.kinds[value]
            if kind == TRUTH and not _of_truth(call, graph):
                raise UnsupportedError(f"{name} to truth values")
            if value is not None and kind == WHOLE:
                bounds[value] = _bound(call, place, graph, bounds)
                if bounds[value] > _MOST:
                    raise UnsupportedError(f"{name} to whole numbers")


def gives_truth(call: Call, graph: Graph) -> bool:
    """Whether a call returns truth values."""
    return any(value is not None and graph.kinds[value] == TRUTH for value in call.results)


def as_truth(x: Tensor) -> Tensor:
    """Whether each number is not 0."""
    return pointwise("ne", x, number(0.0))


def _of_truth(call: Call, graph: Graph) -> bool:
    """Whether a call that returns truth values does so of what floats tell apart."""
    name = call.name
    if name in _JUDGING or name in STORING:
        return True
    kinds = {_kind(part, graph) for part in _numbers(_data(call))}
    return kinds == {TRUTH} and name in _MOVING | _CHOOSING | _OF_TRUTH


def _bound(call: Call, place: int, graph: Graph, bounds: dict[int, float]) -> float:
    """What no whole number that a call returns exceeds; infinite where that is not known."""
    name = call.name
    if name in ("max", "min") and place == 1:
        return _size(call.arguments[0], graph)
    limits = [_limit(part, graph, bounds) for part in _numbers(_data(call))]
    if name in _MOVING | _CHOOSING | STORING | {"abs", "neg"}:
        return max(limits)
    if name == "sum":
        return limits[0] * _size(call.arguments[0], graph)
    if name in ("add", "sub") and not call.options:
        return sum(limits)
    return math.prod(limits) if name == "mul" else math.inf


def _data(call: Call) -> Any:
    """The arguments that are numbers, and not places, shapes or axes."""
    name = call.name
    if name in _MOVING or name in {"sum", "amax", "amin"}:
        return call.arguments[0]
    if name in ("max", "min"):
        return [part for part in call.arguments if isinstance(part, Reference | Constant)]
    return call.arguments


def _numbers(part: Any) -> Iterator[Any]:
    if isinstance(part, tuple | list):
        for inner in part:
            yield from _numbers(inner)
    elif part is not None and not isinstance(part, str):
        yield part


def _kind(part: Any, graph: Graph) -> str:
    if isinstance(part, Reference):
        return graph.kinds[part.value]
    if isinstance(part, Constant):
        return str(graph.constants[part.number].dtype)
    return {bool: TRUTH, int: WHOLE}.get(type(part), FLOAT)


def _limit(part: Any, graph: Graph, bounds: dict[int, float]) -> float:
    kind = _kind(part, graph)
    if kind != WHOLE:
        return 1 if kind == TRUTH else math.inf
    if isinstance(part, Reference):
        return bounds[part.value]
    array = np.atleast_1d(graph.constants[part.number] if isinstance(part, Constant) else part)
    return max((abs(int(one)) for one in array.flat), default=0)


def _size(part: Reference, graph: Graph) -> int:
    return max(math.prod(graph.shapes[part.value]), 1)
