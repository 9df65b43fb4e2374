"""A kernel while it is traced: loops, indices, and the LLVM module that grows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from llvmlite import ir

# Loops of at most this length are written out where `unroll` is asked for.
UNROLL = 16
KERNEL = "kernel"
BIT, HALF, INT32, INT64 = (ir.IntType(bits) for bits in (1, 16, 32, 64))
FLOAT = ir.FloatType()
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


active_trace: ContextVar[Trace] = ContextVar("trace")


@contextmanager
def tracing(lanes: int, pointers: Sequence[str], integers: Sequence[str] = ()) -> Iterator[Trace]:
    """Write one kernel. It takes a pointer to scratch memory, then `pointers`, then `integers`."""
    names = ["scratch", *pointers, *integers]
    kinds = [_POINTER] * (1 + len(pointers)) + [INT64] * len(integers)
    module = ir.Module(KERNEL)
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), KERNEL)
    for argument in function.args[: 1 + len(pointers)]:
        argument.add_attribute("noalias")
    entry = function.append_basic_block("entry")
    body = function.append_basic_block("body")
    arguments = dict(zip(names, function.args, strict=True))
    trace = Trace(module, lanes, arguments, ir.IRBuilder(body))
    token = active_trace.set(trace)
    try:
        yield trace
    finally:
        active_trace.reset(token)
    trace.builder.ret_void()
    _tell_apart(trace)
    ir.IRBuilder(entry).branch(body)


# -- whole numbers and loops -----------------------------------------------------------------
@dataclass(frozen=True)
class Index:
    """A whole number known only when the kernel runs: an argument, or where a loop is."""

    value: ir.Value

    def __add__(self, other: int | Index) -> Index:
        return Index(active_trace.get().builder.add(self.value, whole(other)))

    def __sub__(self, other: int | Index) -> Index:
        return Index(active_trace.get().builder.sub(self.value, whole(other)))

    def __rsub__(self, other: int) -> Index:
        return Index(active_trace.get().builder.sub(whole(other), self.value))

    def __mul__(self, other: int | Index) -> Index:
        return Index(active_trace.get().builder.mul(self.value, whole(other)))

    def __floordiv__(self, other: int | Index) -> Index:
        return Index(active_trace.get().builder.udiv(self.value, whole(other)))

    __radd__ = __add__
    __rmul__ = __mul__


Place = int | Index


def integer(name: str) -> Index:
    """An integer argument of the kernel."""
    return Index(active_trace.get().arguments[name])


def minimum(first: Index, second: Index) -> Index:
    """The smaller of two whole numbers."""
    builder = active_trace.get().builder
    smaller = builder.icmp_unsigned("<", first.value, second.value)
    return Index(builder.select(smaller, first.value, second.value))


def loop(length: Place, name: str = "loop") -> Iterator[Place]:
    """Turns 0 … length - 1 of a loop in the kernel; the body of the `for` is traced once."""
    trace = active_trace.get()
    builder = trace.builder
    before = builder.block
    head, body, after = (builder.append_basic_block(part) for part in ("head", "body", "after"))
    builder.branch(head)
    builder.position_at_end(head)
    turn = builder.phi(INT64)
    turn.add_incoming(ir.Constant(INT64, 0), before)
    builder.cbranch(builder.icmp_unsigned("<", turn, whole(length)), body, after)
    builder.position_at_end(body)
    turns, loops = trace.turns, trace.loops
    if isinstance(length, int):
        trace.turns = turns * length
    else:
        trace.loops = (*loops, name)
    yield Index(turn)
    trace.turns, trace.loops = turns, loops
    turn.add_incoming(builder.add(turn, ir.Constant(INT64, 1)), builder.block)
    builder.branch(head)
    builder.position_at_end(after)


def unroll(length: int) -> Iterator[Place]:
    """Turns 0 … length - 1, written out one after another where they are few."""
    return iter(range(length)) if length <= UNROLL else loop(length)


def whole(number: Place) -> ir.Value:
    """An index as a number of LLVM."""
    return number.value if isinstance(number, Index) else ir.Constant(INT64, number)


def everywhere(number: ir.Value) -> ir.Value:
    """One scalar in every lane."""
    trace = active_trace.get()
    kind = ir.VectorType(number.type, trace.lanes)
    one = trace.builder.insert_element(
        ir.Constant(kind, ir.Undefined), number, ir.Constant(INT32, 0)
    )
    return trace.builder.shuffle_vector(
        one, one, ir.Constant(ir.VectorType(INT32, trace.lanes), None)
    )


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
