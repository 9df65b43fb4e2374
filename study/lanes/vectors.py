"""Vectors of lanes, and the loops around them, written as LLVM code while Python runs.

A kernel is a Python function that runs once, inside `tracing`: every operation on a Vector
appends an instruction, and what Python computes itself (sizes, strides, constants) is fixed
in the result. No operation crosses a lane, and none may be reassociated or contracted, so a
lane computes the same bits whatever the width, the neighbours or the processor.

One trap: the body of a `loop` is traced once, so what changes from turn to turn must live in
a `variable` or in memory. LLVM's verifier refuses a Python name that is rebound instead.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from llvmlite import ir

# Loops of at most this length are written out where `unroll` is asked for.
UNROLL = 16

KERNEL = "kernel"

_BIT, _HALF, _INT32, _INT64 = (ir.IntType(bits) for bits in (1, 16, 32, 64))
_FLOAT = ir.FloatType()
_POINTER = ir.PointerType()


@dataclass
class Trace:
    """A kernel in the making.

    Attributes
    ----------
    module : what LLVM will compile
    lanes : width of a vector
    arguments : the kernel's arguments by name
    scratch : number of float vectors it needs as scratch, behind the argument "scratch"
    operations : vector operations of float arithmetic in one run of the kernel; those inside
        loops of unknown length are counted for one turn, under the names of these loops
    """

    module: ir.Module
    lanes: int
    arguments: dict[str, ir.Value]
    builder: ir.IRBuilder
    scratch: int = 0
    operations: Counter[tuple[str, ...]] = field(default_factory=Counter)
    accesses: list[tuple[str, ir.Instruction]] = field(default_factory=list)
    turns: int = 1
    loops: tuple[str, ...] = ()


_active: ContextVar[Trace] = ContextVar("trace")


@contextmanager
def tracing(lanes: int, pointers: Sequence[str], integers: Sequence[str] = ()) -> Iterator[Trace]:
    """Write one kernel. It takes a pointer to scratch memory, then `pointers`, then `integers`."""
    names = ["scratch", *pointers, *integers]
    kinds = [_POINTER] * (1 + len(pointers)) + [_INT64] * len(integers)
    module = ir.Module(KERNEL)
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), KERNEL)
    for argument in function.args[: 1 + len(pointers)]:
        argument.add_attribute("noalias")
    entry = function.append_basic_block("entry")
    body = function.append_basic_block("body")
    arguments = dict(zip(names, function.args, strict=True))
    trace = Trace(module, lanes, arguments, ir.IRBuilder(body))
    token = _active.set(trace)
    try:
        yield trace
    finally:
        _active.reset(token)
    trace.builder.ret_void()
    _tell_apart(trace)
    ir.IRBuilder(entry).branch(body)


# -- whole numbers and loops -----------------------------------------------------------------


@dataclass(frozen=True)
class Index:
    """A whole number known only when the kernel runs: an argument, or where a loop is."""

    value: ir.Value

    def __add__(self, other: int | Index) -> Index:
        return Index(_active.get().builder.add(self.value, _whole(other)))

    def __sub__(self, other: int | Index) -> Index:
        return Index(_active.get().builder.sub(self.value, _whole(other)))

    def __rsub__(self, other: int) -> Index:
        return Index(_active.get().builder.sub(_whole(other), self.value))

    def __mul__(self, other: int | Index) -> Index:
        return Index(_active.get().builder.mul(self.value, _whole(other)))

    def __floordiv__(self, other: int | Index) -> Index:
        return Index(_active.get().builder.udiv(self.value, _whole(other)))

    def vector(self) -> Vector:
        """The number as a float32 in every lane."""
        return Vector(_everywhere(_active.get().builder.uitofp(self.value, _FLOAT)))

    __radd__ = __add__
    __rmul__ = __mul__


Place = int | Index


def integer(name: str) -> Index:
    """An integer argument of the kernel."""
    return Index(_active.get().arguments[name])


def minimum(first: Index, second: Index) -> Index:
    """The smaller of two whole numbers."""
    builder = _active.get().builder
    smaller = builder.icmp_unsigned("<", first.value, second.value)
    return Index(builder.select(smaller, first.value, second.value))


def loop(length: Place, name: str = "loop") -> Iterator[Place]:
    """Turns 0 … length - 1 of a loop in the kernel; the body of the `for` is traced once."""
    trace = _active.get()
    builder = trace.builder
    before = builder.block
    head, body, after = (builder.append_basic_block(part) for part in ("head", "body", "after"))
    builder.branch(head)
    builder.position_at_end(head)
    turn = builder.phi(_INT64)
    turn.add_incoming(ir.Constant(_INT64, 0), before)
    builder.cbranch(builder.icmp_unsigned("<", turn, _whole(length)), body, after)
    builder.position_at_end(body)
    turns, loops = trace.turns, trace.loops
    if isinstance(length, int):
        trace.turns = turns * length
    else:
        trace.loops = (*loops, name)
    yield Index(turn)
    trace.turns, trace.loops = turns, loops
    turn.add_incoming(builder.add(turn, ir.Constant(_INT64, 1)), builder.block)
    builder.branch(head)
    builder.position_at_end(after)


def unroll(length: int) -> Iterator[Place]:
    """Turns 0 … length - 1, written out one after another where they are few."""
    return iter(range(length)) if length <= UNROLL else loop(length)


def _whole(number: Place) -> ir.Value:
    return number.value if isinstance(number, Index) else ir.Constant(_INT64, number)


# -- lanes -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mask:
    """One truth value for each lane; in memory, one bit."""

    value: ir.Value


@dataclass(frozen=True)
class Words:
    """One 64-bit word for each lane."""

    value: ir.Value

    def __add__(self, other: Words | int) -> Words:
        return Words(_active.get().builder.add(self.value, _words(other)))

    def __xor__(self, other: Words) -> Words:
        return Words(_active.get().builder.xor(self.value, other.value))

    def __or__(self, other: Words) -> Words:
        return Words(_active.get().builder.or_(self.value, other.value))

    def __and__(self, other: int) -> Words:
        return Words(_active.get().builder.and_(self.value, _words(other)))

    def __lshift__(self, bits: int) -> Words:
        return Words(_active.get().builder.shl(self.value, _words(bits)))

    def __rshift__(self, bits: int) -> Words:
        return Words(_active.get().builder.lshr(self.value, _words(bits)))

    def __ge__(self, other: Words) -> Mask:
        return Mask(_active.get().builder.icmp_unsigned(">=", self.value, other.value))


@dataclass(frozen=True)
class Vector:
    """One float32 for each lane. A comparison is false where a side is NaN."""

    value: ir.Value

    def __add__(self, other: Vector | float) -> Vector:
        return _arithmetic("fadd", self, other)

    def __sub__(self, other: Vector | float) -> Vector:
        return _arithmetic("fsub", self, other)

    def __mul__(self, other: Vector | float) -> Vector:
        return _arithmetic("fmul", self, other)

    def __truediv__(self, other: Vector | float) -> Vector:
        return _arithmetic("fdiv", self, other)

    def __rsub__(self, other: float) -> Vector:
        return _arithmetic("fsub", splat(other), self)

    def __rtruediv__(self, other: float) -> Vector:
        return _arithmetic("fdiv", splat(other), self)

    __radd__ = __add__
    __rmul__ = __mul__

    def __gt__(self, other: Vector | float) -> Mask:
        return _compare(">", self, other)

    def __lt__(self, other: Vector | float) -> Mask:
        return _compare("<", self, other)

    def __le__(self, other: Vector | float) -> Mask:
        return _compare("<=", self, other)


def splat(number: float) -> Vector:
    """The same number, rounded to float32, in every lane."""
    trace = _active.get()
    return Vector(_constant(_FLOAT, number, trace.lanes))


def select(mask: Mask, yes: Vector | float, no: Vector | float) -> Vector:
    """`yes` in the lanes where the mask is true, `no` in the others."""
    builder = _active.get().builder
    return Vector(builder.select(mask.value, _vector(yes), _vector(no)))


def square_root(x: Vector) -> Vector:
    """The correctly rounded root."""
    trace = _active.get()
    trace.operations[trace.loops] += trace.turns
    kind = x.value.type
    root = _intrinsic(f"llvm.sqrt.v{trace.lanes}f32", ir.FunctionType(kind, [kind]))
    return Vector(trace.builder.call(root, [x.value]))


def _constant(element: ir.Type, number: float, lanes: int) -> ir.Constant:
    return ir.Constant(ir.VectorType(element, lanes), [ir.Constant(element, number)] * lanes)


def _vector(number: Vector | float) -> ir.Value:
    return number.value if isinstance(number, Vector) else splat(number).value


def _words(number: Words | int) -> ir.Value:
    if isinstance(number, Words):
        return number.value
    return _constant(_INT64, number, _active.get().lanes)


def _arithmetic(operation: str, left: Vector, right: Vector | float) -> Vector:
    trace = _active.get()
    trace.operations[trace.loops] += trace.turns
    return Vector(getattr(trace.builder, operation)(left.value, _vector(right)))


def _compare(operator: str, left: Vector, right: Vector | float) -> Mask:
    return Mask(_active.get().builder.fcmp_ordered(operator, left.value, _vector(right)))


def _intrinsic(name: str, kind: ir.FunctionType) -> ir.Function:
    module = _active.get().module
    return module.globals.get(name) or ir.Function(module, kind, name)


# -- exponentials ----------------------------------------------------------------------------

# Argument reduction and polynomials of S. L. Moshier's Cephes library (expf, tanhf; 1992),
# which keep the error to about two units in the last place.
_EXP = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.5)
_TANH = (
    -5.70498872745e-3,
    2.06390887954e-2,
    -5.37397155531e-2,
    1.33314422036e-1,
    -3.33332819422e-1,
)
_LN2_HIGH, _LN2_LOW = 0.693359375, -2.12194440e-4
_LOWEST = -87.0
# Adding it rounds a small number to a whole one, found then in the lowest bits.
_ROUNDING = 1.5 * 2**23


def exponential(x: Vector) -> Vector:
    """e to the x, for x up to 88; below -87 as for -87; NaN stays NaN."""
    trace = _active.get()
    builder = trace.builder
    clipped = select(x < _LOWEST, _LOWEST, x)
    shifted = clipped * math.log2(math.e) + _ROUNDING
    power = shifted - _ROUNDING
    rest = clipped - power * _LN2_HIGH - power * _LN2_LOW
    mantissa = polynomial(rest, _EXP) * (rest * rest) + rest + 1.0
    # Times 2 ** power, by adding it to the exponent's bits.
    whole = ir.VectorType(_INT32, trace.lanes)
    places = builder.shl(builder.bitcast(shifted.value, whole), _constant(_INT32, 23, trace.lanes))
    bits = builder.add(builder.bitcast(mantissa.value, whole), places)
    scaled = Vector(builder.bitcast(bits, x.value.type))
    return select(Mask(builder.fcmp_unordered("uno", x.value, x.value)), x, scaled)


def tanh(x: Vector) -> Vector:
    """The hyperbolic tangent; NaN stays NaN."""
    size = select(x < 0.0, 0.0 - x, x)
    far = 1.0 - 2.0 / (exponential(select(size > 10.0, 10.0, size) * 2.0) + 1.0)
    square = x * x
    near = polynomial(square, _TANH) * square * x + x
    return select(size < 0.625, near, select(x < 0.0, 0.0 - far, far))


def polynomial(x: Vector, coefficients: Sequence[float]) -> Vector:
    """Horner's rule, the highest power first."""
    value = splat(coefficients[0])
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


