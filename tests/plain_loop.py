"""Training as anybody would write it: a loop over torch's own layers."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from study.common.streams import StreamSeeds
from study.common.task import NUMBER, Task
from study.datasets.dataset import Dataset
from study.engines.replicates import Replicate


def real(*seeds: int) -> list[Replicate]:
    return [Replicate("real", StreamSeeds.of(seed)) for seed in seeds]


def orders(seed: int, rows: int) -> Iterator[np.ndarray]:
    """The shuffled rows of each epoch, by NumPy alone."""
    stream = np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, 1])))
    while True:
        yield stream.permutation(rows)


def mean_loss(y: torch.Tensor, targets: torch.Tensor, task: Task) -> torch.Tensor:
    """What a mini-batch costs, by the losses of PyTorch."""
    if task.counts:
        return nn.PoissonNLLLoss(log_input=True)(y.reshape(-1), targets)
    if not task.classes:
        return nn.MSELoss()(y.reshape(-1), targets)
    if task.outputs == 1:
        return nn.BCEWithLogitsLoss()(y, targets)
    return nn.CrossEntropyLoss()(y, targets.long())


class Masks:
    """Keep masks of one seed, drawn word by word, handed to torch's own dropout."""

    def __init__(self, seed: int) -> None:
        self.stream = np.random.SFC64(np.random.SeedSequence([seed, 2]))
        self.bits: list[int] = []

    def next_step(self) -> None:
        self.bits = []

    def __call__(self, x: torch.Tensor, p: float = 0.5, *_: object, **__: object) -> torch.Tensor:
        keep = []
        while len(keep) < x.numel():
            if not self.bits:
                word = int(self.stream.random_raw())
                self.bits = [word >> shift & 0xFFFF for shift in (0, 16, 32, 48)]
            keep.append(self.bits.pop(0) >= round(p * 65536))
        scale = float(np.float32(1 / (1 - p)))
        return x * torch.tensor(keep, dtype=x.dtype).reshape(x.shape) * scale


def plain_loop(
    network: nn.Module,
    dataset: Dataset,
    seed: int,
    epochs: int,
    batch_size: int,
    masks: Masks,
    task: Task = NUMBER,
) -> tuple[list[float], list[np.ndarray]]:
    """Epoch losses, and input gradients of each epoch's last full batch."""
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    losses, gradients = [], []
    network.train()
    for _, order in zip(range(epochs), orders(seed, len(dataset.train_y)), strict=False):
        total, last_full = 0.0, None
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            x = torch.from_numpy(dataset.train_x[rows]).requires_grad_(True)
            y = torch.from_numpy(dataset.train_y[rows])
            optimizer.zero_grad()
            masks.next_step()
            loss = mean_loss(network(x), y, task)
            loss.backward()
            optimizer.step()
            total += loss.item()
            if len(rows) == min(batch_size, len(order)):
                last_full = x.grad.numpy()
        losses.append(total)
        gradients.append(last_full)
    return losses, gradients
