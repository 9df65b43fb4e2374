"""What expressions compute at one place, by name: functions of vectors.

A truth value is 1 or 0. NaN stays NaN, as in PyTorch.
"""

import math
from collections.abc import Callable

from study.engines.lanes.angles import sine_and_cosine
from study.engines.lanes.functions import any_exponential, error_function, logarithm, tanh
from study.engines.lanes.tracing import active_trace
from study.engines.lanes.vectors import Mask, Vector, absolute, negative, select, splat, square_root

_GELU_INNER, _GELU_CUBE = math.sqrt(2 / math.pi), 0.044715


def _truth(mask: Mask) -> Vector:
    return select(mask, 1.0, 0.0)


def _is(x: Vector) -> Mask:
    """Whether it is not 0, as NaN is not."""
    return Mask(active_trace.get().builder.fcmp_unordered("!=", x.value, splat(0.0).value))


def _is_nan(x: Vector) -> Mask:
    return Mask(active_trace.get().builder.fcmp_unordered("uno", x.value, x.value))


def maximum(one: Vector, other: Vector) -> Vector:
    """The greater, or NaN if either is."""
    return select(one > other, one, select(_is_nan(one), one, other))


def _minimum(one: Vector, other: Vector) -> Vector:
    return select(one < other, one, select(_is_nan(one), one, other))


def _equal(one: Vector, other: Vector) -> Vector:
    return select(one <= other, _truth(other <= one), 0.0)


def _sigmoid(x: Vector) -> Vector:
    return 1.0 / (any_exponential(0.0 - x) + 1.0)


def _log_of_one_more(x: Vector) -> Vector:
    """log(1 + x); where 1 + x rounds, what was lost is made good for in proportion."""
    whole = x + 1.0
    added = whole - 1.0
    lost = select(added > 0.0, x / added, select(added < 0.0, x / added, 1.0))
    found = select(whole < math.inf, logarithm(whole) * lost, whole)
    return select(_is(_equal(added, added * 0.0)), x, found)


def _exponential_less_one(x: Vector) -> Vector:
    """e^x - 1 = tanh(x / 2) (e^x + 1), which near 0 keeps its digits."""
    power = any_exponential(x)
    size = select(x < 0.0, 0.0 - x, x)
    return select(size < 1.0, tanh(x * 0.5) * (power + 1.0), power - 1.0)


def _softplus(x: Vector, beta: Vector, threshold: Vector) -> Vector:
    steep = x * beta
    size = select(steep < 0.0, 0.0 - steep, steep)
    positive = select(steep < 0.0, 0.0, steep)
    smooth = (positive + _log_of_one_more(any_exponential(0.0 - size))) / beta
    return select(steep > threshold, x, smooth)


def _softplus_backward(d_y: Vector, x: Vector, beta: Vector, threshold: Vector) -> Vector:
    steep = x * beta
    return select(steep > threshold, d_y, d_y * _sigmoid(steep))


def _gelu(x: Vector) -> Vector:
    return x * 0.5 * (error_function(x * math.sqrt(0.5)) + 1.0)


def _gelu_backward(d_y: Vector, x: Vector) -> Vector:
    share = (error_function(x * math.sqrt(0.5)) + 1.0) * 0.5
    density = any_exponential(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
    return d_y * (share + x * density)


def _gelu_by_tanh(x: Vector) -> Vector:
    return x * 0.5 * (tanh((x + x * x * x * _GELU_CUBE) * _GELU_INNER) + 1.0)


def _gelu_by_tanh_backward(d_y: Vector, x: Vector) -> Vector:
    bent = tanh((x + x * x * x * _GELU_CUBE) * _GELU_INNER)
    slope = (x * x * (3 * _GELU_CUBE) + 1.0) * _GELU_INNER
    return d_y * ((bent + 1.0) * 0.5 + x * 0.5 * (1.0 - bent * bent) * slope)


def _elu(x: Vector, alpha: Vector, scale: Vector, within: Vector) -> Vector:
    below = _exponential_less_one(x * within) * alpha
    return select(x <= 0.0, below, x) * scale


def _elu_backward(d_y: Vector, alpha: Vector, scale: Vector, within: Vector, x: Vector) -> Vector:
    below = any_exponential(x * within) * alpha * within
    return select(x <= 0.0, below * d_y, d_y) * scale


def _hardtanh_backward(d_y: Vector, x: Vector, least: Vector, most: Vector) -> Vector:
    return select(x <= least, 0.0, select(x < most, d_y, select(_is_nan(x), d_y, 0.0)))


def _power(x: Vector, exponent: Vector) -> Vector:
    return any_exponential(logarithm(select(x <= -math.inf, math.inf, x)) * exponent)


FUNCTIONS: dict[str, Callable[..., Vector]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "neg": negative,
    "reciprocal": lambda x: 1.0 / x,
    "abs": absolute,
    "square": lambda x: x * x,
    "sgn": lambda x: select(x > 0.0, 1.0, select(x < 0.0, -1.0, 0.0)),
    "exp": any_exponential,
    "expm1": _exponential_less_one,
    "log": logarithm,
    "log1p": _log_of_one_more,
    "sqrt": square_root,
    "rsqrt": lambda x: 1.0 / square_root(x),
    "sin": lambda x: sine_and_cosine(x)[0],
    "cos": lambda x: sine_and_cosine(x)[1],
    "pow": _power,
    "erf": error_function,
    "tanh": tanh,
    "sigmoid": _sigmoid,
    "relu": lambda x: select(x < 0.0, 0.0, x),
    "leaky_relu": lambda x, slope: select(x < 0.0, x * slope, x),
    "elu": _elu,
    "gelu": _gelu,
    "gelu_by_tanh": _gelu_by_tanh,
    "silu": lambda x: x * _sigmoid(x),
    "softplus": _softplus,
    "clamp_min": lambda x, least: select(x < least, least, x),
    "clamp_max": lambda x, most: select(x > most, most, x),
    "maximum": maximum,
    "minimum": _minimum,
    # The way back.
    "tanh_backward": lambda d_y, y: d_y * (1.0 - y * y),
    "sigmoid_backward": lambda d_y, y: d_y * (y * (1.0 - y)),
    "threshold_backward": lambda d_y, x, threshold: select(x <= threshold, 0.0, d_y),
    "leaky_relu_backward": lambda d_y, x, slope: select(x > 0.0, d_y, d_y * slope),
    "elu_backward": _elu_backward,
    "gelu_backward": _gelu_backward,
    "gelu_by_tanh_backward": _gelu_by_tanh_backward,
    "softplus_backward": _softplus_backward,
    "hardtanh_backward": _hardtanh_backward,
    # Truth.
    "eq": _equal,
    "ne": lambda x, y: 1.0 - _equal(x, y),
    "lt": lambda x, y: _truth(x < y),
    "le": lambda x, y: _truth(x <= y),
    "gt": lambda x, y: _truth(x > y),
    "ge": lambda x, y: _truth(y <= x),
    "isnan": lambda x: _truth(_is_nan(x)),
    "logical_and": lambda x, y: select(_is(x), _truth(_is(y)), 0.0),
    "logical_or": lambda x, y: select(_is(x), 1.0, _truth(_is(y))),
    "logical_xor": lambda x, y: select(_is(x), select(_is(y), 0.0, 1.0), _truth(_is(y))),
    "logical_not": lambda x: select(_is(x), 0.0, 1.0),
    "where": lambda truth, yes, no: select(_is(truth), yes, no),
}