# -- memory ----------------------------------------------------------------------------------


class Variable:
    """A Vector that may change from turn to turn of a loop."""

    def __init__(self, start: Vector | float) -> None:
        trace = _active.get()
        self._type = ir.VectorType(_FLOAT, trace.lanes)
        # At the start of the kernel, where LLVM finds a register for it.
        with trace.builder.goto_entry_block():
            self._place = trace.builder.alloca(self._type)
        self.set(start)

    def set(self, vector: Vector | float) -> None:
        _active.get().builder.store(_vector(vector), self._place)

    def get(self) -> Vector:
        return Vector(_active.get().builder.load(self._place, typ=self._type))

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
        trace = _active.get()
        kind = ir.VectorType(_FLOAT, trace.lanes)
        loaded = trace.builder.load(self._find(place), typ=kind, align=4)
        trace.accesses.append((self.room, loaded))
        return Vector(loaded)

    def __setitem__(self, place: Place | tuple[Place, ...], vector: Vector | float) -> None:
        trace = _active.get()
        stored = trace.builder.store(_vector(vector), self._find(place), align=4)
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
        return _element(self.pointer, offset, ir.VectorType(_FLOAT, _active.get().lanes))


def array(name: str, *shape: int) -> Array:
    """The array behind a pointer that the kernel was given; the first axis may be longer."""
    return Array(_active.get().arguments[name], shape, name)


