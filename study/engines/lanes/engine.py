"""Networks on the processor, one seed in each lane."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np

from study.common.findings import NOTE
from study.common.task import Task
from study.datasets.dataset import Dataset
from study.engines.engine import Cost
from study.engines.lanes.compiler import host_lanes
from study.engines.lanes.graph.graph import UnsupportedError
from study.engines.lanes.graph.network import Sizes
from study.engines.lanes.graph.recorded import recorded
from study.engines.lanes.prediction import LanesStack
from study.engines.lanes.training import epochs_at_once, train_block
from study.engines.network_check.check import NEIGHBOURS, refuse_unfit
from study.engines.network_engine import NetworkEngine
from study.engines.replicates import Replicate, Trained, occasion_epochs
from study.networks.build import Unfit, import_class
from study.networks.shipped import SHIPPED
from study.recipes.model import Contender, ModelRecipe

# Replicates in a block: as few as lanes are, for an even share of work, up to so many that
# scikit-learn's own work, which a block pays once, does not show.
_MOST_IN_BLOCK = 128
_SHIPPED = [f"{kind.__module__}:{kind.__qualname__}" for kind in SHIPPED]
# So many weights that a row meets count for one.
_WEIGHTS = 14
# What all replicates of a block hold, in bytes, if more than one round of lanes do.
_MOST_HELD = 2**27


def not_in_lanes(recipe: ModelRecipe, inputs: int, outputs: int = 1) -> str | None:
    """What keeps the networks of a recipe from being computed in lanes; None if nothing does.

    Raises InputError where what the recipe names cannot be imported.
    """
    if import_class(recipe) in SHIPPED:
        return None
    try:
        recorded(recipe, inputs, outputs)
    except UnsupportedError as error:
        return str(error)
    return None


@dataclass(frozen=True)
class Lanes(NetworkEngine):
    """Networks in lanes: those whose operations are known there.

    lanes : 8, 16 or 32; what suits the machine if not given. It shows in the time alone.
    known : of a network of one's own, what its code depends on; recorded if not given
    """

    family = "lanes"
    lanes: int | None = None
    known: Sizes | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, recipe: Contender | None, inputs: int, device: str, task: Task) -> Self | None:
        """As every engine's. Raises UnsupportedError with what lanes do not know of a network."""
        if not isinstance(recipe, ModelRecipe) or device != "cpu":
            return None
        if import_class(recipe) in SHIPPED:
            return cls(recipe, inputs, task)
        return cls(recipe, inputs, task, known=recorded(recipe, inputs, task.outputs))

    @property
    def threaded(self) -> bool:
        # Kernels let go of Python's lock. A stranger's code is run in a process of its own, and
        # is not imported for this.
        return self.recipe.network in _SHIPPED

    @property
    def name(self) -> str:
        # The number is that of the arithmetic: it moves on when a digit of a result does.
        return f"{self.family}-1"

    @property
    def width(self) -> int:
        return self.lanes or host_lanes()

    @property
    def _shipped(self) -> bool:
        return import_class(self.recipe) in SHIPPED

    @cached_property
    def sizes(self) -> Sizes:
        """What the network's code depends on."""
        return self.known or recorded(self.recipe, self.inputs, self.task.outputs)

    def check(self, dataset: Dataset, *, known: bool) -> None:
        if self._shipped:
            # Whether it takes the recipe's arguments; all else of it has been checked.
            _ = self.network
            return
        found = refuse_unfit(self.recipe, dataset.train_x, dataset.test_x, self.task.outputs)
        if any(finding.code == NEIGHBOURS and finding.outcome == NOTE for finding in found):
            # It had none in the batches on which lanes were chosen.
            what = "a row depends on its neighbours in batches of some sizes or values alone"
            raise Unfit(self.recipe, what, "let it depend on them always, or never")

    def train_block(
        self,
        replicates: Sequence[Replicate],
        x: np.ndarray,
        y: np.ndarray,
        on_epochs: Callable[[int], None],
        tested: int,
        groups: np.ndarray | None,
        weights: np.ndarray | None,
    ) -> Trained:
        # A few replicates are trained faster in few lanes.
        lanes = 8 if self.lanes is None and len(replicates) <= 8 else self.width
        return train_block(
            self.recipe,
            self.sizes,
            self.task,
            replicates,
            x,
            y,
            on_epochs,
            lanes,
            tested,
            groups,
            weights,
        )

    def stack(self, trained: Trained) -> LanesStack:
        return LanesStack(
            self.network, trained.weights, sizes=self.sizes, outputs=self.task.outputs
        )

    def block_size(
        self, count: int, dataset: Dataset, *, trained: bool, own_rows: bool = False
    ) -> int:
        held = self.kept(dataset, self.weights, own_rows=own_rows)
        most = min(_MOST_IN_BLOCK, _MOST_HELD // held)
        share = count // 8 if trained else most
        return self.width * max(min(share, most) // self.width, 1)

    def cost(self, rows: int) -> Cost:
        # There and back is thrice a prediction.
        row = self.modules if self._shipped else max(self.modules, self.weights // _WEIGHTS)
        return Cost(epoch=3 * rows * row, row=row)

    def memory(self, replicates: Sequence[Replicate], dataset: Dataset) -> int:
        lanes, inputs, rows = host_lanes(), len(dataset.features), len(dataset.train_y)
        weights, protocol = self.weights, self.recipe.training
        decisions, room = self.sizes.decisions, self.sizes.room
        batch = min(protocol.batch_size, rows)
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
        outputs = self.task.outputs
        gradients = 8 * min(
            2**22 + lanes * inputs * outputs, len(replicates) * dataset.test_x.size * outputs
        )
        # Permuted tables as one, looked up and laid out for lanes.
        permuted = 3 * 4 * LanesStack.at_once
        held = self.held(replicates, dataset)
        return held + scratch + one_round + gradients + permuted + 4 * 4 * dataset.test_x.size

    def held(self, replicates: Sequence[Replicate], dataset: Dataset) -> int:
        own_rows = any(replicate.streams.own_rows for replicate in replicates)
        return len(replicates) * self.kept(dataset, self.weights, own_rows=own_rows)
