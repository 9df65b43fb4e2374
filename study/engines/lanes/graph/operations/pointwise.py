"""Operations that compute each number from those at the same place."""

from __future__ import annotations

import math
from typing import Any

from study.engines.lanes.graph.expressions import Number, Pieces, Tensor, pointwise
from study.engines.lanes.graph.operations.known import Operation, Planner

# Of exponents: rounding grows with them.
_HIGHEST = 64
# Those that take all their arguments as numbers, under the names of `functions`.
_PLAIN = [
    "mul",
    "neg",
    "reciprocal",
    "abs",
    "sgn",
    "exp",
    "log",
    "log1p",
    "expm1",
    "sqrt",
    "rsqrt",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "relu",
    "erf",
    "silu",
    "softplus",
    "elu",
    "leaky_relu",
    "hardtanh",
    "tanh_backward",
    "sigmoid_backward",
    "threshold_backward",
    "softplus_backward",
    "hardtanh_backward",
    "maximum",
    "minimum",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "isnan",
    "logical_and",
    "logical_or",
    "logical_xor",
    "logical_not",
    "where",
]


def _plain(name: str) -> Operation:
    def operation(planner: Planner, *arguments: Any) -> Tensor:
        return pointwise(name, *map(planner.tensor, arguments))

    return operation


def _add(planner: Planner, one: Any, other: Any, *, alpha: float = 1) -> Tensor | Pieces:
    parts, more = planner.pieces(one), planner.pieces(other)
    if parts is not None and more is not None and alpha == 1:
        both = parts.beside(more)
        if both is not None:
            return both
    scaled = pointwise("mul", planner.tensor(other), planner.tensor(alpha))
    return pointwise("add", planner.tensor(one), scaled)


def _sub(planner: Planner, one: Any, other: Any, *, alpha: float = 1) -> Tensor:
    scaled = pointwise("mul", planner.tensor(other), planner.tensor(alpha))
    return pointwise("sub", planner.tensor(one), scaled)


def _rsub(planner: Planner, one: Any, other: Any, alpha: float = 1) -> Tensor:
    return _sub(planner, other, one, alpha=alpha)


def _div(planner: Planner, one: Any, other: Any) -> Tensor:
    return pointwise("div", planner.tensor(one), planner.tensor(other))


def _pow(planner: Planner, base: Any, exponent: Any) -> Tensor:
    x = planner.tensor(base)
    if not isinstance(exponent, int | float) or not abs(exponent) <= _HIGHEST:
        raise NotImplementedError
    if abs(exponent) == 0.5:
        return pointwise("sqrt" if exponent > 0 else "rsqrt", x)
    if exponent == int(exponent):
        return _whole_power(planner, x, int(exponent))
    return pointwise("pow", x, planner.tensor(exponent))


def _whole_power(planner: Planner, x: Tensor, exponent: int) -> Tensor:
    if exponent == 0:
        return planner.tensor(1.0).expand(*x.shape)
    base = x if exponent > 0 else pointwise("reciprocal", x)
    return _multiplied(planner.keep(base), abs(exponent))


