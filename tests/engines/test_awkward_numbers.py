"""What lanes compute of zeros, infinities, NaN, and of very small and large numbers."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from study.engines.lanes.graph.graph import UnsupportedError
from study.engines.lanes.graph.network import Sizes
from study.engines.lanes.prediction import LanesStack

_FINITE = [0.5, 1.0, 2.0, 3.0, 7.5, 30.0, 87.5, 90.0, 100.0, 3e6, 1e-3, 1e-20, 1e-38, 1e-39, 1e20]
_SIGNED = [0.0, *_FINITE, 3e38, math.inf]
NUMBERS = [*_SIGNED, *(-one for one in _SIGNED), math.nan]
PAIRS = np.array([(one, other) for one in NUMBERS for other in NUMBERS], dtype=np.float32)
Function = Callable[[Tensor], Tensor]


class Of(nn.Module):
    """One number that a function makes of two."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.one = nn.Parameter(torch.ones(()))
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        y = self.function(x)
        return (y[:, 0] if y.dim() == 2 else y) * self.one


def by_lanes(function: Function, x: np.ndarray) -> list[np.ndarray]:
    """Predictions and their gradients."""
    network = Of(function)
    weights = {"one": np.ones(1, dtype=np.float32)}
    stack = LanesStack(network, weights, 8, Sizes.of(network, x.shape[1]))
    return [stack.predict(x)[0], stack.gradients(x)[0]]


def by_torch(function: Function, x: np.ndarray, dtype: torch.dtype) -> list[np.ndarray]:
    rows = torch.from_numpy(x).to(dtype).requires_grad_(True)
    y = Of(function).to(dtype)(rows)
    (gradients,) = torch.autograd.grad(y.sum(), rows, materialize_grads=True)
    return [one.detach().numpy(force=True) for one in (y, gradients)]


def unlike(found: np.ndarray, single: np.ndarray, double: np.ndarray, units: float) -> np.ndarray:
    """Where it is neither what torch finds in single nor what it finds in double precision.

    So many units in the last place may be between, or four times the error of single precision.
    """
    with np.errstate(all="ignore"):
        exact = double.astype(np.float32)
        allowed = units * np.spacing(np.abs(exact)).astype(np.float64) + 1e-37
        error = np.nan_to_num(np.abs(single - double), posinf=0.0)
        near = np.abs(found.astype(np.float64) - double) <= np.maximum(allowed, 4 * error)
        alike = [(found == one) | (np.isnan(found) & np.isnan(one)) for one in (single, exact)]
    return ~(near | alike[0] | alike[1])


def other(h: Tensor) -> Tensor:
    return h.flip(1)


