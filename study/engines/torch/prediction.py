"""Trained networks of any kind, by torch.func."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, vjp, vmap

from study.common.methods import GRADIENTS, PREDICTIONS
from study.common.weights import Weights
from study.engines.engine import Stack
from study.engines.one_thread import one_thread

# Networks computed at once. Fixed, and short blocks are padded, so that the arithmetic of
# one seed never depends on its companions: a sum inside a batch of another size may differ
# in the last bit.
BLOCK = 40

# Rows computed at once, where each stands alone. Fixed, like BLOCK.
ROWS = 4096
Mapped = Callable[[dict[str, Tensor]], Callable[[Tensor], Tensor]]


class TorchStack(Stack):
    """Networks of one architecture in eval mode, each row of data standing alone.

    A row is predicted as a batch of one, so that no prediction depends on its neighbours,
    whatever the network does along its batch.

    Parameters
    ----------
    network : nn.Module
        The architecture; its own weights are not used.
    weights : dict of arrays (networks, ...)
        Parameters by name, float32.
    """

    offers = frozenset({GRADIENTS, PREDICTIONS})

    def __init__(self, network: nn.Module, weights: Weights) -> None:
        self._network = network.eval()
        self.size = len(next(iter(weights.values())))
        self._blocks = [
            {
                name: torch.from_numpy(padded(array[start : start + BLOCK]))
                for name, array in weights.items()
            }
            for start in range(0, self.size, BLOCK)
        ]

    def predict(self, x: np.ndarray) -> np.ndarray:
        parts = self._by_rows(lambda weights: vmap(self._alone(weights)), x)
        return np.concatenate(list(parts), axis=1)

    def predict_together(self, x: np.ndarray) -> np.ndarray:
        return self._map(
            lambda weights: lambda rows: functional_call(self._network, weights, (rows,)), x
        )

    def gradients(self, x: np.ndarray) -> np.ndarray:
        """The gradients of all rows, as `gradient_parts` gives them."""
        return np.concatenate(list(self.gradient_parts(x)), axis=1)

    def gradient_parts(self, x: np.ndarray) -> Iterator[np.ndarray]:
        return self._by_rows(lambda weights: vmap(partial(slopes, self._alone(weights))), x)

    def _alone(self, weights: dict[str, Tensor]) -> Callable[[Tensor], Tensor]:
        return lambda row: alone(self._network, weights, row)

    def _by_rows(self, of: Mapped, x: np.ndarray) -> Iterator[np.ndarray]:
        """The same as `_map`, a part of the rows at a time, for want of endless memory."""
        starts = range(0, x.shape[-2], ROWS)
        return (self._map(of, x[..., start : start + ROWS, :]) for start in starts)

    def _map(self, of: Mapped, x: np.ndarray) -> np.ndarray:
        """Apply a function of (weights)(x) to every network, in padded blocks."""
        own = x.ndim == 3
        mapped = vmap(lambda slot, rows: of(slot)(rows), in_dims=(0, 0 if own else None))
        results = []
        with one_thread(), torch.no_grad():
            for place, block in enumerate(self._blocks):
                table = padded(x[place * BLOCK : (place + 1) * BLOCK]) if own else x
                rows = np.ascontiguousarray(table, dtype=np.float32)
                results.append(mapped(block, torch.from_numpy(rows)))
        return torch.cat(results)[: self.size].numpy()


def slopes(predict: Callable[[Tensor], Tensor], row: Tensor) -> Tensor:
    """The gradient of a row's prediction (features,); of several outputs, each less their mean.

    Those are (outputs, features).
    """
    y, back, *_ = vjp(predict, row)
    if y.ndim == 0:
        return back(torch.ones_like(y))[0]
    less_mean = torch.eye(len(y), dtype=y.dtype, device=y.device) - 1 / len(y)
    return vmap(lambda d_y: back(d_y)[0])(less_mean)


def alone(network: nn.Module, weights: dict[str, Tensor], row: Tensor) -> Tensor:
    """The outputs of one row (features,) as a batch of its own, by a network with `weights`."""
    return functional_call(network, weights, (row.unsqueeze(0),)).squeeze(0)


def padded(array: np.ndarray) -> np.ndarray:
    """A contiguous copy filled up to BLOCK along the first axis with copies of its first item."""
    missing = BLOCK - len(array)
    return np.concatenate([array, np.repeat(array[:1], missing, axis=0)])
