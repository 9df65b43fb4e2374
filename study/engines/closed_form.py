"""Least squares in closed form; in its place Poisson regression of counts, logistic of classes.

One solution for some rows, as the weights of a linear network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from study.common.conditions import REAL
from study.common.fit_measures import fit_measures
from study.common.methods import GRADIENTS, PREDICTIONS, RETRAINING
from study.common.task import NUMBER, Task
from study.common.weights import Layout
from study.datasets.dataset import Dataset
from study.datasets.least_squares import least_squares
from study.datasets.poisson_regression import UNBOUNDED, poisson_regression
from study.engines.engine import Cost, Engine, own_tables
from study.engines.lanes.compiler import host_lanes
from study.engines.lanes.prediction import LanesStack
from study.engines.logistic_regression import SEPARATE, logistic_regression
from study.engines.replicates import Replicate, Trained
from study.engines.row_orders import rows_of
from study.networks.build import seeded
from study.networks.linear import Linear
from study.recipes.model import Contender

# Bytes of the tables of all splits of a block.
_MOST_HELD = 2**27


@dataclass(frozen=True)
class ClosedForm(Engine):
    """Least squares and its like: no recipe, and no replicates but for other rows."""

    family = "closed-form"
    recipe = None

    inputs: int
    task: Task = NUMBER

    @classmethod
    def of(cls, recipe: Contender | None, inputs: int, device: str, task: Task) -> Self | None:
        return cls(inputs, task) if recipe is None else None

    @staticmethod
    def offers(condition: str) -> frozenset[str]:
        return frozenset({GRADIENTS, PREDICTIONS, RETRAINING} if condition == REAL else ())

    @property
    def title(self) -> str:
        return fit_measures(self.task).closed_form

    @property
    def threaded(self) -> bool:
        # LAPACK lets go of Python's lock. One thread for each sum is a setting of the process.
        return self.task.loss == "squared error"

    @property
    def layout(self) -> Layout:
        return [[name, list(value.shape)] for name, value in self._network().named_parameters()]

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
        rows = len(y) - tested
        classes = y if self.task.classes else None
        parts = [rows_of(replicate, rows, tested, groups, classes)[0] for replicate in replicates]
        solutions = []
        for own in parts or [np.arange(rows)]:
            solutions.append(
                self._solved(x[own], y[own], None if weights is None else weights[own])
            )
            on_work(1)
        return Trained.joined(solutions)

    def stack(self, trained: Trained) -> LanesStack:
        return LanesStack(self._network(), trained.weights, outputs=self.task.outputs)

    def block_size(
        self, count: int, dataset: Dataset, *, trained: bool, own_rows: bool = False
    ) -> int:
        return max(min(count, _MOST_HELD // own_tables(dataset)), 1)

    def cost(self, rows: int) -> Cost:
        searching = 1 if self.task.loss == "squared error" else 100 * self.task.outputs
        return Cost(epoch=3 * rows * searching, row=self.task.outputs)

    def memory(self, replicates: Sequence[Replicate], dataset: Dataset) -> int:
        # LAPACK works on copies in double precision.
        held = self.held(replicates, dataset)
        held += 6 * 8 * dataset.train_x.size + 32 * host_lanes() * len(dataset.train_y)
        if self.task.classes:  # probabilities, and curvatures
            classes = len(self.task.levels)
            held += 8 * classes * (6 * len(dataset.train_y) + 3 * classes * (self.inputs + 1) ** 2)
        return held

    def held(self, replicates: Sequence[Replicate], dataset: Dataset) -> int:
        return len(replicates) * (own_tables(dataset) + 32 * len(dataset.train_y))

    def _solved(self, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None) -> Trained:
        if self.task.loss == "squared error":
            return Trained.without_steps(least_squares(x, y, weights), 1)
        if self.task.loss == "Poisson":
            (found, lost), said = poisson_regression(x, y, weights), UNBOUNDED
        else:
            (found, lost), said = logistic_regression(x, y, self.task, weights), SEPARATE
        return Trained.without_steps(found, 1, warned=[said] if lost else [])

    def _network(self) -> Linear:
        with seeded(0):
            return Linear(inputs=self.inputs, outputs=self.task.outputs)
