"""What lanes compute place by place, against SciPy in double precision."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import special

from study.engines.lanes.compiler import Kernel, aligned
from study.engines.lanes.graph.functions import FUNCTIONS
from study.engines.lanes.memory import array
from study.engines.lanes.tracing import Trace, integer, loop, tracing

LANES = 8


def applied(name: str, lanes: int) -> Trace:
    """y = a function of x."""
    with tracing(lanes, ("x", "y"), ("count",)) as trace:
        x, y = array("x", 1), array("y", 1)
        for place in loop(integer("count")):
            y[place] = FUNCTIONS[name](x[place])
    return trace


def computed(name: str, numbers: np.ndarray) -> np.ndarray:
    x = aligned((-(-len(numbers) // LANES), LANES))
    x.flat[: len(numbers)] = numbers
    y = aligned(x.shape)
    Kernel(applied, name, LANES)(x=x, y=y, count=len(x))
    return y.ravel()[: len(numbers)]


def around_zero(largest: float) -> np.ndarray:
    """Numbers of both signs and all sizes up to the largest."""
    rng = np.random.default_rng(0)
    sizes = np.exp(rng.uniform(np.log(1e-6), np.log(largest), size=20_000))
    return np.concatenate([sizes, -sizes, [0.0]]).astype(np.float32)


def positive(numbers: np.ndarray) -> np.ndarray:
    return numbers[numbers > 0]


CASES: dict[str, tuple[Callable[[np.ndarray], np.ndarray], np.ndarray, float]] = {
    # Name: the function, where, and how many units in the last place it may be off.
    "exp": (np.exp, around_zero(87.0), 2.0),
    "expm1": (np.expm1, around_zero(87.0), 6.0),
    "log": (np.log, positive(around_zero(1e30)), 2.0),
    "log1p": (np.log1p, np.abs(around_zero(1e6)), 4.0),
    "erf": (special.erf, around_zero(20.0), 4.0),
    "tanh": (np.tanh, around_zero(20.0), 3.0),
    "sigmoid": (special.expit, around_zero(80.0), 4.0),
}


@pytest.mark.parametrize("name", CASES)
def test_a_function_is_exact_to_a_few_units_in_the_last_place(name):
    function, numbers, units = CASES[name]
    exact = function(numbers.astype(np.float64))
    off = np.abs(computed(name, numbers) - exact)
    assert np.max(off / np.spacing(np.abs(exact).astype(np.float32))) <= units


@pytest.mark.parametrize(("name", "function"), [("sin", np.sin), ("cos", np.cos)])
def test_sines_and_cosines_are_exact_to_a_ten_millionth(name, function):
    numbers = around_zero(1000.0)
    assert np.abs(computed(name, numbers) - function(numbers.astype(np.float64))).max() < 2e-7


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_the_sine_of_an_angle_is_the_same_beside_larger_ones(name):
    """Large angles are reduced by more bits, which takes code that is else left out."""
    near = around_zero(4000.0)[: 8 * LANES]
    mixed = np.where(np.arange(len(near)) % 2, np.float32(1e9), near)
    alone, beside = computed(name, near), computed(name, mixed)
    np.testing.assert_array_equal(beside[::2], alone[::2])


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("exp", np.inf, np.inf),
        ("exp", 89.0, np.inf),
        ("exp", -np.inf, 0.0),
        ("log", 0.0, -np.inf),
        ("log", -1.0, np.nan),
        ("log", np.inf, np.inf),
        ("log1p", np.inf, np.inf),
        ("erf", np.inf, 1.0),
        ("erf", -np.inf, -1.0),
        ("sigmoid", -np.inf, 0.0),
        ("sigmoid", np.inf, 1.0),
        ("expm1", -np.inf, -1.0),
        ("sgn", 0.0, 0.0),
        *((name, np.nan, np.nan) for name in (*CASES, "sin", "cos", "relu", "abs", "gelu", "silu")),
    ],
)
def test_at_its_limits_a_function_is_what_torch_makes_of_it(name, number, expected):
    np.testing.assert_array_equal(computed(name, np.full(3, number, np.float32)), expected)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_the_greater_of_two_is_nan_if_either_is(name):
    def both(lanes: int) -> Trace:
        with tracing(lanes, ("x", "y")) as trace:
            x, y = array("x", 3), array("y", 2)
            y[0], y[1] = FUNCTIONS[name](x[0], x[1]), FUNCTIONS[name](x[1], x[2])
        return trace

    x, y = aligned((3, LANES)), aligned((2, LANES))
    x[0], x[1], x[2] = 1.0, np.nan, 2.0
    both.__name__ = f"both {name}"
    Kernel(both, LANES)(x=x, y=y)
    assert np.isnan(y).all()
