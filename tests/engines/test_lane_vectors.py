"""Vectors, loops and memory against NumPy, lane by lane and bit by bit."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from study.common.streams import bit_generator, keep_bits
from study.engines.lanes import compiler
from study.engines.lanes.compiler import Kernel, aligned, host_lanes
from study.engines.lanes.functions import exponential, tanh
from study.engines.lanes.kernels import draw
from study.engines.lanes.memory import Array, Masks, Variable, array, gather, same, scratch
from study.engines.lanes.tracing import UNROLL, Trace, integer, loop, minimum, tracing, unroll
from study.engines.lanes.vectors import of_index, select, square_root

WIDTHS = [8, 16, 32]
_numbers = itertools.count()


def kernel(
    body: Callable[[], None], lanes: int, pointers: tuple[str, ...], *integers: str
) -> Kernel:
    """What `body` traces, compiled; each under a number of its own in the cache."""

    def traced(_lanes: int, _number: int) -> Trace:
        with tracing(lanes, pointers, integers) as trace:
            body()
        return trace

    return Kernel(traced, lanes, next(_numbers))


def apply(function: Callable[..., object], *inputs: np.ndarray, lanes: int) -> np.ndarray:
    """A function of Vectors on float32 arrays of one length."""
    count = len(inputs[0])
    names = tuple(f"x{place}" for place in range(len(inputs)))

    def body() -> None:
        for place in loop(integer("count")):
            array("y", 1)[place] = function(*(array(name, 1)[place] for name in names))

    rows = -(-count // lanes)
    arrays = {}
    for name, values in zip(names, inputs, strict=True):
        arrays[name] = aligned((rows, lanes))
        arrays[name].ravel()[:count] = values
    result = aligned((rows, lanes))
    kernel(body, lanes, (*names, "y"), "count")(**arrays, y=result, count=rows)
    return result.ravel()[:count]


def numbers(count: int, scale: float = 10.0) -> np.ndarray:
    values = np.random.default_rng(0).normal(scale=scale, size=count).astype(np.float32)
    values[:6] = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40]
    return values


def assert_same_bits(one: np.ndarray, two: np.ndarray) -> None:
    """Equal bit by bit, but for which NaN it is."""
    np.testing.assert_array_equal(np.isnan(one), np.isnan(two))
    kept = ~np.isnan(one)
    np.testing.assert_array_equal(one[kept].view(np.uint32), two[kept].view(np.uint32))


@pytest.mark.parametrize("lanes", WIDTHS)
@pytest.mark.parametrize(
    ("function", "reference"),
    [
        (lambda x, y: x + y, np.add),
        (lambda x, y: x - y, np.subtract),
        (lambda x, y: x * y, np.multiply),
        (lambda x, y: x / y, np.divide),
        (lambda x, _: 2.5 - x, lambda x, _: np.float32(2.5) - x),
        (lambda x, _: 0.1 / x, lambda x, _: np.float32(0.1) / x),
        (lambda x, _: x * 0.1 + 3.0, lambda x, _: x * np.float32(0.1) + np.float32(3)),
        (lambda x, y: x * y + x, lambda x, y: (x * y) + x),
        (lambda x, _: square_root(x), lambda x, _: np.sqrt(x)),
        (lambda x, y: select(x > y, x, y), lambda x, y: np.where(x > y, x, y)),
        (lambda x, y: select(x < y, 1.0, y), lambda x, y: np.where(x < y, np.float32(1), y)),
        (lambda x, y: select(x <= y, x, 0.0), lambda x, y: np.where(x <= y, x, np.float32(0))),
    ],
)
def test_arithmetic_is_that_of_ieee_in_every_lane(lanes, function, reference):
    x, y = numbers(1000), np.roll(numbers(1000), 7)
    with np.errstate(all="ignore"):
        assert_same_bits(apply(function, x, y, lanes=lanes), reference(x, y))


def units(found: np.ndarray, exact: np.ndarray) -> float:
    """The largest error in units in the last place of the exact result."""
    return float(np.abs((found - exact) / np.spacing(exact.astype(np.float32))).max())


def test_exponential_is_right_within_two_units_in_the_last_place():
    x = np.random.default_rng(1).uniform(-87, 88, 200_000).astype(np.float32)
    assert units(apply(exponential, x, lanes=8), np.exp(x.astype(np.float64))) < 2


def test_tanh_is_right_within_three_units_in_the_last_place():
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.uniform(-12, 12, 100_000), rng.normal(size=100_000) * 0.1])
    x = x.astype(np.float32)
    assert units(apply(tanh, x, lanes=8), np.tanh(x.astype(np.float64))) < 3


def test_exponentials_of_what_is_not_finite():
    x = np.array([np.nan, -np.inf, -1e30, 0.0, -0.0], dtype=np.float32)
    found = apply(exponential, x, lanes=8)
    np.testing.assert_array_equal(np.isnan(found), [True, False, False, False, False])
    assert (found[1:3] < 1e-37).all()
    np.testing.assert_array_equal(found[3:], [1.0, 1.0])
    x = np.array([np.nan, np.inf, -np.inf, 0.0, 1e-42], dtype=np.float32)
    np.testing.assert_array_equal(
        apply(tanh, x, lanes=8), np.array([np.nan, 1, -1, 0, 1e-42], dtype=np.float32)
    )
    # A NaN of any payload stays one.
    odd = np.array([0x7F800001, 0xFFFFFFFF, 0x7FC001FF], dtype=np.uint32).view(np.float32)
    assert np.isnan(apply(exponential, odd, lanes=8)).all()
    assert np.isnan(apply(tanh, odd, lanes=8)).all()


@pytest.mark.parametrize("length", [1, 3, UNROLL, UNROLL + 1, 40])
def test_a_sum_in_a_variable_runs_in_order_whether_written_out_or_not(length):
    x = np.random.default_rng(0).normal(size=(length, 8)).astype(np.float32)

    def body() -> None:
        total = Variable(0.5)
        for place in unroll(length):
            total += array("x", length)[place]
        array("y", 1)[0] = total.get()

    found = aligned((1, 8))
    kernel(body, 8, ("x", "y"))(x=np.ascontiguousarray(x), y=found)
    expected = np.full(8, np.float32(0.5))
    for row in x:
        expected += row
    assert_same_bits(found[0], expected)


def test_a_name_rebound_in_a_loop_is_refused():
    def body() -> None:
        total = array("x", 1)[0]
        for place in loop(integer("count")):
            total = total + array("x", 1)[place]
        array("x", 1)[0] = total

    with pytest.raises(RuntimeError, match="does not dominate"):
        kernel(body, 8, ("x",), "count")


def test_arrays_find_their_parts():
    """y[i, j, k] = 10 x[i, j, k] + what is in a scratch array of another shape."""
    shape = (3, 2, 4)

    def body() -> None:
        x, y, other = array("x", *shape), array("y", *shape), scratch(4, 6)
        for i in loop(4):
            for j in loop(6):
                other[i, j] = array("x", 24)[i * 6 + j]
        for i in loop(3):
            part: Array = y.at(i)
            for j in unroll(2):
                for k in loop(4):
                    flat = other.reshape(24)
                    part[j, k] = x.at(i, j)[k] * 10.0 + flat[i * 8 + j * 4 + k]

    x = np.random.default_rng(0).normal(size=(*shape, 8)).astype(np.float32)
    y = aligned((*shape, 8))
    kernel(body, 8, ("x", "y"))(x=x, y=y)
    np.testing.assert_array_equal(y, x * np.float32(10) + x)


def test_whole_numbers_and_tables():
    """Rows of a table by lane, the same number in every lane, and arithmetic of places."""

    def body() -> None:
        for place in loop(integer("count")):
            last = integer("count") - 1 - place
            limited = minimum(last, integer("limit"))
            value = gather("table", 3, "rows", place, 2) + same("table", limited * 3 + 1)
            array("y", 1)[place] = value * of_index(place // 2)

    rng = np.random.default_rng(0)
    table = rng.normal(size=(50, 3)).astype(np.float32)
    rows = rng.integers(50, size=(6, 16))
    y = aligned((6, 16))
    kernel(body, 16, ("table", "rows", "y"), "count", "limit")(
        table=table, rows=rows, y=y, count=6, limit=3
    )
    for place in range(6):
        same_number = table[min(5 - place, 3), 1]
        expected = (table[rows[place], 2] + same_number) * np.float32(place // 2)
        np.testing.assert_array_equal(y[place], expected)


@pytest.mark.parametrize("lanes", WIDTHS)
@pytest.mark.parametrize("decisions", [1, 4, 7, 30])
def test_dropout_draws_the_decisions_that_numpy_draws(lanes, decisions):
    """Three steps of SFC64 in each lane, with thresholds that differ between decisions."""
    steps = 3
    thresholds = np.random.default_rng(0).integers(65536, size=decisions).astype(np.uint16)
    thresholds[0] = 65535

    def body() -> None:
        masks = Masks("masks")
        for step in loop(steps):
            draw(masks, integer("decisions"), integer("first"))
            for decision in loop(integer("decisions")):
                y = array("y", 1)
                y[step * decisions + decision] = select(masks[decision], 1.0, 0.0)

    generators = [bit_generator(seed, "dropout") for seed in range(lanes)]
    streams = np.stack([stream.state["state"]["state"] for stream in generators], axis=1)
    y = aligned((steps * decisions, lanes))
    kernel(body, lanes, ("streams", "thresholds", "masks", "y"), "decisions", "first")(
        streams=np.ascontiguousarray(streams),
        # Those of a full batch come before.
        thresholds=np.concatenate([np.zeros(5, np.uint16), thresholds, np.zeros(3, np.uint16)]),
        masks=np.zeros((decisions + 3, lanes // 8), dtype=np.uint8),
        y=y,
        decisions=decisions,
        first=5,
    )
    for lane, stream in enumerate(generators):
        expected = [keep_bits(stream, thresholds) for _ in range(steps)]
        np.testing.assert_array_equal(y[:, lane], np.concatenate(expected))


def test_operations_are_counted_through_loops():
    with tracing(8, ("x",), ("count",)) as trace:
        x = array("x", 12)
        for _ in loop(integer("count"), "row"):
            for place in loop(5):
                x[place] = x[place] * 2.0 + 1.0
            for place in unroll(3):
                x[place] = square_root(x[place])
        x[0] = x[0] - 1.0
    assert trace.operations == {("row",): 13, (): 1}


def test_a_kernel_is_compiled_once_and_whatever_is_not_whole_is_compiled_again(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    compiled = []
    compile_ = compiler._compile
    monkeypatch.setattr(
        compiler, "_compile", lambda *given: compiled.append(given) or compile_(*given)
    )

    def traced(lanes: int) -> Trace:
        with tracing(lanes, ("x",)) as trace:
            array("x", 1)[0] = array("x", 1)[0] + 1.0
        return trace

    def run(lanes: int) -> None:
        x = aligned((1, lanes))
        Kernel(traced, lanes)(x=x)
        np.testing.assert_array_equal(x, 1)

    run(8)
    run(8)
    assert len(compiled) == 1
    run(16)
    assert len(compiled) == 2
    for number, damage in enumerate(
        [
            lambda content: content[:-10],
            lambda content: content.replace(b'"scratch": [0', b'"scratch": [1'),
            lambda content: b"5\nabc",
            lambda content: b"",
        ]
    ):
        for path in (tmp_path / "importance-study").iterdir():
            path.write_bytes(damage(path.read_bytes()))
        run(8)
        assert len(compiled) == 3 + number
    # The code is part of the key; and without a cache it works as well.
    monkeypatch.setattr(compiler, "_sources", lambda traced: "changed")
    run(8)
    assert len(compiled) == 7
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    run(8)
    assert len(compiled) == 8
    monkeypatch.delenv("XDG_CACHE_HOME")

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    run(8)
    assert len(compiled) == 9


def test_a_kernel_in_the_place_of_another_is_compiled_again(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def adding(lanes: int, number: float) -> Trace:
        with tracing(lanes, ("x",)) as trace:
            array("x", 1)[0] = array("x", 1)[0] + number
        return trace

    def run(number: float) -> None:
        x = aligned((1, 8))
        Kernel(adding, 8, number)(x=x)
        np.testing.assert_array_equal(x, number)

    run(1.0)
    run(7.0)
    one, other = (tmp_path / "importance-study").iterdir()
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    run(1.0)
    run(7.0)
    assert {one.read_bytes(), other.read_bytes()} == {first, second}


def test_the_file_that_traces_is_part_of_a_kernel_s_key(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    module = (
        "from study.engines.lanes.memory import array\n"
        "from study.engines.lanes.tracing import tracing\n"
        "def traced(lanes):\n"
        "    with tracing(lanes, ('x',)) as trace:\n"
        "        array('x', 1)[0] = array('x', 1)[0] + {number}\n"
        "    return trace\n"
    )
    for number in (1.0, 7.0):
        path = tmp_path / "mine.py"
        path.write_text(module.format(number=number))
        space: dict[str, object] = {}
        exec(compile(path.read_text(), str(path), "exec"), space)
        x = aligned((1, 8))
        Kernel(space["traced"], 8)(x=x)
        np.testing.assert_array_equal(x, number)


def test_an_array_that_is_not_contiguous_is_refused():
    def body() -> None:
        array("x", 1)[0] = array("x", 1)[0] + 1.0

    with pytest.raises(ValueError, match="'x' must be contiguous"):
        kernel(body, 8, ("x",))(x=np.zeros((2, 16), dtype=np.float32)[:, ::2])


def test_lanes_suit_the_machine():
    assert host_lanes() in (8, 16)
