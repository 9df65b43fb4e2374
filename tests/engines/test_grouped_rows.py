"""Halves, bootstraps and validation rows of groups part no group."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from study.common.errors import InputError
from study.common.streams import StreamSeeds, varied
from study.common.vocabulary import LEAST_SQUARES
from study.engines.closed_form import ClosedForm
from study.engines.lanes.engine import Lanes
from study.engines.replicates import Replicate
from study.engines.row_orders import assign_rows, half_rows, hold_out, rows_of
from study.engines.scikit_learn import ScikitLearn
from study.engines.torch.engine import Torch
from study.execution.block import Block
from study.execution.train_and_measure import train_and_measure
from study.recipes.find import find_model
from study.recipes.model import EstimatorRecipe

HALVES = tuple(Replicate("real", StreamSeeds.of(half, half)) for half in range(4))
BOOTSTRAPS = tuple(Replicate("real", varied("rows", 0, seed)) for seed in range(6))


@pytest.fixture
def uneven() -> np.ndarray:
    """Groups of 240 rows, of one to sixteen rows, named by numbers with gaps, in mixed order."""
    draw = np.random.default_rng(4)
    return draw.permutation(np.repeat(10 * np.arange(48), draw.geometric(0.2, 48))[:240])


@pytest.fixture
def grouped(people, uneven):
    return replace(people, row_groups=uneven)


def engines() -> dict:
    def recipe(name: str):
        found = find_model(name).recipe
        training = found.training.model_copy(update={"epochs": 3, "patience": 2})
        return found.model_copy(update={"training": training})

    tree = EstimatorRecipe(title="Tree", estimator="sklearn.tree:DecisionTreeRegressor")
    return {
        "lanes": Lanes(recipe("mlp"), 8),
        "torch": Torch(recipe("mlp"), 8),
        "sklearn": ScikitLearn(tree),
        LEAST_SQUARES: ClosedForm(8),
    }


def sets(*parts: np.ndarray) -> list[set[int]]:
    return [set(part.tolist()) for part in parts]


def test_halves_have_as_many_groups_each_and_none_in_common(uneven):
    known = len(set(uneven.tolist()))
    for split in range(20):
        parts = [part for half in (0, 1) for part in half_rows(2 * split + half, 200, 40, uneven)]
        groups = sets(*(uneven[part] for part in parts))
        size = known // 2
        held = round(size * 40 / 240)
        assert [len(of) for of in groups] == [size - held, held] * 2
        assert len(set.union(*groups)) == 2 * size
        # Whole ones: all their rows are there, and once.
        for part, of in zip(parts, groups, strict=True):
            assert sorted(part.tolist()) == np.flatnonzero(np.isin(uneven, list(of))).tolist()


def test_halves_of_groups_of_one_row_are_those_of_rows():
    for half in range(6):
        plain, alone = half_rows(half, 31, 10), half_rows(half, 31, 10, np.arange(41))
        for one, other in zip(plain, alone, strict=True):
            np.testing.assert_array_equal(one, other)


def test_copies_under_their_groups_change_no_half(uneven):
    for half in range(4):
        once = half_rows(half, 200, 40, uneven)
        twice = half_rows(half, 400, 80, np.concatenate([uneven, uneven]))
        for one, other in zip(once, twice, strict=True):
            assert sorted((other % 240).tolist()) == sorted([*one.tolist(), *one.tolist()])


def test_a_bootstrap_draws_whole_groups_and_is_tested_on_others(uneven):
    uneven[200:] = -7  # of which none is a training row
    training = set(uneven[:200].tolist())
    for replicate in BOOTSTRAPS:
        rows, tests = rows_of(replicate, 200, 40, uneven)
        drawn, tested = sets(uneven[rows], uneven[tests])
        assert not drawn & tested
        assert drawn <= training
        assert len(set(tests.tolist())) == len(tests) == 40
        # Where there are more than ever, the last ones are left out.
        assert len(rows) <= 200
        for group in drawn - {uneven[rows[-1]]}:
            assert (uneven[rows] == group).sum() % (uneven[:200] == group).sum() == 0


def test_a_bootstrap_of_groups_draws_as_many_as_there_are_with_replacement():
    groups = np.repeat(np.arange(50), 5)
    shares = []
    for seed in range(40):
        rows, _ = rows_of(Replicate("real", varied("rows", 0, seed)), 200, 50, groups)
        assert len(rows) == 200
        shares.append(len(set(groups[rows].tolist())) / 40)
    # Of n draws with replacement from n, 1 - (1 - 1/n)^n are different.
    assert np.mean(shares) == pytest.approx(1 - (1 - 1 / 40) ** 40, abs=0.03)


def test_a_bootstrap_that_leaves_no_group_out_is_refused():
    groups = np.zeros(60, dtype=int)
    with pytest.raises(InputError, match="give more groups"):
        rows_of(BOOTSTRAPS[0], 40, 20, groups)


@pytest.mark.parametrize(
    "replicates", [HALVES, BOOTSTRAPS, (Replicate("real", StreamSeeds.of(0)),)]
)
def test_no_group_is_trained_on_and_held_out_to_stop_by(uneven, replicates):
    row_of, _ = assign_rows(replicates, 200, 40, uneven)
    for rows, *parts in zip(row_of, *hold_out(replicates, row_of, 40, uneven), strict=True):
        trained_on, held = sets(*(uneven[rows[part]] for part in parts))
        assert trained_on
        assert held
        assert not trained_on & held
        assert [len(part) for part in parts] == [160, 40]


def test_too_few_groups_to_hold_some_out_are_refused():
    groups = np.zeros(20, dtype=int)
    replicates = [Replicate("real", StreamSeeds.of(0))]
    row_of, _ = assign_rows(replicates, 20, 0, groups)
    with pytest.raises(InputError, match="of 1 groups of training rows, 1 cannot be held out"):
        hold_out(replicates, row_of, 4, groups)


@pytest.mark.parametrize("name", engines())
@pytest.mark.parametrize("replicates", [HALVES, BOOTSTRAPS], ids=["halves", "bootstraps"])
def test_models_of_unequal_rows_are_bitwise_the_same_in_any_company(grouped, name, replicates):
    if name == LEAST_SQUARES and replicates is BOOTSTRAPS:
        replicates = HALVES[::-1]
    block = Block("any", engines()[name], replicates, 200, 100)
    together = train_and_measure(block, grouped).records
    for place in (0, 3):
        (alone,) = train_and_measure(
            replace(block, replicates=(replicates[place],)), grouped
        ).records
        assert alone.key == together[place].key
        assert alone.scores == together[place].scores
        assert alone.fits == together[place].fits


def test_least_squares_on_halves_of_groups_is_that_of_scikit_learn(grouped, uneven):
    block = Block(LEAST_SQUARES, ClosedForm(8), HALVES, 200, 100)
    x, y = (part.astype(np.float64) for part in grouped.pooled)
    records = train_and_measure(block, grouped).records
    assert len({len(half_rows(half, 200, 40, uneven)[1]) for half in range(4)}) > 1
    for half, record in enumerate(records):
        train, test = half_rows(half, 200, 40, uneven)
        fitted = LinearRegression().fit(x[train], y[train])
        found = {row[0]: row[2] for row in record.fits if row[1] == "alone"}
        for part, rows in (("train", train), ("test", test)):
            expected = r2_score(y[rows], fitted.predict(x[rows]))
            assert found[part] == pytest.approx(expected, abs=1e-4)
