"""What goes into training, and what it leaves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from study.common.conditions import find_condition
from study.common.streams import StreamSeeds
from study.common.weights import Weights

OCCASIONS = 10
LOSS_POINTS = 50


@dataclass(frozen=True, order=True)
class Replicate:
    """One model to train: the condition, and the seed of each source of randomness."""

    condition: str
    streams: StreamSeeds

    @property
    def trained(self) -> bool:
        """Whether it is trained, or keeps its initial weights."""
        return find_condition(self.condition).trained


@dataclass(frozen=True)
class Trained:
    """What training leaves, one entry per replicate.

    Attributes
    ----------
    weights : dict of arrays (replicates, ...); empty where none are kept
    epochs : (replicates,) how many each was trained; its weights may be those of an earlier one
    loss_epochs : (points,) the epochs whose loss is kept
    losses : (replicates, points) sum of the mini-batch losses over the epoch; 0, as the
        gradients below, at epochs for which a replicate was not trained
    occasion_epochs : (occasions,) the epochs whose input gradients are kept
    occasions : (replicates, occasions, batch rows, features) gradient of the mini-batch
        loss with respect to the inputs of the epoch's last full batch
    fitted : (replicates,) models that train themselves; empty where the weights are all
    warned : texts of the warnings that came with it, each as often as models gave it
    """

    weights: Weights
    epochs: np.ndarray
    loss_epochs: np.ndarray
    losses: np.ndarray
    occasion_epochs: np.ndarray
    occasions: np.ndarray
    fitted: Sequence[Any] = ()
    warned: Sequence[str] = ()

    @classmethod
    def without_steps(
        cls,
        weights: Weights,
        count: int,
        fitted: Sequence[Any] = (),
        warned: Sequence[str] = (),
    ) -> "Trained":
        """So many replicates without losses and occasions, as no step of a network's made them."""
        return cls(
            weights=weights,
            epochs=np.zeros(count, dtype=int),
            loss_epochs=np.zeros(0, dtype=int),
            losses=np.zeros((count, 0), dtype=np.float32),
            occasion_epochs=np.zeros(0, dtype=int),
            occasions=np.zeros((count, 0, 1, 0), dtype=np.float32),
            fitted=fitted,
            warned=warned,
        )

    @classmethod
    def by_steps(
        cls,
        weights: Weights,
        epochs: np.ndarray,
        losses: Sequence[np.ndarray],
        occasions: Sequence[np.ndarray],
        planned: int,
    ) -> "Trained":
        """Replicates that were trained for some of the `planned` epochs.

        losses : (replicates,) of the first of the epochs whose loss is kept
        occasions : (replicates, batch rows, features) of the first of those whose input gradients
            are
        """
        of_losses, of_occasions = loss_epochs(planned), occasion_epochs(planned)
        return cls(
            weights=weights,
            epochs=epochs,
            loss_epochs=of_losses,
            losses=_through(epochs, of_losses, losses),
            occasion_epochs=of_occasions,
            occasions=_through(epochs, of_occasions, occasions),
        )

    @classmethod
    def joined(cls, parts: Sequence["Trained"]) -> "Trained":
        """The replicates of all parts, which were trained by one protocol."""
        names = parts[0].weights
        return replace(
            parts[0],
            weights={
                name: np.concatenate([part.weights[name] for part in parts]) for name in names
            },
            epochs=np.concatenate([part.epochs for part in parts]),
            losses=np.concatenate([part.losses for part in parts]),
            occasions=np.concatenate([part.occasions for part in parts]),
            warned=[text for part in parts for text in part.warned],
        )

    def only(self, places: Sequence[int]) -> "Trained":
        """Some of the replicates, without what was said in training."""
        some = list(places)
        return replace(
            self,
            weights={name: array[some] for name, array in self.weights.items()},
            epochs=self.epochs[some],
            losses=self.losses[some],
            occasions=self.occasions[some],
            fitted=[self.fitted[place] for place in some] if self.fitted else (),
            warned=(),
        )

    def first(self, count: int) -> "Trained":
        """The first `count` replicates alone."""
        return replace(
            self,
            weights={name: array[:count] for name, array in self.weights.items()},
            epochs=self.epochs[:count],
            losses=self.losses[:count],
            occasions=self.occasions[:count],
        )


def _through(epochs: np.ndarray, kept: np.ndarray, met: Sequence[np.ndarray]) -> np.ndarray:
    """What was met at the first of the `kept` epochs, (replicates, kept, ...).

    0 where a replicate was not trained for so many `epochs`.
    """
    history = np.zeros((len(epochs), len(kept), *met[0].shape[1:]), dtype=met[0].dtype)
    for place, (epoch, values) in enumerate(zip(kept, met, strict=False)):
        through = epochs > epoch
        history[through, place] = values[through]
    return history


def occasion_epochs(epochs: int) -> np.ndarray:
    """The epochs whose input gradients are kept: every tenth part of the training."""
    return np.arange(0, epochs, max(1, epochs // OCCASIONS))


def loss_epochs(epochs: int) -> np.ndarray:
    """About LOSS_POINTS epochs at even steps, and the last."""
    return np.unique([*range(0, epochs, max(1, epochs // LOSS_POINTS)), epochs - 1])