PLACE_BY_PLACE: dict[str, Function] = {
    "signs of zeros": lambda h: 1 / -h + 1 / h.abs() + 1 / (h + 0.0),
    "sign": torch.sgn,
    "exponential": torch.exp,
    "its logarithm": lambda h: torch.log(torch.exp(h)),
    "logarithm": torch.log,
    "log1p": torch.log1p,
    "expm1": torch.expm1,
    "root": torch.sqrt,
    "one over the root": torch.rsqrt,
    "sine": torch.sin,
    "cosine": torch.cos,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": functional.relu,
    "softplus": functional.softplus,
    "clamp": lambda h: h.clamp(-1, 2),
    "clamp to nothing": lambda h: h.clamp(2, -1),
    "clamp by what is computed": lambda h: h.clamp(other(h) - 1, other(h)),
    "greater": lambda h: torch.maximum(h, other(h)),
    "less": lambda h: torch.minimum(h, other(h)),
    "quotient": lambda h: h / other(h),
    "a third": lambda h: h / 3,
    "divided by what has no inverse": lambda h: h / 1e-39 + h / 3e38,
    "products": lambda h: torch.addcmul(h / 10, h, other(h), value=0.5),
    "where": lambda h: torch.where(h > 0, h, other(h)),
    "filled": lambda h: h.masked_fill(h < 0, math.nan),
    "equal": lambda h: (h == other(h)) * 1.0 + (h != other(h)) * 2.0,
    "less or equal": lambda h: (h <= other(h)) * 1.0 + (h < other(h)) * 2.0,
}
POWERS = [0, 1, 2, 5, 9, 10, 63, -1, -2, -3, -9, 0.5, -0.5, 1.5, -1.5, 0.3]
ALONG_AN_AXIS: dict[str, Function] = {
    "greatest": lambda h: h.amax(1) + h.max(1)[0],
    "least": lambda h: h.amin(1) + h.min(1)[0],
    "place of the greatest": lambda h: h.max(1)[1] + 0.0,
    "place of the least": lambda h: h.min(1)[1] + 0.0,
    "log of a sum of powers": lambda h: torch.logsumexp(h, 1),
    "softmax": lambda h: torch.softmax(h, 1),
    "log of softmax": lambda h: torch.log(torch.softmax(h, 1)),
    "log softmax": lambda h: torch.log_softmax(h, 1),
    "norm": lambda h: h.norm(dim=1),
    "a product that is not added to": lambda h: torch.addmm(h, h, torch.eye(2).to(h), beta=0),
}
TRUTHS_AND_WHOLE_NUMBERS: dict[str, Function] = {
    "sum of truths": lambda h: ((h > 0) + (h > 1)) * 1.0,
    "product of truths": lambda h: ((h > 0) * (h > 1)) * 1.0,
    "bits of truths": lambda h: (((h > 0) & (h > 1)) ^ ((h > 2) | ~(h > -1))) * 1.0,
    "extremes of truths": lambda h: (
        torch.maximum(h > 0, h > 1) * 1.0 + (h > 0).amin(1, keepdim=True) * 2.0
    ),
    "logic of numbers": lambda h: (
        torch.logical_and(h, other(h)) * 1.0
        + torch.logical_or(h, other(h)) * 2.0
        + torch.logical_xor(h, other(h)) * 4.0
        + torch.logical_not(h) * 8.0
    ),
    "truth of a number": lambda h: h.bool() * 1.0,
    "truth of a count": lambda h: torch.logical_not((h > 0).sum(1)) * 1.0,
    "a number stored as truth": lambda h: (h > 0).copy_(h.detach()) * 1.0,
    "a truth filled": lambda h: (h > 0).masked_fill(h > 1, False) * 1.0,
    "truths beside each other": lambda h: torch.cat([h > 0, h > 1], 1).sum(1) * 1.0,
    "truths and numbers": lambda h: torch.where(h > 0, h > 1, other(h)),
    "count": lambda h: h * (h > 0).sum(1, keepdim=True) / 4,
    "counting on": lambda h: (1 + (h > 0).sum(1)) * 2 / 3 - (h > 1).sum(1),
    "count of counts": lambda h: (h > 0).sum(1) * (h > 1).sum(1) * 1.0,
    "bounded count": lambda h: (h > 0).sum(1).clamp(min=1) / 3 + (h > 0).sum(1).clamp(max=1.5),
    "share of all": lambda h: ((h > 0).expand(len(h), 2).repeat(1, 49).float().mean(1) == 1) * 1.0,
    "choice of whole numbers": lambda h: torch.where(h > 0, 3, -2).abs() * 0.5,
    "whole constants": lambda h: h * torch.tensor([3, 2], dtype=torch.int32),
    "doubles that are one number": lambda h: h * torch.tensor(1 / 3, dtype=torch.float64),
}


def check(function: Function, units: float) -> None:
    with np.errstate(all="ignore"):
        single, double = (
            by_torch(function, PAIRS, dtype) for dtype in (torch.float32, torch.float64)
        )
    for found, one, exact in zip(by_lanes(function, PAIRS), single, double, strict=True):
        wrong = unlike(found, one, exact, units)
        assert not wrong.any(), (PAIRS[wrong.nonzero()[0][:3]], found[wrong][:3], one[wrong][:3])


@pytest.mark.parametrize("name", PLACE_BY_PLACE)
def test_functions_of_awkward_numbers_are_those_of_torch(name):
    check(PLACE_BY_PLACE[name], units=16)


@pytest.mark.parametrize("exponent", POWERS)
def test_powers_of_awkward_numbers_are_those_of_torch(exponent):
    check(lambda h: h**exponent, units=64)


@pytest.mark.parametrize("name", ALONG_AN_AXIS)
def test_sums_and_extremes_of_awkward_numbers_are_those_of_torch(name):
    check(ALONG_AN_AXIS[name], units=16)


@pytest.mark.parametrize("name", TRUTHS_AND_WHOLE_NUMBERS)
def test_truth_values_and_whole_numbers_are_those_of_torch(name):
    check(TRUTHS_AND_WHOLE_NUMBERS[name], units=4)


def test_sines_and_cosines_of_angles_of_any_size_are_exact():
    """The exact ones are those of double precision, which reduces angles by more bits."""
    rng = np.random.default_rng(0)
    sizes = np.exp(rng.uniform(math.log(1e-3), math.log(3.4e38), 20_000)) * rng.choice([-1, 1])
    # Multiples of a quarter turn, as near to it as a float can be.
    quarters = np.arange(1, 20_000) * (math.pi / 2)
    x = np.stack([np.concatenate([sizes, quarters, quarters * 2.0**40])] * 2, 1).astype(np.float32)
    for function, exact in ((torch.sin, np.sin), (torch.cos, np.cos)):
        found, _ = by_lanes(function, x)
        assert np.abs(found - exact(x[:, 0].astype(np.float64))).max() < 2e-7


def scattered(h: Tensor) -> Tensor:
    """One number put beside each of some of all rows of numbers, but not of all."""
    return h.scatter(2, torch.zeros(len(h), 1, 1, dtype=torch.long), 2 * h)


