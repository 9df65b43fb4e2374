"""What learns counts: the loss and its gradients, against PyTorch's own; and whole trainings."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import shipped
from lane_gradients import check_gradients
from plain_loop import Masks, plain_loop, real
from sklearn.ensemble import RandomForestRegressor
from test_classes import SMALL, Sorted, Wide, digest
from torch import nn
from torch.nn import functional

from study.common.errors import InputError, StudyError
from study.common.task import COUNT
from study.engines.lanes.compiler import Kernel, aligned
from study.engines.lanes.engine import Lanes
from study.engines.lanes.graph.network import Sizes
from study.engines.lanes.losses import loss_of
from study.engines.lanes.memory import array
from study.engines.lanes.prediction import LanesStack
from study.engines.lanes.tracing import Trace, integer, loop, tracing
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.engines.torch.engine import Torch
from study.recipes.model import EstimatorRecipe

Rows = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def table(people) -> Rows:
    """Training rows of the people, and counts whose rates follow age."""
    rates = np.exp(3 * people.train_x[:, 1] - 0.5)
    return people.train_x, np.random.default_rng(0).poisson(rates).astype(np.float32)


# -- the loss --------------------------------------------------------------------------------


def in_lanes(y: np.ndarray, targets: np.ndarray) -> Rows:
    """Losses (rows,) and their slopes (rows,), by the kernels' function."""

    def traced(lanes: int) -> Trace:
        with tracing(lanes, ("y", "targets", "d_y", "losses"), ("rows",)) as trace:
            for row in loop(integer("rows")):
                own = (array(name, 1, 1).at(row) for name in ("y", "d_y"))
                loss = loss_of(1, "Poisson")
                array("losses", 1)[row] = loss(next(own), array("targets", 1)[row], next(own))
        return trace

    rooms = {name: aligned((len(y), 8)) for name in ("y", "targets", "losses", "d_y")}
    rooms["y"][:], rooms["targets"][:] = y[:, None], targets[:, None]
    Kernel(traced, 8)(**rooms, rows=len(y))
    return rooms["losses"][:, 0], rooms["d_y"][:, 0]


def test_the_loss_and_its_slope_are_those_of_torch_in_double_precision():
    """For log-rates from all but 0 to more than any count."""
    rng = np.random.default_rng(0)
    y = (np.repeat([0.1, 1, 5, 20], 400) * rng.normal(size=1600)).astype(np.float32)
    targets = rng.poisson(np.exp(np.minimum(rng.normal(size=1600), 5))).astype(np.float32)
    losses, slopes = in_lanes(y, targets)
    exact = torch.from_numpy(y).double().requires_grad_(True)
    of_rows = functional.poisson_nll_loss(
        exact, torch.from_numpy(targets).double(), log_input=True, reduction="none"
    )
    (expected,) = torch.autograd.grad(of_rows.sum(), exact)
    terms = np.exp(y.astype(np.float64)) + targets * (np.abs(y) + 1)  # what is taken off each other
    assert (np.abs(losses - of_rows.detach().numpy()) <= 1e-6 * terms).all()
    assert (np.abs(slopes - expected.numpy()) <= 1e-6 * terms).all()


def test_a_rate_beyond_all_numbers_is_infinite_and_no_number_stays_none():
    losses, slopes = in_lanes(np.float32([100, np.nan, -200]), np.float32([3, 3, 3]))
    assert np.isposinf(losses[0])
    assert np.isposinf(slopes[0])
    assert np.isnan([losses[1], slopes[1]]).all()
    assert (losses[2], slopes[2]) == (600, -3)


@pytest.mark.parametrize("name", SMALL)
def test_gradients_of_the_loss_are_those_of_autograd_in_double_precision(name):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = SMALL[name](1)
    check_gradients(network, Sizes.of(network, 3), inputs=3, rows=5, seed=1, task=COUNT)


# -- whole trainings -------------------------------------------------------------------------


@pytest.mark.parametrize("engine", [Lanes, Torch])
def test_a_training_is_that_of_a_plain_loop_over_torch_s_layers(people, table, engine):
    """13 batches of 16 rows, the last one partial."""
    x, y = table
    recipe = shipped("mlp", epochs=10, batch_size=16)
    ours = engine(recipe, 8, COUNT).train(real(3, 4), x, y)
    torch.manual_seed(4)
    plain = nn.Sequential(
        nn.Linear(8, 10), nn.Tanh(), nn.Linear(10, 10), nn.Tanh(), nn.Linear(10, 1), nn.Flatten(0)
    )
    losses, gradients = plain_loop(plain, replace(people, train_y=y), 4, 10, 16, Masks(4), COUNT)
    np.testing.assert_allclose(ours.losses[1], losses, rtol=0, atol=2e-5)
    np.testing.assert_allclose(ours.occasions[1], gradients, rtol=0, atol=1e-6)
    for found, expected in zip(ours.weights.values(), plain.parameters(), strict=True):
        np.testing.assert_allclose(found[1], expected.detach(), rtol=0, atol=2e-5)
    assert ours.losses[1, -1] < ours.losses[1, 0] - 1


