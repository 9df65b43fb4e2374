"""What learns classes: losses and gradients, against PyTorch's own; and whole trainings."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import shipped
from lane_gradients import check_gradients, spread
from plain_loop import Masks, plain_loop, real
from scipy.special import log_expit
from torch import nn
from torch.nn import functional

from study.common.errors import InputError
from study.common.findings import PASSED, faults
from study.common.task import Task
from study.engines.lanes.compiler import Kernel, aligned
from study.engines.lanes.engine import Lanes
from study.engines.lanes.graph.network import Sizes
from study.engines.lanes.losses import loss_of
from study.engines.lanes.memory import array
from study.engines.lanes.prediction import LanesStack
from study.engines.lanes.tracing import Trace, integer, loop, tracing
from study.engines.network_check.check import check_network
from study.engines.registry import engine_for
from study.engines.replicates import Replicate, Trained
from study.engines.torch.engine import Torch
from study.engines.torch.prediction import TorchStack
from study.networks.build import build
from study.networks.linear import Linear
from study.networks.mlp import MLP
from study.networks.transformer import Transformer

TWO, THREE = Task(("no", "yes")), Task(("low", "middle", "high"))
TWENTY = Task(tuple(map(str, range(20))))
MODELS = ["transformer", "mlp", "linear"]
each_task = pytest.mark.parametrize("task", [TWO, THREE], ids=["two", "three"])
each_model = pytest.mark.parametrize("name", MODELS)


@pytest.fixture(scope="module")
def table(people) -> Callable[[Task], tuple[np.ndarray, np.ndarray]]:
    """Training rows of the people, and to which part of the incomes each belongs."""

    def of(task: Task) -> tuple[np.ndarray, np.ndarray]:
        count = len(task.levels)
        cuts = np.quantile(people.train_y, np.arange(1, count) / count)
        return people.train_x, np.searchsorted(cuts, people.train_y).astype(np.float32)

    return of


# -- losses ----------------------------------------------------------------------------------


def in_lanes(y: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Losses (rows,) and their gradients (rows, outputs), by the kernels' function."""
    rows, outputs = y.shape

    def traced(lanes: int, outputs: int) -> Trace:
        with tracing(lanes, ("y", "targets", "d_y", "losses"), ("rows",)) as trace:
            for row in loop(integer("rows")):
                own = (array(name, 1, outputs).at(row) for name in ("y", "d_y"))
                loss = loss_of(outputs, "cross-entropy")
                array("losses", 1)[row] = loss(next(own), array("targets", 1)[row], next(own))
        return trace

    def spread_out(values: np.ndarray) -> np.ndarray:
        room = aligned((*values.shape, 8))
        room[:] = values[..., None]
        return room

    losses, d_y = aligned((rows, 8)), aligned((rows, outputs, 8))
    Kernel(traced, 8, outputs)(
        y=spread_out(y), targets=spread_out(targets), d_y=d_y, losses=losses, rows=rows
    )
    for found in (losses, d_y):
        np.testing.assert_array_equal(found, found[..., :1] * np.ones(8, np.float32))
    return losses[:, 0], d_y[..., 0]


@pytest.mark.parametrize("outputs", [1, 3, 20])
def test_losses_and_their_slopes_are_those_of_torch_in_double_precision(outputs):
    """For outputs of all sizes, also where one class is all but certain."""
    rng = np.random.default_rng(0)
    scales = np.repeat([0.1, 1, 10, 50, 1000], 400)[:, None]
    y = (scales * rng.normal(size=(len(scales), outputs))).astype(np.float32)
    targets = rng.integers(max(outputs, 2), size=len(y))
    losses, d_y = in_lanes(y, targets.astype(np.float32))
    exact = torch.from_numpy(y).double().requires_grad_(True)
    labels = torch.from_numpy(targets)
    if outputs == 1:
        of_rows = functional.binary_cross_entropy_with_logits(
            exact[:, 0], labels.double(), reduction="none"
        )
    else:
        of_rows = functional.cross_entropy(exact, labels, reduction="none")
    (slopes,) = torch.autograd.grad(of_rows.sum(), exact)
    np.testing.assert_allclose(d_y, slopes, rtol=0, atol=3e-7)
    expected = of_rows.detach().numpy()
    # The loss is a difference of outputs, and has the rounding of torch's, or of single precision.
    rounding = 1e-15 if outputs == 1 else 2e-7
    atol = rounding * (np.abs(y).max(axis=1) + 1)
    assert (np.abs(losses - expected) <= 1e-6 * expected + atol).all()
    if outputs == 1:  # nothing cancels out
        of_own_class = np.where(targets == 1, y[:, 0], -y[:, 0]).astype(np.float64)
        np.testing.assert_allclose(losses, -log_expit(of_own_class), rtol=1e-6, atol=1e-36)


