"""Trained networks in lanes."""

import math
from collections.abc import Iterator

import numpy as np
from torch import nn

from study.common.methods import GRADIENTS, PREDICTIONS
from study.common.weights import Weights
from study.engines.engine import Stack
from study.engines.lanes.compiler import aligned, host_lanes
from study.engines.lanes.graph.network import Sizes
from study.engines.lanes.graph.record import shapes_of
from study.engines.lanes.packing import kernel, pack, positions

# What is computed in one call, of a network in its place in a batch and of gradients: rows, and
# numbers. No digit depends on it.
_ROWS, _AT_ONCE = 4096, 2**22


class LanesStack(Stack):
    """Networks of one architecture in eval mode, each row of data standing alone.

    Parameters
    ----------
    network : nn.Module
        The architecture; its own weights are not used.
    weights : dict of arrays (networks, ...)
        Parameters by name, float32.
    lanes : int, optional
        Networks computed at once; what suits the machine if not given.
    sizes : optional
        What the network's code depends on; recorded if not given.
    outputs : int
        Numbers that a network gives for a row.

    Its methods raise UnsupportedError for a network that lanes do not know.
    """

    offers = frozenset({GRADIENTS, PREDICTIONS})
    # 16 MiB: what lies between the calls takes longer than small tables do.
    at_once = 2**22

    def __init__(
        self,
        network: nn.Module,
        weights: Weights,
        lanes: int | None = None,
        sizes: Sizes | None = None,
        outputs: int = 1,
    ) -> None:
        lanes = lanes or host_lanes()
        self._network = network
        self._sizes = sizes
        self._lanes = lanes
        # Axes of what a row gives: none of one number.
        self._outputs = (outputs,) if outputs > 1 else ()
        self.size = len(next(iter(weights.values())))
        shapes = sizes.shapes if sizes else shapes_of(network)
        self._blocks = pack(weights, shapes, lanes)
        self._alone = positions(network, 1)

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self._predict(x, self._alone, stride=0)

    def predict_together(self, x: np.ndarray) -> np.ndarray:
        count = x.shape[-2]
        return np.concatenate(
            [
                self._predict(
                    x[..., start : start + _ROWS, :],
                    positions(self._network, min(_ROWS, count - start), start),
                    stride=1,
                )
                for start in range(0, count, _ROWS)
            ],
            axis=1,
        )

    def gradients(self, x: np.ndarray) -> np.ndarray:
        """The gradients of all rows, as `gradient_parts` gives them."""
        return np.concatenate(list(self.gradient_parts(x)), axis=1)

    def gradient_parts(self, x: np.ndarray) -> Iterator[np.ndarray]:
        numbers = math.prod(self._outputs) * x.shape[-1]
        at_once = max(_AT_ONCE // (self.size * numbers), 1)
        for start in range(0, x.shape[-2], at_once):
            rows = x[..., start : start + at_once, :]
            shape = (rows.shape[-2], *self._outputs, x.shape[-1])
            yield self._compute("differentiation", rows, "input_gradients", shape, self._alone)

    def _predict(self, x: np.ndarray, position: np.ndarray, *, stride: int) -> np.ndarray:
        shape = (x.shape[-2], *self._outputs)
        return self._compute("prediction", x, "predictions", shape, position, stride=stride)

    def _compute(
        self,
        purpose: str,
        x: np.ndarray,
        result: str,
        shape: tuple[int, ...],
        position: np.ndarray,
        **integers: int,
    ) -> np.ndarray:
        """What a kernel leaves in its array `result` for every network: (networks, *shape)."""
        self._sizes = self._sizes or Sizes.of(
            self._network, x.shape[-1], outputs=math.prod(self._outputs)
        )
        compiled = kernel(purpose, self._sizes, x.shape[-1], self._lanes)
        rooms = aligned((len(self._blocks), *shape, self._lanes))
        for place, (block, room) in enumerate(zip(self._blocks, rooms, strict=True)):
            table = self._in_lanes(x, place) if x.ndim == 3 else x
            arrays = {
                "weights": block,
                "table": np.ascontiguousarray(table, dtype=np.float32),
                "positions": position,
                result: room,
            }
            compiled(**arrays, **integers, rows=x.shape[-2], own=x.ndim == 3)
        # In memory network by network, so that no sum over one depends on how many there are.
        by_network = np.ascontiguousarray(np.moveaxis(rooms, -1, 1))
        return by_network.reshape(-1, *shape)[: self.size]

    def _in_lanes(self, x: np.ndarray, place: int) -> np.ndarray:
        """The tables of the networks of one block, side by side: (rows, features, lanes)."""
        of_block = x[place * self._lanes : (place + 1) * self._lanes]
        table = aligned((*x.shape[1:], self._lanes))
        table[:] = np.moveaxis(of_block[np.arange(self._lanes) % len(of_block)], 0, -1)
        return table
