"""Rows that count more than others in training."""

import numpy as np
import pytest
from conftest import shipped
from plain_loop import real
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from study.common.errors import InputError
from study.common.streams import StreamSeeds
from study.common.task import NUMBER, Task
from study.engines.engine import Engine
from study.engines.lanes.engine import Lanes
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.engines.torch.engine import Torch
from study.recipes.model import EstimatorRecipe

TASKS = {"number": NUMBER, "two": Task(("no", "yes")), "three": Task(("a", "b", "c"))}
each_task = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
each_engine = pytest.mark.parametrize("engine", [Lanes, Torch])


def rows(people, task: Task) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, targets and whole weights of 60 rows, some of weight 0."""
    x, y = people.train_x[:60], people.train_y[:60]
    weights = np.random.default_rng(0).integers(4, size=60).astype(np.float32)
    if task.classes:
        cuts = np.quantile(y, np.arange(1, len(task.levels)) / len(task.levels))
        y = np.searchsorted(cuts, y).astype(np.float32)
    return x, y, weights


def trained(engine, task, x, y, weights=None, *, replicates=None, epochs=25, **protocol):
    recipe = shipped("mlp", epochs=epochs, **{"batch_size": 1000, **protocol})
    return engine(recipe, 8, task).train(replicates or real(0, 1), x, y, weights=weights)


@each_engine
@each_task
def test_whole_weights_are_repeated_rows_of_one_full_batch(people, engine, task):
    x, y, weights = rows(people, task)
    repeated = (np.repeat(part, weights.astype(int), axis=0) for part in (x, y))
    one, other = trained(engine, task, x, y, weights), trained(engine, task, *repeated)
    np.testing.assert_allclose(one.losses, other.losses, rtol=1e-4, atol=1e-6)
    for name, values in one.weights.items():
        np.testing.assert_allclose(values, other.weights[name], rtol=0, atol=1e-4)
    alike = trained(engine, task, x, y)
    assert np.abs(alike.losses - one.losses).max() > 1e-3


@each_engine
@each_task
def test_only_the_proportions_of_weights_count(people, engine, task):
    """Powers of two change no bit; weights that are all the same are none."""
    x, y, weights = rows(people, task)
    one, other = (trained(engine, task, x, y, size * weights, epochs=3) for size in (1, 8))
    same, none = (trained(engine, task, x, y, of, epochs=3) for of in (np.full(60, 2.0), None))
    for name in one.weights:
        np.testing.assert_array_equal(one.weights[name], other.weights[name])
        np.testing.assert_allclose(same.weights[name], none.weights[name], rtol=0, atol=1e-6)


@each_task
def test_both_engines_weigh_mini_batches_and_validation_rows_alike(people, task):
    """A row keeps its weight when it is given another label, and where it is drawn again."""
    x, y, weights = rows(people, task)
    replicates = [
        *real(0, 1),
        Replicate("shuffled", StreamSeeds.of(2)),
        Replicate("real", StreamSeeds(3, 3, 3, 3, 8)),
    ]
    how = {"replicates": replicates, "epochs": 12, "batch_size": 7, "patience": 4}
    one, other = (trained(engine, task, x, y, weights, **how) for engine in (Lanes, Torch))
    np.testing.assert_array_equal(one.epochs, other.epochs)
    np.testing.assert_allclose(one.losses, other.losses, rtol=0, atol=1e-4)
    np.testing.assert_allclose(one.occasions, other.occasions, rtol=0, atol=1e-4)
    alike = trained(Lanes, task, x, y, **how)
    assert np.abs(alike.losses[:, 0] - one.losses[:, 0]).min() > 1e-3


@each_engine
def test_rows_that_count_nothing_at_all_are_refused(people, engine):
    x, y, _ = rows(people, NUMBER)
    with pytest.raises(InputError, match="all training rows have weight 0: give some"):
        trained(engine, NUMBER, x, y, np.zeros(60))


@pytest.mark.parametrize("kind", ["Regressor", "Classifier"])
def test_a_tree_takes_weights_and_what_takes_none_is_refused(people, kind):
    task = TASKS["three"] if kind == "Classifier" else NUMBER
    x, y, weights = rows(people, task)

    def engine(name: str, **arguments: object) -> Engine:
        recipe = EstimatorRecipe(title="Own", estimator=name, arguments=arguments)
        return engine_for(recipe, 8, task=task)

    tree = engine(f"sklearn.tree:DecisionTree{kind}", max_depth=2)
    whole = weights.astype(int)
    one = tree.stack(tree.train(real(0), x, y, weights=7 * weights)).predict(x)
    other = tree.stack(tree.train(real(0), np.repeat(x, whole, axis=0), np.repeat(y, whole)))
    np.testing.assert_allclose(one, other.predict(x), rtol=1e-5)
    with pytest.raises(InputError, match="its fit takes no sample_weight, but the rows have"):
        engine(f"test_row_weights:Plain{kind}").train(real(0), x, y, weights=weights)


class PlainRegressor(DecisionTreeRegressor):
    def fit(self, X, y):  # noqa: N803
        return super().fit(X, y)


class PlainClassifier(DecisionTreeClassifier):
    def fit(self, X, y):  # noqa: N803
        return super().fit(X, y)
