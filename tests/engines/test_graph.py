"""Networks of one's own in lanes: recorded, planned and compiled, against torch."""

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from conftest import shipped, train
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lane_gradients import check_gradients, spread
from llvmlite import binding
from networks_of_pieces import PIECES, Around
from torch import Tensor, nn

from study.common.errors import InputError
from study.common.streams import StreamSeeds
from study.engines.lanes import compiler, packing
from study.engines.lanes.engine import Lanes, not_in_lanes
from study.engines.lanes.graph import operations, recorded
from study.engines.lanes.graph.network import Sizes
from study.engines.lanes.graph.record import record
from study.engines.lanes.prediction import LanesStack
from study.engines.registry import engine_for
from study.engines.replicates import Replicate, Trained
from study.engines.torch.engine import Torch
from study.engines.torch.prediction import TorchStack
from study.networks.transformer import Transformer
from study.recipes.model import ModelRecipe, Protocol

INPUTS = 4
# What torch says of operations that it does for one network after another.
pytestmark = pytest.mark.filterwarnings("ignore:There is a performance drop")


def around(*names: str) -> nn.Module:
    """A network of pieces, with the same weights each time."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Around(INPUTS, *(PIECES[name]() for name in names))


# -- each piece, and many -----------------------------------------------------------------------


@pytest.mark.parametrize("name", PIECES)
def test_gradients_through_each_piece_are_those_of_autograd_in_double_precision(name):
    network = around(name)
    check_gradients(network, Sizes.of(network, INPUTS), INPUTS, rows=3, seed=0)


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    names=st.lists(st.sampled_from(sorted(PIECES)), min_size=2, max_size=4),
    rows=st.integers(1, 4),
    seed=st.integers(0, 1000),
)
def test_gradients_of_networks_of_random_pieces_are_those_of_autograd(names, rows, seed):
    # Between them what keeps numbers small, as errors grow with powers of powers.
    calm = [part for name in names for part in (name, "tanh")]
    network = around(*calm)
    check_gradients(network, Sizes.of(network, INPUTS), INPUTS, rows, seed)


@pytest.mark.parametrize("name", ["encoder, norm first", "cell", "greatest with its place"])
def test_predictions_and_their_gradients_are_those_of_torch(name):
    network, rng = around(name), np.random.default_rng(0)
    weights = spread(network, 11, rng)
    x = rng.normal(size=(5, INPUTS)).astype(np.float32)
    own = rng.normal(size=(11, 5, INPUTS)).astype(np.float32)
    one, other = LanesStack(network, weights), TorchStack(network, weights)
    for found, expected in (
        (one.predict(x), other.predict(x)),
        (one.predict(own), other.predict(own)),
        (one.predict_together(x), other.predict_together(x)),
        (one.gradients(x), other.gradients(x)),
    ):
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * np.abs(expected).max())


class Doubled(nn.Module):
    """The shipped Transformer as part of another network."""

    def __init__(self) -> None:
        super().__init__()
        sizes = {"token_width": 4, "heads": 2, "layers": 1, "feedforward_width": 5}
        dropouts = {"position_dropout": 0.2, "layer_dropout": 0.0}
        self.inner = Transformer(
            inputs=INPUTS, hidden_width=5, positions="tokens", **sizes, **dropouts
        )

    def forward(self, x: Tensor) -> Tensor:
        return 2 * self.inner(x)


def test_gradients_of_a_network_around_the_shipped_one_are_those_of_autograd():
    network = Doubled()
    check_gradients(network, Sizes.of(network, INPUTS), INPUTS, rows=3, seed=0)


# -- training -----------------------------------------------------------------------------------


def recipe_of(network: str, **training: int) -> ModelRecipe:
    protocol = {"epochs": 2, "batch_size": 10, "learning_rate": 0.01} | training
    return ModelRecipe(title="Own", network=network, training=Protocol(**protocol))


def real(*seeds: int) -> list[Replicate]:
    return [Replicate("real", StreamSeeds.of(seed)) for seed in seeds]


OWN = ["networks_of_pieces:GeluMlp", "networks_of_pieces:StockTransformer"]


@pytest.mark.parametrize("network", [*OWN, "networks_to_check:Dropping"])
@pytest.mark.parametrize("batch_size", [10, 7])
def test_an_epoch_is_that_of_the_torch_engine(people, network, batch_size):
    """7 does not divide 200: the last batch is partial."""
    recipe = recipe_of(network, epochs=1, batch_size=batch_size)
    replicates = [*real(0, 1, 2), Replicate("shuffled", StreamSeeds.of(1))]
    ours, theirs = (train(recipe, replicates, people, engine=kind) for kind in (Lanes, Torch))
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=0, atol=1e-5)
    np.testing.assert_allclose(ours.occasions, theirs.occasions, rtol=0, atol=1e-6)
    stacks = [kind(recipe, 8).stack(trained) for kind, trained in ((Lanes, ours), (Torch, theirs))]
    predictions = [stack.predict(people.test_x) for stack in stacks]
    np.testing.assert_allclose(*predictions, rtol=0, atol=1e-5)


def test_training_stops_early_as_by_the_torch_engine(people):
    recipe = recipe_of(OWN[0], epochs=12, patience=2)
    ours, theirs = (train(recipe, real(0, 1, 2), people, engine=kind) for kind in (Lanes, Torch))
    np.testing.assert_array_equal(ours.epochs, theirs.epochs)
    assert min(ours.epochs) < 12
    for name, weights in ours.weights.items():
        np.testing.assert_allclose(weights, theirs.weights[name], rtol=0, atol=1e-4)


# -- bits ---------------------------------------------------------------------------------------


def digest(trained: Trained, places: list[int]) -> str:
    arrays = [*trained.weights.values(), trained.losses, trained.occasions]
    parts = [np.ascontiguousarray(array[places], dtype="<f4").tobytes() for array in arrays]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def measured(recipe: ModelRecipe, trained: Trained, x: np.ndarray, lanes: int) -> np.ndarray:
    engine = Lanes(recipe, 8)
    stack = LanesStack(engine.network, trained.weights, lanes, engine.sizes)
    return np.concatenate([stack.predict(x), stack.gradients(x).reshape(stack.size, -1)], axis=1)


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


@pytest.mark.parametrize("network", OWN)
def test_bits_are_the_same_in_any_company_lanes_and_instruction_set(people, on_processor, network):
    recipe, x = recipe_of(network), people.test_x[:7]
    alone = train(recipe, real(0, 1), people)
    values = measured(recipe, alone, x, 8)
    company = [Replicate("shuffled", StreamSeeds.of(0)), *real(9, 1, 0)]
    for lanes in (16, 32):
        trained = train(recipe, company, people, engine=Lanes, lanes=lanes)
        assert digest(trained, [3, 2]) == digest(alone, [0, 1])
    np.testing.assert_array_equal(measured(recipe, trained, x, 32)[[3, 2]], values)
    for processor in processors():
        on_processor(processor)
        trained = train(recipe, real(0, 1), people)
        assert digest(trained, [0, 1]) == digest(alone, [0, 1])
        np.testing.assert_array_equal(measured(recipe, trained, x, 8), values)


def test_a_kernel_is_known_by_the_graph_and_not_by_the_class():
    class Other(Around):
        """Written elsewhere, and the same."""

    one, other = (
        record(kind(INPUTS, torch.tanh), INPUTS, training=True) for kind in (Around, Other)
    )
    assert one.digest == other.digest
    changed = record(Around(INPUTS, torch.tanh, torch.tanh), INPUTS, training=True)
    assert changed.digest != one.digest


# -- what lanes leave to torch ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "missing"),
    [
        ("networks_to_check:Residual", None),
        ("networks_to_check:Attention", None),
        ("networks_to_check:Cells", None),
        ("networks_to_check:Convolution", "convolution"),
        ("networks_to_check:Neighbours", "a batch whose rows depend on each other"),
        ("networks_to_check:RowPositions", "a batch whose rows depend on each other"),
        ("networks_to_check:Raising", "Unfit"),
    ],
)
def test_what_lanes_do_not_know_is_named_and_left_to_torch(network, missing):
    recipe = recipe_of(network)
    assert not_in_lanes(recipe, INPUTS) == missing
    engine = engine_for(recipe, INPUTS)
    assert engine.name == ("torch-40" if missing else "lanes-1")
    assert (missing or "") in (engine.note or "")
    assert (engine.note is None) == (missing is None)


def test_a_run_that_torch_began_goes_on_by_torch():
    recipe = recipe_of("networks_to_check:Residual")
    assert engine_for(recipe, INPUTS, begun="torch-40").name == "torch-40"
    assert engine_for(recipe, INPUTS, begun="lanes-1").name == "lanes-1"
    assert engine_for(recipe, INPUTS, begun="torch-40-cuda").name == "lanes-1"


class Overwritten(nn.Module):
    """It changes part of what it then uses as a whole."""

    def __init__(self, *, inputs: int) -> None:
        super().__init__()
        self.first, self.output = nn.Linear(inputs, 4), nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = 2 * self.first(x)
        h[:, :2].mul_(3)
        return self.output(h).squeeze(-1)


def test_what_was_changed_in_place_is_not_taken_for_what_it_was():
    recipe = recipe_of("test_graph:Overwritten")
    assert not_in_lanes(recipe, INPUTS) == "a change in place of what is used otherwise"


class Peeking(Overwritten):
    """It looks at its row where PyTorch does not see it."""

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.from_numpy(x.detach().numpy().copy()).sum(1)
        return self.output(self.first(x)).squeeze(-1) * seen


class PeekingAtWeights(Overwritten):
    """It looks at its weights where PyTorch does not see it."""

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.from_numpy(self.first.weight.detach().numpy().copy()).sum()
        return self.output(self.first(x)).squeeze(-1) * seen


class Random(Overwritten):
    """It holds numbers of its seed beside its weights."""

    def __init__(self, *, inputs: int) -> None:
        super().__init__(inputs=inputs)
        self.directions = torch.randn(4)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.first(x) * self.directions).squeeze(-1)


@pytest.mark.parametrize("name", ["Peeking", "PeekingAtWeights", "Random"])
def test_numbers_of_a_row_or_a_seed_are_not_taken_for_constants(name):
    missing = not_in_lanes(recipe_of(f"test_graph:{name}"), INPUTS)
    assert missing == "numbers of a row or of a seed beside inputs and weights"


def test_a_shipped_network_that_another_pytorch_computes_otherwise_is_named(monkeypatch):
    monkeypatch.delitem(operations._KNOWN, "tanh")
    recorded._shipped.cache_clear()
    with pytest.raises(InputError, match="computes MLP by 'tanh' here, which lanes do not know"):
        _ = Lanes(shipped("mlp"), INPUTS).sizes


WIDTHS = {"hidden": 3}


class Growing(nn.Module):
    """Its layers follow from something else than its arguments."""

    def __init__(self, *, inputs: int) -> None:
        super().__init__()
        self.first, self.output = (
            nn.Linear(inputs, WIDTHS["hidden"]),
            nn.Linear(WIDTHS["hidden"], 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.first(x)).squeeze(-1)


def test_weights_of_other_shapes_than_code_was_compiled_for_are_refused(people, monkeypatch):
    engine = engine_for(recipe_of("test_graph:Growing", epochs=1), 8)
    engine.train(real(0), people.train_x, people.train_y)
    monkeypatch.setitem(WIDTHS, "hidden", 30)
    with pytest.raises(InputError, match=r"parameter 'first\.weight' of the network has shape"):
        engine.train(real(1), people.train_x, people.train_y)


def test_recording_prints_nothing_and_leaves_random_generators_alone(capsys):
    before = torch.get_rng_state()
    assert not_in_lanes(recipe_of("networks_to_check:Talking"), INPUTS) is None
    assert capsys.readouterr().out == ""
    assert torch.equal(torch.get_rng_state(), before)
