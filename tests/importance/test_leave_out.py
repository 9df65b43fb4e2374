"""What models lose without a variable: closed forms, hidimstat's LOCO, and a table without it."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from conftest import shipped
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from study.common.methods import LEAVE_OUT
from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset
from study.engines.engine import Engine
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.execution.plan import on_splits, plan
from study.execution.train_and_measure import train_and_measure
from study.importance.leave_out import left_out
from study.importance.measure import measure_trained
from study.store.records import Key

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what it draws with
    from hidimstat import LOCO


def scores(engine: Engine, data: Dataset, replicates: list[Replicate]) -> np.ndarray:
    """(models, variables)"""
    trained = engine.train(
        replicates, *data.pooled, tested=len(data.test_y), groups=data.row_groups
    )
    found = measure_trained(engine, trained, data, replicates, methods=[LEAVE_OUT])
    [importance] = found.importances
    assert importance.method == LEAVE_OUT
    return importance.score


def test_of_least_squares_it_is_hidimstats(people):
    found = scores(engine_for(None, 8), people, [])
    x, tested = (of.astype(np.float64) for of in (people.train_x, people.test_x))
    y, truth = (of.astype(np.float64) for of in (people.train_y, people.test_y))
    groups = {
        name: list(group) for name, group in zip(people.variables, people.groups, strict=True)
    }
    loco = LOCO(LinearRegression().fit(x, y), features_groups=groups).fit(x, y)
    np.testing.assert_allclose(found[0], loco.importance(tested, truth) / truth.var(), rtol=1e-4)


def test_on_halves_it_is_the_same_of_the_rows_of_each(people):
    halves = on_splits(2, 1)
    found = scores(engine_for(None, 8), people, halves)
    whole = scores(engine_for(None, 8), people, [])
    assert found.shape == (4, 4)
    assert len({tuple(row) for row in (*found, *whole)}) == 5


@pytest.mark.parametrize("model", ["mlp", "transformer"])
def test_a_network_is_trained_on_a_table_in_which_the_variable_tells_nothing(people, model):
    engine = engine_for(shipped(model, epochs=8), 8)
    replicates = [Replicate("real", StreamSeeds.of(seed)) for seed in range(3)]
    found = scores(engine, people, replicates)

    def r_squared(data: Dataset) -> np.ndarray:
        trained = engine.train(replicates, *data.pooled, tested=len(data.test_y))
        truth = data.test_y.astype(np.float64)
        predicted = engine.stack(trained).predict(data.test_x).astype(np.float64)
        return np.array([r2_score(truth, of) for of in predicted])

    for place, group in enumerate(people.groups):
        constant = people.train_x[:, list(group)].mean(axis=0)
        tables = {}
        for name in ("train_x", "test_x"):
            tables[name] = getattr(people, name).copy()
            tables[name][:, list(group)] = constant
        lost = r_squared(people) - r_squared(replace(people, **tables))
        np.testing.assert_allclose(found[:, place], lost, rtol=1e-5, atol=1e-7)


def test_a_seeds_scores_do_not_depend_on_which_others_there_are(people):
    engine = engine_for(shipped("mlp", epochs=4), 8)
    replicates = [Replicate("real", StreamSeeds.of(seed)) for seed in range(3)]
    together = scores(engine, people, replicates)
    for place, replicate in enumerate(replicates):
        np.testing.assert_array_equal(scores(engine, people, [replicate])[0], together[place])


def test_untrained_networks_have_none(people):
    engine = engine_for(shipped("mlp", epochs=4), 8)
    replicates = [Replicate("untrained", StreamSeeds.of(0))]
    trained = engine.train(replicates, *people.pooled, tested=len(people.test_y))
    found = measure_trained(engine, trained, people, replicates, methods=[LEAVE_OUT])
    assert not found.importances


def test_a_group_of_variables_is_left_out_as_one(people):
    update = {"variable_groups": {"views": ["State", "politics"]}}
    data = replace(people, recipe=people.recipe.model_copy(update=update))
    found = scores(engine_for(None, 8), data, [])
    x, tested = (of.astype(np.float64) for of in (people.train_x, people.test_x))
    without = LinearRegression().fit(x[:, :2], people.train_y)
    whole = LinearRegression().fit(x, people.train_y)
    lost = r2_score(people.test_y, whole.predict(tested)) - r2_score(
        people.test_y, without.predict(tested[:, :2])
    )
    assert found[0, 4] == pytest.approx(lost, rel=1e-4)
    np.testing.assert_array_equal(found[0, :4], scores(engine_for(None, 8), people, [])[0])


def test_work_and_progress_count_every_training(people):
    engine = engine_for(shipped("mlp", epochs=4), 8)
    wanted = [Replicate("real", StreamSeeds.of(0)), Replicate("untrained", StreamSeeds.of(0))]
    stored: set[Key] = set()
    planned = plan({"mlp": engine}, people, wanted, stored=stored, methods=[LEAVE_OUT])
    for block in planned.blocks:
        told: list[int] = []
        result = train_and_measure(block, people, told.append)
        has = {row[0] for row in result.records[0].scores}
        assert has == (set() if block.condition == "untrained" else {LEAVE_OUT})
        trainings = 1 + len(left_out(people)) if has else 0
        epochs = block.epochs * block.cost.epoch
        assert sum(told) == trainings * epochs
        assert block.work - block.predicted * block.cost.row == trainings * epochs
