"""Built-in networks on the processor, one seed in each lane."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from study.datasets.dataset import Dataset
from study.engines.engine import Cost
from study.engines.lanes.compiler import host_lanes
from study.engines.lanes.kernels import decisions_and_room
from study.engines.lanes.networks import BUILT_IN, Sizes, sizes_of
from study.engines.lanes.prediction import LanesStack
from study.engines.lanes.training import epochs_at_once, train_block
from study.engines.network_engine import NetworkEngine
from study.engines.replicates import Replicate, Trained, occasion_epochs
from study.networks.build import import_class
from study.recipes.model import Contender, ModelRecipe

# Replicates in a block: as few as lanes are, for an even share of work, up to so many that
# scikit-learn's own work, which a block pays once, does not show.
_MOST_IN_BLOCK = 128
# What all replicates of a block hold, in bytes, if more than one round of lanes do.
_MOST_HELD = 2**27


@dataclass(frozen=True)
class Lanes(NetworkEngine):
    """The built-in networks in lanes.

    lanes : 8, 16 or 32; what suits the machine if not given. It shows in the time alone.
    """

    family = "lanes"
    # Kernels let go of Python's lock.
    threaded = True

    lanes: int | None = None

    @classmethod
    def of(cls, recipe: Contender | None, inputs: int, device: str) -> Self | None:
        if not isinstance(recipe, ModelRecipe) or device != "cpu":
            return None
        return cls(recipe, inputs) if import_class(recipe) in BUILT_IN else None

    @property
    def name(self) -> str:
        # The number is that of the arithmetic: it moves on when a digit of a result does.
        return f"{self.family}-1"

    @property
    def width(self) -> int:
        return self.lanes or host_lanes()

    @property
    def sizes(self) -> Sizes:
        """What the network's code depends on."""
        sizes = sizes_of(self.network)
        assert sizes is not None
        return sizes

    def check(self, dataset: Dataset, *, known: bool) -> None:
        # Whether it takes the recipe's arguments; all else of it has been checked.
        _ = self.network

    def train_block(
        self,
        replicates: Sequence[Replicate],
        x: np.ndarray,
        y: np.ndarray,
        on_epochs: Callable[[int], None],
        tested: int,
        groups: np.ndarray | None,
    ) -> Trained:
        # A few replicates are trained faster in few lanes.
        lanes = 8 if self.lanes is None and len(replicates) <= 8 else self.width
        return train_block(
            self.recipe, self.sizes, replicates, x, y, on_epochs, lanes, tested, groups
        )

    def stack(self, trained: Trained) -> LanesStack:
        return LanesStack(self.network, trained.weights)

    def block_size(
        self, count: int, dataset: Dataset, *, trained: bool, own_rows: bool = False
    ) -> int:
        held = self.kept(dataset, self.weights, own_rows=own_rows)
        most = min(_MOST_IN_BLOCK, _MOST_HELD // held)
        share = count // 8 if trained else most
        return self.width * max(min(share, most) // self.width, 1)

    def cost(self, rows: int) -> Cost:
        # There and back is thrice a prediction.
        return Cost(epoch=3 * rows * self.modules, row=self.modules)

    def memory(self, replicates: Sequence[Replicate], dataset: Dataset) -> int:
        lanes, inputs, rows = host_lanes(), len(dataset.features), len(dataset.train_y)
        weights, protocol = self.weights, self.recipe.training
        decisions, room = decisions_and_room(self.sizes)
        batch = min(protocol.batch_size, rows)
        own_rows = any(replicate.streams.own_rows for replicate in replicates)
        held = len(replicates) * self.kept(dataset, weights, own_rows=own_rows)
        scratch = 3 * 4 * lanes * (room + weights)  # of three kernels
        # Adam's moments, and copies on the way in and out; torch's modules are large.
        one_round = lanes * (32 * weights + 6000 * self.modules)
        if replicates[0].trained:
            epochs = min(epochs_at_once(rows, weights, protocol.patience), protocol.epochs)
            one_round += 8 * lanes * rows * (2 + 5 * epochs)
            occasions = len(occasion_epochs(protocol.epochs))
            one_round += 4 * lanes * batch * inputs * (epochs + 1 + 3 * occasions)
            one_round += (64 + lanes) * batch * decisions
            one_round += 64 * epochs * math.ceil(rows / batch)
            one_round += 4 * lanes * weights if protocol.patience else 0  # the best ones
        gradients = 8 * min(2**22 + lanes * inputs, len(replicates) * dataset.test_x.size)
        # Permuted tables as one, looked up and laid out for lanes.
        permuted = 3 * 4 * LanesStack.at_once
        return held + scratch + one_round + gradients + permuted + 4 * 4 * dataset.test_x.size
