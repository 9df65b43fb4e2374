"""Which weights are the best so far on validation rows, and when to look for better no more."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import vmap

from study.engines.torch.losses import Loss
from study.engines.torch.prediction import ROWS, alone

Tensors = dict[str, Tensor]


class Best:
    """The best weights so far of networks in training, each on validation rows of its own.

    Parameters
    ----------
    network : nn.Module
        The architecture; its own weights are not used.
    weights : dict of tensors (networks, ...)
        Those in training, which change in place.
    x, targets : tensors (networks, validation rows, features) and (networks, validation rows):
        labels and, where rows have them, weights
    loss : what labels cost
    patience : int
        After so many epochs without better weights, a network keeps its best for good.

    Attributes
    ----------
    weights : dict of tensors (networks, ...), the best; NaN where none had a finite error
    """

    def __init__(
        self,
        network: nn.Module,
        weights: Tensors,
        x: Tensor,
        targets: Sequence[Tensor],
        loss: Loss,
        patience: int,
    ) -> None:
        self._network, self._trained, self._x, self._targets = network, weights, x, targets
        self._loss, self._patience = loss, patience
        self.weights = {name: torch.full_like(of, torch.nan) for name, of in weights.items()}
        self._least = torch.full_like(targets[0][:, 0], torch.inf)
        self._waited = torch.zeros(len(x), dtype=torch.int64, device=x.device)
        self._trained_for = torch.zeros_like(self._waited)

    @torch.no_grad()
    def look(self) -> bool:
        """After an epoch, keep the weights of those networks that have become better.

        A network stops when it has waited in vain for too long, or its error is not finite.
        Returns whether all have.
        """
        error = torch.where(self._waited < self._patience, self._errors(), torch.inf)
        better, going_on = error < self._least, error < torch.inf
        self._least = torch.where(better, error, self._least)
        waited = torch.where(going_on, self._waited + 1, self._patience)
        self._waited = torch.where(better, 0, waited)
        self._trained_for += going_on
        for name, trained in self._trained.items():
            of_network = better.reshape(-1, *[1] * (trained.ndim - 1))
            self.weights[name] = torch.where(of_network, trained, self.weights[name])
        return bool((self._waited >= self._patience).all())

    @property
    def epochs(self) -> np.ndarray:
        """How many epochs each network was trained, until it stopped: (networks,)."""
        return self._trained_for.cpu().numpy()

    def _errors(self) -> Tensor:
        """Sums of losses in eval mode, each row predicted alone: (networks,)."""
        predict = vmap(vmap(partial(alone, self._network), in_dims=(None, 0)))
        parts = zip(*(part.split(ROWS, dim=1) for part in (self._x, *self._targets)), strict=True)
        self._network.eval()
        sums = []
        for x, labels, *weights in parts:
            losses = self._loss(predict(self._trained, x), labels, "none")
            sums.append((losses * weights[0] if weights else losses).sum(dim=1))
        self._network.train()
        return torch.stack(sums).sum(dim=0)