def _multiplied(x: Tensor, times: int) -> Tensor:
    """A power, by as few multiplications as squares allow."""
    if times == 1:
        return x
    if times % 2:
        return pointwise("mul", _multiplied(x, times - 1), x)
    return pointwise("square", _multiplied(x, times // 2))


def _clamp(planner: Planner, x: Any, least: Any = None, most: Any = None) -> Tensor:
    found = planner.tensor(x)
    for bound, of_a_number, of_numbers in (
        (least, "clamp_min", "maximum"),
        (most, "clamp_max", "minimum"),
    ):
        if bound is not None:  # and NaN where that is, if it is computed
            known = isinstance(bound, int | float) and not math.isnan(bound)
            found = pointwise(of_a_number if known else of_numbers, found, planner.tensor(bound))
    return found


def _clamp_max(planner: Planner, x: Any, most: Any) -> Tensor:
    return _clamp(planner, x, None, most)


def _masked_fill(planner: Planner, x: Any, mask: Any, value: Any) -> Tensor:
    of = planner.tensor
    return pointwise("where", of(mask), of(value), of(x))


def _fill(planner: Planner, x: Any, value: Any) -> Tensor:
    return planner.tensor(value).expand(*planner.tensor(x).shape)


def _copy(planner: Planner, x: Any, source: Any, _non_blocking: bool = False) -> Tensor:
    return planner.tensor(source).expand(*planner.tensor(x).shape)


def _gelu(planner: Planner, x: Any, *, approximate: str = "none") -> Tensor:
    return pointwise("gelu" if approximate == "none" else "gelu_by_tanh", planner.tensor(x))


def _gelu_backward(planner: Planner, d_y: Any, x: Any, *, approximate: str = "none") -> Tensor:
    name = "gelu_backward" if approximate == "none" else "gelu_by_tanh_backward"
    return pointwise(name, planner.tensor(d_y), planner.tensor(x))


def _elu(
    planner: Planner, x: Any, alpha: float = 1.0, scale: float = 1.0, within: float = 1.0
) -> Tensor:
    return pointwise("elu", *map(planner.tensor, (x, alpha, scale, within)))


def _elu_backward(
    planner: Planner,
    d_y: Any,
    alpha: float,
    scale: float,
    within: float,
    of_result: bool,
    x: Any,
) -> Tensor:
    if of_result:
        raise NotImplementedError
    return pointwise("elu_backward", *map(planner.tensor, (d_y, alpha, scale, within, x)))


def _leaky_relu(planner: Planner, x: Any, slope: float = 0.01) -> Tensor:
    return pointwise("leaky_relu", planner.tensor(x), planner.tensor(slope))


def _leaky_relu_backward(
    planner: Planner, d_y: Any, x: Any, slope: float, _of_result: bool
) -> Tensor:
    # The sign of the result is that of x.
    return pointwise("leaky_relu_backward", *map(planner.tensor, (d_y, x, slope)))


def _hardtanh(planner: Planner, x: Any, least: float = -1.0, most: float = 1.0) -> Tensor:
    return _clamp(planner, x, least, most)


def _softplus(planner: Planner, x: Any, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    return pointwise("softplus", *map(planner.tensor, (x, beta, threshold)))


def _square(planner: Planner, x: Any) -> Tensor:
    return _whole_power(planner, planner.tensor(x), 2)


def _to_copy(planner: Planner, x: Any, **_: Any) -> Tensor:
    return planner.tensor(x)  # of which kind it is then, `kinds` knows


def _addcmul(planner: Planner, x: Any, one: Any, other: Any, *, value: float = 1) -> Tensor:
    of = planner.tensor
    scaled = pointwise("mul", pointwise("mul", of(one), of(value)), of(other))
    return pointwise("add", of(x), scaled)


def is_zero(tensor: Tensor) -> bool:
    """Whether it is 0 everywhere, as is known beforehand."""
    return isinstance(tensor.expression, Number) and tensor.expression.value == 0.0


OPERATIONS: dict[str, Operation] = {
    **{name: _plain(name) for name in _PLAIN},
    **{f"bitwise_{name}": _plain(f"logical_{name}") for name in ("and", "or", "xor", "not")},
    "add": _add,
    "sub": _sub,
    "rsub": _rsub,
    "div": _div,
    "pow": _pow,
    "square": _square,
    **dict.fromkeys(["clamp", "clamp_min"], _clamp),
    "clamp_max": _clamp_max,
    "masked_fill": _masked_fill,
    "fill": _fill,
    "copy": _copy,
    "gelu": _gelu,
    "gelu_backward": _gelu_backward,
    "elu": _elu,
    "elu_backward": _elu_backward,
    "leaky_relu": _leaky_relu,
    "leaky_relu_backward": _leaky_relu_backward,
    "hardtanh": _hardtanh,
    "softplus": _softplus,
    "_to_copy": _to_copy,
    "addcmul": _addcmul,
}
