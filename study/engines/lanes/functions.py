"""Exponential, logarithm and their kin of vectors."""

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


# -- for networks of any kind ------------------------------------------------------------------

# The rest is of the same library: logf, ndtrf (erf and erfc).
_LOG = (
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
_ERF = (
    7.853861353153693e-5,
    -8.010193625184903e-4,
    5.188327685732524e-3,
    -2.685381193529856e-2,
    1.128358514861418e-1,
    -3.761262582423300e-1,
    1.128379165726710,
)
# Of erfc(x) x exp(x^2), in 1 / x^2: from 1 to 2, and beyond.
_ERFC_NEAR = (
    2.326819970068386e-2,
    -1.387039388740657e-1,
    3.687424674597105e-1,
    -5.824733027278666e-1,
    6.210004621745983e-1,
    -4.944515323274145e-1,
    3.404879937665872e-1,
    -2.741127028184656e-1,
    5.638259427386472e-1,
)
_ERFC_FAR = (
    -1.047766399936249e1,
    1.297719955372516e1,
    -7.495518717768503,
    2.921019019210786,
    -1.015265279202700,
    4.218463358204948e-1,
    -2.820767439740514e-1,
    5.641895067754075e-1,
)
# Beyond the one e^x is infinite, and below the other 0.
_LARGEST_POWER, _VANISHING = 88.72283, -104.0
_SMALLEST = 2.0**-126


def any_exponential(x: Vector) -> Vector:
    """e to any x, with the digits that are left of it below 2**-126."""
    low = x < _LOWEST
    power = exponential(select(x > _LARGEST_POWER, 0.0, select(low, x * 0.5, x)))
    again = select(low, select(x < _VANISHING, 0.0, power), 1.0)
    return select(x > _LARGEST_POWER, math.inf, power * again)


def logarithm(x: Vector) -> Vector:
    """The natural logarithm; minus infinity at 0, and NaN below."""
    trace = active_trace.get()
    builder = trace.builder
    whole = ir.VectorType(INT32, trace.lanes)
    tiny = x < _SMALLEST  # where the exponent's bits are 0
    bits = builder.bitcast(select(tiny, x * 2.0**24, x).value, whole)
    # x is 2 ** power times a mantissa from 1/2 to 1; the smaller ones are doubled.
    exponent = builder.lshr(bits, constant(INT32, 23, trace.lanes))
    power = Vector(builder.uitofp(exponent, x.value.type)) - select(tiny, 150.0, 126.0)
    fraction = builder.and_(bits, constant(INT32, 0x007FFFFF, trace.lanes))
    half = builder.or_(fraction, constant(INT32, 0x3F000000, trace.lanes))
    mantissa = Vector(builder.bitcast(half, x.value.type))
    small = mantissa < math.sqrt(0.5)
    power = select(small, power - 1.0, power)
    rest = select(small, mantissa + mantissa, mantissa) - 1.0
    square = rest * rest
    value = polynomial(rest, _LOG) * rest * square + power * _LN2_LOW - square * 0.5
    found = rest + value + power * _LN2_HIGH
    found = select(x < math.inf, found, x)  # infinite, or NaN
    found = select(x <= 0.0, -math.inf, found)
    return select(x < 0.0, math.nan, found)


def error_function(x: Vector) -> Vector:
    """erf; NaN stays NaN."""
    square = x * x
    size = select(x < 0.0, 0.0 - x, x)
    # Kept from overflow where the other branch is taken, and where erf is 1.
    far = select(size < 1.0, 1.0, select(size > 10.0, 10.0, size))
    inverse = 1.0 / far
    inverse_square = inverse * inverse
    near_tail = polynomial(inverse_square, _ERFC_NEAR)
    far_tail = polynomial(inverse_square, _ERFC_FAR)
    tail = exponential(0.0 - far * far) * inverse * select(far < 2.0, near_tail, far_tail)
    beyond = select(x < 0.0, tail - 1.0, 1.0 - tail)
    return select(size > 1.0, beyond, polynomial(square, _ERF) * x)


def polynomial(x: Vector, coefficients: Sequence[float]) -> Vector:
    """Horner's rule, the highest power first."""
    value = splat(coefficients[0])
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value
