"""Operations that compute nothing: views, parts, and parts put together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from study.engines.lanes.graph.expressions import Pieces, Tensor, exchanged, pointwise
from study.engines.lanes.graph.graph import Constant
from study.engines.lanes.graph.operations.known import Operation, Planner
from study.engines.lanes.graph.operations.pointwise import is_zero

# Of a lookup that is no regular part, as each place is code of its own.
_MOST_PLACES = 256


# -- views -------------------------------------------------------------------------------------
def _same(planner: Planner, x: Any, **_: Any) -> Tensor:
    return planner.tensor(x)


def _view(planner: Planner, x: Any, shape: Sequence[int]) -> Tensor:
    return planner.reshape(planner.tensor(x), shape)


def _permute(planner: Planner, x: Any, order: Sequence[int]) -> Tensor | Pieces:
    return (planner.pieces(x) or planner.tensor(x)).permute(order)


def _t(planner: Planner, x: Any) -> Tensor | Pieces:
    value = planner.pieces(x) or planner.tensor(x)
    return value.permute(range(len(value.shape))[::-1])


def _transpose(planner: Planner, x: Any, one: int, other: int) -> Tensor | Pieces:
    value = planner.pieces(x) or planner.tensor(x)
    return value.permute(exchanged(len(value.shape), one, other))


def _expand(planner: Planner, x: Any, shape: Sequence[int], **_: Any) -> Tensor:
    return planner.tensor(x).expand(*shape)


def _squeeze(planner: Planner, x: Any, axes: Any = None) -> Tensor:
    tensor = planner.tensor(x)
    count = max(len(tensor.shape), 1)
    named = range(count) if axes is None else axes if isinstance(axes, tuple) else (axes,)
    for axis in sorted((axis % count for axis in named), reverse=True):
        tensor = tensor.squeeze(axis)
    return tensor


def _unsqueeze(planner: Planner, x: Any, axis: int) -> Tensor:
    return planner.tensor(x).unsqueeze(axis)


def _select(planner: Planner, x: Any, axis: int, place: int) -> Tensor:
    return planner.tensor(x).select(axis, place)


def _slice(
    planner: Planner,
    x: Any,
    axis: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Tensor:
    tensor = planner.tensor(x)
    places = range(tensor.shape[axis])[slice(start, end, step)]
    return tensor.slice(axis, places.start, len(places), step)


def _unbind(planner: Planner, x: Any, axis: int = 0) -> tuple[Tensor, ...]:
    tensor = planner.tensor(x)
    return tuple(tensor.select(axis, place) for place in range(tensor.shape[axis]))


def _split(planner: Planner, x: Any, sizes: Any, axis: int = 0) -> tuple[Tensor, ...]:
    tensor = planner.tensor(x)
    length = tensor.shape[axis]
    if isinstance(sizes, int):
        sizes = [min(sizes, length - start) for start in range(0, length, sizes)]
    starts = [0, *accumulate(sizes)]
    return tuple(
        tensor.slice(axis, start, size) for start, size in zip(starts, sizes, strict=False)
    )


def _flip(planner: Planner, x: Any, axes: Sequence[int]) -> Tensor:
    tensor = planner.tensor(x)
    for axis in axes:
        length = tensor.shape[axis]
        tensor = tensor.slice(axis, length - 1, length, -1)
    return tensor


def _repeat(planner: Planner, x: Any, times: Sequence[int]) -> Tensor:
    tensor = planner.tensor(x)
    shape = (1,) * (len(times) - len(tensor.shape)) + tensor.shape
    tensor = tensor.expand(*shape)
    for axis in range(len(shape)):
        tensor = tensor.unsqueeze(2 * axis)
    pairs = [length for pair in zip(times, shape, strict=True) for length in pair]
    whole = [count * length for count, length in zip(times, shape, strict=True)]
    return planner.reshape(tensor.expand(*pairs), whole)


# -- parts -------------------------------------------------------------------------------------
def _cat(planner: Planner, tensors: Sequence[Any], axis: int = 0) -> Pieces:
    parts = [planner.tensor(one) for one in tensors]
    parts = [part for part in parts if part.shape != (0,)]
    axis %= len(parts[0].shape)
    sizes = [part.shape[axis] for part in parts]
    starts = [0, *accumulate(sizes)]
    shape = (*parts[0].shape[:axis], starts[-1], *parts[0].shape[axis + 1 :])
    return Pieces(shape, axis, tuple(zip(starts, parts, strict=False)))


def _stack(planner: Planner, tensors: Sequence[Any], axis: int = 0) -> Pieces:
    parts = [planner.tensor(one) for one in tensors]
    axis %= len(parts[0].shape) + 1
    shape = (*parts[0].shape[:axis], len(parts), *parts[0].shape[axis:])
    return Pieces(
        shape, axis, tuple((place, part.unsqueeze(axis)) for place, part in enumerate(parts))
    )


def _select_backward(
    planner: Planner, d_y: Any, shape: Sequence[int], axis: int, place: int
) -> Pieces:
    axis %= len(shape)
    part = planner.tensor(d_y).unsqueeze(axis)
    return Pieces(tuple(shape), axis, ((place % shape[axis], part),))


def _slice_backward(
    planner: Planner, d_y: Any, shape: Sequence[int], axis: int, start: int, end: int, step: int
) -> Pieces:
    axis %= len(shape)
    tensor = planner.tensor(d_y)
    places = range(shape[axis])[slice(start, end, step)]
    if step == 1:
        return Pieces(tuple(shape), axis, ((places.start, tensor),))
    return _put(tensor, tuple(shape), axis, list(places))


def _pad(planner: Planner, x: Any, widths: Sequence[int], value: float = 0.0) -> Tensor | Pieces:
    if value != 0.0:
        raise NotImplementedError
    tensor: Tensor | Pieces = planner.tensor(x)
    for turn in range(len(widths) // 2):
        axis = len(tensor.shape) - 1 - turn
        before, after = widths[2 * turn : 2 * turn + 2]
        if before == after == 0:
            continue
        if isinstance(tensor, Pieces):
            raise NotImplementedError
        length = tensor.shape[axis]
        part = tensor.slice(axis, max(-before, 0), length + min(before, 0) + min(after, 0))
        shape = (*tensor.shape[:axis], length + before + after, *tensor.shape[axis + 1 :])
        tensor = Pieces(shape, axis, ((max(before, 0), part),))
    return tensor


def _roll(planner: Planner, x: Any, shifts: Sequence[int], axes: Sequence[int] = ()) -> Pieces:
    if len(shifts) != 1 or len(axes) != 1:
        raise NotImplementedError
    tensor, axis = planner.tensor(x), axes[0] % len(planner.tensor(x).shape)
    length = tensor.shape[axis]
    shift = shifts[0] % length
    first = tensor.slice(axis, length - shift, shift)
    parts = [(shift, tensor.slice(axis, 0, length - shift))]
    return Pieces(tensor.shape, axis, tuple(([(0, first)] if shift else []) + parts))


# -- looking up, at places that are known beforehand ---------------------------------------------
def _index(planner: Planner, x: Any, places: Sequence[Any]) -> Tensor | Pieces:
    axis, where = _one_axis(planner, places)
    return _looked_up(planner, planner.tensor(x), axis, where)


def _embedding(planner: Planner, table: Any, places: Any, *_: Any) -> Tensor | Pieces:
    return _looked_up(planner, planner.tensor(table), 0, _whole_numbers(planner, places))


def _index_select(planner: Planner, x: Any, axis: int, places: Any) -> Tensor | Pieces:
    return _looked_up(planner, planner.tensor(x), axis, _whole_numbers(planner, places))


def _looked_up(planner: Planner, tensor: Tensor, axis: int, where: np.ndarray) -> Tensor | Pieces:
    axis %= len(tensor.shape)
    places = [int(place) % tensor.shape[axis] for place in where.flat]
    shape = (*tensor.shape[:axis], *where.shape, *tensor.shape[axis + 1 :])
    steps = {second - first for first, second in pairwise(places)} or {1}
    if len(steps) == 1:
        found = tensor.slice(axis, places[0], len(places), steps.pop())
        return planner.reshape(found, shape)
    if len(places) > _MOST_PLACES or where.ndim != 1:
        raise NotImplementedError
    parts = tuple((turn, tensor.slice(axis, place, 1)) for turn, place in enumerate(places))
    return Pieces(shape, axis, parts)


def _index_put(
    planner: Planner, x: Any, places: Sequence[Any], values: Any, accumulate: bool = False
) -> Pieces:
    base = planner.tensor(x)
    axis, where = _one_axis(planner, places)
    if not (is_zero(base) and accumulate):
        raise NotImplementedError
    shape = (*base.shape[:axis], *where.shape, *base.shape[axis + 1 :])
    return _gathered(planner, planner.tensor(values).expand(*shape), base.shape, axis, where)


def _embedding_backward(
    planner: Planner, d_y: Any, places: Any, count: int, padding: int, scaled: bool
) -> Pieces:
    if scaled or padding >= 0:
        raise NotImplementedError
    tensor, where = planner.tensor(d_y), _whole_numbers(planner, places)
    shape = (count, *tensor.shape[where.ndim :])
    return _gathered(planner, tensor, shape, 0, where)


def _gathered(
    planner: Planner, values: Tensor, shape: tuple[int, ...], axis: int, where: np.ndarray
) -> Pieces:
    flat = (*shape[:axis], where.size, *shape[axis + 1 :])
    places = [int(place) % shape[axis] for place in where.flat]
    return _put(planner.reshape(values, flat), shape, axis, places)


def _put(values: Tensor, shape: tuple[int, ...], axis: int, places: Sequence[int]) -> Pieces:
    """Values at places of an axis, added up where a place comes again."""
    if list(places) == list(range(places[0], places[0] + len(places))):
        return Pieces(shape, axis, ((places[0], values),))
    if len(places) > _MOST_PLACES:
        raise NotImplementedError
    at: dict[int, list[Tensor]] = {}
    for turn, place in enumerate(places):
        at.setdefault(place, []).append(values.slice(axis, turn, 1))
    return Pieces(
        shape,
        axis,
        tuple(
            (place, reduce(lambda one, other: pointwise("add", one, other), parts))
            for place, parts in sorted(at.items())
        ),
    )


def _one_axis(planner: Planner, places: Sequence[Any]) -> tuple[int, np.ndarray]:
    named = [axis for axis, part in enumerate(places) if part is not None]
    if len(named) != 1:
        raise NotImplementedError
    return named[0], _whole_numbers(planner, places[named[0]])


def _whole_numbers(planner: Planner, places: Any) -> np.ndarray:
    if not isinstance(places, Constant):
        raise NotImplementedError
    array = planner.graph.constants[places.number]
    if array.dtype != np.int64 or not array.size:
        raise NotImplementedError
    return array


def _scatter(planner: Planner, x: Any, axis: int, place: Any, values: Any) -> Tensor:
    """One value along the axis, at a place that is computed."""
    base, where, value = planner.tensor(x), planner.tensor(place), planner.tensor(values)
    axis %= len(base.shape)
    whole = tuple(1 if one == axis else length for one, length in enumerate(base.shape))
    if not where.shape == value.shape == whole:
        raise NotImplementedError
    shape = [1] * len(base.shape)
    shape[axis] = base.shape[axis]
    each = planner.constant(np.arange(base.shape[axis])).reshape(*shape)
    return pointwise("where", pointwise("eq", where, each), value, base)


REORDERING = ["view", "_unsafe_view", "reshape", "permute", "t", "transpose", "clone"]
VIEWS: dict[str, Operation] = {
    **dict.fromkeys(
        ["detach", "alias", "clone", "contiguous", "lift_fresh", "lift_fresh_copy"], _same
    ),
    **dict.fromkeys(["view", "_unsafe_view", "reshape", "_reshape_alias"], _view),
    "permute": _permute,
    "t": _t,
    "transpose": _transpose,
    "expand": _expand,
    "squeeze": _squeeze,
    "unsqueeze": _unsqueeze,
    "select": _select,
    "slice": _slice,
    "unbind": _unbind,
    **dict.fromkeys(["split", "unsafe_split", "split_with_sizes"], _split),
    "flip": _flip,
    "repeat": _repeat,
}
OPERATIONS: dict[str, Operation] = {
    **VIEWS,
    "cat": _cat,
    "stack": _stack,
    "select_backward": _select_backward,
    "slice_backward": _slice_backward,
    "constant_pad_nd": _pad,
    "roll": _roll,
    "index": _index,
    "index_select": _index_select,
    "embedding": _embedding,
    **dict.fromkeys(["index_put", "_unsafe_index_put", "_index_put_impl"], _index_put),
    "embedding_dense_backward": _embedding_backward,
    "scatter": _scatter,
}
