"""The shipped networks in lanes against their nn.Modules, and against themselves elsewhere."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from conftest import shipped, train
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lane_gradients import by_autograd, check_gradients, largest, spread
from llvmlite import binding
from torch import nn

from study.common.streams import StreamSeeds, bit_generator
from study.engines.batches import KeepMasks
from study.engines.lanes import compiler, packing
from study.engines.lanes.engine import Lanes
from study.engines.lanes.graph.network import Sizes
from study.engines.lanes.prediction import LanesStack
from study.engines.replicates import Replicate, Trained
from study.engines.torch.engine import Torch
from study.engines.torch.prediction import TorchStack
from study.networks.build import build
from study.networks.linear import Linear
from study.networks.mlp import MLP
from study.networks.transformer import Transformer
from study.recipes.model import ModelRecipe

MODELS = ["transformer", "transformer-tokens", "mlp", "linear"]


def real(*seeds: int) -> list[Replicate]:
    return [Replicate("real", StreamSeeds.of(seed)) for seed in seeds]


# -- gradients -------------------------------------------------------------------------------


def seeded(make: Callable[..., nn.Module]) -> Callable[..., nn.Module]:
    """The same initial weights each time."""

    def made(**arguments: Any) -> nn.Module:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return make(**arguments)

    return made


@seeded
def transformer(heads: int, size: int, dropouts: tuple[float, float], **others: Any) -> nn.Module:
    return Transformer(
        token_width=heads * size,
        heads=heads,
        position_dropout=dropouts[0],
        layer_dropout=dropouts[1],
        **others,
    )


transformers = st.builds(
    transformer,
    inputs=st.integers(1, 20),
    heads=st.integers(1, 4),
    size=st.integers(1, 5),
    layers=st.integers(1, 3),
    feedforward_width=st.integers(1, 20),
    hidden_width=st.integers(1, 20),
    dropouts=st.sampled_from([(0.0, 0.0), (0.3, 0.0), (0.0, 0.3), (0.2, 0.1)]),
    positions=st.sampled_from(["batch", "tokens"]),
)
perceptrons = st.builds(
    seeded(MLP),
    inputs=st.integers(1, 40),
    hidden_widths=st.lists(st.integers(1, 40), min_size=0, max_size=3),
)
linears = st.builds(seeded(Linear), inputs=st.integers(1, 40))


def inputs_of(network: nn.Module) -> int:
    if isinstance(network, Transformer):
        return network.embedding.weight.shape[0]
    hidden = network.hidden if isinstance(network, MLP) else []
    return [*hidden, network.output][0].in_features


@pytest.mark.parametrize(
    ("networks", "examples"), [(transformers, 12), (perceptrons, 6), (linears, 3)]
)
def test_gradients_of_random_networks_are_those_of_autograd_in_double_precision(networks, examples):
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(network=networks, rows=st.integers(1, 6), seed=st.integers(0, 1000))
    def check(network: nn.Module, rows: int, seed: int) -> None:
        inputs = inputs_of(network)
        check_gradients(network, Sizes.of(network, inputs), inputs, rows, seed)

    check()


@pytest.mark.parametrize("name", MODELS)
def test_gradients_of_the_shipped_networks_are_within_a_millionth_of_the_largest(people, name):
    """From initial weights, on the people data, with dropout; five batches of ten seeds."""
    for seed in range(5):
        recipe = shipped(name, epochs=1)
        data = replace(people, train_x=people.train_x[:10], train_y=people.train_y[:10])
        replicates = real(*range(10 * seed, 10 * seed + 10))
        found = train(recipe, replicates, data).occasions
        masks = KeepMasks(network_of(recipe), rows=10, inputs=8)
        for place, replicate in enumerate(replicates):
            network = build(recipe, inputs=8, init=replicate.streams.init)
            order = np.random.Generator(bit_generator(replicate.streams.order, "order"))
            rows = order.permutation(10)
            keep = masks.draw([bit_generator(replicate.streams.dropout, "dropout")])
            exact = by_autograd(
                network,
                {name: value.detach().numpy() for name, value in network.named_parameters()},
                data.train_x[rows],
                data.train_y[rows],
                {name: mask[0] for name, mask in keep.items()},
                torch.float64,
            )
            error = np.abs(found[place, 0] - exact["x"]).max()
            assert error <= 1e-6 * largest(exact)


@settings(max_examples=8, deadline=None, derandomize=True, database=None)
@given(network=st.one_of(transformers, perceptrons), rows=st.integers(1, 5))
def test_predictions_and_gradients_of_random_networks_are_those_of_torch(network, rows):
    rng = np.random.default_rng(0)
    inputs = inputs_of(network)
    weights = spread(network, 11, rng)
    x = rng.normal(size=(rows, inputs)).astype(np.float32)
    one, other = LanesStack(network, weights), TorchStack(network, weights)
    assert one.size == 11
    for found, expected in (
        (one.predict(x), other.predict(x)),
        (one.predict_together(x), other.predict_together(x)),
        (one.gradients(x), other.gradients(x)),
    ):
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * np.abs(expected).max())


# -- training against the torch engine -------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("batch_size", [10, 7])
def test_an_epoch_is_that_of_the_torch_engine(people, name, batch_size):
    """7 does not divide 200: the last batch is partial."""
    recipe = shipped(name, epochs=1, batch_size=batch_size)
    replicates = [
        Replicate(condition, StreamSeeds.of(seed))
        for seed in range(5)
        for condition in ("real", "shuffled")
    ]
    replicates.append(Replicate("real", replace(StreamSeeds.of(3), rows=4)))
    ours = train(recipe, replicates, people, engine=Lanes)
    theirs = train(recipe, replicates, people, engine=Torch)
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=0, atol=1e-5)
    np.testing.assert_allclose(ours.occasions, theirs.occasions, rtol=0, atol=1e-6)
    network = network_of(recipe)
    np.testing.assert_allclose(
        TorchStack(network, ours.weights).predict(people.test_x),
        TorchStack(network, theirs.weights).predict(people.test_x),
        rtol=0,
        atol=1e-5,
    )


def network_of(recipe: ModelRecipe) -> nn.Module:
    return build(recipe, inputs=8, init=0)


@pytest.mark.parametrize("batch_size", [10, 7, 500])
def test_several_epochs_of_several_calls_follow_the_torch_engine(people, monkeypatch, batch_size):
    """Three epochs a call: losses, occasions and Adam's steps go on where they were."""
    from study.engines.lanes import training

    monkeypatch.setattr(training, "_ROWS_AT_ONCE", 600)
    recipe = shipped("mlp", epochs=25, batch_size=batch_size)
    ours, theirs = (train(recipe, real(1, 2), people, engine=one) for one in (Lanes, Torch))
    for name in ("loss_epochs", "occasion_epochs"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=0, atol=1e-5)
    np.testing.assert_allclose(ours.occasions, theirs.occasions, rtol=0, atol=1e-5)
    for name, weights in ours.weights.items():
        np.testing.assert_allclose(weights, theirs.weights[name], rtol=0, atol=1e-5)
    monkeypatch.undo()
    assert digest(train(recipe, real(1, 2), people)) == digest(ours)


