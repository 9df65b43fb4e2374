"""A try of the work on fewer rows takes what there is to those rows with it."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import shipped
from plain_loop import real

from study.datasets.dataset import Dataset
from study.engines.registry import engine_for
from study.execution.plan import plan
from study.execution.timing import rate
from study.recipes.model import EstimatorRecipe

ROWS = 900
MODELS = {
    "network": shipped("mlp", epochs=2),
    "estimator": EstimatorRecipe(title="Tree", estimator="sklearn.tree:DecisionTreeRegressor"),
}
RELATED = {
    "weights": {"row_weights": 1.0 + np.arange(ROWS) % 3},
    "groups": {"row_groups": np.arange(ROWS) // 7},
    "times": {"row_groups": np.arange(ROWS, dtype=float)},
}


def large(people: Dataset) -> Dataset:
    draw = np.random.default_rng(0)
    x, y = people.pooled
    chosen = draw.integers(len(y), size=ROWS)
    (train_x, test_x), (train_y, test_y) = (np.split(part[chosen], [600]) for part in (x, y))
    return replace(people, train_x=train_x, train_y=train_y, test_x=test_x, test_y=test_y)


@pytest.mark.parametrize("related", RELATED)
@pytest.mark.parametrize("model", MODELS)
def test_rows_that_count_or_belong_together_are_timed(people, model, related):
    data = replace(large(people), **RELATED[related])
    engine = engine_for(MODELS[model], len(data.features))
    (block,) = (
        of for of in plan({model: engine}, data, real(0), stored=set()).blocks if of.model == model
    )
    assert rate(block, data).of(block) > 0