@pytest.mark.parametrize("outputs", [1, 3, 20])
def test_what_is_not_a_number_stays_so(outputs):
    y = np.zeros((outputs, outputs), np.float32)
    np.fill_diagonal(y, np.nan)
    losses, d_y = in_lanes(y, np.zeros(outputs, np.float32))
    assert np.isnan(losses).all()
    assert np.isnan(d_y).all()


# -- gradients of networks -------------------------------------------------------------------

SMALL = {
    "transformer": lambda outputs: Transformer(
        inputs=3, token_width=4, heads=2, layers=1, feedforward_width=5, hidden_width=4,
        position_dropout=0.2, layer_dropout=0.1, positions="batch", outputs=outputs,
    ),
    "mlp": lambda outputs: MLP(inputs=3, hidden_widths=[4, 18], outputs=outputs),
    "linear": lambda outputs: Linear(inputs=3, outputs=outputs),
}  # fmt: skip


def small(name: str, task: Task) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return SMALL[name](task.outputs)


@pytest.mark.parametrize("task", [TWO, THREE, TWENTY], ids=["two", "three", "twenty"])
@each_model
def test_gradients_of_cross_entropy_are_those_of_autograd_in_double_precision(name, task):
    network = small(name, task)
    sizes = Sizes.of(network, 3, outputs=task.outputs)
    check_gradients(network, sizes, inputs=3, rows=5, seed=1, task=task)


@each_model
def test_predictions_are_logits_and_gradients_are_of_each_less_their_mean(name):
    """Against autograd of the module itself, one row at a time."""
    network, rng = small(name, THREE).eval(), np.random.default_rng(0)
    weights = spread(network, 9, rng)
    x = rng.normal(size=(4, 3)).astype(np.float32)
    stacks = LanesStack(network, weights, outputs=3), TorchStack(network, weights)
    own = np.stack([x + place for place in range(9)]).astype(np.float32)
    expected_y, expected_slopes = [], []
    for place in range(9):
        with torch.no_grad():
            for key, parameter in network.named_parameters():
                parameter.copy_(torch.from_numpy(weights[key][place]))
        for row in torch.from_numpy(own[place]):
            expected_y.append(network(row[None])[0].detach())
            slopes = torch.autograd.functional.jacobian(lambda row: network(row[None])[0], row)
            expected_slopes.append(slopes - slopes.mean(dim=0))
    y = torch.stack(expected_y).reshape(9, 4, 3).numpy()
    slopes = torch.stack(expected_slopes).reshape(9, 4, 3, 3).numpy()
    for stack in stacks:
        np.testing.assert_allclose(stack.predict(own), y, rtol=0, atol=1e-5)
        np.testing.assert_allclose(stack.gradients(own), slopes, rtol=0, atol=1e-5)
        np.testing.assert_array_equal(stack.predict(x)[0], stack.predict(own)[0])
        np.testing.assert_array_equal(stack.gradients(x)[0], stack.gradients(own)[0])
    one, other = (stack.predict_together(x) for stack in stacks)
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


# -- whole trainings -------------------------------------------------------------------------


@each_task
@pytest.mark.parametrize("engine", [Lanes, Torch])
def test_a_training_is_that_of_a_plain_loop_over_torch_s_layers(people, table, engine, task):
    """13 batches of 16 rows, the last one partial."""
    x, y = table(task)
    recipe = shipped("mlp", epochs=10, batch_size=16)
    ours = engine(recipe, 8, task).train(real(3, 4), x, y)
    torch.manual_seed(4)
    network = nn.Sequential(
        nn.Linear(8, 10), nn.Tanh(), nn.Linear(10, 10), nn.Tanh(), nn.Linear(10, task.outputs)
    )
    plain = nn.Sequential(network, nn.Flatten(0)) if task.outputs == 1 else network
    dataset = replace(people, train_y=y)
    losses, gradients = plain_loop(plain, dataset, 4, 10, 16, Masks(4), task)
    np.testing.assert_allclose(ours.losses[1], losses, rtol=0, atol=1e-5)
    np.testing.assert_allclose(ours.occasions[1], gradients, rtol=0, atol=1e-6)
    for found, expected in zip(ours.weights.values(), network.parameters(), strict=True):
        np.testing.assert_allclose(found[1], expected.detach(), rtol=0, atol=1e-5)
    assert ours.losses[1, -1] < 0.8 * ours.losses[1, 0]


def digest(trained: Trained) -> str:
    arrays = [*trained.weights.values(), trained.losses, trained.occasions]
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