def scratch(*shape: int) -> Array:
    """Room of the kernel's own, kept until it ends."""
    trace = _active.get()
    start = trace.scratch
    trace.scratch += math.prod(shape)
    kind = ir.VectorType(_FLOAT, trace.lanes)
    with trace.builder.goto_entry_block():
        pointer = _element(trace.arguments["scratch"], start, kind)
    return Array(pointer, shape, f"scratch {start}")


def _tell_apart(trace: Trace) -> None:
    """Tell LLVM that what is in one room is in no other, so that values can stay in registers."""
    module = trace.module
    domain = module.add_metadata(["rooms"])
    rooms = list(dict.fromkeys(room for room, _ in trace.accesses))
    scopes = {room: module.add_metadata([room, domain]) for room in rooms}
    own = {room: module.add_metadata([scopes[room]]) for room in rooms}
    others = {
        room: module.add_metadata([scopes[other] for other in rooms if other != room])
        for room in rooms
    }
    for room, instruction in trace.accesses:
        instruction.set_metadata("alias.scope", own[room])
        instruction.set_metadata("noalias", others[room])


def _element(pointer: ir.Value, index: Place, kind: ir.Type) -> ir.Value:
    return _active.get().builder.gep(pointer, [_whole(index)], source_etype=kind)


@dataclass(frozen=True)
class Masks:
    """Masks in memory, one bit a lane."""

    name: str

    def __getitem__(self, place: Place) -> Mask:
        trace = _active.get()
        bits = trace.builder.load(self._find(place), typ=ir.IntType(trace.lanes), align=1)
        return Mask(trace.builder.bitcast(bits, ir.VectorType(_BIT, trace.lanes)))

    def __setitem__(self, place: Place, mask: Mask) -> None:
        trace = _active.get()
        bits = trace.builder.bitcast(mask.value, ir.IntType(trace.lanes))
        trace.builder.store(bits, self._find(place), align=1)

    def _find(self, place: Place) -> ir.Value:
        trace = _active.get()
        return _element(trace.arguments[self.name], place, ir.IntType(trace.lanes))


