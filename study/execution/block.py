"""A block of replicates that are trained and measured at once, and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from study.common.conditions import REAL, find_condition
from study.common.errors import StudyError
from study.common.methods import DEFAULT_METHODS
from study.engines.engine import Cost, Engine
from study.engines.replicates import Replicate
from study.store.records import Key


class Broken(StudyError):
    """Workers that cannot work on, whatever the block."""


@dataclass(frozen=True)
class Block:
    """Replicates of one model that are trained and measured at once.

    replicates : all of them untrained or none; least squares has none, and is one
    rows : training rows
    predicted : rows that are predicted to measure one of them
    code : the modules of the model's own code with their SHA-256, as whoever planned it has them
    methods : importance methods by which they are scored, as far as they offer what it takes
    left_out : how often each is trained again for that, without a variable or some
    """

    model: str
    engine: Engine
    replicates: tuple[Replicate, ...]
    rows: int
    predicted: int
    code: Mapping[str, str] = field(default_factory=dict)
    methods: tuple[str, ...] = DEFAULT_METHODS
    left_out: int = 0

    @property
    def size(self) -> int:
        """How many trained models come of it."""
        return len(self.replicates) or 1

    @property
    def condition(self) -> str:
        """That of one replicate; real and shuffled ones may be in one block."""
        return self.replicates[0].condition if self.replicates else REAL

    @property
    def keys(self) -> list[Key]:
        """What is stored under when it is done, one for each trained model."""
        if not self.replicates:
            return [Key(self.model, self.condition, self.engine.name, streams=None)]
        return [
            Key(self.model, replicate.condition, self.engine.name, replicate.streams)
            for replicate in self.replicates
        ]

    @property
    def offers(self) -> frozenset[str]:
        """What can be asked of its models, as engines have it."""
        return self.engine.offers(self.condition)

    @property
    def epochs(self) -> int:
        """Epochs of training."""
        return self.engine.epochs if find_condition(self.condition).trained else 0

    @property
    def cost(self) -> Cost:
        """What an epoch and a prediction of one replicate count."""
        return self.engine.cost(self.rows)

    @property
    def work(self) -> int:
        """How long it takes, in predictions of a row by one module in lanes: about 10 ns."""
        cost = self.cost
        epochs = self.epochs * (1 + self.left_out)
        return self.size * (epochs * cost.epoch + self.predicted * cost.row)
