"""Which networks of one's own can be recorded, and what their code then depends on."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from study.common.errors import InputError
from study.common.shortage import refuse_shortage
from study.engines.lanes.graph.graph import UnsupportedError
from study.engines.lanes.graph.network import Sizes
from study.engines.lanes.graph.single_rows import refuse_neighbours
from study.engines.network_check.quiet import quietly
from study.networks.build import build, import_class
from study.networks.shipped import SHIPPED
from study.recipes.model import ModelRecipe

# Of loops there and back: more of them compile for minutes.
_MOST_LOOPS = 2000
# Of more weights the nearest caches do not hold a block's, and torch, which goes through them
# once for all rows of a batch, is as fast.
_MOST_WEIGHTS = 100_000
# How large the second row is on which a network is recorded.
_LARGE = 100
# What is printed meanwhile, and some of torch's settings, are the whole process's.
_recording = threading.Lock()


def recorded(recipe: ModelRecipe, inputs: int, outputs: int = 1) -> Sizes:
    """What the code of a recipe's network depends on.

    Runs the network on a few rows, and leaves the random generators as they were. Raises
    UnsupportedError with the name of what lanes cannot compute, and InputError where the
    recipe names no network; of what else the network raises nothing is left but its name.
    Shipped networks are known to be fit for lanes, and raise what they raise.
    """
    network_class: Any = import_class(recipe)
    with _recording:
        if network_class in SHIPPED:
            building = _Building(recipe)
            return _shipped(network_class, repr(recipe.arguments), inputs, outputs, building)
        return _own(recipe, inputs, outputs)


class _Building:
    """How a network is built; the same for all recipes, as the cache goes by what they name."""

    def __init__(self, recipe: ModelRecipe) -> None:
        self.build: Callable[[int, int, int], nn.Module] = lambda inputs, outputs, init: build(
            recipe, inputs=inputs, outputs=outputs, init=init
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Building)

    def __hash__(self) -> int:
        return 0


@functools.lru_cache(maxsize=64)
def _shipped(
    network_class: type[nn.Module],
    _arguments: str,
    inputs: int,
    outputs: int,
    building: _Building,
) -> Sizes:
    try:
        sizes = Sizes.of(building.build(inputs, outputs, 0), inputs, outputs=outputs)
        _ = sizes.plans
    except UnsupportedError as error:
        raise InputError(
            f"PyTorch {torch.__version__} computes {network_class.__name__} by '{error}' here, "
            "which lanes do not know: use another version of it"
        ) from error
    return sizes


def _own(recipe: ModelRecipe, inputs: int, outputs: int) -> Sizes:
    """Of a stranger's network: anew each time, as it may follow from more than its arguments."""
    with quietly():
        try:
            network = build(recipe, inputs=inputs, outputs=outputs, init=0)
            if sum(value.numel() for value in network.parameters()) > _MOST_WEIGHTS:
                raise UnsupportedError(f"more than {_MOST_WEIGHTS:,} weights")
            sizes = Sizes.of(network, inputs, outputs=outputs)
            refuse_neighbours(network, inputs, recipe.training.batch_size)
            other = build(recipe, inputs=inputs, outputs=outputs, init=1)
            _refuse_other_sources(other, inputs, sizes)
            if any(len(plan.forward) + len(plan.backward) > _MOST_LOOPS for plan in sizes.plans):
                raise UnsupportedError(f"more than {_MOST_LOOPS:,} loops")
        except UnsupportedError:
            raise
        except (Exception, SystemExit) as error:  # a stranger's network may raise anything
            refuse_shortage(error)
            raise UnsupportedError(type(error).__name__) from error
    return sizes


def _refuse_other_sources(network: nn.Module, inputs: int, sizes: Sizes) -> None:
    """Raise UnsupportedError where another seed's network is computed otherwise, or another row.

    So it is where a network holds random numbers beside its weights, or looks at numbers by NumPy.
    Changes the weights, which may be the same for all seeds.
    """
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for value in network.parameters():
            value.add_(0.1 * torch.randn(value.shape, generator=generator))
    row = -_LARGE * torch.randn(inputs, generator=generator)
    if Sizes.of(network, inputs, row, outputs=sizes.outputs) != sizes:
        raise UnsupportedError("numbers of a row or of a seed beside inputs and weights")
