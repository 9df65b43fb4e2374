"""Exponential and hyperbolic tangent of vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence

from llvmlite import ir

from study.engines.lanes.tracing import INT32, active_trace
from study.engines.lanes.vectors import Mask, Vector, constant, select, splat

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
    trace = active_trace.get()
    builder = trace.builder
    clipped = select(x < _LOWEST, _LOWEST, x)
    shifted = clipped * math.log2(math.e) + _ROUNDING
    power = shifted - _ROUNDING
    rest = clipped - power * _LN2_HIGH - power * _LN2_LOW
    mantissa = polynomial(rest, _EXP) * (rest * rest) + rest + 1.0
    # Times 2 ** power, by adding it to the exponent's bits.
    whole = ir.VectorType(INT32, trace.lanes)
    places = builder.shl(builder.bitcast(shifted.value, whole), constant(INT32, 23, trace.lanes))
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
