"""What engines of networks have in common, whatever computes them."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch import nn

from study.common.conditions import find_condition
from study.common.methods import GRADIENTS, METHODS, PREDICTIONS, RETRAINING, STEPS
from study.common.own_code import OwnCode
from study.common.task import NUMBER, Task
from study.common.weights import Layout
from study.datasets.dataset import Dataset
from study.engines.engine import Engine, own_tables
from study.engines.replicates import Replicate, Trained, occasion_epochs
from study.networks.build import build, own_code_of
from study.recipes.model import ModelRecipe


@dataclass(frozen=True)
class NetworkEngine(Engine):
    """Networks of a recipe, trained by its protocol. Raises InputError as it builds them."""

    recipe: ModelRecipe
    inputs: int
    task: Task = NUMBER

    @staticmethod
    def offers(condition: str) -> frozenset[str]:
        offered = frozenset({GRADIENTS, PREDICTIONS})
        return offered | {STEPS, RETRAINING} if find_condition(condition).trained else offered

    @cached_property
    def network(self) -> nn.Module:
        """The architecture, with the weights of seed 0; not to be run."""
        return build(self.recipe, inputs=self.inputs, outputs=self.task.outputs, init=0)

    @cached_property
    def modules(self) -> int:
        """How many modules a network has, for a rough idea of its cost."""
        return len(list(self.network.modules()))

    @cached_property
    def weights(self) -> int:
        """How many numbers a network's parameters are."""
        return sum(value.numel() for value in self.network.parameters())

    @property
    def layout(self) -> Layout:
        return [[name, list(value.shape)] for name, value in self.network.named_parameters()]

    @property
    def own_code(self) -> OwnCode:
        return own_code_of(self.network)

    def train(
        self,
        replicates: Sequence[Replicate],
        x: np.ndarray,
        y: np.ndarray,
        on_work: Callable[[int], None] = lambda _: None,
        *,
        tested: int = 0,
        groups: np.ndarray | None = None,
        weights: np.ndarray | None = None,
    ) -> Trained:
        trained = {replicate.trained for replicate in replicates}
        if len(trained) != 1:
            raise ValueError("replicates must be some, and all of them untrained or none")
        parts = []
        for start in range(0, len(replicates), self.width):
            block = replicates[start : start + self.width]

            def worked(epochs: int, count: int = len(block)) -> None:
                on_work(epochs * count)

            parts.append(self.train_block(block, x, y, worked, tested, groups, weights))
        return Trained.joined(parts)

    @abstractmethod
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
        """Train at most `width` replicates; `on_epochs` is told of epochs of all of them."""

    def kept(self, dataset: Dataset, weights: int, *, own_rows: bool) -> int:
        """What each replicate holds while others are trained or measured, in bytes.

        `weights` is how many of a network are kept as they are. With `own_rows` it holds a table.
        """
        protocol = self.recipe.training
        features, rows = len(dataset.features), max(len(dataset.train_y), len(dataset.test_y))
        batch = min(protocol.batch_size, len(dataset.train_y))
        occasions = len(occasion_epochs(protocol.epochs))
        gradients = 4 * occasions * batch * features
        # scikit-learn keeps each score of each permuted column, and records are Python's numbers.
        scores = 100 * features * dataset.recipe.permutation.repeats
        records = 200 * features * (2 * occasions + len(METHODS))
        # Twice what is joined from the rounds; predictions, and their errors in double precision.
        tables = own_tables(dataset) if own_rows else 0
        return (
            2 * gradients + scores + records + 12 * weights + 32 * rows * self.task.outputs + tables
        )
