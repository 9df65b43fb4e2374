"""Models that learn from rows of their own, and are tested on rows of their own."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import ShuffleSplit

from study.common.streams import StreamSeeds, generator, varied
from study.common.vocabulary import LEAST_SQUARES
from study.engines.closed_form import ClosedForm
from study.engines.lanes.engine import Lanes
from study.engines.replicates import Replicate
from study.engines.row_orders import assign_rows, half_rows, rows_of
from study.engines.scikit_learn import ScikitLearn
from study.engines.torch.engine import Torch
from study.execution.block import Block
from study.execution.train_and_measure import train_and_measure
from study.importance.measure import measure
from study.importance.sample import Sample
from study.recipes.find import find_model
from study.recipes.model import EstimatorRecipe

SPLITS = [
    Replicate("real", StreamSeeds.of(seed, split)) for seed, split in ((3, 3), (4, 3), (9, 5))
]


def recipe(name: str, epochs: int = 3):
    found = find_model(name).recipe
    return found.model_copy(
        update={"training": found.training.model_copy(update={"epochs": epochs})}
    )


def table_of(people, replicate: Replicate, engine) -> tuple[np.ndarray, np.ndarray]:
    """What a replicate of a half learns from, as a table of its own; steps see each row twice."""
    own = Sample.of(people, [replicate])
    times = 1 if engine.protocol is None else 2
    return np.tile(own.train_x[0], (times, 1)), np.tile(own.train_y[0], times)


def engines():
    forest = EstimatorRecipe(
        title="Forest",
        estimator="sklearn.ensemble:RandomForestRegressor",
        arguments={"n_estimators": 3},
    )
    return {
        "lanes": Lanes(recipe("mlp"), 8),
        "transformer in lanes": Lanes(recipe("transformer", 2), 8),
        "torch": Torch(recipe("mlp"), 8),
        "sklearn": ScikitLearn(forest),
    }


def halves_by_hand(split: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Training and test rows of both halves of 240 rows, 40 of them test rows in the data."""
    splitter = ShuffleSplit(n_splits=1, train_size=120, test_size=120, random_state=split)
    (halves,) = splitter.split(np.zeros((240, 1)))
    return [(half[:100], half[100:]) for half in halves]


@pytest.mark.parametrize("split", [0, 7])
def test_halves_are_those_of_scikit_learn(people, split):
    """As anybody can draw them: with the split's number as random_state."""
    seen = []
    for half, (train, test) in enumerate(halves_by_hand(split)):
        replicates = [Replicate("real", StreamSeeds.of(11, 2 * split + half))]
        (rows,), (labels,) = assign_rows(replicates, 200, 40)
        # A network takes as many steps as on the data: each row comes twice in an epoch.
        np.testing.assert_array_equal(rows, np.concatenate([train, train]))
        np.testing.assert_array_equal(labels, rows)
        sample = Sample.of(people, replicates)
        x, y = (
            np.concatenate(parts)
            for parts in ((people.train_x, people.test_x), (people.train_y, people.test_y))
        )
        np.testing.assert_array_equal(sample.train_x[0], x[train])
        np.testing.assert_array_equal(sample.train_y[0], y[train])
        np.testing.assert_array_equal(sample.test_x[0], x[test])
        np.testing.assert_array_equal(sample.test_y[0], y[test])
        seen += [*train, *test]
    assert sorted(seen) == list(range(240))


