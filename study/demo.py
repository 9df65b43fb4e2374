"""The published demo, step by step: one Transformer, one seed, a plain training loop.

The network is built from torch's own layers, as published (J. D. McCaffrey,
jamesmccaffreyblog.com, 1 December 2023), and the loop draws from torch's global generator,
which is restored afterwards. The harness trains the same network in another way; this is
what its results are held against.
"""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from study.common.errors import InputError
from study.common.files import check_replaceable
from study.common.shortage import in_words
from study.datasets.dataset import Dataset, load_dataset
from study.datasets.one_row import encode_row
from study.engines.one_thread import one_thread
from study.recipes.find import find_dataset, shipped_path
from study.recipes.target import NumericTarget
from study.store.weights_file import is_weights_file, write_weights

EPOCHS = 300
BATCH_SIZE = 10
LEARNING_RATE = 0.01
LOSS_INTERVAL = 50
OCCASIONS = 10


class InputEmbedding(nn.Module):
    """Four nodes for each input: weights within ±0.01, one scalar bias."""

    def __init__(self, nodes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(nodes, 1).uniform_(-0.01, 0.01))
        self.bias = nn.Parameter(torch.tensor(0.0))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight.T + self.bias


class BatchPositions(nn.Module):
    """Sinusoidal encoding written for (tokens, batch, width).

    It is given (batch, tokens, width), so row i of a batch gets position i.
    """

    encoding: Tensor

    def __init__(self, width: int, dropout: float, longest: int = 5000) -> None:
        super().__init__()
        position = torch.arange(longest).unsqueeze(1)
        frequency = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
        encoding = torch.zeros(longest, 1, width)
        encoding[:, 0, 0::2] = torch.sin(position * frequency)
        encoding[:, 0, 1::2] = torch.cos(position * frequency)
        self.register_buffer("encoding", encoding)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(x + self.encoding[: len(x)])


