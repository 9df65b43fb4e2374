"""Networks of one's own that give a logit for each class: in lanes as by torch."""

import numpy as np
import pytest
import torch
from plain_loop import real
from torch import Tensor, nn

from study.common.task import Task
from study.engines.lanes.engine import Lanes, not_in_lanes
from study.engines.registry import engine_for
from study.engines.torch.engine import Torch
from study.networks.dropout import Dropout
from study.recipes.model import ModelRecipe, Protocol

INPUTS = 8
THREE = Task(("low", "middle", "high"))


class Folded(nn.Module):
    """Dropout between two layers; a logit for each class."""

    def __init__(self, *, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.output = nn.Linear(inputs, 6), nn.Linear(6, outputs)
        self.dropped = Dropout(0.3)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.output(self.dropped(torch.tanh(self.first(x))))
        return logits


class OneLogitOfAll(Folded):
    """One of its logits takes in a little of the mean of the batch."""

    def forward(self, x: Tensor) -> Tensor:
        logits = super().forward(x)
        return logits + torch.tensor([0.0, 0.0, 0.01]) * logits.mean()


class OnTheWayBack(torch.autograd.Function):
    """The same logits, one of whose gradients is the mean of all rows'."""

    generate_vmap_rule = True

    @staticmethod
    def forward(logits: Tensor) -> Tensor:
        return logits.clone()

    @staticmethod
    def setup_context(_context: object, _inputs: object, _output: object) -> None:
        pass

    @staticmethod
    def backward(_context: object, d_logits: Tensor) -> Tensor:
        middle = d_logits[:, 1:2].mean() + torch.zeros_like(d_logits[:, 1:2])
        return torch.cat([d_logits[:, :1], middle, d_logits[:, 2:]], 1)


class OneSlopeOfAll(Folded):
    """Its predictions are each row's own, a gradient is not."""

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = OnTheWayBack.apply(super().forward(x))
        return logits


def of(network: type[nn.Module]) -> ModelRecipe:
    # Three rows to a batch, as many as there are classes: their axes must not be mixed up.
    protocol = Protocol(epochs=3, batch_size=3, learning_rate=0.01)
    name = f"{network.__module__}:{network.__name__}"
    return ModelRecipe(title="Own", network=name, training=protocol)


@pytest.mark.parametrize("network", [OneLogitOfAll, OneSlopeOfAll])
def test_a_logit_that_depends_on_other_rows_is_left_to_torch(network):
    missing = not_in_lanes(of(network), INPUTS, THREE.outputs)
    assert missing == "a batch whose rows depend on each other"
    assert engine_for(of(network), INPUTS, task=THREE).name == "torch-40"


def test_logits_of_rows_alone_are_computed_in_lanes_as_by_torch():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, INPUTS)).astype(np.float32)
    y = np.arange(20, dtype=np.float32) % 3
    lanes, torches = engine_for(of(Folded), INPUTS, task=THREE), Torch(of(Folded), INPUTS, THREE)
    assert isinstance(lanes, Lanes)
    ours, theirs = (engine.train(real(0, 1), x, y) for engine in (lanes, torches))
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=0, atol=1e-5)
    one, other = (engine.stack(trained) for engine, trained in ((lanes, ours), (torches, theirs)))
    np.testing.assert_allclose(one.predict(x), other.predict(x), rtol=0, atol=1e-5)
    slopes, others = (np.concatenate(list(each.gradient_parts(x)), 1) for each in (one, other))
    assert slopes.shape == (2, 20, 3, INPUTS)
    np.testing.assert_allclose(slopes, others, rtol=0, atol=1e-5)
