"""Rows in time: halves, bootstraps, validation rows and shuffles keep their order."""

from dataclasses import replace

import numpy as np
import pytest

from study.common.errors import InputError
from study.common.streams import StreamSeeds, varied
from study.common.vocabulary import LEAST_SQUARES
from study.engines.closed_form import ClosedForm
from study.engines.lanes.engine import Lanes
from study.engines.replicates import Replicate
from study.engines.row_orders import (
    TIME_BLOCKS,
    assign_rows,
    half_rows,
    hold_out,
    labels_of,
    rows_of,
    units,
)
from study.engines.scikit_learn import ScikitLearn
from study.engines.torch.engine import Torch
from study.execution.block import Block
from study.execution.train_and_measure import train_and_measure
from study.recipes.find import find_model
from study.recipes.model import EstimatorRecipe, ModelRecipe, Protocol

ROWS, TESTED = 200, 40
HALVES = tuple(Replicate("real", StreamSeeds.of(half, half)) for half in range(4))
BOOTSTRAPS = tuple(Replicate("real", varied("rows", 0, seed)) for seed in range(6))
SHUFFLED = tuple(Replicate("shuffled", StreamSeeds.of(seed)) for seed in range(3))
PLAIN = Replicate("real", StreamSeeds.of(0))


@pytest.fixture
def times() -> np.ndarray:
    """Of 240 rows, up to four of which are of one time, none of them on both sides of the test."""
    draw = np.random.default_rng(4)
    rising = np.sort(draw.integers(0, 160, ROWS)), np.sort(draw.integers(160, 200, TESTED))
    return np.concatenate(rising) / 7


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


def test_blocks_have_as_many_rows_each_and_part_no_time(times):
    assert np.bincount(units(np.arange(240.0))).tolist() == [30] * TIME_BLOCKS
    blocks = units(times)
    assert (np.diff(blocks) >= 0).all()
    assert np.abs(np.bincount(blocks) - 30).max() <= 4
    assert (np.diff(blocks)[np.diff(times) == 0] == 0).all()


def test_halves_share_no_block_and_are_tested_on_what_comes_last(times):
    blocks = units(times)
    for split in range(20):
        parts = [half_rows(2 * split + side, ROWS, TESTED, times) for side in (0, 1)]
        for train, test in parts:
            assert (np.diff(np.concatenate([train, test])) > 0).all()
            assert times[train].max() < times[test].min()
            assert [len(set(blocks[part])) for part in (train, test)] == [3, 1]
        assert sorted(np.concatenate([*parts[0], *parts[1]])) == list(range(240))


def test_all_halves_of_eight_blocks_are_drawn():
    times = np.arange(240.0)
    found = {
        frozenset(units(times)[np.concatenate(half_rows(2 * split, ROWS, TESTED, times))].tolist())
        for split in range(1000)
    }
    assert len(found) == 70  # 4 of 8


