"""Sine and cosine of vectors, of angles of any size."""

from __future__ import annotations

import math

from llvmlite import ir

from study.engines.lanes.functions import polynomial
from study.engines.lanes.memory import Variable
from study.engines.lanes.tracing import BIT, INT32, INT64, active_trace
from study.engines.lanes.vectors import Mask, Vector, Words, absolute, constant, negative, select

# Polynomials, and a quarter turn in three parts, the first two of few bits, of S. L. Moshier's
# Cephes library (sinf; 1992).
_SIN = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_COS = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
_QUARTER = (1.5703125, 4.837512969970703125e-4, 7.54978995489188216e-8)
# Adding it rounds a small number to a whole one, found then in the lowest bits.
_ROUNDING = 1.5 * 2**23
# Beyond it, the three parts are too few.
_FAR = 2.0**12
# The bits of 2 / pi after the point, 32 of them in each word, with a word of zeros before them.
_TWO_BY_PI = (
    *(0x00000000, 0xA2F9836E, 0x4E441529, 0xFC2757D1),
    *(0xF534DDC0, 0xDB629599, 0x3C439041, 0xFE5163AB),
)


def sine_and_cosine(x: Vector) -> tuple[Vector, Vector]:
    """Both; NaN for infinite angles."""
    trace = active_trace.get()
    builder = trace.builder
    rest, quarters = _reduced(x)
    square = rest * rest
    sine = polynomial(square, _SIN) * square * rest + rest
    cosine = polynomial(square, _COS) * square * square - square * 0.5 + 1.0

    def bit(number: ir.Value, place: int) -> Mask:
        kind = ir.VectorType(BIT, trace.lanes)
        return Mask(builder.trunc(builder.lshr(number, constant(INT32, place, trace.lanes)), kind))

    odd, over = bit(quarters, 0), bit(quarters, 1)
    next_over = bit(builder.add(quarters, constant(INT32, 1, trace.lanes)), 1)
    one, other = select(odd, cosine, sine), select(odd, sine, cosine)
    return select(over, 0.0 - one, one), select(next_over, 0.0 - other, other)


def _reduced(x: Vector) -> tuple[Vector, ir.Value]:
    """What is left of an angle beside whole quarter turns, and how many, in the lowest two bits."""
    trace = active_trace.get()
    builder = trace.builder
    shifted = x * (2 / math.pi) + _ROUNDING
    turns = shifted - _ROUNDING
    near = x - turns * _QUARTER[0] - turns * _QUARTER[1] - turns * _QUARTER[2]
    rest, quarters = Variable(near), Variable(shifted)
    size = absolute(x)
    far = Mask(builder.and_((size > _FAR).value, (size < math.inf).value))
    anywhere = builder.bitcast(far.value, ir.IntType(trace.lanes))
    # Where it is needed at all; a lane's own angle says alone which of both it takes.
    with builder.if_then(builder.icmp_unsigned("!=", anywhere, anywhere.type(0)), likely=False):
        far_rest, far_quarters = _far_reduced(x)
        rest.set(select(far, far_rest, near))
        quarters.set(select(far, far_quarters, shifted))
    return rest.get(), builder.bitcast(quarters.get().value, ir.VectorType(INT32, trace.lanes))


def _far_reduced(x: Vector) -> tuple[Vector, Vector]:
    """The same of large angles; the quarter turns as the bits of a float.

    An angle m 2^k times the bits of 2 / pi, but for those that give whole turns: M. H. Payne and
    R. N. Hanek, Radian reduction for trigonometric functions (1983).
    """
    trace = active_trace.get()
    builder, lanes = trace.builder, trace.lanes
    whole, wide = ir.VectorType(INT32, lanes), ir.VectorType(INT64, lanes)
    bits = Words(builder.zext(builder.bitcast(x.value, whole), wide))
    mantissa = (bits & 0x007FFFFF) | Words(constant(INT64, 0x00800000, lanes))
    start = ((bits >> 23) & 0xFF) + (32 - 152)
    word, shift = start >> 5, start & 31
    words = []
    for place in range(4):
        found = Words(constant(INT64, _TWO_BY_PI[place], lanes))
        for skipped in range(1, 5):
            later = word >= Words(constant(INT64, skipped, lanes))
            other = constant(INT64, _TWO_BY_PI[place + skipped], lanes)
            found = Words(builder.select(later.value, other, found.value))
        words.append(found)
    high = (((words[0] << 32) | words[1]) << shift) | ((words[2] << shift) >> 32)
    low = (((words[2] << 32) | words[3]) << shift) >> 32
    # Turns: the highest two bits are whole quarters, and what follows parts of one.
    turns = mantissa * high + ((mantissa * low) >> 32)
    quarters = (turns + 2**61) >> 62
    part = turns + (quarters << 62) * -1
    rest = Vector(builder.sitofp(part.value, x.value.type)) * (math.pi / 2 * 2.0**-62)
    below = x < 0.0
    signed = Words(builder.select(below.value, (quarters * -1).value, quarters.value))
    as_float = Vector(builder.bitcast(builder.trunc(signed.value, whole), x.value.type))
    return select(below, negative(rest), rest), as_float
