"""From a graph to loops: which values lie in memory, which are computed where they are used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from study.engines.lanes.graph import operations
from study.engines.lanes.graph.expressions import (
    Apply,
    Buffer,
    Expression,
    Given,
    Load,
    NotStridedError,
    Number,
    Pieces,
    Source,
    Tensor,
    contiguous,
    number,
    pointwise,
)
from study.engines.lanes.graph.graph import (
    FLOAT,
    Call,
    Constant,
    Graph,
    Reference,
    UnsupportedError,
)
from study.engines.lanes.graph.operations.kinds import refuse_inexact

# What a value may cost to be computed again for each reader but the first, in additions; and how
# many numbers an expression may load, and how many functions of functions it may be, so that no
# code becomes too long.
_CHEAP, _MOST_LOADS, _DEEPEST = 2, 24, 32


@dataclass(frozen=True, eq=False)
class Nest:
    """Loops over all places of a shape, in which an expression is stored."""

    target: Load
    shape: tuple[int, ...]
    expression: Expression


@dataclass(frozen=True, eq=False)
class Plan:
    """What is to be computed of a graph, there and back.

    Attributes
    ----------
    forward, backward : loops, in their order; the former end with the outputs
    slots : numbers that each part of the scratch memory holds
    slot_of : which part each buffer has; those that are needed at the same time have different ones
    constants : what expressions name by number
    """

    graph: Graph
    forward: tuple[Nest, ...]
    backward: tuple[Nest, ...]
    slots: tuple[int, ...]
    slot_of: dict[Buffer, int]
    constants: tuple[np.ndarray, ...]

    @property
    def to_inputs(self) -> list[Nest]:
        """Of the way back, what leads to the gradients of the inputs alone."""
        needed: set[Source] = {Given("d_x")}
        found = []
        for nest in reversed(self.backward):
            if nest.target.source in needed:
                found.append(nest)
                needed |= {
                    load.source for load in nest.expression.loads if isinstance(load.source, Buffer)
                }
        return found[::-1]


def plan(graph: Graph) -> Plan:
    """Plan a graph. Raises UnsupportedError with the name of an operation that is not known."""
    refuse_inexact(graph)
    planner = _Planner(graph)
    there = _needed_for(graph, graph.y)
    for call in graph.calls:
        if set(call.results) & there:
            planner.call(call)
    outputs = planner.tensor(graph.y)
    target = Load(Given("y"), 0, contiguous(outputs.shape))
    planner.store(Tensor(outputs.shape, target), outputs)
    forward, planner.nests = planner.nests, []
    for call in graph.calls:
        if not set(call.results) & there:
            planner.call(call)
    planner.finish()
    slots, slot_of = _slots(forward, planner.nests)
    return Plan(
        graph,
        tuple(forward),
        tuple(planner.nests),
        slots,
        slot_of,
        tuple(planner.constants),
    )


@dataclass
class _Planner:
    """A plan in the making."""

    graph: Graph
    nests: list[Nest] = field(default_factory=list)

    def __post_init__(self) -> None:
        graph = self.graph
        self.constants = list(graph.constants)
        self._reads, self._users = _readers(graph)
        self._values: dict[int, Tensor | Pieces] = {}
        self._kept: dict[int, tuple[Expression, Tensor]] = {}
        self._targets: dict[int, list[Load]] = {}
        sources = [Load(Given("x"), 0, ()), Load(Given("d_y"), 0, ())]
        start = 0
        for place, (_, shape) in enumerate(graph.parameters):
            sources.append(Load(Given("weights"), start, ()))
            self._aim(graph.d_parameters[place], Load(Given("gradients"), start, contiguous(shape)))
            start += int(np.prod(shape))
        sources += [Load(Given("keep", place), 0, ()) for place in range(len(graph.keeps))]
        sources += [Load(Given("positions"), 0, ())] if graph.places else []
        for value, source in enumerate(sources):
            shape = graph.shapes[value]
            load = Load(source.source, source.offset, contiguous(shape))
            self._values[value] = Tensor(shape, load)
        self._aim(graph.d_x, Load(Given("d_x"), 0, contiguous(graph.shapes[Graph.X])))

    # -- what operations ask for ---------------------------------------------------------------
    def tensor(self, part: Reference | Constant | float) -> Tensor:
        """An argument of a call as one tensor."""
        if isinstance(part, Constant):
            return self.constant(self.graph.constants[part.number], part.number)
        if not isinstance(part, Reference):
            return number(part)
        value = self._values[part.value]
        if isinstance(value, Pieces):
            value = self._values[part.value] = self._joined(value)
        return self.known(value)

    def known(self, tensor: Tensor) -> Tensor:
        """Where a tensor lies, if it was kept."""
        found = self._kept.get(id(tensor.expression))
        return found[1] if found and found[1].shape == tensor.shape else tensor

    def pieces(self, part: object) -> Pieces | None:
        """An argument in parts, if it is left in such."""
        value = self._values[part.value] if isinstance(part, Reference) else None
        return value if isinstance(value, Pieces) else None

    def constant(self, array: np.ndarray, place: int | None = None) -> Tensor:
        """A constant as a tensor."""
        if array.dtype != FLOAT:
            array, place = array.astype(FLOAT), None
        if array.size and (array == array.flat[0]).all():
            return number(float(array.flat[0])).expand(*array.shape)
        if place is None:
            self.constants.append(array)
            place = len(self.constants) - 1
        return Tensor(array.shape, Load(Given("constant", place), 0, contiguous(array.shape)))

    def keep(self, tensor: Tensor) -> Tensor:
        """The same tensor in memory of its own."""
        if isinstance(tensor.expression, Load | Number):
            return tensor
        known = self.known(tensor)
        return self.copy(tensor) if known is tensor else known

    def copy(self, tensor: Tensor) -> Tensor:
        """A row-major copy."""
        stored = Tensor(tensor.shape, Load(Buffer(tensor.size), 0, contiguous(tensor.shape)))
        self.store(stored, tensor)
        self._kept[id(tensor.expression)] = tensor.expression, stored
        return stored

    def store(self, target: Tensor, tensor: Tensor) -> None:
        """Store a tensor where another, of the same shape, lies."""
        assert isinstance(target.expression, Load)
        self.nests.append(Nest(target.expression, tensor.shape, tensor.expression))

    def reshape(self, tensor: Tensor, shape: Sequence[int]) -> Tensor:
        """The same numbers in another shape, copied where strides cannot express it."""
        try:
            return tensor.reshape(*shape)
        except NotStridedError:
            return self.copy(tensor).reshape(*shape)

    # -- the calls, one after another ----------------------------------------------------------
    def call(self, call: Call) -> None:
        """Plan what a call returns."""
        results = operations.perform(self, call)
        if len(results) != len(call.results):
            raise UnsupportedError(call.operation)
        for value, result in zip(call.results, results, strict=True):
            if value is None:
                continue
            if result is None or result.shape != self.graph.shapes[value]:
                raise UnsupportedError(call.operation)
            self._values[value] = self._settled(value, result)
            self._reach(value)

    def finish(self) -> None:
        """Gradients that no call returns: inputs and constants."""
        for value in list(self._targets):
            self._reach(value)
        if isinstance(self.graph.d_x, Constant):
            target = Load(Given("d_x"), 0, contiguous(self.graph.shapes[Graph.X]))
            always = self.tensor(self.graph.d_x)
            self.nests.append(Nest(target, always.shape, always.expression))
        for gradient in self.graph.d_parameters:
            if isinstance(gradient, Constant) and self.graph.constants[gradient.number].any():
                raise UnsupportedError("a gradient that is always the same")

    def _settled(self, value: int, result: Tensor | Pieces) -> Tensor | Pieces:
        """A result as it is, or in memory if it is read too often to be computed each time."""
        users = self._users[value]
        if len(users) == 1 and users[0] in operations.REORDERING:
            return result  # what is made of it is in memory in the order in which it is read
        if isinstance(result, Pieces):
            return result if users == ["add"] else self._joined(result)
        cost, again = result.expression.cost, self._reads[value] - 1
        # In memory if readers are many, or the expression is long.
        if (
            cost * again > _CHEAP
            or len(result.expression.loads) > _MOST_LOADS
            or result.expression.depth > _DEEPEST
        ):
            return self.keep(result)
        return result

    def _joined(self, pieces: Pieces) -> Tensor:
        shape = pieces.shape
        whole = Tensor(shape, Load(Buffer(int(np.prod(shape))), 0, contiguous(shape)))
        if not pieces.whole:
            self.store(whole, number(0.0).expand(*shape))
        for start, part in pieces.parts:
            self.store(whole.slice(pieces.axis, start, part.shape[pieces.axis]), part)
        return whole

    def _aim(self, gradient: Reference | Constant, target: Load) -> None:
        if isinstance(gradient, Reference):
            self._targets.setdefault(gradient.value, []).append(target)

    def _reach(self, value: int) -> None:
        """Store a gradient that is asked for."""
        for target in self._targets.pop(value, []):
            tensor = self.tensor(Reference(value))
            if target.source == Given("gradients"):  # rows of a batch add up
                expression = pointwise("add", Tensor(tensor.shape, target), tensor).expression
            else:  # -0 becomes 0
                expression = Apply("add", (tensor.expression, Number(0.0)))
            self.nests.append(Nest(target, tensor.shape, expression))


def _needed_for(graph: Graph, result: Reference | Constant) -> set[int | None]:
    """The values on which a result depends, itself among them."""
    needed: set[int | None] = {result.value} if isinstance(result, Reference) else set()
    for call in reversed(graph.calls):
        if needed.intersection(call.results):
            needed.update(call.references())
    return needed


def _readers(graph: Graph) -> tuple[Counter[int], dict[int, list[str]]]:
    """How often each number of a value is read, about; and by which operations."""
    sizes = [int(np.prod(shape)) for shape in graph.shapes]
    reads: Counter[int] = Counter()
    users: dict[int, list[str]] = {value: [] for value in range(len(sizes))}
    for result in (graph.y, graph.d_x, *graph.d_parameters):
        if isinstance(result, Reference):
            reads[result.value] += 1
            users[result.value].append("result")
    for call in reversed(graph.calls):
        results = [value for value in call.results if value is not None]
        name = call.name
        for value in call.references():
            users[value].append(name)
            if name in operations.VIEWS:
                seen = sum(reads[result] * sizes[result] for result in results)
                reads[value] += seen / max(sizes[value], 1)  # type: ignore[assignment]
            elif name in operations.PRODUCTS:
                reads[value] += operations.product_reads(call, graph, value)
            else:
                most = max(sizes[result] for result in results)
                reads[value] += max(1, most // max(sizes[value], 1))
    return reads, users


def _slots(
    forward: Sequence[Nest], backward: Sequence[Nest]
) -> tuple[tuple[int, ...], dict[Buffer, int]]:
    """Parts of the scratch memory for buffers; those whose lives do not overlap share one."""
    everything = [(nest.target, nest.expression.loads) for nest in (*forward, *backward)]
    last: dict[Buffer, int] = {}
    for turn, (target, loads) in enumerate(everything):
        for load in (target, *loads):
            if isinstance(load.source, Buffer):
                last[load.source] = turn
    sizes: list[int] = []
    slot_of: dict[Buffer, int] = {}
    free: list[int] = []
    for turn, (target, _) in enumerate(everything):
        buffer = target.source
        if isinstance(buffer, Buffer) and buffer not in slot_of:
            fitting = [slot for slot in free if sizes[slot] >= buffer.size]
            if fitting:
                slot = min(fitting, key=lambda one: sizes[one])
                free.remove(slot)
            elif free:
                slot = max(free, key=lambda one: sizes[one])
                free.remove(slot)
                sizes[slot] = buffer.size
            else:
                slot = len(sizes)
                sizes.append(buffer.size)
            slot_of[buffer] = slot
        free += [slot_of[buffer] for buffer, end in last.items() if end == turn]
    return tuple(sizes), slot_of
