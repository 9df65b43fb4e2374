"""Whether rows of a batch are on their own: what is found, and what it is taken for."""

import pickle

import networks_of_rows as networks
import numpy as np
import pytest
import torch
from conftest import train
from networks_of_pieces import PIECES, Around
from torch import Tensor, nn

from study.common.errors import InputError
from study.common.findings import FAULT, NOTE, PASSED, Finding
from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset
from study.engines.lanes import engine as lanes_engine
from study.engines.lanes.engine import Lanes, not_in_lanes
from study.engines.lanes.graph.single_rows import refuse_neighbours
from study.engines.network_check.check import check_network
from study.engines.network_check.neighbours import depending
from study.engines.network_check.quiet import quietly
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.engines.torch.engine import Torch
from study.recipes.model import ModelRecipe, Protocol

FEATURES = 8
# What torch says of operations that it does for one network after another.
pytestmark = pytest.mark.filterwarnings("ignore:There is a performance drop")
NEIGHBOURS = "a batch whose rows depend on each other"


def of(network: type[nn.Module] | str, **training: int) -> ModelRecipe:
    name = network if isinstance(network, str) else f"{network.__module__}:{network.__name__}"
    protocol = {"epochs": 1, "batch_size": 10, "learning_rate": 0.01} | training
    return ModelRecipe(title="Own", network=name, training=Protocol(**protocol))


# -- the comparison, on networks that are sums --------------------------------------------------


def sums(rows: Tensor, d_y: Tensor, mixed: float) -> list[Tensor]:
    """Rows that are summed, plus a part of the mean of all; with its gradients, in closed form."""
    totals, d_totals = rows.sum(1), d_y
    if mixed:
        totals, d_totals = totals + mixed * totals.mean(), d_y + mixed * d_y.mean()
    return [totals, d_totals[:, None].expand(rows.shape), d_totals.sum()]


def looked_at(mixed: float, mixed_back: float) -> str | None:
    def together(rows: Tensor, d_y: Tensor, _start: int) -> list[Tensor]:
        return [sums(rows, d_y, mixed)[0], *sums(rows, d_y, mixed_back)[1:]]

    def alone(row: Tensor, d_y: Tensor, _start: int) -> list[Tensor]:
        return sums(row, d_y, 0.0)

    x = torch.randn(10, 3, generator=torch.Generator().manual_seed(0))
    return depending(alone, together, x, [1, 5, 10])


@pytest.mark.parametrize("part", [1e-3, 0.01, -0.1, 1.0])
def test_a_part_of_the_mean_of_a_batch_is_seen_there_and_back(part):
    assert looked_at(part, 0.0) == "prediction"
    assert looked_at(0.0, part) == "gradient"


def test_a_part_that_is_less_than_rounding_is_seen_beside_a_row_that_is_not_finite():
    assert looked_at(1e-12, 0.0) == "prediction"


def test_sums_of_rows_alone_depend_on_nothing_else():
    assert looked_at(0.0, 0.0) is None


# -- what lanes leave to torch ------------------------------------------------------------------


@pytest.mark.parametrize(
    "network",
    [
        networks.InLargeBatches,
        networks.InTheLastBatch,
        networks.AloneOrNot,
        networks.InFives,
        networks.Counted,
        networks.ByTheLargest,
        networks.ByTheHuge,
        networks.Outliers,
        networks.InEvaluation,
        networks.InTables,
        networks.OnceTrained,
        networks.OfOneLength,
        networks.ClippedWeights,
        networks.OwnBackward,
        networks.ScaledForTheLargest,
    ],
)
def test_rows_that_depend_on_each_other_are_left_to_torch(network):
    recipe = of(network)
    assert not_in_lanes(recipe, FEATURES) == NEIGHBOURS
    assert engine_for(recipe, FEATURES).name == "torch-40"


@pytest.mark.parametrize("batch_size", [9, 10, 64, 500])
def test_rows_are_tried_in_batches_of_the_recipes_size(batch_size):
    recipe = of(networks.InLargeBatches, batch_size=batch_size)
    assert not_in_lanes(recipe, FEATURES) == NEIGHBOURS


