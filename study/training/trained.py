"""What goes into training, and what it leaves."""

from dataclasses import dataclass, replace

import numpy as np

from study.networks.stack import Weights
from study.streams import StreamSeeds


@dataclass(frozen=True, order=True)
class Replicate:
    """One network to train: the condition, and the seed of each source of randomness."""

    condition: str
    streams: StreamSeeds


@dataclass(frozen=True)
class Trained:
    """What training leaves, one entry per replicate.

    Attributes
    ----------
    weights : dict of arrays (replicates, ...)
    loss_epochs : (points,) the epochs whose loss is kept
    losses : (replicates, points) sum of the mini-batch losses over the epoch
    occasion_epochs : (occasions,) the epochs whose input gradients are kept
    occasions : (replicates, occasions, batch rows, features) gradient of the mini-batch
        loss with respect to the inputs of the epoch's last full batch
    """

    weights: Weights
    loss_epochs: np.ndarray
    losses: np.ndarray
    occasion_epochs: np.ndarray
    occasions: np.ndarray

    @classmethod
    def without_steps(cls, weights: Weights) -> "Trained":
        """Weights that no training step has touched: no losses, no occasions."""
        count = len(next(iter(weights.values())))
        return cls(
            weights=weights,
            loss_epochs=np.zeros(0, dtype=int),
            losses=np.zeros((count, 0), dtype=np.float32),
            occasion_epochs=np.zeros(0, dtype=int),
            occasions=np.zeros((count, 0, 1, 0), dtype=np.float32),
        )

    def first(self, count: int) -> "Trained":
        """The first `count` replicates alone."""
        return replace(
            self,
            weights={name: array[:count] for name, array in self.weights.items()},
            losses=self.losses[:count],
            occasions=self.occasions[:count],
        )
