"""What kernels read and write: variables, arrays of vectors, masks and words in memory."""

from __future__ import annotations

import math
from dataclasses import dataclass

from llvmlite import ir

from study.engines.lanes.tracing import (
    BIT,
    FLOAT,
    HALF,
    INT32,
    INT64,
    Index,
    Place,
    active_trace,
    everywhere,
    whole,
)
from study.engines.lanes.vectors import Mask, Vector, Words, as_vector


# -- memory ----------------------------------------------------------------------------------
class Variable:
    """A Vector that may change from turn to turn of a loop."""

    def __init__(self, start: Vector | float) -> None:
        trace = active_trace.get()
        self._type = ir.VectorType(FLOAT, trace.lanes)
        # At the start of the kernel, where LLVM finds a register for it.
        with trace.builder.goto_entry_block():
            self._place = trace.builder.alloca(self._type)
        self.set(start)

    def set(self, vector: Vector | float) -> None:
        active_trace.get().builder.store(as_vector(vector), self._place)

    def get(self) -> Vector:
        return Vector(active_trace.get().builder.load(self._place, typ=self._type))

    def __iadd__(self, other: Vector) -> Variable:
        self.set(self.get() + other)
        return self


@dataclass(frozen=True)
class Array:
    """An array of Vectors in memory, row-major, the lanes last: `x[i, j]` is one Vector.

    `room` names the memory that it is part of.
    """

    pointer: ir.Value
    shape: tuple[int, ...]
    room: str

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, place: Place | tuple[Place, ...]) -> Vector:
        trace = active_trace.get()
        kind = ir.VectorType(FLOAT, trace.lanes)
        loaded = trace.builder.load(self._find(place), typ=kind, align=4)
        trace.accesses.append((self.room, loaded))
        return Vector(loaded)

    def __setitem__(self, place: Place | tuple[Place, ...], vector: Vector | float) -> None:
        trace = active_trace.get()
        stored = trace.builder.store(as_vector(vector), self._find(place), align=4)
        trace.accesses.append((self.room, stored))

    def at(self, *places: Place) -> Array:
        """The part at the first axes' `places`."""
        return Array(self._find(places), self.shape[len(places) :], self.room)

    def reshape(self, *shape: int) -> Array:
        """The same vectors in another shape."""
        return Array(self.pointer, shape, self.room)

    def _find(self, place: Place | tuple[Place, ...]) -> ir.Value:
        places = place if isinstance(place, tuple) else (place,)
        offset: Place = 0
        for axis, index in enumerate(places):
            offset = offset + index * math.prod(self.shape[axis + 1 :])
        return _element(self.pointer, offset, ir.VectorType(FLOAT, active_trace.get().lanes))


def array(name: str, *shape: int) -> Array:
    """The array behind a pointer that the kernel was given; the first axis may be longer."""
    return Array(active_trace.get().arguments[name], shape, name)


def scratch(*shape: int) -> Array:
    """Room of the kernel's own, kept until it ends."""
    trace = active_trace.get()
    start = trace.scratch
    trace.scratch += math.prod(shape)
    kind = ir.VectorType(FLOAT, trace.lanes)
    with trace.builder.goto_entry_block():
        pointer = _element(trace.arguments["scratch"], start, kind)
    return Array(pointer, shape, f"scratch {start}")


def _element(pointer: ir.Value, index: Place, kind: ir.Type) -> ir.Value:
    return active_trace.get().builder.gep(pointer, [whole(index)], source_etype=kind)


@dataclass(frozen=True)
class Masks:
    """Masks in memory, one bit a lane."""

    name: str

    def __getitem__(self, place: Place) -> Mask:
        trace = active_trace.get()
        bits = trace.builder.load(self._find(place), typ=ir.IntType(trace.lanes), align=1)
        return Mask(trace.builder.bitcast(bits, ir.VectorType(BIT, trace.lanes)))

    def __setitem__(self, place: Place, mask: Mask) -> None:
        trace = active_trace.get()
        bits = trace.builder.bitcast(mask.value, ir.IntType(trace.lanes))
        trace.builder.store(bits, self._find(place), align=1)

    def _find(self, place: Place) -> ir.Value:
        trace = active_trace.get()
        return _element(trace.arguments[self.name], place, ir.IntType(trace.lanes))


def load_words(name: str, place: Place) -> Words:
    """One word for each lane, from an array of 64-bit words (places, lanes)."""
    trace = active_trace.get()
    kind = ir.VectorType(INT64, trace.lanes)
    return Words(
        trace.builder.load(_element(trace.arguments[name], place, kind), typ=kind, align=8)
    )


def store_words(name: str, place: Place, words: Words) -> None:
    """The reverse of `load_words`."""
    trace = active_trace.get()
    builder = trace.builder
    builder.store(words.value, _element(trace.arguments[name], place, words.value.type), align=8)


def same_words(name: str, place: Place) -> Words:
    """One 16-bit number, from an array of such, widened, in every lane."""
    builder = active_trace.get().builder
    number = builder.load(_element(active_trace.get().arguments[name], place, HALF), typ=HALF)
    return Words(everywhere(builder.zext(number, INT64)))


def same(name: str, place: Place) -> Vector:
    """One number, from an array of float32, in every lane."""
    builder = active_trace.get().builder
    number = builder.load(_element(active_trace.get().arguments[name], place, FLOAT), typ=FLOAT)
    return Vector(everywhere(number))


def gather(table: str, columns: int, rows: str, place: Place, column: Place) -> Vector:
    """One number for each lane, from its own row of a table of float32 (rows, columns).

    `rows` names an array of 64-bit row numbers (places, lanes).
    """
    trace = active_trace.get()
    builder = trace.builder
    gathered = ir.Constant(ir.VectorType(FLOAT, trace.lanes), ir.Undefined)
    for lane in range(trace.lanes):
        where = _element(trace.arguments[rows], place * trace.lanes + lane, INT64)
        row = Index(builder.load(where, typ=INT64))
        number = _element(trace.arguments[table], row * columns + column, FLOAT)
        gathered = builder.insert_element(
            gathered, builder.load(number, typ=FLOAT), ir.Constant(INT32, lane)
        )
    return Vector(gathered)