@pytest.mark.parametrize(
    ("network", "name"),
    [
        (networks.TokensFirst, "folded"),
        (networks.Backwards, "folded"),
        (networks.SequenceFirst, "folded"),
    ],
)
def test_dropout_whose_decisions_do_not_come_row_by_row_is_left_to_torch(network, name):
    assert not_in_lanes(of(network), FEATURES) == f"dropout '{name}' across rows"


@pytest.mark.parametrize(
    ("network", "missing"),
    [
        (networks.WhenAsked, "a prediction that is another when gradients are asked for"),
        (networks.BranchOnWeights, "_local_scalar_dense"),
        (networks.BranchOnRows, "_local_scalar_dense"),
    ],
)
def test_what_one_recording_does_not_show_is_left_to_torch_and_named(network, missing):
    assert not_in_lanes(of(network), FEATURES) == missing


# -- what they do not ---------------------------------------------------------------------------

HONEST = [
    networks.Folded,
    networks.ClippedRows,
    networks.Hooked,
    networks.InParts,
    networks.Modes,
    networks.Normalised,
]


@pytest.mark.parametrize("network", HONEST)
def test_networks_whose_rows_are_on_their_own_are_trained_as_by_torch(people, network):
    recipe = of(network, epochs=2)
    replicates = [Replicate("real", StreamSeeds.of(seed)) for seed in (0, 1)]
    assert engine_for(recipe, FEATURES).name == "lanes-1"
    ours, theirs = (train(recipe, replicates, people, engine=kind) for kind in (Lanes, Torch))
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=0, atol=1e-4)
    np.testing.assert_allclose(ours.occasions, theirs.occasions, rtol=0, atol=1e-5)
    stacks = [
        kind(recipe, FEATURES).stack(trained) for kind, trained in ((Lanes, ours), (Torch, theirs))
    ]
    predictions = [stack.predict(people.test_x) for stack in stacks]
    np.testing.assert_allclose(*predictions, rtol=0, atol=1e-4)


def test_hooks_on_parameters_are_not_called_in_lanes_as_they_are_not_by_torch(people):
    recipe = of(networks.HookOnWeights)
    replicates = [Replicate("real", StreamSeeds.of(0))]
    ours, theirs = (train(recipe, replicates, people, engine=kind) for kind in (Lanes, Torch))
    for name, weights in ours.weights.items():
        np.testing.assert_allclose(weights, theirs.weights[name], rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    "network", [networks.Magnifying, networks.Overflowing, networks.Saturating]
)
@pytest.mark.parametrize("batch_size", [1, 10, 200])
def test_rounding_that_grows_is_not_taken_for_neighbours(network, batch_size):
    assert not_in_lanes(of(network, batch_size=batch_size), FEATURES) is None


@pytest.mark.parametrize("name", PIECES)
def test_no_piece_of_a_network_is_taken_for_one_that_minds_neighbours(name):
    with quietly():
        refuse_neighbours(Around(FEATURES, PIECES[name]()), FEATURES, 10)


# -- what the check of a network says -----------------------------------------------------------


def noted(network: type[nn.Module], people: Dataset, **training: int) -> list[Finding]:
    found = check_network(of(network, **training), people.train_x, people.test_x)
    assert not [finding for finding in found if finding.outcome == FAULT]
    return [finding for finding in found if finding.code == "N016"]


@pytest.mark.parametrize(
    ("network", "what"),
    [
        (networks.InLargeBatches, "prediction"),
        (networks.InEvaluation, "prediction"),
        (networks.ByTheLargest, "prediction"),
        (networks.Outliers, "prediction"),
        (networks.NormalisedInTraining, "prediction"),
        (networks.OfOneLength, "gradient"),
        (networks.OwnBackward, "gradient"),
    ],
)
def test_a_prediction_or_a_gradient_that_minds_neighbours_is_noted(people, network, what):
    (note,) = noted(network, people)
    assert (note.outcome, note.code) == (NOTE, "N016")
    assert note.what == f"a row's {what} depends on its neighbours in the batch"


