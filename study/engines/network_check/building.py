"""Checks of how a network is made: its class, its parameters, its initial weights."""

import random
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn.parameter import UninitializedParameter

from study.common.findings import FAULT, NOTE, Finding
from study.engines.network_check.subject import Subject, quoted
from study.engines.torch.prediction import BLOCK
from study.networks.build import MOST_WEIGHTS, seeded

# Of one network. A value of a SQLite database is at most 10^9 bytes.
_MANY_WEIGHTS = 1_000_000


# -- it can be built ---------------------------------------------------------------------------
def importing(subject: Subject) -> Iterator[Finding]:
    """N001: the class can be imported."""
    _ = subject.network_class
    yield from ()


def taking_arguments(subject: Subject) -> Iterator[Finding]:
    """N002: it takes inputs and the recipe's arguments by name."""
    _ = subject.arguments
    yield from ()


def being_built(subject: Subject) -> Iterator[Finding]:
    """N003: it can be built."""
    subject.network(training=True)
    yield from ()


# -- it is made of its parameters --------------------------------------------------------------
def having_parameters(subject: Subject) -> Iterator[Finding]:
    """N004: parameters are float32 and trained."""
    parameters = dict(subject.network(training=True).named_parameters())
    if not parameters:
        yield Finding(FAULT, "it has no parameters", "assign layers or nn.Parameter to self")
    for what, remedy, wrong in (
        (
            "not initialised",
            "give lazy layers their sizes: torch.nn.Linear(inputs, ...) for LazyLinear(...)",
            lambda value: isinstance(value, UninitializedParameter),
        ),
        (
            "not float32",
            "the harness stores and trains float32: no .double() or .half(), no other dtype",
            lambda value: value.dtype != torch.float32,
        ),
        (
            "frozen (requires_grad=False)",
            "the harness trains every parameter: make a constant of it by register_buffer",
            lambda value: not value.requires_grad,
        ),
        (
            "not finite at the start",
            "torch.empty leaves what was in memory: fill it by torch.nn.init",
            lambda value: not torch.isfinite(value).all(),
        ),
    ):
        names = [name for name, value in parameters.items() if wrong(value)]
        if names:
            yield Finding(FAULT, f"parameter {quoted(names)} is {what}", remedy)
            return


def initial_weights(subject: Subject) -> Iterator[Finding]:
    """N006: initial weights follow from the seed alone."""
    (first, first_end), (again, _), (other, other_end) = (
        _initial(subject, init, elsewhere) for init, elsewhere in ((0, 1), (0, 2), (1, 1))
    )
    if _shapes(first) != _shapes(again) or _shapes(first) != _shapes(other):
        yield Finding(
            FAULT,
            "its parameters have other names or shapes when it is built again",
            "let names and shapes follow from inputs and the recipe's arguments alone",
        )
    elif names := [name for name in first if not torch.equal(first[name], again[name])]:
        yield Finding(
            FAULT,
            f"parameter {quoted(names)} starts elsewhere when the same seed is built again",
            "draw initial weights by torch alone (torch.nn.init), not by numpy or random",
        )
    elif torch.equal(first_end, other_end):
        yield Finding(
            FAULT,
            "__init__ seeds torch's generator, so that seeds do not differ",
            "take torch.manual_seed out of it: the harness seeds every network",
        )
    elif all(torch.equal(first[name], other[name]) for name in first):
        yield Finding(NOTE, "all seeds start from the same weights", "nothing, if that is meant")


def _initial(subject: Subject, init: int, elsewhere: int) -> tuple[dict[str, Tensor], Tensor]:
    """Initial weights of a seed, with other generators seeded `elsewhere`; torch's end state."""
    random.seed(elsewhere)
    np.random.seed(elsewhere)  # noqa: NPY002
    with seeded(init):
        network = subject.network_class(**subject.arguments)
        end = torch.get_rng_state()
    return {name: value.detach() for name, value in network.named_parameters()}, end


def _shapes(parameters: dict[str, Tensor]) -> list[tuple[str, torch.Size]]:
    return [(name, value.shape) for name, value in parameters.items()]


def being_stored(subject: Subject) -> Iterator[Finding]:
    """N005: its weights can be stored."""
    count = sum(value.numel() for value in subject.network(training=False).parameters())
    if count > MOST_WEIGHTS:
        what = f"it has {count:,} weights, and at most {MOST_WEIGHTS:,} can be stored"
        yield Finding(FAULT, what, "make it smaller")
    elif count > _MANY_WEIGHTS:
        # Weights, gradients, and Adam's two moments, of the networks trained at once.
        memory, disk = BLOCK * count * 4 * 4 / 1e9, 60 * count * 4 / 1e9
        yield Finding(
            NOTE,
            f"it has {count:,} weights: training holds {memory:.1f} GB or more for each worker, "
            f"and 20 seeds take {disk:.1f} GB on disk",
            "fewer --workers, fewer seeds, or a smaller network",
        )
