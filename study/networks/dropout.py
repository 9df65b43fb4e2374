"""Dropout that draws nothing itself: the trainer hands in its keep mask."""

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """Inverted dropout with a mask from outside.

    torch's own dropout cannot be given a generator, and batched over seeds it lets one
    seed's result depend on its companions. Here ``keep`` is a non-persistent buffer of the
    shape of the input, 0 where an element is dropped and 1 / (1 - probability) where it is
    kept; the trainer sets it before every training step. In eval mode the input passes.

    Parameters
    ----------
    probability : float in [0, 1)
        The share of elements dropped.
    """

    keep: Tensor

    def __init__(self, probability: float) -> None:
        super().__init__()
        if not 0 <= probability < 1:
            raise ValueError(f"dropout probability must be in [0, 1), but got {probability}")
        self.probability = probability
        self.register_buffer("keep", torch.empty(0), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.probability == 0:
            return x
        return x * self.keep