@each_task
def test_lanes_of_any_width_compute_the_same_bits(table, task):
    """And predict and differentiate to the same."""
    x, y = table(task)
    found = set()
    for lanes in (8, 16, 32):
        engine = Lanes(shipped("mlp", epochs=2), 8, task, lanes=lanes)
        trained = engine.train([*real(*range(lanes // 8)), *real(7)], x, y).only([-1])
        stack = LanesStack(engine.network, trained.weights, lanes, outputs=task.outputs)
        after = stack.predict(x[:9]), stack.gradients(x[:9])
        found.add((digest(trained), *(array.tobytes() for array in after)))
    assert len(found) == 1


def test_shuffled_labels_are_classes_that_others_had(table):
    x, y = table(THREE)
    shuffled = [Replicate("shuffled", replicate.streams) for replicate in real(0, 1)]
    recipe = shipped("linear", epochs=3)
    one, other = (engine(recipe, 8, THREE).train(shuffled, x, y) for engine in (Lanes, Torch))
    np.testing.assert_allclose(one.losses, other.losses, rtol=0, atol=1e-5)
    assert (one.losses > 0.9 * 20 * np.log(3)).all()


# -- a network of one's own ------------------------------------------------------------------


class Wide(nn.Module):
    """Known in lanes."""

    def __init__(self, *, inputs: int, outputs: int = 1) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(inputs, 6), nn.Linear(6, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(functional.silu(self.first(x))).squeeze(-1)


class Sorted(Wide):
    """Not known in lanes."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(torch.sort(x, dim=-1).values.cumsum(-1).cummax(-1).values)


class Deaf(nn.Module):
    """Takes no number of outputs."""

    def __init__(self, *, inputs: int) -> None:
        super().__init__()
        self.last = nn.Linear(inputs, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(x)


class One(Wide):
    """Gives one number, whatever is asked for."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x)[:, 0]


class Level(Wide):
    """Its logits have the sum 0."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = super().forward(x)
        return y - y.mean(dim=-1, keepdim=True)


@pytest.mark.parametrize(("name", "engine"), [("Wide", "lanes-1"), ("Sorted", "torch-40")])
@each_task
def test_a_network_of_one_s_own_learns_classes(table, task, name, engine):
    x, y = table(task)
    recipe = shipped("linear", epochs=3).model_copy(
        update={"network": f"test_classes:{name}", "arguments": {}}
    )
    ours = engine_for(recipe, 8, task=task)
    assert ours.name == engine
    trained, theirs = (one.train(real(0, 1), x, y) for one in (ours, Torch(recipe, 8, task)))
    np.testing.assert_allclose(trained.losses, theirs.losses, rtol=0, atol=1e-5)
    y_of = TorchStack(build(recipe, inputs=8, outputs=task.outputs, init=0), trained.weights)
    np.testing.assert_allclose(
        ours.stack(trained).predict(x[:5]), y_of.predict(x[:5]), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize(
    ("name", "what", "remedy"),
    [
        ("Deaf", "takes no argument 'outputs'", "let __init__ take outputs, the number of classes"),
        (
            "One",
            "must map (rows, features) to (rows, 3), but 1 row gives shape (1,)",
            "end with a layer of 3 outputs: a logit for each class",
        ),
    ],
)
def test_a_network_without_a_logit_for_each_class_is_told_what_to_give(people, name, what, remedy):
    recipe = shipped("linear").model_copy(
        update={"network": f"test_classes:{name}", "arguments": {}}
    )
    found = faults(check_network(recipe, people.train_x, people.test_x, outputs=3))
    assert [(one.what, one.remedy[: len(remedy)]) for one in found] == [(what, remedy)]
    with pytest.raises(InputError, match=re.escape(what)):
        engine_for(recipe, 8, task=THREE).check(people, known=False)


@pytest.mark.parametrize("name", ["Wide", "Sorted", "Level"])
def test_a_network_with_a_logit_for_each_class_passes_every_check(people, name):
    recipe = shipped("linear").model_copy(
        update={"network": f"test_classes:{name}", "arguments": {}}
    )
    variables = {name: [place] for place, name in enumerate(people.features)}
    found = check_network(recipe, people.train_x, people.test_x, variables, outputs=3)
    assert {one.what for one in found if one.outcome != PASSED} == set()
    said = [one.what for one in found if one.code == "N007"]
    assert said == ["(rows, features) are mapped to (rows, 3), for any number of rows"]
    engine_for(recipe, 8, task=THREE).check(people, known=False)


@pytest.mark.parametrize("outputs", [1, 3])
def test_a_recipe_does_not_say_how_many_outputs_a_shipped_network_has(outputs):
    recipe = shipped("mlp").model_copy(update={"arguments": {"hidden_widths": [3], "outputs": 2}})
    with pytest.raises(InputError, match=r"\[arguments\] names 'outputs'; leave it out"):
        build(recipe, inputs=8, outputs=outputs, init=0)
