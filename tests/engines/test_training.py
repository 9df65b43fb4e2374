"""Training against plain loops over torch's own layers, and against itself in other company."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import shipped, train
from plain_loop import Masks, plain_loop, real
from torch import nn

from study.common.errors import InputError
from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset
from study.demo import PublishedTransformer
from study.engines.lanes.engine import Lanes
from study.engines.registry import engine_for
from study.engines.replicates import Replicate, Trained
from study.engines.torch.engine import Torch
from study.engines.torch.prediction import BLOCK, TorchStack
from study.networks.build import build
from study.networks.dropout import Dropout
from study.recipes.model import ModelRecipe


def assert_same(one: Trained, first: int, two: Trained, second: int) -> None:
    """Replicate `first` of one training is bitwise replicate `second` of another."""
    for name, weights in one.weights.items():
        np.testing.assert_array_equal(weights[first], two.weights[name][second], name)
    np.testing.assert_array_equal(one.losses[first], two.losses[second])
    np.testing.assert_array_equal(one.occasions[first], two.occasions[second])


# -- an independent loop ---------------------------------------------------------------------


ENGINES = pytest.mark.parametrize("engine", [Lanes, Torch])


@pytest.mark.parametrize(
    ("engine", "dtype", "tolerance"),
    [(Torch, torch.float64, 1e-12), (Torch, torch.float32, 1e-5), (Lanes, torch.float32, 1e-5)],
)
def test_a_hundred_steps_are_those_of_a_plain_loop_over_torch_s_layers(
    people, monkeypatch, engine, dtype, tolerance
):
    data = np.float64 if dtype == torch.float64 else np.float32
    dataset = replace(
        people, train_x=people.train_x.astype(data), train_y=people.train_y.astype(data)
    )
    torch.set_default_dtype(dtype)
    try:
        ours = train(shipped("transformer", epochs=5), real(3, 4), dataset, engine=engine)
        torch.manual_seed(4)
        network = PublishedTransformer()
        masks = Masks(4)

        def attention(query, key, value, _mask=None, dropout_p=0.0, *_, **__):
            weights = torch.softmax(query @ key.mT / math.sqrt(query.shape[-1]), dim=-1)
            return masks(weights, dropout_p) @ value

        monkeypatch.setattr(nn.functional, "dropout", masks)
        monkeypatch.setattr(nn.functional, "scaled_dot_product_attention", attention)
        losses, gradients = plain_loop(network, dataset, 4, 5, 10, masks)
        monkeypatch.undo()
        network.eval()
        with torch.no_grad():
            expected = torch.cat(
                [network(row[None]) for row in torch.from_numpy(dataset.test_x.astype(data))]
            )
        stack = build(shipped("transformer"), inputs=8, init=0).eval()
        stack.load_state_dict(
            {name: torch.from_numpy(array[1]) for name, array in ours.weights.items()}
        )
        with torch.no_grad():
            found = torch.stack(
                [stack(row[None])[0] for row in torch.from_numpy(dataset.test_x.astype(data))]
            )
    finally:
        torch.set_default_dtype(torch.float32)
    np.testing.assert_allclose(ours.losses[1], losses, rtol=0, atol=10 * tolerance)
    np.testing.assert_allclose(found, expected[:, 0], rtol=0, atol=tolerance)
    np.testing.assert_allclose(ours.occasions[1], np.stack(gradients), rtol=0, atol=10 * tolerance)


@ENGINES
def test_a_partial_last_batch_is_trained_on_and_the_occasion_takes_the_last_full_one(
    people, engine
):
    dataset = replace(people, train_x=people.train_x[:64], train_y=people.train_y[:64])
    ours = train(shipped("mlp", epochs=4, batch_size=10), real(2), dataset, engine=engine)
    torch.manual_seed(2)
    network = nn.Sequential(
        nn.Linear(8, 10), nn.Tanh(), nn.Linear(10, 10), nn.Tanh(), nn.Linear(10, 1)
    )
    losses, gradients = plain_loop(network, dataset, 2, 4, 10, Masks(2))
    np.testing.assert_allclose(ours.losses[0], losses, atol=1e-5)
    np.testing.assert_allclose(ours.occasions[0], np.stack(gradients), atol=1e-5)
    assert ours.occasions.shape == (1, 4, 10, 8)


@ENGINES
def test_a_batch_larger_than_the_table_is_the_table(people, engine):
    dataset = replace(people, train_x=people.train_x[:7], train_y=people.train_y[:7])
    ours = train(shipped("linear", epochs=3, batch_size=10), real(0), dataset, engine=engine)
    torch.manual_seed(0)
    losses, gradients = plain_loop(nn.Linear(8, 1), dataset, 0, 3, 10, Masks(0))
    np.testing.assert_allclose(ours.losses[0], losses, atol=1e-6)
    np.testing.assert_allclose(ours.occasions[0], np.stack(gradients), atol=1e-6)


# -- what a result depends on ----------------------------------------------------------------


@pytest.fixture
def few_people(people) -> Dataset:
    """Seven batches of them, the last one of four rows."""
    return replace(people, train_x=people.train_x[:64], train_y=people.train_y[:64])


@ENGINES
@pytest.mark.parametrize("name", ["transformer", "transformer-tokens", "mlp", "linear"])
def test_a_seed_is_bitwise_the_same_in_any_company(few_people, name, engine):
    recipe = shipped(name, epochs=3)
    alone = train(recipe, real(7), few_people, engine=engine)
    few = train(recipe, real(5, 6, 7, 8, 9), few_people, engine=engine)
    shuffled = [Replicate("shuffled", StreamSeeds.of(seed)) for seed in range(20)]
    full = train(recipe, [*shuffled, *real(*range(20))], few_people, engine=engine)
    assert len(full.losses) == BLOCK
    assert_same(alone, 0, few, 2)
    assert_same(alone, 0, full, 27)


@ENGINES
def test_every_place_in_a_block_computes_the_same(few_people, engine):
    full = train(shipped("transformer", epochs=2), real(*[7] * BLOCK), few_people, engine=engine)
    for place in range(1, BLOCK):
        assert_same(full, 0, full, place)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_caller_s_threads_change_nothing(few_people, threads):
    recipe = shipped("transformer", epochs=1)
    expected = train(recipe, real(1), few_people, engine=Torch)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert_same(train(recipe, real(1), few_people, engine=Torch), 0, expected, 0)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


@ENGINES
def test_each_stream_moves_its_own_source_alone(few_people, engine):
    base = StreamSeeds.of(0)
    transformer, mlp = shipped("transformer", epochs=1), shipped("mlp", epochs=1)

    def weights(recipe: ModelRecipe, streams: StreamSeeds, condition: str = "real") -> np.ndarray:
        trained = train(recipe, [Replicate(condition, streams)], few_people, engine=engine)
        return trained.weights["output.weight"]

    for source in ("init", "order", "dropout", "rows"):
        moved = replace(base, **{source: 1})
        assert not np.array_equal(weights(transformer, moved), weights(transformer, base)), source
    # No dropout in the MLP, no shuffled labels in the real condition.
    np.testing.assert_array_equal(weights(mlp, replace(base, dropout=1)), weights(mlp, base))
    np.testing.assert_array_equal(weights(mlp, replace(base, labels=1)), weights(mlp, base))
    moved = weights(mlp, replace(base, labels=1), "shuffled")
    assert not np.array_equal(moved, weights(mlp, base, "shuffled"))


def test_shuffled_is_real_training_on_permuted_labels(people):
    stream = np.random.Generator(np.random.SFC64(np.random.SeedSequence([6, 3])))
    permuted = replace(people, train_y=people.train_y[stream.permutation(200)])
    recipe = shipped("mlp", epochs=2)
    control = train(recipe, [Replicate("shuffled", StreamSeeds.of(6))], people)
    assert_same(control, 0, train(recipe, real(6), permuted), 0)


def test_rows_bootstraps_the_training_rows(people):
    stream = np.random.Generator(np.random.SFC64(np.random.SeedSequence([9, 4])))
    rows = stream.integers(200, size=200)
    resampled = replace(people, train_x=people.train_x[rows], train_y=people.train_y[rows])
    recipe = shipped("mlp", epochs=2)
    streams = replace(StreamSeeds.of(6), rows=9)
    assert_same(
        train(recipe, [Replicate("real", streams)], people), 0, train(recipe, real(6), resampled), 0
    )


def test_untrained_is_the_initial_network(people):
    trained = train(shipped("transformer"), [Replicate("untrained", StreamSeeds.of(11))], people)
    initial = build(shipped("transformer"), inputs=8, init=11)
    for name, parameter in initial.named_parameters():
        np.testing.assert_array_equal(trained.weights[name][0], parameter.detach().numpy())
    assert trained.losses.shape == (1, 0)
    assert trained.occasions.shape[1] == 0


@pytest.mark.parametrize(
    ("epochs", "occasions", "last_loss"),
    [(300, list(range(0, 300, 30)), 299), (5, [0, 1, 2, 3, 4], 4), (25, list(range(0, 25, 2)), 24)],
)
def test_occasions_and_losses_are_kept_at_the_published_epochs(
    people, epochs, occasions, last_loss
):
    dataset = replace(people, train_x=people.train_x[:10], train_y=people.train_y[:10])
    trained = train(shipped("linear", epochs=epochs), real(0), dataset)
    assert trained.occasion_epochs.tolist() == occasions
    assert trained.loss_epochs[-1] == last_loss
    assert trained.losses.shape == (1, len(trained.loss_epochs))


class Twice(nn.Module):
    """A network that uses one dropout module in two places."""

    def __init__(self, *, inputs: int) -> None:
        super().__init__()
        self.output = nn.Linear(inputs, 1)
        self.dropout = Dropout(0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.output(self.dropout(self.dropout(x))).squeeze(-1)


def test_a_dropout_module_used_twice_is_refused(people):
    recipe = shipped("linear").model_copy(update={"network": "test_training:Twice"})
    with pytest.raises(InputError, match="dropout module 'dropout' is used twice"):
        train(recipe, real(0), people)


def test_an_engine_suits_the_network_and_the_device(people):
    recipe = shipped("mlp", epochs=1)
    own = recipe.model_copy(update={"network": "test_training:Twice", "arguments": {}})
    assert engine_for(recipe, 8).name == "lanes-1"
    assert engine_for(own, 8).name == "torch-40"
    assert engine_for(recipe, 8, "cuda").name == engine_for(own, 8, "cuda").name == "torch-40-cuda"
    # The device in an engine's name is where it trains.
    with pytest.raises((RuntimeError, NotImplementedError)):
        train(recipe, real(3), people, engine=Torch, device="meta")


class Ensemble(nn.Module):
    """A network that builds others from recipes."""

    def __init__(self, *, inputs: int) -> None:
        super().__init__()
        self.members = nn.ModuleList(
            build(shipped("linear"), inputs=inputs, init=seed) for seed in (1, 2)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return sum(member(x) for member in self.members)


def test_a_network_may_build_others(people):
    recipe = shipped("linear", epochs=1).model_copy(update={"network": "test_training:Ensemble"})
    assert train(recipe, real(0), people).weights["members.1.output.weight"].shape == (1, 1, 8)


def test_conditions_that_train_and_untrained_do_not_go_together(people):
    both = [Replicate("untrained", StreamSeeds.of(0)), *real(0)]
    for replicates in (both, []):
        with pytest.raises(ValueError, match="all of them untrained or none"):
            train(shipped("mlp"), replicates, people)


# -- predictions and gradients after training ------------------------------------------------


@pytest.mark.parametrize("name", ["transformer", "transformer-tokens", "mlp"])
def test_a_stack_predicts_and_differentiates_each_row_alone(people, name):
    recipe = shipped(name, epochs=3)
    trained = train(recipe, real(0, 1), people)
    stack = TorchStack(build(recipe, inputs=8, init=0), trained.weights)
    predictions, gradients = stack.predict(people.test_x), stack.gradients(people.test_x)
    together = stack.predict_together(people.test_x)
    assert predictions.shape == (2, 40)
    assert gradients.shape == (2, 40, 8)
    for index in range(2):
        network = build(recipe, inputs=8, init=0).eval()
        network.load_state_dict(
            {key: torch.from_numpy(array[index]) for key, array in trained.weights.items()}
        )
        for row in range(40):
            x = torch.from_numpy(people.test_x[[row]]).requires_grad_(True)
            prediction = network(x)
            prediction.sum().backward()
            np.testing.assert_allclose(predictions[index, row], prediction.item(), atol=1e-6)
            np.testing.assert_allclose(gradients[index, row], x.grad[0], atol=1e-6)
        with torch.no_grad():
            expected = network(torch.from_numpy(people.test_x))
        np.testing.assert_allclose(together[index], expected, atol=1e-6)
    if name == "transformer":
        assert np.abs(together - predictions).max() > 1e-3


def test_a_stack_computes_one_network_as_it_does_many(people):
    trained = train(shipped("transformer", epochs=1), real(*range(BLOCK)), people)
    network = build(shipped("transformer"), inputs=8, init=0)
    twice = {name: np.concatenate([array, array]) for name, array in trained.weights.items()}
    many = TorchStack(network, twice)
    one = TorchStack(network, {name: array[[7]] for name, array in trained.weights.items()})
    for of in (TorchStack.predict, TorchStack.predict_together, TorchStack.gradients):
        expected = of(one, people.test_x)[0]
        np.testing.assert_array_equal(of(many, people.test_x)[7], expected)
        np.testing.assert_array_equal(of(many, people.test_x)[BLOCK + 7], expected)