def test_copies_at_their_times_change_no_half(times):
    doubled = np.repeat(times, 2)
    for half in range(6):
        once = half_rows(half, ROWS, TESTED, times)
        twice = half_rows(half, 2 * ROWS, 2 * TESTED, doubled)
        for one, other in zip(once, twice, strict=True):
            assert np.unique(other // 2).tolist() == one.tolist()
            assert len(other) == 2 * len(one)


def test_a_bootstrap_draws_blocks_of_successive_rows_in_a_circle(times):
    starts, lengths = [], 6  # the cube root of 200, rounded up
    for seed in range(60):
        rows, tests = rows_of(Replicate("real", varied("rows", 0, seed)), ROWS, TESTED, times)
        assert tests.tolist() == list(range(ROWS, ROWS + TESTED))
        assert len(rows) == ROWS
        within = np.arange(ROWS) % lengths > 0
        np.testing.assert_array_equal(((np.diff(rows) - 1) % ROWS)[within[1:]], 0)
        starts += rows[~within].tolist()
    # A block begins anywhere, so that each row is drawn as often: 60 * 34 starts.
    assert np.abs(np.histogram(starts, 10, (0, ROWS))[0] - 204).max() < 4 * np.sqrt(204)


def test_the_variance_of_a_mean_is_that_of_a_dependent_series():
    """Of a moving average of ten numbers; single rows would tell a tenth of it."""
    rows = 2000
    draw = np.random.default_rng(0)
    series = np.convolve(draw.normal(size=rows + 9), np.ones(10), "valid")
    times = np.arange(rows + 10.0)
    means = [
        series[rows_of(Replicate("real", varied("rows", 0, seed)), rows, 10, times)[0]].mean()
        for seed in range(400)
    ]
    truth = 10**2 / rows
    assert 0.5 * truth < np.var(means) < 1.1 * truth  # blocks of 13 cut some of it off
    single = np.var([series[draw.integers(rows, size=rows)].mean() for _ in range(400)])
    assert single < 0.15 * truth


@pytest.mark.parametrize("replicates", [HALVES, BOOTSTRAPS, (PLAIN,)])
def test_rows_that_are_held_out_to_stop_by_are_the_last_in_time(times, replicates):
    row_of, _ = assign_rows(replicates, ROWS, TESTED, times)
    for rows, *parts in zip(row_of, *hold_out(replicates, row_of, 40, times), strict=True):
        trained_on, held = (times[rows[part]] for part in parts)
        assert trained_on.max() < held.min()
        assert [len(part) for part in parts] == [160, 40]
        assert 0.1 < len(set(held)) / len({*held, *trained_on}) < 0.3


def test_too_few_times_to_hold_some_out_are_refused():
    row_of, _ = assign_rows([PLAIN], 20, 0, np.zeros(20))
    with pytest.raises(InputError, match="of 1 times of training rows, 1 cannot be held out"):
        hold_out([PLAIN], row_of, 4, np.zeros(20))


def test_shuffled_labels_are_shifted(times):
    found = [
        labels_of(Replicate("shuffled", StreamSeeds.of(seed)), np.arange(ROWS), times)
        for seed in range(40)
    ]
    for labels in found:
        assert (np.diff(labels) % ROWS == 1).all()
    assert len({int(labels[0]) for labels in found}) > 30


def test_shuffled_labels_of_groups_move_together():
    groups = np.repeat(np.arange(50), 5)[np.random.default_rng(0).permutation(250)]
    for seed in range(5):
        replicate = Replicate("shuffled", StreamSeeds.of(seed))
        labels = labels_of(replicate, np.arange(200), groups)
        assert sorted(labels) == list(range(200))
        own = groups[:200]
        sizes = np.bincount(own)
        for group in np.unique(own):
            if (sizes == sizes[group]).sum() > 1:
                assert len(set(own[labels[own == group]])) == 1


@pytest.mark.parametrize("name", engines())
@pytest.mark.parametrize("replicates", [HALVES, BOOTSTRAPS], ids=["halves", "bootstraps"])
def test_models_of_rows_in_time_are_bitwise_the_same_in_any_company(
    people, times, name, replicates
):
    if name == LEAST_SQUARES and replicates is BOOTSTRAPS:
        replicates = HALVES[::-1]
    data = replace(people, row_groups=times)
    block = Block("any", engines()[name], replicates, ROWS, 100)
    together = train_and_measure(block, data).records
    for place in (0, 3):
        (alone,) = train_and_measure(replace(block, replicates=(replicates[place],)), data).records
        assert alone.key == together[place].key
        assert alone.scores == together[place].scores
        assert alone.fits == together[place].fits


@pytest.mark.parametrize("kind", ["times", "groups"])
@pytest.mark.parametrize(
    "replicates", [HALVES, BOOTSTRAPS, SHUFFLED], ids=["halves", "bootstraps", "shuffled"]
)
def test_lanes_of_a_network_of_ones_own_meet_the_rows_that_torch_does(
    people, times, kind, replicates
):
    protocol = Protocol(epochs=1, batch_size=10, learning_rate=0.01, patience=1)
    network = "networks_of_pieces:GeluMlp"
    recipe = ModelRecipe(title="Own", network=network, training=protocol)
    of_rows = times if kind == "times" else np.random.default_rng(1).integers(0, 60, ROWS + TESTED)
    ours, theirs = (
        engine(recipe, 8).train(replicates, *people.pooled, tested=TESTED, groups=of_rows)
        for engine in (Lanes, Torch)
    )
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=0, atol=1e-5)
    np.testing.assert_allclose(ours.occasions, theirs.occasions, rtol=0, atol=1e-6)
    for name, weights in ours.weights.items():
        np.testing.assert_allclose(weights, theirs.weights[name], rtol=0, atol=1e-5)