# -- bits ------------------------------------------------------------------------------------


def digest(trained: Trained) -> str:
    """SHA-256 of all that training leaves."""
    arrays = [*trained.weights.values(), trained.losses, trained.occasions]
    parts = [np.ascontiguousarray(array, dtype="<f4").tobytes() for array in arrays]
    return hashlib.sha256(b"".join(parts)).hexdigest()


# Of seeds 0 to 2 of the shipped recipes at their full 300 epochs. Any machine, whatever its
# processor, should find the same; a change of arithmetic changes them, and then the number
# in the engine's name must move on.
FINGERPRINTS = {
    "transformer": "232fc4197f8eaf962f9e6f972e54a64ce57866b9e139fd19b2c3c3e713d53452",
    "transformer-tokens": "26365a90f47b6154d54cfaf97339f5a0c7e915fb72f998436c1b086424b57630",
    "mlp": "ac51b6b72630d74c0fabdc79f55e8b14ccbab8dc70b28a1bb04e1bc8a6f71757",
    "linear": "62c3ca7cbbb69a66fe1bde601f7865e5ef6e76939a9e63ef1f2383dc0cae0e5e",
}


@pytest.fixture(scope="module")
def full(people) -> dict[str, Trained]:
    """Seeds 0 to 2 of each shipped model, alone in the widest lanes that suit the machine."""
    return {name: train(shipped(name), real(0, 1, 2), people) for name in MODELS}


@pytest.mark.parametrize("name", MODELS)
def test_a_full_training_has_the_fingerprint_it_had_elsewhere(full, name):
    assert digest(full[name]) == FINGERPRINTS[name]


