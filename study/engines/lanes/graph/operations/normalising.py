"""Normalisations and softmax, each beside its way back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from study.engines.lanes.graph.expressions import Tensor, pointwise, reduced
from study.engines.lanes.graph.operations.known import Operation, Planner
from study.engines.lanes.graph.operations.reducing import kept_axes, mean_of


# -- layer and group norm ------------------------------------------------------------------------
def _normal(planner: Planner, x: Tensor, axes: list[int], epsilon: float) -> tuple[Tensor, Tensor]:
    """Mean along axes, and one over the deviation."""
    mean = planner.keep(mean_of(planner, x, axes))
    difference = pointwise("sub", x, mean)
    variance = mean_of(planner, pointwise("mul", difference, difference), axes)
    root = pointwise("sqrt", pointwise("add", variance, planner.tensor(epsilon)))
    return mean, planner.keep(pointwise("reciprocal", root))


def _affine(planner: Planner, x: Tensor, weight: Any, bias: Any) -> Tensor:
    if weight is not None:
        x = pointwise("mul", x, planner.tensor(weight))
    return x if bias is None else pointwise("add", x, planner.tensor(bias))


def _layer_norm(
    planner: Planner, x: Any, shape: Sequence[int], weight: Any, bias: Any, epsilon: float
) -> tuple[Tensor, ...]:
    tensor = planner.keep(planner.tensor(x))
    axes = list(range(len(tensor.shape) - len(shape), len(tensor.shape)))
    mean, scale = _normal(planner, tensor, axes, epsilon)
    normal = pointwise("mul", pointwise("sub", tensor, mean), scale)
    return _affine(planner, normal, weight, bias), mean, scale


def _layer_norm_backward(
    planner: Planner,
    d_y: Any,
    x: Any,
    shape: Sequence[int],
    mean: Any,
    scale: Any,
    weight: Any,
    bias: Any,
    _wanted: Sequence[bool],
) -> tuple[Tensor | None, ...]:
    """d_x = scale (d - mean(d) - normal mean(d normal)), where d = weight d_y."""
    tensor, slope = planner.tensor(x), planner.keep(planner.tensor(d_y))
    deviation = planner.tensor(scale)
    count = len(tensor.shape)
    axes, rows = list(range(count - len(shape), count)), list(range(count - len(shape)))
    normal = planner.keep(
        pointwise("mul", pointwise("sub", tensor, planner.tensor(mean)), deviation)
    )
    d = _affine(planner, slope, weight, None)
    of_mean = planner.keep(mean_of(planner, d, axes))
    of_scale = planner.keep(mean_of(planner, pointwise("mul", d, normal), axes))
    d_x = pointwise("sub", pointwise("sub", d, of_mean), pointwise("mul", normal, of_scale))
    d_weight = reduced("sum", pointwise("mul", slope, normal), rows)
    return (
        pointwise("mul", d_x, deviation),
        None if weight is None else d_weight,
        None if bias is None else reduced("sum", slope, rows),
    )


def _group_norm(
    planner: Planner,
    x: Any,
    weight: Any,
    bias: Any,
    rows: int,
    channels: int,
    others: int,
    groups: int,
    epsilon: float,
) -> tuple[Tensor, ...]:
    whole = planner.keep(planner.tensor(x))
    parts = planner.reshape(whole, (rows, groups, channels // groups * others))
    mean, scale = _normal(planner, parts, [2], epsilon)
    normal = pointwise("mul", pointwise("sub", parts, mean), scale)
    normal = planner.keep(normal).reshape(rows, channels, others)
    of_channels = [
        None if part is None else planner.tensor(part).unsqueeze(-1) for part in (weight, bias)
    ]
    if of_channels[0] is not None:
        normal = pointwise("mul", normal, of_channels[0])
    if of_channels[1] is not None:
        normal = pointwise("add", normal, of_channels[1])
    return planner.reshape(normal, whole.shape), mean.squeeze(-1), scale.squeeze(-1)


def _weight_norm(planner: Planner, direction: Any, size: Any, axis: int = 0) -> tuple[Tensor, ...]:
    tensor = planner.keep(planner.tensor(direction))
    axes = [other for other in range(len(tensor.shape)) if other != axis % len(tensor.shape)]
    squares = kept_axes(reduced("sum", pointwise("mul", tensor, tensor), axes), axes, True)
    norm = planner.keep(pointwise("sqrt", squares))
    factor = planner.keep(pointwise("div", planner.tensor(size), norm))
    return pointwise("mul", tensor, factor), norm


# -- softmax -------------------------------------------------------------------------------------
def _shares(planner: Planner, x: Any, axis: int, *, safe: bool) -> Tensor:
    tensor = planner.keep(planner.tensor(x))
    axes = [axis % len(tensor.shape)]
    most = kept_axes(reduced("max", tensor, axes), axes, True)
    if safe:  # where all is minus infinity
        most = pointwise("clamp_min", most, planner.tensor(-3e38))
    powers = planner.keep(pointwise("exp", pointwise("sub", tensor, planner.keep(most))))
    total = kept_axes(reduced("sum", powers, axes), axes, True)
    if safe:
        total = planner.keep(total)
        none = pointwise("eq", total, planner.tensor(0.0))
        total = pointwise("where", none, planner.tensor(math.inf), total)
    return pointwise("mul", powers, planner.keep(pointwise("reciprocal", total)))


def _softmax(planner: Planner, x: Any, axis: int, _half: bool = False) -> Tensor:
    return _shares(planner, x, axis, safe=False)


def _safe_softmax(planner: Planner, x: Any, axis: int, _dtype: None = None) -> Tensor:
    return _shares(planner, x, axis, safe=True)


def _softmax_backward(planner: Planner, d_y: Any, y: Any, axis: int, _dtype: Any) -> Tensor:
    slope, shares = planner.keep(planner.tensor(d_y)), planner.keep(planner.tensor(y))
    axes = [axis % len(shares.shape)]
    weighed = reduced("sum", pointwise("mul", slope, shares), axes)
    mean = planner.keep(kept_axes(weighed, axes, True))
    return pointwise("mul", shares, pointwise("sub", slope, mean))


def _log_softmax(planner: Planner, x: Any, axis: int, _half: bool = False) -> Tensor:
    tensor = planner.keep(planner.tensor(x))
    axes = [axis % len(tensor.shape)]
    most = planner.keep(kept_axes(reduced("max", tensor, axes), axes, True))
    below = pointwise("sub", tensor, most)
    total = kept_axes(reduced("sum", pointwise("exp", below), axes), axes, True)
    # One after the other, as the logarithm is lost beside a large maximum.
    return pointwise("sub", below, planner.keep(pointwise("log", total)))


def _log_softmax_backward(planner: Planner, d_y: Any, y: Any, axis: int, _dtype: Any) -> Tensor:
    slope, logarithms = planner.keep(planner.tensor(d_y)), planner.tensor(y)
    axes = [axis % len(slope.shape)]
    total = planner.keep(kept_axes(reduced("sum", slope, axes), axes, True))
    return pointwise("sub", slope, pointwise("mul", pointwise("exp", logarithms), total))


OPERATIONS: dict[str, Operation] = {
    "native_layer_norm": _layer_norm,
    "native_layer_norm_backward": _layer_norm_backward,
    "native_group_norm": _group_norm,
    "_weight_norm_interface": _weight_norm,
    "_softmax": _softmax,
    "_safe_softmax": _safe_softmax,
    "_softmax_backward_data": _softmax_backward,
    "_log_softmax": _log_softmax,
    "_log_softmax_backward_data": _log_softmax_backward,
}
