"""What the study asks of an engine, and of the models that it trained.

An engine is how the models of one recipe are trained, for data of so many features. Everything
else takes the engine as it is: a new one is a class of its own and a line in `registry`.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np

from study.common.methods import PREDICTIONS
from study.common.own_code import NO_CODE, OwnCode
from study.common.task import Task
from study.common.weights import Layout
from study.datasets.column_frame import ColumnFrame
from study.datasets.dataset import Dataset, Gap
from study.engines.replicates import Replicate, Trained
from study.recipes.model import Contender, Protocol


class Stack(ABC):
    """Trained models of one recipe, predicting and differentiating as one.

    What they are given is a table for all, (rows, features), or one for each model,
    (models, rows, features).

    size : number of models
    offers : GRADIENTS, if they have any, and PREDICTIONS; or WHOLE_VARIABLES
    at_once : how many numbers of tables they rather predict in one call, as starting takes long
    """

    size: int
    offers: ClassVar[frozenset[str]] = frozenset({PREDICTIONS})
    at_once: ClassVar[int] = 0

    @abstractmethod
    def predict(self, x: np.ndarray) -> np.ndarray:
        """Raw outputs of each row alone: (models, rows), or (models, rows, classes).

        The prediction of a number, the log-odds of the second of two classes, or a logit for each
        of more. A row is predicted as a batch of one, so that no prediction depends on its
        neighbours, whatever a network does along its batch.
        """

    def predict_together(self, x: np.ndarray) -> np.ndarray:
        """The same of all rows of a table as one batch."""
        return self.predict(x)

    def gradient_parts(self, x: np.ndarray) -> Iterator[np.ndarray]:
        """Gradients of each row's raw outputs: (models, rows, features).

        Of more than two classes (models, rows, classes, features), of each logit less their mean,
        which probabilities do not depend on. Of some rows after others, as they need not have
        room all at once.
        """
        raise NotImplementedError(f"{type(self).__name__} has no gradients")


@dataclass(frozen=True)
class Cost:
    """What work counts, in predictions of a row by one module in lanes: about 10 ns.

    epoch : one epoch of one model; row : one prediction by one model
    """

    epoch: int
    row: int


class Engine(ABC):
    """How the models of one recipe are trained.

    Engines are frozen dataclasses, and travel to workers as their fields alone. One is made
    without running a stranger's code but for importing what its recipe names, and for seeing what
    a network does with a few rows; all that its methods raise beside what they say is of such
    code.

    Attributes
    ----------
    family : what the names of all its engines are, or begin with before a hyphen
    recipe : None for least squares, which has none
    task : what they learn
    width : how many models are trained at a time
    """

    family: ClassVar[str]
    recipe: Contender | None
    task: Task

    @classmethod
    @abstractmethod
    def of(cls, recipe: Contender | None, inputs: int, device: str, task: Task) -> Self | None:
        """This engine for the models of a recipe; None where it does not train them.

        inputs : features of the data; device : one of torch's. Raises InputError where what the
        recipe names cannot be imported.
        """

    @staticmethod
    @abstractmethod
    def offers(condition: str) -> frozenset[str]:
        """What can be asked of models of a condition; nothing where there are none."""

    @property
    def name(self) -> str:
        """What stands beside each result, as engines agree in distribution and not in digits."""
        return self.family

    @property
    def title(self) -> str:
        """What its models are called."""
        return self.recipe.title if self.recipe else self.name

    @property
    def import_path(self) -> str | None:
        """The class that the recipe names, "module:Class"; None if it names none."""
        return self.recipe.import_path if self.recipe else None

    @property
    def protocol(self) -> Protocol | None:
        """The protocol of training by steps; None where models train themselves."""
        return self.recipe.training if self.recipe else None

    @property
    def epochs(self) -> int:
        """Epochs of training; 1 where models train themselves."""
        return self.protocol.epochs if self.protocol else 1

    @property
    def layout(self) -> Layout:
        """Names and shapes of a model's weights; empty where none are kept. Raises InputError."""
        return []

    @property
    def threaded(self) -> bool:
        """Whether several may be at work in threads of one process."""
        return False

    @property
    def seeded(self) -> bool:
        """Whether a seed makes a difference to a model on the same rows and labels."""
        return True

    @property
    def note(self) -> str | None:
        """What is to be said, in a line, of how its models are trained."""
        return None

    @property
    def width(self) -> int:
        return 1

    def keeping(self, gaps: Sequence[Gap]) -> Self:
        """The same engine, of which models that take NaN are given it where values are missing."""
        return self

    def reading(self, columns: ColumnFrame) -> Self:
        """The same engine, of which models that take columns of a table are given these."""
        return self

    def rounds(self, count: int) -> int:
        """How often it sets out to train so many models."""
        return math.ceil(count / self.width)

    def check(self, dataset: Dataset, *, known: bool) -> None:  # noqa: B027
        """Raise InputError unless its models can be trained on the data, and measured.

        `known` says that some of them are stored: a check that takes long may be left out.
        """

    def differs(self, dataset: Dataset) -> str | None:
        """What is not the same when a model is trained twice by one seed; None if nothing is."""
        return None

    @property
    def own_code(self) -> OwnCode:
        """The code of its models, but for what comes with a library that is known."""
        return NO_CODE

    @abstractmethod
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
        """Train replicates, each exactly as if it were alone.

        Parameters
        ----------
        replicates : condition `shuffled` permutes the training labels; `untrained` keeps the
            initial weights, and does not go together with the others. Least squares has none,
            or those of splits.
        x, y : what they learn from, (rows, features) and (rows,), float32; y of classes are their
            numbers
        on_work : called now and then with the work done since, in epochs of one replicate
        tested : how many of the last rows are test rows, from which replicates with rows of
            their own alone may learn, as `row_orders` has it
        groups : (rows,) int, rows of one number stay together wherever rows are drawn; or float,
            the times by which rows stand in order; None where each is on its own
        weights : (rows,) what the loss of each row counts in proportion; None where all count
            the same

        Raises StudyError.
        """

    @abstractmethod
    def stack(self, trained: Trained) -> Stack:
        """The models that were trained, or whose weights are stored."""

    def block_size(
        self, count: int, dataset: Dataset, *, trained: bool, own_rows: bool = False
    ) -> int:
        """How many of `count` replicates make a block. It changes no result.

        Unless `trained`, only measuring counts. With `own_rows`, each holds a table of its own.
        """
        return self.width

    @abstractmethod
    def cost(self, rows: int) -> Cost:
        """What work counts with so many rows of training, roughly. Raises InputError."""

    @abstractmethod
    def memory(self, replicates: Sequence[Replicate], dataset: Dataset) -> int:
        """Bytes that training and measuring replicates at once take at most, with what is kept.

        Beyond what a process holds that has the program loaded. What lies on a GPU does not
        count. Raises InputError.
        """

    @abstractmethod
    def held(self, replicates: Sequence[Replicate], dataset: Dataset) -> int:
        """Bytes of that which stay with trained replicates while others are trained.

        Raises InputError.
        """

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]


def own_tables(dataset: Dataset) -> int:
    """Bytes that a replicate with rows of its own holds of them while it is measured."""
    # Both tables, a permuted one, and copies in the order of the engine.
    return 4 * (2 * dataset.train_x.size + 4 * dataset.test_x.size)
