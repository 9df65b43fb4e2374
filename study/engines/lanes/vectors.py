"""Vectors of lanes, and the loops around them, written as LLVM code while Python runs.

A kernel is a Python function that runs once, inside `tracing`: every operation on a Vector
appends an instruction, and what Python computes itself (sizes, strides, constants) is fixed
in the result. No operation crosses a lane, and none may be reassociated or contracted, so a
lane computes the same bits whatever the width, the neighbours or the processor.

One trap: the body of a `loop` is traced once, so what changes from turn to turn must live in
a `variable` or in memory. LLVM's verifier refuses a Python name that is rebound instead.
"""

from __future__ import annotations

from dataclasses import dataclass

from llvmlite import ir

from study.engines.lanes.tracing import FLOAT, INT64, Index, active_trace, everywhere


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
        return Words(active_trace.get().builder.add(self.value, _words(other)))

    def __xor__(self, other: Words) -> Words:
        return Words(active_trace.get().builder.xor(self.value, other.value))

    def __or__(self, other: Words) -> Words:
        return Words(active_trace.get().builder.or_(self.value, other.value))

    def __and__(self, other: int) -> Words:
        return Words(active_trace.get().builder.and_(self.value, _words(other)))

    def __mul__(self, other: Words | int) -> Words:
        return Words(active_trace.get().builder.mul(self.value, _words(other)))

    def __lshift__(self, bits: Words | int) -> Words:
        return Words(active_trace.get().builder.shl(self.value, _words(bits)))

    def __rshift__(self, bits: int) -> Words:
        return Words(active_trace.get().builder.lshr(self.value, _words(bits)))

    def __ge__(self, other: Words) -> Mask:
        return Mask(active_trace.get().builder.icmp_unsigned(">=", self.value, other.value))


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
    trace = active_trace.get()
    return Vector(constant(FLOAT, number, trace.lanes))


def of_index(index: Index) -> Vector:
    """A whole number as a float32 in every lane."""
    return Vector(everywhere(active_trace.get().builder.uitofp(index.value, FLOAT)))


def select(mask: Mask, yes: Vector | float, no: Vector | float) -> Vector:
    """`yes` in the lanes where the mask is true, `no` in the others."""
    builder = active_trace.get().builder
    return Vector(builder.select(mask.value, as_vector(yes), as_vector(no)))


def square_root(x: Vector) -> Vector:
    """The correctly rounded root."""
    trace = active_trace.get()
    trace.operations[trace.loops] += trace.turns
    kind = x.value.type
    root = _intrinsic(f"llvm.sqrt.v{trace.lanes}f32", ir.FunctionType(kind, [kind]))
    return Vector(trace.builder.call(root, [x.value]))


def negative(x: Vector) -> Vector:
    """With the other sign, of 0 too."""
    return Vector(active_trace.get().builder.fneg(x.value))


def absolute(x: Vector) -> Vector:
    """Without its sign, of 0 too."""
    trace = active_trace.get()
    kind = x.value.type
    size = _intrinsic(f"llvm.fabs.v{trace.lanes}f32", ir.FunctionType(kind, [kind]))
    return Vector(trace.builder.call(size, [x.value]))


def constant(element: ir.Type, number: float, lanes: int) -> ir.Constant:
    """A vector with the same number in every lane."""
    return ir.Constant(ir.VectorType(element, lanes), [ir.Constant(element, number)] * lanes)


def as_vector(number: Vector | float) -> ir.Value:
    """A vector as LLVM knows it, of a number too."""
    return number.value if isinstance(number, Vector) else splat(number).value


def _words(number: Words | int) -> ir.Value:
    if isinstance(number, Words):
        return number.value
    return constant(INT64, number, active_trace.get().lanes)


def _arithmetic(operation: str, left: Vector, right: Vector | float) -> Vector:
    trace = active_trace.get()
    trace.operations[trace.loops] += trace.turns
    return Vector(getattr(trace.builder, operation)(left.value, as_vector(right)))


def _compare(operator: str, left: Vector, right: Vector | float) -> Mask:
    return Mask(active_trace.get().builder.fcmp_ordered(operator, left.value, as_vector(right)))


def _intrinsic(name: str, kind: ir.FunctionType) -> ir.Function:
    module = active_trace.get().module
    return module.globals.get(name) or ir.Function(module, kind, name)