@pytest.mark.parametrize("lanes", [8, 16, 32])
@pytest.mark.parametrize("name", MODELS)
def test_a_full_training_is_bitwise_the_same_in_lanes_of_any_width(people, full, name, lanes):
    """And in other company: seeds 0 to 2 stand at other places among real and shuffled ones."""
    company = [Replicate("shuffled", StreamSeeds.of(0)), *real(9, 2, 0, 8, 1)]
    trained = train(shipped(name), company, people, engine=Lanes, lanes=lanes)
    assert digest(chosen(trained, [3, 5, 2])) == digest(full[name])


def chosen(trained: Trained, places: list[int]) -> Trained:
    return replace(
        trained,
        weights={name: array[places] for name, array in trained.weights.items()},
        losses=trained.losses[places],
        occasions=trained.occasions[places],
    )


def processors() -> list[str]:
    """Kinds of processor whose code this machine can run, from plain SSE2 to AVX-512."""
    has = binding.get_host_cpu_features() if "x86_64" in binding.get_process_triple() else {}
    needs = {"x86-64": "sse2", "x86-64-v3": "avx2", "x86-64-v4": "avx512bw"}
    return [name for name, feature in needs.items() if has.get(feature)]


@pytest.fixture
def on_processor(monkeypatch) -> Iterator[Callable[[str], None]]:
    """Compile for another kind of processor from here to the end of the test."""

    def choose(processor: str) -> None:
        packing._kernel.cache_clear()
        monkeypatch.setattr(compiler, "host_processor", lambda: (processor, ""))

    yield choose
    packing._kernel.cache_clear()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("processor", processors())
def test_a_full_training_is_bitwise_the_same_in_any_instruction_set(
    people, full, on_processor, name, processor
):
    """And so are predictions and gradients after it."""
    network, weights = network_of(shipped(name)), full[name].weights
    ways = (LanesStack.predict, LanesStack.predict_together, LanesStack.gradients)
    stacked = LanesStack(network, weights)
    expected = [of(stacked, people.test_x) for of in ways]
    on_processor(processor)
    assert digest(train(shipped(name), real(0, 1, 2), people)) == digest(full[name])
    for of, values in zip(ways, expected, strict=True):
        np.testing.assert_array_equal(of(stacked, people.test_x), values)


def test_threads_at_once_compute_what_one_does(people, full):
    found: dict[int, str] = {}

    def work(number: int) -> None:
        found[number] = digest(train(shipped("transformer"), real(0, 1, 2), people))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found.values()) == {digest(full["transformer"])}


@pytest.mark.parametrize("name", MODELS)
def test_predictions_and_gradients_are_bitwise_the_same_in_any_lanes_and_company(
    people, full, name
):
    network, weights = network_of(shipped(name)), full[name].weights
    alone = {key: array[[1]] for key, array in weights.items()}
    many = {key: np.concatenate([array] * 9) for key, array in weights.items()}
    for of in (LanesStack.predict, LanesStack.predict_together, LanesStack.gradients):
        expected = of(LanesStack(network, alone), people.test_x)[0]
        for lanes in (8, 16, 32):
            found = of(LanesStack(network, many, lanes), people.test_x)
            for place in range(1, 27, 3):
                np.testing.assert_array_equal(found[place], expected)


# -- divergence ------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_diverged_seed_stays_so_and_leaves_its_neighbours_alone(people, monkeypatch, value):
    """Seed 1 starts with one broken weight."""
    from study.engines.lanes import training

    recipe = shipped("transformer", epochs=3)
    sound = train(recipe, real(0, 2), people)
    build = training.build

    def broken(recipe: ModelRecipe, *, inputs: int, init: int, outputs: int) -> nn.Module:
        network = build(recipe, inputs=inputs, init=init, outputs=outputs)
        if init == 1:
            with torch.no_grad():
                network.layers[0].expand.weight[0, 0] = value
        return network

    monkeypatch.setattr(training, "build", broken)
    trained = train(recipe, real(0, 1, 2), people)
    assert digest(chosen(trained, [0, 2])) == digest(sound)
    assert np.isnan(trained.losses[1]).all()
    assert np.isnan(trained.weights["output.weight"][1]).all()
    assert np.isnan(LanesStack(network_of(recipe), trained.weights).predict(people.test_x)[1]).all()
