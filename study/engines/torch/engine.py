"""Networks of any kind, by PyTorch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np

from study.common.task import Task
from study.datasets.dataset import Dataset
from study.engines.engine import Cost, Stack
from study.engines.lanes.engine import not_in_lanes
from study.engines.lanes.prediction import LanesStack
from study.engines.network_check.check import refuse_unfit
from study.engines.network_engine import NetworkEngine
from study.engines.replicates import Replicate, Trained, occasion_epochs
from study.engines.torch.memory import live
from study.engines.torch.prediction import BLOCK, ROWS, TorchStack
from study.engines.torch.training import train_block
from study.networks.build import build
from study.networks.shipped import SHIPPED
from study.recipes.model import Contender, ModelRecipe

# What each module counts in a step, whatever the rows are, and in predicting a row; and weights
# that a row meets for one more.
_STEP, _CALL, _WEIGHTS = 1400, 5, 250
# What torch loads when it first trains, in bytes.
_LATER = 100 * 2**20


@dataclass(frozen=True)
class Torch(NetworkEngine):
    """Any network by torch.func, on one of torch's devices.

    missing : what lanes do not know of the network; they are asked if not given
    """

    family = "torch"

    device: str = "cpu"
    missing: str | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, recipe: Contender | None, inputs: int, device: str, task: Task) -> Self | None:
        return cls(recipe, inputs, task, device) if isinstance(recipe, ModelRecipe) else None

    @property
    def name(self) -> str:
        # The block size is part of the name, since it may show in the last bits of a result.
        return f"{self.family}-{BLOCK}" + ("" if self.device == "cpu" else f"-{self.device}")

    @cached_property
    def note(self) -> str | None:
        if self.device != "cpu":
            return None
        missing = self.missing or not_in_lanes(self.recipe, self.inputs, self.task.outputs)
        return missing and f"trained by PyTorch, as lanes do not know this of it: {missing}"

    @property
    def width(self) -> int:
        return BLOCK

    def check(self, dataset: Dataset, *, known: bool) -> None:
        if not self._shipped:  # those have been checked
            refuse_unfit(self.recipe, dataset.train_x, dataset.test_x, self.task.outputs)

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
        return train_block(
            self.recipe,
            self.task,
            replicates,
            x,
            y,
            on_epochs,
            self.device,
            tested,
            groups,
            weights,
        )

    @property
    def _shipped(self) -> bool:
        return type(self.network) in SHIPPED

    def stack(self, trained: Trained) -> Stack:
        if self._shipped:  # trained on a GPU, and measured as if it had been trained in lanes
            return LanesStack(self.network, trained.weights, outputs=self.task.outputs)
        # Built anew, as a stranger's network may keep something of what it has met.
        network = build(self.recipe, inputs=self.inputs, outputs=self.task.outputs, init=0)
        return TorchStack(network, trained.weights)

    def cost(self, rows: int) -> Cost:
        row = _CALL * self.modules + self.weights // _WEIGHTS
        # In small batches, torch's own time and Adam's are most of it.
        steps = -(-rows // self.recipe.training.batch_size)
        return Cost(3 * rows * row + steps * (_STEP * self.modules + self.weights), row)

    def memory(self, replicates: Sequence[Replicate], dataset: Dataset) -> int:
        inputs, rows = len(dataset.features), len(dataset.train_y)
        tested, most = len(dataset.test_y), max(len(dataset.train_y), len(dataset.test_y))
        trained, protocol = replicates[0].trained, self.recipe.training
        stacked = 4 * BLOCK * self.weights
        batch = min(protocol.batch_size, rows)
        network = build(self.recipe, inputs=inputs, outputs=self.task.outputs, init=0)
        try:
            predicting, differentiating = live(network, inputs)
        except Exception:  # a stranger's network fails again in its block, and is named there
            predicting = differentiating = 0
        # Gradients of the weights, Adam's moments; all on the GPU, if there is one.
        training = (8 if self.device == "cpu" else 2) * stacked if trained else 2 * stacked
        occasions = len(occasion_epochs(protocol.epochs)) if trained else 0
        training += 8 * BLOCK * rows * 7 + 3 * 4 * BLOCK * occasions * batch * inputs
        training += 2 * batch * differentiating
        if protocol.patience:  # the best weights, and predictions of validation rows
            training += 2 * stacked + min(protocol.held_out(rows), ROWS) * predicting
        measuring = 3 * stacked + max(most * predicting, min(tested, ROWS) * differentiating)
        slopes = 2 * BLOCK * self.task.outputs + 10
        measuring += 4 * inputs * min(tested, ROWS) * slopes
        return _LATER + self._kept_by_all(replicates, dataset) + max(training, measuring)

    def held(self, replicates: Sequence[Replicate], dataset: Dataset) -> int:
        return 2 * 4 * BLOCK * self.weights + self._kept_by_all(replicates, dataset)

    def _kept_by_all(self, replicates: Sequence[Replicate], dataset: Dataset) -> int:
        """What a block keeps beside its weights."""
        own_rows = any(replicate.streams.own_rows for replicate in replicates)
        return BLOCK * self.kept(dataset, 0, own_rows=own_rows)