@pytest.mark.parametrize(
    ("missing", "function"),
    [
        ("torch.float64", lambda h: h.double().cumsum(1).float()),
        ("torch.float64", lambda h: (h * torch.ones(2, dtype=torch.float64)).float()),
        ("torch.float16", lambda h: h.half().float()),
        ("torch.bfloat16", lambda h: h.bfloat16().float()),
        ("torch.uint8", lambda h: (h > 0) * torch.tensor([200, 100], dtype=torch.uint8) * 1.0),
        ("torch.int32", lambda h: h.int() * 1.0),
        ("torch.int32", lambda h: h.view(torch.int32) * 1.0),
        ("_to_copy to whole numbers", lambda h: h.long() * 1.0),
        ("copy to whole numbers", lambda h: (h > 0).long().copy_(h.detach()) * 1.0),
        ("mul to whole numbers", lambda h: (h > 0).sum(1) * 2**30 * 1.0),
        ("mul to whole numbers", lambda h: (h > 0) * torch.tensor([2, 2**40]) * 1.0),
        ("floor_divide to whole numbers", lambda h: (h > 0).sum(1) // 2 * 1.0),
        ("remainder to whole numbers", lambda h: (h > 0).sum(1) % 2 * 1.0),
        ("pow to whole numbers", lambda h: (h > 0).sum(1) ** 2 * 1.0),
        ("bitwise_and to whole numbers", lambda h: ((h > 0).sum(1) & 1) * 1.0),
        ("__lshift__ to whole numbers", lambda h: ((h > 0).sum(1) << 1) * 1.0),
        ("argmax to whole numbers", lambda h: h.argmax(1) * 1.0),
        ("sort to whole numbers", lambda h: h.sort(1)[0]),
        ("any to truth values", lambda h: (h > 0).any(1) * 1.0),
        ("remainder", lambda h: h % 2),
        ("round", lambda h: h.round()),
        ("pow.Tensor_Scalar", lambda h: h.abs() ** math.inf),
        ("pow.Tensor_Scalar", lambda h: h**1000),
        ("scatter.src", lambda h: scattered(h.detach()[:, :, None]).flatten(1) * h),
    ],
)
def test_what_floats_do_not_hold_is_named(missing, function):
    with pytest.raises(UnsupportedError) as raised:
        _ = Sizes.of(Of(function), 2).plans
    assert str(raised.value) == missing


def _into(fresh: Function, change: Callable[[Tensor, Tensor], object]) -> Function:
    def function(h: Tensor) -> Tensor:
        made = fresh(h)
        change(made, h)
        return h + made

    return function


@pytest.mark.parametrize(
    "fresh", [torch.zeros_like, lambda h: h.new_zeros(h.shape), torch.clone, lambda h: 2 * h]
)
@pytest.mark.parametrize(
    "change",
    [
        lambda made, h: made[:, 0].copy_(h[:, 1].detach()),
        lambda made, h: made[:, :1].add_((h[:, :1] > 0).float()),
        lambda made, h: made.view(-1)[0].fill_(float(h.shape[1])).add_(h[0, 0].detach()),
        lambda made, h: made.detach().mul_(h.detach()),
    ],
)
def test_a_change_by_the_name_of_a_part_is_refused_or_seen(fresh, change):
    """What was written there is not taken for what it was, nor for a constant."""
    with pytest.raises(UnsupportedError, match="a change in place of what is used otherwise"):
        _ = Sizes.of(Of(_into(fresh, change)), 2).plans


@pytest.mark.parametrize("fresh", [torch.zeros_like, torch.clone])
@pytest.mark.parametrize(
    "change",
    [
        lambda made, h: made.copy_(h.detach()).mul_(h.detach()),
        lambda made, h: made.fill_(2.0).add_(h.detach()),
        lambda made, h: made[:, 1].fill_(2.0) if not made.requires_grad else made.add_(1),
    ],
)
def test_a_change_of_the_whole_is_seen(fresh, change):
    x = np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32)
    function = _into(fresh, change)
    found, exact = by_lanes(function, x), by_torch(function, x, torch.float64)
    for one, another in zip(found, exact, strict=True):
        np.testing.assert_allclose(one, another, rtol=1e-6, atol=1e-6)


def test_long_chains_are_computed():
    def chain(h: Tensor) -> Tensor:
        for _ in range(400):
            h = h * 0.999 + 0.001
        return h

    x = np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32)
    for found, exact in zip(by_lanes(chain, x), by_torch(chain, x, torch.float32), strict=True):
        np.testing.assert_array_equal(found, exact)


def test_values_that_are_put_in_places_are_broadcast():
    def put(h: Tensor) -> Tensor:
        zeros = torch.zeros_like(h).T
        return zeros.index_put((torch.tensor([0, 1, 1]),), h.T[:1], accumulate=True).T[:, 1]

    x = np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32)
    for found, exact in zip(by_lanes(put, x), by_torch(put, x, torch.float64), strict=True):
        np.testing.assert_allclose(found, exact, rtol=1e-6)