def load_words(name: str, place: Place) -> Words:
    """One word for each lane, from an array of 64-bit words (places, lanes)."""
    trace = _active.get()
    kind = ir.VectorType(_INT64, trace.lanes)
    return Words(
        trace.builder.load(_element(trace.arguments[name], place, kind), typ=kind, align=8)
    )


def store_words(name: str, place: Place, words: Words) -> None:
    """The reverse of `load_words`."""
    trace = _active.get()
    builder = trace.builder
    builder.store(words.value, _element(trace.arguments[name], place, words.value.type), align=8)


def same_words(name: str, place: Place) -> Words:
    """One 16-bit number, from an array of such, widened, in every lane."""
    builder = _active.get().builder
    number = builder.load(_element(_active.get().arguments[name], place, _HALF), typ=_HALF)
    return Words(_everywhere(builder.zext(number, _INT64)))


def same(name: str, place: Place) -> Vector:
    """One number, from an array of float32, in every lane."""
    builder = _active.get().builder
    number = builder.load(_element(_active.get().arguments[name], place, _FLOAT), typ=_FLOAT)
    return Vector(_everywhere(number))


def gather(table: str, columns: int, rows: str, place: Place, column: Place) -> Vector:
    """One number for each lane, from its own row of a table of float32 (rows, columns).

    `rows` names an array of 64-bit row numbers (places, lanes).
    """
    trace = _active.get()
    builder = trace.builder
    gathered = ir.Constant(ir.VectorType(_FLOAT, trace.lanes), ir.Undefined)
    for lane in range(trace.lanes):
        where = _element(trace.arguments[rows], place * trace.lanes + lane, _INT64)
        row = Index(builder.load(where, typ=_INT64))
        number = _element(trace.arguments[table], row * columns + column, _FLOAT)
        gathered = builder.insert_element(
            gathered, builder.load(number, typ=_FLOAT), ir.Constant(_INT32, lane)
        )
    return Vector(gathered)


def _everywhere(number: ir.Value) -> ir.Value:
    """One scalar in every lane."""
    trace = _active.get()
    kind = ir.VectorType(number.type, trace.lanes)
    one = trace.builder.insert_element(
        ir.Constant(kind, ir.Undefined), number, ir.Constant(_INT32, 0)
    )
    return trace.builder.shuffle_vector(
        one, one, ir.Constant(ir.VectorType(_INT32, trace.lanes), None)
    )
