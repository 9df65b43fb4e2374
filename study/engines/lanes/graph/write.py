"""Writing a plan for the kernel that is traced: loops over vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from llvmlite import ir

from study.engines.lanes.decisions import Decisions
from study.engines.lanes.graph.expressions import (
    COSTS,
    Apply,
    Expression,
    Given,
    Load,
    NotStridedError,
    Number,
    Reduce,
    Source,
    Tensor,
)
from study.engines.lanes.graph.functions import FUNCTIONS, maximum
from study.engines.lanes.graph.plan import Nest, Plan
from study.engines.lanes.memory import Array, Variable, same
from study.engines.lanes.tracing import (
    FLOAT,
    UNROLL,
    Index,
    Place,
    active_trace,
    everywhere,
    loop,
    whole,
)
from study.engines.lanes.vectors import Vector, splat

# How much is written out instead of looped over, in additions; and numbers that are computed
# beside each other, so that what they have in common is loaded once.
_WRITTEN_OUT, _ABREAST = 32, 4


@dataclass
class Writer:
    """What a plan's expressions mean in the active trace.

    rooms : memory by what it is; slots : the parts of the scratch memory
    row : the row's place in its batch; decisions : without any, nothing is dropped
    """

    plan: Plan
    slots: Sequence[Array]
    rooms: dict[str, Array]
    row: Place
    decisions: Decisions | None
    # What was loaded already where we are, by source and place.
    _met: list[dict[object, object]] = field(default_factory=lambda: [{}])

    def nests(self, nests: Sequence[Nest]) -> None:
        """Write loops, one after another."""
        for nest in nests:
            self._nest(_with_few_axes(nest))

    # -- loops -----------------------------------------------------------------------------------
    def _nest(self, nest: Nest) -> None:
        tile = _tile(nest)
        self._turn(nest, tile, 0, ())

    def _turn(self, nest: Nest, tile: tuple[int, ...], axis: int, outer: tuple[Place, ...]) -> None:
        """Loops over the tiles along an axis and the following ones; then one tile."""
        if axis == len(tile):
            self._store(nest, tile, outer)
            return
        turns = nest.shape[axis] // tile[axis]
        if turns == 1:
            self._turn(nest, tile, axis + 1, (*outer, 0))
            return
        for turn in loop(turns):
            self._met.append({})
            start: Place = turn * tile[axis] if tile[axis] > 1 else turn
            self._turn(nest, tile, axis + 1, (*outer, start))
            self._met.pop()

    def _store(self, nest: Nest, tile: tuple[int, ...], outer: tuple[Place, ...]) -> None:
        steps = list(np.ndindex(*tile))
        if all(start == 0 for start in outer):
            self._met.append({})
        values = self._values(nest.expression, [_at(outer, step) for step in steps])
        for step, value in zip(steps, values, strict=True):
            array, place = self._find(nest.target, _at(outer, step))
            array[place] = value
        if all(start == 0 for start in outer):
            self._met.pop()

    # -- expressions -----------------------------------------------------------------------------
    def _values(self, expression: Expression, places: list[_At]) -> list[Vector]:
        """An expression at several places of its axes."""
        if isinstance(expression, Number):
            return [splat(expression.value)] * len(places)
        if isinstance(expression, Load):
            return [self._load(expression, place) for place in places]
        if isinstance(expression, Apply):
            function = FUNCTIONS[expression.function]
            parts = [self._values(part, places) for part in expression.arguments]
            return [function(*arguments) for arguments in zip(*parts, strict=True)]
        return self._reduced(expression, places)

    def _reduced(self, reduce: Reduce, places: list[_At]) -> list[Vector]:
        combined = _sum if reduce.kind == "sum" else maximum
        found = self._values(reduce.start, places) if reduce.start else []
        if reduce.extent <= UNROLL:
            for step in range(reduce.extent):
                more = self._values(reduce.body, [_after(place, step) for place in places])
                pairs = zip(found, more, strict=True)
                found = [combined(one, other) for one, other in pairs] if found else more
            return found
        none = splat(0.0 if reduce.kind == "sum" else -math.inf)
        totals = [Variable(first) for first in found or [none] * len(places)]
        for turn in loop(reduce.extent):
            self._met.append({})
            more = self._values(reduce.body, [_after(place, turn) for place in places])
            for total, value in zip(totals, more, strict=True):
                total.set(combined(total.get(), value))
            self._met.pop()
        return [total.get() for total in totals]

    def _load(self, load: Load, at: _At) -> Vector:
        fixed, moving = _split(load, at)
        key = (_key(load.source), fixed, tuple((stride, id(turn)) for stride, turn in moving))
        for met in reversed(self._met):
            if key in met:
                return met[key]  # type: ignore[return-value]
        found = self._loaded(load, at, fixed, moving)
        self._met[-1][key] = found
        return found

    def _loaded(self, load: Load, at: _At, fixed: int, moving: _Moving) -> Vector:
        source = load.source
        if isinstance(source, Given) and source.what == "keep":
            keep = self.plan.graph.keeps[source.number]
            assert self.decisions is not None
            drop = self.decisions.of(keep.before, keep.count, keep.probability)
            return drop(_sum_of(moving) + fixed, splat(1.0))
        if isinstance(source, Given) and source.what == "positions":
            start = self.row * self.plan.graph.places
            return same("positions", start + _sum_of(moving) + fixed)
        if isinstance(source, Given) and source.what == "constant":
            return _constant(self.plan.constants[source.number], _sum_of(moving) + fixed)
        array, place = self._find(load, at)
        return array[place]

    def _find(self, load: Load, at: _At) -> tuple[Array, int]:
        """Where a number lies: an array, and the place in it."""
        fixed, moving = _split(load, at)
        source = load.source
        array = (
            self.rooms[source.what]
            if isinstance(source, Given)
            else self.slots[self.plan.slot_of[source]]
        )
        if not moving:
            return array, fixed
        key = ("array", array.room, tuple((stride, id(turn)) for stride, turn in moving))
        for met in reversed(self._met):
            if key in met:
                return met[key], fixed  # type: ignore[return-value]
        found = array.at(_sum_of(moving))
        self._met[-1][key] = found
        return found, fixed


# A place on each axis; of one in a tile, its start and the step from there.
_At = tuple[Place | tuple[Place, int], ...]
_Moving = list[tuple[int, Index]]


def _at(outer: tuple[Place, ...], step: tuple[int, ...]) -> _At:
    return tuple(
        start + more if isinstance(start, int) else (start, more)
        for start, more in zip(outer, step, strict=True)
    )


def _after(at: _At, turn: Place) -> _At:
    return (*at, turn)


def _split(load: Load, at: _At) -> tuple[int, _Moving]:
    """Where a number lies: what is known now, and what loops add, each with its stride."""
    fixed, moving = load.offset, []
    for stride, place in zip(load.strides, at, strict=True):
        start, more = place if isinstance(place, tuple) else (place, 0)
        fixed += stride * more
        if isinstance(start, int):
            fixed += stride * start
        elif stride:
            moving.append((stride, start))
    return fixed, moving


def _sum_of(moving: _Moving) -> Place:
    total: Place = 0
    for stride, turn in moving:
        step = turn if stride == 1 else turn * stride
        total = step if total == 0 else total + step
    return total


def _sum(one: Vector, other: Vector) -> Vector:
    return one + other


def _key(source: Source) -> object:
    return source if isinstance(source, Given) else id(source)


def _constant(array: np.ndarray, place: Place) -> Vector:
    """One number of an array that is part of the code."""
    flat = array.ravel()
    if isinstance(place, int):
        return splat(float(flat[place]))
    trace = active_trace.get()
    name = f"constant {len(trace.module.globals)}"
    known = next(
        (one for one in trace.module.globals.values() if getattr(one, "numbers", None) is array),
        None,
    )
    if known is None:
        kind = ir.ArrayType(FLOAT, flat.size)
        known = ir.GlobalVariable(trace.module, kind, name)
        known.global_constant, known.linkage = True, "internal"
        known.initializer = ir.Constant(kind, [ir.Constant(FLOAT, float(one)) for one in flat])
        known.numbers = array
    builder = trace.builder
    where = builder.gep(known, [whole(place)], source_etype=FLOAT)
    return Vector(everywhere(builder.load(where, typ=FLOAT)))


# -- how loops run -----------------------------------------------------------------------------
def _with_few_axes(nest: Nest) -> Nest:
    """The same loops with neighbouring axes as one where memory allows it."""
    target, value = Tensor(nest.shape, nest.target), Tensor(nest.shape, nest.expression)
    for axis in reversed(range(len(nest.shape))):
        target, value = target.squeeze(axis), value.squeeze(axis)
    axis = 0
    while axis + 1 < len(target.shape):
        shape = target.shape
        joined = (*shape[:axis], shape[axis] * shape[axis + 1], *shape[axis + 2 :])
        try:
            target, value = target.reshape(*joined), value.reshape(*joined)
        except NotStridedError:
            axis += 1
    assert isinstance(target.expression, Load)
    return Nest(target.expression, target.shape, value.expression)


def _tile(nest: Nest) -> tuple[int, ...]:
    """How many places along each axis are written out, one after another."""
    each, most = _length(nest.expression), UNROLL
    if _loops(nest.expression):
        most = _ABREAST
    tile = [1] * len(nest.shape)
    for axis in reversed(range(len(nest.shape))):
        length = nest.shape[axis]
        room = max(min(_WRITTEN_OUT // max(each, 1), most) // math.prod(tile), 1)
        tile[axis] = max(part for part in range(1, room + 1) if length % part == 0)
        if tile[axis] < length:
            break
    return tuple(tile)


def _length(expression: Expression) -> int:
    """How long its code is for one place, in additions."""
    if isinstance(expression, Apply):
        own = COSTS.get(expression.function, 1)
        return own + sum(map(_length, expression.arguments))
    if isinstance(expression, Reduce):
        turns = expression.extent if expression.extent <= UNROLL else 1
        start = _length(expression.start) if expression.start else 0
        return turns * (1 + _length(expression.body)) + start
    return 0


def _loops(expression: Expression) -> bool:
    """Whether there are loops in its code."""
    if isinstance(expression, Apply):
        return any(map(_loops, expression.arguments))
    if not isinstance(expression, Reduce):
        return False
    start = expression.start is not None and _loops(expression.start)
    return expression.extent > UNROLL or _loops(expression.body) or start
