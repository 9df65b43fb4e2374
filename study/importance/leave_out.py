"""What models lose that are trained without a variable, but for that alike (leave-out, LOCO).

The variable's columns stand at one value in all rows, in training and in test: they tell nothing,
and the architecture, the initial weights and all that a seed draws stay what they are, so that a
model and the same without the variable make a pair (Lei, G'Sell, Rinaldo, Tibshirani and Wasserman,
2018, Journal of the American Statistical Association 113).
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager

import numpy as np

from study.common.methods import LEAVE_OUT
from study.datasets.dataset import Dataset
from study.engines.engine import Engine
from study.engines.replicates import Replicate
from study.importance.models import Models, Predict, Without
from study.importance.scores import Importance
from study.importance.scoring import score_of

Tell = Callable[[int], None]


def importances(models: Models, wanted: Collection[str]) -> list[Importance]:
    """Drop in the score on the test rows without each variable, and each group of variables."""
    if LEAVE_OUT not in wanted:
        return []
    data, sample = models.dataset, models.sample
    score = score_of(data)

    def scored(predict: Predict) -> np.ndarray:
        return score(sample.test_y, predict(sample.test_x), sample.test_weights)

    assert models.without is not None
    whole = scored(models.stack.predict)
    lost = [whole - scored(models.without(columns)) for columns in left_out(data)]
    return [Importance(LEAVE_OUT, np.stack(lost, axis=1), signed=None)]


def left_out(dataset: Dataset) -> list[list[int]]:
    """The columns without which models are trained: of variables, then of groups of variables."""
    named = (dataset.blocks[name] for name in dataset.recipe.variable_groups)
    return [list(columns) for columns in (*dataset.groups, *named)]


def trained_without(
    engine: Engine,
    dataset: Dataset,
    replicates: Sequence[Replicate],
    training: Callable[[], AbstractContextManager[Tell]],
) -> Without:
    """Trains replicates anew without some columns, and gives their predictions.

    training : tells of a training, by what is called with its epochs that are done
    """

    def without(columns: Sequence[int]) -> Predict:
        held = dataset.train_x[:, list(columns)].mean(axis=0)
        x, y = dataset.pooled
        with training() as tell:
            trained = engine.train(
                replicates,
                _holding(x, columns, held),
                y,
                tell,
                tested=len(dataset.test_y),
                groups=dataset.row_groups,
                weights=dataset.row_weights,
            )
        stack = engine.stack(trained)
        return lambda x: stack.predict(_holding(x, columns, held))

    return without


def _holding(x: np.ndarray, columns: Sequence[int], values: np.ndarray) -> np.ndarray:
    """The same with some columns at one value each: (..., features)."""
    held = x.copy()
    held[..., list(columns)] = values
    return held
