"""A block of replicates that are trained and measured at once, and what it costs."""

from dataclasses import dataclass

from study.common.vocabulary import CLOSED_FORM
from study.engines.replicates import Replicate
from study.engines.sklearn_models import SKLEARN
from study.engines.train import LANES
from study.recipes.model import Contender, ModelRecipe
from study.store.records import Key

# What fitting one counts for each row, and predicting: between boosted trees and forests.
_FIT, _PREDICT = 10_000, 500
# What each module counts in a step by torch, whatever the rows are, and in predicting a row; and
# weights that a row meets for one more.
_STEP, _CALL, _WEIGHTS = 1400, 5, 250


@dataclass(frozen=True)
class Block:
    """Replicates of one model that are trained and measured at once.

    recipe : None for least squares, which has no replicates and is one
    epochs : 1 for an estimator, which trains itself
    modules, weights : how many the network has, for a rough idea of its cost
    rows : training rows
    predicted : rows that are predicted to measure one of them
    """

    model: str
    recipe: Contender | None
    engine: str
    replicates: tuple[Replicate, ...]
    epochs: int
    modules: int
    rows: int
    predicted: int
    weights: int = 0

    @property
    def size(self) -> int:
        """How many trained models come of it."""
        return len(self.replicates) or 1

    @property
    def keys(self) -> list[Key]:
        """What is stored under when it is done, one for each trained model."""
        if self.recipe is None:
            return [Key(self.model, "real", self.engine, streams=None)]
        return [
            Key(self.model, replicate.condition, self.engine, replicate.streams)
            for replicate in self.replicates
        ]

    @property
    def work(self) -> int:
        """How long it takes, in predictions of a row by one module in lanes: about 10 ns."""
        return self.size * (self.epochs * self.epoch_work + self.predicted * self.row_work)

    @property
    def epoch_work(self) -> int:
        """What one epoch of one replicate counts: there and back is thrice a prediction."""
        if self.engine == SKLEARN:
            return 3 * self.rows * _FIT
        work = 3 * self.rows * self.row_work
        if self.engine in (LANES, CLOSED_FORM) or not isinstance(self.recipe, ModelRecipe):
            return work
        # In small batches, torch's own time and Adam's are most of it.
        steps = -(-self.rows // self.recipe.training.batch_size)
        return work + steps * (_STEP * self.modules + self.weights)

    @property
    def row_work(self) -> int:
        """What one prediction by one replicate counts."""
        if self.engine == SKLEARN:
            return _PREDICT
        if self.engine in (LANES, CLOSED_FORM):
            return self.modules
        return _CALL * self.modules + self.weights // _WEIGHTS