class PublishedTransformer(nn.Module):
    """The 8--32-T-10-1 network from torch's own layers. Maps (rows, 8) to (rows, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(InputEmbedding(4) for _ in range(8))
        self.positions = BatchPositions(4, dropout=0.2)
        # Kept as an attribute, as published: the state dict holds this unused original too.
        self.layer = nn.TransformerEncoderLayer(
            d_model=4, nhead=2, dim_feedforward=10, dropout=0.1, batch_first=True
        )
        self.encoder = nn.TransformerEncoder(self.layer, num_layers=2, enable_nested_tensor=False)
        self.hidden = nn.Linear(32, 10)
        self.output = nn.Linear(10, 1)

    def forward(self, x: Tensor) -> Tensor:
        tokens = torch.stack(
            [embedding(x[:, [i]]) for i, embedding in enumerate(self.embeddings)], dim=1
        )
        tokens = self.encoder(self.positions(tokens))
        return self.output(torch.tanh(self.hidden(tokens.flatten(1))))


@dataclass(frozen=True)
class Demo:
    """What one run of the demo leaves.

    network : trained, in eval mode; losses : (epochs,) sums over the epoch's batches;
    importance : (features,) summed mean absolute gradients of the mini-batch loss.
    """

    network: PublishedTransformer
    losses: np.ndarray
    importance: np.ndarray


def train_published(
    x: np.ndarray,
    y: np.ndarray,
    seed: int,
    epochs: int = EPOCHS,
    on_epoch: Callable[[int, float], None] = lambda _epoch, _loss: None,
) -> Demo:
    """Run the published loop: x (rows, 8) and y (rows,), float32.

    `on_epoch` is given each epoch and its loss. Fewer `epochs` are for timing and tests.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        batches = DataLoader(
            TensorDataset(torch.from_numpy(x), torch.from_numpy(y).unsqueeze(1)),
            batch_size=BATCH_SIZE,
            shuffle=True,
        )
        network = PublishedTransformer().train()
        loss_function = nn.MSELoss()
        optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
        losses, importance = np.zeros(epochs), np.zeros(x.shape[1])
        for epoch in range(epochs):
            look = epoch % max(1, epochs // OCCASIONS) == 0
            for rows, targets in batches:
                rows.requires_grad_(look)
                optimizer.zero_grad()
                loss = loss_function(network(rows), targets)
                loss.backward()
                optimizer.step()
                losses[epoch] += loss.item()
            if look:
                importance += rows.grad.abs().mean(dim=0).numpy()
            on_epoch(epoch, losses[epoch])
    return Demo(network.eval(), losses, importance)


def accuracy(
    network: nn.Module, x: np.ndarray, y: np.ndarray, tolerance: float, *, one_by_one: bool
) -> float:
    """Proportion of rows predicted within `tolerance` of the target's size.

    One by one, every row is a batch of its own and has position 0; all at once, row i has
    position i.
    """
    rows = torch.from_numpy(x)
    with torch.no_grad():
        if one_by_one:
            predictions = torch.cat([network(row.unsqueeze(0)) for row in rows])
        else:
            predictions = network(rows)
    target = torch.from_numpy(y)
    close = (predictions.squeeze(1) - target).abs() < tolerance * target.abs()
    return close.float().mean().item()


def tell(
    seed: int,
    weights: Path,
    say: Callable[[str], None],
    epochs: int = EPOCHS,
    *,
    force: bool = False,
) -> None:
    """Run the demo on the published data, telling each step; save the network's weights.

    Raises InputError, before anything is trained, when the weights cannot be written, or, but
    with `force`, where there is a file that is not of `study demo` or `study weights`.
    """
    _check_writable(weights)
    check_replaceable(weights, is_weights_file, force=force)
    path = shipped_path("data", "people")
    recipe = find_dataset(str(path)).recipe
    data = load_dataset(recipe, path.parent)
    say(
        f"Income from sex, age, State and politics: {len(data.train_y)} training rows, "
        f"{len(data.test_y)} test rows."
    )
    say(
        "Building an 8--32-T-10-1 Transformer regressor: each input feeds 4 nodes; "
        "2 encoder layers, 2 heads, feed-forward 10."
    )
    say(
        f"Training: mean squared error, Adam, learning rate {LEARNING_RATE}, batches of "
        f"{BATCH_SIZE}, {epochs} epochs, seed {seed}."
    )
    with one_thread():
        demo = train_published(data.train_x, data.train_y, seed, epochs, _progress(say, epochs))
        _tell_predictions(demo.network, data, say)
    write_weights(demo.network.state_dict(), weights)
    say(f"Weights saved to {weights}.")
    _tell_importance(demo.importance, data, say)


def _check_writable(weights: Path) -> None:
    try:
        weights.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write {weights}: {in_words(error)}") from error
    if not os.access(weights.parent, os.W_OK) or weights.is_dir():
        raise InputError(f"cannot write {weights}")


def _progress(say: Callable[[str], None], epochs: int) -> Callable[[int, float], None]:
    """What tells the loss now and then, and the time left."""
    start = 0.0

    def on_epoch(epoch: int, loss: float) -> None:
        nonlocal start
        if epoch == 0:  # the first epoch is slow: it warms torch up
            start = time.monotonic()
        if epoch % LOSS_INTERVAL == 0:
            line = f"  epoch {epoch:3d}  loss {loss:8.4f}"
            if epoch:
                left = (time.monotonic() - start) / epoch * (epochs - 1 - epoch)
                line += f"  {left:3.0f} s left"
            say(line)

    return on_epoch


def _tell_predictions(network: nn.Module, data: Dataset, say: Callable[[str], None]) -> None:
    """How many rows are predicted well, and one person's income."""
    target = data.recipe.target
    assert isinstance(target, NumericTarget)
    on_train = accuracy(network, data.train_x, data.train_y, target.tolerance, one_by_one=True)
    on_test = accuracy(network, data.test_x, data.test_y, target.tolerance, one_by_one=False)
    say(
        f"Within {target.tolerance:.0%} of the true income: {on_train:.4f} of the training rows "
        f"(one by one), {on_test:.4f} of the test rows (all at once)."
    )
    person = {"sex": "male", "age": "34", "State": "Oklahoma", "politics": "moderate"}
    row = torch.from_numpy(encode_row(data.recipe, person, data.scales)).unsqueeze(0)
    with torch.no_grad():
        income = network(row).item() * target.divisor
    say(f"Predicted income of a male, 34, Oklahoma, moderate: ${income:,.2f}")


def _tell_importance(importance: np.ndarray, data: Dataset, say: Callable[[str], None]) -> None:
    """Each feature's share beside the published one."""
    say("Importance: gradients of the loss with respect to the inputs, ten times in training.")
    say(f"  {'':22}{'this run':>10}{'published':>11}")
    here = importance / importance.sum()
    known = data.recipe.published
    published = known.shares if known else [math.nan] * len(here)
    for feature, share, other in zip(data.features, here, published, strict=True):
        say(f"  {feature:22}{share:10.4f}{other:11.4f}")
    say(
        "The two differ because training is chaotic: rounding differs between versions of "
        "PyTorch and machines, and such differences grow until only the distribution over "
        "seeds is left. 'study run --seeds 20' shows it."
    )