def test_the_last_partial_batch_is_looked_at_for_neighbours(people):
    """200 rows are 28 batches of 7, and 4 more; or 1 of 197, and 3."""
    assert [note.outcome for note in noted(networks.InTheLastBatch, people)] == [PASSED]
    (note,) = noted(networks.InTheLastBatch, people, batch_size=197)
    assert note.outcome == NOTE


@pytest.mark.parametrize("network", [*HONEST, networks.Magnifying, networks.Saturating])
def test_nothing_is_noted_of_rows_that_are_on_their_own(people, network):
    assert [note.outcome for note in noted(network, people)] == [PASSED]


@pytest.mark.parametrize(
    ("network", "code"),
    [
        (networks.PeekAtWeights, "N014"),
        (networks.PeekAtRows, "N014"),
        (networks.OwnGenerator, "N014"),
        (networks.Clock, "N010"),
        (networks.Late, "N008"),
        (networks.Spectral, "N010"),
        (networks.HookedOnTheWayBack, "N014"),
        (networks.FrozenLater, "N013"),
        (networks.Renormalised, "N010"),
    ],
)
def test_what_moves_or_is_seen_beside_pytorch_is_refused_before_any_training(people, network, code):
    with pytest.raises(InputError, match=rf"\({code}"):
        engine_for(of(network), FEATURES).check(people, known=False)


class InBatchesOfTwenty(networks.Net):
    """Of a size that lanes do not try where batches are of 90 rows."""

    def change(self, h):
        return h - h.mean(0) if len(h) == 20 else h


def test_what_only_the_sizes_of_the_data_show_is_refused_and_not_computed(people):
    """200 rows are 2 batches of 90, and 20 more."""
    engine = engine_for(of(InBatchesOfTwenty, batch_size=90), FEATURES)
    assert engine.name == "lanes-1"
    with pytest.raises(InputError, match="in batches of some sizes or values alone"):
        engine.check(people, known=False)
    engine_for(of(InBatchesOfTwenty, batch_size=95), FEATURES).check(people, known=False)


# -- networks that follow from more than their arguments ----------------------------------------

SETTINGS = {"apart": 5}


class Scaled(networks.Net):
    """It holds what its class says when it is built."""

    factor = 1.0

    def add(self, width):
        self.register_buffer("factors", torch.full((width,), self.factor))

    def change(self, h):
        return h * self.factors


class Set(networks.Net):
    """A global of its module decides whether rows share something."""

    def change(self, h):
        return h * (1 + (torch.arange(len(h)) // SETTINGS["apart"])[:, None])


def test_what_changed_since_a_network_was_last_recorded_is_seen(people, monkeypatch):
    recipe, replicates = of(Scaled), [Replicate("real", StreamSeeds.of(0))]
    before = engine_for(recipe, FEATURES)
    monkeypatch.setattr(Scaled, "factor", 3.0)
    after = engine_for(recipe, FEATURES)
    assert isinstance(before, Lanes)
    assert isinstance(after, Lanes)
    assert before.sizes != after.sizes
    found = after.train(replicates, people.train_x, people.train_y)
    expected = train(recipe, replicates, people, engine=Torch)
    np.testing.assert_allclose(found.losses, expected.losses, rtol=0, atol=1e-5)


def test_rows_that_have_come_to_depend_on_each_other_are_seen(monkeypatch):
    monkeypatch.setitem(SETTINGS, "apart", 1000)
    assert not_in_lanes(of(Set), FEATURES) is None
    monkeypatch.setitem(SETTINGS, "apart", 5)
    assert not_in_lanes(of(Set), FEATURES) == NEIGHBOURS


def test_an_engine_takes_what_was_recorded_along_to_workers(monkeypatch):
    engine = engine_for(of(Scaled), FEATURES)
    monkeypatch.setattr(lanes_engine, "recorded", None)
    there = pickle.loads(pickle.dumps(engine))
    assert there == engine
    assert there.sizes == engine.sizes
    assert there.sizes.plans[0].slots == engine.sizes.plans[0].slots
