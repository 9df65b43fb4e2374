"""No half of the rows lacks a class, whatever trains on it."""

import numpy as np
import pytest
from class_tables import class_data
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import d2_log_loss_score
from sklearn.model_selection import StratifiedShuffleSplit

from study.common.streams import StreamSeeds
from study.engines.lanes.engine import Lanes
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.engines.row_orders import Orders, half_rows, rows_of
from study.engines.torch.engine import Torch
from study.execution.block import Block
from study.execution.train_and_measure import train_and_measure
from study.importance.sample import Sample
from study.recipes.find import find_model
from study.recipes.model import EstimatorRecipe
from study.store.rows import NUMBERS

HALVES = tuple(Replicate("real", StreamSeeds.of(half, half)) for half in range(4))


@pytest.mark.parametrize(("rows", "tested"), [(40, 20), (41, 20), (150, 50), (30, 30)])
@pytest.mark.parametrize("rare", [4, 6])
def test_every_class_is_trained_on_in_every_half_by_its_share(rows, tested, rare):
    every = rows + tested
    classes = np.random.default_rng(0).permutation(np.arange(every) % 2 + 1.0)
    classes[:rare] = 0
    for split in range(20):
        pairs = [half_rows(2 * split + side, rows, tested, classes=classes) for side in (0, 1)]
        together = np.concatenate([part for pair in pairs for part in pair])
        assert len(set(together.tolist())) == len(together) == 2 * (every // 2)
        for train, test in pairs:
            for place in range(3):
                share = (classes == place).mean()
                met = (classes[train] == place).sum()
                assert met >= 1
                # Two roundings, each by less than one row, and a row that is left out.
                assert abs(met - share * len(train)) < 2.5
                assert abs((classes[test] == place).sum() - share * len(test)) < 2.5


def test_halves_of_classes_are_drawn_as_scikit_learn_draws_them():
    classes = np.repeat([0.0, 1, 2], [30, 20, 10])
    for half in range(4):
        drawing = StratifiedShuffleSplit(1, train_size=30, test_size=30, random_state=half // 2)
        own = next(drawing.split(classes[:, None], classes))[half % 2]
        within = StratifiedShuffleSplit(1, train_size=20, test_size=10, random_state=half // 2)
        train, test = next(within.split(classes[own][:, None], classes[own]))
        found = half_rows(half, 40, 20, classes=classes)
        assert [rows.tolist() for rows in found] == [own[train].tolist(), own[test].tolist()]


@pytest.mark.parametrize("counts", [[30, 29, 1], [2] * 30])
def test_halves_that_cannot_hold_each_class_are_drawn_from_all_rows(counts):
    classes = np.repeat(np.arange(len(counts)), counts)
    parts = [part for half in (0, 1) for part in half_rows(half, 40, 20, classes=classes)]
    assert sorted(np.concatenate(parts).tolist()) == list(range(60))
    assert [len(part) for part in parts] == [20, 10, 20, 10]


def test_rows_in_groups_stay_together_whatever_their_classes():
    groups = np.arange(60) // 3
    plain, of_classes = (half_rows(1, 40, 20, groups, of) for of in (None, np.arange(60) % 2))
    for one, other in zip(plain, of_classes, strict=True):
        np.testing.assert_array_equal(one, other)


def test_networks_meet_and_are_measured_on_the_rows_of_such_halves(tmp_path):
    data = class_data(tmp_path)
    rows, tested = len(data.train_y), len(data.test_y)
    x, y = data.pooled
    sample = Sample.of(data, HALVES)
    orders = Orders(HALVES, rows, tested, classes=y)
    inputs, labels = orders.epochs(1)
    for place, half in enumerate(HALVES):
        train, test = rows_of(half, rows, tested, classes=y)
        np.testing.assert_array_equal(sample.test_x[place], x[test])
        assert set(inputs[0, place].tolist()) == set(labels[0, place].tolist()) == set(train)


def test_all_engines_learn_from_the_rows_that_the_others_learn_from(tmp_path):
    data = class_data(tmp_path)
    x, y = data.pooled
    tested, inputs = len(data.test_y), len(data.features)
    recipe = find_model("mlp").recipe
    protocol = recipe.training.model_copy(update={"epochs": 10})
    brief = recipe.model_copy(update={"training": protocol})
    lanes, torch = (engine(brief, inputs, data.task) for engine in (Lanes, Torch))
    first, second = (engine.train(HALVES, x, y, tested=tested).weights for engine in (lanes, torch))
    for name, weights in first.items():
        np.testing.assert_allclose(weights, second[name], rtol=1e-3, atol=1e-4)


def test_an_estimator_of_a_half_is_that_of_scikit_learn_on_its_rows(tmp_path):
    data = class_data(tmp_path)
    recipe = EstimatorRecipe(
        title="Logistic", estimator="sklearn.linear_model:LogisticRegression", arguments={}
    )
    engine = engine_for(recipe, len(data.features), "cpu", data.task)
    rows, tested = len(data.train_y), len(data.test_y)
    x, y = (part.astype(np.float64) for part in data.pooled)
    records = train_and_measure(Block("logistic", engine, HALVES, rows, tested), data).records
    for half, record in enumerate(records):
        train, test = half_rows(half, rows, tested, classes=y)
        fitted = LogisticRegression().fit(x[train], y[train])
        expected = d2_log_loss_score(y[test], fitted.predict_proba(x[test]), labels=[0, 1, 2])
        found = {row[:2]: row[2:] for row in record.fits}
        place = NUMBERS["fits"].index("d_squared")
        assert found["test", "alone"][place] == pytest.approx(expected, abs=1e-4)
