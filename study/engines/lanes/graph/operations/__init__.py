"""PyTorch's operations as expressions, by their names without the overload."""

from __future__ import annotations

import math

from study.engines.lanes.graph.expressions import NotStridedError, Pieces, Tensor
from study.engines.lanes.graph.graph import Call, Graph, Reference, UnsupportedError
from study.engines.lanes.graph.operations import kinds, normalising, places, pointwise, reducing
from study.engines.lanes.graph.operations.known import Operation, Planner

_KNOWN: dict[str, Operation] = {
    **pointwise.OPERATIONS,
    **places.OPERATIONS,
    **reducing.OPERATIONS,
    **normalising.OPERATIONS,
}
# Those that read each number as often as their result is read.
VIEWS = places.VIEWS
# Those after which each number is there once, as before.
REORDERING = places.REORDERING
PRODUCTS = reducing.PRODUCTS
# What an operation raises where it is not written for its arguments.
_UNFIT = (TypeError, ValueError, ArithmeticError, LookupError, NotImplementedError, NotStridedError)


def perform(planner: Planner, call: Call) -> tuple[Tensor | Pieces | None, ...]:
    """What a call returns. Raises UnsupportedError for an operation that is not known."""
    name = call.name
    truth = kinds.gives_truth(call, planner.graph)
    operation = _KNOWN.get("logical_or" if truth and name == "add" else name)
    if operation is None:
        raise UnsupportedError(name)
    try:
        result = operation(planner, *call.arguments, **dict(call.options))
    except _UNFIT as error:
        raise UnsupportedError(call.operation) from error
    if truth and name in kinds.STORING:
        assert isinstance(result, Tensor)
        result = kinds.as_truth(result)
    return result if isinstance(result, tuple) else (result,)


def product_reads(call: Call, graph: Graph, value: int) -> int:
    """How often a matrix product reads each number of one of its arguments."""
    (result,) = (graph.shapes[found] for found in call.results if found is not None)
    *added, one, other = call.arguments
    _, rows, columns = (1, *result[-3:])[-3:]
    reads = 0
    if added and added[0] == Reference(value):
        reads += max(1, math.prod(result) // max(math.prod(graph.shapes[value]), 1))
    reads += columns if one == Reference(value) else 0
    return reads + (rows if other == Reference(value) else 0)