@pytest.mark.parametrize(("rows", "tested"), [(5, 3), (7, 4), (100, 1), (31, 10), (4, 50)])
def test_halves_of_any_table_have_no_row_in_common(rows, tested):
    parts = [half_rows(half, rows, tested) for half in (6, 7)]
    every = np.concatenate([part for pair in parts for part in pair])
    assert len(set(every.tolist())) == len(every) == 2 * ((rows + tested) // 2)
    assert [len(train) for train, _ in parts] == [len(parts[0][0])] * 2
    assert all(len(train) >= 2 and len(test) >= 2 for train, test in parts)


def test_a_bootstrap_is_tested_on_rows_that_it_left_out():
    replicates = [Replicate("real", varied("rows", 0, seed)) for seed in range(20)]
    parts = [rows_of(replicate, 200, 40) for replicate in replicates]
    for (rows, tests), replicate in zip(parts, replicates, strict=True):
        first = generator(replicate.streams.rows, "rows").integers(200, size=200)
        np.testing.assert_array_equal(rows, first)
        assert len(set(tests.tolist())) == 40
        assert not set(rows.tolist()) & set(tests.tolist())
    # Of all rows: most that a bootstrap leaves out are training rows of the data.
    assert 0.3 < np.mean([tests < 200 for _, tests in parts]) < 0.9


def test_other_rows_need_not_be_there_for_ordinary_replicates(people):
    ordinary = [Replicate("real", StreamSeeds.of(0)), Replicate("shuffled", StreamSeeds.of(1))]
    for engine in engines().values():
        alone = engine.train(ordinary, people.train_x, people.train_y)
        among = engine.train(ordinary, *people.pooled, tested=40)
        x = people.test_x
        np.testing.assert_array_equal(
            engine.stack(alone).predict(x), engine.stack(among).predict(x)
        )


@pytest.mark.parametrize("name", engines())
def test_a_split_is_trained_as_if_its_rows_were_the_data(people, name):
    """Bitwise: the rows of a split as a table of their own, and an ordinary seed."""
    engine = engines()[name]
    trained = engine.train(SPLITS, *people.pooled, tested=40)
    predicted = engine.stack(trained).predict(people.test_x)
    for place, replicate in enumerate(SPLITS):
        plain = [Replicate("real", StreamSeeds.of(replicate.streams.init))]
        alone = engine.train(plain, *table_of(people, replicate, engine))
        expected = engine.stack(alone).predict(people.test_x)[0]
        np.testing.assert_array_equal(predicted[place], expected)


@pytest.mark.parametrize("name", engines())
def test_a_split_is_measured_as_if_its_rows_were_the_data(people, name):
    engine = engines()[name]
    trained = engine.train(SPLITS, *people.pooled, tested=40)
    sample = Sample.of(people, SPLITS)
    found = measure(engine.stack(trained), people, trained.occasions, sample=sample)
    for place, replicate in enumerate(SPLITS):
        own = Sample.of(people, [replicate])
        data = replace(
            people,
            train_x=own.train_x[0],
            train_y=own.train_y[0],
            test_x=own.test_x[0],
            test_y=own.test_y[0],
        )
        plain = [Replicate("real", StreamSeeds.of(replicate.streams.init))]
        alone = engine.train(plain, *table_of(people, replicate, engine))
        expected = measure(engine.stack(alone), data, alone.occasions)
        # torch's products of one table and of many may round differently.
        close = {"rtol": 1e-5, "atol": 1e-6} if name == "torch" else {"rtol": 0, "atol": 0}
        for one, other in zip(found.importances, expected.importances, strict=True):
            np.testing.assert_allclose(one.score[place], other.score[0], **close)
        for fit, other in zip(found.fits, expected.fits, strict=True):
            for measured in ("r_squared", "rmse", "within"):
                np.testing.assert_allclose(
                    fit.measures[measured][place], other.measures[measured][0], **close
                )


@pytest.mark.parametrize("name", engines())
def test_a_split_is_bitwise_the_same_in_any_company(people, name):
    engine = engines()[name]
    block = Block("any", engine, tuple(SPLITS), 200, 100)
    together = train_and_measure(block, people).records
    for place in (1, 2):
        (alone,) = train_and_measure(replace(block, replicates=(SPLITS[place],)), people).records
        assert alone.key == together[place].key
        assert alone.scores == together[place].scores
        assert alone.fits == together[place].fits


def test_least_squares_on_a_half_is_that_of_scikit_learn(people):
    split = Replicate("real", StreamSeeds.of(2, 2))
    block = Block(LEAST_SQUARES, ClosedForm(8), (split,), 200, 100)
    (record,) = train_and_measure(block, people).records
    x, y = (part.astype(np.float64) for part in people.pooled)
    train, test = halves_by_hand(1)[0]
    fitted = LinearRegression().fit(x[train], y[train])
    found = {row[0]: row[2] for row in record.fits if row[1] == "alone"}
    assert found["test"] == pytest.approx(r2_score(y[test], fitted.predict(x[test])), abs=1e-5)
    assert found["train"] == pytest.approx(r2_score(y[train], fitted.predict(x[train])), abs=1e-5)
    expected = permutation_importance(fitted, x[test], y[test], n_repeats=30, random_state=0)
    scores = [row[2] for row in record.scores if row[0] == "permutation"]
    np.testing.assert_allclose(scores, expected.importances_mean, atol=1e-5)


def test_own_rows_and_those_of_the_data_are_not_measured_together(people):
    with pytest.raises(ValueError, match="rows of one kind"):
        Sample.of(people, [SPLITS[0], Replicate("real", StreamSeeds.of(0))])
