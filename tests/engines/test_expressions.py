"""Views as strides, against NumPy; and which values share memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks_of_pieces import PIECES, Around

from study.engines.lanes.graph.expressions import (
    Buffer,
    Load,
    NotStridedError,
    Pieces,
    Tensor,
    contiguous,
    number,
    pointwise,
    reduced,
)
from study.engines.lanes.graph.plan import Plan, plan
from study.engines.lanes.graph.record import record

SHAPE = (2, 3, 4)


def at_places(tensor: Tensor) -> np.ndarray:
    """Where in memory each number of a view lies."""
    load = tensor.expression
    assert isinstance(load, Load)
    places = np.indices(tensor.shape).reshape(len(tensor.shape), -1)
    found = load.offset + np.array(load.strides, dtype=int) @ places
    return np.asarray(found).reshape(tensor.shape)


@st.composite
def shapes_of(draw: st.DrawFn, size: int) -> tuple[int, ...]:
    """A shape for so many numbers."""
    shape = []
    while size > 1:
        part = draw(st.sampled_from([part for part in range(1, size + 1) if size % part == 0]))
        shape.append(part)
        size //= part
    return tuple(shape)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_views_of_views_are_those_of_numpy(data):
    """A shape that NumPy cannot give without a copy is refused, and no other."""
    array = np.arange(24).reshape(SHAPE)
    tensor = Tensor(SHAPE, Load(Buffer(24), 0, contiguous(SHAPE)))
    for _ in range(data.draw(st.integers(1, 5))):
        axes = len(array.shape)
        kind = data.draw(st.sampled_from(["permute", "slice", "axis", "expand", "reshape"]))
        if kind == "permute":
            order = data.draw(st.permutations(range(axes)))
            array, tensor = array.transpose(order), tensor.permute(order)
        elif kind == "slice" and axes:
            axis = data.draw(st.integers(0, axes - 1))
            start = data.draw(st.integers(0, array.shape[axis] - 1))
            step = data.draw(st.integers(1, 2))
            length = len(range(start, array.shape[axis], step))
            array = np.moveaxis(np.moveaxis(array, axis, 0)[start::step], 0, axis)
            tensor = tensor.slice(axis, start, length, step)
        elif kind == "axis":
            axis = data.draw(st.integers(0, axes))
            array, tensor = np.expand_dims(array, axis), tensor.unsqueeze(axis)
        elif kind == "expand":
            shape = (2, *(3 if length == 1 else length for length in array.shape))
            if np.prod(shape) > 500:
                continue
            array, tensor = np.broadcast_to(array, shape), tensor.expand(*shape)
        elif kind == "reshape":
            shape = data.draw(shapes_of(array.size))
            view = array.view()
            try:
                view.shape = shape
            except AttributeError:
                with pytest.raises(NotStridedError):
                    tensor.reshape(*shape)
                continue
            array, tensor = view, tensor.reshape(*shape)
        assert tensor.shape == array.shape
        np.testing.assert_array_equal(at_places(tensor), array)


def test_a_sum_along_axes_that_do_not_lie_together_is_a_sum_of_sums():
    tensor = Tensor(SHAPE, Load(Buffer(24), 0, contiguous(SHAPE)))
    assert reduced("sum", tensor, [0, 2]).shape == (3,)
    assert reduced("sum", tensor, [0, 2]).expression.cost >= 8
    assert reduced("sum", pointwise("add", tensor, number(1.0)), [0, 1, 2]).shape == ()


def test_parts_are_put_beside_each_other_unless_they_overlap():
    part = number(1.0).expand(2, 3)
    first, second, third = (Pieces((2, 9), 1, ((start, part),)) for start in (0, 6, 2))
    both = first.beside(second)
    assert both is not None
    assert [start for start, _ in both.parts] == [0, 6]
    assert not both.whole
    assert first.beside(third) is None
    assert first.beside(Pieces((9, 2), 0, ((3, part),))) is None


def planned(name: str) -> Plan:
    return plan(record(Around(4, PIECES[name](), PIECES["layer norm"]()), 4, training=True))


@pytest.mark.parametrize("name", ["encoder", "cell", "lookup of some", "greatest with its place"])
def test_what_is_read_is_what_was_written_there_last(name):
    """Buffers share memory only where none is needed any more."""
    made = planned(name)
    nests = [*made.forward, *made.backward]
    held: dict[int, Buffer] = {}
    shared = 0
    for nest in nests:
        for load in nest.expression.loads:
            if isinstance(load.source, Buffer):
                assert held[made.slot_of[load.source]] is load.source
        if isinstance(nest.target.source, Buffer):
            slot = made.slot_of[nest.target.source]
            shared += held.get(slot, nest.target.source) is not nest.target.source
            held[slot] = nest.target.source
            assert made.slots[slot] >= nest.target.source.size
    assert shared


def test_the_way_to_the_inputs_leaves_out_the_gradients_of_the_weights():
    made = planned("encoder")
    sources = [getattr(nest.target.source, "what", "") for nest in made.to_inputs]
    assert sources.count("d_x") == 1
    assert "gradients" not in sources
    assert len(made.to_inputs) < len(made.backward)