def test_lanes_of_any_width_compute_the_same_bits(table):
    found = set()
    for lanes in (8, 16, 32):
        engine = Lanes(shipped("mlp", epochs=2), 8, COUNT, lanes=lanes)
        trained = engine.train([*real(*range(lanes // 8)), *real(7)], *table).only([-1])
        stack = LanesStack(engine.network, trained.weights, lanes)
        after = stack.predict(table[0][:9]), stack.gradients(table[0][:9])
        found.add((digest(trained), *(array.tobytes() for array in after)))
    assert len(found) == 1


@pytest.mark.parametrize("engine", [Lanes, Torch])
def test_whole_weights_weigh_as_rows_that_are_repeated(table, engine):
    """In one step over all rows, of which the mean is that of the repeated ones."""
    x, y = table
    whole = np.random.default_rng(1).integers(1, 4, size=len(y))
    recipe = shipped("linear", epochs=1, batch_size=10_000)
    of = engine(recipe, 8, COUNT)
    one = of.train(real(0), x, y, weights=whole.astype(np.float64))
    other = of.train(real(0), np.repeat(x, whole, axis=0), np.repeat(y, whole))
    np.testing.assert_allclose(one.losses, other.losses, rtol=1e-5)
    alike = of.train(real(0), x, y)
    assert np.abs(one.losses - alike.losses).max() > 1e-3


@pytest.mark.parametrize("engine", [Lanes, Torch])
def test_early_stopping_keeps_the_best_though_losses_are_below_0(table, engine):
    """Patience looks for the least loss, of whatever sign."""
    x, y = table
    patient = shipped("linear", epochs=60, patience=5)
    trained = engine(patient, 8, COUNT).train(real(0, 1), x, 20 * y)
    assert (trained.losses[:, 1:][np.isfinite(trained.losses[:, 1:])] < 0).any()
    assert np.isfinite(trained.weights["output.weight"]).all()
    assert (trained.epochs > 1).all()


@pytest.mark.parametrize(("name", "engine"), [(Wide, "lanes-1"), (Sorted, "torch-40")])
def test_a_network_of_one_s_own_learns_counts(table, name, engine):
    recipe = shipped("linear", epochs=3).model_copy(
        update={"network": f"test_classes:{name.__name__}", "arguments": {}}
    )
    of = engine_for(recipe, 8, task=COUNT)
    assert of.name == engine
    trained = of.train(real(0), *table)
    assert trained.losses[0, -1] < trained.losses[0, 0]


# -- estimators ------------------------------------------------------------------------------


def estimator(path: str, **arguments: object):
    recipe = EstimatorRecipe(title="Own", estimator=path, arguments=arguments)
    return engine_for(recipe, 8, task=COUNT)


def test_a_seed_is_a_forest_of_scikit_learn_whose_predictions_come_back(table):
    """Those of 0, too, but for what no count is certain of."""
    x, y = table
    of = estimator("sklearn.ensemble:RandomForestRegressor", n_estimators=3)
    seed = [Replicate("real", real(3)[0].streams)]
    outputs = of.stack(of.train(seed, x, y)).predict(x)[0]
    expected = RandomForestRegressor(n_estimators=3, random_state=3).fit(x, y).predict(x)
    assert (expected == 0).any()
    np.testing.assert_allclose(np.exp(outputs), expected, rtol=1e-12, atol=1e-15)
    assert np.isfinite(outputs).all()


def test_a_prediction_below_0_is_told_in_a_line(people, table):
    x, y = table
    linear = estimator("sklearn.linear_model:LinearRegression")
    y = np.where(x[:, 1] > 0.5, 40 * y, 0).astype(np.float32)
    told = "predicts -.* for a count: name one whose predictions are never below 0"
    with pytest.raises(InputError, match=told) as refused:
        linear.check(replace(people, train_y=y), known=False)
    assert str(refused.value).startswith("model 'Own': sklearn.linear_model:LinearRegression: it")
    assert "\n" not in str(refused.value)
    with pytest.raises(StudyError, match=told):
        linear.stack(linear.train(real(0), x, y)).predict(x)


def test_a_classifier_does_not_learn_counts(people):
    with pytest.raises(InputError, match="a classifier, but the target is a number: name a regr"):
        estimator("sklearn.ensemble:RandomForestClassifier").check(people, known=False)
