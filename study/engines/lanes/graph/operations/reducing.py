"""Sums, means, extremes, and matrix products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from study.engines.lanes.graph.expressions import Tensor, pointwise, product, reduced
from study.engines.lanes.graph.operations.known import Operation, Planner, axes_of


def kept_axes(tensor: Tensor, axes: list[int], keep: bool) -> Tensor:
    """A reduced tensor with the axes that went, in length 1, where they are kept."""
    for axis in axes if keep else []:
        tensor = tensor.unsqueeze(axis)
    return tensor


def mean_of(planner: Planner, tensor: Tensor, axes: list[int]) -> Tensor:
    """The mean along axes, which stay in length 1."""
    total = kept_axes(reduced("sum", tensor, axes), axes, True)
    return scaled(planner, total, 1 / math.prod(tensor.shape[axis] for axis in axes))


def scaled(planner: Planner, tensor: Tensor, factor: float) -> Tensor:
    """Times a number; 0 where that is 0, of whatever."""
    if factor == 0:
        return planner.tensor(0.0).expand(*tensor.shape)
    return pointwise("mul", tensor, planner.tensor(factor))


# -- along axes --------------------------------------------------------------------------------
def _sum(planner: Planner, x: Any, axes: Any = None, keep: bool = False, **_dtype: None) -> Tensor:
    tensor = planner.tensor(x)
    along = axes_of(axes, tensor)
    return kept_axes(reduced("sum", tensor, along), along, keep)


def _mean(planner: Planner, x: Any, axes: Any = None, keep: bool = False, **_dtype: None) -> Tensor:
    tensor = planner.tensor(x)
    count = math.prod(tensor.shape[axis] for axis in axes_of(axes, tensor))
    return pointwise("div", _sum(planner, x, axes, keep), planner.tensor(count))


def _amax(planner: Planner, x: Any, axes: Any = None, keep: bool = False) -> Tensor:
    tensor = planner.tensor(x)
    along = axes_of(axes, tensor)
    return kept_axes(reduced("max", tensor, along), along, keep)


def _amin(planner: Planner, x: Any, axes: Any = None, keep: bool = False) -> Tensor:
    negative = pointwise("neg", planner.tensor(x))
    along = axes_of(axes, negative)
    return pointwise("neg", kept_axes(reduced("max", negative, along), along, keep))


def _max(planner: Planner, x: Any, *others: Any) -> Tensor | tuple[Tensor, ...]:
    if not others:
        return _amax(planner, x)
    if not isinstance(others[0], int):  # of two tensors
        return pointwise("maximum", planner.tensor(x), planner.tensor(others[0]))
    axis, keep = (*others, False)[:2]
    return _with_place(planner, planner.keep(planner.tensor(x)), axis, keep)


def _min(planner: Planner, x: Any, *others: Any) -> Tensor | tuple[Tensor, ...]:
    if not others:
        return _amin(planner, x)
    if not isinstance(others[0], int):
        return pointwise("minimum", planner.tensor(x), planner.tensor(others[0]))
    axis, keep = (*others, False)[:2]
    negative = planner.keep(pointwise("neg", planner.tensor(x)))
    most, place = _with_place(planner, negative, axis, keep)
    return pointwise("neg", most), place


def _with_place(planner: Planner, tensor: Tensor, axis: int, keep: bool) -> tuple[Tensor, ...]:
    """The maximum along an axis, and the first place where it stands."""
    axis %= len(tensor.shape)
    most = planner.keep(kept_axes(reduced("max", tensor, [axis]), [axis], True))
    length = tensor.shape[axis]
    shape = [1] * len(tensor.shape)
    shape[axis] = length
    # The earlier a place, the greater.
    rank = planner.constant(np.arange(length, 0, -1)).reshape(*shape)
    # Where one is NaN, it is the maximum.
    there = pointwise("logical_or", pointwise("ge", tensor, most), pointwise("isnan", tensor))
    met = pointwise("where", there, rank, planner.tensor(0.0))
    place = pointwise("sub", planner.tensor(length), reduced("max", met, [axis]))
    place = planner.keep(place)
    return most if keep else most.squeeze(axis), place.unsqueeze(axis) if keep else place


def _var(
    planner: Planner,
    x: Any,
    axes: Any = None,
    *,
    correction: float | None = 1,
    keepdim: bool = False,
) -> Tensor:
    tensor = planner.keep(planner.tensor(x))
    along = axes_of(axes, tensor)
    mean = planner.keep(mean_of(planner, tensor, along))
    difference = planner.keep(pointwise("sub", tensor, mean))
    squares = reduced("sum", pointwise("mul", difference, difference), along)
    count = math.prod(tensor.shape[axis] for axis in along)
    freedom = max(count - (1 if correction is None else correction), 0)
    return scaled(planner, kept_axes(squares, along, keepdim), 1 / freedom if freedom else math.inf)


def _std(planner: Planner, *arguments: Any, **options: Any) -> Tensor:
    return pointwise("sqrt", _var(planner, *arguments, **options))


def _norm(
    planner: Planner,
    x: Any,
    order: float = 2,
    axes: Any = None,
    keep: bool = False,
    **_dtype: None,
) -> Tensor:
    tensor = planner.keep(planner.tensor(x))
    along = axes_of(axes, tensor)
    if order == 2:
        squares = reduced("sum", pointwise("mul", tensor, tensor), along)
        return pointwise("sqrt", kept_axes(squares, along, keep))
    if order == 1:
        return kept_axes(reduced("sum", pointwise("abs", tensor), along), along, keep)
    raise NotImplementedError


def _logsumexp(planner: Planner, x: Any, axes: Any, keep: bool = False) -> Tensor:
    tensor = planner.keep(planner.tensor(x))
    along = axes_of(axes, tensor)
    most = kept_axes(reduced("max", tensor, along), along, True)
    endless = pointwise("eq", pointwise("abs", most), planner.tensor(math.inf))
    most = planner.keep(pointwise("where", endless, planner.tensor(0.0), most))
    powers = pointwise("exp", pointwise("sub", tensor, most))
    total = kept_axes(reduced("sum", powers, along), along, True)
    result = pointwise("add", most, pointwise("log", total))
    for axis in reversed(along if not keep else []):
        result = result.squeeze(axis)
    return result


# -- products ----------------------------------------------------------------------------------
def _mm(planner: Planner, one: Any, other: Any) -> Tensor:
    return product(planner.tensor(one), planner.tensor(other))


def _addmm(
    planner: Planner, x: Any, one: Any, other: Any, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    found = product(scaled(planner, planner.tensor(one), alpha), planner.tensor(other))
    return pointwise("add", scaled(planner, planner.tensor(x), beta), found)


def _mv(planner: Planner, matrix: Any, vector: Any) -> Tensor:
    return product(planner.tensor(matrix), planner.tensor(vector).unsqueeze(-1)).squeeze(-1)


def _addmv(
    planner: Planner, x: Any, matrix: Any, vector: Any, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    found = scaled(planner, _mv(planner, matrix, vector), alpha)
    return pointwise("add", found, scaled(planner, planner.tensor(x), beta))


def _dot(planner: Planner, one: Any, other: Any) -> Tensor:
    return reduced("sum", pointwise("mul", planner.tensor(one), planner.tensor(other)), [0])


PRODUCTS: dict[str, Operation] = {
    "mm": _mm,
    "bmm": _mm,
    "addmm": _addmm,
    "baddbmm": _addmm,
}
OPERATIONS: dict[str, Operation] = {
    **PRODUCTS,
    "mv": _mv,
    "addmv": _addmv,
    "dot": _dot,
    "sum": _sum,
    "mean": _mean,
    "amax": _amax,
    "amin": _amin,
    "max": _max,
    "min": _min,
    "var": _var,
    "std": _std,
    "linalg_vector_norm": _norm,
    "logsumexp": _logsumexp,
}
