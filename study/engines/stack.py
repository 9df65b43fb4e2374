"""Many trained networks of one recipe, predicting and differentiating as one.

One function stands between the study and how they are computed: `stack`.
"""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from torch import nn

from study.engines.lanes.networks import sizes_of
from study.engines.lanes.prediction import LanesStack
from study.engines.torch.prediction import TorchStack, Weights

__all__ = ["Stack", "Weights", "stack"]


class Stack(Protocol):
    """Networks of one architecture in eval mode.

    size : number of networks
    """

    size: int

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predictions of each row alone: (rows, features) -> (networks, rows).

        A row is predicted as a batch of one, so that no prediction depends on its
        neighbours, whatever the network does along its batch.
        """

    def predict_together(self, x: np.ndarray) -> np.ndarray:
        """Predictions of all rows as one batch: (rows, features) -> (networks, rows)."""

    def gradient_parts(self, x: np.ndarray) -> Iterator[np.ndarray]:
        """Gradient of each row's prediction: (rows, features) -> (networks, rows, features).

        Of some rows after others, as they need not have room all at once.
        """


def stack(network: nn.Module, weights: Weights) -> Stack:
    """Stack networks: built-in ones in lanes, any other by torch.

    `network` gives the architecture, `weights` the parameters by name, (networks, ...).
    """
    sizes = sizes_of(network)
    if sizes is None:
        return TorchStack(network, weights)
    return LanesStack(network, sizes, weights)
