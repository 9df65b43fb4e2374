"""A plain multilayer perceptron."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class MLP(nn.Module):
    """Perceptron with tanh hidden layers and torch's default initial weights.

    Parameters
    ----------
    inputs : int
        Number of features.
    hidden_widths : sequence of int
        Width of each hidden layer.
    outputs : int
        Numbers for a row.
    """

    def __init__(self, *, inputs: int, hidden_widths: Sequence[int], outputs: int = 1) -> None:
        super().__init__()
        widths = [inputs, *hidden_widths]
        if min(widths) < 1:
            raise ValueError(f"inputs and hidden_widths must be at least 1, but got {widths}")
        self.hidden = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(widths))
        self.output = nn.Linear(widths[-1], outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (rows, inputs) to (rows,), or to (rows, outputs) of several."""
        for layer in self.hidden:
            x = torch.tanh(layer(x))
        return self.output(x).squeeze(-1)
